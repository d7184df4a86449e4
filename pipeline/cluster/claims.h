/* claims.h - who does what: rank 0's list of lots, handed out largest first.
 *
 * It knows lots by number and size only.  Local to rank 0.                    */
#ifndef AS_CLAIMS_H
#define AS_CLAIMS_H

#include "../err.h"

struct as_claims;

/* Lots 0 .. n-1 of the given bytes; done[i] (may be NULL): finished already.
 * Order: bytes descending, then number.                                       */
enum as_status as_claims_new(struct as_claims **c, const uint64_t *bytes, const bool *done,
                             uint64_t n, struct as_err *err) AS_MUST_CHECK;
void as_claims_free(struct as_claims *c);

/* The next lot nobody has; false: none is left. */
bool as_claims_take(struct as_claims *c, uint64_t *lot);

/* Lots of more than `most` bytes that nobody has are not handed out any more; returns how
 * many those are.  They stay unfinished.                                      */
uint64_t as_claims_drop(struct as_claims *c, uint64_t most);

/* Lot i is finished; telling it twice is harmless.  AS_EBUG: no such lot. */
enum as_status as_claims_done(struct as_claims *c, uint64_t lot) AS_MUST_CHECK;

uint64_t as_claims_left(const struct as_claims *c);       /* lots not finished */
uint64_t as_claims_bytes_left(const struct as_claims *c); /* their bytes       */

#endif
