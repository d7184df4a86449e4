#!/bin/sh
# s_claims.sh - answers of many lots: a rank keeps them in its queue, and nothing is other than
# with one lot an answer; after a stop and after a kill the lots not begun are done later.
. "$(dirname "$0")/lib.sh"
single=$assay
batched=$(dirname "$assay")/assay_batched

mkdir evidence
"$maker" evidence/1 --seed 1 --manifest 1.csv || fail "make_evidence"
tar -C evidence -cf evidence/2.tar 1
lots="--lot-entries 2 --recheck none"

run 0 1 plain evidence $lots
sound plain
assay=$batched
run 0 2 two evidence $lots
assay=$single
same plain two
many=$(sed -n 's/.*answer lots=//p' two.log | sort -n | tail -n 1)
[ "${many:-0}" -ge 4 ] || fail "the largest answer has ${many:-no} lots"

assay=$batched
start 2 stopped evidence $lots
under_way stopped 20
kill -USR1 "$pid"
finish
[ "$code" = 75 ] || fail "exit $code, not 75, of a run that was stopped"
start 2 stopped evidence $lots
under_way stopped 20
kill -KILL $(ranks "$pid" | tr ' ' '\n' | grep . | tail -n 1)
finish
[ "$code" != 0 ] || fail "a killed run gives 0"
run 0 3 stopped evidence $lots
assay=$single
same plain stopped
echo "answers of up to $many lots; stopped, killed and resumed with equal digests"
