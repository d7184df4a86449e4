#!/bin/sh
# s_start.sh - what is wrong with how a run was started is refused or said, with the cure.
. "$(dirname "$0")/lib.sh"

mkdir evidence
echo text >evidence/file

# warned WORDS RANKS ARGUMENTS...: that run says it; WORDS empty: it warns of nothing
warned() {
    words=$1
    shift
    rm -rf case
    "$@" "$assay" run evidence -o case --log warn >case.out 2>case.log || fail "exit $? of $*"
    if [ -n "$words" ]; then said case "$words"; else
        [ ! -s case.log ] || fail "a good start is warned: $*"
    fi
}
unset SLURM_STEP_NUM_TASKS SLURM_CPUS_ON_NODE PMI_SIZE PMIX_RANK
cores=$(nproc)

# single processes under srun or another MPI's launcher
for of in SLURM_STEP_NUM_TASKS PMI_SIZE; do
    code=0
    env "$of=4" "$assay" run evidence -o single >single.out 2>single.log || code=$?
    [ "$code" = 64 ] || fail "exit $code, not 64, with $of=4"
    said single "4 tasks were started that MPI does not join"
    [ ! -e single ] || fail "a single process made a case"
    env "$of=4" "$assay" doctor >doctor.log && fail "doctor is content with $of=4"
    grep -q "4 tasks" doctor.log || fail "doctor does not tell of $of=4"
done
warned "" env SLURM_STEP_NUM_TASKS=1 "SLURM_CPUS_ON_NODE=$cores"

warned "" mpirun -n 1
warned oversubscribed mpirun -n $((cores + 1))
[ "$cores" -lt 2 ] || warned "binding: " mpirun -n 1 --bind-to core
echo "passed"
