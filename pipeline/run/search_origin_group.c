/* search_origin_group.c - pictures that one sensor took, put together from pairs.
 *
 * Pairs join pictures, the strongest first.  Two groups are joined only if their means agree as
 * well as a pair must: the mean of several pictures has less of each one's scene and more of the
 * sensor, so one false pair does not chain two cameras.  At the end each picture must agree with
 * the mean of the others of its group.  (After G. J. Bloy, "Blind camera fingerprinting and image
 * clustering", TPAMI 2008.)
 *
 * Every rank knows the pairs that hold the groups together, at most one for each picture, and
 * works on its share of what they connect.
 *
 * 1 pairs that connect   2 pictures at hand   3 joining   4 what is told          */
#include "../cluster/sort.h"
#include "grow.h"
#include "search_origin_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of a mean; pictures that are kept at hand: a share of the memory, or so many. */
enum { MEAN = 16, HAND_SHARE = 4, HAND_LEAST = 4 };

/* A picture that a pair is told of. */
struct node {
    uint64_t row;
    uint8_t place[AS_ORIGIN_PLACE];
    uint64_t root;  /* node that stands for what is connected with it */
    uint64_t group; /* likewise, for its group                        */
    uint32_t turn;  /* quarters, to lie on the group's                */
    double pce;     /* with the mean of the others                    */
};

struct hand {
    int8_t *q;
    uint64_t node, used;
};

struct grouping {
    struct as_origin_search *o;
    struct as_origin_eye eye;
    struct as_origin_pairs edge;
    struct node *node; /* [n] by row */
    uint64_t n;
    uint64_t *order;   /* [n] nodes by root */
    struct hand *hand; /* [nhands] */
    uint64_t nhands, clock;
    float *mean[2];
    uint8_t *found; /* records */
    uint64_t nfound, found_cap;
};

/* ---- 1. pairs that connect ---- */

static int strongest(const void *a, const void *b)
{
    const struct as_origin_pair *x = a, *y = b;

    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return (x->b > y->b) - (x->b < y->b);
}

static int by_row(const void *a, const void *b)
{
    const struct node *x = a, *y = b;

    return (x->row > y->row) - (x->row < y->row);
}

static uint64_t find_node(const struct grouping *g, uint64_t row)
{
    const struct node key = {.row = row};
    const struct node *at = bsearch(&key, g->node, g->n, sizeof key, by_row);

    return (uint64_t)(at - g->node);
}

/* The pictures of the pairs, each once, by row, each by itself. */
static enum as_status list_nodes(struct grouping *g)
{
    uint64_t kept = 0;

    free(g->node);
    if ((g->node = calloc(2 * g->edge.n + 1, sizeof *g->node)) == NULL)
        return AS_ENOMEM;
    for (uint64_t i = 0; i < g->edge.n; i++) {
        const struct as_origin_pair *e = &g->edge.at[i];
        g->node[2 * i].row = e->a;
        memcpy(g->node[2 * i].place, e->place_a, AS_ORIGIN_PLACE);
        g->node[2 * i + 1].row = e->b;
        memcpy(g->node[2 * i + 1].place, e->place_b, AS_ORIGIN_PLACE);
    }
    qsort(g->node, 2 * g->edge.n, sizeof *g->node, by_row);
    for (uint64_t i = 0; i < 2 * g->edge.n; i++)
        if (kept == 0 || g->node[kept - 1].row != g->node[i].row)
            g->node[kept++] = g->node[i];
    for (uint64_t i = 0; i < kept; i++)
        g->node[i].root = g->node[i].group = i;
    g->n = kept;
    return AS_OK;
}

static uint64_t root_of(struct grouping *g, uint64_t i)
{
    while (g->node[i].root != i) {
        g->node[i].root = g->node[g->node[i].root].root;
        i = g->node[i].root;
    }
    return i;
}

/* Leaves the strongest pairs that connect all that the pairs connect. */
static enum as_status thin(struct grouping *g)
{
    enum as_status status = AS_OK;
    uint64_t kept = 0;

    if (g->edge.n > 0)
        qsort(g->edge.at, g->edge.n, sizeof *g->edge.at, strongest);
    AS_TRY(list_nodes(g));
    for (uint64_t i = 0; i < g->edge.n; i++) {
        const struct as_origin_pair e = g->edge.at[i];
        const uint64_t a = root_of(g, find_node(g, e.a)), b = root_of(g, find_node(g, e.b));
        if (a == b)
            continue;
        g->node[a < b ? b : a].root = a < b ? a : b;
        g->edge.at[kept++] = e;
    }
    g->edge.n = kept;
done:
    return status;
}

