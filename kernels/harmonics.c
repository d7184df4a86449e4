/* harmonics.c - circular harmonics of every pixel's neighbourhood.
 *
 * A row of output takes six filtered sums of columns (orders 0..5 down), each of which is filtered
 * across by the orders that remain: 21 products, from which the harmonics are weighed together.
 * Filters are even or odd, so that sums and differences of opposite pixels are taken once. */
#include "harmonics.h"

#include <math.h>
#include <string.h>

enum {
    ORDERS = AS_ORDERS,
    REACH = AS_HARMONICS_REACH,
    TAPS = REACH + 1,
    PRODUCTS = 21,
    EVERY_MAX = 2
};

/* Spread of the Gaussian, px: order 5 then reaches 8 px, the radius of the published patches. */
static const double spread = 2.5;
/* Values are steps (sqrt(grey levels + bend^2) - bend): the strong ones must fit into a byte, the
 * weak ones stay apart. */
static const float bend = 8, steps = 7;
static const float light_steps = 6.3F;

/* ---- tables ---- */

static void make_taps(struct as_harmonics *t)
{
    for (int k = 0; k < TAPS; k++) {
        const double x = k / spread;
        double h[ORDERS] = {exp(-x * x / 2) / sqrt(sqrt(acos(-1)) * spread)};
        h[1] = sqrt(2) * x * h[0];
        for (int n = 2; n < ORDERS; n++)
            h[n] = sqrt(2.0 / n) * x * h[n - 1] - sqrt((n - 1.0) / n) * h[n - 2];
        for (int n = 0; n < ORDERS; n++)
            t->taps[n][k] = (float)h[n];
    }
}

static double factorial(int n)
{
    return n < 2 ? 1 : n * factorial(n - 1);
}

/* poly (in Y, of degree n - 1) times X + sign i Y; entry k is the factor of X^(n-k) (iY)^k. */
static void times(double *poly, int n, int sign)
{
    for (int k = n; k > 0; k--)
        poly[k] += sign * poly[k - 1];
}

/* (X + iY)^a (X - iY)^b on the ladder of the oscillator: X^p Y^q stands for sqrt(p! q!) h_p h_q. */
static void make_weights(struct as_harmonics *t)
{
    uint32_t at = 0;

    for (int n = 0; n < ORDERS; n++)
        for (int m = n; m >= 0; m -= 2, at++) {
            const int a = (n + m) / 2, b = (n - m) / 2;
            const double length = sqrt(pow(2, n) * factorial(a) * factorial(b));
            double poly[ORDERS + 1] = {1};
            for (int k = 1; k <= n; k++)
                times(poly, k, k <= a ? 1 : -1);
            for (int q = 0; q <= n; q++) { /* i^q: Re where q is even, Im where it is odd */
                const double v = poly[q] * sqrt(factorial(n - q) * factorial(q)) / length;
                t->weight[at][n - q] = (float)(q & 2 ? -v : v);
            }
        }
}

/* What a picture of ones gives. */
static double light(const struct as_harmonics *t, uint32_t at, int n)
{
    double sum[ORDERS], all = 0;

    for (int p = 0; p < ORDERS; p++) {
        sum[p] = t->taps[p][0];
        for (int k = 1; k < TAPS; k++)
            sum[p] += 2 * t->taps[p][k];
    }
    for (int p = 0; p <= n; p += 2)
        if ((n - p) % 2 == 0)
            all += t->weight[at][p] * sum[p] * sum[n - p];
    return all;
}

void as_harmonics_init(struct as_harmonics *t)
{
    uint32_t at = 0;

    memset(t, 0, sizeof *t);
    make_taps(t);
    make_weights(t);
    for (int n = 0; n < ORDERS; n++)
        for (int m = n; m >= 0; m -= 2, at++)
            t->level[at] = m == 0 && n > 0 ? (float)(light(t, at, n) / light(t, 0, 0)) : 0;
}

/* ---- rows ---- */

/* What a row takes. */
struct rows {
    float *down;    /* [ORDERS][w] */
    float *dealt;   /* [w + EVERY_MAX] */
    float *product; /* [PRODUCTS][w] */
    uint8_t *value; /* [w] */
    size_t w;
};

