#!/usr/bin/env python3
"""djpeg_check.py - the detectors of JPEG traces beside the formulas of their papers in numpy.

usage: djpeg_check.py CASE/results.h5 MANIFEST
Pixels come from libjpeg's luma, rounded, coefficients from a transform of scipy; nothing is shared with the program.
"""
import csv
import io
import os
import sys

import h5py
import numpy as np
from PIL import Image
from scipy.fft import dctn
from scipy.ndimage import gaussian_filter1d, median_filter, uniform_filter

ZIGZAG = [0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4]
BASE = [16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24]  # K.1 along the zigzag
bad = 0


def check(ok, what):
    global bad
    if not ok:
        print("djpeg_check:", what)
        bad += 1


def ijg(quality):
    s = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((np.array(BASE) * s + 50) // 100, 1, 255)


def blocks(luma, x, y):
    h, w = (luma.shape[0] - y) // 8, (luma.shape[1] - x) // 8
    cut = luma[y:y + 8 * h, x:x + 8 * w].reshape(h, 8, w, 8).transpose(0, 2, 1, 3) - 128.0
    return dctn(cut, axes=(2, 3), norm="ortho").reshape(h, w, 64)[:, :, ZIGZAG]


def adq2(seen, cut, q2):
    """Bianchi, De Rosa, Piva 2011: the step of one frequency and P(once) of each block."""
    x = np.arange(-200, 201)
    h, _ = np.histogram(seen, np.arange(-200.5, 201))
    smooth, _ = np.histogram(np.round(cut / q2), np.arange(-200.5, 201))
    h, smooth, use = h / h.sum(), smooth / smooth.sum(), x != 0
    best = (np.inf, 0, None)
    for q1 in range(1, 60):
        n = q1 / q2 * (np.floor(q2 / q1 * (x + .5)) - np.ceil(q2 / q1 * (x - .5)) + 1)
        n = gaussian_filter1d(n, max(.35 / q2, .05))
        d = (n - 1) * smooth
        share = np.sum((h - smooth)[use] * d[use]) / max(np.sum(d[use] ** 2), 1e-12)
        error = np.sum((h - smooth - min(share, 1) * d)[use] ** 2)
        if share > .25 and error < best[0]:
            best = (error, q1, n)
    if best[2] is None:
        return 0, np.zeros(seen.shape)
    return best[1], -np.log(np.maximum(best[2][np.clip(seen, -200, 200) + 200], .02))


def check_adq(name, luma, q2, said, heat, first):
    seen = np.round(blocks(luma, 0, 0) / q2).astype(int)
    cut = blocks(luma, 4, 4)
    steps, llr = zip(*[adq2(seen[:, :, f], cut[:, :, f], q2[f]) for f in range(15)])
    same = np.mean(np.array(steps) == ijg(first))
    ours = median_filter(np.sum(llr, 0), 5) > 0
    agree = np.mean(ours == (heat > 127))
    check(said["first_quality"] == first, "%s: adq says %g" % (name, said["first_quality"]))
    check(same >= .6, "%s: the paper's steps agree with the table by %.2f" % (name, same))
    check(agree > .9, "%s: maps of adq agree by %.2f" % (name, agree))


def check_nadq(name, luma, said, first, shift):
    best = (-1, None)
    for grid in range(1, 64):
        c = blocks(luma, grid % 8, grid // 8)[:, :, :6]
        q = ijg(first)[:6]
        z = sum(np.mean(np.cos(2 * np.pi * c[..., f] / q[f])[np.abs(c[..., f]) > q[f] / 2]) for f in range(6))
        best = max(best, (z, grid))
    check(best[1] == shift, "%s: numpy finds grid %d" % (name, best[1]))
    check(said["shift_x_px"] + 8 * said["shift_y_px"] == shift, "%s: nadq says %s" % (name, said))
    check(said["first_quality"] == first, "%s: nadq says quality %g" % (name, said["first_quality"]))


def digits(x):
    x = np.abs(x[x != 0])
    return np.bincount((x // 10 ** np.floor(np.log10(x) + 1e-9)).astype(int), minlength=10)[1:10]


def check_benford(name, luma, q2, said):
    seen, cut = np.round(blocks(luma, 0, 0) / q2), np.round(blocks(luma, 4, 4) / q2)
    departures = []
    for f in range(1, 10):
        a, b = digits(seen[:, :, f]), digits(cut[:, :, f])
        if min(a.sum(), b.sum()) >= 200:
            p = (b + 1) / (b.sum() + 9)
            departures.append(np.sum((a / a.sum() - p) ** 2 / p))
    ours = np.mean(departures)
    check(abs(ours - said["cut_departure"]) < .2 * ours + .002,
          "%s: departure %g, not %g" % (name, said["cut_departure"], ours))


def check_ghost(name, path, mask, said, heat, first):
    """Farid 2009 in pixels: what another compression by the first quality changes."""
    image = Image.open(path).convert("L")
    again = io.BytesIO()
    image.save(again, "JPEG", quality=first)
    d = (np.asarray(image, float) - np.asarray(Image.open(again), float)) ** 2
    d = uniform_filter(d, 17)[4::8, 4::8]
    inside = mask[4::8, 4::8] > 127
    check(np.median(d[inside]) > 2 * np.median(d[~inside]), "%s: the paper's ghost is not there" % name)
    check(abs(said["ghost_quality"] - first) <= 3, "%s: ghost says %g" % (name, said["ghost_quality"]))
    check(np.mean(inside == (heat > 127)) > .9, "%s: the map of ghost is not the mask" % name)


def main():
    f = h5py.File(sys.argv[1])
    strings, root = f["strings"][:].tobytes(), os.path.dirname(sys.argv[2])
    said, heat = {}, {}
    detectors = ["adq", "benford", "ghost", "nadq"]
    for row, item in enumerate(f["items"]):
        o = int(item["path_offset"])
        name = os.path.basename(strings[o:o + int(item["path_length"])].decode())
        for d in detectors:
            columns = [c.decode() for c in f["measures/" + d].attrs["columns"]]
            said[name, d] = dict(zip(columns, f["measures/" + d][row]))
        for m in f["maps"][:][f["maps"][:]["item_row"] == row]:
            n, at = int(m["w"]) * int(m["h"]), int(m["offset"])
            heat[name, int(m["detector"])] = f["map_data"][at:at + n].reshape(m["h"], m["w"])
    number = {}  # adq, ghost and nadq are the only detectors with maps, in the order of their names
    for k, d in zip(sorted({k for _, k in heat}), ["adq", "ghost", "nadq"]):
        number[d] = k
    for r in csv.DictReader(open(sys.argv[2])):
        note = dict(kv.split("=") for kv in r["note"].split(";"))
        name, path = os.path.basename(r["path"]), os.path.join(root, r["path"])
        image = Image.open(path)
        q2 = ijg(int(note["q2"]))
        image.draft("L", image.size)
        luma = np.asarray(image.convert("L"), float)
        check_benford(name, luma, q2, said[name, "benford"])
        if note["variant"] == "single":
            continue
        first, (dx, dy) = int(note["q1"]), map(int, note["shift"].split("x"))
        if dx or dy:
            check_nadq(name, luma, said[name, "nadq"], first, (8 - dx) % 8 + 8 * ((8 - dy) % 8))
        elif note["variant"] == "centre":
            mask = np.asarray(Image.open(os.path.join(root, r["mask"])).convert("L"))
            check_adq(name, luma, q2, said[name, "adq"], heat[name, number["adq"]], first)
            check_ghost(name, path, mask, said[name, "ghost"], heat[name, number["ghost"]], first)
    return bad > 0


sys.exit(main())
