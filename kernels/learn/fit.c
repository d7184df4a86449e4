/* fit.c - a direction fitted to the items of all ranks, the same bits whatever rank has which.
 *
 *  1. adding up   2. counted scores   3. candidates   4. fits
 *
 * Every rank takes part in every sum, also one that failed before: it gives what it has, and its
 * status reaches the others when the caller agrees on it.                                        */
#include "fit.h"

#include "../rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const as_fit_words[AS_FIT_METHODS] = {"lda", "ridge", "logistic", "fld"};

/* ---- 1. adding up ---- */

static enum as_status leave(void *state, uint64_t *v, size_t n)
{
    (void)state;
    (void)v;
    (void)n;
    return AS_OK;
}

static enum as_status alone(void *state, enum as_status mine)
{
    (void)state;
    return mine;
}

const struct as_sums as_sums_alone = {.lead = true, .sum = leave, .max = leave, .agree = alone};

/* Doubles that are whole numbers below 2^53, by way of integers in their place. */
static enum as_status sum_whole(const struct as_sums *sums, double *v, size_t n)
{
    enum as_status status;
    int64_t whole;

    for (size_t k = 0; k < n; k++) {
        whole = (int64_t)v[k];
        memcpy(&v[k], &whole, sizeof whole);
    }
    status = sums->sum(sums->state, (uint64_t *)(void *)v, n);
    for (size_t k = 0; k < n; k++) {
        memcpy(&whole, &v[k], sizeof whole);
        v[k] = (double)whole;
    }
    return status;
}

static enum as_status sum_signed(const struct as_sums *sums, int64_t *v, size_t n)
{
    return sums->sum(sums->state, (uint64_t *)v,
                     n); /* modulo 2^64: signs take care of themselves */
}

enum as_status as_fit_join(const struct as_sums *sums, struct as_moments *m)
{
    enum as_status status = sums->sum(sums->state, m->n, 2);

    for (int c = 0; c < 2 && status == AS_OK; c++)
        status = sum_signed(sums, m->sum[c], m->dim);
    return status == AS_OK ? sum_whole(sums, m->product, (size_t)m->dim * m->dim) : status;
}

static enum as_status share_values(const struct as_sums *sums, double *v, size_t n)
{
    enum as_status status = AS_OK;
    uint64_t bits[1024];

    for (size_t k = 0, m; k < n && status == AS_OK; k += m) {
        m = n - k < 1024 ? n - k : 1024;
        memset(bits, 0, sizeof bits);
        if (sums->lead)
            memcpy(bits, v + k, m * sizeof *v);
        status = sums->sum(sums->state, bits, m);
        memcpy(v + k, bits, m * sizeof *v);
    }
    return status;
}

enum as_status as_fit_share(const struct as_sums *sums, struct as_direction *d)
{
    enum as_status status = share_values(sums, d->weight, d->dim);

    return status == AS_OK ? share_values(sums, &d->bias, 1) : status;
}

/* The largest key, and the largest of what the lowest lacks. */
enum as_status as_fit_scale_ranges(const struct as_sums *sums, struct as_scale *s)
{
    enum as_status status = AS_OK;

    for (uint32_t j = 0; j < s->dim && status == AS_OK; j++) {
        uint64_t v[2] = {s->high[j], UINT32_MAX - s->low[j]};
        status = sums->max(sums->state, v, 2);
        s->high[j] = (uint32_t)v[0];
        s->low[j] = (uint32_t)(UINT32_MAX - v[1]);
    }
    return status;
}

enum as_status as_fit_scale_sums(const struct as_sums *sums, struct as_scale *s)
{
    enum as_status status = sums->sum(sums->state, s->sum, 2 * (size_t)s->dim);

    if (status == AS_OK)
        status = sums->sum(sums->state, &s->n, 1);
    return status == AS_OK ? as_scale_finish(s) : status;
}

/* ---- 2. counted scores ---- */

