/* cooccurrence.c - parts whose fine structure is not that of the rest of the picture.
 *
 * What a picture has gone through (lens, sensor, demosaicing, sharpening, compression) shapes how
 * neighbouring samples of its high frequencies go together.  Third differences are rounded to -1,
 * 0, 1; how often each run of four of them occurs, along and across, makes 2 x 25 numbers of a
 * block of 128 x 128.  Most blocks form one cloud; a part from elsewhere lies beside it.  Nothing
 * is learnt beforehand: the picture is compared with itself.
 *
 * Counts are kept by cells of 8 x 8, so that blocks at every cell cost little more than one pass.
 *
 * D. Cozzolino, G. Poggi, L. Verdoliva: Splicebuster: a new blind image splicing detector, IEEE
 * International Workshop on Information Forensics and Security, 2015.
 */
#include "../eigen.h"
#include "../outlier.h"
#include "../scratch.h"
#include "detector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    RUNS = 81,
    KINDS = 25, /* of runs, when mirrored and negated ones are one kind */
    DIM = 2 * KINDS,
    COUNTS = DIM + 1, /* the last: pixels that are neither dark nor saturated */
    CELL = 8,
    REACH = 6, /* pixels right of and below one that its runs reach */
    STEP = 2,  /* cells between blocks of the map                   */
    BLOCK = 16,
    SMALL_BLOCK = 8, /* cells; where the shorter side is below SMALL_SIDE */
    SMALL_SIDE = 384,
    SIDE_MIN = 192,
    CLOUD = AS_OUTLIER_DIM,
    TILE = 64,  /* blocks measured at once */
    STARTS = 10 /* of the search for the cloud: all blocks, and each ninth of the picture */
};

/* As published: steps of 2/256 of the range times 3, pixels of 6..252 count, 85 % of a block. */
static const float threshold = 255 * 3.0F / 256, dark = 6, bright = 252;
static const float valid_least = 0.85F;

/* A block is flat when so few of its differences are not 0. */
static const float busy_least = 0.001F;

/* Keeps directions that hardly vary from becoming important: an eighth of what chance alone makes
 * a root of a share of 32,768 runs vary. */
static const double variance_least = 1e-6;

struct tables {
    uint8_t kind[RUNS];
    uint8_t zero_kind;
};

struct work {
    const struct tables *tables;
    uint32_t cw, ch, block; /* cells of the picture and of a block's side        */
    uint32_t mw, mh;        /* blocks of the map                                 */
    uint8_t *cells;         /* [ch][cw][COUNTS]                                  */
    uint16_t *columns;      /* [cw][COUNTS] sums of a block's rows               */
    float *map;             /* [mh][mw] squared distance; below 0: not measured  */
    uint32_t *queue;        /* [mh * mw]                                         */
    uint8_t *rows;          /* [4][2][w] differences + 1                         */
    uint32_t sum[COUNTS];   /* of one block                                      */
    float feature[AS_OUTLIER_MAX][DIM];
    uint16_t side[AS_OUTLIER_MAX];
    uint32_t n; /* of feature */
    double mean[DIM], cov[DIM * DIM], values[DIM], vectors[DIM * DIM];
    float project[CLOUD][DIM], centre[CLOUD], root_project[CLOUD][DIM];
    struct as_outlier cloud;
    struct as_outlier_work fit;
};

/* ---- tables ---- */

/* Numbers the kinds in the order of their least member. */
static void make_kinds(struct tables *t)
{
    uint8_t next = 0;

    for (int run = 0; run < RUNS; run++) {
        const int d[4] = {run / 27, run / 9 % 3, run / 3 % 3, run % 3};
        const int mirrored = d[3] * 27 + d[2] * 9 + d[1] * 3 + d[0];
        const int least = mirrored < RUNS - 1 - run ? mirrored : RUNS - 1 - run;
        const int other = RUNS - 1 - mirrored < least ? RUNS - 1 - mirrored : least;
        t->kind[run] = other < run ? t->kind[other] : next++;
    }
    t->zero_kind = t->kind[RUNS / 2];
}

/* ---- counting ---- */

