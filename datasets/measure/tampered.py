"""tampered.py - every detector on the altered pictures of the shared data.

usage: tampered.py set DATA OUT       OUT/all.csv, and OUT/SUBSET.csv for each subset with masks, for `assay bench`
       tampered.py table CASE [CASE]  tables in Markdown of what it found, the second ones of pixels alone

A group is an original with what was made of it.  The masks of `zero` are what differs between its two PNGs;
the mask of `trace` (42 pixels) is left out.  A picture is told as altered when the score of the model is above 0, or a
measure above the bound of BOUNDS; false alarms are counted on all authentic pictures.  Intervals are 95 %: Clopper and Pearson's
of counts, assay's own bootstrap over groups of the rest.
"""
import collections
import csv
import os
import sys

import numpy as np
from PIL import Image
from scipy.stats import beta

BOUNDS = {"cooccurrence.region_share": .2, "noise_level.strange_share": .2, "benford.cut_departure": .05}
COLUMNS = ("path", "label", "split", "mask", "group", "generator")


def group_of(subset, name):
    if subset == "psbattles":  # 23 and 64 are of one original
        return {"I64": "I23"}.get(name[:3], name[:3])
    if subset == "noso":
        return "noso" + name[:2]
    return subset if subset in ("zero", "trace") else name


def rows_of(data, out):
    for r in csv.DictReader(open(os.path.join(data, "manifest.csv"))):
        label, parts = r["label"].split(":")[0], r["path"].split("/")
        if r["set"] != "b_tampered" or label not in ("authentic", "tampered"):
            continue
        subset = parts[1].replace("mantranet_", "")
        mask = os.path.abspath(os.path.join(data, r["mask"])) if r["mask"] and subset != "trace" else ""
        if subset == "zero" and label == "tampered":
            a, b = (np.asarray(Image.open(os.path.join(data, *parts[:2], n)).convert("RGB"))
                    for n in ("roma.png", "tampered1.png"))
            mask = os.path.join(out, "zero.png")
            Image.fromarray(((a != b).any(2) * 255).astype(np.uint8)).save(mask)
        yield (os.path.abspath(os.path.join(data, r["path"])), label, "test", mask, group_of(subset, parts[2]),
               subset if label == "tampered" else "")


def make_set(data, out):
    out = os.path.abspath(out)
    os.makedirs(out, exist_ok=True)
    rows = list(rows_of(data, out))
    for name in ["all"] + sorted({r[5] for r in rows if r[3]}):
        with open(os.path.join(out, name + ".csv"), "w", newline="") as f:
            w = csv.writer(f)
            w.writerow(COLUMNS)
            w.writerows(r for r in rows if name == "all" or r[5] == name and r[3] or r[1] == "authentic")


def share(k, n):
    if not n:
        return "-"
    low = beta.ppf(.025, k, n - k + 1) if k else 0
    high = beta.ppf(.975, k + 1, n - k) if k < n else 1
    return "%d of %d (%.2f to %.2f)" % (k, n, low, high)


def ranged(row, key, form="%.2f"):
    if row is None or row[key] in ("", "nan"):  # one class is missing
        return "-"
    return " ".join((form % float(row[key]), "(%s to %s)" % tuple(form % float(row[key + e]) for e in ("_low", "_high"))))


def pictures(case):
    items = list(csv.DictReader(open(case + "/bench/items.csv")))
    metrics = {(m["scorer"], m["generator"]): m for m in csv.DictReader(open(case + "/bench/metrics.csv"))}
    altered = collections.Counter(i["generator"] for i in items)
    print("| detector | pictures | altered, told | authentic, told | AUC |\n|---|---|---|---|---|")
    for name in (k[:-8] for k in items[0] if k.endswith(":why_not")):
        scored = [i for i in items if i[name]]
        told = lambda rows: share(sum(float(i[name]) > BOUNDS.get(name, 0) for i in rows), len(rows))
        good = [i for i in scored if not i["generator"]]
        rows = {"all": [i for i in scored if i["generator"]]}
        for i in rows["all"]:  # subsets of one or two pictures together
            rows.setdefault(i["generator"] if altered[i["generator"]] > 2 else "others", []).append(i)
        for subset, bad in sorted(rows.items(), key=lambda r: (r[0] != "all", r[0] == "others", r[0])) if scored else ():
            print("| %s | %s | %s | %s | %s |" % (name if subset == "all" else "", subset, told(bad), told(good) if subset == "all" else "",
                                                  ranged(metrics.get((name, subset)), "auc")))
    print("\nNot scored:\n")
    for name in (k[:-8] for k in items[0] if k.endswith(":why_not")):
        why = collections.Counter(i[name + ":why_not"] or i["reason"] for i in items if not i[name])
        if why:
            print("* %s: %s" % (name, "; ".join("%d: %s" % (n, w) for w, n in why.most_common())))


def audit(case):
    print("\n| of the file alone | AUC |\n|---|---|")
    for a in csv.DictReader(open(case + "/bench/audit.csv")):
        if a["generator"] == "all":
            print("| %s | %s |" % (a["feature"], ranged(a, "auc")))


def pixels(case):
    print("\n| map | of masks | AUC | F1 above .5 | best | IoU | best | MCC | best | authentic pixels above .5 |\n" + "|---" * 10 + "|")
    for p in csv.DictReader(open(case + "/bench/pixels.csv")):
        print("| %s | %s of %s | %s |" % (p["detector"], p["masks_with_map"], p["masks"], " | ".join(
            ranged(p, k) for k in ("auc", "f1", "f1_best", "iou", "iou_best", "mcc", "mcc_best", "false_alarms"))))


if sys.argv[1] == "set":
    make_set(sys.argv[2], sys.argv[3])
else:
    pictures(sys.argv[2])
    audit(sys.argv[2])
    for case in sys.argv[2:]:
        pixels(case)