/* Variance of the scores of all items: weight' covariance weight. */
static double variance(const struct as_moments *m, const struct as_direction *d)
{
    const double n = (double)(m->n[0] + m->n[1]), unit = n * AS_SCALE_ONE * AS_SCALE_ONE;
    double sum = 0;

    for (uint32_t i = 0; i < m->dim; i++)
        for (uint32_t j = i; j < m->dim; j++) {
            const double means =
                (double)(m->sum[0][i] + m->sum[1][i]) * (double)(m->sum[0][j] + m->sum[1][j]) / n;
            sum += (i == j ? 1 : 2) * d->weight[i] * d->weight[j] *
                   (m->product[(size_t)i * m->dim + j] - means) / unit;
        }
    return sum;
}

void as_bins_init(struct as_bins *b, const struct as_moments *m, const struct as_direction *d)
{
    const double v = variance(m, d), reach = v > 0 ? 8 * sqrt(v) : 1;
    double mean[2];

    for (int c = 0; c < 2; c++) {
        mean[c] = d->bias;
        for (uint32_t j = 0; j < m->dim; j++)
            mean[c] += d->weight[j] * (double)m->sum[c][j] / (double)m->n[c] / AS_SCALE_ONE;
    }
    memset(b, 0, sizeof *b);
    b->low = fmin(mean[0], mean[1]) - reach;
    b->step = (fmax(mean[0], mean[1]) + reach - b->low) / AS_BINS;
}

void as_bins_add(struct as_bins *b, double score, uint8_t label)
{
    const double at = (score - b->low) / b->step;

    b->count[label][at < 0 ? 0 : at >= AS_BINS ? AS_BINS - 1 : (size_t)at]++;
}

double as_bins_auc(const struct as_bins *b)
{
    double ones = 0, zeros = 0, area = 0;

    for (size_t k = AS_BINS; k-- > 0;) {
        area += (double)b->count[0][k] * (ones + (double)b->count[1][k] / 2);
        ones += (double)b->count[1][k];
        zeros += (double)b->count[0][k];
    }
    return ones > 0 && zeros > 0 ? area / ones / zeros : .5;
}

double as_bins_cut(const struct as_bins *b)
{
    double all[2] = {0}, below[2] = {0}, least = 2;
    size_t best = 0;

    for (size_t k = 0; k < AS_BINS; k++)
        for (int c = 0; c < 2; c++)
            all[c] += (double)b->count[c][k];
    for (size_t k = 0; k < AS_BINS; k++) {
        const double missed = all[1] > 0 ? below[1] / all[1] : 0;
        const double false_alarms = all[0] > 0 ? 1 - below[0] / all[0] : 0;
        if (missed + false_alarms < least) {
            least = missed + false_alarms;
            best = k;
        }
        for (int c = 0; c < 2; c++)
            below[c] += (double)b->count[c][k];
    }
    return b->low + (double)best * b->step;
}

/* ---- 3. candidates ---- */

/* Everything that a fit needs. */
struct fitting {
    const struct as_fit *f;
    enum as_fit_method method;
    uint8_t *take[2]; /* [n] fitted to, judged on */
    struct as_moments part[2];
    double *work;
    int64_t *gradient;
    struct as_bins *bins;
};

static enum as_status start(struct fitting *t)
{
    const struct as_fit *f = t->f;
    const uint32_t dim = f->s.dim;
    enum as_status status = AS_OK;

    for (int p = 0; p < 2; p++) {
        if ((t->take[p] = calloc(f->s.n + 1, 1)) == NULL)
            return AS_ENOMEM;
        if ((status = as_moments_init(&t->part[p], dim)) != AS_OK)
            return status;
    }
    t->work = calloc((size_t)dim * dim, sizeof *t->work);
    t->gradient = calloc(2 * (dim + (size_t)1), sizeof *t->gradient);
    t->bins = calloc(1, sizeof *t->bins);
    if (t->work == NULL || t->gradient == NULL || t->bins == NULL)
        return AS_ENOMEM;
    for (size_t i = 0; i < f->s.n; i++)
        t->take[as_rng_stream(f->seed, f->group[i]) % 4 == 0][i] = 1;
    for (int p = 0; p < 2 && status == AS_OK; p++)
        status = as_moments_add(&t->part[p], &f->s, &(struct as_choice){.take = t->take[p]});
    return status;
}

static void stop(struct fitting *t)
{
    for (int p = 0; p < 2; p++) {
        free(t->take[p]);
        as_moments_clear(&t->part[p]);
    }
    free(t->work);
    free(t->gradient);
    free(t->bins);
}

