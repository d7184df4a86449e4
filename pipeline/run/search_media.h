/* search_media.h - the items of a case that sets of known media hold, or nearly. */
#ifndef AS_SEARCH_MEDIA_H
#define AS_SEARCH_MEDIA_H

#include "search.h"

/*
 * Adds a match of kind AS_MATCH_HASH for each item with the bytes of a reference (of more than
 * AS_NEAR_MOST with the same bytes, the lowest), and of kind AS_MATCH_CODE for each picture and
 * those of its AS_NEAR_MOST nearest references (near.h) that are not told as equal bytes; for
 * copies as for the item that they are copies of.  References pass in blocks, each read by one
 * rank.  Memory: a byte for each item, 16 for each copy and each match of equal bytes, over all
 * ranks, and 6 MiB. Collective.
 */
enum as_status as_search_media(struct as_search *s, struct as_err *err) AS_MUST_CHECK;

#endif
