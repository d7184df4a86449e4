#!/bin/sh
# fuzz.sh - runs every libFuzzer target (clang) for a while on seeds that the maker
# invents; exits 1 if one of them found something, which then lies in OUT.
# usage: jobs/fuzz.sh [SECONDS-EACH [OUT [TARGET...]]]     (600, build-fuzz/found, all)
#
# A run bounds memory by RLIMIT_DATA, so that a claim of 2 GB fails inside the library;
# here ASan does the same at 512 MB (the jail's limits themselves: tests/s_jail.sh).
# An input may take 300 s: sanitizers need 23 s on an idle core for the seed of 30,000 x 30,000.
# ../shared/data, where it is there, gives its small files as more seeds.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-600}
out=${2:-build-fuzz/found}
[ $# -lt 2 ] || shift
[ $# -eq 0 ] || shift
targets=${*:-"container decode metadata c2pa record batch text examine"}

jobs/build.sh fuzz
mkdir -p "$out"
out=$(cd "$out" && pwd)
seeds=$(mktemp -d)
trap 'rm -rf "$seeds"' EXIT
ASAN_OPTIONS=detect_leaks=0 build-fuzz/bin/make_evidence "$seeds/made" >/dev/null
ASAN_OPTIONS=detect_leaks=0 build-fuzz/bin/t_c2pa --seeds "$seeds"
ASAN_OPTIONS=detect_leaks=0 build-fuzz/bin/t_texts --seeds "$seeds"
[ ! -d ../shared/data ] || find ../shared/data -type f -size -64k \
    -exec sh -c 'cp "$2" "$1/$(echo "$2" | sha256sum | cut -c1-16)"' sh "$seeds" {} \;

export ASAN_OPTIONS=allocator_may_return_null=1:max_allocation_size_mb=512:handle_abort=1
export UBSAN_OPTIONS=print_stacktrace=1
export LSAN_OPTIONS="suppressions=$PWD/tests/lsan.supp:print_suppressions=0"
code=0
for target in $targets; do
    mkdir -p "$out/corpus_$target"
    echo "fuzz_$target: $seconds s"
    if build-fuzz/bin/"fuzz_$target" -max_total_time="$seconds" -timeout=300 -rss_limit_mb=0 \
        -malloc_limit_mb=4000 -max_len=65536 -print_final_stats=1 \
        -artifact_prefix="$out/${target}_" "$out/corpus_$target" "$seeds" "$seeds/made" \
        >"$out/$target.log" 2>&1; then
        grep -E 'number_of_executed_units|average_exec' "$out/$target.log"
    else
        tail -n 30 "$out/$target.log"
        code=1
    fi
done
exit "$code"
