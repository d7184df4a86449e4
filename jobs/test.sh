#!/bin/sh
# test.sh - from a bare clone: installs, builds, runs all tests, then the unit
# tests again under AddressSanitizer and UndefinedBehaviorSanitizer.
# usage: jobs/test.sh [--quick] [--no-slurm]
#   --quick      leaves the sanitizers out
#   --no-slurm   installs no Slurm; tests that need it are skipped, and say so
set -eu
cd "$(dirname "$0")/.."
quick='' slurm=--slurm
for word in "$@"; do
    case $word in
    --quick) quick=$word ;;
    --no-slurm) slurm='' ;;
    *) echo "usage: jobs/test.sh [--quick] [--no-slurm]" >&2; exit 64 ;;
    esac
done

# shellcheck disable=SC2086 # none or one word
jobs/setup.sh $slurm
jobs/build.sh release
code=0
if [ "$quick" != --quick ]; then
    jobs/build.sh asan-ubsan
    # the label "short" is the unit tests: no mpirun, no jail
    ctest --test-dir build-asan --output-on-failure --no-label-summary -j "$(nproc)" -L short || code=$?
fi
ctest --test-dir build --output-on-failure --no-label-summary -j "$(nproc)" || code=$?
exit "$code"
