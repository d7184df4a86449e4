"""geometry_pictures.py - labelled parts of real photographs: resampled, median-filtered, or behind a colour filter array.

usage: geometry_pictures.py resample|median|cfa DATA OUT.  Makes OUT/, OUT.masks/ and OUT.manifest.csv; needs PIL.

resample  parts of camera photographs as they are, resized by .7 to 2, and turned by 1 to 45 degrees; PNG and quality 95
median    parts as they are, and through a median of 3 or 5; PNG and quality 95, 90 or 80.  By photograph: train, test
cfa       photographs at half size behind a Bayer filter, demosaiced in three ways; the same with a square that was not,
          and with one moved by a sample
"""
import csv
import os
import random
import sys
import zlib

import numpy as np
from PIL import Image, ImageFilter
from scipy.ndimage import convolve

BOX = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]], float)
CROSS = np.array([[0, 1, 0], [1, 4, 1], [0, 1, 0]], float)
MALVAR = np.array([[0, 0, -1, 0, 0], [0, 0, 2, 0, 0], [-1, 2, 4, 2, -1], [0, 0, 2, 0, 0], [0, 0, -1, 0, 0]]) / 8


class Set:
    def __init__(self, data, out):
        self.data, self.out, self.base = data, out, os.path.basename(out)
        os.makedirs(out)
        os.makedirs(out + ".masks")
        self.manifest = open(out + ".manifest.csv", "w")
        self.manifest.write("path,label,split,mask,group,generator,camera,note\n")

    def photographs(self, wanted):
        seen = set()
        for r in csv.DictReader(open(self.data + "/manifest.csv")):
            if not wanted(r) or r["sha256"] in seen:
                continue
            try:
                image = Image.open(self.data + "/" + r["path"])
                kind, image = image.format, image.convert("RGB")
            except Exception:  # not for PIL
                continue
            seen.add(r["sha256"])
            yield r, kind, image

    def save(self, image, name, label, group, note, quality=0, split="test", mask=None, camera=""):
        path = name + (".jpg" if quality else ".png")
        if quality:
            image.save(self.out + "/" + path, quality=quality, subsampling=0 if "scale" in note else 2)
        else:
            image.save(self.out + "/" + path, compress_level=1)
        if mask is not None:
            Image.fromarray(mask).save(self.out + ".masks/" + name + ".png")
        row = [self.base + "/" + path, "tampered" if label else "authentic", split,
               self.base + ".masks/" + name + ".png" if mask is not None else "", group.replace(",", "_"), "",
               camera.replace(",", " "), note]
        self.manifest.write(",".join(row) + "\n")


def camera_photograph(r):
    return (r["set"] == "a_prnu" and r["label"] == "natural") or (
        r["set"] == "d_photos" and ("photo" in r["label"] or "expected" in r["label"]))


