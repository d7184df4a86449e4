/* cfa.c - where the trace of the camera's colour filter array is missing.
 *
 * Behind a Bayer filter every second sample of green is measured and the others are interpolated,
 * so the errors of predicting green from its four neighbours are larger at the measured samples.
 * L of a block is the mean logarithm of the local variance of the errors at one half of the
 * samples, less that at the other half: about 0 where there is no array, one side of 0 where there
 * is, the other side where the array is shifted by a sample.  Two normal distributions are fitted
 * to L over the picture, one of mean 0; where the blocks around fit it better, the trace is
 * missing.
 *
 * P. Ferrara, T. Bianchi, A. De Rosa, A. Piva, "Image forgery localization via fine-grained
 * analysis of CFA artifacts", IEEE TIFS 7(5), 2012.  Ours: that the array's phase follows from the
 * sign of L, that a picture without the trace as a whole is left alone, and the largest region.
 */
#include "detector.h"

#include <math.h>
#include <string.h>

enum {
    BLOCK = 8,
    AROUND = 3, /* radius of the local variance           */
    ROWS = BLOCK + 2 * AROUND,
    REGION_LEAST = 16,
    CELLS = 2,   /* radius in blocks of what is added up   */
    BINS = 1024, /* of the histogram of L                 */
    STEPS_MAX = 200,
    MIN_SIDE = 128
};

/* exp(-d^2 / 2) */
static const float gauss[AROUND + 1] = {1.0F, 0.60653066F, 0.13533528F, 0.01110900F};

/* Variances below are of the numbers alone; what is added keeps logarithms of zero away. */
static const double variance_least = 0.25, variance_added = 0.02;
static const float clipped = 254, black = 1;
static const uint32_t clipped_most = 6; /* samples of a block */

/* L in the histogram; widths of its distributions; where EM ends. */
static const double l_range = 8, width_least = 0.08, width_most = 1.5, em_end = 1e-4;

/* What no distribution explains: a density, so that no block decides alone. */
static const double density_least = 1e-3;

/* Shares of the picture: that can be looked at; that must agree in the sign of L. */
static const double usable_least = 0.2, agree_least = 0.7;

/* Quality 90; the trace is gone from about 95 on down. */
static const float coarsest = 12.0F;

enum { REGION_LR, REGION_SHARE, REGION_BLOCKS, MISSING_SHARE, TRACE, TRACE_AGREE, USABLE, DIM };
static const char *const measures[DIM] = {
    [REGION_LR] = "region_log10_per_block",
    [REGION_SHARE] = "region_share",
    [REGION_BLOCKS] = "region_blocks",
    [MISSING_SHARE] = "missing_share",
    [TRACE] = "trace_log_variance_ratio",
    [TRACE_AGREE] = "trace_agreement",
    [USABLE] = "usable_share",
};

static const char missing[] =
    "a region lacks the trace of the colour filter array that the rest has";
static const char present[] = "shows the trace of a colour filter array";
static const char *const says[DIM] = {
    [REGION_LR] = missing,     [REGION_SHARE] = missing, [REGION_BLOCKS] = missing,
    [MISSING_SHARE] = missing, [TRACE] = present,        [TRACE_AGREE] = present,
    [USABLE] = present,
};

enum { COARSE, FLAT, NO_TRACE };
static const char *const reasons[] = {
    [COARSE] = "JPEG compression has removed the trace of a colour filter array (quality below 90)",
    [FLAT] = "too little of the picture has noise or texture that does not clip",
    [NO_TRACE] = "the picture as a whole has no trace of a colour filter array",
    NULL,
};

enum { UNUSABLE = 1, MISSING = 2, SEEN = 4 };

/* Blocks of a picture, and the rows in the making.  The pointers go into the scratch. */
struct job {
    const struct as_plane *green;
    uint32_t w, h;   /* in whole blocks */
    float *l;        /* [h][w] L, then log likelihood ratios of it for the array */
    float *sum;      /* [h][w] those added up around                             */
    uint8_t *flag;   /* [h][w] */
    uint32_t *queue; /* [h * w] blocks of a region                             */
    float *error[ROWS], *column[4];
    double usable;
};

/* mean and sd of L where there is an array, sd where there is none, share of the former */
struct fit {
    double mean, width, width0, share;
};

