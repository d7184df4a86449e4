/* vectors.c - rows of bytes that are near each other by their cosine, over all ranks.
 *
 * 1 what is found   2 threads and their rows   3 a block of queries   4 the search */
#include "vectors.h"

#include "../../kernels/search/topk.h"
#include "../cluster/sort.h"
#include "grow.h"
#include "rank.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    TILE = 128,             /* queries that meet the rows of all threads at a time */
    READ_ROWS = 1024,       /* read and packed at a time                           */
    BLOCK_MOST = 1024,      /* queries in a block of one rank                      */
    ROUND_MOST = 65536,     /* queries in the blocks of all ranks                  */
    K = AS_VECTORS_MOST + 1 /* one may be the query itself */
};

/* Found: rank that asked, query, the score so that better ones come first, row.  In a block: the
 * rank, then ids, then queries. */
enum { QUERY = 4, SCORE = 12, ROW = 16, FOUND_BYTES = 24, HEAD = 8 };

/* One thread, its rows, and what it finds; with others at the same time, so it touches nothing of
 * theirs. */
struct worker {
    struct search *s;
    struct as_topk_set *set;
    uint64_t from, n; /* of the share: the next part's */
    uint8_t *bytes;   /* [READ_ROWS][dim]              */
    float *rows;      /* likewise                      */
    void *scratch;
    struct as_hit *hit; /* [TILE][K]                   */
    uint32_t nhits[TILE];
    enum as_status status;
    struct as_err err;
    pthread_t thread;
    bool started;
};

struct search {
    const struct as_vector_base *base;
    const struct as_vector_ask *ask;
    struct as_comm *comm;
    int rank, size;
    struct worker *worker;
    uint32_t nworkers;
    uint64_t room;  /* rows of a thread, of a part            */
    uint64_t part;  /* the first row of the part              */
    uint32_t block; /* queries                                */
    uint64_t at;    /* the next query that goes out           */
    bool given;     /* this round                             */
    float *queries; /* [TILE][dim]                            */
    uint32_t ntile;
    struct as_vector_found fresh; /* for any rank's queries */
    struct as_vector_found *found;
    uint64_t settled; /* of found: in order, no more than are told */
};

/* ---- 1. what is found ---- */

struct as_vector_hit as_vectors_hit(const struct as_vector_found *found, uint64_t i)
{
    const uint8_t *rec = found->rec + i * FOUND_BYTES;
    const uint32_t bits = ~(uint32_t)as_be_get(rec + SCORE, 4);
    struct as_vector_hit hit = {as_be_get(rec + QUERY, 8), as_be_get(rec + ROW, 8), 0};

    memcpy(&hit.cosine, &bits, sizeof bits);
    return hit;
}

void as_vectors_clear(struct as_vector_found *found)
{
    free(found->rec);
    memset(found, 0, sizeof *found);
}

/* Scores are above 0, so their bits are in their order. */
static enum as_status add(struct as_vector_found *to, uint32_t rank, uint64_t query,
                          const struct as_hit *hit, uint64_t row)
{
    uint32_t bits;
    uint8_t *rec;

    if (!as_grow((void **)&to->rec, to->n, &to->cap, FOUND_BYTES))
        return AS_ENOMEM;
    rec = to->rec + to->n++ * FOUND_BYTES;
    memcpy(&bits, &hit->score, sizeof bits);
    as_be_put(rec, rank, 4);
    as_be_put(rec + QUERY, query, 8);
    as_be_put(rec + SCORE, ~bits, 4);
    as_be_put(rec + ROW, row, 8);
    return AS_OK;
}

/* The room to tell as_grow of records that came from elsewhere: it does not grow by 0. */
static uint64_t taken(uint64_t n)
{
    return n < 1024 ? 0 : n;
}

/* Puts what was found in order and drops what is not told. */
static enum as_status settle(struct search *s, struct as_err *err)
{
    struct as_vector_found *f = s->found;
    enum as_status status = AS_OK;
    uint64_t kept = 0;
    uint32_t same = 0;

