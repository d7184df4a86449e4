#!/bin/sh
# s_sweep.sh - assay bench --alter: copies are what they are called and count as files do; the same by
# any number of ranks and after a kill; without them nothing changes.
. "$(dirname "$0")/lib.sh"
command=bench
"$labelled" splice set --count 4 --size 168x136 --seed 4 --vary q2=0,90 >make.log 2>&1 || fail "make_labelled"
how="--detector adq,grid --measure pdq.quality --draws 100"
few="--alter jpeg,crop-75,transplant,peaks"

# 1. every picture has its copies; the pictures as they are give what they gave without
run 0 0 plain set.manifest.csv $how
run 0 1 all set.manifest.csv $how --alter all
n=$("$assay" list alterations | wc -l)
[ "$(grep -c ',set/.*,ok,' all/bench/altered_items.csv)" = $((4 * (n + 1))) ] || fail "rows of copies"
for table in metrics pixels; do
    cmp -s plain/bench/$table.csv all/bench/$table.csv || fail "$table.csv with copies and without"
    sed -n 's/^\(alteration\|none\),//p' all/bench/altered_$table.csv >a
    cmp -s a plain/bench/$table.csv || fail "altered_$table.csv: none"
done
[ -e plain/bench/altered_items.csv ] && fail "copies that nobody asked for"
grep -q '/ noise-3 ' all.out || fail "the table of copies"
"$assay" show all | grep -qE "altered +$((4 * n)) " || fail "copies are not marked"
"$assay" verify all --evidence >verify.log 2>&1 || fail "verify"
run 64 0 wrong set.manifest.csv $how --alter jpg

# 2. the same by three ranks, and after a kill; never two sorts of copies
run 0 0 one set.manifest.csv $how $few
run 0 3 three set.manifest.csv $how $few
said three 'lots=2'
diff -r one/bench three/bench >diff.log || fail "three ranks give other numbers than one"
start 1 killed set.manifest.csv $how $few
until [ "$(cat killed/journal/*.jnl 2>/dev/null | wc -c)" -gt 9000 ]; do
    kill -0 "$pid" 2>/dev/null || fail "the run ended before it could be killed"
    sleep .02
done
kill -KILL "$pid" $(below "$pid") 2>/dev/null
wait "$pid" 2>/dev/null
pid=
run 0 2 killed set.manifest.csv $how $few --takeover
diff -r one/bench killed/bench >diff.log || fail "a resumed sweep gives other numbers"
digests one >a; digests killed >b
cmp -s a b || fail "the digest of a resumed sweep"
grep -q 'no Cllr: the model' all.out || fail "why there is no Cllr"
sed -i 's/alteration crop-75 = way 2, strength 75/alteration crop-75 = way 2, strength 74/' killed/results.h5
run 65 2 killed set.manifest.csv $how $few
said killed 'there "alteration crop-75 = way 2, strength 74, quality 0"'

# likelihood ratios of copies, by the calibration of their pictures
"$labelled" camera cal --count 16 --size 64x64 --seed 5 --vary q2=90,80,70,60 >make.log 2>&1 || fail "make_labelled"
awk -F, -v OFS=, 'NR > 1 { $2 = /q2=[89]0/ ? "tampered" : "authentic"; $3 = NR > 9 ? "calibrate" : "test" } 1' \
    cal.manifest.csv >split.csv
run 0 0 told split.csv --detector jpeg_tables --measure jpeg_tables.quality_luma --draws 100 --alter jpeg-95,jpeg-50
"$python" "$here/sweep_check.py" ratios told/bench >ratios.log 2>&1 || fail "likelihood ratios of copies"

# 3. copies are what they are called
png=$(ls set/*.png | head -n 1)
mkdir copies cut cut.masks whole
for name in jpeg-80 resize-50 resize-150 crop-90 blur-7 noise-7 median-5 screenshot peaks transplant recompress; do
    "$assay" cat all "$png>>$name" --alter "$name" >"copies/$name" 2>cat.log || fail "cat $name"
done
"$python" "$here/sweep_check.py" copies "$png" copies || fail "copies"
code=0
"$assay" cat all "$png>>peaks" >copy 2>cat.log || code=$?
[ "$code" = 64 ] || fail "exit $code of a copy without its alteration"

# 4. copies that are files, with their masks, give the same numbers
for file in set/*.*; do
    "$assay" cat all "$file>>crop-75" --alter crop-75 >"cut/${file#set/}.png" 2>cat.log || fail "cat $file"
    "$assay" cat all "$file>>screenshot" --alter all >"whole/${file#set/}.png" 2>cat.log || fail "cat $file"
done
"$python" "$here/sweep_check.py" cut || fail "cut masks"
run 0 0 files cut.manifest.csv $how
sed -n 's/^\(alteration\|crop-75\),//p' all/bench/altered_pixels.csv >a
cmp -s a files/bench/pixels.csv || fail "maps of copies that are files"
sed -n 's/^\(alteration\|crop-75\),//p' all/bench/altered_metrics.csv | cut -d, -f1-29 >a
cut -d, -f1-29 files/bench/metrics.csv | cmp -s a - || fail "metrics of copies that are files"
# 5. a picture that takes its decoder over costs itself and its copies
planted=$(dirname "$assay")/assay_planted
if [ -x "$planted" ]; then
    bad=$(ls set/*.jpg | head -n 1)
    printf '\nASSAY-PLANT:socket %s\n' "$tmp/x" >>"$bad"
    code=0
    "$planted" bench set.manifest.csv -o hostile --detector pdq --alter jpeg-80,noise-3 >hostile.out 2>hostile.log || code=$?
    [ "$code" = 3 ] || fail "exit $code with a hostile picture"
    [ "$(grep -c ",$bad,.*,crashed," hostile/bench/altered_items.csv)" = 3 ] || fail "rows of a hostile picture"
    [ "$(grep -c ',set/.*,ok,' hostile/bench/altered_items.csv)" = 9 ] || fail "rows beside a hostile picture"
fi
echo 'sweep: ok'
