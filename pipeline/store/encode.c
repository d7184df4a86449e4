/* encode.c - rows as the records of results.h5.
 *
 * Every row is seen twice: once counted, once put into buffers; both go through
 * the texts in the same order, so that the same ones are stored only once.
 *
 * 1 counting   2 texts   3 what hangs on an item   4 rows                     */
#include "seal.h"

#include "../../kernels/learn/model.h"
#include "../hex.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* 1 counting ----------------------------------------------------------------------- */

static void count_word(struct as_seal *s, struct as_text text)
{
    uint64_t offset = 0;

    if (!as_intern_find(s->intern, text, &offset))
        s->mine[AS_N_WORDS] += text.len;
}

static struct as_text text_of(const char *word)
{
    return (struct as_text){word, (uint32_t)strlen(word)};
}

enum as_status as_seal_count(struct as_seal *s, uint64_t i, const struct as_row *row,
                             struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_seal_check_row(s, i, row, err));
    s->mine[AS_N_ITEMS]++;
    s->mine[AS_N_PATHS] += row->path.len;
    s->mine[AS_N_METADATA] += row->nkv;
    s->mine[AS_N_ERRORS] += row->ntrouble;
    s->mine[AS_N_MAPS] += row->nmap;
    for (size_t k = 0; k < row->nkv; k++) {
        count_word(s, row->kv[k].key);
        s->mine[AS_N_TEXTS] += row->kv[k].value.len;
    }
    for (size_t t = 0; t < row->ntrouble; t++) {
        count_word(s, text_of(row->trouble[t].stage));
        s->mine[AS_N_TEXTS] += row->trouble[t].message.len;
    }
    for (size_t m = 0; m < row->nmap; m++)
        s->mine[AS_N_CELLS] += (uint64_t)row->map[m].w * row->map[m].h;
done:
    return status;
}

/* 2 texts -------------------------------------------------------------------------- */

static enum as_status add(struct as_seal *s, struct as_outlet *o, uint64_t n, uint8_t **to,
                          struct as_err *err)
{
    s->pending += n * o->set->row_bytes;
    return as_outlet_add(o, n, to, err);
}

static struct as_outlet *out_table(struct as_seal *s, enum as_table table)
{
    return &s->out[s->layout.table[table]];
}

/* Appends bytes to a run of bytes; where in the dataset they will be in *offset. */
static enum as_status add_bytes(struct as_seal *s, struct as_outlet *o, const void *from,
                                uint64_t n, uint64_t *offset, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint8_t *to = NULL;

    *offset = o->at + o->used;
    if (n == 0)
        return AS_OK;
    AS_TRY(add(s, o, n, &to, err));
    memcpy(to, from, n);
done:
    return status;
}

static enum as_status put_text(struct as_seal *s, struct as_text text, uint8_t to[12],
                               struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t offset = 0;

    AS_TRY(add_bytes(s, &s->out[s->layout.nsets + 1], text.at, text.len, &offset, err));
    as_put_text(to, offset, text.len);
done:
    return status;
}

/* The same for a text that may have been met before. */
static enum as_status put_word(struct as_seal *s, struct as_text text, uint8_t to[12],
                               struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_outlet *o = &s->out[s->layout.nsets];
    uint64_t offset = o->at + o->used;

    if (!as_intern_find(s->intern, text, &offset))
        AS_TRY(add_bytes(s, o, text.at, text.len, &offset, err));
    as_put_text(to, offset, text.len);
done:
    return status;
}

/* 3 what hangs on an item ---------------------------------------------------------- */

static enum as_status put_kvs(struct as_seal *s, uint64_t i, const struct as_row *row,
                              struct as_err *err)
{
    enum as_status status = AS_OK;

    for (size_t k = 0; k < row->nkv; k++) {
        uint8_t *to = NULL;
        AS_TRY(add(s, out_table(s, AS_T_metadata), 1, &to, err));
        struct as_rec_metadata *rec = (struct as_rec_metadata *)to;
        as_put_u64(rec->item_row, i);
        AS_TRY(put_word(s, row->kv[k].key, rec->key, err));
        AS_TRY(put_text(s, row->kv[k].value, rec->value, err));
    }
done:
    return status;
}

