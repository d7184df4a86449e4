/* binomial.c - the tail of the binomial distribution in logarithms.
 *
 * The first term by Stirling's series, the others by their ratios: above the mean each is smaller
 * than the one before, so the sum converges at once.                                        */
#include "binomial.h"

#include <math.h>

enum { SERIES_FROM = 16 };

/* The natural logarithm of n!. */
static double log_factorial(uint64_t n)
{
    static const double half_log_two_pi = 0.91893853320467274178;
    const double x = (double)n + 1, square = x * x;
    double product = 1;

    if (n < SERIES_FROM) {
        for (uint64_t i = 2; i <= n; i++)
            product *= (double)i;
        return log(product);
    }
    return (x - 0.5) * log(x) - x + half_log_two_pi +
           (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / x;
}

double as_binomial_tail(uint64_t n, uint64_t k, double p)
{
    double first, term = 1, sum = 1;

    if ((double)k <= (double)n * p)
        return 0;
    first = log_factorial(n) - log_factorial(k) - log_factorial(n - k) + (double)k * log(p) +
            (double)(n - k) * log1p(-p);
    for (uint64_t i = k; i < n && term > 1e-12 * sum; i++) {
        term *= (double)(n - i) / (double)(i + 1) * (p / (1 - p));
        sum += term;
    }
    first = (first + log(sum)) / log(10);
    return first < 0 ? first : 0;
}
