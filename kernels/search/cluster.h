/* cluster.h - connected components, in steps that many processes can take together.
 *
 * An edge joins two ids.  The two steps, turn about, bring the edges of each component to one
 * star: every id with the lowest.  For each step the edges of one id must be in one place; where
 * that is, is the caller's business.
 *
 * Kiveris, Lattanzi, Mirrokni, Rastogi, Vassilvitskii: Connected Components in MapReduce and
 * Beyond, SoCC 2014 (large-star, small-star; O(log^2 n) rounds).                    */
#ifndef AS_CLUSTER_H
#define AS_CLUSTER_H

#include "../base.h"

/* Big-endian, so that memcmp orders edges by a, then b. */
struct as_edge {
    uint8_t a[8], b[8];
};

static inline void as_edge_put(struct as_edge *edge, uint64_t a, uint64_t b)
{
    for (int i = 0; i < 8; i++) {
        edge->a[i] = (uint8_t)(a >> (56 - 8 * i));
        edge->b[i] = (uint8_t)(b >> (56 - 8 * i));
    }
}

static inline uint64_t as_edge_end(const uint8_t end[8])
{
    uint64_t v = 0;

    for (int i = 0; i < 8; i++)
        v = v << 8 | end[i];
    return v;
}

/*
 * The large star: joins what is above an id to the lowest that the id is joined to.
 *
 *   edges   [n] sorted, each in both directions, all of an id a; replaced
 *   loose   ids that belong to no star yet: none anywhere means that all is done
 *   returns the number of edges, <= n, which are (higher, lower)
 */
size_t as_cluster_large(struct as_edge *edges, size_t n, uint64_t *loose);

/*
 * The small star: joins an id and what is below it to the lowest of them.
 *
 *   edges   [n] sorted, with a > b, all of an id a; replaced
 *   returns the number of edges, <= n, which are (higher, lower)
 */
size_t as_cluster_small(struct as_edge *edges, size_t n);

#endif
