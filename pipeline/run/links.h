/* links.h - items of the case that are copies or near-copies of each other. */
#ifndef AS_LINKS_H
#define AS_LINKS_H

#include "search.h"

/*
 * Adds to the search: each copy with the lowest item of the same bytes (AS_MATCH_HASH), and each
 * picture with its near-copies (AS_MATCH_CODE; near.h) among distinct contents.  n copies of one
 * content make n - 1 links, n pictures at most AS_NEAR_MEAN n (as_near_trim).  Gives s->near back.
 * Sets s->edges, which join all pictures that a chain of near-copies connects.  Collective.
 */
enum as_status as_links_find(struct as_search *s, struct as_err *err) AS_MUST_CHECK;

#endif
