/* median.c - whether a picture went through a median filter.
 *
 * A median filter makes neighbours equal (streaks), so steps between neighbours follow each other
 * in other proportions than in nature; and what a further median filter changes is correlated in
 * another way.  Measured on luma, in whole numbers: the conditional probabilities of a step after a
 * step, for steps up to 2, both signs and both directions together; and the coefficients of an
 * autoregressive model of the residual med3(I) - I.  A linear model decides.
 *
 * X. Kang, M. Stamm, A. Peng, K. J. R. Liu, "Robust median filtering forensics using an
 * autoregressive model", IEEE TIFS 8(9), 2013; M. Kirchner, J. Fridrich, "On detection of median
 * filtering in digital images", SPIE 7541, 2010 (first differences and their transitions).
 */
#include "detector.h"

#include <math.h>
#include <string.h>

enum {
    ORDER = 10, /* of the autoregressive model */
    STEP = 2,   /* largest step                */
    STEPS = 2 * STEP + 1,
    PLACES = STEPS + 2, /* of the table of steps: with what is beyond on either side */
    UNUSED = PLACES * PLACES,
    CHUNK = 4096, /* of which products fit a sum */
    TABLES = 4,
    CLIPPED = 254, /* samples from here on, */
    BLACK = 1,     /* and up to here, are left out of steps */
    MIN_SIDE = 128
};

/* Of mean steps above it nothing was ever found: quality 70. */
static const float coarsest = 36.0F;

/* Below this mean square the residual is of the numbers alone. */
static const double residual_least = 0.05;

/* The share of steps that must be up to 2. */
static const double steps_least = 0.05;

enum { ZEROS, SMOOTHNESS, AR, DIM = AR + ORDER + 13 };
static const char *const measures[DIM] = {
    "unchanged_share",
    "log_residual_over_steps",
    "ar_1",
    "ar_2",
    "ar_3",
    "ar_4",
    "ar_5",
    "ar_6",
    "ar_7",
    "ar_8",
    "ar_9",
    "ar_10",
    "after_m2_m2",
    "after_m2_m1",
    "after_m2_0",
    "after_m2_p1",
    "after_m2_p2",
    "after_m1_m2",
    "after_m1_m1",
    "after_m1_0",
    "after_m1_p1",
    "after_m1_p2",
    "after_0_m2",
    "after_0_m1",
    "after_0_0",
};

#define SAYS "its steps and residual are those of a median filter"
static const char *const says[DIM] = {
    SAYS, SAYS, SAYS, SAYS, SAYS, SAYS, SAYS, SAYS, SAYS, SAYS, SAYS, SAYS, SAYS,
    SAYS, SAYS, SAYS, SAYS, SAYS, SAYS, SAYS, SAYS, SAYS, SAYS, SAYS, SAYS,
};

#undef SAYS

enum { COARSE, FLAT, FEW };
static const char *const reasons[] = {
    [COARSE] = "JPEG compression has removed what a median filter would leave (quality below 70)",
    [FLAT] = "the picture has too little noise and texture",
    [FEW] = "too few neighbours differ by small steps",
    NULL,
};

struct sums {
    double along[ORDER + 1], down[ORDER + 1]; /* products of residuals by their distance */
    double steps2, steps, same, all;          /* squares of steps; residuals of zero     */
    uint64_t found[TABLES][UNUSED + PLACES];  /* pairs of steps; the last: not used      */
};

/* The steps of a row. */
struct steps {
    uint8_t *first;  /* PLACES times the place of each as the first of a pair, or UNUSED */
    uint8_t *second; /* its place as the second                                          */
};

/* What extract works in: rows that come around, of length w, residuals of w + ORDER. */
struct rows {
    int16_t *sample[3], *sorted[3], *residual[ORDER + 1];
    struct steps right, down[2];
    uint32_t w;
};

/* ---- the residual ---- */

static int16_t least(int16_t a, int16_t b)
{
    return a < b ? a : b;
}

static int16_t most(int16_t a, int16_t b)
{
    return a < b ? b : a;
}

