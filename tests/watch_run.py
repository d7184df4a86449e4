"""watch_run.py - runs a command and tells what the ranks of `assay run` took.

usage: watch_run.py CASE COMMAND...

Prints one line: memory of the largest rank and of all ranks (VmHWM, KB), then their
processor seconds by phase.  Workers, which have limits of their own, are apart: only
their largest is told.  Exits as the command did.
"""
import json
import os
import subprocess
import sys
import time

TICK = os.sysconf("SC_CLK_TCK")


def children(pid):
    try:
        return [int(c) for t in os.listdir(f"/proc/{pid}/task")
                for c in open(f"/proc/{pid}/task/{t}/children").read().split()]
    except OSError:
        return []


def below(pid):
    found = []
    for child in children(pid):
        found += [child] + below(child)
    return found


def look(pid):
    """(VmHWM in KB, processor seconds), or None."""
    try:
        status = open(f"/proc/{pid}/status").read()
        fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    except OSError:
        return None
    hwm = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return (int(hwm[0]), (int(fields[11]) + int(fields[12])) / TICK) if hwm else None


def ranks(root):
    try:
        if open(f"/proc/{root}/comm").read().strip() != "mpirun":
            return [root]
    except OSError:
        return []
    return children(root)


def main():
    case, command = sys.argv[1], sys.argv[2:]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    state, memory, workers, spent, phases = "start", {}, {}, {}, {}
    while run.poll() is None:
        try:
            state = json.load(open(f"{case}/status.json"))["state"]
        except (OSError, ValueError):
            pass
        mine = ranks(run.pid)
        for pid in mine:
            seen = look(pid)
            if seen:
                memory[pid] = max(seen[0], memory.get(pid, 0))
                phases[state] = phases.get(state, 0) + seen[1] - spent.get(pid, 0)
                spent[pid] = seen[1]
            for worker in below(pid):
                seen = look(worker)
                workers[worker] = max(seen[0] if seen else 0, workers.get(worker, 0))
        time.sleep(0.01)
    print(f"largest={max(memory.values(), default=0)} all={sum(memory.values())} "
          f"worker={max(workers.values(), default=0)} "
          + " ".join(f"{name}={phases[name]:.2f}" for name in phases))
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
