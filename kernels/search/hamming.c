/* hamming.c - nearest among binary codes of 256 bits.
 *
 * Codes are dealt into tiles that lie word by word, so that a vector holds one word of several
 * codes; each tile meets all queries of a chunk while it is in the first-level cache. */
#include "hamming.h"

#include <string.h>

#include "../simd.h"

enum { CHUNK = 1024, WORDS = AS_CODE256_BYTES / 8 }; /* queries whose limits are at hand */

/* A chunk of queries at work. */
struct chunk {
    const uint8_t *queries;
    size_t first, n;
    const struct as_code_visit *visit;
    uint32_t limit[CHUNK]; /* a code farther than this is not asked for */
};

uint32_t as_hamming256(const uint8_t a[AS_CODE256_BYTES], const uint8_t b[AS_CODE256_BYTES])
{
    uint32_t bits = 0;

    for (size_t i = 0; i < AS_CODE256_BYTES; i += 8) {
        uint64_t x, y;
        memcpy(&x, a + i, sizeof x);
        memcpy(&y, b + i, sizeof y);
        bits += (uint32_t)__builtin_popcountll(x ^ y);
    }
    return bits;
}

static void set_limit(struct chunk *c, size_t q)
{
    c->limit[q] = c->visit->limit(c->visit->state, c->first + q);
}

/* Shows the codes of a tile that the kernel has marked for query q. */
static void take(struct chunk *c, size_t q, const struct as_codes *tile, const uint64_t *masks)
{
    const uint8_t *query = c->queries + (c->first + q) * AS_CODE256_BYTES;

    for (size_t i = 0; i < AS_NEAR / 64; i++)
        for (uint64_t left = masks[i]; left; left &= left - 1) {
            const size_t at = i * 64 + (size_t)__builtin_ctzll(left);
            if (at >= tile->n)
                return;
            c->visit->take(c->visit->state, c->first + q, tile->first_id + at,
                           as_hamming256(query, tile->at + at * AS_CODE256_BYTES));
        }
    set_limit(c, q);
}

static void search_tile(struct chunk *c, const struct as_codes *tile, const uint64_t *dealt)
{
    for (size_t q = 0; q < c->n; q++) {
        uint64_t query[WORDS], masks[AS_NEAR / 64];
        memcpy(query, c->queries + (c->first + q) * AS_CODE256_BYTES, sizeof query);
        if (as_simd.near_codes(dealt, query, c->limit[q], masks))
            take(c, q, tile, masks);
    }
}

static void search_chunk(struct chunk *c, const struct as_codes *set)
{
    _Alignas(64) uint64_t dealt[AS_NEAR * WORDS];
    uint8_t last[AS_NEAR * AS_CODE256_BYTES];

    for (size_t q = 0; q < c->n; q++)
        set_limit(c, q);
    for (size_t i = 0; i < set->n; i += AS_NEAR) {
        const uint8_t *at = set->at + i * AS_CODE256_BYTES;
        const struct as_codes tile = {at, set->n - i < AS_NEAR ? set->n - i : AS_NEAR,
                                      set->first_id + i};
        if (tile.n < AS_NEAR) {
            memset(last, 0, sizeof last);
            memcpy(last, at, tile.n * AS_CODE256_BYTES);
            at = last;
        }
        as_simd.deal_codes(at, dealt);
        search_tile(c, &tile, dealt);
    }
}

void as_hamming_each(const struct as_codes *set, const uint8_t *queries, size_t nq,
                     const struct as_code_visit *visit)
{
    struct chunk c = {.queries = queries, .visit = visit};

    for (c.first = 0; c.first < nq; c.first += CHUNK) {
        c.n = nq - c.first < CHUNK ? nq - c.first : CHUNK;
        search_chunk(&c, set);
    }
}

/* Queries that keep the nearest. */
struct nearest {
    const struct as_hits *hits;
    size_t first; /* of the queries at hand, among those of the hits */
    uint32_t radius;
    bool heap[CHUNK];
};

static uint32_t worst_bits(void *state, size_t q)
{
    const struct nearest *s = state;
    const struct as_hit worst = as_hits_worst(s->hits, s->first + q, s->heap[q]);

    if (!s->hits->within && worst.score >= -(float)AS_HAMMING_ALL &&
        -worst.score < (float)s->radius)
        return (uint32_t)-worst.score;
    return s->radius;
}

static void offer(void *state, size_t q, uint64_t id, uint32_t bits)
{
    struct nearest *s = state;

    if (s->hits->within)
        s->hits->within[s->first + q]++;
    as_hits_offer(s->hits, s->first + q, &s->heap[q], (struct as_hit){id, -(float)bits});
}

enum as_status as_hamming_search(const struct as_codes *set, const uint8_t *queries, size_t nq,
                                 uint32_t radius, const struct as_hits *hits)
{
    struct nearest s = {.hits = hits, .radius = radius < AS_HAMMING_ALL ? radius : AS_HAMMING_ALL};
    const struct as_code_visit visit = {&s, worst_bits, offer};

    if (hits->k == 0)
        return AS_EUSAGE;
    for (; s.first < nq; s.first += CHUNK) {
        const size_t n = nq - s.first < CHUNK ? nq - s.first : CHUNK;
        memset(s.heap, 0, sizeof s.heap);
        as_hamming_each(set, queries + s.first * AS_CODE256_BYTES, n, &visit);
        for (size_t q = 0; q < n; q++)
            as_hits_sort(hits, s.first + q, &s.heap[q]);
    }
    return AS_OK;
}
