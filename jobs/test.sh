#!/bin/sh
# test.sh - from a bare clone: installs, builds, runs all tests, and the unit tests
# again under AddressSanitizer and UndefinedBehaviorSanitizer.
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

# tests WORDS OF CTEST...
tests() { ctest --output-on-failure --no-label-summary "$@" || code=$?; }

# shellcheck disable=SC2086 # none or one word
jobs/setup.sh $slurm
jobs/build.sh release
code=0 pid=
if [ "$quick" != --quick ]; then
    # beside the other tests, which mostly wait, in what they leave; the label "short" is the unit
    # tests: no mpirun, no jail
    echo "the sanitizers are at work too, in build/sanitizers.log"
    # shellcheck disable=SC2016 # the inner shell counts
    timeout 7200 nice sh -ec 'jobs/build.sh asan-ubsan --target unit_tests
        ctest --test-dir build-asan --output-on-failure --no-label-summary -j "$(nproc)" -L short' \
        >build/sanitizers.log 2>&1 &
    pid=$!
    trap 'kill "$pid"' EXIT
    trap 'exit 1' INT TERM
fi
tests --test-dir build -j "$((2 * $(nproc)))" -LE alone
if [ "$pid" ]; then
    wait "$pid" || code=$?
    trap - EXIT
    cat build/sanitizers.log
fi
tests --test-dir build -L alone
exit "$code"
