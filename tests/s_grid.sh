#!/bin/sh
# s_grid.sh - the votes of `grid` agree with an independent computation (grid_check.py).
. "$(dirname "$0")/lib.sh"
make=${ASSAY_MAKE_DIR:-$here/../build/bin}/make_labelled

"$make" djpeg pictures --count 6 --size 136x104 --vary q1=75,85 --vary q2=0,90 --vary shift=0,13 ||
    fail "make_labelled"
"$assay" run pictures --detector grid -o case >run.log 2>&1 || fail "assay run"
"$python" "$here/grid_check.py" case/results.h5 pictures.manifest.csv >check.log
code=$?
[ $code -eq 0 ] || [ $code -eq 77 ] || fail "grid_check.py"
exit $code
