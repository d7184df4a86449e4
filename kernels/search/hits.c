/* hits.c - the best rows found so far for each of several queries. */
#include "hits.h"

#include <math.h>

/* Moves the hit in front down to its place: a heap of n hits with the worst in front. */
static void sink(struct as_hit *at, uint32_t n)
{
    const struct as_hit moved = at[0];
    uint32_t i = 0;

    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= n)
            break;
        if (child + 1 < n && as_hit_before(at[child], at[child + 1]))
            child++;
        if (!as_hit_before(moved, at[child]))
            break;
        at[i] = at[child];
        i = child;
    }
    at[i] = moved;
}

/* Puts `hit` behind a heap of n hits and moves it up to its place. */
static void rise(struct as_hit *at, uint32_t n, struct as_hit hit)
{
    uint32_t i = n;

    while (i > 0 && as_hit_before(at[(i - 1) / 2], hit)) {
        at[i] = at[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    at[i] = hit;
}

/* Hits from worst to best are a heap. */
static void reverse(struct as_hit *at, uint32_t n)
{
    for (uint32_t i = 0; i < n / 2; i++) {
        const struct as_hit other = at[n - 1 - i];
        at[n - 1 - i] = at[i];
        at[i] = other;
    }
}

struct as_hit as_hits_worst(const struct as_hits *hits, size_t q, bool heap)
{
    const uint32_t n = hits->n[q];

    if (n < hits->k)
        return (struct as_hit){UINT64_MAX, -INFINITY};
    return hits->at[q * hits->k + (heap ? 0 : n - 1)];
}

void as_hits_offer(const struct as_hits *hits, size_t q, bool *heap, struct as_hit hit)
{
    struct as_hit *at = hits->at + q * hits->k;

    if (!as_hit_before(hit, as_hits_worst(hits, q, *heap)))
        return;
    if (!*heap)
        reverse(at, hits->n[q]);
    *heap = true;
    if (hits->n[q] < hits->k) {
        rise(at, hits->n[q]++, hit);
    } else {
        at[0] = hit;
        sink(at, hits->k);
    }
}

void as_hits_sort(const struct as_hits *hits, size_t q, bool *heap)
{
    struct as_hit *at = hits->at + q * hits->k;

    if (!*heap)
        return;
    for (uint32_t n = hits->n[q]; n > 1; n--) {
        const struct as_hit worst = at[0];
        at[0] = at[n - 1];
        sink(at, n - 1);
        at[n - 1] = worst;
    }
    *heap = false;
}

void as_hits_merge(const struct as_hits *into, const struct as_hits *from, size_t nq)
{
    for (size_t q = 0; q < nq; q++) {
        bool heap = false;
        for (uint32_t i = 0; i < from->n[q]; i++)
            as_hits_offer(into, q, &heap, from->at[q * from->k + i]);
        as_hits_sort(into, q, &heap);
        if (into->within && from->within)
            into->within[q] += from->within[q];
    }
}
