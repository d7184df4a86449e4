/* fld.c - an ensemble of Fisher's discriminants over random subspaces.
 *
 * Kodovsky, Fridrich and Holub, Ensemble classifiers for steganalysis of digital media, IEEE TIFS
 * 2012. Beside the paper: not pairs but groups are drawn, of which a pair is one; an item that as
 * many learners call 1 as 0 counts half, instead of a coin being thrown.
 *
 *  1. ensembles   2. drawing   3. one learner   4. the error out of the bag   5. how many, how wide
 */
#include "fld.h"

#include "../rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEARNERS_MIN = 25, WINDOW = 50, SMOOTH = 5, STEP = 200, DRAWS_MAX = 1000 };
static const double STEADY = .005, WORTH = .02;

/* ---- 1. ensembles ---- */

enum as_status as_fld_init(struct as_fld *e, uint32_t learners, uint32_t columns)
{
    const size_t n = (size_t)learners * columns;

    *e = (struct as_fld){.learners = learners, .columns = columns};
    e->column = calloc(n + 1, sizeof *e->column);
    e->weight = calloc(n + 1, sizeof *e->weight);
    e->cut = calloc(learners + (size_t)1, sizeof *e->cut);
    if (e->column && e->weight && e->cut)
        return AS_OK;
    as_fld_clear(e);
    return AS_ENOMEM;
}

void as_fld_clear(struct as_fld *e)
{
    free(e->column);
    free(e->weight);
    free(e->cut);
    memset(e, 0, sizeof *e);
}

/* Whether learner k votes 1 for a row of whole numbers. */
static bool votes(const struct as_fld *e, uint32_t k, const int16_t *z)
{
    const uint32_t *column = e->column + (size_t)k * e->columns;
    const float *weight = e->weight + (size_t)k * e->columns;
    double sum = 0;

    for (uint32_t j = 0; j < e->columns; j++)
        sum += (double)weight[j] * z[column[j]];
    return sum / AS_SCALE_ONE >= (double)e->cut[k];
}

double as_fld_share(const struct as_fld *e, const double *mean, const double *factor,
                    const float *feat)
{
    uint32_t ones = 0;

    for (uint32_t k = 0; k < e->learners; k++) {
        const uint32_t *column = e->column + (size_t)k * e->columns;
        const float *weight = e->weight + (size_t)k * e->columns;
        double sum = 0;
        for (uint32_t j = 0; j < e->columns; j++) {
            const uint32_t c = column[j];
            sum += (double)weight[j] * as_scale_one(mean[c], factor[c], feat[c]);
        }
        ones += sum / AS_SCALE_ONE >= (double)e->cut[k];
    }
    return e->learners ? (double)ones / e->learners : 0;
}

/* ---- 2. drawing ---- */

struct training {
    const struct as_fit *f;
    struct as_fld *e;
    struct as_moments m;
    struct as_direction d; /* weight [columns] */
    double *work;
    struct as_bins *bins;
    uint32_t *deck;        /* [dim]                             */
    uint8_t *bag;          /* [groups]                          */
    uint8_t *in;           /* [n] the item is in the bag        */
    uint16_t *seen, *ones; /* [n] learners that left it out, and of these those that vote 1 */
    double error[AS_FLD_LEARNERS_MAX];
};

