#!/bin/sh
# s_netns.sh - mpirun over three nodes of two ranks without Slurm: a rank killed, a cable cut.
here=$(dirname "$0")
. "$here/world.sh"
. "$here/lib.sh"

invented 3
lots="--lot-bytes 1M"
run 0 2 plain evidence $lots
sound plain
nodes 3
. "$here/../jobs/env.sh" # the keepalive

# mpirun starts its daemons by this instead of ssh: agent NODE COMMAND
cat >agent <<END
#!/bin/sh
node=\$1
shift
exec "$here/on_node.sh" "\$node" sh -c "\$*"
END
chmod +x agent
export OMPI_MCA_plm=rsh OMPI_MCA_plm_rsh_agent="$PWD/agent" OMPI_MCA_plm_rsh_no_tree_spawn=1

# wide CASE: starts it on three nodes
wide() {
    case=$1
    mpirun --host n1:2,n2:2,n3:2 "$assay" run -o "$case" evidence $lots >"$case.out" 2>"$case.log" &
    pid=$!
}

# resumed CASE: run again it ends as if nothing had been
resumed() {
    grep -q '"lots_done": [1-9]' "$1/status.json" || fail "nothing of $1 was finished"
    for _ in 1 2 3; do # Open MPI may lose a connection at the start; then we say so, and 75
        wide "$1"
        finish
        [ "$code" = 75 ] && grep -q 'did not reach each other' "$1.log" || break
    done
    [ "$code" = 0 ] || fail "exit $code of $1, run again"
    sound "$1"
    same plain "$1"
}

# 1. a rank is killed
wide killed
hold killed n1 n2 n3
kill -KILL "$(on ranks n2 | head -n 1)"
finish
[ "$code" = 137 ] || fail "exit $code, not 137, after the death of a rank"
gone $(on ranks n1 n2 n3) $(on workers n1 n2 n3)
resumed killed

# 2. a cable is cut
wide cut
hold cut n1 n2 n3
cut n3
release n1 n2 n3
begun=$(date +%s)
finish
noticed=$(($(date +%s) - begun))
[ "$code" = 205 ] || fail "exit $code, not 205, after the cut"
[ "$noticed" -le 15 ] || fail "the cut was noticed after $noticed s"
echo "noticed after $noticed s"
mend n3
resumed cut

# 3. two nodes never hear of each other: the ranks do not wait for ever, and nothing is begun
ip -n n1 neigh replace 10.77.0.13 lladdr 02:00:00:00:00:99 dev eth0 nud permanent
ip -n n3 neigh replace 10.77.0.11 lladdr 02:00:00:00:00:99 dev eth0 nud permanent
ASSAY_MEET_S=5 wide deaf
finish
[ "$code" = 75 ] || fail "exit $code, not 75, of ranks that cannot reach each other"
said deaf 'did not reach each other'
gone $(on ranks n1 n2 n3) $(on workers n1 n2 n3)
echo "passed"
