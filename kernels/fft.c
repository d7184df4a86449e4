/* fft.c - rows by themselves, then columns in blocks that fit the cache. */
#include "fft.h"

#include "simd_rows.h"

#include <fftw3.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNED = 64, BLOCK = 16 }; /* columns of a block: 128 bytes of each row */
enum { SIDE_MAX = 1 << 20, SAMPLES_MAX = 1 << 30 };

struct as_fft {
    uint32_t w, h;
    size_t cells;         /* of a row of a spectrum                                 */
    fftwf_plan row[2];    /* forward: real -> complex, inverse; in place on `line`  */
    fftwf_plan column[2]; /* from block[h][BLOCK] to turned[BLOCK][h]               */
    float *line;
    fftwf_complex *block, *turned;
};

static void *take(size_t bytes)
{
    return aligned_alloc(ALIGNED, (bytes + ALIGNED - 1) / ALIGNED * ALIGNED);
}

/* ESTIMATE reads no samples: the buffers are there for their alignment. */
static void make_plans(struct as_fft *f)
{
    fftwf_complex *line = (fftwf_complex *)f->line;
    const int h = (int)f->h, w = (int)f->w;

    f->row[0] = fftwf_plan_dft_r2c_1d(w, f->line, line, FFTW_ESTIMATE);
    f->row[1] = fftwf_plan_dft_c2r_1d(w, line, f->line, FFTW_ESTIMATE);
    f->column[0] = fftwf_plan_many_dft(1, &h, BLOCK, f->block, NULL, BLOCK, 1, f->turned, NULL, 1,
                                       h, FFTW_FORWARD, FFTW_ESTIMATE);
    f->column[1] = fftwf_plan_many_dft(1, &h, BLOCK, f->block, NULL, BLOCK, 1, f->turned, NULL, 1,
                                       h, FFTW_BACKWARD, FFTW_ESTIMATE);
}

enum as_status as_fft_new(uint32_t w, uint32_t h, struct as_fft **fft)
{
    struct as_fft *f;

    *fft = NULL;
    if (w < 1 || h < 1 || w > SIDE_MAX || h > SIDE_MAX || (uint64_t)w * h > SAMPLES_MAX)
        return AS_ELIMIT;
    if ((f = calloc(1, sizeof *f)) == NULL)
        return AS_ENOMEM;
    f->w = w;
    f->h = h;
    f->cells = (size_t)w / 2 + 1;
    f->line = take(f->cells * sizeof *f->block);
    f->block = take(BLOCK * (size_t)h * sizeof *f->block);
    f->turned = take(BLOCK * (size_t)h * sizeof *f->block);
    if (f->line && f->block && f->turned)
        make_plans(f);
    if (!f->row[0] || !f->row[1] || !f->column[0] || !f->column[1]) {
        as_fft_free(f);
        return AS_ENOMEM;
    }
    *fft = f;
    return AS_OK;
}

void as_fft_free(struct as_fft *fft)
{
    if (!fft)
        return;
    for (int i = 0; i < 2; i++) {
        if (fft->row[i])
            fftwf_destroy_plan(fft->row[i]);
        if (fft->column[i])
            fftwf_destroy_plan(fft->column[i]);
    }
    free(fft->line);
    free(fft->block);
    free(fft->turned);
    free(fft);
}

uint32_t as_fft_width(const struct as_fft *fft)
{
    return fft->w;
}

uint32_t as_fft_height(const struct as_fft *fft)
{
    return fft->h;
}

/* block[h][BLOCK] := n columns of a spectrum from x on; the others are zero. */
static void load(struct as_fft *f, const float *from, size_t x, size_t n)
{
    if (n < BLOCK)
        memset(f->block, 0, BLOCK * (size_t)f->h * sizeof *f->block);
    for (size_t y = 0; y < f->h; y++)
        memcpy(f->block + y * BLOCK, from + 2 * (y * f->cells + x), n * sizeof *f->block);
}

