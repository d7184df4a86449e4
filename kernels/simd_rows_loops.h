/* simd_rows_loops.h - the loops of simd_rows.h, compiled once for each class of processor.
 *
 * Included by simd_rows.c and simd_avx2_rows.c only.  Each operation is rounded by itself, and no
 * sum runs along x, so that any width of vector gives the same bits.                           */
#ifndef AS_SIMD_ROWS_LOOPS_H
#define AS_SIMD_ROWS_LOOPS_H

#include "simd_rows.h"

#include <math.h>

/* db4: analysis low pass; the high pass is its mirror with alternating signs, the synthesis ones
 * are both reversed.  Daubechies 1992, table 6.1, N = 4, divided by sqrt 2.
 * Where + and - alternate, as in multiply(), gcc 12 would make vfmsubadd of them in spite of
 * -ffp-contract=off, which rounds once instead of twice: these files are compiled without -mfma. */
#define T0 (-0.010597401784997278f)
#define T1 0.032883011666982945f
#define T2 0.030841381835986965f
#define T3 (-0.18703481171888114f)
#define T4 (-0.02798376941698385f)
#define T5 0.6308807679295904f
#define T6 0.7148465705525415f
#define T7 0.23037781330885523f

enum { CHUNK = 256 };

static inline float low(float a, float b, float c, float d, float e, float f, float g, float h)
{
    return ((a * T0 + b * T1) + (c * T2 + d * T3)) + ((e * T4 + f * T5) + (g * T6 + h * T7));
}

static inline float high(float a, float b, float c, float d, float e, float f, float g, float h)
{
    return ((b * T6 - a * T7) + (d * T4 - c * T5)) + ((f * T2 - e * T3) + (h * T0 - g * T1));
}

static void analyse_columns(const float *const row[8], size_t w, float *restrict lo,
                            float *restrict hi)
{
    const float *r0 = row[0], *r1 = row[1], *r2 = row[2], *r3 = row[3];
    const float *r4 = row[4], *r5 = row[5], *r6 = row[6], *r7 = row[7];

    for (size_t x = 0; x < w; x++) {
        lo[x] = low(r0[x], r1[x], r2[x], r3[x], r4[x], r5[x], r6[x], r7[x]);
        hi[x] = high(r0[x], r1[x], r2[x], r3[x], r4[x], r5[x], r6[x], r7[x]);
    }
}

static void analyse_row(const float *restrict x, size_t n, float *restrict even,
                        float *restrict odd, float *restrict lo, float *restrict hi)
{
    x -= 6;
    for (size_t i = 0; i < n + 3; i++) {
        even[i] = x[2 * i];
        odd[i] = x[2 * i + 1];
    }
    for (size_t i = 0; i < n; i++) {
        const float *e = even + i, *o = odd + i;
        lo[i] = low(o[3], e[3], o[2], e[2], o[1], e[1], o[0], e[0]);
        hi[i] = high(o[3], e[3], o[2], e[2], o[1], e[1], o[0], e[0]);
    }
}

/* Sums of a pair of bands at an even and at an odd sample; l0 .. l3 are four neighbours in rising
 * order. */
static inline float even_of(float l0, float l1, float l2, float l3, float h0, float h1, float h2,
                            float h3)
{
    return ((l3 * T7 + h3 * T0) + (l2 * T5 + h2 * T2)) +
           ((l1 * T3 + h1 * T4) + (l0 * T1 + h0 * T6));
}

static inline float odd_of(float l0, float l1, float l2, float l3, float h0, float h1, float h2,
                           float h3)
{
    return ((l3 * T6 - h3 * T1) + (l2 * T4 - h2 * T3)) +
           ((l1 * T2 - h1 * T5) + (l0 * T0 - h0 * T7));
}

