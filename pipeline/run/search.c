/* search.c - the searches of a case, and their results in order. */
#include "search.h"

#include "../cluster/sort.h"
#include "catalogue_parts.h"
#include "groups.h"
#include "grow.h"
#include "links.h"
#include "machine.h"
#include "search_camera.h"
#include "search_camera_map.h"
#include "search_known.h"
#include "search_media.h"
#include "search_origin.h"

#include <string.h>

/* A match: row[8] set[2] reference[8] kind[2] value[4] p[8] other[4] others[4] left[4] top[4]
 * scale[4] turn[1] beside[1]; a link: a[8] b[8] kind[2] value[4]. */
enum { MATCH_SET = 8, MATCH_REFERENCE = 10, MATCH_KIND = 18, MATCH_VALUE = 20, MATCH_P = 24 };
enum {
    MATCH_OTHER = 32,
    MATCH_OTHERS = 36,
    MATCH_LEFT = 40,
    MATCH_TOP = 44,
    MATCH_SCALE = 48,
    MATCH_TURN = 52,
    MATCH_BESIDE = 53,
    MATCH_BYTES = 54,
    LINK_B = 8,
    LINK_KIND = 16,
    LINK_VALUE = 18,
    LINK_BYTES = 22,
    COPY_ID = 8,
    COPY_BYTES = 16
};

static void put_float(uint8_t *to, float v)
{
    uint32_t bits;

    memcpy(&bits, &v, sizeof bits);
    as_be_put(to, bits, 4);
}

static float get_float(const uint8_t *from)
{
    uint32_t bits = (uint32_t)as_be_get(from, 4);
    float v;

    memcpy(&v, &bits, sizeof v);
    return v;
}

static double get_double(const uint8_t *from)
{
    uint64_t bits = as_be_get(from, 8);
    double v;

    memcpy(&v, &bits, sizeof v);
    return v;
}

enum as_status as_search_match(struct as_search *s, const struct as_match *match)
{
    uint64_t p;
    uint8_t *to;

    if (!as_grow((void **)&s->match, s->nmatches, &s->match_cap, MATCH_BYTES))
        return AS_ENOMEM;
    to = s->match + s->nmatches++ * MATCH_BYTES;
    as_be_put(to, match->row, 8);
    as_be_put(to + MATCH_SET, match->set, 2);
    as_be_put(to + MATCH_REFERENCE, match->reference, 8);
    as_be_put(to + MATCH_KIND, match->kind, 2);
    put_float(to + MATCH_VALUE, match->value);
    memcpy(&p, &match->p, sizeof p);
    as_be_put(to + MATCH_P, p, 8);
    put_float(to + MATCH_OTHER, match->other);
    as_be_put(to + MATCH_OTHERS, match->others, 4);
    put_float(to + MATCH_LEFT, match->left);
    put_float(to + MATCH_TOP, match->top);
    put_float(to + MATCH_SCALE, match->scale);
    to[MATCH_TURN] = match->turn;
    to[MATCH_BESIDE] = match->beside;
    return AS_OK;
}

enum as_status as_search_link(struct as_search *s, const struct as_link *link)
{
    uint8_t *to;

    if (!as_grow((void **)&s->link, s->nlinks, &s->link_cap, LINK_BYTES))
        return AS_ENOMEM;
    to = s->link + s->nlinks++ * LINK_BYTES;
    as_be_put(to, link->a, 8);
    as_be_put(to + LINK_B, link->b, 8);
    as_be_put(to + LINK_KIND, link->kind, 2);
    put_float(to + LINK_VALUE, link->value);
    return AS_OK;
}

/* This rank's share of the records as the store takes them. */
static enum as_status unpack(struct as_search *s, struct as_err *err)
{
    enum as_status status = AS_OK;

