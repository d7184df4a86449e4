/* runs.h - more records than fit into memory, sorted: runs in a temporary file, merged.
 *
 * Local; one process.                                                              */
#ifndef AS_RUNS_H
#define AS_RUNS_H

#include "../err.h"

enum { AS_RUNS_MEMORY_MIN = 1 << 20 };

struct as_runs;

/*
 * Begins.  rec_size: bytes of a record; memory: bytes to use (at least
 * AS_RUNS_MEMORY_MIN); beside: a path whose folder takes the temporary file, which
 * has no name and goes with the process.
 */
enum as_status as_runs_new(struct as_runs **r, size_t rec_size, uint64_t memory, const char *beside,
                           struct as_err *err) AS_MUST_CHECK;
void as_runs_free(struct as_runs *r);

/* Takes a record.  AS_EIO: no room for the temporary file, a failing device. */
enum as_status as_runs_add(struct as_runs *r, const void *rec, struct as_err *err) AS_MUST_CHECK;

/* Ends the adding, or begins again at the first record. */
enum as_status as_runs_rewind(struct as_runs *r, struct as_err *err) AS_MUST_CHECK;

/* The next record in the order of memcmp, equal ones one after the other; borrowed until the
 * next call.  AS_END: there is none.                                                  */
enum as_status as_runs_next(struct as_runs *r, const uint8_t **rec,
                            struct as_err *err) AS_MUST_CHECK;

#endif
