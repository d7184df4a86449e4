/* t_benford.c - first digits follow the law after one compression and leave it after two. */
#include "djpeg_pictures.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SEED = 1938 };

static struct djpeg *examined(uint32_t q1, uint32_t q2)
{
    struct djpeg *p = dj_make(SEED, q1, 0, 0, false, q2);

    dj_extract("benford", p);
    assert_int_equal(p->verdict, AS_APPLIES);
    return p;
}

static void test_once_and_twice(void **state)
{
    static const uint32_t pairs[][2] = {{60, 85}, {75, 90}, {80, 95}, {70, 80}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct djpeg *once = examined(0, pairs[i][1]), *twice = examined(pairs[i][0], pairs[i][1]);
        const float low = dj_measure("benford", once, "cut_departure");
        const float high = dj_measure("benford", twice, "cut_departure");
        if (low > 0.05f || high < 0.1f)
            fail_msg("%u %u: %g once, %g twice (seed %d)", pairs[i][0], pairs[i][1], (double)low,
                     (double)high, SEED);
        assert_true(dj_measure("benford", once, "law_departure") <
                    dj_measure("benford", twice, "law_departure"));
        free(once);
        free(twice);
    }
}

/* Blocks counted by hand: 3 in every block of one frequency, 20 in another, 0 elsewhere. */
static void test_by_hand(void **state)
{
    struct djpeg *p = examined(0, 90);

    (void)state;
    for (size_t b = 0; b < DJ_WB * DJ_HB; b++)
        for (size_t k = 0; k < 64; k++)
            p->blocks[b * 64 + k] = k == 1 ? -3 : k == 8 ? 20 : 0;
    dj_extract("benford", p);
    assert_int_equal(p->verdict, AS_APPLIES);
    assert_true(fabsf(dj_measure("benford", p, "nonzero_log10") - log10f(2 * DJ_WB * DJ_HB)) <
                1e-4f);
    assert_true(dj_measure("benford", p, "excess_f1_d5") <= 0); /* every digit was a 3 */
    assert_true(dj_measure("benford", p, "law_departure") > 0.5f);
    free(p);
}

static void test_abstains(void **state)
{
    struct djpeg *p = examined(0, 90);

    (void)state;
    memset(p->blocks, 0, sizeof p->blocks);
    for (size_t i = 0; i < 1999; i++)
        p->blocks[i * 64 + 1] = 1;
    dj_extract("benford", p);
    assert_true(p->verdict == AS_ABSTAINS && p->reason == 1);
    p->blocks[1999 * 64 + 1] = INT16_MIN;
    dj_extract("benford", p);
    assert_int_equal(p->verdict, AS_APPLIES);
    p->dct.ncomp = 0;
    dj_extract("benford", p);
    assert_true(p->verdict == AS_ABSTAINS && p->reason == 0);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once_and_twice),
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_abstains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
