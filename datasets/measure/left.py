#!/usr/bin/env python3
"""left.py - how well generators are told that a model does not know, before and after neutralisation.

usage: left.py ASSAY WORK MANIFEST.csv...    each as neutralise.py or make_labelled writes it
options: --detectors NAME,...    dctr wants JPEG files: files alone are then measured on these

Each detector by `assay train --leave generator`; then all their measures together, in the same way, with the
discriminant of spectrum.py, whose ridge is fixed.  Prints a column for each manifest.  WORK keeps models and cases.
"""
import argparse
import csv
import json
import os
import subprocess

import numpy as np

from spectrum import ALL, Fisher, matrix, run

FOLDS, DRAWS = 5, 1000
FIT = {"dctr": "fld"}  # 8,000 measures, more than there are pictures


def trained(assay, work, manifest, detector):
    """What the model file says of generators left out, by their names, and the pictures that have no score."""
    to = os.path.join(work, "%s.%s.json" % (os.path.basename(manifest), detector))
    if not os.path.exists(to):
        fit = FIT.get(detector, "lda")
        subprocess.run([assay, "train", manifest, "--detector", detector, "--leave", "generator", "--fit", fit,
                        "-o", to], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(to) as f:
        return {r["value"]: r for r in json.load(f)["training"]["left"]["of"]}


def cells(rows, x, y):
    """(value, its rows, authentic rows, scores of both) by models that know neither: train_leave.c's rules."""
    group, split = (np.array([r[k] for r in rows]) for k in ("group", "split"))
    generator = np.array([r["generator"] for r in rows])
    test = "test" if ((split == "test") & (y == 0)).any() else "train"
    own = list(dict.fromkeys(group[(y == 0) & (split == test)]))
    fold = {g: 0 if test == "test" else i % FOLDS for i, g in enumerate(own)}
    fold = np.array([fold.get(g, -1) for g in group])
    for value in dict.fromkeys(generator[y == 1]):
        kin = np.isin(group, group[generator == value])
        for k in sorted(set(fold) - {-1}):
            train = (split == "train") & ~kin & (fold != k)
            score = Fisher(x[train], y[train])(x)
            a, b = np.flatnonzero((generator == value) & (y == 1)), np.flatnonzero((fold == k) & (y == 0))
            yield a, b, score[a], score[b]


def together(rows, x, y):
    """AUC with its interval: pairs of a cell in order, whole groups drawn, each kind among its like."""
    names, group = np.unique([r["group"] for r in rows], return_inverse=True)
    wins, used = [], np.zeros((2, len(names)), bool)
    for a, b, s, t in cells(rows, x, y):
        d = s[:, None] - t[None]
        wins.append((group[a], group[b], (d > 0) + .5 * (d == 0)))
        used[0, group[b]] = used[1, group[a]] = True

    def area(weight):
        won = sum(weight[a] @ w @ weight[b] for a, b, w in wins)
        return won / sum(weight[a].sum() * weight[b].sum() for a, b, w in wins)

    rng, got = np.random.default_rng(1), []
    for _ in range(DRAWS):
        weight = np.zeros(len(names))
        for kind in (used[0] & ~used[1], used[1] & ~used[0], used[0] & used[1]):
            member = np.flatnonzero(kind)
            if len(member):
                np.add.at(weight, rng.choice(member, len(member)), 1)
        got.append(area(weight))
    return area(np.ones(len(names))), *np.percentile(got, [2.5, 97.5])


def figure(f):
    return "%.3f [%.3f, %.3f]" % tuple(f)


def both(assay, work, manifest, detectors):
    rows = list(csv.DictReader(open(manifest)))
    top = os.path.dirname(os.path.abspath(manifest))
    folder = os.path.commonpath([os.path.dirname(os.path.join(top, r["path"])) for r in rows])
    name = os.path.basename(manifest).split(".")[0]
    got = run(assay, work, name, folder, ",".join(detectors))
    x, use = matrix(got, [os.path.basename(r["path"]) for r in rows], "+".join(detectors))
    rows = [r for r, u in zip(rows, use) if u]
    y = np.array([r["label"] != "authentic" for r in rows]).astype(int)
    return figure(together(rows, x, y))


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("assay")
    p.add_argument("work")
    p.add_argument("manifests", nargs="+")
    p.add_argument("--detectors", default=ALL)
    args = p.parse_args()
    os.makedirs(args.work, exist_ok=True)
    detectors = args.detectors.split(",")
    left = {(m, d): trained(args.assay, args.work, m, d) for m in args.manifests for d in detectors}

    def show(word, of):
        print("| %s | %s |" % (word, " | ".join(of(m) for m in args.manifests)), flush=True)

    show("", lambda m: os.path.basename(m).split(".")[0])
    show("files alone", lambda m: figure(left[m, detectors[0]]["all"]["files_alone"]))
    for d in detectors:
        show(d, lambda m: "%s (%d, %d)" % (figure(left[m, d]["all"]["auc"]), *left[m, d]["all"]["items"][::-1]))
    if len(detectors) > 1:
        show("all together", lambda m: both(args.assay, args.work, m, detectors))
    for m in args.manifests:
        print("\nby generator, %s: least and largest AUC" % os.path.basename(m))
        for d in detectors:
            of = sorted((r["auc"][0], v, r["items"][1]) for v, r in left[m, d].items() if v != "all" and "auc" in r)
            print("%s: %.3f %s (%d) ... %.3f %s (%d)" % (d, *of[0], *of[-1]))


if __name__ == "__main__":
    main()
