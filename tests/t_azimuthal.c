/* t_azimuthal.c - the spectrum by ring and direction: gratings, white noise, what a blur takes. */
#include "t_spectrum.h"

enum { SLOPE = 128, LEVEL, TURN };

static const struct as_detector *det;

/* A grating of kx, ky cycles in 256 pixels. */
static struct scene *grating(uint32_t w, uint32_t h, double kx, double ky)
{
    struct scene *s = scene_new(w, h);

    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++)
            pixel(s, x, y,
                  (float)(128 + 3 * noise(s) + 20 * cos((kx * x + ky * y) * 2 * M_PI / 256)));
    scene_extract(det, s, AS_APPLIES);
    return s;
}

/* The ring and the direction of a grating stand out, for whole and for odd sizes. */
static void test_grating(void **state)
{
    static const struct {
        uint32_t w, h;
        double kx, ky;
        int ring, turn;
    } known[] = {{256, 256, 100, 0, 100, 0},
                 {300, 421, 0, 90, 90, 8},
                 {777, 256, 71, 71, 100, 4},
                 {520, 333, -60, 80, 100, 11}};

    (void)state;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        struct scene *s = grating(known[k].w, known[k].h, known[k].kx, known[k].ky);
        for (int r = 70; r < SLOPE; r++)
            if (r + 1 != known[k].ring)
                assert_true(s->feat[r] < s->feat[known[k].ring - 1]);
        for (int t = 0; t < 16; t++)
            if (t != known[k].turn)
                assert_true(s->feat[TURN + t] < s->feat[TURN + known[k].turn]);
        assert_true(s->feat[known[k].ring - 1] > 0.5F);
        scene_free(s);
    }
}

/* White noise of variance v: no slope, level log10 v, nothing beside them. */
static void test_white(void **state)
{
    struct scene *s = scene_new(1024, 768);

    (void)state;
    for (uint32_t y = 0; y < s->h; y++)
        for (uint32_t x = 0; x < s->w; x++)
            pixel(s, x, y, 128 + 10 * noise(s));
    scene_extract(det, s, AS_APPLIES);
    assert_true(fabsf(s->feat[SLOPE]) < 0.05F);
    assert_true(fabsf(s->feat[LEVEL] - 2.0F) < 0.02F);
    for (int r = 20; r < 128; r++)
        assert_true(fabsf(s->feat[r]) < 0.15F);
    for (int t = 0; t < 16; t++)
        assert_true(fabsf(s->feat[TURN + t]) < 0.1F);
    scene_free(s);
}

/* Twice as large by repeating: the highest ring falls far below what the picture's rings say. */
static void test_larger(void **state)
{
    struct scene *s = scene_new(512, 512);

    (void)state;
    for (uint32_t y = 0; y < s->h; y += 2)
        for (uint32_t x = 0; x < s->w; x += 2) {
            const float v = 128 + 20 * noise(s);
            for (uint32_t k = 0; k < 4; k++)
                pixel(s, x + k % 2, y + k / 2, v);
        }
    scene_extract(det, s, AS_APPLIES);
    assert_true(s->feat[127] < -0.7F); /* cos^2 twice, of which rings see a part */
    scene_free(s);
}

static void test_flat(void **state)
{
    struct scene *s = scene_new(300, 256);

    (void)state;
    for (uint32_t y = 0; y < s->h; y++)
        for (uint32_t x = 0; x < s->w; x++)
            pixel(s, x, y, 77);
    scene_extract(det, s, AS_ABSTAINS);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grating),
        cmocka_unit_test(test_white),
        cmocka_unit_test(test_larger),
        cmocka_unit_test(test_flat),
    };

    det = as_det_find("azimuthal");
    assert_non_null(det);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
