#!/bin/sh
# s_grid.sh - the votes of `grid` agree with an independent computation (grid_check.py).
. "$(dirname "$0")/lib.sh"

"$labelled" djpeg pictures --count 6 --size 136x104 --vary q1=75,90 --vary q2=0 --vary shift=13,50 ||
    fail "make_labelled"
"$assay" run pictures --detector grid -o case >run.log 2>&1 || fail "assay run"
"$python" "$here/grid_check.py" case/results.h5 pictures.manifest.csv >check.log
code=$?
[ $code -eq 0 ] || [ $code -eq 77 ] || fail "grid_check.py"
[ -z "$SHOW" ] || cat check.log
exit $code
