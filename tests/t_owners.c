/* t_owners.c - owners: the first asker alone gets a content, and memory is bounded. */
#include "../pipeline/cluster/owners.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <malloc.h>

/* Bytes that are allocated. */
static uint64_t held(void)
{
    struct mallinfo2 m = mallinfo2();

    return m.uordblks + m.hblkhd;
}

/* As good as random, the same for the same i; never equal for two i. */
static void make_sha(uint8_t *sha, uint64_t i)
{
    for (int k = 0; k < 4; k++) {
        uint64_t x = i * 4 + (uint64_t)k + 1;
        x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
        x ^= x >> 31;
        memcpy(sha + 8 * k, &x, 8);
    }
}

static void t_first_asker(void **state)
{
    enum { N = 300000 };
    struct as_owners *o;
    uint8_t sha[32];
    uint64_t before = held();
    bool granted;
    (void)state;

    assert_int_equal(as_owners_new(&o), AS_OK);
    for (uint64_t i = 0; i < N; i++) {
        make_sha(sha, i);
        assert_int_equal(as_owners_ask(o, sha, &granted), AS_OK);
        assert_true(granted);
        assert_int_equal(as_owners_ask(o, sha, &granted), AS_OK);
        assert_false(granted);
        if (i % 3 == 0)
            assert_int_equal(as_owners_set_done(o, sha), AS_OK);
        /* also at each moment just after growing */
        assert_true(held() - before <= 50 * (i + 1) + 200 * 1024);
    }
    for (uint64_t i = 0; i < N; i++) {
        make_sha(sha, i);
        assert_int_equal(as_owners_ask(o, sha, &granted), AS_OK);
        assert_false(granted);
    }
    as_owners_free(o);
    as_owners_free(NULL);
}

/* Contents whose hashes differ in their last byte only still are different contents. */
static void t_alike(void **state)
{
    struct as_owners *o;
    uint8_t sha[32] = {0};
    bool granted;
    (void)state;

    memset(sha, 0xff, 31); /* the last slot, and around the end */
    assert_int_equal(as_owners_new(&o), AS_OK);
    for (int i = 0; i < 200; i++) {
        sha[31] = (uint8_t)i;
        assert_int_equal(as_owners_set_done(o, sha), AS_OK); /* as a resumed run does */
        assert_int_equal(as_owners_ask(o, sha, &granted), AS_OK);
        assert_false(granted);
    }
    sha[31] = 250;
    assert_int_equal(as_owners_ask(o, sha, &granted), AS_OK);
    assert_true(granted);
    as_owners_free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_first_asker),
        cmocka_unit_test(t_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
