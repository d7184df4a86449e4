/* catalogue.h - the items of a case in their final order, each with its content.
 *
 * Made from the journals by all ranks together: every rank gets a run of
 * consecutive items.  It holds places in journals, not rows: about 100 bytes per
 * item and twice that while sorting.                                           */
#ifndef AS_CATALOGUE_H
#define AS_CATALOGUE_H

#include "rank.h"

struct as_catalogue {
    uint64_t first, count; /* this rank's items, ids first .. first + count - 1 */
    uint64_t total;        /* of all ranks                                      */
    uint64_t changed;      /* of all ranks: the second reading differs          */
    uint64_t rechecked;
    struct as_catalogue_entry *entry; /* [count] */
    struct as_journal_reader *items, *contents;
    struct as_content_room *room;
};

/* Collective. */
enum as_status as_catalogue_new(struct as_catalogue **c, struct as_rank *r,
                                struct as_err *err) AS_MUST_CHECK;
void as_catalogue_free(struct as_catalogue *c);

/* Fills row `id` of this rank's share; borrowed until the next call.  key (may be
 * NULL) gets its key, *first whether it is no copy of a lower id.  Local.       */
enum as_status as_catalogue_row(struct as_catalogue *c, uint64_t id, struct as_row *row,
                                struct as_key *key, struct as_err *err) AS_MUST_CHECK;

#endif
