#!/usr/bin/env python3
"""copymove.py - how well the detector of copies finds them, and how often it errs.

usage: copymove.py ASSAY MANIFEST FOLDER [SPLIT]

MANIFEST has the columns path, label, mask, and may have split and note (make_labelled) or set; of
it the pictures in FOLDER count, of SPLIT if it is given.  Masks are relative to the folder of the manifest.
A picture is told as copied when its score is above 0.  Pixels: the map against the mask, at 0.05.
Intervals are exact (Clopper, Pearson), 95 %; of F1, by 2000 bootstrap samples.
"""
import csv
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np
from PIL import Image
from scipy.stats import beta


def interval(k, n):
    lo = beta.ppf(0.025, k, n - k + 1) if k else 0
    hi = beta.ppf(0.975, k + 1, n - k) if k < n else 1
    return "%d of %d, %.2f (%.2f-%.2f)" % (k, n, k / n, lo, hi)


def f1_of(found, mask):
    both = np.sum(found & mask)
    return 2 * both / (np.sum(found) + np.sum(mask)) if both else 0.0


def mask_of(path):
    im = np.asarray(Image.open(path))
    return (im.reshape(im.shape[0], im.shape[1], -1)[:, :, :3].max(2)) > 127


def read_case(path):
    """Of each item's path: applies, measures by name, map (w, h, cell, cells) or None."""
    with h5py.File(path, "r") as f:
        text, items = f["strings"][:].tobytes(), f["items"][:]
        names = [c.decode() for c in f["measures/copymove"].attrs["columns"]]
        values, status = f["measures/copymove"][:], f["status/copymove"][:]
        reasons = f["reasons/copymove"][:]
        maps = {int(m["item_row"]): m for m in f["maps"][:]}
        data = f["map_data"][:]
    out = {}
    for i, it in enumerate(items):
        name = text[it["path_offset"]:it["path_offset"] + it["path_length"]].decode()
        m = maps.get(i)
        cells = None
        if m is not None:
            at = int(m["offset"])
            cells = data[at:at + int(m["w"]) * int(m["h"])].reshape(m["h"], m["w"]), int(m["cell"])
        out[name.split("/", 1)[-1]] = (dict(zip(names, values[i])), cells, status[i], reasons[i])
    return out


def score(row, root, case, folder):
    values, cells, status, _ = case[os.path.relpath(os.path.join(root, row["path"]), folder)]
    told = values["correlation"] > 0
    f1 = None
    if row.get("mask") and row["label"].startswith("tampered"):
        mask = mask_of(os.path.join(root, row["mask"]))
        found = np.zeros(mask.shape, bool)
        if cells is not None:
            big = np.kron(cells[0] > 12, np.ones((cells[1], cells[1]), bool))
            found = big[:mask.shape[0], :mask.shape[1]]
        f1 = f1_of(found, mask)
    return told, f1, values


def line(name, rows):
    told = sum(t for t, _, _ in rows)
    f1 = np.array([f for _, f, _ in rows if f is not None])
    text = ""
    if len(f1):
        rng = np.random.default_rng(1)
        draws = rng.choice(f1, (2000, len(f1))).mean(1)
        text = "%.2f (%.2f-%.2f)" % (f1.mean(), *np.quantile(draws, [0.025, 0.975]))
    print("| %s | %s | %s |" % (name, interval(told, len(rows)), text))


def keys(row):
    """The subsets a picture belongs to."""
    yield "all " + row["label"].split(":")[0]
    if row["label"] != row["label"].split(":")[0]:
        yield row["label"]
    note = dict(x.split("=", 1) for x in (row.get("note") or "").split(";") if "=" in x)
    if row["label"] != "tampered" or "angle" not in note:
        return
    turned, scaled = note["angle"] != "0", note["scale"] not in ("1", "1.00")
    yield "turned by " + note["angle"] if turned else "scaled by " + note["scale"] if scaled \
        else "as it was"
    yield "quality " + note["q2"] if note["q2"] != "0" else "PNG"
    yield "area " + note["percent"] + " %"


def main():
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    assay, manifest, folder = sys.argv[1:4]
    root = os.path.dirname(manifest)
    rows = [r for r in csv.DictReader(open(manifest, encoding="utf-8"))
            if os.path.join(root, r["path"]).startswith(folder.rstrip("/") + "/")
            and r["label"].split(":")[0] in ("authentic", "tampered", "real")
            and (len(sys.argv) < 5 or r["split"] == sys.argv[4])]
    with tempfile.TemporaryDirectory() as tmp:
        case = os.path.join(tmp, "case")
        subprocess.run([assay, "run", folder, "-o", case, "--detector", "copymove", "--maps"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        case = read_case(os.path.join(case, "results.h5"))
    groups = {}
    print("| pictures | told as copied | F1 of pixels |\n|---|---|---|")
    for r in rows:
        if os.path.relpath(os.path.join(root, r["path"]), folder) not in case:
            continue
        result = score(r, root, case, folder)
        if not np.isfinite(result[2]["correlation"]):
            result = False, 0.0 if result[1] is not None else None, result[2]
            groups.setdefault("(abstained or not applicable)", []).append(result)
        for k in keys(r):
            groups.setdefault(k, []).append(result)
        wrong = result[0] != (r["label"].split(":")[0] == "tampered")
        if wrong and os.environ.get("VERBOSE"):
            print(r["path"], r["label"], r.get("note"), {k: round(float(v), 2) for k, v in result[2].items()},
                  file=sys.stderr)
    for k in sorted(groups):
        line(k, groups[k])


if __name__ == "__main__":
    main()
