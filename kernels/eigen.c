/* eigen.c - Jacobi's method, Cholesky's factor; sqrt is the only function they need. */
#include "eigen.h"

#include <math.h>

enum { SWEEPS_MAX = 40 };

/* Rows p and q of m turned. */
static void turn_rows(double *m, size_t n, size_t p, size_t q, double c, double s)
{
    for (size_t k = 0; k < n; k++) {
        const double x = m[p * n + k], y = m[q * n + k];
        m[p * n + k] = c * x - s * y;
        m[q * n + k] = s * x + c * y;
    }
}

static void turn(double *a, size_t n, size_t p, size_t q, double *vectors)
{
    const double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
    const double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
    const double c = 1 / sqrt(t * t + 1), s = t * c;

    for (size_t k = 0; k < n; k++) {
        const double x = a[k * n + p], y = a[k * n + q];
        a[k * n + p] = c * x - s * y;
        a[k * n + q] = s * x + c * y;
    }
    turn_rows(a, n, p, q, c, s);
    turn_rows(vectors, n, p, q, c, s);
}

static void sort_falling(size_t n, double *values, double *vectors)
{
    for (size_t i = 0; i + 1 < n; i++) {
        size_t best = i;
        for (size_t k = i + 1; k < n; k++)
            best = values[k] > values[best] ? k : best;
        const double v = values[i];
        values[i] = values[best];
        values[best] = v;
        for (size_t k = 0; k < n && best != i; k++) {
            const double x = vectors[i * n + k];
            vectors[i * n + k] = vectors[best * n + k];
            vectors[best * n + k] = x;
        }
    }
}

void as_eigen(double *a, size_t n, double *values, double *vectors)
{
    double all = 0;

    for (size_t i = 0; i < n * n; i++) {
        vectors[i] = i % (n + 1) == 0;
        all += a[i] * a[i];
    }
    for (int sweep = 0; sweep < SWEEPS_MAX; sweep++) {
        double off = 0;
        for (size_t p = 0; p < n; p++)
            for (size_t q = p + 1; q < n; q++)
                off += a[p * n + q] * a[p * n + q];
        if (off <= 1e-26 * all)
            break;
        for (size_t p = 0; p < n; p++)
            for (size_t q = p + 1; q < n; q++)
                if (a[p * n + q] * a[p * n + q] > 1e-30 * all / (double)(n * n))
                    turn(a, n, p, q, vectors);
    }
    for (size_t i = 0; i < n; i++)
        values[i] = a[i * n + i];
    sort_falling(n, values, vectors);
}

bool as_cholesky(double *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k <= i; k++) {
            double sum = a[i * n + k];
            for (size_t j = 0; j < k; j++)
                sum -= a[i * n + j] * a[k * n + j];
            if (i == k && !(sum > 0))
                return false;
            a[i * n + k] = i == k ? sqrt(sum) : sum / a[k * n + k];
        }
    return true;
}

void as_lower_inverse(const double *l, size_t n, double *inverse)
{
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < n; i++) {
            double sum = i == k;
            for (size_t j = k; j < i; j++)
                sum -= l[i * n + j] * inverse[j * n + k];
            inverse[i * n + k] = i < k ? 0 : sum / l[i * n + i];
        }
}