static void code_rows(const struct as_plane *p, uint32_t y, uint8_t *across, uint8_t *down)
{
    const float *a = p->at + y * p->stride, *b = a + p->stride, *c = b + p->stride;
    const float *d = c + p->stride;

    for (uint32_t x = 0; x + 3 < p->w; x++) {
        const float r = a[x] - 3 * a[x + 1] + 3 * a[x + 2] - a[x + 3];
        across[x] = (uint8_t)(1 + (r >= threshold) - (r <= -threshold));
    }
    for (uint32_t x = 0; x < p->w; x++) {
        const float r = a[x] - 3 * b[x] + 3 * c[x] - d[x];
        down[x] = (uint8_t)(1 + (r >= threshold) - (r <= -threshold));
    }
}

/* The runs that begin in row y, whose differences lie in w->rows, into a row of cells. */
static void count_row(struct work *w, const struct as_plane *p, uint32_t y, uint8_t *cells)
{
    const float *light = p->at + (y + REACH / 2) * p->stride + REACH / 2;
    const uint8_t *kind = w->tables->kind, *h[4], *v[4];

    for (uint32_t i = 0; i < 4; i++) {
        h[i] = w->rows + (size_t)((y + i) % 4) * 2 * p->w;
        v[i] = h[i] + p->w;
    }
    for (uint32_t x = 0; x < w->cw * CELL; x++) {
        uint8_t *to = cells + (size_t)(x / CELL) * COUNTS;
        to[kind[27 * h[0][x] + 9 * h[0][x + 1] + 3 * h[0][x + 2] + h[0][x + 3]]]++;
        to[kind[27 * v[0][x] + 9 * v[1][x] + 3 * v[2][x] + v[3][x]]]++;
        to[KINDS + kind[27 * h[0][x] + 9 * h[1][x] + 3 * h[2][x] + h[3][x]]]++;
        to[KINDS + kind[27 * v[0][x] + 9 * v[0][x + 1] + 3 * v[0][x + 2] + v[0][x + 3]]]++;
        to[DIM] = (uint8_t)(to[DIM] + (light[x] >= dark && light[x] <= bright));
    }
}

static void count_cells(struct work *w, const struct as_plane *p)
{
    memset(w->cells, 0, (size_t)w->cw * w->ch * COUNTS);
    for (uint32_t y = 0; y < w->ch * CELL + 3; y++) {
        uint8_t *row = w->rows + (size_t)(y % 4) * 2 * p->w;
        code_rows(p, y, row, row + p->w);
        if (y >= 3)
            count_row(w, p, y - 3, w->cells + (size_t)((y - 3) / CELL) * w->cw * COUNTS);
    }
}

/* ---- blocks ---- */

/* Moves the sums of columns to the blocks that begin in row y of cells; rows are taken in order. */
static void begin_row(struct work *w, uint32_t y)
{
    const size_t n = (size_t)w->cw * COUNTS;
    const uint8_t *leaves = w->cells + (y ? y - 1 : 0) * n;

    if (y == 0)
        memset(w->columns, 0, n * sizeof *w->columns);
    for (uint32_t row = y ? w->block - 1 : 0; row < w->block; row++) {
        const uint8_t *from = w->cells + (y + row) * n;
        for (size_t i = 0; i < n; i++)
            w->columns[i] = (uint16_t)(w->columns[i] + from[i]);
    }
    for (size_t i = 0; y && i < n; i++)
        w->columns[i] = (uint16_t)(w->columns[i] - leaves[i]);
}

/* w->sum := the block that begins in column x of cells; columns are taken in order. */
static void move_block(struct work *w, uint32_t x)
{
    const uint16_t *enters = w->columns + (size_t)(x ? x + w->block - 1 : 0) * COUNTS;
    const uint16_t *leaves = w->columns + (size_t)(x ? x - 1 : 0) * COUNTS;

    for (size_t i = 0; x && i < COUNTS; i++)
        w->sum[i] += (uint32_t)enters[i] - leaves[i];
    if (x)
        return;
    memset(w->sum, 0, sizeof w->sum);
    for (uint32_t k = 0; k < w->block; k++)
        for (size_t i = 0; i < COUNTS; i++)
            w->sum[i] += w->columns[(size_t)k * COUNTS + i];
}

/* Roots of the shares of w->sum, or false: dark, saturated or flat. */
static bool feature_of(const struct work *w, float *feature)
{
    const float pixels = (float)(w->block * w->block * CELL * CELL);
    const size_t zero = w->tables->zero_kind;

    if ((float)w->sum[DIM] < valid_least * pixels ||
        (float)w->sum[zero] > (1 - busy_least) * 2 * pixels)
        return false;
    for (size_t i = 0; i < DIM; i++)
        feature[i] = sqrtf((float)w->sum[i] / (2 * pixels));
    return true;
}

