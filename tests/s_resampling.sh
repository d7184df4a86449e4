#!/bin/sh
# s_resampling.sh - the measures of `resampling` agree with an independent computation (resampling_check.py).
. "$(dirname "$0")/lib.sh"

"$labelled" resample set --count 6 --size 400x420 --vary q2=0 --vary change=70,110,130 >make.log || fail "make_labelled"
"$labelled" resample small --count 4 --size 600x264 --vary q2=0 >make.log || fail "make_labelled"
"$assay" run set small --detector resampling -o case >run.log 2>&1 || fail "assay run"
"$python" "$here/resampling_check.py" case/results.h5 . >check.log 2>&1
code=$?
[ $code -eq 0 ] || [ $code -eq 77 ] || fail "resampling_check.py"
cat check.log
exit $code
