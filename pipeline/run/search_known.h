/* search_known.h - the items of a case that sets of known hashes list. */
#ifndef AS_SEARCH_KNOWN_H
#define AS_SEARCH_KNOWN_H

#include "search.h"

/* Adds a match for each item of this rank and each set that lists it.  Local. */
enum as_status as_search_known(struct as_search *s, struct as_err *err) AS_MUST_CHECK;

#endif
