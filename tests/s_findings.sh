#!/bin/sh
# s_findings.sh - findings of calibrated detectors: against another computation, the same from any
# number of ranks, and worded and weighed by the table that is named.
. "$(dirname "$0")/lib.sh"
source=${ASSAY_SOURCE:-$here/..}
dets=jpeg_tables,benford,adq,autocorr,noise_level

"$labelled" djpeg set --count 18 --size 256x256 --seed 5 --vary q1=60,90 --vary q2=65,95 \
    >make.log 2>&1 || fail "make_labelled"
mkdir none models scale
ASSAY_MODELS=none "$assay" run set -o plain.case --detector $dets >run.out 2>run.log || fail "run without models"

# Models by hand, said to be calibrated on real pictures, each firing on about half of the set.
"$python" - <<'END' || fail "models"
import h5py, json, numpy as np

f = h5py.File("plain.case/results.h5")
for at, (det, column) in enumerate([("jpeg_tables", "quality_luma"), ("benford", "cut_departure"),
                                    ("autocorr", None), ("noise_level", None)]):
    feat = f["measures/" + det][...].astype(float)
    columns = list(f["measures/" + det].attrs["columns"].astype(str))
    spread = np.nanstd(feat, 0)
    k = columns.index(column) if column else int(np.nanargmax(spread))
    slope = (-1 if at % 2 else .4) / spread[k]
    model = {"detector": det, "version": int(f["measures/" + det].attrs["version"]), "kind": "linear",
             "bias": float(-slope * np.nanmedian(feat[:, k])), "map_threshold": None,
             "weights": {c: float(slope) if c == columns[k] else 0 for c in columns}, "note": "by hand",
             "calibration": {"slope": 1.25, "intercept": .25, "low": -1.5, "high": 2, "items": [100, 100],
                             "groups": [100, 40], "real": True},
             "scale": {"mean": [0] * len(columns), "factor": [0] * len(columns)},
             "domain": {"kinds": ["jpeg"], "side_min": 64, "side_max": 512, "distance": 8}}
    if at:
        model["authentic"] = {"items": 100, "fired": at, "upper95": .05 * at, "what": "invented pictures"}
    json.dump(model, open("models/" + det + ".json", "w"))
END

export ASSAY_MODELS=$PWD/models
for n in 1 2 3; do
    mpirun -n "$n" "$assay" run set -o "$n.case" --detector $dets >run.out 2>run.log || fail "run by $n ranks"
    "$assay" show "$n.case" --json --top 1000 >"$n.json" || fail "show --json"
    "$python" -c 'import h5py, sys
a, b = (h5py.File(n + ".case/results.h5").attrs["content_digest"] for n in sys.argv[1:])
assert a == b' "$n" 1 || fail "$n ranks: another digest"
done

