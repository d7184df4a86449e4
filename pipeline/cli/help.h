/* help.h - what `assay help` prints, and the manual page: all from the tables. */
#ifndef AS_HELP_H
#define AS_HELP_H

#include "../report/terminal.h"
#include "cmd.h"

/* The overview: what Assay is, and its commands. */
void as_help_overview(const struct as_terminal *t, const struct as_command *commands);

/* One command: usage, what it does, its options, examples. */
void as_help_command(const struct as_terminal *t, const struct as_command *command);

/* The whole manual page, in roff (man macros). */
void as_help_man(FILE *out, const struct as_command *commands);

/* Version, commit and the libraries, each on a line. */
void as_help_version(FILE *out);

/* "0.1.0", "1a2b3c4d5e6f" or "unknown" */
const char *as_version(void);
const char *as_commit(void);

/* Part i of a command's options: those of all its kinds, then those of some; `bits`, the kinds that
 * take them, and a title.  False: there is no such part.                              */
bool as_help_part(const struct as_command *c, unsigned i, unsigned *bits, char *title, size_t n);

#endif
