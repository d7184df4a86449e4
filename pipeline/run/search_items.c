/* search_items.c - the hashes of a case's items, each with the rank that its hash names. */
#include "search_items.h"

#include "../cluster/sort.h"
#include "grow.h"

#include <stdlib.h>
#include <string.h>

enum { SHA = 32, ID = 32, SOURCE = 40, OK = 44, REC_BYTES = 45 };

enum as_status as_items_look(struct as_items *items, const struct as_row *row)
{
    uint8_t *to;

    if (!row->has_sha256)
        return AS_OK;
    if (!as_grow((void **)&items->rec, items->n, &items->cap, REC_BYTES))
        return AS_ENOMEM;
    to = items->rec + items->n++ * REC_BYTES;
    memcpy(to, row->sha256, SHA);
    as_be_put(to + ID, row->id, 8);
    as_be_put(to + SOURCE, row->source, 4);
    to[OK] = row->status == AS_ITEM_OK;
    return AS_OK;
}

int as_items_owner(void *state, const void *rec)
{
    const struct as_rank *r = state;
    uint32_t v;

    memcpy(&v, rec, sizeof v);
    return (int)(v % (uint32_t)r->size);
}

enum as_status as_items_deal(struct as_items *items, struct as_rank *r, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_deal(r->comm, &items->rec, &items->n, REC_BYTES, as_items_owner, r, err));
    items->cap = items->n;
    /* each alone: what has one hash has one owner already */
    AS_TRY(as_comm_agree(r->comm, as_sort(NULL, &items->rec, &items->n, REC_BYTES, err), err));
done:
    return status;
}

static enum as_status look_at_all(struct as_items *items, struct as_rank *r, struct as_catalogue *c,
                                  struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_row *row = calloc(1, sizeof *row);

    if (row == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for a row");
    for (uint64_t id = c->first; id < c->first + c->count; id++) {
        AS_TRY(as_rank_go_on(r, err));
        AS_TRY(as_catalogue_row(c, id, row, NULL, err));
        AS_TRY(as_items_look(items, row));
    }
done:
    free(row);
    return status;
}

enum as_status as_items_take(struct as_items *items, struct as_rank *r, struct as_catalogue *c,
                             struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_comm_agree(r->comm, look_at_all(items, r, c, err), err));
    AS_TRY(as_items_deal(items, r, err));
done:
    return status;
}

bool as_items_find(const struct as_items *items, const uint8_t sha256[32], uint64_t k,
                   struct as_item_found *found)
{
    uint64_t lo = 0, hi = items->n;
    const uint8_t *rec;

    while (lo < hi) {
        uint64_t mid = lo + (hi - lo) / 2;
        if (memcmp(items->rec + mid * REC_BYTES, sha256, SHA) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (k >= items->n - lo)
        return false;
    rec = items->rec + (lo + k) * REC_BYTES;
    if (memcmp(rec, sha256, SHA) != 0)
        return false;
    *found = (struct as_item_found){as_be_get(rec + ID, 8), (uint32_t)as_be_get(rec + SOURCE, 4),
                                    rec[OK] != 0, lo + k};
    return true;
}

enum as_status as_items_copies(const struct as_items *items, struct as_catalogue *c)
{
    uint64_t first = 0;

    for (uint64_t i = 0; i < items->n; i++) {
        const uint8_t *rec = items->rec + i * REC_BYTES;
        const uint64_t id = as_be_get(rec + ID, 8);
        if (i == 0 || memcmp(rec, rec - REC_BYTES, SHA) != 0) {
            first = id;
            continue;
        }
        if (!as_grow((void **)&c->copy, c->ncopies, &c->copy_cap, sizeof *c->copy))
            return AS_ENOMEM;
        c->copy[c->ncopies++] = (struct as_copy){first, id};
    }
    return AS_OK;
}

void as_items_clear(struct as_items *items)
{
    free(items->rec);
    memset(items, 0, sizeof *items);
}