size_t as_harmonics_scratch(uint32_t w)
{
    return ((size_t)(ORDERS + 1 + PRODUCTS) * w + EVERY_MAX) * sizeof(float) +
           (size_t)AS_HARMONICS * w;
}

static struct rows rows_of(void *scratch, size_t w)
{
    struct rows r = {.down = scratch, .w = w};

    r.dealt = r.down + ORDERS * w;
    r.product = r.dealt + w + EVERY_MAX;
    r.value = (uint8_t *)(r.product + PRODUCTS * w);
    return r;
}

/* Product p, q: order p across, q down. */
static uint32_t product_of(uint32_t p, uint32_t q)
{
    return q * (2 * ORDERS + 1 - q) / 2 + p;
}

/* Where the samples lie that are k - REACH beside samples REACH, REACH + every, ... of `from`,
 * which is dealt into as many rows: samples 0, every, ...; 1, every + 1, ... */
static void deal(const float *from, const struct rows *r, uint32_t every,
                 const float *row[AS_ORDERS_ROWS])
{
    const size_t each = (r->w + every - 1) / every;

    for (size_t k = 0; k < AS_ORDERS_ROWS; k++)
        row[k] = every > 1 ? r->dealt + k % every * each + k / every : from + k;
    for (size_t x = 0; every > 1 && x < r->w; x++)
        r->dealt[x % every * each + x / every] = from[x];
}

/* The products of n samples of a row, at REACH, REACH + every, ... */
static void make_products(const struct as_harmonics *t, const float *at, size_t stride,
                          uint32_t every, uint32_t n, const struct rows *r)
{
    const float *row[AS_ORDERS_ROWS];

    for (size_t k = 0; k < AS_ORDERS_ROWS; k++)
        row[k] = at + k * stride;
    as_rows.filter_orders(row, r->w, t->taps, ORDERS, r->down, r->w);
    for (uint32_t q = 0; q < ORDERS; q++) {
        deal(r->down + q * r->w, r, every, row);
        as_rows.filter_orders(row, n, t->taps, ORDERS - q, r->product + product_of(0, q) * r->w,
                              r->w);
    }
}

/* Harmonic `at` of order n: its products, and where m = 0 the light that is taken off. */
static struct as_weighed parts(const struct as_harmonics *t, uint32_t at, uint32_t order,
                               const struct rows *r)
{
    struct as_weighed sum = {.scale = order ? steps : light_steps, .bend = bend};
    uint32_t re = 1, im = 0;

    for (int k = 0; k < 4; k++)
        sum.re[k] = sum.im[k % 3] = r->product;
    sum.re_weight[0] = -t->level[at];
    for (uint32_t p = 0; p <= order; p++) {
        const float *from = r->product + product_of(p, order - p) * r->w;
        const float weight = t->weight[at][p];
        if ((order - p) & 1) {
            sum.im[im] = from;
            sum.im_weight[im++] = weight;
        } else {
            sum.re[re] = from;
            sum.re_weight[re++] = weight;
        }
    }
    return sum;
}

void as_harmonics_get(const struct as_harmonics *t, const struct as_plane *in, uint32_t every,
                      uint8_t *out, void *scratch)
{
    const uint32_t w = (in->w - 2 * REACH + every - 1) / every;
    const uint32_t h = (in->h - 2 * REACH + every - 1) / every;
    const struct rows r = rows_of(scratch, in->w);

    for (uint32_t y = 0; y < h; y++, out += (size_t)w * AS_HARMONICS_ROOM) {
        uint32_t at = 0;
        make_products(t, in->at + (size_t)y * every * in->stride, in->stride, every, w, &r);
        for (uint32_t n = 0; n < ORDERS; n++)
            for (int m = (int)n; m >= 0; m -= 2, at++) {
                const struct as_weighed sum = parts(t, at, n, &r);
                as_rows.root_of_absolute(&sum, w, r.value + at * r.w);
            }
        memset(out, 0, (size_t)w * AS_HARMONICS_ROOM);
        for (size_t x = 0; x < w; x++)
            for (size_t k = 0; k < AS_HARMONICS; k++)
                out[x * AS_HARMONICS_ROOM + k] = r.value[k * r.w + x];
    }
}
