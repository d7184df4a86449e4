#!/bin/sh
# s_parts.sh - a large container that breaks its readers: the same row however it is cut.
#
# assay_planted's reader dies at one entry of the tar (planted.c), when it reads or when it lists;
# or it lies.
. "$(dirname "$0")/lib.sh"
planted=$(dirname "$assay")/assay_planted
[ -x "$planted" ] || { echo "assay_planted is not built"; exit 77; }
"$python" -c 'import h5py' 2>/dev/null || { echo "h5py is not installed"; exit 77; }

cat >row.py <<'END'
# row.py CASE: of the tar all that the store has but its place in it; and the source
import h5py, sys
with h5py.File(sys.argv[1] + "/results.h5") as f:
    item, source = f["items"][0], f["evidence"][0]
    for name in item.dtype.names:
        if not name.endswith(("_offset", "_length")):
            print(name, item[name])
    for name in ("size", "sha256", "recheck", "kind"):
        print("source", name, source[name])
END

# seven copies of some pictures, no two the same: 29 entries, 2.6 MB
"$maker" small --seed 1 >maker.out || fail "make_evidence"
for i in 1 2 3 4 5 6 7; do
    mkdir -p "tree/$i"
    for f in small/DCIM/100CAM00/*.JPG; do
        cp "$f" "tree/$i"
        echo "$i" >>"tree/$i/${f##*/}"
    done
done

# evidence NAME PLANT ENTRY: NAME.tar
evidence() {
    tar -cf "$1.tar" tree || fail "tar"
    printf '\nASSAY-PLANT:%s %s\n' "$2" "$3" >>"$1.tar"
}

# examine CODE RANKS PROGRAM CASE TAR OPTIONS...
examine() {
    want=$1 n=$2 program=$3 case=$4 tar=$5
    shift 5
    code=0
    mpirun -n "$n" "$program" run "$tar" -o "$case" --log debug --examiners 1 "$@" >"$case.out" \
        2>"$case.log" || code=$?
    [ "$code" = "$want" ] || fail "exit $code, not $want, of $case"
    sound "$case"
}

# lots CASE: how many it was cut into
lots() { sed -n 's/.* inventory entries=.* lots=\([0-9]*\).*/\1/p' "$1.log"; }

# 1. a reader that dies in one part: its row beside the one for the whole
evidence reading break-reading 15
[ "$(stat -c %s reading.tar)" -ge 2097152 ] || fail "the tar is not large enough to be cut"
sha=$(sha256sum <reading.tar | cut -d ' ' -f 1)
examine 3 1 "$planted" whole reading.tar --md5
[ "$(lots whole)" = 1 ] || fail "the tar was cut: $(lots whole) lots"
"$python" row.py whole >whole.row || fail "row.py"
for n in 1 3; do
    for bytes in 1M 1200K; do
        case=cut.$n.$bytes
        examine 3 $n "$planted" "$case" reading.tar --md5 --lot-bytes $bytes
        [ "$(lots "$case")" -ge 3 ] || fail "$case was not cut: $(lots "$case") lots"
        said "$case" "reader died"
        "$python" row.py "$case" >"$case.row" || fail "row.py"
        diff whole.row "$case.row" || fail "$case has another row"
    done
done
grep -q "^sha256 .*$sha" whole.row || fail "the hash of the tar is lost"
grep -q "^source sha256 .*$sha" whole.row || fail "the hash of the source is lost"
grep -q "^source recheck 1" whole.row || fail "not compared: $(grep recheck whole.row)"
echo "read: $(lots whole), $(lots cut.1.1M), $(lots cut.3.1M) lots, one row"

# 2. a reader that dies while it lists, after it told of parts: the tar stays whole
evidence listing break-listing 20
examine 0 1 "$planted" listed listing.tar --lot-bytes 1M
said listed "reader died"
[ "$(lots listed)" = 1 ] || fail "cut by a list that is not whole: $(lots listed) lots"
examine 0 1 "$assay" healthy listing.tar --lot-bytes 1M
[ "$(lots healthy)" -ge 3 ] || fail "the healthy tar was not cut: $(lots healthy) lots"
same healthy listed

# 3. a reader that tells of parts without end while it lists: two deaths, and it stays whole
evidence flood flood-splits -
examine 3 1 "$planted" flood flood.tar --lot-bytes 1M
[ "$(grep -c 'reader died' flood.log)" = 4 ] || fail "$(grep -c 'reader died' flood.log) deaths"
[ "$(lots flood)" = 1 ] || fail "cut by lies: $(lots flood) lots"
[ "$(count flood crashed)" = 1 ] || fail "$(count flood crashed) crashed"
echo "passed"
