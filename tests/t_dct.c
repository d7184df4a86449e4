/* t_dct.c - the 8x8 transform against its definition, its inverse, runs, samples, IJG tables. */
#include "../kernels/dct.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { W = 83, H = 21, STRIDE = 90, SEED = 8808 };

static float samples[H * STRIDE];
static const struct as_plane plane = {samples, W, H, STRIDE};

static int fill(void **state)
{
    uint32_t random = SEED;

    (void)state;
    for (size_t i = 0; i < H * STRIDE; i++) {
        random = random * 1664525u + 1013904223u;
        samples[i] = i % STRIDE < W ? (float)(random >> 24) : -1e30f;
    }
    return 0;
}

/* Coefficient (u, v) of the block at (x, y) by the formula of T.81, A.3.3, in double. */
static double by_definition(uint32_t x, uint32_t y, uint32_t u, uint32_t v)
{
    const double pi = 3.14159265358979323846;
    double sum = 0;

    for (uint32_t j = 0; j < 8; j++)
        for (uint32_t i = 0; i < 8; i++)
            sum += (double)samples[(y + j) * STRIDE + x + i] * cos((2 * i + 1) * u * pi / 16) *
                   cos((2 * j + 1) * v * pi / 16);
    return sum / 4 * (u ? 1 : sqrt(0.5)) * (v ? 1 : sqrt(0.5));
}

static void test_definition(void **state)
{
    float out[64];

    (void)state;
    for (uint32_t at = 0; at < 5; at++) {
        as_dct_block(&plane, 3 * at, at, out);
        for (uint32_t k = 0; k < 64; k++)
            if (fabs((double)out[k] - by_definition(3 * at, at, k % 8, k / 8)) > 1e-3)
                fail_msg("coefficient %u of block %u is %g (seed %d)", k, at, (double)out[k], SEED);
    }
}

static void test_inverse(void **state)
{
    float block[64], back[64];

    (void)state;
    as_dct_block(&plane, 5, 6, block);
    as_dct_inverse(block, back);
    for (size_t k = 0; k < 64; k++)
        assert_true(fabsf(back[k] - samples[(6 + k / 8) * STRIDE + 5 + k % 8]) < 1e-3f);
}

static void test_run(void **state)
{
    static float run[64][AS_DCT_RUN];
    const uint32_t lengths[] = {1, 2, 7, AS_DCT_RUN};
    float block[64];

    (void)state;
    for (size_t l = 0; l < 4; l++) {
        const uint32_t n = lengths[l], x = W - 7 - n, y = H - 8;
        memset(run, 0xFF, sizeof run);
        as_dct_run(&plane, x, y, n, run);
        for (uint32_t i = 0; i < n; i++) {
            as_dct_block(&plane, x + i, y, block);
            for (size_t k = 0; k < 64; k++)
                assert_true(fabsf(block[k] - run[k][i]) < 1e-3f);
        }
        for (size_t k = 0; k < 64 && n < AS_DCT_RUN; k++)
            assert_true(isnan(run[k][n]));
    }
}

static void test_samples(void **state)
{
    int16_t blocks[2 * 3 * 64] = {0};
    uint16_t steps[64];
    float out[24 * 20], block[64];
    struct as_plane made = {out, 16, 24, 20};

    (void)state;
    for (size_t k = 0; k < 64; k++)
        steps[k] = (uint16_t)(k + 1);
    blocks[(1 * 2 + 1) * 64 + 10] = -3; /* block (1, 1) */
    as_dct_samples(blocks, 2, 3, steps, out, 20);
    assert_true(fabsf(out[0] - 128) < 1e-4f && fabsf(out[23 * 20 + 15] - 128) < 1e-4f);
    as_dct_block(&made, 8, 8, block);
    for (size_t k = 0; k < 64; k++)
        assert_true(fabsf(block[k] - (k == 0 ? 1024.0f : k == 10 ? -33.0f : 0.0f)) < 1e-3f);
}

static void test_tables(void **state)
{
    uint64_t seen = 0;

    (void)state;
    for (size_t k = 0; k < 64; k++)
        seen |= (uint64_t)1 << as_zigzag[k];
    assert_true(seen == UINT64_MAX);
    assert_int_equal(as_zigzag[4], 9);
    assert_int_equal(as_ijg_step(false, 0, 50), 16);
    assert_int_equal(as_ijg_step(false, 63, 75), 50);
    assert_int_equal(as_ijg_step(true, 0, 90), 3);
    assert_int_equal(as_ijg_step(false, 5, 100), 1);
    assert_int_equal(as_ijg_step(true, 63, 1), 255);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definition), cmocka_unit_test(test_inverse),
        cmocka_unit_test(test_run),        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_tables),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
