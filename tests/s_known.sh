#!/bin/sh
# s_known.sh - hash sets enrolled, searched and skipped by: the same digest however it is run.
. "$(dirname "$0")/lib.sh"

"$maker" small >/dev/null || fail "make_evidence"
rm -rf small/hostile small/broken small/names small/video # they take long, and are not what is asked
run 0 1 plain small
cat >sets.py <<'EOF'
# every third content good by SHA-256, every fourth by MD5 alone, every sixth bad
import csv, h5py, hashlib, json, os, sqlite3
with h5py.File("plain/results.h5") as f:
    items, words = f["items"][:], [w.decode() for w in f["items"].attrs["status_words"]]
ok = sorted({r["sha256"].decode() for r in items if words[r["status"]] == "ok"})
assert len(ok) > 20
md5 = {}
for at, _, names in os.walk("small"):
    for name in names:
        if not os.path.isfile(os.path.join(at, name)): # a pipe would never end
            continue
        data = open(os.path.join(at, name), "rb").read()
        md5[hashlib.sha256(data).hexdigest()] = hashlib.md5(data).hexdigest()
noise = lambda n, i: hashlib.sha512(str(i).encode()).hexdigest()[:n]
base = sqlite3.connect("rds.db")
base.execute("create table METADATA (metadata_id integer, sha256 text, sha1 text, md5 text)")
base.executemany("insert into METADATA values (0, ?, ?, ?)",
    [(s.upper(), noise(40, s), noise(32, s)) for s in ok[::3]] +
    [(noise(64, i), noise(40, i), noise(32, i)) for i in range(31000)])
base.execute("create view FILE as select sha256, sha1, md5 from METADATA")
base.commit()
by_md5 = [s for s in ok[1::4] if s in md5]
with open("md5.csv", "w", newline="") as f:
    out = csv.writer(f, quoting=csv.QUOTE_ALL)
    out.writerow(["name", "MD5"])
    out.writerows([['a "name", quoted', md5[s]] for s in by_md5])
json.dump({"value": [{"MediaID": i, "Category": 1 + i % 3, "MD5": noise(32, s), "SHA256": s,
                      "MediaFiles": [{"MD5": "x"}]} for i, s in enumerate(ok[::6])]},
          open("vics.json", "w"), indent=1)
good, bad = set(ok[::3]) | set(by_md5), set(ok[::6])
assert by_md5 and good - bad - set(by_md5)
json.dump([sorted(good - bad), sorted(good | bad)], open("truth.json", "w"))
EOF
"$python" sets.py || fail "sets.py"

# enroll ARGUMENTS...: assay enroll known
enroll() { "$assay" enroll known "$@" >enroll.out 2>enroll.log || fail "enroll $*"; }
digest_of() { "$python" -c 'import h5py, sys; print(h5py.File(sys.argv[1]).attrs["digest"])' "$1"; }
enroll -o good.h5 --known-good rds.db
! grep -q "no SHA-256" enroll.log || fail "a set with SHA-256 is called weak"
enroll -o more.h5 --known-good md5.csv
grep -q "[0-9] entries said to be good have no SHA-256" enroll.log || fail "no word of MD5 alone"
enroll -o bad.h5 vics.json
enroll -o again.h5 --known-good --memory 1M rds.db # sorted in runs
[ "$(digest_of good.h5)" = "$(digest_of again.h5)" ] || fail "the memory decides the digest"

sets=good.h5,more.h5,bad.h5
run 0 1 one small --against "$sets" --skip-known
sound one
for n in 3 7; do
    run 0 "$n" "case$n" small --against "$sets" --skip-known --lot-entries 32
    sound "case$n"
    same one "case$n"
done

# killed and resumed
start 2 killed small --against "$sets" --skip-known --lot-entries 16
under_way killed 20
kill -KILL "$pid" $(below "$pid") 2>/dev/null
finish
run 0 2 killed small --against "$sets" --skip-known --lot-entries 16 --takeover
same one killed

# shards and their merge; other stores are refused
for i in 1 2; do
    run 0 1 "part$i" small --against "$sets" --skip-known --shard "$i/2"
done
command=merge
run 65 1 merged part1 part2 --against good.h5
run 0 2 merged part1 part2
command=run
same one merged
run 65 1 part1 small --against good.h5 --skip-known --shard 1/2
said part1 "--against"

cat >check.py <<'EOF'
import h5py, json
good, listed = (set(x) for x in json.load(open("truth.json")))
refs = [h5py.File(n) for n in ("good.h5", "more.h5", "bad.h5")]
kinds = ("sha256", "sha1", "md5")
with h5py.File("one/results.h5") as f, h5py.File("plain/results.h5") as p:
    items, plain = f["items"][:], p["items"][:]
    words = [w.decode() for w in f["items"].attrs["status_words"]]
    matches, sets = f["matches"][:], f["sets"][:]
assert [s["digest"] for s in sets] == [r.attrs["digest"] for r in refs]
known = 0
assert len(items) == len(plain)
for a, b in zip(items, plain):
    now, was = words[a["status"]], words[b["status"]]
    if a["sha256"].decode() in good:
        assert now == "known" and was in ("ok", "duplicate"), (was, now)
        known += 1
    else:
        assert was == now, (was, now)
