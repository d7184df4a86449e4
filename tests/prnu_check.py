"""prnu_check.py - residual, fingerprint, query and PCE against a computation in numpy and PyWavelets.

usage: prnu_check.py TOOL DIR.  Written from the formulas of the papers, in double precision.  Exit 77: no numpy or pywt.

The formulas are those of prnu-python but for its faults and one choice:
  * its pce() leaves out 4 x 4 cells that lie off the peak's centre and are none at a border, and counts them
    in the mean; here the paper's 11 x 11, circular;
  * its saturation() compares with the far border, and leaves the mask inverted in a channel that does not
    reach 250 while another one does; here neighbours inside the picture, each plane by itself;
  * its Wiener step pads the plane of frequencies with zeros; here it is periodic.  The fingerprints of both
    correlate above .999, which is checked here.
"""
import math
import subprocess
import sys

sys.dont_write_bytecode = True
try:
    import numpy as np
    from residual_numpy import gain, local, residual, zero_mean
except ImportError:
    print("no numpy or pywt: skipped")
    sys.exit(77)

tool, folder = sys.argv[1:]


def weight(i):
    equal = np.zeros(i.shape, bool)
    for axis in (0, 1):
        same = np.diff(i, axis=axis) == 0
        first, last = [slice(None)] * 2, [slice(None)] * 2
        first[axis], last[axis] = slice(1, None), slice(None, -1)
        equal[tuple(first)] |= same
        equal[tuple(last)] |= same
    j = np.where(i < 252, i / 252, np.exp(-(i - 252)**2 / 6))
    return j * ~((i.max() > 250) & (i == i.max()) & equal)


def wiener(k, wrap=True):
    f = np.fft.fft2(k)
    return np.real(np.fft.ifft2(f * gain(np.abs(f)**2 / k.size, k.var(ddof=1), wrap)))


def pce(c):
    hole = np.ones(c.shape, bool)
    hole[np.ix_(np.arange(-5, 6), np.arange(-5, 6))] = False
    return np.sign(c[0, 0]) * c[0, 0]**2 / np.mean(c[hole]**2)


def near(name, got, want, tolerance):
    worst = np.abs(got - want).max()
    print(f"{name}: off by {worst:.2g}, allowed {tolerance:.2g}")
    if not worst <= tolerance:
        sys.exit(f"{name}: too far")


def compare(h, w, seed):
    rng = np.random.default_rng(seed)
    pattern = rng.normal(0, .02, (h, w))
    pictures = []
    for i in range(7):
        scene = 110 + 40 * np.sin(np.arange(w) / 17 + i) + 25 * np.cos(np.arange(h) / 29)[:, None]
        if i == 2:
            scene[h // 4:h // 2, w // 4:w // 2] = 300
        noisy = scene * (1 + pattern) + rng.normal(0, 2, (h, w))
        pictures.append(np.clip(noisy, 0, 255).round())
        pictures[i].astype("<f4").tofile(f"{folder}/{i}.f32")
    out = subprocess.run([tool, folder, str(w), str(h), "7"], check=True, capture_output=True, text=True)
    told = dict((line.split()[0], float(line.split()[1])) for line in out.stdout.splitlines())
    read = lambda name: np.fromfile(f"{folder}/{name}.f32", "<f4").reshape(h, w).astype(float)

    # float32 through four levels of taps of up to 255: 2^-24 * 255 * 16
    noise = [read(f"r{i}") for i in range(7)]
    for i in range(7):
        near(f"{w} x {h} residual {i}", noise[i], residual(pictures[i]), 2.5e-4)
    # sums in units of 2^-12 and 2^-16 for 6 pictures: 6 * 2^-13 over sum J^2 + 1, which is above 1
    raw = sum(a * b / 255 for a, b in zip(noise[:6], pictures)) / (sum(weight(i)**2 for i in pictures[:6]) + 1)
    k = wiener(zero_mean(raw))
    near(f"{w} x {h} fingerprint", read("k"), k, 8e-4)
    if np.corrcoef(k.ravel(), wiener(zero_mean(raw), False).ravel())[0, 1] < .999:
        sys.exit("the borders of the plane of frequencies matter")
    near("rms", told["rms"], k.std(ddof=1), 1e-3 * k.std())
    near("rms_raw", told["rms_raw"], zero_mean(raw).std(ddof=1), 1e-3 * k.std())
    for flags in range(8):
        q = local(noise[6]) if flags & 1 else noise[6]
        q = wiener(zero_mean(q)) if flags & 2 else zero_mean(q)
        q = q * pictures[6] / 255 if flags & 4 else q
        near(f"query {flags}", read(f"q{flags}"), q, 2e-5)
    c = np.real(np.fft.ifft2(np.conj(np.fft.fft2(read("q5"))) * np.fft.fft2(read("k"))))
    near("surface", read("c"), c, 1e-4 * c.std())
    near("pce", told["pce"], pce(c), 1e-4 * abs(pce(c)))
    tail = .5 * math.erfc(math.sqrt(told["pce"] / 2000))
    near("pfa", told["pfa"], math.log10(-math.expm1(1e6 * math.log1p(-tail))), 1e-9)


for size in ((128, 160), (131, 174), (257, 96)):
    compare(*size, 7)
print("all as computed")