    s->matches = calloc(s->nmatches + 1, sizeof *s->matches);
    s->links = calloc(s->nlinks + 1, sizeof *s->links);
    if (s->matches == NULL || s->links == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for what the searches found");
    for (uint64_t i = 0; i < s->nmatches; i++) {
        const uint8_t *m = s->match + i * MATCH_BYTES;
        s->matches[i] = (struct as_match){
            .row = as_be_get(m, 8),
            .reference = as_be_get(m + MATCH_REFERENCE, 8),
            .set = (uint16_t)as_be_get(m + MATCH_SET, 2),
            .kind = (uint16_t)as_be_get(m + MATCH_KIND, 2),
            .value = get_float(m + MATCH_VALUE),
            .p = get_double(m + MATCH_P),
            .other = get_float(m + MATCH_OTHER),
            .others = (uint32_t)as_be_get(m + MATCH_OTHERS, 4),
            .left = get_float(m + MATCH_LEFT),
            .top = get_float(m + MATCH_TOP),
            .scale = get_float(m + MATCH_SCALE),
            .turn = m[MATCH_TURN],
            .beside = m[MATCH_BESIDE],
        };
    }
    for (uint64_t i = 0; i < s->nlinks; i++) {
        const uint8_t *l = s->link + i * LINK_BYTES;
        s->links[i] =
            (struct as_link){as_be_get(l, 8), as_be_get(l + LINK_B, 8),
                             (uint16_t)as_be_get(l + LINK_KIND, 2), get_float(l + LINK_VALUE)};
    }
done:
    return status;
}

/* A copy: the row that it is a copy of, its own. */
static uint8_t *pack_copies(const struct as_catalogue *c)
{
    uint8_t *all = malloc((c->ncopies + 1) * COPY_BYTES);

    for (uint64_t i = 0; all && i < c->ncopies; i++) {
        as_be_put(all + i * COPY_BYTES, c->copy[i].first, 8);
        as_be_put(all + i * COPY_BYTES + COPY_ID, c->copy[i].id, 8);
    }
    return all;
}

/* What was found of a row is found of its copies too; all items with the same bytes as a reference
 * were told already.  Both are in the order of rows. */
static enum as_status add_copies(struct as_search *s, const uint8_t *copy, uint64_t ncopies)
{
    const uint64_t n = s->nmatches;
    uint64_t at = 0;

    for (uint64_t i = 0; i < n; i++) {
        const uint8_t *m = s->match + i * MATCH_BYTES;
        if (as_be_get(m + MATCH_KIND, 2) == AS_MATCH_HASH)
            continue;
        while (at < ncopies && memcmp(copy + at * COPY_BYTES, m, COPY_ID) < 0)
            at++;
        for (uint64_t k = at; k < ncopies; k++) {
            if (memcmp(copy + k * COPY_BYTES, s->match + i * MATCH_BYTES, COPY_ID) != 0)
                break;
            if (!as_grow((void **)&s->match, s->nmatches, &s->match_cap, MATCH_BYTES))
                return AS_ENOMEM;
            uint8_t *to = s->match + s->nmatches++ * MATCH_BYTES;
            memcpy(to, s->match + i * MATCH_BYTES, MATCH_BYTES);
            memcpy(to, copy + k * COPY_BYTES + COPY_ID, 8);
        }
    }
    return AS_OK;
}

/* Matches and copies meet at the ranks that have the rows.  Collective. */
static enum as_status match_copies(struct as_search *s, struct as_err *err)
{
    struct as_comm *comm = s->r->comm;
    const struct as_catalogue *c = s->catalogue;
    enum as_status status = AS_OK;
    uint8_t *copy = pack_copies(c);
    uint64_t n = c->ncopies;

    AS_TRY(as_comm_agree(comm, copy ? AS_OK : AS_ENOMEM, err));
    AS_TRY(as_deal_rows(comm, c->first, &copy, &n, COPY_BYTES, err));
    AS_TRY(as_deal_rows(comm, c->first, &s->match, &s->nmatches, MATCH_BYTES, err));
    s->match_cap = s->nmatches;
    status = as_sort(NULL, &copy, &n, COPY_BYTES, err);
    if (status == AS_OK)
        status = as_sort(NULL, &s->match, &s->nmatches, MATCH_BYTES, err);
    if (status == AS_OK)
        status = add_copies(s, copy, n);
    AS_TRY(as_comm_agree(comm, status, err));
done:
    free(copy);
    return status;
}

/* Drops records of similar pictures where the one before is of the same two with a stronger word:
 * the same bytes, or near-copies. key   bytes of a record that say which two; after them the kind
 *   before   the last record of the ranks before; all 0xff: none */
static void drop_doubles(uint8_t *recs, uint64_t *n, size_t size, size_t key, const uint8_t *before)
{
    uint8_t last[MATCH_BYTES];
    uint64_t kept = 0;

    memcpy(last, before, size);
    for (uint64_t i = 0; i < *n; i++) {
        const uint8_t *rec = recs + i * size;
        const bool drop = as_be_get(rec + key, 2) == AS_MATCH_SIMILAR &&
                          as_be_get(last + key, 2) < AS_MATCH_SIMILAR &&
                          memcmp(rec, last, key) == 0;
        memcpy(last, rec, size);
        if (!drop)
            memmove(recs + kept++ * size, rec, size);
    }
    *n = kept;
}

/* The last record of the ranks before this one; all 0xff: none.  Collective. */
static enum as_status last_before(const struct as_search *s, const uint8_t *recs, uint64_t n,
                                  size_t size, uint8_t *before, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint8_t *all = malloc((size_t)s->r->size * MATCH_BYTES);

    AS_TRY(as_comm_agree(s->r->comm, all ? AS_OK : AS_ENOMEM, err));
    memset(before, 0xff, MATCH_BYTES);
    if (n > 0)
        memcpy(before, recs + (n - 1) * size, size);
    AS_TRY(as_comm_allgather(s->r->comm, before, MATCH_BYTES, all));
    memset(before, 0xff, MATCH_BYTES);
    for (int i = 0; i < s->r->me; i++) /* shares follow each other; those without any are last */
        memcpy(before, all + (size_t)i * MATCH_BYTES, MATCH_BYTES);
done:
    free(all);
    return status;
}

/* Puts all that was found in order, each two items or references once.  Collective. */
static enum as_status put_in_order(struct as_search *s, struct as_err *err)
{
    struct as_comm *comm = s->r->comm;
    enum as_status status = AS_OK;
    uint8_t before[MATCH_BYTES];

