#!/bin/bash
# local.sh - a run on this machine alone: chooses ranks and examiners, goes on after a stop.
#
#   jobs/local.sh EVIDENCE... -o CASE [options of assay run]
#
# One rank per 8 cores: each has one reader, which feeds about so many examiners.
# From the environment: ASSAY, ASSAY_RESTARTS as in assay.sbatch.
set -u
jobs=$(dirname "$(readlink -f "$0")")
for part in env attempt; do
    # shellcheck source=/dev/null
    . "$jobs/$part.sh" || exit 69
done
say() { echo "$(date '+%F %T') $*" >&2; }
assay=$(find_assay "$jobs") || { echo "no assay: set ASSAY=..." >&2; exit 69; }
case=$(find_case "$@")
[ -n "$case" ] || { echo "usage: local.sh EVIDENCE... -o CASE" >&2; exit 64; }

cores=$(env -u OMP_NUM_THREADS nproc) # which the variable, one for BLAS, would bound
ranks=$(((cores + 4) / 8))
launcher=()
if [ "$ranks" -gt 1 ] && command -v mpirun >/dev/null; then
    launcher=(mpirun -n "$ranks")
fi
restarts=0
while :; do
    attempt "$case" "${launcher[@]}" "$assay" run "$@"
    worth_another "$restarts" || exit "$code"
    restarts=$((restarts + 1))
    say "restart $restarts"
done
