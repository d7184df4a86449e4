#!/bin/sh
# s_slurm_fault.sh - a node's processes die, a node's cable is cut: the job goes on elsewhere.
here=$(dirname "$0")
. "$here/world.sh"
. "$here/lib.sh"
. "$here/slurm_up.sh"

slurm_with_plain

# holding CASE: submitted, and held; $job, $batch, and $other, the node without the script
holding() {
    submit "$1" -t 5
    hold "$1" $(job_nodes "$job")
    batch=$(job_field "$job" BatchHost)
    other=$(job_nodes "$job" | grep -vx "$batch" | head -n 1)
}

# goes_on CASE: it is requeued and ends as if nothing had been
goes_on() {
    job_said "$1.log" "requeued" 15
    job_state "$job" COMPLETED 90
    job_said "$1.log" "restart=1" 1
    sound "$1"
    same plain "$1"
}

# 1. all processes of the job on one node die at once
holding killed
kill -KILL $(on daemons "$other") $(on ranks "$other") $(on workers "$other")
release "$batch"
goes_on killed
grep -E "exit=(137|205)" killed.log || fail "neither 137 nor 205"

# 2. the cable of a node is cut
holding cut
cut "$other"
release "$batch" "$other"
begun=$(date +%s)
job_said cut.log "exit=" 30
noticed=$(($(date +%s) - begun))
echo "noticed after $noticed s"
[ "$noticed" -le 15 ] || fail "the cut was noticed after $noticed s"
goes_on cut
scontrol show hostnames "$(sed -n 's/.*restart=1 nodes=\([^ ]*\).*/\1/p' cut.log)" | grep -qx "$other" &&
    fail "the job went on at the node that is cut off"
echo "passed"
