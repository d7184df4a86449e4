/* t_residual.c - the residual is a pure function of the samples: stride, variant, phase, sizes.
 * Its numbers are checked against an independent computation by s_prnu.sh.                    */
#include "../kernels/residual.h"
#include "../kernels/simd.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 260, PAD = 7, MOST = (SIDE + PAD) * SIDE, GUARD = 64, SEED = 3301 };

static uint32_t seed = SEED;
static float in[MOST], again[MOST], out[2][MOST];

static float value(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 24);
}

/* Runs it with a scratch of exactly the size asked for, and a guard after it. */
static enum as_status run(const float *from, uint32_t w, uint32_t h, size_t stride, float *to,
                          size_t to_stride)
{
    const size_t bytes = as_residual_scratch(w, h);
    uint8_t *scratch = aligned_alloc(64, (bytes + GUARD + 63) / 64 * 64), guard[GUARD];
    const struct as_plane plane = {from, w, h, stride};

    assert_non_null(scratch);
    memset(scratch, 0x99, bytes + GUARD); /* what was there before does not matter */
    memset(guard, 0x99, GUARD);
    const enum as_status status = as_residual(&plane, to, to_stride, scratch);
    assert_memory_equal(scratch + bytes, guard, GUARD);
    free(scratch);
    return status;
}

static void test_sizes_strides_variants(void **state)
{
    static const uint32_t sides[] = {14, 15, 27, 28, 55, 56, 111, 112, 113, 129, 224, 260};
    (void)state;

    for (size_t i = 0; i < MOST; i++)
        in[i] = value();
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++)
        for (size_t k = 0; k < sizeof sides / sizeof *sides; k += 1 + i % 3) {
            const uint32_t w = sides[i], h = sides[k];
            for (uint32_t y = 0; y < h; y++)
                memcpy(again + y * (size_t)w, in + y * (size_t)(w + PAD), w * sizeof *in);
            as_simd_init(AS_CPU_PLAIN);
            assert_int_equal(run(again, w, h, w, out[0], w), AS_OK);
            for (int cpu = AS_CPU_PLAIN; cpu <= (int)as_cpu_best(); cpu++) {
                as_simd_init((enum as_cpu)cpu);
                memset(out[1], 0x7e, sizeof out[1]);
                assert_int_equal(run(in, w, h, w + PAD, out[1], w + 3), AS_OK);
                for (uint32_t y = 0; y < h; y++) {
                    assert_memory_equal(out[1] + y * (w + 3), out[0] + y * (size_t)w,
                                        w * sizeof *in);
                    assert_memory_equal(out[1] + y * (w + 3) + w, "~~~~~~~~~~~~", 12);
                }
            }
        }
}

static void test_flat_and_small(void **state)
{
    (void)state;
    for (size_t i = 0; i < MOST; i++)
        in[i] = 200;
    assert_int_equal(run(in, 200, 150, 200, out[0], 200), AS_OK);
    for (size_t i = 0; i < 200 * 150; i++)
        assert_true(fabsf(out[0][i]) < 2e-4f);
    memset(out[0], 0x7e, 16);
    assert_int_equal(as_residual(&(struct as_plane){in, 13, 100, 13}, out[0], 13, NULL), AS_SKIP);
    assert_int_equal(as_residual(&(struct as_plane){in, 100, 13, 100}, out[0], 100, NULL), AS_SKIP);
    assert_memory_equal(out[0], "~~~~~~~~~~~~~~~~", 16);
    assert_int_equal(as_residual_scratch(13, 100), 0);
    assert_int_equal(as_residual_scratch(UINT32_MAX, UINT32_MAX), 0);
}

/* Noise weaker than sigma0 passes whole but for the smoothest sixteenth; strong edges are held
 * back. */
static void test_what_passes(void **state)
{
    double noise = 0, passed = 0, edge = 0;
    (void)state;

    for (size_t i = 0; i < 256 * 256; i++) {
        again[i] = value() / 64 - 2;
        in[i] = 128 + again[i];
    }
    assert_int_equal(run(in, 256, 256, 256, out[0], 256), AS_OK);
    for (size_t i = 0; i < 256 * 256; i++) {
        noise += (double)again[i] * (double)again[i];
        passed += (double)out[0][i] * (double)again[i];
    }
    assert_true(passed / noise > 0.98 && passed / noise < 1.001);
    for (size_t i = 0; i < 256 * 256; i++)
        in[i] = i % 256 < 100 ? 20 : 220;
    assert_int_equal(run(in, 256, 256, 256, out[0], 256), AS_OK);
    for (size_t i = 0; i < 256 * 256; i++)
        edge = fmax(edge, fabs((double)out[0][i]));
    assert_true(edge < 20);
}

/* Crops that begin at multiples of AS_RESIDUAL_PHASE have the residual of the whole, away from
 * their border. */
static void test_phase(void **state)
{
    const uint32_t at[] = {16, 1};
    double apart[2] = {0};
    (void)state;

    for (size_t i = 0; i < 256 * 256; i++)
        in[i] = value() / 4 + 60;
    assert_int_equal(run(in, 256, 256, 256, out[0], 256), AS_OK);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(run(in + at[k] * 257, 232, 232, 256, out[1], 232), AS_OK);
        for (uint32_t y = 112; y < 120; y++)
            for (uint32_t x = 112; x < 120; x++)
                apart[k] = fmax(apart[k], fabs((double)out[1][y * 232 + x] -
                                               (double)out[0][(y + at[k]) * 256 + x + at[k]]));
    }
    assert_true(apart[0] < 1e-3 && apart[1] > 0.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes_strides_variants), cmocka_unit_test(test_flat_and_small),
        cmocka_unit_test(test_what_passes), cmocka_unit_test(test_phase)};

    printf("seed %d\n", SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
