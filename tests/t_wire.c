/* t_wire.c - wire: what is put comes out again, and nothing is read or written past the end. */
#include "../pipeline/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Fields by hand: the format is little-endian, texts carry their length before them. */
static const uint8_t GOLDEN[] = {0x01, 0x02, 0x01, 0x04, 0x03, 0x02, 0x01, 8, 7,   6,  5,
                                 4,    3,    2,    1,    2,    0,    0,    0, 'h', 'i'};

static size_t put_all(uint8_t *to, size_t cap, bool *bad)
{
    struct as_wire w;

    as_wire_init(&w, to, cap);
    as_put_u8(&w, 1);
    as_put_u16(&w, 0x0102);
    as_put_u32(&w, 0x01020304);
    as_put_u64(&w, 0x0102030405060708);
    as_put_text(&w, "hi", 2);
    *bad = w.bad;
    return w.n;
}

static void t_golden(void **state)
{
    uint8_t bytes[sizeof GOLDEN];
    struct as_wire w;
    struct as_text t;
    bool bad;
    (void)state;

    assert_int_equal(put_all(bytes, sizeof bytes, &bad), sizeof GOLDEN);
    assert_false(bad);
    assert_memory_equal(bytes, GOLDEN, sizeof GOLDEN);
    as_wire_init(&w, GOLDEN, sizeof GOLDEN);
    assert_int_equal(as_get_u8(&w), 1);
    assert_int_equal(as_get_u16(&w), 0x0102);
    assert_int_equal(as_get_u32(&w), 0x01020304);
    assert_int_equal(as_get_u64(&w), 0x0102030405060708);
    t = as_get_text(&w);
    assert_int_equal(t.len, 2);
    assert_ptr_equal(t.at, GOLDEN + 19);
    assert_false(w.bad);
    assert_int_equal(w.n, w.cap);
}

/* Writing: any smaller room is bad, and nothing after it is touched. */
static void t_write_short(void **state)
{
    uint8_t bytes[sizeof GOLDEN + 1];
    bool bad;
    (void)state;

    for (size_t cap = 0; cap < sizeof GOLDEN; cap++) {
        memset(bytes, 0xee, sizeof bytes);
        assert_true(put_all(bytes, cap, &bad) <= cap);
        assert_true(bad);
        for (size_t i = cap; i < sizeof bytes; i++)
            assert_int_equal(bytes[i], 0xee);
    }
}

/* Reading: past the end there are zeros, and what follows a bad field is bad too. */
static void t_read_short(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < sizeof GOLDEN; cap++) {
        uint8_t *exact = malloc(cap ? cap : 1);
        struct as_wire w;
        struct as_text t;
        memcpy(exact, GOLDEN, cap);
        as_wire_init(&w, exact, cap);
        as_get_u8(&w);
        as_get_u16(&w);
        as_get_u32(&w);
        as_get_u64(&w);
        t = as_get_text(&w);
        assert_true(w.bad);
        assert_null(t.at);
        assert_int_equal(t.len, 0);
        assert_int_equal(as_get_u64(&w), 0);
        assert_null(as_wire_take(&w, 0));
        free(exact);
    }
}

/* A length that would wrap a sum of sizes. */
static void t_huge(void **state)
{
    uint8_t bytes[16] = {1};
    struct as_wire w;
    (void)state;

    as_wire_init(&w, bytes, sizeof bytes);
    as_get_u8(&w);
    assert_null(as_wire_take(&w, SIZE_MAX));
    assert_true(w.bad);
    memset(bytes, 0xff, 4);
    as_wire_init(&w, bytes, sizeof bytes);
    assert_null(as_get_text(&w).at);
    assert_true(w.bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_golden),
        cmocka_unit_test(t_write_short),
        cmocka_unit_test(t_read_short),
        cmocka_unit_test(t_huge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
