/* resampling.c - the lattice of another size or direction under a resized or turned picture.
 *
 * Interpolated samples are predicted by their neighbours better or worse as they lie nearer to or
 * farther from the old samples, so the size of the error of a fixed predictor repeats with the old
 * lattice.  Its spectrum has a peak where the old lattice's frequency falls, modulo 1.  A picture
 * that is resized or turned as a whole has square cells: where f is a peak, f turned by 90 degrees
 * is one.  Both together are looked for, over tiles whose spectra are averaged.
 *
 * Without a lattice the power at a frequency, over that around it, is a mean of exponential
 * variables (one a tile), so the number of pairs as strong as the strongest that chance would give
 * in one picture is known: the NFA.  Periodic texture makes peaks too, but unlike a lattice it also
 * makes lines in the error itself, there or such that two add up to it; these are divided
 * out.
 *
 * M. Kirchner, "Fast and reliable resampling detection by spectral analysis of fixed linear
 * predictor residue", MM&Sec 2008 (predictor); A. Popescu, H. Farid, "Exposing digital forgeries by
 * detecting traces of resampling", IEEE TSP 53(2), 2005.  The error is taken relative to its mean
 * around, instead of through exp(-e^2), the pair and the texture rule are our own: over 40 pictures
 * they found a few per cent more.
 */
#include "../fft.h"
#include "detector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIDE = 512,      /* of a tile; the picture may have less room, */
    SIDE_ROOM = 384, /* but not less than this                */
    SIDE_SMALL = 256,
    HALF = SIDE / 2 + 1,
    AREA = SIDE * SIDE,
    TILES_MAX = 64,
    LINES = 64,
    NEAR = 4,     /* radius of the mean around an error           */
    RING_OUT = 8, /* radii of the ring around a frequency         */
    RING_IN = 2,
    LOW = 20, /* frequencies below it, of SIDE, are content; below the other the light */
    MEAN = 6,
    JPEG_LINES = 8, /* multiples of 1/8 are those of JPEG's grid    */
    CFA_LINES = 2   /* and of 1/2 those of a colour filter array    */
};

/* Smallest error that is not of the numbers alone; largest relative one that counts. */
#define PI 3.14159265358979323846
static const float least_error = 0.5F, largest = 3.0F;

/* What the strongest of the 9 frequencies looked at in texture has without any; from where on a
 * line is texture: 16 comes up by chance in one picture of sixty. */
static const float texture_there = 4.0F, texture_sum = 8.0F, line_least = 16.0F;

/* From this power at 1/8, over the surroundings, on, JPEG's grid is in the picture. */
static const float grid_ratio = 4.0F;

/* Of mean steps above it too little is left: quality 90. */
static const float coarsest = 12.0F;

/* Where less of the picture has errors than this share, there is nothing to look at. */
static const double busy_least = 0.03;

enum { EVIDENCE, PAIR, SINGLE, FREQUENCY_X, FREQUENCY_Y, HALF_RATIO, GRID_RATIO, TILES, DIM };
static const char *const measures[DIM] = {
    [EVIDENCE] = "minus_log10_nfa",
    [PAIR] = "pair_ratio",
    [SINGLE] = "single_ratio",
    [FREQUENCY_X] = "frequency_x_per_px",
    [FREQUENCY_Y] = "frequency_y_per_px",
    [HALF_RATIO] = "half_ratio",
    [GRID_RATIO] = "jpeg_grid_ratio",
    [TILES] = "tiles",
};

static const char traces[] = "shows the traces of having been resized or turned";
static const char *const says[DIM] = {
    [EVIDENCE] = traces,
    [PAIR] = traces,
    [SINGLE] = "its samples repeat in one direction as if it had been stretched",
    [FREQUENCY_X] = traces,
    [FREQUENCY_Y] = traces,
    [HALF_RATIO] = "every second sample is alike, as after doubling or from a colour filter array",
    [GRID_RATIO] = "shows the grid of JPEG blocks",
    [TILES] = traces,
};

enum { COARSE, FLAT };
static const char *const reasons[] = {
    [COARSE] = "JPEG compression has removed what resampling would leave (quality below 90)",
    [FLAT] = "the picture has too little texture and noise",
    NULL,
};

struct tables {
    struct as_fft *fft[2]; /* SIDE and SIDE_SMALL */
};

