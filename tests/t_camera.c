/* t_camera.c - when the camera detector applies, and what it measures of a residual. */
#include "../kernels/detectors/camera.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 640, H = 528, SEED = 7 };

struct planes {
    float luma[H * W], noise[H * W], feat[6];
};

static uint32_t seed;

static float uniform(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / (float)(1 << 24);
}

/* Luma of one value with a step of `step` between columns of blocks; noise of variance 1. */
static struct planes *make(float light, float step)
{
    struct planes *p = malloc(sizeof *p);

    assert_non_null(p);
    seed = SEED;
    for (uint32_t i = 0; i < W * H; i++) {
        p->luma[i] = light + (i % W / 8 % 2 ? step : 0);
        p->noise[i] = (uniform() - 0.5F) * sqrtf(12);
    }
    return p;
}

/* The reason, -1 where it applies. */
static int run(struct planes *p, const struct as_kv *kv)
{
    const struct as_meta meta = {.w = W, .h = H, .kv = kv, .nkv = kv != NULL};
    const struct as_unit unit = {.views = AS_LUMA | AS_NOISE | AS_META,
                                 .luma = {p->luma, W, H, W},
                                 .noise = {p->noise, W, H, W},
                                 .meta = &meta};
    void *scratch = malloc(as_det_scratch_bytes(&as_detector_camera, W, H));
    struct as_out out = {.feat = p->feat};

    assert_non_null(scratch);
    assert_int_equal(as_det_extract(&as_detector_camera, NULL, &unit, scratch, &out), AS_OK);
    free(scratch);
    return out.verdict == AS_APPLIES ? -1 : out.reason;
}

static void check_reason(int reason, const char *begins)
{
    assert_true(reason >= 0);
    assert_memory_equal(as_det_reason(&as_detector_camera, (uint16_t)reason), begins,
                        strlen(begins));
}

static void test_measures(void **state)
{
    struct planes *p = make(100, 6);

    (void)state;
    assert_int_equal(run(p, NULL), -1);
    assert_float_equal(p->feat[0], 103, 0.01F);
    assert_true(p->feat[1] == 0 && p->feat[2] == 0);
    assert_float_equal(p->feat[3], 1, 0.01F);
    assert_true(p->feat[4] < 0.001F);       /* 64 cells of 5280 samples each: 1/5280 expected */
    assert_float_equal(p->feat[5], 3, 0.05F); /* 6 across, 0 down */
    assert_false(as_camera_flat(p->feat));
    free(p);
}

static void test_periodic(void **state)
{
    struct planes *p = make(100, 0);

    (void)state;
    for (uint32_t i = 0; i < W * H; i++)
        p->noise[i] += i % W % 8 == 0 ? 2.0F : 0.0F;
    assert_int_equal(run(p, NULL), -1);
    /* a line in 8 columns: variance 4 * (1/8) * (7/8) beside that of the noise */
    assert_float_equal(p->feat[4], 0.3043F, 0.01F);
    assert_true(as_camera_flat(p->feat));
    free(p);
}

static void test_light(void **state)
{
    struct planes *p = make(5, 0);

    (void)state;
    check_reason(run(p, NULL), "the picture is too dark");
    free(p);
    p = make(253, 0);
    check_reason(run(p, NULL), "too much of the picture is clipped");
    free(p);
    p = make(100, 0);
    for (uint32_t i = 0; i < W * H; i++)
        p->noise[i] = 0;
    check_reason(run(p, NULL), "the picture has no noise");
    free(p);
}

static void test_metadata(void **state)
{
    static const struct {
        const char *key, *value, *begins;
    } says[] = {
        {"xmp.Iptc4xmpExt:DigitalSourceType",
         "http://cv.iptc.org/newscodes/digitalsourcetype/computationalCapture", "the file says that it was"},
        {"xmp.Iptc4xmpExt:DigitalSourceType",
         "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
         "the file says that no camera"},
        {"xmp.Iptc4xmpExt:DigitalSourceType",
         "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture", NULL},
        {"xmp.GPano:ProjectionType", "equirectangular", "the file says that it was"},
        {"exif.CustomRendered", "3", "the file says that it was"},
        {"exif.CustomRendered", "1", NULL},
    };
    struct planes *p = make(100, 0);

    (void)state;
    for (size_t i = 0; i < sizeof says / sizeof *says; i++) {
        const struct as_kv kv = {{says[i].key, (uint32_t)strlen(says[i].key)},
                                 {says[i].value, (uint32_t)strlen(says[i].value)}};
        if (says[i].begins)
            check_reason(run(p, &kv), says[i].begins);
        else
            assert_int_equal(run(p, &kv), -1);
    }
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measures),
        cmocka_unit_test(test_periodic),
        cmocka_unit_test(test_light),
        cmocka_unit_test(test_metadata),
    };

    print_message("seed %d\n", SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
