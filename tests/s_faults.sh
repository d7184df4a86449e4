#!/bin/sh
# s_faults.sh - an outside call fails: a clear message, the right exit code, and a case that
# goes on to the digest of the undisturbed run.
#
# Five ways: a fresh run, a resumed one, a shard, a merge, a seal with --sign.
# FAULTS=n: how many by chance in fresh runs, an eighth of it in each other way; FAULTS=all: every call at
# 1, 2, 4, 7 ... on one rank and on each of two, once and lasting (hours); WAYS="a b", CALLS="a b":
# these only; SEED=n: of the choice, "SEED=$(date +%s)" to look for more
. "$(dirname "$0")/lib.sh"
plain=$assay
faults=${FAULTS:-40}
seed=${SEED:-7}
[ -x "$faulty" ] || { echo "no assay_faulty"; exit 77; }
echo "seed $seed"

# a run that hangs is ended, and is a failure by its exit code of 124
limited=$tmp/limited
printf '#!/bin/sh\nexec timeout -k 5 60 %s "$@"\n' "$faulty" >"$limited"
chmod +x "$limited"

"$maker" made >maker.log || fail "make_evidence"
mkdir evidence
cp made/DCIM/100CAM00/* made/archives/deflated.zip made/archives/a.tar.gz evidence || fail "evidence"
evidence="evidence --lot-bytes 1M"

# A call, how often it is made or so, the exit code, and the ways that alone make it. 0: that may be
# gone without (progress, tidying). The errno of calls that look at evidence is ENOMEM: EIO there is
# a damaged file, and no fault.
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
pwrite64 40 0
fsync 3 74
fdatasync 10 74
ftruncate64 12 74
fallocate64 1 74
close 80 0
rename 5 0,74
renameat 1 0
remove 4 0
unlinkat 1 0
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
fread 6 0,74
fwrite 60 74
fflush 3 74
fclose 10 0,74
fopen64 12 0,74
fdopen 2 0
getdelim 6 0
socketpair 12 74
sendmsg 40 0,74
recvmsg 60 0,74
eventfd 1 74
waitpid 1 0,74
pipe2 1 74 sign
posix_spawn 1 74 sign
posix_spawn_file_actions_adddup2 2 74 sign
pthread_create 1 74
json_dumps 3 74
json_dump_file 6 0
json_loadb 2 74
json_load_file 1 0
json_pack 8 0,74
json_object 8 0,74
json_array 8 0,74
json_string 60 0,74
json_integer 16 74
json_object_set_new 60 0,74
json_array_append_new 30 0,74
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

# set_up WAY: the case as it is before the fault
set_up() {
    rm -rf case whole
    case $1 in
    resume) cp -a half case ;;
    sign) cp -a ready case ;;
    esac
}

# go WAY RANKS CASE: the way's command in the background
go() {
    case $1 in
    shard) start "$2" "$3" $evidence --shard 2/2 ;;
    merge) command=merge && start "$2" "$3" one two ;;
    sign) start "$2" "$3" $evidence --sign sha256sum ;;
    *) start "$2" "$3" $evidence ;;
    esac
    command=run
}

# gone_on WAY RANKS: the same undisturbed, to the end
gone_on() {
    go "$1" "$2" case
    finish
    [ "$code" = 0 ] || fail "exit $code without a fault, after $what"
    left=$(ls case | grep -vE '^(results.h5|audit.jsonl|status.json|seal.sig|journal|attempt-[0-9]+)$')
    [ -z "$left" ] || fail "left in the case: $left, after $what"
}

# as_plain WAY: what the case has become is what the plain run made
as_plain() {
    case $1 in
    shard)
        command=merge
        run 0 0 whole one case
        command=run
        set -- "$1" whole
        ;;
    merge) diff -r one one.before && diff -r two two.before || fail "shards changed by $what" ;;
    sign) [ "$(cat case/seal.sig)" = "$signature" ] || fail "not signed: $what" ;;
    esac
    sound "${2:-case}"
    same plain "${2:-case}"
}

# broken WAY CALL[:ERRNO] N LASTING RANKS RANK CODES: one run in which the N-th CALL fails, and after
# it the same undisturbed; false when there is no such call, $made: how many there are
broken() {
    call=${2%%:*} error=${2#"${2%%:*}"}
    what="$1: $2 number $3$4, $5 ranks, in rank $6"
    set_up "$1"
    export ASSAY_FAULT="$call:$3$error$4" ASSAY_FAULT_RANK="$6"
    assay=$limited
    go "$1" "$5" case
    finish
    assay=$plain
    unset ASSAY_FAULT ASSAY_FAULT_RANK
    grep -q '^fault: ' case.log || {
        [ "$code" = 0 ] || fail "exit $code without a fault: $what"
        made=$(sed -n 's/^calls: //p' case.log)
        return 1
    }
    total=$((total + 1))
    case ",$7," in
    *",$code,"*) ;;
    *) fail "exit $code: $what" ;;
    esac
    [ "$code" = 0 ] || grep -qE '(^|rank=[0-9]+ )error [^ ]' case.log || fail "no message: $what"
    [ "$code" = 0 ] || gone_on "$1" "$5"
    as_plain "$1"
}

# rows WAY: of the table
rows() { table | grep -E "^[^ ]+ [^ ]+ [^ ]+( $1)?\$"; }

# each WAY RANKS RANK LASTING: the first calls, then ever more sparsely
each() {
    rows "$1" | while read -r row _ codes _; do
        case " ${CALLS:-${row%%:*}} " in *" ${row%%:*} "*) ;; *) continue ;; esac
        at=1 step=1
        total=0
        while broken "$1" "$row" "$at" "$4" "$2" "$3" "$codes"; do
            at=$((at + step))
            step=$((step + step / 2 + 1))
        done
        echo "$1: $row$4, $2 ranks, in rank $3: $total faults until number $at"
    done || exit 1
}

# random K LIMIT: 0 .. LIMIT - 1, the K-th number
random() { echo $((0x$(echo "$seed $1 $2" | sha256sum | cut -c 1-12) % $2)); }

# by_chance WAY N: so many of them
by_chance() {
    n_rows=$(rows "$1" | wc -l)
    way=$1
    for i in $(seq "$2"); do
        k=$way.$i
        set -- $(rows "$way" | sed -n "$(($(random "$k.row" "$n_rows") + 1))p")
        lasting=
        [ "$(random "$k.last" 3)" != 0 ] || lasting=+
        ranks=0 rank=0
        case $1 in
        MPI_*) ranks=2 rank=$(random "$k.rank" 2) ;;
        *) [ "$(random "$k.ranks" 3)" != 0 ] || { ranks=2 rank=$(random "$k.rank" 2); } ;;
        esac
        at=$(random "$k.place" "$2")
        broken "$way" "$1" $((at + 1)) "$lasting" $ranks "$rank" "$3" || [ "$made" = 0 ] ||
            broken "$way" "$1" $((at % made + 1)) "$lasting" $ranks "$rank" "$3" || true
    done
}

# half: some of it is examined; ready: all, and nothing is sealed; one, two: shards
ways="${WAYS:-fresh resume shard merge sign}"
run 0 0 plain $evidence
sound plain
signature=$(digests plain | head -n 1 | sha256sum)
for shard in one:1 two:2; do
    run 0 0 "${shard%:*}" $evidence --shard "${shard#*:}/2"
    cp -a "${shard%:*}" "${shard%:*}.before"
done
assay=$faulty
export ASSAY_FAULT=fdatasync:5:-9 # killed, with items in hand
run 137 2 half $evidence
export ASSAY_FAULT=H5Fcreate:1
run 74 0 ready $evidence
unset ASSAY_FAULT
assay=$plain

# what is sealed already is signed by the same command; one that fails leaves no signature
cp -a plain signed
run 74 0 signed $evidence --sign 'cat; exit 1'
said signed "not signed"
[ ! -e signed/seal.sig ] && [ ! -e signed/seal.sig.new ] || fail "half a signature"
run 0 0 signed $evidence --sign sha256sum
[ "$(cat signed/seal.sig)" = "$signature" ] || fail "a sealed case is not signed"
sound signed

total=0
if [ "$faults" = all ]; then
    for way in $ways; do
        for lasting in "" +; do
            each "$way" 0 0 "$lasting"
            each "$way" 2 0 "$lasting"
            each "$way" 2 1 "$lasting"
        done
    done
    exit 0
fi
for way in $ways; do
    if [ "$way" = fresh ]; then by_chance fresh "$faults"; else by_chance "$way" $((faults / 8)); fi
done
echo "$total faults: each a message, an exit code, and afterwards the digest of the plain run"