static void synthesise_columns(const float *const lo[4], const float *const hi[4], size_t w,
                               float *restrict even, float *restrict odd)
{
    const float *l0 = lo[0], *l1 = lo[1], *l2 = lo[2], *l3 = lo[3];
    const float *h0 = hi[0], *h1 = hi[1], *h2 = hi[2], *h3 = hi[3];

    for (size_t x = 0; x < w; x++) {
        even[x] = even_of(l0[x], l1[x], l2[x], l3[x], h0[x], h1[x], h2[x], h3[x]);
        odd[x] = odd_of(l0[x], l1[x], l2[x], l3[x], h0[x], h1[x], h2[x], h3[x]);
    }
}

static void synthesise_row(const float *restrict lo, const float *restrict hi, size_t pairs,
                           float *restrict out)
{
    for (size_t m = 0; m < pairs; m++) {
        const float *l = lo + m, *h = hi + m;
        out[2 * m] = even_of(l[0], l[1], l[2], l[3], h[0], h[1], h[2], h[3]);
        out[2 * m + 1] = odd_of(l[0], l[1], l[2], l[3], h[0], h[1], h[2], h[3]);
    }
}

static inline float smaller(float a, float b)
{
    return a < b ? a : b;
}

/* Up to CHUNK columns: sums down the columns first, each window from the one within it. */
static void gain_chunk(const float *const e[AS_ENERGY_ROWS], size_t w, float s,
                       float *restrict gain)
{
    enum { PAD = AS_ENERGY_PAD, ROOM = CHUNK + 2 * PAD };
    const float *e0 = e[0] - PAD, *e1 = e[1] - PAD, *e2 = e[2] - PAD, *e3 = e[3] - PAD,
                *e4 = e[4] - PAD, *e5 = e[5] - PAD, *e6 = e[6] - PAD, *e7 = e[7] - PAD,
                *e8 = e[8] - PAD;
    float v3[ROOM], v5[ROOM], v7[ROOM], v9[ROOM];

    for (size_t x = 0; x < w + 2 * PAD; x++) {
        v3[x] = e4[x] + (e3[x] + e5[x]);
        v5[x] = v3[x] + (e2[x] + e6[x]);
        v7[x] = v5[x] + (e1[x] + e7[x]);
        v9[x] = v7[x] + (e0[x] + e8[x]);
    }
    for (size_t x = 0; x < w; x++) {
        const float *a = v3 + x, *b = v5 + x, *c = v7 + x, *d = v9 + x;
        const float m3 = (a[4] + (a[3] + a[5])) * (1.0f / 9);
        const float m5 = (b[4] + (b[3] + b[5]) + (b[2] + b[6])) * (1.0f / 25);
        const float m7 = (c[4] + (c[3] + c[5]) + (c[2] + c[6]) + (c[1] + c[7])) * (1.0f / 49);
        const float m9 =
            (d[4] + (d[3] + d[5]) + (d[2] + d[6]) + (d[1] + d[7]) + (d[0] + d[8])) * (1.0f / 81);
        const float least = smaller(smaller(m3, m5), smaller(m7, m9));
        gain[x] = s / (least > s ? least : s);
    }
}

static void wiener_gain(const float *const e[AS_ENERGY_ROWS], size_t w, float s, float *gain)
{
    for (size_t x = 0; x < w; x += CHUNK) {
        const float *at[AS_ENERGY_ROWS];
        for (int k = 0; k < AS_ENERGY_ROWS; k++)
            at[k] = e[k] + x;
        gain_chunk(at, w - x < CHUNK ? w - x : CHUNK, s, gain + x);
    }
}

static void multiply(const float *restrict a, const float *restrict b, size_t n, float *restrict to)
{
    for (size_t i = 0; i < 2 * n; i += 2) {
        to[i] = a[i] * b[i] + a[i + 1] * b[i + 1];
        to[i + 1] = a[i] * b[i + 1] - a[i + 1] * b[i];
    }
}

