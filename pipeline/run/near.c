/* near.c - near-copies: pictures whose PDQ codes differ in few bits.
 *
 * A block meets the pictures a tile at a time, several tiles at once in threads.  All eight forms
 * of each picture of the tile are searched for among the block's codes; what is near is put into
 * the picture's list, and joins it with what else was near that code.  The one thread that also
 * talks to the other ranks merges lists and joins of the tiles.
 *
 * 1 pictures   2 lists   3 a tile   4 a block meets tiles   5 the search            */
#include "near.h"

#include "../../kernels/search/dihedral.h"
#include "grow.h"
#include "rank.h"

#include <pthread.h>
#include <string.h>

enum {
    TILE = 128,
    FORMS = TILE * AS_DIHEDRAL,
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

    if (near->pdq < 0 || row->status == AS_ITEM_DUPLICATE || row->flags & AS_FLAG_ALTERED)
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
    *n = left < o->block ? (uint32_t)left : o->block;
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
static void keep(uint64_t *best, uint64_t key)
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

    if (near->list == NULL || near->list[i] == 0 || k >= near->most)
        return false;
    key = near->best[(uint64_t)(near->list[i] - 1) * near->most + k];
    if (key == UINT64_MAX)
        return false;
    *id = key & ((UINT64_C(1) << BITS_SHIFT) - 1);
    *bits = (uint32_t)(key >> BITS_SHIFT);
    return true;
}

enum as_status as_near_trim(struct as_near *near, struct as_comm *comm)
{
    enum as_status status = AS_OK;
    uint64_t sum[3] = {near->n}; /* pictures; entries when 16 are left, when 8 are */
    uint32_t most = AS_NEAR_MOST;
    uint64_t *less;

    for (uint64_t l = 0; l < near->nlists; l++)
        for (uint32_t k = 0; k < AS_NEAR_MOST; k++)
            if (near->best[l * AS_NEAR_MOST + k] != UINT64_MAX) {
                sum[1]++;
                sum[2] += k < AS_NEAR_MOST / 2;
            }
    AS_TRY(as_comm_sum(comm, sum, 3));
    for (int i = 1; i < 3 && sum[i] > AS_NEAR_MEAN * sum[0]; i++)
        most /= 2;
    for (uint64_t l = 0; most < AS_NEAR_MOST && l < near->nlists; l++)
        memmove(near->best + l * most, near->best + l * AS_NEAR_MOST, most * sizeof *near->best);
    near->most = most;
    if ((less = reallocarray(near->best, near->nlists + 1, most * sizeof *less)) == NULL)
        return AS_ENOMEM;
    near->best = less;
    near->best_cap = near->nlists + 1;
done:
    return status;
}

/* ---- 3. a tile ---- */

/* One tile at work; with others at the same time, so it touches nothing of theirs. */
struct worker {
    const struct as_near *near;
    const struct as_codes *block;
    const uint64_t *ids; /* of the block                                          */
    bool within;         /* they are those of the pictures                        */
    uint64_t first, n;   /* pictures of the tile                                  */
    uint8_t *forms;      /* [FORMS][32]                                           */
    uint64_t *best;      /* [TILE][AS_NEAR_MOST]                                  */
    uint8_t up[TILE];    /* a lower picture of the tile that it is joined to      */
    uint8_t *met;        /* [AS_NEAR_BLOCK] 1 + a picture that the code is near to */
    pthread_t thread;
    bool started;
};

static uint8_t root_of(const struct worker *w, uint8_t i)
{
    while (w->up[i] != i)
        i = w->up[i];
    return i;
}

/* Notes that picture i is near a code of the block. */
static void join(struct worker *w, uint8_t i, uint64_t code)
{
    uint8_t j;

    if (w->met[code] == 0) {
        w->met[code] = (uint8_t)(i + 1);
        return;
    }
    i = root_of(w, i);
    j = root_of(w, (uint8_t)(w->met[code] - 1));
    w->up[i > j ? i : j] = i > j ? j : i;
}

/* All that is within the radius joins; of references only what may be among the nearest counts. */
static uint32_t limit(void *state, size_t q)
{
    const struct worker *w = state;
    const uint64_t worst = w->best[(q / AS_DIHEDRAL + 1) * AS_NEAR_MOST - 1] >> BITS_SHIFT;

    return w->within || worst > AS_NEAR_RADIUS ? AS_NEAR_RADIUS : (uint32_t)worst;
}

static void take(void *state, size_t q, uint64_t code, uint32_t bits)
{
    struct worker *w = state;
    const uint64_t i = q / AS_DIHEDRAL, key = (uint64_t)bits << BITS_SHIFT | w->ids[code];
    uint64_t *best = w->best + i * AS_NEAR_MOST;

    if (w->within && w->ids[code] == w->near->id[w->first + i])
        return;
    if (w->within)
        join(w, (uint8_t)i, code);
    if (key < best[AS_NEAR_MOST - 1])
        keep(best, key);
}

