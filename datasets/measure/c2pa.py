#!/usr/bin/env python3
"""c2pa.py - C2PA states of e_provenance against what the files are named for.

usage: c2pa.py DATA_DIR ASSAY > datasets/results/c2pa.md

Runs `assay run` twice, without and with a trust list that holds the test authority of
the public test files, and counts states by class.  The truth of c2pa_public_testfiles is its
naming key; that of c2pa_rs is read off the names of its fixtures, and weaker.
"""
import base64
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter

import h5py

STATES = ["absent", "valid", "hash bad", "assertion bad", "signature bad", "ingredient bad",
          "certificate or time stamp bad", "not bound to the file", "not fully checked", "unreadable"]
# the naming key: E-uri and E-sig in front are errors of the file, inside a C of an ingredient
KEY = {"no-c2pa": "absent", "c2pa:signed": "valid", "c2pa:hash-mismatch": "hash bad",
       "c2pa:bad-signature": "signature bad", "c2pa:ingredient-bad-signature": "ingredient bad",
       "c2pa:assertion-tampered+ingredient-bad-signature": "ingredient bad",
       "c2pa:E-sig": "signature bad", "c2pa:XCA": "hash bad", "c2pa:E-uri": "ingredient bad",
       "c2pa:prerelease": "not fully checked",
       # faults of an identity assertion inside a manifest that is itself signed rightly
       "c2pa:invalid": "valid", "c2pa:cawg-identity": "valid"}


def text(strings, offset, length):
    return bytes(strings[offset:offset + length]).decode()


def run(assay, data, case, more):
    started = time.time()
    subprocess.run([assay, "run", os.path.join(data, "e_provenance"), "-o", case, "--detector",
                    "metadata,c2pa", "--log", "error", "--recheck", "none"] + more, check=True,
                   stdout=subprocess.DEVNULL)
    seconds = time.time() - started
    out = {}
    with h5py.File(os.path.join(case, "results.h5")) as f:
        strings = f["strings"][:]
        items = f["items"][:]
        for row in items:
            path = text(strings, row["path_offset"], row["path_length"])
            out[path[path.index("e_provenance"):]] = {}
        paths = list(out)
        for row in f["metadata"][:]:
            key = text(strings, row["key_offset"], row["key_length"])
            if key.startswith("c2pa."):
                out[paths[row["item_row"]]].setdefault(
                    key, text(strings, row["value_offset"], row["value_length"]))
        scores = dict(zip(paths, f["scores/c2pa"][:]))
    return out, scores, seconds


def cost(program, path, n=100):
    """Milliseconds of processor a file, beyond those of starting."""
    def user(paths):
        before = os.times().children_user
        subprocess.run([program, "--dump"] + paths, check=True, stdout=subprocess.DEVNULL)
        return os.times().children_user - before
    return 1000 * (user([path] * (n + 1)) - user([path])) / n


def authority(path):
    """The certificate behind the signer's, out of a file of the set, as PEM."""
    data = open(path, "rb").read()
    found = []
    at = data.find(b"x5chain")
    while len(found) < 2 and at >= 0:
        at = data.find(b"\x30\x82", at)
        n = 4 + int.from_bytes(data[at + 2:at + 4], "big")
        found.append(data[at:at + n])
        at += n
    body = base64.encodebytes(found[1]).decode()
    return "-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n" % body


def table(files, states, folder):
    rows = Counter()
    for path, want in files:
        if folder in path:
            rows[want, states(path)] += 1
    used = [s for s in STATES if any(k[1] == s for k in rows)]
    print("\n| named for | n | %s |\n|---|---|%s" % (" | ".join(used), "---|" * len(used)))
    for want in STATES:
        counts = [rows[want, s] for s in used]
        if sum(counts):
            print("| %s | %d | %s |" % (want, sum(counts), " | ".join(map(str, counts))))
    right = sum(n for (a, b), n in rows.items() if a == b)
    print("\n%d of %d as named." % (right, sum(rows.values())))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    data, assay = sys.argv[1:]
    manifest = [r for r in csv.DictReader(open(os.path.join(data, "manifest.csv")))
                if r["set"] == "e_provenance"]
    with tempfile.TemporaryDirectory() as tmp:
        pem = os.path.join(tmp, "list.pem")
        with open(pem, "w") as f:
            f.write(authority(os.path.join(
                data, "e_provenance/c2pa_public_testfiles/adobe-20220124-C.jpg")))
        plain, scores, seconds = run(assay, data, os.path.join(tmp, "a"), [])
        listed, _, _ = run(assay, data, os.path.join(tmp, "b"), ["--c2pa-trust", pem])

    def state(path):
        return plain[path].get("c2pa.state", "absent").split(",")[0]

    files, others = [], []
    for r in manifest:
        if r["path"] not in plain or r["label"] in ("expected", "ai-metadata", "c2pa:bomb",
                                                     "c2pa:poc"):
            continue
        if r["label"] == "fixture:unverified":
            others.append(r["path"])
        else:
            files.append((r["path"], KEY[r["label"]]))
    valid = [p for p, _ in files if state(p) == "valid"]
    print(HEAD)
    for folder, title in (("c2pa_public_testfiles", "c2pa_public_testfiles: the naming key"),
                          ("c2pa_rs", "c2pa_rs: names of fixtures, guessed")):
        print("\n## " + title)
        table(files, state, folder)
    print("\nFiles that nothing is said of: %s." % ", ".join(
        "%s %d" % x for x in sorted(Counter(state(p) for p in others).items())))
    print("\n## Whose signature\n\nWith a list of one certificate, the test authority's:\n")
    trust = Counter(listed[p]["c2pa.state"] for p in valid)
    for word, n in sorted(trust.items()):
        print("* %s: %d of %d" % (word, n, len(valid)))
    stamps = Counter(plain[p]["c2pa.time_stamp"] for p in valid)
    print("* time stamps of these: " + ", ".join("%s %d" % x for x in sorted(stamps.items())))
    fired = sum(1 for p in valid if scores[p] > 0)
    print("\n## False alarms\n\n%d of %d files whose manifest holds have a score above 0 "
          "(95 %% Clopper-Pearson interval 0 to %.1f %%).\n" %
          (fired, len(valid), 100 * (1 - 0.025 ** (1 / len(valid)))))
    print("## Cost\n\nReading all metadata of a file, processor time of one core, with the checks:\n")
    for name, what in (("CAICA", "379 kB, two manifests, two chains of three, two time stamps"),
                       ("C", "one manifest, one chain, one time stamp"),
                       ("I", "no manifest")):
        path = os.path.join(data, "e_provenance/c2pa_public_testfiles/adobe-20220124-%s.jpg" % name)
        print("* %s: %.1f ms" % (what, cost(os.path.join(os.path.dirname(assay), "t_metadata"),
                                            path)))
    print("\n%d files in %.1f s, all of the run." % (len(plain), seconds))


HEAD = """# C2PA manifests

Made by
```
python3 datasets/measure/c2pa.py ../shared/data build/bin/assay > datasets/results/c2pa.md
```
Columns are the entry `c2pa.state`; rows what the file was made to show.  The naming key of the public
files was written by their makers.  The classes of c2pa_rs were assigned here by the names of its
fixtures, after the checker was written: that set shows agreement, and is no blind test."""

if __name__ == "__main__":
    main()
