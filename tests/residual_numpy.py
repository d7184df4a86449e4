"""residual_numpy.py - the denoising residual in numpy and PyWavelets, for what is checked against it."""
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
