/* t_claims.c - claims: each lot once, the largest first, finished ones not again. */
#include "../pipeline/cluster/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void t_order(void **state)
{
    static const uint64_t BYTES[] = {5, 70, 5, 0, 70, UINT64_MAX / 4};
    static const uint64_t WANT[] = {5, 1, 4, 0, 2, 3};
    struct as_claims *c;
    uint64_t lot;
    (void)state;

    assert_int_equal(as_claims_new(&c, BYTES, NULL, 6, NULL), AS_OK);
    assert_int_equal(as_claims_left(c), 6);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(as_claims_take(c, 1, &lot), 1);
        assert_int_equal(lot, WANT[i]);
    }
    assert_int_equal(as_claims_take(c, 1, &lot), 0);
    assert_int_equal(as_claims_left(c), 6); /* taken, not done */
    as_claims_free(c);
}

static void t_done(void **state)
{
    static const uint64_t BYTES[] = {10, 20, 30};
    static const bool DONE[] = {false, true, false};
    struct as_claims *c;
    uint64_t lot;
    (void)state;

    assert_int_equal(as_claims_new(&c, BYTES, DONE, 3, NULL), AS_OK);
    assert_int_equal(as_claims_left(c), 2);
    assert_int_equal(as_claims_bytes_left(c), 40);
    assert_int_equal(as_claims_take(c, 1, &lot), 1);
    assert_int_equal(lot, 2);
    assert_int_equal(as_claims_done(c, 1), AS_OK); /* of an earlier attempt */
    assert_int_equal(as_claims_done(c, 2), AS_OK);
    assert_int_equal(as_claims_done(c, 2), AS_OK); /* told twice */
    assert_int_equal(as_claims_left(c), 1);
    assert_int_equal(as_claims_bytes_left(c), 10);
    assert_int_equal(as_claims_done(c, 3), AS_EBUG);
    assert_int_equal(as_claims_done(c, UINT64_MAX), AS_EBUG);
    assert_int_equal(as_claims_take(c, 1, &lot), 1);
    assert_int_equal(lot, 0);
    assert_int_equal(as_claims_take(c, 1, &lot), 0);
    assert_int_equal(as_claims_done(c, 0), AS_OK);
    assert_int_equal(as_claims_left(c), 0);
    assert_int_equal(as_claims_bytes_left(c), 0);
    as_claims_free(c);
}

static void t_none(void **state)
{
    struct as_claims *c;
    uint64_t lot;
    (void)state;

    assert_int_equal(as_claims_new(&c, NULL, NULL, 0, NULL), AS_OK);
    assert_int_equal(as_claims_take(c, 1, &lot), 0);
    assert_int_equal(as_claims_left(c), 0);
    assert_int_equal(as_claims_done(c, 0), AS_EBUG);
    as_claims_free(c);
    as_claims_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_order),
        cmocka_unit_test(t_done),
        cmocka_unit_test(t_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
