"""residual_numpy.py - sensor noise in numpy and PyWavelets, for what is checked against it."""
import math

import numpy as np
import pywt


def box(a, n, wrap=False):
    """Mean over n x n cells, zero outside, or periodic."""
    r = n // 2
    p = np.pad(a, r, mode="wrap" if wrap else "constant")
    s = sum(p[k:k + a.shape[0]] for k in range(n))
    return sum(s[:, k:k + a.shape[1]] for k in range(n)) / n**2


def gain(energy, s, wrap=False):
    v = np.maximum(0, np.minimum.reduce([box(energy, n, wrap) for n in (3, 5, 7, 9)]) - s)
    return s / (v + s)


def residual(picture):
    levels = min(4, int(math.log2(min(picture.shape) / 7)))
    bands = pywt.wavedec2(picture, "db4", level=levels)
    bands = [np.zeros_like(bands[0])] + [tuple(c * gain(c**2, 25) for c in d) for d in bands[1:]]
    return pywt.waverec2(bands, "db4")[:picture.shape[0], :picture.shape[1]]


def zero_mean(k):
    """Rows and columns of each Bayer phase without their mean."""
    k = k.copy()
    for y in (0, 1):
        for x in (0, 1):
            p = k[y::2, x::2] - k[y::2, x::2].mean()
            k[y::2, x::2] = p - p.mean(axis=1, keepdims=True) - p.mean(axis=0, keepdims=True)
    return k


def local(w):
    """W / sigma, of 65 x 65 cells inside the picture."""
    s = np.pad((w**2).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    ends = [(np.maximum(np.arange(n) - 32, 0), np.minimum(np.arange(n) + 33, n)) for n in w.shape]
    (y0, y1), (x0, x1) = ends
    sums = s[y1][:, x1] - s[y1][:, x0] - s[y0][:, x1] + s[y0][:, x0]
    return w / np.sqrt(np.maximum(sums / np.outer(y1 - y0, x1 - x0), .01))
