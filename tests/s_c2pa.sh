#!/bin/sh
# s_c2pa.sh - C2PA manifests of real files come out as an independent computation says, and the
# detector, its model and the trust list work through the whole program.
#
# needs ASSAY_DATA; skipped where it is not there.
set -u
. "$(dirname "$0")/lib.sh"
data=${ASSAY_DATA:-}/e_provenance
[ -d "$data/c2pa_public_testfiles" ] || { echo "skipped: no $data"; exit 77; }

if command -v openssl >/dev/null; then
    "$python" "$here/c2pa_check.py" "$bin/t_metadata" \
        "$data"/c2pa_public_testfiles/*.jp*g "$data"/c2pa_rs/*.jpg || fail "independent computation"
else
    echo "skipped: no openssl command"
fi

mkdir evidence
for name in C XCA E-sig-CA I CIE-sig-CA; do
    cp "$data/c2pa_public_testfiles/adobe-20220124-$name.jpg" evidence/ || fail "copy"
done
"$assay" run evidence -o case --detector c2pa >run.out 2>run.log || fail "run"
"$assay" show case --json >show.json 2>show.log || fail "show"
for words in "its hash differs" "signature of the C2PA manifest does not hold" \
    "something that went into the file does not hold"; do
    grep -q "$words" show.json || { cat show.json; fail "no finding: $words"; }
done
"$assay" show case adobe-20220124-C.jpg >item.out 2>item.log ||
    "$assay" show case evidence/adobe-20220124-C.jpg >item.out 2>item.log || fail "show item"
grep -q 'valid, no trust list' item.out || { cat item.out; fail "state"; }

# A film: checked as far as pictures are, and a signature that does not hold is a finding.
mkdir films
cp "$data/c2pa_rs/dashinit.mp4" films/good.mp4 && chmod u+w films/good.mp4 || fail "copy"
LC_ALL=C sed 's/drmprovenancemanifestbuilder/DRMprovenancemanifestbuilder/' films/good.mp4 >films/bad.mp4
"$assay" run films -o films.case --detector c2pa >run4.out 2>run4.log || fail "run of films"
"$assay" show films.case --json >films.json 2>films.log || fail "show films"
[ "$(grep -c "signature of the C2PA manifest does not hold" films.json)" = 1 ] ||
    { cat films.json; fail "finding of a film"; }

echo "no certificate" >empty.pem
"$assay" run evidence -o other --detector c2pa --c2pa-trust empty.pem >run2.out 2>run2.log
[ $? = 65 ] || fail "an empty list is refused"
"$assay" run evidence -o other --detector c2pa --c2pa-trust nowhere.pem >run3.out 2>run3.log
[ $? = 66 ] || fail "a list that is not there is refused"
exit 0