/* What extract works in.  Squares with rows of n samples, n = SIDE or SIDE_SMALL. */
struct work {
    float window[2][SIDE]; /* along and down a tile */
    float error[AREA], size[AREA], near[AREA], turned[AREA];
    float spectrum[2 * HALF * SIDE];
    float power[2][AREA]; /* of sizes and of errors, summed over tiles; then over the ring's */
};

/* A frequency that the errors themselves have. */
struct line {
    float ratio;
    int32_t y, x;
};

struct job {
    const struct tables *tables;
    struct work *work;
    uint32_t n, w, h; /* of a transform; of a tile */
    uint32_t tiles;
    double busy;             /* samples with errors */
    struct line line[LINES]; /* strongest first */
    uint32_t lines;
};

/* ---- tables ---- */

static void resampling_free(void *state)
{
    struct tables *t = state;

    if (!t)
        return;
    as_fft_free(t->fft[0]);
    as_fft_free(t->fft[1]);
    free(t);
}

static enum as_status resampling_init(void **state)
{
    struct tables *t = calloc(1, sizeof *t);
    enum as_status status;

    *state = NULL;
    if (!t)
        return AS_ENOMEM;
    for (int i = 0; i < 2; i++) {
        const uint32_t n = i ? SIDE_SMALL : SIDE;
        if ((status = as_fft_new(n, n, &t->fft[i])) != AS_OK)
            goto done;
    }
    *state = t;
    t = NULL;
done:
    resampling_free(t);
    return status;
}

/* ---- a tile ---- */

/* to[x] := sum of from[x - r .. x + r] of n samples, the border repeated or the row a circle. */
static void sum_row(const float *from, uint32_t n, uint32_t r, bool circle, float *to)
{
    float line[SIDE + 2 * RING_OUT];

    memcpy(line + r, from, n * sizeof *line);
    for (uint32_t i = 0; i < r; i++) {
        line[i] = circle ? from[n - r + i] : from[0];
        line[r + n + i] = circle ? from[i] : from[n - 1];
    }
    memset(to, 0, n * sizeof *to);
    for (uint32_t k = 0; k <= 2 * r; k++)
        for (uint32_t x = 0; x < n; x++)
            to[x] += line[x + k];
}

/* to := sums of the (2r + 1)^2 samples around each of w x h, their border repeated or, of a square
 * of n x n, circular.  `part` is scratch.  Planes have rows of n. */
static void sum_square(const float *from, const struct job *job, uint32_t r, bool circle,
                       float *part, float *to)
{
    const uint32_t n = job->n, w = circle ? n : job->w, h = circle ? n : job->h;

    for (uint32_t y = 0; y < h; y++)
        sum_row(from + (size_t)y * n, w, r, circle, part + (size_t)y * n);
    memset(to, 0, (size_t)h * n * sizeof *to);
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t k = 0; k <= 2 * r; k++) {
            const int64_t at = (int64_t)y + k - r, last = (int64_t)h - 1;
            const int64_t row = circle ? (at + h) % h : at < 0 ? 0 : at > last ? last : at;
            for (uint32_t x = 0; x < w; x++)
                to[(size_t)y * n + x] += part[(size_t)row * n + x];
        }
}

/* Errors of Kirchner's predictor (equation 25) over the tile that begins at (x0, y0) >= (1, 1). */
static void predict(const struct job *job, const struct as_plane *p, uint32_t x0, uint32_t y0)
{
    for (uint32_t y = 0; y < job->h; y++) {
        const float *b = p->at + (size_t)(y0 + y) * p->stride + x0 - 1;
        const float *a = b - p->stride, *c = b + p->stride;
        float *error = job->work->error + (size_t)y * job->n;
        for (uint32_t x = 0; x < job->w; x++) {
            const float corners = (a[x] + a[x + 2]) + (c[x] + c[x + 2]);
            const float sides = (a[x + 1] + c[x + 1]) + (b[x] + b[x + 2]);
            error[x] = b[x + 1] - 0.5F * sides + 0.25F * corners;
        }
    }
}

/* Errors in units of their mean size around, and their sizes; the share that is more than numbers.
 */
static double relate(const struct job *job)
{
    const float all = (2 * NEAR + 1) * (2 * NEAR + 1);
    struct work *w = job->work;
    uint32_t busy = 0;

    for (uint32_t y = 0; y < job->h; y++)
        for (size_t i = (size_t)y * job->n; i < (size_t)y * job->n + job->w; i++)
            w->size[i] = fabsf(w->error[i]);
    sum_square(w->size, job, NEAR, false, w->turned, w->near);
    for (uint32_t y = 0; y < job->h; y++)
        for (size_t i = (size_t)y * job->n; i < (size_t)y * job->n + job->w; i++) {
            const float e = w->error[i] / (w->near[i] / all + least_error);
            busy += w->near[i] >= least_error * all;
            w->error[i] = e > largest ? largest : e < -largest ? -largest : e;
            w->size[i] = fabsf(w->error[i]);
        }
    return (double)busy / job->w / job->h;
}

