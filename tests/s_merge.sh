#!/bin/sh
# s_merge.sh - shards examined apart, killed, failed and repeated; merged they are the plain run.
. "$(dirname "$0")/lib.sh"

"$maker" small >/dev/null || fail "make_evidence"
"$maker" more --seed 2 >/dev/null || fail "make_evidence"
no_bombs more # small has the same
tar -C more -cf all.tar .
tar -C more/DCIM -czf solid.tar.gz .
cat >zip.py <<'EOF2'
import os, sys, zipfile
with zipfile.ZipFile("packed.zip", "w", 8) as z:
    for folder in sys.argv[1:]:
        for at, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                z.write(os.path.join(at, name))
EOF2
"$python" zip.py small/DCIM small/archives small/pictures small/copies || fail "zip"
evidence="small all.tar packed.zip solid.tar.gz"
cut="--lot-bytes 1M --lot-entries 40"
run 0 2 plain $evidence $cut
sound plain

# merge CODE N CASE ARGUMENTS...: as run, but `assay merge`
merge() {
    command=merge
    run "$@"
    command=run
}

# 1. one alone on two ranks, one killed and gone on with, one that fails and is repeated
run 0 2 one $evidence $cut --shard 1/3
"$assay" show one | grep -q "shard 1/3, examined" || fail "show does not tell of the shard"
grep -q '"note": "shard 1/3 examined; run `assay merge`"' one/status.json || fail "status.json"
cp -a one one.before
run 0 1 one $evidence $cut --shard 1/3
diff -r one one.before || fail "a second start of a finished shard changed it"

merge 66 0 case one
said case "shards 2, 3 of 3 are missing"
start 2 two $evidence $cut --shard 2/3
under_way two 30
kill -KILL $(ranks "$pid")
finish
[ "$code" != 0 ] || fail "a killed shard ended with 0"
merge 65 0 case one two
said case "two: shard 2/3 is not finished"
run 0 1 two $evidence $cut --shard 2/3
: >three
run 74 1 three $evidence $cut --shard 3/3
merge 66 2 case one two three
said case "three: no such case"
rm three
merge 66 1 case one two
said case "shard 3 of 3 is missing"
run 0 3 three $evidence $cut --shard 3/3
[ ! -e case ] || fail "a refused merge made a folder"

# 2. merged on any number of ranks, in any order: the plain run's digest; the shards stay as they are
lots=$(cat one.log two.log three.log | sed -n 's/.* lots=\([0-9]*\).*/\1/p' | sort -u)
[ "$(echo "$lots" | wc -l)" = 1 ] || fail "the shards have different lots: $lots"
cp -a two two.before
cp -a three three.before
merge 0 1 case one two three
merge 0 2 case2 three one two
merge 0 0 case0 two three one
for case in case case2 case0; do
    sound "$case"
    same plain "$case"
done
for case in one two three; do
    diff -r "$case" "$case.before" || fail "the merge changed $case"
    head=$(tail -n 1 "$case/audit.jsonl" | tr -d '\n' | sha256sum | cut -c 1-64)
    grep -q "\"audit_head\":\"$head\"" case/audit.jsonl || fail "the audit log lacks the head of $case"
done
"$assay" show case | grep -q "3 shards" || fail "show does not tell of the shards"
merge 0 2 case one two three
grep -qF "$(digests plain | head -n 1)" case.out || fail "a sealed merge does not tell its digest"
run 0 1 case $evidence $cut
grep -qF "sealed before" case.out || fail "a plain run does not know the merged case"

# 3. what is refused: another share or none of it in the folder, other options, other lots
run 65 1 one $evidence $cut --shard 2/3
said one "shard = 1/3"
run 65 1 one $evidence $cut
said one "shard = none"
diff -r one one.before || fail "a refused run changed the shard"
run 64 1 bad $evidence --shard 4/3
run 64 1 bad $evidence --shard 1/3 --sign true
merge 65 2 bad one two two
said bad "two and two are both shard 2/3"
merge 65 1 bad one two plain
said bad "plain: this is no shard"
merge 64 1 one one two three
said one "one of the shards"
run 0 1 other $evidence $cut --shard 3/3 --max-depth 5
merge 65 2 bad one two other
said bad "--max-depth = 5"
run 0 1 other $evidence $cut --shard 3/4 --fresh
merge 65 1 bad one two other
said bad "shard 3/4"
run 0 1 other $evidence --lot-bytes 2M --shard 3/3 --fresh
merge 65 1 bad one two other
said bad "lots of 2097152 bytes"
rm -rf other && cp -a three other
for journal in other/journal/*.jnl; do : >"$journal"; done
merge 65 2 bad one two other
said bad "in no journal"
rm -rf other && cp -a three other
echo >>other/audit.jsonl
merge 65 1 bad2 one two other
said bad2 "other: "
rm -rf other && cp -a three other
printf 'x' | dd of=other/journal/shard bs=1 seek=100 conv=notrunc 2>/dev/null
merge 65 1 bad2 one two other
said bad2 "other: journal/shard is broken"
[ ! -e bad2 ] || fail "a refused merge made a folder"
"$assay" verify one 2>verify.log && fail "a shard is verified"
grep -q "shard 1/3" verify.log || fail "verify does not tell of the shard"

# 4. exit codes of the merge, and evidence that is listed otherwise by a later shard
merge 3 1 strict one two three --fail-on damaged
same plain strict
echo "$(printf '%064d' 0)  all.tar" >sums
merge 2 2 listed one two three --hashes sums
said listed "its acquisition hash is"
find small/DCIM -type f -exec touch {} +
run 0 1 late $evidence $cut --shard 3/3
merge 65 1 bad one two late
said bad "found other evidence"

# 5. files that change between two readings which are of different shards: the tar is one lot of the
# second reading, which weighs more than all notes, and many of the first, so the notes go elsewhere
notes="all.tar notes --lot-bytes 1M --lot-entries 4"
mkdir notes
for i in $(seq 24); do echo "one $i" >"notes/$i"; done
cp -pR notes was
run 0 1 first $notes --shard 1/2
for i in $(seq 24); do echo "two $i" >"notes/$i"; done
for i in $(seq 24); do touch -r "was/$i" "notes/$i"; done
touch -r was notes
run 0 1 second $notes --shard 2/2
merge 2 1 changed first second
grep -q "EVIDENCE CHANGED: [1-9]" changed.out || fail "the merge does not tell of the change"
echo "passed"
