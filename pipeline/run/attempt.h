/* attempt.h - the case folder: attempts, the fence between them, status.json.
 *
 * Rank 0 only, but for the paths.                                             */
#ifndef AS_ATTEMPT_H
#define AS_ATTEMPT_H

#include "../err.h"

#include <jansson.h>
#include <sys/types.h>

struct as_case {
    char *dir, *journal, *spool, *inventory, *lots, *results, *audit, *status, *fence,
        *signature, *shard; /* shard: what a finished one leaves for the merge */
    uint32_t attempt;
    struct as_pulse *pulse; /* NULL: status.json is written by as_case_tell alone */
};

/* The paths of a case; makes nothing. */
enum as_status as_case_init(struct as_case *c, const char *dir, struct as_err *err) AS_MUST_CHECK;
void as_case_clear(struct as_case *c);

/* Sets the attempt and with it the fence: the folder of the attempt after it. */
enum as_status as_case_set_attempt(struct as_case *c, uint32_t attempt, struct as_err *err) AS_MUST_CHECK;

/* AS_EFORMAT: another run of this case is alive, and takeover is false. */
enum as_status as_case_alone(const struct as_case *c, bool takeover, struct as_err *err) AS_MUST_CHECK;

/*
 * Makes the folders and a new attempt-N exclusively.
 *   AS_EFORMAT   another run of this case is alive (and takeover is false)
 *   AS_EIO       a folder cannot be made
 */
enum as_status as_case_begin(struct as_case *c, bool takeover, struct as_err *err) AS_MUST_CHECK;

/* True when a newer attempt has begun: the case is no longer this one's. */
bool as_case_superseded(const struct as_case *c);

/* Throws away the saved state (--fresh): journals, inventory, store, signature. */
enum as_status as_case_reset(struct as_case *c, struct as_err *err) AS_MUST_CHECK;

/* Removes what a sealed case needs no more: journals and attempt folders, and the spool unless it is
 * kept. */
void as_case_tidy(struct as_case *c, bool keep_spool);

/* Removes a case that nobody needs any more: what a run makes, and the folder if nothing else is in it. */
void as_case_remove(struct as_case *c);

/* items_done, contents_done and rechecked (files read a second time) are of all attempts:
 * one of them grows, or nothing was done.                                         */
struct as_case_status {
    const char *state; /* inventory, examine, recheck, merge, seal, sealed, examined, stopped, failed */
    const char *shard; /* "2/3", or NULL */
    uint64_t items_seen, items_done, contents_done, rechecked, bytes_done, bytes_total, lots_done, lots_total;
    uint64_t died, blamed;
    double elapsed_s, eta_s;
    json_t *time; /* of as_timing_json, or NULL */
    int ranks;
};

/* Replaces status.json atomically, unless a newer attempt has begun.  Failing to is no failure of the
 * run. */
void as_case_tell(const struct as_case *c, const struct as_case_status *s);

/*
 * Tells at once that this attempt is alive, because journals may be read for long before there is more
 * to tell.  From now on until as_case_clear a thread tells again what was told last, with a new time,
 * whenever nothing was told for 3 s: rank 0 may wait for others much longer.  After as_case_set_attempt; c
 * stays where it is.
 *   AS_EIO   no thread can be made
 */
enum as_status as_case_pulse(struct as_case *c, struct as_err *err) AS_MUST_CHECK;

#endif
