/* find.h - the item a user means by an id or by a path. */
#ifndef AS_FIND_H
#define AS_FIND_H

#include "../store/store.h"

/*
 * Finds the row of "#123", "123", a forensic path, or the end of one that begins
 * at a name.  Escaped bytes (\xNN) are taken as the bytes.
 * AS_SKIP: there is none; AS_EUSAGE: several, which are logged.
 */
enum as_status as_find_item(struct as_store *store, const char *item, uint64_t *row,
                            struct as_err *err) AS_MUST_CHECK;

#endif
