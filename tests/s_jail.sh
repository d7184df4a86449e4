#!/bin/sh
# s_jail.sh - files that take over the process that examines them cost one row each.
#
# assay_planted obeys marks at the end of files (planted.c).  A run over healthy and
# planted files must give each planted file one row that says why, leave every other
# row as it is without them, end with 3 and verify.  Nothing gets out of the jail.
set -u
here=$(cd "$(dirname "$0")" && pwd)
assay=${ASSAY_BIN:?} maker=${ASSAY_MAKE_DIR:?}/make_evidence
planted=$(dirname "$assay")/assay_planted
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
export PYTHONDONTWRITEBYTECODE=1 OMPI_MCA_mpi_yield_when_idle=1
export OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_hwloc_base_binding_policy=none
python=python3
"$python" -c 'import h5py' 2>/dev/null || python=/usr/bin/python3
"$python" -c 'import h5py' 2>/dev/null || { echo "h5py is not installed"; exit 77; }
bad=0
fail() { echo "FAILED: $*"; bad=1; }

# run CODE CASE PROGRAM OPTIONS...: over $tmp/pics
run() {
    want=$1 case=$2 program=$3
    shift 3
    timeout 500 "$program" run "$tmp/pics" -o "$tmp/$case" --item-seconds 1 \
        --examiner-memory 400M --log debug "$@" >"$tmp/$case.out" 2>"$tmp/$case.err"
    got=$?
    [ $got = "$want" ] || { tail -n 20 "$tmp/$case.err"; fail "$case: exit $got, not $want"; }
}

# plant NAME SUFFIX REASON
plant() {
    cp "$tmp/seed.$2" "$tmp/pics/plant/$1.$2"
    printf '\nASSAY-PLANT:%s %s\n' "$1" "$tmp/out/$1.$2" >>"$tmp/pics/plant/$1.$2"
    echo "pics/plant/$1.$2 $3" >>"$tmp/expected"
}

# rows CASE: how many the store has
rows() { "$assay" show "$tmp/$1" --json | sed -n 's/^  "items": \([0-9]*\),$/\1/p'; }

# healthy files, with a picture and an archive to plant in
mkdir "$tmp/out" "$tmp/pics" "$tmp/pics/plant"
"$maker" "$tmp/small" --seed 1 >"$tmp/maker.out" || exit 1
cp -r "$tmp/small/DCIM" "$tmp/pics/a"
cp -r "$tmp/small/archives" "$tmp/pics/b"
cp -r "$tmp/small/DCIM/100CAM00" "$tmp/pics/z"
cp "$tmp/small/DCIM/100CAM00/IMG_0001.JPG" "$tmp/seed.jpg"
(cd "$tmp/small/DCIM" && tar -cf "$tmp/seed.tar" 102CAM02)
run 0 healthy "$planted"

# where so much else runs that a loop may get less than a tenth of a core, the other clock may be first
cpu=TIMEOUT_CPU
! awk -v cores="$(nproc)" '{exit !($1 > 4 * cores)}' /proc/loadavg || cpu="$cpu|TIMEOUT_WALL"

# 1. what the jail forbids
calls=$(sed -n 's/^    {"\([a-z0-9_-]*\)", \(SYS\|0x4\).*/\1/p' "$here/planted_acts.c")
[ "$(echo "$calls" | wc -l)" -ge 50 ] || fail "the system calls of planted_acts.c were not found"
for name in $calls execve int80; do
    plant "$name" jpg VIOLATION
done
for name in open fork socket kill-zygote mmap-exec; do
    plant "$name" tar VIOLATION
done

# 2. dying, hanging and eating
for suffix in jpg tar; do
    plant loop $suffix "$cpu"
    plant sleep $suffix TIMEOUT_WALL
    plant allocate $suffix LIMIT_MEMORY
    plant heap $suffix LIMIT_MEMORY
    plant stack $suffix CRASHED
    plant abort $suffix CRASHED
    plant exit $suffix CRASHED
    plant close $suffix CRASHED
    plant garbage $suffix CRASHED
done

# 3. an examiner that lies, a reader that lies
for name in crashed reason kind short huge flags duration measure serial message noise; do
    plant $name jpg CRASHED
done
for name in nslots text text-end note key key-long data data-table data-size behind slot-reason \
    slot-kind slot-flags slot-copy arena end flood-splits flood-taken blame-nobody blame-others; do
    plant $name tar CRASHED
done
plant taken tar "$cpu"

