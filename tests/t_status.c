/* t_status.c - status: the stored numbers of statuses, reasons and flags are what they were. */
#include "../pipeline/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    uint16_t number;
    enum as_item_status status;
    const char *name, *text;
} REASONS[] = {
#define AS_REASON(number, name, status, text) {number, AS_ITEM_##status, #name, text},
#include "../pipeline/reasons.def"
#undef AS_REASON
};
enum { NREASONS = sizeof REASONS / sizeof *REASONS };

/* Numbers are given out in blocks, one per status. */
static const struct {
    uint16_t from, to;
    enum as_item_status status;
} BLOCKS[] = {
    {0, 19, AS_ITEM_OK},         {20, 39, AS_ITEM_NOT_APPLICABLE}, {40, 59, AS_ITEM_UNSUPPORTED},
    {60, 79, AS_ITEM_DAMAGED},   {80, 99, AS_ITEM_ENCRYPTED},      {100, 119, AS_ITEM_LIMIT},
    {120, 139, AS_ITEM_TIMEOUT}, {140, 159, AS_ITEM_CRASHED},      {160, 179, AS_ITEM_KNOWN},
};

static void t_reasons(void **state)
{
    (void)state;
    for (size_t i = 0; i < NREASONS; i++) {
        size_t b = 0;
        for (size_t k = 0; k < i; k++) {
            assert_int_not_equal(REASONS[i].number, REASONS[k].number);
            assert_string_not_equal(REASONS[i].text, REASONS[k].text);
        }
        while (b < sizeof BLOCKS / sizeof *BLOCKS && REASONS[i].number > BLOCKS[b].to)
            b++;
        assert_true(b < sizeof BLOCKS / sizeof *BLOCKS);
        assert_int_equal(REASONS[i].status, BLOCKS[b].status);
        assert_int_equal(as_reason_status(REASONS[i].number), REASONS[i].status);
        assert_string_equal(as_reason_text(REASONS[i].number), REASONS[i].text);
        assert_true(as_reason_known(REASONS[i].number));
        assert_true(REASONS[i].number == 0 || REASONS[i].text[0]);
    }
    assert_string_equal(as_reason_text(0), "");
    for (uint32_t n = 180; n < 65536; n++) {
        assert_false(as_reason_known((uint16_t)n));
        assert_string_equal(as_reason_text((uint16_t)n), "unknown reason");
        assert_int_equal(as_reason_status((uint16_t)n), AS_ITEM_DAMAGED);
    }
}

/* Stored, so never renumbered: the list by heart. */
static void t_statuses(void **state)
{
    static const char *const NAMES[] = {"ok",        "not_applicable", "unsupported", "damaged",
                                        "encrypted", "limit",          "timeout",     "crashed",
                                        "known",     "duplicate"};
    (void)state;

    assert_int_equal(AS_ITEM_STATUSES, sizeof NAMES / sizeof *NAMES);
    for (int i = 0; i < AS_ITEM_STATUSES; i++) {
        assert_string_equal(as_item_status_name((enum as_item_status)i), NAMES[i]);
        assert_int_equal(as_item_status_find(NAMES[i]), i);
    }
    assert_string_equal(as_item_status_name((enum as_item_status)AS_ITEM_STATUSES), "unknown");
    assert_string_equal(as_item_status_name((enum as_item_status) - 1), "unknown");
    assert_int_equal(as_item_status_find("Ok"), -1);
    assert_int_equal(as_item_status_find(""), -1);
}

static void t_flags(void **state)
{
    unsigned n = 0;
    (void)state;

    while (as_flag_name(n)) {
        for (unsigned k = 0; k < n; k++)
            assert_string_not_equal(as_flag_name(n), as_flag_name(k));
        n++;
    }
    assert_int_equal(AS_FLAGS_ALL, (1 << n) - 1);
    assert_string_equal(as_flag_name(0), "truncated");
    assert_string_equal(as_flag_name(12), "strips");
    assert_null(as_flag_name(31));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_reasons),
        cmocka_unit_test(t_statuses),
        cmocka_unit_test(t_flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
