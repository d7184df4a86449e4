#!/usr/bin/env python3
"""authentic.py - how often a detector fires on a folder of authentic pictures.

usage: authentic.py CASE/results.h5 DETECTOR MEASURE BOUND

Prints items that the detector examined, those with MEASURE above BOUND, the upper end of the 95 %
Clopper-Pearson interval (`authentic` of a model file), the largest values, and the abstentions.
"""
import sys

import h5py
import numpy as np
from scipy.stats import beta

store, detector, measure, bound = sys.argv[1:5]
f = h5py.File(store)
columns = [c.decode() for c in f["measures/" + detector].attrs["columns"]]
values = f["measures/" + detector][:, columns.index(measure)]
pictures = f["items"]["width"] > 0
seen = values[~np.isnan(values)]
fired = int((seen > float(bound)).sum())
n = len(seen)
print("%s: %d items, %d fired, upper95 %.4f, %d pictures without a value" % (
    detector, n, fired, beta.ppf(.975, fired + 1, n - fired) if fired < n else 1, (pictures & np.isnan(values)).sum()))
print("largest %s: %s" % (measure, np.sort(seen)[::-1][:6].round(3)))
