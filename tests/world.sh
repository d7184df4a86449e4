# world.sh - a machine room inside this machine; sourced first by the tests that need nodes.
#
# The test starts itself again in namespaces of its own: processes, network, mounts, host name.
# So no port or name clashes with anything, and the kernel ends all that it started when it ends.
# Then `nodes N` makes n1 .. nN behind a switch, and this shell is n0; on_node.sh runs things there.
# Skips (77) where that is not permitted.
if [ -z "${ASSAY_WORLD:-}" ]; then
    for tool in unshare nsenter ip; do
        command -v "$tool" >/dev/null || { echo "skipped: $tool is not installed"; exit 77; }
    done
    unshare --mount --net --uts --ipc --pid --fork --mount-proc \
        ip link add name a type veth peer name b 2>/dev/null ||
        { echo "skipped: namespaces are not permitted here (root is needed)"; exit 77; }
    ASSAY_WORLD=1 exec unshare --mount --net --uts --ipc --pid --fork --kill-child=KILL --mount-proc "$0" "$@"
fi
# Open MPI names its files by host and process number, which other worlds have too
ip link set lo up && mount -t tmpfs -o mode=1777 tmpfs /dev/shm || { echo "no world"; exit 1; }
export OMPI_MCA_orte_tmpdir_base=/dev/shm

# nodes N: n1 .. nN at 10.77.0.11 ..., each with a network and a host name of its own
nodes() {
    mount -t tmpfs tmpfs /run && mkdir -p /run/netns && hostname n0 || fail "the world"
    ip link add switch type bridge
    ip addr add 10.77.0.1/24 dev switch
    ip link set switch up
    printf '127.0.0.1 localhost\n10.77.0.1 n0\n' >hosts
    for i in $(seq "$1"); do
        echo "10.77.0.1$i n$i" >>hosts
        ip netns add "n$i"
        ip link add "port$i" type veth peer name eth0 netns "n$i"
        ip link set "port$i" master switch up
        ip -n "n$i" addr add "10.77.0.1$i/24" dev eth0
        ip -n "n$i" link set eth0 up
        ip -n "n$i" link set lo up
    done
    mount --bind hosts /etc/hosts || fail "the world"
    # none of the machine's own networks is to be looked for
    export OMPI_MCA_btl_tcp_if_include=10.77.0.0/24 OMPI_MCA_oob_tcp_if_include=10.77.0.0/24
    export OMPI_MCA_pml=ob1 OMPI_MCA_btl=self,vader,tcp
}

# on KIND NODE...: numbers of the processes there: ranks or workers of assay, or daemons of mpirun
on() {
    kind=$1
    shift
    for p in $(for node in "$@"; do ip netns pids "$node"; done); do
        parent=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$p/status" 2>/dev/null)
        case $kind:$(cat "/proc/$p/comm" "/proc/$parent/comm" 2>/dev/null | tr '\n' ' ') in
        workers:'assay assay ' | daemons:'orted '*) echo "$p" ;;
        ranks:'assay assay ') ;;
        ranks:'assay '*) echo "$p" ;;
        esac
    done
}

# hold CASE NODE...: waits until something of the case is finished, then stops the workers there.
# Until then they get a part of the time only: what status.json says is two seconds old, and on a
# quick machine all would be over.
hold() {
    held=$1/status.json known=
    shift
    for _ in $(seq 200); do
        kill -STOP $known 2>/dev/null
        grep -qE '"lots_done": [1-9]' "$held" 2>/dev/null && break
        known=$(on workers "$@")
        kill -CONT $known 2>/dev/null
        sleep 0.05
    done
    for _ in 1 2 3; do # the first stops the zygotes, the next what they forked meanwhile
        kill -STOP $(on workers "$@") 2>/dev/null
    done
    grep -q '"state": "examine"' "$held" || fail "it was over too early to tell: $held"
}

# release NODE...: they go on
release() { kill -CONT $(on workers "$@") 2>/dev/null; }

# cut NODE, mend NODE: its cable; mended once a packet comes through (a daemon of mpirun that
# starts before ends unseen, and mpirun waits for it without end)
cut() { ip link set "port${1#n}" down; }
mend() {
    ip link set "port${1#n}" up
    for _ in $(seq 100); do
        nsenter --net="/run/netns/$1" "$python" -c 'import errno, socket
s = socket.socket()
s.settimeout(1)
raise SystemExit(s.connect_ex(("10.77.0.1", 9)) not in (0, errno.ECONNREFUSED))' && return 0
        echo "not yet: $1" >&2
        sleep 0.1
    done
    fail "the cable of $1 stays cut"
}
