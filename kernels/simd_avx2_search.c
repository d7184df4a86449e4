/* simd_avx2_search.c - search kernels for processors with AVX2 and FMA. */
#include "simd.h"

#include <immintrin.h>

/* ---- float vectors ---- */

enum { QUERIES = 6, HALF = AS_PANEL / 2, SUMS = 12 }; /* sums in registers */

/* Which of 16 rows are not below the bound of query q; NaN is not below. */
static uint32_t above(const struct as_propose *p, uint32_t q, uint32_t from, __m256 lo, __m256 hi)
{
    const float *norm = p->norm + from, *half = p->half + from;
    const __m256 a = _mm256_set1_ps(p->a[q]), b = _mm256_set1_ps(p->b[q]);
    const __m256 bound_lo =
        _mm256_add_ps(_mm256_fmadd_ps(b, _mm256_loadu_ps(norm), a), _mm256_loadu_ps(half));
    const __m256 bound_hi =
        _mm256_add_ps(_mm256_fmadd_ps(b, _mm256_loadu_ps(norm + 8), a), _mm256_loadu_ps(half + 8));

    return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(lo, bound_lo, _CMP_NLT_UQ)) << from |
           (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(hi, bound_hi, _CMP_NLT_UQ)) << (from + 8);
}

/* The products of queries first .. first + nq - 1 with the 8 nv rows that begin at `from`; nq and
 * nv are constants where this is inlined.  The sums stay in registers only if all loops over them
 * are unrolled. */
static inline __attribute__((always_inline)) void tile(const struct as_propose *p, uint32_t from,
                                                       uint32_t nv, uint32_t first, uint32_t nq)
{
    const float *row = p->rows + from, *query = p->queries + first;
    const float *next = p->next + (from ? p->next_step / 2 : 0);
    const uint32_t d = p->d, stride = p->nq, step = p->next_step;
    __m256 sum[SUMS];

#pragma GCC unroll 12
    for (uint32_t i = 0; i < nq * nv; i++)
        sum[i] = _mm256_setzero_ps();
    for (uint32_t k = 0; k < d; k++, row += AS_PANEL, query += stride, next += step) {
        _mm_prefetch((const char *)next, _MM_HINT_T1);
        if (nv == 4)
            _mm_prefetch((const char *)(next + step / 2), _MM_HINT_T1);
#pragma GCC unroll 12
        for (uint32_t i = 0; i < nq * nv; i++)
            sum[i] = _mm256_fmadd_ps(_mm256_broadcast_ss(query + i / nv),
                                     _mm256_load_ps(row + i % nv * 8), sum[i]);
    }
#pragma GCC unroll 12
    for (uint32_t i = 0; i < nq * nv; i += 2)
        p->masks[first + i / nv] |= above(p, first + i / nv, from + i % nv * 8, sum[i], sum[i + 1]);
}

static void some(const struct as_propose *p, uint32_t from, uint32_t first, uint32_t nq)
{
    switch (nq) {
    case 3:
        tile(p, from, 2, first, 3);
        break;
    case 4:
        tile(p, from, 2, first, 4);
        break;
    case 5:
        tile(p, from, 2, first, 5);
        break;
    default:
        tile(p, from, 2, first, 6);
        break;
    }
}

/* Few queries wait for memory: they read a panel from end to end, more of them by halves. */
static void propose(const struct as_propose *p)
{
    const uint32_t first = p->nq > QUERIES ? (p->nq + 1) / 2 : p->nq;

    for (uint32_t q = 0; q < p->nq; q++)
        p->masks[q] = 0;
    if (p->nq == 1)
        tile(p, 0, 4, 0, 1);
    else if (p->nq == 2)
        tile(p, 0, 4, 0, 2);
    else if (p->nq == 3)
        tile(p, 0, 4, 0, 3);
    else
        for (uint32_t from = 0; from < AS_PANEL; from += HALF) {
            some(p, from, 0, first);
            if (first < p->nq)
                some(p, from, first, p->nq - first);
        }
}

static inline void fold_lanes(const __m256d *lane, double *out)
{
    const __m256d even =
        _mm256_add_pd(_mm256_add_pd(lane[0], lane[4]), _mm256_add_pd(lane[2], lane[6]));
    const __m256d odd =
        _mm256_add_pd(_mm256_add_pd(lane[1], lane[5]), _mm256_add_pd(lane[3], lane[7]));

    _mm256_storeu_pd(out, _mm256_add_pd(even, odd));
}

