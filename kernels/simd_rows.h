/* simd_rows.h - the table of kernels that work along rows of floats, for one class of processor.
 *
 * All variants are compiled from the same loops (simd_rows_loops.h), which fix the order of every
 * sum: the compiler may put neighbouring columns into one register and may not do anything else, so
 * that the bits are equal. */
#ifndef AS_SIMD_ROWS_H
#define AS_SIMD_ROWS_H

#include "base.h"
#include "cpu.h"

enum { AS_ENERGY_ROWS = 9, AS_ENERGY_PAD = 4 };
enum { AS_ORDERS = 6, AS_ORDERS_REACH = 10, AS_ORDERS_ROWS = 2 * AS_ORDERS_REACH + 1 };

/* A complex number of which weighed rows are the parts. */
struct as_weighed {
    const float *re[4], *im[3]; /* all readable; the weight may be 0 */
    float re_weight[4], im_weight[3];
    float scale, bend;
};

struct as_rows {
    /* One row of coefficients from eight rows: lo = sum of taps[k] * row[k] and hi likewise, k =
     * 0..7; row[k] is the row 2i + 1 - k of the plane.                              */
    void (*analyse_columns)(const float *const row[8], size_t w, float *lo, float *hi);

    /* The same along a row: x[-6 .. 2n - 1] gives lo[n] and hi[n]; even, odd: scratch, n + 3 each.
     */
    void (*analyse_row)(const float *x, size_t n, float *even, float *odd, float *lo, float *hi);

    /* Rows 2m (even) and 2m + 1 (odd) of a plane from rows m .. m + 3 of coefficients. */
    void (*synthesise_columns)(const float *const lo[4], const float *const hi[4], size_t w,
                               float *even, float *odd);

    /* The same along a row: lo, hi[pairs + 3] give out[2*pairs]. */
    void (*synthesise_row)(const float *lo, const float *hi, size_t pairs, float *out);

    /* gain[x] = s / max(s, min over n = 3, 5, 7, 9 of the mean of the n x n cells around x of the
     * middle row). e[0..8] are rows of energies, readable from -AS_ENERGY_PAD to w + AS_ENERGY_PAD
     * - 1. */
    void (*wiener_gain)(const float *const e[AS_ENERGY_ROWS], size_t w, float s, float *gain);

    /* to = conj(a) b for n complex numbers, real part first. */
    void (*multiply)(const float *a, const float *b, size_t n, float *to);

    /* to[x] = from[x]^2;  to[x] *= by[x]. */
    void (*square)(const float *from, size_t n, float *to);
    void (*scale)(const float *by, size_t n, float *to);

    /* Even and odd filters: out[p*stride + x] = taps[p][0] row[10][x] + the sum over k = 1..10 of
     * taps[p][k] (row[10 + k][x] + row[10 - k][x]); for odd p of their difference, without the
     * first.  p < orders <= AS_ORDERS; out overlaps no row.                               */
    void (*filter_orders)(const float *const row[AS_ORDERS_ROWS], size_t w,
                          const float taps[AS_ORDERS][AS_ORDERS_REACH + 1], uint32_t orders,
                          float *out, size_t stride);

    /* to[x] = scale * (the root of the absolute value and bend^2, less bend), rounded, at most
     * 255. */
    void (*root_of_absolute)(const struct as_weighed *sum, size_t n, uint8_t *to);

    /* to[x] = from[x] */
    void (*widen)(const int8_t *from, size_t n, float *to);
};

/* The kernels in use: the plain ones until as_rows_init, which as_simd_init calls. */
extern struct as_rows as_rows;
void as_rows_init(enum as_cpu cpu);

/* Each overwrites all of them.  AVX-512 has none of its own: 3 to 14 % were not worth a file. */
void as_rows_ref(struct as_rows *rows);
void as_rows_avx2(struct as_rows *rows);

#endif
