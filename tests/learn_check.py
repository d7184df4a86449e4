"""learn_check.py - the measures of kernels/learn against numpy, and scikit-learn where it is installed.

usage: learn_check.py TOOL.  Exit 77: no numpy.
"""
import subprocess
import sys

try:
    import numpy as np
except ImportError:
    print("no numpy: skipped")
    sys.exit(77)
try:
    from sklearn import isotonic, metrics
except ImportError:
    metrics = None

tool = sys.argv[1]
bad = 0


def run(what, label, score, weight):
    text = "".join(f"{l} {s!r} {w}\n" for l, s, w in zip(label, map(float, score), weight))
    out = subprocess.run([tool, what], input=text, capture_output=True, text=True, check=True).stdout
    return {k: float(v) for k, v in map(str.split, out.splitlines())}


def same(what, got, want, tolerance=1e-12):
    global bad
    if not abs(got - want) <= tolerance:
        print(f"{what}: {got!r}, should be {want!r}")
        bad += 1


def curve(label, score):
    """FPR and TPR after each distinct score, from (0, 0)."""
    cuts = np.unique(score)[::-1]
    return (np.array([0] + [np.mean(score[label == 0] >= t) for t in cuts]),
            np.array([0] + [np.mean(score[label == 1] >= t) for t in cuts]), cuts)


def pav(y):
    """Means of the best non-decreasing sequence beside y, by its min-max formula."""
    s = np.concatenate([[0], np.cumsum(y)])
    n = len(y)
    mean = np.array([[(s[b] - s[a]) / (b - a) if b > a else np.nan for b in range(n + 1)] for a in range(n)])
    return np.array([max(np.nanmin(mean[a, i + 1:]) for a in range(i + 1)) for i in range(n)])


def cllr(label, llr):
    one, zero = llr[label == 1], llr[label == 0]
    return (np.mean(np.log2(1 + 10.0**-one)) + np.mean(np.log2(1 + 10.0**zero))) / 2


def cllr_min(label, score):
    """Ties in one block, then PAV."""
    v, inverse, count = np.unique(score, return_inverse=True, return_counts=True)
    y = np.repeat([label[inverse == k].mean() for k in range(len(v))], count)
    p = pav(y)[np.argsort(np.argsort(score, kind="stable"), kind="stable")]
    odds = label.sum() / (1 - label).sum()
    with np.errstate(divide="ignore"):
        lr = p / (1 - p) / odds
        return (np.mean(np.log2(1 + 1 / lr[label == 1])) + np.mean(np.log2(1 + lr[label == 0]))) / 2


