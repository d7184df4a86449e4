#!/bin/sh
# s_labelled.sh - make_labelled: the same bytes from any number of processes, and true labels.
. "$(dirname "$0")/lib.sh"

# made NAME KIND ARGUMENTS...: made/NAME with one process, and again with three
made() {
    name=$1 kind=$2
    shift 2
    "$labelled" "$kind" "made/$name" --size 96x80 "$@" >>make.log 2>&1 || fail "make_labelled $name"
    "$labelled" "$kind" "again/$name" --size 96x80 "$@" --jobs 3 >>make.log 2>&1 || fail "$name again"
}

mkdir made again
made camera camera --count 5 --vary q2=50,75,95
made raw camera --count 12 --vary q2=0
made splice splice --count 8 --vary q2=0
made djpeg djpeg --count 12 --vary q1=60,75 --vary q2=0 --vary shift=0,13,50
made copymove copymove --count 8 --vary q2=0 --vary change=0
made resample resample --count 8 --vary change=200 --vary cubic=0 --vary q2=0
made inpaint inpaint --count 8 --vary q2=0
made median median --count 8 --vary q1=0 --vary q2=0
made generated generated --count 8 --vary q2=90
"$labelled" camera photos --count 9 --size 240x200 --vary q2=90 >>make.log 2>&1 || fail "photos"
made ofphotos splice --count 8 --vary q2=0 --photos photos
diff -r made again >make.log || fail "three processes make other bytes than one"

"$labelled" camera other --count 1 --size 96x80 --vary q2=0 --seed 2 || fail "make_labelled --seed 2"
cmp -s other/000000.png made/raw/000000.png && fail "another seed makes the same picture"
"$labelled" camera other --count 1 2>make.log && fail "a folder that is there was taken"
"$labelled" camera odd --vary q3=1 2>make.log && fail "an axis that is none was taken"
"$labelled" generated odd --photos photos 2>make.log && fail "photographs were generated"
[ -e odd ] && fail "a refused command made a folder"

"$python" "$here/check_labelled.py" made || fail "the labels are not true"
echo "labelled pictures: ok"
