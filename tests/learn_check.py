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


def check_items(label, score, weight, name):
    got = run("metrics", label, score, weight)
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
print("checked against numpy" + (" and scikit-learn" if metrics else ""))
sys.exit(bad > 0)
