/* search_origin.h - which pictures of a case one sensor took, without any fingerprint. */
#ifndef AS_SEARCH_ORIGIN_H
#define AS_SEARCH_ORIGIN_H

#include "search.h"

/*
 * With --origins: compares what was kept of the noise of every two pictures of one size, in all
 * orientations, adds a link of kind AS_MATCH_CAMERA for those that agree too well for chance, and
 * fills in s->origins with the groups that hold together.  Collective.
 */
enum as_status as_search_origin(struct as_search *s, struct as_err *err) AS_MUST_CHECK;

#endif
