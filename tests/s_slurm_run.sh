#!/bin/sh
# s_slurm_run.sh - jobs/assay.sbatch on four nodes of two ranks: mpirun and srun, and what it refuses.
here=$(dirname "$0")
. "$here/world.sh"
. "$here/lib.sh"
. "$here/slurm_up.sh"
jobs=$here/../jobs

"$maker" evidence >/dev/null || fail "make_evidence"
run 0 2 plain evidence --lot-bytes 1M
sound plain
nodes 4
slurm_up 4 2
export ASSAY="$assay"

# 1. four nodes, mpirun
job=$(sbatch --parsable -N 4 --ntasks-per-node 2 -t 5 -o case.log "$jobs/assay.sbatch" evidence \
    -o case --lot-bytes 1M) || fail "sbatch"
job_state "$job" COMPLETED 60
grep -q '"ranks": 8' case/status.json || fail "not 8 ranks"
sound case
same plain case
echo "passed"
