#!/bin/sh
# s_camera.sh - fingerprints of invented cameras, and a case searched for them: the right camera
# and no other, on any number of ranks, in shards, and after a kill; too few pictures are refused.
. "$(dirname "$0")/lib.sh"

mkdir one two evidence
"$pictures" one 1 0 12 flat 2 Pin && "$pictures" two 2 0 12 scene 2 Pin || fail "sensor_pictures"
for camera in 1 2 3; do
    "$pictures" evidence $camera 100 3 scene || fail "sensor_pictures"
done
cp evidence/1-100.bmp evidence/copy.bmp

# 1. enrolment
"$assay" enroll camera -o ref.h5 first=one two >refused.log 2>&1
[ $? = 65 ] || fail "too few pictures are enrolled"
grep -q 'camera first has 12 flat fields and 0 other' refused.log || fail "the reason is not told"
[ ! -e ref.h5 ] && [ ! -e ref.h5.case ] || fail "a refused enrolment leaves something"
enroll() { # STORE RANKS
    mpirun -n "$2" "$assay" enroll camera -o "$1" first=one two --min-flat 12 --min-natural 12 \
        >"$1.log" 2>&1 || fail "enrolment on $2 ranks"
    [ ! -e "$1.case" ] || fail "the work folder is left"
}
enroll ref.h5 1
enroll ref3.h5 3
[ "$(grep digest ref.h5.log)" = "$(grep digest ref3.h5.log)" ] || fail "stores differ by ranks"
grep -q '12 pictures, 12 of them flat' ref.h5.log || fail "flat fields are not seen as such"
grep -q '12 pictures, 0 of them flat' ref.h5.log || fail "scenes are seen as flat fields"

"$python" - <<'END' || fail "a store is not as README says"
import h5py
f = h5py.File("ref.h5")
text, all_of_them = f["strings"][:].tobytes(), f["fingerprints"][:]
assert (f.attrs["schema"], f.attrs["kind"], len(f["cameras"])) == (b"assay-reference 2", b"camera", 2)
for c, name, flat in zip(f["cameras"][:], (b"first", b"two"), (12, 0)):
    assert [text[c[f"{x}_offset"]:][:c[f"{x}_length"]] for x in ("name", "make", "model")] == [name, b"Invented", b"Pin"]
    assert c["pictures"] == 12 and c["flat_pictures"] == flat and .1 < c["quality"] <= 1, c
    at, w, h = (int(c[x]) for x in ("offset", "w", "h"))
    k = all_of_them[at:at + w * h].reshape(h, w)
    assert k.std() > 0 and all(abs(k[y::2, x::2].mean()) < .01 * k.std() for y in (0, 1) for x in (0, 1)), c
END

# 2. the search
run 0 1 alone evidence --against ref.h5
"$python" - <<'END' || fail "the matches are not what they should be"
import h5py
f = h5py.File("alone/results.h5")
text, items = f["strings"][:].tobytes(), f["items"][:]
found = {}
for m in f["matches"][:]:
    i = items[m["item_row"]]
    name = text[i["path_offset"]:i["path_offset"] + i["path_length"]].decode().split("/")[-1]
    assert m["kind"] == 3 and m["value"] > 40 and m["p_false_alarm"] < 1e-6, m
    assert m["others"] == 1 and m["beside"] == 1 and m["other_value"] < 20, m
    found[name] = found.get(name, []) + [int(m["reference"])]
    assert text[m["name_offset"]:m["name_offset"] + m["name_length"]].decode() == ("first", "two")[m["reference"]]
said = [text[r["text_offset"]:r["text_offset"] + r["text_length"]].decode() for r in f["findings"][:]]
said = [s for s in said if s.startswith("the noise pattern supports the view that this camera took it: ")]
assert len(said) == 6 and all("(PCE " in s and ", false alarm " in s for s in said), said # none of the copy
assert all("; the only other camera of the same model has PCE " in s for s in said), said
print(found)
assert found == {f"{c}-{n}.bmp": [c - 1] for c in (1, 2) for n in (100, 101, 102)} | {"copy.bmp": [0]}
END
run 0 3 ranks evidence --against ref.h5 --memory 1M # a picture at a time
same alone ranks
"$assay" show alone 1 | tr -s ' \n' ' ' | grep -q '; the only other camera of the same model has PCE' ||
    fail "an item does not tell what stands beside its camera"