assert known >= len(good) > 5
found = {}
for m in matches:
    item, kind = items[m["item_row"]], "md5" if m["set"] == 1 else "sha256"
    assert bytes(refs[m["set"]][kind][int(m["reference"])]).hex() == item[kind].decode()
    assert m["kind"] == 0 and m["value"] == (2 if m["set"] == 2 else 1)
    found.setdefault(item["sha256"].decode(), set()).add(int(m["set"]))
assert set(found) == listed
assert {s for s in found if 2 in found[s]} == listed - good
with h5py.File("one/results.h5") as f: # what is bad is found once for each content, and before all scores
    text, rows = f["strings"][:].tobytes(), f["findings"][:]
    bad = rows[rows["kind"] == 1]
    assert {items[i]["sha256"].decode() for i in bad["item_row"]} == listed - good
    assert len(bad) == len(listed - good) and (bad["set"] == 2).all() and (bad["detector"] == 65535).all()
    for r in bad:
        said = text[r["text_offset"]:r["text_offset"] + r["text_length"]].decode()
        assert said.startswith("known bad by its hash: SHA-256, category "), said
    assert (rows["kind"][1:] >= rows["kind"][:-1]).all()
for r in refs:
    for kind in kinds:
        if kind in r:
            rows = [bytes(x) for x in r[kind][:]]
            assert rows == sorted(set(rows)) and len(rows) == len(r[kind + "_class"])
    assert json.loads(bytes(r["provenance"][:]))["sources"][0]["entries"] > 0
EOF
"$python" check.py || fail "what is known is not what should be"

# without --skip-known the same matches, and everything is examined
run 0 2 seen small --against "$sets"
"$python" - <<'EOF' || fail "matches without --skip-known"
import h5py
with h5py.File("one/results.h5") as a, h5py.File("seen/results.h5") as b:
    assert (a["matches"]["item_row"] == b["matches"]["item_row"]).all() and len(b["matches"])
    assert not (b["items"]["status"] == 8).any()
EOF
run 64 1 none small --skip-known
run 64 1 none small --against absent.h5
run 64 1 none small --against ,
run 65 1 none small --against md5.csv

# refuse CODE WORDS ARGUMENTS...: assay enroll ends so and says so, and leaves no store
refuse() {
    code=$1 words=$2
    shift 2
    "$assay" enroll "$@" >enroll.out 2>enroll.log
    [ $? -eq "$code" ] || fail "enroll $*: not $code"
    grep -q -e "$words" enroll.log || fail "enroll $*: lacks \"$words\""
    [ ! -e no.h5 ] && [ ! -e no.h5.case ] || fail "enroll $*: leaves something"
}
mkdir empty
refuse 65 "empty is a folder" known -o no.h5 empty
refuse 66 "absent" known -o no.h5 absent
refuse 64 "nodir: No such file" known -o nodir/no.h5 absent
refuse 64 "md5.csv is no folder" media -o md5.csv/no.h5 small
refuse 64 "nodir: No such file" camera -o nodir/no.h5 small
refuse 66 "no picture or video" media -o no.h5 empty
refuse 66 "no picture or video" media -o no.h5 md5.csv
mkfifo pipe
refuse 65 "pipe is no file" known -o no.h5 pipe # and does not wait for what nobody writes
(ulimit -f 100 && refuse 74 "cannot write no.h5.tmp" known -o no.h5 rds.db) || exit 1
[ ! -e no.h5.tmp ] || fail "a store that could not be written is left"
refuse 64 "known-bad is no option of enroll media; it belongs to enroll known" media -o no.h5 small --known-bad
refuse 64 "memory is no option" camera -o no.h5 small --memory=1G
refuse 64 "examiners is no option of enroll known; it belongs to enroll camera and media" known -o no.h5 --examiners 0 md5.csv
refuse 64 "min-flat is no option of enroll media" media -o no.h5 --min-flat 20 small

# a database of five pages that stand in many places: millions of rows out of 2,560 bytes
"$python" - <<'END' || fail "loop.db"
import sqlite3, struct
base = sqlite3.connect("loop.db", isolation_level=None)
base.execute("pragma page_size=512")
base.execute("create table FILE (md5)")
base.executemany("insert into FILE values (?)", [("%032x" % i,) for i in range(10)])
for name in "XYZ":
    base.execute("create table %s (a)" % name)
base.close()
pages = bytearray(open("loop.db", "rb").read())
assert len(pages) == 5 * 512
leaf, n = pages[512:1024], 60
for page in (2, 3, 4):
    cells = [(512 - 5 * (i + 1), i + 1) for i in range(n)]
    p = bytearray(512)
    p[:12] = struct.pack(">BHHHBI", 5, 0, n, cells[-1][0], 0, page + 1)
    for i, (at, key) in enumerate(cells):
        p[at:at + 5] = struct.pack(">IB", page + 1, key)
        p[12 + 2 * i:14 + 2 * i] = struct.pack(">H", at)
    pages[512 * (page - 1):512 * page] = p
pages[2048:] = leaf
open("loop.db", "wb").write(pages)
END
refuse 65 "more rows than room" known -o no.h5 loop.db
