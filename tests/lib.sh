# lib.sh - what the tests of the whole program share; sourced by s_*.sh, never run.
#
# After it: $tmp is the current folder and is removed at the end, $here is the folder of the
# tests, $assay and those of $bin are the programs, and mpirun starts as many ranks as it is told to.
here=$(cd "$(dirname "$0")" && pwd)
assay=${ASSAY_BIN:-$here/../build/bin/assay}
bin=${ASSAY_MAKE_DIR:-$here/../build/bin}
maker=$bin/make_evidence
labelled=$bin/make_labelled
pictures=$bin/sensor_pictures
faulty=$bin/assay_faulty
python=python3 # the distribution's, where another one comes first in PATH
"$python" -c 'import h5py' 2>/dev/null || python=/usr/bin/python3
export PYTHONDONTWRITEBYTECODE=1 TZ=UTC
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1

tmp=$(mktemp -d) || exit 1
pid=
leave() {
    [ -z "$pid" ] || kill -KILL "$pid" $(below "$pid") 2>/dev/null
    cd / && rm -rf "$tmp"
}
trap leave EXIT
trap 'exit 1' INT TERM
cd "$tmp" || exit 1

fail() {
    echo "FAILED: $*"
    for log in *.log; do
        [ -s "$log" ] && { echo "--- $log"; tail -n 15 "$log"; }
    done
    exit 1
}

# invented N: evidence/1 .. evidence/N, one seed each
invented() {
    mkdir evidence
    for i in $(seq "$1"); do
        "$maker" "evidence/$i" --seed "$i" --manifest "$i.csv" || fail "make_evidence"
    done
}

# no_bombs FOLDER...: without those of its files that are the same from any seed, and cost more than all
# the rest; for tests of which another folder has them, and that need no run to last
no_bombs() {
    for folder; do rm "$folder"/hostile/*30000.png "$folder"/hostile/zeros.*; done
}

# by_quality: photographs set/ of many qualities, for labels that go by it: what jpeg_tables can learn
by_quality() {
    "$labelled" camera set --count 160 --size 64x64 --vary q2=98,95,90,85,75,60 >make.log 2>&1 ||
        fail "make_labelled"
}

# start N CASE ARGUMENTS...: `assay run`, or what $command says, in the background on N ranks, 0:
# without mpirun; $pid
command=run
start() {
    n=$1 case=$2
    shift 2
    if [ "$n" = 0 ]; then
        "$assay" "$command" -o "$case" "$@" >"$case.out" 2>"$case.log" &
    else
        mpirun -n "$n" "$assay" "$command" -o "$case" "$@" >"$case.out" 2>"$case.log" &
    fi
    pid=$!
}

# finish: waits for what was started; $code
finish() {
    code=0
    wait "$pid" || code=$?
    pid=
}

# run CODE N CASE ARGUMENTS...: start and finish, with that exit code
run() {
    want=$1
    shift
    start "$@"
    finish
    [ "$code" = "$want" ] || fail "exit $code, not $want, of $1 ranks: $*"
}

# said CASE WORDS: the log of the case's last run has them
said() { grep -qF -- "$2" "$1.log" || fail "the log of $1 lacks: $2"; }

# digests CASE: both, as the store has them
digests() {
    "$assay" show "$1" --json | sed -n 's/^  "\(content_digest\|digest_exact\)": "\(.*\)",$/\2/p'
}

# count CASE STATUS: how many items have it
count() { "$assay" show "$1" --json | sed -n "s/^    \"$2\": \([0-9]*\),*\$/\1/p"; }

# sound CASE: every item is accounted for, and verify finds nothing
sound() {
    "$assay" verify "$1" >verify.log 2>&1 || fail "verify $1"
    "$assay" show "$1" --json | grep -q '^  "accounting_holds": true' || fail "accounting of $1"
}

# same A B: two sound cases with equal digests
same() {
    [ -n "$(digests "$1")" ] || fail "$1 has no digest"
    [ "$(digests "$1")" = "$(digests "$2")" ] || {
        "$assay" verify --explain "$1" "$2"
        fail "$1 and $2 have different digests"
    }
}

# die: what was started is killed, all of it at once
die() {
    family="$pid $(below "$pid")"
    kill -KILL $family 2>/dev/null
    finish
    gone $family
}

# below PID...: all processes that descend from these, without them
below() {
    for p in "$@"; do
        for child in $(cat /proc/"$p"/task/*/children 2>/dev/null); do
            echo "$child"
            below "$child"
        done
    done
}

# children PID...: the next generation alone
children() { for p in "$@"; do cat /proc/"$p"/task/*/children 2>/dev/null; done; }

# alive PID: it runs; a dead process that nobody has waited for does not
alive() { grep -q '^State:[[:space:]]*[^ZX]' /proc/"$1"/status 2>/dev/null; }

# gone PID...: waits up to 20 s until none of them runs
gone() {
    for p in "$@"; do
        for _ in $(seq 200); do
            alive "$p" || continue 2
            sleep 0.1
        done
        fail "process $p still runs: $(tr '\0' ' ' <"/proc/$p/cmdline")"
    done
}

# ranks PID: the ranks of the run that was started as PID
ranks() {
    if grep -q mpirun "/proc/$1/comm" 2>/dev/null; then children "$1"; else echo "$1"; fi
}

# under_way CASE SECONDS: waits until status.json tells of a phase after the inventory
under_way() {
    for _ in $(seq $((20 * $2))); do
        grep -qE '"state": "(examine|recheck|seal)"' "$1/status.json" 2>/dev/null && return 0
        sleep 0.05
    done
    fail "$1 is not under way after $2 s"
}
