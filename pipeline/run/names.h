/* names.h - what reference stores call what is in them. */
#ifndef AS_NAMES_H
#define AS_NAMES_H

#include "against.h"

struct as_names {
    const struct as_against *against;
    char *text; /* [cap] of the last one */
    size_t cap;
};

/* The name of a reference, ended by NUL and borrowed until the next call: the path of a picture, a
 * camera's name, by which hash content is listed ("SHA-256, category 1").  Cut to 64 KiB.  Local.
 * AS_EFORMAT: the store is broken.                                                   */
enum as_status as_names_find(struct as_names *n, uint16_t set, uint64_t reference,
                             struct as_text *name, struct as_err *err) AS_MUST_CHECK;

void as_names_clear(struct as_names *n);

#endif