static void square(const float *restrict from, size_t n, float *restrict to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = from[i] * from[i];
}

static void scale(const float *restrict by, size_t n, float *restrict to)
{
    for (size_t i = 0; i < n; i++)
        to[i] *= by[i];
}

/* out[x] = the sum over k of t[k] v[k][x], written out because gcc vectorises no loop around
 * another. */
static inline void weigh(float (*v)[CHUNK], size_t w, const float *t, float *restrict out)
{
    const float t0 = t[0], t1 = t[1], t2 = t[2], t3 = t[3], t4 = t[4], t5 = t[5], t6 = t[6],
                t7 = t[7], t8 = t[8], t9 = t[9], t10 = t[10];

    for (size_t x = 0; x < w; x++)
        out[x] = (t0 * v[0][x] + (t1 * v[1][x] + t2 * v[2][x])) +
                 ((t3 * v[3][x] + t4 * v[4][x]) + (t5 * v[5][x] + t6 * v[6][x])) +
                 ((t7 * v[7][x] + t8 * v[8][x]) + (t9 * v[9][x] + t10 * v[10][x]));
}

/* Up to CHUNK columns, from column `from` on. */
static void filter_chunk(const float *const row[AS_ORDERS_ROWS], size_t from, size_t w,
                         const float taps[AS_ORDERS][AS_ORDERS_REACH + 1], uint32_t orders,
                         float *restrict out, size_t stride)
{
    float even[AS_ORDERS_REACH + 1][CHUNK], odd[AS_ORDERS_REACH + 1][CHUNK];

    for (size_t k = 0; k <= AS_ORDERS_REACH; k++) {
        const float *before = row[AS_ORDERS_REACH - k] + from;
        const float *after = row[AS_ORDERS_REACH + k] + from;
        for (size_t x = 0; x < w; x++) {
            even[k][x] = k ? after[x] + before[x] : after[x];
            odd[k][x] = after[x] - before[x];
        }
    }
    for (uint32_t p = 0; p < orders; p++)
        weigh(p & 1 ? odd : even, w, taps[p], out + p * stride + from);
}

static void filter_orders(const float *const row[AS_ORDERS_ROWS], size_t w,
                          const float taps[AS_ORDERS][AS_ORDERS_REACH + 1], uint32_t orders,
                          float *out, size_t stride)
{
    for (size_t x = 0; x < w; x += CHUNK)
        filter_chunk(row, x, w - x < CHUNK ? w - x : CHUNK, taps, orders, out, stride);
}

static void root_of_absolute(const struct as_weighed *sum, size_t n, uint8_t *restrict to)
{
    const float *r0 = sum->re[0], *r1 = sum->re[1], *r2 = sum->re[2], *r3 = sum->re[3];
    const float *i0 = sum->im[0], *i1 = sum->im[1], *i2 = sum->im[2];
    const struct as_weighed w = *sum;

    for (size_t x = 0; x < n; x++) {
        const float re = (w.re_weight[0] * r0[x] + w.re_weight[1] * r1[x]) +
                         (w.re_weight[2] * r2[x] + w.re_weight[3] * r3[x]);
        const float im = (w.im_weight[0] * i0[x] + w.im_weight[1] * i1[x]) + w.im_weight[2] * i2[x];
        const float v =
            w.scale * (sqrtf(sqrtf(re * re + im * im) + w.bend * w.bend) - w.bend) + 0.5f;
        to[x] = (uint8_t)(int32_t)(v < 255 ? v : 255);
    }
}

static void widen(const int8_t *restrict from, size_t n, float *restrict to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = from[i];
}

#define AS_ROWS_OF_THIS_FILE                                                                       \
    (struct as_rows)                                                                               \
    {                                                                                              \
        analyse_columns, analyse_row, synthesise_columns, synthesise_row, wiener_gain, multiply,   \
            square, scale, filter_orders, root_of_absolute, widen                                  \
    }

#endif
