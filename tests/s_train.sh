#!/bin/sh
# s_train.sh - assay train: the same model from any number of ranks, and likelihood ratios where they belong.
. "$(dirname "$0")/lib.sh"

by_quality
"$python" - <<'END' || fail "labels"
import csv, random, shutil

random.seed(7)
rows = list(csv.DictReader(open("set.manifest.csv")))
for r in rows:
    quality = int(r["note"].split("q2=")[1].split(";")[0])
    r["made"] = 0  # as if
    r["label"] = "tampered" if quality + random.gauss(0, 8) > 84 else "authentic"
rows[0]["path"] = "set/gone.jpg"
rows[1]["path"] = "set/copy.jpg"
shutil.copy("set/000002.jpg", "set/copy.jpg")
with open("labels.csv", "w") as f:
    out = csv.DictWriter(f, rows[0].keys(), lineterminator="\n")
    out.writeheader()
    out.writerows(rows)
END

# train NAME N ARGUMENTS...: NAME.json by N ranks
train() {
    name=$1 n=$2
    shift 2
    mpirun -n "$n" "$assay" train labels.csv --detector jpeg_tables --real -o "$name.json" "$@" \
        >"$name.out" 2>"$name.log" || fail "train $name"
    [ -e "$name.json.case" ] && fail "$name: what was examined is still there"
}

for fit in lda fld; do
    for n in 1 2 3; do
        train "$fit$n" "$n" --fit "$fit"
        cmp -s "$fit$n.json" "${fit}1.json" || fail "$fit: $n ranks make another model"
    done
done
train logistic2 2 --fit logistic
train small2 2 --fit fld --memory 1
cmp -s small2.json fld1.json || fail "measures in a file make another model"
grep -q "measures go to a file" small2.log || fail "a byte of memory held all measures"
train left2 2 --fit lda --memory 1
cmp -s left2.json lda1.json || fail "measures in the journals make another model"
grep -q "measures are read from the journals" left2.log || fail "a byte of memory held all measures"
train seed2 1 --fit fld --seed 2
cmp -s seed2.json fld1.json && fail "another seed makes the same ensemble"
grep -q ' 1 copies, 1 missing,' lda1.out || fail "a copy and a missing picture are not told"
grep -q '1 pictures that the manifest does not name' lda1.out && fail "nothing is unnamed"
grep -q 'the files alone tell the classes apart' lda1.out || fail "a label that the quality gives away is not told"
# Altered pictures of another format: a ratio would tell of that.
"$labelled" generated png --count 24 --size 256x256 --vary q2=0 >make.log 2>&1 || fail "png"
"$labelled" generated jpeg --count 24 --size 256x256 --vary q2=90 >make.log 2>&1 || fail "jpeg"
{ head -1 png.manifest.csv; grep ,generated, png.manifest.csv; grep ,authentic, jpeg.manifest.csv; } |
    awk -F, -v OFS=, 'NR == 2 { $3 = $3 == "train" ? "test" : "train" } { sub(/,made$|,1$/, ""); print }' >apart.csv # as if real, and a scene in two splits
"$assay" train apart.csv --detector autocorr --real -o apart.json >apart.out 2>apart.log || fail "train on two formats"
grep -q '"calibration"' apart.json && fail "a calibration of two formats"
grep -q 'no likelihood ratios' apart.log || fail "that there is none is not told"
grep -q ' 1 groups are in several splits' apart.json || fail "the card does not say that splits share a scene"

# What a run does with a model.
mkdir one two
"$labelled" camera others --count 6 --size 64x64 --seed 9 --vary q2=98,75 >make.log 2>&1 || fail "others"
"$labelled" camera low --count 2 --size 64x64 --seed 9 --vary q2=60 >make.log 2>&1 || fail "low" # a quality of one class alone
"$labelled" camera large --count 2 --size 128x64 --seed 9 --vary q2=98 >make.log 2>&1 || fail "large"
for fit in lda1 fld1; do
    cp "$fit.json" one/jpeg_tables.json
    ASSAY_MODELS=one "$assay" run others low large -o "$fit.case" --detector jpeg_tables \
        >run.out 2>run.log || fail "run with $fit"
    "$python" - "$fit" "$assay" "${ASSAY_SOURCE:-$here/..}" <<'END' || fail "$fit: scores and likelihood ratios"
import json, subprocess, sys
import h5py, numpy as np

