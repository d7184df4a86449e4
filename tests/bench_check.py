"""bench_check.py CASE MANIFEST - the tables of a benchmark, computed again from its items.

Plain definitions, pair by pair: AUC, average precision, true positives at a rate of false ones, the
numbers of items; the scores of the HDF5 file against the CSV; maps against masks (PNG of one channel,
not interlaced) where the case has maps.
"""
import csv
import os
import struct
import sys
import zlib

import h5py
import numpy as np

case, manifest = sys.argv[1:]
bench = os.path.join(case, "bench")


def table(name):
    with open(os.path.join(bench, name), newline="") as f:
        return list(csv.DictReader(f))


def near(a, b, what):
    if not abs(a - b) <= 1e-6 * max(1, abs(b)):
        sys.exit(f"{what}: {a}, not {b}")


def grey_png(path):
    with open(path, "rb") as f:
        data = f.read()
    at, packed = 8, b""
    while at < len(data):
        n, kind = struct.unpack(">I4s", data[at : at + 8])
        if kind == b"IHDR":
            w, h = struct.unpack(">II", data[at + 8 : at + 16])
        if kind == b"IDAT":
            packed += data[at + 8 : at + 8 + n]
        at += n + 12
    raw = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(h, 1 + w).astype(int)
    out = np.zeros((h + 1, w + 1), int)
    for y in range(h):
        how = raw[y, 0]
        if how in (0, 2):
            out[y + 1, 1:] = (raw[y, 1:] + (out[y, 1:] if how else 0)) & 255
            continue
        for x in range(w):
            a, b, c = out[y + 1, x], out[y, x + 1], out[y, x]
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            out[y + 1, x + 1] = (raw[y, x + 1] + {1: a, 3: (a + b) // 2, 4: paeth}[how]) & 255
    return out[1:, 1:]


items = table("items.csv")
with open(manifest, newline="") as f:
    named = list(csv.DictReader(f))
if [r["path"] for r in items] != [r["path"] for r in named]:
    sys.exit("the items are not those of the manifest, in its order")
label = np.array([r["label"] != "authentic" for r in items])
scorers = [k[: -len(":why_not")] for k in items[0] if k.endswith(":why_not")]
score = {}
for s in scorers:
    score[s] = np.array([float(r[s]) if r[s] else np.nan for r in items])
    for r in items:
        if (r[s] == "") != (r[s + ":why_not"] != ""):
            sys.exit(f"{r['path']} has neither a score of {s} nor a reason, or both")


def ratios(scorer):
    """Those of a model, or those fitted on the set, which have another name."""
    fitted = {r["scorer"]: r["ratios_from"] for r in table("metrics.csv") if r["ratios_from"]}.get(scorer) == "calibrate"
    if fitted == (scorer + ":llr" in items[0]):
        sys.exit("a ratio that no model told is called one")
    return np.array([float(r[scorer + (":set_llr" if fitted else ":llr")] or "nan") for r in items])


def members(row):
    split = np.array([row["split"] in ("all", r["split"] or "-") for r in items])
    name = row["generator"]
    return split & (~label | np.array([name in ("all", r["generator"] or "-") for r in items]))


def auc(pos, neg):
    return ((pos[:, None] > neg).sum() + (pos[:, None] == neg).sum() / 2) / (len(pos) * len(neg))


def average_precision(pos, neg):
    values = np.unique(np.concatenate([pos, neg]))[::-1]
    total, before = 0.0, 0
    for v in values:
        tp, fp = (pos >= v).sum(), (neg >= v).sum()
        total += (tp - before) * tp / (tp + fp)
        before = tp
    return total / len(pos)


def tpr_at(pos, neg, rate):
    values = np.concatenate([pos, neg, [np.inf]])
    return max((pos >= v).mean() for v in values if (neg >= v).sum() <= rate * len(neg))


checked = 0
for row in table("metrics.csv"):
    of, v = members(row), score[row["scorer"]]
    there = of & ~np.isnan(v)
    for name, want in (("authentic", of & ~label), ("altered", of & label),
                       ("authentic_scored", there & ~label), ("altered_scored", there & label)):
        near(int(row[name]), want.sum(), f"{row['scorer']} {row['split']} {name}")
    pos, neg = v[there & label], v[there & ~label]
    if len(pos) == 0 or len(neg) == 0:
        if row["auc"]:
            sys.exit("a metric of one class alone")
        continue
    near(float(row["auc"]), auc(pos, neg), "auc")
    near(float(row["ap"]), average_precision(pos, neg), "ap")
    near(float(row["tpr_fpr_1e2"]), tpr_at(pos, neg, 0.01), "tpr at fpr .01")
    at = float(row["threshold"])
    near(int(row["tp"]), (pos >= at).sum(), "tp")
    near(int(row["fp"]), (neg >= at).sum(), "fp")
    near(float(row["bacc"]), ((pos >= at).mean() + (neg < at).mean()) / 2, "bacc")
    if not float(row["auc_low"]) <= float(row["auc_high"]):
        sys.exit("an interval upside down")
    llr = ratios(row["scorer"])
    pos, neg = llr[of & label & ~np.isnan(llr)], llr[of & ~label & ~np.isnan(llr)]
    if row["cllr"]:
        cllr = (np.log2(1 + 10.0**-pos).mean() + np.log2(1 + 10.0**neg).mean()) / 2
        near(float(row["cllr"]), cllr, "cllr")
    checked += 1

for row in table("compared.csv"):
    a, b = score[row["scorer_a"]], score[row["scorer_b"]]
    both = members(row) & ~np.isnan(a + b)
    near(int(row["altered"]), (both & label).sum(), "altered pictures that both scored")
    if row["auc_a"]:
        areas = [auc(v[both & label], v[both & ~label]) for v in (a, b)]
        for name, want in (("auc_a", areas[0]), ("auc_b", areas[1]), ("difference", areas[0] - areas[1])):
            near(float(row[name]), want, "compared " + name)

# plots of calibration: bits at each prior; of what is said and seen, all items once
seen = {}
for row in table("calibration.csv"):
    llr = ratios(row["scorer"])
    of, x = members(row) & ~np.isnan(llr), float(row["x"])
    pos, neg = llr[of & label], llr[of & ~label]
    if row["kind"] == "reliability":
        key = (row["scorer"], row["split"], row["generator"])
        seen[key] = seen.get(key, 0) + float(row["items"]) * np.array([1, float(row["y"])])
        continue
    near(float(row["items"]), len(pos) + len(neg), "items of a curve")
    prior = 1 / (1 + 10**-x)
    if row["kind"] == "cross_entropy_of_nothing":
        pos = neg = np.zeros(1)
    bits = prior * np.log2(1 + 10**-(pos + x)).mean() + (1 - prior) * np.log2(1 + 10**(neg + x)).mean()
    near(float(row["y"]), bits, f"cross entropy at {x}")
for (s, split, generator), (n, altered) in seen.items():
    of = members({"split": split, "generator": generator})
    of &= ~np.isnan(ratios(s))
    near(n, of.sum(), "items of a plot of reliability")
    near(altered, (of & label).sum(), "altered pictures of a plot of reliability")

sums = {}
for row in table("confusion.csv"):
    if row["by"] == "group":
        key = (row["scorer"], row["split"])
        sums[key] = sums.get(key, 0) + np.array([int(row[k]) for k in ("tp", "fp", "fn", "tn")])
ungrouped = any(not r["group"] for r in items)
for row in table("metrics.csv"):
    if row["generator"] == "all" and row["split"] != "all" and row["tp"] and not ungrouped:
        whole = [int(row[k]) for k in ("tp", "fp", "fn", "tn")]
        if list(sums.get((row["scorer"], row["split"]), [])) != whole:
            sys.exit("the confusions of the groups do not add up")

with h5py.File(os.path.join(bench, "scores.h5")) as f:
    for s in scorers:
        np.testing.assert_allclose(f["scores/" + s][:], score[s], rtol=1e-6)
    if list(f["label"][:] > 0) != list(label):
        sys.exit("labels of scores.h5")
    rows = f["item_row"][:]

maps = 0
with h5py.File(os.path.join(case, "results.h5")) as f:
    names = [n.decode() for n in f["maps"].attrs["detectors"]]
    all_maps, cells = f["maps"][:], f["map_data"][:]
    found = {}
    for m in all_maps:
        found[(int(m["item_row"]), int(m["detector"]))] = m
if len(all_maps):
    root = os.path.dirname(os.path.abspath(manifest))
    for row in table("pixels.csv"):
        f1 = []
        for i in np.flatnonzero(members(row) & label):
            m = found.get((int(rows[i]), names.index(row["detector"])))
            if m is None or not named[i]["mask"]:
                continue
            mask = grey_png(os.path.join(root, named[i]["mask"])) > 127
            grid = cells[int(m["offset"]) :][: int(m["w"]) * int(m["h"])]
            grid = grid.reshape(int(m["h"]), int(m["w"]))
            y = np.minimum(np.arange(mask.shape[0]) // int(m["cell"]), int(m["h"]) - 1)
            x = np.minimum(np.arange(mask.shape[1]) // int(m["cell"]), int(m["w"]) - 1)
            called = grid[np.ix_(y, x)] > 128  # one half is no evidence
            f1.append(2 * (called & mask).sum() / max(1, called.sum() + mask.sum()))
        if len(f1) != int(row["masks_with_map"]):
            sys.exit("another number of maps")
        if f1:
            near(float(row["f1"]), np.mean(f1), "pixel f1")
            maps += len(f1)
print(f"{checked} rows of metrics and {maps} maps agree")
