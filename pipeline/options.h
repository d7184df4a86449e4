/* options.h - what the user asked for: one struct, one table. */
#ifndef AS_OPTIONS_H
#define AS_OPTIONS_H

#include "err.h"

/* Commands, as bits of the option table. */
enum {
    AS_CMD_RUN = 1 << 0,
    AS_CMD_PLAN = 1 << 1,
    AS_CMD_LIST = 1 << 2,
    AS_CMD_SHOW = 1 << 3,
    AS_CMD_CAT = 1 << 4,
    AS_CMD_VERIFY = 1 << 5,
    AS_CMD_DOCTOR = 1 << 6,
    AS_CMD_MERGE = 1 << 7,
    AS_CMD_KNOWN = 1 << 8, /* the kinds of enroll */
    AS_CMD_MEDIA = 1 << 9,
    AS_CMD_CAMERA = 1 << 10,
    AS_CMD_SEARCH = 1 << 11,
    AS_CMD_TRAIN = 1 << 12,
    AS_CMD_BENCH = 1 << 13,
    AS_CMD_LOOK = AS_CMD_MEDIA | AS_CMD_CAMERA | AS_CMD_TRAIN | AS_CMD_BENCH, /* that examine pictures */
    AS_CMD_ENROLL = AS_CMD_KNOWN | AS_CMD_MEDIA | AS_CMD_CAMERA,
    AS_CMD_ALL = (1 << 14) - 1
};

enum as_option_type { AS_OPTION_FLAG, AS_OPTION_COUNT, AS_OPTION_BYTES, AS_OPTION_TEXT };

#define AS_FIELD_FLAG bool
#define AS_FIELD_COUNT uint64_t
#define AS_FIELD_BYTES uint64_t
#define AS_FIELD_TEXT const char *

/* TEXT fields are borrowed from argv or the table. */
struct as_options {
    uint64_t given; /* options on the command line, a bit each, by their place in the table */
#define AS_OPTION(field, name, type, def, affects, commands, arg, help) AS_FIELD_##type field;
#include "options.def"
#undef AS_OPTION
};

struct as_option {
    const char *name;
    enum as_option_type type;
    const char *def;
    bool affects; /* changes results */
    unsigned commands;
    const char *arg, *help;
    size_t at; /* offset in struct as_options */
};

/* The table, ended by name == NULL. */
extern const struct as_option as_option_table[];

/* Sets every field to its default. */
void as_options_defaults(struct as_options *o);

/* Sets one option from its text.  AS_EUSAGE: not a value of its type. */
enum as_status as_option_set(struct as_options *o, const struct as_option *option, const char *text,
                             struct as_err *err) AS_MUST_CHECK;

/* Writes the value of an option as text (NUL-ended, cut to n). */
void as_option_text(const struct as_options *o, const struct as_option *option, char *to, size_t n);

#endif