static enum as_status put_troubles(struct as_seal *s, uint64_t i, const struct as_row *row,
                                   struct as_err *err)
{
    enum as_status status = AS_OK;

    for (size_t t = 0; t < row->ntrouble; t++) {
        uint8_t *to = NULL;
        AS_TRY(add(s, out_table(s, AS_T_errors), 1, &to, err));
        struct as_rec_errors *rec = (struct as_rec_errors *)to;
        as_put_u64(rec->item_row, i);
        as_put_u16(rec->status, row->trouble[t].status);
        AS_TRY(put_word(s, text_of(row->trouble[t].stage), rec->stage, err));
        AS_TRY(put_text(s, row->trouble[t].message, rec->message, err));
    }
done:
    return status;
}

static enum as_status put_maps(struct as_seal *s, uint64_t i, const struct as_row *row,
                               struct as_err *err)
{
    enum as_status status = AS_OK;

    for (size_t m = 0; m < row->nmap; m++) {
        const struct as_map_row *map = &row->map[m];
        uint8_t *to = NULL;
        uint64_t offset = 0;
        AS_TRY(add(s, out_table(s, AS_T_maps), 1, &to, err));
        struct as_rec_maps *rec = (struct as_rec_maps *)to;
        AS_TRY(add_bytes(s, &s->out[s->layout.bytes[AS_B_map_data]], map->cells,
                         (uint64_t)map->w * map->h, &offset, err));
        as_put_u64(rec->item_row, i);
        as_put_u16(rec->detector, (uint16_t)s->slot_of[map->det]);
        as_put_u16(rec->w, map->w);
        as_put_u16(rec->h, map->h);
        as_put_u32(rec->cell, map->cell);
        as_put_u64(rec->offset, offset);
    }
done:
    return status;
}

/* A row of a group's dataset for a detector: *to is NULL where there is no such dataset. */
static enum as_status add_group(struct as_seal *s, enum as_group group, uint32_t slot, uint8_t **to,
                                struct as_err *err)
{
    int set = s->layout.group[group][slot];

    *to = NULL;
    return set < 0 ? AS_OK : add(s, &s->out[set], 1, to, err);
}

static void put_floats(uint8_t *to, const float *from, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        as_put_f32(to + 4 * (size_t)i, from != NULL ? from[i] : NAN);
}

static enum as_status put_det(struct as_seal *s, uint32_t slot, const struct as_row *item,
                              struct as_err *err)
{
    enum as_status status = AS_OK;
    uint32_t d = s->det_of[slot];
    const struct as_detector *row = s->dets[d];
    const struct as_det_row *det = &item->det[d];
    bool applies = det->status == AS_DET_APPLIES;
    const float *feat = applies ? det->feat : NULL;
    float score = NAN, llr;
    uint8_t *to = NULL;

    AS_TRY(add_group(s, AS_G_status, slot, &to, err));
    to[0] = det->status;
    AS_TRY(add_group(s, AS_G_reasons, slot, &to, err));
    as_put_u16(to, applies ? 0 : det->reason);
    AS_TRY(add_group(s, AS_G_measures, slot, &to, err));
    if (to != NULL)
        put_floats(to, feat, row->dim);
    AS_TRY(add_group(s, AS_G_features, slot, &to, err));
    if (to != NULL && applies && det->code != NULL)
        memcpy(to, det->code, row->code_bytes);
    AS_TRY(add_group(s, AS_G_scores, slot, &to, err));
    if (to != NULL) {
        if (feat != NULL && as_det_score(row, s->what->models[d], feat, 1, &score) != AS_OK)
            AS_FAIL(err, AS_EBUG, "the model of %s does not score its measures", row->name);
        put_floats(to, &score, 1);
    }
    AS_TRY(add_group(s, AS_G_llr, slot, &to, err));
    if (to != NULL) {
        const struct as_model *model = s->what->models[d];
        const struct as_looks looks = as_row_looks(item);
        const bool told = feat != NULL && as_model_llr(model, feat, score, &looks, &llr);
        put_floats(to, told ? &llr : NULL, 1);
    }
done:
    return status;
}

/* 4 rows --------------------------------------------------------------------------- */

