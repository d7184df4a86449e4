"""bench_prnu.py - bench_prnu beside prnu-python, in one run, one core.

usage: taskset -c 0 bench_prnu.py BENCH_PRNU FOLDER_OF_PRNU_PYTHON [W H]
What of its imports the timed functions do not use may be missing.                     """
import subprocess
import sys
import time
import types
import warnings

import numpy as np

warnings.simplefilter("ignore")
tool, folder = sys.argv[1:3]
w, h = (int(v) for v in sys.argv[3:5]) if len(sys.argv) > 3 else (1024, 1024)
for name, parts in (("sklearn", ()), ("sklearn.metrics", ("roc_curve", "auc")), ("tqdm", ("tqdm",))):
    try:
        __import__(name)
    except ImportError:
        sys.modules[name] = types.ModuleType(name)
        for part in parts:
            setattr(sys.modules[name], part, None)
sys.path.insert(0, folder)
import prnu  # noqa: E402

picture = np.random.default_rng(1).normal(120, 6, (h, w)).clip(0, 255).astype(np.uint8)


def ms(run, *args):
    best = 1e18
    for _ in range(3):
        start = time.process_time()
        run(*args)
        best = min(best, time.process_time() - start)
    return best * 1e3 / (w * h / 1e6)


noise = prnu.noise_extract(picture)
theirs = {"denoise": ms(lambda: prnu.noise_extract(picture.copy())),
          "extract": ms(lambda: prnu.extract_single(picture.copy())),
          "surface and PCE, aligned": ms(lambda: prnu.pce(prnu.crosscorr_2d(noise.copy(), noise.copy())))}
out = subprocess.run([tool, str(w), str(h)], check=True, capture_output=True, text=True).stdout
print(out, end="")
for line in out.splitlines():
    name = line[:28].strip()
    if name in theirs:
        ours = float(line[28:].split()[0])
        print(f"{name}: prnu-python {theirs[name]:.1f} ms/MP, {theirs[name] / ours:.1f} times ours")
