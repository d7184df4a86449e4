/* options.c - the option table at work. */
#include "options.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct as_option as_option_table[] = {
#define AS_OPTION(field, name, type, def, affects, commands, arg, help)                            \
    {name, AS_OPTION_##type, def, affects, commands, arg, help, offsetof(struct as_options, field)},
#include "options.def"
#undef AS_OPTION
    {NULL, AS_OPTION_FLAG, NULL, 0, 0, NULL, NULL, 0},
};

static_assert(sizeof as_option_table / sizeof *as_option_table <= 65, "options.given has 64 bits");

void as_options_defaults(struct as_options *o)
{
    memset(o, 0, sizeof *o);
    for (const struct as_option *t = as_option_table; t->name; t++)
        if (as_option_set(o, t, t->def, NULL) != AS_OK)
            abort(); /* a default that is no value: caught by any run of any command */
}

/* Reads digits and, for bytes, a unit K, M, G or T (powers of 1024). */
static bool read_count(const char *text, bool bytes, uint64_t *v)
{
    static const char UNITS[] = "KMGT";
    const char *unit;
    char *end;
    unsigned shift = 0;

    errno = 0;
    *v = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || errno)
        return false;
    if (bytes && *end && (unit = strchr(UNITS, toupper((unsigned char)*end))) != NULL) {
        shift = 10 * (unsigned)(unit - UNITS + 1);
        end++;
        if (toupper((unsigned char)*end) == 'B')
            end++;
    }
    if (*end || *v > UINT64_MAX >> shift)
        return false;
    *v <<= shift;
    return true;
}

enum as_status as_option_set(struct as_options *o, const struct as_option *option, const char *text,
                             struct as_err *err)
{
    enum as_status status = AS_OK;
    char *field = (char *)o + option->at;
    uint64_t v;

    switch (option->type) {
    case AS_OPTION_FLAG:
        *(bool *)field = text == NULL || strcmp(text, "0") != 0;
        break;
    case AS_OPTION_COUNT:
    case AS_OPTION_BYTES:
        if (!read_count(text, option->type == AS_OPTION_BYTES, &v))
            AS_FAIL(err, AS_EUSAGE, "--%s wants a %s, not \"%s\"", option->name,
                    option->type == AS_OPTION_BYTES ? "size such as 500M or 2G" : "whole number",
                    text);
        *(uint64_t *)field = v;
        break;
    case AS_OPTION_TEXT:
        *(const char **)field = text;
        break;
    }
done:
    return status;
}

void as_option_text(const struct as_options *o, const struct as_option *option, char *to, size_t n)
{
    const char *field = (const char *)o + option->at;

    switch (option->type) {
    case AS_OPTION_FLAG:
        snprintf(to, n, "%d", *(const bool *)field);
        break;
    case AS_OPTION_COUNT:
    case AS_OPTION_BYTES:
        snprintf(to, n, "%" PRIu64, *(const uint64_t *)field);
        break;
    case AS_OPTION_TEXT:
        snprintf(to, n, "%s", *(const char *const *)field);
        break;
    }
}
