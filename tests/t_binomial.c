/* t_binomial.c - the tail against whole numbers, a sum in long double, and its own bounds. */
#include "../kernels/binomial.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void t_by_hand(void **state)
{
    (void)state;
    assert_true(fabs(as_binomial_tail(10, 8, 0.5) - log10(56.0 / 1024)) < 1e-12);
    assert_true(fabs(as_binomial_tail(1, 1, 0.25) - log10(0.25)) < 1e-12);
    assert_true(fabs(as_binomial_tail(20, 20, 1.0 / 64) + 20 * log10(64)) < 1e-10);
    assert_true(as_binomial_tail(640, 10, 1.0 / 64) == 0); /* the mean */
    assert_true(as_binomial_tail(100, 0, 0.5) == 0);
    assert_true(as_binomial_tail(0, 0, 0.5) == 0);
}

/* Every term by multiplication, from the last down. */
static double slow_tail(int n, int k, long double p)
{
    long double term = powl(p, n), sum = term;

    for (int i = n; i > k; i--) {
        term *= (long double)i / (n - i + 1) * ((1 - p) / p);
        sum += term;
    }
    return (double)log10l(sum);
}

static void t_against_sum(void **state)
{
    (void)state;
    for (int n = 1; n <= 700; n += 37)
        for (int k = n / 64 + 1; k <= n; k += 1 + n / 9) {
            const double want = slow_tail(n, k, 1.0L / 64),
                         got = as_binomial_tail((uint64_t)n, (uint64_t)k, 1.0 / 64);
            if (fabs(got - want) > 1e-9 * fabs(want) + 1e-12)
                fail_msg("%d of %d: %.15g, not %.15g", k, n, got, want);
        }
}

/* Large numbers: falling in k, between the largest term and the bound of Chernoff. */
static void t_large(void **state)
{
    const uint64_t n = 3125000;
    const double p = 1.0 / 64;
    double before = 0;
    (void)state;

    for (uint64_t k = 48900; k < n; k += 97001) {
        const double a = (double)k / (double)n;
        const double chernoff = -(double)n * (a * log(a / p) + (1 - a) * log((1 - a) / (1 - p)));
        const double got = as_binomial_tail(n, k, p);
        assert_true(got <= before && got <= chernoff / log(10));
        assert_true(got >= chernoff / log(10) - 0.5 * log10(8 * (double)n * a * (1 - a)) - 1e-6);
        before = got;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_by_hand),
        cmocka_unit_test(t_against_sum),
        cmocka_unit_test(t_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
