"""geometry.py - how well a measure of a case separates the labels of a manifest.

usage: geometry.py CASE DETECTOR MEASURE THRESHOLD MANIFEST[:SPLIT]... [--by AXIS[,AXIS]]

Prints, for each quality of the notes (q2): how many pictures, how many abstentions, AUC with the 95 %
percentile interval of 1000 bootstrap draws of whole groups, detections and picture-level false alarms above
THRESHOLD with their Clopper-Pearson bounds; with --by also the detections for each value of the axes.
"""
import csv
import os
import re
import sys

import h5py
import numpy as np
from scipy.stats import beta


def read(case, detector, measure):
    with h5py.File(case + "/results.h5") as f:
        items, strings = f["items"][:], f["strings"][:].tobytes()
        columns = [c.decode() for c in f["measures/" + detector].attrs["columns"]]
        values = f["measures/" + detector][:, columns.index(measure)]
        status = f["status/" + detector][:]
        paths = [strings[o:o + n].decode() for o, n in zip(items["path_offset"], items["path_length"])]
        return {p: (s == 1, v) for p, s, v in zip(paths, status, values)}


def auc(score, positive):
    a, b = score[positive], score[~positive]
    return np.nan if not len(a) or not len(b) else np.mean((a[:, None] > b) + .5 * (a[:, None] == b))


def interval(score, positive, groups):
    rng = np.random.default_rng(1)
    names = np.unique(groups)
    where = {g: np.flatnonzero(groups == g) for g in names}
    draws = [np.concatenate([where[g] for g in rng.choice(names, len(names))]) for _ in range(1000)]
    return np.nanpercentile([auc(score[d], positive[d]) for d in draws], (2.5, 97.5))


def share(k, n):
    low = beta.ppf(.025, k, n - k + 1) if k else 0
    high = beta.ppf(.975, k + 1, n - k) if k < n else 1
    return "%d of %d (%.3f to %.3f)" % (k, n, low, high)


def value_of(note, axes):
    said = dict(p.split("=", 1) for p in note.split(";") if "=" in p)
    parts = [a + " " + said[a] for a in axes if a in said and (a, said[a]) not in (("scale", "1.00"), ("angle", "0"))]
    return ", ".join(parts)


def table(found, rows, threshold, axes):
    kept = [(found[r["path"]][1], r) for r in rows if found[r["path"]][0]]
    score = np.array([v for v, _ in kept])
    positive = np.array([r["label"] != "authentic" for _, r in kept], bool)
    groups = np.array([r["group"] for _, r in kept])
    if not len(kept):
        return "all %d abstain" % len(rows)
    low, high = interval(score, positive, groups)
    out = "%d | %d | %.3f (%.3f to %.3f) | %s | %s |" % (
        len(kept), len(rows) - len(kept), auc(score, positive), low, high,
        share(int((score[positive] > threshold).sum()), int(positive.sum())),
        share(int((score[~positive] > threshold).sum()), int((~positive).sum())))
    kinds = {}
    for v, r in kept:
        if axes and r["label"] != "authentic":
            kinds.setdefault(value_of(r["note"], axes), []).append(v > threshold)
    if kinds:
        out += "\n\n" + "; ".join("%s: %d of %d" % (k, sum(v), len(v)) for k, v in sorted(kinds.items())) + "\n"
    return out


def main(case, detector, measure, threshold, *names):
    axes = []
    if "--by" in names:
        axes = names[names.index("--by") + 1].split(",")
        names = names[:names.index("--by")]
    found = read(case, detector, measure)
    for name in names:
        path, _, split = name.partition(":")
        rows = [r for r in csv.DictReader(open(path)) if not split or r["split"] == split]
        of = lambda r: (re.search(r"\bq2=(\d+)", r["note"]) or [0, "?"])[1]
        print("\n%s\n\n| q2 | N | abstain | AUC | detected | false alarms |\n|---|---|---|---|---|---|" %
              os.path.basename(name))
        for q in sorted({of(r) for r in rows}, key=lambda q: (q != "0", q)):
            print("| %s | %s" % ("none" if q == "0" else q,
                                 table(found, [r for r in rows if of(r) == q], float(threshold), axes)))


if __name__ == "__main__":
    main(*sys.argv[1:])
