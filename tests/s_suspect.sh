#!/bin/sh
# s_suspect.sh - what kills the whole rank again and again is alone in the third attempt, and
# nothing else is other than it was.
#
# assay_planted without its jail kills its process group at a planted file (planted.c).
. "$(dirname "$0")/lib.sh"
planted=$(dirname "$assay")/assay_planted
[ -x "$planted" ] || { echo "assay_planted is not built"; exit 77; }
command -v setsid >/dev/null || { echo "setsid is not installed"; exit 77; }

"$maker" small --seed 1 >maker.out || fail "make_evidence"
tar -C small/DCIM -cf seed.tar 102CAM02

cat >hands.py <<'END'
# hands.py FILE: a line for each worker that has something in hand: its kind, key and hash
import struct, sys
data = open(sys.argv[1], "rb").read()
for seat in range(min(257, len(data) // 84)):
    words = struct.unpack_from("<13I", data, 84 * seat)
    if words[0]:
        sha = data[84 * seat + 52:84 * seat + 84].hex()
        print("reader" if seat == 0 else "examiner", ".".join(map(str, words[1:1 + words[0]])), sha)
END

# attempt CODE CASE PROGRAM: over CASE.d, in a session of its own: the group that is killed is its own
attempt() {
    setsid -w "$3" run "$2.d" -o "$2" --examiners 3 --no-sandbox --lot-bytes 1M >"$2.out" 2>"$2.log" &
    pid=$!
    finish
    [ "$code" = "$1" ] || fail "exit $code, not $1, of $2"
}

# hands CASE N: what its N-th attempt had in hand when it died
hands() { cat "$1.$2"; }

# killed CASE N: the N-th attempt, which dies of the plant
killed() {
    attempt 137 "$1" "$planted"
    "$python" hands.py "$1/journal/a000$2.hand" >"$1.$2" || fail "attempt $2 of $1 left nothing"
    [ "$(cd "$1/journal" && echo *.hand)" = "a000$2.hand" ] || fail "a counted file is left"
}

# evidence CASE FILE PLANT: with FILE planted in the middle
evidence() {
    mkdir "$1.d"
    cp -r small/DCIM "$1.d/a"
    cp "$2" "$1.d/m.${2##*.}"
    printf '\nASSAY-PLANT:%s -\n' "$3" >>"$1.d/m.${2##*.}"
    cp -r small/archives "$1.d/z"
}

# as_new CASE: a sound case, equal to one that was never killed
as_new() {
    attempt 0 "$1" "$assay"
    sound "$1"
    mv "$1" "$1.resumed"
    attempt 0 "$1" "$assay"
    grep -q suspect "$1.log" && fail "a new case has suspects"
    same "$1" "$1.resumed"
}

# 1. an examiner's item
evidence pic small/DCIM/100CAM00/IMG_0001.JPG kill-group
sha=$(sha256sum <pic.d/m.JPG | cut -d ' ' -f 1)
for n in 1 2; do
    killed pic $n
    hands pic $n | grep -q "^examiner .* $sha" || fail "attempt $n does not tell of the planted file"
    grep -q 'a suspect alone' pic.log && fail "a suspect after $((n - 1)) deaths"
done
killed pic 3
said pic 'suspects='
grep 'examines a suspect alone' pic.log >alone || fail "nothing was alone"
grep -v 'others_busy=0' alone && fail "not alone"
[ "$(hands pic 3 | grep '^examiner' | cut -d ' ' -f 3)" = "$sha" ] || fail "in hand: $(hands pic 3)"
echo "examiner: in hand in attempts 1, 2, 3: $(cat pic.1 pic.2 pic.3 | wc -l) =" \
    "$(hands pic 1 | wc -l) + $(hands pic 2 | wc -l) + $(hands pic 3 | wc -l)"
as_new pic

# 2. the reader's: no examiner has anything in hand beside it
evidence tar seed.tar kill-group-late
for n in 1 2; do
    killed tar $n
    hands tar $n | grep -q '^reader' || fail "attempt $n does not tell what is read"
done
killed tar 3
said tar 'reads a suspect alone'
[ "$(hands tar 3 | cut -d ' ' -f 1)" = reader ] || fail "not alone: $(hands tar 3)"
echo "reader: $(hands tar 1 | wc -l) + $(hands tar 2 | wc -l) + $(hands tar 3 | wc -l)"
as_new tar

# 3. an examiner that is killed from outside again and again counts too
evidence out small/DCIM/100CAM00/IMG_0001.JPG sigkill
sha=$(sha256sum <out.d/m.JPG | cut -d ' ' -f 1)
for n in 1 2 3; do
    attempt 75 out "$planted"
    "$python" hands.py "out/journal/a000$n.hand" >"out.$n"
    hands out $n | grep -q "^examiner .* $sha" ||
        fail "a broken crew tells nothing of it"
done
said out 'examines a suspect alone'
as_new out
echo "passed"
