/* case.h - what lies in a case folder beside the store, read for a person. */
#ifndef AS_CASE_H
#define AS_CASE_H

#include "../weighing.h"

enum { AS_CASE_PATH = 4096 };

/* CASE/status.json, as the run left it. */
struct as_progress {
    char state[16]; /* inventory, examine, seal, sealed, examined, stopped, failed */
    char shard[16]; /* "2/3"; "": a whole run */
    char host[64];
    uint64_t attempt, items_done, items_seen, bytes_done, bytes_total, lots_done, lots_total;
    int64_t updated; /* unix seconds */
    int64_t pid;
};

/* What /provenance says of the making of a case; 0 or "" where it is silent. */
struct as_making {
    char host[64], cpu[64], started[64];
    uint64_t ranks, examiners, attempts, discovered, shards;
    double seconds;
    bool no_sandbox;
    struct { /* a detector with a model, and what was measured of it on authentic items */
        char detector[32], what[96];
        bool calibrated;
        uint64_t items, fired; /* items == 0: not measured */
        double upper95;        /* upper end of the 95 % interval of the rate */
    } model[AS_DETECTORS_MAX];
    uint32_t nmodels;
    struct as_scale_words words; /* for likelihood ratios */
};

/*
 * Finds the store of a case: CASE/results.h5, or CASE itself where that is a file.
 *   AS_OK    *path names it
 *   AS_SKIP  a folder without a store
 *   AS_EIO   there is no such case; err says so
 */
enum as_status as_case_store(const char *name, char path[AS_CASE_PATH],
                             struct as_err *err) AS_MUST_CHECK;

/* CASE/file; AS_EUSAGE: the name is too long. */
enum as_status as_case_path(const char *name, const char *file, char path[AS_CASE_PATH],
                            struct as_err *err) AS_MUST_CHECK;

/* Reads CASE/status.json.  AS_SKIP: there is none.  AS_EFORMAT: it is broken. */
enum as_status as_progress_read(const char *name, struct as_progress *p,
                                struct as_err *err) AS_MUST_CHECK;

/* True when that run's process lives on this machine (local). */
bool as_progress_alive(const struct as_progress *p);

/* Reads what is known of the making; silent about what it does not understand. */
void as_making_read(const char *provenance, struct as_making *m);

#endif
