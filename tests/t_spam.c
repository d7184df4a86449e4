/* t_spam.c - transitions of differences by hand, turned pictures, and sums of probabilities. */
#include "t_spectrum.h"

static const struct as_detector *det;

/* The measure of difference k after i and j; part 0: straight, 1: diagonal. */
static float p(const struct scene *s, int part, int i, int j, int k)
{
    return s->feat[((part * 7 + i + 3) * 7 + j + 3) * 7 + k + 3];
}

/* Stripes 10, 12, 10, 12 across: along rows -2 always follows 2 and 2 follows -2, down columns 0
 * follows 0; both are half of the straight ones.  Diagonals are like rows. */
static void test_stripes(void **state)
{
    struct scene *s = scene_new(101, 77);

    (void)state;
    for (uint32_t y = 0; y < s->h; y++)
        for (uint32_t x = 0; x < s->w; x++)
            pixel(s, x, y, x % 2 ? 12 : 10);
    scene_extract(det, s, AS_APPLIES);
    for (int i = -3; i <= 3; i++)
        for (int j = -3; j <= 3; j++)
            for (int k = -3; k <= 3; k++) {
                const int turns = (i == 2 || i == -2) && j == -i && k == i;
                const int stays = i == 0 && j == 0 && k == 0;
                assert_true(p(s, 0, i, j, k) == 0.5F * (float)(turns + stays));
                assert_true(p(s, 1, i, j, k) == (float)turns);
            }
    scene_free(s);
}

/* Mirrored and turned by 90 degrees: the same measures. */
static void test_turned(void **state)
{
    struct scene *s = scene_new(150, 150), *t = scene_new(150, 150);

    (void)state;
    for (uint32_t y = 0; y < 150; y++)
        for (uint32_t x = 0; x < 150; x++) {
            pixel(s, x, y, 100 + 0.2F * (float)x + noise(s));
            pixel(t, y, 149 - x, s->at[y * 150 + x]);
        }
    scene_extract(det, s, AS_APPLIES);
    scene_extract(det, t, AS_APPLIES);
    for (uint32_t i = 0; i < det->dim; i++)
        assert_true(fabsf(s->feat[i] - t->feat[i]) < 1e-6F);
    scene_free(s);
    scene_free(t);
}

/* After two differences that come, the third has some value: about 1 of weak noise. */
static void test_sums(void **state)
{
    struct scene *s = scene_new(640, 480);

    (void)state;
    for (uint32_t y = 0; y < s->h; y++)
        for (uint32_t x = 0; x < s->w; x++)
            pixel(s, x, y, 128 + 0.6F * noise(s));
    scene_extract(det, s, AS_APPLIES);
    for (int part = 0; part < 2; part++)
        for (int i = -1; i <= 1; i++)
            for (int j = -1; j <= 1; j++) {
                double sum = 0;
                for (int k = -3; k <= 3; k++)
                    sum += p(s, part, i, j, k);
                assert_true(sum > 0.97 && sum < 1 + 1e-6);
            }
    scene_free(s);
}

static void test_abstains(void **state)
{
    struct scene *s = scene_new(64, 64);

    (void)state;
    scene_extract(det, s, AS_ABSTAINS); /* flat */
    for (uint32_t y = 0; y < s->h; y++)
        for (uint32_t x = 0; x < s->w; x++)
            pixel(s, x, y, (x + y) % 2 ? 0 : 255);
    scene_extract(det, s, AS_ABSTAINS); /* rough */
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stripes),
        cmocka_unit_test(test_turned),
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_abstains),
    };

    det = as_det_find("spam");
    assert_non_null(det);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
