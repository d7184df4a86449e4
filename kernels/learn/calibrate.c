/* calibrate.c - from a score to a likelihood ratio, never a larger one than the trials can bear.
 *
 * Platt, Probabilistic outputs for support vector machines, 1999; van Es, Wiarda, Hordijk et al. on
 * limits by the number of trials, 2017; Morrison and Poh on shrinking, 2018. */
#include "calibrate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 100 };
static const double LOG10_E = .43429448190325182765;

struct normal {
    double mean, scale;
};

/* Scores of a like size for the steps. */
static struct normal normalise(const double *score, size_t n)
{
    double sum = 0, square = 0;

    for (size_t i = 0; i < n; i++)
        sum += score[i];
    for (size_t i = 0; i < n; i++)
        square += (score[i] - sum / (double)n) * (score[i] - sum / (double)n);
    return (struct normal){sum / (double)n, square > 0 ? sqrt((double)n / square) : 0};
}

/* Newton's step of the two parameters, halved until the loss falls; false: no further. */
struct fit {
    const double *score;
    const uint8_t *label;
    size_t n;
    struct normal by;
    double target[2], weight[2];
};

static double log1pexp(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static double loss(const struct fit *f, const double *p)
{
    double sum = 0;

    for (size_t i = 0; i < f->n; i++) {
        const double x = p[0] + p[1] * (f->score[i] - f->by.mean) * f->by.scale;
        sum += f->weight[f->label[i]] * (log1pexp(x) - f->target[f->label[i]] * x);
    }
    return sum;
}

static bool step(const struct fit *f, double *p)
{
    double g[2] = {0}, h[3] = {1e-12, 0, 1e-12}, q[2], move[2];
    const double before = loss(f, p);

    for (size_t i = 0; i < f->n; i++) {
        const double s = (f->score[i] - f->by.mean) * f->by.scale;
        const double at = 1 / (1 + exp(-(p[0] + p[1] * s)));
        const double w = f->weight[f->label[i]], d = w * (at - f->target[f->label[i]]);
        g[0] += d;
        g[1] += d * s;
        h[0] += w * at * (1 - at);
        h[1] += w * at * (1 - at) * s;
        h[2] += w * at * (1 - at) * s * s;
    }
    const double det = h[0] * h[2] - h[1] * h[1];
    if (!(det > 0))
        return false;
    move[0] = (h[2] * g[0] - h[1] * g[1]) / det;
    move[1] = (h[0] * g[1] - h[1] * g[0]) / det;
    for (double share = 1; share > 1e-6; share /= 2) {
        q[0] = p[0] - share * move[0];
        q[1] = p[1] - share * move[1];
        if (loss(f, q) < before) {
            memcpy(p, q, sizeof q);
            return true;
        }
    }
    return false;
}

static enum as_status count_groups(struct as_calibration *c, const uint8_t *label,
                                   const uint32_t *group, uint32_t groups, size_t n)
{
    uint8_t *has = calloc((size_t)groups + 1, 1);
    enum as_status status = has ? AS_OK : AS_ENOMEM;

    for (size_t i = 0; i < n && status == AS_OK; i++) {
        if (group[i] >= groups)
            status = AS_EUSAGE;
        else
            has[group[i]] |= (uint8_t)(1 << label[i]);
    }
    for (uint32_t g = 0; g < groups && status == AS_OK; g++) {
        c->groups[0] += has[g] & 1;
        c->groups[1] += has[g] >> 1;
    }
    free(has);
    return status;
}

enum as_status as_calibrate_fit(struct as_calibration *c, const double *score, const uint8_t *label,
                                const uint32_t *group, uint32_t groups, size_t n)
{
    struct fit f = {.score = score, .label = label, .n = n, .by = normalise(score, n)};
    double p[2] = {0};
    enum as_status status;

    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < n; i++)
        c->items[label[i] != 0]++;
    if (c->items[0] == 0 || c->items[1] == 0)
        return AS_SKIP;
    if ((status = count_groups(c, label, group, groups, n)) != AS_OK)
        return status;
    for (int k = 0; k < 2; k++)
        f.weight[k] = .5 / (double)c->items[k];
    f.target[1] = ((double)c->items[1] + 1) / ((double)c->items[1] + 2);
    f.target[0] = 1 / ((double)c->items[0] + 2);
    for (int k = 0; k < STEPS && step(&f, p); k++)
        continue;
    if (p[1] > 0) {
        c->slope = p[1] * f.by.scale * LOG10_E;
        c->intercept = (p[0] - p[1] * f.by.scale * f.by.mean) * LOG10_E;
    }
    c->high = log10((double)c->groups[0]);
    c->low = -log10((double)c->groups[1]);
    return AS_OK;
}

double as_calibrate_llr(const struct as_calibration *c, double score)
{
    const double llr = c->intercept + c->slope * score;

    return llr > c->high ? c->high : llr < c->low ? c->low : llr;
}
