#!/bin/sh
# s_faults.sh - an outside call fails: a clear message, the right exit code, and a case that
# goes on to the digest of the undisturbed run.
# FAULTS=n: how many by chance; FAULTS=all: every call at 1, 2, 4, 7 ... on one rank and on each of two,
# once and lasting (hours); CALLS="a b": these only; SEED=n: of the choice
. "$(dirname "$0")/lib.sh"
plain=$assay
faulty=${ASSAY_MAKE_DIR:-$here/../build/bin}/assay_faulty
faults=${FAULTS:-40}
seed=${SEED:-$(date +%s)}
[ -x "$faulty" ] || { echo "no assay_faulty"; exit 77; }
echo "seed $seed"

# a run that hangs is ended, and is a failure by its exit code of 124
limited=$tmp/limited
printf '#!/bin/sh\nexec timeout -k 5 60 %s "$@"\n' "$faulty" >"$limited"
chmod +x "$limited"

"$maker" made >maker.log || fail "make_evidence"
mkdir evidence
cp made/DCIM/100CAM00/* made/archives/deflated.zip made/archives/a.tar.gz evidence || fail "evidence"
run 0 0 plain evidence --lot-bytes 1M
sound plain

# A call, how often it is made or so, the exit code. 0: that may be gone without (progress, tidying).
# The errno of calls that look at evidence is ENOMEM: EIO there is a damaged file, and no fault.
table() {
    cat <<'END'
malloc 150 0,74
calloc 300 0,74
realloc 60 0,74
reallocarray 8 74
strdup 10 0,74
strndup 12 0,74
asprintf 20 74
open_memstream 1 74
mmap64 12 74
memfd_create 12 74
read 40 0,74
write 30 0,74
pread64 20 74
fsync 3 74
fdatasync 10 74
ftruncate64 12 74
fallocate64 1 74
close 80 0
rename 5 0,74
remove 4 0
mkdir 3 74
access 6 0,74
fstat64:12 20 0,74
stat64:12 1 74
fstatat64:12 20 74
open64:12 30 0,74
openat64:12 12 0,74
opendir:12 5 0,74
fdopendir:12 1 74
readdir64:12 30 0,74
realpath:12 3 0,74
fread 3 74
fwrite 14 74
fflush 3 74
fclose 10 0,74
fopen64 12 0,74
getdelim 6 0
socketpair 12 74
sendmsg 40 0,74
recvmsg 60 0,74
eventfd 1 74
pthread_create 1 74
json_dumps 3 74
json_dump_file 6 0
json_loadb 2 74
json_load_file 1 0
json_pack 8 0,74
EVP_MD_CTX_new 3 74
EVP_DigestInit_ex 10 74
EVP_Digest 2 74
MPI_Comm_dup 1 74
MPI_Comm_split_type 1 74
MPI_Isend 12 0,74
MPI_Send 3 74
MPI_Irecv 4 74
MPI_Recv 3 74
MPI_Improbe 60 0,74
MPI_Imrecv 10 74
MPI_Test 20 0,74
MPI_Waitall 4 74
MPI_Ibarrier 1 74
MPI_Allreduce 40 0,74
MPI_Exscan 2 74
MPI_Bcast 20 74
MPI_Alltoall 6 74
MPI_Allgather 4 74
H5Pcreate 40 74
H5Pset_fapl_mpio 1 74
H5Tcreate 30 0,74
H5Tcopy 300 0,74
H5Screate_simple 150 74
H5Fcreate 1 74
H5Fopen 3 0,74
H5Dcreate2 28 74
H5Dopen2 28 74
H5Dget_space 80 74
H5Dwrite 20 74
H5Dread 20 74
H5Dclose 60 0
H5Acreate2 250 74
H5Aopen 30 74
H5Aread 30 74
H5Awrite 250 74
H5Aclose 250 0,74
H5Fflush 3 74
H5Fclose 3 0,74
END
}

# broken CALL[:ERRNO] N LASTING RANKS RANK CODES: one run in which the N-th CALL fails, and after
# it the same undisturbed; false when there is no such call
broken() {
    rm -rf case
    call=${1%%:*} error=${1#"$call"}
    what="$1 number $2$3, $4 ranks, in rank $5"
    export ASSAY_FAULT="$call:$2$error$3" ASSAY_FAULT_RANK="$5"
    assay=$limited
    start "$4" case evidence --lot-bytes 1M
    finish
    assay=$plain
    unset ASSAY_FAULT ASSAY_FAULT_RANK
    grep -q '^fault: ' case.log || {
        [ "$code" = 0 ] || fail "exit $code without a fault: $what"
        return 1
    }
    total=$((total + 1))
    case ",$6," in
    *",$code,"*) ;;
    *) fail "exit $code: $what" ;;
    esac
    [ "$code" = 0 ] || grep -qE '(^|rank=[0-9]+ )error [^ ]' case.log || fail "no message: $what"
    [ "$code" = 0 ] && [ -e case/results.h5 ] || run 0 "$4" case evidence --lot-bytes 1M
    sound case
    same plain case
}

# each RANKS RANK LASTING: the first calls, then ever more sparsely
each() {
    table | while read -r call _ codes; do
        case " ${CALLS:-${call%%:*}} " in *" ${call%%:*} "*) ;; *) continue ;; esac
        at=1 step=1
        total=0
        while broken "$call" "$at" "$3" "$1" "$2" "$codes"; do
            at=$((at + step))
            step=$((step + step / 2 + 1))
        done
        echo "$call$3, $1 ranks, in rank $2: $total faults until number $at"
    done || exit 1
}

# random K LIMIT: 0 .. LIMIT - 1, the K-th number
random() { echo $((0x$(echo "$seed $1 $2" | sha256sum | cut -c 1-12) % $2)); }

total=0
if [ "$faults" = all ]; then
    for lasting in "" +; do
        each 0 0 "$lasting"
        each 2 0 "$lasting"
        each 2 1 "$lasting"
    done
    exit 0
fi
rows=$(table | wc -l)
for i in $(seq "$faults"); do
    row=$(table | sed -n "$(($(random "$i.row" "$rows") + 1))p")
    set -- $row
    lasting=
    [ "$(random "$i.last" 3)" != 0 ] || lasting=+
    ranks=0 rank=0
    case $1 in
    MPI_*) ranks=2 rank=$(random "$i.rank" 2) ;;
    *) [ "$(random "$i.ranks" 3)" != 0 ] || { ranks=2 rank=$(random "$i.rank" 2); } ;;
    esac
    broken "$1" "$(($(random "$i.place" "$2") + 1))" "$lasting" "$ranks" "$rank" "$3" || true
done
echo "$total faults: each a message, an exit code, and afterwards the digest of the plain run"
