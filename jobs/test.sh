#!/bin/sh
# test.sh - from a bare clone: installs, builds, runs all tests, then the unit
# tests again under AddressSanitizer and UndefinedBehaviorSanitizer.
# usage: jobs/test.sh [--quick]   --quick leaves the sanitizers out
set -eu
cd "$(dirname "$0")/.."
quick=${1:-}

jobs/setup.sh
jobs/build.sh release
code=0
if [ "$quick" != --quick ]; then
    jobs/build.sh asan-ubsan
    # the label "short" is the unit tests: no mpirun, no jail
    ctest --test-dir build-asan --output-on-failure --no-label-summary -j "$(nproc)" -L short || code=$?
fi
ctest --test-dir build --output-on-failure --no-label-summary -j "$(nproc)" || code=$?
exit "$code"