static int16_t middle(int16_t a, int16_t b, int16_t c)
{
    return most(least(a, b), least(most(a, b), c));
}

/* Samples within 0..255 to the next whole number. */
static void take_samples(const float *restrict from, size_t n, int16_t *restrict to)
{
    for (size_t x = 0; x < n; x++)
        to[x] = (int16_t)(int)(from[x] + 0.5F);
}

/* The least, the middle and the largest of each column of three rows. */
static void sort_columns(const int16_t *restrict a, const int16_t *restrict b,
                         const int16_t *restrict c, size_t n, int16_t *restrict low,
                         int16_t *restrict mid, int16_t *restrict high)
{
    for (size_t x = 0; x < n; x++) {
        const int16_t l = least(a[x], b[x]), h = most(a[x], b[x]);
        low[x] = least(l, c[x]);
        mid[x] = most(l, least(h, c[x]));
        high[x] = most(h, c[x]);
    }
}

/* to[x] := the median of nine less b, of the sorted columns x, x + 1, x + 2: that of the largest of
 * their least, the middle of their middles, the least of their largest. */
static void subtract_medians(const int16_t *restrict low, const int16_t *restrict mid,
                             const int16_t *restrict high, const int16_t *restrict b, size_t n,
                             int16_t *restrict to)
{
    for (size_t x = 0; x < n; x++)
        to[x] = (int16_t)(middle(most(most(low[x], low[x + 1]), low[x + 2]),
                                 middle(mid[x], mid[x + 1], mid[x + 2]),
                                 least(least(high[x], high[x + 1]), high[x + 2])) -
                          b[x]);
}

/* The sum of a[x] b[x], x < n. */
static double product(const int16_t *a, const int16_t *b, size_t n)
{
    double all = 0;

    for (size_t from = 0; from < n; from += CHUNK) {
        const size_t end = n - from < CHUNK ? n : from + CHUNK;
        int sum = 0;
        for (size_t x = from; x < end; x++)
            sum += a[x] * b[x];
        all += sum;
    }
    return all;
}

/* Adds the residual med3 - I of row `y` >= 1; it is 0 at the ends of the row. */
static void add_residual(struct sums *s, const struct rows *r, uint32_t y)
{
    const int16_t *b = r->sample[y % 3];
    int16_t *to = r->residual[y % (ORDER + 1)];
    uint32_t same = 0;

    sort_columns(r->sample[(y - 1) % 3], b, r->sample[(y + 1) % 3], r->w, r->sorted[0],
                 r->sorted[1], r->sorted[2]);
    subtract_medians(r->sorted[0], r->sorted[1], r->sorted[2], b + 1, r->w - 2, to + 1);
    for (uint32_t k = 0; k <= ORDER; k++) {
        s->along[k] += product(to, to + k, r->w);
        if (k < y)
            s->down[k] += product(to, r->residual[(y - k) % (ORDER + 1)], r->w);
    }
    for (size_t x = 1; x + 1 < r->w; x++)
        same += to[x] == 0;
    s->same += same;
    s->all += r->w - 2;
}

/* ---- steps ---- */

/* The steps from a[i] to b[i], i < n <= CHUNK.  One that ends clipped is the first of no pair. Adds
 * how many others there are, and their squares. */
static void take_chunk(const int16_t *restrict a, const int16_t *restrict b, size_t n,
                       uint8_t *restrict first, uint8_t *restrict second, struct sums *s)
{
    int squares = 0, used = 0;

    for (size_t i = 0; i < n; i++) {
        const int16_t d = (int16_t)(b[i] - a[i]);
        const int16_t at = (int16_t)(most(least(d, STEP + 1), -STEP - 1) + STEP + 1);
        const int16_t in = (int16_t)(-((b[i] < CLIPPED) & (b[i] > BLACK))); /* all bits or none */
        const int16_t e = (int16_t)(d & in);
        second[i] = (uint8_t)at;
        first[i] = (uint8_t)(((PLACES * at) & in) | (UNUSED & ~in));
        squares += e * e;
        used -= in;
    }
    s->steps2 += squares;
    s->steps += used;
}

