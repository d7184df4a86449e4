/* t_upsampling.c - cells of 2 x 2: a doubled picture, wherever it is cut, and one that is not. */
#include "t_spectrum.h"

enum { PLACE = 3 + 49 + 7, RIGHT = 0, BELOW, DIAGONAL, SAME = 3 + 24 };

static const struct as_detector *det;

/* Noise doubled by repeating, the upper left (dx, dy) cut off, with a little noise over it. */
static struct scene *doubled(uint32_t dx, uint32_t dy, float over)
{
    enum { SIDE = 128 };
    struct scene *s = scene_new(2 * SIDE - 3, 2 * SIDE - 2);
    float small[SIDE * SIDE];

    for (int i = 0; i < SIDE * SIDE; i++)
        small[i] = 128 + 10 * noise(s);
    for (uint32_t y = 0; y < s->h; y++)
        for (uint32_t x = 0; x < s->w; x++)
            pixel(s, x, y, small[(y + dy) / 2 * SIDE + (x + dx) / 2] + over * noise(s));
    scene_extract(det, s, AS_APPLIES);
    return s;
}

/* In cells of place 0 all is alike; across their borders nothing is: by hand. */
static void test_doubled(void **state)
{
    struct scene *s = doubled(0, 0, 0);

    (void)state;
    for (int k = 0; k < 3; k++)
        assert_true(fabsf(s->feat[k] + 2) < 1e-4F); /* log10 of FLOOR */
    assert_true(s->feat[SAME] > 1 - 1e-6F);
    assert_true(fabsf(s->feat[PLACE + RIGHT] - 1.05F) < 0.03F); /* log10(20 / sqrt(pi)) */
    assert_true(fabsf(s->feat[PLACE + BELOW] + 2) < 1e-4F);
    assert_true(fabsf(s->feat[2 * PLACE + RIGHT] + 2) < 1e-4F);
    assert_true(fabsf(s->feat[2 * PLACE + BELOW] - 1.05F) < 0.03F);
    assert_true(s->feat[3 * PLACE + DIAGONAL] > 1 && s->feat[3 * PLACE + SAME] < 0.01F);
    scene_free(s);
}

/* A cut changes little: the cells are found again. */
static void test_cut(void **state)
{
    struct scene *whole = doubled(0, 0, 1);

    (void)state;
    for (uint32_t k = 1; k < 4; k++) {
        struct scene *s = doubled(k % 2, k / 2, 1);
        for (uint32_t i = 0; i < det->dim; i++)
            assert_true(fabsf(s->feat[i] - whole->feat[i]) < 0.02F);
        scene_free(s);
    }
    scene_free(whole);
}

/* The four places of a picture that was not doubled are alike. */
static void test_single(void **state)
{
    struct scene *s = scene_new(512, 400);

    (void)state;
    for (uint32_t y = 0; y < s->h; y++)
        for (uint32_t x = 0; x < s->w; x++)
            pixel(s, x, y, 128 + 3 * noise(s));
    scene_extract(det, s, AS_APPLIES);
    for (uint32_t i = 0; i < PLACE; i++)
        for (uint32_t k = 1; k < 4; k++)
            assert_true(fabsf(s->feat[k * PLACE + i] - s->feat[i]) < 0.01F);
    scene_free(s);
}

static void test_flat(void **state)
{
    struct scene *s = scene_new(64, 64);

    (void)state;
    scene_extract(det, s, AS_ABSTAINS);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubled),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_flat),
    };

    det = as_det_find("upsampling");
    assert_non_null(det);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
