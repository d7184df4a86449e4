#!/usr/bin/env python3
"""check_archives.py - do other readers see the invented archives as the manifest says?

usage: check_archives.py OUT MANIFEST.csv

Lists every sound archive of OUT/archives, /encrypted and /nested with Python's own
readers where there is one and with bsdtar otherwise, and compares the names with
the manifest's.  Exit code: 0 equal, 1 differences (printed).
"""
import os
import subprocess
import sys
import tarfile
import zipfile

from check_manifest import load_manifest, plain


def names(path):
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as z:
            return z.namelist()
    if path.endswith((".tar", ".tar.gz", ".tar.bz2", ".tar.xz")):
        with tarfile.open(path) as t:
            return t.getnames()
    done = subprocess.run(["bsdtar", "-tf", path], capture_output=True, check=True)
    return [n for n in done.stdout.decode().split("\n") if n and n != "."]


def main():
    out, rows = sys.argv[1], load_manifest(sys.argv[2])
    base, bad, seen = os.path.basename(out).encode(), 0, 0
    for folder in ("archives", "encrypted", "nested"):
        for name in sorted(os.listdir(os.path.join(out, folder))):
            if name.endswith((".jpg", ".jpg.gz", ".jpg.xz", ".jpg.zst")):
                continue
            head = base + f"/{folder}/{name}>>".encode()
            told = {p[len(head):] for p in rows if p.startswith(head)} - {b"*"}
            told = {p for p in told if b">>" not in p}
            read = {plain(n.encode()) for n in names(os.path.join(out, folder, name))}
            seen += 1
            if told != read:
                bad += 1
                print(f"{folder}/{name}: listed {sorted(read)}, told {sorted(told)}")
    print(f"{seen} archives, {bad} differ")
    return 1 if bad or seen < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
