/* columns.h - an HDF5 file of equally long columns, written by one process. */
#ifndef AS_COLUMNS_H
#define AS_COLUMNS_H

#include "../err.h"

enum as_column_type { AS_COLUMN_U8, AS_COLUMN_U32, AS_COLUMN_U64, AS_COLUMN_F32 };

struct as_columns;

/* Begins `path` as path.tmp: columns of n rows each.  Committed or dropped by the caller.
 *   AS_EIO   cannot be written */
enum as_status as_columns_create(struct as_columns **to, const char *path, uint64_t n,
                                 struct as_err *err) AS_MUST_CHECK;

/* Writes an attribute of the file. */
enum as_status as_columns_text(struct as_columns *to, const char *name, const char *text,
                               struct as_err *err) AS_MUST_CHECK;

/* Writes the column /NAME or /GROUP/NAME from n values of this machine's type; -0 and any NaN are
 * written as the one 0 and NaN. */
enum as_status as_columns_put(struct as_columns *to, const char *name, enum as_column_type type,
                              const void *values, const char *title,
                              struct as_err *err) AS_MUST_CHECK;

/* Completes the file: sync, rename.  Takes and frees *to, also on failure, and then no file is left. */
enum as_status as_columns_commit(struct as_columns *to, struct as_err *err) AS_MUST_CHECK;

/* Gives up; takes NULL. */
void as_columns_drop(struct as_columns *to);

#endif
