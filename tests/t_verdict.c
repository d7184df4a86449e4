/* t_verdict.c - sentences: the scale, the words of each kind of match, and what is cut. */
#include "../pipeline/verdict.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void t_scale(void **state)
{
    struct as_weighing *table;
    const struct as_scale_words none = {0}, *w;
    (void)state;

    assert_int_equal(as_weighing_load(&table, NULL), AS_OK);
    w = &table->words;
    assert_string_equal(as_verdict_support(&none, 3), "");
    assert_string_equal(as_verdict_support(w, (double)NAN), "");
    assert_string_equal(as_verdict_support(w, 0), "no support");
    assert_string_equal(as_verdict_support(w, 0.3), "no support");
    assert_string_equal(as_verdict_support(w, log10(2)), "weak support");
    assert_string_equal(as_verdict_support(w, 1), "moderate support");
    assert_string_equal(as_verdict_support(w, -2.5), "moderately strong support");
    assert_string_equal(as_verdict_support(w, 3), "strong support");
    assert_string_equal(as_verdict_support(w, 5.99), "very strong support");
    assert_string_equal(as_verdict_support(w, INFINITY), "extremely strong support");
    as_weighing_free(table);
}

static void says(uint16_t set, const struct as_match *m, const char *name, uint64_t more,
                 const char *want)
{
    char text[400];

    as_verdict_match(text, sizeof text, set, m, name, more);
    assert_string_equal(text, want);
}

static void t_words(void **state)
{
    struct as_match m = {.kind = AS_MATCH_HASH, .value = AS_KNOWN_BAD, .p = (double)NAN};
    (void)state;

    says(AS_SET_KNOWN, &m, "SHA-256, category 1", 0, "known bad by its hash: SHA-256, category 1");
    m.value = AS_KNOWN_GOOD;
    says(AS_SET_KNOWN, &m, "", 1, "known good by its hash; and 1 more of that set");
    m = (struct as_match){.kind = AS_MATCH_CODE, .value = 4, .p = (double)NAN};
    says(AS_SET_MEDIA, &m, "a.jpg", 2,
         "nearly the same picture as a known one: a.jpg (4 of 256 bits of the PDQ codes differ); "
         "and 2 "
         "more of that set");
    m = (struct as_match){.kind = AS_MATCH_CAMERA, .value = 412.3f, .p = 2e-91};
    says(
        AS_SET_CAMERA, &m, "D70 1", 0,
        "the noise pattern supports the view that this camera took it: D70 1 (PCE 412, false alarm "
        "10^-90 for all tried in its step)");
    m.p = 1e-300;
    m.others = 1;
    m.other = 5.96f;
    says(AS_SET_CAMERA, &m, "", 0,
         "the noise pattern supports the view that this camera took it (PCE 412, false alarm below "
         "10^-300 for all tried in its step; its model is not known; the only other camera of its "
         "size has PCE 6.0)");
    static const char *const BESIDE[] = {
        "; its model is not known; the best of 9 others of its size has PCE 6.0)",
        "step; the best of 9 other cameras of the same model has PCE 6.0)",
        "; none of the references of its size is of the same model; the best of 9 others of its "
        "size has PCE 6.0)",
        "; none of the same model was among those compared in full; the best of 9 others of its "
        "size has PCE 6.0)",
        " for all tried in its step)"}; /* a number that says nothing */
    m.others = 9;
    for (m.beside = 0; m.beside <= AS_BESIDES; m.beside++) {
        char text[400];
        as_verdict_match(text, sizeof text, AS_SET_CAMERA, &m, "D70 1", 0);
        assert_non_null(strstr(text, BESIDE[m.beside]));
    }
    m.beside = AS_BESIDE_MODEL;
    m.others = 0;
    says(AS_SET_CAMERA, &m, "", 0,
         "the noise pattern supports the view that this camera took it (PCE 412, false alarm below "
         "10^-300 for all tried in its step)");
}

/* However long the name and short the room: ended, and what was measured stays. */
static void t_cut(void **state)
{
    const struct as_match m = {
        .kind = AS_MATCH_CAMERA, .value = 3e38f, .p = 1e-12, .others = 5, .other = 3e38f};
    char name[5000], text[400];
    (void)state;

    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    name[sizeof name - 2] = 'y';
    as_verdict_match(text, sizeof text, AS_SET_CAMERA, &m, name, UINT64_MAX);
    assert_non_null(strstr(text, ": ...x"));
    assert_non_null(strstr(text, "xy (PCE "));
    assert_non_null(strstr(text, "more of that set"));
    for (size_t n = 1; n < sizeof text; n++) {
        memset(text, 'z', sizeof text);
        as_verdict_match(text, n, AS_SET_CAMERA, &m, name, 3);
        assert_true(strlen(text) < n && text[n] == 'z');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_scale),
        cmocka_unit_test(t_words),
        cmocka_unit_test(t_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
