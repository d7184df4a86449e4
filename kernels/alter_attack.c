/* alter_attack.c - what a forger does to a whole picture so that its traces are gone.
 *
 *  1. peaks of the spectrum   2. the strength of texture   3. both   4. the noise of another sensor
 */
#include "alter.h"

#include "fft.h"
#include "residual.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. peaks of the spectrum ---- */

enum { GRID = 8, NEAR = 2, AROUND = 4, SURROUNDINGS = (2 * AROUND + 1) * (2 * AROUND + 1) };
enum { BINS = (GRID / 2 + 1) * GRID * (2 * NEAR + 1) * (2 * NEAR + 1) };

struct spectrum {
    float *at; /* as of fft.h */
    uint32_t w, h;
};

/* A bin to be made weaker. */
struct bin {
    size_t at;
    float factor;
};

/* The magnitude at any whole frequency; half of them are those of the conjugates. */
static float magnitude(const struct spectrum *s, int64_t kx, int64_t ky)
{
    int64_t x = (kx % s->w + s->w) % s->w, y = (ky % s->h + s->h) % s->h;

    if (x > s->w / 2) {
        x = s->w - x;
        y = (s->h - y) % s->h;
    }
    const float *f = s->at + 2 * ((size_t)y * (s->w / 2 + 1) + (size_t)x);
    return sqrtf(f[0] * f[0] + f[1] * f[1]);
}

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

static float median_around(const struct spectrum *s, int64_t kx, int64_t ky)
{
    float value[SURROUNDINGS];
    size_t n = 0;

    for (int dy = -AROUND; dy <= AROUND; dy++)
        for (int dx = -AROUND; dx <= AROUND; dx++)
            value[n++] = magnitude(s, kx + dx, ky + dy);
    qsort(value, n, sizeof *value, ascending);
    return value[n / 2];
}

/* The bins near one peak, as the median of its surroundings would have them. */
static size_t find_bins(const struct spectrum *s, int64_t px, int64_t py, struct bin *to)
{
    const float median = median_around(s, px, py);
    size_t n = 0;

    for (int64_t ky = py - NEAR; ky <= py + NEAR; ky++)
        for (int64_t kx = px - NEAR; kx <= px + NEAR; kx++) {
            const float m = magnitude(s, kx, ky);
            if (kx < 0 || kx > s->w / 2 || m <= median)
                continue;
            const int64_t y = (ky % s->h + s->h) % s->h;
            to[n++] = (struct bin){(size_t)y * (s->w / 2 + 1) + (size_t)kx, median / m};
        }
    return n;
}

static void flatten(struct spectrum *s, struct bin *bin)
{
    size_t n = 0;

    for (uint32_t i = 0; i <= GRID / 2; i++)
        for (uint32_t j = 0; j < GRID; j++)
            if (i > 0 || j > 0)
                n += find_bins(s, ((int64_t)i * s->w + GRID / 2) / GRID,
                               ((int64_t)j * s->h + GRID / 2) / GRID, bin + n);
    for (size_t k = 0; k < n; k++) {
        s->at[2 * bin[k].at] *= bin[k].factor;
        s->at[2 * bin[k].at + 1] *= bin[k].factor;
    }
}

/* ---- 2. the strength of texture ---- */

/* Up-sampling shows where no single frequency stands out: the noise of some places of a cell is
 * stronger than that of others.  Cross-differences (1 - X)(1 - Y) I of each place are made as
 * strong as all are on average; what that is of the picture follows by least squares, which leaves
 * frequencies alone that cross-differences hardly see. */
enum { CELL = 16, ROUNDS = 3 };
static const float GAIN_MAX = 2, UNSEEN = .05F;

static void cross_differences(const uint8_t *in, uint32_t w, uint32_t h, float *d)
{
    for (uint32_t y = 0; y < h; y++) {
        const uint8_t *a = in + (size_t)y * w, *b = in + (size_t)(y + 1 < h ? y + 1 : 0) * w;
        for (uint32_t x = 0; x < w; x++) {
            const uint32_t next = x + 1 < w ? x + 1 : 0;
            d[(size_t)y * w + x] = (float)(a[x] + b[next] - b[x] - a[next]);
        }
    }
}

