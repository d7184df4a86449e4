/* found.c - /sets, /matches, /links, /groups, /origins and /sensor_maps: checked before they are
 * written, and read. */
#include "read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SETS_MAX = 4096, NAME_MAX_BYTES = 65536 };

const char *const as_set_words[] = {"known", "media", "camera"};
const char *const as_finding_words[] = {"declared", "known", "match", "score", "calibrated",
                                         "missing"};
const char *const as_match_words[] = {"hash", "code", "similar", "camera"};
const char *const as_beside_words[] = {"size", "model", "size, none of the model",
                                       "size, the model left out"};

static bool match_before(const struct as_match *a, const struct as_match *b)
{
    if (a->row != b->row)
        return a->row < b->row;
    if (a->set != b->set)
        return a->set < b->set;
    return a->reference != b->reference ? a->reference < b->reference : a->kind < b->kind;
}

static bool link_before(const struct as_link *a, const struct as_link *b)
{
    if (a->a != b->a)
        return a->a < b->a;
    return a->b != b->b ? a->b < b->b : a->kind < b->kind;
}

static enum as_status count_members(struct as_seal *s, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_store_what *w = s->what;

    s->mine[AS_N_GROUPS] = w->nmembers;
    for (uint64_t i = 0; i < w->nmembers; i++) {
        const struct as_member *m = &w->members[i];
        bool begins = i == 0 || m->group != m[-1].group;
        if (m->group > m->row || (i > 0 && m->group < m[-1].group) ||
            (i > 0 && begins && !m->stands))
            AS_FAIL(err, AS_EBUG, "member %" PRIu64 " of groups is out of order", i);
        s->named_row_max = m->row > s->named_row_max ? m->row : s->named_row_max;
    }
done:
    return status;
}

static enum as_status count_origins(struct as_seal *s, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_store_what *w = s->what;

    s->mine[AS_N_ORIGINS] = w->norigins;
    for (uint64_t i = 0; i < w->norigins; i++) {
        const struct as_origin *o = &w->origins[i];
        if (o->group > o->row || (i > 0 && o->group < o[-1].group) ||
            (i > 0 && o->group == o[-1].group && o->row <= o[-1].row))
            AS_FAIL(err, AS_EBUG, "origin %" PRIu64 " is out of order", i);
        s->named_row_max = o->row > s->named_row_max ? o->row : s->named_row_max;
    }
done:
    return status;
}

static enum as_status count_sensor_maps(struct as_seal *s, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_store_what *w = s->what;

    s->mine[AS_N_SENSOR_MAPS] = w->nsensor_maps;
    for (uint64_t i = 0; i < w->nsensor_maps; i++) {
        const struct as_sensor_map *m = &w->sensor_maps[i];
        if (m->set >= w->nsets || (i > 0 && m->row <= m[-1].row))
            AS_FAIL(err, AS_EBUG, "sensor map %" PRIu64 " is of no set or out of order", i);
        if (m->w > AS_MAP_SIDE_MAX || m->h > AS_MAP_SIDE_MAX)
            AS_FAIL(err, AS_EBUG, "sensor map %" PRIu64 " has %u x %u cells", i, m->w, m->h);
        s->mine[AS_N_CELLS] += (uint64_t)m->w * m->h;
        s->named_row_max = m->row > s->named_row_max ? m->row : s->named_row_max;
    }
done:
    return status;
}

enum as_status as_seal_count_found(struct as_seal *s, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_store_what *w = s->what;

    s->mine[AS_N_MATCHES] = w->nmatches;
    for (uint64_t i = 0; i < w->nmatches; i++) {
        const struct as_match *m = &w->matches[i];
        if (m->set >= w->nsets || m->kind >= AS_MATCH_KINDS || (i > 0 && !match_before(m - 1, m)))
            AS_FAIL(err, AS_EBUG, "match %" PRIu64 " is of no set or out of order", i);
        s->named_row_max = m->row > s->named_row_max ? m->row : s->named_row_max;
        AS_TRY(as_seal_count_name(s, i, err));
    }
    s->mine[AS_N_LINKS] = w->nlinks;
    for (uint64_t i = 0; i < w->nlinks; i++) {
        const struct as_link *l = &w->links[i];
        if (l->a >= l->b || l->kind >= AS_MATCH_KINDS || (i > 0 && !link_before(l - 1, l)))
            AS_FAIL(err, AS_EBUG, "link %" PRIu64 " is of no two items or out of order", i);
        s->named_row_max = l->b > s->named_row_max ? l->b : s->named_row_max;
    }
    AS_TRY(count_members(s, err));
    AS_TRY(count_origins(s, err));
    AS_TRY(count_sensor_maps(s, err));
done:
    return status;
}

