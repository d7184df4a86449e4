#!/bin/sh
# s_learn.sh - the measures of kernels/learn agree with an independent computation (learn_check.py).
for python in "${PYTHON:-python3}" /usr/bin/python3; do
    "$python" "$ASSAY_SOURCE/tests/learn_check.py" "$ASSAY_MAKE_DIR/learn_tool"
    code=$?
    [ $code -eq 77 ] || [ $code -eq 127 ] || exit $code
done
exit 77
