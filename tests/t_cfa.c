/* t_cfa.c - the colour filter array's trace: found, found missing, and left alone where it is not.
 */
#include "../kernels/detectors/detector.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 400, H = 300, STEP = 8, SEED = 20120601 };
enum { REGION_LR, REGION_SHARE, REGION_BLOCKS, MISSING_SHARE, TRACE, TRACE_AGREE, USABLE, DIM };

static float green[W * H], raw[W * H], feat[DIM], cells[64 * 64];
static void *scratch;

static void make_raw(void)
{
    uint32_t random = SEED;

    for (uint32_t i = 0; i < W * H; i++) {
        random = random * 1664525U + 1013904223U;
        raw[i] = 80 + 40 * sinf((float)(i % W) / 23) + (float)(random >> 24) / 16;
    }
}

/* Green with the samples of parity `phase` measured, the others the mean of their neighbours. */
static void demosaic(uint32_t phase)
{
    for (uint32_t y = 0; y < H; y++)
        for (uint32_t x = 0; x < W; x++) {
            const uint32_t i = y * W + x;
            const bool inner = x > 0 && y > 0 && x + 1 < W && y + 1 < H;
            const float mean =
                inner ? (raw[i - 1] + raw[i + 1] + raw[i - W] + raw[i + W]) / 4 : raw[i];
            green[i] = roundf(((x + y) & 1) == phase ? raw[i] : mean);
        }
}

static enum as_verdict look(const struct as_jpeg *jpeg, struct as_heat *heat)
{
    const struct as_meta meta = {.w = W, .h = H, .jpeg = jpeg};
    const struct as_plane plane = {green, W, H, W};
    const struct as_unit unit = {
        .views = AS_RGB | AS_META, .rgb = {plane, plane, plane}, .meta = &meta};
    struct as_out out = {.feat = feat, .heat = heat};

    assert_int_equal(as_det_extract(as_det_find("cfa"), NULL, &unit, scratch, &out), AS_OK);
    return out.verdict;
}

/* The mean of the map within a rectangle of cells. */
static double mean(const struct as_heat *heat, uint32_t x0, uint32_t y0, uint32_t x1, uint32_t y1)
{
    double sum = 0;

    for (uint32_t y = y0; y < y1; y++)
        for (uint32_t x = x0; x < x1; x++)
            sum += heat->at[y * heat->w + x];
    return sum / (x1 - x0) / (y1 - y0);
}

static void test_whole(void **unused)
{
    float first = 0;
    (void)unused;
    for (uint32_t phase = 0; phase < 2; phase++) {
        demosaic(phase);
        assert_int_equal(look(NULL, NULL), AS_APPLIES);
        assert_true(feat[TRACE] > 1 && feat[TRACE_AGREE] > .99);
        assert_float_equal(feat[REGION_BLOCKS], 0, 0);
        first = phase ? first : feat[TRACE];
    }
    assert_true(fabsf(first - feat[TRACE]) < .2F);
}

/* L of a block by the formula, in double: the trace is the mean of L, all of it one distribution.
 */
static void test_formula(void **unused)
{
    double sum = 0, all = 0, squares = 0, blocks = 0;
    (void)unused;
    demosaic(1);
    look(NULL, NULL);
    for (int dy = -3; dy <= 3; dy++)
        for (int dx = -3; dx <= 3; dx++)
            if (((dx + dy) & 1) == 0) {
                all += exp(-(dx * dx + dy * dy) / 2.0);
                squares += exp(-(dx * dx + dy * dy));
            }
    for (int y = 8; y + 16 <= H / 8 * 8; y++) /* without the blocks of the border */
        for (int x = 8; x + 16 <= W; x++) {
            double e1 = 0, e2 = 0, v;
            for (int dy = -3; dy <= 3; dy++)
                for (int dx = -3; dx <= 3; dx++)
                    if (((dx + dy) & 1) == 0) {
                        const float *p = green + (y + dy) * W + x + dx;
                        const double e = p[0] - (p[-1] + p[1] + p[-W] + p[W]) / 4.0;
                        const double g = exp(-(dx * dx + dy * dy) / 2.0) / all;
                        e1 += g * e;
                        e2 += g * e * e;
                    }
            v = log((e2 - e1 * e1) / (1 - squares / all / all) + .02);
            sum += (x + y) & 1 ? v : -v;
            blocks += 1 / 64.0;
        }
    print_message("trace %g, by the formula %g\n", feat[TRACE], sum / 32 / blocks);
    assert_true(fabs(sum / 32 / blocks - feat[TRACE]) < .03);
}

/* A part that was never interpolated, and one that lies one sample off. */
static void test_region(void **unused)
{
    struct as_heat heat = {cells, (W + STEP - 1) / STEP, (H + STEP - 1) / STEP};
    (void)unused;
    for (int shifted = 0; shifted < 2; shifted++) {
        demosaic(1);
        for (uint32_t y = 96; y < 192; y++)
            for (uint32_t x = 160; x < 272; x++)
                if (shifted)
                    green[y * W + x] = green[y * W + x + 1];
                else
                    green[y * W + x] = roundf(raw[y * W + x]);
        assert_int_equal(look(NULL, &heat), AS_APPLIES);
        print_message("region of %g blocks, 10^%g each\n", feat[REGION_BLOCKS], feat[REGION_LR]);
        assert_true(feat[REGION_LR] > 1);
        assert_true(feat[REGION_BLOCKS] > .8 * 12 * 14 && feat[REGION_BLOCKS] < 1.3 * 12 * 14);
        assert_true(mean(&heat, 21, 13, 33, 23) > .9);
        assert_true(mean(&heat, 0, 0, 16, 37) < .05);
    }
}

static void test_abstains(void **unused)
{
    struct as_jpeg jpeg = {.qt_mask = 1, .ncomp = 1};
    (void)unused;
    demosaic(0);
    for (int k = 0; k < 64; k++)
        jpeg.qt[0][k] = 20;
    assert_int_equal(look(&jpeg, NULL), AS_ABSTAINS);
    for (uint32_t i = 0; i < W * H; i++)
        green[i] = roundf(raw[i]);
    assert_int_equal(look(NULL, NULL), AS_ABSTAINS);
    for (uint32_t i = 0; i < W * H; i++)
        green[i] = 255;
    assert_int_equal(look(NULL, NULL), AS_ABSTAINS);
}

static int setup(void **unused)
{
    (void)unused;
    make_raw();
    scratch = malloc(as_det_scratch_bytes(as_det_find("cfa"), W, H));
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
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_formula),
        cmocka_unit_test(test_region),
        cmocka_unit_test(test_abstains),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
