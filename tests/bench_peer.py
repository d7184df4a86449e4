#!/usr/bin/env python3
"""bench_peer.py - the pipeline people write in Python, for comparison.

usage: bench_peer.py ROUNDS FILE...
Per file: SHA-256 (hashlib), gray decode (PIL draft off), PDQ-like hash (two box passes
and a DCT by scipy), EXIF and tables by PIL, rows into HDF5 (h5py).
Once lean, the hash of a nearest sample of 512 x 512 as Assay takes it, and once whole, of
the picture smoothed at its own size, as the definition of PDQ reads.
Prints processor milliseconds per file, the median of the rounds.
"""
import hashlib
import statistics
import sys
import tempfile
import time

import h5py
import numpy as np
from PIL import Image
from scipy.fft import dctn
from scipy.ndimage import uniform_filter


def examine(path, whole):
    data = open(path, "rb").read()
    sha = hashlib.sha256(data).hexdigest()
    image = Image.open(path)
    exif, tables = dict(image.getexif()), image.quantization
    luma = np.asarray(image.convert("L"), dtype=np.float32)
    h, w = luma.shape
    if not whole:
        luma = luma[np.arange(512) * h // 512][:, np.arange(512) * w // 512]
    window = [(side + 127) // 128 for side in luma.shape]
    smooth = uniform_filter(uniform_filter(luma, window), window)
    at = [(2 * np.arange(64) + 1) * side // 128 for side in luma.shape]
    low = dctn(smooth[at[0]][:, at[1]], norm="ortho")[1:17, 1:17]
    return sha, np.packbits(low > np.median(low)), len(exif) + len(tables), w, h


def measure(rounds, files, whole):
    times = []
    for _ in range(rounds + 1):
        start = time.process_time()
        rows = [examine(f, whole) for f in files]
        with tempfile.NamedTemporaryFile(suffix=".h5") as tmp, h5py.File(tmp.name, "w") as store:
            store["sha256"] = [r[0] for r in rows]
            store["pdq"] = np.stack([r[1] for r in rows])
            store["size"] = np.array([r[2:] for r in rows])
        times.append((time.process_time() - start) / len(files))
    return 1e3 * statistics.median(times[1:])


def main():
    rounds, files = int(sys.argv[1]), sys.argv[2:]
    for whole in False, True:
        took = measure(rounds, files, whole)
        print(f"{'whole' if whole else 'lean'}: {len(files)} files, {rounds} rounds: {took:.2f} ms/file")


if __name__ == "__main__":
    main()
