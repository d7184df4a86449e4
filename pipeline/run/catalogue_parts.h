/* catalogue_parts.h - what catalogue.c, entries.c and join.c share. */
#ifndef AS_CATALOGUE_PARTS_H
#define AS_CATALOGUE_PARTS_H

#include "catalogue.h"

/* Where an item and its content lie: numbers of journals and offsets in them.  An item that has
 * neither content nor hash, and another row with the hash, has the place of that.  */
struct as_place {
    uint64_t at, content_at;
    uint32_t file : 30, changed : 1, copy : 1; /* journals: attempts x ranks < 2^30 */
    uint32_t content_file;                     /* AS_NO_CONTENT: there is none      */
};

#define AS_NO_CONTENT UINT32_MAX

/* The contents that were found: sha256[32], journal[4], offset[8], as as_be_put writes them. */
enum { AS_CONTENT_BYTES = 44 };
struct as_contents {
    uint8_t *rec;
    uint64_t n, cap;
};

/* The rank that has the row: the last one whose first id is not above; ranks may have none. */
static inline int as_rank_of_id(const uint64_t *first, int ranks, uint64_t id)
{
    int lo = 0, hi = ranks - 1;

    while (lo < hi) {
        int mid = (lo + hi + 1) / 2;
        if (first[mid] <= id)
            lo = mid;
        else
            hi = mid - 1;
    }
    return lo;
}

/* Sends records, whose first 8 bytes are a row, to the ranks that have the rows; `first`: the first
 * row of this rank.  As as_deal.  Collective.                                  */
enum as_status as_deal_rows(struct as_comm *comm, uint64_t first, uint8_t **recs, uint64_t *n,
                            uint32_t rec_size, struct as_err *err) AS_MUST_CHECK;

/*
 * Finds the items and contents in the journals, and gives this rank its run of
 * items in the order of their keys: c->place, count, first, total.  Collective.
 */
enum as_status as_entries_find(struct as_catalogue *c, struct as_rank *r, char *const *names,
                               size_t n, struct as_contents *contents,
                               struct as_err *err) AS_MUST_CHECK;

/* Tells each item where its content is, and whether it is a copy of a lower id.
 * Takes the contents.  Collective.                                             */
enum as_status as_join(struct as_catalogue *c, struct as_rank *r, struct as_contents *contents,
                       struct as_err *err) AS_MUST_CHECK;

#endif
