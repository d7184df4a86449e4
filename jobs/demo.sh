#!/bin/sh
# demo.sh - from a bare clone to a first result: installs, builds, invents
# evidence, examines it with two ranks, shows and verifies what came out.
# usage: jobs/demo.sh [SEED]      the exit code is that of the run
set -eu
cd "$(dirname "$0")/.."
seed=${1:-1}
out=build/demo

say() { printf '\n== %s\n' "$*"; }

say "installing what is missing"
jobs/setup.sh
say "building (build/)"
jobs/build.sh release >build-demo.log 2>&1 || { tail -n 30 build-demo.log >&2; exit 70; }
mkdir -p "$out"
mv build-demo.log "$out/build.log"

say "inventing evidence with known truth ($out/evidence, seed $seed)"
rm -rf "$out/evidence" "$out/evidence.manifest.csv" "$out/case"
build/bin/make_evidence "$out/evidence" --seed "$seed" --size demo
du -sh "$out/evidence"

say "examining it with two ranks ($out/case)"
if [ "$(id -u)" -eq 0 ]; then # mpirun wants to be told twice
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
set -- -n 2 --mca btl_vader_single_copy_mechanism none
if [ "$(nproc)" -lt 2 ]; then
    set -- "$@" --oversubscribe --bind-to none --mca mpi_yield_when_idle 1
fi
code=0
mpirun "$@" build/bin/assay run "$out/evidence" -o "$out/case" || code=$?

# 3: finished, but items crashed or timed out; what there is can be shown
if [ "$code" -eq 0 ] || [ "$code" -eq 3 ]; then
    say "what was found (assay show $out/case)"
    build/bin/assay show "$out/case"
    say "is the result store sound (assay verify $out/case)"
    build/bin/assay verify "$out/case"
fi
say "the run's exit code is $code"
echo "results:  $out/case/results.h5"
echo "truth:    $out/evidence.manifest.csv"
exit "$code"
