/* hits.h - the best rows found so far for each of several queries.
 *
 * A better hit has the larger score, and of equal scores the smaller id.  This is a total order, so
 * the k best of a set of rows are the same whatever the order in which the rows were offered, in
 * however many blocks, by however many ranks.  Each row must be offered once.
 */
#ifndef AS_HITS_H
#define AS_HITS_H

#include "../base.h"

/* Larger scores are closer, whatever the metric: distances are stored negated. */
struct as_hit {
    uint64_t id;
    float score;
};

/* The hits of nq queries: storage of the caller.  To begin, set all of n (and of within) to 0.
 *   at      [nq][k], of each row the first n[q] in use, best first
 *   n       [nq], <= k
 *   within  [nq] how many rows passed the radius in all, also those that k had no room for; or NULL
 *   k       >= 1 */
struct as_hits {
    struct as_hit *at;
    uint32_t *n;
    uint64_t *within;
    uint32_t k;
};

/* True if a goes before b. */
static inline bool as_hit_before(struct as_hit a, struct as_hit b)
{
    return a.score > b.score || (a.score == b.score && a.id < b.id);
}

/* Merges `from` into `into`, query by query: the k best of both, and the sum of `within` where both
 * have it.  No row may be in both.
 *   nq  queries in each; the k of the two may differ
 * Local. */
void as_hits_merge(const struct as_hits *into, const struct as_hits *from, size_t nq);

/* For the searches: takes `hit` among the hits of query q if it is one of the k best.  Between the
 * first call and as_hits_sort the row of q is a heap with the worst in front if *heap, else in
 * order; `*heap` begins as false. */
void as_hits_offer(const struct as_hits *hits, size_t q, bool *heap, struct as_hit hit);

/* For the searches: puts the row of q in order again, best first. */
void as_hits_sort(const struct as_hits *hits, size_t q, bool *heap);

/* The worst hit of query q that a new one must beat; score -infinity while there is room. */
struct as_hit as_hits_worst(const struct as_hits *hits, size_t q, bool heap);

#endif
