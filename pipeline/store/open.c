/* open.c - opening a result store: nothing in it is believed before it is checked.
 *
 * 1 layout   2 tables kept in memory   3 opening                              */
#include "h5.h"
#include "read.h"
#include "reference_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const ATTRS[4] = {"schema", "assay_version", "content_digest", "digest_exact"};

struct as_window *as_store_table(struct as_store *store, enum as_table table)
{
    return &store->window[store->layout.table[table]];
}

struct as_window *as_store_bytes(struct as_store *store, enum as_bytes bytes)
{
    return &store->window[store->layout.bytes[bytes]];
}

enum as_status as_store_text(struct as_store *store, enum as_cell type, const uint8_t cell[12],
                             struct as_text *text, struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint8_t *at = NULL;

    text->len = as_get_u32(cell + 8);
    text->at = "";
    if (text->len > AS_STRING_MAX)
        AS_FAIL(err, AS_EFORMAT, "a text of %" PRIu32 " bytes is longer than any can be",
                text->len);
    AS_TRY(
        as_window_span(&store->text[type - AS_CELL_PATH], as_get_u64(cell), text->len, &at, err));
    text->at = (const char *)at;
done:
    return status;
}

/* 1 layout ------------------------------------------------------------------------- */

static enum as_status open_parent(struct as_store *store, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_store_parent *p = &store->parent;

    if (!as_h5_get_text(store->file, "parent_content_digest", p->content_digest,
                        sizeof p->content_digest) ||
        !as_h5_get_text(store->file, "parent_digest_exact", p->digest_exact,
                        sizeof p->digest_exact) ||
        !as_h5_get_count(store->file, "parent_items", &p->items) || p->content_digest[0] == '\0')
        AS_FAIL(err, AS_EFORMAT, "the search does not say of which case it is");
done:
    return status;
}

static enum as_status open_attrs(struct as_store *store, struct as_err *err)
{
    enum as_status status = AS_OK;

    for (int i = 0; i < 4; i++)
        if (!as_h5_get_text(store->file, ATTRS[i], store->attr[i], sizeof store->attr[i])) {
            if (strcmp(store->attr[0], AS_REF_SCHEMA) == 0)
                AS_FAIL(err, AS_EFORMAT,
                        "a reference store, not results: run and search --against check its digest "
                        "and read it");
            AS_FAIL(err, AS_EFORMAT, "not a result store: the attribute %s is missing", ATTRS[i]);
        }
    if (strcmp(store->attr[0], AS_SCHEMA_SEARCH) == 0)
        return open_parent(store, err);
    if (strcmp(store->attr[0], AS_SCHEMA) != 0)
        AS_FAIL(err, AS_EFORMAT,
                "its schema is \"%s\", this program reads \"%s\" and \"%s\": read it with the version "
                "of assay that made it, or make it again, a case by run --fresh",
                store->attr[0], AS_SCHEMA, AS_SCHEMA_SEARCH);
done:
    return status;
}

/* The detectors of the case, from the list that goes with /findings. */
static enum as_status open_dets(struct as_store *store, struct as_err *err)
{
    enum as_status status = AS_OK;
    char *words = NULL, name[AS_DET_NAME_MAX + 2];
    uint32_t n = 0, size = 0, slot = 0;

    AS_TRY(as_h5_get_words(as_store_table(store, AS_T_findings)->ds, "detectors", &words, &n, &size,
                           err));
    for (uint32_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%.*s", (int)size, words + (size_t)i * size);
        AS_TRY(as_layout_add_det(&store->layout, name, &slot, err));
    }
done:
    free(words);
    return status;
}

static bool has_group(struct as_store *store, enum as_group group, uint32_t slot)
{
    char name[sizeof store->layout.set[0].name];

    snprintf(name, sizeof name, "/%s", as_groups[group].name);
    if (H5Lexists(store->file, name, H5P_DEFAULT) <= 0)
        return false;
    snprintf(name, sizeof name, "/%s/%s", as_groups[group].name, store->layout.det[slot]);
    return H5Lexists(store->file, name, H5P_DEFAULT) > 0;
}

