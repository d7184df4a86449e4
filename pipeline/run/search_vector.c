/* search_vector.c - pictures of a case that are alike by their scene descriptors.
 *
 * 1 pictures   2 references   3 the case itself                                     */
#include "search_vector.h"

#include "../../kernels/detectors/gist.h"
#include "../cluster/sort.h"
#include "grow.h"
#include "search.h"
#include "vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A pair: lower row, higher row, score. */
enum { PAIR_B = 8, PAIR_SCORE = 16, PAIR_BYTES = 20 };

/* ---- 1. pictures ---- */

void as_scenes_init(struct as_scenes *scenes, const bool *with)
{
    memset(scenes, 0, sizeof *scenes);
    scenes->det = -1;
    for (int d = 0; as_detectors[d]; d++)
        if (with[d] && as_detectors[d] == &as_detector_gist)
            scenes->det = d;
}

enum as_status as_scenes_look(struct as_scenes *scenes, const struct as_row *row)
{
    const struct as_det_row *det;

    if (scenes->det < 0 || row->status == AS_ITEM_DUPLICATE || row->flags & AS_FLAG_ALTERED)
        return AS_OK;
    det = &row->det[scenes->det];
    if (det->status != AS_DET_APPLIES || det->code == NULL)
        return AS_OK;
    if (!as_grow((void **)&scenes->id, scenes->n, &scenes->id_cap, sizeof *scenes->id) ||
        !as_grow((void **)&scenes->code, scenes->n, &scenes->code_cap, AS_GIST_DIM))
        return AS_ENOMEM;
    scenes->id[scenes->n] = row->id;
    memcpy(scenes->code + scenes->n++ * AS_GIST_DIM, det->code, AS_GIST_DIM);
    return AS_OK;
}

void as_scenes_clear(struct as_scenes *scenes)
{
    free(scenes->id);
    free(scenes->code);
    memset(scenes, 0, sizeof *scenes);
}

/* What this rank's pictures ask. */
static struct as_vector_ask asks(const struct as_search *s, bool within)
{
    return (struct as_vector_ask){.ids = s->scenes.id,
                                  .queries = s->scenes.code,
                                  .n = s->scenes.n,
                                  .within = within,
                                  .least = AS_GIST_SIMILAR,
                                  .memory = s->memory,
                                  .threads = s->threads,
                                  .tell = s->r};
}

/* ---- 2. references ---- */

/* A set's rows from `first` on. */
struct slice {
    const struct as_ref *ref;
    uint64_t first;
};

static enum as_status read_slice(void *state, uint64_t first, uint64_t n, uint8_t *to,
                                 struct as_err *err)
{
    const struct slice *s = state;

    return as_ref_read(s->ref, AS_REF_MEDIA_vector_gist, s->first + first, n, to, err);
}

/* Matches of what was found; those of copies follow when all is found (search.c). */
static enum as_status add_matches(struct as_search *s, const struct as_vector_found *found,
                                  uint16_t set)
{
    enum as_status status = AS_OK;

    for (uint64_t i = 0; i < found->n && status == AS_OK; i++) {
        const struct as_vector_hit hit = as_vectors_hit(found, i);
        status = as_search_match(s, &(struct as_match){.row = hit.query,
                                                       .reference = hit.row,
                                                       .set = set,
                                                       .kind = AS_MATCH_SIMILAR,
                                                       .value = hit.cosine,
                                                       .p = NAN});
    }
    return status;
}

/* Each rank has a run of the set's rows.  Collective. */
static enum as_status search_set(struct as_search *s, uint16_t set, struct as_err *err)
{
    const struct as_ref *ref = s->r->against.ref[set];
    const uint64_t rows = as_ref_rows(ref, AS_REF_MEDIA_vector_gist), size = (uint64_t)s->r->size,
                   me = (uint64_t)s->r->me, more = rows % size;
    struct slice slice = {ref, rows / size * me + (me < more ? me : more)};
    const struct as_vector_base base = {
        &slice, rows / size + (me < more), AS_GIST_DIM, NULL, slice.first, read_slice};
    enum as_status status = AS_OK;
    struct as_vector_found found = {0};
    const struct as_vector_ask ask = asks(s, false);

