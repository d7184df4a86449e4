#!/usr/bin/env python3
"""local.py - what a detector with a map finds in labelled pictures: a table in Markdown.

usage: local.py STORE MANIFEST DETECTOR MEASURE [--over X] [--split S,...] [--by KEY]

STORE is results.h5 of `assay run FOLDER --detector DETECTOR --maps`, MANIFEST that of
make_labelled, or any with path, label, split, mask, group and note; paths are relative to it.

Pictures: a picture fires when MEASURE is above X (0).  Intervals are Clopper and Pearson's, 95 %.
Pixels: of tampered pictures with a mask; the map is laid over the mask square by square; F1 and MCC
at .5, and the share of pixels above .5 in authentic pictures; means over pictures with the interval
of 1000 bootstrap samples of groups.  Pictures where the detector abstains count in no rate but
their number.  --by groups rows by a key of the note (of tampered pictures; authentic ones stay).
"""
import argparse
import csv
import os

import h5py
import numpy as np
from PIL import Image
from scipy.stats import beta, rankdata


def read_store(path, name):
    """{forensic path: (status, measures, (size of a cell, map) or None)}, names of measures."""
    f = h5py.File(path)
    strings, items = f["strings"][:].tobytes(), f["items"][:]
    columns = [c.decode() for c in f["measures/" + name].attrs["columns"]]
    detectors = [d.decode() for d in f["maps"].attrs["detectors"]]
    status, measures = f["status/" + name][:], f["measures/" + name][:]
    maps, data = {}, f["map_data"]
    for m in f["maps"][:]:
        if detectors[m["detector"]] == name:
            n = int(m["w"]) * int(m["h"])
            cells = data[int(m["offset"]):int(m["offset"]) + n].reshape(m["h"], m["w"])
            maps[int(m["item_row"])] = (int(m["cell"]), cells / 255)
    out = {}
    for i, it in enumerate(items):
        at = it["path_offset"]
        key = strings[at:at + it["path_length"]].decode("utf-8", "backslashreplace")
        out[key] = (int(status[i]), measures[i], maps.get(i))
    return out, columns


def lay(cells, cell, shape):
    """The map as large as the picture."""
    big = np.kron(cells, np.ones((cell, cell)))
    return big[:shape[0], :shape[1]]


def pixel_scores(m, mask):
    truth, said = mask.ravel() > 127, m.ravel() > .5
    tp, fp = float((truth & said).sum()), float((~truth & said).sum())
    fn, tn = float((truth & ~said).sum()), float((~truth & ~said).sum())
    root = np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    ranks = rankdata(m.ravel())
    auc = (ranks[truth].sum() - truth.sum() * (truth.sum() + 1) / 2) / (truth.sum() * (~truth).sum())
    return 2 * tp / (2 * tp + fp + fn), (tp * tn - fp * fn) / root if root else 0, auc


def exact(k, n):
    if not n:
        return "-"
    lo = beta.ppf(.025, k, n - k + 1) if k else 0
    hi = beta.ppf(.975, k + 1, n - k) if k < n else 1
    return "%d of %d: %.3f (%.3f to %.3f)" % (k, n, k / n, lo, hi)


def auc_of(pos, neg):
    if not pos or not neg:
        return "-"
    r = rankdata(list(pos) + list(neg))
    return "%.3f" % ((r[:len(pos)].sum() - len(pos) * (len(pos) + 1) / 2) / (len(pos) * len(neg)))


def mean_ci(pairs):
    """Mean of values, and the interval by drawing groups."""
    if not pairs:
        return "-"
    groups = {}
    for g, v in pairs:
        groups.setdefault(g, []).append(v)
    sums = np.array([(sum(v), len(v)) for v in groups.values()])
    draw = np.random.default_rng(1).integers(0, len(sums), (1000, len(sums)))
    means = sums[draw, 0].sum(1) / sums[draw, 1].sum(1)
    return "%.3f (%.3f to %.3f)" % (sums[:, 0].sum() / sums[:, 1].sum(),
                                    *np.percentile(means, [2.5, 97.5]))


def line(title, rows, over):
    live = [r for r in rows if r["status"] == 1]
    fired = lambda label: [r for r in live if r["label"] == label and r["value"] > over]
    bad = [r for r in live if r["label"] == "tampered"]
    good = [r for r in live if r["label"] == "authentic"]
    scored = [(r["group"], r["pixel"]) for r in bad if r["pixel"]]
    print("| %s | %d | %s | %s | %s | %s | %s | %s | %s |" % (
        title, len(rows) - len(live), exact(len(fired("authentic")), len(good)),
        exact(len(fired("tampered")), len(bad)),
        auc_of([r["value"] for r in bad], [r["value"] for r in good]),
        *(mean_ci([(g, p[i]) for g, p in scored]) for i in range(3)),
        mean_ci([(r["group"], r["area"]) for r in good if r["area"] is not None])))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("store", "manifest", "detector", "measure"):
        p.add_argument(name)
    p.add_argument("--over", type=float, default=0)
    p.add_argument("--split")
    p.add_argument("--by")
    p.add_argument("--list", action="store_true", help="name authentic pictures that fire")
    a = p.parse_args()
    store, columns = read_store(a.store, a.detector)
    root, which = os.path.dirname(os.path.abspath(a.manifest)), columns.index(a.measure)
    rows = []
    for r in csv.DictReader(open(a.manifest)):
        if a.split and r["split"] not in a.split.split(",") or r["path"] not in store:
            continue
        status, measures, m = store[r["path"]]
        r.update(status=status, value=float(measures[which]), pixel=None, area=None)
        if m and r["label"] == "authentic":
            r["area"] = float((m[1] > .5).mean())
        elif m and r["mask"]:
            mask = np.asarray(Image.open(os.path.join(root, r["mask"])).convert("L"))
            if 0 < (mask > 127).mean() < 1:
                r["pixel"] = pixel_scores(lay(m[1], m[0], mask.shape), mask)
        r["notes"] = dict(x.split("=", 1) for x in r["note"].split(";") if "=" in x)
        rows.append(r)
    print("| pictures | abstained | authentic that fire | tampered that fire | AUC | F1 at .5 | "
          "MCC at .5 | pixel AUC | authentic area |\n|---|---|---|---|---|---|---|---|---|")
    line("all", rows, a.over)
    good = [r for r in rows if r["label"] == "authentic"]
    for v in sorted({r["notes"].get(a.by, "") for r in rows if r["label"] == "tampered"} if a.by
                    else ()):
        line("%s %s" % (a.by, v), [r for r in rows if r["label"] == "tampered"
                                   and r["notes"].get(a.by, "") == v] + good, a.over)
    for r in good if a.list else ():
        if r["status"] == 1 and r["value"] > a.over:
            print("fires: %s %s %g" % (r["path"], r["note"], r["value"]))


if __name__ == "__main__":
    main()
