#!/bin/sh
# s_search.sh - a sealed case searched against stores of all kinds: what a run would have found, the
# same on any number of ranks; what the case has not is refused; a search in a run can be stopped.
. "$(dirname "$0")/lib.sh"

mkdir one two evidence few
"$pictures" one 1 0 12 flat && "$pictures" two 2 0 12 flat || fail "sensor_pictures"
for camera in 1 2 3; do
    "$pictures" evidence $camera 100 2 scene || fail "sensor_pictures"
done
cp evidence/1-100.bmp evidence/copy.bmp
cp evidence/1-100.bmp evidence/2-101.bmp few
printf '\7\7' | dd of=few/2-101.bmp bs=1 seek=5000 conv=notrunc 2>/dev/null # nearly the same
printf 'no picture\n' >evidence/note.txt
(cd evidence && md5sum 3-100.bmp >../list.md5 && sha256sum copy.bmp note.txt >../list.sha256)
"$assay" enroll camera -o cameras.h5 one two --min-flat 12 >enroll.out 2>enroll.log &&
    "$assay" enroll media -o media.h5 few >enroll.out 2>enroll.log &&
    "$assay" enroll known -o known.h5 --known-bad list.md5 list.sha256 >enroll.out 2>enroll.log ||
    fail "enrolment"
all=cameras.h5,media.h5,known.h5

# 1. the matches of a run, byte for byte, on any number of ranks
run 0 2 whole evidence --against $all
run 0 1 alone evidence --against $all
same whole alone # on 3 and 7 ranks: below
run 0 2 case evidence --md5 --keep-residuals
[ -e case/spool ] && [ ! -e case/journal ] && [ ! -e whole/spool ] || fail "what is kept"
command=search
for n in 1 2 3 7; do
    run 0 $n found$n case --against $all
done
for n in 2 3 7; do
    [ "$(grep digest found1.out)" = "$(grep digest found$n.out)" ] || fail "$n ranks differ"
done
"$python" - <<'END' || fail "a search does not find what a run does"
import h5py
run, found = h5py.File("whole/results.h5"), h5py.File("found3")
assert set(found) == {"sets", "matches", "sensor_maps", "map_data", "strings", "provenance"}, list(found)
assert found.attrs["schema"] == b"assay-search 3" and found.attrs["parent_items"] == 9
assert found.attrs["parent_content_digest"] == \
    h5py.File("case/results.h5").attrs["content_digest"]
def rows(f):
    text, m = f["strings"][:].tobytes(), f["matches"][:]
    names = [text[o:o + n] for o, n in zip(m["name_offset"], m["name_length"])]
    keep = [c for c in m.dtype.names if not c.startswith("name_")]
    return [(a, repr(m[i][keep].tolist())) for i, a in enumerate(names)]
a, b = rows(run), rows(found)
assert a == b and len(a) > 10, (a, b)
assert {int(k) for k in found["matches"]["kind"]} >= {0, 1, 3}
assert (run["sets"]["digest"] == found["sets"]["digest"]).all()
first, of = {}, {}  # what is found of a content is found of all items with it
for i, item in enumerate(run["items"][:]):
    first[i] = first.setdefault(item["sha256"], i)
for m in run["matches"][:]:
    of.setdefault(int(m["item_row"]), []).append(repr([m[c] for c in ("set", "reference", "kind",
                                                               "value", "p_false_alarm")]))
copies = [i for i in range(9) if first[i] != i]
assert len(copies) == 1 and of[copies[0]] == of[first[copies[0]]], of
assert {int(m["kind"]) for m in run["matches"][:] if m["item_row"] == copies[0]} == {0, 3}
END

# 2. shown and verified
"$assay" show found3 >show.log || fail "show"
grep -q 'evidence/copy.bmp' show.log && grep -q 'match camera' show.log || fail "what is shown"
"$assay" show found3 1-100.bmp | grep -q 'the noise pattern supports' || fail "an item"
"$assay" verify found3 >verify.log || fail "verify"
"$assay" verify --explain found1 found3 | grep -q equal || fail "explain"
"$assay" verify known.h5 2>&1 | grep -q "a reference store, not results" || fail "verify of a reference store"
cp found3 changed && "$python" - <<'END' || fail "change"
import h5py
at = h5py.File("changed")["matches"].id.get_offset()
with open("changed", "r+b") as f:
    f.seek(at + 10)
    f.write(b"\7")