/* d := what must be added so that every place of a cell has the mean of all. */
static void level(float *d, uint32_t w, uint32_t h)
{
    double sum[CELL * CELL] = {0}, n[CELL * CELL] = {0}, all = 0;
    float gain[CELL * CELL];

    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++) {
            const uint32_t place = y % CELL * CELL + x % CELL;
            sum[place] += (double)fabsf(d[(size_t)y * w + x]);
            n[place]++;
        }
    for (int k = 0; k < CELL * CELL; k++)
        all += sum[k];
    all /= (double)w * h;
    for (int k = 0; k < CELL * CELL; k++) {
        const float want = sum[k] > 0 ? (float)(all * n[k] / sum[k]) : 1;
        gain[k] = fminf(fmaxf(want, 1 / GAIN_MAX), GAIN_MAX) - 1;
    }
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++)
            d[(size_t)y * w + x] *= gain[y % CELL * CELL + x % CELL];
}

/* to[k] := 1 - e^(-2 pi i k / n), the conjugate of a difference, for k < count. */
static void differ(uint32_t n, uint32_t count, float *to)
{
    for (uint32_t k = 0; k < count; k++) {
        const double angle = 2 * 3.14159265358979323846 * k / n;
        to[2 * k] = (float)(1 - cos(angle));
        to[2 * k + 1] = (float)sin(angle);
    }
}

/* The spectrum of cross-differences becomes that of the picture that has them. */
static void integrate(struct spectrum *s, const float *across, const float *down)
{
    const uint32_t columns = s->w / 2 + 1;

    for (uint32_t y = 0; y < s->h; y++)
        for (uint32_t x = 0; x < columns; x++) {
            const float *a = across + 2 * x, *b = down + 2 * y;
            const float re = a[0] * b[0] - a[1] * b[1], im = a[0] * b[1] + a[1] * b[0];
            const float scale = 1 / (re * re + im * im + UNSEEN);
            float *f = s->at + 2 * ((size_t)y * columns + x);
            const float was = f[0];
            f[0] = scale * (was * re - f[1] * im);
            f[1] = scale * (was * im + f[1] * re);
        }
}

/* ---- 3. both ---- */

struct attack {
    struct spectrum s;
    struct as_fft *fft;
    struct bin *bin;              /* [BINS]                     */
    float *plane, *across, *down; /* [w h], [w/2 + 1][2], [h][2] */
};

static enum as_status attack_init(struct attack *a, uint32_t w, uint32_t h)
{
    *a = (struct attack){.s = {malloc(as_fft_floats(w, h) * sizeof(float)), w, h}};
    a->bin = malloc(BINS * sizeof *a->bin);
    a->plane = malloc((size_t)w * h * sizeof *a->plane);
    a->across = malloc(((size_t)w / 2 + 1) * 2 * sizeof *a->across);
    a->down = malloc((size_t)h * 2 * sizeof *a->down);
    if (!a->s.at || !a->bin || !a->plane || !a->across || !a->down)
        return AS_ENOMEM;
    differ(w, w / 2 + 1, a->across);
    differ(h, h, a->down);
    return as_fft_new(w, h, &a->fft);
}

static void attack_clear(struct attack *a)
{
    as_fft_free(a->fft);
    free(a->s.at);
    free(a->bin);
    free(a->plane);
    free(a->across);
    free(a->down);
}

static void attack(struct attack *a, const uint8_t *in, uint8_t *out)
{
    const uint32_t w = a->s.w, h = a->s.h;
    const struct as_plane plane = {a->plane, w, h, w};
    const size_t n = (size_t)w * h;

    for (size_t i = 0; i < n; i++)
        a->plane[i] = in[i];
    as_fft_forward(a->fft, &plane, a->s.at);
    flatten(&a->s, a->bin);
    as_fft_inverse(a->fft, a->s.at, a->plane, w);
    as_alter_bytes(a->plane, n, out);
    for (int k = 0; k < ROUNDS; k++) { /* rounding leaves something each time */
        cross_differences(out, w, h, a->plane);
        level(a->plane, w, h);
        as_fft_forward(a->fft, &plane, a->s.at);
        integrate(&a->s, a->across, a->down);
        as_fft_inverse(a->fft, a->s.at, a->plane, w);
        for (size_t i = 0; i < n; i++)
            a->plane[i] += out[i];
        as_alter_bytes(a->plane, n, out);
    }
}

