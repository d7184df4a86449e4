/* json_file.h - a whole file of JSON, and its hash. */
#ifndef AS_JSON_FILE_H
#define AS_JSON_FILE_H

#include "err.h"

#include <jansson.h>

/*
 * Reads the file; json_decref *root.
 *
 *   what     the file is, for the report: "model"
 *   sha256   of its bytes, hex
 *
 *   AS_SKIP      there is no such file
 *   AS_EIO       it cannot be read
 *   AS_EFORMAT   it is larger than 256 MiB, has too many values, or is no JSON; the report says
 * where
 */
enum as_status as_json_file_read(const char *path, const char *what, json_t **root, char sha256[65],
                                 struct as_err *err) AS_MUST_CHECK;

/* Writes the path of the file called `name`: in the folder `chosen` if that is not NULL, else the
 * first there is in `installed` and `source`; false when there is none. */
bool as_json_file_find(const char *name, const char *chosen, const char *installed,
                       const char *source, char *path, size_t n);

#endif
