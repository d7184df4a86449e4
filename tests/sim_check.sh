#!/bin/bash
# sim_check.sh - what the simulator predicts for 1, 2 and 4 ranks beside what they take here.
#
# usage: tests/sim_check.sh [FOLDER] [ROUNDS] [COPIES]
#        default: ../shared/data/a_prnu, 3 rounds, 6 copies of each file below 8 MB; 0: the folder as it is
#        TOLERANCE=percent (default 10), CORES=n (default 2) to run on,
#        WAIT=seconds (default 60) to wait for an idle machine before a run; 0: do not
#
# All costs are of runs with one rank: of beginning a lot by the processor time of few large
# and of many small lots, of start and seal by a run of one file, the rest is the work.  How
# the work lies in the lots, which are others for each number of ranks, is /timing in
# the stores: by a clock on the wall, so only the proportions are taken.
# What 1, 2 and 4 ranks take is then predicted, not fitted.  Cores that other processes
# took during a run are taken off those of the simulated machine.
# Exit 0: all within the tolerance; 1: not; 77: nothing can be said here and why.
set -eu
cd "$(dirname "$0")/.."
folder=${1:-../shared/data/a_prnu}
rounds=${2:-3}
copies=${3:-6}
cores=${CORES:-2}
tolerance=${TOLERANCE:-10}
patience=${WAIT:-60}
assay=${ASSAY_BIN:-$PWD/build/bin/assay}
sim=$(dirname "$assay")/sim_cluster
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1
export PYTHONDONTWRITEBYTECODE=1
python=python3
"$python" -c 'import h5py' 2> /dev/null || python=/usr/bin/python3
"$python" -c 'import h5py' 2> /dev/null || { echo "h5py is not installed"; exit 77; }
[ -d "$folder" ] || { echo "no folder $folder"; exit 77; }
[ "$(nproc)" -ge "$cores" ] || { echo "there are not $cores cores"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
on="taskset -c 0-$((cores - 1))"

# files that differ in their last bytes, so that each is examined
mkdir "$work/many" "$work/one"
k=0
while read -r f; do
    k=$((k + 1))
    for i in $(seq "$copies"); do
        { cat "$f"; printf 'copy %d' "$i"; } > "$work/many/$i-$k.${f##*.}"
    done
    [ "$k" -gt 1 ] || cp "$f" "$work/one/"
done < <(find "$folder" -type f -size -8M | sort)
if [ "$copies" = 0 ]; then
    rmdir "$work/many"
    ln -s "$(realpath "$folder")" "$work/many"
fi

busy() { # busy : seconds all of these cores have worked since the machine started
    awk -v n="$cores" -v hz="$(getconf CLK_TCK)" '/^cpu[0-9]/ && substr($1, 4) < n {
        s += $2 + $3 + $4 + $7 + $8 + $9} END {print s / hz}' /proc/stat
}
idle() { # idle : waits until others leave nearly all of the cores
    local before
    [ "$patience" -gt 0 ] || return 0
    for _ in $(seq "$(((patience + 1) / 2))"); do
        before=$(busy)
        sleep 0.5
        busy | awk -v before="$before" '{exit ($1 - before > 0.08)}' && return
        sleep 1
    done
    echo "the machine is not idle: nothing can be measured" >&2
    exit 77
}
run() { # run RANKS FOLDER LOT : "wall cpu others", and the case in $work/case
    local before after
    rm -rf "$work/case"
    idle
    before=$(busy)
    /usr/bin/time -f '%e %U %S' -o "$work/time" $on mpirun -n "$1" "$assay" run "$(realpath "$work/$2")" \
        -o "$work/case" --examiners 1 --recheck none --lot-bytes "$3" > "$work/log" 2>&1 || {
        cat "$work/log" >&2
        exit 1
    }
    after=$(busy)
    awk -v busy="$before $after" '{
        split(busy, b)
        others = (b[2] - b[1] - $2 - $3) / $1
        print $1, $2 + $3, (others > 0 ? others : 0)}' "$work/time"
}
lots() { # lots : how many there were in the last run
    sed -n 's/.* lots=\([0-9]*\).*/\1/p' "$work/log"
}
median() { # median COLUMN : of the lines of stdin
    awk -v c="$1" '{print $c}' | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'
}

run 2 many 4M > "$work/warm"
for _ in $(seq "$rounds"); do
    for n in 1 2 4; do
        run "$n" one 4M >> "$work/one.$n"
        run "$n" many 4M >> "$work/many.$n"
        cp "$work/case/results.h5" "$work/$n-$(wc -l < "$work/many.$n").h5"
    done
    run 1 many 32M >> "$work/coarse"
    coarse=$(lots)
done

# costs RANKS: of the run with so many, each at the least of the rounds
costs() {
    "$python" - "$work/$1"-[0-9]*.h5 << 'END'
import sys
import h5py
lots = {}
for name in sys.argv[1:]:
    for row in h5py.File(name)["timing"][:]:
        lots.setdefault(int(row["lot"]), []).append(
            (int(row["bytes"]), row["read_s"] + row["unpack_s"], row["decode_s"] + row["extract_s"]))
for lot in sorted(lots):
    print(*(min(column) for column in zip(*lots[lot])))
END
}
costs 1 > "$work/lots"

cpu=$(median 2 < "$work/many.1")
cpu_one=$(median 2 < "$work/one.1")
lot=$(echo "$cpu $(median 2 < "$work/coarse") $(wc -l < "$work/lots") $coarse" |
    awk '{x = ($1 - $2) / ($3 - $4); print (x > 0 ? x : 0)}')
rest=$(echo "$cpu $cpu_one $lot $(wc -l < "$work/lots")" | awk '{print $1 - $2 - $3 * $4}')
echo "$(find "$work/many/" -type f | wc -l) files, $(wc -l < "$work/lots") lots, processor time $cpu s," \
    "$rest s of it examining, $lot s to begin a lot; $cores cores"
echo
echo "| ranks | measured s | predicted s | difference | cores others took |"
echo "|---|---|---|---|---|"
bad=0
for n in 1 2 4; do
    measured=$(median 1 < "$work/many.$n")
    start=$(median 1 < "$work/one.$n")
    others=$(median 3 < "$work/many.$n")
    free=$(echo "$cores $others" | awk '{x = $1 - $2; print (x > 0.5 ? x : 0.5)}')
    costs "$n" > "$work/lots"
    awk -v rest="$rest" '{s += $2 + $3; l[NR] = $0} END {
        for (i = 1; i <= NR; i++) {
            split(l[i], v)
            print v[1], v[2] * rest / s, v[3] * rest / s}}' "$work/lots" > "$work/scaled"
    phase=$("$sim" --lots "$work/scaled" --ranks "$n" --per-node "$n" --cores "$free" --lot "$lot" \
        --node-bandwidth 0 --claim 20e-6 | awk -F'|' -v n="$n" '$2 + 0 == n {print $4 + 0}')
    echo "$n $measured $start $phase $others $tolerance" | awk '{
        p = $3 + $4
        d = 100 * (p / $2 - 1)
        printf "| %d | %.2f | %.2f | %+.1f %% | %.2f |\n", $1, $2, p, d, $5
        exit (d > $6 || d < -$6)}' || bad=1
    [ "$(echo "$others" | awk '{print ($1 > 0.2)}')" = 0 ] || busy=1
done
[ -z "${busy:-}" ] || { echo "other processes took a good part of the cores: this shows nothing"; exit 77; }
exit "$bad"
