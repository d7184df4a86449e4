#!/bin/sh
# s_near.sh - --journal-dir: journals on a node's own disk; whatever is lost of them, the case
# goes on to the digest of an undisturbed run.
. "$(dirname "$0")/lib.sh"

"$maker" evidence --seed 1 --manifest made.csv >maker.out || fail "make_evidence"
run 0 0 plain evidence --lot-bytes 1M
sound plain

# left DIR: the bytes that a dead attempt left there
left() { cat "$1"/assay-*/*.jnl 2>/dev/null | wc -c; }

# 1. nothing stays behind
run 0 2 whole evidence --lot-bytes 1M --journal-dir near
same plain whole
[ "$(find near | wc -l)" = 1 ] || fail "left: $(find near)"

# 2. killed with work on the node's disk that is not in the case
# killed CASE: a run of two ranks, all of which die together
killed() {
    rm -rf near
    start 2 "$1" evidence --lot-bytes 1M --journal-dir near
    while [ "$(left near)" -lt 30000 ] && alive "$pid"; do sleep 0.02; done
    die
    [ "$code" = 137 ] || fail "exit $code: it was through before it was killed"
    [ "$(cat "$1"/journal/*.jnl | wc -c)" -lt "$(left near)" ] || fail "it was in the case already"
}

killed taken
run 0 1 taken evidence --lot-bytes 1M --journal-dir near
said taken 'are taken up from near'
same plain taken
[ "$(find near | wc -l)" = 1 ] || fail "left: $(find near)"

killed lost
rm -r near
run 0 3 lost evidence --lot-bytes 1M --journal-dir near
grep 'taken up' lost.log && fail "what is lost is taken up"
same plain lost

# 3. a case that is begun anew takes up nothing of before
killed anew
run 0 1 anew evidence --lot-bytes 1M --journal-dir near --fresh
grep 'taken up' anew.log && fail "--fresh takes up what was before"
same plain anew

# 4. a stop has all of it in the case
start 2 stopped evidence --lot-bytes 1M --journal-dir near
while [ "$(left near)" -lt 30000 ] && alive "$pid"; do sleep 0.02; done
kill -USR1 "$pid"
finish
[ "$code" = 75 ] || fail "exit $code after USR1"
[ "$(find near | wc -l)" = 1 ] || fail "left after a stop: $(find near)"
run 0 1 stopped evidence --lot-bytes 1M --journal-dir near
grep 'taken up' stopped.log && fail "something was not copied"
same plain stopped

# 5. what cannot be written
echo no folder >file
run 74 0 bad evidence --lot-bytes 1M --journal-dir file
said bad 'cannot keep journals in file'
run 0 0 bad evidence --lot-bytes 1M
same plain bad
mkdir full
if unshare -m sh -c 'mount -t tmpfs -o size=64k tmpfs full' 2>/dev/null; then
    unshare -m sh -c 'mount -t tmpfs -o size=64k tmpfs full && exec "$@"' sh \
        "$assay" run -o fuller evidence --lot-bytes 1M --journal-dir full >fuller.out 2>fuller.log &
    pid=$!
    finish
    [ "$code" = 74 ] || fail "exit $code, not 74, of a full disk"
    said fuller 'no room to save the state of the run in full/assay-'
    run 0 0 fuller evidence --lot-bytes 1M --journal-dir near
    same plain fuller
else
    echo "no full disk: nothing can be mounted here"
fi
echo "passed"