/* The pairs of all ranks, on every rank.  The strongest tree of all of them is made of pairs of
 * each rank's.  Collective.                                                              */
static enum as_status share(struct grouping *g, struct as_err *err)
{
    struct as_comm *comm = g->o->s->r->comm;
    enum as_status status = AS_OK;
    uint64_t bytes = 0;
    uint8_t *all = NULL;

    g->edge = g->o->pair;
    memset(&g->o->pair, 0, sizeof g->o->pair);
    AS_TRY(as_comm_agree(comm, thin(g), err));
    AS_TRY(as_comm_gather(comm, g->edge.at, g->edge.n * sizeof *g->edge.at, &all, &bytes, err));
    AS_TRY(as_comm_bcast(comm, &bytes, sizeof bytes, 0));
    if (all == NULL)
        all = malloc(bytes + 1);
    AS_TRY(as_comm_agree(comm, all ? AS_OK : AS_ENOMEM, err));
    AS_TRY(as_comm_bcast(comm, all, bytes, 0));
    free(g->edge.at);
    g->edge.at = (struct as_origin_pair *)all;
    g->edge.n = bytes / sizeof *g->edge.at;
    all = NULL;
    AS_TRY(as_comm_agree(comm, thin(g), err));
done:
    free(all);
    return status;
}

/* ---- 2. pictures at hand ---- */

/* Makes room for pictures of the size of this one. */
static enum as_status take_size(struct grouping *g, uint64_t node, struct as_err *err)
{
    enum as_status status = AS_OK;