/* A text of the store as a string of its own. */
static enum as_status copy_text(struct as_store *store, const uint8_t cell[12], char **to,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_text text;

    AS_TRY(as_store_text(store, AS_CELL_TEXT, cell, &text, err));
    if (text.len > NAME_MAX_BYTES)
        AS_FAIL(err, AS_EFORMAT, "/sets names a set with %" PRIu32 " bytes", text.len);
    if ((*to = calloc(text.len + 1, 1)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the name of a set");
    memcpy(*to, text.at, text.len);
done:
    return status;
}

enum as_status as_store_load_sets(struct as_store *store, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_window *w = as_store_table(store, AS_T_sets);
    const uint8_t *at = NULL;

    if (w->set->rows > SETS_MAX)
        AS_FAIL(err, AS_EFORMAT, "/sets has %" PRIu64 " rows", w->set->rows);
    if ((store->sets = calloc(w->set->rows + 1, sizeof *store->sets)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for %" PRIu64 " sets", w->set->rows);
    for (uint64_t i = 0; i < w->set->rows; i++) {
        struct as_set_row *set = &store->sets[i];
        char *text = NULL;
        AS_TRY(as_window_span(w, i, 1, &at, err));
        struct as_rec_sets rec;
        memcpy(&rec, at, sizeof rec);
        set->kind = as_get_u16(rec.kind);
        set->rows = as_get_u64(rec.rows);
        memcpy(set->digest, rec.digest, sizeof rec.digest);
        AS_TRY(copy_text(store, rec.name, &text, err));
        set->name = text;
        AS_TRY(copy_text(store, rec.path, &text, err));
        set->path = text;
    }
done:
    return status;
}

void as_store_free_sets(struct as_store *store)
{
    for (struct as_set_row *s = store->sets; s != NULL && s->name != NULL; s++) {
        free((char *)(uintptr_t)s->name);
        free((char *)(uintptr_t)s->path);
    }
    free(store->sets);
}

uint32_t as_store_sets(struct as_store *store, const struct as_set_row **rows)
{
    *rows = store->sets;
    return (uint32_t)as_store_table(store, AS_T_sets)->set->rows;
}

static uint64_t rows_of(const struct as_store *store, enum as_table table)
{
    return store->layout.set[store->layout.table[table]].rows;
}

uint64_t as_store_matches(const struct as_store *store)
{
    return rows_of(store, AS_T_matches);
}

uint64_t as_store_members(const struct as_store *store)
{
    return rows_of(store, AS_T_groups);
}

uint64_t as_store_origins(const struct as_store *store)
{
    return rows_of(store, AS_T_origins);
}

uint64_t as_store_sensor_maps(const struct as_store *store)
{
    return rows_of(store, AS_T_sensor_maps);
}

uint64_t as_store_links(const struct as_store *store)
{
    return rows_of(store, AS_T_links);
}

enum as_status as_store_match(struct as_store *store, uint64_t i, struct as_match *match,
                              struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint8_t *at = NULL;

    AS_TRY(as_window_span(as_store_table(store, AS_T_matches), i, 1, &at, err));
    const struct as_rec_matches *rec = (const struct as_rec_matches *)at;
    *match = (struct as_match){.row = as_get_u64(rec->item_row),
                               .reference = as_get_u64(rec->reference),
                               .set = as_get_u16(rec->set),
                               .kind = as_get_u16(rec->kind),
                               .value = as_get_f32(rec->value),
                               .p = as_get_f64(rec->p_false_alarm),
                               .other = as_get_f32(rec->other_value),
                               .others = as_get_u32(rec->others),
                               .left = as_get_f32(rec->left),
                               .top = as_get_f32(rec->top),
                               .scale = as_get_f32(rec->scale),
                               .turn = rec->turn[0],
                               .beside = rec->beside[0]};
    if (match->row >= as_store_named(store) || match->set >= rows_of(store, AS_T_sets) ||
        match->kind >= AS_MATCH_KINDS || match->beside >= AS_BESIDES)
        AS_FAIL(err, AS_EFORMAT, "match %" PRIu64 " is of nothing that is there", i);
done:
    return status;
}

enum as_status as_store_match_name(struct as_store *store, uint64_t i, struct as_text *name,
                                   struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint8_t *at = NULL;

    AS_TRY(as_window_span(as_store_table(store, AS_T_matches), i, 1, &at, err));
    AS_TRY(
        as_store_text(store, AS_CELL_WORD, ((const struct as_rec_matches *)at)->name, name, err));
done:
    return status;
}

uint64_t as_store_findings(const struct as_store *store)
{
    return rows_of(store, AS_T_findings);
}

enum as_status as_store_finding(struct as_store *store, uint64_t i, struct as_finding *finding,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint8_t *at = NULL;
    struct as_text text;

    memset(finding, 0, sizeof *finding);
    AS_TRY(as_window_span(as_store_table(store, AS_T_findings), i, 1, &at, err));
    const struct as_rec_findings *rec = (const struct as_rec_findings *)at;
    const uint16_t slot = as_get_u16(rec->detector);
    finding->row = as_get_u64(rec->item_row);
    finding->kind = as_get_u16(rec->kind);
    finding->set = as_get_u16(rec->set);
    if ((slot >= store->layout.ndets && slot != AS_FINDING_NONE) ||
        finding->kind >= AS_FINDING_KINDS || finding->row >= as_store_items(store) ||
        (finding->set != AS_FINDING_NONE && finding->set >= rows_of(store, AS_T_sets)))
        AS_FAIL(err, AS_EFORMAT, "finding %" PRIu64 " is of nothing that is there", i);
    finding->det = AS_FINDING_NONE;
    if (slot != AS_FINDING_NONE && store->index[slot] >= 0)
        finding->det = (uint16_t)store->index[slot];
    finding->score = as_get_f32(rec->score);
    finding->llr = as_get_f32(rec->llr);
    AS_TRY(as_store_text(store, AS_CELL_TEXT, rec->text, &text, err));
    memcpy(finding->text, text.at,
           text.len < sizeof finding->text ? text.len : sizeof finding->text - 1);
done:
    return status;
}

enum as_status as_store_link(struct as_store *store, uint64_t i, struct as_link *link,
                             struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint8_t *at = NULL;

    AS_TRY(as_window_span(as_store_table(store, AS_T_links), i, 1, &at, err));
    const struct as_rec_links *rec = (const struct as_rec_links *)at;
    *link = (struct as_link){as_get_u64(rec->item_a), as_get_u64(rec->item_b),
                             as_get_u16(rec->kind), as_get_f32(rec->value)};
    if (link->a >= link->b || link->b >= as_store_items(store) || link->kind >= AS_MATCH_KINDS)
        AS_FAIL(err, AS_EFORMAT, "link %" PRIu64 " is of nothing that is there", i);
done:
    return status;
}

enum as_status as_store_member(struct as_store *store, uint64_t i, struct as_member *member,
                               struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint8_t *at = NULL;

    AS_TRY(as_window_span(as_store_table(store, AS_T_groups), i, 1, &at, err));
    const struct as_rec_groups *rec = (const struct as_rec_groups *)at;
    *member =
        (struct as_member){as_get_u64(rec->item_row), as_get_u64(rec->group), rec->stands[0] != 0};
    if (member->row >= as_store_items(store) || member->group > member->row)
        AS_FAIL(err, AS_EFORMAT, "member %" PRIu64 " of groups is of nothing that is there", i);
done:
    return status;
}

enum as_status as_store_origin(struct as_store *store, uint64_t i, struct as_origin *origin,
                               struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint8_t *at = NULL;

    AS_TRY(as_window_span(as_store_table(store, AS_T_origins), i, 1, &at, err));
    const struct as_rec_origins *rec = (const struct as_rec_origins *)at;
    *origin = (struct as_origin){as_get_u64(rec->item_row), as_get_u64(rec->group),
                                 as_get_f32(rec->value), as_get_f32(rec->p_false_alarm)};
    if (origin->row >= as_store_items(store) || origin->group > origin->row)
        AS_FAIL(err, AS_EFORMAT, "row %" PRIu64 " of origins is of nothing that is there", i);
done:
    return status;
}

enum as_status as_store_sensor_map(struct as_store *store, uint64_t i, struct as_sensor_map *map,
                                   struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint8_t *at = NULL;

    AS_TRY(as_window_span(as_store_table(store, AS_T_sensor_maps), i, 1, &at, err));
    const struct as_rec_sensor_maps *rec = (const struct as_rec_sensor_maps *)at;
    *map = (struct as_sensor_map){.row = as_get_u64(rec->item_row),
                                  .reference = as_get_u64(rec->reference),
                                  .set = as_get_u16(rec->set),
                                  .window = as_get_u32(rec->window),
                                  .regions = as_get_u32(rec->regions),
                                  .missing = as_get_f32(rec->missing),
                                  .unknown = as_get_f32(rec->unknown),
                                  .x = as_get_u32(rec->x),
                                  .y = as_get_u32(rec->y),
                                  .w = as_get_u16(rec->w),
                                  .h = as_get_u16(rec->h),
                                  .cell = as_get_u32(rec->cell)};
    if (map->row >= as_store_named(store) || map->set >= rows_of(store, AS_T_sets) ||
        map->w > AS_MAP_SIDE_MAX || map->h > AS_MAP_SIDE_MAX)
        AS_FAIL(err, AS_EFORMAT, "sensor map %" PRIu64 " is of nothing that is there", i);
    const uint64_t offset = as_get_u64(rec->offset);
    AS_TRY(as_window_span(as_store_bytes(store, AS_B_map_data), offset,
                          (uint64_t)map->w * map->h, &map->cells, err));
done:
    return status;
}
