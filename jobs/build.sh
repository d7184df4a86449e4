#!/bin/sh
# build.sh - configures and builds a preset (release unless another is named).
# usage: jobs/build.sh [PRESET [CMAKE-BUILD-ARGUMENT...]]
set -eu
cd "$(dirname "$0")/.."
preset=${1:-release}
[ $# -eq 0 ] || shift
echo "build: $preset"
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset" -j "$(nproc)" "$@"
