/* scale.c - measures as whole numbers: standardised and rounded, so that sums over ranks are exact.
 */
#include "scale.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double STEPS = (1 << 20) - 1; /* squares of places stay below 2^40, sums below 2^63 */

uint32_t as_scale_key(float v)
{
    uint32_t bits;

    v += 0; /* -0 is 0 */
    memcpy(&bits, &v, sizeof bits);
    return bits >> 31 ? ~bits : bits | 1U << 31;
}

float as_scale_value(uint32_t key)
{
    const uint32_t bits = key >> 31 ? key & ~(1U << 31) : ~key;
    float v;

    memcpy(&v, &bits, sizeof v);
    return v;
}

enum as_status as_scale_init(struct as_scale *s, uint32_t dim)
{
    *s = (struct as_scale){.dim = dim};
    s->low = malloc((dim + (size_t)1) * sizeof *s->low);
    s->high = calloc(dim + (size_t)1, sizeof *s->high);
    s->sum = calloc(2 * (dim + (size_t)1), sizeof *s->sum);
    s->mean = calloc(dim + (size_t)1, sizeof *s->mean);
    s->factor = calloc(dim + (size_t)1, sizeof *s->factor);
    if (!s->low || !s->high || !s->sum || !s->mean || !s->factor) {
        as_scale_clear(s);
        return AS_ENOMEM;
    }
    memset(s->low, 0xff, dim * sizeof *s->low);
    return AS_OK;
}

void as_scale_clear(struct as_scale *s)
{
    free(s->low);
    free(s->high);
    free(s->sum);
    free(s->mean);
    free(s->factor);
    memset(s, 0, sizeof *s);
}

void as_scale_range(struct as_scale *s, const float *feat)
{
    for (uint32_t j = 0; j < s->dim; j++) {
        const uint32_t key = as_scale_key(feat[j]);
        s->low[j] = key < s->low[j] ? key : s->low[j];
        s->high[j] = key > s->high[j] ? key : s->high[j];
    }
}

static double low_of(const struct as_scale *s, uint32_t j)
{
    return (double)as_scale_value(s->low[j]);
}

static double width_of(const struct as_scale *s, uint32_t j)
{
    return (double)as_scale_value(s->high[j]) - low_of(s, j);
}

void as_scale_count(struct as_scale *s, const float *feat)
{
    for (uint32_t j = 0; j < s->dim; j++) {
        const double width = width_of(s, j);
        const uint64_t place =
            width > 0 ? (uint64_t)(((double)feat[j] - low_of(s, j)) / width * STEPS + .5) : 0;
        s->sum[j] += place;
        s->sum[s->dim + j] += place * place;
    }
    s->n++;
}

enum as_status as_scale_finish(struct as_scale *s)
{
    const double n = (double)s->n;

    if (s->n == 0 || s->n > AS_SCALE_ITEMS)
        return AS_EUSAGE;
    for (uint32_t j = 0; j < s->dim; j++) {
        const double mean = (double)s->sum[j] / n;
        const double square = (double)s->sum[s->dim + j] / n - mean * mean;
        /* a measure that differs by less than the rounding of its place does not differ */
        const double deviation = square > 1 ? sqrt(square) : 0;
        s->mean[j] = low_of(s, j) + width_of(s, j) * (mean / STEPS);
        s->factor[j] = deviation > 0 ? AS_SCALE_ONE / (deviation / STEPS * width_of(s, j)) : 0;
        if (!isfinite(s->factor[j]))
            s->factor[j] = 0;
    }
    return AS_OK;
}

int16_t as_scale_one(double mean, double factor, float v)
{
    const double z = ((double)v - mean) * factor;

    return (int16_t)(z >= AS_SCALE_MAX    ? AS_SCALE_MAX
                     : z <= -AS_SCALE_MAX ? -AS_SCALE_MAX
                                          : floor(z + .5));
}

void as_scale_apply(const struct as_scale *s, const float *feat, int16_t *z)
{
    for (uint32_t j = 0; j < s->dim; j++)
        z[j] = as_scale_one(s->mean[j], s->factor[j], feat[j]);
}