/* block := conj(a) b of these columns. */
static void load_product(struct as_fft *f, const float *a, const float *b, size_t x, size_t n)
{
    if (n < BLOCK)
        memset(f->block, 0, BLOCK * (size_t)f->h * sizeof *f->block);
    for (size_t y = 0; y < f->h; y++)
        as_rows.multiply(a + 2 * (y * f->cells + x), b + 2 * (y * f->cells + x), n,
                         (float *)(f->block + y * BLOCK));
}

/* Transforms the block and writes its n columns. */
static void store(struct as_fft *f, fftwf_plan plan, float *to, size_t x, size_t n)
{
    fftwf_execute(plan);
    for (size_t y = 0; y < f->h; y++)
        for (size_t i = 0; i < n; i++)
            memcpy(to + 2 * (y * f->cells + x + i), f->turned + i * f->h + y, sizeof *f->turned);
}

static size_t columns_at(const struct as_fft *f, size_t x)
{
    return f->cells - x < BLOCK ? f->cells - x : BLOCK;
}

void as_fft_forward(struct as_fft *fft, const struct as_plane *in, float *spectrum)
{
    const size_t row = 2 * fft->cells;

    for (uint32_t y = 0; y < in->h; y++) {
        memcpy(fft->line, in->at + y * in->stride, in->w * sizeof *in->at);
        memset(fft->line + in->w, 0, (fft->w - in->w) * sizeof *fft->line);
        fftwf_execute(fft->row[0]);
        memcpy(spectrum + y * row, fft->line, row * sizeof *spectrum);
    }
    memset(spectrum + in->h * row, 0, (fft->h - in->h) * row * sizeof *spectrum);
    for (size_t x = 0; x < fft->cells; x += BLOCK) {
        load(fft, spectrum, x, columns_at(fft, x));
        store(fft, fft->column[0], spectrum, x, columns_at(fft, x));
    }
}

/* The rows of the inverse, where the columns are done.  Row y of `out` ends before row y + 1 of the
 * spectrum begins, so that they may share storage. */
static void inverse_rows(struct as_fft *f, const float *spectrum, float *out, size_t stride)
{
    const float part = 1.0f / ((float)f->w * (float)f->h);

    for (size_t y = 0; y < f->h; y++) {
        memcpy(f->line, spectrum + y * 2 * f->cells, 2 * f->cells * sizeof *spectrum);
        fftwf_execute(f->row[1]);
        for (size_t x = 0; x < f->w; x++)
            out[y * stride + x] = f->line[x] * part;
    }
}

void as_fft_inverse(struct as_fft *fft, float *spectrum, float *out, size_t stride)
{
    for (size_t x = 0; x < fft->cells; x += BLOCK) {
        load(fft, spectrum, x, columns_at(fft, x));
        store(fft, fft->column[1], spectrum, x, columns_at(fft, x));
    }
    inverse_rows(fft, spectrum, out, stride);
}

void as_fft_correlate(struct as_fft *fft, const float *a, const float *b, float *work, float *out,
                      size_t stride)
{
    for (size_t x = 0; x < fft->cells; x += BLOCK) {
        load_product(fft, a, b, x, columns_at(fft, x));
        store(fft, fft->column[1], work, x, columns_at(fft, x));
    }
    inverse_rows(fft, work, out, stride);
}

/* n without the prime factors 2, 3, 5 and 7. */
static uint32_t rest_of(uint32_t n)
{
    static const uint32_t primes[] = {2, 3, 5, 7};

    for (size_t i = 0; i < sizeof primes / sizeof *primes; i++)
        while (n % primes[i] == 0)
            n /= primes[i];
    return n;
}

uint32_t as_fft_fast(uint32_t n)
{
    n = n < 2 ? 2 : n + (n & 1);
    while (rest_of(n) != 1)
        n += 2;
    return n;
}