enum as_status as_alter_peaks(const uint8_t *const in[3], uint32_t w, uint32_t h,
                              uint8_t *const out[3])
{
    const bool small = w < AS_ALTER_PEAKS_MIN || h < AS_ALTER_PEAKS_MIN;
    struct attack a = {0};
    enum as_status status = small ? AS_OK : attack_init(&a, w, h);

    for (int c = 0; c < 3 && status == AS_OK; c++)
        if (small)
            memcpy(out[c], in[c], (size_t)w * h);
        else
            attack(&a, in[c], out[c]);
    attack_clear(&a);
    return status;
}

/* ---- 4. the noise of another sensor ---- */

/* The colour of a sample of the sensor: RGGB. */
static int colour_at(uint32_t x, uint32_t y)
{
    return (int)(x & 1) + (int)(y & 1);
}

/* noise[i] := that of the one colour that the sensor has there. */
static void sense(const uint8_t *const in[3], uint32_t w, uint32_t h, uint64_t *rng, float *noise)
{
    float sigma[256];

    for (int v = 0; v < 256; v++)
        sigma[v] = sqrtf(1 + (float)v / 64) * 0x1p-16F;
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++) {
            const size_t at = (size_t)y * w + x;
            noise[at] = sigma[in[colour_at(x, y)][at]] * (float)as_alter_normal16(rng);
        }
}

/* The noise of a colour at any sample: its own, or the mean of those beside it. */
static float interpolate(const float *noise, uint32_t w, uint32_t h, uint32_t x, uint32_t y, int c)
{
    float sum = 0, weight = 0;

    if (colour_at(x, y) == c)
        return noise[(size_t)y * w + x];
    for (uint32_t v = y > 0 ? y - 1 : 0; v <= y + 1 && v < h; v++)
        for (uint32_t u = x > 0 ? x - 1 : 0; u <= x + 1 && u < w; u++)
            if (colour_at(u, v) == c) {
                sum += noise[(size_t)v * w + u];
                weight++;
            }
    return weight > 0 ? sum / weight : 0;
}

enum as_status as_alter_transplant(const uint8_t *const in[3], uint32_t w, uint32_t h,
                                   uint64_t *rng, uint8_t *const out[3])
{
    const size_t n = (size_t)w * h;
    const bool small = w < AS_RESIDUAL_MIN_SIDE || h < AS_RESIDUAL_MIN_SIDE;
    float *plane = malloc(3 * n * sizeof *plane), *residual, *noise;
    void *scratch = small ? NULL : aligned_alloc(64, (as_residual_scratch(w, h) + 63) / 64 * 64);
    enum as_status status = plane && (small || scratch) ? AS_OK : AS_ENOMEM;

    if (status != AS_OK)
        goto done;
    residual = plane + n;
    noise = residual + n;
    memset(residual, 0, n * sizeof *residual);
    sense(in, w, h, rng, noise);
    for (int c = 0; c < 3 && status == AS_OK; c++) {
        for (size_t i = 0; i < n; i++)
            plane[i] = in[c][i];
        if (!small)
            status = as_residual(&(struct as_plane){plane, w, h, w}, residual, w, scratch);
        for (uint32_t y = 0; y < h; y++)
            for (uint32_t x = 0; x < w; x++) {
                const size_t at = (size_t)y * w + x;
                plane[at] += interpolate(noise, w, h, x, y, c) - residual[at];
            }
        as_alter_bytes(plane, n, out[c]);
    }
done:
    free(plane);
    free(scratch);
    return status;
}