static enum as_status put_item(struct as_seal *s, const struct as_row *row, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint8_t *to = NULL;
    uint64_t offset = 0;

    AS_TRY(add(s, out_table(s, AS_T_items), 1, &to, err));
    struct as_rec_items *rec = (struct as_rec_items *)to;
    AS_TRY(add_bytes(s, &s->out[s->layout.bytes[AS_B_strings]], row->path.at, row->path.len,
                     &offset, err));
    as_put_u64(rec->id, row->id);
    as_put_u32(rec->part, row->part);
    as_put_u32(rec->source, row->source);
    as_put_text(rec->path, offset, row->path.len);
    as_put_u64(rec->size, row->size);
    if (row->has_sha256)
        as_hex_digits(row->sha256, sizeof row->sha256, (char *)rec->sha256);
    if (row->has_md5)
        as_hex_digits(row->md5, sizeof row->md5, (char *)rec->md5);
    if (row->has_sha1)
        as_hex_digits(row->sha1, sizeof row->sha1, (char *)rec->sha1);
    as_put_u64(rec->mtime, (uint64_t)row->mtime_s);
    as_put_u16(rec->kind, row->kind);
    rec->status[0] = (uint8_t)row->status;
    as_put_u16(rec->reason, row->reason);
    as_put_u32(rec->width, row->w);
    as_put_u32(rec->height, row->h);
    as_put_u32(rec->frames, row->frames);
    as_put_f64(rec->duration_s, row->duration_s);
    as_put_u32(rec->flags, row->flags);
done:
    return status;
}

enum as_status as_seal_item(struct as_seal *s, uint64_t i, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_row row;

    memset(&row, 0, sizeof row);
    AS_TRY(s->what->rows.row(s->what->rows.state, i, &row, err));
    AS_TRY(as_seal_check_row(s, i, &row, err));
    AS_TRY(put_item(s, &row, err));
    for (uint32_t slot = 0; slot < s->layout.ndets; slot++)
        AS_TRY(put_det(s, slot, &row, err));
    AS_TRY(put_kvs(s, i, &row, err));
    AS_TRY(put_troubles(s, i, &row, err));
    AS_TRY(put_maps(s, i, &row, err));
done:
    return status;
}

enum as_status as_seal_finding(struct as_seal *s, uint64_t i, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_finding f;
    uint8_t *to = NULL;

    AS_TRY(s->what->finding(s->what->findings, i, &f, err));
    AS_TRY(add(s, out_table(s, AS_T_findings), 1, &to, err));
    struct as_rec_findings *rec = (struct as_rec_findings *)to;
    as_put_u64(rec->item_row, f.row);
    as_put_u16(rec->kind, f.kind);
    as_put_u16(rec->detector,
               f.det == AS_FINDING_NONE ? AS_FINDING_NONE : (uint16_t)s->slot_of[f.det]);
    as_put_u16(rec->set, f.set);
    as_put_f32(rec->score, f.score);
    as_put_f32(rec->llr, f.llr);
    AS_TRY(put_text(s, (struct as_text){f.text, (uint32_t)strnlen(f.text, sizeof f.text)},
                    rec->text, err));
done:
    return status;
}

enum as_status as_seal_set(struct as_seal *s, uint64_t i, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_set_row *set = &s->what->sets[i];
    uint8_t *to = NULL;

    AS_TRY(add(s, out_table(s, AS_T_sets), 1, &to, err));
    struct as_rec_sets *rec = (struct as_rec_sets *)to;
    as_put_u16(rec->set, (uint16_t)i);
    AS_TRY(put_text(s, text_of(set->name), rec->name, err));
    AS_TRY(put_text(s, text_of(set->path), rec->path, err));
    as_put_u16(rec->kind, set->kind);
    memcpy(rec->digest, set->digest, strnlen(set->digest, sizeof rec->digest));
    as_put_u64(rec->rows, set->rows);
done:
    return status;
}

static enum as_status name_of(struct as_seal *s, const struct as_match *m, struct as_text *name,
                              struct as_err *err)
{
    *name = (struct as_text){"", 0};
    return s->what->name ? s->what->name(s->what->names, m, name, err) : AS_OK;
}

enum as_status as_seal_count_name(struct as_seal *s, uint64_t i, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_text name;

    AS_TRY(name_of(s, &s->what->matches[i], &name, err));
    count_word(s, name);
done:
    return status;
}

