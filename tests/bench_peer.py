#!/usr/bin/env python3
"""bench_peer.py - the pipeline people write in Python, for comparison.

usage: bench_peer.py ROUNDS FILE...
Per file: SHA-256 (hashlib), gray decode (PIL draft off), PDQ-like hash (nearest
512 x 512, two box passes and a DCT by scipy), EXIF by PIL, rows into HDF5 (h5py).
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


def examine(path):
    data = open(path, "rb").read()
    sha = hashlib.sha256(data).hexdigest()
    image = Image.open(path)
    exif = dict(image.getexif())
    luma = np.asarray(image.convert("L"), dtype=np.float32)
    h, w = luma.shape
    small = luma[np.arange(512) * h // 512][:, np.arange(512) * w // 512]
    smooth = uniform_filter(uniform_filter(small, 4), 4)
    low = dctn(smooth[4::8, 4::8], norm="ortho")[1:17, 1:17]
    return sha, np.packbits(low > np.median(low)), len(exif), w, h


def main():
    rounds, files = int(sys.argv[1]), sys.argv[2:]
    times = []
    for r in range(rounds + 1):
        start = time.process_time()
        rows = [examine(f) for f in files]
        with tempfile.NamedTemporaryFile(suffix=".h5") as tmp, h5py.File(tmp.name, "w") as store:
            store["sha256"] = [r[0] for r in rows]
            store["pdq"] = np.stack([r[1] for r in rows])
            store["size"] = np.array([r[2:] for r in rows])
        times.append((time.process_time() - start) / len(files))
    print(f"{len(files)} files, {rounds} rounds: {1e3 * statistics.median(times[1:]):.2f} ms/file")


if __name__ == "__main__":
    main()