model = json.load(open(sys.argv[1] + ".json"))
f = h5py.File(sys.argv[1] + ".case/results.h5")
c, feat = model["calibration"], f["measures/jpeg_tables"][...].astype(float)
text = f["strings"][...].tobytes().decode()
path = [text[i["path_offset"]:][:i["path_length"]] for i in f["items"][...]]
score, llr = f["scores/jpeg_tables"][...], f["llr/jpeg_tables"][...]
z = np.clip(np.floor((feat - model["scale"]["mean"]) * model["scale"]["factor"] + .5), -32767, 32767) / 4095
if model["kind"] == "linear":
    w = np.array([model["weights"][k] for k in f["measures/jpeg_tables"].attrs["columns"].astype(str)])
    want = feat @ w + model["bias"]
else:
    e = model["ensemble"]
    vote = [np.sum(z[:, k] * w, 1) >= t for k, w, t in zip(e["column"], e["weight"], e["cut"])]
    want = np.mean(vote, 0) + model["bias"]
    # many items have the score that the threshold is on: no rounding may put them above it
    level = np.arange(len(e["cut"]) + 1) / len(e["cut"]) + model["bias"]
    assert np.abs(level).min() > 1e-7, "a score is on the threshold"
want[np.isnan(feat[:, 0])] = np.nan
assert np.allclose(score, want, atol=1e-4, equal_nan=True), (score, want)
inside = ["others/" in p and p.endswith(".jpg") for p in path]
assert sum(inside) == 6 and all(sum(p.startswith(k) for p in path) == 2 for k in ("large/0", "low/0"))
assert model["domain"]["quality_min"] > 60, "only authentic pictures have 60"
assert (np.isfinite(llr) == inside).all(), "likelihood ratios outside the domain, or none inside"
want = np.clip(c["intercept"] + c["slope"] * score[inside], c["low"], c["high"])
assert np.allclose(llr[inside], want, atol=1e-5)
assert c["high"] <= np.log10(c["items"][0]) and model["training"]["items"]["train"][0] > 0
assert len(set(score[inside])) > 1, "all scores are the same"

# what is found by such a ratio, and said of it
kinds = list(f["findings"].attrs["finding_words"].astype(str))
told = {int(r["item_row"]): r["llr"] for r in f["findings"][...] if kinds[r["kind"]] == "calibrated"}
inside = np.array(inside)
assert set(told) == set(np.flatnonzero(inside & (score > 0))) and told, (told, score)
assert all(abs(told[k] - llr[k]) < 1e-5 for k in told)
shown = json.loads(subprocess.run([sys.argv[2], "show", sys.argv[1] + ".case", "--json"],
                                  capture_output=True, check=True).stdout)
words = json.load(open(sys.argv[3] + "/datasets/scale.json"))["words"]
said = [s for s in shown["findings"] if s["kind"] == "calibrated"]
assert len(said) == len(told)
for s in said:
    assert s["llr_words"] == next(w["says"] for w in words if abs(s["llr"]) >= w["log10_lr"]), s
assert any(e["detector"] == "calibrated" for e in shown["findings_of_authentic"])
END
done
"$python" - <<'END' || fail "a model not said to be real"
import json
m = json.load(open("lda1.json"))
m["calibration"]["real"] = False
json.dump(m, open("two/jpeg_tables.json", "w"))
END
ASSAY_MODELS=two "$assay" run others -o made.case --detector jpeg_tables >run.out 2>run.log || fail "run"
"$python" -c 'import h5py, numpy as np
assert np.isnan(h5py.File("made.case/results.h5")["llr/jpeg_tables"][...]).all()' ||
    fail "likelihood ratios from data that is not real"

# refused ARGUMENTS...: what must not be accepted, with exit code and words
refused() {
    want=$1 words=$2
    shift 2
    "$assay" train "$@" >refused.out 2>refused.log
    code=$?
    [ $code = "$want" ] || fail "train $*: $code, not $want"
    grep -q "$words" refused.log || fail "train $*: does not say \"$words\""
}
refused 64 'is there already' labels.csv --detector jpeg_tables -o lda1.json
refused 64 'names the one' labels.csv -o new.json
refused 64 'fit is lda' labels.csv --detector jpeg_tables --fit svm -o new.json
refused 66 'cannot read' none.csv --detector jpeg_tables -o new.json
refused 65 'line 2: .* is invented' png.manifest.csv --detector autocorr --real -o new.json
printf 'path,label,split\nset/000003.jpg,authentic,train\nset/000004.jpg,tampered,test\n' >few.csv
refused 66 'of the split train 1 authentic and 0 altered' few.csv --detector jpeg_tables -o new.json
[ -e new.json ] && fail "a refused training made a model"
echo "training: ok"
