#!/bin/sh
# s_links_data.sh - published pictures: every near-duplicate family is found, and nothing foreign.
. "$(dirname "$0")/lib.sh"

data=${ASSAY_DATA:-$here/../../shared/data}
[ -d "$data/f_phash" ] || {
    echo "skipped: no $data/f_phash"
    exit 77
}

# Videos are not compared yet.  A name of a family alone is a family of one.
"$python" - "$data/manifest.csv" >truth <<'END' || fail "the manifest"
import csv, sys
for row in csv.DictReader(open(sys.argv[1])):
    if row["set"] == "f_phash" and row["label"].startswith("family:") and "/video/" not in row["path"]:
        print(row["label"], row["path"], sep="\t")
END
run 0 1 one "$data/f_phash"
run 0 3 three "$data/f_phash"
same one three
"$python" "$here/check_links.py" one/results.h5 truth || fail "links of published pictures"
echo "passed"
