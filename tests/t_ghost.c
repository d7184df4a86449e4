/* t_ghost.c - the quality that splits a picture, and which part of it is which. */
#include "djpeg_pictures.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SEED = 2009 };

/* A picture of which the pasted part alone, or all but it, was compressed at q1. */
static struct djpeg *examined(uint32_t q1, bool part_alone, uint32_t q2)
{
    struct djpeg *p = calloc(1, sizeof *p), *coarse = calloc(1, sizeof *coarse);

    assert_true(p && coarse);
    dj_scene(p, SEED);
    dj_scene(coarse, SEED);
    dj_quantise(coarse, q1, 0, 0);
    dj_paste(part_alone ? p : coarse, part_alone ? coarse : p);
    if (!part_alone)
        memcpy(p->samples, coarse->samples, sizeof p->samples);
    dj_finish(p, q2);
    dj_extract("ghost", p);
    assert_int_equal(p->verdict, AS_APPLIES);
    free(coarse);
    return p;
}

static void test_ghost(void **state)
{
    (void)state;
    for (int alone = 0; alone < 2; alone++) {
        struct djpeg *p = examined(65, alone, 90);
        const float quality = dj_measure("ghost", p, "ghost_quality");
        const float ghost = dj_measure("ghost", p, "ghost");
        float inside, outside;
        dj_hot(p, &inside, &outside);
        const bool half = quality > 80 && quality < 85; /* steps of half the size fit as well */
        if ((!half && (quality < 62 || quality > 68)) || ghost < 0.25f || inside < 0.6f ||
            outside > 0.05f)
            fail_msg("part alone %d: quality %g, ghost %g, inside %g, outside %g (seed %d)", alone,
                     (double)quality, (double)ghost, (double)inside, (double)outside, SEED);
        free(p);
    }
}

static void test_none(void **state)
{
    static const uint32_t first[] = {0, 65};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct djpeg *p = dj_make(SEED, first[i], 0, 0, false, 90);
        dj_extract("ghost", p);
        assert_int_equal(p->verdict, AS_APPLIES);
        if (dj_measure("ghost", p, "ghost") >= 0.25f)
            fail_msg("first %u: ghost %g (seed %d)", first[i],
                     (double)dj_measure("ghost", p, "ghost"), SEED);
        free(p);
    }
}

/* The further apart the qualities, the plainer. */
static void test_monotone(void **state)
{
    static const uint32_t second[] = {75, 85, 95};
    float last = 0;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct djpeg *p = examined(65, true, second[i]);
        const float ghost = dj_measure("ghost", p, "ghost");
        if (ghost <= last)
            fail_msg("quality %u: %g after %g (seed %d)", second[i], (double)ghost, (double)last,
                     SEED);
        last = ghost;
        free(p);
    }
}

static void test_abstains(void **state)
{
    struct djpeg *p = dj_make(SEED, 0, 0, 0, false, 20);

    (void)state;
    dj_extract("ghost", p); /* no quality that is tried is coarser */
    assert_true(p->verdict == AS_ABSTAINS && p->reason == 2);
    p->dct.comp[0].q[8] = 0;
    dj_extract("ghost", p);
    assert_true(p->verdict == AS_ABSTAINS && p->reason == 0);
    p->dct.comp[0].q[8] = 300;
    dj_extract("ghost", p);
    assert_true(p->verdict == AS_ABSTAINS && p->reason == 0);
    free(p);
}

static void test_hostile(void **state)
{
    static const int16_t extreme[] = {INT16_MIN, INT16_MAX, 300, -301};
    struct djpeg *p = dj_make(SEED, 0, 0, 0, false, 90);

    (void)state;
    for (size_t i = 0; i < DJ_W * DJ_H; i++)
        p->blocks[i] = extreme[i % 4];
    dj_extract("ghost", p);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ghost),    cmocka_unit_test(test_none),
        cmocka_unit_test(test_monotone), cmocka_unit_test(test_abstains),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
