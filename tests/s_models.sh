#!/bin/sh
# s_models.sh - the models of invented pictures that come with the program: what they find, and where they are silent.
. "$(dirname "$0")/lib.sh"
unset ASSAY_MODELS

for m in crossdiff upsampling; do
    "$assay" list models $m >$m.txt || fail "list models $m"
    tr -s '\n ' ' ' <$m.txt | grep -q 'does not tell pictures of real generators from photographs' || fail "$m: the card does not say what the model cannot do"
done
"$labelled" generated known --count 32 --size 256x256 --seed 77 --vary q2=0,95,85 >make.log 2>&1 || fail "make_labelled"
"$labelled" generated low --count 16 --size 256x256 --seed 77 --vary q2=50 >make.log 2>&1 || fail "make_labelled"
"$labelled" generated small --count 16 --size 192x192 --seed 77 --vary q2=90 >make.log 2>&1 || fail "make_labelled"
"$assay" run known low small -o case --detector all,crossdiff,upsampling >run.out 2>run.log || fail "run"
"$assay" run known/*.jpg -o alone --detector crossdiff,upsampling >run.out 2>run.log || fail "run alone"
"$python" - <<'END' || fail "findings"
import h5py, numpy as np

def found(case):
    f = h5py.File(case + "/results.h5")
    text = f["strings"][...].tobytes()
    get = lambda o, n: text[o:o + n].decode()
    path = [get(i["path_offset"], i["path_length"]) for i in f["items"][...]]
    names = list(f["findings"].attrs["detectors"].astype(str))
    return {(names[r["detector"]], path[int(r["item_row"])]): get(r["text_offset"], r["text_length"])
            for r in f["findings"][...] if r["detector"] < len(names)}, f, path

all_of, f, path = found("case")
of = {k: v for k, v in all_of.items() if k[0] in ("crossdiff", "upsampling")}
generated = [k for k in of if int(k[1][-10:-4]) % 2]  # the second of each scene
assert len(generated) >= 8 and len(of) - len(generated) <= 1, of.keys()
assert all(k[1].startswith("known/") for k in of), "findings outside the domain"
assert all("of real generators it tells nothing" in v for v in of.values())
for d in ("crossdiff", "upsampling"):
    score = f["scores/" + d][...]
    outside = [s for s, p in zip(score, path) if p.startswith(("low/", "small/")) and np.isfinite(s)]
    assert len(outside) == 32 and np.isnan(f["llr/" + d][...]).all()
    assert max(outside) > 0, d + ": nothing would have been found there anyway"
assert not found("alone")[0], "the quality of a JPEG is known by jpeg_tables alone"
END
echo "models: ok"
