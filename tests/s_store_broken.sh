#!/bin/sh
# s_store_broken.sh - a device that fails while several ranks write: the job ends
# by itself with 74, and leaves no file.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
for n in 2 3; do
    timeout 100 mpirun --oversubscribe --bind-to none --mca mpi_yield_when_idle 1 \
        --mca btl_vader_single_copy_mechanism none -n $n \
        "$ASSAY_MAKE_DIR/t_mpi_store" --break "$dir/results.h5" >"$dir/out" 2>&1
    code=$?
    [ $code -eq 74 ] || { cat "$dir/out"; echo "$n ranks: exit $code, not 74"; exit 1; }
    grep -q 'error cannot write' "$dir/out" || { cat "$dir/out"; echo "no reason given"; exit 1; }
    [ ! -e "$dir/results.h5" ] && [ ! -e "$dir/results.h5.tmp" ] || { echo "a file is left"; exit 1; }
done
