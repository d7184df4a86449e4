/* t_kvs.c - the bounded list of metadata entries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../pipeline/media/kvs.h"

#include <stdlib.h>
#include <string.h>

static struct as_kvs kvs;

static int setup(void **state)
{
    (void)state;
    return as_kvs_init(&kvs) == AS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    as_kvs_clear(&kvs);
    return 0;
}

static void expect(const char *value, size_t len, const char *want)
{
    const struct as_text *got;

    as_kvs_reset(&kvs);
    as_kvs_add(&kvs, "a.b", value, len);
    got = as_kvs_find(&kvs, "a.b");
    if (want == NULL) {
        assert_null(got);
        return;
    }
    assert_non_null(got);
    assert_int_equal(got->len, strlen(want));
    assert_memory_equal(got->at, want, got->len);
}

static void test_clean(void **state)
{
    (void)state;
    expect("plain", 5, "plain");
    expect("trimmed \t\0 \0", 11, "trimmed");
    expect(" \0\n", 3, NULL);
    expect("", 0, NULL);
    expect("two\nlines\tof", 12, "two\nlines\tof");
    expect("a\0b", 3, "a\\x00b");
    expect("\x1B[31m", 5, "\\x1B[31m");
    expect("del\x7F", 4, "del\\x7F");
    expect("Gr\xC3\xBC\xC3\x9F", 6, "Gr\xC3\xBC\xC3\x9F");
    expect("\xE2\x82\xAC \xF0\x9F\x98\x80", 8, "\xE2\x82\xAC \xF0\x9F\x98\x80");
    expect("\xC2\x9B"
           "31m",
           5, "\\xC2\\x9B31m");                   /* a C1 control */
    expect("\xC0\x80", 2, "\\xC0\\x80");          /* overlong     */
    expect("\xED\xA0\x80", 3, "\\xED\\xA0\\x80"); /* surrogate    */
    expect("\xF4\x90\x80\x80", 4, "\\xF4\\x90\\x80\\x80");
    expect("\xE2\x82", 2, "\\xE2\\x82"); /* cut short    */
    expect("caf\xE9", 4, "caf\\xE9");
}

static void test_long_values_are_cut(void **state)
{
    static char big[3 * AS_KV_MAX];
    const struct as_text *got;

    (void)state;
    memset(big, 'x', sizeof big);
    as_kvs_reset(&kvs);
    as_kvs_add(&kvs, "exact", big, AS_KV_MAX);
    as_kvs_add(&kvs, "over", big, AS_KV_MAX + 1);
    for (size_t i = 0; i + 1 < sizeof big; i += 2)
        memcpy(big + i, "\xC3\xBC", 2);
    as_kvs_add(&kvs, "two", big + 1, sizeof big - 1); /* an odd place to cut */
    as_kvs_addf(&kvs, "fmt", "%.*s", (int)sizeof big, big);
    assert_int_equal(as_kvs_find(&kvs, "exact")->len, AS_KV_MAX);
    assert_int_equal(as_kvs_find(&kvs, "exact")->at[AS_KV_MAX - 1], 'x');
    for (int i = 0; i < 3; i++) {
        got = as_kvs_find(&kvs, (const char *[]){"over", "two", "fmt"}[i]);
        assert_in_range(got->len, AS_KV_MAX - 6, AS_KV_MAX);
        assert_memory_equal(got->at + got->len - 3, "...", 3);
    }
    got = as_kvs_find(&kvs, "two");
    assert_memory_equal(got->at + got->len - 5, "\xC3\xBC...", 5); /* no half character */
    assert_false(kvs.cut);
}

static void test_bounds(void **state)
{
    static char big[AS_KV_MAX];
    size_t sum = 0;

    (void)state;
    as_kvs_reset(&kvs);
    for (int i = 0; i < AS_KVS_MAX; i++)
        as_kvs_addf(&kvs, "k", "%d", i);
    assert_int_equal(kvs.n, AS_KVS_MAX);
    assert_false(kvs.cut);
    as_kvs_add(&kvs, "k", "more", 4);
    assert_int_equal(kvs.n, AS_KVS_MAX);
    assert_true(kvs.cut);
    as_kvs_reset(&kvs);
    assert_false(kvs.cut);
    memset(big, 0x01, sizeof big); /* four times as long when escaped */
    for (int i = 0; i < 100; i++)
        as_kvs_add(&kvs, "bad\xFFkey\n", big, sizeof big);
    assert_true(kvs.cut);
    assert_true(kvs.used <= AS_KVS_BYTES && kvs.n > 50);
    for (size_t i = 0; i < kvs.n; i++)
        sum += kvs.at[i].key.len + kvs.at[i].value.len;
    assert_int_equal(sum, kvs.used);
    assert_memory_equal(kvs.at[0].key.at, "bad\\xFFkey", 10);
}

/* Whatever goes in, what comes out is clean: cleaning it again changes nothing. */
static void test_random(void **state)
{
    const char *env = getenv("AS_SEED");
    unsigned seed = env ? (unsigned)strtoul(env, NULL, 10) : 20260101u, x = seed;
    char in[600];

    (void)state;
    print_message("seed %u\n", seed);
    for (int round = 0; round < 2000; round++) {
        size_t n = x % sizeof in;
        struct as_text once;

        for (size_t i = 0; i < n; i++) {
            x = x * 1664525u + 1013904223u;
            in[i] = (char)(x >> 24);
        }
        x = x * 1664525u + 1013904223u;
        as_kvs_reset(&kvs);
        as_kvs_add(&kvs, "one", in, n);
        if (kvs.n == 0)
            continue;
        once = kvs.at[0].value;
        as_kvs_add(&kvs, "two", once.at, once.len);
        assert_int_equal(kvs.at[1].value.len, once.len);
        assert_memory_equal(kvs.at[1].value.at, once.at, once.len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_long_values_are_cut),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests_name("kvs", tests, setup, teardown);
}
