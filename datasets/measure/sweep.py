#!/usr/bin/env python3
"""sweep.py - tables in Markdown of what detectors stand: from CASE/bench of assay bench --alter.

usage: sweep.py [--maps] CASE:SCORER,... ...

A column for each scorer, a row for each alteration.  Cells: AUC with its 95 % interval, and the
share of altered pictures found where 1 % of authentic ones are; with --maps the mean F1 at .5 and
pixel AUC.  "-": a class has no scores.  The pictures of a scorer are those of its first split.
"""
import csv
import sys


def short(text):
    value = f"{float(text):.2f}"
    return value[1:] if value[0] == "0" else value


def cell(row, maps):
    keys = ("f1", "auc") if maps else ("auc", "tpr_fpr_1e2")
    if row is None or not row[keys[0]]:
        return "-"
    first, second = keys
    return f"{short(row[first])} [{short(row[first + '_low'])}, {short(row[first + '_high'])}] {short(row[second])}"


def main(args):
    maps = "--maps" in args
    columns, names = [], []
    for word in (a for a in args if a != "--maps"):
        case, scorers = word.rsplit(":", 1)
        rows = list(csv.DictReader(open(f"{case}/bench/altered_{'pixels' if maps else 'metrics'}.csv")))
        for scorer in scorers.split(","):
            of = {}
            for r in rows:
                if r["detector" if maps else "scorer"] == scorer:
                    of.setdefault(r["alteration"], r)
                if r["alteration"] not in names:
                    names.append(r["alteration"])
            columns.append((scorer, of))
    print("| |" + "".join(f" {s} |" for s, _ in columns))
    print("|---|" + "---|" * len(columns))
    for name in names:
        print(f"| {name} |" + "".join(f" {cell(of.get(name), maps)} |" for _, of in columns))


main(sys.argv[1:])
