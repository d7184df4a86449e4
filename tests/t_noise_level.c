/* t_noise_level.c - noise that was put in is measured, and a part with other noise is shown. */
#include "../kernels/detectors/detector.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { W = 403, H = 311, STEP = 16, CELLS_W = (W + 15) / STEP, CELLS_H = (H + 15) / STEP };
enum { LEVEL, LOW_RATIO, HIGH_RATIO, STRANGE_SHARE, VALID_SHARE, MEASURES };

static uint32_t seed = 20140601;
static float at[W * H], feat[MEASURES], heat[CELLS_W * CELLS_H];

/* About normal, deviation 1. */
static float noise(void)
{
    float sum = -6;

    for (int i = 0; i < 12; i++) {
        seed = seed * 1664525u + 1013904223u;
        sum += (float)(seed >> 8) / (1 << 24);
    }
    return sum;
}

/* Stripes and waves under noise of a deviation, of another one in the box. */
static void make(float deviation, const uint32_t box[4], float other)
{
    for (uint32_t y = 0; y < H; y++)
        for (uint32_t x = 0; x < W; x++) {
            const bool in = x >= box[0] && x < box[2] && y >= box[1] && y < box[3];
            at[y * W + x] = floorf(125 + 40 * sinf(0.03f * (float)x) + (y % 16 < 8 ? 20 : -20) +
                                   (in ? other : deviation) * noise() + 0.5f);
        }
}

static enum as_verdict examine(void)
{
    const struct as_detector *det = as_det_find("noise_level");
    const struct as_unit unit = {.views = AS_LUMA, .luma = {at, W, H, W}};
    struct as_heat map = {heat, CELLS_W, CELLS_H};
    struct as_out out = {.feat = feat, .heat = &map};
    void *scratch = malloc(as_det_scratch_bytes(det, W, H));

    assert_non_null(scratch);
    assert_int_equal(det->dim, MEASURES);
    assert_int_equal(as_det_extract(det, NULL, &unit, scratch, &out), AS_OK);
    free(scratch);
    return out.verdict;
}

static const uint32_t nothing[4] = {0, 0, 0, 0}, box[4] = {200, 96, 328, 224};

/* Rounding adds 1/12 to the variance; the least of 15 bands is a little below their mean. */
static void t_level(void **state)
{
    (void)state;
    for (float deviation = 0.75f; deviation < 10; deviation *= 2) {
        const float truth = sqrtf(deviation * deviation + 1.0f / 12);
        make(deviation, nothing, 0);
        assert_int_equal(examine(), AS_APPLIES);
        print_message("deviation %g: %g\n", (double)truth, (double)feat[LEVEL]);
        assert_true(feat[LEVEL] > 0.9f * truth && feat[LEVEL] < 1.01f * truth);
        assert_true(feat[STRANGE_SHARE] == 0 && feat[VALID_SHARE] == 1);
        assert_true(feat[LOW_RATIO] > 0.9f && feat[HIGH_RATIO] < 1.1f);
    }
}

static void t_part(void **state)
{
    (void)state;
    for (int weaker = 0; weaker < 2; weaker++) {
        float least_in = 1, most_beside = 0;
        make(3, box, weaker ? 0.8f : 9);
        assert_int_equal(examine(), AS_APPLIES);
        for (uint32_t y = 0; y < CELLS_H; y++)
            for (uint32_t x = 0; x < CELLS_W; x++) {
                const uint32_t px = x * STEP, py = y * STEP;
                const float v = heat[y * CELLS_W + x];
                if (px >= box[0] + 40 && px + 56 <= box[2] && py >= box[1] + 40 &&
                    py + 56 <= box[3])
                    least_in = fminf(least_in, v);
                else if (px + 48 < box[0] || px > box[2] + 48 || py + 48 < box[1] ||
                         py > box[3] + 48)
                    most_beside = fmaxf(most_beside, v);
            }
        print_message("%g within, %g beside\n", (double)least_in, (double)most_beside);
        assert_true(least_in > 0.5f && most_beside < 0.25f);
        assert_true(feat[STRANGE_SHARE] > 0.02f && feat[STRANGE_SHARE] < 0.4f);
        assert_true(weaker ? feat[LOW_RATIO] < 0.6f : feat[HIGH_RATIO] > 1.7f);
    }
}

static void t_abstains(void **state)
{
    (void)state;
    make(0, nothing, 0);
    assert_int_equal(examine(), AS_ABSTAINS);
    make(3, nothing, 0);
    for (size_t i = 0; i < (size_t)W * H; i++)
        at[i] = fminf(255, at[i] + 200);
    assert_int_equal(examine(), AS_ABSTAINS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_level),
        cmocka_unit_test(t_part),
        cmocka_unit_test(t_abstains),
    };

    print_message("seed %u\n", seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
