/* search_origin_pairs.c - which pictures of one size may have one sensor.
 *
 * The pictures of all ranks travel round in blocks, and are multiplied with those of this rank: a
 * product of matrices for each orientation.  What is multiplied are whole numbers of 8 bits, and so
 * few at a time that every partial sum is exact in float: the correlations are the same for any
 * order, shape, number of threads and ranks.  Each two pictures meet once.
 *
 * 1 this rank's pictures   2 blocks   3 which pairs   4 all of them        */
#include "search_origin_pairs.h"
#include "../cluster/comm_ring.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    HELD_SHARE = 4,        /* of the memory: this rank's pictures at a time */
    BLOCK_SHARE = 16,      /* likewise, each of two blocks of others'       */
    BLOCK_BYTES = 1 << 26, /* at most                                       */
    STEPS_TOLD = 64
};

/* Above this correlation two pictures are the same exposure, stored or edited twice: a sensor's
 * pattern alone does not reach half of it.                                            */
static const double same_exposure = 0.25;

/* ---- 1. this rank's pictures ---- */

static int by_size_row(const void *a, const void *b)
{
    const struct as_pairing_own *x = a, *y = b;

    if (x->size != y->size)
        return x->size < y->size ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static int to_size(const void *key, const void *at)
{
    const struct as_origin_size *x = key, *y = at;

    if (x->w != y->w)
        return x->w < y->w ? -1 : 1;
    return (x->h > y->h) - (x->h < y->h);
}

static enum as_status list_own(struct as_pairing *p)
{
    const struct as_origin_search *o = p->o;
    const struct as_residuals *v = &o->pictures;

    if ((p->own = calloc(v->n + 1, sizeof *p->own)) == NULL)
        return AS_ENOMEM;
    for (uint64_t i = 0; i < v->n; i++) {
        const struct as_residual_place *at = &v->place[i];
        const struct as_origin_size key = {at->w > at->h ? at->w : at->h,
                                           at->w > at->h ? at->h : at->w, 0};
        const struct as_origin_size *size =
            o->nsizes ? bsearch(&key, o->size, o->nsizes, sizeof key, to_size) : NULL;
        if (size == NULL)
            continue;
        p->own[p->n].row = at->row;
        p->own[p->n].at = i;
        p->own[p->n].size = (uint32_t)(size - o->size);
        as_origin_place_put(p->own[p->n++].place, at);
    }
    qsort(p->own, p->n, sizeof *p->own, by_size_row);
    return AS_OK;
}

static struct as_origin_view view_of(const struct as_pairing *p, uint32_t size)
{
    return as_origin_view(&p->o->pictures.keep, p->o->size[size].w, p->o->size[size].h);
}

static uint64_t energy_of(const int8_t *q, size_t n)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (uint64_t)(q[i] * q[i]);
    return sum;
}

static void let_go(struct as_pairing *p)
{
    for (uint64_t i = 0; p->q && i < p->held_end - p->held; i++)
        free(p->q[i]);
    free(p->q);
    free(p->energy);
    free(p->list);
    p->q = NULL;
    p->energy = NULL;
    p->list = NULL;
}

static enum as_status stopped(struct as_pairing *p, struct as_err *err)
{
    enum as_status status = AS_OK;

    as_rank_tell(p->o->s->r);
    if (as_stop_signal)
        AS_FAIL(err, AS_ESTOP, "%s while pictures were compared", as_stop_why());
done:
    return status;
}

/* Its samples and their energy; of a lost one, which is remembered, zeros. */
static enum as_status read_one(struct as_pairing *p, uint64_t i, size_t n, int8_t *q,
                               uint64_t *energy, struct as_err *err)
{
    enum as_status status = as_origin_read_own(&p->eye, p->own[i].at, q, err);

    if (status == AS_SKIP)
        memset(q, 0, n);
    else
        AS_TRY(status);
    *energy = energy_of(q, n);
    status = AS_OK;
done:
    return status;
}

