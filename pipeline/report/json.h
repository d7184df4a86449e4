/* json.h - JSON written as it comes, however long it gets. */
#ifndef AS_JSON_H
#define AS_JSON_H

#include "terminal.h"

enum { AS_JSON_DEPTH = 16 };

/* One document on its way; all zeros but `out` starts one. */
struct as_json {
    FILE *out;
    unsigned depth;
    char close[AS_JSON_DEPTH];
    bool some[AS_JSON_DEPTH + 1];
};

/* In an object `key` names the value; in an array it is NULL. */
void as_json_open(struct as_json *j, const char *key, char bracket); /* '{' or '[' */
void as_json_close(struct as_json *j); /* the innermost; the last ends the line */

/* Bytes as on a terminal: what is not printable UTF-8 as \xNN (how: AS_SHOW_). */
void as_json_text(struct as_json *j, const char *key, struct as_text text, unsigned how);
void as_json_string(struct as_json *j, const char *key, const char *text); /* NULL: null */
void as_json_count(struct as_json *j, const char *key, uint64_t n);
void as_json_integer(struct as_json *j, const char *key, int64_t n);
void as_json_number(struct as_json *j, const char *key, double v); /* not finite: null */
void as_json_bool(struct as_json *j, const char *key, bool v);
void as_json_raw(struct as_json *j, const char *key, const char *json); /* must be JSON */

#endif
