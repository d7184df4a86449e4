/* connect.h - connected components of edges that lie with all ranks. */
#ifndef AS_CONNECT_H
#define AS_CONNECT_H

#include "../../kernels/search/cluster.h"
#include "../cluster/comm.h"

/*
 * From edges to stars: each id of a component but the lowest, with the lowest.
 *
 *   edges, n   malloc'd, in any order and direction, also repeated, without loops; replaced by
 *              stars (higher, lowest), sorted by the lowest; a star lies whole with one rank
 *
 * Memory: 32 bytes for each edge, twice that on the way, over all ranks.  comm == NULL: one
 * process.  Collective; the status is the same everywhere, on failure *edges is still the caller's.
 */
enum as_status as_connect(struct as_comm *comm, struct as_edge **edges, uint64_t *n,
                          struct as_err *err) AS_MUST_CHECK;

/* Sorts edges and leaves each once.  Local.  AS_ENOMEM. */
enum as_status as_connect_tidy(struct as_edge **edges, uint64_t *n,
                               struct as_err *err) AS_MUST_CHECK;

#endif
