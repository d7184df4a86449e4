#!/bin/sh
# s_bench.sh - assay bench: its numbers against plain definitions, the same from any number of ranks,
# every item accounted for; sets that give themselves away, leaks, other people's manifests.
. "$(dirname "$0")/lib.sh"
command=bench

# made NAME KIND ARGUMENTS...: the set NAME
made() {
    name=$1 kind=$2
    shift 2
    "$labelled" "$kind" "$name" --size 96x80 "$@" >>make.log 2>&1 || fail "make_labelled $name"
}

# agrees CASE MANIFEST: with plain definitions
agrees() { "$python" "$here/bench_check.py" "$1" "$2" >check.log 2>&1 || fail "the numbers of $1"; }

# says CASE WORDS: what its last start printed; silent: it has not
says() { grep -qF -- "$2" "$1.out" || { cat "$1.out"; fail "$1 does not say: $2"; }; }
silent() { grep -F -- "$2" "$1.out" && fail "$1 says: $2"; }

# 1. the numbers; what cannot be scored is told; other ranks, the same bytes
made set splice --count 48
echo "no picture" >set/broken.jpg
echo 'set/broken.jpg,tampered,test,,lost,,,,' >>set.manifest.csv
echo 'set/missing.jpg,authentic,test,,lost,,,,' >>set.manifest.csv
measure="--measure jpeg_tables.quality_luma,pdq.quality,pdq.quality --compare pdq.quality,jpeg_tables.quality_luma"
run 0 0 one set.manifest.csv $measure --draws 200
agrees one set.manifest.csv
says one '50 in, 48 scored, 2 not'
says one '1: there is no such file'
says one 'no run tells them'
says one 'content_digest '
sound one
run 0 2 two set.manifest.csv $measure --draws 200
diff -r one/bench two/bench >diff.log || fail "two ranks give other numbers than one"

# 2. measured anew: nothing is examined; the intervals follow the seed
run 0 0 two set.manifest.csv $measure --draws 200 --seed 2
cut -d, -f1-9 one/bench/metrics.csv >a; cut -d, -f1-9 two/bench/metrics.csv >b
cmp -s a b || fail "another seed gives another AUC"
cmp -s one/bench/metrics.csv two/bench/metrics.csv && fail "another seed gives the same intervals"
digests one >a; digests two >b
cmp -s a b || fail "measuring changed the case"

# 3. a set whose altered pictures are of another format; a set that leaks
made jpeg generated --count 40 --vary q2=90
made png generated --count 40 --vary q2=0
{ head -1 jpeg.manifest.csv; grep ,authentic, jpeg.manifest.csv; grep ,generated, png.manifest.csv; } >biased.csv
run 0 0 biased biased.csv
says biased 'THE SET GIVES ITSELF AWAY'
grep -q '^format,all,all,20,20,1,1,1,1$' biased/bench/audit.csv || fail "the audit of the format"
run 0 0 fair jpeg.manifest.csv
silent fair 'GIVES ITSELF AWAY'
silent fair LEAK
cp jpeg/000000.jpg jpeg/copy.jpg
{ cat jpeg.manifest.csv; sed -n '2s/jpeg.000000.jpg/jpeg\/copy.jpg/; 2s/,train,/,test,/p' jpeg.manifest.csv; } >leaky.csv
run 0 0 leaky leaky.csv
says leaky '1 pair of different splits have the same bytes'
says leaky 'of different splits are of one group'
grep -q '^same,jpeg/000000.jpg,train,authentic,jpeg/copy.jpg,test,authentic,$' leaky/bench/leaks.csv ||
    fail "leaks.csv"
# the first scenes as JPEG to train with, and as PNG to test with
{ head -1 jpeg.manifest.csv; for of in jpeg:train png:test; do
    sed -n 2,7p ${of%:*}.manifest.csv | awk -F, -v OFS=, -v of=${of#*:} '{ $3 = of; $5 = $1; print }'
done; } >near.csv
run 0 0 near near.csv --draws 100
says near 'of different splits are near-copies (PDQ)'
grep -Eq '^near,jpeg/000000.jpg,train,authentic,png/000000.png,test,authentic,([0-9]|[12][0-9]|3[01])$' near/bench/leaks.csv ||
    fail "near-copies in leaks.csv"
grep -q '^same,' near/bench/leaks.csv && fail "other bytes are called the same"

# 4. folders and lists of others
mkdir -p folder/real folder/gan/fake
cp jpeg/00000[02468].jpg folder/real && cp jpeg/00000[13579].jpg folder/gan/fake
run 0 0 folder folder --measure pdq.quality --detector pdq
says folder '10 in, 10 scored, 0 not'
printf '[["set/000000.jpg", "Negative"], ["set/000001.jpg", "set.masks/000001.png"]]' >list.json
ls set/000000.jpg set/000001.jpg >/dev/null || fail "the list's pictures"
run 0 0 list list.json --measure pdq.quality
says list '2 in, 2 scored, 0 not'

# 5. maps against masks, by the detectors here that make maps
mappers=$("$assay" list detectors | sed -n 's/^\(adq\|cfa\) .*/\1/p' | paste -sd ,)
if [ -n "$mappers" ]; then
    made mapped splice --count 6 --size 256x192 --vary q1=0 --vary q2=0,90
    run 0 0 maps mapped.manifest.csv --detector "$mappers"
    agrees maps mapped.manifest.csv
    grep -q ' and 0 maps' check.log && fail "no map was compared with its mask"
else
    echo "no detector makes maps here"
fi

# 6. what makes no sense
run 64 0 no set.manifest.csv --measure pdq.nothing
said no 'nothing is called pdq.nothing'
run 64 0 no set.manifest.csv --compare pdq,metadata
said no 'pdq gives no score here'
run 64 0 no set.manifest.csv --draws 1
run 66 0 no nothing.csv
said no 'cannot read the manifest nothing.csv'
[ ! -e no ] || fail "a case was made"
echo "passed: $(cat check.log)"
