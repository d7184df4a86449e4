/* prnu_matrix.c - many pictures with many fingerprints, sample by sample, exactly.
 *
 * Samples of 7 bits make products below 2^12 and sums over a tile below 2^24, which a float holds
 * exactly in whatever order the library adds; tiles are added in double, which holds them all.  A
 * tile of float is made where it is multiplied, so that what waits in memory has a byte a sample.
 */
#include "prnu.h"

#include "linalg.h"
#include "simd_rows.h"

#include <math.h>

enum { TILE = 1024, GROUP = 256, LARGEST = 63, STEPS = 12 };
_Static_assert((int64_t)LARGEST *LARGEST *TILE < 1 << 24, "sums over a tile are exact");

void as_prnu_quantise(const float *in, size_t n, int8_t *to)
{
    double energy = 0;

    for (size_t i = 0; i < n; i++)
        energy += (double)in[i] * (double)in[i];
    const float scale =
        energy > 0 && energy < INFINITY ? (float)(STEPS * sqrt((double)n / energy)) : 0;
    for (size_t i = 0; i < n; i++) {
        float v = scale > 0 ? in[i] * scale : 0;
        v = v > LARGEST ? LARGEST : v < -LARGEST ? -LARGEST : v;
        to[i] = (int8_t)(int32_t)(v + (v < 0 ? -0.5F : 0.5F));
    }
}

size_t as_prnu_products_scratch(size_t nb)
{
    return ((nb + GROUP) * TILE + GROUP * nb) * sizeof(float);
}

static void widen(const int8_t *from, size_t stride, size_t rows, size_t n, float *to)
{
    for (size_t i = 0; i < rows; i++)
        as_rows.widen(from + i * stride, n, to + i * TILE);
}

enum as_status as_prnu_products(const struct as_prnu_products *p)
{
    float *b = p->scratch, *a = b + p->nb * TILE, *c = a + GROUP * TILE;

    for (size_t x = 0; x < p->n; x += TILE) {
        const size_t n = p->n - x < TILE ? p->n - x : TILE;
        widen(p->b + x, p->b_stride, p->nb, n, b);
        for (size_t q = 0; q < p->na; q += GROUP) {
            const size_t rows = p->na - q < GROUP ? p->na - q : GROUP;
            const struct as_gemm g = {.m = rows,
                                      .n = p->nb,
                                      .k = n,
                                      .a = a,
                                      .b = b,
                                      .c = c,
                                      .lda = TILE,
                                      .ldb = TILE,
                                      .ldc = p->nb,
                                      .alpha = 1,
                                      .trans_b = true};
            widen(p->a + q * p->a_stride + x, p->a_stride, rows, n, a);
            const enum as_status status = as_linalg_sgemm(&g);
            if (status != AS_OK)
                return status;
            for (size_t i = 0; i < rows * p->nb; i++)
                p->sum[q * p->nb + i] += (double)c[i];
        }
    }
    return AS_OK;
}