/* power += that of the tile without its mean, windowed. */
static void add_power(const struct job *job, float *samples, float *power)
{
    const uint32_t n = job->n;
    struct work *work = job->work;
    const struct as_plane plane = {samples, job->w, job->h, n};
    const float *s = work->spectrum;
    double sum = 0;

    for (uint32_t y = 0; y < job->h; y++)
        for (uint32_t x = 0; x < job->w; x++)
            sum += samples[(size_t)y * n + x];
    for (uint32_t y = 0; y < job->h; y++)
        for (uint32_t x = 0; x < job->w; x++) {
            float *v = samples + (size_t)y * n + x;
            *v = (*v - (float)(sum / job->w / job->h)) * work->window[1][y] * work->window[0][x];
        }
    as_fft_forward(job->tables->fft[n != SIDE], &plane, work->spectrum);
    for (uint32_t y = 0; y < n; y++)
        for (uint32_t x = 0; x <= n / 2; x++, s += 2)
            power[(size_t)y * n + x] += s[0] * s[0] + s[1] * s[1];
}

static void make_windows(const struct job *job)
{
    for (int i = 0; i < 2; i++) {
        const uint32_t n = i ? job->h : job->w;
        for (uint32_t x = 0; x < n; x++)
            job->work->window[i][x] = (float)(0.5 - 0.5 * cos(2 * PI * x / n));
    }
}

/* Tile i of k along `room` samples begins here; they overlap by less than half. */
static uint32_t begin(uint32_t i, uint32_t k, uint32_t room, uint32_t side)
{
    return k > 1 ? (uint32_t)((uint64_t)i * (room - side) / (k - 1)) : 0;
}

static void add_tiles(struct job *job, const struct as_plane *p)
{
    const uint32_t w = p->w - 2, h = p->h - 2, n = job->n;
    const uint32_t across = (w + n / 2) / n + (w < n / 2), down = (h + n / 2) / n + (h < n / 2);
    const uint32_t all = across * down, step = (all + TILES_MAX - 1) / TILES_MAX;
    struct work *work = job->work;

    job->w = w < n ? w : n;
    job->h = h < n ? h : n;
    make_windows(job);
    memset(work->power, 0, sizeof work->power);
    for (uint32_t i = step / 2; i < all; i += step) {
        predict(job, p, 1 + begin(i % across, across, w, job->w),
                1 + begin(i / across, down, h, job->h));
        job->busy += relate(job);
        add_power(job, work->size, work->power[0]);
        add_power(job, work->error, work->power[1]);
        job->tiles++;
    }
}

/* ---- the spectrum ---- */

static int32_t absolute(int32_t k, int32_t n)
{
    return k < n - k ? k : n - k;
}

/* Power of a half spectrum becomes that of all frequencies over the mean of the ring around. */
static void over_ring(const struct job *job, float *power)
{
    const int32_t n = (int32_t)job->n;
    struct work *w = job->work;
    const float cells =
        (2 * RING_OUT + 1) * (2 * RING_OUT + 1) - (2 * RING_IN + 1) * (2 * RING_IN + 1);
    const int32_t low = MEAN * n / SIDE;

    for (int32_t y = 0; y < n; y++)
        for (int32_t x = n / 2 + 1; x < n; x++)
            power[y * n + x] = power[(n - y) % n * n + n - x];
    for (int32_t y = 0; y < n; y++)
        for (int32_t x = 0; x < n; x++) {
            const int32_t ay = absolute(y, n), ax = absolute(x, n);
            if (ay * ay + ax * ax < low * low)
                power[y * n + x] = 0;
        }
    sum_square(power, job, RING_OUT, true, w->turned, w->near);
    sum_square(power, job, RING_IN, true, w->turned, w->size);
    for (int32_t i = 0; i < n * n; i++) {
        const float around = (w->near[i] - w->size[i]) / cells;
        power[i] = around > 0 ? power[i] / around : 0;
    }
}

static float at(const float *ratio, int32_t n, int32_t y, int32_t x)
{
    return ratio[(y & (n - 1)) * n + (x & (n - 1))]; /* n is a power of two */
}

