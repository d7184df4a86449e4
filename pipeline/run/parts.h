/* parts.h - large containers that can be entered in the middle become many lots. */
#ifndef AS_PARTS_H
#define AS_PARTS_H

#include "rank.h"

/* Lots that are worth a look inside, as lots of the LIST phase; malloc'd.  index[i] is
 * the place of list lot i in r->lots.  Rank 0; *n = 0 when there are none.        */
enum as_status as_parts_candidates(const struct as_rank *r, struct as_lot **lots, uint64_t **index,
                                   uint64_t *n, struct as_err *err) AS_MUST_CHECK;

/* Completes the work of a LIST lot: how large the parts of its container are to be, and how
 * many may be told.  More make it stay whole: what unpacks to 64 times its size, or says so.  */
void as_parts_ask(struct as_work *work, const struct as_options *o);

/* Replaces lots by their parts as the LIST phase told them in r->split, plus one
 * lot for the container's own row.  Rank 0.                                      */
enum as_status as_parts_apply(struct as_rank *r, const uint64_t *index, uint64_t n,
                              struct as_err *err) AS_MUST_CHECK;

/* The lots of the RECHECK phase: every file once; malloc'd.  Rank 0. */
enum as_status as_parts_recheck(const struct as_rank *r, struct as_lot **lots, uint64_t *n,
                                struct as_err *err) AS_MUST_CHECK;

#endif
