#!/usr/bin/env python3
"""neutralise.py - a labelled set whose files say nothing of the label: one size, format, quality.

usage: neutralise.py MANIFEST.csv OUT [options]
MANIFEST.csv    of pictures with labels (datasets/README.md), or the manifest of the shared real data

options: --side N      the middle N x N of each (256), cut at odd places
         --quality N   of the JPEG (90)
         --before N    after all were compressed at quality N, so that their past is alike too
         --scale N     after their shorter side was made N pixels
         --as-is       only OUT.manifest.csv, of the files as they are

Writes OUT/NUMBER.jpg and OUT.manifest.csv with label, split, group, generator and camera as they were, and says
what was left out.  Of the shared data: pictures of c_synthetic, not faces and videos, all of split
train; the generator is the source, and so is the group.
"""
import argparse
import csv
import io
import os
import sys

COLUMNS = ["path", "label", "split", "mask", "group", "generator", "camera", "note", "made"]


def shared(row, top):
    """A row of the shared data's manifest as one of ours, what it errs in corrected; or None."""
    if row["set"] != "c_synthetic" or "video" in row["label"] or "face" in row["label"]:
        return None
    folder, name = row["path"].split("/")[1:3]
    generated = row["label"].startswith("synthetic") and name != "real.png"
    # generated: by generator, a folder of single ones together; real: by where they come from
    source = row["camera/generator"] if folder == "ml72" and generated else (
        folder + ("." + name[:2] if folder == "aletheia_covers" else ""))
    return {"path": os.path.join(top, row["path"]), "split": "train",
            "label": "generated" if generated else "authentic",
            "group": source + ("" if generated else ".real"),
            "generator": source if generated else ""}


def rows_of(manifest):
    top = os.path.dirname(os.path.abspath(manifest))
    with open(manifest) as f:
        for row in csv.DictReader(f):
            if "set" in row:
                row = shared(row, top)
            else:
                row["path"] = os.path.join(top, row["path"])
            if row:
                yield row


def neutral(path, side=256, quality=90, before=None, scale=None):
    """The bytes of a JPEG, or None where the picture is too small."""
    from PIL import Image
    p = Image.open(path).convert("RGB")
    if before:
        f = io.BytesIO()
        p.save(f, "JPEG", quality=before)
        p = Image.open(f)
    if scale:
        k = scale / min(p.size)
        p = p.resize([round(v * k) for v in p.size], Image.BICUBIC)
    if min(p.size) < side:
        return None
    # odd where that is possible: the grid of an earlier compression is nowhere in particular
    x, y = (min(v - side, (v - side) // 2 | 1) for v in p.size)
    f = io.BytesIO()
    p.crop((x, y, x + side, y + side)).save(f, "JPEG", quality=quality)
    return f.getvalue()


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("manifest")
    p.add_argument("out")
    p.add_argument("--side", type=int, default=256)
    p.add_argument("--quality", type=int, default=90)
    p.add_argument("--before", type=int)
    p.add_argument("--scale", type=int)
    p.add_argument("--as-is", action="store_true")
    args = p.parse_args()
    out = args.out.rstrip("/")
    small, kept = [], []
    if not args.as_is:
        os.makedirs(out)
    for i, row in enumerate(rows_of(args.manifest)):
        if not args.as_is:
            data = neutral(row["path"], args.side, args.quality, args.before, args.scale)
            if data is None:
                small.append(row["path"])
                continue
            row["path"] = "%s/%06d.jpg" % (os.path.basename(out), i)
            with open(os.path.join(os.path.dirname(out), row["path"]), "wb") as f:
                f.write(data)
        row["mask"] = ""
        kept.append(row)
    with open(out + ".manifest.csv", "w") as f:
        table = csv.DictWriter(f, COLUMNS, restval="", extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        table.writerows(kept)
    print("%d pictures, %d too small%s" % (len(kept), len(small), ":" if small else ""), *small)


if __name__ == "__main__":
    sys.exit(main())