static void take_steps(const int16_t *a, const int16_t *b, size_t n, struct steps to,
                       struct sums *s)
{
    for (size_t i = 0; i < n; i += CHUNK)
        take_chunk(a + i, b + i, n - i < CHUNK ? n - i : CHUNK, to.first + i, to.second + i, s);
}

/* Pairs of the steps first[i] and second[i]. */
static void count_pairs(struct sums *s, const uint8_t *first, const uint8_t *second, size_t n)
{
    for (size_t i = 0; i < n; i++) /* no addition waits for the last one */
        s->found[i % TABLES][first[i] + second[i]]++;
}

/* Adds the steps of row `y` to the right and down, and the pairs that meet in it. */
static void add_steps(struct sums *s, const struct rows *r, uint32_t y)
{
    const int16_t *b = r->sample[y % 3];
    const struct steps above = r->down[(y + 1) % 2], down = r->down[y % 2];

    take_steps(b, b + 1, r->w - 1, r->right, s);
    count_pairs(s, r->right.first, r->right.second + 1, r->w - 2);
    take_steps(b, r->sample[(y + 1) % 3], r->w, down, s);
    count_pairs(s, above.first, down.second, r->w);
}

/* ---- measures ---- */

/* The coefficients of the autoregressive model with these autocorrelations (Levinson, Durbin). */
static void solve(const double *r, double *a)
{
    double error = r[0];

    for (uint32_t i = 0; i < ORDER; i++)
        a[i] = 0;
    for (uint32_t m = 1; m <= ORDER && error > 1e-9 * r[0]; m++) {
        double last[ORDER], k = r[m];
        memcpy(last, a, sizeof last);
        for (uint32_t i = 1; i < m; i++)
            k -= last[i - 1] * r[m - i];
        k /= error;
        a[m - 1] = k;
        for (uint32_t i = 1; i < m; i++)
            a[i - 1] = last[i - 1] - k * last[m - i - 1];
        error *= 1 - k * k;
    }
}

/* Lays the rows out in scratch; residuals begin as zeros. */
static void lay_out(struct rows *r, uint32_t w, void *scratch)
{
    int16_t *at = scratch;

    r->w = w;
    memset(scratch, 0, (ORDER + 1) * ((size_t)w + ORDER) * sizeof *at);
    for (uint32_t i = 0; i <= ORDER; i++, at += w + ORDER)
        r->residual[i] = at;
    for (uint32_t i = 0; i < 3; i++, at += 2 * (size_t)w) {
        r->sample[i] = at;
        r->sorted[i] = at + w;
    }
    r->right = (struct steps){(uint8_t *)at, (uint8_t *)(at + w / 2 + 1)};
    for (uint32_t i = 0; i < 2; i++) {
        at += 2 * ((size_t)w / 2 + 1);
        r->down[i] = (struct steps){(uint8_t *)at, (uint8_t *)(at + w / 2 + 1)};
    }
}

static void collect(const struct as_plane *p, void *scratch, struct sums *s)
{
    struct rows r;

    lay_out(&r, p->w, scratch);
    take_samples(p->at, p->w, r.sample[0]);
    take_samples(p->at + p->stride, p->w, r.sample[1]);
    take_steps(r.sample[0], r.sample[1], p->w, r.down[0], s);
    for (uint32_t y = 1; y + 1 < p->h; y++) {
        take_samples(p->at + (y + 1) * (size_t)p->stride, p->w, r.sample[(y + 1) % 3]);
        add_residual(s, &r, y);
        add_steps(s, &r, y);
    }
}

/* How often a small step followed another. */
static double found(const struct sums *s, uint32_t a, uint32_t b)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < TABLES; i++)
        n += s->found[i][PLACES * (a + 1) + b + 1];
    return (double)n;
}

