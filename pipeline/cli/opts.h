/* opts.h - a command line, taken apart by the table of options. */
#ifndef AS_OPTS_H
#define AS_OPTS_H

#include "cmd.h"

/* A command line: the first three are given, the rest is filled. */
struct as_opts {
    const struct as_command *commands; /* all, ended by name == NULL */
    const struct as_command *command;  /* the one asked for          */
    struct as_options *options;        /* defaults already set       */
    bool help;                         /* -h or --help was there     */
    int argc;                          /* operands                   */
    char **argv;                       /* [argc], then NULL          */
};

/*
 * as_opts_parse - reads what follows the command's name.
 *
 *   argc, argv   the words after the command; argv is reordered so that its
 *                first opts->argc entries are the operands, then NULL
 *                (argv[argc] must be writable, as in main)
 *
 * --name=value, --name value, -o value, -ovalue, -h, --help; `--` ends the
 * options; options and operands may be mixed; the last of a repeated option
 * wins.  Stops at -h or --help.
 * AS_EUSAGE: unknown option (the nearest name is suggested), an option of
 * another command (which is named), a value missing, not wanted or malformed,
 * too few or too many operands.
 */
enum as_status as_opts_parse(struct as_opts *opts, int argc, char **argv,
                             struct as_err *err) AS_MUST_CHECK;

/* The command called `name`, or NULL. */
const struct as_command *as_command_find(const struct as_command *commands, const char *name);

/* The command whose name is nearest to `name`, or NULL when none is near. */
const struct as_command *as_command_near(const struct as_command *commands, const char *name);

#endif
