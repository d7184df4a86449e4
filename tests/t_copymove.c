/* t_copymove.c - copies: features that no turn changes, copies found where they are, and what is
 * alike without being a copy. */
#include "../kernels/detectors/detector.h"
#include "../kernels/harmonics.h"
#include "../kernels/patchmatch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 320, H = 256, SEED = 11, STEP = 4, MAP_W = W / STEP, MAP_H = H / STEP };

static float pixels[W * H], cells[MAP_W * MAP_H];
static const struct as_detector *det;
static void *own, *scratch;

static uint32_t random_state;

static float noise(void)
{
    float sum = -2;

    for (int i = 0; i < 4; i++) {
        random_state = random_state * 1664525u + 1013904223u;
        sum += (float)(random_state >> 8) / 16777216;
    }
    return sum;
}

/* A texture without period, defined everywhere: what a scene is. */
static float scene(double x, double y)
{
    double v = 120;

    for (int i = 1; i < 12; i++) {
        const double a = 2.399963 * i * i, f = 0.05 + 0.05 * i;
        v += 60.0 / (3 + i) * sin(f * (x * cos(a) + y * sin(a)) + 1.7 * i + 2 * sin(0.013 * i * x));
    }
    return (float)v;
}

static void take_photo(void)
{
    random_state = SEED;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            pixels[y * W + x] = roundf(scene(x, y) + 3 * noise());
}

static float at(const float *im, double x, double y)
{
    const int ix = (int)floor(x), iy = (int)floor(y);
    const float fx = (float)(x - ix), fy = (float)(y - iy), *p = im + iy * W + ix;

    return (1 - fy) * (p[0] + fx * (p[1] - p[0])) + fy * (p[W] + fx * (p[W + 1] - p[W]));
}

/* A disc around (220, 150) shows what lies around (90, 100), turned and scaled; with `own_noise`
 * the scene is shown there again, but photographed by itself. */
enum { FROM_X = 90, FROM_Y = 100, TO_X = 220, TO_Y = 150, RADIUS = 36 };

static void copy(double degrees, double scale, bool own_noise)
{
    static float before[W * H];
    const double c = cos(degrees * acos(-1) / 180) / scale,
                 s = sin(degrees * acos(-1) / 180) / scale;

    memcpy(before, pixels, sizeof before);
    for (int y = TO_Y - RADIUS; y <= TO_Y + RADIUS; y++)
        for (int x = TO_X - RADIUS; x <= TO_X + RADIUS; x++) {
            const double dx = x - TO_X, dy = y - TO_Y;
            const double u = FROM_X + c * dx - s * dy, v = FROM_Y + s * dx + c * dy;
            if (dx * dx + dy * dy <= RADIUS * RADIUS)
                pixels[y * W + x] =
                    roundf(own_noise ? scene(u, v) + 3 * noise() : at(before, u, v));
        }
}

static enum as_verdict extract(float *feat)
{
    const struct as_unit unit = {.views = AS_LUMA, .luma = {pixels, W, H, W}};
    struct as_heat heat = {cells, MAP_W, MAP_H};
    struct as_out out = {.feat = feat, .heat = &heat};

    assert_int_equal(as_det_extract(det, own, &unit, scratch, &out), AS_OK);
    return out.verdict;
}

static float measure(const float *feat, const char *name)
{
    for (uint32_t i = 0; i < det->dim; i++)
        if (strcmp(det->measures[i], name) == 0)
            return feat[i];
    fail_msg("no measure is called %s", name);
    return 0;
}

static void test_untouched(void **state)
{
    float feat[32];
    (void)state;

    take_photo();
    assert_int_equal(extract(feat), AS_APPLIES);
    assert_true(measure(feat, "copied_share") == 0 && measure(feat, "correlation") == 0);
    for (int i = 0; i < MAP_W * MAP_H; i++)
        assert_true(cells[i] == 0);
}

/* F1 of the map against the two discs. */
static double map_f1(double scale)
{
    double both = 0, found = 0, truth = 0;

    for (int i = 0; i < MAP_W * MAP_H; i++) {
        const double x = (i % MAP_W + 0.5) * STEP, y = (i / MAP_W + 0.5) * STEP, r = RADIUS / scale;
        const bool in = hypot(x - TO_X, y - TO_Y) <= RADIUS || hypot(x - FROM_X, y - FROM_Y) <= r;
        const bool marked = cells[i] > 0.1F;
        both += in && marked;
        found += marked;
        truth += in;
    }
    return both > 0 ? 2 * both / (found + truth) : 0;
}