/* ---- L ---- */

/* The row or column of errors that stands for i: mirrored, which keeps its parity. */
static uint32_t mirrored(int64_t i, uint32_t n)
{
    const int64_t last = (int64_t)n - 2;
    return (uint32_t)(i < 1 ? 2 - i : i > last ? 2 * last - i : i);
}

/* Errors of row y, from -AROUND to w + AROUND - 1. */
static void predict(const struct as_plane *p, uint32_t y, uint32_t w, float *error)
{
    const float *b = p->at + (size_t)y * p->stride, *a = b - p->stride, *c = b + p->stride;

    for (uint32_t x = 1; x + 1 < p->w; x++)
        error[x] = b[x] - 0.25F * ((a[x] + c[x]) + (b[x - 1] + b[x + 1]));
    for (int64_t x = -AROUND; x < (int64_t)w + AROUND; x++)
        if (x < 1 || x > (int64_t)p->w - 2)
            error[x] = error[mirrored(x, p->w)];
}

/* Weighted sums down the rows of errors and of their squares, all signs alike and alternating. */
static void add_columns(const struct job *job, uint32_t row)
{
    float *const *to = job->column;
    const uint32_t w = job->w * BLOCK;

    for (int64_t x = -AROUND; x < (int64_t)w + AROUND; x++) {
        const float e = job->error[row + AROUND][x];
        float even = e, odd = 0, even2 = e * e, odd2 = 0;
        for (uint32_t k = 1; k <= AROUND; k++) {
            const float a = job->error[row + AROUND - k][x], b = job->error[row + AROUND + k][x];
            const float s = gauss[k] * (a + b), s2 = gauss[k] * (a * a + b * b);
            even += k & 1 ? 0 : s;
            odd += k & 1 ? s : 0;
            even2 += k & 1 ? 0 : s2;
            odd2 += k & 1 ? s2 : 0;
        }
        to[0][x] = even;
        to[1][x] = odd;
        to[2][x] = even2;
        to[3][x] = odd2;
    }
}

/* Sum over the samples around x that lie on its half of the chessboard. */
static float half_sum(const float *even, const float *odd, int64_t x)
{
    return even[x] + gauss[2] * (even[x - 2] + even[x + 2]) + gauss[1] * (odd[x - 1] + odd[x + 1]) +
           gauss[3] * (odd[x - 3] + odd[x + 3]);
}

/* var[x] := the weighted variance of the errors on x's half, unbiased. */
static void local_variance(const struct job *job, float *var)
{
    float all = 0, squares = 0, scale;

    for (int y = -AROUND; y <= AROUND; y++)
        for (int x = -AROUND; x <= AROUND; x++)
            if (((x + y) & 1) == 0) {
                const float g = gauss[y < 0 ? -y : y] * gauss[x < 0 ? -x : x];
                all += g;
                squares += g * g;
            }
    scale = 1 / (1 - squares / (all * all));
    for (uint32_t x = 0; x < job->w * BLOCK; x++) {
        const float mean = half_sum(job->column[0], job->column[1], x) / all;
        var[x] = scale * (half_sum(job->column[2], job->column[3], x) / all - mean * mean);
    }
}

/* A row of variances into the products of each block's two halves. */
static void multiply(const struct job *job, const float *var, uint32_t y, double (*product)[2])
{
    for (uint32_t b = 0; b < job->w; b++)
        for (uint32_t x = 0; x < BLOCK; x++) {
            const float v = var[b * BLOCK + x];
            product[b][(x + y) & 1] *= (v > 0 ? v : 0) + variance_added;
        }
}

static bool clips(const struct job *job, uint32_t bx, uint32_t by)
{
    uint32_t n = 0;

    for (uint32_t y = 0; y < BLOCK; y++) {
        const float *at = job->green->at + (size_t)(by * BLOCK + y) * job->green->stride;
        for (uint32_t x = bx * BLOCK; x < (bx + 1) * BLOCK; x++)
            n += at[x] >= clipped || at[x] <= black;
    }
    return n > clipped_most;
}