END
"$assay" verify changed >verify.log && fail "a changed search is verified"
mv case moved
"$assay" show found3 >show.log && grep -q 'told by number' show.log || fail "show without the case"
"$assay" verify found3 >verify.log && grep -q 'not where' verify.log || fail "verify likewise"
mv moved case
"$assay" cat found3 1 >cat.out 2>cat.log && fail "a search is taken for a case"
grep -q 'the search of a case' cat.log || fail "it is not said what it is"

# 3. what is refused, and leaves nothing
refused() { # CODE WORDS ARGUMENTS...
    want=$1 words=$2
    shift 2
    run "$want" 0 no "$@"
    said no "$words"
    [ ! -e no ] || fail "a refused search leaves a file: $*"
}
refused 65 --keep-residuals whole --against cameras.h5
refused 64 "name the folder" case/results.h5 --against cameras.h5
refused 64 "search for what" case
refused 66 "is not sealed" one --against known.h5
refused 64 "no option" case --against known.h5 --md5
command=run run 0 1 plain evidence --detector metadata
refused 65 "assay run --md5" plain --against known.h5
refused 65 "codes of pdq" plain --against media.h5
cp -r case spoilt
spool=$(find spoilt/spool -type f -size +1k | head -n 1)
printf '\125\252\125\252' | dd of="$spool" bs=1 seek=300 conv=notrunc 2>/dev/null
refused 65 "not what the case was sealed with" spoilt --against cameras.h5
"$assay" verify case | grep -q "residuals  *[0-9]*, as they were sealed" || fail "verify of residuals"
"$assay" verify spoilt >verify.log && fail "changed residuals are verified"
for pixels in 0000000 0000001; do # what would pass for not found
    cp case/results.h5 told.h5
    sed -i "s/\"residual-pixels\": \"4194304\"/\"residual-pixels\": \"$pixels\"/" told.h5
    cmp -s told.h5 case/results.h5 && fail "the provenance is not as it was"
    rm -rf changed && cp -r case changed && mv told.h5 changed/results.h5
    refused 65 " kept" changed --against cameras.h5
done
kept=$(sed -n 's/.*"residuals":{[^}]*"digest":"\([0-9a-f]*\)".*/\1/p' case/audit.jsonl)
other=$(echo "$kept" | tr 0-9 1-90)
told_otherwise() { # EXPRESSION FILE...: what no digest of the store guards, the audit log tells
    rm -rf changed && cp -r case changed
    edit=$1
    shift
    for file; do
        sed -i "$edit" "changed/$file"
        cmp -s "changed/$file" "case/$file" && fail "nothing to change in $file: $edit"
    done
    "$assay" verify changed >verify.log && fail "verified after $edit"
    grep -q "the provenance says other things" verify.log || fail "verify after $edit"
    refused 65 "other things of the sensor noise" changed --against cameras.h5
}
told_otherwise 's/"residual-pixels": "4194304"/"residual-pixels": "4194305"/' results.h5
told_otherwise "s/$kept/$other/" results.h5
told_otherwise 's/"residual_pixels":4194304/"residual_pixels":4194305/' audit.jsonl
told_otherwise "s/$kept/$other/" audit.jsonl
"$assay" verify case >verify.log || fail "verify of what was kept"
rm -r spoilt/spool
refused 65 "which is not there" spoilt --against cameras.h5
printf '\1' | dd of=spoilt/results.h5 bs=1 conv=notrunc seek="$("$python" -c '
import h5py; print(h5py.File("spoilt/results.h5")["items"].id.get_offset())')" 2>/dev/null
refused 65 "not what was sealed" spoilt --against known.h5
run 64 0 found3 case --against known.h5
"$assay" verify found3 >verify.log || fail "a file that was there is changed"
command=run
run 64 0 none evidence --keep-residuals --shard 1/2
run 64 0 none evidence --keep-residuals --detector pdq