static void *work(void *state)
{
    struct worker *w = state;
    const struct as_code_visit visit = {w, limit, take};

    for (uint64_t i = 0; i < w->n; i++) {
        const uint32_t list = w->near->list[w->first + i];
        uint64_t *best = w->best + i * AS_NEAR_MOST;
        memset(best, 0xff, AS_NEAR_MOST * sizeof *best);
        if (list > 0)
            memcpy(best, w->near->best + (uint64_t)(list - 1) * AS_NEAR_MOST,
                   AS_NEAR_MOST * sizeof *best);
        as_dihedral(w->near->code + (w->first + i) * CODE_BYTES,
                    (uint8_t(*)[CODE_BYTES])(w->forms + i * AS_DIHEDRAL * CODE_BYTES));
        w->up[i] = (uint8_t)i;
    }
    memset(w->met, 0, w->block->n);
    as_hamming_each(w->block, w->forms, w->n * AS_DIHEDRAL, &visit);
    return NULL;
}

/* ---- 4. a block meets tiles ---- */

struct search {
    struct as_near *near;
    const struct as_near_source *source;
    uint64_t *ids; /* [AS_NEAR_BLOCK] of the block at hand                           */
    uint32_t *met; /* [AS_NEAR_BLOCK] 1 + place of a picture that the code is near to */
    struct worker *worker;
    uint32_t nworkers;
};

/* Takes the lists and joins of a tile. */
static enum as_status hear(struct search *s, const struct worker *w)
{
    struct as_kin *kin = s->source->kin;

    for (uint64_t i = 0; i < w->n; i++) {
        const uint64_t *found = w->best + i * AS_NEAR_MOST;
        uint64_t *best;
        if (found[0] == UINT64_MAX)
            continue;
        if ((best = list_of(s->near, w->first + i)) == NULL)
            return AS_ENOMEM;
        memcpy(best, found, AS_NEAR_MOST * sizeof *best);
        if (kin && w->up[i] != i)
            as_kin_join(kin, (uint32_t)(w->first + i), (uint32_t)(w->first + w->up[i]));
    }
    for (uint64_t c = 0; kin && c < w->block->n; c++) {
        const uint32_t place = (uint32_t)w->first + w->met[c];
        if (w->met[c] == 0)
            continue;
        if (s->met[c] == 0)
            s->met[c] = place;
        else
            as_kin_join(kin, s->met[c] - 1, place - 1);
    }
    return AS_OK;
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
    for (uint32_t k = 0; k < s->nworkers; k++)
        if (s->worker[k].started)
            pthread_join(s->worker[k].thread, NULL);
    for (uint32_t k = 0; k < s->nworkers && status == AS_OK; k++)
        status = hear(s, &s->worker[k]);
    return status;
}

/* The block has met all pictures: what met its codes is joined with them. */
static enum as_status join_block(const struct search *s, uint64_t n)
{
    enum as_status status = AS_OK;

    for (uint64_t c = 0; c < n && status == AS_OK; c++)
        if (s->met[c] > 0)
            status = as_kin_meet(s->source->kin, s->met[c] - 1, s->ids[c]);
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

    if (first >= s->near->n) {
        if (s->source->kin && part > 0)
            AS_TRY(join_block(s, block.n));
        return AS_END;
    }
    if (as_stop_signal)
        AS_FAIL(err, AS_ESTOP, "%s while searching", as_stop_why());
    if (s->source->tell)
        as_rank_tell(s->source->tell);
    if (part == 0) {
        memcpy(s->ids, bytes + block.n * CODE_BYTES, block.n * sizeof *s->ids);
        memset(s->met, 0, AS_NEAR_BLOCK * sizeof *s->met);
    }
    AS_TRY(meet_tiles(s, &block, first));
done:
    return status;
}

/* ---- 5. the search ---- */

static enum as_status give(void *state, uint8_t *to, uint32_t *n, struct as_err *err)
{
    struct search *s = state;
    enum as_status status = AS_OK;
    uint32_t codes = 0;

    if (s->source->kin) /* all ranks are asked for a block at the same time */
        AS_TRY(as_kin_settle(s->source->kin, false, err));
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
    near->most = AS_NEAR_MOST;
    free(near->list);
    near->list = calloc(near->n + 1, sizeof *near->list);
    s->nworkers = s->source->threads ? s->source->threads : 1;
    s->ids = calloc(AS_NEAR_BLOCK, sizeof *s->ids);
    s->met = calloc(AS_NEAR_BLOCK, sizeof *s->met);
    s->worker = calloc(s->nworkers, sizeof *s->worker);
    have = near->list && s->ids && s->met && s->worker;
    for (uint32_t k = 0; have && k < s->nworkers; k++) {
        struct worker *w = &s->worker[k];
        w->near = near;
        w->ids = s->ids;
        w->within = s->source->kin != NULL;
        w->forms = malloc((size_t)FORMS * CODE_BYTES);
        w->best = calloc((size_t)TILE * AS_NEAR_MOST, sizeof *w->best);
        w->met = malloc(AS_NEAR_BLOCK);
        have = w->forms && w->best && w->met;
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
        free(s->worker[k].best);
        free(s->worker[k].met);
    }
    free(s->worker);
    free(s->ids);
    free(s->met);
}

enum as_status as_near_search(struct as_near *near, struct as_comm *comm,
                              const struct as_near_source *source, struct as_err *err)
{
    struct search s = {.near = near, .source = source};
    const struct as_ring ring = {&s, AS_NEAR_BLOCK * REC_BYTES, give, meet};
    enum as_status status = AS_OK;

    AS_TRY(as_comm_agree(comm, begin(&s, err), err));
    AS_TRY(as_comm_ring(comm, &ring, err));
    if (source->kin)
        status = as_kin_settle(source->kin, true, err);
done:
    end(&s);
    return status;
}
