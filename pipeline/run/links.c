/* links.c - items of the case that are copies or near-copies of each other.
 *
 * Both pictures of a pair may have each other in their lists: so pairs go to the rank that the
 * lower id names, where each stays once.                                                  */
#include "links.h"

#include "../cluster/sort.h"
#include "catalogue_parts.h"
#include "grow.h"

#include <string.h>

/* A pair: lower id, higher id, bits. */
enum { B = 8, BITS = 16, PAIR_BYTES = 17 };
enum { LEAST = 1024 }; /* codes in a block */

struct pairs {
    uint8_t *at;
    uint64_t n, cap;
};

static enum as_status link_copies(struct as_search *s)
{
    const struct as_catalogue *c = s->catalogue;
    enum as_status status = AS_OK;

    for (uint64_t i = 0; i < c->ncopies; i++) {
        const struct as_link link = {c->copy[i].first, c->copy[i].id, AS_MATCH_HASH, 0};
        AS_TRY(as_search_link(s, &link));
    }
done:
    return status;
}

static enum as_status list_pairs(const struct as_near *near, struct pairs *p)
{
    uint64_t id;
    uint32_t bits;

    for (uint64_t i = 0; i < near->n; i++)
        for (uint32_t k = 0; as_near_found(near, i, k, &id, &bits); k++) {
            const uint64_t own = near->id[i];
            uint8_t *to;
            if (!as_grow((void **)&p->at, p->n, &p->cap, PAIR_BYTES))
                return AS_ENOMEM;
            to = p->at + p->n++ * PAIR_BYTES;
            as_be_put(to, own < id ? own : id, 8);
            as_be_put(to + B, own < id ? id : own, 8);
            to[BITS] = (uint8_t)bits;
        }
    return AS_OK;
}

static int owner_of(void *state, const void *rec)
{
    const struct as_rank *r = state;

    return (int)(as_be_get(rec, 8) % (uint64_t)r->size);
}

/* Links the pairs, sorted, each once. */
static enum as_status link_pairs(struct as_search *s, const struct pairs *p)
{
    enum as_status status = AS_OK;

    for (uint64_t i = 0; i < p->n; i++) {
        const uint8_t *at = p->at + i * PAIR_BYTES;
        const struct as_link link = {as_be_get(at, 8), as_be_get(at + B, 8), AS_MATCH_CODE,
                                     (float)at[BITS]};
        if (i == 0 || memcmp(at - PAIR_BYTES, at, BITS) != 0)
            AS_TRY(as_search_link(s, &link));
    }
done:
    return status;
}

/* Between two settlements of kin a rank sees no more than some 2^20 codes. */
static uint32_t block_size(int ranks)
{
    const uint32_t n = (1u << 20) / (uint32_t)ranks;

    return n > AS_NEAR_BLOCK ? AS_NEAR_BLOCK : n < LEAST ? LEAST : n;
}

enum as_status as_links_find(struct as_search *s, struct as_err *err)
{
    struct as_near_own own = {.near = &s->near, .block = block_size(s->r->size)};
    struct as_kin kin = {0};
    const struct as_near_source source = {&own, as_near_give_own, &kin, s->threads, s->r};
    struct as_comm *comm = s->r->comm;
    enum as_status status = AS_OK;
    struct pairs p = {0};

    AS_TRY(as_comm_agree(comm, link_copies(s), err));
    AS_TRY(as_kin_init(&kin, comm, s->near.id, s->near.n, s->catalogue->first, err));
    AS_TRY(as_near_search(&s->near, comm, &source, err));
    AS_TRY(as_comm_agree(comm, as_kin_take(&kin, &s->edges, &s->nedges, err), err));
    as_kin_clear(&kin);
    AS_TRY(as_comm_agree(comm, as_near_trim(&s->near, comm), err));
    AS_TRY(as_comm_agree(comm, list_pairs(&s->near, &p), err));
    as_near_clear(&s->near);
    AS_TRY(as_deal(comm, &p.at, &p.n, PAIR_BYTES, owner_of, s->r, err));
    AS_TRY(as_comm_agree(comm, as_sort(NULL, &p.at, &p.n, PAIR_BYTES, err), err));
    AS_TRY(as_comm_agree(comm, link_pairs(s, &p), err));
done:
    as_kin_clear(&kin);
    free(p.at);
    return status;
}
