"""resampling_check.py - the measures of `resampling`, computed again in numpy from its description.

usage: resampling_check.py STORE.h5 ROOT, the folder that paths of pictures (PNG) begin in.
Exits 77 where a library is missing.
"""
import math
import os
import sys

try:
    import h5py
    import numpy as np
    from PIL import Image
    from scipy.ndimage import maximum_filter, uniform_filter
except ImportError:
    sys.exit(77)


def tile_spectra(e, n, w, h):
    """Power of a tile's sizes and errors; `e`: errors of the predictor."""
    e = np.clip(e / (uniform_filter(np.abs(e), 9, mode="nearest") + .5), -3, 3)
    window = np.outer(*(.5 - .5 * np.cos(2 * np.pi * np.arange(k) / k) for k in (h, w)))
    for v in (np.abs(e), e):
        yield np.abs(np.fft.fft2((v - v.mean()) * window, (n, n)))**2


def over_ring(power, n):
    k = np.minimum(np.arange(n), n - np.arange(n))
    power = np.where(k[:, None]**2 + k**2 < (6 * n // 512)**2, 0, power)
    ring = (uniform_filter(power, 17, mode="wrap") * 289 - uniform_filter(power, 5, mode="wrap") * 25) / 264
    return np.divide(power, ring, out=np.zeros_like(power), where=ring > 1e-9 * power.max())


def tail(k, r):
    """log10 of P(mean of k exponential variables > r)."""
    x = k * r
    return (-x + math.log(sum(math.exp(i * math.log(x) - math.lgamma(i + 1)) for i in range(k)))) / math.log(10)


def measures(p):
    h, w = p.shape
    n = 512 if min(w, h) - 2 >= 384 else 256
    error = p[1:-1, 1:-1] - .5 * (p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:]) \
        + .25 * (p[:-2, :-2] + p[:-2, 2:] + p[2:, :-2] + p[2:, 2:])
    h, w = error.shape
    tw, th = min(w, n), min(h, n)
    starts = []
    for room, side in ((w, tw), (h, th)):
        k = max(1, (room + n // 2) // n)
        starts.append([i * (room - side) // (k - 1) if k > 1 else 0 for i in range(k)])
    total = np.zeros((2, n, n))
    for y in starts[1]:
        for x in starts[0]:
            total += list(tile_spectra(error[y:y + th, x:x + tw], n, tw, th))
    sizes, errors = (over_ring(v, n) for v in total)
    near = maximum_filter(errors, 3, mode="wrap")
    lines = sorted(zip(*np.nonzero((errors >= 16) & (errors >= near))), key=lambda at: -errors[at])[:64]
    texture = np.maximum(1, near / 4)
    for y, x in lines:
        texture = np.maximum(texture, np.minimum(errors[y, x], np.roll(near, (y, x), (0, 1))) / 8)
    free = sizes / texture**1.5
    y, x = np.mgrid[0:n // 2, 1:n // 2 + 1]
    one, other = free[y, x], free[x, -y]
    raw = np.minimum(sizes[0, n // 8], sizes[n // 8, 0])

    def on(k, step):
        return np.minimum(k % step, step - k % step) <= 2 * n // 512 + 1
    step = n // (8 if raw >= 4 else 2)
    no = (y**2 + x**2 < (20 * n // 512)**2) | (on(y, step) & on(x, step))
    pair = np.where(no, 0, np.minimum(one, other))
    at = np.unravel_index(pair.argmax(), pair.shape)
    tiles = len(starts[0]) * len(starts[1])
    return {"minus_log10_nfa": -2 * tail(tiles, pair[at]) - math.log10(n * n / 4), "pair_ratio": pair[at],
            "single_ratio": np.where(no, 0, np.maximum(one, other)).max(),
            "frequency_x_per_px": x[at] / n, "frequency_y_per_px": y[at] / n,
            "half_ratio": min(sizes[0, n // 2], sizes[n // 2, 0]), "jpeg_grid_ratio": raw, "tiles": tiles}


f = h5py.File(sys.argv[1])
text = f["strings"][...].tobytes().decode()
columns = list(f["measures/resampling"].attrs["columns"].astype(str))
worst, pictures, strong = 0., 0, 0
for item, feat in zip(f["items"][...], f["measures/resampling"][...]):
    path = text[item["path_offset"]:][:item["path_length"]]
    if np.isnan(feat[0]):
        continue
    rgb = np.asarray(Image.open(os.path.join(sys.argv[2], path)).convert("RGB")).astype(np.float32)
    weigh = np.array([.299, .587, .114], np.float32)
    luma = rgb[..., 0] * weigh[0] + rgb[..., 1] * weigh[1] + rgb[..., 2] * weigh[2]  # the plane it gets
    want = measures(luma.astype(float))
    for name, got in zip(columns, feat):
        off = abs(got - want[name]) / max(1, abs(want[name]))
        worst = max(worst, off)
        # interpolated samples may be predicted to the last bit, so what rounding leaves counts there
        if off > (2e-3 if name != "minus_log10_nfa" else 8e-3):
            sys.exit(f"{path}: {name} is {got}, not {want[name]}")
    pictures += 1
    strong += want["minus_log10_nfa"] > 3
if pictures < 6 or not 0 < strong < pictures:
    sys.exit(f"{pictures} pictures, {strong} of them resampled: too little is tried")
print(f"{pictures} pictures, {strong} resampled: at most {worst:.1e} off")
