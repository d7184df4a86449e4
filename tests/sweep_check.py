#!/usr/bin/env python3
"""sweep_check.py - altered copies against numpy and scipy.

  sweep_check.py ratios CASE/bench           of a sweep whose set has a split calibrate
  sweep_check.py copies PICTURE.png FOLDER   FOLDER holds a copy for each of many alterations
  sweep_check.py cut                         makes cut.manifest.csv and cut.masks of set.manifest.csv
                                             for the parts cut/NAME.png of whole/NAME.png
"""
import csv
import os
import struct
import sys

import numpy as np
from PIL import Image
from scipy import ndimage

sys.dont_write_bytecode = True
import pixels


def read_png(path):
    """The picture; what the program wrote of it has nothing but pixels."""
    assert pixels.chunks(path) <= {b"IHDR", b"IDAT", b"IEND"} or not path.startswith(("copies", "cut/")), path
    return pixels.read(path).astype(float)


def tables_of_jpeg(path):
    """Width, height and the first quantisation table; no segment with metadata."""
    data, at, size, table = open(path, "rb").read(), 2, None, None
    while size is None:
        code, n = struct.unpack(">xBH", data[at : at + 4])
        assert code != 0xE1
        if code == 0xDB and table is None:
            table = list(data[at + 5 : at + 69])
        if code == 0xC0:
            size = struct.unpack(">HH", data[at + 5 : at + 9])[::-1]
        at += 2 + n
    return size, table


