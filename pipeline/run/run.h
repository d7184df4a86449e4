/* run.h - the main job: inventory, examine, recheck, seal; or all but the seal in shards, and merge. */
#ifndef AS_RUN_H
#define AS_RUN_H

#include "rank.h"

/* What a run leaves to be told; rank 0 tells it. */
struct as_run_result {
    int me;                  /* this rank, 0 before MPI started */
    bool sealed_before;      /* the case was sealed already: nothing was done */
    bool shard_before;       /* so was the shard                              */
    struct as_outcome outcome;
    double seconds, seal_s;
    json_t *time; /* of as_timing_json, NULL: nothing was examined; to be freed */
    int ranks;
    uint64_t died, blamed;
};

/*
 * Runs a case from its evidence to its sealed store.  Starts and stops MPI.
 *   AS_OK        sealed; result->outcome.code is the exit code; with --shard examined only
 *   AS_SKIP      no such evidence
 *   AS_EUSAGE    the request makes no sense
 *   AS_EFORMAT   the case is alive, or its fingerprint differs
 *   AS_ESTOP     stopped, state saved: run again to go on
 *   AS_EIO, AS_ENOMEM, AS_EBUG
 * The status is the same on every rank.  Collective.
 */
enum as_status as_run(const struct as_options *o, int nnames, char *const *names,
                      struct as_run_result *result, struct as_err *err) AS_MUST_CHECK;

/*
 * Seals a case from the journals of the shards of one job, which stay as they are.
 *   AS_SKIP      a shard is missing, or no such folder
 *   AS_EUSAGE    the request makes no sense
 *   AS_EFORMAT   a shard is unfinished, twice there, or not of the same job
 * and as as_run.  Collective.
 */
enum as_status as_merge(const struct as_options *o, int ncases, char *const *cases,
                        struct as_run_result *result, struct as_err *err) AS_MUST_CHECK;

/* The steps of a run that others take too: after as_rank_join, the case, its evidence and the
 * fingerprint (malloc'd); after as_rank_open, the inventory and the examination.  Collective. */
enum as_status as_run_begin(struct as_rank *r, uint32_t nnames, char *const *names,
                            char **fingerprint, struct as_err *err) AS_MUST_CHECK;
enum as_status as_run_examine(struct as_rank *r, const char *fingerprint,
                              struct as_err *err) AS_MUST_CHECK;

/* Whether the options make sense, also for plan and cat.  AS_EUSAGE. */
enum as_status as_run_check(const struct as_options *o, struct as_err *err) AS_MUST_CHECK;

#endif
