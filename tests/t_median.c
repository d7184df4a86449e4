/* t_median.c - what a median filter does to the measures, and the model of autoregression. */
#include "../kernels/detectors/detector.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 300, H = 260, SEED = 20130909, ORDER = 10 };
enum { ZEROS, SMOOTHNESS, AR, AFTER = AR + ORDER, DIM = AFTER + 13 };

static float source[W * H], luma[W * H], feat[DIM];
static void *scratch;

static void make_source(void)
{
    uint32_t random = SEED;
    float raw[3] = {0};

    for (uint32_t i = 0; i < W * H; i++) {
        random = random * 1664525U + 1013904223U;
        raw[0] = raw[1];
        raw[1] = raw[2];
        raw[2] = (float)(random >> 24);
        source[i] =
            roundf(100 + 40 * sinf((float)(i % W) / 31) + (raw[0] + 2 * raw[1] + raw[2]) / 48);
    }
}

static int compare(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static float median_at(const float *p, int x, int y, int radius)
{
    float v[25];
    uint32_t n = 0;

    for (int j = y - radius; j <= y + radius; j++)
        for (int i = x - radius; i <= x + radius; i++)
            v[n++] = p[(j < 0 ? 0 : j >= H ? H - 1 : j) * W + (i < 0 ? 0 : i >= W ? W - 1 : i)];
    qsort(v, n, sizeof *v, compare);
    return v[n / 2];
}

static void filter(int radius)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            luma[y * W + x] = radius ? median_at(source, x, y, radius) : source[y * W + x];
}

static enum as_verdict look(const struct as_jpeg *jpeg)
{
    const struct as_meta meta = {.w = W, .h = H, .jpeg = jpeg};
    const struct as_plane plane = {luma, W, H, W};
    const struct as_unit unit = {.views = AS_LUMA | AS_META, .luma = plane, .meta = &meta};
    struct as_out out = {.feat = feat};

    assert_int_equal(as_det_extract(as_det_find("median"), NULL, &unit, scratch, &out), AS_OK);
    return out.verdict;
}

/* A filter leaves fewer samples for the next one, less residual for its steps, and more steps of 0
 * after 0; the larger filter more so. */
static void test_filtered(void **unused)
{
    float zeros[3], smooth[3], still[3];
    (void)unused;
    for (int radius = 0; radius < 3; radius++) {
        filter(radius);
        assert_int_equal(look(NULL), AS_APPLIES);
        zeros[radius] = feat[ZEROS];
        smooth[radius] = feat[SMOOTHNESS];
        still[radius] = feat[AFTER + 12];
        print_message("radius %d: %g %g %g\n", radius, zeros[radius], smooth[radius],
                      still[radius]);
    }
    assert_true(zeros[1] > zeros[0] + .1F && zeros[2] > zeros[1]);
    assert_true(smooth[1] < smooth[0] - .3F);
    assert_true(still[1] > still[0] + .1F && still[2] > still[1]);
}

/* The share of samples that are their own median, and the coefficients: they solve the equations
 * sum over j of a_j r_|i-j| = r_i of the residual's autocorrelation, by rows and by columns. */
static void solve(double m[ORDER][ORDER + 1], double *a)
{
    for (int k = 0; k < ORDER; k++) /* positive definite: no pivot is needed */
        for (int i = 0; i < ORDER; i++) {
            const double f = m[i][k] / m[k][k];
            for (int j = k; i != k && j <= ORDER; j++)
                m[i][j] -= f * m[k][j];
        }
    for (int i = 0; i < ORDER; i++)
        a[i] += m[i][ORDER] / m[i][i] / 2;
}

static void test_formula(void **unused)
{
    static double r[H][W];
    double a[ORDER] = {0}, same = 0;
    (void)unused;
    filter(1);
    look(NULL);
    for (int y = 1; y + 1 < H; y++)
        for (int x = 1; x + 1 < W; x++) {
            r[y][x] = (double)median_at(luma, x, y, 1) - luma[y * W + x];
            same += r[y][x] == 0;
        }
    for (int down = 0; down < 2; down++) {
        double c[ORDER + 1] = {0}, m[ORDER][ORDER + 1];
        for (int k = 0; k <= ORDER; k++)
            for (int y = 1; y + (down ? k : 0) + 1 < H; y++)
                for (int x = 1; x + (down ? 0 : k) + 1 < W; x++)
                    c[k] += r[y][x] * r[y + (down ? k : 0)][x + (down ? 0 : k)];
        for (int i = 0; i < ORDER; i++) {
            for (int j = 0; j < ORDER; j++)
                m[i][j] = c[abs(i - j)];
            m[i][ORDER] = c[i + 1];
        }
        solve(m, a);
    }
    assert_true(fabs(same / (W - 2) / (H - 2) - feat[ZEROS]) < 1e-6);
    for (int i = 0; i < ORDER; i++)
        assert_true(fabs(a[i] - feat[AR + i]) < 1e-4);
}

/* Probabilities of what follows a step add up to 1. */
static void test_transitions(void **unused)
{
    float sum = 0;
    (void)unused;
    filter(0);
    look(NULL);
    for (int i = 0; i < 5; i++)
        sum += feat[AFTER + i];
    assert_true(fabsf(sum - 1) < 1e-5F);
    sum = 2 * (feat[AFTER + 10] + feat[AFTER + 11]) + feat[AFTER + 12];
    assert_true(fabsf(sum - 1) < 1e-5F); /* after 0 both signs are alike */
}

static void test_abstains(void **unused)
{
    struct as_jpeg jpeg = {.qt_mask = 1, .ncomp = 1};
    (void)unused;
    filter(0);
    for (int k = 0; k < 64; k++)
        jpeg.qt[0][k] = 50;
    assert_int_equal(look(&jpeg), AS_ABSTAINS);
    for (uint32_t i = 0; i < W * H; i++)
        luma[i] = (float)(i % W / 2);
    assert_int_equal(look(NULL), AS_ABSTAINS);
    for (uint32_t i = 0; i < W * H; i++)
        luma[i] = (float)((i * 2654435761U >> 24) & 1 ? 20 : 200);
    assert_int_equal(look(NULL), AS_APPLIES); /* equal neighbours are small steps */
    for (uint32_t i = 0; i < W * H; i++)
        luma[i] = (i % W + i / W) & 1 ? 20 : 200;
    assert_int_equal(look(NULL), AS_ABSTAINS);
}

static int setup(void **unused)
{
    (void)unused;
    make_source();
    scratch = calloc(1, as_det_scratch_bytes(as_det_find("median"), W, H));
    return scratch ? 0 : -1;
}

static int teardown(void **unused)
{
    (void)unused;
    free(scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filtered),
        cmocka_unit_test(test_formula),
        cmocka_unit_test(test_transitions),
        cmocka_unit_test(test_abstains),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
