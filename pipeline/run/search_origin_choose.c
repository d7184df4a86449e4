/* search_origin_choose.c - of each picture the pairs that agree best, over all ranks. */
#include "../cluster/sort.h"
#include "search_origin_parts.h"

#include <stdlib.h>
#include <string.h>

/* A record: row, score upside down, other row, turn, both places; then lower row, higher row,
 * score, turn, both places. */
enum { SCORE = 8, OTHER = 16, TURN = 24, PLACES = 25, REC_BYTES = PLACES + 2 * AS_ORIGIN_PLACE };

static void pack(const struct as_origin_pair *pair, uint8_t *to)
{
    uint64_t bits;

    memcpy(&bits, &pair->score, sizeof bits); /* of positive numbers, in their order */
    as_be_put(to, pair->a, 8);
    as_be_put(to + SCORE, ~bits, 8);
    as_be_put(to + OTHER, pair->b, 8);
    to[TURN] = pair->turn;
    memcpy(to + PLACES, pair->place_a, AS_ORIGIN_PLACE);
    memcpy(to + PLACES + AS_ORIGIN_PLACE, pair->place_b, AS_ORIGIN_PLACE);
}

static void unpack(const uint8_t *from, struct as_origin_pair *pair)
{
    const uint64_t bits = ~as_be_get(from + SCORE, 8);

    memcpy(&pair->score, &bits, sizeof bits);
    pair->a = as_be_get(from, 8);
    pair->b = as_be_get(from + OTHER, 8);
    pair->turn = from[TURN];
    memcpy(pair->place_a, from + PLACES, AS_ORIGIN_PLACE);
    memcpy(pair->place_b, from + PLACES + AS_ORIGIN_PLACE, AS_ORIGIN_PLACE);
}

/* The same pair, lower row first. */
static struct as_origin_pair upright(const struct as_origin_pair *pair)
{
    struct as_origin_pair other = *pair;

    if (pair->a < pair->b)
        return other;
    other.a = pair->b;
    other.b = pair->a;
    other.turn = (uint8_t)((AS_ORIGIN_TURNS - pair->turn) % AS_ORIGIN_TURNS);
    memcpy(other.place_a, pair->place_b, AS_ORIGIN_PLACE);
    memcpy(other.place_b, pair->place_a, AS_ORIGIN_PLACE);
    return other;
}

static int owner(void *state, const void *rec)
{
    const struct as_rank *r = state;

    return (int)(as_be_get(rec, 8) % (uint64_t)r->size);
}

/* Pairs to records at the rank that the first row names, in order.  Collective. */
static enum as_status meet(struct as_origin_search *o, uint8_t **recs, uint64_t *n,
                           struct as_err *err)
{
    struct as_rank *r = o->s->r;
    enum as_status status = AS_OK;

    *n = o->pair.n;
    *recs = malloc((*n + 1) * REC_BYTES);
    AS_TRY(as_comm_agree(r->comm, *recs ? AS_OK : AS_ENOMEM, err));
    for (uint64_t i = 0; i < *n; i++)
        pack(&o->pair.at[i], *recs + i * REC_BYTES);
    o->pair.n = 0;
    AS_TRY(as_deal(r->comm, recs, n, REC_BYTES, owner, r, err));
    AS_TRY(as_comm_agree(r->comm, as_sort(NULL, recs, n, REC_BYTES, err), err));
done:
    return status;
}

enum as_status as_origin_choose(struct as_origin_search *o, struct as_err *err)
{
    enum as_status status = AS_OK, added = AS_OK;
    uint8_t *recs = NULL;
    uint64_t n = 0, before = 0;

    AS_TRY(meet(o, &recs, &n, err));
    for (uint64_t i = 0; i < n && added == AS_OK; i++) {
        const uint8_t *rec = recs + i * REC_BYTES;
        struct as_origin_pair pair;
        before = i > 0 && memcmp(rec, rec - REC_BYTES, 8) == 0 ? before + 1 : 0;
        unpack(rec, &pair);
        pair = upright(&pair);
        if (before < AS_ORIGIN_MOST)
            added = as_origin_add(&o->pair, &pair);
    }
    free(recs);
    recs = NULL;
    AS_TRY(as_comm_agree(o->s->r->comm, added, err));
    AS_TRY(meet(o, &recs, &n, err));
    for (uint64_t i = 0; i < n && added == AS_OK; i++) {
        struct as_origin_pair pair;
        unpack(recs + i * REC_BYTES, &pair);
        if (i == 0 || memcmp(recs + i * REC_BYTES, recs + (i - 1) * REC_BYTES, TURN) != 0)
            added = as_origin_add(&o->pair, &pair);
    }
    AS_TRY(as_comm_agree(o->s->r->comm, added, err));
done:
    free(recs);
    return status;
}
