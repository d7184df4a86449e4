#!/usr/bin/env python3
"""grid_check.py - the measures of `grid` against the votes counted block by block in NumPy.

usage: grid_check.py STORE MANIFEST; pictures are PNG or JPEG.  Exits 77 where a library is missing.
"""
import csv
import os
import sys

try:
    import h5py
    import numpy as np
    from PIL import Image
    from scipy.fft import dct
    from scipy.stats import binom
except ImportError:
    sys.exit(77)


def luma(path):
    im = Image.open(path)
    if im.format == "JPEG":  # the stored Y, not one made of RGB again
        im.draft("YCbCr", im.size)
        return np.asarray(im)[:, :, 0] if im.mode == "YCbCr" else np.asarray(im.convert("L"))
    return np.asarray(im.convert("RGB")) @ [.299, .587, .114]


def votes_of(y):
    """The grid each pixel votes for, 64 for none."""
    h, w = y.shape
    blocks = np.lib.stride_tricks.sliding_window_view(y.astype(float), (8, 8))
    zero = np.abs(dct(dct(blocks, axis=2, norm="ortho"), axis=3, norm="ortho")) < .5
    zero[:, :, 0, 0] = False
    count = zero.sum((2, 3))
    flat = (zero[:, :, :, 1:].sum((2, 3)) == 56) | (zero[:, :, 1:, :].sum((2, 3)) == 56)
    best = np.full((h, w), 64)
    for py in range(7, h - 7):
        for px in range(7, w - 7):
            c = count[py - 7:py + 1, px - 7:px + 1]
            at = np.flatnonzero(c == c.max())
            by, bx = py - 7 + at[0] // 8, px - 7 + at[0] % 8
            if len(at) == 1 and not flat[by, bx]:
                best[py, px] = by % 8 * 8 + bx % 8
    return best


def main():
    store, manifest = sys.argv[1:]
    root, bad = os.path.dirname(os.path.abspath(manifest)), 0
    with h5py.File(store) as f:
        items, strings = f["items"][:], f["strings"][:].tobytes()
        columns = [c.decode() for c in f["measures/grid"].attrs["columns"]]
        rows = {strings[i["path_offset"]:i["path_offset"] + i["path_length"]].decode():
                dict(zip(columns, m)) for i, m in zip(items, f["measures/grid"][:])}
    for r in csv.DictReader(open(manifest)):
        y = luma(os.path.join(root, r["path"]))
        v = votes_of(y)
        n = np.bincount(v[v < 64], minlength=64)
        tests = 2 * np.log10(64) + 2 * np.log10(y.shape[0]) + 2 * np.log10(y.shape[1])
        alike = n.reshape(8, 8)[n.argmax() // 8 % 2::2, n.argmax() % 2::2].sum()  # of the same parity
        tail = binom.logsf(n.max() // 64 - 1, alike // 64, 1 / 16) / np.log(10)
        ours = rows[r["path"]]
        share = n.sum() / y.size
        strength, grid = -(tests + tail), (n.argmax() % 8, n.argmax() // 8)
        print(r["path"], share, ours["voting_share"], strength, ours["grid_minus_log10_nfa"], grid)
        # coefficients within rounding of .5 may go the other way
        bad += not abs(share - ours["voting_share"]) < 3e-3
        if ours["grid_x_px"] >= 0:
            bad += (ours["grid_x_px"], ours["grid_y_px"]) != grid
            # ... and make a block more or less, which weighs 2.3
            bad += not abs(strength - ours["grid_minus_log10_nfa"]) < 5
        else:
            bad += strength > 0 and not ours["foreign"]
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
