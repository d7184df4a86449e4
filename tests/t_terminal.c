/* t_terminal.c - what a person sees: escaped, cut, wrapped; and JSON. */
#include "../pipeline/report/checks.h"
#include "../pipeline/report/human.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static char *text;
static size_t text_len;

static struct as_terminal memory(unsigned width, bool utf8)
{
    struct as_terminal t = {.width = width, .utf8 = utf8, .ascii = width && !utf8};

    t.out = open_memstream(&text, &text_len);
    assert_non_null(t.out);
    return t;
}

static void assert_wrote(struct as_terminal *t, const char *want)
{
    fclose(t->out);
    assert_string_equal(text, want);
    free(text);
}

static void shows(const char *bytes, size_t n, unsigned how, const char *want)
{
    char to[256];

    as_show_text(to, sizeof to, (struct as_text){bytes, (uint32_t)n}, how);
    assert_string_equal(to, want);
}

static void test_escape(void **state)
{
    (void)state;
    shows("a/b c.jpg", 9, 0, "a/b c.jpg");
    shows("a\0b", 3, 0, "a\\x00b");
    shows("\033[2J\r\n", 6, 0, "\\x1b[2J\\x0d\\x0a");
    shows("\xff\xfe", 2, 0, "\\xff\\xfe");
    shows("gr\xc3\xbc\xc3\x9f", 6, 0, "grüß");
    shows("gr\xc3\xbc", 4, AS_SHOW_ASCII, "gr\\xc3\\xbc");
    shows("\xe2\x80\xaegpj.exe", 10, 0, "\\xe2\\x80\\xaegpj.exe"); /* right-to-left override */
    shows("\xe2\x81\xa6", 3, 0, "\\xe2\\x81\\xa6");
    shows("\xc2\x9b", 2, 0, "\\xc2\\x9b");          /* CSI in one character */
    shows("\xc0\xaf", 2, 0, "\\xc0\\xaf");          /* overlong */
    shows("\xed\xa0\x80", 3, 0, "\\xed\\xa0\\x80"); /* surrogate */
    shows("\xf0\x9f\x93\xb7", 4, 0, "\xf0\x9f\x93\xb7");
    shows("\xe2\x82", 2, 0, "\\xe2\\x82"); /* cut off */
    shows("C:\\pics", 7, 0, "C:\\pics");
    shows("a\\x41", 5, 0, "a\\x5cx41"); /* looks like an escape: is made one */
    shows("a\\x41\nb", 7, AS_SHOW_VALUE, "a\\x41\\nb");
    shows("a\n\tb", 4, AS_SHOW_VALUE | AS_SHOW_LINES, "a\n\tb");
}

static void test_show_cut(void **state)
{
    char to[8];

    (void)state;
    assert_int_equal(as_show_text(to, sizeof to,
                                  as_text_of("abc\xff"
                                             "def"),
                                  0),
                     7);
    assert_string_equal(to, "abc\\xff");
    assert_int_equal(as_show_text(to, 1, as_text_of("abc"), 0), 0);
    assert_string_equal(to, "");
}

/* Any bytes come back from what is shown, and nothing shown can act on a terminal. */
static void test_escape_round(void **state)
{
    unsigned seed = (unsigned)time(NULL);
    char bytes[64], shown[64 * 4 + 1];

    (void)state;
    print_message("seed %u\n", seed);
    for (int turn = 0; turn < 20000; turn++) {
        static const char LIKELY[] = "\\x4fF0a/>\xe2\x80\xae\xc3\xbc";
        size_t n = (size_t)rand_r(&seed) % sizeof bytes, k;
        for (size_t i = 0; i < n; i++)
            bytes[i] = rand_r(&seed) % 2 ? LIKELY[(size_t)rand_r(&seed) % (sizeof LIKELY - 1)]
                                         : (char)rand_r(&seed);
        k = as_show_text(shown, sizeof shown, (struct as_text){bytes, (uint32_t)n}, 0);
        for (size_t i = 0; i < k; i++)
            assert_true((unsigned char)shown[i] >= 0x20 && shown[i] != 0x7f);
        assert_null(strstr(shown, "\xe2\x80\xae"));
        assert_int_equal(as_unescape(shown, k), n);
        assert_memory_equal(shown, bytes, n);
    }
}