static int ascending(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* The measures of learner k: the first cards of a deck. */
static void draw_columns(struct training *t, uint32_t k)
{
    const uint32_t dim = t->f->s.dim, n = t->e->columns;
    uint64_t state = as_rng_stream(t->f->seed, 2 * (uint64_t)k + 1);
    uint32_t *to = t->e->column + (size_t)k * n;

    for (uint32_t j = 0; j < dim; j++)
        t->deck[j] = j;
    for (uint32_t j = 0; j < n; j++) {
        const uint32_t other = j + as_rng_below(&state, dim - j), card = t->deck[other];
        t->deck[other] = t->deck[j];
        to[j] = card;
    }
    qsort(to, n, sizeof *to, ascending);
}

/* Draws the groups of learner k; again where a class is not among them, as happens to few groups.
 * AS_SKIP: a class is empty.  Collective. */
static enum as_status draw_bag(struct training *t, uint32_t k)
{
    const struct as_fit *f = t->f;
    uint64_t state = as_rng_stream(f->seed, 2 * (uint64_t)k), n[2] = {0};
    enum as_status status = AS_OK;

    for (int draw = 0; draw < DRAWS_MAX && status == AS_OK && (n[0] == 0 || n[1] == 0); draw++) {
        memset(t->bag, 0, f->groups);
        for (uint32_t g = 0; g < f->groups; g++)
            t->bag[as_rng_below(&state, f->groups)] = 1;
        n[0] = n[1] = 0;
        for (size_t i = 0; i < f->s.n; i++) {
            t->in[i] = t->bag[f->group[i]];
            n[f->s.label[i]] += t->in[i];
        }
        status = f->sums->sum(f->sums->state, n, 2);
    }
    return status != AS_OK || (n[0] > 0 && n[1] > 0) ? status : AS_SKIP;
}

/* ---- 3. one learner ---- */

static const double RIDGE = 1e-10; /* of the paper: only so that there is a solution */

/* The cut with the least errors in the bag, of all ranks. */
static enum as_status find_cut(struct training *t, uint32_t k)
{
    const struct as_fit *f = t->f;
    const uint32_t *column = t->e->column + (size_t)k * t->e->columns;
    enum as_status status;

    t->d.bias = 0;
    as_bins_init(t->bins, &t->m, &t->d);
    for (size_t i = 0; i < f->s.n; i++)
        if (t->in[i])
            as_bins_add(t->bins, as_linear_score(&t->d, f->s.z + i * f->s.dim, column),
                        f->s.label[i]);
    status = f->sums->sum(f->sums->state, t->bins->count[0], 2 * (size_t)AS_BINS);
    t->e->cut[k] = (float)as_bins_cut(t->bins);
    return status;
}

static enum as_status learn(struct training *t, uint32_t k)
{
    const struct as_fit *f = t->f;
    const uint32_t n = t->e->columns;
    enum as_status status;

    draw_columns(t, k);
    if ((status = draw_bag(t, k)) != AS_OK)
        return status;
    as_moments_zero(&t->m);
    status =
        as_moments_add(&t->m, &f->s, &(struct as_choice){t->in, t->e->column + (size_t)k * n, n});
    if ((status = f->sums->agree(f->sums->state, status)) != AS_OK ||
        (status = as_fit_join(f->sums, &t->m)) != AS_OK)
        return status;
    status = as_linear_lda(&t->m, RIDGE, t->work, &t->d);
    if ((status = f->sums->agree(f->sums->state, status)) != AS_OK ||
        (status = as_fit_share(f->sums, &t->d)) != AS_OK)
        return status;
    for (uint32_t j = 0; j < n; j++) {
        t->e->weight[(size_t)k * n + j] = (float)t->d.weight[j];
        t->d.weight[j] = (double)t->e->weight[(size_t)k * n + j];
    }
    return find_cut(t, k);
}

/* ---- 4. the error out of the bag ---- */

/* Lets learner k vote for what it has not seen; the error of all that voted so far. */
static enum as_status judge(struct training *t, uint32_t k, double *error)
{
    const struct as_fit *f = t->f;
    uint64_t count[4] = {0}; /* items of 0 and 1, twice those that are taken for the other */
    enum as_status status;

    for (size_t i = 0; i < f->s.n; i++) {
        const uint8_t label = f->s.label[i];
        if (!t->in[i]) {
            t->seen[i]++;
            t->ones[i] = (uint16_t)(t->ones[i] + votes(t->e, k, f->s.z + i * f->s.dim));
        }
        const int more = 2 * t->ones[i] - t->seen[i]; /* > 0: called 1 */
        if (t->seen[i] == 0)
            continue;
        count[label]++;
        count[2 + label] += more == 0 ? 1 : (more > 0) != label ? 2 : 0;
    }
    status = f->sums->sum(f->sums->state, count, 4);
    *error = .5;
    if (count[0] > 0 && count[1] > 0)
        *error = ((double)count[2] / (double)count[0] + (double)count[3] / (double)count[1]) / 4;
    return status;
}

/* Whether n errors, smoothed, have kept within STEADY over the last WINDOW. */
static bool steady(const double *error, uint32_t n)
{
    const uint32_t window = n < WINDOW ? n : WINDOW;
    double low = 1, high = 0;

    if (n < LEARNERS_MIN)
        return false;
    for (uint32_t k = n - window + SMOOTH; k <= n; k++) {
        double mean = 0;
        for (uint32_t i = k - SMOOTH; i < k; i++)
            mean += error[i] / SMOOTH;
        low = fmin(low, mean);
        high = fmax(high, mean);
    }
    return high - low < STEADY;
}

/* ---- 5. how many, how wide ---- */

static void stop(struct training *t)
{
    as_moments_clear(&t->m);
    free(t->d.weight);
    free(t->work);
    free(t->bins);
    free(t->deck);
    free(t->bag);
    free(t->in);
    free(t->seen);
    free(t->ones);
}

static enum as_status start(struct training *t, uint32_t columns)
{
    const size_t n = t->f->s.n + 1;
    enum as_status status = as_fld_init(t->e, AS_FLD_LEARNERS_MAX, columns);

    if (status == AS_OK)
        status = as_moments_init(&t->m, columns);
    if (status != AS_OK)
        return status;
    t->d.weight = calloc(columns, sizeof *t->d.weight);
    t->work = calloc((size_t)columns * columns, sizeof *t->work);
    t->bins = calloc(1, sizeof *t->bins);
    t->deck = calloc(t->f->s.dim, sizeof *t->deck);
    t->bag = calloc(t->f->groups + (size_t)1, 1);
    t->in = calloc(n, 1);
    t->seen = calloc(n, sizeof *t->seen);
    t->ones = calloc(n, sizeof *t->ones);
    return t->d.weight && t->work && t->bins && t->deck && t->bag && t->in && t->seen && t->ones
               ? AS_OK
               : AS_ENOMEM;
}

/* An ensemble of learners with so many measures each. */
static enum as_status grow(const struct as_fit *f, uint32_t columns, struct as_fld *e,
                           double *error)
{
    struct training t = {.f = f, .e = e};
    enum as_status status;
    uint32_t n = 0;

    memset(e, 0, sizeof *e);
    status = f->sums->agree(f->sums->state, start(&t, columns));
    while (status == AS_OK && n < AS_FLD_LEARNERS_MAX && !steady(t.error, n)) {
        if ((status = learn(&t, n)) == AS_OK && (status = judge(&t, n, &t.error[n])) == AS_OK)
            n++;
    }
    e->learners = n;
    *error = n ? t.error[n - 1] : .5;
    stop(&t);
    if (status != AS_OK)
        as_fld_clear(e);
    return status;
}

/* Trains with `columns`, and keeps it in *best if it is better than that. */
static enum as_status attempt(const struct as_fit *f, uint32_t columns, struct as_fld *best,
                              double *least, double *error)
{
    struct as_fld e;
    enum as_status status;

    *error = 1;
    if (columns < 1 || columns > f->s.dim)
        return AS_OK;
    if ((status = grow(f, columns, &e, error)) != AS_OK)
        return status;
    if (*error < *least) {
        as_fld_clear(best);
        *best = e;
        *least = *error;
    } else {
        as_fld_clear(&e);
    }
    return AS_OK;
}

enum as_status as_fld_train(const struct as_fit *f, struct as_fld *e, double *error)
{
    const uint32_t quarter = (f->s.dim + 3) / 4;
    uint32_t step = quarter < STEP ? quarter : STEP, at = step;
    enum as_status status;
    double before, now;

    memset(e, 0, sizeof *e);
    *error = 2;
    status = attempt(f, at, e, error, &now);
    do { /* to the right, as long as it gets better */
        before = *error;
        at = e->columns;
        if (status == AS_OK)
            status = attempt(f, at + step, e, error, &now);
    } while (status == AS_OK && *error < before && e->columns > at);
    for (step /= 2; status == AS_OK && step >= 8; step /= 2) { /* to both sides, in halved steps */
        double left, right;
        before = *error;
        at = e->columns;
        if ((status = attempt(f, at - step, e, error, &left)) != AS_OK ||
            (status = attempt(f, at + step, e, error, &right)) != AS_OK)
            break;
        if (fabs(left - before) <= WORTH * before && fabs(right - before) <= WORTH * before)
            break;
    }
    if (status != AS_OK)
        as_fld_clear(e);
    return status;
}
