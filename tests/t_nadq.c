/* t_nadq.c - the first grid where it is not the file's: found, and where it is missing. */
#include "djpeg_pictures.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SEED = 2012 };

static struct djpeg *examined(uint32_t q1, uint32_t dx, uint32_t dy, bool pasted, uint32_t q2)
{
    struct djpeg *p = dj_make(SEED, q1, dx, dy, pasted, q2);

    dj_extract("nadq", p);
    assert_int_equal(p->verdict, AS_APPLIES);
    return p;
}

static float said(const struct djpeg *p, const char *measure)
{
    return dj_measure("nadq", p, measure);
}

static void test_pasted(void **state)
{
    static const uint32_t kinds[][4] = {
        {60, 85, 3, 5}, {70, 90, 4, 4}, {75, 95, 1, 7}, {70, 95, 0, 2}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct djpeg *p = examined(kinds[i][0], kinds[i][2], kinds[i][3], true, kinds[i][1]);
        float inside, outside;
        dj_hot(p, &inside, &outside);
        if (said(p, "shift_x_px") != (float)kinds[i][2] ||
            said(p, "shift_y_px") != (float)kinds[i][3] ||
            said(p, "first_quality") != (float)kinds[i][0] || said(p, "altered") < 0.9f ||
            inside < 0.85f || outside > 0.1f)
            fail_msg("%u %u: shift %g %g, first %g, altered %g, inside %g, outside %g (seed %d)",
                     kinds[i][0], kinds[i][1], (double)said(p, "shift_x_px"),
                     (double)said(p, "shift_y_px"), (double)said(p, "first_quality"),
                     (double)said(p, "altered"), (double)inside, (double)outside, SEED);
        free(p);
    }
}

/* Cropped and saved again: the grid is found, and nothing differs. */
static void test_whole(void **state)
{
    struct djpeg *p = examined(70, 5, 2, false, 85);

    (void)state;
    assert_true(said(p, "shift_x_px") == 5 && said(p, "shift_y_px") == 2);
    assert_true(said(p, "first_quality") == 70);
    assert_true(said(p, "first_grid_percent") > 90);
    if (said(p, "altered") >= 0.9f)
        fail_msg("altered %g (seed %d)", (double)said(p, "altered"), SEED);
    free(p);
}

/* Once, at qualities that leave traces of the file's own steps; and twice on one grid. */
static void test_no_other_grid(void **state)
{
    static const uint32_t kinds[][2] = {{0, 50}, {0, 60}, {0, 75}, {0, 95}, {60, 90}};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct djpeg *p = examined(kinds[i][0], 0, 0, true, kinds[i][1]);
        if (said(p, "first_quality") != 0 || said(p, "altered") != 0)
            fail_msg("%u %u: first quality %g at %g %g (seed %d)", kinds[i][0], kinds[i][1],
                     (double)said(p, "first_quality"), (double)said(p, "shift_x_px"),
                     (double)said(p, "shift_y_px"), SEED);
        for (size_t k = 0; k < DJ_WB * DJ_HB; k++)
            assert_true(p->heat[k] == 0.5f);
        free(p);
    }
}

static void test_monotone(void **state)
{
    static const uint32_t second[] = {75, 85, 95};
    float last = 0;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct djpeg *p = examined(65, 3, 5, true, second[i]);
        if (said(p, "altered") <= last)
            fail_msg("quality %u: %g after %g (seed %d)", second[i], (double)said(p, "altered"),
                     (double)last, SEED);
        last = said(p, "altered");
        free(p);
    }
}

static void test_abstains(void **state)
{
    struct djpeg *p = dj_make(SEED, 70, 3, 3, true, 90);

    (void)state;
    p->dct.comp[0].q[63] = 0;
    dj_extract("nadq", p);
    assert_true(p->verdict == AS_ABSTAINS && p->reason == 0);
    p->dct.comp[0].q[63] = 10;
    p->dct.comp[0].wb = p->dct.comp[0].hb = 31;
    p->meta.w = p->meta.h = 248;
    dj_extract("nadq", p);
    assert_true(p->verdict == AS_ABSTAINS && p->reason == 1);
    free(p);
}

static void test_hostile(void **state)
{
    static const int16_t extreme[] = {INT16_MIN, INT16_MAX, 300, -301};
    struct djpeg *p = dj_make(SEED, 0, 0, 0, false, 90);

    (void)state;
    for (size_t i = 0; i < DJ_W * DJ_H; i++)
        p->blocks[i] = extreme[i % 4];
    for (size_t k = 0; k < 64; k++)
        p->dct.comp[0].q[k] = UINT16_MAX;
    dj_extract("nadq", p);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pasted),        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_no_other_grid), cmocka_unit_test(test_monotone),
        cmocka_unit_test(test_abstains),      cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
