/* t_combine.c - likelihood ratios within and across families, and what lowers them. */
#include "../pipeline/run/combine.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint16_t find(const char *name)
{
    for (uint16_t d = 0; as_detectors[d]; d++)
        if (strcmp(as_detectors[d]->name, name) == 0)
            return d;
    fail_msg("no detector %s", name);
    return 0;
}

static struct as_part part(const char *name, float llr, uint8_t washed)
{
    return (struct as_part){(uint8_t)find(name), washed, llr};
}

static const struct as_weighing HALF = {
    .washing = {{.says = "resized", .weight = .5}, {.says = "washed", .weight = .25}},
    .nwashings = 2,
};

static void near(float got, double want)
{
    if (!(fabs((double)got - want) < 1e-6))
        fail_msg("%g, not %g", (double)got, want);
}

/* One family: the strongest after it is lowered, whichever view it supports; of equals the first.
 */
static void t_within(void **state)
{
    struct as_combined c;
    char text[400];
    (void)state;

    as_combined_init(&c);
    near(as_combined_llr(&c, &HALF), 0);
    as_combined_add(&c, &HALF, part("adq", 1, 0));
    near(as_combined_llr(&c, &HALF), 1);
    as_combined_add(&c, &HALF, part("benford", 1.9F, 1)); /* .95 is left */
    near(as_combined_llr(&c, &HALF), 1);
    as_combined_add(&c, &HALF, part("ghost", -1, 0));
    near(as_combined_llr(&c, &HALF), 1);
    as_combined_add(&c, &HALF, part("nadq", -1.25F, 0));
    near(as_combined_llr(&c, &HALF), -1.25);
    as_combined_text(&c, &HALF, text, sizeof text);
    assert_string_equal(text, "calibrated detectors, altered against authentic: jpeg by nadq "
                              "-1.25; 4 detectors, the strongest speaks");
}

static void t_across(void **state)
{
    struct as_combined c;
    char text[400];
    (void)state;

    as_combined_init(&c);
    as_combined_add(&c, &HALF, part("spam", 2, 3)); /* both: an eighth */
    as_combined_add(&c, &HALF, part("adq", 1.5F, 0));
    as_combined_add(&c, &HALF, part("noise_level", -1, 1));
    as_combined_add(&c, &HALF, part("ghost", 1.25F, 0)); /* no second time for one family */
    near(as_combined_llr(&c, &HALF), .25 + 1.5 - .5);
    near(as_combined_llr(&c, NULL), 2 + 1.5 - 1);
    as_combined_text(&c, &HALF, text, sizeof text);
    assert_string_equal(
        text, "calibrated detectors, altered against authentic: jpeg by adq +1.50, noise by "
              "noise_level -1.00 x 0.5, spectrum by spam +2.00 x 0.125; lowered, as the picture "
              "seems resized, washed; 4 detectors, families taken as independent");
    for (size_t n = 1; n < sizeof text; n++) {
        char cut[sizeof text];
        memset(cut, 1, sizeof cut);
        as_combined_text(&c, &HALF, cut, n);
        assert_true(memchr(cut, 0, n) != NULL && cut[n] == 1);
    }
}

/* The default table: who lowers whom. */
static void t_seen(void **state)
{
    enum { RESIZED = 1, TWICE = 2, LOW = 4 };
    static float feat[4][256];
    static struct as_row row;
    const uint16_t resampling = find("resampling"), benford = find("benford"), adq = find("adq");
    const uint16_t tables = find("jpeg_tables"), spam = find("spam"), c2pa = find("c2pa");
    const uint16_t of[] = {resampling, benford, adq, tables};
    bool with[AS_DETECTORS_MAX] = {false};
    struct as_weighing *w;
    char text[128];
    (void)state;

    assert_int_equal(as_weighing_load(&w, NULL), AS_OK);
    for (int i = 0; i < 4; i++) {
        row.det[of[i]] = (struct as_det_row){.status = AS_DET_APPLIES, .feat = feat[i]};
        with[of[i]] = true;
    }
    feat[0][0] = 3;
    feat[3][0] = 75;
    assert_int_equal(as_weighing_seen(w, &row, with, spam), 0); /* at the bounds: nothing */
    assert_int_equal(as_weighing_seen(NULL, &row, with, spam), 0);
    feat[0][0] = 3.5F;
    feat[1][1] = .06F;
    feat[2][0] = 90;
    feat[3][0] = 74;
    assert_int_equal(as_weighing_seen(w, &row, with, spam), RESIZED | TWICE | LOW);
    assert_int_equal(as_weighing_seen(w, &row, with, tables), RESIZED); /* not by itself */
    assert_int_equal(as_weighing_seen(w, &row, with, adq), RESIZED | LOW);
    assert_int_equal(as_weighing_seen(w, &row, with, resampling), TWICE | LOW);
    assert_int_equal(as_weighing_seen(w, &row, with, c2pa), 0); /* provenance is not lowered */
    with[benford] = false;
    assert_int_equal(as_weighing_seen(w, &row, with, spam), RESIZED | TWICE | LOW); /* by adq */
    assert_int_equal(as_weighing_unseen(w, with, spam), 0); /* adq could show it */
    with[adq] = with[resampling] = false;
    assert_int_equal(as_weighing_unseen(w, with, spam), RESIZED | TWICE);
    assert_int_equal(as_weighing_unseen(w, with, benford), RESIZED); /* its family shows the other */
    assert_int_equal(as_weighing_unseen(w, with, resampling), TWICE);
    assert_int_equal(as_weighing_unseen(w, with, c2pa), 0);
    with[adq] = with[resampling] = true;
    row.det[adq].status = AS_DET_ABSTAINS;
    assert_int_equal(as_weighing_seen(w, &row, with, spam), RESIZED | LOW);
    assert_true(as_weighing_weight(w, RESIZED | LOW) < as_weighing_weight(w, LOW));
    assert_true(as_weighing_weight(w, 0) == 1);
    as_weighing_tell(w, RESIZED | LOW, text, sizeof text);
    assert_string_equal(text, "resized or turned, of low JPEG quality");
    as_weighing_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_within),
        cmocka_unit_test(t_across),
        cmocka_unit_test(t_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
