/* whole.h - all bytes of a file that is read once, and their hash. */
#ifndef AS_WHOLE_H
#define AS_WHOLE_H

#include "err.h"

#include <stddef.h>

enum { AS_WHOLE_MAX = 256 << 20 };

/* A file to be read, or a pipe. */
struct as_whole {
    const char *path, *what; /* what it is, for the report: "model" */
    size_t max;              /* bytes that it may have; 0: AS_WHOLE_MAX */
};

/*
 * Reads it to its end.
 *
 *   bytes    malloc'd, with a 0 after the last
 *   sha256   of the bytes, hex
 *
 *   AS_SKIP      there is no such file
 *   AS_EFORMAT   it is a folder, or larger than it may be
 *   AS_EIO       it cannot be read
 */
enum as_status as_whole_read(const struct as_whole *w, char **bytes, size_t *n, char sha256[65],
                             struct as_err *err) AS_MUST_CHECK;

/* Skips the mark of UTF-8 (EF BB BF) that some programs write before a text; gives the text. */
const char *as_whole_text(const char *bytes);

#endif
