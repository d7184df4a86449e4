#!/usr/bin/env python3
"""djpeg.py - what a detector of JPEG traces finds in labelled pictures.

usage: djpeg.py CASE/results.h5 MANIFEST DETECTOR MEASURE BOUND [SPLIT ...]

CASE is a run with --maps over the folder of MANIFEST (datasets/make_labelled).  Prints, by how much the
second quality is above the first: pixel AUC of the map on altered pictures (mean over pictures, interval by
bootstrap over scenes), pictures whose MEASURE is above BOUND, and the same of authentic ones (Clopper-Pearson).
"""
import csv
import os
import sys

import h5py
import numpy as np
from PIL import Image
from scipy.stats import beta, rankdata



def read(path, detector):
    """By base name: measures (a dict; none where the detector abstains) and the map."""
    f = h5py.File(path)
    columns = [c.decode() for c in f["measures/" + detector].attrs["columns"]]
    values = f["measures/" + detector][:]
    items, strings = f["items"][:], f["strings"][:].tobytes()
    maps, data = f["maps"][:], f["map_data"][:]
    out = {}
    for row, item in enumerate(items):
        o = int(item["path_offset"])
        name = os.path.basename(strings[o:o + int(item["path_length"])].decode())
        out[name] = [None if np.isnan(values[row][0]) else dict(zip(columns, values[row])), None]
        out[row] = out[name]
    same = {}
    for row, item in enumerate(items):  # duplicates repeat what stands at the first of their content
        first = same.setdefault(item["sha256"], row)
        if first != row:
            out[row][:] = out[first]
    for m in maps:
        n = int(m["w"]) * int(m["h"])
        o = int(m["offset"])
        out[int(m["item_row"])][1] = data[o:o + n].reshape(m["h"], m["w"])
    for row, item in enumerate(items):
        if same[item["sha256"]] != row:
            out[row][1] = out[same[item["sha256"]]][1]
    return out


def auc(score, truth):
    n1 = int(truth.sum())
    n0 = truth.size - n1
    if n1 == 0 or n0 == 0:
        return np.nan
    return (rankdata(score)[truth].sum() - n1 * (n1 + 1) / 2) / (n1 * n0)


def map_auc(heat, mask_path):
    mask = Image.open(mask_path).convert("L")
    h, w = heat.shape
    step = -(-mask.size[0] // w)
    full = np.zeros((h * step, w * step))
    full[:mask.size[1], :mask.size[0]] = np.asarray(mask)
    truth = full.reshape(h, step, w, step).mean((1, 3)) >= 128
    return auc(heat.ravel(), truth.ravel())


def share(hits, n):
    if n == 0:
        return "   none"
    low = beta.ppf(.025, hits, n - hits + 1) if hits else 0
    high = beta.ppf(.975, hits + 1, n - hits) if hits < n else 1
    return "%4d of %4d  %.3f [%.3f, %.3f]" % (hits, n, hits / n, low, high)


def interval(values, groups, rng):
    """Mean and its 95 % interval, scenes drawn with replacement."""
    values, groups = np.array(values), np.array(groups)
    names = np.unique(groups)
    sums = np.array([[values[groups == g].sum(), (groups == g).sum()] for g in names])
    drawn = sums[rng.integers(0, len(names), (1000, len(names)))].sum(1)
    low, high = np.percentile(drawn[:, 0] / drawn[:, 1], [2.5, 97.5])
    return "%.3f [%.3f, %.3f]" % (values.mean(), low, high)


def bin_of(note):
    q1, q2 = int(note.get("q1", 0)), int(note.get("q2", 0))
    if note.get("variant") == "single" or not q1:
        return "once"
    if q2 == 0:
        return "stored without loss"
    d = q2 - q1
    return ("q2 >= q1+20" if d >= 20 else "q2 = q1+10..19" if d >= 10 else "q2 = q1+1..9" if d > 0
            else "q2 = q1" if d == 0 else "q2 < q1")


def main():
    store, manifest, detector, measure, bound = sys.argv[1:6]
    splits = sys.argv[6:]
    rng = np.random.default_rng(1)
    found = read(store, detector)
    rows = {}
    abstained = total = 0
    for r in csv.DictReader(open(manifest)):
        if splits and r["split"] not in splits:
            continue
        note = dict(kv.split("=", 1) for kv in r["note"].split(";") if "=" in kv)
        feat, heat = found[os.path.basename(r["path"])]
        total += 1
        abstained += feat is None
        key = (r["label"], bin_of(note))
        if note.get("shift", "0x0") != "0x0":
            key = (r["label"], key[1] + ", shifted")
        value = feat[measure] if feat else -np.inf
        a = np.nan
        if r["mask"] and heat is not None:
            a = map_auc(heat, os.path.join(os.path.dirname(manifest), r["mask"]))
        elif r["mask"]:
            a = .5  # no map: nothing told apart
        rows.setdefault(key, []).append((value, a, r["group"]))
    for label, name, ends in [("authentic", "all", ""), ("tampered", "q2 >= q1+10", ("+20", "..19"))]:
        rows[label, "= " + name] = [x for k, v in rows.items() if k[0] == label and k[1].endswith(ends) for x in v]
    print("%d pictures, %d abstentions; %s above %s" % (total, abstained, measure, bound))
    for key in sorted(rows):
        got = rows[key]
        if not got:
            continue
        hits = sum(v > float(bound) for v, _, _ in got)
        line = "%-10s %-26s %s" % (key + (share(hits, len(got)),))
        areas = [(a, g) for _, a, g in got if not np.isnan(a)]
        if areas:
            line += "  pixel AUC " + interval([a for a, _ in areas], [g for _, g in areas], rng)
        print(line)


if __name__ == "__main__":
    main()
