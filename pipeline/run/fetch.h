/* fetch.h - the bytes of one item out of the evidence. */
#ifndef AS_FETCH_H
#define AS_FETCH_H

#include "../options.h"
#include "../row.h"
#include "../store/store.h"

/*
 * Writes the bytes of an item to a descriptor and checks them against its SHA-256.
 * What lies in a container is unpacked in the jail, as in a run.
 *   AS_SKIP     it has no bytes (a folder, a link), or none were hashed
 *   AS_EFORMAT  the evidence no longer has these bytes
 *   AS_EIO
 */
enum as_status as_fetch_item(const struct as_options *o, const struct as_source_row *source,
                             const struct as_row *row, int to, struct as_err *err) AS_MUST_CHECK;

#endif
