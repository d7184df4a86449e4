/* whole.h - all bytes of a file that is read once, and their hash. */
#ifndef AS_WHOLE_H
#define AS_WHOLE_H

#include "err.h"

#include <stddef.h>
#include <stdio.h>

/*
 * Reads an open file, or pipe, to its end.
 *
 *   what, path   the file, for the report: "model"
 *   bytes        malloc'd, with a 0 after the last
 *   sha256       of the bytes, hex
 *
 *   AS_EIO      it cannot be read
 *   AS_EUSAGE   it is larger than 256 MiB
 */
enum as_status as_whole_read(FILE *f, const char *what, const char *path, char **bytes, size_t *n,
                             char sha256[65], struct as_err *err) AS_MUST_CHECK;

#endif
