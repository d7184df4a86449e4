/* simd_avx512_popcnt.c - search over codes for processors that count bits in vectors. */
#include "simd.h"

#include <immintrin.h>

/* Eight codes of four words to four vectors of eight equal words. */
static inline void deal_8(const uint8_t *codes, uint64_t *to)
{
    const __m512i low = _mm512_set_epi64(13, 12, 9, 8, 5, 4, 1, 0);
    const __m512i high = _mm512_add_epi64(low, _mm512_set1_epi64(2));
    const __m512i even = _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i odd = _mm512_add_epi64(even, _mm512_set1_epi64(1));
    const __m512i a = _mm512_loadu_si512(codes), b = _mm512_loadu_si512(codes + 64);
    const __m512i c = _mm512_loadu_si512(codes + 128), d = _mm512_loadu_si512(codes + 192);
    /* words 0 and 1, then 2 and 3, of codes 0..3 and of codes 4..7 */
    const __m512i ab01 = _mm512_permutex2var_epi64(a, low, b);
    const __m512i ab23 = _mm512_permutex2var_epi64(a, high, b);
    const __m512i cd01 = _mm512_permutex2var_epi64(c, low, d);
    const __m512i cd23 = _mm512_permutex2var_epi64(c, high, d);

    _mm512_store_si512(to, _mm512_permutex2var_epi64(ab01, even, cd01));
    _mm512_store_si512(to + 8, _mm512_permutex2var_epi64(ab01, odd, cd01));
    _mm512_store_si512(to + 16, _mm512_permutex2var_epi64(ab23, even, cd23));
    _mm512_store_si512(to + 24, _mm512_permutex2var_epi64(ab23, odd, cd23));
}

static void deal_codes(const uint8_t *codes, uint64_t *tile)
{
    for (size_t g = 0; g < AS_NEAR / 8; g++)
        deal_8(codes + g * 256, tile + g * 32);
}

static inline __m512i bits(__m512i query, const uint64_t *words)
{
    return _mm512_popcnt_epi64(_mm512_xor_si512(query, _mm512_load_si512(words)));
}

/* Sixteen codes at a time: where none is within the limit by its first half, the rest is not read.
 */
static bool near_codes(const uint64_t *tile, const uint64_t *query, uint32_t limit, uint64_t *masks)
{
    const __m512i q0 = _mm512_set1_epi64((long long)query[0]);
    const __m512i q1 = _mm512_set1_epi64((long long)query[1]);
    const __m512i q2 = _mm512_set1_epi64((long long)query[2]);
    const __m512i q3 = _mm512_set1_epi64((long long)query[3]);
    const __m512i most = _mm512_set1_epi64(limit);
    uint32_t any = 0;

    for (size_t i = 0; i < AS_NEAR / 64; i++) {
        uint64_t mask = 0;
        for (uint32_t g = 0; g < 4; g++, tile += 64) {
            __m512i a = _mm512_add_epi64(bits(q0, tile), bits(q1, tile + 8));
            __m512i b = _mm512_add_epi64(bits(q0, tile + 32), bits(q1, tile + 40));
            uint64_t pair;
            if (!_mm512_cmple_epu64_mask(_mm512_min_epu64(a, b), most))
                continue;
            a = _mm512_add_epi64(a, _mm512_add_epi64(bits(q2, tile + 16), bits(q3, tile + 24)));
            b = _mm512_add_epi64(b, _mm512_add_epi64(bits(q2, tile + 48), bits(q3, tile + 56)));
            pair = (uint64_t)_mm512_cmple_epu64_mask(a, most) |
                   (uint64_t)_mm512_cmple_epu64_mask(b, most) << 8;
            mask |= pair << (16 * g);
        }
        masks[i] = mask;
        any |= mask != 0;
    }
    return any != 0;
}

void as_simd_avx512_popcnt(struct as_simd *simd)
{
    simd->deal_codes = deal_codes;
    simd->near_codes = near_codes;
}
