/* kin.h - which pictures belong together, as pairs of them are found in any order.
 *
 * Pairs on one rank are joined at once and forgotten.  A pair with a picture of another rank is
 * kept as an edge, until as_kin_settle has told both ranks what their pictures are joined to; then
 * each set of joined pictures has one edge at most.
 *
 * Memory: 4 bytes for each picture, 16 for each set that others are joined to, and 16 for each of
 * `most` edges and of what comes between two settlements.               */
#ifndef AS_KIN_H
#define AS_KIN_H

#include "connect.h"

enum { AS_KIN_EDGES = 1 << 19 };

struct as_kin {
    struct as_comm *comm;
    const uint64_t *id; /* [n] ascending, this rank's; borrowed                */
    uint32_t n;         /* < 2^32 - 1                                          */
    uint32_t *up;       /* [n] a lower place of the same set, or its own       */
    uint64_t *first;    /* [ranks] the first id that may be theirs             */
    struct as_edge *edge;
    uint64_t nedges, edge_cap;
    uint64_t most; /* edges that are settled only in the end; AS_KIN_EDGES */
};

/* Begins with each picture by itself.  first: of the ids that may be this rank's.  Collective. */
enum as_status as_kin_init(struct as_kin *kin, struct as_comm *comm, const uint64_t *id, uint64_t n,
                           uint64_t first, struct as_err *err) AS_MUST_CHECK;
void as_kin_clear(struct as_kin *kin);

/* Joins the pictures at two places of this rank.  Local. */
void as_kin_join(struct as_kin *kin, uint32_t i, uint32_t j);

/* Joins picture i with the picture of an id of any rank.  Local.  AS_ENOMEM. */
enum as_status as_kin_meet(struct as_kin *kin, uint32_t i, uint64_t id) AS_MUST_CHECK;

/* Settles if a rank has more than `most` edges, or `now`.  Collective. */
enum as_status as_kin_settle(struct as_kin *kin, bool now, struct as_err *err) AS_MUST_CHECK;

/* Gives edges that join what belongs together, malloc'd, after everything else.  Local. */
enum as_status as_kin_take(struct as_kin *kin, struct as_edge **edges, uint64_t *n,
                           struct as_err *err) AS_MUST_CHECK;

#endif
