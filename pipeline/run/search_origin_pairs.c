/* search_origin_pairs.c - which pictures of one size may have one sensor.
 *
 * The pictures of all ranks travel round in blocks, and are multiplied with those of this rank: a
 * product of matrices for each orientation.  What is multiplied are whole numbers of 8 bits, and so
 * few at a time that every partial sum is exact in float: the correlations are the same for any
 * order, shape, number of threads and ranks.  Each two pictures meet once.
 *
 * 1 this rank's pictures   2 blocks   3 products   4 which pairs   5 all of them        */
#include "../../kernels/linalg.h"
#include "../cluster/comm_ring.h"
#include "search_origin_parts.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    TILE = 1024, /* samples: 1024 * 127 * 127 < 2^24 */
    TILES = 64,  /* of a thread in a step of the ring */
    GROUP = 64,  /* pictures on each side of a product, at most */
    THREADS_MAX = 64,
    HELD_SHARE = 4,        /* of the memory: this rank's pictures at a time */
    BLOCK_SHARE = 16,      /* likewise, each of two blocks of others'       */
    BLOCK_BYTES = 1 << 26, /* at most                                       */
    STEPS_TOLD = 64
};
_Static_assert(TILE * 127 * 127 < 1 << 24, "sums are exact in float");

/* Above this correlation two pictures are the same exposure, stored or edited twice: a sensor's
 * pattern alone does not reach half of it.                                            */
static const double same_exposure = 0.25;

struct own {
    uint64_t row;
    uint64_t at;   /* of o->pictures */
    uint32_t size; /* of o->size     */
    uint8_t place[AS_ORIGIN_PLACE];
};

/* What a block tells of a picture; its samples follow after all of these. */
struct traveller {
    uint64_t row, energy;
    uint8_t place[AS_ORIGIN_PLACE], pad[4];
};
struct block_head {
    uint32_t rank, size, n, pad;
    uint64_t first; /* among the sender's */
    struct traveller picture[GROUP];
};

/* The best pairs of a picture, best first; of equal ones the lower row. */
struct list {
    uint32_t n;
    struct as_origin_pair best[AS_ORIGIN_MOST];
};

struct pairing;

/* A thread of a step. */
struct worker {
    pthread_t thread;
    struct pairing *p;
    uint64_t first, last; /* tiles */
    enum as_status status;
    float a[GROUP * TILE], b[GROUP * TILE], c[GROUP * GROUP];
    int64_t sum[AS_ORIGIN_TURNS][GROUP * GROUP];
};

struct pairing {
    struct as_origin_search *o;
    struct as_origin_eye eye;
    struct own *own; /* [n] by size, row */
    uint64_t n;
    /* in memory: */
    uint64_t held, held_end;
    int8_t **q;
    uint64_t *energy;
    struct list *list;
    /* blocks */
    uint64_t next;                 /* to be given */
    uint64_t block_bytes;          /* of samples; agreed on */
    const struct block_head *head; /* of the block at hand */
    const int8_t *planes;
    struct list *of_block;           /* [GROUP] */
    uint64_t group, group_end, last; /* own pictures of its size */
    uint32_t turn;
    uint64_t tile;
    struct as_origin_view view;
    struct worker *worker; /* [nworkers] */
    uint32_t nworkers;
};

/* ---- 1. this rank's pictures ---- */

