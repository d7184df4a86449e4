/* near.c - near-copies: pictures whose PDQ codes differ in few bits.
 *
 * A block meets the pictures a tile at a time, several tiles at once in threads: the eight forms of
 * each picture of the tile are searched for among the block's codes, and what is found is merged
 * into its list, by the one thread that also talks to the other ranks.  A code among the k nearest
 * in the least of eight distances is among the k nearest of the form which has that distance, so
 * nothing is missed by keeping k of each.
 *
 * 1 pictures   2 lists   3 a block meets tiles   4 the search                       */
#include "near.h"

#include "../../kernels/search/dihedral.h"
#include "grow.h"
#include "rank.h"

#include <pthread.h>
#include <string.h>

enum {
    TILE = 128,
    FORMS = TILE * AS_DIHEDRAL,
    K = AS_NEAR_MOST + 1, /* one may be the picture itself */
    CODE_BYTES = AS_CODE256_BYTES,
    REC_BYTES = CODE_BYTES + 8, /* in a block: all codes, then all ids */
    BITS_SHIFT = 56
};

/* ---- 1. pictures ---- */

void as_near_init(struct as_near *near, const bool *with)
{
    memset(near, 0, sizeof *near);
    near->pdq = -1;
    for (int d = 0; as_detectors[d]; d++)
        if (with[d] && strcmp(as_detectors[d]->name, "pdq") == 0)
            near->pdq = d;
}

enum as_status as_near_look(struct as_near *near, const struct as_row *row)
{
    const struct as_det_row *det;

    if (near->pdq < 0 || row->status == AS_ITEM_DUPLICATE)
        return AS_OK;
    det = &row->det[near->pdq];
    if (det->status != AS_DET_APPLIES || det->feat[0] < AS_NEAR_QUALITY)
        return AS_OK;
    if (!as_grow((void **)&near->id, near->n, &near->id_cap, sizeof *near->id) ||
        !as_grow((void **)&near->code, near->n, &near->code_cap, CODE_BYTES))
        return AS_ENOMEM;
    near->id[near->n] = row->id;
    memcpy(near->code + near->n++ * CODE_BYTES, det->code, CODE_BYTES);
    return AS_OK;
}

void as_near_clear(struct as_near *near)
{
    free(near->id);
    free(near->code);
    free(near->list);
    free(near->best);
    memset(near, 0, sizeof *near);
}

enum as_status as_near_give_own(void *own, uint8_t codes[][AS_CODE256_BYTES], uint64_t *ids,
                                uint32_t *n, struct as_err *err)
{
    struct as_near_own *o = own;
    const uint64_t left = o->near->n - o->at;

    (void)err;
    *n = left < AS_NEAR_BLOCK ? (uint32_t)left : AS_NEAR_BLOCK;
    if (*n == 0)
        return AS_OK;
    memcpy(codes, o->near->code + o->at * CODE_BYTES, (size_t)*n * CODE_BYTES);
    memcpy(ids, o->near->id + o->at, *n * sizeof *ids);
    o->at += *n;
    return AS_OK;
}

/* ---- 2. lists ---- */

/* The list of picture i, made if need be; NULL: no memory. */
static uint64_t *list_of(struct as_near *near, uint64_t i)
{
    if (near->list[i] == 0) {
        if (near->nlists == UINT32_MAX ||
            !as_grow((void **)&near->best, near->nlists, &near->best_cap,
                     AS_NEAR_MOST * sizeof *near->best))
            return NULL;
        memset(near->best + near->nlists * AS_NEAR_MOST, 0xff, AS_NEAR_MOST * sizeof *near->best);
        near->list[i] = (uint32_t)++near->nlists;
    }
    return near->best + (uint64_t)(near->list[i] - 1) * AS_NEAR_MOST;
}

/* Takes a code among the nearest; one that is there already stays with its least distance. */
static void take(uint64_t *best, uint64_t key)
{
    const uint64_t id = (UINT64_C(1) << BITS_SHIFT) - 1;
    uint32_t at = AS_NEAR_MOST - 1;

    for (uint32_t k = 0; k < AS_NEAR_MOST; k++)
        if (best[k] != UINT64_MAX && (best[k] & id) == (key & id))
            at = k;
    if (best[at] <= key)
        return;
    for (; at > 0 && best[at - 1] > key; at--)
        best[at] = best[at - 1];
    best[at] = key;
}

bool as_near_found(const struct as_near *near, uint64_t i, uint32_t k, uint64_t *id, uint32_t *bits)
{
    uint64_t key;

    if (near->list == NULL || near->list[i] == 0 || k >= AS_NEAR_MOST)
        return false;
    key = near->best[(uint64_t)(near->list[i] - 1) * AS_NEAR_MOST + k];
    if (key == UINT64_MAX)
        return false;
    *id = key & ((UINT64_C(1) << BITS_SHIFT) - 1);
    *bits = (uint32_t)(key >> BITS_SHIFT);
    return true;
}

/* ---- 3. a block meets tiles ---- */

/* One tile at work; with others at the same time, so it touches nothing of theirs. */
struct worker {
    const struct as_near *near;
    const struct as_codes *block;
    uint64_t first, n;  /* pictures of the tile */
    uint8_t *forms;     /* [FORMS][32]          */
    struct as_hit *hit; /* [FORMS][K]           */
    uint32_t *nhits;    /* [FORMS]              */
    enum as_status status;
    pthread_t thread;
    bool started;
};

struct search {
    struct as_near *near;
    const struct as_near_source *source;
    uint64_t *ids; /* [AS_NEAR_BLOCK] of the block at hand */
    struct worker *worker;
    uint32_t nworkers;
};

