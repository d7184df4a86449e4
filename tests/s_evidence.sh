#!/bin/sh
# s_evidence.sh - the invented evidence is the same twice and as its manifest
# says, to other readers and to a run with one and with two ranks.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
maker=${ASSAY_MAKE_DIR:-$here/../build/bin}/make_evidence
assay=${ASSAY_BIN:-$here/../build/bin/assay}
seed=${SEED:-1}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export PYTHONDONTWRITEBYTECODE=1 TZ=UTC
echo "seed $seed"
python=python3 # the distribution's, where another one comes first in PATH
"$python" -c 'import h5py' 2>/dev/null || python=/usr/bin/python3

fail() { echo "FAILED: $*"; exit 1; }
digest() { (cd "$1" && tar --sort=name --owner=0 --group=0 -cf - small | sha256sum); }

# 1. the same seed makes the same bytes, names and times; another seed does not
for i in 1 2; do
    mkdir "$tmp/$i"
    "$maker" "$tmp/$i/small" --seed "$seed"
done
[ "$(digest "$tmp/1")" = "$(digest "$tmp/2")" ] || {
    diff -r --no-dereference "$tmp/1/small" "$tmp/2/small" || true
    fail "seed $seed made two different folders"
}
cmp "$tmp/1/small.manifest.csv" "$tmp/2/small.manifest.csv" || fail "the manifests differ"
mkdir "$tmp/3"
"$maker" "$tmp/3/small" --seed $((seed + 1)) --manifest "$tmp/3/truth.csv"
[ "$(digest "$tmp/1")" != "$(digest "$tmp/3")" ] || fail "two seeds made the same folder"
size=$(du -sm "$tmp/1/small" | cut -f1)
[ "$size" -lt 15 ] || fail "small is $size MB"
rm -rf "$tmp/2" "$tmp/3"

# 2. other readers see the archives as the manifest does
truth=$tmp/1/small.manifest.csv
"$python" "$here/check_archives.py" "$tmp/1/small" "$truth" || fail "archives are not as told"

# 3. the tar of very many entries
"$maker" --tar-entries 2500 "$tmp/many.tar"
n=$(tar -tf "$tmp/many.tar" | wc -l)
[ "$n" -eq 2500 ] || fail "a tar of 2500 entries has $n"

# 4. the comparison can fail: a store as told, and one with three lies
"$python" "$here/fake_store.py" "$truth" "$tmp/fake.h5"
"$python" "$here/check_manifest.py" "$tmp/fake.h5" "$truth" || fail "a true store is refused"
"$python" "$here/fake_store.py" "$truth" "$tmp/fake.h5" 3
if "$python" "$here/check_manifest.py" "$tmp/fake.h5" "$truth" >"$tmp/lies"; then
    fail "a false store is accepted"
fi
grep -q ' 3 differences$' "$tmp/lies" || fail "three lies were not counted"

# 5. a run with one and with two ranks says of each item what the manifest says
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_mpi_yield_when_idle=1
for n in 1 2; do
    code=0
    mpirun --oversubscribe --bind-to none -n $n "$assay" run "$tmp/1/small" -o "$tmp/case$n" \
        >"$tmp/run$n.out" 2>&1 || code=$?
    if [ ! -s "$tmp/run$n.out" ] && [ "$code" -eq 0 ] && [ ! -e "$tmp/case$n" ]; then
        echo "the program is empty as yet: only the maker was tested"
        exit 0
    fi
    [ "$code" -eq 0 ] || {
        tail -n 30 "$tmp/run$n.out"
        fail "the run with $n ranks gave $code"
    }
    "$python" "$here/check_manifest.py" "$tmp/case$n/results.h5" "$truth" ||
        fail "$n ranks: the store is not as the manifest says"
done
digests() {
    "$python" -c 'import h5py,sys
a = h5py.File(sys.argv[1], "r").attrs
print(a["content_digest"], a["digest_exact"])' "$1"
}
[ "$(digests "$tmp/case1/results.h5")" = "$(digests "$tmp/case2/results.h5")" ] ||
    fail "one and two ranks gave different digests"
echo "passed"
