#!/bin/sh
# s_signals.sh - runs that are stopped, refused, taken over, started again, and evidence that
# changes under them: the exit code, the sentence, and the digest of the run after.
. "$(dirname "$0")/lib.sh"

invented 2
no_bombs evidence/2
tar -C evidence -cf evidence/4.tar 2
tar -C evidence -czf evidence/5.tar.gz 2
lots="--lot-bytes 1M"

run 0 2 plain evidence $lots
sound plain

# stopped CASE: the run ends with 75 within 20 s
stopped() {
    begun=$(date +%s)
    finish
    [ "$code" = 75 ] || fail "exit $code, not 75, of $1"
    [ $(($(date +%s) - begun)) -le 20 ] || fail "$1 took longer than 20 s to stop"
    grep -q '"state": "stopped"' "$1/status.json" || fail "status.json does not say: stopped"
    [ ! -e "$1/results.h5" ] || fail "$1 is stopped and sealed"
}

# resumed CASE RANKS: it goes on to the digest of the plain run
resumed() {
    run 0 "$2" "$1" evidence $lots
    sound "$1"
    same plain "$1"
}

# 1. signals: to every rank, to one of them, to mpirun
#
# mpirun passes USR1 on at once.  TERM and INT make it end the job by itself and give 1: it
# sends the ranks CONT, waits odls_base_sigkill_timeout seconds (1 by default), sends TERM, waits
# as long again, sends KILL.  So only lots that are through by then are saved, and whoever wants
# a clean end sends USR1, or gives `--mca odls_base_sigkill_timeout 10` (TERM 10 s late, then 10 s).
for signal in USR1 TERM INT; do
    start 2 "all_$signal" evidence $lots
    under_way "all_$signal" 20
    kill "-$signal" $(ranks "$pid")
    stopped "all_$signal"
    resumed "all_$signal" 3
done
start 3 one evidence $lots
under_way one 20
kill -TERM "$(ranks "$pid" | tr ' ' '\n' | grep . | tail -n 1)"
stopped one
resumed one 2
start 2 forwarded evidence $lots
under_way forwarded 20
kill -USR1 "$pid"
stopped forwarded
resumed forwarded 1
start 2 mpirun_TERM evidence $lots
under_way mpirun_TERM 20
family=$(below "$pid")
kill -TERM "$pid"
finish
[ "$code" != 0 ] || fail "mpirun gives 0 after SIGTERM"
gone $family
resumed mpirun_TERM 2

# 2. the time limit
start 2 limited evidence $lots --time-limit 1
stopped limited
resumed limited 1

# 3. two live starts: the second is refused; a takeover stops the first
start 1 twice evidence $lots
first=$pid
under_way twice 20
run 65 2 twice evidence $lots
said twice "is alive"
alive "$first" || fail "the first start is over too early to tell"
start 2 twice evidence $lots --takeover
second=$pid
code=0
wait "$first" || code=$?
[ "$code" = 75 ] || fail "exit $code, not 75, of a run that was taken over"
pid=$second
finish
[ "$code" = 0 ] || fail "exit $code of a takeover"
sound twice
same plain twice

# 4. a saved state made otherwise is refused and named; --fresh starts over; sealed is sealed
start 2 other evidence $lots
under_way other 20
kill -USR1 $(ranks "$pid")
stopped other
run 65 2 other evidence $lots --max-depth 5
said other "--max-depth = 8"
said other "--fresh"
run 0 2 other evidence $lots --max-depth 5 --fresh
sound other
[ "$(digests other)" != "$(digests plain)" ] || fail "--max-depth 5 changes nothing"
run 65 1 other evidence $lots
said other "--max-depth"
run 0 1 other evidence $lots --max-depth 5
grep -qF "$(digests other | head -n 1)" other.out || fail "a sealed case does not tell its digest"
run 0 1 other evidence $lots --fresh
same plain other

# 5. requests that make no sense, and evidence that is not there
run 64 1 evidence/case evidence
said evidence/case "inside the evidence"
[ ! -e evidence/case ] || fail "a folder was made in the evidence"
rm -f evidence/case.*
run 64 2 named evidence evidence/1
said named "once"
run 66 2 named nothing
said named "no such evidence"
[ ! -e named ] || fail "a case was made of nothing"

# 6. evidence that changes: between listing and reading, while it is read, before it is checked
# row CASE WORDS: its damaged items tell of it
row() { "$assay" show "$1" --status damaged | grep -qF "$2" || fail "$1 does not list: $2"; }

mkdir small
cp evidence/1/DCIM/*/* small
name=$(ls small | head -n 1)
start 1 listed evidence small $lots
under_way listed 20
kill -TERM $(ranks "$pid")
stopped listed
printf x >>"small/$name"
run 2 2 listed evidence small $lots
sound listed
row listed "small/$name"
grep -q "EVIDENCE CHANGED" listed.out || fail "the change is not told"
run 2 1 listed evidence small $lots
cp "evidence/1/DCIM"/*/"$name" small

cp -r evidence/1 read
head -c 9000000 /dev/urandom >read/first # the largest lot is claimed first
start 1 read.case read --lot-entries 1
under_way read.case 20
sleep 0.3
kill -TERM $(ranks "$pid")
stopped read.case
grep -q '"lots_done": 0,' read.case/status.json && fail "stopped too early to tell"
printf x | dd of=read/first conv=notrunc 2>/dev/null
run 2 2 read.case read --lot-entries 1
sound read.case
grep -q "EVIDENCE CHANGED: 1 items" read.case.out || fail "the change is not told"
run 2 1 read.case read --lot-entries 1

ln -s small a_link_with_another_name
run 0 1 hashed small
run 0 1 linked a_link_with_another_name
for case in hashed linked; do
    "$assay" verify $case --evidence >verify.log 2>&1 ||
        fail "verify --evidence of good evidence: $case"
done
printf x >>"small/$name"
for case in hashed linked; do
    code=0
    "$assay" verify $case --evidence >verify.log 2>&1 || code=$?
    [ "$code" = 2 ] || fail "exit $code, not 2, of verify --evidence after a change: $case"
done

# 7. acquisition hashes, and statuses that are asked to fail
sum=$(sha256sum evidence/4.tar | cut -c 1-64)
echo "$sum  4.tar" >right
echo "$sum *evidence/4.tar" >binary
echo "$(echo "$sum" | tr 0-9a-f 1-9a-f0)  4.tar" >wrong
run 0 1 acquired evidence/4.tar --hashes right
run 0 1 acquired2 evidence/4.tar --hashes binary
run 2 2 acquired3 evidence/4.tar --hashes wrong
said acquired3 "acquisition hash"
same acquired acquired3
run 2 1 acquired3 evidence/4.tar --hashes wrong
run 3 1 damaged evidence/4.tar --fail-on damaged,crashed
run 0 1 crashed evidence/4.tar --fail-on crashed
same damaged crashed
echo "passed"
