/* t_autocorr.c - correlations of a residual at known distances, and none of white noise. */
#include "t_spectrum.h"

static const struct as_detector *det;

/* The measure of a distance; y >= 0. */
static float lag(const struct scene *s, int x, int y)
{
    return y == 0 ? s->feat[x - 1] : s->feat[16 + (y - 1) * 33 + x + 16];
}

/* White noise plus itself moved by (dx, dy), k times as strong. */
static struct scene *echo(uint32_t w, uint32_t h, int dx, int dy, float k)
{
    struct scene *s = scene_new(w, h);
    float *white = calloc((size_t)(w + 64) * (h + 64), sizeof *white);

    assert_non_null(white);
    for (size_t i = 0; i < (size_t)(w + 64) * (h + 64); i++)
        white[i] = noise(s);
    for (int y = 0; y < (int)h; y++)
        for (int x = 0; x < (int)w; x++) {
            const float *p = white + (size_t)(y + 32) * (w + 64) + x + 32;
            s->at[(size_t)y * w + (size_t)x] = p[0] + k * p[-dy * ((int)w + 64) - dx];
        }
    free(white);
    scene_extract(det, s, AS_APPLIES);
    return s;
}

/* The correlation at that distance is k / (1 + k^2), at all others 0. */
static void test_echo(void **state)
{
    static const int at[][2] = {{1, 0}, {16, 0}, {-16, 16}, {5, 7}, {0, 8}, {-3, 2}};

    (void)state;
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        struct scene *s = echo(400, 300, at[i][0], at[i][1], 0.5F);
        for (int y = 0; y <= 16; y++)
            for (int x = y ? -16 : 1; x <= 16; x++)
                assert_true(fabsf(lag(s, x, y) - (x == at[i][0] && y == at[i][1] ? 0.4F : 0.0F)) <
                            0.03F);
        scene_free(s);
    }
}

/* A strong corner has no more to say than the rest: no correlation there, 0.4 elsewhere. */
static void test_even(void **state)
{
    struct scene *s = echo(512, 512, 2, 0, 0.5F);

    (void)state;
    for (uint32_t y = 0; y < 256; y++)
        for (uint32_t x = 0; x < 256; x++)
            s->at[(size_t)y * 512 + x] = 50 * noise(s);
    scene_extract(det, s, AS_APPLIES);
    assert_true(fabsf(lag(s, 2, 0) - 0.3F) < 0.02F);
    scene_free(s);
}

static void test_flat(void **state)
{
    struct scene *s = scene_new(256, 256);

    (void)state;
    scene_extract(det, s, AS_ABSTAINS);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_even),
        cmocka_unit_test(test_flat),
    };

    det = as_det_find("autocorr");
    assert_non_null(det);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
