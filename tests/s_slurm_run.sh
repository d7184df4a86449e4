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

# 2. srun starts the ranks
job=$(ASSAY_LAUNCH=srun sbatch --parsable -N 2 --ntasks-per-node 2 -t 5 -o srun.log "$jobs/assay.sbatch" \
    evidence -o by_srun --lot-bytes 1M) || fail "sbatch"
job_state "$job" COMPLETED 60
grep -q '"ranks": 4' by_srun/status.json || fail "not 4 ranks by srun"
sound by_srun
same plain by_srun

# 3. N single processes are refused before they touch anything
code=0
srun -N 2 --ntasks-per-node 2 --mpi=none "$assay" run evidence -o single >single.log 2>&1 || code=$?
[ "$code" = 64 ] || fail "exit $code, not 64, of single processes under srun"
said single "--mpi=pmix"
[ ! -e single ] || fail "single processes made a case"

# 4. what a restart cannot mend is not tried again
job=$(sbatch --parsable -N 1 -t 5 -o refused.log "$jobs/assay.sbatch" evidence -o case --max-depth 5) ||
    fail "sbatch"
job_state "$job" FAILED 30
[ "$(job_field "$job" ExitCode)" = 65:0 ] || fail "exit $(job_field "$job" ExitCode), not 65"
grep -q requeued refused.log && fail "a refused case was requeued"
echo "passed"
