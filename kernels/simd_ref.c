/* simd_ref.c - the plain C kernels: the definition that every variant must equal bit by bit. */
#include "simd.h"
#include "simd_rows.h"

#include <string.h>

static void add_row(float *restrict sum, const float *restrict row, uint32_t w)
{
    for (uint32_t x = 0; x < w; x++)
        sum[x] += row[x];
}

static void subtract_row(float *restrict sum, const float *restrict row, uint32_t w)
{
    for (uint32_t x = 0; x < w; x++)
        sum[x] -= row[x];
}

static void divide_row(const float *restrict sum, float count, float *restrict to, uint32_t w)
{
    for (uint32_t x = 0; x < w; x++)
        to[x] = sum[x] / count;
}

static void box_cols(const struct as_box *box)
{
    float sum[AS_BOX_MAX] = {0};
    const uint32_t half = (box->window + 2) / 2, behind = box->window - half;
    uint32_t count = 0, picked = 0;

    for (uint32_t y = 0; y + 1 < half; y++, count++)
        add_row(sum, box->in + y * box->in_stride, box->w);
    for (uint32_t y = 0; y < box->h; y++) {
        if (y + half - 1 < box->h) {
            add_row(sum, box->in + (y + half - 1) * box->in_stride, box->w);
            count++;
        }
        if (y > behind) {
            subtract_row(sum, box->in + (y - behind - 1) * box->in_stride, box->w);
            count--;
        }
        if (!box->pick)
            divide_row(sum, (float)count, box->out + y * box->out_stride, box->w);
        for (; picked < box->npick && box->pick[picked] == y; picked++)
            divide_row(sum, (float)count, box->out + picked * box->out_stride, box->w);
    }
}

static void transpose(const float *from, size_t from_stride, uint32_t w, uint32_t h, float *to,
                      size_t to_stride)
{
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++)
            to[x * to_stride + y] = from[y * from_stride + x];
}

static void dct_64_16(const float *d, const float *dt, const float *a, float *out)
{
    float half[64];

    for (uint32_t i = 0; i < 16; i++) {
        memset(half, 0, sizeof half);
        for (uint32_t k = 0; k < 64; k++)
            for (uint32_t j = 0; j < 64; j++)
                half[j] += d[i * 64 + k] * a[k * 64 + j];
        memset(out + i * 16, 0, 16 * sizeof *out);
        for (uint32_t k = 0; k < 64; k++)
            for (uint32_t j = 0; j < 16; j++)
                out[i * 16 + j] += half[k] * dt[k * 16 + j];
    }
}

static void floats_of_bytes(const uint8_t *restrict from, size_t n, float *restrict to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (float)from[i];
}

#define REF                                                                                        \
    {                                                                                              \
        box_cols, transpose, dct_64_16, floats_of_bytes, as_ref_propose, as_ref_dots_8,            \
            as_ref_apart_8, as_ref_deal_codes, as_ref_near_codes                                   \
    }

struct as_simd as_simd = REF;

void as_simd_ref(struct as_simd *simd)
{
    *simd = (struct as_simd)REF;
}

void as_simd_init(enum as_cpu cpu)
{
    as_simd_ref(&as_simd);
    as_rows_init(cpu);
    if (cpu >= AS_CPU_AVX2) {
        as_simd_avx2(&as_simd);
        as_simd_avx2_search(&as_simd);
    }
    if (cpu >= AS_CPU_AVX512)
        as_simd_avx512_search(&as_simd);
    if (cpu >= AS_CPU_AVX512 && as_cpu_counts_bits())
        as_simd_avx512_popcnt(&as_simd);
}
