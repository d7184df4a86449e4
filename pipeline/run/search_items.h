/* search_items.h - the hashes of a case's items, each with the rank that its hash names.
 *
 * Rows are looked at once, in any order of ranks; then each hash's items lie together, lowest id
 * first, at one rank, where references and residuals with that hash are sent too.
 *
 * Memory: 45 bytes for each item with a hash, over all ranks.                          */
#ifndef AS_SEARCH_ITEMS_H
#define AS_SEARCH_ITEMS_H

#include "catalogue.h"

struct as_items {
    uint8_t *rec; /* [n] sorted, once they are dealt */
    uint64_t n, cap;
};

/* An item with a hash. */
struct as_item_found {
    uint64_t id;
    uint32_t source;
    bool ok;        /* examined, and no copy of another     */
    uint64_t place; /* among the items of this rank, < items->n */
};

/* Takes a row, unless it has no hash.  Local.  AS_ENOMEM. */
enum as_status as_items_look(struct as_items *items, const struct as_row *row) AS_MUST_CHECK;

/* Brings each item to the rank that as_items_owner names.  Collective. */
enum as_status as_items_deal(struct as_items *items, struct as_rank *r,
                             struct as_err *err) AS_MUST_CHECK;

/* Both, of all rows of a catalogue.  Collective. */
enum as_status as_items_take(struct as_items *items, struct as_rank *r, struct as_catalogue *c,
                             struct as_err *err) AS_MUST_CHECK;

/* For as_deal and as_scatter, of records that begin with a SHA-256; state is the rank. */
int as_items_owner(void *state, const void *rec);

/* Item k of those with this hash, in the order of ids; false: there are not so many.  Local. */
bool as_items_find(const struct as_items *items, const uint8_t sha256[32], uint64_t k,
                   struct as_item_found *found);

/* The copies among the items of this rank, for a catalogue that was not made from journals.  Local.
 * AS_ENOMEM. */
enum as_status as_items_copies(const struct as_items *items, struct as_catalogue *c) AS_MUST_CHECK;

void as_items_clear(struct as_items *items);

#endif
