#!/bin/sh
# s_h5py.sh - a store is read by h5py: every dataset, attribute and link.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
"$ASSAY_MAKE_DIR/t_store" --make "$dir/results.h5" || exit 1
for python in "${PYTHON:-python3}" /usr/bin/python3; do
    "$python" "$ASSAY_SOURCE/tests/h5py_check.py" "$dir/results.h5"
    code=$?
    [ $code -eq 77 ] || [ $code -eq 127 ] || exit $code
done
echo "h5py is not installed"
exit 77
