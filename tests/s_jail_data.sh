#!/bin/sh
# s_jail_data.sh - real files are examined without a crash or a violation: the jail is wide enough.
#
# needs ASSAY_DATA; a set that is not there is skipped and said so.
set -u
assay=${ASSAY_BIN:?} data=${ASSAY_DATA:-}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
export OMPI_MCA_hwloc_base_binding_policy=none
bad=0 ran=0
for set in d_photos a_prnu c_synthetic f_phash e_provenance; do
    if [ ! -d "$data/$set" ]; then
        echo "skipped: no $set in the data folder"
        continue
    fi
    ran=$((ran + 1))
    # a second reading would double the time and show nothing of the jail
    "$assay" run "$data/$set" -o "$tmp/$set" --recheck none --log debug >"$tmp/out" 2>"$tmp/err"
    got=$?
    if [ $got != 0 ] || grep -qE ' (reader|examiner) died| broke the protocol' "$tmp/err" ||
        grep -qE '^ *(crashed|timeout) ' "$tmp/out"; then
        echo "FAILED: $set: exit $got"
        tail -n 12 "$tmp/out" "$tmp/err"
        "$assay" show "$tmp/$set" --status crashed,timeout
        bad=1
    fi
    sed -n "1s/^/$set: /p" "$tmp/out"
    rm -rf "${tmp:?}/$set"
done
[ $ran -gt 0 ] || { echo "skipped: no data folder"; exit 77; }
exit $bad
