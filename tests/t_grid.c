/* t_grid.c - grids that were put into pictures are found where they are, and nowhere else. */
#include "../kernels/dct.h"
#include "../kernels/detectors/detector.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 320, H = 240, CELLS_W = W / 8, CELLS_H = H / 8 };
enum {
    GRID_X,
    GRID_Y,
    STRENGTH,
    CROPPED,
    FOREIGN,
    FOREIGN_STRENGTH,
    REGIONS,
    SHARE,
    SECOND,
    DRIFTING,
    VOTING,
    MEASURES
};

static uint32_t seed = 20210421;

static uint32_t next(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

/* Waves under noise, whole numbers. */
static void make_scene(float *at)
{
    const double a = 0.02 + (double)(next() % 100) / 2000, b = 0.03 + (double)(next() % 100) / 1500;

    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            at[y * W + x] = (float)floor(128 + 40 * sin(a * x) + 30 * cos(b * y + a * x) +
                                         (double)(next() % 17) - 8);
}

/* What JPEG of a quality does to the samples of [x0, x1) x [y0, y1), on a grid that begins at
 * (gx, gy); blocks that stick out stay as they are. */
static void compress(float *at, uint32_t gx, uint32_t gy, uint32_t quality, const uint32_t box[4])
{
    const struct as_plane p = {at, W, H, W};
    float block[64];

    for (uint32_t y = gy; y + 8 <= H; y += 8)
        for (uint32_t x = gx; x + 8 <= W; x += 8) {
            if (x < box[0] || y < box[1] || x + 8 > box[2] || y + 8 > box[3])
                continue;
            as_dct_block(&p, x, y, block);
            for (uint32_t k = 0; k < 64; k++) {
                const float q = (float)as_ijg_step(false, k, quality);
                block[k] = rintf(block[k] / q) * q;
            }
            as_dct_inverse(block, block);
            for (uint32_t k = 0; k < 64; k++)
                at[(y + k / 8) * W + x + k % 8] = fminf(255, fmaxf(0, rintf(block[k])));
        }
}

static const uint32_t whole[4] = {0, 0, W, H};

/* Runs the detector; heat: [CELLS_H][CELLS_W] or NULL. */
static enum as_verdict examine(const float *at, float *feat, float *heat)
{
    const struct as_detector *det = as_det_find("grid");
    const struct as_unit unit = {.views = AS_LUMA, .luma = {at, W, H, W}};
    struct as_heat map = {heat, CELLS_W, CELLS_H};
    struct as_out out = {.feat = feat, .heat = heat ? &map : NULL};
    void *scratch = malloc(as_det_scratch_bytes(det, W, H));

    assert_non_null(scratch);
    assert_int_equal(det->dim, MEASURES);
    assert_int_equal(as_det_extract(det, NULL, &unit, scratch, &out), AS_OK);
    free(scratch);
    return out.verdict;
}

static void t_begins_where_it_begins(void **state)
{
    static float at[W * H], feat[MEASURES];
    (void)state;

    for (uint32_t g = 0; g < 64; g += 7) {
        make_scene(at);
        compress(at, g % 8, g / 8, 85, whole);
        assert_int_equal(examine(at, feat, NULL), AS_APPLIES);
        assert_true(feat[GRID_X] == (float)(g % 8) && feat[GRID_Y] == (float)(g / 8));
        assert_true(feat[CROPPED] == (g != 0));
        assert_true(feat[FOREIGN] == 0 && feat[SECOND] == 0 && feat[DRIFTING] == 0);
    }
}

/* The stronger the compression, the stronger the trace, up to where all blocks vote. */
static void t_quality(void **state)
{
    static float at[W * H], feat[MEASURES];
    const uint32_t start = seed;
    float before = 0;
    (void)state;

    for (uint32_t quality = 98; quality >= 96; quality--) {
        seed = start;
        make_scene(at);
        compress(at, 3, 1, quality, whole);
        examine(at, feat, NULL);
        print_message("quality %u: %g\n", quality, (double)feat[STRENGTH]);
        assert_true(feat[STRENGTH] > before && feat[GRID_X] == 3);
        before = feat[STRENGTH];
    }
}

static void t_no_grid(void **state)
{
    static float at[W * H], feat[MEASURES];
    (void)state;

    for (int i = 0; i < 20; i++) {
        make_scene(at);
        assert_int_equal(examine(at, feat, NULL), AS_APPLIES);
        if (feat[GRID_X] != -1 || feat[FOREIGN] != 0 || feat[SECOND] != 0)
            fail_msg("a grid in scene %d, where there is none", i);
    }
}

/* A part of the picture has a grid of its own; the rest one, or none. */
static void t_part(void **state)
{
    static const uint32_t box[4] = {96, 64, 224, 176};
    static float at[W * H], feat[MEASURES], heat[CELLS_W * CELLS_H];
    (void)state;

    for (int rest = 0; rest < 2; rest++) {
        int hits = 0, false_hits = 0;
        make_scene(at);
        if (rest)
            compress(at, 0, 0, 90, whole);
        compress(at, 5, 2, 80, box);
        assert_int_equal(examine(at, feat, heat), AS_APPLIES);
        assert_true(feat[GRID_X] == (rest ? 0 : -1));
        assert_true(feat[FOREIGN] == 1 && feat[FOREIGN_STRENGTH] > 10 && feat[CROPPED] == 0);
        assert_true(feat[SHARE] > 0.1 && feat[SHARE] < 0.25); /* truly .19 */
        for (uint32_t y = 0; y < CELLS_H; y++)
            for (uint32_t x = 0; x < CELLS_W; x++) {
                const bool in = x >= 12 && x < 28 && y >= 8 && y < 22;
                hits += in && heat[y * CELLS_W + x] > 0.5f;
                false_hits += !in && heat[y * CELLS_W + x] > 0.5f;
            }
        assert_true(hits > 16 * 14 * 8 / 10 && false_hits < 16);
    }
}

/* The same part on the grid of the picture is not another one. */
static void t_part_on_the_grid(void **state)
{
    static const uint32_t box[4] = {96, 64, 224, 176};
    static float at[W * H], feat[MEASURES];
    (void)state;

    make_scene(at);
    compress(at, 0, 0, 90, whole);
    compress(at, 0, 0, 70, box);
    examine(at, feat, NULL);
    assert_true(feat[FOREIGN] == 0 && feat[SECOND] == 0 && feat[GRID_X] == 0);
}

/* Strips whose grids lie each a pixel further: a grid that was stretched. */
static void t_drifting(void **state)
{
    static float at[W * H], feat[MEASURES];
    (void)state;

    make_scene(at);
    for (uint32_t i = 0; i < 5; i++) {
        const uint32_t box[4] = {64 * i, 0, 64 * (i + 1), H};
        compress(at, i + 1, 3, 75, box);
    }
    examine(at, feat, NULL);
    assert_true(feat[DRIFTING] >= 4 && feat[FOREIGN] == 0);
}

static void t_flat(void **state)
{
    static float at[W * H], feat[MEASURES];
    (void)state;

    for (int i = 0; i < W * H; i++)
        at[i] = 255;
    assert_int_equal(examine(at, feat, NULL), AS_ABSTAINS);
    for (int i = 0; i < W * H; i++) /* constant along rows only */
        at[i] = (float)(i / W * 37 % 256);
    assert_int_equal(examine(at, feat, NULL), AS_ABSTAINS);
}

/* Most is flat, as sky is, and has no votes: those of the rest say where the grid begins, and are
 * no part from elsewhere. */
static void t_mostly_flat(void **state)
{
    static float at[W * H], feat[MEASURES];
    (void)state;

    make_scene(at);
    for (int i = 0; i < W * H; i++)
        if (i % W < 96 || i % W >= 152 || i / W < 64 || i / W >= 120)
            at[i] = 200;
    compress(at, 5, 2, 85, whole);
    assert_int_equal(examine(at, feat, NULL), AS_APPLIES);
    print_message("votes %g, strength %g\n", (double)feat[VOTING], (double)feat[STRENGTH]);
    assert_true(feat[GRID_X] == 5 && feat[GRID_Y] == 2 && feat[FOREIGN] == 0);
}

/* Twice the size, without JPEG: one parity is preferred, no grid of it. */
static void t_doubled(void **state)
{
    static float half[W * H], at[W * H], feat[MEASURES];
    (void)state;

    for (int i = 0; i < 5; i++) {
        make_scene(half);
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++) {
                const float *p = half + y / 2 * W + x / 2;
                at[y * W + x] = rintf((p[0] + p[x % 2] + p[y % 2 * W] + p[y % 2 * W + x % 2]) / 4);
            }
        assert_int_equal(examine(at, feat, NULL), AS_APPLIES);
        assert_true(feat[GRID_X] == -1 && feat[FOREIGN] == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_begins_where_it_begins),
        cmocka_unit_test(t_quality),
        cmocka_unit_test(t_no_grid),
        cmocka_unit_test(t_part),
        cmocka_unit_test(t_part_on_the_grid),
        cmocka_unit_test(t_drifting),
        cmocka_unit_test(t_flat),
        cmocka_unit_test(t_mostly_flat),
        cmocka_unit_test(t_doubled),
    };

    print_message("seed %u\n", seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