def reliability(label, score, weight, bins):
    """Means of runs: each score, with all that share it, is in the bin of its middle by weight."""
    values = [v for v in np.unique(score) if weight[score == v].sum() > 0]
    of = np.array([weight[score == v].sum() for v in values])
    bin_of = ((np.cumsum(of) - of / 2) * bins // of.sum()).astype(int)
    for b in np.unique(bin_of):
        there = np.isin(score, [v for v, k in zip(values, bin_of) if k == b])
        yield [np.average(x[there], weights=weight[there]) for x in (score, label)]


def check_items(label, score, weight, name):
    got = run("metrics", label, score, weight)
    points = list(reliability(label, score, weight, 10))
    same(name + " points", sum(k.startswith("bin") for k in got), len(points))
    for i, (said, seen) in enumerate(points):
        same(f"{name} said {i}", got[f"bin{i}"], said)
        same(f"{name} seen {i}", got[f"seen{i}"], seen)
    l, s = np.repeat(label, weight), np.repeat(score, weight)
    fpr, tpr, cuts = curve(l, s)
    precision = [np.mean(l[s >= t]) for t in cuts]
    k = np.argmax(fpr >= 1 - tpr)
    m0, m1, f0, f1 = 1 - tpr[k - 1], 1 - tpr[k], fpr[k - 1], fpr[k]
    share = (m0 - f0) / (m0 - f0 + f1 - m1)
    same(name + " auc", got["auc"], np.trapz(tpr, fpr))
    same(name + " ap", got["ap"], np.sum(np.diff(tpr) * precision))
    same(name + " eer", got["eer"], f0 + share * (f1 - f0))
    same(name + " bacc_best", got["bacc_best"], np.max((1 + tpr - fpr) / 2))
    same(name + " tpr 1e-2", got["tpr_fpr_1e2"], tpr[fpr <= .01].max())
    same(name + " tpr 1e-3", got["tpr_fpr_1e3"], tpr[fpr <= .001].max())
    if len(l) <= 500:
        same(name + " cllr_min", got["cllr_min"], cllr_min(l, s))
    if metrics is None:
        return
    same(name + " sklearn auc", got["auc"], metrics.roc_auc_score(label, score, sample_weight=weight))
    same(name + " sklearn ap", got["ap"], metrics.average_precision_score(label, score, sample_weight=weight))
    said = score >= .5
    same(name + " sklearn bacc", got["bacc"], metrics.balanced_accuracy_score(label, said, sample_weight=weight))
    same(name + " sklearn f1", got["f1"], metrics.f1_score(label, said, sample_weight=weight, zero_division=0))
    same(name + " sklearn iou", got["iou"], metrics.jaccard_score(label, said, sample_weight=weight, zero_division=0))
    same(name + " sklearn mcc", got["mcc"], metrics.matthews_corrcoef(label, said, sample_weight=weight))
    p = isotonic.IsotonicRegression(y_min=0, y_max=1).fit(s, l).predict(s)
    odds = l.sum() / (1 - l).sum()
    with np.errstate(divide="ignore"):
        lr = p / (1 - p) / odds
        want = (np.mean(np.log2(1 + 1 / lr[l == 1])) + np.mean(np.log2(1 + lr[l == 0]))) / 2
    same(name + " sklearn cllr_min", got["cllr_min"], want)


rng = np.random.default_rng(20260)
for n, kinds in ((2, 0), (7, 3), (300, 5), (450, 0), (3001, 40), (3000, 0)):
    label = rng.integers(0, 2, n)
    label[:2] = 0, 1
    score = np.clip(rng.normal(.4 + .2 * label, .2, n), 0, 1)
    if kinds:
        score = np.round(score * kinds) / kinds
    check_items(label, score, np.ones(n, int), f"n {n} kinds {kinds}")
    if n == 300:
        check_items(label, score, rng.integers(0, 3, n) + (np.arange(n) < 2), "weights")
    llr = rng.normal(label * 2 - 1, 2)
    got = run("llr", label, llr, np.ones(n, int))
    same("cllr", got["cllr"], cllr(label, llr))
    one, zero = llr[label == 1], llr[label == 0]
    same("ece", got["ece"], .2 * np.mean(np.log2(1 + 10.0**-one * 4)) + .8 * np.mean(np.log2(1 + 10.0**zero / 4)))
    same("misleading", got["for_1"], np.mean(zero > 0))
    same("misleading", got["for_0"], np.mean(one < 0))

label = rng.integers(0, 2, 5000)
value = np.clip(rng.normal(100 + 60 * label, 50), 0, 255).astype(int)
got = run("pixels", label, value, np.ones(5000, int))
fpr, tpr, _ = curve(label, value)
f1 = [2 * np.sum(label & (value >= t)) / (label.sum() + np.sum(value >= t)) for t in range(256)]
same("pixel auc", got["auc"], np.trapz(tpr, fpr))
same("pixel f1", got["f1"], f1[128])
same("pixel best f1", got["best_f1"], max(f1))
same("pixel threshold", got["best_at"], int(np.argmax(f1)))
if metrics:
    same("sklearn pixel mcc", got["mcc"], metrics.matthews_corrcoef(label, value >= 128))


# ---- calibration ----

def newton(design, label, target, weight, ridge, steps=50):
    """Minimum of the weighted cross-entropy plus ridge |w|^2 / 2 (not of the last, the bias)."""
    w = np.zeros(design.shape[1])
    keep = np.append(np.full(design.shape[1] - 1, ridge), 0)
    for _ in range(steps):
        p = 1 / (1 + np.exp(-design @ w))
        g = design.T @ (weight * (p - target)) + keep * w
        h = (design * (weight * p * (1 - p))[:, None]).T @ design + np.diag(keep)
        w -= np.linalg.solve(h, g)
    return w


def balance(label):
    return np.where(label == 1, .5 / label.sum(), .5 / (1 - label).sum())


for apart in (1., 8.):
    label = np.repeat([0, 1], [70, 50])
    score = rng.normal(apart * label, 1)
    group = np.arange(120) // 3
    got = run("calibrate", label, score, group)
    target = np.where(label == 1, 51 / 52, 1 / 72)
    w = newton(np.stack([score, np.ones(120)], 1), label, target, balance(label), 0)
    same("calibration slope", got["slope"], w[0] / np.log(10), 1e-7)
    same("calibration intercept", got["intercept"], w[1] / np.log(10), 1e-7)
    same("calibration high", got["high"], np.log10(24))
    same("calibration low", got["low"], -np.log10(17))
same("slope of scores the wrong way round", run("calibrate", label, -score, group)["slope"], 0)

# ---- fits: everything anew from the description in the headers ----

M64 = (1 << 64) - 1


def rng_next(state):
    state = (state + 0x9e3779b97f4a7c15) & M64
    z = state
    z = ((z ^ z >> 30) * 0xbf58476d1ce4e5b9) & M64
    z = ((z ^ z >> 27) * 0x94d049bb133111eb) & M64
    return state, z ^ z >> 31


def stream(seed, i):
    return rng_next(rng_next(seed)[1] ^ i)[1]


def below(state, n):
    state, v = rng_next(state)
    return state, (v >> 32) * n >> 32


def whole(feat):
    """Measures in steps of 2^-20 of their range, from these mean and deviation; then whole numbers."""
    f = feat.astype(float)
    low, width = f.min(0), f.max(0) - f.min(0)
    place = np.floor((f - low) / width * (2**20 - 1) + .5)
    mean = low + width * (place.mean(0) / (2**20 - 1))
    factor = 4095 / (place.std(0) / (2**20 - 1) * width)
    return np.clip(np.floor((f - mean) * factor + .5), -32767, 32767).astype(np.int64)


def lda(z, label, ridge, within=True):
    x = z / 4095
    m1, m0 = x[label == 1].mean(0), x[label == 0].mean(0)
    centred = x - (np.where(label[:, None] == 1, m1, m0) if within else x.mean(0))
    w = np.linalg.solve(centred.T @ centred / len(x) + ridge * np.eye(x.shape[1]), m1 - m0)
    share = .5 if within else label.mean()
    return w, -w @ (share * m1 + (1 - share) * m0)


def bins(z, label, score, fitted, fitted_label):
    """Numbers of bins of 16384: both means, and 8 deviations more; the lower edge and the width."""
    reach = 8 * fitted.std()
    means = [fitted[fitted_label == c].mean() for c in (0, 1)]
    low = min(means) - reach
    step = (max(means) + reach - low) / 16384
    return np.clip(((score - low) / step).astype(int), 0, 16383), low, step


def auc(label, v):
    return np.mean((v[label == 1][:, None] > v[label == 0]) + .5 * (v[label == 1][:, None] == v[label == 0]))


def fit(method, feat, label, group, groups, seed):
    record = np.zeros(len(label), [("f", "<f4", feat.shape[1]), ("l", "<u4"), ("g", "<u4")])
    record["f"], record["l"], record["g"] = feat, label, group
    out = subprocess.run([tool, method, str(len(label)), str(feat.shape[1]), str(groups), str(seed)],
                         input=record.tobytes(), capture_output=True, check=True).stdout.decode()
    return {k: float(v) for k, v in map(str.split, out.splitlines())}


def check_direction(method, z, label, group, seed, got):
    held = np.array([stream(seed, int(g)) % 4 == 0 for g in group])
    fits = {"lda": lambda z, l, r: lda(z, l, r), "ridge": lambda z, l, r: lda(z, l, r, False)}
    best, ridge = -1, 0
    if method in fits:
        for r in 10. ** np.arange(-4, 2):
            w, b = fits[method](z[~held], label[~held], r)
            s = z @ w / 4095 + b
            a = auc(label[held], bins(z, label, s, s[~held], label[~held])[0][held])
            if a >= best - 1e-12:
                best, ridge = max(a, best), r
        same(method + " ridge", got["ridge"], ridge, 1e-9)
        w, b = fits[method](z, label, got["ridge"])
        tolerance = 1e-9
    else:
        design = np.hstack([z / 4095, np.ones((len(z), 1))])
        w = newton(design, label, label, balance(label), got["ridge"])
        w, b = w[:-1], w[-1]
        tolerance = 3e-3 * np.abs(w).max()  # residuals are rounded to 2^-15, steps end at 1e-5
    same(method + " bias", got["bias"], b, tolerance)
    for j, v in enumerate(w):
        same(f"{method} weight {j}", got[f"weight{j}"], v, tolerance)


def ensemble(z, label, group, groups, seed, columns, learners):
    """Votes of each item, and the error of all on what each left out, after the last learner."""
    votes = np.zeros(len(z))
    seen, ones = np.zeros(len(z)), np.zeros(len(z))
    for k in range(learners):
        state, deck = stream(seed, 2 * k + 1), list(range(z.shape[1]))
        for j in range(columns):
            state, v = below(state, len(deck) - j)
            deck[j], deck[j + v] = deck[j + v], deck[j]
        state, inside = stream(seed, 2 * k), np.zeros(len(z), bool)
        while len(set(label[inside])) < 2:
            bag = set()
            for _ in range(groups):
                state, v = below(state, groups)
                bag.add(v)
            inside = np.array([g in bag for g in group])
        x = z[:, sorted(deck[:columns])]
        w = lda(x[inside], label[inside], 1e-10)[0].astype(np.float32).astype(float)
        s = x @ w / 4095
        at, low, step = bins(x, label, s, s[inside], label[inside])
        count = [np.bincount(at[inside & (label == c)], minlength=16384) for c in (0, 1)]
        miss = (np.cumsum(count[1]) - count[1]) / count[1].sum()
        alarm = 1 - (np.cumsum(count[0]) - count[0]) / count[0].sum()
        vote = s >= np.float32(low + np.argmin(miss + alarm) * step)
        votes += vote
        seen += ~inside
        ones += vote & ~inside
    wrong = np.where(2 * ones == seen, .5, (2 * ones > seen) != (label == 1))
    return votes, np.mean([wrong[(seen > 0) & (label == c)].mean() for c in (0, 1)])


n, dim, groups = 600, 24, 250
group = rng.integers(0, groups, n)
label = rng.integers(0, 2, n)
mix = rng.normal(size=(dim, dim))
feat = ((rng.normal(size=(n, dim)) + .25 * label[:, None] * rng.normal(size=dim)) @ mix + 3).astype(np.float32)
for method in ("lda", "ridge", "logistic"):
    check_direction(method, whole(feat), label, group, 7, fit(method, feat, label, group, groups, 7))
few = slice(0, 150)  # so that many measures at once are too many
feat, label, group = feat[few], label[few], group[few]


def check_ensemble(name, feat, label, group, groups):
    got = fit("fld", feat, label, group, groups, 7)
    votes, error = ensemble(whole(feat), label, group, groups, 7, int(got["columns"]), int(got["learners"]))
    same(name + " error", got["error"], error, 1e-9)
    same(name + " votes", max(abs(votes - [got[f"share{i}"] for i in range(len(label))])), 0, 1e-6)
    return got["columns"]


if check_ensemble("ensemble", feat, label, group, groups) == dim:
    print("the ensemble's learners see all measures: nothing is tested of their choice")
    bad += 1
# five groups, two of them authentic, which one in thirteen draws lacks
check_ensemble("ensemble of few groups", feat, label, np.where(label == 1, 2 + group % 3, group % 2), 5)
print("checked against numpy" + (" and scikit-learn" if metrics else ""))
sys.exit(bad > 0)
