#!/bin/sh
# on_node.sh NODE COMMAND... - runs it on a node of world.sh, with its own host name and shared memory.
# (nsenter, because `ip netns exec` hides the control groups)
exec nsenter --net="/run/netns/$1" unshare --uts --mount sh -c \
    'hostname "$0" && mount -t tmpfs -o mode=1777 tmpfs /dev/shm && exec "$@"' "$@"