    AS_TRY(as_vectors_search(&base, &ask, s->r->comm, &found, err));
    AS_TRY(as_comm_agree(s->r->comm, add_matches(s, &found, set), err));
done:
    as_vectors_clear(&found);
    return status;
}

static enum as_status search_sets(struct as_search *s, struct as_err *err)
{
    const struct as_against *a = &s->r->against;
    enum as_status status = AS_OK;

    for (uint16_t i = 0; i < a->n && status == AS_OK; i++)
        if (as_ref_kind(a->ref[i]) == AS_REF_MEDIA)
            status = search_set(s, i, err);
    return status;
}

/* ---- 3. the case itself ---- */

static enum as_status read_own(void *state, uint64_t first, uint64_t n, uint8_t *to,
                               struct as_err *err)
{
    const struct as_scenes *scenes = state;

    (void)err;
    memcpy(to, scenes->code + first * AS_GIST_DIM, (size_t)n * AS_GIST_DIM);
    return AS_OK;
}

static int pair_owner(void *state, const void *rec)
{
    const struct as_rank *r = state;

    return (int)(as_be_get(rec, 8) % (uint64_t)r->size);
}

static enum as_status list_pairs(const struct as_vector_found *found, uint8_t **pairs)
{
    if ((*pairs = malloc((found->n + 1) * PAIR_BYTES)) == NULL)
        return AS_ENOMEM;
    for (uint64_t i = 0; i < found->n; i++) {
        const struct as_vector_hit hit = as_vectors_hit(found, i);
        uint8_t *to = *pairs + i * PAIR_BYTES;
        as_be_put(to, hit.query < hit.row ? hit.query : hit.row, 8);
        as_be_put(to + PAIR_B, hit.query < hit.row ? hit.row : hit.query, 8);
        memcpy(to + PAIR_SCORE, &hit.cosine, sizeof hit.cosine);
    }
    return AS_OK;
}

/* Links the pairs, sorted, each once. */
static enum as_status link_pairs(struct as_search *s, const uint8_t *pairs, uint64_t n)
{
    enum as_status status = AS_OK;

    for (uint64_t i = 0; i < n; i++) {
        const uint8_t *at = pairs + i * PAIR_BYTES;
        struct as_link link = {as_be_get(at, 8), as_be_get(at + PAIR_B, 8), AS_MATCH_SIMILAR, 0};
        memcpy(&link.value, at + PAIR_SCORE, sizeof link.value);
        if (i == 0 || memcmp(at - PAIR_BYTES, at, PAIR_SCORE) != 0)
            AS_TRY(as_search_link(s, &link));
    }
done:
    return status;
}

static enum as_status search_case(struct as_search *s, struct as_err *err)
{
    const struct as_vector_base base = {&s->scenes,   s->scenes.n, AS_GIST_DIM,
                                        s->scenes.id, 0,           read_own};
    struct as_comm *comm = s->r->comm;
    enum as_status status = AS_OK;
    struct as_vector_found found = {0};
    const struct as_vector_ask ask = asks(s, true);
    uint8_t *pairs = NULL;
    uint64_t n;

    AS_TRY(as_vectors_search(&base, &ask, comm, &found, err));
    AS_TRY(as_comm_agree(comm, list_pairs(&found, &pairs), err));
    n = found.n;
    as_vectors_clear(&found);
    AS_TRY(as_deal(comm, &pairs, &n, PAIR_BYTES, pair_owner, s->r, err));
    AS_TRY(as_comm_agree(comm, as_sort(NULL, &pairs, &n, PAIR_BYTES, err), err));
    AS_TRY(as_comm_agree(comm, link_pairs(s, pairs, n), err));
done:
    as_vectors_clear(&found);
    free(pairs);
    return status;
}

enum as_status as_search_vector(struct as_search *s, struct as_err *err)
{
    enum as_status status = AS_OK;

    if (s->scenes.det < 0)
        return AS_OK;
    AS_TRY(search_sets(s, err));
    if (s->within)
        AS_TRY(search_case(s, err));
done:
    return status;
}
