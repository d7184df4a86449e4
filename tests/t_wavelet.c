/* t_wavelet.c - db4: perfect reconstruction, its formula, vanishing moments, equal variants. */
#include "../kernels/simd.h"
#include "../kernels/simd_rows.h"
#include "../kernels/wavelet.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 300, PAD = 5, MOST = SIDE * (SIDE + PAD), SEED = 5150 };

static uint32_t seed = SEED;
static float in[MOST], back[MOST], band[4][MOST], other[4][MOST], *scratch;
static const struct as_bands bands = {band[0], band[1], band[2], band[3]};
static const uint32_t sides[] = {7, 8, 9, 14, 15, 16, 31, 64, 97, 256, 261, 300};
enum { SIDES = sizeof sides / sizeof *sides };

static float value(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / 65536.0f;
}

static void fill(void)
{
    for (size_t i = 0; i < MOST; i++)
        in[i] = value();
}

static void test_reconstruction(void **state)
{
    (void)state;
    fill();
    for (size_t i = 0; i < SIDES; i++)
        for (size_t k = 0; k < SIDES; k++) {
            const uint32_t w = sides[i], h = sides[k];
            const struct as_plane plane = {in, w, h, w + PAD};
            memset(back, 0x7e, sizeof back);
            as_wavelet_forward(&plane, &bands, scratch);
            as_wavelet_inverse(&bands, w, h, back, w + 3, scratch);
            for (uint32_t y = 0; y < h; y++) {
                for (uint32_t x = 0; x < w; x++)
                    if (fabsf(back[y * (w + 3) + x] - in[y * (w + PAD) + x]) > 2e-4f)
                        fail_msg("%u x %u at %u, %u", w, h, x, y);
                for (uint32_t x = w; x < w + 3; x++) /* what is between the rows stays */
                    assert_memory_equal(&back[y * (w + 3) + x], "\x7e\x7e\x7e\x7e", 4);
            }
        }
}

/* Taps of PyWavelets' dec_lo, and sample i of a mirrored row. */
static const double taps[] = {-0.010597401784997278, 0.032883011666982945, 0.030841381835986965,
                              -0.18703481171888114,  -0.02798376941698385, 0.6308807679295904,
                              0.7148465705525415,    0.23037781330885523};

static uint32_t mirror(int64_t i, uint32_t n)
{
    return (uint32_t)(i < 0 ? -1 - i : i >= n ? 2 * (int64_t)n - 1 - i : i);
}

static double tap(uint32_t k, bool high)
{
    return !high ? taps[k] : k & 1 ? taps[7 - k] : -taps[7 - k];
}

static void test_formula(void **state)
{
    const uint32_t w = 31, h = 16;
    const struct as_plane plane = {in, w, h, w};
    (void)state;

    fill();
    as_wavelet_forward(&plane, &bands, scratch);
    for (uint32_t which = 0; which < 4; which++)
        for (uint32_t i = 0; i < as_wavelet_coefs(h); i++)
            for (uint32_t j = 0; j < as_wavelet_coefs(w); j++) {
                double sum = 0;
                for (uint32_t k = 0; k < 8; k++)
                    for (uint32_t l = 0; l < 8; l++)
                        sum += tap(k, which & 2) * tap(l, which & 1) *
                               (double)in[mirror(2 * (int64_t)i + 1 - k, h) * w +
                                          mirror(2 * (int64_t)j + 1 - l, w)];
                if (fabs(sum - (double)band[which][i * as_wavelet_coefs(w) + j]) > 2e-4)
                    fail_msg("band %u at %u, %u", which, j, i);
            }
}

/* Details of a cubic are zero where no border is near. */
static void test_vanishing_moments(void **state)
{
    const uint32_t side = 64, n = as_wavelet_coefs(side);
    const struct as_plane plane = {in, side, side, side};
    (void)state;

    for (uint32_t y = 0; y < side; y++)
        for (uint32_t x = 0; x < side; x++) {
            const float u = (float)x / 64, v = (float)y / 64;
            in[y * side + x] = 3 + u * u * u - 2 * v * v + u * v;
        }
    as_wavelet_forward(&plane, &bands, scratch);
    for (uint32_t which = 1; which < 4; which++)
        for (uint32_t i = 4; i + 4 < n; i++)
            for (uint32_t j = 4; j + 4 < n; j++)
                assert_true(fabsf(band[which][i * n + j]) < 3e-6f);
}

