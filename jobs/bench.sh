#!/bin/bash
# bench.sh - measures a run against its limits and its peers; prints a table in Markdown.
#
# usage: jobs/bench.sh [FOLDER OF JPEGS] [ROUNDS]     default: ../shared/data/a_prnu, 5
#
# Ratios count, not absolutes: every comparison is interleaved in one session.
# Wants an otherwise idle machine with at least two cores.
set -eu
cd "$(dirname "$0")/.."
jpegs=${1:-../shared/data/a_prnu}
rounds=${2:-5}
bin=$PWD/build/bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_btl_vader_single_copy_mechanism=none

if [ ! -d "$jpegs" ]; then
    echo "no folder of JPEGs at $jpegs" >&2
    exit 66
fi
mapfile -t files < <(find "$jpegs" -iname '*.jp*g' | sort)

say() { printf '%s\n' "$*"; }
median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
seconds() { # seconds COMMAND... : wall seconds of one run
    local from to
    from=$(date +%s.%N)
    "$@" > /dev/null 2> "$work/err" || { cat "$work/err" >&2; return 1; }
    to=$(date +%s.%N)
    echo "$from $to" | awk '{print $2 - $1}'
}

say "## One core, in one process: ${#files[@]} JPEGs"
say '```'
"$bin/bench_ingest" "$rounds" "${files[@]}"
say '```'
say
say "## The same files by PIL, scipy and h5py"
say '```'
python3 tests/bench_peer.py 3 "${files[@]}" 2> "$work/err" ||
    /usr/bin/python3 tests/bench_peer.py 3 "${files[@]}"
say '```'
say

# pictures that differ in their last bytes, so that each is examined
mkdir "$work/many"
for i in $(seq 24); do
    k=0
    for f in "${files[@]}"; do
        k=$((k + 1))
        { cat "$f"; printf 'copy %d' "$i"; } > "$work/many/$i-$k.jpg"
    done
done

run() { # run RANKS : one run of the copies, bound, one examiner a rank
    rm -rf "$work/case"
    mpirun -n "$1" --bind-to core "$bin/assay" run "$work/many" -o "$work/case" \
        --examiners 1 --recheck none
}
say "## Whole runs of $(find "$work/many" -type f | wc -l) pictures, bound to cores"
run 2 > /dev/null 2>&1
one='' two=''
for _ in $(seq "$rounds"); do
    one+="$(seconds run 1)"$'\n'
    two+="$(seconds run 2)"$'\n'
done
a=$(printf '%s' "$one" | median)
b=$(printf '%s' "$two" | median)
say
say "| ranks x examiners | seconds, median of $rounds |"
say "|---|---|"
say "| 1 x 1 | $a |"
say "| 2 x 1 | $b |"
say
c=$(for _ in $(seq "$rounds"); do
    rm -rf "$work/case"
    seconds mpirun -n 1 --bind-to core "$bin/assay" run "$work/many/1-1.jpg" -o "$work/case" \
        --examiners 1 --recheck none
done | median)
echo "$a $b $c" | awk '{
    printf "Speed-up %.2f; start and seal alone (a run of one picture) take %.2f s; without them %.2f\n", $1 / $2, $3, ($1 - $3) / ($2 - $3)}'
say

say "## Cost of the jail and the broker"
n=$(find "$work/many" -type f | wc -l)
processor() { # processor FOLDER : user and system seconds of a run on one core
    rm -rf "$work/case"
    /usr/bin/time -f '%U %S' -o "$work/time" taskset -c 0 "$bin/assay" run "$1" -o "$work/case" \
        --examiners 1 --recheck none > /dev/null 2>&1
    awk '{print $1 + $2}' "$work/time"
}
whole='' single='' inner=''
for _ in $(seq "$rounds"); do
    whole+="$(processor "$work/many")"$'\n'
    single+="$(processor "$work/many/1-1.jpg")"$'\n'
    inner+="$(taskset -c 0 "$bin/bench_ingest" 1 "$work"/many/*.jpg | awk '/^ingest  / {print $2}')"$'\n'
done
echo "$(printf '%s' "$whole" | median) $(printf '%s' "$single" | median)" \
    "$(printf '%s' "$inner" | median) $n" | awk '{
    printf "processor time of the run %.2f s, of a run of one picture %.2f s; of the same examinations in one process %.2f s\n", $1, $2, $3 * $4 / 1000
    printf "jail, broker, reading, journal and seal: %.1f %% of the examination\n", 100 * (($1 - $2) / ($3 * ($4 - 1) / 1000) - 1)}'
say

say "## Efficiency on a skewed corpus: sizes over four decades, a picture of 200 MP, a solid 7z"
mkdir "$work/skew" "$work/solid"
"$bin/make_evidence" "$work/skew/made" --size demo > /dev/null
mv "$work"/many/[1-9]-*.jpg "$work/skew"
mv "$work"/many/15-*.jpg "$work/solid"
(cd "$work/solid" && cmake -E tar cf "$work/skew/solid.7z" --format=7zip .)
/usr/bin/python3 - "${files[0]}" "$work/skew/big.jpg" << 'EOF'
import sys
from PIL import Image
tile, big = Image.open(sys.argv[1]).convert("RGB"), Image.new("RGB", (16000, 12500))
for y in range(0, big.height, tile.height):
    for x in range(0, big.width, tile.width):
        big.paste(tile, (x, y))
big.save(sys.argv[2], quality=90)
EOF
one='' four=''
for _ in $(seq "$rounds"); do
    one+="$(processor "$work/skew")"$'\n'
    rm -rf "$work/case"
    four+="$(seconds mpirun -n 4 --oversubscribe --bind-to none --mca mpi_yield_when_idle 1 \
        taskset -c 0,1 "$bin/assay" run "$work/skew" -o "$work/case" --examiners 1 --recheck none)"$'\n'
done
echo "$(printf '%s' "$one" | median) $(printf '%s' "$four" | median) $c" | awk '{
    printf "processor time on one core %.2f s; wall time of 4 ranks on 2 cores %.2f s: efficiency %.2f", $1, $2, $1 / $2 / 2
    printf " (%.2f without the %.2f s of start and seal)\n", $1 / ($2 - $3) / 2, $3}'
"$bin/assay" show "$work/case" | grep -A 3 '^  by'
say

say "## Inventory of a tar of 1,000,000 entries, 2 ranks"
"$bin/make_evidence" --tar-entries 1000000 "$work/million.tar"
rm -rf "$work/case"
/usr/bin/time -f '%e s, %M KB in the largest process' -o "$work/time" mpirun -n 2 --bind-to core \
    "$bin/assay" run "$work/million.tar" -o "$work/case" --recheck none > "$work/out" 2> /dev/null
say '```'
cat "$work/out" "$work/time"
/usr/bin/time -f 'plan (listing alone): %e s, %M KB' "$bin/assay" plan "$work/million.tar" > "$work/plan" 2> "$work/time"
cat "$work/time"
say '```'
