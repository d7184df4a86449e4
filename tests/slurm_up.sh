# slurm_up.sh - Slurm on the nodes of world.sh; sourced after world.sh and lib.sh.
#
# slurm_up N CPUS starts munged, slurmctld and a slurmd on each of n1 .. nN.  They end with the world.
for tool in munged slurmctld slurmd sbatch srun; do
    command -v "$tool" >/dev/null || { echo "skipped: $tool is not installed (jobs/setup.sh --slurm)"; exit 77; }
done

# cred_expire: else a requeued job waits 2 minutes; proctrack and task: no control groups are needed
slurm_conf() {
    cat <<END
ClusterName=world
SlurmctldHost=n0(10.77.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$1/munge.socket,cred_expire=5
CredType=cred/munge
SlurmctldPidFile=$1/slurmctld.pid
SlurmdPidFile=$1/slurmd.%n.pid
StateSaveLocation=$1/state
SlurmdSpoolDir=$1/spool.%n
TmpFS=$1/tmp.%n
SlurmctldLogFile=$1/slurmctld.log
SlurmdLogFile=$1/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,sched_interval=2,sched_min_interval=0,batch_sched_delay=0,requeue_delay=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=10
MessageTimeout=10
KillWait=3
MinJobAge=600
JobRequeue=1
UnkillableStepTimeout=20
MailProg=/bin/true
END
    for i in $(seq "$2"); do
        echo "NodeName=n$i NodeAddr=10.77.0.1$i NodeHostname=n$i CPUs=$3 RealMemory=4096 State=UNKNOWN"
    done
    echo "PartitionName=world Nodes=n[1-$2] Default=YES MaxTime=INFINITE State=UP"
}

slurm_up() {
    slurm=$tmp/slurm
    mkdir -p "$slurm/state"
    chmod 755 "$tmp" "$slurm"
    export SLURM_CONF=$slurm/slurm.conf
    slurm_conf "$slurm" "$1" "$2" >"$SLURM_CONF"
    echo "CgroupAutomount=no" >"$slurm/cgroup.conf"
    head -c 128 /dev/urandom >"$slurm/munge.key"
    chmod 400 "$slurm/munge.key"
    munged --force --key-file="$slurm/munge.key" --socket="$slurm/munge.socket" \
        --pid-file="$slurm/munged.pid" --log-file="$slurm/munged.log" \
        --seed-file="$slurm/munge.seed" >munged.log 2>&1 || fail "munged"
    slurmctld -c || fail "slurmctld"
    for i in $(seq "$1"); do
        mkdir -p "$slurm/spool.n$i" "$slurm/tmp.n$i"
        "$here/on_node.sh" "n$i" slurmd -N "n$i" || fail "slurmd of n$i"
    done
    for _ in $(seq 100); do
        [ "$(sinfo -h -N -o %t 2>/dev/null | grep -cx idle)" = "$1" ] && return 0
        sleep 0.1
    done
    cp "$slurm"/*.log .
    fail "not all nodes are idle: $(sinfo -h -N -o '%N %t' | tr '\n' ' ')"
}

# submit CASE ARGUMENTS...: the evidence as a batch job on two nodes of two ranks; $job
submit() {
    case=$1
    shift
    job=$(sbatch --parsable -N 2 --ntasks-per-node 2 -o "$case.log" "$@" "$here/../jobs/assay.sbatch" \
        evidence -o "$case" $lots) || fail "sbatch"
    job_state "$job" RUNNING 20
}

# job_field JOB NAME: a field of scontrol
job_field() { scontrol show job "$1" | tr ' ' '\n' | sed -n "s/^$2=//p" | head -n 1; }

# job_state JOB STATE SECONDS: waits until it has that state
job_state() {
    for _ in $(seq $((5 * $3))); do
        job_field "$1" JobState | grep -qxE "$2" && return 0
        sleep 0.2
    done
    fail "job $1 is $(job_field "$1" JobState), not $2, after $3 s"
}

# job_said LOG WORDS SECONDS: waits until the job's log has them
job_said() {
    for _ in $(seq $((5 * $3))); do
        grep -qF "$2" "$1" 2>/dev/null && return 0
        sleep 0.2
    done
    fail "the log $1 lacks: $2"
}

# job_nodes JOB: n1 n2 ..., of a job that has started
job_nodes() { scontrol show hostnames "$(job_field "$1" NodeList)"; }

# slurm_with_plain: evidence, the plain run to compare with, and four nodes of two; $lots
slurm_with_plain() {
    invented 3
    lots="--lot-bytes 1M"
    run 0 2 plain evidence $lots
    sound plain
    nodes 4
    slurm_up 4 2
    export ASSAY="$assay"
}