def resample(made):
    random.seed(5)
    side, room = 640, 1080
    o, n = (room - side) // 2, 0
    for r, kind, image in made.photographs(camera_photograph):
        w, h = image.size
        if kind not in ("JPEG", "MPO") or min(w, h) < 1100:
            continue
        middle = ((w - room) // 2, (h - room) // 2)
        for x, y in [middle] if w < 2300 else [(3, 5), middle, (w - room, h - room)]:
            part = image.crop((x, y, x + room, y + room))
            group = os.path.basename(r["path"])

            def both(picture, tag, label, note):
                made.save(picture, "%03d_%s" % (n, tag), label, group, "q2=0;" + note)
                made.save(picture, "%03d_%s" % (n, tag), label, group, "q2=95;" + note, 95)

            both(part.crop((o, o, o + side, o + side)), "a", False, "scale=1.00;angle=0")
            s = random.choice([.7, .8, .9, .95, 1.05, 1.1, 1.2, 1.3, 1.5, 1.75, 2.0])
            how = random.choice([Image.BILINEAR, Image.BICUBIC, Image.LANCZOS])
            m = round(side / s)
            p = (room - m) // 2
            both(part.crop((p, p, p + m, p + m)).resize((side, side), how), "s", True, "scale=%.2f;angle=0" % s)
            degrees = random.choice([1, 2, 3, 5, 10, 20, 30, 45])
            how = random.choice([Image.BILINEAR, Image.BICUBIC])
            both(part.rotate(degrees, how).crop((o, o, o + side, o + side)), "r", True, "scale=1.00;angle=%d" % degrees)
            n += 1


def median(made):
    random.seed(6)
    wanted = lambda r: camera_photograph(r) or (r["set"] == "d_photos" and r["label"] == "image") or (
        r["set"] == "b_tampered" and r["label"] == "authentic") or (
        r["set"] == "c_synthetic" and r["label"].startswith("real"))
    n = 0
    for r, _, image in made.photographs(wanted):
        if min(image.size) < 400:
            continue
        w, h = (min(v, 640) // 8 * 8 for v in image.size)
        x = min((image.size[0] - w) // 2 + 3, image.size[0] - w)
        y = min((image.size[1] - h) // 2 + 5, image.size[1] - h)
        part = image.crop((x, y, x + w, y + h))
        group, camera = r["path"].replace("/", "_").replace(",", "_"), r["camera/generator"]
        split = "train" if "Nikon" in camera or zlib.crc32(group.encode()) & 1 else "test"
        quality, side = random.choice([95, 90, 80]), random.choice([3, 5])
        for label, picture in enumerate((part, part.filter(ImageFilter.MedianFilter(side)))):
            for q in (0, quality):
                made.save(picture, "%03d_%s" % (n, "m" if label else "a"), label, group,
                          "q2=%d;side=%d" % (q, side), q, split, None, camera)
        n += 1


def bilinear(raw, colour):
    out = np.zeros(raw.shape + (3,))
    for c in range(3):
        there, k = (colour == c).astype(float), CROSS if c == 1 else BOX
        mean = convolve(there * raw, k, mode="mirror") / convolve(there, k, mode="mirror")
        out[..., c] = np.where(there > 0, raw, mean)
    return out


def with_green(raw, colour, green):
    """Red and blue follow green: their differences from it are interpolated."""
    out = bilinear(raw, colour)
    out[..., 1] = np.where(colour == 1, raw, green)
    for c in (0, 2):
        there = (colour == c).astype(float)
        difference = convolve(there * (raw - out[..., 1]), BOX, mode="mirror")
        out[..., c] = out[..., 1] + difference / convolve(there, BOX, mode="mirror")
    return out


def malvar(raw, colour):
    return with_green(raw, colour, convolve(raw, MALVAR, mode="mirror"))


def hamilton(raw, colour):
    p = np.pad(raw, 2, mode="reflect")
    at = lambda dy, dx: p[2 + dy:p.shape[0] - 2 + dy, 2 + dx:p.shape[1] - 2 + dx]
    bend_x, bend_y = 2 * at(0, 0) - at(0, -2) - at(0, 2), 2 * at(0, 0) - at(-2, 0) - at(2, 0)
    dx, dy = abs(at(0, -1) - at(0, 1)) + abs(bend_x), abs(at(-1, 0) - at(1, 0)) + abs(bend_y)
    along, down = (at(0, -1) + at(0, 1)) / 2 + bend_x / 4, (at(-1, 0) + at(1, 0)) / 2 + bend_y / 4
    return with_green(raw, colour, np.where(dx < dy, along, np.where(dy < dx, down, (along + down) / 2)))


def cfa(made):
    random.seed(9)
    rng, side = np.random.default_rng(9), 512
    to_bytes = lambda a: np.clip(np.rint(a), 0, 255).astype(np.uint8)
    photographs = made.photographs(lambda r: r["set"] == "a_prnu" and r["label"] == "natural")
    for i, (r, _, image) in enumerate(photographs):
        half = np.array(image.resize((image.size[0] // 2, image.size[1] // 2), Image.BOX)).astype(float)
        y, x = (half.shape[0] - side) // 2, (half.shape[1] - side) // 2
        half = half[y:y + side, x:x + side]
        ys, xs = np.mgrid[:side, :side] + np.array([random.randrange(2), random.randrange(2)])[:, None, None]
        colour = np.where((ys + xs) % 2 == 1, 1, np.where(ys % 2 == 0, 0, 2))
        raw = np.take_along_axis(half, colour[..., None], 2)[..., 0] + rng.normal(0, 1, (side, side))
        for demosaic in (bilinear, malvar, hamilton):
            whole = to_bytes(demosaic(raw, colour))
            size = random.choice([96, 128, 192])
            y, x = random.randrange(8, side - size - 8), random.randrange(8, side - size - 8)
            part, mask = (slice(y, y + size), slice(x, x + size)), np.zeros((side, side), np.uint8)
            mask[part] = 255
            none, moved = whole.copy(), whole.copy()
            none[part] = to_bytes(half + rng.normal(0, .5, half.shape))[part]
            moved[part] = whole[y:y + size, x + 1:x + size + 1]
            for tag, picture in (("authentic", whole), ("none", none), ("shifted", moved)):
                label = tag != "authentic"
                made.save(Image.fromarray(picture), "%02d_%s_%s" % (i, demosaic.__name__, tag), label,
                          os.path.basename(r["path"]), "q2=0;demosaic=%s;donor=%s" % (demosaic.__name__, tag),
                          mask=mask if label else None)


if __name__ == "__main__":
    {"resample": resample, "median": median, "cfa": cfa}[sys.argv[1]](Set(*sys.argv[2:]))
