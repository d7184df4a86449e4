/* groups.c - the groups of items that copies and near-copies connect.
 *
 * No rank sees all links: each id's edges meet at the rank that the id names, turn about for the
 * two steps of cluster.h.  Then members go to the ranks that have their rows, to be asked for their
 * sizes, and are sorted over all ranks by group, size and row.
 */
#include "groups.h"

#include "../cluster/sort.h"
#include "catalogue_parts.h"

#include <string.h>

/* A member: group, 2^64 - 1 - pixels, row. */
enum { EDGE_BYTES = sizeof(struct as_edge), PIXELS = 8, ROW = 16, MEMBER_BYTES = 24 };

struct groups {
    struct as_search *s;
    struct as_rank *r;
    uint8_t *at; /* [n] edges, then members */
    uint64_t n;
    uint64_t *first; /* [ranks] first rows    */
};

/* The edges of near-copies, and those of copies. */
static enum as_status take_edges(struct groups *g)
{
    struct as_search *s = g->s;
    struct as_edge *edges;
    uint64_t copies = 0;

    for (uint64_t i = 0; i < s->nlinks; i++)
        copies += s->links[i].kind == AS_MATCH_HASH;
    g->at = (uint8_t *)s->edges;
    s->edges = NULL;
    g->n = s->nedges;
    if ((edges = reallocarray(g->at, g->n + copies + 1, EDGE_BYTES)) == NULL)
        return AS_ENOMEM;
    g->at = (uint8_t *)edges;
    for (uint64_t i = 0; i < s->nlinks; i++)
        if (s->links[i].kind == AS_MATCH_HASH)
            as_edge_put(&edges[g->n++], s->links[i].b, s->links[i].a);
    return AS_OK;
}

static void put_member(uint8_t *to, uint64_t group, uint64_t row)
{
    as_be_put(to, group, 8);
    as_be_put(to + PIXELS, 0, 8);
    as_be_put(to + ROW, row, 8);
}

/* Is edge i the first of its star? */
static bool begins(const struct as_edge *edges, uint64_t i)
{
    return i == 0 || memcmp(edges[i - 1].b, edges[i].b, sizeof edges->b) != 0;
}

/* Stars become members, the lowest ids too.  The edges of a star follow each other. */
static enum as_status list_members(struct groups *g)
{
    const struct as_edge *edges = (const struct as_edge *)g->at;
    uint64_t n = 0, stars = 0;
    uint8_t *members;

    for (uint64_t i = 0; i < g->n; i++)
        stars += begins(edges, i);
    if ((members = malloc((g->n + stars + 1) * MEMBER_BYTES)) == NULL)
        return AS_ENOMEM;
    for (uint64_t i = 0; i < g->n; i++) {
        const uint64_t group = as_edge_end(edges[i].b);
        if (begins(edges, i))
            put_member(members + n++ * MEMBER_BYTES, group, group);
        put_member(members + n++ * MEMBER_BYTES, group, as_edge_end(edges[i].a));
    }
    free(g->at);
    g->at = members;
    g->n = n;
    return AS_OK;
}

static int row_owner(void *state, const void *rec)
{
    const struct groups *g = state;

    return as_rank_of_id(g->first, g->r->size, as_be_get((const uint8_t *)rec + ROW, 8));
}

static enum as_status fill_pixels(struct groups *g, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_row *row = calloc(1, sizeof *row);

    if (row == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for a row");
    for (uint64_t i = 0; i < g->n; i++) {
        uint8_t *m = g->at + i * MEMBER_BYTES;
        as_rank_tell(g->r);
        if (as_stop_signal)
            AS_FAIL(err, AS_ESTOP, "%s while searching", as_stop_why());
        AS_TRY(as_catalogue_row(g->s->catalogue, as_be_get(m + ROW, 8), row, NULL, err));
        as_be_put(m + PIXELS, UINT64_MAX - (uint64_t)row->w * row->h, 8);
    }
done:
    free(row);
    return status;
}

/* The group of the last member before this rank's; UINT64_MAX: there is none.  Collective. */
static enum as_status group_before(const struct groups *g, uint64_t *before, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t last[2] = {g->n, g->n ? as_be_get(g->at + (g->n - 1) * MEMBER_BYTES, 8) : 0};
    uint64_t(*all)[2] = calloc((size_t)g->r->size, sizeof *all);

    *before = UINT64_MAX;
    AS_TRY(as_comm_agree(g->r->comm, all ? AS_OK : AS_ENOMEM, err));
    AS_TRY(as_comm_allgather(g->r->comm, last, sizeof last, all));
    for (int i = 0; i < g->r->me; i++)
        if (all[i][0] > 0)
            *before = all[i][1];
done:
    free(all);
    return status;
}

static enum as_status unpack(const struct groups *g, uint64_t before)
{
    struct as_search *s = g->s;

    if ((s->members = calloc(g->n + 1, sizeof *s->members)) == NULL)
        return AS_ENOMEM;
    for (; s->nmembers < g->n; s->nmembers++) {
        const uint8_t *m = g->at + s->nmembers * MEMBER_BYTES;
        const uint64_t group = as_be_get(m, 8);
        s->members[s->nmembers] = (struct as_member){as_be_get(m + ROW, 8), group, group != before};
        before = group;
    }
    return AS_OK;
}

enum as_status as_groups_find(struct as_search *s, struct as_err *err)
{
    struct groups g = {.s = s, .r = s->r};
    struct as_comm *comm = s->r->comm;
    enum as_status status = AS_OK;
    uint64_t before = 0;

    g.first = calloc((size_t)s->r->size, sizeof *g.first);
    AS_TRY(as_comm_agree(comm, g.first ? AS_OK : AS_ENOMEM, err));
    AS_TRY(as_comm_allgather(comm, &s->catalogue->first, sizeof s->catalogue->first, g.first));
    AS_TRY(as_comm_agree(comm, take_edges(&g), err));
    AS_TRY(as_connect(comm, (struct as_edge **)&g.at, &g.n, err));
    AS_TRY(as_comm_agree(comm, list_members(&g), err));
    AS_TRY(as_deal(comm, &g.at, &g.n, MEMBER_BYTES, row_owner, &g, err));
    AS_TRY(as_comm_agree(comm, fill_pixels(&g, err), err));
    AS_TRY(as_sort(comm, &g.at, &g.n, MEMBER_BYTES, err));
    AS_TRY(group_before(&g, &before, err));
    AS_TRY(as_comm_agree(comm, unpack(&g, before), err));
done:
    free(g.at);
    free(g.first);
    return status;
}