# check CASE TABLE: what /findings has, from /llr, /measures and the table
check() {
    "$python" - "$1" "$2" <<'END' || fail "findings of $1"
import h5py, json, math, sys
import numpy as np

f, table = h5py.File(sys.argv[1] + ".case/results.h5"), json.load(open(sys.argv[2]))
shown = json.load(open(sys.argv[1] + ".json"))
family = {"jpeg_tables": "jpeg", "benford": "jpeg", "autocorr": "spectrum", "noise_level": "noise"}
names = list(f["findings"].attrs["detectors"].astype(str))
kinds = list(f["findings"].attrs["finding_words"].astype(str))

def measure(row, det, column):
    ds = f["measures/" + det]
    return ds[row][list(ds.attrs["columns"].astype(str)).index(column)]

def seen(row, det):
    for w in table["laundering"]:
        hit = False
        for s in w["signs"]:
            if s["detector"] in names and s["detector"] != det:
                v = measure(row, s["detector"], s["measure"])
                hit = hit or (v > np.float32(s["above"]) if "above" in s else v < np.float32(s["below"]))
        if hit and family[det] in w["lowers"]:
            yield w

want, lowered, mixed = {}, 0, 0
for row in range(f["items"].shape[0]):
    part, fired = {}, False
    for det, fam in family.items():
        llr, score = f["llr/" + det][row], f["scores/" + det][row]
        if math.isnan(llr):
            continue
        weight = math.prod(w["weight"] for w in seen(row, det))
        lowered += weight < 1
        fired |= score > 0
        if score > 0:
            want[row, det] = weight * llr
        if fam not in part or abs(weight * llr) > abs(part[fam][0]):
            mixed += fam in part
            part[fam] = (weight * llr, det)
    if fired:
        want[row, ""] = sum(v for v, det in part.values())
got = {}
for i in f["findings"][...]:
    det = "" if i["detector"] == 65535 else names[i["detector"]]
    assert (det == "") == (kinds[i["kind"]] == "calibrated") and (int(i["item_row"]), det) not in got
    if not math.isnan(i["llr"]):
        got[int(i["item_row"]), det] = i["llr"]
assert got.keys() == want.keys() and len(got) > 20, (got.keys() ^ want.keys())
for key in got:
    assert abs(got[key] - want[key]) < 1e-5, (key, got[key], want[key])
assert lowered > 5 and mixed > 0, ("the set does not try what it should", lowered, mixed)
order = [(kinds[i["kind"]] != "calibrated", -i["llr" if i["detector"] == 65535 else "score"]) for i in f["findings"][...]]
assert order == sorted(order) and kinds[f["findings"][0]["kind"]] == "calibrated"
assert shown["findings_in_all"] == len(f["findings"])
for s in shown["findings"]:
    if s["llr"] is not None:
        size = abs(s["llr"])
        assert s["llr_words"] == next(w["says"] for w in table["words"] if size >= w["log10_lr"]), s
        weighed = "lowered" in s["text"]
        assert "resized or turned was not looked at" in s["text"], s
        assert s["llr_for"] == ("authentic" if s["llr"] < 0 else "altered"), s
        if s["kind"] == "score":
            assert weighed == (len(list(seen(s["id"], s["detector"]))) > 0), s
rate = {e["detector"]: e for e in shown["findings_of_authentic"]}
assert rate["jpeg_tables"]["at_most"] is None and rate["calibrated"]["at_most"] is None
ok = rate["benford"]["items"]
assert ok == 18 and abs(rate["benford"]["at_most"] - ok * .05) < 1e-6
assert abs(rate["autocorr"]["expected"] - ok * .02) < 1e-6
assert rate["benford"]["findings"] == sum(k[1] == "benford" for k in got)
made = f["provenance"][()]
assert json.loads(made if isinstance(made, bytes) else made.tobytes())["scale"] == table
END
}
check 1 "$source/datasets/scale.json"
"$assay" show 1.case >show.out || fail "show"
grep -q 'Error rate of calibrated: .* is not' show.out || fail "what is not measured is not told"

# Another table: other words, other weights.
sed 's/"weight": 0.5/"weight": 0.125/; s/"weak support"/"a hint"/' "$source/datasets/scale.json" >scale/scale.json
ASSAY_SCALE=$PWD/scale "$assay" run set -o other.case --detector $dets >run.out 2>run.log || fail "run with another table"
"$assay" show other.case --json --top 1000 >other.json || fail "show"
check other scale/scale.json
grep -q '"a hint"' other.json || fail "the words of the table are not used"

# Tables that cannot be used.
for change in 's/"adq"/"nobody"/' 's/"log10_lr": 4/"log10_lr": 7/' 's/"log10_lr": 0,/"log10_lr": 0.1,/' 's/"jpeg",/"jpg",/' \
    's/"weight": 0.5/"weight": 2/' 's/{/[/'; do
    sed "$change" "$source/datasets/scale.json" >scale/scale.json
    cmp -s scale/scale.json "$source/datasets/scale.json" && fail "no change: $change"
    ASSAY_SCALE=$PWD/scale "$assay" run set -o bad.case --detector pdq >run.out 2>run.log && fail "accepted: $change"
    grep -q 'scale' run.log || fail "not told: $change"
done
echo "findings: ok"
