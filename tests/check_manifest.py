#!/usr/bin/env python3
"""check_manifest.py - compare a run's results.h5 with the truth of make_evidence.

usage: check_manifest.py results.h5 MANIFEST.csv [--limit N]

Every row of the manifest must be an item with the kind, status, reason and
flags it names ("a|b" = either, "any" or empty = whatever), and every item must
be in the manifest.  In a path, a last part "?" stands for one item whose name
the reader makes up, and "X>>*" allows any items below X.  Exit code: 0 equal,
1 differences (printed), 2 the store or the manifest cannot be read.
"""
import argparse
import csv
import os
import re
import sys

import h5py

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pipeline")


def reason_names():
    """number -> NAME; the store itself holds the sentences."""
    with open(os.path.join(SOURCE, "reasons.def"), encoding="utf-8") as f:
        return {int(n): w for n, w in re.findall(r"^AS_REASON\((\d+), (\w+),", f.read(), re.M)}


def unescape(text):
    """The bytes of a path written with \\xNN."""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), text.encode("utf-8"))


def escape(path):
    return "".join(chr(c) if 32 <= c < 127 and c not in b'\\"' else f"\\x{c:02x}" for c in path)


def plain(path):
    """Containers name folders with and without a slash at the end."""
    return path.rstrip(b"/") or path


def load_manifest(path):
    rows = {}
    with open(path, newline="", encoding="utf-8") as f:
        for row in csv.DictReader(f):
            rows.setdefault(plain(unescape(row["forensic_path"])), []).append(row)
    return rows


def words(dataset, name):
    return [w.decode() for w in dataset.attrs[name]]


def load_items(path):
    """path -> list of (kind, status, reason, flags), as words, part 0 only."""
    with h5py.File(path, "r") as h:
        items, strings = h["items"][:], h["strings"][:].tobytes()
        kinds = dict(zip(h["items"].attrs["kind_numbers"].tolist(), words(h["items"], "kind_words")))
        statuses = words(h["items"], "status_words")
        flags = words(h["items"], "flag_words")
    reasons, found = reason_names(), {}
    for item in items[items["part"] == 0]:
        at = int(item["path_offset"])
        name = plain(strings[at:at + int(item["path_length"])])
        bits = int(item["flags"])
        found.setdefault(name, []).append(
            (kinds[int(item["kind"])], statuses[item["status"]], reasons[int(item["reason"])],
             {word for bit, word in enumerate(flags) if bits >> bit & 1}))
    return found


def accepts(wanted, word):
    return wanted in ("", "any") or word in wanted.split("|")


def differences(row, item):
    bad = [f"{name} {word}, not {row[name]}"
           for name, word in zip(("kind", "status", "reason"), item) if not accepts(row[name], word)]
    for flag in filter(None, row["flags"].split("|")):
        if flag not in item[3]:
            bad.append(f"flag {flag} is missing")
    return bad


def rename_wildcards(rows, found):
    """Gives each path with a part "?" the one name that the store has for it."""
    for path in sorted(p for p in rows if b">>?" in p):
        now = path
        while b">>?" in now:
            head = now[:now.index(b">>?") + 2]
            named = {p[len(head):].split(b">>")[0] for p in found
                     if p.startswith(head) and head + p[len(head):].split(b">>")[0] not in rows}
            if len(named) != 1:
                break
            now = head + named.pop() + now[len(head) + 1:]
        if now != path:
            yield path, now


def compare(rows, found):
    bad = []
    rows, found = dict(rows), dict(found)
    allowed = tuple(p[:-1] for p in rows if p.endswith(b">>*"))
    for p in [p for p in rows if p.endswith(b">>*")]:
        del rows[p]
    for old, new in list(rename_wildcards(rows, found)):
        rows.setdefault(new, []).extend(rows.pop(old))
    for path, wanted in rows.items():
        have = found.pop(path, [])
        if len(have) != len(wanted):
            bad.append((path, f"{len(have)} items, not {len(wanted)}"))
        for row, item in zip(wanted, have):
            bad.extend((path, d) for d in differences(row, item))
    for path, have in found.items():
        if not path.startswith(allowed):
            bad.append((path, f"{len(have)} items that the manifest does not name"))
    return bad


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("store")
    args.add_argument("manifest")
    args.add_argument("--limit", type=int, default=60, help="differences to print")
    args = args.parse_args()
    try:
        rows, found = load_manifest(args.manifest), load_items(args.store)
    except (OSError, KeyError) as e:
        print(f"check_manifest: {e}", file=sys.stderr)
        return 2
    bad = compare(rows, found)
    for path, what in bad[:args.limit]:
        print(f"{escape(path)}: {what}")
    total = sum(len(r) for r in rows.values())
    print(f"{total} rows of the manifest, {sum(map(len, found.values()))} items, {len(bad)} differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
