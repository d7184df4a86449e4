/* nadq.c - an earlier JPEG whose grid of blocks is not the file's, and where it is missing.
 *
 * What was cropped or pasted off the grid and compressed again still has coefficients near
 * multiples of the first steps, if blocks are cut where the first compression had them.  All 63
 * other grids are tried: the mean of cos(2 pi c / step) over coefficients is 0 for smooth
 * histograms and rises when c gathers at multiples.  Grids are compared with one another, so that
 * contents do not count; steps are those of the IJG tables.  For the grid and table that stand out,
 * a likelihood ratio of every block says whether it has been through that compression.
 *
 *  1. histograms of ten frequencies on 64 grids
 *  2. the grid and the table that stand out
 *  3. the likelihood of blocks, and the part that differs
 *
 * T. Bianchi, A. Piva, "Image forgery localization via block-grained analysis of JPEG artifacts",
 * IEEE TIFS 7(3), 2012; "Detection of nonaligned double JPEG compression based on integer
 * periodicity maps", IEEE TIFS 7(2), 2012.
 */
#include "../dct.h"
#include "../region.h"
#include "detector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHIFT_X, SHIFT_Y, QUALITY, GRID, MARGIN, SHARE, AREA, SUPPORT, ALTERED, DIM };

static const char *const measures[DIM] = {
    [SHIFT_X] = "shift_x_px",
    [SHIFT_Y] = "shift_y_px",
    [QUALITY] = "first_quality",
    [GRID] = "first_grid_z",
    [MARGIN] = "first_grid_margin_z",
    [SHARE] = "first_grid_percent",
    [AREA] = "altered_area_percent",
    [SUPPORT] = "altered_support_nats",
    [ALTERED] = "altered",
};

static const char *const says[DIM] = {
    [SHIFT_X] = "an earlier compression had its grid elsewhere (cropped, then saved again)",
    [SHIFT_Y] = "an earlier compression had its grid elsewhere (cropped, then saved again)",
    [QUALITY] = "an earlier compression had its grid elsewhere (cropped, then saved again)",
    [GRID] = "an earlier compression had its grid elsewhere (cropped, then saved again)",
    [MARGIN] = "an earlier compression had its grid elsewhere (cropped, then saved again)",
    [SHARE] = "a share of the picture has an earlier grid",
    [AREA] = "a share of the picture differs in its earlier grid",
    [SUPPORT] = "a region differs from the rest in its earlier grid",
    [ALTERED] = "a region differs from the rest: one of them has been compressed on another grid",
};

enum { BROKEN, SMALL };
static const char *const reasons[] = {
    [BROKEN] = AS_META_LUMA_UNUSABLE,
    [SMALL] = "the picture has too few blocks for histograms",
    NULL,
};

enum {
    NFREQ = 10,    /* along the zigzag, from the first */
    NGRID = 64,    /* x + 8 y; 0 is the file's own */
    MIDDLE = 1024, /* bin of 0: bins are one unit of a coefficient */
    NBIN = 2 * MIDDLE,
    Q_MIN = 40, /* qualities that are tried */
    Q_MAX = 95, /* above, steps are too small to show through rounding */
    STEP_MAX = 64,
    MIN_BLOCKS = 1024,
    SAMPLE = 1500000, /* pixels in the histograms; of larger pictures, bands of rows */
    MIN_CELLS = 16,
    NEAR = 260 /* entries of a table of distances, in half units */
};

/* Below this nothing stands out. */
static const float grid_bound = 8;

struct waves {
    float cosine[STEP_MAX + 1]
                [NBIN]; /* cos(2 pi (bin - MIDDLE) / step), 0 within half a step of 0 */
};

struct work {
    uint16_t count[NGRID][NFREQ][NBIN];
    float value[NBIN];
    float comb[NFREQ][STEP_MAX + 1][NGRID]; /* mean cosine times sqrt(2 N) */
    float llr[NFREQ][NEAR];
    uint32_t step[NFREQ], second[NFREQ];
};

static enum as_status nadq_init(void **state)
{
    struct waves *w = calloc(1, sizeof *w);

    if (!w)
        return AS_ENOMEM;
    for (int step = 2; step <= STEP_MAX; step++)
        for (int i = 0; i < NBIN; i++) {
            const int c = i - MIDDLE;
            if (2 * abs(c) > step)
                w->cosine[step][i] = (float)cos(2 * 3.14159265358979323846 * c / step);
        }
    *state = w;
    return AS_OK;
}

/* ---- 1. histograms ---- */

