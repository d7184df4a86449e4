#!/bin/sh
# s_links.sh - copies, near-copies and their groups: all families, nothing foreign, on any number of ranks.
. "$(dirname "$0")/lib.sh"

"$maker" small --manifest truth.csv >/dev/null || fail "make_evidence"
evidence="small/DCIM small/archives small/chains small/copies small/pictures"

# References: an archive of them, enrolled by two ranks as by one
tar -cf sought.tar -C small copies/family00 "copies/holiday 1 (copy).jpeg" pictures/formats
for n in 1 2; do
    mkdir by$n
    mpirun -n $n "$assay" enroll media -o by$n/sought.h5 sought.tar >enroll.out 2>enroll.log || fail "enroll"
    grep digest enroll.out >digest$n
    [ ! -e by$n/sought.h5.case ] || fail "the case of an enrolment stays"
done
cmp digest1 digest2 || fail "two ranks enroll otherwise"
"$assay" enroll media -o by1/sought.h5 small 2>/dev/null && fail "a reference store was overwritten"

run 0 1 one $evidence --against by1/sought.h5
for n in 2 3 7; do
    run 0 "$n" "on$n" $evidence --against by2/sought.h5
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
        print(("chain of " if "/chains/" in path else "") + family, path[len("small/"):], sep="\t")
END
[ "$(wc -l <truth)" -gt 25 ] || fail "the manifest has too few families"
"$python" "$here/check_links.py" one/results.h5 truth by1/sought.h5 || fail "links of made evidence"

# many copies: n - 1 links for n items, on ranks that share them out
mkdir many
i=0
while [ $i -lt 300 ]; do
    cp small/copies/family00/half.jpg "many/$i.jpg"
    cp small/copies/family01/half.png "many/$i.png"
    i=$((i + 1))
done
run 0 3 copies many
"$python" - <<'END' || fail "links of many copies"
import h5py
f = h5py.File("copies/results.h5", "r")
assert len(f["links"]) == 598, len(f["links"])
assert len(f["groups"]) == 600 and sum(f["groups"]["stands"]) == 2
END

# a store which has the same bytes many times: the lowest of them are told, once
set -- $(sha256sum many/0.jpg)
"$bin/media_store" again.h5 70000 1 1000 "$1" || fail "media_store"
mkdir some
cp many/0.jpg many/1.jpg some
for n in 1 3; do
    run 0 $n "again$n" some --detector pdq --against again.h5
    same again1 "again$n"
done
"$python" - <<'END' || fail "the same bytes many times"
import h5py
m = h5py.File("again3/results.h5", "r")["matches"][()]
assert [(r["item_row"], r["reference"], r["kind"]) for r in m] == \
    [(row, 1000 * k, 0) for row in (1, 2) for k in range(16)], m
END

# two crowds of near-copies: each has its nearest within, together they are one group
mkdir crowds
i=0
while [ $i -lt 60 ]; do
    for picture in half.jpg mirrored.jpg; do
        cp "small/copies/family00/$picture" "crowds/$i.$picture"
        echo "$i" >>"crowds/$i.$picture" # other bytes, the same picture
    done
    i=$((i + 1))
done
for n in 1 2; do
    run 0 $n "crowds$n" crowds --detector pdq
done
same crowds1 crowds2
"$python" - <<'END' || fail "a crowd of near-copies"
import h5py
f = h5py.File("crowds2/results.h5", "r")
assert len(f["groups"]) == 120 and sum(f["groups"]["stands"]) == 1
assert 120 < len(f["links"]) <= 4 * 120 and f["links"]["value"].max() == 0, "lists tell of both crowds"
END

echo "passed"
