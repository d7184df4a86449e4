/* search_media.c - the items of a case that sets of known media hold, or nearly.
 *
 * Equal bytes: hashes of items lie with the ranks that own them; hashes of references are sent
 * there, and what is found to the ranks that have the rows.  Equal pictures: items stay, codes of
 * references travel (near.h); those that have equal bytes too are told as that alone.
 *
 * 1 references   2 equal bytes   3 equal pictures   4 the sets                        */
#include "search_media.h"

#include "../cluster/sort.h"
#include "catalogue_parts.h"
#include "grow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A hash and the reference that has it; a row and a reference. */
enum { SHA = 32, HASHED_BYTES = 40, EQUAL_BYTES = 16 };
enum { EQUAL_MOST = AS_NEAR_MOST }; /* references of equal bytes that are told: the lowest */

struct media {
    struct as_search *s;
    struct as_rank *r;
    uint16_t set; /* at hand                                */
    struct as_ref *ref;
    uint64_t block; /* of the set: the next this rank reads   */
    uint8_t *told;  /* [items] references of their bytes that were told, by the first of them */
    uint8_t *equal; /* [nequal] of equal bytes, sorted        */
    uint64_t nequal, equal_cap;
    uint64_t *first;  /* [ranks] first rows                     */
    uint8_t *sha;     /* [AS_NEAR_BLOCK][SHA]                   */
    uint8_t *hashed;  /* [AS_NEAR_BLOCK][HASHED_BYTES]          */
    uint8_t *quality; /* [AS_NEAR_BLOCK]                        */
};

/* ---- 1. references ---- */

/* The rows of the next block of the set that is this rank's; *n: 0, there is none. */
static uint64_t next_rows(struct media *m, uint32_t *n)
{
    const uint64_t rows = as_ref_rows(m->ref, AS_REF_MEDIA_pdq),
                   at = (m->block * (uint64_t)m->r->size + (uint64_t)m->r->me) * AS_NEAR_BLOCK;

    *n = 0;
    if (at < rows) {
        *n = rows - at < AS_NEAR_BLOCK ? (uint32_t)(rows - at) : AS_NEAR_BLOCK;
        m->block++;
    }
    return at;
}

static enum as_status add(struct media *m, uint64_t row, uint64_t reference, uint16_t kind,
                          float value)
{
    return as_search_match(m->s, &(struct as_match){.row = row,
                                                    .reference = reference,
                                                    .set = m->set,
                                                    .kind = kind,
                                                    .value = value,
                                                    .p = NAN});
}

/* ---- 2. equal bytes ---- */

/* References come in the order of their rows. */
static enum as_status find_items(struct media *m, const uint8_t *came, uint64_t n)
{
    struct as_item_found item;

    for (uint64_t i = 0; i < n; i++) {
        const uint8_t *rec = came + i * HASHED_BYTES;
        if (!as_items_find(&m->s->items, rec, 0, &item) || m->told[item.place] == EQUAL_MOST)
            continue;
        m->told[item.place]++;
        for (uint64_t k = 0; as_items_find(&m->s->items, rec, k, &item); k++) {
            if (!as_grow((void **)&m->equal, m->nequal, &m->equal_cap, EQUAL_BYTES))
                return AS_ENOMEM;
            as_be_put(m->equal + m->nequal * EQUAL_BYTES, item.id, 8);
            memcpy(m->equal + m->nequal++ * EQUAL_BYTES + 8, rec + SHA, 8);
        }
    }
    return AS_OK;
}

static enum as_status read_hashes(struct media *m, uint32_t *n, struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint64_t row = next_rows(m, n);

    if (*n > 0)
        AS_TRY(as_ref_read(m->ref, AS_REF_MEDIA_sha256, row, *n, m->sha, err));
    for (uint32_t i = 0; i < *n; i++) {
        memcpy(m->hashed + (size_t)i * HASHED_BYTES, m->sha + (size_t)i * SHA, SHA);
        as_be_put(m->hashed + (size_t)i * HASHED_BYTES + SHA, row + i, 8);
    }
done:
    return status;
}

static int compare_equal(const void *a, const void *b)
{
    return memcmp(a, b, EQUAL_BYTES);
}

static int row_owner(void *state, const void *rec)
{
    const struct media *m = state;

    return as_rank_of_id(m->first, m->r->size, as_be_get(rec, 8));
}

/* Brings what was found to the ranks that have the rows.  Collective. */
static enum as_status add_equal(struct media *m, struct as_err *err)
{
    struct as_comm *comm = m->r->comm;
    enum as_status status = AS_OK;

    AS_TRY(as_deal(comm, &m->equal, &m->nequal, EQUAL_BYTES, row_owner, m, err));
    AS_TRY(as_comm_agree(comm, as_sort(NULL, &m->equal, &m->nequal, EQUAL_BYTES, err), err));
    for (uint64_t i = 0; i < m->nequal && status == AS_OK; i++) {
        const uint8_t *e = m->equal + i * EQUAL_BYTES;
        status = add(m, as_be_get(e, 8), as_be_get(e + 8, 8), AS_MATCH_HASH, 0);
    }
    AS_TRY(as_comm_agree(comm, status, err));
done:
    return status;
}

