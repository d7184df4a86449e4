/* t_crossdiff.c - peaks of cross-differences: where up-sampling is known, and where nothing is. */
#include "t_spectrum.h"

static const struct as_detector *det;

/* Column of a measure of channel c: y, x in sixteenths of a cycle. */
static uint32_t at(int c, int y, int x)
{
    return (uint32_t)(c * 153 + (y + 8) * 9 + x);
}

/* Noise whose strength repeats every n pixels across: peaks at multiples of 1/n, nowhere else.  At
 * 1/2 there is none either: a strong column is in two cross-differences, which cancel out there. */
static void test_period(void **state)
{
    static const int periods[] = {4, 8, 16};
    (void)state;
    for (size_t k = 0; k < sizeof periods / sizeof *periods; k++) {
        const int n = periods[k];
        struct scene *s = scene_new(517, 391);
        for (uint32_t y = 0; y < s->h; y++)
            for (uint32_t x = 0; x < s->w; x++)
                pixel(s, x, y, 128 + (x % (uint32_t)n == 0 ? 40 : 10) * noise(s));
        scene_extract(det, s, AS_APPLIES);
        for (int c = 0; c < 3; c++)
            for (int x = 1; x <= 8; x++) {
                if (x % (16 / n) == 0 && x < 8)
                    assert_true(s->feat[at(c, 0, x)] > 1.0F);
                else
                    assert_true(s->feat[at(c, 0, x)] < 0.8F);
            }
        scene_free(s);
    }
}

/* White noise has nothing but its mean. */
static void test_noise(void **state)
{
    struct scene *s = scene_new(400, 300);
    double sum = 0;

    (void)state;
    for (uint32_t y = 0; y < s->h; y++)
        for (uint32_t x = 0; x < s->w; x++)
            pixel(s, x, y, 128 + 20 * noise(s));
    scene_extract(det, s, AS_APPLIES);
    for (uint32_t i = 0; i < det->dim; i++)
        if (i % 153 != at(0, 0, 0)) {
            assert_true(s->feat[i] < 0.8F); /* Rayleigh: about 1e-16 to be above by chance */
            sum += s->feat[i];
        }
    assert_true(fabs(sum / (det->dim - 3) + 0.09) < 0.05); /* E log10 of Rayleigh over median */
    assert_true(s->feat[at(0, 0, 0)] > 1.5F);
    scene_free(s);
}

static void test_flat(void **state)
{
    struct scene *s = scene_new(300, 200);

    (void)state;
    for (uint32_t y = 0; y < s->h; y++)
        for (uint32_t x = 0; x < s->w; x++)
            pixel(s, x, y, (float)(x / 4));
    scene_extract(det, s, AS_ABSTAINS);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_period),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_flat),
    };

    det = as_det_find("crossdiff");
    assert_non_null(det);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
