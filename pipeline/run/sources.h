/* sources.h - the rows of /evidence: what each source was, hashed and checked again. */
#ifndef AS_SOURCES_H
#define AS_SOURCES_H

#include "catalogue.h"

/* Gathers, over the rows of a rank, what the sources' hashes are made of: 4 MiB of it,
 * whatever the number of rows.                                                     */
struct as_roll;

enum as_status as_roll_new(struct as_roll **roll, struct as_rank *r,
                           struct as_err *err) AS_MUST_CHECK;
void as_roll_free(struct as_roll *roll);

/* Takes in a row; rows come in ascending order. */
enum as_status as_roll_look(struct as_roll *roll, const struct as_row *row,
                            const struct as_key *key) AS_MUST_CHECK;

/*
 * Makes the rows of /evidence, the same on every rank, reading rows again that are
 * not held.  A file's hash is its own; a folder's is the SHA-256 of its files' "path
 * NUL size as decimal NUL sha256 hex newline", in walking order.  Collective.
 */
enum as_status as_roll_call(struct as_roll *roll, struct as_catalogue *c,
                            struct as_source_row *rows, struct as_err *err) AS_MUST_CHECK;

/*
 * Compares with acquisition hashes (lines as sha256sum writes them).  Each source
 * whose base name is in the file must have that hash.  *bad counts those that do
 * not; each is logged, and what was not compared.  AS_EFORMAT: the file is no text, and the
 * statuses of as_whole_read.  Local.
 */
enum as_status as_hashes_compare(const char *path, const struct as_source_row *rows, uint32_t n,
                                 uint64_t *bad, struct as_err *err) AS_MUST_CHECK;

/* Tells before a run, at whose end they are compared, whether they can be read.  Statuses likewise;
 * a pipe is not looked into. */
enum as_status as_hashes_check(const char *path, struct as_err *err) AS_MUST_CHECK;

#endif
