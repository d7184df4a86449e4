#!/bin/sh
# s_slurm_stop.sh - jobs that Slurm stops: the time limit, with a restart; scancel, without.
here=$(dirname "$0")
. "$here/world.sh"
. "$here/lib.sh"
. "$here/slurm_up.sh"

slurm_with_plain

# 1. the time limit: Slurm looks for it every 30 s, so the rest happens meanwhile
submit limited -t 1 --signal B:USR1@30
limited=$job
hold limited $(job_nodes "$job")

# 2. scancel: no restart; the case goes on where it was
submit cancelled -t 5
nodes=$(job_nodes "$job")
hold cancelled $nodes
scancel "$job"
release $nodes
job_state "$job" CANCELLED 20
grep -q requeued cancelled.log && fail "a cancelled job was requeued"
[ ! -e cancelled/results.h5 ] || fail "the cancelled job was sealed"
run 0 2 cancelled evidence $lots --takeover
grep -q "of an earlier attempt" cancelled.log || fail "nothing of the cancelled job was used"
sound cancelled
same plain cancelled

# 1. again: USR1 came, 75, requeued, finished
job_said limited.log "USR1: stopping" 60
release $(job_nodes "$limited")
job_said limited.log "exit=75" 20
job_said limited.log "requeued" 5
job_state "$limited" COMPLETED 60
job_said limited.log "restart=1" 1
sound limited
same plain limited
echo "passed"
