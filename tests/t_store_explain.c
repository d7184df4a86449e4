/* t_store_explain.c - the first difference of two result stores, in words.
 *
 * usage: t_store_explain [-s seed] */
#include "store_seal.h"

static const struct {
    enum change change;
    const char *says[4];
} EXPLAINED[] = {
    {NOTHING, {"equal"}},
    {ERROR_TEXT, {"equal"}},
    {SIZE, {"/items row 19 (a.tar>>dir", "column size: ", "\\xff\\xfe_"}},
    {PATH, {"/items row 19 (", "column path: \"a.tar", ".jpg\" against \"a.tar", ".jp\""}},
    {DURATION, {"/items row 19 (", "column duration_s: 0 against 2.5"}},
    {NO_SHA1, {"column sha1: \"", "\" against \"\""}},
    {KEY, {"/metadata row ", "(a.tar>>", "column key: \"exif.Key", "against \"Xxif.Key"}},
    {MORE_METADATA, {"/metadata row ", "column item_row: 20 against 19"}},
    {EXACT_MEASURE, {"/measures/alpha row 19 (a.tar", "column spread: ", " against 4711"}},
    {EXACT_CODE, {"/features/alpha row 19", "column 31: "}},
    {FLOAT_MEASURE, {"/measures/beta row 19 (", "column e: ", " against 4711"}},
    {MAP_CELL, {"/maps row ", "column offset: 4 cells against 4 cells"}},
    {MAP_DET, {"/maps row ", "column detector: \"alpha\" against \"beta\""}},
    {CRASH, {"/items row 19 (", "column status: inside the promise against outside"}},
};

static void test_explain(void **state)
{
    struct kit *k = kit_new(seed, 40, 0, 1);
    struct digests d;
    char text[600];
    struct as_err err = {0};

    (void)state;
    seal_to(path_a, k, &d);
    struct as_store *a = open_it(path_a);
    for (size_t i = 0; i < sizeof EXPLAINED / sizeof *EXPLAINED; i++) {
        (void)digests_of(40, EXPLAINED[i].change, false);
        struct as_store *b = open_it(path_b);
        assert_int_equal(as_store_explain(a, b, text, sizeof text, &err), AS_OK);
        for (int s = 0; s < 4 && EXPLAINED[i].says[s] != NULL; s++)
            if (strstr(text, EXPLAINED[i].says[s]) == NULL)
                fail_msg("\"%s\" does not say \"%s\"", text, EXPLAINED[i].says[s]);
        as_store_close(b);
    }
    (void)digests_of(41, NOTHING, false);
    struct as_store *b = open_it(path_b);
    assert_int_equal(as_store_explain(a, b, text, sizeof text, &err), AS_OK);
    assert_non_null(strstr(text, "/items row 40 (a.tar"));
    assert_non_null(strstr(text, "only in the second store"));
    as_store_close(b);
    as_store_close(a);
    kit_free(k);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest TESTS[] = {cmocka_unit_test(test_explain)};

    if (!store_begin(argc, argv))
        return 1;
    return store_end(cmocka_run_group_tests(TESTS, NULL, NULL));
}
