/* t_fft.c - transforms: definition, inverse, shift, linearity, correlation, sizes. */
#include "../kernels/fft.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 64 * 64, SEED = 771 };

static const uint32_t sizes[][2] = {{1, 1},   {2, 1},   {1, 7},   {3, 5},   {16, 16}, {17, 13},
                                    {31, 33}, {32, 20}, {33, 16}, {36, 30}, {47, 2},  {64, 64}};
enum { SIZES = sizeof sizes / sizeof *sizes };

static uint32_t seed = SEED;
static float a[MOST], b[MOST], out[MOST], f[2 * MOST], g[2 * MOST], work[2 * MOST];

static float value(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / 8388608.0f - 1.0f;
}

static struct as_fft *start(uint32_t w, uint32_t h)
{
    struct as_fft *fft;

    for (size_t i = 0; i < MOST; i++) {
        a[i] = value();
        b[i] = value();
    }
    assert_int_equal(as_fft_new(w, h, &fft), AS_OK);
    assert_int_equal(as_fft_width(fft), w);
    assert_int_equal(as_fft_height(fft), h);
    return fft;
}

/* F(k) by its definition. */
static void check_cell(const float *plane, uint32_t w, uint32_t h, uint32_t kx, uint32_t ky)
{
    const float *cell = f + 2 * (ky * ((size_t)w / 2 + 1) + kx);
    double re = 0, im = 0;

    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++) {
            const double turn = (double)(kx * x % w) / w + (double)(ky * y % h) / h;
            re += (double)plane[y * w + x] * cos(2 * 3.14159265358979323846 * turn);
            im -= (double)plane[y * w + x] * sin(2 * 3.14159265358979323846 * turn);
        }
    assert_true(fabs(re - (double)cell[0]) < 1e-4 && fabs(im - (double)cell[1]) < 1e-4);
}

static void test_definition_and_inverse(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIZES; s++) {
        const uint32_t w = sizes[s][0], h = sizes[s][1];
        struct as_fft *fft = start(w, h);
        as_fft_forward(fft, &(struct as_plane){a, w, h, w}, f);
        for (int i = 0; i < 20; i++)
            check_cell(a, w, h, (uint32_t)i * 7 % (w / 2 + 1), (uint32_t)i * 11 % h);
        as_fft_inverse(fft, f, out, w);
        for (size_t i = 0; i < (size_t)w * h; i++)
            assert_true(fabsf(out[i] - a[i]) < 2e-6f);
        as_fft_free(fft);
    }
}

static void test_correlation(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIZES; s++) {
        const uint32_t w = sizes[s][0], h = sizes[s][1];
        struct as_fft *fft = start(w, h);
        as_fft_forward(fft, &(struct as_plane){a, w, h, w}, f);
        as_fft_forward(fft, &(struct as_plane){b, w, h, w}, g);
        as_fft_correlate(fft, f, g, work, work, w); /* into its own storage */
        for (uint32_t i = 0; i < 10; i++) {
            const uint32_t sx = i * 5 % w, sy = i * 3 % h;
            double sum = 0;
            for (uint32_t y = 0; y < h; y++)
                for (uint32_t x = 0; x < w; x++)
                    sum += (double)a[y * w + x] * (double)b[(y + sy) % h * w + (x + sx) % w];
            assert_true(fabs(sum - (double)work[sy * w + sx]) < 1e-4);
        }
        as_fft_free(fft);
    }
}

/* A smaller plane with a stride is the same plane with zeros around; results have no history. */
static void test_padding(void **state)
{
    struct as_fft *fft = start(36, 30);
    (void)state;

    as_fft_forward(fft, &(struct as_plane){a, 20, 11, 25}, f);
    memset(b, 0, sizeof b);
    for (uint32_t y = 0; y < 11; y++)
        memcpy(b + y * 36, a + y * 25, 20 * sizeof *a);
    as_fft_forward(fft, &(struct as_plane){a, 36, 30, 36}, g);
    as_fft_forward(fft, &(struct as_plane){b, 36, 30, 36}, g);
    assert_memory_equal(f, g, as_fft_floats(36, 30) * sizeof *f);
    as_fft_free(fft);
}

static void test_sizes(void **state)
{
    struct as_fft *fft;
    (void)state;

    assert_int_equal(as_fft_fast(0), 2);
    assert_int_equal(as_fft_fast(2), 2);
    assert_int_equal(as_fft_fast(11), 12);
    assert_int_equal(as_fft_fast(3008), 3024);
    assert_int_equal(as_fft_fast(3872), 3888);
    assert_int_equal(as_fft_fast(4096), 4096);
    assert_int_equal(as_fft_new(0, 4, &fft), AS_ELIMIT);
    assert_null(fft);
    assert_int_equal(as_fft_new(4, (1u << 20) + 1, &fft), AS_ELIMIT);
    assert_int_equal(as_fft_new(1u << 20, 1u << 11, &fft), AS_ELIMIT);
    as_fft_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definition_and_inverse), cmocka_unit_test(test_correlation),
        cmocka_unit_test(test_padding), cmocka_unit_test(test_sizes)};

    printf("seed %d\n", SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
