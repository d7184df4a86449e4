/* harmonics.c - circular harmonics of every pixel's neighbourhood.
 *
 * A row of output takes six filtered columns sums (orders 0..5 down), each of which is filtered
 * across by the orders that remain: 21 products, from which the harmonics are weighed together.
 * Filters are even or odd, so that sums and differences of opposite pixels are taken once. */
#include "harmonics.h"

#include <math.h>
#include <string.h>

enum { ORDERS = 6, REACH = AS_HARMONICS_REACH, TAPS = REACH + 1, PRODUCTS = 21 };

/* Spread of the Gaussian, px: order 5 then reaches 8 px, the radius of the published patches. */
static const double spread = 2.5;
static const float steps = 4;       /* of a value, per grey level */
static const float light_steps = 1; /* light varies most, and least of all tells places apart */

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

/* What a row takes: sums and differences of opposite rows or columns, orders down, products. */
struct rows {
    float *even, *odd; /* [TAPS][w] */
    float *down;       /* [ORDERS][w] */
    float *product;    /* [PRODUCTS][w] */
    float *re, *im;    /* [w] */
    size_t w;
};

size_t as_harmonics_scratch(uint32_t w)
{
    return ((size_t)2 * TAPS + ORDERS + PRODUCTS + 2) * w * sizeof(float);
}

static struct rows rows_of(void *scratch, size_t w)
{
    struct rows r = {.even = scratch, .w = w};

    r.odd = r.even + TAPS * w;
    r.down = r.odd + TAPS * w;
    r.product = r.down + ORDERS * w;
    r.re = r.product + PRODUCTS * w;
    r.im = r.re + w;
    return r;
}

/* Sums and differences of what lies k * step before and after each of n samples, k = 0..REACH. */
static void fold(const float *at, size_t step, uint32_t n, const struct rows *r)
{
    for (size_t k = 0; k < TAPS; k++) {
        const float *before = at - k * step, *after = at + k * step;
        float *even = r->even + k * r->w, *odd = r->odd + k * r->w;
        for (uint32_t x = 0; x < n; x++) {
            even[x] = k ? after[x] + before[x] : after[x];
            odd[x] = after[x] - before[x];
        }
    }
}

static void weigh(const float *rows, size_t w, const float *taps, uint32_t n, float *out)
{
    for (uint32_t x = 0; x < n; x++) {
        float sum = taps[0] * rows[x];
        for (size_t k = 1; k < TAPS; k++)
            sum += taps[k] * rows[k * w + x];
        out[x] = sum;
    }
}

/* Product p, q: order p across, q down. */
static uint32_t product_of(uint32_t p, uint32_t q)
{
    return q * (2 * ORDERS + 1 - q) / 2 + p;
}

static void make_products(const struct as_harmonics *t, const float *at, size_t stride, uint32_t n,
                          const struct rows *r)
{
    fold(at - REACH, stride, n + 2 * REACH, r);
    for (uint32_t q = 0; q < ORDERS; q++)
        weigh(q & 1 ? r->odd : r->even, r->w, t->taps[q], n + 2 * REACH, r->down + q * r->w);
    for (uint32_t q = 0; q < ORDERS; q++) {
        fold(r->down + q * r->w + REACH, 1, n, r);
        for (uint32_t p = 0; p + q < ORDERS; p++)
            weigh(p & 1 ? r->odd : r->even, r->w, t->taps[p], n,
                  r->product + product_of(p, q) * r->w);
    }
}

/* Harmonic `at` of order n into r->re. */
static void magnitude(const struct as_harmonics *t, uint32_t at, uint32_t order, uint32_t n,
                      const struct rows *r)
{
    const float scale = order ? steps : light_steps;

    memset(r->re, 0, n * sizeof(float));
    memset(r->im, 0, n * sizeof(float));
    for (uint32_t p = 0; p <= order; p++) {
        const float *from = r->product + product_of(p, order - p) * r->w;
        float *to = (order - p) & 1 ? r->im : r->re, v = t->weight[at][p];
        for (uint32_t x = 0; v != 0 && x < n; x++)
            to[x] += v * from[x];
    }
    for (uint32_t x = 0; x < n; x++) {
        const float re = r->re[x] - t->level[at] * r->product[x];
        const float v = scale * sqrtf(re * re + r->im[x] * r->im[x]) + 0.5F;
        r->re[x] = v < (float)AS_HARMONICS_MOST ? v : (float)AS_HARMONICS_MOST;
    }
}

void as_harmonics_get(const struct as_harmonics *t, const struct as_plane *in, int16_t *out,
                      void *scratch)
{
    const uint32_t w = in->w - 2 * REACH, h = in->h - 2 * REACH;
    const struct rows r = rows_of(scratch, in->w);

    for (uint32_t y = 0; y < h; y++, out += (size_t)w * AS_HARMONICS_ROOM) {
        uint32_t at = 0;
        make_products(t, in->at + (size_t)(y + REACH) * in->stride + REACH, in->stride, w, &r);
        memset(out, 0, (size_t)w * AS_HARMONICS_ROOM * sizeof *out);
        for (uint32_t n = 0; n < ORDERS; n++)
            for (int m = (int)n; m >= 0; m -= 2, at++) {
                magnitude(t, at, n, w, &r);
                for (uint32_t x = 0; x < w; x++)
                    out[(size_t)x * AS_HARMONICS_ROOM + at] = (int16_t)r.re[x];
            }
    }
}
