/* noise_level.c - parts whose noise is stronger or weaker than that of the rest of the picture.
 *
 * Noise is about as strong in every band of frequencies, what is in the scene is not: so the band
 * with the least energy tells the noise.  Bands are the 15 of a 4 x 4 cosine transform at every
 * pixel, energies are summed over windows of 64 x 64.  Windows are compared with their median.
 *
 * The bands and windows are those of S. Lyu, X. Pan, X. Zhang: Exposing region splicing forgeries
 * with blind local noise estimation, International Journal of Computer Vision 110(2), 2014.  Their
 * closed form by kurtosis, and the wavelet's median of B. Mahdian, S. Saic: Using noise
 * inconsistencies for blind image forensics, Image and Vision Computing 27(10), 2009, follow
 * texture more than the least band does.
 */
#include "../scratch.h"
#include "detector.h"

#include <math.h>
#include <string.h>

enum {
    BANDS = 15,
    CELL = 8,
    STEP = 2,   /* cells between windows            */
    WINDOW = 8, /* cells of a window's side         */
    REACH = 3,  /* pixels right of and below one that a transform takes */
    TILE = 64,  /* pixels of a row at once          */
    SIDE_MIN = 128,
    WINDOWS_LEAST = 9,
    BUCKETS = 1 << 16
};

/* Of a pixel that counts, and of the share of them in a window. */
static const float dark = 6, bright = 252, valid_least = 0.85F;

/* Rounding to whole numbers has a deviation of .289: at or below this there is no other noise. */
static const float rounding = 0.35F;

/* sqrt(1/2) cos(pi/8) and sqrt(1/2) sin(pi/8). */
#define C1 0.65328148243818826f
#define C3 0.27059805007309850f

struct work {
    uint32_t cw, ch, mw, mh;
    float (*energy)[BANDS]; /* [ch][cw]                                       */
    uint8_t *valid;         /* [ch][cw] pixels neither dark nor saturated      */
    float *level;           /* [mh][mw] noise of windows; below 0: not known  */
    uint32_t high[BUCKETS], low[BUCKETS];
};

/* ---- energies ---- */

static inline void transform(const float *a, const float *b, const float *c, const float *d,
                             float to[4][TILE + REACH], uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const float s = a[i] + d[i], t = b[i] + c[i], u = a[i] - d[i], v = b[i] - c[i];
        to[0][i] = 0.5f * (s + t);
        to[1][i] = C1 * u + C3 * v;
        to[2][i] = 0.5f * (s - t);
        to[3][i] = C3 * u - C1 * v;
    }
}

/* Adds the squares of the transforms at (x, y) ... (x + TILE - 1, y). */
static void add_row(const struct as_plane *p, uint32_t x, uint32_t y, float sum[BANDS][TILE])
{
    const float *at = p->at + y * p->stride + x;
    const uint32_t n = p->w - x < TILE + REACH ? p->w - x : TILE + REACH;
    float down[4][TILE + REACH] = {{0}}, across[4][TILE + REACH];

    transform(at, at + p->stride, at + 2 * p->stride, at + 3 * p->stride, down, n);
    for (size_t v = 0; v < 4; v++) {
        transform(down[v], down[v] + 1, down[v] + 2, down[v] + 3, across, TILE);
        for (size_t u = v ? 0 : 1; u < 4; u++)
            for (size_t i = 0; i < TILE; i++)
                sum[4 * v + u - 1][i] += across[u][i] * across[u][i];
    }
}

static void sum_cells(struct work *w, const struct as_plane *p, uint32_t x, uint32_t cy)
{
    const uint32_t left = w->cw - x / CELL, n = left < TILE / CELL ? left : TILE / CELL;
    float sum[BANDS][TILE] = {{0}};

    for (uint32_t row = 0; row < CELL; row++)
        add_row(p, x, cy * CELL + row, sum);
    for (uint32_t i = 0; i < n; i++) {
        const size_t at = (size_t)cy * w->cw + x / CELL + i;
        uint8_t valid = 0;
        for (size_t k = 0; k < BANDS; k++) {
            w->energy[at][k] = 0;
            for (uint32_t j = 0; j < CELL; j++)
                w->energy[at][k] += sum[k][i * CELL + j];
        }
        for (uint32_t j = 0; j < CELL * CELL; j++) {
            const float v = p->at[(cy * CELL + j / CELL) * p->stride + x + i * CELL + j % CELL];
            valid = (uint8_t)(valid + (v >= dark && v <= bright));
        }
        w->valid[at] = valid;
    }
}

