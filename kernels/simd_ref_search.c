/* simd_ref_search.c - the plain kernels of search: the definition that variants must equal. */
#include "simd.h"

#include <string.h>

/* ---- float vectors ---- */

static uint32_t above(const struct as_propose *p, uint32_t q, const float *product)
{
    uint32_t mask = 0;

    for (uint32_t r = 0; r < AS_PANEL; r++)
        if (!(product[r] < p->a[q] + p->b[q] * p->norm[r] + p->half[r]))
            mask |= UINT32_C(1) << r;
    return mask;
}

void as_ref_propose(const struct as_propose *p)
{
    for (uint32_t q = 0; q < p->nq; q++) {
        float sum[AS_PANEL] = {0};
        for (uint32_t k = 0; k < p->d; k++) {
            const float x = p->queries[(size_t)k * p->nq + q];
            const float *row = p->rows + (size_t)k * AS_PANEL;
            for (uint32_t r = 0; r < AS_PANEL; r++)
                sum[r] += x * row[r];
        }
        p->masks[q] = above(p, q, sum);
    }
}

/* The eight lanes of eight rows to eight sums. */
static void fold_lanes(double lane[8][8], double *out)
{
    for (uint32_t r = 0; r < 8; r++)
        out[r] = ((lane[0][r] + lane[4][r]) + (lane[2][r] + lane[6][r])) +
                 ((lane[1][r] + lane[5][r]) + (lane[3][r] + lane[7][r]));
}

void as_ref_dots_8(const float *rows, const float *query, uint32_t d, double *out)
{
    double lane[8][8] = {{0}};

    for (uint32_t k = 0; k < d; k++) {
        const double x = (double)query[k];
        for (uint32_t r = 0; r < 8; r++)
            lane[k % 8][r] += x * (double)rows[(size_t)k * AS_PANEL + r];
    }
    fold_lanes(lane, out);
}

void as_ref_apart_8(const float *rows, const float *query, uint32_t d, double *out)
{
    double lane[8][8] = {{0}};

    for (uint32_t k = 0; k < d; k++)
        for (uint32_t r = 0; r < 8; r++) {
            const double apart = (double)query[k] - (double)rows[(size_t)k * AS_PANEL + r];
            lane[k % 8][r] += apart * apart;
        }
    fold_lanes(lane, out);
}

/* ---- codes of 256 bits ---- */

void as_ref_deal_codes(const uint8_t *codes, uint64_t *tile)
{
    for (size_t i = 0; i < AS_NEAR; i++)
        for (size_t w = 0; w < 4; w++)
            memcpy(tile + i / 8 * 32 + w * 8 + i % 8, codes + i * 32 + w * 8, sizeof *tile);
}

/* Bits that are set in x: sums of 2, 4 and 8 bits side by side, then all bytes by a product. */
static uint32_t count_bits(uint64_t x)
{
    x -= x >> 1 & UINT64_C(0x5555555555555555);
    x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
    x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)(x * UINT64_C(0x0101010101010101) >> 56);
}

bool as_ref_near_codes(const uint64_t *tile, const uint64_t *query, uint32_t limit, uint64_t *masks)
{
    uint64_t any = 0;

    memset(masks, 0, AS_NEAR / 64 * sizeof *masks);
    for (size_t i = 0; i < AS_NEAR; i++) {
        const uint64_t *code = tile + i / 8 * 32 + i % 8;
        uint32_t bits = count_bits(code[0] ^ query[0]) + count_bits(code[8] ^ query[1]);
        if (bits > limit)
            continue;
        bits += count_bits(code[16] ^ query[2]) + count_bits(code[24] ^ query[3]);
        masks[i / 64] |= (uint64_t)(bits <= limit) << i % 64;
    }
    for (size_t i = 0; i < AS_NEAR / 64; i++)
        any |= masks[i];
    return any != 0;
}
