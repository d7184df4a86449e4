#!/bin/sh
# s_cli.sh - the command line as a user meets it: help, version, exit codes, states of a case.
# needs ASSAY_BIN and ASSAY_SOURCE
bin=${ASSAY_BIN:?} src=${ASSAY_SOURCE:?}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
bad=0
unset NO_COLOR

# expect CODE WORDS-ON-STDOUT WORDS-ON-STDERR COMMAND...
expect() {
    code=$1 out=$2 err=$3
    shift 3
    "$@" >out 2>err
    got=$?
    [ "$got" = "$code" ] || { echo "exit $got, not $code: $*"; cat err; bad=1; }
    [ -z "$out" ] || grep -qF -- "$out" out || { echo "stdout of \"$*\" lacks: $out"; bad=1; }
    [ -z "$err" ] || grep -qF -- "$err" err || { echo "stderr of \"$*\" lacks: $err"; bad=1; }
    if [ "$code" = 64 ] && [ -s out ]; then echo "usage error wrote to stdout: $*"; bad=1; fi
    if grep -q "$(printf '\033')" out err; then echo "escape sequences in a pipe: $*"; bad=1; fi
}

expect 0 'Commands' '' "$bin"
expect 0 'Exit codes' '' "$bin" help
expect 0 'Commands' '' "$bin" --help
expect 0 'assay 0' '' "$bin" --version
expect 0 'HDF5' '' "$bin" --version
for c in run plan list show cat verify doctor; do
    expect 0 "assay $c" '' "$bin" help $c
    expect 0 "Options" '' "$bin" $c --help
    expect 0 "Options" '' "$bin" $c x -h
done
expect 64 '' 'did you mean show?' "$bin" shwo
expect 64 '' 'unknown command' "$bin" frobnicate
expect 64 '' 'did you mean show?' "$bin" help shwo
expect 64 '' 'did you mean --examiners?' "$bin" run --exminers 3 x
expect 64 '' 'belongs to run' "$bin" show --md5 x
expect 64 '' 'too few' "$bin" show
expect 64 '' 'too many' "$bin" show a b c
expect 64 '' '--log is' "$bin" show a --log loud
expect 64 '' 'wants two cases' "$bin" verify --explain a
expect 64 '' 'one case at a time' "$bin" verify a b
expect 64 '' 'list what' "$bin" list things
expect 66 '' 'no such case' "$bin" show nothing
expect 66 '' 'no such case: x\xc2\x9b31m' "$bin" show "$(printf 'x\302\23331m')"
expect 66 '' 'no such case' "$bin" verify nothing
expect 66 '' 'no detector' "$bin" list detectors nothing

expect 0 'JPEG' '' "$bin" list formats
expect 0 '"kind": "jpeg"' '' "$bin" list formats --json
expect 0 'encrypted' '' "$bin" list reasons
expect 0 '' '' "$bin" list detectors
expect 0 '' '' "$bin" list models
expect 0 'Findings on authentic items' '' "$bin" list models grid
expect 0 '"card": "Set by hand' '' "$bin" list models grid --json
expect 66 '' 'no detector' "$bin" list models nothing

# a folder without a store: what state it is in
mkdir case
expect 66 'not a case yet' '' "$bin" show case
expect 66 '' 'not sealed' "$bin" verify case
cat >case/status.json <<EOF
{"state": "stopped", "attempt": 2, "items_done": 700, "items_seen": 1838, "bytes_done": 1000,
 "bytes_total": 5000, "lots_done": 3, "lots_total": 9, "updated": 1700000000, "pid": 4, "host": "n"}
EOF
expect 0 'stopped' '' "$bin" show case
expect 0 'Run the same command again' '' "$bin" show case
expect 0 '1,838' '' "$bin" show case
expect 0 '"state": "stopped"' '' "$bin" show case --json
expect 66 'stopped' '' "$bin" show case 12
sed 's/stopped/examine/' case/status.json >s && mv s case/status.json
expect 0 'interrupted (examine)' '' "$bin" show case
echo '{"sta' >case/status.json
expect 65 '' 'is broken' "$bin" show case

# a store that is none
echo nonsense >case/results.h5
expect 65 '' '' "$bin" show case
expect 2 'NOT VERIFIED' '' "$bin" verify case
expect 2 '"verified": false' '' "$bin" verify case --json

# doctor tells what it sees; 0 or 69, nothing else
"$bin" doctor >out 2>err
got=$?
[ $got = 0 ] || [ $got = 69 ] || { echo "doctor: exit $got"; bad=1; }
for word in cores sandbox memory space; do
    grep -q "$word" out || { echo "doctor does not tell of: $word"; bad=1; }
done
"$bin" doctor --json >out 2>err
grep -q '"ready"' out || { echo "doctor --json"; bad=1; }
expect 69 'this processor offers' '' "$bin" doctor --cpu nonsense

# output that cannot be written is an error
if [ -w /dev/full ]; then
    "$bin" help >/dev/full 2>err
    got=$?
    [ $got = 74 ] || { echo "full disk: exit $got, not 74"; bad=1; }
fi

# the manual page names every command, option and exit code, and roff takes it
"$bin" help --man >assay.1 || bad=1
for word in $(sed -n 's/^AS_OPTION([a-z0-9_]*, "\([a-z0-9-]*\)".*/\1/p' "$src/pipeline/options.def"); do
    grep -qF -- "\\-\\-$(echo "$word" | sed 's/-/\\-/g')" assay.1 || { echo "manual lacks --$word"; bad=1; }
done
if command -v groff >/dev/null; then
    [ -z "$(groff -man -Tascii -ww assay.1 2>&1 >/dev/null)" ] || { echo "roff complains"; bad=1; }
fi

# README lists every exit code and status
"$bin" help | sed -n '/^Exit codes/,$p' | sed -n 's/^  \([0-9][0-9]*\) .*/\1/p' >codes
[ "$(wc -l <codes)" = 10 ] || { echo "exit codes in the help"; bad=1; }
for code in $(cat codes); do
    grep -q "^| $code |" "$src/README.md" || { echo "README lacks exit code $code"; bad=1; }
done
for word in ok not_applicable unsupported damaged encrypted limit timeout crashed known duplicate; do
    grep -q "^| \`$word\` |" "$src/README.md" || { echo "README lacks status $word"; bad=1; }
done

# a terminal gets colour and bars, NO_COLOR none; a pipe neither (checked above)
if command -v script >/dev/null; then
    rm case/results.h5
    echo '{"state": "stopped", "items_done": 1, "items_seen": 2, "lots_total": 2}' >case/status.json
    LC_ALL=C.UTF-8 TERM=xterm script -qec "$bin show case" /dev/null </dev/null >tty
    grep -q "$(printf '\033')" tty || { echo "no colour on a terminal"; bad=1; }
    grep -q '█' tty || { echo "no bar on a UTF-8 terminal"; bad=1; }
    NO_COLOR=1 LC_ALL=C TERM=xterm script -qec "$bin show case" /dev/null </dev/null >tty
    grep -q "$(printf '\033')" tty && { echo "colour despite NO_COLOR"; bad=1; }
    grep -q '#' tty || { echo "no plain bar in a C locale"; bad=1; }
fi
exit $bad