enum as_status as_seal_match(struct as_seal *s, uint64_t i, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_match *m = &s->what->matches[i];
    struct as_text name;
    uint8_t *to = NULL;

    AS_TRY(add(s, out_table(s, AS_T_matches), 1, &to, err));
    struct as_rec_matches *rec = (struct as_rec_matches *)to;
    as_put_u64(rec->item_row, m->row);
    as_put_u16(rec->set, m->set);
    as_put_u64(rec->reference, m->reference);
    as_put_u16(rec->kind, m->kind);
    as_put_f32(rec->value, m->value);
    as_put_f64(rec->p_false_alarm, m->p);
    AS_TRY(name_of(s, m, &name, err));
    AS_TRY(put_word(s, name, rec->name, err));
    as_put_u32(rec->others, m->others);
    as_put_f32(rec->other_value, m->others > 0 ? m->other : NAN);
    const bool lies = m->kind == AS_MATCH_CAMERA;
    rec->turn[0] = lies ? m->turn : 0;
    rec->beside[0] = lies ? m->beside : 0;
    as_put_f32(rec->scale, lies ? m->scale : NAN);
    as_put_f32(rec->left, lies ? m->left : NAN);
    as_put_f32(rec->top, lies ? m->top : NAN);
done:
    return status;
}

enum as_status as_seal_link(struct as_seal *s, uint64_t i, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_link *l = &s->what->links[i];
    uint8_t *to = NULL;

    AS_TRY(add(s, out_table(s, AS_T_links), 1, &to, err));
    struct as_rec_links *rec = (struct as_rec_links *)to;
    as_put_u64(rec->item_a, l->a);
    as_put_u64(rec->item_b, l->b);
    as_put_u16(rec->kind, l->kind);
    as_put_f32(rec->value, l->value);
done:
    return status;
}

enum as_status as_seal_member(struct as_seal *s, uint64_t i, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_member *m = &s->what->members[i];
    uint8_t *to = NULL;

    AS_TRY(add(s, out_table(s, AS_T_groups), 1, &to, err));
    struct as_rec_groups *rec = (struct as_rec_groups *)to;
    as_put_u64(rec->item_row, m->row);
    as_put_u64(rec->group, m->group);
    rec->stands[0] = m->stands;
done:
    return status;
}

enum as_status as_seal_origin(struct as_seal *s, uint64_t i, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_origin *o = &s->what->origins[i];
    uint8_t *to = NULL;

    AS_TRY(add(s, out_table(s, AS_T_origins), 1, &to, err));
    struct as_rec_origins *rec = (struct as_rec_origins *)to;
    as_put_u64(rec->item_row, o->row);
    as_put_u64(rec->group, o->group);
    as_put_f32(rec->value, o->value);
    as_put_f32(rec->p_false_alarm, o->p);
done:
    return status;
}

enum as_status as_seal_timing(struct as_seal *s, uint64_t i, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_timing_row *t = &s->what->timing[i];
    uint8_t *to = NULL;

    AS_TRY(add(s, out_table(s, AS_T_timing), 1, &to, err));
    struct as_rec_timing *rec = (struct as_rec_timing *)to;
    as_put_u64(rec->lot, t->lot);
    as_put_u32(rec->rank, t->rank);
    as_put_u64(rec->bytes, t->bytes);
    as_put_f32(rec->read_s, t->read_s);
    as_put_f32(rec->unpack_s, t->unpack_s);
    as_put_f32(rec->decode_s, t->decode_s);
    as_put_f32(rec->extract_s, t->extract_s);
done:
    return status;
}

enum as_status as_seal_source(struct as_seal *s, uint64_t i, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_source_row *e = &s->what->sources[i];
    uint8_t *to = NULL;

    AS_TRY(add(s, out_table(s, AS_T_evidence), 1, &to, err));
    struct as_rec_evidence *rec = (struct as_rec_evidence *)to;
    as_put_u32(rec->ordinal, e->ordinal);
    AS_TRY(put_text(s, text_of(e->path), rec->path, err));
    as_put_u64(rec->size, e->size);
    memcpy(rec->sha256, e->sha256, strnlen(e->sha256, sizeof rec->sha256));
    as_put_u16(rec->recheck, e->recheck);
    as_put_u64(rec->mtime, (uint64_t)e->mtime_s);
    as_put_u16(rec->kind, e->kind);
done:
    return status;
}
