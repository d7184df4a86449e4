/* man.c - the manual page, in roff, from the same tables as the help. */
#include "../report/advice.h"
#include "../status.h"
#include "help.h"

#include <string.h>

/* Text that roff takes as it is: no requests, no escapes, hyphens that can be copied. */
static void put(FILE *out, const char *text, size_t n)
{
    bool start = true;

    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (start && (c == '.' || c == '\''))
            fputs("\\&", out);
        if (c == '\\')
            fputs("\\e", out);
        else if (c == '-')
            fputs("\\-", out);
        else
            fputc(c, out);
        start = c == '\n';
    }
}

static void line(FILE *out, const char *text)
{
    put(out, text, strlen(text));
    fputc('\n', out);
}

static void option(FILE *out, const struct as_option *o)
{
    fputs(".TP\n\\fB\\-\\-", out);
    put(out, o->name, strlen(o->name));
    fputs("\\fR", out);
    if (o->arg[0])
        fprintf(out, " \\fI%s\\fR", o->arg);
    fputc('\n', out);
    put(out, o->help, strlen(o->help));
    if (o->type != AS_OPTION_FLAG && o->def[0]) {
        fputs(" [", out);
        put(out, o->def, strlen(o->def));
        fputc(']', out);
    }
    fputs(o->affects ? ". Part of the case's fingerprint.\n" : ".\n", out);
}

static void options(FILE *out, const struct as_command *c)
{
    char title[96];
    unsigned bits;

    for (unsigned i = 0; as_help_part(c, i, &bits, title, sizeof title); i++) {
        if (i > 0)
            fprintf(out, ".PP\n%s:\n", title);
        for (const struct as_option *o = as_option_table; o->name; o++)
            if ((o->commands & c->bit) == bits || (c->subjects == NULL && o->commands & bits))
                option(out, o);
    }
}

static void about(FILE *out, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        fputs(".PP\n", out);
        put(out, text, n);
        fputc('\n', out);
        text += n + (text[n] == '\n');
    }
}

static void command(FILE *out, const struct as_command *c)
{
    fprintf(out, ".SS %s\n\\fBassay %s\\fR%s ", c->name, c->name, c->bit ? " [options]" : "");
    line(out, c->args);
    fputs(".PP\n", out);
    put(out, c->summary, strlen(c->summary));
    fputs(".\n", out);
    about(out, c->about);
    if (c->bit)
        options(out, c);
    for (int i = 0; i < AS_EXAMPLES_MAX && c->examples[i].line; i++) {
        fputs(".TP\n.B ", out);
        line(out, c->examples[i].line);
        line(out, c->examples[i].what);
    }
}

static void statuses(FILE *out)
{
    fputs(".SH ITEM STATUSES\nEvery item has exactly one; their counts sum to what was "
          "discovered.\n",
          out);
    for (int s = 0; s < AS_ITEM_STATUSES; s++) {
        fprintf(out, ".TP\n.B %s\n", as_item_status_name((enum as_item_status)s));
        line(out, as_status_text((enum as_item_status)s));
    }
}

static void endings(FILE *out)
{
    fputs(".SH EXIT STATUS\nThe same from every rank. 1 is never used.\n", out);
    for (const struct as_exit_row *e = as_exit_table; e->text; e++) {
        fprintf(out, ".TP\n.B %d\n", e->code);
        line(out, e->text);
    }
    fputs(".SH FILES\n"
          ".TP\n.I CASE/results.h5\nthe result store, complete and sealed, or absent\n"
          ".TP\n.I CASE/journal/\nsaved state of a run that is not sealed yet\n"
          ".TP\n.I CASE/audit.jsonl\nwhat was done, each line holding the hash of the one before\n"
          ".TP\n.I CASE/status.json\nhow far a run is, for watching from elsewhere\n"
          ".TP\n.I CASE/seal.sig\nthe signature that \\-\\-sign made\n"
          ".SH ENVIRONMENT\n"
          ".TP\n.B NO_COLOR\nset and not empty: no colour\n"
          ".TP\n.B LC_ALL, LC_CTYPE, LANG\nbars and rules are drawn where they name UTF\\-8\n",
          out);
}

void as_help_man(FILE *out, const struct as_command *commands)
{
    fprintf(out,
            ".TH ASSAY 1 \"\" \"assay %s\" \"User Commands\"\n.nh\n"
            ".SH NAME\nassay \\- media forensics at the scale of a cluster\n"
            ".SH SYNOPSIS\n.B assay\n.I command\n[options] [arguments]\n"
            ".SH DESCRIPTION\n"
            "Assay finds every picture and video in the evidence, tests each one with its\n"
            "detectors in jailed processes, and leaves one sealed, reproducible result store.\n"
            "The same program runs alone on a laptop and under mpirun on a cluster.\n"
            "Options are long; those of each command are listed with it.\n.SH COMMANDS\n",
            as_version());
    for (const struct as_command *c = commands; c->name; c++)
        command(out, c);
    statuses(out);
    endings(out);
}
