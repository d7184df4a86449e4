/* outlier.c - expectation and maximisation for one normal cloud and a uniform density beside it.
 *
 * Sums run in LANES partial sums of a fixed order, which compilers make vectors of.        */
#include "outlier.h"

#include "eigen.h"

#include <math.h>
#include <string.h>

enum { DIM = AS_OUTLIER_DIM, ITERATIONS_MAX = 40, LANES = 16 };

/* As published with the method. */
static const double log_beside = -42, share_beside = 0.01;

/* Keeps a cloud from becoming flat. */
static const double ridge = 1e-3;

#define LOG_TWO_PI 1.83787706640934548356

/* A cloud while it is sought. */
struct fit {
    struct as_outlier cloud;
    double log_norm; /* of its density at the mean */
    double likelihood;
};

static double dot(const float *a, const float *b, const float *c, size_t n)
{
    float lane[LANES] = {0};
    double sum = 0;

    for (size_t i = 0; i < n; i += LANES) /* the arrays are zero beyond n */
        for (size_t k = 0; k < LANES; k++)
            lane[k] += a[i + k] * b[i + k] * c[i + k];
    for (size_t k = 0; k < LANES; k++)
        sum += lane[k];
    return sum;
}

/* The weighted mean and covariance into f; false: too few vectors, or flat. */
static bool maximise(const struct as_outlier_work *w, size_t n, struct fit *f)
{
    const float *one = w->one;
    double cov[DIM * DIM], inverse[DIM * DIM], mean[DIM], total = dot(w->weight, one, one, n);

    if (total < 2 * DIM)
        return false;
    for (size_t r = 0; r < DIM; r++)
        mean[r] = dot(w->weight, w->z[r], one, n) / total;
    for (size_t r = 0; r < DIM; r++)
        for (size_t c = 0; c <= r; c++)
            cov[r * DIM + c] = dot(w->weight, w->z[r], w->z[c], n) / total - mean[r] * mean[c] +
                               (r == c ? ridge : 0);
    if (!as_cholesky(cov, DIM))
        return false;
    as_lower_inverse(cov, DIM, inverse);
    f->log_norm = -0.5 * DIM * LOG_TWO_PI;
    for (size_t r = 0; r < DIM; r++) {
        f->log_norm -= log(cov[r * DIM + r]);
        f->cloud.mean[r] = (float)mean[r];
        for (size_t c = 0; c < DIM; c++)
            f->cloud.root[r][c] = (float)inverse[r * DIM + c];
    }
    return true;
}

/* w->square := squared distances. */
static void measure(struct as_outlier_work *w, size_t n, const struct as_outlier *cloud)
{
    for (size_t i = 0; i < n; i += LANES) {
        float square[LANES] = {0};
        for (size_t r = 0; r < DIM; r++) {
            float sum[LANES] = {0};
            for (size_t c = 0; c <= r; c++)
                for (size_t k = 0; k < LANES; k++)
                    sum[k] += cloud->root[r][c] * (w->z[c][i + k] - cloud->mean[c]);
            for (size_t k = 0; k < LANES; k++)
                square[k] += sum[k] * sum[k];
        }
        memcpy(w->square + i, square, sizeof square);
    }
}

/* w->weight := chances to be of the cloud; the likelihoods' logarithms summed into f. */
static void expect(struct as_outlier_work *w, size_t n, struct fit *f)
{
    const double inside = log(1 - share_beside) + f->log_norm;
    const double beside = log(share_beside) + log_beside;

    measure(w, n, &f->cloud);
    f->likelihood = 0;
    for (size_t i = 0; i < n; i++) {
        const double a = inside - 0.5 * (double)w->square[i];
        const double high = a > beside ? a : beside;
        const double sum = exp(a - high) + exp(beside - high);
        w->weight[i] = (float)(exp(a - high) / sum);
        f->likelihood += high + log(sum);
    }
}

/* From the weights on; false: there is no cloud. */
static bool run(struct as_outlier_work *w, size_t n, struct fit *f)
{
    double before = -INFINITY;

    for (int i = 0; i < ITERATIONS_MAX; i++) {
        if (!maximise(w, n, f))
            return false;
        expect(w, n, f);
        if (f->likelihood - before < 1e-4 * (double)n)
            break;
        before = f->likelihood;
    }
    f->cloud.edge =
        (float)(2 * (log(1 - share_beside) + f->log_norm - log(share_beside) - log_beside));
    return f->cloud.edge > 0;
}

static void begin(struct as_outlier_work *w, size_t n, const uint16_t *side, unsigned start)
{
    for (size_t i = 0; i < n; i++)
        w->weight[i] = !start || (side[i] >> (start - 1) & 1);
}

/* The likelihood of all vectors under one normal cloud; the weights are 1. */
static double single(struct as_outlier_work *w, size_t n, struct fit *f)
{
    double sum = 0;

    if (!maximise(w, n, f))
        return INFINITY;
    measure(w, n, &f->cloud);
    for (size_t i = 0; i < n; i++)
        sum += f->log_norm - 0.5 * (double)w->square[i];
    return sum;
}

enum as_status as_outlier_fit(struct as_outlier_work *w, size_t n, const uint16_t *side,
                              unsigned starts, struct as_outlier *out)
{
    struct fit best = {.likelihood = -INFINITY}, f = {0};
    double plain;

    for (size_t i = n; i < (n + LANES - 1) / LANES * LANES; i++) {
        w->weight[i] = 0;
        for (size_t r = 0; r < DIM; r++)
            w->z[r][i] = 0;
    }
    for (size_t i = 0; i < AS_OUTLIER_MAX; i++)
        w->one[i] = 1;
    begin(w, n, side, 0);
    plain = single(w, n, &f);
    for (unsigned start = 0; start < starts; start++) {
        begin(w, n, side, start);
        if (run(w, n, &f) && f.likelihood > best.likelihood)
            best = f;
    }
    if (!(best.likelihood > -INFINITY) || plain == INFINITY)
        return AS_SKIP;
    *out = best.cloud;
    out->gain = (float)((best.likelihood - plain) / (double)n);
    return AS_OK;
}
