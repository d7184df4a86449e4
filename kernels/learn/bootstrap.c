/* bootstrap.c - how far a measure could be off: items drawn again and again, whole groups at a
 * time.
 *
 * Efron and Tibshirani, An introduction to the bootstrap, 1993: percentile interval (13.3), groups
 * as the units that are drawn (8.3).                                                             */
#include "bootstrap.h"

#include "../rng.h"

#include <stdlib.h>
#include <string.h>

/* Fills member: groups with label 0 alone, with 1 alone, with both. */
static void sort_groups(struct as_bootstrap *b, const uint8_t *label)
{
    uint32_t n = 0;

    for (size_t i = 0; i < b->n; i++)
        b->drawn[b->group[i]] |= label[i] ? 2 : 1;
    for (uint32_t kind = 1; kind <= 3; kind++) {
        for (uint32_t g = 0; g < b->groups; g++)
            if (b->drawn[g] == kind)
                b->member[n++] = g;
        b->end[kind - 1] = n;
    }
}

enum as_status as_bootstrap_init(struct as_bootstrap *b, const uint32_t *group, uint32_t groups,
                                 const uint8_t *label, size_t n, uint64_t seed)
{
    *b = (struct as_bootstrap){.n = n, .group = group, .groups = groups, .seed = seed};
    for (size_t i = 0; i < n; i++)
        if (group[i] >= groups)
            return AS_EUSAGE;
    b->member = calloc((size_t)groups + 1, sizeof *b->member);
    b->drawn = calloc((size_t)groups + 1, sizeof *b->drawn);
    if (b->member == NULL || b->drawn == NULL) {
        as_bootstrap_clear(b);
        return AS_ENOMEM;
    }
    sort_groups(b, label);
    return AS_OK;
}

void as_bootstrap_clear(struct as_bootstrap *b)
{
    free(b->member);
    free(b->drawn);
    memset(b, 0, sizeof *b);
}

void as_bootstrap_draw(struct as_bootstrap *b, uint64_t i, uint32_t *weight)
{
    uint64_t state = as_rng_stream(b->seed, i);
    uint32_t from = 0;

    memset(b->drawn, 0, b->groups * sizeof *b->drawn);
    for (int kind = 0; kind < 3; from = b->end[kind++])
        for (uint32_t k = from; k < b->end[kind]; k++)
            b->drawn[b->member[from + as_rng_below(&state, b->end[kind] - from)]]++;
    for (size_t k = 0; k < b->n; k++)
        weight[k] = b->drawn[b->group[k]];
}

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* The quantile between the two nearest of sorted values. */
static double quantile(const double *value, size_t n, double q)
{
    const double at = q * (double)(n - 1);
    const size_t i = (size_t)at;

    return i + 1 < n ? value[i] + (at - (double)i) * (value[i + 1] - value[i]) : value[n - 1];
}

void as_bootstrap_interval(double *value, size_t n, double level, double *low, double *high)
{
    qsort(value, n, sizeof *value, ascending);
    *low = quantile(value, n, (1 - level) / 2);
    *high = quantile(value, n, (1 + level) / 2);
}

double as_bootstrap_p(const double *difference, size_t n)
{
    size_t below = 0, above = 0;
    double p;

    for (size_t i = 0; i < n; i++) {
        below += difference[i] <= 0;
        above += difference[i] >= 0;
    }
    p = 2 * (double)((below < above ? below : above) + 1) / (double)(n + 1);
    return p < 1 ? p : 1;
}
