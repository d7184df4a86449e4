#!/bin/sh
# s_djpeg.sh - adq, benford, ghost and nadq beside their papers' formulas in numpy.
. "$(dirname "$0")/lib.sh"

"$labelled" djpeg made --count 6 --size 640x480 --seed 2 --vary q1=65 --vary q2=90 --vary shift=0,13 >make.log ||
    fail "make_labelled"
"$assay" run made -o case --detector adq,benford,ghost,nadq --maps >run.log 2>&1 || fail "run: $(cat run.log)"
"$python" "$here/djpeg_check.py" case/results.h5 made.manifest.csv || fail "numpy finds something else"
echo "JPEG traces: ok"
