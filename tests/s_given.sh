#!/bin/sh
# s_given.sh - models, scale and trust list are read once: what becomes of the files during a run
# changes nothing, and ranks that have other ones are refused.
#
# The files are pipes, so that it is known when they were read; then others take their names.
. "$(dirname "$0")/lib.sh"
source=${ASSAY_SOURCE:-$here/..}
command -v openssl >/dev/null || { echo "openssl is not installed"; exit 77; }

"$labelled" djpeg set --count 6 --size 256x256 --seed 5 --vary q1=60,90 --vary q2=65,95 \
    >make.log 2>&1 || fail "make_labelled"
mkdir models scale other
cp "$source/datasets/models/adq.json" models/
cp "$source/datasets/scale.json" scale/
for name in trust other; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem \
        -subj "/CN=$name" -out $name.pem 2>openssl.log || fail "openssl"
done
sed 's/"bias": [-0-9.e]*/"bias": 1000/' models/adq.json >other/adq.json
cmp -s models/adq.json other/adq.json && fail "the models are the same"
sed 's/"weak support"/"a hint"/' scale/scale.json >other/scale.json
cmp -s scale/scale.json other/scale.json && fail "the tables are the same"
export ASSAY_MODELS=$PWD/models ASSAY_SCALE=$PWD/scale
options="--detector adq --c2pa-trust trust.pem"

# made CASE: its fingerprint and what it says of detectors and table
made() {
    "$python" - "$1" <<'END'
import h5py, json, sys
f = h5py.File(sys.argv[1] + "/results.h5")
made = f["provenance"][()]
made = json.loads(made if isinstance(made, bytes) else made.tobytes())
print(made["fingerprint"], json.dumps([made[k] for k in ("detectors", "scale", "scale_sha256")]))
END
}

# refused WHAT FILE OTHER: with OTHER in place of FILE the case does not go on
refused() {
    cp "$2" kept && cp "$3" "$2"
    run 65 0 plain set $options
    said plain "$1"
    mv kept "$2"
}

# once FILE NEW [NEW2 FILE2]: FILE is a pipe that gives its bytes to one reader; when somebody has
# begun to read it, NEW has its name (and NEW2 that of FILE2)
once() {
    mv "$1" "$1.was" && mkfifo "$1" || fail "mkfifo"
    timeout 60 sh -c 'exec 3>"$0"; mv "$1" "$0"; [ -z "$2" ] || mv "$2" "$3"; cat "$0.was" >&3' \
        "$@" >/dev/null 2>&1 &
}

run 0 0 plain set $options
made plain >plain.txt || fail "provenance"
refused "detector adq" models/adq.json other/adq.json
refused "verbal scale" scale/scale.json other/scale.json
refused "c2pa-trust" trust.pem other.pem
run 0 0 plain set $options
cp other/adq.json other.json
once models/adq.json other/adq.json
once scale/scale.json other/scale.json
once trust.pem other.pem
timeout 60 "$assay" run set -o changed $options >changed.out 2>changed.log ||
    fail "exit $? when files change"
cmp -s models/adq.json other.json || fail "the model did not change during the run"
made changed >changed.txt || fail "provenance"
cmp plain.txt changed.txt || fail "what changed during the run is told"
same plain changed
for file in models/adq.json scale/scale.json trust.pem; do mv "$file.was" "$file"; done
cp scale/scale.json other/scale.json
once scale/scale.json other/scale.json other.json models/adq.json
timeout 60 "$assay" bench set.manifest.csv -o bench --detector adq >bench.out 2>bench.log
[ $? = 65 ] || fail "a benchmark mixes two models"
said bench "the model of adq changed"

# Ranks with other models: of a run, and of a merge.
mkdir theirs
mv models/adq.json theirs/
cp "$source/datasets/models/adq.json" models/
mpirun -n 1 "$assay" run set -o two $options : -n 1 env ASSAY_MODELS="$PWD/theirs" \
    "$assay" run set -o two $options >two.out 2>two.log
[ $? = 65 ] || fail "ranks with different models are accepted"
said two "rank 1 would work otherwise than rank 0: "
said two "detector adq"
[ ! -e two/results.h5 ] || fail "sealed"
for i in 1 2; do run 0 0 shard$i set $options --shard $i/2; done
mpirun -n 1 "$assay" merge shard1 shard2 -o merged : -n 1 env ASSAY_MODELS="$PWD/theirs" \
    "$assay" merge shard1 shard2 -o merged >merged.out 2>merged.log
[ $? = 65 ] || fail "a merge with different models is accepted"
said merged "examined by another program"
command=merge
run 0 2 merged shard1 shard2
same plain merged
echo "given: ok"