    AS_TRY(as_sort(NULL, &f->rec, &f->n, FOUND_BYTES, err));
    f->cap = taken(f->n);
    for (uint64_t i = 0; i < f->n; i++) {
        const uint8_t *rec = f->rec + i * FOUND_BYTES;
        same =
            kept > 0 && memcmp(f->rec + (kept - 1) * FOUND_BYTES, rec, SCORE) == 0 ? same + 1 : 0;
        if (same < AS_VECTORS_MOST)
            memmove(f->rec + kept++ * FOUND_BYTES, rec, FOUND_BYTES);
    }
    f->n = s->settled = kept;
done:
    return status;
}

static int asker(void *state, const void *rec)
{
    (void)state;
    return (int)as_be_get(rec, 4);
}

/* Takes what all ranks found for this one.  Collective. */
static enum as_status gather(struct search *s, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_deal(s->comm, &s->fresh.rec, &s->fresh.n, FOUND_BYTES, asker, NULL, err));
    s->fresh.cap = taken(s->fresh.n);
    for (uint64_t i = 0; i < s->fresh.n && status == AS_OK; i++) {
        if (!as_grow((void **)&s->found->rec, s->found->n, &s->found->cap, FOUND_BYTES))
            status = AS_ENOMEM;
        else
            memcpy(s->found->rec + s->found->n++ * FOUND_BYTES, s->fresh.rec + i * FOUND_BYTES,
                   FOUND_BYTES);
    }
    s->fresh.n = 0;
    if (status == AS_OK && s->found->n > 2 * s->settled + ROUND_MOST)
        status = settle(s, err);
    status = as_comm_agree(s->comm, status, err);
done:
    return status;
}

/* ---- 2. threads and their rows ---- */

static void floats_of(const uint8_t *from, size_t n, float *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = from[i];
}

static enum as_status load_rows(struct worker *w, struct as_err *err)
{
    const struct as_vector_base *base = w->s->base;
    enum as_status status = AS_OK;

    as_topk_reset(w->set, w->from);
    for (uint64_t at = 0; at < w->n; at += READ_ROWS) {
        const uint64_t n = w->n - at < READ_ROWS ? w->n - at : READ_ROWS;
        if (as_stop_signal)
            AS_FAIL(err, AS_ESTOP, "%s while searching", as_stop_why());
        AS_TRY(base->read(base->state, w->from + at, n, w->bytes, err));
        floats_of(w->bytes, (size_t)n * base->dim, w->rows);
        AS_TRY(as_topk_append(w->set, w->rows, (size_t)n));
    }
done:
    return status;
}

static void *load(void *state)
{
    struct worker *w = state;

    w->status = load_rows(w, &w->err);
    return NULL;
}

static void *meet_rows(void *state)
{
    struct worker *w = state;
    const struct as_topk_ask ask = {w->s->queries, w->s->ntile, w->s->ask->least, w->scratch};
    const struct as_hits hits = {.at = w->hit, .n = w->nhits, .k = K};

    memset(w->nhits, 0, sizeof w->nhits);
    w->status = as_topk_search(w->set, &ask, &hits);
    return NULL;
}

/* All workers at once, this thread being the first of them; one whose thread does not start is done
 * here too. */
static enum as_status together(struct search *s, void *(*what)(void *worker), struct as_err *err)
{
    enum as_status status = AS_OK;

    for (uint32_t k = 1; k < s->nworkers; k++) {
        struct worker *w = &s->worker[k];
        w->started = w->n > 0 && pthread_create(&w->thread, NULL, what, w) == 0;
    }
    for (uint32_t k = 0; k < s->nworkers; k++)
        if (!s->worker[k].started)
            what(&s->worker[k]);
    for (uint32_t k = 0; k < s->nworkers; k++) {
        struct worker *w = &s->worker[k];
        if (w->started)
            pthread_join(w->thread, NULL);
        w->started = false;
        if (w->status != AS_OK && status == AS_OK) {
            status = w->status;
            if (err)
                *err = w->err;
        }
    }
    return status;
}

