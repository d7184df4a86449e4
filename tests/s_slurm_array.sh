#!/bin/sh
# s_slurm_array.sh - jobs/array.sbatch: shards without MPI, one of which is killed, and their merge.
here=$(dirname "$0")
. "$here/world.sh"
. "$here/lib.sh"
. "$here/slurm_up.sh"

slurm_with_plain

"$here/../jobs/array.sbatch" 3 --nodes 1 --exclusive -t 5 -- evidence -o case $lots >jobs.log || fail "array.sbatch"
array=$(sed -n 's/^array \([0-9]*\) .*/\1/p' jobs.log)
merge=$(sed -n 's/.*merge \([0-9]*\)$/\1/p' jobs.log)
job_state "${array}_2" RUNNING 20
node=$(job_nodes "${array}_2")
hold case.shards/2 "$node"
kill -KILL $(on ranks "$node")
job_said "assay-${array}_2.log" "exit=137" 20
job_said "assay-${array}_2.log" "requeued" 5
job_state "$merge" COMPLETED 90
grep -q "restart=1" "assay-${array}_2.log" || fail "the killed shard was not started again"
sound case
same plain case
echo "passed"