static void test_columns(void **state)
{
    (void)state;
    assert_int_equal(as_text_columns(as_text_of("abc"), 0), 3);
    assert_int_equal(as_text_columns(as_text_of("grüß"), 0), 4);
    assert_int_equal(as_text_columns(as_text_of("日本"), 0), 4);
    assert_int_equal(as_text_columns(as_text_of("e\xcc\x81"), 0), 1);
    assert_int_equal(as_text_columns(as_text_of("\xff"), 0), 4);
}

static void cut(unsigned columns, bool utf8, const char *path, const char *want)
{
    struct as_terminal t = memory(80, utf8);
    unsigned used = as_terminal_text(&t, as_text_of(path), columns, 0);

    assert_true(columns == 0 || used <= columns);
    assert_wrote(&t, want);
}

static void test_cut(void **state)
{
    (void)state;
    cut(0, true, "seizure.tar>>DCIM/a.zip>>IMG_1.JPG", "seizure.tar>>DCIM/a.zip>>IMG_1.JPG");
    cut(40, true, "seizure.tar>>DCIM/a.zip>>IMG_1.JPG", "seizure.tar>>DCIM/a.zip>>IMG_1.JPG");
    cut(16, true, "seizure.tar>>DCIM/a.zip>>IMG_1.JPG", "seizu…>IMG_1.JPG");
    cut(16, false, "seizure.tar>>DCIM/a.zip>>IMG_1.JPG", "seiz...IMG_1.JPG");
    cut(9, true, "日本日本日本日本", "日…本日本");
}

static void test_wrap(void **state)
{
    struct as_terminal t = memory(20, true);

    (void)state;
    as_terminal_wrap(&t, 0, 2, as_text_of("one two three four five six"), 0);
    assert_wrote(&t, "  one two three four\n  five six\n");
    t = memory(0, false);
    as_terminal_wrap(&t, 0, 2, as_text_of("one two three four five six"), 0);
    assert_wrote(&t, "  one two three four five six\n");
    t = memory(12, true);
    as_terminal_wrap(&t, 0, 2, as_text_of("abcdefghijklmnopqrstuvwxyz"), 0);
    assert_wrote(&t, "  abcdefghij\n  klmnopqrst\n  uvwxyz\n");
    t = memory(20, true);
    as_terminal_wrap(&t, 0, 0, as_text_of(""), 0);
    assert_wrote(&t, "\n");
}

static void bar(double part, bool utf8, const char *want)
{
    struct as_terminal t = memory(80, utf8);
    as_terminal_bar(&t, part, 4);
    assert_wrote(&t, want);
}

static void test_bar(void **state)
{
    (void)state;
    bar(0, true, "    ");
    bar(1, true, "████");
    bar(0.5, true, "██  ");
    bar(0.0001, true, "▏   "); /* never empty for something */
    bar(0.0001, false, "#   ");
    bar(1, false, "####");
    bar(7, true, "████");
}

static void test_human(void **state)
{
    char to[40];

    (void)state;
    assert_string_equal(as_human_count(0, to), "0");
    assert_string_equal(as_human_count(999, to), "999");
    assert_string_equal(as_human_count(1838, to), "1,838");
    assert_string_equal(as_human_count(UINT64_MAX, to), "18,446,744,073,709,551,615");
    assert_string_equal(as_human_bytes(1, to), "1 byte");
    assert_string_equal(as_human_bytes(999, to), "999 bytes");
    assert_string_equal(as_human_bytes(1000, to), "1.0 kB");
    assert_string_equal(as_human_bytes(999999, to), "1.0 MB");
    assert_string_equal(as_human_bytes(UINT64_MAX, to), "18.4 EB");
    assert_string_equal(as_human_seconds(41.24, to), "41.2 s");
    assert_string_equal(as_human_seconds(200, to), "3 min 20 s");
    assert_string_equal(as_human_seconds(7500, to), "2 h 5 min");
    assert_string_equal(as_human_time(0, to), "1970-01-01 00:00:00 UTC");
    assert_string_equal(as_human_time(INT64_MIN, to), "unknown");
    assert_string_equal(as_human_time(INT64_MAX, to), "unknown");
}

