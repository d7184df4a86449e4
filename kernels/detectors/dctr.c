/* dctr.c - the 8,000 measures of the residuals of a JPEG by its own transform (DCTR).
 *
 * The picture is decompressed without rounding, and the 64 patterns of the transform are moved over
 * it pixel by pixel: 64 residuals.  Each is divided by a step that belongs to the file's quality,
 * rounded, and cut at 4; its absolute values are counted apart for every place that a window can
 * have on the grid of 8 x 8.  Places that mirror one another are put together, which leaves 25: of
 * each the shares of 0, 1, 2, 3 and 4 or more.
 *
 * V. Holub, J. Fridrich, "Low-complexity features for JPEG steganalysis using undecimated DCT",
 * IEEE Transactions on Information Forensics and Security 10(2), 2015.
 */
#include "../dct.h"
#include "../scratch.h"
#include "detector.h"

#include <math.h>
#include <string.h>

enum {
    CUT = 4,
    BINS = CUT + 1,
    HALF = 5, /* distances 0 to 4 from the grid */
    PLACES = HALF * HALF,
    DIM = 64 * PLACES * BINS,
    SIDE_MIN = 64
};

/* Residuals that are not 0, of patterns with waves: 8,000 numbers of fewer are chance. */
static const uint64_t OTHER_MIN = 1000;

/* Where the grids agree, residuals are multiples of the file's steps, and many lie halfway between
 * two whole numbers.  They are rounded up; this is above the error of single precision. */
static const float HALFWAY = 1.0F / 512;

/* over[y][k][r][x]: windows at column x and row y of the grid whose rounded residual of pattern k
 * is above r. */
struct counts {
    uint32_t over[8][64][CUT][8];
};

/* ---- counting ---- */

/* Adds n windows, the first of which is on the grid; run[k][n ...] are written over up to a whole
 * multiple of 8. */
static void count_run(float (*run)[AS_DCT_RUN], uint32_t n, const float bound[CUT],
                      uint32_t (*over)[CUT][8])
{
    for (uint32_t k = 0; k < 64; k++) {
        uint32_t sum[CUT][8];
        memcpy(sum, over[k], sizeof sum);
        for (uint32_t i = n; i % 8 != 0; i++)
            run[k][i] = 0; /* below all bounds */
        for (uint32_t i = 0; i < n; i += 8)
            for (uint32_t x = 0; x < 8; x++) {
                const float v = fabsf(run[k][i + x]);
                for (uint32_t r = 0; r < CUT; r++)
                    sum[r][x] += v >= bound[r];
            }
        memcpy(over[k], sum, sizeof sum);
    }
}

/* The windows that begin in rows 0 to rows - 1 of the strip and are within its first w columns. */
static void count_band(const struct as_plane *strip, uint32_t w, uint32_t rows,
                       const float bound[CUT], struct counts *c)
{
    float run[64][AS_DCT_RUN];

    for (uint32_t y = 0; y < rows; y++)
        for (uint32_t x = 0; x + 8 <= w; x += AS_DCT_RUN) {
            const uint32_t left = w - 7 - x, n = left < AS_DCT_RUN ? left : AS_DCT_RUN;
            as_dct_run(strip, x, y, n, run);
            for (uint32_t i = 0; i < n; i++)
                run[0][i] -= 1024; /* samples are coded less 128 */
            count_run(run, n, bound, c->over[y]);
        }
}

/* All windows within the picture; what fills up the last blocks is the encoder's. */
static void count_all(const struct as_unit *unit, const float bound[CUT], float *strip,
                      struct counts *c)
{
    const uint32_t w = unit->meta->w, h = unit->meta->h;
    const uint32_t wb = unit->dct->comp[0].wb, hb = unit->dct->comp[0].hb;
    const uint16_t *steps = unit->dct->comp[0].q;
    const int16_t *blocks = unit->dct->comp[0].at;
    const size_t row = (size_t)wb * 64;
    const struct as_plane plane = {strip, wb * 8, 16, (size_t)wb * 8};