static int by_size_row(const void *a, const void *b)
{
    const struct own *x = a, *y = b;

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

static enum as_status list_own(struct pairing *p)
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

static struct as_origin_view view_of(const struct pairing *p, uint32_t size)
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

static void let_go(struct pairing *p)
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

static enum as_status stopped(struct pairing *p, struct as_err *err)
{
    enum as_status status = AS_OK;

    as_rank_tell(p->o->s->r);
    if (as_stop_signal)
        AS_FAIL(err, AS_ESTOP, "%s while pictures were compared", as_stop_why());
done:
    return status;
}

/* Its samples and their energy; of a lost one, which is remembered, zeros. */
static enum as_status read_one(struct pairing *p, uint64_t i, size_t n, int8_t *q, uint64_t *energy,
                               struct as_err *err)
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
static enum as_status hold(struct pairing *p, struct as_err *err)
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
        const struct own *own = &p->own[p->held + i];
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
static enum as_status fill(struct pairing *p, uint64_t i, size_t n, int8_t *to, uint64_t *energy,
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
    struct pairing *p = state;
    struct block_head *head = (struct block_head *)to;
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
    while (p->next < p->n && p->own[p->next].size == head->size && head->n < GROUP &&
           samples <= p->block_bytes + sizeof *head - at) {
        struct traveller *t = &head->picture[head->n++];
        const struct own *own = &p->own[p->next];
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
static bool begin_block(struct pairing *p, const uint8_t *bytes)
{
    const struct block_head *head = (const struct block_head *)bytes;
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
    for (uint32_t k = 0; k < GROUP; k++)
        p->of_block[k].n = 0;
    if (head->rank == (uint32_t)p->o->s->r->me && p->group <= head->first)
        p->group = head->first < p->last ? head->first : p->last; /* each two once */
    p->group_end = p->last - p->group < GROUP ? p->last : p->group + GROUP;
    return mine((uint32_t)p->o->s->r->me, head->rank) && p->group < p->last;
}

/* ---- 3. products ---- */

/* One tile of the pictures as floats, rows TILE apart; returns its samples. */
static size_t tiles_of(const struct as_origin_view *v, const int8_t *const *q, uint64_t n,
                       uint32_t turn, uint64_t tile, float *to)
{
    const size_t first = tile * TILE, left = as_origin_samples(v) - first;
    const size_t count = left < TILE ? left : TILE;

    for (uint64_t i = 0; i < n; i++)
        as_origin_turn(v, q[i], turn, first, count, to + i * TILE);
    return count;
}

static void *multiply(void *state)
{
    struct worker *w = state;
    const struct pairing *p = w->p;
    struct as_gemm product = {.m = p->group_end - p->group,
                              .n = p->head->n,
                              .a = w->a,
                              .b = w->b,
                              .c = w->c,
                              .lda = TILE,
                              .ldb = TILE,
                              .ldc = GROUP,
                              .alpha = 1,
                              .trans_b = true};
    const size_t samples = as_origin_samples(&p->view);
    const int8_t *own[GROUP], *other[GROUP];

    for (uint64_t i = p->group; i < p->group_end; i++)
        own[i - p->group] = p->q[i - p->held];
    for (uint32_t i = 0; i < p->head->n; i++)
        other[i] = p->planes + i * samples;
    for (uint64_t t = w->first; t < w->last && w->status == AS_OK; t++) {
        tiles_of(&p->view, own, product.m, 0, t, w->a);
        product.k = tiles_of(&p->view, other, product.n, p->turn, t, w->b);
        w->status = as_linalg_sgemm(&product);
        for (size_t i = 0; i < product.m; i++)
            for (size_t k = 0; k < product.n; k++)
                w->sum[p->turn][i * GROUP + k] += (int64_t)w->c[i * GROUP + k];
    }
    return NULL;
}

/* The next tiles of the group and orientation at hand, by all threads; the last step of an
 * orientation sets p->tile to 0.                                                   */
static enum as_status step(struct pairing *p)
{
    const uint64_t ntiles = (as_origin_samples(&p->view) + TILE - 1) / TILE;
    bool running[THREADS_MAX] = {false};
    enum as_status status = AS_OK;

    for (uint32_t k = 0; k < p->nworkers; k++) {
        struct worker *w = &p->worker[k];
        w->first = p->tile;
        w->last = ntiles - p->tile < TILES ? ntiles : p->tile + TILES;
        p->tile = w->last;
        running[k] = k + 1 < p->nworkers && w->first < w->last &&
                     pthread_create(&w->thread, NULL, multiply, w) == 0;
        if (!running[k])
            multiply(w);
    }
    for (uint32_t k = 0; k < p->nworkers; k++) {
        if (running[k])
            pthread_join(p->worker[k].thread, NULL);
        status = p->worker[k].status > status ? p->worker[k].status : status;
    }
    if (p->tile == ntiles)
        p->tile = 0;
    return status;
}

/* ---- 4. which pairs ---- */

static void enter(struct list *l, const struct as_origin_pair *pair)
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
static void judge(struct pairing *p, uint64_t i, uint32_t k)
{
    const struct traveller *t = &p->head->picture[k];
    const uint64_t g = i - p->group, energy = p->energy[i - p->held];
    struct as_origin_pair pair = {.a = p->own[i].row, .b = t->row};
    int64_t best = 0;

    for (uint32_t turn = 0; turn < AS_ORIGIN_TURNS; turn++) {
        int64_t sum = 0;
        for (uint32_t w = 0; w < p->nworkers; w++)
            sum += p->worker[w].sum[turn][g * GROUP + k];
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

static enum as_status keep_list(struct pairing *p, const struct list *l)
{
    enum as_status status = AS_OK;

    for (uint32_t i = 0; i < l->n; i++)
        AS_TRY(as_origin_add(&p->o->pair, &l->best[i]));
done:
    return status;
}

/* The group has been multiplied in all orientations. */
static void end_group(struct pairing *p)
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
    p->group_end = p->last - p->group < GROUP ? p->last : p->group + GROUP;
}

static enum as_status visit(void *state, const uint8_t *bytes, uint32_t n, uint32_t part,
                            struct as_err *err)
{
    struct pairing *p = state;
    enum as_status status = AS_OK;

    (void)n;
    if (part == 0 && !begin_block(p, bytes))
        return AS_END;
    if (part % STEPS_TOLD == 0)
        AS_TRY(stopped(p, err));
    AS_TRY(step(p));
    if (p->tile > 0)
        return AS_OK;
    p->turn += as_origin_turns(&p->view) == AS_ORIGIN_TURNS ? 1 : 2;
    if (p->turn < AS_ORIGIN_TURNS)
        return AS_OK;
    end_group(p);
    if (p->group < p->last)
        return AS_OK;
    for (uint32_t k = 0; k < GROUP; k++)
        AS_TRY(keep_list(p, &p->of_block[k]));
    status = AS_END;
done:
    return status;
}

/* ---- 5. all of them ---- */

static enum as_status start(struct pairing *p, struct as_err *err)
{
    const uint64_t part = p->o->s->memory / BLOCK_SHARE;
    const uint64_t fit = part < BLOCK_BYTES ? part : BLOCK_BYTES;
    const uint32_t threads = p->o->s->threads;
    enum as_status status = AS_OK;

    AS_TRY(as_origin_eye_init(&p->eye, &p->o->pictures, err));
    for (uint32_t i = 0; i < p->o->nsizes; i++) {
        const struct as_origin_view v = view_of(p, i);
        const uint64_t one = as_origin_samples(&v), all = one * GROUP;
        const uint64_t bytes = all < fit ? all : one > fit ? one : fit;
        p->block_bytes = bytes > p->block_bytes ? bytes : p->block_bytes;
    }
    p->nworkers = threads < THREADS_MAX ? threads : THREADS_MAX;
    p->worker = calloc(p->nworkers, sizeof *p->worker);
    p->of_block = calloc(GROUP, sizeof *p->of_block);
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
static enum as_status one_round(struct pairing *p, struct as_err *err)
{
    const struct as_ring ring = {p, (uint32_t)(sizeof(struct block_head) + p->block_bytes), give,
                                 visit};
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
    struct pairing p = {.o = o};
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
