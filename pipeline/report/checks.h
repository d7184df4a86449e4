/* checks.h - a list of things looked at, each good, doubtful or bad. */
#ifndef AS_CHECKS_H
#define AS_CHECKS_H

#include "json.h"

enum as_level { AS_LEVEL_OK, AS_LEVEL_WARN, AS_LEVEL_BAD };

enum { AS_CHECKS_MAX = 256 };

struct as_check {
    const char *name; /* a word or two, static */
    enum as_level level;
    char text[512], cure[512];
};

struct as_checks {
    size_t n, left_out; /* bad or doubtful ones beyond AS_CHECKS_MAX are counted only */
    size_t count[3];
    struct as_check at[AS_CHECKS_MAX];
};

/* Appends a check; the sentence is formatted. */
void as_checks_add(struct as_checks *c, enum as_level level, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Says what to do about the check added last. */
void as_checks_cure(struct as_checks *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints all, a line or more each. */
void as_checks_print(const struct as_checks *c, const struct as_terminal *t);

/* The array of all, in JSON. */
void as_checks_json(const struct as_checks *c, struct as_json *j, const char *key);

#endif