/* ---- windows ---- */

/* The noise of the window that begins at a cell: the root of its least mean energy. */
static float level_at(const struct work *w, uint32_t cx, uint32_t cy)
{
    const float pixels = WINDOW * WINDOW * CELL * CELL;
    float sum[BANDS] = {0}, least;
    uint32_t valid = 0;

    for (uint32_t y = 0; y < WINDOW; y++)
        for (uint32_t x = 0; x < WINDOW; x++) {
            const size_t at = (size_t)(cy + y) * w->cw + cx + x;
            valid += w->valid[at];
            for (size_t k = 0; k < BANDS; k++)
                sum[k] += w->energy[at][k];
        }
    least = sum[0];
    for (size_t k = 1; k < BANDS; k++)
        least = sum[k] < least ? sum[k] : least;
    return (float)valid < valid_least * pixels ? -1 : sqrtf(least / pixels);
}

static uint32_t bits_of(float v)
{
    uint32_t bits;

    memcpy(&bits, &v, sizeof bits);
    return bits;
}

/* The bucket where the rank-th falls; *rank := its rank there. */
static uint32_t find_bucket(const uint32_t *count, uint32_t *rank)
{
    uint32_t i = 0;

    while (*rank >= count[i])
        *rank -= count[i++];
    return i;
}