static double transition(const struct sums *s, uint32_t a, uint32_t b)
{
    double all = 0;

    for (uint32_t i = 0; i < STEPS; i++)
        all += found(s, a, i) + found(s, STEPS - 1 - a, STEPS - 1 - i);
    return (found(s, a, b) + found(s, STEPS - 1 - a, STEPS - 1 - b) + 1) / (all + STEPS);
}

static int measure(const struct sums *s, float *feat)
{
    double along[ORDER], down[ORDER], small = 0;

    for (uint32_t i = 0; i < STEPS * STEPS; i++)
        small += found(s, i / STEPS, i % STEPS);
    if (s->along[0] < residual_least * s->all)
        return FLAT;
    if (small < steps_least * s->steps)
        return FEW;
    solve(s->along, along);
    solve(s->down, down);
    feat[ZEROS] = (float)(s->same / s->all);
    feat[SMOOTHNESS] = (float)log((s->along[0] / s->all + 1e-3) / (s->steps2 / s->steps + 1e-3));
    for (uint32_t i = 0; i < ORDER; i++)
        feat[AR + i] = (float)((along[i] + down[i]) / 2);
    for (uint32_t i = 0; i < 13; i++)
        feat[AR + ORDER + i] = (float)transition(s, i / STEPS, i % STEPS);
    return -1;
}

/* ---- the detector ---- */

static size_t median_scratch_bytes(uint32_t w, uint32_t h)
{
    (void)h;
    return ((ORDER + 1) * ((size_t)w + ORDER) + 6 * (size_t)w + 6 * ((size_t)w / 2 + 1)) *
           sizeof(int16_t);
}

static enum as_status median_extract(void *state, const struct as_unit *unit, void *scratch,
                                     struct as_out *out)
{
    struct sums s = {0};
    int reason = COARSE;

    (void)state;
    if (as_meta_luma_step(unit->meta) <= coarsest) {
        collect(&unit->luma, scratch, &s);
        reason = measure(&s, out->feat);
    }
    out->verdict = reason < 0 ? AS_APPLIES : AS_ABSTAINS;
    out->reason = (uint16_t)(reason < 0 ? 0 : reason);
    return AS_OK;
}

const struct as_detector as_detector_median = {
    .name = "median",
    .version = 2,
    .summary = "whether the picture went through a median filter",
    .paper = "X. Kang, M. Stamm, A. Peng, K. J. R. Liu, Robust Median Filtering Forensics Using an "
             "Autoregressive Model, IEEE TIFS 8(9), 2013",
    .card = "Measures steps between neighbours and an autoregressive model of what a median of 3 "
            "x 3 would change, in luma. A median filter removes scratches and noise, and is used "
            "to hide traces of other editing; cameras and phones denoise in similar ways.\n\n"
            "The score is that of a linear model trained on 534 pictures: invented photographs, "
            "and 67 real ones with their parts, each as it was and through a median of 3 or 5. On "
            "41 other pictures (photographs and pictures of the web, parts of at most 640 x 640): "
            "AUC 0.983 (0.963 to 0.997), without JPEG after it 0.995, after quality 95 1.000, "
            "after 90 0.969, after 80 0.965. At the score 0: 69 of 81 found, 2 of 75 untouched "
            "(of 38 photographs: at most 17.7 % with 95 % confidence). On invented ones of another "
            "seed: 46 of 60, 2 of 60, both at quality 70 (at most 11.5 %).\n\n"
            "It abstains below quality 70, and where there is too little noise or texture. It "
            "sees the picture as a whole: a filtered part is not found. Not measured: wavelet and "
            "bilateral denoising, out-of-focus pictures, beautifying filters of phones, filtering "
            "of luma alone; they may look the same.",
    .family = AS_FAMILY_GEOMETRY,
    .needs = AS_LUMA | AS_META,
    .min_side = MIN_SIDE,
    .dim = DIM,
    .measures = measures,
    .says = says,
    .reasons = reasons,
    .pool = AS_POOL_MEAN,
    .asked = true,
    .scratch_bytes = median_scratch_bytes,
    .extract = median_extract,
};
