#!/bin/sh
# s_links.sh - copies, near-copies and their groups: all families, nothing foreign, on any number of ranks.
. "$(dirname "$0")/lib.sh"

"$maker" small --manifest truth.csv >/dev/null || fail "make_evidence"
run 0 1 one small
for n in 2 3 7; do
    run 0 "$n" "on$n" small
    same one "on$n"
done
sound one

# Families as they were made, but for those cut by 2 % at each side, which are beyond PDQ: they must not
# be with others.  Chains are of another picture than the family they are named after.
"$python" - >truth <<'END' || fail "the manifest"
import csv
for row in csv.DictReader(open("truth.csv")):
    path, family = row["forensic_path"], row["group"]
    if family and "cut" not in row["note"] and row["status"] in ("ok", "duplicate"):
        print(("chain of " if "/chains/" in path else "") + family, path, sep="\t")
END
[ "$(wc -l <truth)" -gt 25 ] || fail "the manifest has too few families"
"$python" "$here/check_links.py" one/results.h5 truth || fail "links of made evidence"

# many copies: n - 1 links for n items, on ranks that share them out
mkdir many
i=0
while [ $i -lt 300 ]; do
    cp small/copies/family00/half.jpg "many/$i.jpg"
    cp small/copies/family01/half.png "many/$i.png"
    i=$((i + 1))
done
run 0 1 many1 many
run 0 3 many3 many
same many1 many3
"$python" - <<'END' || fail "links of many copies"
import h5py
f = h5py.File("many1/results.h5", "r")
assert len(f["links"]) == 598, len(f["links"])
assert len(f["groups"]) == 600 and sum(f["groups"]["stands"]) == 2
END

echo "passed"
