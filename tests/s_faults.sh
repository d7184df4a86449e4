#!/bin/sh
# s_faults.sh - an outside call fails: a clear message, the right exit code, and a case that
# goes on to the digest of the undisturbed run.
# FAULTS=all: every place instead of a few of each call (an hour)
. "$(dirname "$0")/lib.sh"
plain=$assay
faulty=${ASSAY_MAKE_DIR:-$here/../build/bin}/assay_faulty
[ -x "$faulty" ] || { echo "no assay_faulty"; exit 77; }

"$maker" made >maker.log || fail "make_evidence"
mkdir evidence
cp made/DCIM/100CAM00/* made/archives/deflated.zip made/archives/a.tar.gz evidence || fail "evidence"
run 0 0 plain evidence --lot-bytes 1M
sound plain

# the exit codes that may follow when that call fails; 0: it was not needed (a progress file)
codes() {
    case $1 in
    pthread_create | mmap64 | sendmsg) echo "0 69 70 74 75" ;;
    pread64) echo "0 2 65 66 74" ;;
    *) echo "0 66 74 75" ;;
    esac
}

# broken RANKS CALL N EXTRA: one run in which the N-th CALL fails, then the same undisturbed
broken() {
    rm -rf case
    export ASSAY_FAULT="$2:$3$4"
    assay=$faulty
    start "$1" case evidence --lot-bytes 1M
    finish
    assay=$plain
    unset ASSAY_FAULT
    grep -q '^fault: ' case.log || return 1
    total=$((total + 1))
    case " $(codes "$2") " in
    *" $code "*) ;;
    *) fail "exit $code when $2 number $3 fails" ;;
    esac
    [ "$code" = 0 ] || grep -v '^fault: ' case.log | grep -q 'error\|assay: ' ||
        fail "no message when $2 number $3 fails"
    [ "$code" = 0 ] && [ -e case/results.h5 ] || {
        run 0 "$1" case evidence --lot-bytes 1M
    }
    same plain case
}

# series CALL RANKS: the first calls, then ever more sparsely
series() {
    at=1 step=1
    while broken "$2" "$1" "$at" "$EXTRA"; do
        at=$((at + step))
        [ "$FAULTS" = all ] || step=$((step + step / 2 + 1))
    done
    echo "$1, $2 ranks: until number $at"
}

total=0
EXTRA=
for call in ${CALLS:-write fsync fdatasync rename mkdir fwrite fflush fopen64 open64 ftruncate64 \
    H5Fcreate H5Dcreate2 H5Dwrite H5Awrite H5Fflush H5Fclose malloc calloc realloc strdup \
    mmap64 sendmsg pthread_create pread64}; do
    series "$call" 0
done
for call in MPI_Isend MPI_Allreduce MPI_Bcast; do
    series "$call" 2
done
echo "$total faults: each a message, an exit code, and afterwards the digest of the plain run"
