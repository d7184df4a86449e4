#!/usr/bin/env python3
"""spectrum_check.py - the detectors of generated pictures, computed again from their papers.

usage: spectrum_check.py make FOLDER        writes the pictures
       spectrum_check.py check STORE.h5
"""
import os
import struct
import sys

import h5py
import numpy as np
from residual_numpy import residual
from scipy.fft import dct, dctn, idctn


def pictures():
    """Texture, texture made twice as large, noise; whole numbers, [h][w][3]."""
    rng = np.random.default_rng(20230617)
    for name, h, w in (("texture", 300, 391), ("larger", 258, 520), ("noise", 256, 384)):
        p = rng.normal(size=(h, w, 3))
        if name != "noise":
            for axis in (0, 1):
                p = p + 0.8 * np.roll(p, 1, axis) + 0.4 * np.roll(p, 2, axis)
            p = np.cumsum(p, axis=0) * 0.3 + 4 * p
        if name == "larger":
            p = p[::2, ::2].repeat(2, 0).repeat(2, 1) + 2 * rng.normal(size=(h, w, 3))
        p = 128 + p * (6 / p.std())
        yield name, np.clip(np.rint(p), 0, 255).astype(np.uint8)


def write_bmp(path, p):
    h, w = p.shape[:2]
    rows = b"".join(r.tobytes() + bytes(-3 * w % 4) for r in p[::-1, :, ::-1])
    with open(path, "wb") as f:
        f.write(struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 54 + len(rows), 0, 0, 54, 40, w, h, 1, 24,
                            0, len(rows), 2835, 2835, 0, 0) + rows)


QUALITY = {"texture": 75, "larger": 90, "noise": 40}    # of the JPEG files
K1 = np.array([16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17,
               22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78,
               87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99])    # T.81, luma
