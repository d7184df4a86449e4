/* near.c - near-copies: pictures whose PDQ codes differ in few bits.
 *
 * A block meets the pictures a tile at a time: the eight forms of each picture of the tile are
 * searched for among the block's codes, and what is found is merged into its list.  A code among
 * the k nearest in the least of eight distances is among the k nearest of the form which has that
 * distance, so nothing is missed by keeping k of each.
 *
 * 1 pictures   2 lists   3 a block meets a tile   4 the search                      */
#include "near.h"

#include "../../kernels/search/dihedral.h"
#include "grow.h"
#include "rank.h"

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

/* ---- 3. a block meets a tile ---- */

struct search {
    struct as_near *near;
    const struct as_near_source *source;
    uint64_t *ids;      /* [AS_NEAR_BLOCK] of the block at hand      */
    uint8_t *forms;     /* [FORMS][32]                               */
    struct as_hit *hit; /* [FORMS][K]                              */
    uint32_t *nhits;    /* [FORMS]                                   */
};

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

/* The pictures of one tile; AS_END: there is no such tile. */
static enum as_status meet(void *state, const uint8_t *bytes, uint32_t n, uint32_t part,
                           struct as_err *err)
{
    struct search *s = state;
    const struct as_codes set = {bytes, n / REC_BYTES, 0};
    const struct as_hits hits = {.at = s->hit, .n = s->nhits, .k = K};
    const uint64_t first = (uint64_t)part * TILE,
                   end = first + TILE < s->near->n ? first + TILE : s->near->n;
    enum as_status status = AS_OK;

    if (first >= s->near->n)
        return AS_END;
    if (as_stop_signal)
        AS_FAIL(err, AS_ESTOP, "stopped by a signal while searching");
    if (s->source->tell)
        as_rank_tell(s->source->tell);
    memcpy(s->ids, bytes + set.n * CODE_BYTES, set.n * sizeof *s->ids);
    for (uint64_t i = first; i < end; i++)
        as_dihedral(s->near->code + i * CODE_BYTES,
                    (uint8_t(*)[CODE_BYTES])(s->forms + (i - first) * AS_DIHEDRAL * CODE_BYTES));
    memset(s->nhits, 0, FORMS * sizeof *s->nhits);
    AS_TRY(as_hamming_search(&set, s->forms, (end - first) * AS_DIHEDRAL, AS_NEAR_RADIUS, &hits));
    for (uint64_t f = 0; f < (end - first) * AS_DIHEDRAL; f++)
        AS_TRY(keep(s, first + f / AS_DIHEDRAL, s->hit + f * K, s->nhits[f]));
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

enum as_status as_near_search(struct as_near *near, struct as_comm *comm,
                              const struct as_near_source *source, struct as_err *err)
{
    struct search s = {.near = near,
                       .source = source,
                       .ids = calloc(AS_NEAR_BLOCK, sizeof *s.ids),
                       .forms = malloc((size_t)FORMS * CODE_BYTES),
                       .hit = calloc((size_t)FORMS * K, sizeof *s.hit),
                       .nhits = calloc(FORMS, sizeof *s.nhits)};
    const struct as_ring ring = {&s, AS_NEAR_BLOCK * REC_BYTES, give, meet};
    enum as_status status = AS_OK;

    near->nlists = 0; /* of an earlier search */
    free(near->list);
    near->list = calloc(near->n + 1, sizeof *near->list);
    if (!s.ids || !s.forms || !s.hit || !s.nhits || !near->list)
        status = as_fail(err, AS_ENOMEM, AS_REASON_NONE, __FILE__, __LINE__,
                         "no memory to search %llu pictures", (unsigned long long)near->n);
    AS_TRY(as_comm_agree(comm, status, err));
    status = as_comm_ring(comm, &ring, err);
done:
    free(s.ids);
    free(s.forms);
    free(s.hit);
    free(s.nhits);
    return status;
}
