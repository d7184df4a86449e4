#!/usr/bin/env python3
"""spectrum.py - what the measures of the spectrum family tell generated pictures by.

usage: spectrum.py ASSAY WORK made MANIFEST.csv    of make_labelled generated
       spectrum.py ASSAY WORK real DATA            the folder with manifest.csv and c_synthetic
options: --detectors NAME,...

WORK keeps the cases (they are run when they are not there).  The classifier is the same everywhere
and has nothing to tune: Fisher's discriminant of standardised measures, shrunk by the identity with
weight 0.1.  Intervals: 95 %, bootstrap over scenes (made) or over pictures of both classes (real).
"""
import argparse
import csv
import os
import subprocess

import h5py
import numpy as np

from neutralise import neutral, rows_of

ALL = "crossdiff,azimuthal,autocorr,upsampling,spam"  # and all their measures together
TURNS = 1000


def run(assay, work, name, folder, detectors):
    """file name -> {detector: measures}; None where it does not apply."""
    case = os.path.join(work, name + "." + detectors.replace(",", "+"))
    if not os.path.exists(os.path.join(case, "results.h5")):
        subprocess.run([assay, "run", folder, "-o", case, "--detector", detectors], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with h5py.File(os.path.join(case, "results.h5")) as f:
        items, text = f["items"][:], f["strings"][:].tobytes()
        measures = {d: f["measures/" + d][:] for d in detectors.split(",")}
        return {os.path.basename(text[o:o + n].decode("utf-8", "replace")):
                {d: m[row] for d, m in measures.items() if np.isfinite(m[row]).all()}
                for row, (o, n) in enumerate(zip(items["path_offset"], items["path_length"]))}


class Fisher:
    def __init__(self, x, y):
        self.mean, self.scale = x.mean(0), x.std(0) + 1e-9
        z = (x - self.mean) / self.scale
        centre = [z[y == k].mean(0) for k in (0, 1)]
        inner = np.concatenate([z[y == k] - centre[k] for k in (0, 1)])
        n, d = inner.shape
        if d <= n:
            s = 0.9 * inner.T @ inner / n + 0.1 * np.eye(d)
            self.w = np.linalg.solve(s, centre[1] - centre[0])
        else:  # the same by Woodbury: fewer pictures than measures
            u, m = np.sqrt(0.9 / n) * inner, centre[1] - centre[0]
            self.w = 10 * (m - u.T @ np.linalg.solve(0.1 * np.eye(n) + u @ u.T, u @ m))

    def __call__(self, x):
        return (x - self.mean) / self.scale @ self.w


def auc(s, y):
    a, b = s[y == 1], np.sort(s[y == 0])
    if len(a) == 0 or len(b) == 0:
        return np.nan
    return (np.searchsorted(b, a, "left") + np.searchsorted(b, a, "right")).mean() / 2 / len(b)


def interval(s, y, group):
    rng, ids = np.random.default_rng(1), np.unique(group)
    rows = {g: np.flatnonzero(group == g) for g in ids}
    got = []
    for _ in range(TURNS):
        pick = np.concatenate([rows[g] for g in rng.choice(ids, len(ids))])
        got.append(auc(s[pick], y[pick]))
    return "%.3f [%.3f, %.3f]" % (auc(s, y), *np.nanpercentile(got, [2.5, 97.5]))


def matrix(got, names, detector):
    """Rows of a detector's measures, or of all together; which of the names have them."""
    parts = detector.split("+")
    use = np.array([all(d in got[n] for d in parts) for n in names])
    return np.array([np.concatenate([got[n][d] for d in parts])
                     for n, u in zip(names, use) if u]), use


LAUNDERED = {
    "cut by 3 x 5, quality 75": lambda p: (p.crop((3, 5, p.width, p.height)), 75),
    "at 75 %, quality 90": lambda p: (p.resize((p.width * 3 // 4, p.height * 3 // 4), 3), 90),
    "blurred by 1 pixel, quality 90": lambda p: (p.filter(blur(1)), 90),
}


def blur(radius):
    from PIL import ImageFilter
    return ImageFilter.GaussianBlur(radius)


def launder(folder, to, names, how):
    from PIL import Image
    if os.path.isdir(to):
        return
    os.makedirs(to)
    for n in names:
        p, quality = how(Image.open(os.path.join(folder, n)).convert("RGB"))
        p.save(os.path.join(to, os.path.splitext(n)[0] + ".jpg"), quality=quality)


def made_one(got, laundered, rows, detector):
    x, use = matrix(got, [os.path.basename(r["path"]) for r in rows], detector)
    left = len(rows) - use.sum()
    rows = [r for r, u in zip(rows, use) if u]
    y = np.array([r["label"] == "generated" for r in rows]).astype(int)
    split, group, gen = (np.array([r[k] for r in rows]) for k in ("split", "group", "generator"))
    q = np.array([dict(p.split("=", 1) for p in r["note"].split(";"))["q2"] for r in rows])
    train, test, cal = split == "train", split == "test", split == "calibrate"
    model = Fisher(x[train], y[train])
    s = model(x)
    print("%s: %d measures, train %d, test %d + %d of %d scenes, not applicable %d" % (
        detector, x.shape[1], train.sum(), (test & (y == 1)).sum(), (test & (y == 0)).sum(),
        len(set(group[test])), left))
    print("  all generators known: AUC", interval(s[test], y[test], group[test]))
    for rate in (0.05, 0.01):
        t = np.quantile(s[cal & (y == 0)], 1 - rate)
        print("    threshold of %g %% false alarms on calibrate (%d): false %.3f, found %.3f" % (
            100 * rate, (cal & (y == 0)).sum(), (s[test & (y == 0)] > t).mean(),
            (s[test & (y == 1)] > t).mean()))
    for k in sorted(set(q), key=int):
        part = test & (q == k)
        print("    quality %s (0: PNG): AUC %s, %d pictures" % (
            k, interval(s[part], y[part], group[part]), part.sum()))
    names = [os.path.splitext(os.path.basename(r["path"]))[0] + ".jpg" for r in rows]
    for how, of in laundered.items():
        part, ok = matrix(of, [n for n, t in zip(names, test) if t], detector)
        print("    %s: AUC %s" % (how, interval(model(part), y[test][ok], group[test][ok])))
    out, label, owner = [], [], []
    for family in sorted({g.split(".")[0] for g in gen if g}):
        kept = np.isin(group, group[[g.split(".")[0] == family for g in gen]])  # both classes
        part = test & kept
        v = Fisher(x[train & ~kept], y[train & ~kept])(x[part])
        print("    %s not in training: AUC %s, %d pictures" % (
            family, interval(v, y[part], group[part]), part.sum()))
        out.append(v), label.append(y[part]), owner.append(group[part])
    print("  no up-sampler known: AUC", interval(*map(np.concatenate, (out, label, owner))),
          flush=True)


def made(args):
    rows = list(csv.DictReader(open(args.what)))
    top = os.path.dirname(os.path.abspath(args.what))
    folder = os.path.join(top, os.path.dirname(rows[0]["path"]))
    got = run(args.assay, args.work, "made", folder, args.detectors)
    laundered = {}
    for i, (how, function) in enumerate(LAUNDERED.items()):
        to = os.path.join(args.work, "laundered%d" % i)
        launder(folder, to, [os.path.basename(r["path"]) for r in rows if r["split"] == "test"],
                function)
        laundered[how] = run(args.assay, args.work, os.path.basename(to), to, args.detectors)
    y = np.array([r["label"] == "generated" for r in rows]).astype(int)
    length = np.array([os.path.getsize(os.path.join(top, r["path"])) for r in rows], float)
    png = np.array([r["path"].endswith(".png") for r in rows])
    print("length of JPEG files alone: AUC", interval(
        length[~png], y[~png], np.array([r["group"] for r in rows])[~png]))
    for detector in with_all(args.detectors):
        made_one(got, laundered, rows, detector)


def with_all(detectors):
    each = detectors.split(",")
    return each + ["+".join(each)] * (len(each) > 1)


# as they are, and the three ways of neutralise.py
HOW = {"native": None, "cropped": {}, "history": {"before": 75}, "scaled": {"scale": 320}}


def wins(x, y, source):
    """[generated][real]: 1 where the generated scores higher; both sources are out of training."""
    a, b = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    won = np.full((len(a), len(b)), np.nan)
    for g in set(source[a]):
        for r in set(source[b]):
            train = (source != g) & (source != r)
            s = Fisher(x[train], y[train])(x)
            i, j = np.flatnonzero(source[a] == g), np.flatnonzero(source[b] == r)
            d = s[a[i]][:, None] - s[b[j]][None]
            won[np.ix_(i, j)] = (d > 0) + 0.5 * (d == 0)
    return won


def known(x, y):
    """AUC with 10 folds of pictures: their sources are known from others."""
    fold, s = np.random.default_rng(1).permutation(len(y)) % 10, np.zeros(len(y))
    for k in range(10):
        s[fold == k] = Fisher(x[fold != k], y[fold != k])(x[fold == k])
    return interval(s, y, np.arange(len(y)))


def interval_of_wins(won):
    rng, got = np.random.default_rng(1), []
    for _ in range(TURNS):
        i, j = (rng.integers(n, size=n) for n in won.shape)
        got.append(won[np.ix_(i, j)].mean())
    return "%.3f [%.3f, %.3f]" % (won.mean(), *np.percentile(got, [2.5, 97.5]))


def trivial(path):
    """Format, size and bytes per pixel, for the baseline."""
    from PIL import Image
    p, size = Image.open(path), os.path.getsize(path)
    w, h = p.size
    return [p.format == "PNG", np.log(w), np.log(h), w == h, np.log(size / (w * h))]


def real(args):
    pictures = list(rows_of(os.path.join(args.what, "manifest.csv")))
    for how in HOW:
        folder = os.path.join(args.work, "c_" + how)
        os.makedirs(folder, exist_ok=True)
        kept = []
        for i, row in enumerate(pictures):
            path = row["path"]
            to = os.path.join(folder, "%03d%s" % (i, os.path.splitext(path)[1] if how == "native"
                                                  else ".jpg"))
            data = open(path, "rb").read() if how == "native" else neutral(path, **HOW[how])
            if data:
                open(to, "wb").write(data)
                kept.append((os.path.basename(to), int(row["label"] == "generated"), row["group"]))
        y, source = np.array([k[1] for k in kept]), np.array([k[2] for k in kept])
        x = np.array([trivial(os.path.join(folder, k[0])) for k in kept], float)
        print("%s: %d generated of %d sources, %d real of %d" % (
            how, y.sum(), len(set(source[y == 1])), (y == 0).sum(), len(set(source[y == 0]))))
        print("  format, size, bytes per pixel alone: AUC %s of known sources, %s of others" % (
            known(x, y), interval_of_wins(wins(x, y, source))))
        got = run(args.assay, args.work, "c_" + how, folder, args.detectors)
        for detector in with_all(args.detectors):
            x, use = matrix(got, [k[0] for k in kept], detector)
            print("  %s: AUC %s of known sources, %s of others, not applicable %d" % (
                detector, known(x, y[use]), interval_of_wins(wins(x, y[use], source[use])),
                (~use).sum()))
            if how == "native" or not args.made:
                continue
            rows = list(csv.DictReader(open(args.made)))
            of = run(args.assay, args.work, "made", "", args.detectors)
            made_x, there = matrix(of, [os.path.basename(r["path"]) for r in rows], detector)
            model = Fisher(made_x, np.array([r["label"] == "generated" for r in rows])
                           .astype(int)[there])
            s = model(x)
            print("    trained on made pictures: AUC", interval(s, y[use], np.arange(len(s))),
                  flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("assay")
    p.add_argument("work")
    p.add_argument("kind", choices=["made", "real"])
    p.add_argument("what")
    p.add_argument("--detectors", default=ALL)
    p.add_argument("--made", help="the manifest that `made` was run with: train on it as well")
    args = p.parse_args()
    os.makedirs(args.work, exist_ok=True)
    (made if args.kind == "made" else real)(args)


if __name__ == "__main__":
    main()
