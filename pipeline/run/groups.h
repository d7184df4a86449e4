/* groups.h - the groups of items that copies and near-copies connect. */
#ifndef AS_GROUPS_H
#define AS_GROUPS_H

#include "search.h"

/*
 * Fills in this rank's share of the members of all groups of two items or more: the connected
 * components of the links of kind AS_MATCH_HASH, which must be unpacked, and of s->edges, which it
 * takes.  The largest picture stands for its group, of equally large ones the lowest row.  Memory:
 * 32 bytes per member, twice that on the way, over all ranks.  Collective.
 */
enum as_status as_groups_find(struct as_search *s, struct as_err *err) AS_MUST_CHECK;

#endif
