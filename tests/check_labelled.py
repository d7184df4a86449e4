#!/usr/bin/env python3
"""check_labelled.py - what make_labelled says of its pictures, found again in their pixels.

usage: check_labelled.py FOLDER     FOLDER/KIND, KIND.masks, KIND.manifest.csv as s_labelled.sh makes them
"""
import csv
import itertools
import os
import sys

import numpy as np

sys.dont_write_bytecode = True
import pixels

top = sys.argv[1]
bad = 0


def check(good, what):
    global bad
    if not good:
        print("FAILED:", what)
        bad += 1


def first_table(path):
    """The quantisation table of luma of a JPEG file, in zigzag order."""
    data = open(path, "rb").read()
    at = data.index(b"\xff\xdb")
    assert data[at + 4] == 0
    return np.frombuffer(data[at + 5:at + 69], np.uint8).astype(int)


class Row(dict):
    def __init__(self, row):
        super().__init__(row)
        self.note = dict(p.split("=", 1) for p in row["note"].split(";"))

        self.read = None

    def pixels(self):
        if self.read is None:
            self.read = pixels.read(os.path.join(top, self["path"])).astype(int)
        return self.read

    def mask(self):
        return pixels.read(os.path.join(top, self["mask"]))[:, :, 0]


def manifest(kind, variants):
    rows = [Row(r) for r in csv.DictReader(open(os.path.join(top, kind + ".manifest.csv")))]
    files = sorted(os.listdir(os.path.join(top, kind)))
    check(files == sorted(os.path.basename(r["path"]) for r in rows), f"{kind}: files and rows")
    check(all(os.path.exists(os.path.join(top, r["mask"])) for r in rows if r["mask"]),
          f"{kind}: a mask is missing")
    for column in ("group", "camera"):
        where = {}
        for r in rows:
            if r[column]:
                where.setdefault(r[column], set()).add(r["split"])
        check(all(len(s) == 1 for s in where.values()), f"{kind}: a {column} is in two splits")
    check({r["split"] for r in rows} == {"train", "calibrate", "test"}, f"{kind}: splits")
    return list(zip(*[iter(rows)] * variants))


def outside_is_untouched(kind):
    for plain, altered in manifest(kind, 2):
        mask, a, b = altered.mask(), plain.pixels(), altered.pixels()
        changed = (a != b).any(axis=2)
        check(set(np.unique(mask)) == {0, 255}, f"{kind}: a mask has other values")
        check(not changed[mask == 0].any(), f"{kind}: changed outside the mask")
        if kind != "copymove":
            check(changed[mask > 0].mean() > 0.5, f"{kind}: the same inside the mask")
        else:
            (tx, ty), (sx, sy) = (map(int, altered.note[k].split("x")) for k in ("to", "from"))
            check((b[ty - 3:ty + 4, tx - 3:tx + 4] == a[sy - 3:sy + 4, sx - 3:sx + 4]).all(),
                  "copymove: the copy is another one")
            check(mask[sy, sx] == 255 and mask[ty, tx] == 255, "copymove: a mask without both parts")


def dct_matrix():
    k, x = np.mgrid[0:8, 0:8]
    d = np.cos((2 * x + 1) * k * np.pi / 16) / 2
    d[0] /= np.sqrt(2)
    return d


STANDARD = np.array("""16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56 14 17 22 29
51 87 80 62 18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92 49 64 78 87 103 121 120 101 72 92 95 98 112
100 103 99""".split(), int).reshape(8, 8)
ZIGZAG = sorted(range(64), key=lambda i: (i // 8 + i % 8,
                                          (i // 8 if (i // 8 + i % 8) % 2 else i % 8)))


def table(quality):
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((STANDARD * scale + 50) // 100, 1, 255)


def off_steps(y, q, dx, dy):
    """How far the DCT coefficients of the grid at (dx, dy) are from multiples of their steps."""
    d = dct_matrix()
    h, w = (y.shape[0] - dy) // 8, (y.shape[1] - dx) // 8
    b = y[dy:dy + 8 * h, dx:dx + 8 * w].reshape(h, 8, w, 8).transpose(0, 2, 1, 3) - 128
    c = (d @ b @ d.T) / q
    return np.abs(c - np.round(c))[:, :, :3, :3].mean()


def double_compression():
    luma = [0.299, 0.587, 0.114]
    for single, double, centre in manifest("djpeg", 3):
        q = table(int(double.note["q1"]))
        dx, dy = map(int, double.note["shift"].split("x"))
        want = (-dx % 8, -dy % 8)
        y = double.pixels() @ luma
        off = {(x, z): off_steps(y, q, x, z) for x, z in itertools.product(range(8), repeat=2)}
        check(min(off, key=off.get) == want, f"djpeg: the first grid is not at {want}")
        check(off_steps(single.pixels() @ luma, q, *want) > 1.5 * off[want], "djpeg: single is double")
        mask, a, b = centre.mask(), single.pixels(), centre.pixels()
        check((a == b).all(axis=2)[mask > 0].all(), "djpeg: the centre was compressed before")
        check((double.pixels() == b).all(axis=2)[mask == 0].all(), "djpeg: not double outside")


def tables_of_files():
    for (row,) in manifest("camera", 1):
        want = table(int(row.note["q2"])).reshape(64)[ZIGZAG]
        check((first_table(os.path.join(top, row["path"])) == want).all(), "camera: another quality")


def fingerprints():
    """Residuals of one camera correlate more than those of two."""
    def residual(im):
        g = im[:, :, 1].astype(float)
        r = g - (np.roll(g, 1, 0) + np.roll(g, -1, 0) + np.roll(g, 1, 1) + np.roll(g, -1, 1)) / 4
        r = np.clip(r, -6, 6)
        return ((r - r.mean()) / r.std()).ravel()
    rows = [r for (r,) in manifest("raw", 1)]
    parts = [residual(r.pixels()) for r in rows]
    same, other = [], []
    for (r, a), (s, b) in itertools.combinations(zip(rows, parts), 2):
        (same if r["camera"] == s["camera"] else other).append(a @ b / a.size)
    check(np.mean(same) > np.mean(other) + 0.02, f"camera: {np.mean(same)} {np.mean(other)}")


def resampled():
    for plain, twice in manifest("resample", 2):
        off = [np.abs(2 * im[:, 1:-1:2] - im[:, :-2:2] - im[:, 2::2]).max()
               for im in (plain.pixels(), twice.pixels())]
        check(off[1] <= 2 < off[0], f"resample: not twice as large: {off}")


def medians():
    for plain, through in manifest("median", 2):
        side = int(through.note["side"])
        r = side // 2
        near = np.lib.stride_tricks.sliding_window_view(plain.pixels(), (side, side), (0, 1))
        check((np.median(near, axis=(3, 4)) == through.pixels()[r:-r, r:-r]).all(), "median: is none")


def generated():
    rows = manifest("generated", 2)
    ratio = [os.path.getsize(os.path.join(top, g["path"])) /
             os.path.getsize(os.path.join(top, p["path"])) for p, g in rows]
    check(all(0.97 < r < 1.03 for r in ratio), f"generated: files are longer or shorter: {ratio}")
    check(all(g["label"] == "generated" and g["generator"] and not g["camera"] for _, g in rows),
          "generated: rows")


for kind in ("splice", "ofphotos", "copymove", "inpaint"):
    outside_is_untouched(kind)
double_compression()
tables_of_files()
fingerprints()
resampled()
medians()
generated()
sys.exit(bad != 0)
