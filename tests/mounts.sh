# mounts.sh - a mount namespace of the test's own; sourced first by the tests that fill a disk.
#
# The test starts itself again in it.  Skips (77) where that is not permitted.
if [ -z "${ASSAY_MOUNTS:-}" ]; then
    how=-m
    [ "$(id -u)" = 0 ] || how=-rm
    unshare $how true 2>/dev/null || { echo "skipped: no mount namespace may be made"; exit 77; }
    ASSAY_MOUNTS=1 exec unshare $how "$0" "$@"
fi