/* The largest of the 3 x 3 around. */
static float largest_near(const float *ratio, int32_t n, int32_t y, int32_t x)
{
    float most = 0;

    for (int32_t dy = -1; dy <= 1; dy++)
        for (int32_t dx = -1; dx <= 1; dx++)
            most = fmaxf(most, at(ratio, n, y + dy, x + dx));
    return most;
}

/* Puts the strongest frequencies of the errors themselves into job->line. */
static void find_texture(struct job *job)
{
    const int32_t n = (int32_t)job->n;
    const float *errors = job->work->power[1];

    for (int32_t y = 0; y < n; y++)
        for (int32_t x = 0; x < n; x++) {
            const struct line line = {errors[y * n + x], y, x};
            uint32_t i;
            if (line.ratio < line_least || line.ratio < largest_near(errors, n, y, x))
                continue;
            for (i = job->lines; i > 0 && job->line[i - 1].ratio < line.ratio; i--)
                if (i < LINES)
                    job->line[i] = job->line[i - 1];
            if (i < LINES)
                job->line[i] = line;
            job->lines += job->lines < LINES;
        }
}

/* The ratio at a frequency of sizes, less what texture explains: a line there, or two whose
 * frequencies add up to it. */
static float free_of_texture(const struct job *job, int32_t y, int32_t x)
{
    const int32_t n = (int32_t)job->n;
    const float *errors = job->work->power[1];
    float texture = fmaxf(1, largest_near(errors, n, y, x) / texture_there);

    for (const struct line *line = job->line; line < job->line + job->lines; line++) {
        const float other = largest_near(errors, n, y - line->y, x - line->x);
        texture = fmaxf(texture, fminf(line->ratio, other) / texture_sum);
    }
    return at(job->work->power[0], n, y, x) / (texture * sqrtf(texture));
}

/* f and f turned by 90 degrees. */
static float raw_pair(const struct job *job, int32_t y, int32_t x)
{
    const float *sizes = job->work->power[0];
    return fminf(at(sizes, (int32_t)job->n, y, x), at(sizes, (int32_t)job->n, x, -y));
}

static float pair(const struct job *job, int32_t y, int32_t x)
{
    return fminf(free_of_texture(job, y, x), free_of_texture(job, x, -y));
}

/* Whether k lies on, or next to, a multiple of n / lines. */
static bool on_line(int32_t k, int32_t n, int32_t lines)
{
    const int32_t step = n / lines, off = k % step;
    return (off < step - off ? off : step - off) <= 2 * n / SIDE + 1;
}

/* The strongest pair and the strongest single frequency off the multiples of 1 / lines. */
static void search(const struct job *job, int32_t lines, float *feat)
{
    const int32_t n = (int32_t)job->n, low = LOW * n / SIDE;

    feat[PAIR] = feat[SINGLE] = feat[FREQUENCY_X] = feat[FREQUENCY_Y] = 0;
    for (int32_t y = 0; y < n / 2; y++)
        for (int32_t x = 1; x <= n / 2; x++) { /* a quarter: the rest is it, turned */
            const float both = raw_pair(job, y, x);
            if (y * y + x * x < low * low || (on_line(y, n, lines) && on_line(x, n, lines)))
                continue;
            if (both > feat[PAIR] && pair(job, y, x) > feat[PAIR]) {
                feat[PAIR] = pair(job, y, x);
                feat[FREQUENCY_X] = (float)x / (float)n;
                feat[FREQUENCY_Y] = (float)y / (float)n;
            }
            if (at(job->work->power[0], n, y, x) > feat[SINGLE])
                feat[SINGLE] = fmaxf(feat[SINGLE], free_of_texture(job, y, x));
            if (at(job->work->power[0], n, x, -y) > feat[SINGLE])
                feat[SINGLE] = fmaxf(feat[SINGLE], free_of_texture(job, x, -y));
        }
}

/* log10 of the probability that a mean of k exponential variables of mean 1 exceeds r: the upper
 * incomplete gamma function, whose series is finite for whole k. */
static double log10_tail(uint32_t k, double r)
{
    const double x = k * r;
    double term = 1, sum = 1, log_factorial = 0;

    if (r <= 1)
        return 0;
    for (uint32_t i = k - 1; i >= 1; i--) {
        term *= i / x;
        sum += term;
        log_factorial += log(i);
    }
    return fmin(0, (-x + (k - 1) * log(x) - log_factorial + log(sum)) / log(10));
}

/* ---- the detector ---- */

