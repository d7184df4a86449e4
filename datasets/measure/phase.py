"""phase.py - where `grid` says the blocks of parts of JPEGs begin.

usage: phase.py cut FOLDER OUT [SEED [PARTS]]  10 parts of 512 x 512 of each of its JPEGs, cut anywhere, as OUT/X_Y_N_NAME.png
       phase.py count CASE/results.h5          what `assay run OUT --detector grid` said of them
"""
import collections
import os
import random
import sys

import h5py
from PIL import Image

SIDE = 512


def cut(folder, out, seed="", parts="10"):
    os.makedirs(out)
    for name in sorted(os.listdir(folder)):
        image = Image.open(os.path.join(folder, name)).convert("RGB")
        draw = random.Random(seed + name)
        for k in range(int(parts) if min(image.size) > SIDE + 8 else 0):
            x, y = (draw.randrange(s - SIDE) for s in image.size)
            image.crop((x, y, x + SIDE, y + SIDE)).save(os.path.join(out, "%d_%d_%d_%s.png" % (-x % 8, -y % 8, k, name)))


def count(store):
    f = h5py.File(store)
    strings, columns = f["strings"][:].tobytes(), [c.decode() for c in f["measures/grid"].attrs["columns"]]
    said, foreign = collections.defaultdict(collections.Counter), 0
    for item, status, m in zip(f["items"][:], f["status/grid"][:], f["measures/grid"][:]):
        at, m = item["path_offset"], dict(zip(columns, m))
        if not item["width"]:  # the folder
            continue
        x, y, _, name = strings[at:at + item["path_length"]].decode().split("/")[-1].split("_", 3)
        if status != 1:
            what = "abstained"
        elif m["grid_minus_log10_nfa"] <= 0:
            what = "none"
        else:
            what = "right" if (m["grid_x_px"], m["grid_y_px"]) == (int(x), int(y)) else "wrong"
        said[name][what] += 1
        foreign += status == 1 and m["foreign"] > 0
    for name, found in sorted(said.items()):
        print(name, dict(found))
    print("%d files, all:" % len(said), dict(sum(said.values(), collections.Counter())), "foreign:", int(foreign))


if sys.argv[1] == "cut":
    cut(*sys.argv[2:])
else:
    count(sys.argv[2])
