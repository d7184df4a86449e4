/* rehash.h - the evidence of a sealed case, hashed again. */
#ifndef AS_REHASH_H
#define AS_REHASH_H

#include "../report/checks.h"
#include "../store/store.h"

/*
 * Hashes every source of the store again and adds a check for each, and one
 * for every file that is gone, new in number, or not what it was.
 * Files are opened by as_file_open alone: no link is followed.
 *   AS_OK  done, whatever was found; AS_ENOMEM, and what the store gives
 */
enum as_status as_rehash(struct as_store *store, struct as_checks *checks,
                         struct as_err *err) AS_MUST_CHECK;

#endif