/* One row of blocks: L and whether it is to be used. */
static void measure_blocks(struct job *job, uint32_t by, float *var, double (*product)[2])
{
    const double half = BLOCK * BLOCK / 2;

    for (uint32_t i = 0; i < ROWS; i++)
        predict(job->green, mirrored((int64_t)by * BLOCK + i - AROUND, job->green->h),
                job->w * BLOCK, job->error[i]);
    for (uint32_t b = 0; b < job->w; b++)
        product[b][0] = product[b][1] = 1;
    for (uint32_t y = 0; y < BLOCK; y++) {
        add_columns(job, y);
        local_variance(job, var);
        multiply(job, var, y, product);
    }
    for (uint32_t b = 0; b < job->w; b++) {
        const double even = log(product[b][0]) / half, odd = log(product[b][1]) / half;
        const bool used = fmax(even, odd) > log(variance_least) && !clips(job, b, by);
        job->l[(size_t)by * job->w + b] = (float)(even - odd);
        job->flag[(size_t)by * job->w + b] = used ? 0 : UNUSABLE;
        job->usable += used;
    }
}

/* ---- the two distributions ---- */

static double normal(double x, double mean, double width)
{
    const double d = (x - mean) / width;
    return exp(-0.5 * d * d) / (width * 2.5066282746310002);
}

static double l_of(uint32_t bin)
{
    return ((double)bin + 0.5) * 2 * l_range / BINS - l_range;
}

/* The usable blocks' L, counted. */
static void count(const struct job *job, double *bins)
{
    memset(bins, 0, BINS * sizeof *bins);
    for (size_t i = 0; i < (size_t)job->w * job->h; i++) {
        const double at = (job->l[i] + l_range) * BINS / (2 * l_range);
        if (!job->flag[i])
            bins[at < 0 ? 0 : at >= BINS ? BINS - 1 : (size_t)at] += 1;
    }
}

/* The L with as many blocks below as above. */
static double median(const double *bins, double all)
{
    double below = 0;
    uint32_t i = 0;

    while (i + 1 < BINS && below + bins[i] < all / 2)
        below += bins[i++];
    return l_of(i);
}

/* The share of blocks whose L has the sign of `sign`. */
static double agreement(const double *bins, double all, double sign)
{
    double n = 0;

    for (uint32_t i = 0; i < BINS; i++)
        n += (l_of(i) > 0) == (sign > 0) ? bins[i] : 0;
    return n / all;
}

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* One step of expectation and maximisation; how far the mean moved. */
static double step(struct fit *f, const double *bins)
{
    double n = 0, n0 = 0, sum = 0, square = 0, square0 = 0, moved;

    for (uint32_t i = 0; i < BINS; i++) {
        const double x = l_of(i), p = f->share * normal(x, f->mean, f->width);
        const double p0 = (1 - f->share) * normal(x, 0, f->width0) + 1e-12;
        const double with = bins[i] * p / (p + p0), without = bins[i] - with;
        n += with;
        n0 += without;
        sum += with * x;
        square += with * x * x;
        square0 += without * x * x;
    }
    if (n < 1 || n0 < 1) /* one alone explains it all */
        return 0;
    moved = fabs(sum / n - f->mean);
    f->mean = sum / n;
    f->width = clamp(sqrt(fmax(0, square / n - f->mean * f->mean)), width_least, width_most);
    f->width0 = clamp(sqrt(square0 / n0), width_least, width_most);
    f->share = n / (n + n0);
    return moved;
}

static struct fit fit(const double *bins, double middle)
{
    struct fit f = {middle, fmax(0.25, fabs(middle) / 4), 0.25, 0.9};

    for (uint32_t i = 0; i < STEPS_MAX && step(&f, bins) > em_end; i++)
        ;
    return f;
}

/* How much more likely L is where there is an array, natural logarithm.  The contrary: none, or
 * one that is shifted. */
static float log_ratio(const struct fit *f, double l)
{
    const double with = normal(l, f->mean, f->width);
    const double without = 0.5 * (normal(l, 0, f->width0) + normal(l, -f->mean, f->width));
    return (float)log((with + density_least) / (without + density_least));
}

/* ---- regions ---- */

