/* binomial.h - how surprising a count is. */
#ifndef AS_BINOMIAL_H
#define AS_BINOMIAL_H

#include "base.h"

/*
 * as_binomial_tail - log10 of the chance of k successes or more among n trials of chance p.
 *
 *   n, k     k <= n < 2^40
 *   p        0 < p < 1
 *   returns  0 for k <= n p, where it would lie between log10(1/2) and 0; else at most 0, exact
 *            to about 1e-9 of its value, however small the chance is
 */
double as_binomial_tail(uint64_t n, uint64_t k, double p);

#endif
