#!/bin/sh
# s_against.sh - no reference store is believed that was changed, or that not all ranks have.
. "$(dirname "$0")/lib.sh"

"$maker" made >/dev/null || fail "make_evidence"
mkdir small
find made -name '*.jpg' ! -name '*[!a-z0-9_.-]*' -size -60k | LC_ALL=C sort | head -n 6 | while read -r name; do
    cp "$name" small/
done
[ "$(ls small | wc -l)" -ge 3 ] || fail "no pictures were made"
(cd small && sha256sum -- * | sed 's/^/"/; s/ .*/"/; 1i "SHA256"') >good.csv
(cd small && sha256sum -- * | sed 's/^/"/; s/ .*/"/; 2,$d' | sed '1i "SHA256"') >bad.csv
"$assay" enroll known -o good.h5 --known-good good.csv >enroll.out 2>enroll.log || fail "enroll"
"$assay" enroll known -o bad.h5 --known-bad bad.csv >enroll.out 2>enroll.log || fail "enroll"
"$assay" enroll media -o media.h5 small >media.out 2>enroll.log || fail "enroll media"

# change FILE DATASET: one byte of it is another, in place
change() {
    "$python" - "$1" "$2" <<'PY' || fail "change $*"
import h5py, sys
with h5py.File(sys.argv[1]) as f:
    at = f[sys.argv[2]].id.get_offset()
with open(sys.argv[1], "r+b") as f:
    f.seek(at)
    byte = f.read(1)[0]
    f.seek(at)
    f.write(bytes([byte ^ 3])) # of a class: bad becomes good
PY
}

# 1. a store that was changed, in a run on any number of ranks and in a merge
cp bad.h5 changed.h5
change changed.h5 sha256_class
for n in 0 3; do
    run 65 "$n" "hidden$n" small --against media.h5,changed.h5 --skip-known
    said "hidden$n" "enroll it again: changed.h5"
    [ ! -e "hidden$n" ] || fail "a case was begun"
done
run 0 1 part small --against bad.h5 --shard 1/1
change bad.h5 sha256_class
command=merge
run 65 2 merged part
said merged "enroll it again: bad.h5"
change bad.h5 sha256_class
run 0 2 merged part
command=run

# 2. ranks that see different files by the same name
# apart CODE CASE A B C: three ranks, each in its folder, all with the store ref.h5 in it
apart() {
    want=$1 case=$2 line=
    for dir in "$3" "$4" "$5"; do
        line="$line${line:+ : }-n 1 --wdir $tmp/$dir $assay run -o $tmp/$case $tmp/small --against ref.h5"
    done
    code=0
    timeout 60 mpirun $launch $line >"$case.out" 2>"$case.log" || code=$?
    [ "$code" = "$want" ] || fail "exit $code, not $want, of $*"
}
mkdir one same other kind touched none
cp good.h5 one/ref.h5
cp good.h5 same/ref.h5
cp bad.h5 other/ref.h5
cp media.h5 kind/ref.h5
cp good.h5 touched/ref.h5
change touched/ref.h5 sha256_class
apart 0 agreed one same one
sound agreed
run 0 1 alone small --against one/ref.h5
same agreed alone
apart 65 others one same other
said others "rank 2 is not that of rank 0"
apart 65 kinds one kind same
said kinds "rank 1 is not that of rank 0"
apart 65 bytes one same touched
said bytes "enroll it again: ref.h5"
# a launcher that ends nobody, as srun without -K, and tells no code: all of them leave by themselves
launch='--mca orte_abort_on_non_zero_status 0'
apart 0 absent one none same
said absent "there is no ref.h5"
launch=

# 3. a case is not searched in other stores by itself: what differs is told, and what to do
run 65 1 alone small --against one/ref.h5,bad.h5,media.h5
said alone "use --fresh"
said alone "there \"--against = ..."

# 4. an enrolment that was stopped is not gone on with as another; --fresh starts it over
mkdir -p again.h5.case
"$assay" run -o again.h5.case small --shard 1/1 --detector pdq,gist --recheck none >enroll.out 2>&1 || fail "left behind"
code=0
"$assay" enroll media -o again.h5 small >again.out 2>again.log || code=$?
[ "$code" = 65 ] || fail "exit $code of an enrolment made otherwise"
said again "use --fresh"
"$assay" enroll media -o again.h5 small --fresh >again.out 2>again.log || fail "enroll --fresh"
cmp -s again.out media.out || fail "another store"