/* Environment decides nothing where the output is no terminal. */
static void test_pipe(void **state)
{
    struct as_terminal t;
    FILE *f = tmpfile();

    (void)state;
    setenv("LANG", "C.UTF-8", 1);
    setenv("TERM", "xterm", 1);
    as_terminal_init(&t, f);
    assert_false(t.color);
    assert_false(t.utf8);
    assert_int_equal(t.width, 0);
    assert_string_equal(as_terminal_style(&t, AS_STYLE_BAD), "");
    fclose(f);
}

static void test_json(void **state)
{
    struct as_terminal t = memory(0, false);
    struct as_json j = {.out = t.out};
    json_t *o;

    (void)state;
    as_json_open(&j, NULL, '{');
    as_json_text(&j, "path", (struct as_text){"a\"\\\n\xff", 5}, AS_SHOW_PATH);
    as_json_string(&j, "none", NULL);
    as_json_count(&j, "n", UINT64_C(1) << 60);
    as_json_integer(&j, "i", -5);
    as_json_number(&j, "nan", (double)NAN);
    as_json_number(&j, "v", 0.25);
    as_json_bool(&j, "yes", true);
    as_json_open(&j, "list", '[');
    as_json_close(&j);
    as_json_open(&j, "more", '[');
    as_json_count(&j, NULL, 1);
    as_json_count(&j, NULL, 2);
    as_json_close(&j);
    as_json_close(&j);
    fclose(t.out);
    o = json_loads(text, 0, NULL);
    assert_non_null(o);
    assert_string_equal(json_string_value(json_object_get(o, "path")), "a\"\\\\x0a\\xff");
    assert_true(json_is_null(json_object_get(o, "none")));
    assert_true(json_is_null(json_object_get(o, "nan")));
    assert_true(json_integer_value(json_object_get(o, "n")) == INT64_C(1) << 60);
    assert_int_equal(json_integer_value(json_object_get(o, "i")), -5);
    assert_int_equal(json_array_size(json_object_get(o, "list")), 0);
    assert_int_equal(json_array_size(json_object_get(o, "more")), 2);
    assert_int_equal(text[text_len - 1], '\n');
    json_decref(o);
    free(text);
}

static void test_checks(void **state)
{
    struct as_checks *c = calloc(1, sizeof *c);
    struct as_terminal t = memory(0, false);

    (void)state;
    assert_non_null(c);
    as_checks_add(c, AS_LEVEL_OK, "one", "good");
    as_checks_add(c, AS_LEVEL_BAD, "two", "bad %d", 7);
    as_checks_cure(c, "mend it");
    as_checks_print(c, &t);
    assert_wrote(&t, "ok    one             good\n"
                     "BAD   two             bad 7\n"
                     "                      -> mend it\n");
    for (int i = 0; i < AS_CHECKS_MAX; i++)
        as_checks_add(c, AS_LEVEL_BAD, "many", "more");
    assert_int_equal(c->n, AS_CHECKS_MAX);
    assert_int_equal(c->left_out, 2);
    assert_int_equal(c->count[AS_LEVEL_BAD], AS_CHECKS_MAX + 1);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escape),       cmocka_unit_test(test_show_cut),
        cmocka_unit_test(test_escape_round), cmocka_unit_test(test_columns),
        cmocka_unit_test(test_cut),          cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_bar),          cmocka_unit_test(test_human),
        cmocka_unit_test(test_pipe),         cmocka_unit_test(test_json),
        cmocka_unit_test(test_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