/* sum := ratios added up over the usable blocks around, over their number. */
static void gather(const struct job *job)
{
    for (uint32_t y = 0; y < job->h; y++)
        for (uint32_t x = 0; x < job->w; x++) {
            const uint32_t y1 = y + CELLS < job->h ? y + CELLS : job->h - 1;
            const uint32_t x1 = x + CELLS < job->w ? x + CELLS : job->w - 1;
            const size_t at = (size_t)y * job->w + x;
            float sum = 0;
            for (uint32_t v = y > CELLS ? y - CELLS : 0; v <= y1; v++)
                for (uint32_t u = x > CELLS ? x - CELLS : 0; u <= x1; u++)
                    if (!(job->flag[(size_t)v * job->w + u] & UNUSABLE))
                        sum += job->l[(size_t)v * job->w + u];
            job->sum[at] = sum;
            if (!job->flag[at] && sum < 0)
                job->flag[at] |= MISSING;
        }
}

/* A region of missing trace, from one of its blocks on: its blocks, and their ratios in *sum. */
static uint32_t flood(const struct job *job, size_t from, double *sum)
{
    uint32_t n = 1;

    *sum = 0;
    job->queue[0] = (uint32_t)from;
    job->flag[from] |= SEEN;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t at = job->queue[i], x = at % job->w, y = at / job->w;
        const bool there[4] = {x > 0, x + 1 < job->w, y > 0, y + 1 < job->h};
        const uint32_t next[4] = {at - 1, at + 1, at - job->w, at + job->w};
        *sum += job->l[at];
        for (int k = 0; k < 4; k++)
            if (there[k] && (job->flag[next[k]] & (MISSING | SEEN)) == MISSING) {
                job->flag[next[k]] |= SEEN;
                job->queue[n++] = next[k];
            }
    }
    return n;
}

/* The largest region. */
static void measure_region(const struct job *job, float *feat)
{
    double missing_blocks = 0;

    feat[REGION_LR] = feat[REGION_SHARE] = feat[REGION_BLOCKS] = 0;
    for (size_t i = 0; i < (size_t)job->w * job->h; i++) {
        double sum;
        uint32_t n;
        if ((job->flag[i] & (MISSING | SEEN)) != MISSING)
            continue;
        n = flood(job, i, &sum);
        missing_blocks += n;
        if ((float)n > feat[REGION_BLOCKS]) {
            feat[REGION_BLOCKS] = (float)n;
            feat[REGION_LR] = n < REGION_LEAST ? 0 : (float)(-sum / n / log(10));
        }
    }
    feat[REGION_SHARE] = (float)(feat[REGION_BLOCKS] / job->usable);
    feat[MISSING_SHARE] = (float)(missing_blocks / job->usable);
}

static void draw(const struct job *job, struct as_heat *heat)
{
    memset(heat->at, 0, (size_t)heat->w * heat->h * sizeof *heat->at);
    for (uint32_t y = 0; y < job->h; y++)
        for (uint32_t x = 0; x < job->w; x++) {
            const size_t at = (size_t)y * job->w + x;
            if (!(job->flag[at] & UNUSABLE))
                heat->at[(size_t)y * heat->w + x] = 1 / (1 + expf(fminf(job->sum[at], 80)));
        }
}

/* ---- the detector ---- */

static size_t row_floats(uint32_t w)
{
    return (size_t)w + 2 * AROUND;
}

static size_t cfa_scratch_bytes(uint32_t w, uint32_t h)
{
    const size_t blocks = (size_t)(w / BLOCK) * (h / BLOCK);
    return BINS * sizeof(double) + (size_t)(w / BLOCK) * 2 * sizeof(double) +
           (ROWS + 5) * row_floats(w) * sizeof(float) +
           blocks * (2 * sizeof(float) + sizeof(uint32_t) + 1);
}

/* Deals out the scratch, the widest types first; *bins and *product, *var beside the job. */
static struct job deal(void *scratch, const struct as_plane *green, double **bins,
                       double (**product)[2], float **var)
{
    struct job job = {.green = green, .w = green->w / BLOCK, .h = green->h / BLOCK};
    const size_t blocks = (size_t)job.w * job.h;
    float *row;

    *bins = scratch;
    *product = (double(*)[2])(void *)(*bins + BINS);
    row = (float *)(void *)(*product + job.w);
    for (uint32_t i = 0; i < ROWS + 5; i++, row += row_floats(green->w)) {
        if (i < ROWS)
            job.error[i] = row + AROUND;
        else if (i < ROWS + 4)
            job.column[i - ROWS] = row + AROUND;
        else
            *var = row;
    }
    job.l = row;
    job.sum = job.l + blocks;
    job.queue = (uint32_t *)(void *)(job.sum + blocks);
    job.flag = (uint8_t *)(job.queue + blocks);
    return job;
}

