/* lost.h - contents whose residuals are lost: they are examined again. */
#ifndef AS_LOST_H
#define AS_LOST_H

#include "rank.h"

struct as_lost {
    uint8_t *sha; /* [n][32] ascending: contents with no residual left, on every rank */
    uint64_t n;
    uint64_t *lot; /* [nlots] ascending: where they were examined, on rank 0 */
    uint64_t nlots;
};

/* Asks the journals, in a second reading only where some residual is lost.  Collective. */
enum as_status as_lost_find(struct as_lost *l, struct as_rank *r, struct as_err *err) AS_MUST_CHECK;
void as_lost_clear(struct as_lost *l);

/* Local. */
bool as_lost_content(const struct as_lost *l, const uint8_t sha[32]);
bool as_lost_lot(const struct as_lost *l, uint64_t lot);

#endif
