/* catalogue.h - the items of a case in their final order, each with its content.
 *
 * Made from the journals by all ranks together: every rank gets a run of
 * consecutive items.  It holds places in journals, not rows: 24 bytes per item; while
 * it is made at most twice (18 + a packed key, about 5) bytes per record of an item
 * and 44 per content, or 108 per item; the larger counts.  A copy takes 20 more, at the
 * rank that owns its content.  Over all ranks.                                     */
#ifndef AS_CATALOGUE_H
#define AS_CATALOGUE_H

#include "rank.h"

/* Two items with the same bytes: the lowest id, and another. */
struct as_copy {
    uint64_t first, id;
};

struct as_catalogue {
    uint64_t first, count;  /* this rank's items, ids first .. first + count - 1 */
    uint64_t total;         /* of all ranks                                      */
    struct as_place *place; /* [count] */
    struct as_copy *copy;   /* [ncopies] of contents that this rank owns, in no order */
    uint64_t ncopies, copy_cap;
    struct as_journal_reader *items, *contents;
    struct as_content_room *room;
};

/* Collective. */
enum as_status as_catalogue_new(struct as_catalogue **c, struct as_rank *r,
                                struct as_err *err) AS_MUST_CHECK;
void as_catalogue_free(struct as_catalogue *c);

/* Fills row `id` of this rank's share; borrowed until the next call.  key (may be
 * NULL) gets its key.  Local.       */
enum as_status as_catalogue_row(struct as_catalogue *c, uint64_t id, struct as_row *row,
                                struct as_key *key, struct as_err *err) AS_MUST_CHECK;

#endif
