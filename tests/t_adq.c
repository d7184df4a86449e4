/* t_adq.c - the aligned first compression: found, its quality, and where it is missing. */
#include "djpeg_pictures.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SEED = 1909 };

static struct djpeg *examined(uint32_t q1, bool pasted, uint32_t q2)
{
    struct djpeg *p = dj_make(SEED, q1, 0, 0, pasted, q2);

    dj_extract("adq", p);
    assert_int_equal(p->verdict, AS_APPLIES);
    return p;
}

static float altered(const struct djpeg *p)
{
    return dj_measure("adq", p, "altered");
}

static void test_pasted(void **state)
{
    static const uint32_t pairs[][2] = {{60, 85}, {75, 90}, {80, 95}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct djpeg *p = examined(pairs[i][0], true, pairs[i][1]);
        float inside, outside;
        dj_hot(p, &inside, &outside);
        if (dj_measure("adq", p, "first_quality") != (float)pairs[i][0] || altered(p) < 1.5f ||
            inside < 0.9f || outside > 0.05f)
            fail_msg("%u %u: first %g, altered %g, inside %g, outside %g (seed %d)", pairs[i][0],
                     pairs[i][1], (double)dj_measure("adq", p, "first_quality"), (double)altered(p),
                     (double)inside, (double)outside, SEED);
        free(p);
    }
}

static void test_whole(void **state)
{
    struct djpeg *p = examined(75, false, 90);

    (void)state;
    assert_true(dj_measure("adq", p, "first_quality") == 75);
    assert_true(altered(p) < 1.1f);
    free(p);
}

/* Compressed once, or twice alike: nothing is there to miss. */
static void test_once(void **state)
{
    static const uint32_t first[] = {0, 85};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct djpeg *p = examined(first[i], true, 85);
        assert_true(dj_measure("adq", p, "first_quality") == 0);
        assert_true(altered(p) == 0);
        for (size_t k = 0; k < DJ_WB * DJ_HB; k++)
            assert_true(p->heat[k] == 0.5f);
        free(p);
    }
}

/* Compressed lower than before, with a calm part, whose zeros are no sign that it was not. */
static void test_below(void **state)
{
    static const uint32_t pairs[][2] = {{75, 60}, {80, 65}, {85, 75}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct djpeg *p = calloc(1, sizeof *p);
        assert_non_null(p);
        dj_scene(p, SEED);
        for (size_t k = 0; k < DJ_W * DJ_H; k++)
            if (dj_inside(k % DJ_W, k / DJ_W))
                p->samples[k] = roundf(128 + (p->samples[k] - 128) / 6);
        dj_quantise(p, pairs[i][0], 0, 0);
        dj_finish(p, pairs[i][1]);
        dj_extract("adq", p);
        print_message("%u, %u: first %g, altered %g\n", pairs[i][0], pairs[i][1],
                      (double)dj_measure("adq", p, "first_quality"), (double)altered(p));
        assert_true(dj_measure("adq", p, "first_quality") > 0 && altered(p) < 0.5f);
        free(p);
    }
}

/* The finer the second steps, the plainer. */
static void test_monotone(void **state)
{
    static const uint32_t second[] = {80, 90, 97};
    float last = 0;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct djpeg *p = examined(65, true, second[i]);
        if (altered(p) <= last)
            fail_msg("quality %u: %g after %g (seed %d)", second[i], (double)altered(p),
                     (double)last, SEED);
        last = altered(p);
        free(p);
    }
}

static void test_abstains(void **state)
{
    struct djpeg *p = dj_make(SEED, 75, 0, 0, true, 90);

    (void)state;
    p->dct.comp[0].q[1] = 0;
    dj_extract("adq", p);
    assert_true(p->verdict == AS_ABSTAINS && p->reason == 0);
    p->dct.comp[0].q[1] = 2;
    p->dct.comp[0].wb--;
    dj_extract("adq", p);
    assert_true(p->verdict == AS_ABSTAINS && p->reason == 0);
    p->dct.comp[0].wb = 8;
    p->dct.comp[0].hb = 8;
    p->meta.w = p->meta.h = 64;
    dj_extract("adq", p);
    assert_true(p->verdict == AS_ABSTAINS && p->reason == 1);
    free(p);
    p = dj_make(SEED, 0, 0, 0, false, 90);
    memset(p->blocks, 0, sizeof p->blocks);
    dj_extract("adq", p);
    assert_true(p->verdict == AS_ABSTAINS && p->reason == 2);
    free(p);
}

/* Coefficients as no encoder makes them. */
static void test_hostile(void **state)
{
    static const int16_t extreme[] = {INT16_MIN, INT16_MAX, 1024, -1025};
    struct djpeg *p = dj_make(SEED, 0, 0, 0, false, 90);

    (void)state;
    for (size_t i = 0; i < DJ_W * DJ_H; i += 7)
        p->blocks[i] = extreme[i / 7 % 4];
    dj_extract("adq", p);
    for (size_t k = 0; k < 64; k++)
        p->dct.comp[0].q[k] = k % 2 ? 255 : 1;
    for (size_t i = 0; i < DJ_W * DJ_H; i++)
        p->blocks[i] = (int16_t)(i % 64 ? i * 77 % 5 : 0);
    dj_extract("adq", p);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pasted),   cmocka_unit_test(test_whole),
        cmocka_unit_test(test_once),     cmocka_unit_test(test_below),
        cmocka_unit_test(test_monotone), cmocka_unit_test(test_abstains),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
