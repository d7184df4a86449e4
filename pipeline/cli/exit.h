/* exit.h - the exit codes of every command, once. */
#ifndef AS_EXIT_H
#define AS_EXIT_H

#include "../../kernels/base.h"

enum as_exit {
    AS_EXIT_OK = 0,
    AS_EXIT_INTEGRITY = 2,
    AS_EXIT_ITEMS = 3,
    AS_EXIT_USAGE = 64,
    AS_EXIT_DATA = 65,
    AS_EXIT_NO_INPUT = 66,
    AS_EXIT_MISSING = 69,
    AS_EXIT_BUG = 70,
    AS_EXIT_IO = 74,
    AS_EXIT_STOPPED = 75
};

struct as_exit_row {
    int code;
    const char *text; /* one sentence without a full stop */
};

/* Every exit code there is, ascending, ended by text == NULL.  1 is never used. */
extern const struct as_exit_row as_exit_table[];

/* The exit code of a command that ended with `status`. */
int as_exit_code(enum as_status status);

#endif