static void test_levels(void **state)
{
    (void)state;
    assert_int_equal(as_wavelet_levels(13, 4), 0);
    assert_int_equal(as_wavelet_levels(14, 4), 1);
    assert_int_equal(as_wavelet_levels(111, 4), 3);
    assert_int_equal(as_wavelet_levels(112, 4), 4);
    assert_int_equal(as_wavelet_levels(UINT32_MAX, 4), 4);
    assert_int_equal(as_wavelet_coefs(7), 7);
    assert_int_equal(as_wavelet_coefs(16), 11);
    assert_int_equal(as_wavelet_coefs(UINT32_MAX), 2147483651u);
}

/* ---- every row kernel of every class gives the bits of the plain one ---- */

static void compare_rows(const struct as_rows *a, const struct as_rows *b, size_t n)
{
    enum { AT = 64, ROW = 700 };
    const float *rows[9], *hi[4];
    float *even = back + 8000, *odd = back + 12000;

    for (size_t k = 0; k < 9; k++)
        rows[k] = in + AT + k * ROW;
    for (size_t k = 0; k < 4; k++)
        hi[k] = in + AT + (k + 9) * ROW;
    memset(band, 0x55, sizeof band);
    memset(other, 0x55, sizeof other);
    a->analyse_columns(rows, n, band[0], band[0] + ROW);
    b->analyse_columns(rows, n, other[0], other[0] + ROW);
    a->analyse_row(in + AT, n / 2, even, odd, band[0] + 2 * ROW, band[0] + 3 * ROW);
    b->analyse_row(in + AT, n / 2, even, odd, other[0] + 2 * ROW, other[0] + 3 * ROW);
    a->synthesise_columns(rows, hi, n, band[1], band[1] + ROW);
    b->synthesise_columns(rows, hi, n, other[1], other[1] + ROW);
    a->synthesise_row(rows[0], hi[0], n / 2, band[1] + 2 * ROW);
    b->synthesise_row(rows[0], hi[0], n / 2, other[1] + 2 * ROW);
    a->wiener_gain(rows, n, 200.0f, band[2]);
    b->wiener_gain(rows, n, 200.0f, other[2]);
    a->multiply(in, in + 2 * ROW, n, band[2] + ROW);
    b->multiply(in, in + 2 * ROW, n, other[2] + ROW);
    memcpy(band[3], in, n * sizeof *in);
    memcpy(other[3], in, n * sizeof *in);
    a->scale(rows[1], n, band[3]);
    b->scale(rows[1], n, other[3]);
    a->square(rows[1], n, band[3] + ROW);
    b->square(rows[1], n, other[3] + ROW);
    if (memcmp(band, other, sizeof band) != 0)
        fail_msg("rows of %zu", n);
}

static void compare_filters(const struct as_rows *a, const struct as_rows *b, size_t n)
{
    const float *rows[AS_ORDERS_ROWS];
    float own[AS_ORDERS][AS_ORDERS_REACH + 1];
    struct as_weighed sum = {.scale = 7, .bend = 8};

    for (size_t k = 0; k < AS_ORDERS_ROWS; k++)
        rows[k] = in + k * 37;
    memcpy(own, in + 5, sizeof own);
    for (size_t k = 0; k < 4; k++) {
        sum.re[k] = rows[k];
        sum.im[k % 3] = rows[k + 7];
        sum.re_weight[k] = in[k + 90];
        sum.im_weight[k % 3] = in[k + 95];
    }
    memset(band, 0x55, sizeof band);
    memset(other, 0x55, sizeof other);
    a->filter_orders(rows, n, (const float(*)[AS_ORDERS_REACH + 1]) own, AS_ORDERS, band[0], n);
    b->filter_orders(rows, n, (const float(*)[AS_ORDERS_REACH + 1]) own, AS_ORDERS, other[0], n);
    a->root_of_absolute(&sum, n, (uint8_t *)band[1]);
    b->root_of_absolute(&sum, n, (uint8_t *)other[1]);
    if (memcmp(band, other, sizeof band) != 0)
        fail_msg("filters of %zu", n);
}

static void test_variants(void **state)
{
    struct as_rows ref;
    (void)state;

    fill();
    as_rows_ref(&ref);
    for (int cpu = AS_CPU_PLAIN; cpu <= (int)as_cpu_best(); cpu++) {
        as_simd_init((enum as_cpu)cpu);
        for (size_t n = 1; n < 600; n += n < 40 ? 1 : 37)
            compare_rows(&ref, &as_rows, n), compare_filters(&ref, &as_rows, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reconstruction), cmocka_unit_test(test_formula),
        cmocka_unit_test(test_vanishing_moments), cmocka_unit_test(test_levels),
        cmocka_unit_test(test_variants)};

    printf("seed %d\n", SEED);
    scratch = malloc(as_wavelet_scratch(SIDE) * sizeof *scratch);
    if (!scratch)
        return 70;
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(scratch);
    return failed;
}
