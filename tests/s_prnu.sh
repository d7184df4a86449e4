#!/bin/sh
# s_prnu.sh - sensor noise and maps of it agree with independent computations (prnu_check.py,
# prnu_map_check.py).
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
for python in "${PYTHON:-python3}" /usr/bin/python3; do
    "$python" "$ASSAY_SOURCE/tests/prnu_check.py" "$ASSAY_MAKE_DIR/prnu_tool" "$dir" &&
        "$python" "$ASSAY_SOURCE/tests/prnu_map_check.py" "$ASSAY_MAKE_DIR/prnu_map_tool" "$dir"
    code=$?
    [ $code -eq 77 ] || [ $code -eq 127 ] || exit $code
done
exit 77
