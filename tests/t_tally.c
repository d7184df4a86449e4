/* t_tally.c - what the time went into: sums, the slowest items, and as an object. */
#include "../pipeline/run/timing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct as_text text(const char *s)
{
    return (struct as_text){s, (uint32_t)strlen(s)};
}

static void the_slowest_are_kept(void **state)
{
    static const uint64_t US[] = {5, 900, 30, 30, 7, 1, 2, 3, 800, 4, 6, 1000, 8, 9, 0};
    static const uint64_t WANT[] = {1000, 900, 800, 30, 30, 9, 8, 7, 6, 5};
    struct as_tally t = {0};
    char name[8];
    (void)state;

    for (size_t i = 0; i < sizeof US / sizeof *US; i++) {
        snprintf(name, sizeof name, "n%zu", i);
        as_tally_slow(&t, US[i], i, text(name));
    }
    for (int i = 0; i < AS_SLOW_MAX; i++)
        assert_int_equal(t.slow[i].us, WANT[i]);
    assert_int_equal(t.slow[3].bytes, 2); /* ties: the first that came */
    assert_int_equal(t.slow[4].bytes, 3);
    assert_memory_equal(t.slow[0].path, "n11", 3);
}

static void a_long_path_keeps_its_end(void **state)
{
    char path[AS_SLOW_PATH + 8];
    struct as_tally t = {0};
    (void)state;

    memset(path, 'a', sizeof path - 1);
    memcpy(path + sizeof path - 6, "z.jpg", 6);
    as_tally_slow(&t, 1, 1, text(path));
    assert_int_equal(t.slow[0].path_len, AS_SLOW_PATH);
    assert_memory_equal(t.slow[0].path + AS_SLOW_PATH - 5, "z.jpg", 5);
}

static void ranks_are_added(void **state)
{
    struct as_tally t[2] = {{.read_us = 1000000, .busy_us = 3000000, .span_us = 4000000, .peak_kb = 2048},
                            {.read_us = 500000, .busy_us = 1000000, .span_us = 4000000, .peak_kb = 1024}};
    json_t *o, *idle, *slow;
    (void)state;

    t[0].det_us[0] = 250000;
    t[1].det_us[0] = 250000;
    as_tally_slow(&t[0], 10, 1, text("b"));
    as_tally_slow(&t[1], 20, 2, text("a\xff\\\n"));
    o = as_timing_json(t, 2);
    idle = json_object_get(o, "idle_percent");
    slow = json_object_get(o, "slowest");
    assert_true(json_number_value(json_object_get(o, "read_s")) == 1.5);
    assert_true(json_number_value(json_object_get(o, "wait_s")) == 4.0);
    assert_true(json_number_value(json_object_get(o, "largest_process_mb")) == 2.0);
    assert_true(json_number_value(json_object_get(idle, "mean")) == 50.0);
    assert_true(json_number_value(json_object_get(idle, "least")) == 25.0);
    assert_true(json_number_value(json_object_get(idle, "most")) == 75.0);
    assert_int_equal(json_array_size(json_object_get(idle, "ranks")), 2);
    assert_int_equal(json_object_size(json_object_get(o, "detectors")), 1);
    assert_int_equal(json_array_size(slow), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(slow, 0), "path")),
                        "a\\xff\\x5c\\x0a");
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_slowest_are_kept),
                                       cmocka_unit_test(a_long_path_keeps_its_end),
                                       cmocka_unit_test(ranks_are_added)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
