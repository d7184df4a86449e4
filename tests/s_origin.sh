#!/bin/sh
# s_origin.sh - pictures that one sensor took are grouped without a fingerprint, also turned ones; a
# shared logo and a second copy of one exposure join nothing; the same on any number of ranks.
. "$(dirname "$0")/lib.sh"

mkdir evidence
for camera in 1 2 3; do
    "$pictures" evidence $camera 100 4 scene 10 || fail "sensor_pictures"
done
"$pictures" evidence 4 100 1 scene 10 && "$pictures" evidence 5 100 1 scene 10 || fail "pictures"
cp evidence/3-100.bmp evidence/copy.bmp
"$python" - <<'END' || fail "pictures cannot be changed"
import numpy as np
W, H, HEAD = 768, 640, 1078

def read(name):
    data = open(f"evidence/{name}.bmp", "rb").read()
    return data[:HEAD], np.frombuffer(data[HEAD:], np.uint8).reshape(H, W)

def write(name, head, grey):
    h, w = grey.shape
    head = head[:18] + w.to_bytes(4, "little") + h.to_bytes(4, "little") + head[26:]
    open(f"evidence/{name}.bmp", "wb").write(head + grey.tobytes())

head, grey = read("1-101")
write("1-101", head, np.rot90(grey, 1))  # upright, both ways, and upside down
head, grey = read("1-102")
write("1-102", head, np.rot90(grey, 3))
head, grey = read("2-103")
write("2-103", head, np.rot90(grey, 2))
head, grey = read("2-100")  # another copy of this exposure
write("2-100-again", head, np.clip(grey.astype(int) * 0.95 + 7, 0, 255).astype(np.uint8))
logo = np.random.default_rng(1).integers(0, 2, (20, 20)).repeat(6, 0).repeat(6, 1)
for name in "4-100", "5-100":  # one logo over two cameras
    head, grey = read(name)
    grey = grey.copy()
    grey[40:160, 50:170] = 60 + 130 * logo
    write(name, head, grey)
END

run 0 1 alone evidence --origins
cat >expect.py <<'END'
import sys
import h5py
f = h5py.File(sys.argv[1] + "/results.h5")
text, items = f["strings"][:].tobytes(), f["items"][:]

def name(row):
    i = items[row]
    path = text[i["path_offset"]:i["path_offset"] + i["path_length"]].decode()
    return path.split("/")[-1].removesuffix(".bmp")

links = {(name(k["item_a"]), name(k["item_b"])) for k in f["links"][:] if k["kind"] == 3}
groups = {}
for o in f["origins"][:]:
    assert o["value"] > 40 and o["p_false_alarm"] < 1e-6, o
    groups.setdefault(int(o["group"]), []).append(name(o["item_row"]))
    assert o["group"] <= o["item_row"]
print(groups, links)
assert {frozenset(g) for g in groups.values()} == {
    frozenset(f"{c}-{n}" for n in range(100, 104)) | ({"2-100-again"} if c == 2 else set())
    for c in (1, 2, 3)}
assert all(a[0] == b[0] for a, b in links) and len(links) == 6 + 9 + 6, len(links)
assert ("2-100", "2-100-again") not in links
END
"$python" expect.py alone || fail "the groups are not what they should be"

for n in 3 7; do
    run 0 "$n" "ranks$n" evidence --origins --memory 4M
    same alone "ranks$n"
done
run 0 1 part1 evidence --origins --shard 1/2 --lot-entries 3
run 0 1 part2 evidence --origins --shard 2/2 --lot-entries 3
"$assay" merge part1 part2 -o merged >merge.log 2>&1 || fail "merge"
same alone merged
[ ! -e alone/spool ] || fail "the spool is left"

# what was not asked for is not there; what cannot be done is refused
run 0 1 without evidence
"$python" -c 'import h5py
f = h5py.File("without/results.h5")
assert len(f["origins"]) == 0 and not (f["links"]["kind"] == 3).any()' || fail "unasked groups"
"$assay" run evidence -o refused --origins --detector pdq >refused.log 2>&1
[ $? = 64 ] || fail "--origins without the detector camera is taken"
exit 0
