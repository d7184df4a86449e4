#!/bin/sh
# s_sim.sh - the simulator agrees with real runs of 1, 2 and 4 ranks on two cores, loosely:
# within 30 percent, and only where the machine has the cores to spare (else skipped).
. "$(dirname "$0")/lib.sh"
"$maker" evidence --seed 1 >maker.log 2>&1 || fail "make_evidence"
code=0
ASSAY_BIN=$assay TOLERANCE=30 WAIT=${WAIT:-4} "$here/sim_check.sh" "$tmp/evidence/DCIM" 1 "${COPIES:-300}" || code=$?
exit "$code"