static inline __m256d row_4(const float *row)
{
    return _mm256_cvtps_pd(_mm_loadu_ps(row));
}

/* Products of floats are exact in double: fused or not, the same bits. */
static void dots_4(const float *rows, const float *query, uint32_t d, double *out)
{
    __m256d lane[8];

    for (uint32_t j = 0; j < 8; j++)
        lane[j] = _mm256_setzero_pd();
    for (uint32_t k = 0; k < d; k += 8)
        for (uint32_t j = 0; j < 8; j++)
            if (k + j < d)
                lane[j] = _mm256_fmadd_pd(_mm256_set1_pd((double)query[k + j]),
                                          row_4(rows + (size_t)(k + j) * AS_PANEL), lane[j]);
    fold_lanes(lane, out);
}

/* A squared difference is not exact: not fused, as in the reference. */
static void apart_4(const float *rows, const float *query, uint32_t d, double *out)
{
    __m256d lane[8];

    for (uint32_t j = 0; j < 8; j++)
        lane[j] = _mm256_setzero_pd();
    for (uint32_t k = 0; k < d; k += 8)
        for (uint32_t j = 0; j < 8; j++)
            if (k + j < d) {
                const __m256d apart = _mm256_sub_pd(_mm256_set1_pd((double)query[k + j]),
                                                    row_4(rows + (size_t)(k + j) * AS_PANEL));
                lane[j] = _mm256_add_pd(lane[j], _mm256_mul_pd(apart, apart));
            }
    fold_lanes(lane, out);
}

static void dots_8(const float *rows, const float *query, uint32_t d, double *out)
{
    dots_4(rows, query, d, out);
    dots_4(rows + 4, query, d, out + 4);
}

static void apart_8(const float *rows, const float *query, uint32_t d, double *out)
{
    apart_4(rows, query, d, out);
    apart_4(rows + 4, query, d, out + 4);
}

/* ---- codes of 256 bits ---- */

/* Bits in which four words differ from the query's, counted by byte. */
static inline __m256i byte_bits(__m256i query, const uint64_t *words)
{
    const __m256i counts = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1,
                                            2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const __m256i nibble = _mm256_set1_epi8(15);
    const __m256i x =
        _mm256_xor_si256(query, _mm256_load_si256((const __m256i *)(const void *)words));

    return _mm256_add_epi8(
        _mm256_shuffle_epi8(counts, _mm256_and_si256(x, nibble)),
        _mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi32(x, 4), nibble)));
}

static inline uint64_t at_most(__m256i bytes, __m256i limit)
{
    const __m256i bits = _mm256_sad_epu8(bytes, _mm256_setzero_si256());

    return 15u &
           ~(unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(bits, limit)));
}

/* Four codes at a time: where none is within the limit by its first half, the rest is not read. */
static bool near_codes(const uint64_t *tile, const uint64_t *query, uint32_t limit, uint64_t *masks)
{
    const __m256i most = _mm256_set1_epi64x(limit);
    __m256i q[4];
    uint64_t any = 0;

    for (uint32_t w = 0; w < 4; w++)
        q[w] = _mm256_set1_epi64x((long long)query[w]);
    for (size_t i = 0; i < AS_NEAR / 64; i++) {
        uint64_t mask = 0;
        for (uint32_t g = 0; g < 16; g++) {
            const uint64_t *at = tile + i * 256 + g / 2 * 32 + g % 2 * 4;
            __m256i bytes = _mm256_add_epi8(byte_bits(q[0], at), byte_bits(q[1], at + 8));
            if (!at_most(bytes, most))
                continue;
            bytes = _mm256_add_epi8(bytes, byte_bits(q[2], at + 16));
            bytes = _mm256_add_epi8(bytes, byte_bits(q[3], at + 24));
            mask |= at_most(bytes, most) << (4 * g);
        }
        masks[i] = mask;
        any |= mask;
    }
    return any != 0;
}

void as_simd_avx2_search(struct as_simd *simd)
{
    simd->propose = propose;
    simd->dots_8 = dots_8;
    simd->apart_8 = apart_8;
    simd->near_codes = near_codes;
}
