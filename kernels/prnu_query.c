/* prnu_query.c - a picture's residual made ready for the search, turned and resampled. */
#include "prnu.h"

#include "prnu_filter.h"

#include <math.h>
#include <string.h>

enum { HALF = 32, BOX = 2 * HALF + 1 };

/* Below this mean square (of grey levels) there is no noise to speak of: saturated, black or
 * painted. */
static const double quiet_residual = 0.01;

/* ---- 1. local normalisation ---- */

/* Scratch of the running box; all in one piece, doubles first. */
struct box {
    double *columns; /* [w] sums of W^2 down the window's rows    */
    double *zero;    /* [2*(w + h)], for the zero mean            */
    float *rows;     /* [BOX][w] the W^2 that are in these sums   */
};

static struct box lay_out(uint32_t w, uint32_t h, void *scratch)
{
    struct box b = {.columns = scratch};

    b.zero = b.columns + w;
    b.rows = (float *)(b.zero + 2 * ((size_t)w + h));
    return b;
}

size_t as_prnu_query_scratch(uint32_t w, uint32_t h)
{
    return ((size_t)w + 2 * ((size_t)w + h)) * sizeof(double) + BOX * (size_t)w * sizeof(float);
}

static void enter_row(const float *restrict from, uint32_t w, float *restrict row,
                      double *restrict columns)
{
    for (uint32_t x = 0; x < w; x++) {
        row[x] = from[x] * from[x];
        columns[x] += (double)row[x];
    }
}

static void leave_row(const float *restrict row, uint32_t w, double *restrict columns)
{
    for (uint32_t x = 0; x < w; x++)
        columns[x] -= (double)row[x];
}

/* Divides one row by the rms of its boxes, `deep` rows high. */
static void divide_row(const double *columns, uint32_t w, uint32_t deep, double quiet, float *row)
{
    double sum = 0;

    for (uint32_t x = 0; x < HALF && x < w; x++)
        sum += columns[x];
    for (uint32_t x = 0; x < w; x++) {
        const uint32_t from = x > HALF ? x - HALF : 0, to = w - x > HALF ? x + HALF : w - 1;
        if (x + HALF < w)
            sum += columns[x + HALF];
        if (x > HALF)
            sum -= columns[x - HALF - 1];
        const double mean = sum / ((double)(to - from + 1) * deep);
        row[x] /= sqrtf((float)(mean > quiet ? mean : quiet));
    }
}

void as_prnu_local(float *plane, uint32_t w, uint32_t h, double quiet, void *scratch)
{
    const struct box b = lay_out(w, h, scratch);
    uint32_t entered = 0, left = 0;

    memset(b.columns, 0, w * sizeof *b.columns);
    for (uint32_t y = 0; y < h; y++) {
        for (; left + HALF < y; left++)
            leave_row(b.rows + (size_t)(left % BOX) * w, w, b.columns);
        for (; entered < h && entered <= y + HALF; entered++)
            enter_row(plane + (size_t)entered * w, w, b.rows + (size_t)(entered % BOX) * w,
                      b.columns);
        divide_row(b.columns, w, entered - left, quiet, plane + (size_t)y * w);
    }
}

/* ---- 2. the query ---- */

static void weight_row(const float *restrict in, uint32_t n, float *restrict w)
{
    for (uint32_t x = 0; x < n; x++)
        w[x] *= in[x] * (1.0f / 255);
}

enum as_status as_prnu_query(const struct as_plane *in, uint32_t flags, struct as_fft *fft,
                             float *spectrum, float *w, void *scratch)
{
    const struct box b = lay_out(in->w, in->h, scratch);

    if (in->w < AS_PRNU_MIN_SIDE || in->h < AS_PRNU_MIN_SIDE)
        return AS_SKIP;
    if ((flags & AS_PRNU_WIENER) && (as_fft_width(fft) != in->w || as_fft_height(fft) != in->h))
        return AS_EUSAGE;
    if (flags & AS_PRNU_LOCAL)
        as_prnu_local(w, in->w, in->h, quiet_residual, scratch);
    as_prnu_zero_mean(w, in->w, in->h, b.zero);
    if (flags & AS_PRNU_WIENER)
        as_prnu_wiener(w, fft, spectrum, NULL);
    for (uint32_t y = 0; (flags & AS_PRNU_WEIGHT) && y < in->h; y++)
        weight_row(in->at + y * in->stride, in->w, w + (size_t)y * in->w);
    return AS_OK;
}

/* ---- 3. turning and resampling ---- */

void as_prnu_turn(const float *in, uint32_t w, uint32_t h, uint32_t quarters, float *out)
{
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++) {
            const size_t up = h - 1 - y, left = w - 1 - x;
            const size_t to[4] = {(size_t)y * w + x, (size_t)x * h + up, up * w + left,
                                  left * h + y};
            out[to[quarters & 3]] = in[(size_t)y * w + x];
        }
}

/* Where cell i of n takes its value from in `from` samples: samples first .. last, the ends with
 * these weights, those between with 1, divided by their sum. */
struct span {
    uint32_t first, last;
    float begin, end, part;
};

static struct span span_of(uint32_t i, uint32_t n, uint32_t from)
{
    const double step = (double)from / n;
    struct span s;

    if (n < from) { /* the mean over [i*step, (i + 1)*step) */
        const double a = i * step, b = (i + 1) * step;
        s.first = (uint32_t)a;
        s.last = b >= from ? from - 1 : (uint32_t)b;
        s.begin = (float)(s.first + 1 - a);
        s.end = (float)(b - s.last);
        if (s.last == s.first)
            s.begin = s.end = (float)step;
        s.part = (float)(1 / step);
        return s;
    }
    double at = (i + 0.5) * step - 0.5; /* linear between the centres */
    at = at < 0 ? 0 : at > from - 1 ? from - 1 : at;
    s.first = (uint32_t)at;
    s.last = s.first + 1 < from ? s.first + 1 : s.first;
    s.end = (float)(at - s.first);
    s.begin = 1 - s.end;
    s.part = 1;
    return s;
}

size_t as_prnu_resample_scratch(uint32_t from_w, uint32_t w)
{
    return (size_t)w * sizeof(struct span) + (size_t)from_w * sizeof(float);
}

/* to[] = the span's rows of `in` weighed together. */
static void mix_rows(const float *in, uint32_t w, const struct span *s, float *restrict to)
{
    for (uint32_t y = s->first; y <= s->last; y++) {
        const float *restrict row = in + (size_t)y * w;
        const float by = s->part * (y == s->first ? s->begin : y == s->last ? s->end : 1);
        for (uint32_t x = 0; x < w; x++)
            to[x] = (y == s->first ? 0 : to[x]) + by * row[x];
    }
}

static float mix_cells(const float *row, const struct span *s)
{
    float sum = row[s->first] * s->begin;

    for (uint32_t x = s->first + 1; x < s->last; x++)
        sum += row[x];
    if (s->last > s->first)
        sum += row[s->last] * s->end;
    return sum * s->part;
}

void as_prnu_resample(const float *in, uint32_t from_w, uint32_t from_h, float *out, uint32_t w,
                      uint32_t h, void *scratch)
{
    struct span *across = scratch;
    float *line = (float *)(across + w);

    for (uint32_t x = 0; x < w; x++)
        across[x] = span_of(x, w, from_w);
    for (uint32_t y = 0; y < h; y++) {
        const struct span down = span_of(y, h, from_h);
        mix_rows(in, from_w, &down, line);
        for (uint32_t x = 0; x < w; x++)
            out[(size_t)y * w + x] = mix_cells(line, &across[x]);
    }
}
