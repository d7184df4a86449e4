/* t_eigen.c - eigenvectors, Cholesky's factor and its inverse, by what defines them. */
#include "../kernels/eigen.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 50 };

static uint32_t seed = 1846;
static double a[MOST * MOST], b[MOST * MOST], v[MOST * MOST], values[MOST];

static double next(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (double)(seed >> 8) / (1 << 24) - 0.5;
}

static void make_symmetric(size_t n)
{
    for (size_t r = 0; r < n; r++)
        for (size_t c = 0; c <= r; c++)
            a[r * n + c] = a[c * n + r] = next();
    memcpy(b, a, sizeof b);
}

static double dot(const double *x, const double *y, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

static void t_eigen(void **state)
{
    static const size_t sizes[] = {1, 2, 3, 7, 25, MOST};
    (void)state;

    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const size_t n = sizes[s];
        make_symmetric(n);
        as_eigen(a, n, values, v);
        for (size_t i = 0; i < n; i++) {
            assert_true(i == 0 || values[i] <= values[i - 1]);
            for (size_t k = 0; k < n; k++) {
                assert_true(fabs(dot(v + i * n, v + k * n, n) - (i == k)) < 1e-12);
                assert_true(fabs(dot(b + k * n, v + i * n, n) - values[i] * v[i * n + k]) < 1e-11);
            }
        }
    }
}

static void t_by_hand(void **state)
{
    double m[4] = {2, 1, 1, 2};
    double zero[9] = {0};
    (void)state;

    as_eigen(m, 2, values, v);
    assert_true(fabs(values[0] - 3) < 1e-14 && fabs(values[1] - 1) < 1e-14);
    assert_true(fabs(fabs(v[0]) - sqrt(0.5)) < 1e-14 && fabs(v[0] - v[1]) < 1e-14);
    as_eigen(zero, 3, values, v);
    assert_true(values[0] == 0 && values[2] == 0 && v[0] == 1);
}

static void t_cholesky(void **state)
{
    const size_t n = 25;
    double l[25 * 25], inverse[25 * 25];
    (void)state;

    make_symmetric(n); /* a := b b' + 1, positive */
    for (size_t r = 0; r < n; r++)
        for (size_t c = 0; c < n; c++)
            a[r * n + c] = dot(b + r * n, b + c * n, n) + (r == c);
    memcpy(l, a, sizeof l);
    assert_true(as_cholesky(l, n));
    as_lower_inverse(l, n, inverse);
    for (size_t r = 0; r < n; r++)
        for (size_t c = 0; c <= r; c++) {
            double sum = 0;
            assert_true(fabs(dot(l + r * n, l + c * n, c + 1) - a[r * n + c]) < 1e-12);
            for (size_t k = 0; k < n; k++)
                sum += (k <= r ? l[r * n + k] : 0) * inverse[k * n + c];
            assert_true(fabs(sum - (r == c)) < 1e-12);
        }
    l[0] = -1;
    assert_false(as_cholesky(l, n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_eigen),
        cmocka_unit_test(t_by_hand),
        cmocka_unit_test(t_cholesky),
    };

    print_message("seed %u\n", seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
