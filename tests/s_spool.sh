#!/bin/sh
# s_spool.sh - residuals that were kept are lost, cut, damaged, or do not fit the disk: the pictures
# are examined again, and the digest is that of the undisturbed run.
here=$(dirname "$0")
. "$here/mounts.sh"
. "$here/lib.sh"
plain=$assay
[ -x "$faulty" ] || { echo "no assay_faulty"; exit 77; }
trap 'umount -l "$tmp/disk" 2>/dev/null; leave' EXIT

mkdir one evidence disk
"$pictures" one 1 0 12 flat && "$pictures" evidence 1 100 4 scene &&
    "$pictures" evidence 2 100 2 scene || fail "sensor_pictures"
"$assay" enroll camera -o ref.h5 one --min-flat 12 >enroll.log 2>&1 || fail "enrolment"
run 0 1 whole evidence --against ref.h5
more="--against ref.h5 --camera-search=aligned"

# unsealed RANKS CASE: all of it but the seal, by a store that cannot be made
unsealed() {
    assay=$faulty
    ASSAY_FAULT=H5Fcreate:1 run 74 "$1" "$2" evidence --lot-entries 2 $more
    assay=$plain
}

# again RANKS CASE N [WHOLE]: N residuals are found lost; the next attempt makes up for them
again() {
    run 75 "$1" "$2" evidence --lot-entries 2 $more
    said "$2" "the residuals of $3 pictures are lost or damaged"
    [ ! -e "$2/results.h5" ] || fail "sealed without what was lost"
    run 0 "$1" "$2" evidence --lot-entries 2 $more
    same "${4:-whole}" "$2"
}

# flip FILE BYTE: another value there
flip() {
    printf '\252' | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

unsealed 2 damaged
for f in damaged/spool/*.jnl; do
    [ ! -s "$f" ] || flip "$f" 5000 # within the first record
done
again 2 damaged "$(find damaged/spool -name '*.jnl' -size +0 | wc -l)"
unsealed 1 cut
for f in cut/spool/*.jnl; do
    truncate -s -100 "$f"
done
again 1 cut 1
unsealed 2 gone
rm gone/spool/*.jnl
again 2 gone 6
more="--against ref.h5 --camera-search=scale" # which reads a picture many times: it is lost once
unsealed 1 zoomed
rm zoomed/spool/*.jnl
again 1 zoomed 6
more="--against ref.h5 --camera-search=aligned"

# twice: what was made up for is lost again
unsealed 1 twice
rm twice/spool/*.jnl
run 75 1 twice evidence --against ref.h5
unsealed 1 twice
rm twice/spool/*.jnl
again 1 twice 6

# what a case is to keep, with no search to miss it: a later one finds what it would have
"$assay" run -o kept evidence --keep-residuals >kept.out 2>kept.log || fail "a case that keeps"
more=--keep-residuals
unsealed 1 keeps
middle=$(find keeps/spool -name '*.jnl' -size +0)
flip "$middle" $(($(stat -c %s "$middle") * 5 / 12)) # within the third of six records
again 1 keeps 4 kept
"$assay" verify keeps >verify.log || fail "verify of what was made up for"
for case in kept keeps; do
    "$assay" search "$case" --against ref.h5 -o $case.h5 >$case.out 2>$case.log || fail "search"
done
[ "$(grep digest kept.out)" = "$(grep digest keeps.out)" ] || fail "a search differs"

# an enrolment too
assay=$faulty
ASSAY_FAULT=H5Fcreate:1 "$assay" enroll camera -o late.h5 one --min-flat 12 >late.log 2>&1
assay=$plain
[ -d late.h5.case/spool ] || fail "no work folder of an enrolment is left"
rm late.h5.case/spool/*.jnl
"$assay" enroll camera -o late.h5 one --min-flat 12 >late.log 2>&1
[ $? = 75 ] || fail "an enrolment whose residuals are lost"
"$assay" enroll camera -o late.h5 one --min-flat 12 >late.log 2>&1 || fail "it is not made up for"
[ "$(grep digest late.log)" = "$(grep digest enroll.log)" ] || fail "another fingerprint"

# the disk of the spool is full
mount -t tmpfs -o size=8m tmpfs disk 2>/dev/null || { echo "no tmpfs"; exit 77; }
full=0
for kb in 200 600 1000; do
    rm -rf disk/case && mkdir disk/case
    ln -sfn disk/case case
    free=$(stat -f -c %a disk)
    head -c $((free * 4096 - kb * 1024)) /dev/zero >disk/ballast
    start 1 case evidence --against ref.h5 --lot-entries 2
    finish
    rm disk/ballast
    [ "$code" = 74 ] || fail "exit $code with $kb KB"
    said case "No space left on device"
    run 0 1 case evidence --against ref.h5 --lot-entries 2
    same whole case
    full=$((full + 1))
done
echo "residuals damaged, cut, gone, gone twice, kept and $full times without room: the same digest"
