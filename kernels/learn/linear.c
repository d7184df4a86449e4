/* linear.c - classifiers that are a direction: Fisher's discriminant, ridge and logistic
 * regression.
 *
 *  1. moments   2. discriminant and ridge regression   3. logistic regression
 *
 * Fisher 1936; Hoerl and Kennard 1970; Bohning and Lindsay, Monotonicity of quadratic-approximation
 * algorithms, 1988; steps made faster after Nesterov 1983, started anew where they would turn back
 * (O'Donoghue and Candes 2015).                                                           */
#include "linear.h"

#include "../linalg.h"
#include "scale.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 256 }; /* with 128 the products of 10^4 measures take 1.4 times as long */
static const size_t PRODUCT_BYTES = (size_t)1 << 30;

/* ---- 1. moments ---- */

enum as_status as_moments_init(struct as_moments *m, uint32_t dim)
{
    *m = (struct as_moments){.dim = dim};
    if (dim == 0 || dim > PRODUCT_BYTES / sizeof(double) / dim)
        return AS_EUSAGE;
    m->sum[0] = calloc(dim, sizeof *m->sum[0]);
    m->sum[1] = calloc(dim, sizeof *m->sum[1]);
    m->product = calloc((size_t)dim * dim, sizeof *m->product);
    m->rows = calloc((size_t)dim * ROWS, sizeof *m->rows);
    if (m->sum[0] && m->sum[1] && m->product && m->rows)
        return AS_OK;
    as_moments_clear(m);
    return AS_ENOMEM;
}

void as_moments_clear(struct as_moments *m)
{
    free(m->sum[0]);
    free(m->sum[1]);
    free(m->product);
    free(m->rows);
    memset(m, 0, sizeof *m);
}

void as_moments_zero(struct as_moments *m)
{
    m->n[0] = m->n[1] = 0;
    for (int c = 0; c < 2; c++)
        memset(m->sum[c], 0, m->dim * sizeof *m->sum[c]);
    memset(m->product, 0, (size_t)m->dim * m->dim * sizeof *m->product);
}

enum as_status as_samples_row(const struct as_samples *s, size_t i, const int16_t **z)
{
    if (s->z == NULL)
        return s->row(s->state, i, z);
    *z = s->z + i * s->dim;
    return AS_OK;
}

enum as_status as_moments_add(struct as_moments *m, const struct as_samples *s,
                              const struct as_choice *choice)
{
    enum as_status status = AS_OK;
    const int16_t *z;
    size_t held = 0;

    for (size_t i = 0; i < s->n && status == AS_OK; i++) {
        if (choice->take && !choice->take[i])
            continue;
        if ((status = as_samples_row(s, i, &z)) != AS_OK)
            break;
        m->n[s->label[i]]++;
        for (uint32_t j = 0; j < m->dim; j++) {
            const int16_t v = z[choice->column ? choice->column[j] : j];
            m->sum[s->label[i]][j] += v;
            m->rows[held * m->dim + j] = v;
        }
        if (++held == ROWS) {
            status = as_linalg_dsyrk_add(m->dim, held, m->rows, m->product);
            held = 0;
        }
    }
    return status == AS_OK ? as_linalg_dsyrk_add(m->dim, held, m->rows, m->product) : status;
}

void as_moments_join(struct as_moments *to, const struct as_moments *from)
{
    for (int c = 0; c < 2; c++) {
        to->n[c] += from->n[c];
        for (uint32_t j = 0; j < to->dim; j++)
            to->sum[c][j] += from->sum[c][j];
    }
    for (size_t k = 0; k < (size_t)to->dim * to->dim; k++)
        to->product[k] += from->product[k];
}

/* ---- 2. discriminant and ridge regression ---- */

static double mean_of(const struct as_moments *m, int c, uint32_t j)
{
    return (double)m->sum[c][j] / (double)m->n[c] / AS_SCALE_ONE;
}