/* Blocks that the cloud is made of: so far apart that there are at most AS_OUTLIER_MAX. */
static void sample_blocks(struct work *w)
{
    const uint32_t nx = w->cw - w->block + 1, ny = w->ch - w->block + 1;
    uint32_t step = 1;

    while ((uint64_t)((nx + step - 1) / step) * ((ny + step - 1) / step) > AS_OUTLIER_MAX)
        step++;
    w->n = 0;
    for (uint32_t y = 0; y < ny; y++) {
        begin_row(w, y);
        for (uint32_t x = 0; x < nx && y % step == 0; x++) {
            move_block(w, x);
            if (x % step || !feature_of(w, w->feature[w->n]))
                continue;
            w->side[w->n++] = (uint16_t)(1 << (3 * x / nx + 3 * (3 * y / ny)));
        }
    }
}

/* ---- the cloud ---- */

static void covariance(struct work *w)
{
    memset(w->mean, 0, sizeof w->mean);
    memset(w->cov, 0, sizeof w->cov);
    for (uint32_t i = 0; i < w->n; i++)
        for (size_t k = 0; k < DIM; k++)
            w->mean[k] += (double)w->feature[i][k] / w->n;
    for (uint32_t i = 0; i < w->n; i++)
        for (size_t r = 0; r < DIM; r++) {
            const double d = ((double)w->feature[i][r] - w->mean[r]) / w->n;
            for (size_t c = 0; c < DIM; c++)
                w->cov[r * DIM + c] += d * ((double)w->feature[i][c] - w->mean[c]);
        }
}

/* The main directions of the blocks, each scaled to variance 1; the blocks in them. */
static void whiten(struct work *w)
{
    covariance(w);
    as_eigen(w->cov, DIM, w->values, w->vectors);
    for (size_t r = 0; r < CLOUD; r++) {
        const double scale = 1 / sqrt((w->values[r] > 0 ? w->values[r] : 0) + variance_least);
        double at = 0;
        for (size_t k = 0; k < DIM; k++) {
            w->project[r][k] = (float)(scale * w->vectors[r * DIM + k]);
            at += scale * w->vectors[r * DIM + k] * w->mean[k];
        }
        w->centre[r] = (float)at;
    }
    for (uint32_t i = 0; i < w->n; i++)
        for (size_t r = 0; r < CLOUD; r++) {
            float sum = -w->centre[r];
            for (size_t k = 0; k < DIM; k++)
                sum += w->project[r][k] * w->feature[i][k];
            w->fit.z[r][i] = sum;
        }
}

/* root_project := root times project; centre := where the cloud is, in the same. */
static void join_transforms(struct work *w)
{
    float centre[CLOUD];

    for (size_t r = 0; r < CLOUD; r++) {
        centre[r] = 0;
        memset(w->root_project[r], 0, sizeof w->root_project[r]);
        for (size_t c = 0; c <= r; c++) {
            const float f = w->cloud.root[r][c];
            centre[r] += f * (w->centre[c] + w->cloud.mean[c]);
            for (size_t k = 0; k < DIM; k++)
                w->root_project[r][k] += f * w->project[c][k];
        }
    }
    memcpy(w->centre, centre, sizeof centre);
}

/* ---- the map ---- */

static void measure_tile(const struct work *w, float tile[DIM][TILE], float *square)
{
    memset(square, 0, TILE * sizeof *square);
    for (size_t r = 0; r < CLOUD; r++) {
        float sum[TILE];
        for (size_t i = 0; i < TILE; i++)
            sum[i] = -w->centre[r];
        for (size_t k = 0; k < DIM; k++)
            for (size_t i = 0; i < TILE; i++)
                sum[i] += w->root_project[r][k] * tile[k][i];
        for (size_t i = 0; i < TILE; i++)
            square[i] += sum[i] * sum[i];
    }
}

