/* help.c - what `assay help` prints, from the tables. */
#include "help.h"

#include "../evidence/container.h"
#include "../media/media.h"
#include "../store/store.h"

#include <string.h>

static const char ABOUT[] =
    "Assay examines seized media: it finds every picture and video in folders and archives, tests "
    "each one, and leaves one sealed, reproducible result store.";

const char *as_version(void)
{
    return ASSAY_VERSION;
}

const char *as_commit(void)
{
    return ASSAY_COMMIT;
}

void as_help_version(FILE *out)
{
    static void (*const LIBRARIES[])(char *, size_t) = {
        as_store_versions,
        as_container_versions,
        as_media_versions,
        as_metadata_versions,
    };
    char text[1024];

    fprintf(out, "assay %s\ncommit %s\n", as_version(), as_commit());
    for (size_t i = 0; i < sizeof LIBRARIES / sizeof *LIBRARIES; i++) {
        char *save = NULL;
        text[0] = 0;
        LIBRARIES[i](text, sizeof text);
        for (char *one = strtok_r(text, ";", &save); one; one = strtok_r(NULL, ";", &save))
            fprintf(out, "%s\n", one + strspn(one, " "));
    }
}

static void heading(const struct as_terminal *t, const char *word)
{
    fprintf(t->out, "\n%s%s%s\n", as_terminal_style(t, AS_STYLE_BOLD), word,
            as_terminal_style(t, AS_STYLE_END));
}

/* "  name  text", the text wrapped beside it, or below a long name. */
static void entry(const struct as_terminal *t, const char *name, unsigned column, const char *text)
{
    unsigned at = (unsigned)strlen(name) + 2;

    fprintf(t->out, "  %s", name);
    if (at + 2 > column) {
        fputc('\n', t->out);
        at = 0;
    }
    as_terminal_wrap(t, at, column, as_text_of(text), AS_SHOW_VALUE);
}

void as_help_overview(const struct as_terminal *t, const struct as_command *commands)
{
    as_terminal_wrap(t, 0, 0, as_text_of(ABOUT), 0);
    heading(t, "Usage");
    fprintf(t->out, "  assay COMMAND [options] ARGUMENTS\n");
    heading(t, "Commands");
    for (const struct as_command *c = commands; c->name; c++)
        entry(t, c->name, 12, c->summary);
    heading(t, "First steps");
    fprintf(t->out, "  assay doctor                  is this machine ready?\n"
                    "  assay run EVIDENCE -o CASE    examine; stop and repeat it as you like\n"
                    "  assay show CASE               what was found, and what failed and why\n"
                    "  assay help COMMAND            the options of a command\n");
    heading(t, "Exit codes");
    for (const struct as_exit_row *e = as_exit_table; e->text; e++) {
        char code[8];
        snprintf(code, sizeof code, "%d", e->code);
        entry(t, code, 12, e->text);
    }
}

/* "--output CASE" */
static void option_name(const struct as_option *t, char *to, size_t n)
{
    snprintf(to, n, "--%s%s%s", t->name, t->arg[0] ? " " : "", t->arg);
}

/* The help with the default: "largest ... [1G]" */
static void option_help(const struct as_option *t, char *to, size_t n)
{
    bool told = t->type != AS_OPTION_FLAG && t->def[0];
    snprintf(to, n, "%s%s%s%s", t->help, told ? " [" : "", told ? t->def : "", told ? "]" : "");
}

void as_subjects_text(const struct as_subject *kinds, unsigned bits, char *to, size_t n)
{
    const char *last = NULL;
    size_t at = 0;

    to[0] = '\0';
    for (; kinds->name; kinds++) {
        if (!(kinds->bit & bits))
            continue;
        if (last)
            at += (size_t)snprintf(to + at, n - at, "%s%s", at > 0 ? ", " : "", last);
        last = kinds->name;
    }
    if (last)
        snprintf(to + at, n - at, "%s%s", at > 0 ? " and " : "", last);
}

bool as_help_part(const struct as_command *c, unsigned i, unsigned *bits, char *title, size_t n)
{
    unsigned all = 0, kinds = 0, at = 0;
    char names[64];

    for (; c->subjects && c->subjects[kinds].name; kinds++)
        all |= c->subjects[kinds].bit;
    *bits = c->bit;
    snprintf(title, n, "Options");
    if (i == 0 || kinds == 0)
        return i == 0;
    for (unsigned set = 1; set < (1U << kinds) - 1; set++) { /* some kinds, not all */
        bool any = false;
        *bits = 0;
        for (unsigned k = 0; k < kinds; k++)
            *bits |= set >> k & 1 ? c->subjects[k].bit : 0;
        for (const struct as_option *o = as_option_table; o->name; o++)
            any = any || (o->commands & all) == *bits;
        if (!any || ++at < i)
            continue;
        as_subjects_text(c->subjects, *bits, names, sizeof names);
        snprintf(title, n, "Options of %s", names);
        return true;
    }
    return false;
}

static void options(const struct as_terminal *t, const struct as_command *c)
{
    char title[96], name[64], help[512];
    unsigned bits;

    for (unsigned i = 0; as_help_part(c, i, &bits, title, sizeof title); i++) {
        heading(t, title);
        for (const struct as_option *o = as_option_table; o->name; o++)
            if ((o->commands & c->bit) == bits || (c->subjects == NULL && o->commands & bits)) {
                option_name(o, name, sizeof name);
                option_help(o, help, sizeof help);
                entry(t, name, 28, help);
            }
        if (i == 0)
            entry(t, "--help", 28, "this text (-h)");
    }
}

/* Calls `put` for each paragraph of `about`. */
static void paragraphs(const char *about, void (*put)(void *state, struct as_text text),
                       void *state)
{
    while (*about) {
        uint32_t n = (uint32_t)strcspn(about, "\n");
        put(state, (struct as_text){about, n});
        about += n + (about[n] == '\n');
    }
}

static void put_paragraph(void *state, struct as_text text)
{
    const struct as_terminal *t = state;

    fputc('\n', t->out);
    as_terminal_wrap(t, 0, 0, text, AS_SHOW_VALUE);
}

void as_help_command(const struct as_terminal *t, const struct as_command *command)
{
    struct as_terminal copy = *t;

    fprintf(t->out, "%sassay %s%s - %s\n", as_terminal_style(t, AS_STYLE_BOLD), command->name,
            as_terminal_style(t, AS_STYLE_END), command->summary);
    heading(t, "Usage");
    fprintf(t->out, "  assay %s%s %s\n", command->name, command->bit ? " [options]" : "",
            command->args);
    paragraphs(command->about, put_paragraph, &copy);
    if (command->bit)
        options(t, command);
    if (command->examples[0].line)
        heading(t, "Examples");
    for (int i = 0; i < AS_EXAMPLES_MAX && command->examples[i].line; i++) {
        fprintf(t->out, "  %s\n", command->examples[i].line);
        as_terminal_wrap(t, 0, 6, as_text_of(command->examples[i].what), 0);
    }
}