/* The next part of the share, packed; *more: whether any rank had one.  Collective. */
static enum as_status next_part(struct search *s, bool *more, struct as_err *err)
{
    const uint64_t left = s->base->n - s->part;
    const uint64_t n = left < s->room * s->nworkers ? left : s->room * s->nworkers;
    enum as_status status = AS_OK;
    uint64_t any = n, from = s->part;

    for (uint32_t k = 0; k < s->nworkers; k++) {
        s->worker[k].from = from;
        s->worker[k].n = n / s->nworkers + (k < n % s->nworkers);
        from += s->worker[k].n;
    }
    s->part = from;
    AS_TRY(as_comm_agree(s->comm, together(s, load, err), err));
    AS_TRY(as_comm_max(s->comm, &any, 1));
    *more = any > 0;
done:
    return status;
}

/* ---- 3. a block of queries ---- */

static enum as_status give(void *state, uint8_t *to, uint32_t *n, struct as_err *err)
{
    struct search *s = state;
    const uint64_t left = s->ask->n - s->at;
    const uint32_t dim = s->base->dim, k = left < s->block ? (uint32_t)left : s->block;

    (void)err;
    *n = 0;
    if (s->given || k == 0)
        return AS_OK;
    s->given = true;
    memset(to, 0, HEAD);
    as_be_put(to, (uint64_t)s->rank, 4);
    memcpy(to + HEAD, s->ask->ids + s->at, k * sizeof *s->ask->ids);
    memcpy(to + HEAD + k * sizeof *s->ask->ids, s->ask->queries + s->at * dim, (size_t)k * dim);
    *n = HEAD + k * (uint32_t)(sizeof *s->ask->ids + dim);
    s->at += k;
    return AS_OK;
}

/* Takes what a worker found for query q of the tile. */
static enum as_status keep(struct search *s, const struct worker *w, uint32_t q, uint32_t rank,
                           uint64_t id)
{
    enum as_status status = AS_OK;

    for (uint32_t k = 0; k < w->nhits[q] && status == AS_OK; k++) {
        const struct as_hit *hit = &w->hit[(size_t)q * K + k];
        const uint64_t row = s->base->ids ? s->base->ids[hit->id] : s->base->first + hit->id;
        if (!s->ask->within || row != id)
            status = add(&s->fresh, rank, id, hit, row);
    }
    return status;
}

/* AS_END: there are no such queries. */
static enum as_status meet(void *state, const uint8_t *bytes, uint32_t n, uint32_t part,
                           struct as_err *err)
{
    struct search *s = state;
    const uint32_t dim = s->base->dim, nq = (n - HEAD) / (uint32_t)(sizeof(uint64_t) + dim);
    const uint32_t first = part * TILE, rank = (uint32_t)as_be_get(bytes, 4);
    enum as_status status = AS_OK;

    if (first >= nq)
        return AS_END;
    if (as_stop_signal)
        AS_FAIL(err, AS_ESTOP, "%s while searching", as_stop_why());
    if (s->ask->tell)
        as_rank_tell(s->ask->tell);
    s->ntile = nq - first < TILE ? nq - first : TILE;
    floats_of(bytes + HEAD + nq * sizeof(uint64_t) + (size_t)first * dim, (size_t)s->ntile * dim,
              s->queries);
    AS_TRY(together(s, meet_rows, err));
    for (uint32_t q = 0; q < s->ntile; q++) {
        uint64_t id;
        memcpy(&id, bytes + HEAD + (first + q) * sizeof id, sizeof id);
        for (uint32_t k = 0; k < s->nworkers; k++)
            AS_TRY(keep(s, &s->worker[k], q, rank, id));
    }
done:
    return status;
}

/* All queries of all ranks meet the rows at hand.  Collective. */
static enum as_status all_queries(struct search *s, struct as_err *err)
{
    const struct as_ring ring = {s, HEAD + s->block * (uint32_t)(sizeof(uint64_t) + s->base->dim),
                                 give, meet};
    enum as_status status = AS_OK;
    uint64_t left = 1;

    for (s->at = 0; left > 0;) {
        s->given = false;
        AS_TRY(as_comm_ring(s->comm, &ring, err));
        AS_TRY(gather(s, err));
        left = s->ask->n - s->at;
        AS_TRY(as_comm_max(s->comm, &left, 1));
    }
done:
    return status;
}

