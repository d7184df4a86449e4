/* simd_avx512_search.c - search over float vectors for processors with AVX-512. */
#include "simd.h"

#include <immintrin.h>

/* Which rows are not below the bound of query q; NaN is not below. */
static uint32_t above(const struct as_propose *p, uint32_t q, __m512 lo, __m512 hi)
{
    const __m512 a = _mm512_set1_ps(p->a[q]), b = _mm512_set1_ps(p->b[q]);
    const __m512 bound_lo =
        _mm512_add_ps(_mm512_fmadd_ps(b, _mm512_loadu_ps(p->norm), a), _mm512_loadu_ps(p->half));
    const __m512 bound_hi = _mm512_add_ps(_mm512_fmadd_ps(b, _mm512_loadu_ps(p->norm + 16), a),
                                          _mm512_loadu_ps(p->half + 16));

    return (uint32_t)_mm512_cmp_ps_mask(lo, bound_lo, _CMP_NLT_UQ) |
           (uint32_t)_mm512_cmp_ps_mask(hi, bound_hi, _CMP_NLT_UQ) << 16;
}

/* The products of nq queries, a constant where this is inlined: 2 nq sums in registers,
 * where they stay only if every loop over them is unrolled. */
static inline __attribute__((always_inline)) void tile(const struct as_propose *p, uint32_t nq)
{
    const float *row = p->rows, *query = p->queries, *next = p->next;
    const uint32_t d = p->d, step = p->next_step;
    __m512 lo[AS_PROPOSE_MAX], hi[AS_PROPOSE_MAX];

#pragma GCC unroll 12
    for (uint32_t q = 0; q < nq; q++)
        lo[q] = hi[q] = _mm512_setzero_ps();
    for (uint32_t k = 0; k < d; k++, row += AS_PANEL, query += nq, next += step) {
        const __m512 row_lo = _mm512_load_ps(row), row_hi = _mm512_load_ps(row + 16);
        _mm_prefetch((const char *)next, _MM_HINT_T1);
        _mm_prefetch((const char *)(next + step / 2), _MM_HINT_T1);
#pragma GCC unroll 12
        for (uint32_t q = 0; q < nq; q++) {
            const __m512 x = _mm512_set1_ps(query[q]);
            lo[q] = _mm512_fmadd_ps(x, row_lo, lo[q]);
            hi[q] = _mm512_fmadd_ps(x, row_hi, hi[q]);
        }
    }
#pragma GCC unroll 12
    for (uint32_t q = 0; q < nq; q++)
        p->masks[q] = above(p, q, lo[q], hi[q]);
}

static void propose(const struct as_propose *p)
{
    switch (p->nq) {
    case 1:
        tile(p, 1);
        break;
    case 2:
        tile(p, 2);
        break;
    case 3:
        tile(p, 3);
        break;
    case 4:
        tile(p, 4);
        break;
    case 5:
        tile(p, 5);
        break;
    case 6:
        tile(p, 6);
        break;
    case 7:
        tile(p, 7);
        break;
    case 8:
        tile(p, 8);
        break;
    case 9:
        tile(p, 9);
        break;
    case 10:
        tile(p, 10);
        break;
    case 11:
        tile(p, 11);
        break;
    default:
        tile(p, 12);
        break;
    }
}

static inline void fold_lanes(const __m512d *lane, double *out)
{
    const __m512d even =
        _mm512_add_pd(_mm512_add_pd(lane[0], lane[4]), _mm512_add_pd(lane[2], lane[6]));
    const __m512d odd =
        _mm512_add_pd(_mm512_add_pd(lane[1], lane[5]), _mm512_add_pd(lane[3], lane[7]));

    _mm512_storeu_pd(out, _mm512_add_pd(even, odd));
}

static inline __m512d row_8(const float *row)
{
    return _mm512_cvtps_pd(_mm256_loadu_ps(row));
}

/* Products of floats are exact in double: fused or not, the same bits. */
static inline __m512d dot_step(__m512d sum, __m512d x, __m512d row)
{
    return _mm512_fmadd_pd(x, row, sum);
}

/* A squared difference is not exact: not fused, as in the reference. */
static inline __m512d apart_step(__m512d sum, __m512d x, __m512d row)
{
    const __m512d apart = _mm512_sub_pd(x, row);

    return _mm512_add_pd(sum, _mm512_mul_pd(apart, apart));
}

/* Eight rows side by side, lane j of each in lane[j]; eight components of the query are widened at
 * once, then broadcast from memory, which is free. */
static inline __attribute__((always_inline)) void
sums_8(const float *rows, const float *query, uint32_t d, double *out,
       __m512d (*step)(__m512d sum, __m512d x, __m512d row))
{
    _Alignas(64) double x[8];
    __m512d lane[8];
    uint32_t k = 0;

    for (uint32_t j = 0; j < 8; j++)
        lane[j] = _mm512_setzero_pd();
    for (; k + 8 <= d; k += 8, rows += 8 * AS_PANEL) {
        _mm512_store_pd(x, row_8(query + k));
        for (uint32_t j = 0; j < 8; j++)
            lane[j] = step(lane[j], _mm512_set1_pd(x[j]), row_8(rows + j * AS_PANEL));
    }
    for (uint32_t j = 0; j < 8; j++)
        if (k + j < d)
            lane[j] =
                step(lane[j], _mm512_set1_pd((double)query[k + j]), row_8(rows + j * AS_PANEL));
    fold_lanes(lane, out);
}

static void dots_8(const float *rows, const float *query, uint32_t d, double *out)
{
    sums_8(rows, query, d, out, dot_step);
}

static void apart_8(const float *rows, const float *query, uint32_t d, double *out)
{
    sums_8(rows, query, d, out, apart_step);
}

void as_simd_avx512_search(struct as_simd *simd)
{
    simd->propose = propose;
    simd->dots_8 = dots_8;
    simd->apart_8 = apart_8;
}