/* The level that `rank` levels are below, of those >= 0, whose bits are in their order. */
static float nth_level(struct work *w, uint32_t rank)
{
    const size_t n = (size_t)w->mw * w->mh;
    uint32_t top, bits;
    float v;

    memset(w->high, 0, sizeof w->high);
    memset(w->low, 0, sizeof w->low);
    for (size_t i = 0; i < n; i++)
        if (w->level[i] >= 0)
            w->high[bits_of(w->level[i]) >> 16]++;
    top = find_bucket(w->high, &rank);
    for (size_t i = 0; i < n; i++)
        if (w->level[i] >= 0 && bits_of(w->level[i]) >> 16 == top)
            w->low[bits_of(w->level[i]) & (BUCKETS - 1)]++;
    bits = top << 16 | find_bucket(w->low, &rank);
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* 0 at the median, .5 at half or twice of it; levels that are but rounding are one level. */
static float strangeness(float level, float median)
{
    const float a = level > rounding ? level : rounding;

    return a < median ? 1 - a / median : 1 - median / a;
}

/* Each square is told by the window whose middle is nearest. */
static void paint(const struct work *w, float median, const struct as_heat *heat)
{
    const uint32_t half = WINDOW / STEP / 2;

    for (uint32_t y = 0; y < heat->h; y++)
        for (uint32_t x = 0; x < heat->w; x++) {
            const uint32_t mx = x < half ? 0 : x - half < w->mw ? x - half : w->mw - 1;
            const uint32_t my = y < half ? 0 : y - half < w->mh ? y - half : w->mh - 1;
            const float level = w->level[(size_t)my * w->mw + mx];
            heat->at[(size_t)y * heat->w + x] = level < 0 ? 0 : strangeness(level, median);
        }
}

/* ---- the detector ---- */

enum { NO_WINDOWS, NO_NOISE };
static const char *const reasons[] = {
    [NO_WINDOWS] = "too little of the picture is neither dark nor saturated",
    [NO_NOISE] = "no noise is left to compare: strong compression or smoothing",
    NULL,
};

enum measure { LEVEL, LOW_RATIO, HIGH_RATIO, STRANGE_SHARE, VALID_SHARE, MEASURES };

static const char *const measures[MEASURES] = {
    [LEVEL] = "median_level",          [LOW_RATIO] = "low_ratio",     [HIGH_RATIO] = "high_ratio",
    [STRANGE_SHARE] = "strange_share", [VALID_SHARE] = "valid_share",
};

/* Sizes and, unless `at` is NULL, arrays of w, which lies there; bytes of all. */
static size_t lay_out(uint32_t width, uint32_t height, void *at, struct work *w)
{
    struct as_scratch room = {at, 0};
    size_t cells;

    (void)as_scratch_take(&room, sizeof *w);
    w->cw = (width - REACH) / CELL;
    w->ch = (height - REACH) / CELL;
    w->mw = (w->cw - WINDOW) / STEP + 1;
    w->mh = (w->ch - WINDOW) / STEP + 1;
    cells = (size_t)w->cw * w->ch;
    w->energy = as_scratch_take(&room, cells * sizeof *w->energy);
    w->valid = as_scratch_take(&room, cells);
    w->level = as_scratch_take(&room, (size_t)w->mw * w->mh * sizeof *w->level);
    return room.used;
}

static size_t noise_level_scratch_bytes(uint32_t width, uint32_t height)
{
    struct work unused;

    return width < SIDE_MIN || height < SIDE_MIN ? 0 : lay_out(width, height, NULL, &unused);
}

static void take_measures(struct work *w, uint32_t valid, float median, float *feat)
{
    const uint32_t all = w->mw * w->mh;
    uint32_t strange = 0;

    for (uint32_t i = 0; i < all; i++)
        strange += w->level[i] >= 0 && strangeness(w->level[i], median) > 0.5f;
    feat[LEVEL] = median;
    feat[LOW_RATIO] = nth_level(w, valid / 20) / median;
    feat[HIGH_RATIO] = nth_level(w, valid - 1 - valid / 20) / median;
    feat[STRANGE_SHARE] = (float)strange / (float)valid;
    feat[VALID_SHARE] = (float)valid / (float)all;
}

static enum as_status noise_level_extract(void *state, const struct as_unit *unit, void *scratch,
                                          struct as_out *out)
{
    struct work *w = scratch;
    uint32_t valid = 0;
    float median;

    (void)state;
    lay_out(unit->luma.w, unit->luma.h, scratch, w);
    if (out->heat)
        memset(out->heat->at, 0, (size_t)out->heat->w * out->heat->h * sizeof *out->heat->at);
    for (uint32_t cy = 0; cy < w->ch; cy++)
        for (uint32_t x = 0; x < w->cw * CELL; x += TILE)
            sum_cells(w, &unit->luma, x, cy);
    for (uint32_t i = 0; i < w->mw * w->mh; i++) {
        w->level[i] = level_at(w, i % w->mw * STEP, i / w->mw * STEP);
        valid += w->level[i] >= 0;
    }
    out->verdict = AS_ABSTAINS;
    out->reason = NO_WINDOWS;
    if (valid < WINDOWS_LEAST)
        return AS_OK;
    out->reason = NO_NOISE;
    if ((median = nth_level(w, valid / 2)) <= rounding)
        return AS_OK;
    take_measures(w, valid, median, out->feat);
    if (out->heat)
        paint(w, median, out->heat);
    out->verdict = AS_APPLIES;
    return AS_OK;
}

const struct as_detector as_detector_noise_level = {
    .name = "noise_level",
    .version = 1,
    .summary = "parts with stronger or weaker noise than the rest of the picture",
    .paper = "Lyu, Pan, Zhang, Exposing Region Splicing Forgeries with Blind Local Noise "
             "Estimation, IJCV 110(2), 2014 (bands and windows)",
    .card =
        "Estimates the noise of every window of 64 x 64 pixels from the band of frequencies that "
        "has the least energy, and compares it with the picture's median.  A part from another "
        "camera, or one that was smoothed or resized, may stand out in the map; so do fine "
        "texture, light and shade, and what a camera's own denoising made of them.  The map is for "
        "a person to judge; the measures make no finding by themselves.\n\n"
        "Measured on made pictures, whose noise no camera has smoothed: pixel AUC .80 (.77 to .83, "
        "80 pictures of 640 x 480), picture AUC .92; on parts of photographs at half size .67 (.57 "
        "to .78, 37 pictures) and .66.  Of 42 real altered pictures and originals it does not tell "
        "which is which (AUC .49).",
    .family = AS_FAMILY_NOISE,
    .needs = AS_LUMA,
    .min_side = SIDE_MIN,
    .dim = MEASURES,
    .measures = measures,
    .reasons = reasons,
    .heat_step = CELL * STEP,
    .pool = AS_POOL_MAX,
    .asked = true,
    .scratch_bytes = noise_level_scratch_bytes,
    .extract = noise_level_extract,
};
