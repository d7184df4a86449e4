/* claims.h - who does what: rank 0's list of lots, handed out largest first.
 *
 * It knows lots by number and size only.  Local to rank 0, without clock or
 * messages, so that tests/sim_cluster.c can run the same code at any size.    */
#ifndef AS_CLAIMS_H
#define AS_CLAIMS_H

#include "../err.h"

/* Lots of one answer at most, and reports of one message. */
enum { AS_CLAIM_MAX = 64, AS_REPORTS_MAX = 64 };

struct as_claims;

/* Lots 0 .. n-1 of the given bytes; done[i] (may be NULL): finished already.
 * Order: bytes descending, then number.                                       */
enum as_status as_claims_new(struct as_claims **c, const uint64_t *bytes, const bool *done,
                             uint64_t n, struct as_err *err) AS_MUST_CHECK;
void as_claims_free(struct as_claims *c);

/*
 * The answer to one claim: the next lots nobody has, largest first, to `lot`
 * (room for AS_CLAIM_MAX); returns how many, 0 when none is left.
 *
 * One lot in runs of few ranks.  With many `ranks` as many as keep the claims per
 * second about equal, but at most a part of a rank's fair share of what is left, in
 * lots and in bytes: so a huge lot comes alone, and toward the end lots come one by
 * one.  Each rank's first lot comes alone too, so that the largest begin at once.
 */
uint32_t as_claims_take(struct as_claims *c, uint32_t ranks, uint64_t *lot);

/* Lots nobody has yet. */
uint64_t as_claims_free_lots(const struct as_claims *c);

/*
 * Seconds that a rank may keep reports of finished lots for company: 0 in small runs.
 * They go along with its next claim, or by themselves after this time, when
 * there are AS_REPORTS_MAX of them, or when the rank has nothing left to do.
 */
double as_claims_tell_after(uint32_t ranks);

/* Lots of more than `most` bytes that nobody has are not handed out any more; returns how
 * many those are.  They stay unfinished.                                      */
uint64_t as_claims_drop(struct as_claims *c, uint64_t most);

/* Lot i is finished; telling it twice is harmless.  AS_EBUG: no such lot. */
enum as_status as_claims_done(struct as_claims *c, uint64_t lot) AS_MUST_CHECK;

uint64_t as_claims_left(const struct as_claims *c);       /* lots not finished */
uint64_t as_claims_bytes_left(const struct as_claims *c); /* their bytes       */

#endif