static enum as_status open_group(struct as_store *store, enum as_group group, uint32_t slot,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;
    uint32_t exact = 0, index = store->layout.nsets;
    struct as_set *set = NULL;

    if (group != AS_G_status && group != AS_G_reasons && !has_group(store, group, slot))
        return AS_OK;
    set = as_layout_add_group(&store->layout, group, slot, 1, false);
    AS_TRY(as_window_open(&store->window[index], store->file, set, err));
    if (set->rows != as_store_items(store))
        AS_FAIL(err, AS_EFORMAT, "%s has not as many rows as /items", set->name);
    if (!as_h5_get_number(store->window[index].ds, "exact", &exact))
        AS_FAIL(err, AS_EFORMAT, "%s does not say whether it is exact", set->name);
    if (as_groups[group].scope == AS_SCOPE_PERHAPS && exact != 0)
        set->in = AS_SCOPE_EXACT;
done:
    return status;
}

/* Cells in a row of a group's dataset; 0 where there is none. */
static uint32_t dim_of(const struct as_store *store, enum as_group group, uint32_t slot)
{
    int set = store->layout.group[group][slot];

    return set < 0 ? 0 : store->layout.set[set].dim;
}

/* Finds the slot's detector in the program's table: the same name and shape. */
static enum as_status know_det(struct as_store *store, uint32_t slot, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint32_t dim = dim_of(store, AS_G_measures, slot), code = dim_of(store, AS_G_features, slot);

    store->index[slot] = -1;
    for (int d = 0; d < AS_DETECTORS_MAX && store->dets[d] != NULL; d++)
        if (strcmp(store->dets[d]->name, store->layout.det[slot]) == 0 &&
            store->dets[d]->dim == dim && store->dets[d]->code_bytes == code)
            store->index[slot] = d;
    store->feat[slot] = calloc(dim > 0 ? dim : 1, sizeof(float));
    store->code[slot] = calloc(code > 0 ? code : 1, 1);
    if (store->feat[slot] == NULL || store->code[slot] == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for a row of %s", store->layout.det[slot]);
done:
    return status;
}

/* Nothing else may be in the file, as no digest would cover it. */
static enum as_status check_alone(struct as_store *store, struct as_err *err)
{
    enum as_status status = AS_OK;
    hsize_t expected = 0;
    H5G_info_t info;

    for (uint32_t i = 0; i < store->layout.nsets; i++)
        expected += store->layout.set[i].form != AS_FORM_GROUP;
    for (int g = 0; g < AS_GROUPS; g++) {
        hsize_t n = 0;
        char name[32];
        for (uint32_t slot = 0; slot < store->layout.ndets; slot++)
            n += store->layout.group[g][slot] >= 0;
        expected += n > 0;
        snprintf(name, sizeof name, "/%s", as_groups[g].name);
        if (n > 0 &&
            (H5Gget_info_by_name(store->file, name, &info, H5P_DEFAULT) < 0 || info.nlinks != n))
            AS_FAIL(err, AS_EFORMAT, "%s holds what does not belong there", name);
    }
    if (H5Gget_info_by_name(store->file, "/", &info, H5P_DEFAULT) < 0 || info.nlinks != expected)
        AS_FAIL(err, AS_EFORMAT, "the file holds what does not belong there");
done:
    return status;
}

static enum as_status open_layout(struct as_store *store, struct as_err *err)
{
    enum as_status status = AS_OK;

    as_layout_init(&store->layout, as_store_parent(store) != NULL);
    for (uint32_t i = 0; i < AS_SETS_MAX; i++)
        store->window[i].set = &store->layout.set[i];
    for (uint32_t i = 0; i < store->layout.nsets; i++)
        AS_TRY(as_window_open(&store->window[i], store->file, &store->layout.set[i], err));
    for (int part = 0; part < AS_TEXT_PARTS; part++)
        AS_TRY(as_window_open(&store->text[part], store->file,
                              &store->layout.set[store->layout.bytes[AS_B_strings]], err));
    store->text[AS_CELL_WORD - AS_CELL_PATH].least = AS_AHEAD_MAX; /* few, in no order */
    if (as_store_parent(store) == NULL)
        AS_TRY(open_dets(store, err));
    for (uint32_t slot = 0; slot < store->layout.ndets; slot++) {
        for (int g = 0; g < AS_GROUPS; g++)
            AS_TRY(open_group(store, (enum as_group)g, slot, err));
        AS_TRY(know_det(store, slot, err));
    }
    AS_TRY(check_alone(store, err));
done:
    return status;
}

/* 2 tables kept in memory ---------------------------------------------------------- */

static enum as_status load_provenance(struct as_store *store, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_window *w = as_store_bytes(store, AS_B_provenance);
    const uint8_t *at = NULL;
    uint64_t n = w->set->rows;

    AS_TRY(as_window_span(w, 0, n, &at, err));
    if ((store->provenance = malloc(n + 1)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the provenance");
    memcpy(store->provenance, at, n);
    store->provenance[n] = '\0';
done:
    return status;
}

/* Bytes that all paths of the evidence take, each with a NUL. */
static enum as_status measure_paths(struct as_store *store, uint64_t *bytes, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_window *w = as_store_table(store, AS_T_evidence);
    const uint8_t *at = NULL;

    *bytes = 1;
    for (uint64_t i = 0; i < w->set->rows; i++) {
        AS_TRY(as_window_span(w, i, 1, &at, err));
        *bytes += 1 + (uint64_t)as_get_u32(((const struct as_rec_evidence *)at)->path + 8);
        if (*bytes > AS_ROW_TEXT_MAX || i >= UINT32_MAX)
            AS_FAIL(err, AS_EFORMAT, "the paths of /evidence are longer than can be");
    }
done:
    return status;
}

static enum as_status load_source(struct as_store *store, uint64_t i, char **end,
                                  struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint8_t *at = NULL;
    struct as_text path;

    AS_TRY(as_window_span(as_store_table(store, AS_T_evidence), i, 1, &at, err));
    const struct as_rec_evidence *rec = (const struct as_rec_evidence *)at;
    struct as_source_row *row = &store->sources[i];
    AS_TRY(as_store_text(store, AS_CELL_TEXT, rec->path, &path, err));
    memcpy(*end, path.at, path.len);
    row->path = *end;
    *end += path.len + 1; /* the NUL is there from calloc */
    row->ordinal = as_get_u32(rec->ordinal);
    row->size = as_get_u64(rec->size);
    memcpy(row->sha256, rec->sha256, sizeof rec->sha256);
    row->recheck = as_get_u16(rec->recheck);
    row->mtime_s = (int64_t)as_get_u64(rec->mtime);
    row->kind = as_get_u16(rec->kind);
done:
    return status;
}

static enum as_status load_sources(struct as_store *store, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t n = as_store_table(store, AS_T_evidence)->set->rows, bytes = 0;

    AS_TRY(measure_paths(store, &bytes, err));
    store->sources = calloc(n + 1, sizeof *store->sources);
    store->source_paths = calloc(bytes, 1);
    char *end = store->source_paths;
    if (store->sources == NULL || end == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for %" PRIu64 " sources", n);
    for (uint64_t i = 0; i < n; i++)
        AS_TRY(load_source(store, i, &end, err));
done:
    return status;
}

static enum as_status load_timing(struct as_store *store, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_window *w = as_store_table(store, AS_T_timing);
    uint64_t n = w->set->rows;
    const uint8_t *at = NULL;

    if ((store->timing = calloc(n + 1, sizeof *store->timing)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for %" PRIu64 " rows of timing", n);
    for (uint64_t i = 0; i < n; i++) {
        AS_TRY(as_window_span(w, i, 1, &at, err));
        const struct as_rec_timing *rec = (const struct as_rec_timing *)at;
        store->timing[i] = (struct as_timing_row){
            .lot = as_get_u64(rec->lot),
            .rank = as_get_u32(rec->rank),
            .bytes = as_get_u64(rec->bytes),
            .read_s = as_get_f32(rec->read_s),
            .unpack_s = as_get_f32(rec->unpack_s),
            .decode_s = as_get_f32(rec->decode_s),
            .extract_s = as_get_f32(rec->extract_s),
        };
    }
done:
    return status;
}

/* 3 opening ------------------------------------------------------------------------ */

enum as_status as_store_open_bare(struct as_store **store, const char *path,
                                  const struct as_detector *const *dets, struct as_err *err)
{
    enum as_status status = AS_OK;
    char why[AS_H5_WHY], text[sizeof err->text];
    struct as_store *s = calloc(1, sizeof *s);
    hid_t fapl = H5I_INVALID_HID;

    *store = NULL;
    if (s == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to open %s", path);
    as_h5_quiet();
    s->dets = dets;
    if (access(path, R_OK) != 0)
        AS_FAIL(err, AS_EIO, "cannot read %s: %s", path, strerror(errno));
    if (H5Fis_hdf5(path) <= 0)
        AS_FAIL(err, AS_EFORMAT, "%s is not a result store", path);
    fapl = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(fapl, false,
                        true); /* never changed once sealed; some file systems have no locks */
    if ((s->file = H5Fopen(path, H5F_ACC_RDONLY, fapl)) < 0)
        AS_FAIL(err, AS_EFORMAT, "%s is broken: %s", path, as_h5_why(why));
    if ((status = open_attrs(s, err)) == AS_OK)
        status = open_layout(s, err);
    if (status != AS_OK && err != NULL) {
        snprintf(text, sizeof text, "%s", err->text);
        AS_FAIL(err, status, "%s: %s", path, text);
    }
    if (status == AS_OK) {
        *store = s;
        s = NULL;
    }
done:
    if (fapl >= 0)
        H5Pclose(fapl);
    as_store_close(s);
    return status;
}

enum as_status as_store_open_with(struct as_store **store, const char *path,
                                  const struct as_detector *const *dets, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_store_open_bare(store, path, dets, err));
    AS_TRY(load_provenance(*store, err));
    AS_TRY(load_sources(*store, err));
    AS_TRY(as_store_load_sets(*store, err));
    AS_TRY(load_timing(*store, err));
done:
    if (status != AS_OK) {
        as_store_close(*store);
        *store = NULL;
    }
    return status;
}

enum as_status as_store_open_any(struct as_store **store, const char *path, struct as_err *err)
{
    return as_store_open_with(store, path, as_detectors, err);
}

enum as_status as_store_open(struct as_store **store, const char *path, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_store_open_any(store, path, err));
    if (as_store_parent(*store) == NULL)
        return AS_OK;
    as_store_close(*store);
    *store = NULL;
    AS_FAIL(err, AS_EFORMAT, "%s is the search of a case, not a case", path);
done:
    return status;
}

void as_store_close(struct as_store *store)
{
    if (store == NULL)
        return;
    for (uint32_t i = 0; i < AS_SETS_MAX; i++)
        as_window_close(&store->window[i]);
    for (int part = 0; part < AS_TEXT_PARTS; part++)
        as_window_close(&store->text[part]);
    if (store->file > 0)
        H5Fclose(store->file);
    for (int d = 0; d < AS_DETECTORS_MAX; d++) {
        free(store->feat[d]);
        free(store->code[d]);
    }
    free(store->provenance);
    free(store->sources);
    free(store->source_paths);
    free(store->timing);
    as_store_free_sets(store);
    free(store->texts);
    free(store->kv);
    free(store->cells);
    free(store);
}

uint64_t as_store_items(const struct as_store *store)
{
    return store->layout.set[store->layout.table[AS_T_items]].rows;
}

const struct as_store_parent *as_store_parent(const struct as_store *store)
{
    return store->parent.content_digest[0] != '\0' ? &store->parent : NULL;
}

uint64_t as_store_named(const struct as_store *store)
{
    return store->parent.content_digest[0] != '\0' ? store->parent.items : as_store_items(store);
}

const char *as_store_attr(const struct as_store *store, const char *name)
{
    for (int i = 0; i < 4; i++)
        if (strcmp(name, ATTRS[i]) == 0)
            return store->attr[i];
    return NULL;
}

const char *as_store_provenance(const struct as_store *store)
{
    return store->provenance;
}

uint32_t as_store_sources(struct as_store *store, const struct as_source_row **rows)
{
    *rows = store->sources;
    return (uint32_t)as_store_table(store, AS_T_evidence)->set->rows;
}

uint64_t as_store_timing(struct as_store *store, const struct as_timing_row **rows)
{
    *rows = store->timing;
    return as_store_table(store, AS_T_timing)->set->rows;
}
