/* t_resampling.c - the old lattice is found where it must lie, and not without one. */
#include "../kernels/detectors/detector.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SIDE = 640, MARGIN = 8, WIDE = 2 * SIDE, SEED = 20080922 };
enum { EVIDENCE, PAIR, SINGLE, FX, FY, HALF, GRID, TILES, DIM };

static float source[WIDE * WIDE], picture[SIDE * SIDE], feat[DIM];
static void *state, *scratch;

/* Noise smoothed a little, as a lens does, in whole numbers. */
static void make_source(void)
{
    uint32_t random = SEED;
    float raw[3] = {0};

    for (size_t i = 0; i < sizeof source / sizeof *source; i++) {
        random = random * 1664525U + 1013904223U;
        raw[0] = raw[1];
        raw[1] = raw[2];
        raw[2] = (float)(random >> 24);
        source[i] = roundf(96 + (raw[0] + 2 * raw[1] + raw[2]) / 16);
    }
}

/* The source at scale s, turned by `degrees`, bilinear, rounded to whole numbers. */
static void resample(double s, double degrees)
{
    const double c = cos(degrees * 3.14159265358979 / 180) / s;
    const double d = sin(degrees * 3.14159265358979 / 180) / s;

    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const double u = WIDE / 2.0 + c * (x - SIDE / 2) - d * (y - SIDE / 2);
            const double v = WIDE / 2.0 + d * (x - SIDE / 2) + c * (y - SIDE / 2);
            const size_t at = (size_t)v * WIDE + (size_t)u;
            const float a = (float)(u - floor(u)), b = (float)(v - floor(v));
            picture[y * SIDE + x] =
                roundf((1 - b) * ((1 - a) * source[at] + a * source[at + 1]) +
                       b * ((1 - a) * source[at + WIDE] + a * source[at + WIDE + 1]));
        }
}

static enum as_verdict look(uint32_t w, uint32_t h, const struct as_jpeg *jpeg)
{
    const struct as_meta meta = {.w = w, .h = h, .jpeg = jpeg};
    const struct as_unit unit = {
        .views = AS_LUMA | AS_META, .luma = {picture, w, h, SIDE}, .meta = &meta};
    struct as_out out = {.feat = feat};

    assert_int_equal(as_det_extract(as_det_find("resampling"), state, &unit, scratch, &out), AS_OK);
    return out.verdict;
}

static int setup(void **unused)
{
    const struct as_detector *det = as_det_find("resampling");
    (void)unused;
    make_source();
    scratch = malloc(as_det_scratch_bytes(det, SIDE, SIDE));
    return scratch && as_det_init(det, &state) == AS_OK ? 0 : -1;
}

static int teardown(void **unused)
{
    (void)unused;
    as_det_free(as_det_find("resampling"), state);
    free(scratch);
    return 0;
}

/* Modulo 1, to the nearest whole number; up to quarter turns and mirror images. */
static void check_frequency(double s, double degrees)
{
    double c = cos(degrees * 3.14159265358979 / 180) / s;
    double d = sin(degrees * 3.14159265358979 / 180) / s;

    c = fabs(c - round(c));
    d = fabs(d - round(d));
    if (!(fabs(feat[FX] - c) < .003 && fabs(feat[FY] - d) < .003) &&
        !(fabs(feat[FX] - d) < .003 && fabs(feat[FY] - c) < .003))
        fail_msg("scale %g, %g degrees: found at %g, %g", s, degrees, feat[FX], feat[FY]);
}

static void test_lattice(void **unused)
{
    static const double how[][2] = {{1.1, 0}, {1.3, 0}, {.9, 0}, {.7, 0}, {1, 10}, {1, 25}};
    (void)unused;
    for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
        resample(how[i][0], how[i][1]);
        assert_int_equal(look(SIDE, SIDE, NULL), AS_APPLIES);
        print_message("scale %g, %g degrees: %g\n", how[i][0], how[i][1], feat[EVIDENCE]);
        assert_true(feat[EVIDENCE] > 20);
        if (how[i][0] >= 1) /* below, a harmonic may be as strong */
            check_frequency(how[i][0], how[i][1]);
    }
}

/* Half of it is as the other half is not: less evidence, but some. */
static void test_part(void **unused)
{
    float whole;
    (void)unused;
    resample(1.3, 0);
    look(SIDE, SIDE, NULL);
    whole = feat[EVIDENCE];
    for (size_t i = 0; i < (size_t)SIDE * SIDE / 2; i++)
        picture[i] = source[i / SIDE * WIDE + i % SIDE];
    look(SIDE, SIDE, NULL);
    print_message("half: %g of %g\n", feat[EVIDENCE], whole);
    assert_true(feat[EVIDENCE] < whole && feat[EVIDENCE] > 3);
}

static void test_untouched(void **unused)
{
    const uint32_t sizes[][2] = {{258, 258}, {300, 640}, {386, 400}, {514, 514}, {640, 640}};
    (void)unused;
    resample(1, 0);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(look(sizes[i][0], sizes[i][1], NULL), AS_APPLIES);
        assert_true(feat[EVIDENCE] < 3);
    }
}

/* The probability is that of sums of exponential variables: 1 tile, and 2. */
static void test_nfa(void **unused)
{
    double x;
    (void)unused;
    resample(1, 0);
    look(514, 514, NULL);
    assert_float_equal(feat[TILES], 1, 0);
    x = feat[PAIR];
    assert_true(fabs(feat[EVIDENCE] - (2 * x / log(10) - log10(512 * 512 / 4))) < 1e-3);
    look(300, 640, NULL);
    assert_float_equal(feat[TILES], 2, 0);
    x = 2 * (double)feat[PAIR];
    assert_true(fabs(feat[EVIDENCE] - (-2 * log10(exp(-x) * (1 + x)) - log10(256 * 256 / 4))) <
                1e-3);
}

/* A weave is periodic, the same after a quarter turn, and no lattice. */
static void test_texture(void **unused)
{
    (void)unused;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            picture[y * SIDE + x] =
                roundf(source[y * WIDE + x] +
                       30 * (float)(sin(2 * 3.14159265 * x * .13) * sin(2 * 3.14159265 * y * .13)));
    assert_int_equal(look(SIDE, SIDE, NULL), AS_APPLIES);
    print_message("weave: %g\n", feat[EVIDENCE]);
    assert_true(feat[EVIDENCE] < 3);
}

static void test_abstains(void **unused)
{
    struct as_jpeg jpeg = {.qt_mask = 1, .ncomp = 1};
    (void)unused;
    resample(1.3, 0);
    for (int k = 0; k < 64; k++)
        jpeg.qt[0][k] = 2;
    assert_int_equal(look(SIDE, SIDE, &jpeg), AS_APPLIES);
    for (int k = 0; k < 64; k++)
        jpeg.qt[0][k] = 20;
    assert_int_equal(look(SIDE, SIDE, &jpeg), AS_ABSTAINS);
    for (size_t i = 0; i < sizeof picture / sizeof *picture; i++)
        picture[i] = (float)(i % SIDE / 8);
    assert_int_equal(look(SIDE, SIDE, NULL), AS_ABSTAINS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lattice),   cmocka_unit_test(test_part),
        cmocka_unit_test(test_untouched), cmocka_unit_test(test_nfa),
        cmocka_unit_test(test_texture),   cmocka_unit_test(test_abstains),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