ZIGZAG = sorted(range(64), key=lambda k: (k // 8 + k % 8, (k % 8, k // 8)[(k // 8 + k % 8) % 2]))
# codes of 4 and 8 bits: sizes of DC; runs and sizes of AC
DC = list(range(12))
AC = [0x00, 0xf0] + [run << 4 | size for run in range(16) for size in range(1, 11)]


def quantise(rgb, quality):
    """Coefficients of luma, [blocks down][across][64], and the table."""
    p = whole(rgb)
    p = np.pad(p, [(0, -n % 8) for n in p.shape], "edge") - 128.0
    p = p.reshape(p.shape[0] // 8, 8, -1, 8).swapaxes(1, 2)
    step = (K1 * (5000 // quality if quality < 50 else 200 - 2 * quality) + 50) // 100
    n = dctn(p, axes=(2, 3), norm="ortho").reshape(*p.shape[:2], 64) / step
    return np.rint(n).astype(int), step


def number(v):
    size = int(abs(v)).bit_length()
    return size, format(v if v > 0 else v + (1 << size) - 1, "0%db" % size) if size else ""


def bits(blocks):
    before = 0
    for block in blocks:
        size, value = number(block[0] - before)
        before = block[0]
        yield format(DC.index(size), "04b") + value
        last, run = np.flatnonzero(block).max(initial=0), 0
        for v in block[1:last + 1]:
            run += 1
            while v and run > 16:
                yield format(AC.index(0xf0), "08b")
                run -= 16
            if v:
                size, value = number(v)
                yield format(AC.index(run - 1 << 4 | size), "08b") + value
                run = 0
        if last < 63:
            yield format(AC.index(0), "08b")


def write_jpeg(path, rgb, quality):
    n, step = quantise(rgb, quality)
    data = "".join(bits(n.reshape(-1, 64)[:, ZIGZAG]))
    data = np.packbits([int(b) for b in data + "1" * (-len(data) % 8)]).tobytes()
    tables = [(0xdb, b"\0" + bytes(step[ZIGZAG].tolist())),
              (0xc0, struct.pack(">BHHBBBB", 8, *rgb.shape[:2], 1, 1, 0x11, 0)),
              (0xc4, b"\x00" + bytes([0, 0, 0, len(DC)] + 12 * [0] + DC)),
              (0xc4, b"\x10" + bytes(7 * [0] + [len(AC)] + 8 * [0] + AC)),
              (0xda, bytes([1, 1, 0, 0, 63, 0]))]
    with open(path, "wb") as f:
        f.write(b"\xff\xd8" + b"".join(struct.pack(">BBH", 255, m, len(t) + 2) + t for m, t in tables) +
                data.replace(b"\xff", b"\xff\0") + b"\xff\xd9")


def crossdiff(rgb):
    out = []
    for c in range(3):
        p = rgb[:, :, c].astype(float)
        d = abs(p[:-1, :-1] + p[1:, 1:] - p[:-1, 1:] - p[1:, :-1])
        d = np.pad(d, ((0, 1), (0, 1)), "edge")        # for sides of whole 128s
        d = d[: d.shape[0] // 128 * 128, : d.shape[1] // 128 * 128]
        f = abs(np.fft.fft2(d)) / np.sqrt(d.size) + 0.01
        ys, xs = d.shape[0] // 128, d.shape[1] // 128   # bins in 1/128 of a cycle
        for m in range(-8, 9):
            for n in range(9):
                near = [f[(8 * m + j) * ys % d.shape[0], (8 * n + i) * xs % d.shape[1]]
                        for j in range(-3, 4) for i in range(-3, 4)]
                out.append(np.log10(near[24] / np.median(near[:24] + near[25:])))
    return np.array(out)


def luma(rgb):
    return rgb @ np.array([0.299, 0.587, 0.114])


def tiles(p, side):
    """Overlapping as little as possible, covering p."""
    ny, nx = (-(-n // side) for n in p.shape)
    for j in range(ny):
        for i in range(nx):
            y = j * (p.shape[0] - side) // (ny - 1) if ny > 1 else 0
            x = i * (p.shape[1] - side) // (nx - 1) if nx > 1 else 0
            t = p[y:y + side, x:x + side]
            yield t - t.mean()


def azimuthal(rgb):
    w = np.outer(*2 * [np.hanning(513)[1::2]])     # Hann, at half samples
    p = np.mean([abs(np.fft.fft2(t * w)) ** 2 for t in tiles(luma(rgb), 256)], 0) / (w ** 2).sum()
    ky, kx = np.meshgrid(*2 * [np.fft.fftfreq(256, 1 / 256)], indexing="ij")
    r, turn = np.rint(np.hypot(ky, kx)), np.rint(np.arctan2(ky, kx) * 16 / np.pi) % 16
    ring = np.log10([p[r == k].mean() + 1e-4 for k in range(1, 129)])
    x = np.log10(np.arange(1, 129) / 128)
    slope, level = np.polyfit(x[3:64], ring[3:64], 1)
    band = (r >= 64) & (r <= 128)
    return np.concatenate([ring - level - slope * x, [slope, level], np.log10(
        [(p[band & (turn == k)].mean() + 1e-4) / (p[band].mean() + 1e-4) for k in range(16)])])


def autocorr(rgb):
    p = np.mean([abs(np.fft.fft2(t, (512, 512))) ** 2 / t.var()
                 for t in tiles(residual(luma(rgb)), 256) if t.var() >= 0.01], 0)
    c = np.real(np.fft.ifft2(p))
    lags = [(0, x) for x in range(1, 17)] + [(y, x) for y in range(1, 17) for x in range(-16, 17)]
    return np.array([c[y, x] / c[0, 0] * 256 ** 2 / (256 - y) / (256 - abs(x)) for y, x in lags])


def whole(rgb):
    """In single precision, as the decoder: halves are common."""
    r, g, b = (np.float32(k) * rgb[:, :, i] for i, k in enumerate((0.299, 0.587, 0.114)))
    return np.floor(r + g + b + np.float32(0.5)).astype(int)


def upsampling(rgb):
    p, out = whole(rgb), {}
    for j in (0, 1):
        for i in (0, 1):
            q = p[j:j + (p.shape[0] - j) // 2 * 2, i:i + (p.shape[1] - i) // 2 * 2]
            d = [q[y::2, x::2] - q[::2, ::2] for y, x in ((0, 1), (1, 0), (1, 1))]
            r, b, g = (np.clip(v, -3, 3).ravel() for v in d)
            mean = [abs(v).mean() for v in d]
            joint = np.histogram2d(r, b, np.arange(-3.5, 4))[0].ravel() / r.size
            diagonal = np.histogram(g, np.arange(-3.5, 4))[0] / r.size
            out[j, i] = mean, np.concatenate([np.log10(np.add(mean, 0.01)), joint, diagonal])
    x = out[0, 1][0][0] + out[1, 1][0][0] < out[0, 0][0][0] + out[1, 0][0][0]
    y = out[1, 0][0][1] + out[1, 1][0][1] < out[0, 0][0][1] + out[0, 1][0][1]
    return np.concatenate([out[j ^ y, i ^ x][1] for j in (0, 1) for i in (0, 1)])


def spam(rgb):
    p, out = whole(rgb), []
    h, w = p.shape
    for ways in (((0, 1), (0, -1), (1, 0), (-1, 0)), ((1, 1), (-1, -1), (1, -1), (-1, 1))):
        total = np.zeros((7, 7, 7))
        for dy, dx in ways:
            y, x = 3 * (dy < 0), 3 * (dx < 0)      # where quadruples of pixels begin
            q = [p[y + k * dy:h - 3 * (dy > 0) + k * dy or None,
                   x + k * dx:w - 3 * (dx > 0) + k * dx or None] for k in range(4)]
            n = min(v.shape[0] for v in q), min(v.shape[1] for v in q)
            q = [v[:n[0], :n[1]] for v in q]
            d = [np.clip(q[k] - q[k + 1], -4, 4).ravel() + 4 for k in range(3)]
            m = np.bincount((d[0] * 9 + d[1]) * 9 + d[2], minlength=729).reshape(9, 9, 9)
            total += (m / np.maximum(m.sum(2, keepdims=True), 1))[1:8, 1:8, 1:8] / 4
        out.append(total.ravel())
    return np.concatenate(out)


def dctr_over(rgb, quality, halfway):
    """[v][u][y][x][r]: shares of residuals of at least r + 1/2 steps, less `halfway`."""
    n, step = quantise(rgb, quality)
    p = idctn((n * step).reshape(*n.shape[:2], 8, 8), axes=(2, 3), norm="ortho").swapaxes(1, 2)
    p = p.reshape(8 * n.shape[0], -1)[:rgb.shape[0], :rgb.shape[1]]
    base = dct(np.eye(8), axis=0, norm="ortho")
    down = np.lib.stride_tricks.sliding_window_view(p, 8, 0) @ base.T
    r = abs(np.lib.stride_tricks.sliding_window_view(down, 8, 1) @ base.T)    # [y][x][v][u]
    q = 8 * (2 - quality / 50) if quality >= 50 else 8 * 50 / quality
    out = np.empty((8, 8, 5, 5, 4))
    for y in range(5):
        for x in range(5):
            at = [r[j::8, i::8] for j in {y, -y % 8} for i in {x, -x % 8}]
            for k in range(4):
                n = sum((a >= (k + 0.5) * q - halfway).sum((0, 1)) for a in at)
                out[:, :, y, x, k] = n / sum(a.shape[0] * a.shape[1] for a in at)
    return out


def check_dctr(got, rgb, quality):
    """Counts may differ where a residual is nearly on a bound: how far from what is possible."""
    over = got.astype(float).reshape(8, 8, 5, 5, 5)[..., ::-1].cumsum(-1)[..., 3::-1]
    least, most = (dctr_over(rgb, quality, h) for h in (1 / 1024, 3 / 1024))
    return max((least - over).max(), (over - most).max(), abs(got.reshape(-1, 5).sum(1) - 1).max())


# how far from the independent computation each may be
CHECKS = {crossdiff: 2e-5, azimuthal: 2e-5, autocorr: 2e-5, upsampling: 2e-6, spam: 2e-6}


def check(store):
    items, text = store["items"][:], store["strings"][:].tobytes()
    named = {os.path.basename(text[o:o + n].decode("utf-8", "replace")): row for row, (o, n) in
             enumerate(zip(items["path_offset"], items["path_length"]))}
    names = ["u%dv%d_x%dy%d_%d" % (u, v, x, y, n) for v in range(8) for u in range(8)
             for y in range(5) for x in range(5) for n in range(5)]    # more than 64 KiB
    bad = 0
    for name, rgb in pictures():
        for detector, most in CHECKS.items():
            got = store["measures/" + detector.__name__][named[name + ".bmp"]]
            want = detector(rgb)
            far = abs(got - want) if got.shape == want.shape else np.array([np.inf])
            good = far.max() <= most
            bad += not good
            print("%s: %s of %s: %.2g off at %d" % ("ok" if good else "FAILED", detector.__name__,
                                                    name, far.max(), far.argmax()))
        far = check_dctr(store["measures/dctr"][named[name + ".jpg"]], rgb, QUALITY[name])
        good = far <= 1e-6 and names == [n.decode() for n in store["measures/dctr"].attrs["columns"]]
        bad += not good
        print("%s: dctr of %s: %.2g off" % ("ok" if good else "FAILED", name, far))
    return bad


if sys.argv[1] == "make":
    os.makedirs(sys.argv[2])
    for name, rgb in pictures():
        write_bmp(os.path.join(sys.argv[2], name + ".bmp"), rgb)
        write_jpeg(os.path.join(sys.argv[2], name + ".jpg"), rgb, QUALITY[name])
else:
    sys.exit(check(h5py.File(sys.argv[2])) != 0)
