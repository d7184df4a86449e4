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

# where examiners cannot be jailed nothing is examined, and the message has the cure
without=$bin/no_seccomp
# unfit WORDS COMMAND...: exit 69 with these words, before there is a case
unfit() {
    words=$1 code=0
    shift
    "$@" run evidence -o unfit >unfit.out 2>unfit.log || code=$?
    [ "$code" = 69 ] || fail "exit $code, not 69: $*"
    said unfit "$words"
    said unfit "$cure"
    [ ! -e unfit ] || fail "a case was made: $*"
}
cure="a container that allows seccomp; --no-sandbox is for debugging only"
for as in kernel container; do
    unfit "cannot be jailed" "$without" "$as" "$assay"
    unfit "cannot be jailed" mpirun -n 2 "$without" "$as" "$assay"
    code=0
    "$without" "$as" "$assay" doctor >doctor.log || code=$?
    [ "$code" = 69 ] && grep -q '^BAD *sandbox' doctor.log || fail "doctor in a $as without: $code"
    rm -rf case
    "$without" "$as" "$assay" run evidence -o case --no-sandbox >case.out 2>case.log ||
        fail "exit $? without the sandbox"
done
one='[ "$OMPI_COMM_WORLD_RANK" = 0 ] || exec "$0" kernel "$@"; exec "$@"'
unfit "cannot be jailed" mpirun -n 3 sh -c "$one" "$without" "$assay"
cure="a smaller --examiner-memory"
limits='ulimit -d 300000; exec "$@"'
[ "$(sh -c "$limits" x sh -c 'ulimit -d 400000 2>&1 && echo raised' || true)" = raised ] ||
    unfit "memory limits" sh -c "$limits" x "$assay"

warned "" mpirun -n 1
warned oversubscribed mpirun -n $((cores + 1))
[ "$cores" -lt 2 ] || warned "binding: " mpirun -n 1 --bind-to core
# the line for sbatch is one that a shell understands
sbatch() {
    for word in "$@"; do
        echo "<$word>"
    done >words
}
mkdir "e v'x"
"$assay" plan --slurm --node-cores 64 evidence "e v'x" >line || fail "plan --slurm"
. ./line
for word in evidence "e v'x" -o --nodes --ntasks-per-node --cpus-per-task --mem --time; do
    grep -qxF -- "<$word>" words || fail "the sbatch line lacks $word: $(cat line)"
done
echo "passed"