/* The upper triangle of a covariance, plus ridge on the diagonal: within the classes, or of all. */
static void covariance(const struct as_moments *m, bool within, double ridge, double *work)
{
    const double n = (double)(m->n[0] + m->n[1]), unit = n * AS_SCALE_ONE * AS_SCALE_ONE;

    for (uint32_t i = 0; i < m->dim; i++) {
        const double a0 = (double)m->sum[0][i], a1 = (double)m->sum[1][i];
        for (uint32_t j = i; j < m->dim; j++) {
            const double b0 = (double)m->sum[0][j], b1 = (double)m->sum[1][j];
            const double means = within ? a0 * b0 / (double)m->n[0] + a1 * b1 / (double)m->n[1]
                                        : (a0 + a1) * (b0 + b1) / n;
            work[(size_t)i * m->dim + j] = (m->product[(size_t)i * m->dim + j] - means) / unit;
        }
        work[(size_t)i * m->dim + i] += ridge;
    }
}

static enum as_status solve(const struct as_moments *m, bool within, double ridge, double *work,
                            struct as_direction *to)
{
    enum as_status status = AS_SKIP;

    if (m->n[0] == 0 || m->n[1] == 0)
        return AS_SKIP;
    to->dim = m->dim;
    for (double r = ridge; status == AS_SKIP && r < 1e12 * ridge; r *= 10) {
        covariance(m, within, r, work);
        status = as_linalg_factor(m->dim, work);
    }
    if (status != AS_OK)
        return AS_EUSAGE;
    for (uint32_t j = 0; j < m->dim; j++)
        to->weight[j] = mean_of(m, 1, j) - mean_of(m, 0, j);
    as_linalg_substitute(m->dim, work, to->weight);
    return AS_OK;
}

/* The bias that puts 0 at share * mean of 1 + (1 - share) * mean of 0. */
static void set_bias(const struct as_moments *m, double share, struct as_direction *to)
{
    to->bias = 0;
    for (uint32_t j = 0; j < m->dim; j++)
        to->bias -= to->weight[j] * (share * mean_of(m, 1, j) + (1 - share) * mean_of(m, 0, j));
}

enum as_status as_linear_lda(const struct as_moments *m, double ridge, double *work,
                             struct as_direction *to)
{
    enum as_status status = solve(m, true, ridge, work, to);

    if (status == AS_OK)
        set_bias(m, .5, to);
    return status;
}

/* The covariance of measures and targets is the difference of the classes' means. */
enum as_status as_linear_ridge(const struct as_moments *m, double ridge, double *work,
                               struct as_direction *to)
{
    enum as_status status = solve(m, false, ridge, work, to);

    if (status == AS_OK)
        set_bias(m, (double)m->n[1] / (double)(m->n[0] + m->n[1]), to);
    return status;
}

double as_linear_score(const struct as_direction *d, const int16_t *z, const uint32_t *column)
{
    double sum = 0;

    for (uint32_t j = 0; j < d->dim; j++)
        sum += d->weight[j] * z[column ? column[j] : j];
    return d->bias + sum / AS_SCALE_ONE;
}

/* ---- 3. logistic regression ---- */

/* Parameters are the weights, then the bias: size = dim + 1. */
struct as_logistic {
    uint32_t size;
    double n[2], ridge, t;
    double *bound;                       /* [size][size], factored */
    double *now, *before, *move, *slope; /* [size]             */
    struct as_direction at;              /* at.weight [size]       */
};

/* 2^15 / (1 + exp(f)), rounded. */
static int64_t residual(double f)
{
    return (int64_t)(0x1p15 / (1 + exp(f)) + .5);
}

void as_logistic_gradient(const struct as_samples *s, const uint8_t *take,
                          const struct as_direction *d, int64_t *gradient)
{
    memset(gradient, 0, 2 * (s->dim + (size_t)1) * sizeof *gradient);
    for (size_t i = 0; i < s->n; i++) {
        const int16_t *z = s->z + i * s->dim;
        int64_t *to = gradient + s->label[i] * (s->dim + (size_t)1), r;
        if (take && !take[i])
            continue;
        r = residual(s->label[i] ? as_linear_score(d, z, NULL) : -as_linear_score(d, z, NULL));
        for (uint32_t j = 0; j < s->dim; j++)
            to[j] += r * z[j];
        to[s->dim] += r;
    }
}