/* ---- 4. the search ---- */

static enum as_status begin_worker(struct search *s, struct worker *w)
{
    const uint32_t dim = s->base->dim;
    enum as_status status = as_topk_new(s->room, dim, AS_METRIC_COSINE, &w->set);

    w->s = s;
    if (status == AS_OK) {
        size_t n;
        void *room = as_topk_room(w->set, &n);
        (void)madvise(room, n,
                      MADV_HUGEPAGE); /* a wish, which small or odd memory is not granted */
    }
    w->bytes = malloc((size_t)READ_ROWS * dim);
    w->rows = malloc((size_t)READ_ROWS * dim * sizeof *w->rows);
    w->scratch = malloc(as_topk_scratch_bytes(dim));
    w->hit = malloc((size_t)TILE * K * sizeof *w->hit);
    return status == AS_OK && (!w->bytes || !w->rows || !w->scratch || !w->hit) ? AS_ENOMEM
                                                                                : status;
}

/* Rows of a thread: its share, or as many as memory holds. */
static uint64_t room_of(const struct search *s)
{
    const uint64_t share = s->base->n / s->nworkers + (s->base->n % s->nworkers != 0);
    const uint64_t fit =
        s->ask->memory / s->nworkers / (as_topk_bytes(READ_ROWS, s->base->dim) / READ_ROWS);

    if (s->ask->memory == 0 || share <= fit)
        return share;
    return fit > READ_ROWS ? fit : READ_ROWS;
}

static enum as_status begin(struct search *s, struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint32_t dim = s->base->dim;

    if (!(s->ask->least > 0) || as_topk_bytes(READ_ROWS, dim) == 0)
        AS_FAIL(err, AS_EUSAGE, "no search of %u numbers for a cosine of %g", (unsigned)dim,
                (double)s->ask->least);
    s->nworkers = s->ask->threads ? s->ask->threads : 1;
    s->room = room_of(s);
    s->block = ROUND_MOST / (uint32_t)s->size;
    s->block = s->block > BLOCK_MOST ? BLOCK_MOST : s->block < TILE ? TILE : s->block;
    s->worker = calloc(s->nworkers, sizeof *s->worker);
    s->queries = malloc((size_t)TILE * dim * sizeof *s->queries);
    if (!s->worker || !s->queries)
        status = AS_ENOMEM;
    for (uint32_t k = 0; status == AS_OK && k < s->nworkers; k++)
        status = begin_worker(s, &s->worker[k]);
    if (status != AS_OK)
        AS_FAIL(err, status, "no memory to search %llu vectors", (unsigned long long)s->base->n);
done:
    return status;
}

static void end(struct search *s)
{
    for (uint32_t k = 0; s->worker && k < s->nworkers; k++) {
        as_topk_free(s->worker[k].set);
        free(s->worker[k].bytes);
        free(s->worker[k].rows);
        free(s->worker[k].scratch);
        free(s->worker[k].hit);
    }
    free(s->worker);
    free(s->queries);
    as_vectors_clear(&s->fresh);
}

enum as_status as_vectors_search(const struct as_vector_base *base, const struct as_vector_ask *ask,
                                 struct as_comm *comm, struct as_vector_found *found,
                                 struct as_err *err)
{
    struct search s = {.base = base,
                       .ask = ask,
                       .comm = comm,
                       .rank = as_comm_rank(comm),
                       .size = as_comm_size(comm),
                       .found = found};
    enum as_status status = AS_OK;

    memset(found, 0, sizeof *found);
    AS_TRY(as_comm_agree(comm, begin(&s, err), err));
    for (;;) {
        bool more = false;
        AS_TRY(next_part(&s, &more, err));
        if (!more)
            break;
        AS_TRY(all_queries(&s, err));
    }
    AS_TRY(as_comm_agree(comm, settle(&s, err), err));
done:
    end(&s);
    if (status != AS_OK)
        as_vectors_clear(found);
    return status;
}
