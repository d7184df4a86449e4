/* t_opts.c - the command line taken apart, and the exit codes. */
#include "../pipeline/cli/opts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS = 16 };

static const struct as_command COMMANDS[] = {
    {.name = "run",
     .bit = AS_CMD_RUN,
     .args = "EVIDENCE... -o CASE",
     .min_args = 1,
     .max_args = -1},
    {.name = "show", .bit = AS_CMD_SHOW, .args = "CASE [ITEM]", .min_args = 1, .max_args = 2},
    {.name = "verify", .bit = AS_CMD_VERIFY, .args = "CASE", .min_args = 1, .max_args = 2},
    {.name = NULL},
};

static struct as_options options;
static struct as_opts opts;
static struct as_err err;

/* Parses words ended by NULL as what follows the command. */
static enum as_status parse(const char *command, ...)
{
    static char *argv[WORDS + 1];
    const char *word;
    va_list ap;
    int argc = 0;

    as_err_clear(&err);
    as_options_defaults(&options);
    memset(&opts, 0, sizeof opts);
    opts.commands = COMMANDS;
    opts.command = as_command_find(COMMANDS, command);
    opts.options = &options;
    va_start(ap, command);
    while ((word = va_arg(ap, const char *)) != NULL)
        argv[argc++] = (char *)word;
    va_end(ap);
    argv[argc] = NULL;
    return as_opts_parse(&opts, argc, argv, &err);
}

static void assert_says(const char *part)
{
    if (strstr(err.text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, part);
}

static void test_mixed(void **state)
{
    (void)state;
    assert_int_equal(parse("run", "a.tar", "--max-item=2G", "b", "--examiners", "3", "-o", "case",
                           "--md5", "c", NULL),
                     AS_OK);
    assert_int_equal(opts.argc, 3);
    assert_string_equal(opts.argv[0], "a.tar");
    assert_string_equal(opts.argv[1], "b");
    assert_string_equal(opts.argv[2], "c");
    assert_null(opts.argv[3]);
    assert_true(options.max_item == UINT64_C(2) << 30);
    assert_int_equal(options.examiners, 3);
    assert_string_equal(options.output, "case");
    assert_true(options.md5);
    assert_false(options.fresh);
}

static void test_forms(void **state)
{
    (void)state;
    assert_int_equal(parse("run", "-ocase", "x", NULL), AS_OK);
    assert_string_equal(options.output, "case");
    assert_int_equal(parse("run", "--output=", "x", NULL), AS_OK);
    assert_string_equal(options.output, "");
    assert_int_equal(parse("run", "--output=a", "--output", "b", "x", NULL), AS_OK);
    assert_string_equal(options.output, "b"); /* the last wins */
    assert_int_equal(parse("run", "--sign", "--armor", "x", NULL), AS_OK);
    assert_string_equal(options.sign, "--armor"); /* the next word is the value, whatever it is */
    assert_int_equal(parse("run", "--output=a=b", "x", NULL), AS_OK);
    assert_string_equal(options.output, "a=b");
}

static void test_end_of_options(void **state)
{
    (void)state;
    assert_int_equal(parse("run", "-", "--", "--md5", "-o", "--", NULL), AS_OK);
    assert_int_equal(opts.argc, 4);
    assert_string_equal(opts.argv[0], "-");
    assert_string_equal(opts.argv[1], "--md5");
    assert_string_equal(opts.argv[3], "--");
    assert_false(options.md5);
}

static void test_help(void **state)
{
    (void)state;
    assert_int_equal(parse("show", "--help", NULL), AS_OK);
    assert_true(opts.help);
    assert_int_equal(parse("show", "case", "-h", "--nonsense", NULL), AS_OK);
    assert_true(opts.help);
    assert_int_equal(parse("show", "--", "-h", NULL), AS_OK);
    assert_false(opts.help);
}

static void test_refused(void **state)
{
    (void)state;
    assert_int_equal(parse("run", "--exminers=3", "x", NULL), AS_EUSAGE);
    assert_says("unknown option --exminers; did you mean --examiners?");
    assert_int_equal(parse("run", "--zzzzzzzzzz", "x", NULL), AS_EUSAGE);
    assert_says("assay run --help");
    assert_int_equal(parse("show", "--md5", "x", NULL), AS_EUSAGE);
    assert_says("belongs to run");
    assert_int_equal(parse("run", "--json", "x", NULL), AS_EUSAGE);
    assert_says("belongs to show and verify");
    assert_int_equal(parse("run", "x", "--output", NULL), AS_EUSAGE);
    assert_says("wants a value");
    assert_int_equal(parse("run", "x", "-o", NULL), AS_EUSAGE);
    assert_int_equal(parse("run", "--md5=1", "x", NULL), AS_EUSAGE);
    assert_says("takes no value");
    assert_int_equal(parse("run", "--max-depth=deep", "x", NULL), AS_EUSAGE);
    assert_int_equal(parse("run", "--max-depth=-1", "x", NULL), AS_EUSAGE);
    assert_int_equal(parse("run", "--max-item=99999999999T", "x", NULL), AS_EUSAGE);
    assert_int_equal(parse("run", "-x", "x", NULL), AS_EUSAGE);
    assert_int_equal(parse("run", "--", NULL), AS_EUSAGE);
    assert_says("too few");
    assert_int_equal(parse("show", "a", "b", "c", NULL), AS_EUSAGE);
    assert_says("too many words (\"c\")");
    assert_int_equal(parse("show", "-o", "b", "c", NULL), AS_EUSAGE);
    assert_says("belongs to run");
}

static void test_near(void **state)
{
    (void)state;
    assert_string_equal(as_command_near(COMMANDS, "shwo")->name, "show");
    assert_string_equal(as_command_near(COMMANDS, "verfy")->name, "verify");
    assert_null(as_command_near(COMMANDS, "banana"));
    assert_null(as_command_find(COMMANDS, "sho"));
}

/* Each option of each command is taken by it, and its default reads back. */
static void test_every_option(void **state)
{
    (void)state;
    for (const struct as_option *o = as_option_table; o->name; o++)
        for (const struct as_command *c = COMMANDS; c->name; c++) {
            char word[128];
            bool flag = o->type == AS_OPTION_FLAG;
            snprintf(word, sizeof word, "--%s%s%s", o->name, flag ? "" : "=", flag ? "" : o->def);
            assert_int_equal(parse(c->name, "x", word, NULL),
                             o->commands & c->bit ? AS_OK : AS_EUSAGE);
        }
}

static void test_exit_codes(void **state)
{
    (void)state;
    assert_int_equal(as_exit_code(AS_OK), 0);
    assert_int_equal(as_exit_code(AS_EUSAGE), 64);
    assert_int_equal(as_exit_code(AS_EFORMAT), 65);
    assert_int_equal(as_exit_code(AS_EMISSING), 69);
    assert_int_equal(as_exit_code(AS_EBUG), 70);
    assert_int_equal(as_exit_code(AS_EIO), 74);
    assert_int_equal(as_exit_code(AS_ENOMEM), 74);
    assert_int_equal(as_exit_code(AS_ESTOP), 75);
    for (const struct as_exit_row *e = as_exit_table; e->text; e++) {
        assert_int_not_equal(e->code, 1);
        if (e > as_exit_table)
            assert_true(e->code > e[-1].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mixed),          cmocka_unit_test(test_forms),
        cmocka_unit_test(test_end_of_options), cmocka_unit_test(test_help),
        cmocka_unit_test(test_refused),        cmocka_unit_test(test_near),
        cmocka_unit_test(test_every_option),   cmocka_unit_test(test_exit_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
