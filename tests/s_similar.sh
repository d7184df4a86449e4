#!/bin/sh
# s_similar.sh - pictures that are alike: in the case and in media stores, as a comparison of all says,
# on any number of ranks, with little memory, and only where it is asked for.
. "$(dirname "$0")/lib.sh"

"$maker" small --seed 3 --manifest truth.csv >/dev/null || fail "make_evidence"
evidence="small/copies small/DCIM small/chains"
mpirun -n 2 "$assay" enroll media -o sought.h5 small/copies small/pictures >enroll.out 2>enroll.log || fail "enroll"

"$bin/media_store" many.h5 20000 5 || fail "media_store"

run 0 1 one $evidence --detector pdq,gist --against sought.h5,many.h5
for n in 2 3 7; do
    run 0 "$n" "on$n" $evidence --detector pdq,gist --against sought.h5,many.h5 --memory 1M --examiners 1
    same one "on$n"
done
sound one
run 0 1 unasked $evidence --against sought.h5,many.h5

"$python" - <<'END' || fail "what is similar"
import h5py, numpy as np
f, ref = h5py.File("one/results.h5"), h5py.File("sought.h5")
kinds, least, most = {"hash": 0, "code": 1, "similar": 2}, np.float32(0.93), 16
rows = np.flatnonzero((f["status/gist"][()] == 1) & (f["items"]["status"] != 9))
g = f["features/gist"][()][rows].astype(np.float64)

def cosine(a, b):
    norms = np.sqrt((a * a).sum(1))[:, None] * np.sqrt((b * b).sum(1))[None]
    return np.where(norms > 0, np.minimum(1, a @ b.T / np.where(norms > 0, norms, 1)), 0).astype(np.float32)

def nearest(c):
    out = []
    for i, row in enumerate(c):
        best = sorted((-row[k], k) for k in np.flatnonzero(row >= least))[:most]
        out += [(i, k, -v) for v, k in best]
    return out

own = cosine(g, g)
np.fill_diagonal(own, -1)
wanted = {}
for i, k, v in nearest(own):
    wanted[tuple(sorted((int(rows[i]), int(rows[k]))))] = v
stronger = {(int(l["item_a"]), int(l["item_b"])) for l in f["links"] if l["kind"] < 2}
told = {(int(l["item_a"]), int(l["item_b"])): l["value"] for l in f["links"] if l["kind"] == 2}
assert told == {k: v for k, v in wanted.items() if k not in stronger}, (len(told), len(wanted))
assert len(told) > 10 and len(wanted) > len(told), (len(told), len(wanted))

first = {}  # what a duplicate repeats
sha = f["items"]["sha256"]
for i in rows:
    first[sha[i]] = int(i)
same = {}
for i in range(len(sha)):
    if sha[i] in first:
        same.setdefault(first[sha[i]], []).append(i)
wanted = {}
for i, k, v in nearest(cosine(g, ref["vector_gist"][()].astype(np.float64))):
    for row in same[int(rows[i])]:
        wanted[(row, int(k))] = v
stronger = {(int(m["item_row"]), int(m["reference"])) for m in f["matches"] if m["kind"] < 2}
assert not (f["matches"]["set"] == 1).any()
told = {(int(m["item_row"]), int(m["reference"])): m["value"] for m in f["matches"] if m["kind"] == 2}
assert told == {k: v for k, v in wanted.items() if k not in stronger}, (len(told), len(wanted))
assert len(told) > 5, len(told)

not_asked = h5py.File("unasked/results.h5")
assert "gist" not in not_asked["features"]
assert not (not_asked["matches"]["kind"] == 2).any() and not (not_asked["links"]["kind"] == 2).any()
for name in ("links", "groups"):  # similar pictures are in no groups
    both = f[name][()] if name == "groups" else f[name][()][f[name]["kind"] < 2]
    assert (both == not_asked[name][()]).all(), name
END
"$assay" show one >shown.txt || fail "show"
echo "passed"
