#!/bin/sh
# s_hostile.sh - two ranks over real evidence, hundreds of its files broken on purpose: the run
# ends by itself, every file has a row, and its row has its hash, a status and a reason.
. "$(dirname "$0")/lib.sh"
data=${ASSAY_DATA:-$here/../../shared/data}
[ -s "$data/manifest.csv" ] || { echo "no data folder"; exit 77; }

begun=$(date +%s)
start 2 case "$data" --item-seconds 5
finish
[ "$code" = 0 ] || [ "$code" = 3 ] || fail "exit $code"
echo "$(($(date +%s) - begun)) s, exit $code"
[ "$code" = 0 ] || [ "$(count case timeout)$(count case crashed)" != 00 ] || fail "exit 3 for nothing"
sound case
cat >rows.py <<'EOF'
import csv, os, sys
import h5py
with h5py.File("case/results.h5") as h:
    items, text = h["items"][:], h["strings"][:].tobytes()
    statuses = len(h["items"].attrs["status_words"])
    reasons = set(h["items"].attrs["reason_numbers"].tolist())
name = os.path.basename(os.path.realpath(sys.argv[1]))
at = {}
for i in items[items["part"] == 0]:
    start = int(i["path_offset"])
    at[text[start:start + int(i["path_length"])].decode("utf-8", "surrogateescape")] = i
bad = files = 0
with open(os.path.join(sys.argv[1], "manifest.csv"), newline="", encoding="utf-8") as f:
    for row in csv.DictReader(f):
        files += 1
        i = at.get(name + "/" + row["path"])
        if i is None:
            why = "no row"
        elif i["sha256"].decode() != row["sha256"]:
            why = "another hash"
        elif i["status"] >= statuses or int(i["reason"]) not in reasons:
            why = "no status or reason"
        elif i["reason"] == 0 and i["status"] not in (0, 9):
            why = "neither ok nor a reason"
        else:
            continue
        bad += 1
        print(row["path"] + ": " + why)
print(f"{files} files of the manifest, {len(at)} items, {bad} without a proper row")
sys.exit(bad > 0 or files == 0)
EOF
"$python" rows.py "$data" || fail "not every file has its row"
"$assay" show case --status crashed,timeout | sed 's/^/not the same for ever: /' | cut -c 1-200
echo "passed"