run 3 planted "$planted"
"$python" "$here/check_jail.py" "$tmp/healthy/results.h5" "$tmp/planted/results.h5" \
    "$tmp/expected" || { bad=1; grep -c died "$tmp/planted.err"; }
"$assay" verify "$tmp/planted" >"$tmp/verify.out" 2>&1 || { cat "$tmp/verify.out"; fail "verify"; }
[ -z "$(ls -A "$tmp/out")" ] || fail "files were made from within the jail: $(ls "$tmp/out")"

# 4. a reader that gives rows or progress without end: no more than the options allow
rm -rf "$tmp/pics" && mkdir -p "$tmp/pics/plant"
cp -r "$tmp/small/DCIM/100CAM00" "$tmp/pics/z"
few="--max-entries 5 --max-depth 1 --mb-seconds 0"
: >"$tmp/expected"
run 0 few "$planted" $few
plant flood-rows tar LIMIT_ENTRIES
plant progress tar TIMEOUT_WALL
run 3 floods "$planted" $few
"$python" "$here/check_jail.py" "$tmp/few/results.h5" "$tmp/floods/results.h5" \
    "$tmp/expected" >"$tmp/floods.rows"
# 1 + 5 + 5 * 5 rows that are none
grep -q '^2 planted, .* 1 wrong' "$tmp/floods.rows" && [ "$(rows floods)" = $(($(rows few) + 33)) ] ||
    { cat "$tmp/floods.rows"; fail "$(rows floods) rows, not $(rows few) + 33"; }

# 5. the plants do what they say: without the jail, the file is made
rm -r "$tmp/pics/plant" && mkdir "$tmp/pics/plant"
plant open jpg NONE
plant execve tar NONE
run 3 free "$planted" --no-sandbox
[ -e "$tmp/out/open.jpg" ] || fail "the plant is dead: it opens no file without the jail either"
rm -f "$tmp/out/"*

# 6. killed from outside: nobody's fault, and after a while the run stops, to be gone on with
rm -r "$tmp/pics/plant" && mkdir "$tmp/pics/plant"
plant sigkill jpg NONE
run 75 killed "$planted" --no-sandbox
grep -q 'killed .* times from outside\|killed [0-9]* times' "$tmp/killed.err" || {
    tail -n 3 "$tmp/killed.err"
    fail "it is not said that an examiner was killed"
}
rm "$tmp/pics/plant/sigkill.jpg"

# 7. what a worker has open while it works: /dev/null, shared memory, its socket, its file
rm -r "$tmp/pics/plant" && mkdir "$tmp/pics/plant"
plant sleep jpg NONE
"$planted" run "$tmp/pics" -o "$tmp/asleep" --examiners 1 >"$tmp/asleep.out" 2>&1 &
run=$!
workers= tries=0
while [ -z "$workers" ] && [ $tries -lt 100 ]; do # until one sleeps: its row is the last
    sleep 0.1
    tries=$((tries + 1))
    for zygote in $(cat "/proc/$run/task/$run/children" 2>/dev/null); do
        for worker in $(cat "/proc/$zygote/task/$zygote/children" 2>/dev/null); do
            [ "$(cat "/proc/$worker/comm")" = assay_planted ] && [ $tries -gt 20 ] &&
                workers="$workers $worker"
        done
    done
done
for worker in $workers; do
    for fd in /proc/"$worker"/fd/*; do
        to=$(readlink "$fd") || { echo "skipped: what workers have open cannot be seen"; continue; }
        case $to in
        /dev/null | socket:* | /memfd:assay-arena* | /memfd:assay-result* | "$tmp"/pics/*) ;;
        *) fail "a worker has $to open" ;;
        esac
    done
    grep -q '^Seccomp:[[:space:]]*2' "/proc/$worker/status" || fail "a worker without a filter"
    grep -q '^CapEff:[[:space:]]*0*$' "/proc/$worker/status" || fail "a worker has capabilities"
    grep -q '^NoNewPrivs:[[:space:]]*1' "/proc/$worker/status" || fail "a worker may gain privileges"
done
[ -n "$workers" ] || fail "no worker was seen"
kill -KILL $run
wait $run 2>/dev/null
sleep 0.5
for worker in $workers; do
    [ ! -e "/proc/$worker" ] || grep -q '^State:[[:space:]]*[ZX]' "/proc/$worker/status" 2>/dev/null ||
        fail "worker $worker outlives its broker"
done

[ $bad = 0 ] && echo "passed"
exit $bad