static void count_run(struct work *w, float (*run)[AS_DCT_RUN], uint32_t x, uint32_t y, uint32_t n)
{
    for (uint32_t f = 0; f < NFREQ; f++) {
        const float *c = run[as_zigzag[f]];
        const float shift = f == 0 ? 0.5f : MIDDLE + 0.5f; /* samples are coded less 128: 1024 */
        for (uint32_t i = 0; i < n; i++) {
            const float bin = c[i] + shift;
            if (bin >= 0 && bin < NBIN)
                w->count[(x + i) % 8 + 8 * y][f][(uint32_t)bin]++;
        }
    }
}

static void count_band(struct work *w, const struct as_plane *strip)
{
    float run[64][AS_DCT_RUN];

    for (uint32_t y = 0; y < 8; y++)
        for (uint32_t x = 0; x + 8 <= strip->w; x += AS_DCT_RUN) {
            const uint32_t left = strip->w - 7 - x, n = left < AS_DCT_RUN ? left : AS_DCT_RUN;
            as_dct_run(strip, x, y, n, run);
            count_run(w, run, x, y, n);
        }
}

/* Bands of 16 rows of samples, so many that SAMPLE pixels are counted. */
static void count_all(struct work *w, const struct as_dct *dct, float *strip)
{
    const uint32_t wb = dct->comp[0].wb, hb = dct->comp[0].hb;
    const size_t row = (size_t)wb * 64, pixels = row * hb;
    const struct as_plane plane = {strip, wb * 8, 16, (size_t)wb * 8};
    const uint32_t stride = (uint32_t)(1 + pixels / SAMPLE);

    memset(w->count, 0, sizeof w->count);
    memset(strip, 0, 2 * row * sizeof *strip);
    for (uint32_t j = 1; j < hb; j += stride) {
        as_dct_roll(dct->comp[0].at + (j - 1) * row, wb, dct->comp[0].q, strip);
        as_dct_roll(dct->comp[0].at + j * row, wb, dct->comp[0].q, strip);
        count_band(w, &plane);
    }
}

/* ---- 2. the grid and the table ---- */

struct reach {
    uint32_t from, to;
};

/* The bins of one histogram as numbers, and where they are not 0. */
static struct reach load(struct work *w, uint32_t grid, uint32_t f)
{
    struct reach r = {NBIN, 0};

    for (uint32_t i = 0; i < NBIN; i++) {
        w->value[i] = w->count[grid][f][i];
        if (w->count[grid][f][i]) {
            r.from = i < r.from ? i : r.from;
            r.to = i + 1;
        }
    }
    return r;
}

static float comb_of(const struct work *w, const struct waves *waves, struct reach r, uint32_t step)
{
    const float *cosine = waves->cosine[step];
    float part[8] = {0}, sum = 0, n = 0;
    uint32_t i = r.from;

    for (; i + 8 <= r.to; i += 8)
        for (uint32_t k = 0; k < 8; k++)
            part[k] += w->value[i + k] * cosine[i + k];
    for (; i < r.to; i++)
        sum += w->value[i] * cosine[i];
    for (uint32_t k = 0; k < 8; k++)
        sum += part[k];
    for (i = r.from; i < r.to; i++)
        n += cosine[i] != 0 ? w->value[i] : 0;
    return n > 0 ? sum * sqrtf(2 / n) : 0;
}

/* Fills comb for the steps of all tables that are tried. */
static void fill_combs(struct work *w, const struct waves *waves)
{
    for (uint32_t f = 0; f < NFREQ; f++) {
        const uint32_t most = as_ijg_step(false, as_zigzag[f], Q_MIN);
        const uint32_t least = as_ijg_step(false, as_zigzag[f], Q_MAX);
        for (uint32_t grid = 1; grid < NGRID; grid++) {
            const struct reach r = load(w, grid, f);
            for (uint32_t step = least < 2 ? 2 : least; step <= most && step <= STEP_MAX; step++)
                w->comb[f][step][grid] = comb_of(w, waves, r, step);
        }
    }
}

/* Grids that share rows or columns with the file's are a kind of their own: blocks half in one of
 * its blocks and half in another have coefficients near multiples of its steps, or of half its
 * steps. */
static uint32_t kind_of(uint32_t grid)
{
    return (uint32_t)(grid % 8 == 0) + 2 * (uint32_t)(grid / 8 == 0);
}

/* Whether the step of a table may be seen in a frequency on a grid; *step: which. */
static bool tried(const struct work *w, uint32_t f, uint32_t quality, uint32_t grid, uint32_t *step)
{
    *step = as_ijg_step(false, as_zigzag[f], quality);
    return *step >= 2 && *step <= STEP_MAX && (!kind_of(grid) || 4 * *step > 5 * w->second[f]);
}