    for (uint64_t i = 0; i < g->nhands; i++)
        free(g->hand[i].q);
    free(g->hand);
    free(g->mean[0]);
    free(g->mean[1]);
    g->hand = NULL;
    g->mean[0] = g->mean[1] = NULL;
    g->nhands = 0;
    AS_TRY(as_origin_read(&g->eye, g->node[node].place, NULL, err));
    const size_t n = as_origin_samples(&g->eye.view);
    const uint64_t part = g->o->s->memory / HAND_SHARE / n;
    const uint64_t fit = part > HAND_LEAST ? part : HAND_LEAST;
    g->hand = calloc(fit, sizeof *g->hand);
    g->mean[0] = malloc(n * sizeof(float));
    g->mean[1] = malloc(n * sizeof(float));
    if (g->hand == NULL || g->mean[0] == NULL || g->mean[1] == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to group pictures");
    g->nhands = fit;
done:
    return status;
}

/* The picture, which stays at hand until others have been used more recently. */
static enum as_status take(struct grouping *g, uint64_t node, const int8_t **q, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct hand *h = g->hand;

    as_rank_tell(g->o->s->r);
    if (as_stop_signal)
        AS_FAIL(err, AS_ESTOP, "%s while pictures were grouped", as_stop_why());
    for (uint64_t i = 0; i < g->nhands; i++) {
        if (g->hand[i].q && g->hand[i].node == node) {
            h = &g->hand[i];
            break;
        }
        if (g->hand[i].used < h->used)
            h = &g->hand[i];
    }
    if (h->q == NULL || h->node != node) {
        h->used = 0;
        h->node = UINT64_MAX;
        if (h->q == NULL && (h->q = malloc(as_origin_samples(&g->eye.view))) == NULL)
            AS_FAIL(err, AS_ENOMEM, "no memory to group pictures");
        AS_TRY(as_origin_read(&g->eye, g->node[node].place, h->q, err));
        h->node = node;
    }
    h->used = ++g->clock;
    *q = h->q;
done:
    return status;
}

/* ---- 3. joining ---- */

/* What is connected: places in g->order and in g->edge, where a tree follows the other. */
struct part {
    uint64_t first, last, first_edge, last_edge;
};

/* The sum of up to MEAN members of a group, the lowest rows, without one. */
static enum as_status sum_up(struct grouping *g, const struct part *part, uint64_t group,
                             uint64_t without, float *to, struct as_err *err)
{
    const size_t n = as_origin_samples(&g->eye.view);
    enum as_status status = AS_OK;
    uint32_t taken = 0;
    float row[1024];
    const int8_t *q;

    memset(to, 0, n * sizeof *to);
    for (uint64_t i = part->first; i < part->last && taken < MEAN; i++) {
        const struct node *m = &g->node[g->order[i]];
        if (m->group != group || g->order[i] == without)
            continue;
        taken++;
        AS_TRY(take(g, g->order[i], &q, err));
        for (size_t at = 0; at < n; at += sizeof row / sizeof *row) {
            const size_t left = n - at, count = left < 1024 ? left : 1024;
            as_origin_turn(&g->eye.view, q, m->turn, at, count, row);
            for (size_t k = 0; k < count; k++)
                to[at + k] += row[k];
        }
    }
done:
    return status;
}

/* PCE of the means of two groups; of one picture and the rest of its group where `without` is one.
 */
static enum as_status agree(struct grouping *g, const struct part *part, uint64_t a, uint64_t b,
                            uint32_t turn, uint64_t without, double *pce, struct as_err *err)
{
    enum as_status status = AS_OK;
    const int8_t *q;

    AS_TRY(sum_up(g, part, a, without, g->mean[0], err));
    if (without == UINT64_MAX) {
        AS_TRY(sum_up(g, part, b, without, g->mean[1], err));
    } else {
        AS_TRY(take(g, without, &q, err));
        as_origin_turn(&g->eye.view, q, 0, 0, as_origin_samples(&g->eye.view), g->mean[1]);
    }
    as_origin_spectrum(&g->eye, 0, g->mean[0], 0);
    as_origin_spectrum(&g->eye, 1, g->mean[1], turn);
    AS_TRY(as_origin_pce(&g->eye, pce));
done:
    return status;
}

static enum as_status join(struct grouping *g, const struct part *part,
                           const struct as_origin_pair *e, struct as_err *err)
{
    const uint64_t na = find_node(g, e->a), nb = find_node(g, e->b);
    const uint64_t a = g->node[na].group, b = g->node[nb].group;
    const uint64_t low = a < b ? a : b, high = a < b ? b : a;
    enum as_status status = AS_OK;
    uint32_t turn; /* of b's group, to lie on a's */
    uint64_t members = 0;
    double pce = e->score;

    if (a == b)
        return AS_OK;
    turn = (e->turn + g->node[na].turn + AS_ORIGIN_TURNS - g->node[nb].turn) % AS_ORIGIN_TURNS;
    for (uint64_t i = part->first; i < part->last; i++) {
        const uint64_t group = g->node[g->order[i]].group;
        members += group == a || group == b;
    }
    if (members > 2)
        AS_TRY(agree(g, part, a, b, turn, UINT64_MAX, &pce, err));
    if (!as_origin_told(g->o, &g->eye.view, pce))
        return AS_OK;
    turn = low == a ? turn : (AS_ORIGIN_TURNS - turn) % AS_ORIGIN_TURNS;
    for (uint64_t i = part->first; i < part->last; i++) {
        struct node *m = &g->node[g->order[i]];
        if (m->group != high)
            continue;
        m->turn = (m->turn + turn) % AS_ORIGIN_TURNS;
        m->group = low;
    }
done:
    return status;
}

/* ---- 4. what is told ---- */

enum { ROW = 8, VALUE = 16, P = 20, REC_BYTES = 24 };

static void put_float(uint8_t *to, float v)
{
    uint32_t bits;

    memcpy(&bits, &v, sizeof bits);
    as_be_put(to, bits, 4);
}

static float get_float(const uint8_t *from)
{
    const uint32_t bits = (uint32_t)as_be_get(from, 4);
    float v;

    memcpy(&v, &bits, sizeof v);
    return v;
}

/* Two members of a group or more that agree with the rest of it. */
static enum as_status tell(struct grouping *g, const struct part *part, uint64_t group,
                           struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t lowest = UINT64_MAX, members = 0;

    for (uint64_t i = part->first; i < part->last; i++) {
        struct node *m = &g->node[g->order[i]];
        if (m->group != group)
            continue;
        AS_TRY(agree(g, part, group, group, m->turn, g->order[i], &m->pce, err));
        if (!as_origin_told(g->o, &g->eye.view, m->pce))
            continue;
        lowest = m->row < lowest ? m->row : lowest;
        members++;
    }
    for (uint64_t i = part->first; members > 1 && i < part->last; i++) {
        const struct node *m = &g->node[g->order[i]];
        uint8_t *to;
        if (m->group != group || !as_origin_told(g->o, &g->eye.view, m->pce))
            continue;
        if (!as_grow((void **)&g->found, g->nfound, &g->found_cap, REC_BYTES))
            AS_FAIL(err, AS_ENOMEM, "no memory for the groups");
        to = g->found + g->nfound++ * REC_BYTES;
        as_be_put(to, lowest, 8);
        as_be_put(to + ROW, m->row, 8);
        put_float(to + VALUE, (float)m->pce);
        put_float(to + P, (float)pow(10, fmax(as_origin_log_p(g->o, &g->eye.view, m->pce), -37)));
    }
done:
    return status;
}

/* All that is connected with each other: joins it into groups and tells of them. */
static enum as_status one_part(struct grouping *g, const struct part *part, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(take_size(g, g->order[part->first], err));
    for (uint64_t i = part->first_edge; i < part->last_edge; i++)
        AS_TRY(join(g, part, &g->edge.at[i], err));
    for (uint64_t i = part->first; i < part->last; i++)
        if (g->node[g->order[i]].group == g->order[i])
            AS_TRY(tell(g, part, g->order[i], err));
done:
    return status;
}

static int by_root(const void *a, const void *b, void *state)
{
    const struct grouping *g = state;
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    if (g->node[x].root != g->node[y].root)
        return g->node[x].root < g->node[y].root ? -1 : 1;
    return (x > y) - (x < y);
}

static int by_tree(const void *a, const void *b, void *state)
{
    const struct as_origin_pair *x = a, *y = b;
    struct grouping *g = state;
    const uint64_t i = g->node[find_node(g, x->a)].root, k = g->node[find_node(g, y->a)].root;

    return i != k ? (i < k ? -1 : 1) : strongest(a, b);
}

/* This rank's share. */
static enum as_status all_parts(struct grouping *g, struct as_err *err)
{
    const struct as_rank *r = g->o->s->r;
    enum as_status status = AS_OK;
    struct part part = {0, 0, 0, 0};