    memset(c, 0, sizeof *c);
    as_dct_samples(blocks, wb, 1, steps, strip + row, (size_t)wb * 8);
    for (uint32_t j = 0; 8 * j + 8 <= h; j++) {
        const uint32_t left = h - 7 - 8 * j; /* more than one: there is a block below */
        if (j + 1 < hb)
            as_dct_roll(blocks + (j + 1) * row, wb, steps, strip);
        else
            memcpy(strip, strip + row, row * sizeof *strip);
        count_band(&plane, w, left < 8 ? left : 8, bound, c);
    }
}

/* ---- measuring ---- */

/* The least residuals that are rounded to 1, 2, 3 and 4. */
static void fill_bounds(const uint16_t *table, float bound[CUT])
{
    uint32_t distance;
    const float quality = (float)as_ijg_nearest(table, false, 0, &distance);
    const float fine = 8 * (2 - quality / 50);
    const float step = quality < 50 ? 400 / quality : fine;

    for (uint32_t r = 0; r < CUT; r++) {
        const float least = step > 100 ? 100 : step < 0.2F ? 0.2F : step;
        bound[r] = ((float)r + 0.5F) * least - HALFWAY;
    }
}

static bool is_flat(const struct counts *c)
{
    uint64_t n = 0;

    for (uint32_t y = 0; y < 8; y++)
        for (uint32_t k = 1; k < 64; k++)
            for (uint32_t x = 0; x < 8; x++)
                n += c->over[y][k][0][x];
    return n < OTHER_MIN;
}

/* Windows at place `at` of the grid along a side. */
static uint64_t along(uint32_t side, uint32_t at)
{
    return (side - 8 - at) / 8 + 1;
}

/* The shares of one pattern at the places whose distances from the grid are i across and j down. */
static void share(const struct counts *c, const struct as_meta *meta, uint32_t k, uint32_t i,
                  uint32_t j, float *to)
{
    const uint32_t xs[2] = {i, 8 - i}, ys[2] = {j, 8 - j};
    const uint32_t nx = i == 0 || i == 4 ? 1 : 2, ny = j == 0 || j == 4 ? 1 : 2;
    uint64_t all = 0, over[BINS + 1] = {0};

    for (uint32_t y = 0; y < ny; y++)
        for (uint32_t x = 0; x < nx; x++) {
            all += along(meta->w, xs[x]) * along(meta->h, ys[y]);
            for (uint32_t r = 0; r < CUT; r++)
                over[r + 1] += c->over[ys[y]][k][r][xs[x]];
        }
    over[0] = all;
    for (uint32_t r = 0; r < CUT; r++)
        to[r] = (float)((double)(over[r] - over[r + 1]) / (double)all);
    to[CUT] = (float)((double)over[CUT] / (double)all);
}

/* ---- the detector ---- */

enum { BROKEN, SMALL, FLAT };
static const char *const reasons[] = {
    [BROKEN] = AS_META_LUMA_UNUSABLE,
    [SMALL] = "the picture is smaller than 64 x 64",
    [FLAT] = "the picture is too flat or too coarsely compressed for residuals",
    NULL,
};

static size_t lay_out(uint32_t w, void *at, struct counts **c, float **strip)
{
    struct as_scratch room = {at, 0};

    *c = as_scratch_take(&room, sizeof **c);
    *strip = as_scratch_take(&room, ((size_t)w + 7) / 8 * 128 * sizeof **strip);
    return room.used;
}

static size_t dctr_scratch_bytes(uint32_t w, uint32_t h)
{
    struct counts *c;
    float *strip;

    (void)h;
    return lay_out(w, NULL, &c, &strip);
}

static enum as_status abstain(struct as_out *out, uint16_t why)
{
    out->verdict = AS_ABSTAINS;
    out->reason = why;
    return AS_OK;
}

static enum as_status dctr_extract(void *state, const struct as_unit *unit, void *scratch,
                                   struct as_out *out)
{
    float bound[CUT], *strip, *to = out->feat;
    struct counts *c;