# 4. the search of a run heeds signals and the time limit; the same command goes on
# searching CASE ARGUMENTS...: a run that has come to its search
searching() {
    case=$1
    start 0 "$@" --fresh
    while alive "$pid" && ! grep -q '"state": "seal"' "$case/status.json" 2>/dev/null; do
        sleep 0.002
    done
    kill -STOP "$pid" 2>/dev/null
}
for try in 1 2 3 4 5; do
    searching stopped evidence --against $all
    kill -TERM "$pid" 2>/dev/null
    kill -CONT "$pid" 2>/dev/null
    finish
    [ "$code" = 75 ] && break
done
[ "$code" = 75 ] && [ -d stopped/journal ] || fail "a signal does not end the search: $code"
said stopped "stopped by"
for try in 1 2 3 4 5; do
    searching late evidence --against $all --time-limit 3
    sleep 3
    kill -CONT "$pid" 2>/dev/null
    finish
    [ "$code" = 75 ] && break
done
[ "$code" = 75 ] && [ -d late/journal ] || fail "the time limit does not end the search: $code"
said late "the time limit"
run 0 3 stopped evidence --against $all
run 0 7 late evidence --against $all
same whole stopped
same whole late

# and so does the reading of a large store before it
"$bin/media_store" big.h5 150000 1 || fail "media_store"
for try in 1 2 3 4 5; do
    start 0 early evidence --against big.h5
    while alive "$pid" && ! ls -l "/proc/$pid/fd" 2>/dev/null | grep -q big.h5; do
        sleep 0.002
    done
    sleep 0.03 # it is checked after it is opened
    kill -TERM "$pid" 2>/dev/null
    finish
    grep -q "while reading reference stores" early.log && break
done
[ "$code" = 75 ] && [ ! -e early ] || fail "a signal does not end the reading of a store: $code"
said early "stopped by a signal while reading reference stores"

# a rank that is slow keeps rank 0 waiting: status.json stays fresh, and the case is not free
updated() { sed -n 's/.*"updated": \([0-9]*\).*/\1/p' waits/status.json; }
held=
for try in 1 2 3 4 5; do
    start 2 waits evidence --against $all --fresh
    while alive "$pid" && ! grep -q '"state": "seal"' waits/status.json 2>/dev/null; do
        sleep 0.002
    done
    for p in $(ranks "$pid"); do
        ! grep -zq '^OMPI_COMM_WORLD_RANK=1$' "/proc/$p/environ" 2>/dev/null || slow=$p
    done
    kill -STOP "$slow" 2>/dev/null
    before=$(date +%s)
    sleep 5
    alive "$pid" && held=1 && break
    finish
done
[ "$held" ] || fail "the search is over before it can be held"
[ $(($(updated) - before)) -ge 2 ] || fail "status.json is stale: $(($(date +%s) - $(updated))) s"
if unshare -u true 2>/dev/null; then # as from another machine, which has nothing but the clock
    unshare -u sh -c "hostname elsewhere
        '$assay' run -o waits evidence --against $all >second.out 2>second.log"
    [ $? = 65 ] && grep -q "is alive" second.log || fail "a second start"
fi
kill -CONT "$slow"
finish
[ "$code" = 0 ] || fail "exit $code of a search that was held"
same whole waits

# 5. residuals of two attempts, one of them killed
start 2 killed evidence --md5 --keep-residuals --lot-entries 2 --examiners 1
while [ "$(cat killed/spool/*.jnl 2>/dev/null | wc -c)" -lt 400000 ] && alive "$pid"; do
    sleep 0.01
done
die
run 0 1 killed evidence --md5 --keep-residuals --lot-entries 2
same case killed
command=search
run 0 2 again killed --against $all
[ "$(grep digest found1.out)" = "$(grep digest again.out)" ] || fail "after a kill it differs"
echo "a sealed case: searched on 1, 2, 3 and 7 ranks as a run would, refused, stopped, killed"