static void *work(void *state)
{
    struct worker *w = state;
    const struct as_hits hits = {.at = w->hit, .n = w->nhits, .k = K};

    for (uint64_t i = 0; i < w->n; i++)
        as_dihedral(w->near->code + (w->first + i) * CODE_BYTES,
                    (uint8_t(*)[CODE_BYTES])(w->forms + i * AS_DIHEDRAL * CODE_BYTES));
    memset(w->nhits, 0, FORMS * sizeof *w->nhits);
    w->status = as_hamming_search(w->block, w->forms, w->n * AS_DIHEDRAL, AS_NEAR_RADIUS, &hits);
    return NULL;
}

/* Takes what a worker found for the form of picture i. */
static enum as_status keep(struct search *s, uint64_t i, const struct as_hit *hit, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        const uint64_t id = s->ids[hit[k].id];
        uint64_t *best;
        if (s->source->within && id == s->near->id[i])
            continue;
        if ((best = list_of(s->near, i)) == NULL)
            return AS_ENOMEM;
        take(best, (uint64_t)-hit[k].score << BITS_SHIFT | id);
    }
    return AS_OK;
}

static enum as_status keep_all(struct search *s, const struct worker *w)
{
    enum as_status status = w->status;

    for (uint64_t f = 0; f < w->n * AS_DIHEDRAL && status == AS_OK; f++)
        status = keep(s, w->first + f / AS_DIHEDRAL, w->hit + f * K, w->nhits[f]);
    return status;
}

/* As many tiles as there are workers, this thread being the last of them; one whose thread does not
 * start is done here too. */
static enum as_status meet_tiles(struct search *s, const struct as_codes *block, uint64_t first)
{
    enum as_status status = AS_OK;

    for (uint32_t k = 0; k < s->nworkers; k++) {
        struct worker *w = &s->worker[k];
        const uint64_t at = first + (uint64_t)k * TILE, n = s->near->n;
        w->block = block;
        w->first = at < n ? at : n;
        w->n = n - w->first < TILE ? n - w->first : TILE;
        w->started =
            k + 1 < s->nworkers && w->n > 0 && pthread_create(&w->thread, NULL, work, w) == 0;
    }
    for (uint32_t k = s->nworkers; k-- > 0;)
        if (!s->worker[k].started)
            work(&s->worker[k]);
    for (uint32_t k = 0; k < s->nworkers; k++) {
        if (s->worker[k].started)
            pthread_join(s->worker[k].thread, NULL);
        if (status == AS_OK)
            status = keep_all(s, &s->worker[k]);
    }
    return status;
}

/* AS_END: there are no such tiles. */
static enum as_status meet(void *state, const uint8_t *bytes, uint32_t n, uint32_t part,
                           struct as_err *err)
{
    struct search *s = state;
    const struct as_codes block = {bytes, n / REC_BYTES, 0};
    const uint64_t first = (uint64_t)part * s->nworkers * TILE;
    enum as_status status = AS_OK;

    if (first >= s->near->n)
        return AS_END;
    if (as_stop_signal)
        AS_FAIL(err, AS_ESTOP, "stopped by a signal while searching");
    if (s->source->tell)
        as_rank_tell(s->source->tell);
    memcpy(s->ids, bytes + block.n * CODE_BYTES, block.n * sizeof *s->ids);
    AS_TRY(meet_tiles(s, &block, first));
done:
    return status;
}

/* ---- 4. the search ---- */

static enum as_status give(void *state, uint8_t *to, uint32_t *n, struct as_err *err)
{
    struct search *s = state;
    enum as_status status = AS_OK;
    uint32_t codes = 0;

    AS_TRY(s->source->give(s->source->state, (uint8_t(*)[CODE_BYTES])to, s->ids, &codes, err));
    memcpy(to + (size_t)codes * CODE_BYTES, s->ids, codes * sizeof *s->ids);
    *n = codes * REC_BYTES;
done:
    return status;
}

static enum as_status begin(struct search *s, struct as_err *err)
{
    struct as_near *near = s->near;
    enum as_status status = AS_OK;
    bool have;

    near->nlists = 0; /* of an earlier search */
    free(near->list);
    near->list = calloc(near->n + 1, sizeof *near->list);
    s->nworkers = s->source->threads ? s->source->threads : 1;
    s->ids = calloc(AS_NEAR_BLOCK, sizeof *s->ids);
    s->worker = calloc(s->nworkers, sizeof *s->worker);
    have = near->list && s->ids && s->worker;
    for (uint32_t k = 0; have && k < s->nworkers; k++) {
        struct worker *w = &s->worker[k];
        w->near = near;
        w->forms = malloc((size_t)FORMS * CODE_BYTES);
        w->hit = calloc((size_t)FORMS * K, sizeof *w->hit);
        w->nhits = calloc(FORMS, sizeof *w->nhits);
        have = w->forms && w->hit && w->nhits;
    }
    if (!have)
        AS_FAIL(err, AS_ENOMEM, "no memory to search %llu pictures", (unsigned long long)near->n);
done:
    return status;
}

static void end(struct search *s)
{
    for (uint32_t k = 0; s->worker && k < s->nworkers; k++) {
        free(s->worker[k].forms);
        free(s->worker[k].hit);
        free(s->worker[k].nhits);
    }
    free(s->worker);
    free(s->ids);
}

enum as_status as_near_search(struct as_near *near, struct as_comm *comm,
                              const struct as_near_source *source, struct as_err *err)
{
    struct search s = {.near = near, .source = source};
    const struct as_ring ring = {&s, AS_NEAR_BLOCK * REC_BYTES, give, meet};
    enum as_status status = AS_OK;

    AS_TRY(as_comm_agree(comm, begin(&s, err), err));
    status = as_comm_ring(comm, &ring, err);
done:
    end(&s);
    return status;
}