    (void)state;
    if (!as_meta_luma_usable(unit->meta, unit->dct, 64, UINT16_MAX))
        return abstain(out, BROKEN);
    if (unit->meta->w < SIDE_MIN || unit->meta->h < SIDE_MIN)
        return abstain(out, SMALL);
    (void)lay_out(unit->meta->w, scratch, &c, &strip);
    fill_bounds(unit->dct->comp[0].q, bound);
    count_all(unit, bound, strip, c);
    if (is_flat(c))
        return abstain(out, FLAT);
    for (uint32_t k = 0; k < 64; k++)
        for (uint32_t j = 0; j < HALF; j++)
            for (uint32_t i = 0; i < HALF; i++, to += BINS)
                share(c, unit->meta, k, i, j, to);
    out->verdict = AS_APPLIES;
    return AS_OK;
}

/* u1v2_x3y0_4: the pattern with 1 half wave across and 2 down, 3 pixels from the grid across and
 * on it down, 4 or more. */
#define BINS_OF(p) p "0", p "1", p "2", p "3", p "4"
#define ACROSS(p, y)                                                                               \
    BINS_OF(p "_x0" y), BINS_OF(p "_x1" y), BINS_OF(p "_x2" y), BINS_OF(p "_x3" y),                \
        BINS_OF(p "_x4" y)
#define PLACES_OF(p)                                                                               \
    ACROSS(p, "y0_"), ACROSS(p, "y1_"), ACROSS(p, "y2_"), ACROSS(p, "y3_"), ACROSS(p, "y4_")
#define PATTERNS(v)                                                                                \
    PLACES_OF("u0" v), PLACES_OF("u1" v), PLACES_OF("u2" v), PLACES_OF("u3" v), PLACES_OF("u4" v), \
        PLACES_OF("u5" v), PLACES_OF("u6" v), PLACES_OF("u7" v)

static const char *const measures[DIM] = {PATTERNS("v0"), PATTERNS("v1"), PATTERNS("v2"),
                                          PATTERNS("v3"), PATTERNS("v4"), PATTERNS("v5"),
                                          PATTERNS("v6"), PATTERNS("v7")};

const struct as_detector as_detector_dctr = {
    .name = "dctr",
    .version = 1,
    .summary = "residuals of a JPEG by the 64 patterns of its transform, at every place (DCTR)",
    .paper = "V. Holub, J. Fridrich, Low-Complexity Features for JPEG Steganalysis Using "
             "Undecimated DCT, TIFS 10(2), 2015",
    .card = "The 64 patterns of JPEG's transform are moved pixel by pixel over the luma of a JPEG, "
            "which is decompressed without rounding.  What each gives is divided by a step that "
            "belongs to the quality, rounded, and counted as 0, 1, 2, 3, 4 or more, apart for the "
            "25 distances (0 to 4 across and down) of a window from the grid of 8 x 8: 8,000 "
            "shares.  Of tables that are not of the IJG library the nearest quality is taken.  "
            "Residuals halfway between two numbers count as the higher, and windows that reach "
            "beyond the picture, into what fills up the last blocks, are left out.\n\n"
            "Made to find hidden messages, they are a general picture of noise and of what was "
            "done to a JPEG: a model of them knows the cameras, the processing and the qualities "
            "of its training.  They are measures for a model to be trained on, by `--fit fld`.  No "
            "model comes with it, so it gives no score and makes no finding.  Runs only when it is "
            "named; a picture takes 32 KB of the store.\n\n"
            "Measured with a linear discriminant on invented pictures (798 JPEG files, 12 random "
            "decoders, 202 to test): AUC 1.00, .99 where the kind of up-sampler was not in "
            "training; but .45, chance, once the picture is cut off its grid and compressed again, "
            "and .64 at 75 % size.  Real pictures, 38 generated of 7 sources and 26 or 27 "
            "photographs of 5, cut to 256 x 256 and compressed alike, sources not in training: AUC "
            ".76 (95 %: .65 to .86), .70 (.58 to .82) where all had been compressed once before, "
            ".46 (.31 to .60) where all had been scaled to one size: it tells the past of the "
            "files, not their origin.  Trained on invented pictures: .32 to .54.",
    .family = AS_FAMILY_SPECTRUM,
    .needs = AS_DCT | AS_META,
    .min_side = 0,
    .dim = DIM,
    .measures = measures,
    .reasons = reasons,
    .pool = AS_POOL_MEAN,
    .asked = true,
    .scratch_bytes = dctr_scratch_bytes,
    .extract = dctr_extract,
};
