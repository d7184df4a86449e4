/* opts.c - a command line, taken apart by the table of options. */
#include "opts.h"

#include "../log.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MAX_NEAR = 32 };

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

/* Edits (insert, delete, replace) that turn a into b; long names are far from everything. */
static unsigned distance(const char *a, size_t na, const char *b)
{
    unsigned row[NAME_MAX_NEAR + 1];
    size_t nb = strlen(b);

    if (na > NAME_MAX_NEAR || nb > NAME_MAX_NEAR)
        return NAME_MAX_NEAR;
    for (unsigned j = 0; j <= nb; j++)
        row[j] = j;
    for (size_t i = 1; i <= na; i++) {
        unsigned corner = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= nb; j++) {
            unsigned above = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, corner + (a[i - 1] != b[j - 1]));
            corner = above;
        }
    }
    return row[nb];
}

/* Two typing slips (swapped letters are two), one in short names. */
static unsigned slips(size_t n)
{
    return n > 3 ? 2 : 1;
}

const struct as_command *as_command_find(const struct as_command *commands, const char *name)
{
    for (const struct as_command *c = commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

const struct as_command *as_command_near(const struct as_command *commands, const char *name)
{
    const struct as_command *near = NULL;
    unsigned best = slips(strlen(name)) + 1;

    for (const struct as_command *c = commands; c->name; c++) {
        unsigned d = distance(name, strlen(name), c->name);
        if (d < best) {
            best = d;
            near = c;
        }
    }
    return near;
}

static const struct as_option *find(const char *name, size_t n)
{
    for (const struct as_option *t = as_option_table; t->name; t++)
        if (strlen(t->name) == n && memcmp(t->name, name, n) == 0)
            return t;
    return NULL;
}

/* The nearest option; those of this command win over others as near. */
static const struct as_option *find_near(const char *name, size_t n, unsigned bit)
{
    const struct as_option *near = NULL;
    unsigned best = 2 * (slips(n) + 1);

    for (const struct as_option *t = as_option_table; t->name; t++) {
        unsigned d = 2 * distance(name, n, t->name) + !(t->commands & bit);
        if (d < best) {
            best = d;
            near = t;
        }
    }
    return near;
}

/* "run, plan and cat" */
static void takers(const struct as_command *commands, unsigned bits, char *to, size_t n)
{
    unsigned left = 0;
    size_t k = 0;

    to[0] = 0;
    for (const struct as_command *c = commands; c->name; c++)
        left += (c->bit & bits) != 0;
    for (const struct as_command *c = commands; c->name && k < n; c++)
        if (c->bit & bits) {
            left--;
            k += (size_t)snprintf(to + k, n - k, "%s%s", c->name,
                                  left > 1   ? ", "
                                  : left > 0 ? " and "
                                             : "");
        }
}

static enum as_status unknown(const struct as_opts *opts, const char *name, size_t n,
                              struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_option *near = find_near(name, n, opts->command->bit);

    if (near)
        AS_FAIL(err, AS_EUSAGE, "unknown option --%.*s; did you mean --%s?", (int)n, name,
                near->name);
    AS_FAIL(err, AS_EUSAGE, "unknown option --%.*s; see assay %s --help", (int)n, name,
            opts->command->name);
done:
    return status;
}

/* Sets option `t`; takes the next word as its value where it needs one and has none. */
static enum as_status set(struct as_opts *opts, const struct as_option *t, const char *value,
                          const char *next, bool *took, struct as_err *err)
{
    enum as_status status = AS_OK;
    char who[128];

    *took = false;
    if (!(t->commands & opts->command->bit)) {
        takers(opts->commands, t->commands, who, sizeof who);
        AS_FAIL(err, AS_EUSAGE, "--%s is no option of assay %s; it belongs to %s", t->name,
                opts->command->name, who);
    }
    if (t->type == AS_OPTION_FLAG) {
        if (value)
            AS_FAIL(err, AS_EUSAGE, "--%s takes no value", t->name);
    } else if (value == NULL) {
        if (next == NULL)
            AS_FAIL(err, AS_EUSAGE, "--%s wants a value: --%s %s", t->name, t->name, t->arg);
        value = next;
        *took = true;
    }
    AS_TRY(as_option_set(opts->options, t, value, err));
    opts->options->given |= UINT64_C(1) << (t - as_option_table);
done:
    return status;
}

static enum as_status parse_long(struct as_opts *opts, const char *word, const char *next,
                                 bool *took, struct as_err *err)
{
    const char *equals = strchr(word, '=');
    size_t n = equals ? (size_t)(equals - word) : strlen(word);
    const struct as_option *t = find(word, n);

    if (t == NULL)
        return unknown(opts, word, n, err);
    return set(opts, t, equals ? equals + 1 : NULL, next, took, err);
}

static enum as_status parse_short(struct as_opts *opts, const char *word, const char *next,
                                  bool *took, struct as_err *err)
{
    enum as_status status = AS_OK;

    if (word[0] != 'o')
        AS_FAIL(err, AS_EUSAGE, "unknown option -%s; only -o and -h have one letter", word);
    AS_TRY(set(opts, find("output", 6), word[1] ? word + 1 : NULL, next, took, err));
done:
    return status;
}

static enum as_status check_count(const struct as_opts *opts, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_command *c = opts->command;

    if (opts->argc < c->min_args)
        AS_FAIL(err, AS_EUSAGE, "too few words: assay %s %s", c->name, c->args);
    if (c->max_args >= 0 && opts->argc > c->max_args)
        AS_FAIL(err, AS_EUSAGE, "too many words (\"%s\"): assay %s %s", opts->argv[c->max_args],
                c->name, c->args);
done:
    return status;
}

enum as_status as_opts_parse(struct as_opts *opts, int argc, char **argv, struct as_err *err)
{
    enum as_status status = AS_OK;
    bool ended = false, took;

    opts->help = false;
    opts->argc = 0;
    opts->argv = argv;
    for (int i = 0; i < argc; i++) {
        char *word = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
        took = false;
        if (ended || word[0] != '-' || word[1] == 0) {
            argv[opts->argc++] = word;
        } else if (strcmp(word, "--") == 0) {
            ended = true;
        } else if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
            opts->help = true;
            goto done;
        } else if (word[1] == '-') {
            AS_TRY(parse_long(opts, word + 2, next, &took, err));
        } else {
            AS_TRY(parse_short(opts, word + 1, next, &took, err));
        }
        i += took;
    }
    argv[opts->argc] = NULL;
    AS_TRY(check_count(opts, err));
done:
    return status;
}

int as_cmd_fail(const struct as_err *err, int code)
{
    as_log(AS_LOG_ERROR, "%s", err->text);
    return code;
}
