#!/usr/bin/env python3
"""bench_tools.py - detectors beside the Python tools that do the like, on the same pictures.

usage: bench_tools.py BENCH_DETECTORS FOLDER [TOOL...]

Needs pyIFD and photoholmes, with what they import, on PYTHONPATH; they are no part of this project.  FOLDER has *.jpg for
all tools, and *.png that a Bayer filter was put before, for CFA1.  For each picture in turn the detector (median of 3, with its
map), then the tool, from the file to the result, one core each: processor milliseconds per megapixel, medians over pictures
and rounds, and the median, smallest and largest of the ratios of pairs.  Of the detector: from the file, and without decoding.
"""
import glob
import logging
import os
import subprocess
import sys
import time
import warnings
from statistics import median

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
warnings.filterwarnings("ignore")

import cv2
import numpy as np
import torch
from PIL import Image
from photoholmes.methods.splicebuster import Splicebuster, splicebuster_preprocessing
from photoholmes.methods.zero import Zero, zero_preprocessing
from pyIFD.BLK import GetBlockGrid
from pyIFD.CFA1 import CFA1
from pyIFD.GHOST import GHOST
from pyIFD.NOI1 import GetNoiseMap
from pyIFD.NOI4 import MedFiltForensics

np.NaN = np.nan
cv2.setNumThreads(1)
torch.set_num_threads(1)
logging.disable(logging.CRITICAL)


def rgb(path):
    return np.asarray(Image.open(path).convert("RGB"))


TOOLS = (  # name, function, detector, pictures, rounds
    ("NOI1", GetNoiseMap, "noise_level", "*.jpg", 5),
    ("NOI4", MedFiltForensics, "median", "*.jpg", 5),
    ("CFA1", CFA1, "cfa", "*.png", 3),
    ("BLK", GetBlockGrid, "grid", "*.jpg", 3),
    ("GHOST", GHOST, "ghost", "*.jpg", 2),
    ("Splicebuster", lambda p: Splicebuster().predict(**splicebuster_preprocessing(image=rgb(p))), "cooccurrence", "*.jpg", 1),
    ("ZERO", lambda p: Zero().predict(**zero_preprocessing(image=rgb(p))), "grid", "*.jpg", 1),
)


def ours(bench, detector, path):
    env = {k: v for k, v in os.environ.items() if k not in ("LD_LIBRARY_PATH", "PYTHONPATH")}
    out = subprocess.run([bench, "3", detector, path], env=env, capture_output=True, text=True, check=True).stdout
    alone, whole = out.splitlines()[1].split()[1:3]
    return float(alone), float(whole)


def row(bench, folder, name, tool, detector, pattern, rounds):
    pictures = sorted(glob.glob(os.path.join(folder, pattern)))
    pairs = []
    for k in range(-1, rounds):
        for path in pictures if k >= 0 else pictures[:rounds > 1]:  # what a first call costs is not counted
            us = ours(bench, detector, path)
            begun = time.process_time()
            tool(path)
            took = 1e3 * (time.process_time() - begun) / (np.prod(Image.open(path).size) / 1e6)
            if k >= 0:
                pairs.append((took,) + us)
    ratios = [sorted(p[0] / p[i] for p in pairs) for i in (2, 1)]
    print("| %s | %.0f | %s | %.1f | %.1f | %s | %d |" % (
        name, median(p[0] for p in pairs), detector, median(p[2] for p in pairs), median(p[1] for p in pairs),
        " | ".join("%.0f (%.0f to %.0f)" % (median(r), r[0], r[-1]) for r in ratios), len(pairs)), flush=True)


print("| tool | ms/MP | detector | from the file | alone | ratio from the file | ratio alone | pairs |\n" + "|---" * 8 + "|")
for entry in TOOLS:
    if len(sys.argv) == 3 or entry[0] in sys.argv[3:]:
        row(sys.argv[1], sys.argv[2], *entry)
