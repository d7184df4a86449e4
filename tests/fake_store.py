#!/usr/bin/env python3
"""fake_store.py - a store in which the manifest is right, to test check_manifest with.

usage: fake_store.py MANIFEST.csv OUT.h5 [BAD]     BAD: spoil the status of this many items
"""
import re
import sys
import os

import h5py
import numpy as np

from check_manifest import SOURCE, load_manifest, reason_names

STATUSES = ["ok", "not_applicable", "unsupported", "damaged", "encrypted", "limit", "timeout",
            "crashed", "known", "duplicate"]
FLAGS = ["truncated", "corrupt", "traversal", "absolute", "alpha", "animated", "trailing",
         "disagrees", "polyglot", "checksum", "decrypted", "changed", "strips", "name_cut",
         "altered"]


def first(text, default):
    return default if text in ("", "any") else text.split("|")[0]


def main():
    rows = load_manifest(sys.argv[1])
    spoil = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    with open(os.path.join(SOURCE, "media/kinds.def"), encoding="utf-8") as f:
        kinds = {w: int(n) for n, w in re.findall(r'^AS_KIND\((\d+), \w+, \w+, "([^"]*)"', f.read(), re.M)}
    reasons = {w: n for n, w in reason_names().items()}
    items = np.zeros(0, [("part", "u4"), ("path_offset", "u8"), ("path_length", "u4"),
                         ("kind", "u2"), ("status", "u1"), ("reason", "u2"), ("flags", "u4")])
    strings, table = b"", []
    for path, same in rows.items():
        for row in same:
            if path.endswith(b">>*"):
                continue
            name = path.replace(b">>?", b">>made_up")
            flags = sum(1 << FLAGS.index(f) for f in filter(None, row["flags"].split("|")))
            status = STATUSES.index(first(row["status"], "ok"))
            if spoil and row["status"] == "ok":
                status, spoil = STATUSES.index("crashed"), spoil - 1
            table.append((0, len(strings), len(name), kinds[first(row["kind"], "unknown")], status,
                          reasons[first(row["reason"], "NONE")], flags))
            strings += name
    with h5py.File(sys.argv[2], "w") as h:
        h["items"] = np.array(table, items.dtype)
        h["strings"] = np.frombuffer(strings, "u1")
        h["items"].attrs["kind_words"] = np.array(list(kinds), "S")
        h["items"].attrs["kind_numbers"] = np.array(list(kinds.values()), "u2")
        h["items"].attrs["status_words"] = np.array(STATUSES, "S")
        h["items"].attrs["flag_words"] = np.array(FLAGS, "S")


if __name__ == "__main__":
    main()
