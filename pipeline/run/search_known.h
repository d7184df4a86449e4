/* search_known.h - the items of a case that sets of known hashes list. */
#ifndef AS_SEARCH_KNOWN_H
#define AS_SEARCH_KNOWN_H

#include "search.h"

/* Adds a match for each set that lists the item.  Local. */
enum as_status as_search_known(struct as_search *s, const struct as_row *row,
                               struct as_err *err) AS_MUST_CHECK;

#endif
