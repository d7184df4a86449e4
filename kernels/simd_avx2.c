/* simd_avx2.c - kernels for processors with AVX2; each gives the bits of simd_ref.c. */
#include "simd.h"

#include <immintrin.h>

enum { LANES = 8 };

/* Sixteen columns of the running sum. */
struct sums {
    __m256 lo, hi;
};

/* out = sum / count.  A product with 1/count gives the same bits where that is a power of two. */
static inline void write_means(const struct sums *sum, uint32_t count, float *out)
{
    if ((count & (count - 1)) == 0) {
        const __m256 part = _mm256_set1_ps(1.0f / (float)count);
        _mm256_storeu_ps(out, _mm256_mul_ps(sum->lo, part));
        _mm256_storeu_ps(out + LANES, _mm256_mul_ps(sum->hi, part));
    } else {
        const __m256 rows = _mm256_set1_ps((float)count);
        _mm256_storeu_ps(out, _mm256_div_ps(sum->lo, rows));
        _mm256_storeu_ps(out + LANES, _mm256_div_ps(sum->hi, rows));
    }
}

static inline void add_row(struct sums *sum, const float *row)
{
    sum->lo = _mm256_add_ps(sum->lo, _mm256_loadu_ps(row));
    sum->hi = _mm256_add_ps(sum->hi, _mm256_loadu_ps(row + LANES));
}

static inline void subtract_row(struct sums *sum, const float *row)
{
    sum->lo = _mm256_sub_ps(sum->lo, _mm256_loadu_ps(row));
    sum->hi = _mm256_sub_ps(sum->hi, _mm256_loadu_ps(row + LANES));
}

/* box_cols for the 16 columns from x on, the sums in registers; else as simd_ref.c. */
static inline void box_block(const struct as_box *box, uint32_t x)
{
    const uint32_t half = (box->window + 2) / 2, behind = box->window - half;
    const float *add = box->in + x, *sub = box->in + x;
    struct sums sum = {_mm256_setzero_ps(), _mm256_setzero_ps()};
    uint32_t count = 0, picked = 0;

    for (uint32_t y = 0; y + 1 < half; y++, count++, add += box->in_stride)
        add_row(&sum, add);
    for (uint32_t y = 0; y < box->h; y++) {
        if (y + half - 1 < box->h) {
            add_row(&sum, add);
            add += box->in_stride;
            count++;
        }
        if (y > behind) {
            subtract_row(&sum, sub);
            sub += box->in_stride;
            count--;
        }
        if (!box->pick)
            write_means(&sum, count, box->out + y * box->out_stride + x);
        for (; picked < box->npick && box->pick[picked] == y; picked++)
            write_means(&sum, count, box->out + picked * box->out_stride + x);
    }
}

static void box_cols(const struct as_box *box)
{
    struct as_box rest = *box;
    struct as_simd ref;
    uint32_t x = 0;

    for (; x + 2 * LANES <= box->w; x += 2 * LANES)
        box_block(box, x);
    if (x < box->w) {
        as_simd_ref(&ref);
        rest.in += x;
        rest.out += x;
        rest.w -= x;
        ref.box_cols(&rest);
    }
}

/* Eight rows of eight: interleave pairs, then quarters, then halves. */
static void transpose_8x8(const float *from, size_t from_stride, float *to, size_t to_stride)
{
    __m256 r[8], t[8];

    for (int i = 0; i < 4;
         i++) { /* row i and i + 4 share a register: fewer shuffles across lanes */
        const float *lo = from + (size_t)i * from_stride;
        const float *hi = from + (size_t)(i + 4) * from_stride;
        r[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(lo)), _mm_loadu_ps(hi), 1);
        r[i + 4] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(lo + 4)),
                                        _mm_loadu_ps(hi + 4), 1);
    }
    for (int i = 0; i < 8; i += 4) {
        t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
        t[i + 2] = _mm256_unpacklo_ps(r[i + 2], r[i + 3]);
        t[i + 3] = _mm256_unpackhi_ps(r[i + 2], r[i + 3]);
        r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
        r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
        r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    for (size_t i = 0; i < 8; i++)
        _mm256_storeu_ps(to + i * to_stride, r[i]);
}

static void transpose(const float *from, size_t from_stride, uint32_t w, uint32_t h, float *to,
                      size_t to_stride)
{
    const uint32_t w8 = w - w % LANES, h8 = h - h % LANES;

    for (uint32_t y = 0; y < h8; y += LANES)
        for (uint32_t x = 0; x < w8; x += LANES)
            transpose_8x8(from + y * from_stride + x, from_stride, to + x * to_stride + y,
                          to_stride);
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = y < h8 ? w8 : 0; x < w; x++)
            to[x * to_stride + y] = from[y * from_stride + x];
}

static void floats_of_bytes(const uint8_t *from, size_t n, float *to)
{
    size_t i = 0;

    for (; i < n && (uintptr_t)(to + i) % (LANES * sizeof *to) != 0; i++)
        to[i] = (float)from[i];
    for (; i + LANES <= n; i += LANES) {
        __m128i eight = _mm_loadl_epi64((const __m128i *)(const void *)(from + i));
        _mm256_stream_ps(to + i, _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(eight)));
    }
    for (; i < n; i++)
        to[i] = (float)from[i];
    _mm_sfence();
}

void as_simd_avx2(struct as_simd *simd)
{
    simd->floats_of_bytes = floats_of_bytes;
    simd->box_cols = box_cols;
    simd->transpose = transpose;
}
