#!/bin/sh
# s_same.sh - one digest for any number of ranks, examiners and lots; few files; sums that hold.
. "$(dirname "$0")/lib.sh"

"$maker" small >/dev/null || fail "make_evidence"

# watch CASE LIMIT: the largest number of files of the case while it is made
watch() {
    most=0
    while alive "$pid"; do
        now=$(find "$1" -type f 2>/dev/null | wc -l)
        [ "$now" -le "$most" ] || most=$now
        sleep 0.02
    done
    [ "$most" -le "$2" ] || fail "$1 had $most files, more than $2"
    [ "$most" -gt 0 ] || fail "$1 was never seen"
}

# is CASE RANKS ARGUMENTS...: a run that gives the first case's digests
is() {
    case=$1 n=$2
    shift 2
    start "$n" "$case" "$@"
    watch "$case" $(((n > 0 ? n : 1) + 8))
    finish
    [ "$code" = 0 ] || fail "exit $code of $case"
    sound "$case"
    same first "$case"
}

run 0 1 first small
for word in seconds.of.work examiners.idle slowest; do
    grep -q "$word" first.out || fail "the summary of a run lacks: $word"
done
grep -q '"idle_percent"' first/status.json || fail "status.json does not tell of the time"
sound first
is no_mpirun 0 small
is two 2 small
is three 3 small --examiners 3
is one_by_three 1 small --examiners 3 --lot-bytes 1M
is lots 2 small --lot-bytes 1M
is entries 3 small --lot-entries 7
is seven 7 small --lot-bytes 1M

# a second start of a sealed case tells the same
run 0 2 two small
grep -qF "$(digests first | head -n 1)" two.out || fail "a sealed case does not tell its digest"

# containers large enough to be cut: the parts say what the whole says
tar -C small -cf all.tar .
head -c 4500000 all.tar >cut.tar
cat >zip.py <<'EOF'
import os, sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", int(sys.argv[2])) as z:
    for folder in sys.argv[3:]:
        for at, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                z.write(os.path.join(at, name))
EOF
folders="small/DCIM small/archives small/broken small/copies small/hostile small/pictures"
"$python" zip.py stored.zip 0 $folders || fail "zip"
"$python" zip.py packed.zip 8 $folders || fail "zip"
cat "$(find small/DCIM -iname '*.jpg' | sort | head -n 1)" stored.zip >behind.jpg

# parts CUT FILE ARGUMENTS...: one lot and many give equal stores; CUT: whether it was cut
parts() {
    cut=$1 file=$2
    shift 2
    rm -rf whole many
    run 0 1 whole "$file" "$@"
    run 0 2 many "$file" --lot-bytes 1M --lot-entries 40 "$@"
    sound many
    same whole many
    lots=$(sed -n 's/.* lots=\([0-9]*\).*/\1/p' many.log)
    if [ "$cut" = yes ]; then
        [ "$lots" -gt 3 ] || fail "$file was not cut: $lots lots"
    else
        [ "$lots" = 1 ] || fail "$file was cut into $lots lots"
    fi
}
parts yes all.tar
parts yes cut.tar
parts yes stored.zip
parts yes packed.zip
parts no behind.jpg

# a zip whose entries unpack to more than they claim: each ends where its claim does
cat >liar.py <<'END'
import struct, sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as z:
    for i in range(200):
        z.writestr(zipfile.ZipInfo("true%d" % i), b"%d" % i * 20000)
        z.writestr(zipfile.ZipInfo("liar%d" % i), bytes(4 << 20), 8)
data = bytearray(open(sys.argv[1], "rb").read())
for mark, bits, size, name in (b"PK\3\4", 6, 22, 30), (b"PK\1\2", 8, 24, 46):
    at = data.find(mark)
    while at >= 0:
        if data[at + name:at + name + 4] == b"liar":
            late = data[at + name + 4] % 2  # half of them: the size is told behind the data
            struct.pack_into("<H", data, at + bits, 8 * late)
            struct.pack_into("<I", data, at + size, 0 if late else 9)
        at = data.find(mark, at + 4)
open(sys.argv[1], "wb").write(data)
END
"$python" liar.py liar.zip || fail "liar.zip"
parts yes liar.zip --max-unpacked 20M
[ "$(count many damaged)" = 200 ] || fail "not each liar is damaged"
parts no liar.zip --max-unpacked 8M
[ "$(count many limit)" -ge 1 ] || fail "the limit is not met"

parts no all.tar --max-unpacked 3M
parts no all.tar --max-entries 100
parts no packed.zip --max-ratio 1
echo "passed"
