"""median.py - trains the linear model of the detector `median` and says how it does elsewhere.

usage: median.py CASE MODEL.json TRAIN.csv[:SPLIT]... -- TEST.csv[:SPLIT]...

Ridge-penalised logistic regression over standardised measures of a case that ran `median` on all pictures.  The
bias is then lowered until 2 % of the authentic pictures it was trained on fire.  Prints tables for the tests.
"""
import csv
import json
import sys

import h5py
import numpy as np
from geometry import share, auc, interval

PENALTY = 0.01
FIRES = 0.02


def read(case):
    with h5py.File(case + "/results.h5") as f:
        items, strings = f["items"][:], f["strings"][:].tobytes()
        paths = [strings[o:o + n].decode() for o, n in zip(items["path_offset"], items["path_length"])]
        columns = [c.decode() for c in f["measures/median"].attrs["columns"]]
        return columns, dict(zip(paths, zip(f["status/median"][:], f["measures/median"][:].astype(float))))


def rows_of(name):
    path, _, split = name.partition(":")
    return [r for r in csv.DictReader(open(path)) if not split or r["split"] == split]


def matrix(found, rows):
    rows = [r for r in rows if found[r["path"]][0] == 1]
    return (np.array([found[r["path"]][1] for r in rows]), np.array([r["label"] != "authentic" for r in rows], bool), rows)


def train(x, y):
    mean, sd = x.mean(0), x.std(0) + 1e-9
    z = np.c_[(x - mean) / sd, np.ones(len(x))]
    w = np.zeros(z.shape[1])
    ridge = np.full(len(w), PENALTY * len(y))
    ridge[-1] = 1e-9
    for _ in range(50):
        p = 1 / (1 + np.exp(-z @ w))
        w -= np.linalg.solve((z * (p * (1 - p))[:, None]).T @ z + np.diag(ridge), z.T @ (p - y) + ridge * w)
    return w[:-1] / sd, w[-1] - (w[:-1] * mean / sd).sum()


def main(case, model, *names):
    columns, found = read(case)
    cut = names.index("--")
    x, y, _ = matrix(found, sum((rows_of(n) for n in names[:cut]), []))
    w, b = train(x, y)
    b -= np.quantile((x @ w + b)[~y], 1 - FIRES)
    print("trained on %d pictures, %d of them authentic" % (len(y), (~y).sum()))
    print("\n| pictures | after | N | abstain | AUC | detected | false alarms |\n|---|---|---|---|---|---|---|")
    for name in names[cut + 1:]:
        rows = rows_of(name)
        quality = lambda r: dict(p.split("=", 1) for p in r["note"].split(";") if "=" in p)["q2"]
        for q in [""] + sorted({quality(r) for r in rows}, key=int):
            these = [r for r in rows if not q or quality(r) == q]
            tx, ty, kept = matrix(found, these)
            s = tx @ w + b
            low, high = interval(s, ty, np.array([r["group"] for r in kept]))
            alarms = share(int((s[~ty] > 0).sum()), int((~ty).sum()))
            print("| %s | %s | %d | %d | %.3f (%.3f to %.3f) | %s | %s |" % (
                name.split("/")[-1], "all" if not q else "no JPEG" if q == "0" else "quality " + q, len(kept),
                len(these) - len(kept), auc(s, ty), low, high, share(int((s[ty] > 0).sum()), int(ty.sum())), alarms))
            if not q:
                fired, items = int((s[~ty] > 0).sum()), int((~ty).sum())
                groups = len({r["group"] for r, altered in zip(kept, ty) if not altered})
                upper = float(share(-(-fired * groups // items), groups).split("to ")[1].rstrip(")"))
                what = "parts of %d photographs and pictures of the web, half of them compressed again" % groups
    json.dump({
        "detector": "median", "version": 2, "kind": "linear", "bias": float("%.6g" % b),
        "weights": {c: float("%.6g" % v) for c, v in zip(columns, w)}, "map_threshold": None,
        "authentic": {"items": items, "fired": fired, "upper95": upper, "what": what},
        "note": "Trained by datasets/measure/median.py on made pictures and on photographs. The scores rank; they "
                "are no likelihood ratios."}, open(model, "w"), indent=2)
    open(model, "a").write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
