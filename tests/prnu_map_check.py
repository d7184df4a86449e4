"""prnu_map_check.py - maps of missing sensor noise against a computation in numpy and scipy.

usage: prnu_map_check.py TOOL DIR.  Written from the words of kernels/prnu_map.h, in double precision; least
absolute deviations by linear programming, regions by labels.  Exit 77: no numpy,
pywt or scipy.
"""
import subprocess
import sys

sys.dont_write_bytecode = True
try:
    import numpy as np
    from scipy.ndimage import label
    from scipy.optimize import linprog

    from residual_numpy import local, zero_mean
except ImportError:
    print("no numpy, pywt or scipy: skipped")
    sys.exit(77)

tool, folder = sys.argv[1:]
SHIFTS = [(40, 72), (-104, 56), (72, -40), (-56, -88), (136, 24), (-24, 152), (88, 168), (-168, -120)]
WINDOW, BRIGHT = 5, 240


def query(w, i):
    """W / sigma, zero mean by Bayer phases, times I / 255."""
    return np.where(i < BRIGHT, zero_mean(local(w)) * i / 255, 0)


def cells(plane, c):
    h, w = plane.shape[0] // c, plane.shape[1] // c
    return plane[:h * c, :w * c].reshape(h, c, w, c).sum((1, 3))


def windows(a, f=np.sum):
    h, w = a.shape
    y, x = [np.clip(np.arange(n) - WINDOW // 2, 0, n - WINDOW) for n in (h, w)]
    return np.array([[f(a[j:j + WINDOW, i:i + WINDOW]) for i in x] for j in y])


def elsewhere(k, c, dy, dx):
    """The fingerprint off by a shift, a cell at a time: one that would lie across the border takes the first columns."""
    h, w = k.shape
    moved = np.zeros_like(k)
    rows = (np.arange(h) + dy) % h
    for x in range(0, w - c + 1, c):
        sx = (x + dx) % w
        sx = 0 if sx + c > w else sx
        moved[:, x:x + c] = k[rows, sx:sx + c]
    return moved


def least_deviations(f, z):
    n = len(z)
    cost = np.r_[0, 0, np.ones(2 * n)]
    b = linprog(cost, A_eq=np.hstack([f, np.eye(n), -np.eye(n)]), b_eq=z, bounds=(0, None), method="highs").x[:2]
    return b


def reference(i, w, k, c):
    q, n = query(w, i), (c * WINDOW)**2
    light = np.where(i < BRIGHT, i / 255 * k, 0)**2
    v, e = cells(light, c), cells(w**2, c)
    signal = windows(v / np.maximum(np.sqrt(e) / c, .3))
    share, v, e = windows(v, np.max), windows(v), windows(e)
    use = (np.sqrt(e / n) >= .3) & (v > 0) & (share <= .12 * v)
    root = np.sqrt(np.where(v > 0, v, 1))
    z = windows(cells(q * k, c)) / root
    wrong = [windows(cells(q * elsewhere(k, c, *s), c)) / root for s in SHIFTS]
    chance = np.sqrt(np.mean([x[use]**2 for x in wrong]))
    f = np.stack([np.sqrt(v), signal / root], -1)
    b = least_deviations(f[use], z[use])
    expected = f @ b
    off = (z - expected)[use]
    above = off > 0
    spread = max(.1, np.sqrt(max(0, np.sum(off[above]**2 - chance**2) / np.sum(expected[use][above]**2))))
    s1 = np.hypot(chance, spread * expected)
    ratio = (z - expected)**2 / (2 * s1**2) - z**2 / (2 * chance**2) + np.log(s1 / chance)
    likely = use & (expected >= 2.5 * chance)
    known = likely & (expected >= 3.75 * s1)
    flagged, count = label(likely & (z <= 2 * chance) & (expected - z >= 3.75 * s1))
    p = np.where(likely, 254 / (1 + np.exp(np.minimum(-ratio, 700))), 128)
    told = [r for r in range(1, count + 1) if (flagged == r).sum() >= 6]
    p[np.isin(flagged, told)] = 255
    return dict(map=p, chance=chance, spread=spread, expected=expected, regions=len(told), known=known | (flagged > 0))


def compare(w, h, pce, seed):
    rng = np.random.default_rng(seed)
    k = rng.normal(0, 3, (h, w)).astype("f4")
    y, x = np.mgrid[:h, :w]
    i = (110 + 60 * np.sin(x / 170) + 30 * np.cos(y / 90)).round().astype("f4")
    i[:90, w - 200:] = 251  # clipped
    rough = 1 + .7 * (np.sin(x / 101) * np.sin(y / 83) > .3)
    noise = (i / 255 * k * .12 + rng.normal(0, 1, (h, w)) * rough).astype("f4")
    noise[h - 96:, :160] = 0  # wiped out
    noise[200:456, 300:540] = rng.normal(0, 2, (256, 240))  # of something else
    noise = np.clip(np.round(noise * 16), -127, 127).astype("f4") / 16
    for name, plane in (("i", i), ("w", noise), ("k", k)):
        plane.tofile(f"{folder}/{name}.f32")
    out = subprocess.run([tool, folder, str(w), str(h), str(pce)], check=True, capture_output=True, text=True)
    told = dict((line.split()[0], float(line.split()[1])) for line in out.stdout.splitlines())
    c, mw, mh = (int(told[n]) for n in ("cell", "w", "h"))
    got = np.fromfile(f"{folder}/map.u8", "u1").reshape(mh, mw)
    want = reference(i.astype(float), noise.astype(float), k.astype(float), c)
    middle = want["expected"][mh // 2, mw // 2]
    off = np.abs(got - want["map"])
    print(f"{w} x {h}, cells of {c}: {told['regions']:.0f} regions, {want['regions']}; chance {told['chance']:.5f}, "
          f"{want['chance']:.5f}; spread {told['spread']:.4f}, {want['spread']:.4f}; expected {told['expected']:.4f}, "
          f"{middle:.4f}; map off by {off.max():.2f}, {(off > 3).sum()} cells by more than 3")
    assert abs(told["chance"] / want["chance"] - 1) < 1e-4
    assert abs(told["expected"] / middle - 1) < .01  # weights anew against a linear program
    assert abs(told["spread"] / want["spread"] - 1) < .05
    assert told["regions"] == want["regions"] >= 1
    assert told["unknown"] == (~want["known"]).sum() > 0
    assert (off > 3).mean() < .02
    centre = got[(200 + 128) // c, (300 + 120) // c]
    assert centre == 255, centre


compare(768, 640, 3000, 3)
compare(1111, 803, 2600, 4)
print("all as computed")
