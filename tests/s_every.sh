#!/bin/sh
# s_every.sh - all detectors with all their maps: the same bits on any number of ranks and examiners,
# and each of them has something to say of pictures that were altered.
. "$(dirname "$0")/lib.sh"

mkdir made
for kind in splice copymove; do
    "$labelled" "$kind" "made/$kind" --count 2 --size 320x256 --seed 5 >/dev/null || fail "make_labelled $kind"
done
"$maker" small --seed 3 --manifest truth.csv >/dev/null || fail "make_evidence"
set -- made/splice made/copymove small/chains small/generated --detector every --maps

run 0 1 one "$@" --examiners 1
run 0 2 two "$@" --examiners 2
same one two
run 0 3 three "$@" --examiners 1
same one three
sound one

"$python" - <<'END' || fail "what detectors say"
import h5py, numpy as np
f = h5py.File("one/results.h5")
silent = {d for d in f["status"] if not (f["status/" + d][()] == 1).any()}
# needs pictures that no lossy compression touched, or that were enrolled for
assert silent <= {"cfa"}, silent
names = [w.decode() for w in f["maps"].attrs["detectors"]]
maps = f["maps"][()]
have = {names[m["detector"]] for m in maps}
assert {"adq", "ghost", "grid", "copymove", "noise_level"} <= have, have
data = f["map_data"][()]
for m in maps:
    assert 1 <= m["w"] <= 128 and 1 <= m["h"] <= 128 and m["cell"] >= 1
    item = f["items"][m["item_row"]]
    assert (m["w"] - 1) * m["cell"] < item["width"] <= m["w"] * m["cell"], (m, item)
    assert (m["h"] - 1) * m["cell"] < item["height"] <= m["h"] * m["cell"], (m, item)
    assert m["offset"] + int(m["w"]) * int(m["h"]) <= len(data)
print(len(maps), "maps of", sorted(have))
END
# a picture whose planes do not fit is not lost with them
"$labelled" camera made/large --count 1 --size 2400x1600 --seed 5 >/dev/null || fail "make_labelled camera"
for memory in 128M 400M; do
    run 0 1 "of$memory" made/large --detector every --examiners 1 --examiner-memory "$memory"
done
"$python" - <<'END' || fail "a large picture and little memory"
import h5py
for name, tested in (("of128M", False), ("of400M", True)):
    f = h5py.File(name + "/results.h5")
    row = [i for i, it in enumerate(f["items"]) if it["width"] == 2400]
    assert len(row) == 1, row
    words = [w.decode() for w in f["items"].attrs["status_words"]]
    assert words[f["items"]["status"][row[0]]] == "ok", name
    strips = 1 << [w.decode() for w in f["items"].attrs["flag_words"]].index("strips")
    assert bool(f["items"]["flags"][row[0]] & strips) != tested, name
    assert f["status/pdq"][row[0]] == 1 and (f["status/grid"][row[0]] == 1) == tested, name
END
# nor one of which detectors would want more memory than there is, if they ran
mkdir huge
"$python" - <<'END' || fail "a huge picture"
import struct, zlib
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
side = 16000
rows = zlib.compress((b"\0" + b"\xaa" * (side // 8)) * side)
head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
open("huge/a.png", "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) +
                               chunk(b"IEND", b""))
END
run 0 1 huge.case huge --detector every --maps --examiners 1 --examiner-memory 128M
"$assay" show huge.case --status ok | grep -q 'a\.png' || fail "a huge picture is lost"
echo "passed"