def table_of(quality):
    """The first values of the standard's luminance table, in zigzag, scaled as libjpeg does."""
    scale = 200 - 2 * quality
    return [max(1, (q * scale + 50) // 100) for q in (16, 11, 12, 14, 12, 10, 16, 14)]


def cubic_matrix(size, to):
    scale = size / to
    wide = max(scale, 1)
    centre = (np.arange(to) + 0.5) * scale
    x = np.abs((np.arange(size)[None, :] + 0.5 - centre[:, None]) / wide)
    k = np.where(x < 1, 1.5 * x**3 - 2.5 * x**2 + 1, np.where(x < 2, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2, 0))
    return k / k.sum(1, keepdims=True)


def place_of(part, whole):
    h, w = part.shape[:2]
    for y in range(whole.shape[0] - h + 1):
        for x in range(whole.shape[1] - w + 1):
            if np.array_equal(part[0], whole[y, x : x + w]) and np.array_equal(part, whole[y : y + h, x : x + w]):
                return x, y
    return None


def grid_energy(plane):
    """How far the spectrum's peaks of period 8, 4 and 2 stand above the medians around them: their median, the highest."""
    f = np.abs(np.fft.fft2(plane))
    h, w = f.shape
    over = []
    for i in range(8):
        for j in range(8):
            y, x = (i * h + 4) // 8, (j * w + 4) // 8
            around = f[np.ix_(np.arange(y - 4, y + 5) % h, np.arange(x - 4, x + 5) % w)]
            if i or j:
                over.append(f[y % h, x % w] / np.median(around))
    return np.median(over), np.max(over)


def unevenness(plane):
    """How much the strength of cross-differences differs between the places of cells of 16 x 16."""
    d = np.abs(plane - np.roll(plane, -1, 0) - np.roll(plane, -1, 1) + np.roll(plane, (-1, -1), (0, 1)))
    of = np.add.outer(np.arange(d.shape[0]) % 16 * 16, np.arange(d.shape[1]) % 16).ravel()
    means = np.bincount(of, d.ravel()) / np.bincount(of)
    return means.std() / means.mean()


def high(p):
    return p - ndimage.uniform_filter(p, (3, 3, 1))


def check_copies(picture, folder):
    p = read_png(picture)
    h, w = p.shape[:2]
    copy = {n: read_png(f"{folder}/{n}") for n in os.listdir(folder) if n not in ("jpeg-80", "recompress")}

    def near(name, want, most):
        error = np.abs(copy[name] - want)
        assert error.max() <= most and error.mean() < 0.3, (name, error.max(), error.mean())

    near("screenshot", p, 0)
    near("median-5", ndimage.median_filter(p, (5, 5, 1), mode="nearest"), 0)
    sigma = 0.3 * ((7 - 1) / 2 - 1) + 0.8
    tap = np.exp(-np.arange(-3, 4) ** 2 / (2 * sigma**2))
    blurred = ndimage.correlate1d(p, tap / tap.sum(), 0, mode="mirror")
    near("blur-7", ndimage.correlate1d(blurred, tap / tap.sum(), 1, mode="mirror"), 0.52)
    for name, percent in (("resize-50", 50), ("resize-150", 150)):
        across, down = cubic_matrix(w, w * percent // 100), cubic_matrix(h, h * percent // 100)
        rows = np.clip(np.floor(np.einsum("yxc,ux->yuc", p, across) + 0.5), 0, 255)
        near(name, np.clip(np.einsum("yuc,vy->vuc", rows, down), 0, 255), 1.6)  # where a row is all but x.5
    assert copy["crop-90"].shape[:2] == ((h * 90 + 50) // 100, (w * 90 + 50) // 100)
    assert place_of(copy["crop-90"], p) is not None
    middle = (p > 40) & (p < 215)
    noise = (copy["noise-7"] - p)[middle]
    assert abs(noise.mean()) < 5 * 7 / noise.size**0.5 and abs(noise.std() / 7 - 1) < 0.02, (noise.mean(), noise.std())
    assert abs(np.mean(noise**4) / noise.var() ** 2 - 2.9) < 0.1  # of twelve uniform numbers
    before, after = (np.array([grid_energy(q[..., c]) for c in range(3)]) for q in (p, copy["peaks"]))
    assert (after[:, 0] < 1.1).all() and (before[:, 1] > 2.5).all(), (before, after)
    assert (after[:, 1] < 0.8 * before[:, 1]).all(), (before, after)
    assert np.abs(copy["peaks"] - p).std() < 8
    uneven = [np.array([unevenness(q[..., c]) for c in range(3)]) for q in (p, copy["peaks"])]
    assert (uneven[1] < 0.5 * uneven[0]).all(), uneven
    kept = np.corrcoef(high(p).ravel(), high(copy["transplant"]).ravel())[0, 1]
    lost = p - copy["transplant"]
    assert kept < 0.6 and 1 < lost.std() < 5, (kept, lost.std())
    (size, table), (size_r, table_r) = (tables_of_jpeg(f"{folder}/{n}") for n in ("jpeg-80", "recompress"))
    assert size == (w, h) and table[:8] == table_of(80), (size, table[:8])
    assert table_r[:8] == table_of(95) and size_r != (w, h)
    for got, was in zip(size_r, (w, h)):
        assert 0.97 * was - 0.5 <= got <= 1.03 * was + 0.5, (size_r, (w, h))


def cut():
    rows = list(csv.DictReader(open("set.manifest.csv")))
    for r in rows:
        name = os.path.basename(r["path"])
        part = read_png(f"cut/{name}.png")
        x, y = place_of(part, read_png(f"whole/{name}.png"))
        if r["mask"]:
            h, w = part.shape[:2]
            mask = read_png(r["mask"])[y : y + h, x : x + w, 0]
            r["mask"] = f"cut.masks/{name}.png"
            Image.fromarray(mask.astype(np.uint8)).save(r["mask"])
        r["path"] = f"cut/{name}.png"
    with open("cut.manifest.csv", "w") as f:
        out = csv.DictWriter(f, rows[0].keys(), lineterminator="\n")
        out.writeheader()
        out.writerows(rows)


def ratios(folder):
    """Ratios of copies are one function of the score with those of their pictures; Cllr is theirs."""
    items = list(csv.DictReader(open(f"{folder}/altered_items.csv")))
    checked, most = set(), 0
    for scorer in (k[:-8] for k in items[0] if k.endswith(":set_llr")):
        name = scorer + ":set_llr"
        told = sorted({(float(r[scorer]), float(r[name])) for r in items if r[name]})
        assert not told or len({s for s, _ in told}) == len(told), (scorer, "two ratios of one score")
        assert [v for _, v in told] == sorted(v for _, v in told), (scorer, "ratios do not follow scores")
        most = max(most, len({v for _, v in told}))
        assert not any(r[name] for r in items if r["split"] == "calibrate"), scorer
    for m in csv.DictReader(open(f"{folder}/altered_metrics.csv")):
        name = m["scorer"] + ":set_llr"
        of = [r for r in items if r["alteration"] == m["alteration"] and m["split"] in ("all", r["split"]) and r[name]]
        if m["generator"] != "all" or not m["cllr"]:
            continue
        llr = [np.array([float(r[name]) for r in of if (r["label"] == "authentic") == c]) for c in (True, False)]
        want = (np.log2(1 + 10.0 ** -llr[1]).mean() + np.log2(1 + 10.0 ** llr[0]).mean()) / 2
        assert abs(float(m["cllr"]) - want) < 1e-6 and m["ratios_from"] == "calibrate", (m, want)
        checked.add(m["alteration"])
    assert {"none", "jpeg-95", "jpeg-50"} == checked and most > 1, (checked, most)


if sys.argv[1] == "ratios":
    ratios(sys.argv[2])
elif sys.argv[1] == "copies":
    check_copies(sys.argv[2], sys.argv[3])
else:
    cut()
