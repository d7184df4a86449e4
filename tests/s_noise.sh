#!/bin/sh
# s_noise.sh - `noise_level` and `cooccurrence` agree with independent computations (noise_check.py).
. "$(dirname "$0")/lib.sh"

"$labelled" splice pictures --count 2 --size 432x400 --vary q2=0 --vary donor_q=70 || fail "make_labelled"
"$assay" run pictures --detector noise_level,cooccurrence -o case >run.log 2>&1 || fail "assay run"
"$python" "$here/noise_check.py" case/results.h5 pictures.manifest.csv >check.log
code=$?
[ $code -eq 0 ] || [ $code -eq 77 ] || fail "noise_check.py"
[ -z "$SHOW" ] || cat check.log
exit $code
