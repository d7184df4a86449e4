/* checks.c - a list of things looked at, each good, doubtful or bad. */
#include "checks.h"

#include <stdarg.h>
#include <string.h>

void as_checks_add(struct as_checks *c, enum as_level level, const char *name, const char *fmt, ...)
{
    struct as_check *check;
    va_list ap;

    c->count[level]++;
    if (c->n == AS_CHECKS_MAX) {
        c->left_out++;
        return;
    }
    check = &c->at[c->n++];
    memset(check, 0, sizeof *check);
    check->name = name;
    check->level = level;
    va_start(ap, fmt);
    vsnprintf(check->text, sizeof check->text, fmt, ap);
    va_end(ap);
}

void as_checks_cure(struct as_checks *c, const char *fmt, ...)
{
    struct as_check *check;
    va_list ap;

    if (c->n == 0 || c->left_out > 0)
        return;
    check = &c->at[c->n - 1];
    va_start(ap, fmt);
    vsnprintf(check->cure, sizeof check->cure, fmt, ap);
    va_end(ap);
}

void as_checks_print(const struct as_checks *c, const struct as_terminal *t)
{
    static const char *const WORDS[] = {"ok  ", "warn", "BAD "};
    static const enum as_style STYLES[] = {AS_STYLE_GOOD, AS_STYLE_WARN, AS_STYLE_BAD};
    enum { NAME = 16, TEXT = 6 + NAME };

    for (size_t i = 0; i < c->n; i++) {
        const struct as_check *k = &c->at[i];
        fprintf(t->out, "%s%s%s  %-*s", as_terminal_style(t, STYLES[k->level]), WORDS[k->level],
                as_terminal_style(t, AS_STYLE_END), NAME, k->name);
        as_terminal_wrap(t, TEXT, TEXT, as_text_of(k->text), AS_SHOW_VALUE);
        if (k->cure[0]) {
            fprintf(t->out, "%*s%s ", TEXT, "", t->utf8 ? "→" : "->");
            as_terminal_wrap(t, TEXT + (t->utf8 ? 2 : 3), TEXT + (t->utf8 ? 2 : 3),
                             as_text_of(k->cure), AS_SHOW_VALUE);
        }
    }
    if (c->left_out)
        fprintf(t->out, "      and %zu more\n", c->left_out);
}

void as_checks_json(const struct as_checks *c, struct as_json *j, const char *key)
{
    static const char *const WORDS[] = {"ok", "warn", "bad"};

    as_json_open(j, key, '[');
    for (size_t i = 0; i < c->n; i++) {
        as_json_open(j, NULL, '{');
        as_json_string(j, "check", c->at[i].name);
        as_json_string(j, "level", WORDS[c->at[i].level]);
        as_json_string(j, "text", c->at[i].text);
        if (c->at[i].cure[0])
            as_json_string(j, "cure", c->at[i].cure);
        as_json_close(j);
    }
    as_json_close(j);
}
