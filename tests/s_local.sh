#!/bin/sh
# s_local.sh - jobs/local.sh: goes on by itself after a stop and a kill, not when it is told to end.
. "$(dirname "$0")/lib.sh"
local_sh=$here/../jobs/local.sh
export ASSAY="$assay"

invented 3
lots="--lot-bytes 1M"
run 0 1 plain evidence $lots

# begin CASE: local.sh in the background, until something is finished; $pid, $rank
begin() {
    "$local_sh" evidence -o "$1" $lots >"$1.out" 2>"$1.log" &
    pid=$!
    for _ in $(seq 400); do
        grep -qE '"lots_done": [1-9]' "$1/status.json" 2>/dev/null && break
        sleep 0.05
    done
    rank=$(children "$pid" | tr ' ' '\n' | head -n 1)
    grep -q '"state": "examine"' "$1/status.json" || fail "$1 is over too early to tell"
}

# 1. a zygote dies: the rank saves its state and ends with 75
begin zygote
kill -KILL "$(children "$rank" | tr ' ' '\n' | head -n 1)"
finish
[ "$code" = 0 ] || fail "exit $code after the death of a zygote"
said zygote "exit=75"
said zygote "restart 1"
sound zygote
same plain zygote

# 2. TERM: it ends, and the same command goes on
begin told
kill -TERM "$pid"
finish
[ "$code" = 75 ] || fail "exit $code, not 75, after TERM"
grep -q "restart" told.log && fail "it was started again although it was told to end"
"$local_sh" evidence -o told $lots >told.out 2>told.log || fail "run again"
sound told
same plain told

# 3. what going on cannot mend
code=0
"$local_sh" evidence -o told $lots --max-depth 5 >told.out 2>told.log || code=$?
[ "$code" = 65 ] || fail "exit $code, not 65, of other options"
code=0
"$local_sh" evidence >none.out 2>none.log || code=$?
[ "$code" = 64 ] || fail "exit $code, not 64, without a case"

# 4. a rank for 8 cores, although BLAS is told to use one thread
mkdir bin
cat >bin/nproc <<'END'
#!/bin/sh
echo "${OMP_NUM_THREADS:-16}"
END
printf '#!/bin/sh\necho "ranks $2" >asked\n' >bin/mpirun
chmod +x bin/*
PATH=$PWD/bin:$PATH "$local_sh" evidence -o many >many.out 2>many.log || fail "16 cores"
grep -qx "ranks 2" asked || fail "not two ranks of 16 cores: $(cat asked)"
echo "passed"
