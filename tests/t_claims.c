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

/* What is too large for the time left stays unfinished; smaller lots are handed out. */
static void t_drop(void **state)
{
    static const uint64_t BYTES[] = {10, 70, 30, 0, 70};
    struct as_claims *c;
    uint64_t lot;
    (void)state;

    assert_int_equal(as_claims_new(&c, BYTES, NULL, 5, NULL), AS_OK);
    assert_true(as_claims_take(c, 1, &lot));
    assert_int_equal(lot, 1);
    assert_int_equal(as_claims_drop(c, 70), 0);
    assert_int_equal(as_claims_drop(c, 29), 2);
    assert_int_equal(as_claims_drop(c, 29), 0);
    assert_true(as_claims_take(c, 1, &lot));
    assert_int_equal(lot, 0);
    assert_int_equal(as_claims_drop(c, 0), 0);
    assert_true(as_claims_take(c, 1, &lot));
    assert_int_equal(lot, 3);
    assert_false(as_claims_take(c, 1, &lot));
    assert_int_equal(as_claims_left(c), 5);
    as_claims_free(c);
}

/* All lots once, in order of size; returns the number of answers. */
static uint64_t drain(const uint64_t *bytes, uint64_t n, uint32_t ranks, uint32_t *largest)
{
    uint64_t lot[AS_CLAIM_MAX], given = 0, answers = 0, before = UINT64_MAX;
    struct as_claims *c;
    uint32_t k;

    *largest = 0;
    assert_int_equal(as_claims_new(&c, bytes, NULL, n, NULL), AS_OK);
    for (; (k = as_claims_take(c, ranks, lot)) > 0; answers++) {
        uint64_t sum = 0, fair = as_claims_bytes_left(c) / ranks;
        assert_true(k <= AS_CLAIM_MAX);
        assert_true(k == 1 || answers >= ranks);              /* the first of each comes alone */
        assert_true(k == 1 || 4 * k * (uint64_t)ranks <= n - given);
        *largest = k > *largest ? k : *largest;
        for (uint32_t i = 0; i < k; i++) {
            assert_true(bytes[lot[i]] <= before);
            before = bytes[lot[i]];
            sum += before;
            assert_int_equal(as_claims_done(c, lot[i]), AS_OK);
        }
        assert_true(k == 1 || sum <= fair);
        given += k;
        assert_int_equal(as_claims_free_lots(c), n - given);
        assert_int_equal(as_claims_left(c), n - given);
    }
    assert_int_equal(given, n);
    assert_int_equal(as_claims_bytes_left(c), 0);
    as_claims_free(c);
    return answers;
}

static void t_batches(void **state)
{
    enum { N = 200000 };
    uint64_t *bytes = calloc(N, sizeof *bytes), seed = 12345, answers;
    uint32_t largest;
    (void)state;

    for (uint64_t i = 0; i < N; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        bytes[i] = seed >> 60 ? seed >> 40 : 0;
    }
    bytes[N / 2] = UINT64_C(1) << 50; /* more than all others together */
    assert_int_equal(drain(bytes, N, 1, &largest), N);
    assert_int_equal(drain(bytes, N, 64, &largest), N); /* few ranks: as without batches */
    answers = drain(bytes, N, 1024, &largest);
    assert_int_equal(largest, 16);
    assert_true(answers < N / 4);
    drain(bytes, N, 16384, &largest);
    assert_true(largest > 1);
    drain(bytes, 100, 16384, &largest); /* fewer lots than ranks */
    assert_int_equal(largest, 1);
    free(bytes);
}

static void t_empty_files(void **state)
{
    uint64_t *bytes = calloc(100000, sizeof *bytes);
    uint32_t largest;
    (void)state;

    drain(bytes, 100000, 256, &largest);
    assert_int_equal(largest, 4);
    free(bytes);
}

static void t_tell(void **state)
{
    (void)state;
    assert_true(as_claims_tell_after(1) <= 0);
    assert_true(as_claims_tell_after(64) <= 0);
    assert_true(as_claims_tell_after(16384) > as_claims_tell_after(1024));
    assert_true(as_claims_tell_after(16384) < 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_order),
        cmocka_unit_test(t_batches),
        cmocka_unit_test(t_empty_files),
        cmocka_unit_test(t_tell),
        cmocka_unit_test(t_done),
        cmocka_unit_test(t_drop),
        cmocka_unit_test(t_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