/* A row of the map, whose columns are ready. */
static void measure_row(struct work *w, float *map)
{
    float tile[DIM][TILE] = {{0}}, square[TILE], feature[DIM];

    for (uint32_t x0 = 0; x0 < w->mw; x0 += TILE) {
        const uint32_t n = w->mw - x0 < TILE ? w->mw - x0 : TILE;
        for (uint32_t i = 0; i < n; i++) {
            for (uint32_t s = i + x0 ? 1 : STEP; s <= STEP; s++)
                move_block(w, i + x0 ? (i + x0 - 1) * STEP + s : 0);
            map[x0 + i] = feature_of(w, feature) ? 0 : -1;
            for (size_t k = 0; k < DIM && map[x0 + i] >= 0; k++)
                tile[k][i] = feature[k];
        }
        measure_tile(w, tile, square);
        for (uint32_t i = 0; i < n; i++)
            map[x0 + i] = map[x0 + i] < 0 ? -1 : square[i];
    }
}

static void measure_map(struct work *w)
{
    for (uint32_t y = 0; y + w->block <= w->ch; y++) {
        begin_row(w, y);
        if (y % STEP == 0)
            measure_row(w, w->map + (size_t)(y / STEP) * w->mw);
    }
}

/* Each square of the map is told by the block whose middle is nearest; .5 at the cloud's edge. */
static void paint(const struct work *w, const struct as_heat *heat)
{
    for (uint32_t y = 0; y < heat->h; y++)
        for (uint32_t x = 0; x < heat->w; x++) {
            const uint32_t half = w->block / STEP / 2;
            const uint32_t mx = x < half ? 0 : x - half < w->mw ? x - half : w->mw - 1;
            const uint32_t my = y < half ? 0 : y - half < w->mh ? y - half : w->mh - 1;
            const float square = w->map[(size_t)my * w->mw + mx];
            heat->at[(size_t)y * heat->w + x] = square < 0 ? 0 : square / (square + w->cloud.edge);
        }
}

/* ---- measures ---- */

enum { NO_BLOCKS, NO_CLOUD };
static const char *const reasons[] = {
    [NO_BLOCKS] = "too few blocks that are neither flat, dark nor saturated",
    [NO_CLOUD] = "the blocks do not form one cloud to compare with",
    NULL,
};

enum measure { BESIDE_SHARE, REGION_SHARE, REGION_DISTANCE, GAIN, VALID_SHARE, MEASURES };

static const char *const measures[MEASURES] = {
    [BESIDE_SHARE] = "beside_share",       [REGION_SHARE] = "region_share",
    [REGION_DISTANCE] = "region_distance", [GAIN] = "gain_nats",
    [VALID_SHARE] = "valid_share",
};

/* Blocks beside the cloud that hang together with the one at `first`; sum: of squared distances. */
static uint32_t grow(struct work *w, uint32_t first, double *sum)
{
    uint32_t n = 0;

    w->queue[n++] = first;
    *sum = (double)w->map[first];
    w->map[first] = -1;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t at = w->queue[i], x = at % w->mw;
        const uint32_t next[4] = {x ? at - 1 : at, x + 1 < w->mw ? at + 1 : at,
                                  at >= w->mw ? at - w->mw : at,
                                  at / w->mw + 1 < w->mh ? at + w->mw : at};
        for (size_t k = 0; k < 4; k++)
            if (w->map[next[k]] > w->cloud.edge) {
                *sum += (double)w->map[next[k]];
                w->map[next[k]] = -1;
                w->queue[n++] = next[k];
            }
    }
    return n;
}

/* Destroys the map. */
static void take_measures(struct work *w, float *feat)
{
    const uint32_t all = w->mw * w->mh;
    uint32_t valid = 0, beside = 0, largest = 0;

    feat[REGION_DISTANCE] = 0;
    for (uint32_t i = 0; i < all; i++)
        valid += w->map[i] >= 0;
    for (uint32_t i = 0; i < all; i++) {
        uint32_t n;
        double sum;
        if (w->map[i] <= w->cloud.edge)
            continue;
        n = grow(w, i, &sum);
        beside += n;
        if (n > largest) {
            largest = n;
            feat[REGION_DISTANCE] = (float)(sum / n / (double)w->cloud.edge);
        }
    }
    feat[BESIDE_SHARE] = (float)beside / (float)(valid ? valid : 1);
    feat[REGION_SHARE] = (float)largest / (float)(valid ? valid : 1);
    feat[GAIN] = w->cloud.gain;
    feat[VALID_SHARE] = (float)valid / (float)all;
}

/* ---- the detector ---- */

