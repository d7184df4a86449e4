/* alter_filter.c - noise, filters and sizes, on planes of bytes.
 *
 *  1. noise   2. blur   3. median   4. size                                        */
#include "alter.h"

#include "rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint8_t clip(int32_t v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

void as_alter_bytes(const float *in, size_t n, uint8_t *to)
{
    for (size_t i = 0; i < n; i++) {
        const float v = in[i] + .5F;
        to[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
}

/* ---- 1. noise ---- */

/* Twelve times 16 bits: mean 12 x 32767.5, standard deviation 65536 to nine digits. */
int32_t as_alter_normal16(uint64_t *rng)
{
    int32_t sum = 0;

    for (int k = 0; k < 3; k++) {
        const uint64_t v = as_rng_next(rng);
        sum += (int32_t)((v & 0xffff) + (v >> 16 & 0xffff) + (v >> 32 & 0xffff) + (v >> 48));
    }
    return sum - 12 * 65535 / 2;
}

void as_alter_noise(const uint8_t *in, size_t n, uint32_t sigma, uint64_t *rng, uint8_t *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = clip(in[i] + (((int32_t)sigma * as_alter_normal16(rng) + 32768) >> 16));
}

/* ---- 2. blur ---- */

/* Where sample i of n is, mirrored about the first and the last. */
static uint32_t mirrored(int64_t i, uint32_t n)
{
    while (n > 1 && (i < 0 || i >= n))
        i = i < 0 ? -i : 2 * ((int64_t)n - 1) - i;
    return n > 1 ? (uint32_t)i : 0;
}

/* Taps of 1 / 65536, of sum 1. */
static void gaussian(uint32_t k, uint32_t *tap)
{
    const double sigma = .3 * ((k - 1) * .5 - 1) + .8;
    double value[AS_ALTER_BLUR_MAX], sum = 0;
    uint32_t all = 0;

    for (uint32_t i = 0; i < k; i++) {
        const double x = (double)i - (k - 1) * .5;
        sum += value[i] = exp(-x * x / (2 * sigma * sigma));
    }
    for (uint32_t i = 0; i < k; i++)
        all += tap[i] = (uint32_t)lround(value[i] / sum * 65536);
    tap[k / 2] += 65536 - all;
}

/* Rows in units of 1/256: at most 65280, so that the sums of columns fit 32 bits. */
static void blur_row(const uint8_t *in, uint32_t w, const uint32_t *tap, uint32_t k, uint8_t *wide,
                     uint16_t *to)
{
    for (uint32_t x = 0; x < w + k - 1; x++)
        wide[x] = in[mirrored((int64_t)x - k / 2, w)];
    for (uint32_t x = 0; x < w; x++) {
        uint32_t sum = 128;
        for (uint32_t i = 0; i < k; i++)
            sum += tap[i] * wide[x + i];
        to[x] = (uint16_t)(sum >> 8);
    }
}

enum as_status as_alter_blur(const uint8_t *in, uint32_t w, uint32_t h, uint32_t k, uint8_t *out)
{
    uint16_t *rows = malloc((size_t)w * h * sizeof *rows);
    uint32_t *sum = malloc(w * sizeof *sum), tap[AS_ALTER_BLUR_MAX];
    uint8_t *wide = malloc((size_t)w + k);
    const bool room = rows && sum && wide;

    gaussian(k, tap);
    for (uint32_t y = 0; room && y < h; y++)
        blur_row(in + (size_t)y * w, w, tap, k, wide, rows + (size_t)y * w);
    for (uint32_t y = 0; room && y < h; y++) {
        for (uint32_t x = 0; x < w; x++)
            sum[x] = 1 << 23;
        for (uint32_t i = 0; i < k; i++) {
            const uint16_t *row = rows + (size_t)mirrored((int64_t)y + i - k / 2, h) * w;
            for (uint32_t x = 0; x < w; x++)
                sum[x] += tap[i] * row[x];
        }
        for (uint32_t x = 0; x < w; x++)
            out[(size_t)y * w + x] = (uint8_t)(sum[x] >> 24);
    }
    free(rows);
    free(sum);
    free(wide);
    return room ? AS_OK : AS_ENOMEM;
}

/* ---- 3. median ---- */

static uint32_t nearest(int64_t i, uint32_t n)
{
    return i < 0 ? 0 : i >= n ? n - 1 : (uint32_t)i;
}

/* A window's histogram; `below` of its samples are less than `middle`. */
struct window {
    uint16_t count[256];
    uint32_t below, middle;
};

static void window_move(struct window *s, const uint8_t *const *row, uint32_t k, uint32_t drop,
                        uint32_t take)
{
    for (uint32_t i = 0; i < k; i++) {
        const uint8_t old = row[i][drop], new = row[i][take];
        s->count[old]--;
        s->below -= old < s->middle;
        s->count[new]++;
        s->below += new < s->middle;
    }
}

/* T. Huang, G. Yang, G. Tang, "A fast two-dimensional median filtering algorithm", 1979. */
static uint8_t window_median(struct window *s, uint32_t half)
{
    while (s->below > half)
        s->below -= s->count[--s->middle];
    while (s->below + s->count[s->middle] <= half)
        s->below += s->count[s->middle++];
    return (uint8_t)s->middle;
}

void as_alter_median(const uint8_t *in, uint32_t w, uint32_t h, uint32_t k, uint8_t *out)
{
    const uint32_t reach = k / 2;
    const uint8_t *row[AS_ALTER_BLUR_MAX];

    for (uint32_t y = 0; y < h; y++) {
        struct window s = {0};
        for (uint32_t i = 0; i < k; i++)
            row[i] = in + (size_t)nearest((int64_t)y + i - reach, h) * w;
        for (uint32_t i = 0; i < k * k; i++)
            s.count[row[i / k][nearest((int64_t)(i % k) - reach, w)]]++;
        for (uint32_t x = 0; x < w; x++) {
            out[(size_t)y * w + x] = window_median(&s, k * k / 2);
            window_move(&s, row, k, nearest((int64_t)x - reach, w),
                        nearest((int64_t)x + 1 + reach, w));
        }
    }
}

/* ---- 4. size ---- */

enum { WEIGHT_BITS = 22, REACH = 2 };

/* Samples from[i] .. from[i] + n[i] - 1 make sample i, weighted by weight[i * most ...]. */
struct taps {
    uint32_t *from, *n;
    int32_t *weight;
    size_t most;
};

static double cubic(double x)
{
    x = x < 0 ? -x : x;
    if (x < 1)
        return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? ((-.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

static void taps_free(struct taps *t)
{
    free(t->from);
    free(t->n);
    free(t->weight);
}

/* Weights of sample i; `value`: room for t->most. */
static void weigh(struct taps *t, uint32_t i, uint32_t size, double scale, double *value)
{
    const double wide = scale > 1 ? scale : 1, reach = REACH * wide, centre = (i + .5) * scale;
    const int64_t from = (int64_t)(centre - reach + .5), to = (int64_t)(centre + reach + .5);
    double sum = 0;

    t->from[i] = from < 0 ? 0 : (uint32_t)from;
    t->n[i] = (uint32_t)(to > size ? size : to) - t->from[i];
    for (uint32_t k = 0; k < t->n[i]; k++)
        sum += value[k] = cubic((t->from[i] + k - centre + .5) / wide);
    for (uint32_t k = 0; k < t->n[i]; k++) {
        const double v = value[k] / sum * (1 << WEIGHT_BITS);
        t->weight[i * t->most + k] = (int32_t)(v < 0 ? v - .5 : v + .5);
    }
}

static enum as_status taps_init(struct taps *t, uint32_t size, uint32_t to)
{
    const double scale = (double)size / to;
    double *value;

    t->most = (size_t)(2 * REACH * (scale > 1 ? scale : 1)) + 3;
    t->from = calloc(to, sizeof *t->from);
    t->n = calloc(to, sizeof *t->n);
    t->weight = calloc(to, t->most * sizeof *t->weight);
    value = calloc(t->most, sizeof *value);
    if (!t->from || !t->n || !t->weight || !value) {
        taps_free(t);
        free(value);
        return AS_ENOMEM;
    }
    for (uint32_t i = 0; i < to; i++)
        weigh(t, i, size, scale, value);
    free(value);
    return AS_OK;
}

static void resize_rows(const struct taps *t, const uint8_t *in, uint32_t w, uint32_t h,
                        uint32_t to_w, uint8_t *out)
{
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < to_w; x++) {
            const uint8_t *from = in + (size_t)y * w + t->from[x];
            const int32_t *weight = t->weight + x * t->most;
            int32_t sum = 1 << (WEIGHT_BITS - 1);
            for (uint32_t k = 0; k < t->n[x]; k++)
                sum += weight[k] * from[k];
            out[(size_t)y * to_w + x] = clip(sum >> WEIGHT_BITS);
        }
}

static void resize_columns(const struct taps *t, const uint8_t *in, uint32_t w, uint32_t to_h,
                           int32_t *sum, uint8_t *out)
{
    for (uint32_t y = 0; y < to_h; y++) {
        for (uint32_t x = 0; x < w; x++)
            sum[x] = 1 << (WEIGHT_BITS - 1);
        for (uint32_t k = 0; k < t->n[y]; k++) {
            const uint8_t *from = in + (size_t)(t->from[y] + k) * w;
            const int32_t weight = t->weight[y * t->most + k];
            for (uint32_t x = 0; x < w; x++)
                sum[x] += weight * from[x];
        }
        for (uint32_t x = 0; x < w; x++)
            out[(size_t)y * w + x] = clip(sum[x] >> WEIGHT_BITS);
    }
}

enum as_status as_alter_resize(const uint8_t *in, uint32_t w, uint32_t h, uint32_t to_w,
                               uint32_t to_h, uint8_t *out)
{
    uint8_t *rows = malloc((size_t)to_w * h);
    int32_t *sum = malloc(to_w * sizeof *sum);
    enum as_status status = rows && sum ? AS_OK : AS_ENOMEM;
    struct taps across = {0}, down = {0};

    if (status == AS_OK && (status = taps_init(&across, w, to_w)) == AS_OK) {
        if ((status = taps_init(&down, h, to_h)) == AS_OK) {
            resize_rows(&across, in, w, h, to_w, rows);
            resize_columns(&down, rows, to_w, to_h, sum, out);
            taps_free(&down);
        }
        taps_free(&across);
    }
    free(rows);
    free(sum);
    return status;
}
