#!/usr/bin/env python3
"""models.py - the models of the spectrum family that come with Assay, and what they do on real pictures.

usage: models.py BIN WORK DATA OUT [DETECTOR...]     crossdiff and upsampling
BIN has assay and make_labelled; DATA is the folder of the shared real data, of which nothing is learnt; WORK keeps what was made

Makes labelled pictures of three sizes, trains on them, examines real pictures with the models, and writes OUT/DETECTOR.json with a card of
what came of it.  The weights depend on the made pictures alone.
"""
import csv
import json
import os
import shutil
import subprocess
import sys

import h5py
import numpy as np
from scipy.stats import beta

from neutralise import neutral, rows_of
from spectrum import interval

SETS = [("512x512", 960, 21), ("256x256", 480, 22), ("1024x768", 240, 23)]
COMMAND = "make_labelled generated (960 of 512x512 seed 21, 480 of 256x256 seed 22, 240 of 1024x768 seed 23), then assay " \
          "train --detector %s --leave generator"


def made(binaries, work):
    """The manifest of all made pictures."""
    rows = []
    for size, count, seed in SETS:
        folder = os.path.join(work, "made" + size)
        if not os.path.exists(folder + ".manifest.csv"):
            subprocess.run([os.path.join(binaries, "make_labelled"), "generated", folder, "--size", size, "--count", str(count),
                            "--seed", str(seed), "--jobs", "2"], check=True)
        rows += list(csv.DictReader(open(folder + ".manifest.csv")))
    to = os.path.join(work, "made.manifest.csv")
    with open(to, "w") as f:
        table = csv.DictWriter(f, rows[0].keys(), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    return to


def photographs(data):
    for r in csv.DictReader(open(os.path.join(data, "manifest.csv"))):
        kind = (r["set"], r["label"].split(":")[0])
        if kind in (("a_prnu", "natural"), ("b_tampered", "authentic"), ("d_photos", "photo")):
            yield os.path.join(data, r["path"])


def real_folders(work, data):
    """name -> folder of pictures; of c_synthetic, the labels by name."""
    whole, part, alike = (os.path.join(work, n) for n in ("real_whole", "real_512", "real_alike"))
    for folder in (whole, part, alike):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
    for i, path in enumerate(photographs(data)):
        shutil.copy(path, os.path.join(whole, "%03d%s" % (i, os.path.splitext(path)[1])))
        try:
            jpeg = neutral(path, side=512)
        except Exception:  # a format that the library does not read
            continue
        if jpeg:
            open(os.path.join(part, "%03d.jpg" % i), "wb").write(jpeg)
    labels = {}
    for i, row in enumerate(rows_of(os.path.join(data, "manifest.csv"))):
        jpeg = neutral(row["path"], side=256, before=75)
        if jpeg:
            labels["%03d.jpg" % i] = int(row["label"] == "generated")
            open(os.path.join(alike, "%03d.jpg" % i), "wb").write(jpeg)
    return {"whole": whole, "512": part, "alike": alike}, labels


def covered(model, x, kind, sides, quality):
    """The rule of as_model_covers."""
    d, s = model["domain"], model["scale"]
    factor = np.array(s["factor"])
    z = np.clip(np.floor((x - s["mean"]) * factor + .5), -32767, 32767) / 4095
    near = np.where(factor > 0, z * z, 0).sum(1) / (factor > 0).sum() <= d["distance"]
    ok = (quality >= d["quality_min"]) & (quality <= d["quality_max"])
    return near & (sides.min(1) >= d["side_min"]) & (sides.max(1) <= d["side_max"]) & np.where(
        kind == "jpeg", ok, np.isin(kind, d["kinds"]))


def examine(binaries, work, out, name, folder, detectors):
    """detector -> names, scores, which are in the domain, findings: of pictures that it applies to."""
    case = os.path.join(work, name + ".case")
    shutil.rmtree(case, ignore_errors=True)
    subprocess.run([os.path.join(binaries, "assay"), "run", folder, "-o", case, "--detector", "all," + ",".join(detectors)],
                   env=dict(os.environ, ASSAY_MODELS=out), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    got = {}
    with h5py.File(os.path.join(case, "results.h5")) as f:
        items, text, findings = f["items"][:], f["strings"][:].tobytes(), f["findings"][:]
        words = dict(zip(f["items"].attrs["kind_numbers"], f["items"].attrs["kind_words"].astype(str)))
        own = list(f["findings"].attrs["detectors"].astype(str))
        names = np.array([os.path.basename(text[o:o + n].decode("utf-8", "replace"))
                          for o, n in zip(items["path_offset"], items["path_length"])])
        tables = f["measures/jpeg_tables"]
        quality = tables[:, list(tables.attrs["columns"].astype(str)).index("quality_luma")]
        for d in detectors:
            model = json.load(open(os.path.join(out, d + ".json")))
            x, score = f["measures/" + d][:].astype(float), f["scores/" + d][:]
            use = np.isfinite(score)
            kind = np.array([words[k] for k in items["kind"]])
            sides = np.stack([items["width"], items["height"]], 1)
            inside = covered(model, x[use], kind[use], sides[use], np.nan_to_num(quality[use]))
            rows = {int(r["item_row"]) for r in findings if r["detector"] < len(own) and own[r["detector"]] == d}
            got[d] = names[use], score[use], inside, np.array([i in rows for i in np.flatnonzero(use)], bool)
    return got


def card(detector, model, real, labels):
    """Fills note, finding and the rate on authentic pictures; prints what they are made of."""
    left = model["training"]["left"]["of"][-1]
    names, score, inside, fired = real["alike"][detector]
    y = np.array([labels[n] for n in names])
    alike = interval(score, y, np.arange(len(y)))
    n = {k: len(real[k][detector][1]) for k in real}
    put = {k: int(real[k][detector][2].sum()) for k in real}
    found = {k: int(real[k][detector][3].sum()) for k in real}
    above = {k: int((real[k][detector][1] > 0).sum()) for k in real}
    print("%s: generators left out %s; of real pictures alike %s" % (detector, left["auc"], alike))
    for k in real:
        print("  %s: %d pictures, %d in the domain, %d above 0, %d findings" % (k, n[k], put[k], above[k], found[k]))
    print("  alike: findings of generated %d, of photographs %d" % (fired[y == 1].sum(), fired[y == 0].sum()))
    bad = found["512"]
    model["authentic"] = {"items": n["512"], "fired": bad, "upper95": round(float(beta.ppf(.975, bad + 1, n["512"] - bad)), 4),
                          "what": "photographs, 512 x 512 of quality 90, by which the model was chosen"}
    model["finding"] = "its measures are like those of pictures by the invented decoders that the model is made of; of real " \
                       "generators it tells nothing (measured AUC %s)" % alike.split()[0]
    model["note"] = (
        "Made pictures, to try the program with: it tells pictures of twelve invented decoders from those of invented cameras, and does not tell "
        "pictures of real generators from photographs. "
        "Of an invented decoder that was left out AUC %.3f [%.3f, %.3f]. " % tuple(left["auc"]) +
        "Of %d pictures by real generators (7 sources) and %d photographs, cut and compressed alike, AUC %s, where .5 is chance. "
        % ((y == 1).sum(), (y == 0).sum(), alike) +
        "Its findings are of pictures of the sizes, formats, JPEG qualities and measures that it was made of: of %d parts of photographs %d were like that, and %d had a "
        "finding; of %d whole photographs %d and %d; of the %d generated ones %d. "
        "Of five such models of an earlier maker it was chosen for having no finding on a photograph: the rate is too good. "
        "Scores of other pictures say nothing. No likelihood ratios. "
        % (n["512"], put["512"], found["512"], n["whole"], put["whole"], found["whole"], (y == 1).sum(), fired[y == 1].sum()) +
        "Made by " + COMMAND % detector + ".")


def main():
    binaries, work, data, out = (os.path.abspath(a) for a in sys.argv[1:5])
    detectors = sys.argv[5:] or ["crossdiff", "upsampling"]
    os.makedirs(work, exist_ok=True)
    manifest = made(binaries, work)
    for d in detectors:
        to = os.path.join(out, d + ".json")
        if os.path.exists(to):
            os.remove(to)
        subprocess.run([os.path.join(binaries, "assay"), "train", manifest, "--detector", d, "--leave", "generator", "-o", to], check=True)
    folders, labels = real_folders(work, data)
    real = {k: examine(binaries, work, out, k, folder, detectors) for k, folder in folders.items()}
    for d in detectors:
        to = os.path.join(out, d + ".json")
        model = json.load(open(to))
        card(d, model, real, labels)
        with open(to, "w") as f:
            json.dump(model, f, indent=1)
            f.write("\n")
        os.chmod(to, 0o644)


if __name__ == "__main__":
    main()