static size_t resampling_scratch_bytes(uint32_t w, uint32_t h)
{
    (void)w;
    (void)h;
    return sizeof(struct work);
}

static void measure(struct job *job, bool jpeg, float *feat)
{
    const int32_t n = (int32_t)job->n;
    const double pairs = (double)n * n / 4;

    over_ring(job, job->work->power[0]);
    over_ring(job, job->work->power[1]);
    find_texture(job);
    feat[GRID_RATIO] = raw_pair(job, 0, n / 8);
    feat[HALF_RATIO] = raw_pair(job, 0, n / 2);
    search(job, jpeg || feat[GRID_RATIO] >= grid_ratio ? JPEG_LINES : CFA_LINES, feat);
    feat[EVIDENCE] = (float)(-2 * log10_tail(job->tiles, feat[PAIR]) - log10(pairs));
    feat[TILES] = (float)job->tiles;
}

static enum as_status resampling_extract(void *state, const struct as_unit *unit, void *scratch,
                                         struct as_out *out)
{
    const uint32_t room = (unit->luma.w < unit->luma.h ? unit->luma.w : unit->luma.h) - 2;
    struct job job = {.tables = state, .work = scratch};
    int reason = -1;

    job.n = room >= SIDE_ROOM ? SIDE : SIDE_SMALL;
    if (as_meta_luma_step(unit->meta) > coarsest) {
        reason = COARSE;
    } else {
        add_tiles(&job, &unit->luma);
        if (job.busy < busy_least * job.tiles)
            reason = FLAT;
    }
    out->verdict = reason < 0 ? AS_APPLIES : AS_ABSTAINS;
    out->reason = (uint16_t)(reason < 0 ? 0 : reason);
    if (reason < 0)
        measure(&job, unit->meta->jpeg != NULL, out->feat);
    return AS_OK;
}

const struct as_detector as_detector_resampling = {
    .name = "resampling",
    .version = 1,
    .summary =
        "traces of resizing and turning: the old lattice in the spectrum of a predictor's errors",
    .paper = "M. Kirchner, Fast and reliable resampling detection by spectral analysis of fixed "
             "linear predictor residue, MM&Sec 2008",
    .card =
        "Looks for the lattice that a picture had before it was resized or turned. Where it "
        "is found, the samples of the whole picture, or of most of it, were interpolated: by "
        "an editing program, but as well by a messenger, a web site, a camera's digital zoom "
        "or its correction of the lens. It says nothing about why. frequency_x_per_px and "
        "frequency_y_per_px tell where the old lattice lies: for a scale s without turning, "
        "1/s less the nearest whole number.\n\n"
        "minus_log10_nfa is for how few pictures without a lattice chance would give as much: "
        "3 means one in a thousand, if nothing in the picture is periodic. Measured on 64 "
        "parts (640 x 640) of 22 photographs that the camera had compressed, resized by 0.7 "
        "to 2 or turned by 1 to 45 degrees, bilinear, bicubic and Lanczos: saved without loss "
        "AUC 1.000, all of 100 above 3, of 61 untouched parts 1 (a photograph being one trial, at "
        "most 22.8 % with 95 % confidence). After quality 95: AUC 0.863 (0.801 to 0.920), 68 of "
        "115 above 3, none "
        "of 61. On drawn scenes, 512 x 512, that no choice was made on: AUC 0.973 (0.939 to "
        "0.998), 97 of 103, none of 120 (at most 3.0 %). Of 192 parts saved without loss 31 "
        "had too little texture and abstained.\n\n"
        "It fails: at half, a third or a quarter of the size and at whole multiples of it, "
        "unless the picture was a JPEG before; at multiples of 1/8 in pictures that show "
        "JPEG's grid (1.25, 1.6); where only one direction was stretched (single_ratio, which "
        "texture raises too); where less than about half of the picture was resampled. Below "
        "quality 90 it abstains. Of a photograph at half size it finds the grid of the JPEG "
        "that it was. Fine regular texture that looks the same after a quarter turn can give "
        "false alarms, although lines of texture are taken out.",
    .family = AS_FAMILY_GEOMETRY,
    .needs = AS_LUMA | AS_META,
    .min_side = SIDE_SMALL + 2,
    .dim = DIM,
    .measures = measures,
    .says = says,
    .reasons = reasons,
    .pool = AS_POOL_MAX,
    .asked = true,
    .init = resampling_init,
    .scratch_bytes = resampling_scratch_bytes,
    .extract = resampling_extract,
    .free = resampling_free,
};