    AS_TRY(as_sort(comm, &s->match, &s->nmatches, MATCH_BYTES, err));
    AS_TRY(last_before(s, s->match, s->nmatches, MATCH_BYTES, before, err));
    drop_doubles(s->match, &s->nmatches, MATCH_BYTES, MATCH_KIND, before);
    AS_TRY(as_sort(comm, &s->link, &s->nlinks, LINK_BYTES, err));
    AS_TRY(last_before(s, s->link, s->nlinks, LINK_BYTES, before, err));
    drop_doubles(s->link, &s->nlinks, LINK_BYTES, LINK_KIND, before);
done:
    return status;
}

void as_search_init(struct as_search *s, struct as_rank *r, const bool *with)
{
    memset(s, 0, sizeof *s);
    s->r = r;
    s->with = with;
    s->within = true;
    s->sets = r->against.sets;
    s->nsets = r->against.n;
    s->hashed = r->options->origins;
    as_near_init(&s->near, with);
    as_scenes_init(&s->scenes, with);
    for (uint16_t i = 0; i < s->nsets; i++) {
        s->known = s->known || s->sets[i].kind == AS_SET_KNOWN;
        s->hashed = s->hashed || s->sets[i].kind != AS_SET_KNOWN;
    }
}

enum as_status as_search_look(struct as_search *s, const struct as_row *row, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_near_look(&s->near, row));
    AS_TRY(as_scenes_look(&s->scenes, row));
    if (s->known)
        AS_TRY(as_search_known(s, row, err));
    if (s->hashed)
        AS_TRY(as_items_look(&s->items, row));
done:
    return status;
}

/* Gives back what has been unpacked or used. */
static void make_room(struct as_search *s)
{
    free(s->match);
    free(s->link);
    free(s->catalogue->copy);
    s->match = s->link = NULL;
    s->catalogue->copy = NULL;
    s->catalogue->ncopies = 0;
}

/* As many threads as examiners were asked for, or as there are cores for, and their memory: no
 * examiner is at work now, and a merge has none.  Collective. */
static enum as_status count_means(struct as_search *s, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_node node;
    uint32_t cores;

    AS_TRY(as_machine_node(s->r->comm, &node, err));
    cores = as_machine_cores() / (node.sharers ? node.sharers : 1);
    s->threads = s->r->options->examiners ? (uint32_t)s->r->options->examiners : cores;
    s->threads = s->threads ? s->threads : 1;
    s->memory = as_machine_search_bytes(s->r->options, &node, s->threads);
done:
    return status;
}

enum as_status as_search_run(struct as_search *s, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(count_means(s, err));
    if (s->hashed)
        AS_TRY(as_items_deal(&s->items, s->r, err));
    if (s->hashed && !s->within)
        AS_TRY(as_comm_agree(s->r->comm, as_items_copies(&s->items, s->catalogue), err));
    AS_TRY(as_search_media(s, err));
    AS_TRY(as_search_camera(s, err));
    AS_TRY(as_search_origin(s, err));
    as_items_clear(&s->items);
    if (s->within)
        AS_TRY(as_links_find(s, err));
    as_near_clear(&s->near);
    AS_TRY(as_search_vector(s, err));
    as_scenes_clear(&s->scenes);
    AS_TRY(match_copies(s, err));
    AS_TRY(put_in_order(s, err));
    AS_TRY(as_comm_agree(s->r->comm, unpack(s, err), err));
    make_room(s);
    if (s->within)
        AS_TRY(as_groups_find(s, err));
done:
    return status;
}

void as_search_clear(struct as_search *s)
{
    free(s->match);
    free(s->link);
    free(s->matches);
    free(s->links);
    free(s->members);
    free(s->origins);
    free(s->edges);
    as_search_maps_clear(s);
    as_items_clear(&s->items);
    as_near_clear(&s->near);
    as_scenes_clear(&s->scenes);
}
