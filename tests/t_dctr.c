/* t_dctr.c - residuals one by one, mirrored and turned pictures, and pictures that tell nothing. */
#include "djpeg_pictures.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SEED = 2015, DIM = 8000, BINS = 5, HALF = 5 };

static const struct as_detector *det;

/* The measures of p, which the caller frees; fails unless the verdict is this one. */
static float *extract(struct djpeg *p, enum as_verdict verdict)
{
    const size_t need = as_det_scratch_bytes(det, p->meta.w, p->meta.h);
    float *feat = calloc(DIM, sizeof *feat);
    void *scratch = aligned_alloc(64, (need + 63) / 64 * 64);
    struct as_out out = {.feat = feat};

    assert_true(feat && scratch);
    assert_int_equal(as_det_extract(det, NULL, &p->unit, scratch, &out), AS_OK);
    assert_int_equal(out.verdict, verdict);
    free(scratch);
    return feat;
}

static struct djpeg *made(uint32_t quality)
{
    struct djpeg *p = calloc(1, sizeof *p);

    assert_non_null(p);
    dj_scene(p, SEED);
    dj_finish(p, quality);
    return p;
}

static size_t place(size_t u, size_t v, size_t x, size_t y)
{
    return ((8 * v + u) * HALF * HALF + HALF * y + x) * BINS;
}

static double wave(size_t u, size_t i)
{
    return cos((2 * (double)i + 1) * (double)u * acos(-1) / 16) * (u ? 0.5 : sqrt(0.125));
}

/* The residual of pattern (u, v) of the window at (x, y), by its definition. */
static double residual(const float *samples, size_t u, size_t v, size_t x, size_t y)
{
    double sum = 0;

    for (size_t j = 0; j < 8; j++)
        for (size_t i = 0; i < 8; i++)
            sum += ((double)samples[(y + j) * DJ_W + x + i] - 128) * wave(u, i) * wave(v, j);
    return fabs(sum);
}

/* Quality 75: the step is 4.  A few patterns and places, each window summed by itself. */
static void test_definition(void **state)
{
    static const size_t tried[][4] = {
        {0, 0, 0, 0}, {1, 0, 0, 0}, {1, 2, 3, 0}, {7, 7, 4, 4}, {3, 5, 1, 2}};
    struct djpeg *p = made(75);
    float *feat = extract(p, AS_APPLIES);
    float *samples = calloc(DJ_W * DJ_H, sizeof *samples);

    (void)state;
    assert_non_null(samples);
    as_dct_samples(p->blocks, DJ_WB, DJ_HB, p->dct.comp[0].q, samples, DJ_W);
    for (size_t t = 0; t < sizeof tried / sizeof *tried; t++) {
        const size_t u = tried[t][0], v = tried[t][1], i = tried[t][2], j = tried[t][3];
        double n[BINS] = {0}, all = 0;
        for (size_t y = 0; y + 8 <= DJ_H; y++)
            for (size_t x = 0; x + 8 <= DJ_W; x++)
                if ((x % 8 == i || x % 8 == 8 - i) && (y % 8 == j || y % 8 == 8 - j)) {
                    const double r = floor(residual(samples, u, v, x, y) / 4 + 0.5 + 1.0 / 2048);
                    n[r < 4 ? (size_t)r : 4]++;
                    all++;
                }
        for (size_t k = 0; k < BINS; k++) /* some residuals are nearly halfway */
            assert_true(fabs(n[k] / all - (double)feat[place(u, v, i, j) + k]) < 2e-3);
    }
    free(samples);
    free(feat);
    free(p);
}

static void test_sums(void **state)
{
    struct djpeg *p = made(90);
    float *feat = extract(p, AS_APPLIES);

    (void)state;
    for (size_t m = 0; m < DIM; m += BINS) {
        float sum = 0;
        for (size_t k = 0; k < BINS; k++) {
            assert_true(feat[m + k] >= 0);
            sum += feat[m + k];
        }
        assert_true(fabsf(sum - 1) < 1e-6F);
    }
    free(feat);
    free(p);
}

/* Mirrored left to right: the same measures, but for single precision. */
static void test_mirrored(void **state)
{
    struct djpeg *p = made(80), *m = made(80);
    float *a = extract(p, AS_APPLIES), *b;

    (void)state;
    for (size_t j = 0; j < DJ_HB; j++)
        for (size_t i = 0; i < DJ_WB; i++)
            for (size_t k = 0; k < 64; k++)
                m->blocks[(j * DJ_WB + i) * 64 + k] =
                    (int16_t)((k % 2 ? -1 : 1) * p->blocks[(j * DJ_WB + DJ_WB - 1 - i) * 64 + k]);
    b = extract(m, AS_APPLIES);
    for (size_t k = 0; k < DIM; k++)
        assert_true(fabsf(a[k] - b[k]) < 2e-3F);
    free(a);
    free(b);
    free(p);
    free(m);
}

/* Rows for columns, in a square part: u and v change places, and so do the distances. */
static void test_turned(void **state)
{
    struct djpeg *p = made(80), *t = made(80);
    float *a, *b;

    (void)state;
    p->meta.w = p->meta.h = t->meta.w = t->meta.h = DJ_H;
    p->dct.comp[0].wb = t->dct.comp[0].wb = DJ_HB; /* the blocks fall into other rows */
    for (size_t j = 0; j < DJ_HB; j++)
        for (size_t i = 0; i < DJ_HB; i++)
            for (size_t k = 0; k < 64; k++)
                t->blocks[(j * DJ_HB + i) * 64 + k] =
                    p->blocks[(i * DJ_HB + j) * 64 + k % 8 * 8 + k / 8];
    for (size_t k = 0; k < 64; k++)
        t->dct.comp[0].q[k] = p->dct.comp[0].q[k % 8 * 8 + k / 8];
    a = extract(p, AS_APPLIES);
    b = extract(t, AS_APPLIES);
    for (size_t u = 0; u < 8; u++)
        for (size_t v = 0; v < 8; v++)
            for (size_t x = 0; x < HALF; x++)
                for (size_t y = 0; y < HALF; y++)
                    for (size_t k = 0; k < BINS; k++)
                        assert_true(fabsf(a[place(u, v, x, y) + k] - b[place(v, u, y, x) + k]) <
                                    2e-3F);
    free(a);
    free(b);
    free(p);
    free(t);
}

static void test_abstains(void **state)
{
    struct djpeg *p = made(80);
    uint16_t step = p->dct.comp[0].q[5];

    (void)state;
    p->dct.comp[0].q[5] = 0;
    free(extract(p, AS_ABSTAINS));
    p->dct.comp[0].q[5] = step;
    memset(p->blocks, 0, sizeof p->blocks); /* flat */
    free(extract(p, AS_ABSTAINS));
    p->meta.w = 63;
    p->dct.comp[0].wb = 8;
    free(extract(p, AS_ABSTAINS));
    free(p);
}

/* The first, one in between, the last: names follow the order of the measures. */
static void test_names(void **state)
{
    (void)state;
    assert_int_equal(det->dim, DIM);
    assert_string_equal(det->measures[0], "u0v0_x0y0_0");
    assert_string_equal(det->measures[place(1, 2, 3, 0) + 4], "u1v2_x3y0_4");
    assert_string_equal(det->measures[DIM - 1], "u7v7_x4y4_4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definition), cmocka_unit_test(test_sums),
        cmocka_unit_test(test_mirrored),   cmocka_unit_test(test_turned),
        cmocka_unit_test(test_abstains),   cmocka_unit_test(test_names),
    };

    det = as_det_find("dctr");
    assert_non_null(det);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