/* As many of the next pictures as fit. */
static enum as_status hold(struct as_pairing *p, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t bytes = 0, end = p->held_end;

    p->held = p->held_end;
    for (; end < p->n && (end == p->held || bytes < p->o->s->memory / HELD_SHARE); end++) {
        const struct as_origin_view v = view_of(p, p->own[end].size);
        bytes += as_origin_samples(&v);
    }
    p->held_end = end;
    p->q = calloc(end - p->held + 1, sizeof *p->q);
    p->energy = calloc(end - p->held + 1, sizeof *p->energy);
    p->list = calloc(end - p->held + 1, sizeof *p->list);
    if (p->q == NULL || p->energy == NULL || p->list == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to compare pictures");
    for (uint64_t i = 0; i < end - p->held; i++) {
        const struct as_pairing_own *own = &p->own[p->held + i];
        const struct as_origin_view v = view_of(p, own->size);
        const size_t n = as_origin_samples(&v);
        AS_TRY(stopped(p, err));
        if ((p->q[i] = malloc(n)) == NULL)
            AS_FAIL(err, AS_ENOMEM, "no memory to compare pictures");
        AS_TRY(read_one(p, p->held + i, n, p->q[i], &p->energy[i], err));
    }
done:
    return status;
}

/* ---- 2. blocks ---- */

/* Its samples and their energy, from memory or anew. */
static enum as_status fill(struct as_pairing *p, uint64_t i, size_t n, int8_t *to, uint64_t *energy,
                           struct as_err *err)
{
    enum as_status status = AS_OK;

    if (i >= p->held && i < p->held_end) {
        memcpy(to, p->q[i - p->held], n);
        *energy = p->energy[i - p->held];
        return AS_OK;
    }
    AS_TRY(stopped(p, err));
    AS_TRY(read_one(p, i, n, to, energy, err));
done:
    return status;
}

static enum as_status give(void *state, uint8_t *to, uint32_t *n, struct as_err *err)
{
    struct as_pairing *p = state;
    struct as_pairing_head *head = (struct as_pairing_head *)to;
    enum as_status status = AS_OK;
    uint32_t at = sizeof *head;

    *n = 0;
    if (p->next == p->n)
        return AS_OK;
    memset(head, 0, sizeof *head);
    head->rank = (uint32_t)p->o->s->r->me;
    head->size = p->own[p->next].size;
    head->first = p->next;
    const struct as_origin_view v = view_of(p, head->size);
    const size_t samples = as_origin_samples(&v);
    while (p->next < p->n && p->own[p->next].size == head->size && head->n < AS_PAIRING_GROUP &&
           samples <= p->block_bytes + sizeof *head - at) {
        struct as_pairing_traveller *t = &head->picture[head->n++];
        const struct as_pairing_own *own = &p->own[p->next];
        t->row = own->row;
        memcpy(t->place, own->place, sizeof t->place);
        AS_TRY(fill(p, p->next, samples, (int8_t *)to + at, &t->energy, err));
        at += (uint32_t)samples;
        p->next++;
    }
    *n = at;
done:
    return status;
}

/* Of two ranks' pictures one rank does all pairs: each as often as the other way round. */
static bool mine(uint32_t me, uint32_t sender)
{
    return me == sender || ((me ^ sender) & 1 ? me < sender : me > sender);
}

/* Whether anything of the block is to be compared with what is held. */
static bool begin_block(struct as_pairing *p, const uint8_t *bytes)
{
    const struct as_pairing_head *head = (const struct as_pairing_head *)bytes;
    uint64_t i = p->held;

    p->head = head;
    p->planes = (const int8_t *)bytes + sizeof *head;
    p->view = view_of(p, head->size);
    while (i < p->held_end && p->own[i].size < head->size)
        i++;
    p->group = i;
    while (i < p->held_end && p->own[i].size == head->size)
        i++;
    p->last = i;
    p->turn = 0;
    p->tile = 0;
    for (uint32_t k = 0; k < AS_PAIRING_GROUP; k++)
        p->of_block[k].n = 0;
    if (head->rank == (uint32_t)p->o->s->r->me && p->group <= head->first)
        p->group = head->first < p->last ? head->first : p->last; /* each two once */
    p->group_end = p->last - p->group < AS_PAIRING_GROUP ? p->last : p->group + AS_PAIRING_GROUP;
    return mine((uint32_t)p->o->s->r->me, head->rank) && p->group < p->last;
}

/* ---- 3. which pairs ---- */

static void enter(struct as_pairing_list *l, const struct as_origin_pair *pair)
{
    uint32_t at = l->n;

    while (at > 0 && (pair->score > l->best[at - 1].score ||
                      (pair->score == l->best[at - 1].score && pair->b < l->best[at - 1].b)))
        at--;
    if (at == AS_ORIGIN_MOST)
        return;
    l->n += l->n < AS_ORIGIN_MOST;
    memmove(&l->best[at + 1], &l->best[at], (l->n - 1 - at) * sizeof *pair);
    l->best[at] = *pair;
}

/* Looks at own picture i and the block's k, of which all products are there. */
static void judge(struct as_pairing *p, uint64_t i, uint32_t k)
{
    const struct as_pairing_traveller *t = &p->head->picture[k];
    const uint64_t g = i - p->group, energy = p->energy[i - p->held];
    struct as_origin_pair pair = {.a = p->own[i].row, .b = t->row};
    int64_t best = 0;

    for (uint32_t turn = 0; turn < AS_ORIGIN_TURNS; turn++) {
        int64_t sum = 0;
        for (uint32_t w = 0; w < p->nworkers; w++)
            sum += p->worker[w].sum[turn][g * AS_PAIRING_GROUP + k];
        if (sum > best)
            pair.turn = (uint8_t)turn;
        best = sum > best ? sum : best;
    }
    if (best == 0 || energy == 0 || t->energy == 0)
        return;
    const double square = (double)best * (double)best / ((double)energy * (double)t->energy);
    pair.score = square * (double)as_origin_samples(&p->view);
    if (pair.score < p->o->proposed || square > same_exposure * same_exposure)
        return;
    memcpy(pair.place_a, p->own[i].place, sizeof pair.place_a);
    memcpy(pair.place_b, t->place, sizeof pair.place_b);
    enter(&p->list[i - p->held], &pair);
    struct as_origin_pair other = pair;
    other.a = pair.b;
    other.b = pair.a;
    other.turn = (uint8_t)((AS_ORIGIN_TURNS - pair.turn) % AS_ORIGIN_TURNS);
    memcpy(other.place_a, pair.place_b, sizeof other.place_a);
    memcpy(other.place_b, pair.place_a, sizeof other.place_b);
    enter(&p->of_block[k], &other);
}

static enum as_status keep_list(struct as_pairing *p, const struct as_pairing_list *l)
{
    enum as_status status = AS_OK;

    for (uint32_t i = 0; i < l->n; i++)
        AS_TRY(as_origin_add(&p->o->pair, &l->best[i]));
done:
    return status;
}

/* The group has been multiplied in all orientations. */
static void end_group(struct as_pairing *p)
{
    const bool same = p->head->rank == (uint32_t)p->o->s->r->me;

    for (uint64_t i = p->group; i < p->group_end; i++)
        for (uint32_t k = 0; k < p->head->n; k++)
            if (!same || p->head->first + k < i)
                judge(p, i, k);
    for (uint32_t w = 0; w < p->nworkers; w++)
        memset(p->worker[w].sum, 0, sizeof p->worker[w].sum);
    p->turn = 0;
    p->group = p->group_end;
    p->group_end = p->last - p->group < AS_PAIRING_GROUP ? p->last : p->group + AS_PAIRING_GROUP;
}

static enum as_status visit(void *state, const uint8_t *bytes, uint32_t n, uint32_t part,
                            struct as_err *err)
{
    struct as_pairing *p = state;
    enum as_status status = AS_OK;

    (void)n;
    if (part == 0 && !begin_block(p, bytes))
        return AS_END;
    if (part % STEPS_TOLD == 0)
        AS_TRY(stopped(p, err));
    AS_TRY(as_pairing_multiply(p));
    if (p->tile > 0)
        return AS_OK;
    p->turn += as_origin_turns(&p->view) == AS_ORIGIN_TURNS ? 1 : 2;
    if (p->turn < AS_ORIGIN_TURNS)
        return AS_OK;
    end_group(p);
    if (p->group < p->last)
        return AS_OK;
    for (uint32_t k = 0; k < AS_PAIRING_GROUP; k++)
        AS_TRY(keep_list(p, &p->of_block[k]));
    status = AS_END;
done:
    return status;
}

/* ---- 4. all of them ---- */

static enum as_status start(struct as_pairing *p, struct as_err *err)
{
    const uint64_t part = p->o->s->memory / BLOCK_SHARE;
    const uint64_t fit = part < BLOCK_BYTES ? part : BLOCK_BYTES;
    const uint32_t threads = p->o->s->threads;
    enum as_status status = AS_OK;

    AS_TRY(as_origin_eye_init(&p->eye, &p->o->pictures, err));
    for (uint32_t i = 0; i < p->o->nsizes; i++) {
        const struct as_origin_view v = view_of(p, i);
        const uint64_t one = as_origin_samples(&v), all = one * AS_PAIRING_GROUP;
        const uint64_t bytes = all < fit ? all : one > fit ? one : fit;
        p->block_bytes = bytes > p->block_bytes ? bytes : p->block_bytes;
    }
    p->nworkers = threads < AS_PAIRING_THREADS ? threads : AS_PAIRING_THREADS;
    p->worker = calloc(p->nworkers, sizeof *p->worker);
    p->of_block = calloc(AS_PAIRING_GROUP, sizeof *p->of_block);
    if (p->worker == NULL || p->of_block == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to compare pictures");
    for (uint32_t k = 0; k < p->nworkers; k++)
        p->worker[k].p = p;
    if (list_own(p) != AS_OK)
        AS_FAIL(err, AS_ENOMEM, "no memory for the pictures that are compared");
done:
    return status;
}

/* As many of this rank's pictures as it can hold, against all of all ranks.  Collective. */
static enum as_status one_round(struct as_pairing *p, struct as_err *err)
{
    const struct as_ring ring = {p, (uint32_t)(sizeof(struct as_pairing_head) + p->block_bytes),
                                 give, visit};
    struct as_comm *comm = p->o->s->r->comm;
    enum as_status status = AS_OK, kept = AS_OK;

    AS_TRY(as_comm_agree(comm, hold(p, err), err));
    p->next = 0;
    AS_TRY(as_comm_ring(comm, &ring, err));
    for (uint64_t i = 0; i < p->held_end - p->held && kept == AS_OK; i++)
        kept = keep_list(p, &p->list[i]);
    AS_TRY(as_comm_agree(comm, kept, err));
done:
    let_go(p);
    return status;
}

enum as_status as_origin_propose(struct as_origin_search *o, struct as_err *err)
{
    struct as_comm *comm = o->s->r->comm;
    struct as_pairing p = {.o = o};
    enum as_status status = AS_OK;
    uint64_t left = 1;

    AS_TRY(as_comm_agree(comm, start(&p, err), err));
    AS_TRY(as_comm_max(comm, &p.block_bytes, 1));
    while (left > 0) {
        AS_TRY(one_round(&p, err));
        left = p.n - p.held_end;
        AS_TRY(as_comm_max(comm, &left, 1));
    }
    AS_TRY(as_residuals_end(&o->pictures, o->s->r, err));
    AS_TRY(as_origin_choose(o, err));
done:
    as_origin_eye_clear(&p.eye);
    free(p.own);
    free(p.worker);
    free(p.of_block);
    return status;
}