/* What each grid has more than the mean of its kind, for the table of a quality; a normal law of
 * deviation 1 if nothing stands out. */
static void excess(const struct work *w, uint32_t quality, float *z)
{
    float mean[4] = {0}, n[4] = {0};

    for (uint32_t g = 1; g < NGRID; g++) {
        z[g] = 0;
        for (uint32_t f = 0; f < NFREQ; f++) {
            uint32_t step;
            z[g] += tried(w, f, quality, g, &step) ? w->comb[f][step][g] : 0;
        }
        z[g] /= sqrtf(NFREQ);
        mean[kind_of(g)] += z[g];
        n[kind_of(g)]++;
    }
    for (uint32_t g = 1; g < NGRID; g++)
        z[g] -= mean[kind_of(g)] / n[kind_of(g)];
}

struct found {
    uint32_t grid, quality;
    float z, next; /* next: the strongest other grid at that quality */
};

static struct found find_grid(const struct work *w)
{
    struct found best = {0};

    for (uint32_t q = Q_MIN; q <= Q_MAX; q++) {
        float z[NGRID];
        excess(w, q, z);
        for (uint32_t g = 1; g < NGRID; g++)
            if (z[g] >= best.z) {
                best = (struct found){.grid = g, .quality = q, .z = z[g]};
                for (uint32_t k = 1; k < NGRID; k++)
                    best.next = k != g && z[k] > best.next ? z[k] : best.next;
            }
    }
    return best;
}

/* ---- 3. blocks ---- */

/* The error of a coefficient on the first grid: what the second quantisation left, of the steps
 * about this frequency, and rounding. */
static float sigma_of(const uint16_t *q, uint32_t k)
{
    const uint32_t u = k % 8, v = k / 8;
    float sum = 0, n = 0;

    for (uint32_t j = v ? v - 1 : 0; j <= v + 1; j++)
        for (uint32_t i = u ? u - 1 : 0; i <= u + 1; i++) {
            sum += (float)q[8 * j + i] * (float)q[8 * j + i];
            n++;
        }
    return sqrtf(sum / n / 12 + 0.12f);
}

/* The density at a distance from the nearest multiple of the step, over that of no comb. */
static float comb_density(float distance, float step, float sigma)
{
    float sum = 0;

    for (int m = -3; m <= 3; m++) {
        const float e = (distance + (float)m * step) / sigma;
        sum += expf(-0.5f * e * e);
    }
    return sum * step * 0.39894228f / sigma;
}

/* The log likelihood of one frequency on the grid if `share` of its coefficients have the comb. */
static float fit_of(const struct work *w, uint32_t grid, uint32_t f, float sigma, float share)
{
    const int step = (int)w->step[f];
    float n[STEP_MAX / 2 + 1] = {0}, sum = 0;

    for (int i = 0; i < NBIN; i++) {
        const int c = abs(i - MIDDLE), k = (2 * c + step) / (2 * step);
        if (k > 0)
            n[abs(c - k * step)] += w->count[grid][f][i];
    }
    for (int i = 0; 2 * i <= step; i++)
        if (n[i] > 0)
            sum += n[i] * logf(share * comb_density((float)i, (float)step, sigma) + 1 - share);
    return sum;
}

/* What lies beyond neighbouring frequencies and edits between the compressions may widen the comb:
 * the width and the share that fit best, the width a multiple of what is expected. */
static float find_width(const struct work *w, const uint16_t *q, uint32_t grid)
{
    static const float widths[] = {0.7f, 1, 1.4f, 2, 2.8f};
    float best = -INFINITY, width = 1;

    for (uint32_t i = 0; i < 5; i++)
        for (uint32_t part = 1; part <= 4; part++) {
            float sum = 0;
            for (uint32_t f = 0; f < NFREQ; f++)
                sum +=
                    fit_of(w, grid, f, widths[i] * sigma_of(q, as_zigzag[f]), 0.25f * (float)part);
            if (sum > best) {
                best = sum;
                width = widths[i];
            }
        }
    return width;
}

/* A tenth of the blocks that have the comb may lie anywhere. */
static void fill_llr(struct work *w, const uint16_t *q, const struct found *found)
{
    float width;

    for (uint32_t f = 0; f < NFREQ; f++)
        w->step[f] = as_ijg_step(false, as_zigzag[f], found->quality);
    width = find_width(w, q, found->grid);
    for (uint32_t f = 0; f < NFREQ; f++) {
        const float sigma = width * sigma_of(q, as_zigzag[f]);
        for (uint32_t i = 0; i < NEAR; i++)
            w->llr[f][i] = logf(0.1f + 0.9f * comb_density((float)i / 2, (float)w->step[f], sigma));
    }
}

