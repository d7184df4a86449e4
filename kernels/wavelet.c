/* wavelet.c - db4 forward and inverse, a pair of rows at a time: first down the columns, then along
 * the row. */
#include "wavelet.h"

#include "simd_rows.h"

#include <string.h>

enum { BEFORE = 6, AFTER = 7 }; /* samples a row is continued by */
enum { LINE = 16 };             /* floats of a cache line         */

uint32_t as_wavelet_levels(uint32_t n, uint32_t most)
{
    uint32_t levels = 0;

    while (levels < most && levels < 28 && n >> (levels + 1) >= AS_WAVELET_TAPS - 1)
        levels++;
    return levels;
}

/* Room for one row of a plane and its continuation, in whole cache lines. */
static size_t room(uint32_t w)
{
    return ((size_t)w + BEFORE + AFTER + 2 * LINE) / LINE * LINE;
}

size_t as_wavelet_scratch(uint32_t w)
{
    return 5 * room(w);
}

/* Sample i of n where both ends are mirrored; i >= -n, i < 2n. */
static size_t mirrored(int64_t i, uint32_t n)
{
    return (size_t)(i < 0 ? -1 - i : i >= n ? 2 * (int64_t)n - 1 - i : i);
}

/* Continues row[0..n-1] to both sides. */
static void continue_row(float *row, uint32_t n)
{
    for (int64_t i = 1; i <= BEFORE; i++)
        row[-i] = row[mirrored(-i, n)];
    for (int64_t i = n; i < (int64_t)n + AFTER; i++)
        row[i] = row[mirrored(i, n)];
}

void as_wavelet_forward(const struct as_plane *in, const struct as_bands *bands, float *scratch)
{
    const size_t each = room(in->w);
    float *lo = scratch + LINE, *hi = lo + each, *even = hi + each, *odd = even + each / 2 + LINE;
    float *unwanted = scratch + 4 * each;
    const uint32_t n = as_wavelet_coefs(in->w), rows = as_wavelet_coefs(in->h);

    for (uint32_t i = 0; i < rows; i++) {
        const float *row[AS_WAVELET_TAPS];
        const size_t at = (size_t)i * n;
        for (int64_t k = 0; k < AS_WAVELET_TAPS; k++)
            row[k] = in->at + mirrored(2 * (int64_t)i + 1 - k, in->h) * in->stride;
        as_rows.analyse_columns(row, in->w, lo, hi);
        continue_row(lo, in->w);
        continue_row(hi, in->w);
        as_rows.analyse_row(lo, n, even, odd, bands->ll ? bands->ll + at : unwanted,
                            bands->lh + at);
        as_rows.analyse_row(hi, n, even, odd, bands->hl + at, bands->hh + at);
    }
}

/* One row of the plane from its low and high coefficients. */
static void write_row(const float *lo, const float *hi, uint32_t w, float *out)
{
    float last[2];

    as_rows.synthesise_row(lo, hi, w / 2, out);
    if (w & 1) {
        as_rows.synthesise_row(lo + w / 2, hi + w / 2, 1, last);
        out[w - 1] = last[0];
    }
}

void as_wavelet_inverse(const struct as_bands *bands, uint32_t w, uint32_t h, float *out,
                        size_t out_stride, float *scratch)
{
    const size_t each = room(w);
    float *l[2] = {scratch, scratch + each}, *r[2] = {l[1] + each, l[1] + 2 * each};
    float *zero = scratch + 4 * each;
    const uint32_t n = as_wavelet_coefs(w);

    memset(zero, 0, n * sizeof *zero);
    for (uint32_t m = 0; 2 * m < h; m++) {
        const float *ll[4], *lh[4], *hl[4], *hh[4];
        for (uint32_t j = 0; j < 4; j++) {
            const size_t at = (size_t)(m + j) * n;
            ll[j] = bands->ll ? bands->ll + at : zero;
            lh[j] = bands->lh + at;
            hl[j] = bands->hl + at;
            hh[j] = bands->hh + at;
        }
        as_rows.synthesise_columns(ll, hl, n, l[0], l[1]);
        as_rows.synthesise_columns(lh, hh, n, r[0], r[1]);
        for (uint32_t k = 0; k < 2 && 2 * m + k < h; k++)
            write_row(l[k], r[k], w, out + (2 * (size_t)m + k) * out_stride);
    }
}
