#!/bin/sh
# s_prnu.sh - sensor noise agrees with an independent computation (prnu_check.py).
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
for python in "${PYTHON:-python3}" /usr/bin/python3; do
    "$python" "$ASSAY_SOURCE/tests/prnu_check.py" "$ASSAY_MAKE_DIR/prnu_tool" "$dir"
    code=$?
    [ $code -eq 77 ] || [ $code -eq 127 ] || exit $code
done
exit 77
