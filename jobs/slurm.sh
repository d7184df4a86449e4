# slurm.sh - what the batch scripts share; sourced by them after env.sh and attempt.sh.
restarts=${SLURM_RESTART_COUNT:-0}
say() { echo "$(date '+%F %T') job=$SLURM_JOB_ID restart=$restarts $*"; }

# seconds_left: until Slurm sends USR1, 120 s before the end, or a little earlier; nothing: unknown
seconds_left() {
    end=${SLURM_JOB_END_TIME:-$(date -d "$(squeue -h -j "$SLURM_JOB_ID" -o %e)" +%s 2>/dev/null)}
    left=$((${end:-0} - $(date +%s) - 130))
    [ "$left" -le 0 ] || echo "$left"
}

# slurm_attempt CASE LAUNCHER... -- ARGUMENTS OF RUN...: an attempt, and the requeue after it; exits
slurm_attempt() {
    case=$1 words=()
    shift
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    shift
    # what cannot be finished before the time limit is not begun
    left=$(seconds_left)
    [ -z "$left" ] || set -- --time-limit "$left" "$@"
    # a restart follows an attempt of this job, which Slurm has ended: nobody else holds the case
    [ "$restarts" -eq 0 ] || set -- --takeover "$@"
    say "nodes=$SLURM_JOB_NODELIST finished=$(finished "$case"): ${words[*]} assay run $*"
    attempt "$case" "${words[@]}" "$assay" run "$@"
    if worth_another "$restarts"; then
        say "requeued"
        scontrol requeue "$SLURM_JOB_ID" && exit 0
        say "this cluster does not requeue; the same sbatch line goes on from here"
    fi
    exit "$code"
}
