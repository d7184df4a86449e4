#!/bin/sh
# s_evidence.sh - the invented evidence is the same twice and as its manifest
# says, to other readers and to a run with one and with two ranks.
. "$(dirname "$0")/lib.sh"
seed=${SEED:-1}
echo "seed $seed"

digest() { (cd "$1" && tar --sort=name --owner=0 --group=0 -cf - small | sha256sum); }

# 1. the same seed makes the same bytes, names and times; another seed does not
for i in 1 2; do
    mkdir "$tmp/$i"
    "$maker" "$tmp/$i/small" --seed "$seed" || fail "make_evidence"
done
[ "$(digest "$tmp/1")" = "$(digest "$tmp/2")" ] || {
    diff -r --no-dereference "$tmp/1/small" "$tmp/2/small" || true
    fail "seed $seed made two different folders"
}
cmp "$tmp/1/small.manifest.csv" "$tmp/2/small.manifest.csv" || fail "the manifests differ"
mkdir "$tmp/3"
"$maker" "$tmp/3/small" --seed $((seed + 1)) --manifest "$tmp/3/truth.csv" || fail "make_evidence"
[ "$(digest "$tmp/1")" != "$(digest "$tmp/3")" ] || fail "two seeds made the same folder"
size=$(du -sm "$tmp/1/small" | cut -f1)
[ "$size" -lt 15 ] || fail "small is $size MB"
rm -rf "$tmp/2" "$tmp/3"

# 2. other readers see the archives as the manifest does
truth=$tmp/1/small.manifest.csv
"$python" "$here/check_archives.py" "$tmp/1/small" "$truth" || fail "archives are not as told"

# 3. the tar of very many entries
"$maker" --tar-entries 2500 "$tmp/many.tar" || fail "make_evidence"
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
for n in 1 2; do
    run 0 $n case$n "$tmp/1/small"
    "$python" "$here/check_manifest.py" case$n/results.h5 "$truth" ||
        fail "$n ranks: the store is not as the manifest says"
done
same case1 case2
echo "passed"
