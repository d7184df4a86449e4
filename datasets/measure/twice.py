#!/usr/bin/env python3
"""twice.py - whether a measure tells pictures compressed twice from those compressed once.

usage: twice.py CASE/results.h5 MANIFEST DETECTOR MEASURE BOUND [SPLIT ...]

Authentic pictures of `make_labelled djpeg` alone.  Prints, by how much the second quality is above the
first: AUC against all that were compressed once (interval by bootstrap over scenes) and those above BOUND.
"""
import csv
import os
import sys

import numpy as np
from djpeg import auc, bin_of, read, share


def main():
    store, manifest, detector, measure, bound = sys.argv[1:6]
    rng = np.random.default_rng(1)
    found = read(store, detector)
    bins = {}
    for r in csv.DictReader(open(manifest)):
        note = dict(kv.split("=", 1) for kv in r["note"].split(";") if "=" in kv)
        feat = found[os.path.basename(r["path"])][0]
        if r["label"] == "authentic" and feat and (not sys.argv[6:] or r["split"] in sys.argv[6:]):
            bins.setdefault(bin_of(note), []).append((feat[measure], r["group"]))
    once = np.array([v for v, _ in bins["once"]])
    for name, got in sorted(bins.items()):
        twice = np.array([v for v, _ in got])
        line = "%-15s above %s: %s" % (name, bound, share(int((twice > float(bound)).sum()), len(twice)))
        if name != "once":  # one picture of each kind a scene
            drawn = []
            for _ in range(1000):
                a, b = rng.integers(0, len(once), len(once)), rng.integers(0, len(twice), len(twice))
                drawn.append(auc(np.r_[once[a], twice[b]], np.r_[np.zeros(len(a)), np.ones(len(b))] > 0))
            all_auc = auc(np.r_[once, twice], np.r_[np.zeros(len(once)), np.ones(len(twice))] > 0)
            line += "  AUC %.3f [%.3f, %.3f]" % (all_auc, *np.percentile(drawn, [2.5, 97.5]))
        print(line)


main()