[ ! -e alone/spool ] && [ ! -e ranks/spool ] || fail "the spool is left"

# 2b. pictures of one camera that disagree name no model; none of the model of another is there
mkdir odd box
cp one/1-00[1-9].tif one/1-01?.tif odd && "$pictures" odd 1 0 1 flat && "$pictures" box 2 0 12 flat 2 Box ||
    fail "sensor_pictures"
"$assay" enroll camera -o odd.h5 odd box --min-flat 12 >odd.log 2>&1 || fail "enrolment of odd ones"
grep -q 'model: not known' odd.log && grep -q 'model: Invented, Box' odd.log || fail "models are not told"
run 0 1 odd1 evidence/1-100.bmp evidence/2-100.bmp --against odd.h5,ref.h5
"$python" - <<'END' || fail "what stands beside a match is not what it should be"
import h5py
f = h5py.File("odd1/results.h5")
m = f["matches"][:]
found = sorted(tuple(int(r[x]) for x in ("set", "reference", "beside", "others")) for r in m)
assert found == [(0, 0, 0, 3), (0, 1, 2, 3), (1, 0, 1, 1), (1, 1, 1, 1)], found
assert [w.decode() for w in f["matches"].attrs["beside_words"]][:2] == ["size", "model"]
text = f["strings"][:].tobytes().decode("latin-1")
for words in ("its model is not known; the best of 3 others of its size has PCE ",
              "none of the references of its size is of the same model; the best of 3 others of its size has PCE ",
              "tried in its step; the only other camera of the same model has PCE "):
    assert words in text, words
END

# 3. more cameras than are compared in full: those whose product with the picture is largest are
stores=ref.h5
for k in 2 3 4 5; do
    "$assay" enroll camera -o "more$k.h5" "a$k=one" "b$k=two" --min-flat 12 --min-natural 12 \
        >more.log 2>&1 || fail "enrolment of more cameras"
    stores=$stores,more$k.h5
done
OPENBLAS_NUM_THREADS=4 run 0 1 many evidence --against "$stores"
run 0 3 many3 evidence --against "$stores" --examiners 2 # threads
same many many3
"$python" - <<'END' || fail "of many cameras the right ones are not found"
import h5py
f = h5py.File("many/results.h5")
rows, maps = f["matches"][:], f["sensor_maps"][:]
assert len(rows) == 35 and (rows["kind"] == 3).all() and (rows["beside"] == 1).all(), rows
assert sorted(rows["set"]) == sorted(list(range(5)) * 7)
assert len(maps) > 0 and (maps["set"] == 0).all(), maps # all sets have the same fingerprints
END

# 4. in shards, each with its spool
run 0 1 part1 evidence --against ref.h5 --shard 1/2 --lot-entries 3
run 0 1 part2 evidence --against ref.h5 --shard 2/2 --lot-entries 3
"$assay" merge part1 part2 -o merged >merge.log 2>&1 || fail "merge"
same alone merged

# 5. killed when residuals are in the spool
start 2 killed evidence --against ref.h5 --lot-entries 2 --examiners 1
while [ "$(cat killed/spool/*.jnl 2>/dev/null | wc -c)" -lt 400000 ] && alive "$pid"; do
    sleep 0.01
done
die
run 0 1 killed evidence --against ref.h5 --lot-entries 2
same alone killed

# 6. what makes no sense
"$assay" run evidence -o none --against ref.h5 --detector pdq >none.log 2>&1
[ $? = 64 ] || fail "a search for cameras without their detector"
for bound in "--min-flat 0" "--min-natural 8192"; do
    "$assay" enroll camera -o none.h5 one $bound >none.log 2>&1
    [ $? = 64 ] || fail "an enrolment with $bound"
done
echo "cameras: enrolled on 1 and 3 ranks, searched on 1 and 3, in shards and after a kill"