static float block_llr(const struct work *w, const float *block)
{
    float sum = 0;

    for (uint32_t f = 0; f < NFREQ; f++) {
        const float c = fabsf(block[as_zigzag[f]] - (f == 0 ? 1024 : 0)), step = (float)w->step[f];
        const float k = (float)(int32_t)(c / step + 0.5f), at = 2 * fabsf(c - k * step) + 0.5f;
        if (k > 0 && at < NEAR)
            sum += w->llr[f][(uint32_t)at];
    }
    return sum;
}

/* No sample is near the ends of the scale, where cutting spoils the comb; the second quantisation
 * has moved samples since. */
static bool unclipped(const struct as_plane *p, uint32_t x, uint32_t y)
{
    float low = 255, high = 0;

    for (size_t j = 0; j < 8; j++)
        for (size_t i = 0; i < 8; i++) {
            const float v = p->at[(y + j) * p->stride + x + i];
            low = v < low ? v : low;
            high = v > high ? v : high;
        }
    return low > 3.5f && high < 251.5f;
}

/* Blocks of the first grid give their value to the cell in which their middle lies. */
static void fill_map(const struct work *w, const struct as_dct *dct, uint32_t grid, float *strip,
                     struct as_region_room *r)
{
    const uint32_t dx = grid % 8, dy = grid / 8;
    const struct as_plane plane = {strip, r->w * 8, 16, (size_t)r->w * 8};
    float block[64];

    memset(r->map, 0, r->cells * sizeof *r->map);
    for (uint32_t j = 0; j < r->h; j++) {
        as_dct_roll(dct->comp[0].at + (size_t)j * r->w * 64, r->w, dct->comp[0].q, strip);
        for (uint32_t x = dx; j > 0 && x + 8 <= plane.w; x += 8) {
            if (!unclipped(&plane, x, dy))
                continue;
            as_dct_block(&plane, x, dy, block);
            r->map[(size_t)(j - 1 + (dy >= 4)) * r->w + (x + 4) / 8] = block_llr(w, block);
        }
    }
}

/* The share of cells that have the grid, of those that say anything. */
static float share_of(const struct as_region_room *r)
{
    size_t with = 0, without = 0;

    for (size_t i = 0; i < r->cells; i++) {
        with += r->map[i] > 1;
        without += r->map[i] < -1;
    }
    return with ? (float)with / (float)(with + without) : 0;
}

/* Turns the map so that the smaller part is positive, and measures its strongest region. */
static void measure_map(struct as_region_room *r, float *feat)
{
    const float share = share_of(r);
    struct as_region region;

    for (size_t i = 0; i < r->cells && share >= 0.5f; i++)
        r->map[i] = -r->map[i];
    region = as_region_largest(r, 0);
    feat[SHARE] = 100 * share;
    feat[AREA] = 100 * (float)region.cells / (float)r->cells;
    feat[SUPPORT] = region.cells ? region.sum / (float)region.cells : 0;
    feat[ALTERED] = region.cells >= MIN_CELLS ? log10f(1 + feat[SUPPORT]) : 0;
}

/* A grid of which no block knows is no grid: steps of half the size on a grid half a block away
 * from an aligned first compression look like one. */
static void measure_found(struct as_region_room *r, const struct found *best, float *feat)
{
    if (share_of(r) < (kind_of(best->grid) ? 0.2f : 0.01f)) {
        memset(r->map, 0, r->cells * sizeof *r->map);
        return;
    }
    feat[SHIFT_X] = (float)(best->grid % 8);
    feat[SHIFT_Y] = (float)(best->grid / 8);
    feat[QUALITY] = (float)best->quality;
    measure_map(r, feat);
}

/* ---- the detector ---- */

static size_t nadq_scratch_bytes(uint32_t w, uint32_t h)
{
    const size_t wb = (w + 7) / 8, hb = (h + 7) / 8;

    return sizeof(struct work) + wb * 128 * sizeof(float) + as_region_bytes(wb * hb);
}

static int refuse(const struct as_unit *unit)
{
    const uint32_t wb = (unit->meta->w + 7) / 8, hb = (unit->meta->h + 7) / 8;

    if (!as_meta_luma_usable(unit->meta, unit->dct, 64, UINT16_MAX))
        return BROKEN;
    return (size_t)wb * hb < MIN_BLOCKS || wb < 8 || hb < 8 ? SMALL : -1;
}

