#!/bin/bash
# s_memory.sh - memory of a run grows by no more than 200 bytes an item, over all ranks.
#
# ITEMS=n: of the larger tar (default 120000); a quarter of it is the smaller one, which is
# large enough that buffers of fixed size are full.  ITEMS=1000000 is the promise in full.
# With ITEMS also folders of small files, which take minutes to make and to remove.
. "$(dirname "$0")/lib.sh"
items=${ITEMS:-120000}
promise=200
[ -r "/proc/$$/task/$$/children" ] || { echo "the kernel does not tell of children"; exit 77; }
! grep -q __asan_init "$assay" || { echo "a sanitizer's memory is not ours"; exit 77; }

# measure RANKS CASE EVIDENCE: $largest rank and $all of them, KB
measure() {
    n=$1 case=$2
    shift 2
    line=$("$python" "$here/watch_run.py" "$case" mpirun -n "$n" "$assay" run "$@" -o "$case" \
        --log warn 2>"$case.log") || fail "a run of $* on $n ranks"
    echo "$case: $line"
    largest=$(echo "$line" | sed 's/largest=\([0-9]*\).*/\1/')
    all=$(echo "$line" | sed 's/.* all=\([0-9]*\).*/\1/')
}

# grows FEW MANY FROM TO: kilobytes grew by no more than the promise
grows() {
    per=$((1024 * ($4 - $3) / ($2 - $1)))
    echo "$per bytes an item"
    [ "$per" -le "$promise" ] || fail "$per bytes an item, not $promise"
}

"$maker" --tar-entries $((items / 4)) few.tar || fail "make_evidence"
"$maker" --tar-entries "$items" many.tar || fail "make_evidence"
for n in 1 2; do
    measure "$n" few "$tmp/few.tar" --recheck none
    before=$all
    measure "$n" many "$tmp/many.tar" --recheck none
    grows $((items / 4)) "$items" "$before" "$all"
    rm -rf few many
done

# a soft limit of addresses, which the jail of a worker may raise for its shared memory;
# libraries and fixed buffers take most of it; threads that meet in malloc would each
# reserve 64 MB of addresses for it, by chance
(export MALLOC_ARENA_MAX=1; ulimit -S -v $((500000 + items * promise / 1024)) &&
    "$assay" run many.tar -o limited --recheck none >limited.out 2>limited.log) || fail "a run under ulimit -v"
rm -rf many.tar few.tar limited

[ -n "${ITEMS:-}" ] || { echo "passed; without folders, for which give ITEMS"; exit 0; }

# files: the lists of a folder, its hash on rank 0, the second reading
folder() {
    mkdir "$1"
    seq "$2" | split -l 1 -a 6 -d - "$1/file"
}
folder few.files $((items / 4))
folder many.files $((items / 2))
measure 1 few few.files
before=$all
measure 1 many many.files
grows $((items / 4)) $((items / 2)) "$before" "$all"
echo "passed"
