/* t_linalg.c - products of matrices against plain sums, in every layout. */
#include "../kernels/linalg.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { M = 5, N = 7, K = 11, STRIDE = 13 };

static float a[STRIDE * STRIDE], b[STRIDE * STRIDE], c[STRIDE * STRIDE];

/* Small integers: every sum is exact. */
static void fill(void)
{
    for (int i = 0; i < STRIDE * STRIDE; i++) {
        a[i] = (float)(i * 7 % 11 - 5);
        b[i] = (float)(i * 5 % 13 - 6);
        c[i] = (float)(i % 3);
    }
}

static float at(const float *m, int row, int col, bool trans)
{
    return trans ? m[col * STRIDE + row] : m[row * STRIDE + col];
}

static void test_products(void **state)
{
    (void)state;
    for (int layout = 0; layout < 4; layout++) {
        const bool ta = layout & 1, tb = layout & 2;
        const struct as_gemm g = {M, N, K, a, b, c, STRIDE, STRIDE, STRIDE, 2.0f, 3.0f, ta, tb};
        fill();
        assert_int_equal(as_linalg_sgemm(&g), AS_OK);
        for (int i = 0; i < M; i++)
            for (int j = 0; j < N; j++) {
                float sum = 0;
                for (int k = 0; k < K; k++)
                    sum += at(a, i, k, ta) * at(b, k, j, tb);
                assert_true(c[i * STRIDE + j] == 2 * sum + 3 * (float)((i * STRIDE + j) % 3));
            }
        assert_true(c[N] == (float)(N % 3)); /* beside the product */
    }
}

static void test_squares(void **state)
{
    (void)state;
    for (int layout = 0; layout < 2; layout++) {
        const struct as_gemm g = {.n = N,
                                  .k = K,
                                  .a = a,
                                  .lda = STRIDE,
                                  .c = c,
                                  .ldc = STRIDE,
                                  .alpha = 1,
                                  .trans_a = layout};
        fill();
        assert_int_equal(as_linalg_ssyrk(&g), AS_OK);
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                float sum = 0;
                for (int k = 0; k < K; k++)
                    sum += at(a, i, k, layout) * at(a, j, k, layout);
                assert_true(c[i * STRIDE + j] == (j >= i ? sum : (float)((i * STRIDE + j) % 3)));
            }
    }
}

static void test_refused(void **state)
{
    const struct as_gemm good = {M, N, K, a, b, c, STRIDE, STRIDE, STRIDE, 1, 0, false, false};
    struct as_gemm g = good;
    (void)state;
    g.lda = K - 1;
    assert_int_equal(as_linalg_sgemm(&g), AS_EUSAGE);
    g = good;
    g.m = g.ldc = (size_t)INT_MAX + 1;
    assert_int_equal(as_linalg_sgemm(&g), AS_EUSAGE);
    g = good;
    g.ldc = N - 1;
    assert_int_equal(as_linalg_sgemm(&g), AS_EUSAGE);
    assert_int_equal(as_linalg_ssyrk(&g), AS_EUSAGE);
    g = good;
    g.m = 0;
    assert_int_equal(as_linalg_sgemm(&g), AS_OK);
    g = good;
    g.k = 0; /* a sum of nothing */
    c[0] = 5;
    assert_int_equal(as_linalg_sgemm(&g), AS_OK);
    assert_true(c[0] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_squares),
        cmocka_unit_test(test_refused),
    };

    as_linalg_one_thread();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
