/* terminal.h - text for a person: styles, bars, cut and escaped paths. */
#ifndef AS_TERMINAL_H
#define AS_TERMINAL_H

#include "escape.h"

#include <stdio.h>

struct as_terminal {
    FILE *out;
    bool color;     /* a terminal, and NO_COLOR is unset                             */
    bool utf8;      /* a terminal in a UTF-8 locale: bars and rules may be drawn     */
    bool ascii;     /* a terminal in another locale: only ASCII is written           */
    unsigned width; /* columns; 0: not a terminal, lines are neither cut nor wrapped */
};

/* A detector with more measures is for programs: people are told how many there are. */
enum { AS_SHOW_MEASURES = 128 };

enum as_style {
    AS_STYLE_END,
    AS_STYLE_BOLD,
    AS_STYLE_DIM,
    AS_STYLE_GOOD,
    AS_STYLE_WARN,
    AS_STYLE_BAD
};

/* Looks at the descriptor behind `out`, NO_COLOR, TERM and the locale's variables. */
void as_terminal_init(struct as_terminal *t, FILE *out);

/* The sequence that starts a style, or ends all (AS_STYLE_END); "" without colour. */
const char *as_terminal_style(const struct as_terminal *t, enum as_style style);

/* Prints bytes escaped.  `columns` > 0: cut in the middle to that many, keeping
 * more of the end; 0: whole.  Returns the columns used.                       */
unsigned as_terminal_text(const struct as_terminal *t, struct as_text text, unsigned columns,
                          unsigned how);

/* Prints text at an indent, wrapped at the width (never in a pipe), the column
 * being at `at` now; ends the line.  Text may be bytes: it is escaped.         */
void as_terminal_wrap(const struct as_terminal *t, unsigned at, unsigned indent,
                      struct as_text text, unsigned how);

/* A heading with a rule. */
void as_terminal_heading(const struct as_terminal *t, const char *title);

/* A bar of `cells` columns, filled for `part` in [0, 1]; never empty for part > 0. */
void as_terminal_bar(const struct as_terminal *t, double part, unsigned cells);

/* n spaces */
void as_terminal_pad(const struct as_terminal *t, unsigned n);

#endif