enum { STEPS = 400 };

static enum as_status fit_logistic(struct fitting *t, const struct as_moments *m,
                                   const uint8_t *take, double ridge, struct as_direction *to)
{
    const struct as_sums *sums = t->f->sums;
    const size_t n = 2 * (t->f->s.dim + (size_t)1);
    struct as_logistic *l = NULL;
    enum as_status status = sums->agree(sums->state, as_logistic_new(&l, m, ridge));
    struct as_direction at = {.dim = to->dim, .weight = to->weight};

    for (int k = 0; k < STEPS && status == AS_OK; k++) {
        const struct as_direction *d = as_logistic_at(l);
        memcpy(at.weight, d->weight, at.dim * sizeof *at.weight);
        at.bias = d->bias;
        if ((status = as_fit_share(sums, &at)) != AS_OK)
            break;
        as_logistic_gradient(&t->f->s, take, &at, t->gradient);
        if ((status = sum_signed(sums, t->gradient, n)) == AS_OK)
            status = as_logistic_step(l, t->gradient, 1e-5);
        uint64_t over = status == AS_END && sums->lead;
        if (status == AS_OK || status == AS_END)
            status = sums->sum(sums->state, &over, 1);
        if (status == AS_OK && over)
            break;
    }
    to->bias = at.bias;
    as_logistic_free(l);
    return status;
}

/* take: what m is of. */
static enum as_status fit_one(struct fitting *t, const struct as_moments *m, const uint8_t *take,
                              double ridge, struct as_direction *to)
{
    enum as_status status;

    if (t->method == AS_FIT_LOGISTIC)
        return fit_logistic(t, m, take, ridge, to);
    status = t->method == AS_FIT_LDA ? as_linear_lda(m, ridge, t->work, to)
                                     : as_linear_ridge(m, ridge, t->work, to);
    status = t->f->sums->agree(t->f->sums->state, status);
    return status == AS_OK ? as_fit_share(t->f->sums, to) : status;
}

/* AUC of a direction on the part that it was not fitted to, over all ranks. */
static enum as_status judge(struct fitting *t, const struct as_direction *d, double *auc)
{
    const struct as_fit *f = t->f;
    enum as_status status = AS_OK;
    const int16_t *z;

    as_bins_init(t->bins, &t->part[0], d);
    for (size_t i = 0; i < f->s.n && status == AS_OK; i++)
        if (t->take[1][i] && (status = as_samples_row(&f->s, i, &z)) == AS_OK)
            as_bins_add(t->bins, as_linear_score(d, z, NULL), f->s.label[i]);
    if ((status = f->sums->agree(f->sums->state, status)) == AS_OK)
        status = f->sums->sum(f->sums->state, t->bins->count[0], 2 * (size_t)AS_BINS);
    *auc = as_bins_auc(t->bins);
    return status;
}

/* ---- 4. fits ---- */

enum as_status as_fit_linear(const struct as_fit *f, enum as_fit_method method,
                             struct as_direction *to, double *ridge)
{
    struct fitting t = {.f = f, .method = method};
    enum as_status status = f->sums->agree(f->sums->state, start(&t));
    double best = -1, auc;

    to->dim = f->s.dim;
    *ridge = 1e-2;
    for (int p = 0; p < 2 && status == AS_OK; p++)
        status = as_fit_join(f->sums, &t.part[p]);
    if (status == AS_OK && t.part[1].n[0] > 0 && t.part[1].n[1] > 0)
        for (double r = 1e-4; r < 20 && status == AS_OK; r *= 10) {
            if ((status = fit_one(&t, &t.part[0], t.take[0], r, to)) == AS_OK)
                status = judge(&t, to, &auc);
            if (status == AS_OK && auc >= best) {
                best = auc;
                *ridge = r;
            }
        }
    if (status == AS_SKIP) /* three quarters lack a class; the whole may not */
        status = AS_OK;
    if (status == AS_OK) {
        as_moments_join(&t.part[0], &t.part[1]);
        status = fit_one(&t, &t.part[0], NULL, *ridge, to);
    }
    stop(&t);
    return status;
}