static int measure(struct job *job, double *bins, float *feat)
{
    const size_t blocks = (size_t)job->w * job->h;
    double middle;
    struct fit f;

    feat[USABLE] = (float)(job->usable / (double)blocks);
    if (job->usable < usable_least * (double)blocks)
        return FLAT;
    count(job, bins);
    middle = median(bins, job->usable);
    feat[TRACE_AGREE] = (float)agreement(bins, job->usable, middle);
    if (feat[TRACE_AGREE] < agree_least)
        return NO_TRACE;
    f = fit(bins, middle);
    feat[TRACE] = (float)fabs(f.mean);
    for (size_t i = 0; i < blocks; i++)
        job->l[i] = log_ratio(&f, job->l[i]);
    gather(job);
    measure_region(job, feat);
    return -1;
}

static enum as_status cfa_extract(void *state, const struct as_unit *unit, void *scratch,
                                  struct as_out *out)
{
    double *bins, (*product)[2];
    float *var;
    struct job job = deal(scratch, &unit->rgb[1], &bins, &product, &var);
    int reason = COARSE;

    (void)state;
    if (as_meta_luma_step(unit->meta) <= coarsest) {
        for (uint32_t by = 0; by < job.h; by++)
            measure_blocks(&job, by, var, product);
        reason = measure(&job, bins, out->feat);
    }
    out->verdict = reason < 0 ? AS_APPLIES : AS_ABSTAINS;
    out->reason = (uint16_t)(reason < 0 ? 0 : reason);
    if (reason < 0 && out->heat)
        draw(&job, out->heat);
    return AS_OK;
}

const struct as_detector as_detector_cfa = {
    .name = "cfa",
    .version = 1,
    .summary = "where the trace of the camera's colour filter array is missing",
    .paper = "P. Ferrara, T. Bianchi, A. De Rosa, A. Piva, Image Forgery Localization via "
             "Fine-Grained Analysis of CFA Artifacts, IEEE TIFS 7(5), 2012",
    .card = "Looks for the trace that interpolating a colour filter array leaves in green, and "
            "where it is missing: a part pasted from a picture that was resized or compressed, a "
            "part that was painted, or one moved by an odd number of samples. It needs pictures "
            "as the camera's software wrote them, without loss or nearly so: JPEG, resizing and "
            "denoising remove the trace, many phones and cameras with more than a plain Bayer "
            "filter do not leave it. Where the picture as a whole lacks it, the detector "
            "abstains; that is the rule, not the exception: of 146 files of cameras and programs "
            "at hand, most of them JPEG, 4 had it, weakly: flat fields of one camera.\n\nMeasured "
            "on 21 photographs at half size behind a Bayer filter made for the purpose, with a "
            "square of 96 to 192 pixels that lacks the trace or is moved by a sample. Bilinear "
            "interpolation: 40 of 42 found, none of 21 untouched; mean pixel AUC of the map 0.972 "
            "and 0.982. Gradient-corrected (Malvar) and edge-directed interpolation (Hamilton, "
            "Adams): 101 of 126 abstain, none of the 16 others with a square found, none of 9 "
            "untouched. Made splices, seed not used before: 9 of 23 found (20 to 62 %), none of "
            "23 untouched (at most 14.8 %); what is not found has the same array at the same "
            "phase, or a weak trace.\n\nThe map is the probability that a block's trace is "
            "missing; blocks without noise or that clip are left at 0. It is not to be read where "
            "trace_log_variance_ratio is below about 1: there, 13 % of the cells of untouched "
            "pictures are above one half.",
    .family = AS_FAMILY_GEOMETRY,
    .needs = AS_RGB | AS_META,
    .min_side = MIN_SIDE,
    .dim = DIM,
    .measures = measures,
    .says = says,
    .reasons = reasons,
    .heat_step = BLOCK,
    .pool = AS_POOL_MAX,
    .asked = true,
    .scratch_bytes = cfa_scratch_bytes,
    .extract = cfa_extract,
};
