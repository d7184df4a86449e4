# attempt.sh - one attempt of a run, and whether another is worth it; sourced by the scripts here
# after env.sh.  Sets $code, $finished_before, $finished.
child='' cancelled=''

# The signal goes to the launcher as USR1, which passes it to all ranks; they end cleanly with 75.
# (TERM would make mpirun end them within a second.)
stop_for() { # stop_for SIGNAL
    say "$1: stopping"
    [ "$1" = USR1 ] || cancelled=1
    [ -z "$child" ] || kill -USR1 "$child" 2>/dev/null
}
trap 'stop_for USR1' USR1
trap 'stop_for TERM' TERM
trap 'stop_for INT' INT

# launch COMMAND...: runs it to its end, whatever signals come meanwhile; $code
launch() {
    "$@" &
    child=$!
    while :; do
        code=0
        wait "$child" || code=$?
        kill -0 "$child" 2>/dev/null || break # else a signal ended the wait, not the child
    done
    child=''
}

# attempts CASE: how many were begun
attempts() { find "$1" -maxdepth 1 -name 'attempt-*' 2>/dev/null | wc -l; }

# attempt CASE COMMAND...: srun's PMIx now and then ends a job while MPI starts; as long as
# the case was not opened, that is tried again
attempt() {
    at=$1
    shift
    finished_before=$(finished "$at")
    for try in 1 2 3 4; do
        opened=$(attempts "$at")
        launch "$@"
        [ "$1" = srun ] && [ "$code" -gt 75 ] && [ "$(attempts "$at")" = "$opened" ] &&
            [ -z "$cancelled" ] && [ "$try" -lt 4 ] || break
        say "exit=$code before the case was opened; once more"
    done
    finished=$(finished "$at")
    say "exit=$code finished=$finished"
}

# worth_another RESTARTS: after a stop (75), a killed rank (137) or a lost node (205), if something was
# finished since the last start, and not for ever
worth_another() {
    case $code in
    75 | 137 | 205) ;;
    *) return 1 ;;
    esac
    if [ -n "$cancelled" ]; then
        say "stopped as told; the same command goes on from here"
    elif [ "$finished" -le "$finished_before" ]; then
        say "not started again: nothing was finished since the last start"
    elif [ "$1" -ge "${ASSAY_RESTARTS:-20}" ]; then
        say "not started again: $1 restarts are enough"
    else
        return 0
    fi
    return 1
}
