#!/bin/sh
# s_full.sh - the disk of the case is full: a clear message, exit 74, nothing that was done is
# done again, and with room the same command goes on to the digest of the undisturbed run.
# The disk is a small tmpfs.
here=$(dirname "$0")
. "$here/mounts.sh"
. "$here/lib.sh"
plain=$assay
[ -x "$faulty" ] || { echo "no assay_faulty"; exit 77; }
trap 'umount -l "$tmp/disk" 2>/dev/null; leave' EXIT
mkdir disk && mount -t tmpfs -o size=64m tmpfs disk 2>/dev/null || { echo "no tmpfs"; exit 77; }

mkdir disk/case evidence
ln -s disk/case case
for i in 1 2 3 4; do
    "$maker" made --seed "$i" >maker.log || fail "make_evidence"
    mkdir "evidence/$i"
    mv made/DCIM made/archives/deflated.zip made/archives/a.tar.gz "evidence/$i"
    rm -r made
done
run 0 0 plain evidence --lot-bytes 1M
sound plain

# room N: as many KB of the disk are free, the rest is taken
room() {
    rm -f disk/ballast
    free=$(stat -f -c %a disk)
    [ "$free" -le $(($1 / 4)) ] || head -c $((free * 4096 - $1 * 1024)) /dev/zero >disk/ballast
}

# journals: bytes of all journals of the case
journals() { cat case/journal/*.jnl 2>/dev/null | wc -c; }
# contents: how many records of examined contents the last run of the case found saved
contents() { sed -n 's/.*"contents_done": \([0-9]*\).*/\1/p' case/status.json; }

# unsealed RANKS: all of it but the seal, by a store that cannot be made
unsealed() {
    assay=$faulty
    ASSAY_FAULT=H5Fcreate:1 run 74 "$1" case evidence --lot-bytes 1M
    assay=$plain
}

# full RANKS KB: a run with so much room; where it did not suffice, what it says and what it left
full() {
    rm -rf disk/case
    mkdir disk/case
    room "$2"
    start "$1" case evidence --lot-bytes 1M
    finish
    [ "$code" != 0 ] || return 1
    [ "$code" = 74 ] || fail "exit $code with $2 KB on $1 ranks"
    grep -q 'No space left' case.log && said case "run the same command again" ||
        fail "a full disk is not said: $2 KB, $1 ranks"
    [ ! -e disk/case/results.h5 ] || fail "a store on a full disk"
    rm disk/ballast
    left=$(journals)
    full=$((full + 1))
}

# goes_on RANKS: with room, to the end, and without doing again what was saved
goes_on() {
    unsealed "$1"
    run 0 "$1" case evidence --lot-bytes 1M
    same plain case
    sound case
    [ "$(contents)" = "$whole" ] || fail "$whole contents, but examined $(contents)"
}

unsealed 0
bytes=$(journals)
run 0 0 case evidence --lot-bytes 1M
whole=$(contents)
[ "$whole" -gt 20 ] || fail "only $whole contents"
full=0
for ranks in 0 2; do
    for kb in 0 8 24 48 512; do
        full "$ranks" "$kb" || break
        echo "$ranks ranks, $kb KB: $left of $bytes bytes of journals: $(grep -m 1 'No space' case.log)"
        goes_on "$ranks"
    done
done
[ "$full" -ge 6 ] || fail "the disk was hardly ever full"

# where the file system cannot reserve, the store itself runs out of room
for ranks in 0 2; do
    rm -rf disk/case
    mkdir disk/case
    unsealed "$ranks"
    for kb in 16 264 300; do
        room "$kb"
        assay=$faulty
        ASSAY_FAULT=fallocate64:1:95 run 74 "$ranks" case evidence --lot-bytes 1M
        assay=$plain
        said case "No space left on device"
        [ ! -e disk/case/results.h5 ] || fail "a store on a full disk"
        [ ! -e disk/case/results.h5.tmp ] || fail "half a store is left"
    done
    rm disk/ballast
    goes_on "$ranks"
done
echo "$full runs without room, and six seals: all went on to the same digest"