/* Were these told as equal bytes? */
static bool is_equal(const struct media *m, uint64_t row, uint64_t reference)
{
    uint8_t key[EQUAL_BYTES];

    as_be_put(key, row, 8);
    as_be_put(key + 8, reference, 8);
    return m->nequal > 0 && bsearch(key, m->equal, m->nequal, EQUAL_BYTES, compare_equal) != NULL;
}

/* Collective. */
static enum as_status equal_bytes(struct media *m, struct as_err *err)
{
    struct as_comm *comm = m->r->comm;
    enum as_status status = AS_OK;
    uint64_t more = 1, in = 0;
    uint8_t *came = NULL;

    m->block = m->nequal = m->equal_cap = 0;
    free(m->equal);
    m->equal = NULL;
    memset(m->told, 0, m->s->items.n);
    while (more > 0) {
        uint32_t n = 0;
        AS_TRY(as_comm_agree(comm, read_hashes(m, &n, err), err));
        more = n;
        AS_TRY(as_comm_max(comm, &more, 1));
        AS_TRY(as_scatter(comm, m->hashed, n, HASHED_BYTES, as_items_owner, m->r, &came, &in, err));
        AS_TRY(as_comm_agree(comm, find_items(m, came, in), err));
        free(came);
        came = NULL;
    }
    AS_TRY(add_equal(m, err));
done:
    free(came);
    return status;
}

/* ---- 3. equal pictures ---- */

static enum as_status give(void *state, uint8_t codes[][AS_CODE256_BYTES], uint64_t *ids,
                           uint32_t *n, struct as_err *err)
{
    struct media *m = state;
    enum as_status status = AS_OK;

    for (*n = 0; *n == 0;) { /* a block of nothing but poor codes is none */
        uint32_t rows = 0;
        const uint64_t row = next_rows(m, &rows);
        if (rows == 0)
            break;
        AS_TRY(as_ref_read(m->ref, AS_REF_MEDIA_pdq, row, rows, codes, err));
        AS_TRY(as_ref_read(m->ref, AS_REF_MEDIA_quality, row, rows, m->quality, err));
        for (uint32_t i = 0; i < rows; i++) {
            if (m->quality[i] < AS_NEAR_QUALITY)
                continue;
            memmove(codes[*n], codes[i], AS_CODE256_BYTES);
            ids[(*n)++] = row + i;
        }
    }
done:
    return status;
}

/* The pictures' references; their copies' follow when all is found (search.c). */
static enum as_status add_found(struct media *m)
{
    const struct as_near *near = &m->s->near;
    enum as_status status = AS_OK;
    uint64_t reference;
    uint32_t bits;

    for (uint64_t i = 0; i < near->n; i++)
        for (uint32_t k = 0; as_near_found(near, i, k, &reference, &bits); k++)
            if (!is_equal(m, near->id[i], reference))
                AS_TRY(add(m, near->id[i], reference, AS_MATCH_CODE, (float)bits));
done:
    return status;
}

static enum as_status equal_pictures(struct media *m, struct as_err *err)
{
    const struct as_near_source source = {m, give, NULL, m->s->threads, m->r};
    enum as_status status = AS_OK;

    m->block = 0;
    AS_TRY(as_near_search(&m->s->near, m->r->comm, &source, err));
    AS_TRY(as_comm_agree(m->r->comm, add_found(m), err));
done:
    return status;
}

/* ---- 4. the sets ---- */

static enum as_status begin(struct media *m, struct as_err *err)
{
    struct as_comm *comm = m->r->comm;
    enum as_status status = AS_OK;

    m->sha = malloc((size_t)AS_NEAR_BLOCK * SHA);
    m->hashed = malloc((size_t)AS_NEAR_BLOCK * HASHED_BYTES);
    m->quality = malloc(AS_NEAR_BLOCK);
    m->told = malloc(m->s->items.n + 1);
    m->first = calloc((size_t)m->r->size, sizeof *m->first);
    if (!m->told || !m->sha || !m->hashed || !m->quality || !m->first)
        status = AS_ENOMEM;
    AS_TRY(as_comm_agree(comm, status, err));
    AS_TRY(as_comm_allgather(comm, &m->s->catalogue->first, sizeof *m->first, m->first));
done:
    return status;
}

enum as_status as_search_media(struct as_search *s, struct as_err *err)
{
    const struct as_against *a = &s->r->against;
    struct media m = {.s = s, .r = s->r};
    enum as_status status = AS_OK;

    for (; m.set < a->n; m.set++) {
        m.ref = a->ref[m.set];
        if (as_ref_kind(m.ref) != AS_REF_MEDIA)
            continue;
        if (m.sha == NULL)
            AS_TRY(begin(&m, err));
        AS_TRY(equal_bytes(&m, err));
        AS_TRY(equal_pictures(&m, err));
    }
done:
    free(m.equal);
    free(m.told);
    free(m.first);
    free(m.sha);
    free(m.hashed);
    free(m.quality);
    return status;
}