static enum as_status nadq_extract(void *state, const struct as_unit *unit, void *scratch,
                                   struct as_out *out)
{
    const struct as_dct *dct = unit->dct;
    const int why = refuse(unit);
    struct work *w = scratch;
    float *strip = (float *)(void *)((uint8_t *)scratch + sizeof *w);
    struct as_region_room r;
    struct found best;

    out->verdict = AS_ABSTAINS;
    out->reason = (uint16_t)(why < 0 ? 0 : why);
    if (why >= 0)
        return AS_OK;
    r = as_region_lay(strip + (size_t)dct->comp[0].wb * 128, dct->comp[0].wb, dct->comp[0].hb);
    memset(r.map, 0, r.cells * sizeof *r.map);
    memset(out->feat, 0, DIM * sizeof *out->feat);
    for (size_t f = 0; f < NFREQ; f++)
        w->second[f] = dct->comp[0].q[as_zigzag[f]];
    count_all(w, dct, strip);
    fill_combs(w, state);
    best = find_grid(w);
    out->feat[GRID] = best.z;
    out->feat[MARGIN] = best.z - best.next;
    if (best.z - best.next >= grid_bound) {
        fill_llr(w, dct->comp[0].q, &best);
        fill_map(w, dct, best.grid, strip, &r);
        as_region_smooth(&r);
        measure_found(&r, &best, out->feat);
    }
    if (out->heat)
        as_region_heat(&r, out->heat->at);
    out->verdict = AS_APPLIES;
    return AS_OK;
}

const struct as_detector as_detector_nadq = {
    .name = "nadq",
    .version = 1,
    .summary = "an earlier JPEG compression on another grid, and regions that differ in it",
    .paper = "Bianchi, Piva, Image forgery localization via block-grained analysis of JPEG "
             "artifacts, IEEE TIFS 2012",
    .card =
        "Works on JPEG files of 1,024 blocks or more that were cropped, or pasted into, off the "
        "grid of 8 x 8 and saved again: it finds where the first grid was and of which IJG quality "
        "(40 to 95), and the part of the picture that has it, or lacks it.  It needs the last "
        "quality above the first, and no resizing.  A first grid elsewhere means "
        "that the picture was cropped after it had been saved, which is common and no finding; a "
        "picture in which no other grid is found is not thereby as it was taken.\n\n"
        "first_grid_z: how far the best grid and table stand out among the 63 grids, in "
        "deviations; "
        "first_grid_margin_z: above the next grid (8 and more counts).  shift_x_px, shift_y_px: "
        "where blocks of the first compression begin, 0 to 7; they and first_quality are 0 where "
        "no "
        "grid is believed.  first_grid_percent: of cells that say anything, those that have it.  "
        "The map turns the smaller part above one half; altered_area_percent, "
        "altered_support_nats: "
        "its strongest region and the mean log likelihood ratio there (sums of 3 x 3 blocks, "
        "median of 5 x 5); altered: log10 of 1 + that support.\n\n"
        "Measured at 768 x 512 with a bound of .9 chosen on other pictures, altered centre of a "
        "quarter, first grid elsewhere.  The grid: right in all 94 pictures where one was named; "
        "found in 44 of 44 invented scenes and 25 of 26 photographs at half size with the second "
        "quality 10 or more above the first, in 12 of 14 at 1 to 9 above, 7 of 77 below; none "
        "named "
        "in 220 pictures compressed once, 47 twice on one grid, 78 photographs as found.  Pixel "
        "AUC at 20 or more above: .999 (95 % .999 to .999; 22) and .995 (.989 to .998; 19), at 10 "
        "to "
        "19: .997 (22) and .923 (.808 to .996; 7), at 1 to 9 .83 and .81.  altered above .9: 30 of "
        "44 "
        "and 15 of 26; of authentic ones 0 of 280 and 3 of 160 (all three cropped and saved "
        "again), 0 of 78 as found (upper end of 95 %: 4.6 %; 12 abstained).\n\n"
        "Fails: first tables not of the IJG library, flat or clipped regions (no evidence), parts "
        "smaller than about 60 pixels; in a picture of an aligned first compression a false grid "
        "half "
        "a block away is possible (1 of 12 altered files as found, without an altered region).  "
        "Which part is the new one is for people to say.",
    .family = AS_FAMILY_JPEG,
    .needs = AS_DCT | AS_META,
    .min_side = 0,
    .dim = DIM,
    .measures = measures,
    .says = says,
    .reasons = reasons,
    .heat_step = 8,
    .pool = AS_POOL_MAX,
    .asked = true,
    .init = nadq_init,
    .scratch_bytes = nadq_scratch_bytes,
    .extract = nadq_extract,
    .free = free,
};
