/* connect.c - connected components of edges that lie with all ranks.
 *
 * No rank sees all edges: those of each id meet at the rank that the id names, turn about for the
 * two steps of cluster.h.                                                          */
#include "connect.h"

#include "../cluster/sort.h"

#include <stdlib.h>
#include <string.h>

enum { EDGE_BYTES = sizeof(struct as_edge) };

static int edge_owner(void *state, const void *rec)
{
    const struct as_edge *edge = rec;

    return (int)(as_edge_end(edge->a) % (uint64_t)as_comm_size(state));
}

/* Brings all edges of an id together, sorted.  Collective. */
static enum as_status meet(struct as_comm *comm, struct as_edge **edges, uint64_t *n,
                           struct as_err *err)
{
    enum as_status status = AS_OK;

    if (comm)
        AS_TRY(as_deal(comm, (uint8_t **)edges, n, EDGE_BYTES, edge_owner, comm, err));
    status = as_sort(NULL, (uint8_t **)edges, n, EDGE_BYTES, err);
    AS_TRY(as_comm_agree(comm, status, err));
done:
    return status;
}

/* Adds each edge's other direction. */
static enum as_status both_ways(struct as_edge **edges, uint64_t *n)
{
    struct as_edge *more = realloc(*edges, (2 * *n + 1) * EDGE_BYTES);

    if (more == NULL)
        return AS_ENOMEM;
    *edges = more;
    for (uint64_t i = 0; i < *n; i++)
        as_edge_put(&more[*n + i], as_edge_end(more[i].b), as_edge_end(more[i].a));
    *n *= 2;
    return AS_OK;
}

enum as_status as_connect(struct as_comm *comm, struct as_edge **edges, uint64_t *n,
                          struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t loose = 1;

    while (loose > 0) {
        AS_TRY(as_comm_agree(comm, both_ways(edges, n), err));
        AS_TRY(meet(comm, edges, n, err));
        *n = as_cluster_large(*edges, *n, &loose);
        AS_TRY(as_comm_sum(comm, &loose, 1));
        if (loose == 0)
            break;
        AS_TRY(meet(comm, edges, n, err));
        *n = as_cluster_small(*edges, *n);
    }
done:
    return status;
}

enum as_status as_connect_tidy(struct as_edge **edges, uint64_t *n, struct as_err *err)
{
    enum as_status status = as_sort(NULL, (uint8_t **)edges, n, EDGE_BYTES, err);
    uint64_t to = 0;

    for (uint64_t i = 0; status == AS_OK && i < *n; i++)
        if (i == 0 || memcmp(&(*edges)[i], &(*edges)[i - 1], EDGE_BYTES) != 0)
            (*edges)[to++] = (*edges)[i];
    if (status == AS_OK)
        *n = to;
    return status;
}
