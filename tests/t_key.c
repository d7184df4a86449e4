/* t_key.c - key: packed keys sort as keys do, a container before what it holds. */
#include "../pipeline/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t seed = 20240611;

static uint32_t random_u32(void)
{
    seed = seed * 1664525 + 1013904223;
    return seed >> 8 ^ seed << 13;
}

/* Small parts, so that prefixes and ties happen; now and then the largest. */
static struct as_key random_key(void)
{
    struct as_key k = {.n = 1 + random_u32() % AS_KEY_MAX};

    for (uint32_t i = 0; i < k.n; i++)
        k.part[i] = random_u32() % 16  ? random_u32() % 3
                    : random_u32() % 2 ? random_u32() % 600
                                       : UINT32_MAX - random_u32() % 3;
    return k;
}

/* The order by its definition: part by part, and the shorter first. */
static int order(const struct as_key *a, const struct as_key *b)
{
    for (uint32_t i = 0; i < a->n && i < b->n; i++)
        if (a->part[i] != b->part[i])
            return a->part[i] < b->part[i] ? -1 : 1;
    return a->n < b->n ? -1 : a->n > b->n;
}

static int sign(int v)
{
    return (v > 0) - (v < 0);
}

static void t_order(void **state)
{
    (void)state;
    print_message("seed %u\n", seed);
    for (int i = 0; i < 200000; i++) {
        struct as_key a = random_key(), b = random_key();
        uint8_t pa[AS_KEY_BYTES], pb[AS_KEY_BYTES];
        memset(pa, 0, sizeof pa);
        memset(pb, 0, sizeof pb);
        assert_in_range(as_key_pack(&a, pa), a.n, AS_KEY_BYTES);
        assert_in_range(as_key_pack(&b, pb), b.n, AS_KEY_BYTES);
        assert_int_equal(sign(memcmp(pa, pb, AS_KEY_BYTES)), order(&a, &b));
    }
}

/* Lengths change at these. */
static void t_lengths(void **state)
{
    static const uint32_t PART[] = {
        0, 238, 239, 254, 255, 65534, 65535, 0xffffff - 1, 0xffffff, UINT32_MAX - 1, UINT32_MAX};
    static const uint32_t LEN[] = {1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6};
    (void)state;

    for (size_t i = 0; i < sizeof PART / sizeof *PART; i++) {
        struct as_key a = {.n = 1, .part = {PART[i]}}, below, after = {.n = 1};
        uint8_t pa[AS_KEY_BYTES] = {0}, pb[AS_KEY_BYTES] = {0}, pc[AS_KEY_BYTES] = {0};
        assert_int_equal(as_key_pack(&a, pa), LEN[i]);
        assert_true(as_key_child(&a, UINT32_MAX, &below));
        as_key_pack(&below, pb);
        assert_true(memcmp(pa, pb, AS_KEY_BYTES) < 0);
        if (PART[i] == UINT32_MAX)
            continue;
        after.part[0] = PART[i] + 1;
        as_key_pack(&after, pc);
        assert_true(memcmp(pb, pc, AS_KEY_BYTES) < 0);
    }
}

static void t_within(void **state)
{
    struct as_key file = {.n = 2, .part = {3, 7}}, child, other = {.n = 2, .part = {3, 8}};
    struct as_key none = {.n = 0}, wild = {.n = UINT32_MAX, .part = {3, 7}};
    (void)state;

    assert_true(as_key_child(&file, 5, &child));
    assert_int_equal(child.n, 3);
    assert_int_equal(child.part[2], 5);
    assert_true(as_key_within(&file, &file));
    assert_true(as_key_within(&child, &file));
    assert_false(as_key_within(&file, &child));
    assert_false(as_key_within(&child, &other));
    assert_false(as_key_within(&child, &none));
    assert_false(as_key_within(&wild, &file));
    while (as_key_child(&child, 1, &child)) {
    }
    assert_int_equal(child.n, AS_KEY_MAX);
    assert_true(as_key_within(&child, &file));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_order),
        cmocka_unit_test(t_lengths),
        cmocka_unit_test(t_within),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