static void test_copies(void **state)
{
    static const struct {
        double degrees, scale;
    } cases[] = {{0, 1}, {30, 1}, {-75, 1}, {180, 1}, {0, 1.2}, {0, 0.8}, {20, 1.1}};
    float feat[32];
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double turn, size, f1;
        take_photo();
        copy(cases[i].degrees, cases[i].scale, false);
        assert_int_equal(extract(feat), AS_APPLIES);
        f1 = map_f1(cases[i].scale);
        turn = fabs(measure(feat, "angle_deg"));
        size = fabs(log(measure(feat, "scale")));
        print_message("%4.0f degrees x %.2f: correlation %.2f angle %.1f scale %.3f f1 %.2f\n",
                      cases[i].degrees, cases[i].scale, measure(feat, "correlation"),
                      measure(feat, "angle_deg"), measure(feat, "scale"), f1);
        assert_true(measure(feat, "correlation") > 0.5);
        assert_true(fabs(turn - fabs(cases[i].degrees)) < 2); /* either may be the original */
        assert_true(fabs(size - fabs(log(cases[i].scale))) < 0.03);
        assert_true(fabs(measure(feat, "shift_px")) > 100);
        assert_true(f1 > 0.7);
    }
}

/* The same thing photographed twice is alike, and no copy. */
static void test_alike(void **state)
{
    float feat[32];
    (void)state;

    take_photo();
    copy(0, 1, true);
    assert_int_equal(extract(feat), AS_APPLIES);
    print_message("alike: %.3f, copied: %.3f\n", measure(feat, "alike_share"),
                  measure(feat, "copied_share"));
    assert_true(measure(feat, "alike_share") > 0.03);
    assert_true(measure(feat, "copied_share") == 0);
}

static void test_patterns(void **state)
{
    float feat[32];
    (void)state;

    for (int i = 0; i < W * H; i++)
        pixels[i] = (float)((i % W % 40 * 5 + i / W % 37 * 3) % 200);
    assert_true(extract(feat) == AS_ABSTAINS || measure(feat, "copied_share") == 0);
    for (int i = 0; i < W * H; i++)
        pixels[i] = 200;
    extract(feat);
    assert_true(measure(feat, "copied_share") == 0);
}

/* The features of a scene do not change when it is turned, and do where another place is. */
static void test_invariance(void **state)
{
    enum { SIDE = 2 * AS_HARMONICS_REACH + 1 };
    struct as_harmonics t;
    float plane[SIDE * SIDE];
    float room[8192];
    uint8_t f[8][AS_HARMONICS_ROOM];
    (void)state;

    as_harmonics_init(&t);
    assert_true(as_harmonics_scratch(SIDE) <= sizeof room);
    for (int i = 0; i < 8; i++) {
        const double a = i * 0.45, x0 = i < 7 ? 500 : 560, flip = i == 6 ? -1 : 1;
        for (int k = 0; k < SIDE * SIDE; k++) {
            const double x = k % SIDE - AS_HARMONICS_REACH,
                         y = flip * (k / SIDE - AS_HARMONICS_REACH);
            plane[k] = scene(x0 + cos(a) * x - sin(a) * y, 70 + sin(a) * x + cos(a) * y);
        }
        as_harmonics_get(&t, &(struct as_plane){plane, SIDE, SIDE, SIDE}, 1, f[i], room);
    }
    for (int i = 1; i < 8; i++) {
        int64_t apart = 0, length = 0;
        for (int k = 1; k < AS_HARMONICS; k++) {
            apart += (f[i][k] - f[0][k]) * (f[i][k] - f[0][k]);
            length += f[0][k] * f[0][k];
        }
        if (i < 7)
            assert_true(apart * 1000 < length);
        else
            assert_true(apart * 10 > length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_invariance), cmocka_unit_test(test_untouched),
        cmocka_unit_test(test_copies),     cmocka_unit_test(test_alike),
        cmocka_unit_test(test_patterns),
    };
    int failed = 1;

    print_message("seed %d\n", SEED);
    det = as_det_find("copymove");
    scratch = det ? malloc(as_det_scratch_bytes(det, W, H)) : NULL;
    if (scratch && as_det_init(det, &own) == AS_OK) {
        failed = cmocka_run_group_tests(tests, NULL, NULL);
        as_det_free(det, own);
    }
    free(scratch);
    return failed;
}
