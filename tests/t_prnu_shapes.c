/* t_prnu_shapes.c - how pictures of other sizes may lie on a sensor. */
#include "../kernels/prnu_shapes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct as_prnu_shape shape[AS_PRNU_SHAPES_MAX];

static uint32_t shapes(enum as_prnu_look look, uint32_t fw, uint32_t fh, uint32_t w, uint32_t h)
{
    return as_prnu_shapes(look, fw, fh, w, h, shape);
}

static void test_ratio(void **state)
{
    (void)state;
    assert_int_equal(shapes(AS_PRNU_RATIO, 3008, 2000, 1504, 1000), 1);
    assert_int_equal(shape[0].kw, 1504);
    assert_int_equal(shape[0].qh, 1000);
    assert_true(as_prnu_shifts(&shape[0].at) == 9);
    assert_int_equal(shapes(AS_PRNU_RATIO, 3008, 2000, 1280, 851), 1); /* 851.06 */
    assert_int_equal(shapes(AS_PRNU_RATIO, 3008, 2000, 1280, 852), 1); /* rounded up */
    assert_int_equal(shapes(AS_PRNU_RATIO, 3008, 2000, 1280, 853), 0);
    assert_int_equal(shapes(AS_PRNU_RATIO, 3008, 2000, 4512, 3000), 1); /* enlarged: comes down */
    assert_int_equal(shape[0].qw, 3008);
    assert_int_equal(shape[0].kh, 2000);
    assert_int_equal(shapes(AS_PRNU_RATIO, 3008, 2000, 3008, 2000), 0);
    assert_int_equal(shapes(AS_PRNU_RATIO, 3008, 2000, 2000, 3008), 0);
    assert_int_equal(shapes(AS_PRNU_RATIO, 3008, 2000, 60, 40), 0);
}

static void test_crops(void **state)
{
    (void)state;
    assert_int_equal(shapes(AS_PRNU_CROPS, 3008, 2000, 1024, 768), 1);
    assert_int_equal(shape[0].at.x0, 0);
    assert_int_equal(shape[0].at.x1, 1984);
    assert_int_equal(shape[0].at.y1, 1232);
    assert_true(shape[0].at.classes);
    assert_int_equal(shapes(AS_PRNU_CROPS, 3008, 2000, 3008, 1999), 1);
    assert_true(as_prnu_shifts(&shape[0].at) == 2);
    assert_int_equal(shapes(AS_PRNU_CROPS, 3008, 2000, 3008, 2000), 0);
    assert_int_equal(shapes(AS_PRNU_CROPS, 3008, 2000, 3009, 100), 0);
}

/* Whatever is made, the picture fits into the fingerprint wherever the window allows. */
static void test_all_fit(void **state)
{
    static const uint32_t size[][2] = {{64, 64},     {800, 600},   {1280, 800},  {1024, 1024},
                                       {2000, 3008}, {3008, 2000}, {3007, 2000}, {6000, 4000},
                                       {65536, 64},  {64, 65536}};
    (void)state;
    for (int look = AS_PRNU_RATIO; look <= AS_PRNU_SCALES; look++)
        for (size_t f = 0; f < sizeof size / sizeof *size; f++)
            for (size_t q = 0; q < sizeof size / sizeof *size; q++) {
                const uint32_t n =
                    shapes((enum as_prnu_look)look, size[f][0], size[f][1], size[q][0], size[q][1]);
                assert_true(n <= AS_PRNU_SHAPES_MAX);
                for (uint32_t i = 0; i < n; i++) {
                    const struct as_prnu_shape *s = &shape[i];
                    const int32_t slack = look == AS_PRNU_RATIO ? 1 : 0;
                    assert_true(s->at.x0 <= s->at.x1 && s->at.y0 <= s->at.y1);
                    assert_true(s->at.x0 >= -slack && s->at.y0 >= -slack);
                    assert_true(s->at.x1 + (int32_t)s->qw <= (int32_t)s->kw + slack);
                    assert_true(s->at.y1 + (int32_t)s->qh <= (int32_t)s->kh + slack);
                    assert_true(s->kw <= size[f][0] && s->kh <= size[f][1]);
                    assert_true(s->qw <= size[q][0] && s->qh <= size[q][1]);
                    for (uint32_t k = 0; k < i; k++) /* nothing is tried twice */
                        assert_true(s->kw != shape[k].kw || s->kh != shape[k].kh ||
                                    s->qw != shape[k].qw || s->qh != shape[k].qh);
                }
            }
}

static void test_scales(void **state)
{
    bool half = false, wide = false;
    (void)state;
    assert_int_equal(shapes(AS_PRNU_SCALES, 3008, 2000, 3008, 2000), 30); /* zooms */
    assert_int_equal(shape[4].qw, 2005);                                  /* 1.5 */
    assert_int_equal(shape[4].qh, 1333);
    assert_int_equal(shape[4].at.x0, 501 - 8);
    assert_int_equal(shape[4].at.x1, 501 + 8);
    const uint32_t n = shapes(AS_PRNU_SCALES, 3008, 2000, 1024, 700);
    for (uint32_t i = 0; i < n; i++) {
        half |= shape[i].kw == 1504 && shape[i].kh == 1000;
        wide |= shape[i].kw == 1600 && shape[i].kh == 1064;
    }
    assert_true(half && wide);
    assert_int_equal(shapes(AS_PRNU_SCALES, 3008, 2000, 3000, 2100), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ratio),
        cmocka_unit_test(test_crops),
        cmocka_unit_test(test_all_fit),
        cmocka_unit_test(test_scales),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