    if ((g->order = calloc(g->n + 1, sizeof *g->order)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the groups");
    for (uint64_t i = 0; i < g->n; i++) {
        g->order[i] = i;
        g->node[i].root = root_of(g, i);
    }
    qsort_r(g->order, g->n, sizeof *g->order, by_root, g);
    if (g->edge.n > 0)
        qsort_r(g->edge.at, g->edge.n, sizeof *g->edge.at, by_tree, g);
    for (uint64_t k = 0; part.first < g->n; k++) {
        const uint64_t root = g->node[g->order[part.first]].root;
        while (part.last < g->n && g->node[g->order[part.last]].root == root)
            part.last++;
        part.last_edge = part.first_edge + (part.last - part.first - 1);
        if (k % (uint64_t)r->size == (uint64_t)r->me)
            AS_TRY(one_part(g, &part, err));
        part.first = part.last;
        part.first_edge = part.last_edge;
    }
done:
    return status;
}

static enum as_status unpack(struct grouping *g)
{
    struct as_search *s = g->o->s;

    if ((s->origins = calloc(g->nfound + 1, sizeof *s->origins)) == NULL)
        return AS_ENOMEM;
    for (; s->norigins < g->nfound; s->norigins++) {
        const uint8_t *at = g->found + s->norigins * REC_BYTES;
        s->origins[s->norigins] = (struct as_origin){as_be_get(at + ROW, 8), as_be_get(at, 8),
                                                     get_float(at + VALUE), get_float(at + P)};
    }
    return AS_OK;
}

enum as_status as_origin_group(struct as_origin_search *o, struct as_err *err)
{
    struct as_comm *comm = o->s->r->comm;
    struct grouping g = {.o = o};
    enum as_status status = AS_OK;

    AS_TRY(as_comm_agree(comm, as_origin_eye_init(&g.eye, &o->pictures, err), err));
    AS_TRY(share(&g, err));
    AS_TRY(as_comm_agree(comm, all_parts(&g, err), err));
    AS_TRY(as_sort(comm, &g.found, &g.nfound, REC_BYTES, err));
    AS_TRY(as_comm_agree(comm, unpack(&g), err));
done:
    as_origin_eye_clear(&g.eye);
    for (uint64_t i = 0; i < g.nhands; i++)
        free(g.hand[i].q);
    free(g.hand);
    free(g.mean[0]);
    free(g.mean[1]);
    free(g.edge.at);
    free(g.node);
    free(g.order);
    free(g.found);
    return status;
}
