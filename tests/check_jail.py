#!/usr/bin/env python3
"""check_jail.py - what planted files cost: one row each, and nothing else.

usage: check_jail.py HEALTHY.h5 PLANTED.h5 EXPECTED

EXPECTED has a line "path REASON" for each planted file.  Every other row of
PLANTED must be as in HEALTHY: item fields, detector statuses and measures bit by bit.
Exit code: 0 as expected, 1 not (printed).
"""
import sys

import h5py
import numpy as np

from check_manifest import reason_names

FIELDS = ("part", "size", "sha256", "kind", "status", "reason", "width", "height", "frames",
          "duration_s", "flags")


def rows(path):
    """path of an item -> list of (reason number, all that must be equal)."""
    found = {}
    with h5py.File(path, "r") as h:
        items, strings = h["items"][:], h["strings"][:].tobytes()
        tables = [h[f"{group}/{name}"][:] for group in ("status", "reasons", "measures", "features", "scores")
                  if group in h for name in sorted(h[group])]
    for i, item in enumerate(items):
        at = int(item["path_offset"])
        name = strings[at:at + int(item["path_length"])].decode("utf-8", "replace")
        same = tuple(item[f].tobytes() for f in FIELDS) + tuple(np.asarray(t[i]).tobytes() for t in tables)
        found.setdefault(name, []).append((int(item["reason"]), same))
    return found


def main():
    healthy, planted = rows(sys.argv[1]), rows(sys.argv[2])
    number = {name: n for n, name in reason_names().items()}
    name_of = {n: name for name, n in number.items()}
    bad = []
    with open(sys.argv[3], encoding="utf-8") as f:
        expected = dict(line.split() for line in f)
    for path, reason in expected.items():
        got = [name_of.get(n, n) for n, _ in planted.pop(path, [])]
        if got not in [[r] for r in reason.split("|")]:
            bad.append(f"{path}: {got}, not {reason}")
    for path in sorted(set(healthy) | set(planted)):
        if healthy.get(path) != planted.get(path):
            got = [name_of.get(n, n) for n, _ in planted.get(path, [])]
            bad.append(f"{path}: a healthy row is missing, new or different: {got}")
    print("\n".join(bad[:60]))
    print(f"{len(expected)} planted, {len(healthy)} healthy, {len(bad)} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
