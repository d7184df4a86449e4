# env.sh - the environment of a run; sourced by the scripts here, and by hand before mpirun.
# What is set already is left alone.

# Each core has an examiner: a BLAS with threads of its own would only make them take turns.
export OPENBLAS_NUM_THREADS="${OPENBLAS_NUM_THREADS:-1}" OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"

# Open MPI binds each of up to two ranks to one core, and with it all examiners of the rank. Unbound,
# the ranks of a node count each other, and the kernel spreads examiners over what the job may use.
export OMPI_MCA_hwloc_base_binding_policy="${OMPI_MCA_hwloc_base_binding_policy:-none}"

# A cut cable or a node without power is seen after 3 + 3 x 1 s; by default it takes minutes.
export OMPI_MCA_oob_tcp_keepalive_time="${OMPI_MCA_oob_tcp_keepalive_time:-3}"
export OMPI_MCA_oob_tcp_keepalive_intvl="${OMPI_MCA_oob_tcp_keepalive_intvl:-1}"
export OMPI_MCA_oob_tcp_keepalive_probes="${OMPI_MCA_oob_tcp_keepalive_probes:-3}"

# Ranks that do not reach each other within so many seconds of their start end with 75: Open MPI
# itself waits without end for a connection that was lost.
export ASSAY_MEET_S="${ASSAY_MEET_S:-60}"

# Reading another process's memory is forbidden in many containers, and examiners forbid it always.
export OMPI_MCA_btl_vader_single_copy_mechanism="${OMPI_MCA_btl_vader_single_copy_mechanism:-none}"

# A store is written once under another name, then renamed: locks guard nothing, and fail on
# file systems that have none.
export HDF5_USE_FILE_LOCKING="${HDF5_USE_FILE_LOCKING:-FALSE}"

# mpirun wants to be told twice that root means it.
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# The program: $ASSAY, the one built or installed beside this folder, or the one in PATH.
# usage: find_assay JOBS
find_assay() {
    if [ -n "${ASSAY:-}" ]; then
        echo "$ASSAY"
    elif [ -x "$1/../build/bin/assay" ]; then
        echo "$1/../build/bin/assay"
    elif [ -x "$1/../../../bin/assay" ]; then
        echo "$1/../../../bin/assay"
    else
        command -v assay
    fi
}

# The case folder that arguments of `assay run` name, the last time they do.
find_case() {
    named=
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        case $1 in
        -o | --output) named=${2:-} ;;
        -o*) named=${1#-o} ;;
        --output=*) named=${1#--output=} ;;
        esac
        shift
    done
    echo "$named"
}

# What is finished of a case, in all attempts: grows with every item, or is 0.
finished() {
    sed -n 's/^ *"\(items_done\|contents_done\|rechecked\)": \([0-9]*\).*/\2/p' "$1/status.json" 2>/dev/null |
        awk '{n += $1} END {print n + 0}'
}
