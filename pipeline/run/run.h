/* run.h - the main job: inventory, examine, recheck, seal. */
#ifndef AS_RUN_H
#define AS_RUN_H

#include "rank.h"

/* What a run leaves to be told; rank 0 tells it. */
struct as_run_result {
    int me;                  /* this rank, 0 before MPI started */
    bool sealed_before;      /* the case was sealed already: nothing was done */
    struct as_outcome outcome;
    double seconds;
    int ranks;
    uint64_t died, blamed;
};

/*
 * Runs a case from its evidence to its sealed store.  Starts and stops MPI.
 *   AS_OK        sealed; result->outcome.code is the exit code
 *   AS_SKIP      no such evidence
 *   AS_EUSAGE    the request makes no sense
 *   AS_EFORMAT   the case is alive, or its fingerprint differs
 *   AS_ESTOP     stopped, state saved: run again to go on
 *   AS_EIO, AS_ENOMEM, AS_EBUG
 * The status is the same on every rank.  Collective.
 */
enum as_status as_run(const struct as_options *o, int nnames, char *const *names,
                      struct as_run_result *result, struct as_err *err) AS_MUST_CHECK;

/* Whether the options make sense, also for plan and cat.  AS_EUSAGE. */
enum as_status as_run_check(const struct as_options *o, struct as_err *err) AS_MUST_CHECK;

#endif
