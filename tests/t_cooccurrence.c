/* t_cooccurrence.c - a part with other noise stands out in the map; and the cloud it stands beside.
 */
#include "../kernels/detectors/detector.h"
#include "../kernels/outlier.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 768, H = 512, STEP = 16, CELLS_W = W / STEP, CELLS_H = H / STEP };
enum { BESIDE_SHARE, REGION_SHARE, REGION_DISTANCE, GAIN, VALID_SHARE, MEASURES };

static uint32_t seed = 20151116;
static float at[W * H], feat[MEASURES], heat[CELLS_W * CELLS_H];

/* About normal. */
static float noise(void)
{
    float sum = -6;

    for (int i = 0; i < 12; i++) {
        seed = seed * 1664525u + 1013904223u;
        sum += (float)(seed >> 8) / (1 << 24);
    }
    return sum;
}

/* A soft scene under noise; within [x0, x1) x [y0, y1) the noise is `factor` times as strong. */
static void make(const uint32_t box[4], float factor)
{
    for (uint32_t y = 0; y < H; y++)
        for (uint32_t x = 0; x < W; x++) {
            const bool in = x >= box[0] && x < box[2] && y >= box[1] && y < box[3];
            at[y * W + x] = floorf(128 + 50 * sinf(0.01f * (float)x) * cosf(0.013f * (float)y) +
                                   1.5f * (in ? factor : 1) * noise() + 0.5f);
        }
}

static enum as_verdict examine(void)
{
    const struct as_detector *det = as_det_find("cooccurrence");
    const struct as_unit unit = {.views = AS_LUMA, .luma = {at, W, H, W}};
    struct as_heat map = {heat, CELLS_W, CELLS_H};
    struct as_out out = {.feat = feat, .heat = &map};
    void *scratch = malloc(as_det_scratch_bytes(det, W, H)), *own = NULL;

    assert_non_null(scratch);
    assert_int_equal(det->dim, MEASURES);
    assert_int_equal(det->heat_step, STEP);
    assert_int_equal(as_det_init(det, &own), AS_OK);
    assert_int_equal(as_det_extract(det, own, &unit, scratch, &out), AS_OK);
    as_det_free(det, own);
    free(scratch);
    return out.verdict;
}

static const uint32_t nothing[4] = {0, 0, 0, 0}, box[4] = {448, 192, 640, 384};

/* Means of the map well within the box, and of all that no block of the box reaches. */
static void contrast(double *in, double *beside)
{
    double sum[2] = {0}, n[2] = {0};

    for (uint32_t y = 0; y < CELLS_H; y++)
        for (uint32_t x = 0; x < CELLS_W; x++) {
            const uint32_t px = x * STEP, py = y * STEP;
            const bool within =
                px >= box[0] + 48 && px < box[2] - 48 && py >= box[1] + 48 && py < box[3] - 48;
            const bool near =
                px + 96 > box[0] && px < box[2] + 80 && py + 96 > box[1] && py < box[3] + 80;
            if (near && !within)
                continue;
            sum[within] += (double)heat[y * CELLS_W + x];
            n[within]++;
        }
    *in = sum[1] / n[1];
    *beside = sum[0] / n[0];
}

static void t_part(void **state)
{
    double in, beside, before = 0;
    (void)state;

    for (int strength = 3; strength <= 9; strength += 2) {
        make(box, 1 + 0.3f * (float)strength);
        assert_int_equal(examine(), AS_APPLIES);
        contrast(&in, &beside);
        print_message("noise %g times: %.3f within, %.3f beside, share %.3f\n", 1 + 0.3 * strength,
                      in, beside, (double)feat[REGION_SHARE]);
        assert_true(in > 0.7 && beside < 0.5 && (double)feat[GAIN] > before);
        before = (double)feat[GAIN];
    }
    assert_true(feat[REGION_SHARE] > 0.04 && feat[REGION_SHARE] < 0.5); /* blocks on it: .4 */
    assert_true(feat[REGION_DISTANCE] > 2 && feat[VALID_SHARE] == 1);
}

static void t_alike(void **state)
{
    (void)state;
    make(nothing, 1);
    assert_int_equal(examine(), AS_APPLIES);
    print_message("alike everywhere: share %.3f, gain %.3f\n", (double)feat[BESIDE_SHARE],
                  (double)feat[GAIN]);
    assert_true(feat[BESIDE_SHARE] < 0.1);
}

static void t_abstains(void **state)
{
    (void)state;
    for (size_t i = 0; i < (size_t)W * H; i++)
        at[i] = 100;
    assert_int_equal(examine(), AS_ABSTAINS);
    make(nothing, 1);
    for (size_t i = 0; i < (size_t)W * H; i++)
        at[i] = fminf(255, at[i] + 150); /* saturated */
    assert_int_equal(examine(), AS_ABSTAINS);
}

/* A cloud that is moved and stretched, one vector in twenty beside it. */
static void t_cloud(void **state)
{
    enum { N = 1000 };
    static struct as_outlier_work w;
    static uint16_t side[N];
    struct as_outlier cloud;
    int wrong = 0;
    (void)state;

    for (size_t i = 0; i < N; i++) {
        side[i] = (uint16_t)(1 << i % 4);
        for (size_t r = 0; r < AS_OUTLIER_DIM; r++)
            w.z[r][i] = noise() * (r == 3 ? 0.5f : 1) + (i % 20 == 0 ? 3 : r == 1 ? 0.2f : 0);
    }
    assert_int_equal(as_outlier_fit(&w, N, side, 5, &cloud), AS_OK);
    assert_true(cloud.gain > 0);
    assert_true(fabsf(cloud.mean[1] - 0.2f) < 0.15f && fabsf(cloud.mean[2]) < 0.15f);
    assert_true(fabsf(cloud.root[3][3] - 2) < 0.3f);
    for (size_t i = 0; i < N; i++) {
        float square = 0;
        for (size_t r = 0; r < AS_OUTLIER_DIM; r++) {
            float sum = 0;
            for (size_t c = 0; c <= r; c++)
                sum += cloud.root[r][c] * (w.z[c][i] - cloud.mean[c]);
            square += sum * sum;
        }
        wrong += (square > cloud.edge) != (i % 20 == 0);
    }
    print_message("%d of %d on the wrong side\n", wrong, N);
    assert_true(wrong < N / 50);
    assert_int_equal(as_outlier_fit(&w, AS_OUTLIER_DIM, side, 5, &cloud), AS_SKIP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_part),
        cmocka_unit_test(t_alike),
        cmocka_unit_test(t_abstains),
        cmocka_unit_test(t_cloud),
    };

    print_message("seed %u\n", seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
