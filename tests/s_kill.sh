#!/bin/sh
# s_kill.sh - SIGKILL of anything at any moment: run again, and nothing is other than it was.
# KILLS=n: how many runs are killed; SEED=n: of the moments and the victims
. "$(dirname "$0")/lib.sh"
kills=${KILLS:-4}
seed=${SEED:-$(date +%s)}
[ -r "/proc/$$/task/$$/children" ] || { echo "the kernel does not tell of children"; exit 77; }
echo "seed $seed"

# random I K LIMIT: 0 .. LIMIT - 1, the K-th number of round I
random() { echo $((0x$(echo "$seed $1 $2 $3" | sha256sum | cut -c 1-12) % $3)); }
now_ms() { echo $(($(date +%s%N) / 1000000)); }
# one I WORDS: one of them by chance
one() {
    i=$1
    shift
    [ $# -gt 0 ] || return 0
    shift "$(random "$i" 7 $#)"
    echo "$1"
}

invented 3
no_bombs evidence/2 evidence/3
tar -C evidence -cf evidence/4.tar 1
tar -C evidence -czf evidence/5.tar.gz 2

statuses() { "$assay" show "$1" --json | sed -n '/"statuses"/,/}/p'; }

begun=$(now_ms)
run 0 2 plain evidence --lot-bytes 1M
span=$(($(now_ms) - begun))
sound plain
statuses plain >plain.statuses
echo "an uninterrupted run takes $span ms"

# victims KIND: the processes of that kind, of the run $pid
victims() {
    case $1 in
    rank) ranks "$pid" ;;
    zygote) children $(ranks "$pid") ;;
    worker) children $(children $(ranks "$pid")) ;;
    mpirun) echo "$pid" ;;
    all) echo "$pid" $(below "$pid") ;;
    esac
}

# strike I KIND MS: kills at that moment, or as soon after it as there is a victim; $struck
strike() {
    struck=
    sleep "$(awk -v ms="$3" 'BEGIN {print ms / 1000}')"
    while [ -z "$struck" ] && alive "$pid"; do
        family=$(below "$pid")
        struck=$(victims "$2")
        [ "$2" = all ] || struck=$(one "$1" $struck)
        [ -z "$struck" ] || kill -KILL $struck 2>/dev/null || struck=
    done
}

# judge KIND: whether the run ended as it should after that death
judge() {
    case $1:$code in
    *:0) [ "$1" = worker ] || [ -z "$struck" ] || [ -e case/results.h5 ] || fail "exit 0, no store" ;;
    zygote:75 | rank:137 | mpirun:137 | all:137) ;;
    *) fail "exit $code after the death of: $1" ;;
    esac
}

for i in $(seq "$kills"); do
    kind=$(one "$i" rank worker zygote mpirun all worker)
    at=$(random "$i" 1 "$span")
    ranks=$((1 + $(random "$i" 2 3)))
    next=$((1 + (ranks + $(random "$i" 3 2)) % 3)) # 1 to 3, but not as many
    rm -rf case
    start "$ranks" case evidence --lot-bytes 1M --log debug
    strike "$i" "$kind" "$at"
    finish
    [ -z "$family" ] || gone $family
    judge "$kind"
    first=$code more=0
    while [ "$code" != 0 ]; do
        start "$next" case evidence --lot-bytes 1M --log debug
        finish
        more=$((more + 1))
        [ "$more" -lt 3 ] || fail "not sealed after $more more runs"
    done
    sound case
    same plain case
    statuses case | cmp -s - plain.statuses || fail "an innocent item is blamed"
    [ -n "$struck" ] && done=killed || done="no victim left:"
    echo "$i: $done $kind at $at ms of $ranks ranks: exit $first," \
        "$more more runs on $next ranks: equal"
done
echo "passed"
