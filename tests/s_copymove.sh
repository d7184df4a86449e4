#!/bin/sh
# s_copymove.sh - features and judgement of `copymove` agree with an independent computation.
. "$(dirname "$0")/lib.sh"
bin=${ASSAY_MAKE_DIR:-$here/../build/bin}

"$bin/make_labelled" copymove pictures --count 12 --seed 4 --size 320x256 --vary q1=0 --vary q2=95 \
    --vary change=0,15,125 --vary percent=8 || fail "make_labelled"
"$python" "$here/copymove_check.py" "$bin/copymove_tool" pictures.manifest.csv >check.log
code=$?
[ $code -eq 0 ] || [ $code -eq 77 ] || fail "copymove_check.py"
[ -z "$SHOW" ] || cat check.log
exit $code
