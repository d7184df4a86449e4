/* kin.c - which pictures belong together, as pairs of them are found in any order.
 *
 * To settle, edges go to the ranks of both their ends, where the end becomes the lowest of its
 * set: so few are left of what is closely joined.  Their stars (connect.h) come back to the ranks
 * that have the pictures.                                                          */
#include "kin.h"

#include "../cluster/sort.h"
#include "catalogue_parts.h"
#include "grow.h"

#include <string.h>

enum { ROOM = 1024 }; /* edges */

enum as_status as_kin_init(struct as_kin *kin, struct as_comm *comm, const uint64_t *id, uint64_t n,
                           uint64_t first, struct as_err *err)
{
    const size_t ranks = (size_t)as_comm_size(comm);
    enum as_status status = AS_OK;

    memset(kin, 0, sizeof *kin);
    kin->comm = comm;
    kin->id = id;
    kin->n = (uint32_t)n;
    kin->most = AS_KIN_EDGES;
    kin->up = calloc(n + 1, sizeof *kin->up);
    kin->first = calloc(ranks, sizeof *kin->first);
    AS_TRY(as_comm_agree(comm, kin->up && kin->first && n < UINT32_MAX ? AS_OK : AS_ENOMEM, err));
    for (uint32_t i = 0; i < kin->n; i++)
        kin->up[i] = i;
    AS_TRY(as_comm_allgather(comm, &first, sizeof first, kin->first));
done:
    return status;
}

void as_kin_clear(struct as_kin *kin)
{
    free(kin->up);
    free(kin->first);
    free(kin->edge);
    memset(kin, 0, sizeof *kin);
}

static uint32_t root_of(struct as_kin *kin, uint32_t i)
{
    while (kin->up[i] != i) {
        kin->up[i] = kin->up[kin->up[i]];
        i = kin->up[i];
    }
    return i;
}

void as_kin_join(struct as_kin *kin, uint32_t i, uint32_t j)
{
    i = root_of(kin, i);
    j = root_of(kin, j);
    kin->up[i > j ? i : j] = i > j ? j : i;
}

/* The place of an id; false: it is another rank's. */
static bool place_of(const struct as_kin *kin, uint64_t id, uint32_t *place)
{
    uint32_t lo = 0, hi = kin->n;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (kin->id[mid] < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    *place = lo;
    return lo < kin->n && kin->id[lo] == id;
}

enum as_status as_kin_meet(struct as_kin *kin, uint32_t i, uint64_t id)
{
    uint32_t place;

    if (place_of(kin, id, &place)) {
        as_kin_join(kin, i, place);
        return AS_OK;
    }
    if (!as_grow((void **)&kin->edge, kin->nedges, &kin->edge_cap, sizeof *kin->edge))
        return AS_ENOMEM;
    as_edge_put(&kin->edge[kin->nedges++], id, kin->id[root_of(kin, i)]);
    return AS_OK;
}

static int owner_of_a(void *state, const void *rec)
{
    const struct as_kin *kin = state;
    const struct as_edge *edge = rec;

    return as_rank_of_id(kin->first, as_comm_size(kin->comm), as_edge_end(edge->a));
}

/* Puts the lowest of its set in the place of an end, if it is this rank's. */
static uint64_t lowest(struct as_kin *kin, const uint8_t end[8])
{
    const uint64_t id = as_edge_end(end);
    uint32_t place;

    return place_of(kin, id, &place) ? kin->id[root_of(kin, place)] : id;
}

static enum as_status tidy(struct as_kin *kin, struct as_err *err)
{
    for (uint64_t i = 0; i < kin->nedges; i++)
        as_edge_put(&kin->edge[i], lowest(kin, kin->edge[i].a), lowest(kin, kin->edge[i].b));
    return as_connect_tidy(&kin->edge, &kin->nedges, err);
}

static int by_lowest(const void *x, const void *y)
{
    const struct as_edge *p = x, *q = y;

    return memcmp(p->b, q->b, sizeof p->b);
}

/* What came is as large as it is. */
static enum as_status make_room(struct as_kin *kin)
{
    struct as_edge *more = reallocarray(kin->edge, kin->nedges + ROOM, sizeof *more);

    if (more == NULL)
        return AS_ENOMEM;
    kin->edge = more;
    kin->edge_cap = kin->nedges + ROOM;
    return AS_OK;
}

/* Joins what has the same lowest, (own, lowest), and leaves one edge (lowest, own) of each that is
 * another rank's. */
static enum as_status hear(struct as_kin *kin)
{
    uint64_t to = 0;
    uint32_t own, of_last = 0;

    if (kin->nedges > 0)
        qsort(kin->edge, kin->nedges, sizeof *kin->edge, by_lowest);
    for (uint64_t i = 0; i < kin->nedges; i++) {
        const struct as_edge at = kin->edge[i];
        const uint64_t low = as_edge_end(at.b);
        const bool again = to > 0 && as_edge_end(kin->edge[to - 1].a) == low;
        uint32_t place;
        if (!place_of(kin, as_edge_end(at.a), &own))
            return AS_EBUG;
        if (place_of(kin, low, &place))
            as_kin_join(kin, place, own);
        else if (again)
            as_kin_join(kin, of_last, own);
        else
            as_edge_put(&kin->edge[to++], low, kin->id[own]);
        of_last = again ? of_last : own;
    }
    kin->nedges = to;
    return make_room(kin);
}

enum as_status as_kin_settle(struct as_kin *kin, bool now, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t most = kin->nedges;

    AS_TRY(as_comm_max(kin->comm, &most, 1));
    if (most == 0 || (!now && most <= kin->most))
        goto done;
    AS_TRY(as_comm_agree(kin->comm, tidy(kin, err), err));
    AS_TRY(as_deal(kin->comm, (uint8_t **)&kin->edge, &kin->nedges, sizeof *kin->edge, owner_of_a,
                   kin, err));
    AS_TRY(as_comm_agree(kin->comm, tidy(kin, err), err));
    AS_TRY(as_connect(kin->comm, &kin->edge, &kin->nedges, err));
    AS_TRY(as_deal(kin->comm, (uint8_t **)&kin->edge, &kin->nedges, sizeof *kin->edge, owner_of_a,
                   kin, err));
    AS_TRY(as_comm_agree(kin->comm, hear(kin), err));
done:
    return status;
}

enum as_status as_kin_take(struct as_kin *kin, struct as_edge **edges, uint64_t *n,
                           struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t joined = 0, to = kin->nedges;
    struct as_edge *more;

    for (uint32_t i = 0; i < kin->n; i++)
        joined += root_of(kin, i) != i;
    if ((more = reallocarray(kin->edge, to + joined + 1, sizeof *more)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for %llu edges", (unsigned long long)(to + joined));
    for (uint32_t i = 0; i < kin->n; i++)
        if (root_of(kin, i) != i)
            as_edge_put(&more[to++], kin->id[i], kin->id[root_of(kin, i)]);
    *edges = more;
    *n = to;
    kin->edge = NULL;
    kin->nedges = kin->edge_cap = 0;
done:
    return status;
}