static enum as_status cooccurrence_init(void **state)
{
    struct tables *t = calloc(1, sizeof *t);

    if (t)
        make_kinds(t);
    *state = t;
    return t ? AS_OK : AS_ENOMEM;
}

/* Sizes and, unless `at` is NULL, arrays of w, which lies there; bytes of all. */
static size_t lay_out(uint32_t width, uint32_t height, void *at, struct work *w)
{
    const uint32_t side = width < height ? width : height;
    struct as_scratch room = {at, 0};
    size_t map;

    (void)as_scratch_take(&room, sizeof *w);
    w->cw = (width - REACH) / CELL;
    w->ch = (height - REACH) / CELL;
    w->block = side < SMALL_SIDE ? SMALL_BLOCK : BLOCK;
    w->mw = (w->cw - w->block) / STEP + 1;
    w->mh = (w->ch - w->block) / STEP + 1;
    map = (size_t)w->mw * w->mh;
    w->cells = as_scratch_take(&room, (size_t)w->cw * w->ch * COUNTS);
    w->columns = as_scratch_take(&room, (size_t)w->cw * COUNTS * sizeof *w->columns);
    w->map = as_scratch_take(&room, map * sizeof *w->map);
    w->queue = as_scratch_take(&room, map * sizeof *w->queue);
    w->rows = as_scratch_take(&room, (size_t)8 * width);
    return room.used;
}

static size_t cooccurrence_scratch_bytes(uint32_t w, uint32_t h)
{
    struct work unused;

    return w < SIDE_MIN || h < SIDE_MIN ? 0 : lay_out(w, h, NULL, &unused);
}

static enum as_status cooccurrence_extract(void *state, const struct as_unit *unit, void *scratch,
                                           struct as_out *out)
{
    struct work *w = scratch;

    w->tables = state;
    lay_out(unit->luma.w, unit->luma.h, scratch, w);
    if (out->heat)
        memset(out->heat->at, 0, (size_t)out->heat->w * out->heat->h * sizeof *out->heat->at);
    count_cells(w, &unit->luma);
    sample_blocks(w);
    out->verdict = AS_ABSTAINS;
    out->reason = NO_BLOCKS;
    if (w->n < 4 * CLOUD)
        return AS_OK;
    whiten(w);
    out->reason = NO_CLOUD;
    if (as_outlier_fit(&w->fit, w->n, w->side, STARTS, &w->cloud) != AS_OK)
        return AS_OK;
    join_transforms(w);
    measure_map(w);
    if (out->heat)
        paint(w, out->heat);
    take_measures(w, out->feat);
    out->verdict = AS_APPLIES;
    return AS_OK;
}

const struct as_detector as_detector_cooccurrence = {
    .name = "cooccurrence",
    .version = 1,
    .summary = "parts whose fine structure is not that of the rest of the picture",
    .paper = "Cozzolino, Poggi, Verdoliva, Splicebuster: a New Blind Image Splicing Detector, WIFS "
             "2015",
    .card =
        "Compares the statistics of the finest detail of every block of 128 x 128 pixels with "
        "those "
        "of the rest of the picture.  Its map shows where they differ: a part of another camera, "
        "of another compression, resized or smoothed, but also a part of the scene that is not "
        "like the rest (sky, text, out of focus).  The map is for a person to judge; the measures "
        "make no finding by themselves.\n\n"
        "Measured on made pictures of 1536 x 1024 with a part of another camera: pixel AUC .87 "
        "(.81 "
        "to .93, 20 pictures), picture AUC .81; at 640 x 480: .65 and .65; on parts of photographs "
        "at "
        "half size: .53 and .44, which is chance.  Of 43 real altered pictures and originals it "
        "does not tell which is which (AUC .53).  A sixth of an authentic picture lies above .5 "
        "of the map.\n\n"
        "Parts below about 128 pixels are not seen.  It compares a picture with itself, and so "
        "says nothing of one that was altered everywhere.",
    .family = AS_FAMILY_NOISE,
    .needs = AS_LUMA,
    .min_side = SIDE_MIN,
    .dim = MEASURES,
    .measures = measures,
    .reasons = reasons,
    .heat_step = CELL * STEP,
    .pool = AS_POOL_MAX,
    .asked = true,
    .init = cooccurrence_init,
    .scratch_bytes = cooccurrence_scratch_bytes,
    .extract = cooccurrence_extract,
    .free = free,
};
