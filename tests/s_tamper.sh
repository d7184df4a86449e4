#!/bin/sh
# s_tamper.sh - a region of another camera's picture is found in the pictures of an enrolled one, and
# nothing in those that nobody touched; the same map on 1, 2 and 3 ranks, and in a search later.
. "$(dirname "$0")/lib.sh"

mkdir one evidence
"$pictures" one 1 0 12 flat && "$pictures" evidence 1 100 3 scene &&
    "$pictures" evidence 2 100 1 scene || fail "sensor_pictures"
"$assay" enroll camera -o ref.h5 one --min-flat 12 >enroll.log 2>&1 || fail "enrolment"
"$python" - <<'END' || fail "a spliced picture"
HEAD, W, X, Y, SIDE = 1078, 768, 320, 192, 256
donor = open("evidence/2-100.bmp", "rb").read()
for n, more in ((101, 0), (102, 96)):
    whole = bytearray(open(f"evidence/1-{n}.bmp", "rb").read())
    for y in range(Y, Y + SIDE):
        at = HEAD + (639 - y) * W + X # the lowest row is first
        whole[at:at + SIDE + more] = donor[at:at + SIDE + more]
    open(f"evidence/spliced-{n}.bmp", "wb").write(whole)
    if not more: # upside down
        open("evidence/turned-101.bmp", "wb").write(whole[:HEAD] + whole[:HEAD - 1:-1])
END

run 0 1 alone evidence --against ref.h5 --keep-residuals
"$python" - <<'END' || fail "the maps are not what they should be"
import h5py
import numpy as np
f = h5py.File("alone/results.h5")
text, items, cells = f["strings"][:].tobytes(), f["items"][:], f["map_data"][:]
seen = {}
for m in f["sensor_maps"][:]:
    i = items[m["item_row"]]
    name = text[i["path_offset"]:i["path_offset"] + i["path_length"]].decode().split("/")[-1]
    seen[name] = int(m["regions"])
    assert m["window"] == 160 and m["set"] == 0 and m["reference"] == 0 and m["unknown"] < .2, m
    assert (m["w"] > 0) == (m["regions"] > 0), m
    if m["regions"]:
        w, h, offset = int(m["w"]), int(m["h"]), int(m["offset"])
        at = cells[offset:offset + w * h].reshape(h, w)
        y, x = np.nonzero(at == 255)
        assert abs(m["missing"] - len(y) / at.size) < 1e-6 and len(y) >= 9, m
        x, y = (23 - x, 19 - y) if "turned" in name else (x, y)
        assert x.min() >= 10 and x.max() < 18 + 3 * ("102" in name) and y.min() >= 6 and y.max() < 14, (x, y)
print(seen)
assert seen == {"1-100.bmp": 0, "1-101.bmp": 0, "1-102.bmp": 0, "spliced-101.bmp": 1, "spliced-102.bmp": 1,
                "turned-101.bmp": 1}
said = [r for r in f["findings"][:] if r["kind"] == 5]
words = [text[r["text_offset"]:r["text_offset"] + r["text_length"]].decode() for r in said]
assert len(words) == 3 and said[0]["score"] > said[1]["score"] >= said[2]["score"] > 0, words
assert all(w.startswith("in 1 region the noise pattern of the camera that took it is missing: one (") for w in words), words
END
"$assay" verify alone >verify.log || fail "verify"
"$assay" show alone evidence/spliced-101.bmp >shown.log || fail "show"
grep -q '##' shown.log && grep -q 'in windows of 160 pixels' shown.log || fail "the map is not shown"
"$assay" show alone evidence/1-100.bmp >shown.log || fail "show"
grep -q 'no region is found without' shown.log || fail "what was not found is not shown"

run 0 2 two evidence --against ref.h5 --keep-residuals
run 0 3 three evidence --against ref.h5 --keep-residuals --memory 1M # a picture at a time
same alone two
same alone three
search() { # RANKS: of the sealed case
    mpirun -n "$1" "$assay" search alone --against ref.h5 -o "found$1.h5" >"found$1.out" \
        2>"found$1.log" || fail "search on $1 ranks"
}
search 1
search 3
[ "$(grep digest found1.out)" = "$(grep digest found3.out)" ] || fail "a search differs by ranks"
"$python" - <<'END' || fail "a search tells of other maps than the run"
import h5py
a, b = h5py.File("alone/results.h5"), h5py.File("found1.h5")
for x, y in zip(a["sensor_maps"][:], b["sensor_maps"][:], strict=True):
    n, i, j = int(x["w"]) * int(x["h"]), int(x["offset"]), int(y["offset"])
    assert all(x[k] == y[k] for k in x.dtype.names if k != "offset"), (x, y)
    assert (a["map_data"][i:i + n] == b["map_data"][j:j + n]).all()
END
"$assay" show found1.h5 >shown.log || fail "show of a search"
grep -q 'missing in regions of 3' shown.log || fail "a search does not show its maps"
run 0 1 whole evidence --against ref.h5 --detector camera --maps
"$python" - <<'END' || fail "--maps does not keep all maps"
import h5py
f = h5py.File("whole/results.h5")
m = f["sensor_maps"][:]
assert len(m) == 6 and (m["w"] == 24).all() and (m["h"] == 20).all() and len(f["map_data"]) == 6 * 480, m
END
echo "regions of another camera: found in 3 of 3, none told in 3, on 1, 2 and 3 ranks"
