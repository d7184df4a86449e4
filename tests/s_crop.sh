#!/bin/sh
# s_crop.sh - pictures of invented cameras, cropped, turned, enlarged, zoomed into: found with
# --camera-search, by any number of ranks, at the right camera and no other.
. "$(dirname "$0")/lib.sh"

mkdir one two evidence
"$pictures" one 1 0 12 flat 2 Pin && "$pictures" two 2 0 12 flat 2 Pin || fail "sensor_pictures"
for camera in 1 2 3; do
    "$pictures" . $camera 100 1 scene || fail "sensor_pictures"
done
"$assay" enroll camera -o ref.h5 one two --min-flat 12 >enroll.log 2>&1 || fail "enrolment"

"$python" - <<'END' || fail "pictures are not made"
import numpy as np

def read(path):
    b = open(path, "rb").read()
    return np.frombuffer(b, np.uint8, 768 * 640, 1078).reshape(640, 768)

def write(path, a):
    h, w = a.shape
    head = np.zeros(1078, np.uint8)
    u32 = head[2:54].view(np.uint32)
    head[:2] = list(b"BM")
    u32[0], u32[2], u32[3] = 1078 + a.size, 1078, 40
    u32[4], u32[5], u32[6], u32[11] = w, h, 8 << 16 | 1, 256
    head[54:].view(np.uint32)[:] = np.arange(256, dtype=np.uint32) * 0x010101
    open(path, "wb").write(head.tobytes() + a.tobytes())

def enlarge(a, w, h):  # linear, samples at centres of cells
    x = np.clip((np.arange(w) + .5) * a.shape[1] / w - .5, 0, a.shape[1] - 1)
    y = np.clip((np.arange(h) + .5) * a.shape[0] / h - .5, 0, a.shape[0] - 1)
    i, j = np.minimum(x.astype(int), a.shape[1] - 2), np.minimum(y.astype(int), a.shape[0] - 2)
    a = a.astype(float)
    rows = a[j] * (1 - (y - j))[:, None] + a[j + 1] * (y - j)[:, None]
    return np.rint(rows[:, i] * (1 - (x - i)) + rows[:, i + 1] * (x - i)).astype(np.uint8)

for c in "123":
    a = read(c + "-100.bmp")
    crop = a[67:67 + 528, 101:101 + 560]
    write(f"evidence/{c}-crop.bmp", crop)
    if c == "3":
        continue
    write(f"evidence/{c}-whole.bmp", np.ascontiguousarray(np.rot90(a)))
    write(f"evidence/{c}-turned.bmp", np.ascontiguousarray(np.rot90(crop)))
    write(f"evidence/{c}-larger.bmp", enlarge(a, 1152, 960))
    write(f"evidence/{c}-zoom.bmp", enlarge(a[53:587, 64:704], 768, 640))  # 1.2
END

search() { # CASE HOW RANKS
    run 0 "$3" "$1" evidence --against ref.h5 --camera-search "$2"
}
check() { # CASE kinds that must be found, of cameras 1 and 2, and nothing else
    "$python" - "$@" <<'END' || fail "$1: not the matches that should be"
import h5py, sys
f = h5py.File(sys.argv[1] + "/results.h5")
lies = {"whole": (3, 1, 0, 0), "crop": (0, 1, 101, 45), "turned": (3, 1, 101, 45), "larger": (0, 1.5, 0, 0),
        "zoom": (0, 1.2, 64, 53)}  # quarters, scale, left, top; the files begin with the last row
text, items, found = f["strings"][:].tobytes(), f["items"][:], set()
for m in f["matches"][:]:
    i = items[m["item_row"]]
    name = text[i["path_offset"]:i["path_offset"] + i["path_length"]].decode().split("/")[-1]
    assert m["kind"] == 3 and m["p_false_alarm"] < 1e-3 and (m["others"], m["beside"]) == (1, 1), m
    assert m["other_value"] < m["value"] / 2, m
    assert name[0] == str(int(m["reference"]) + 1), (name, m)
    found.add(name)
    turn, scale, left, top = lies[name[2:-4]]
    assert m["turn"] == turn and abs(m["scale"] - scale) < .01, m
    assert abs(m["left"] - left) < 1.5 and abs(m["top"] - top) < 1.5, m
want = {f"{c}-{k}.bmp" for c in "12" for k in sys.argv[2:]}
assert found == want, (found, want)
END
}
search aligned aligned 1
check aligned whole
search shift shift 1
check shift whole crop turned
search scale scale 1
check scale whole crop turned larger zoom
search ranks scale 3
same scale ranks
"$assay" show scale 1-turned.bmp >show.log || fail "show"
grep -q "turned by 270 degrees clockwise, at 1.000 of the camera's scale, it begins at 101, 45" \
    show.log || fail "how it lies is not shown"
"$assay" show scale 2-turned.bmp --json | tr -d ' \n' |
    grep -q '"turned_clockwise_degrees":270,"scale":1,"left":101,"top":45' || fail "nor as JSON"

"$assay" run evidence -o none --against ref.h5 --camera-search all >none.log 2>&1
[ $? = 64 ] || fail "a search that there is not"
echo "crops: cropped, turned, enlarged and zoomed pictures find their camera"