/* A quarter of the products, either class counting as the one of fewer items, plus ridge. */
static enum as_status bound(struct as_logistic *l, const struct as_moments *m)
{
    const double least = m->n[0] < m->n[1] ? l->n[0] : l->n[1], share = 1 / (8 * least);
    const uint32_t d = m->dim, size = l->size;

    for (uint32_t i = 0; i < d; i++) {
        for (uint32_t j = i; j < d; j++)
            l->bound[(size_t)i * size + j] =
                share * m->product[(size_t)i * d + j] / AS_SCALE_ONE / AS_SCALE_ONE;
        l->bound[(size_t)i * size + i] += l->ridge;
        l->bound[(size_t)i * size + d] =
            share * (double)(m->sum[0][i] + m->sum[1][i]) / AS_SCALE_ONE;
    }
    l->bound[(size_t)d * size + d] = share * (l->n[0] + l->n[1]) * (1 + 1e-9);
    return as_linalg_factor(size, l->bound);
}

enum as_status as_logistic_new(struct as_logistic **to, const struct as_moments *m, double ridge)
{
    const uint32_t size = m->dim + 1;
    struct as_logistic *l;
    enum as_status status;

    *to = NULL;
    if (m->n[0] == 0 || m->n[1] == 0)
        return AS_SKIP;
    if ((l = calloc(1, sizeof *l)) == NULL)
        return AS_ENOMEM;
    l->size = size;
    l->n[0] = (double)m->n[0];
    l->n[1] = (double)m->n[1];
    l->ridge = ridge;
    l->t = 1;
    l->at.dim = m->dim;
    l->bound = calloc((size_t)size * size, sizeof *l->bound);
    l->now = calloc(size, sizeof *l->now);
    l->before = calloc(size, sizeof *l->before);
    l->move = calloc(size, sizeof *l->move);
    l->slope = calloc(size, sizeof *l->slope);
    l->at.weight = calloc(size, sizeof *l->at.weight);
    status = l->bound && l->now && l->before && l->move && l->slope && l->at.weight ? bound(l, m)
                                                                                    : AS_ENOMEM;
    if (status == AS_OK)
        *to = l;
    else
        as_logistic_free(l);
    return status == AS_SKIP ? AS_EUSAGE : status;
}

void as_logistic_free(struct as_logistic *l)
{
    if (l == NULL)
        return;
    free(l->bound);
    free(l->now);
    free(l->before);
    free(l->move);
    free(l->slope);
    free(l->at.weight);
    free(l);
}

const struct as_direction *as_logistic_at(const struct as_logistic *l)
{
    return &l->at;
}

/* at = now, or further in the direction of the last move. */
static void look_ahead(struct as_logistic *l, double share)
{
    for (uint32_t j = 0; j < l->at.dim; j++)
        l->at.weight[j] = l->now[j] + share * (l->now[j] - l->before[j]);
    l->at.bias = l->now[l->at.dim] + share * (l->now[l->at.dim] - l->before[l->at.dim]);
}

enum as_status as_logistic_step(struct as_logistic *l, const int64_t *gradient, double tolerance)
{
    const uint32_t d = l->at.dim;
    double turn = 0, largest = 0;

    for (uint32_t j = 0; j <= d; j++) {
        const double unit = 0x1p15 * 2 * (j < d ? AS_SCALE_ONE : 1);
        l->move[j] = l->slope[j] = (double)gradient[l->size + j] / l->n[1] / unit -
                                   (double)gradient[j] / l->n[0] / unit -
                                   (j < d ? l->ridge * l->at.weight[j] : 0);
        l->before[j] = l->now[j];
    }
    as_linalg_substitute(l->size, l->bound, l->move);
    for (uint32_t j = 0; j <= d; j++) {
        l->now[j] = (j < d ? l->at.weight[j] : l->at.bias) + l->move[j];
        largest = fabs(l->move[j]) > largest ? fabs(l->move[j]) : largest;
        turn += l->slope[j] * (l->now[j] - l->before[j]);
    }
    const double t = turn < 0 ? 1 : (1 + sqrt(1 + 4 * l->t * l->t)) / 2;
    look_ahead(l, turn < 0 ? 0 : (l->t - 1) / t);
    l->t = t;
    return largest < tolerance ? AS_END : AS_OK;
}
