/* read.c - rows of an open result store.
 *
 * 1 items   2 what hangs on an item   3 rows                                  */
#include "read.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* 1 items -------------------------------------------------------------------------- */

static int nibble(uint8_t c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* False where there is no hash, or what is there is none. */
static bool get_hex(const uint8_t *at, uint8_t *hash, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int high = nibble(at[2 * i]), low = nibble(at[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        hash[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* All of the item but its path. */
static void get_item(const struct as_rec_items *rec, struct as_row *row)
{
    memset(row, 0, sizeof *row);
    row->id = as_get_u64(rec->id);
    row->part = as_get_u32(rec->part);
    row->source = as_get_u32(rec->source);
    row->size = as_get_u64(rec->size);
    row->has_sha256 = get_hex(rec->sha256, row->sha256, sizeof row->sha256);
    row->has_md5 = get_hex(rec->md5, row->md5, sizeof row->md5);
    row->has_sha1 = get_hex(rec->sha1, row->sha1, sizeof row->sha1);
    row->mtime_s = (int64_t)as_get_u64(rec->mtime);
    row->kind = as_get_u16(rec->kind);
    row->status = rec->status[0];
    row->reason = as_get_u16(rec->reason);
    row->w = as_get_u32(rec->width);
    row->h = as_get_u32(rec->height);
    row->frames = as_get_u32(rec->frames);
    row->duration_s = as_get_f64(rec->duration_s);
    row->flags = as_get_u32(rec->flags);
}

/* Item i; its path is borrowed until the next text, its record in *rec until the next item. */
static enum as_status read_item(struct as_store *store, uint64_t i, struct as_row *row,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint8_t *at = NULL;

    AS_TRY(as_window_span(as_store_table(store, AS_T_items), i, 1, &at, err));
    const struct as_rec_items *rec = (const struct as_rec_items *)at;
    get_item(rec, row);
    AS_TRY(as_store_text(store, AS_CELL_PATH, rec->path, &row->path, err));
done:
    return status;
}

enum as_status as_store_each(struct as_store *store,
                             enum as_status (*each)(void *, const struct as_row *, struct as_err *),
                             void *state, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_row row;

    for (uint64_t i = 0; i < as_store_items(store); i++) {
        AS_TRY(read_item(store, i, &row, err));
        AS_TRY(each(state, &row, err));
    }
done:
    return status;
}

/* 2 what hangs on an item ---------------------------------------------------------- */

/* The item row of row r of a table that is sorted by it, as its first column. */
static enum as_status owner(struct as_store *store, enum as_table table, uint64_t r, uint64_t *item,
                            struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint8_t *at = NULL;

    AS_TRY(as_window_span(as_store_table(store, table), r, 1, &at, err));
    *item = as_get_u64(at);
done:
    return status;
}

/* The first row of the table that is not of an item before i: by search, unless
 * the row after the last item's is it, as when items are read in order.       */
static enum as_status find_first(struct as_store *store, enum as_table table, uint64_t i,
                                 uint64_t *first, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_window *w = as_store_table(store, table);
    uint64_t low = 0, high = w->set->rows, item = 0, guess = store->where[table];

    if (guess > 0) {
        const uint8_t *at = NULL;
        bool last = guess == high;
        AS_TRY(as_window_span(w, guess - 1, last ? 1 : 2, &at, err));
        if (as_get_u64(at) < i && (last || as_get_u64(at + w->set->row_bytes) >= i))
            low = high = guess;
    }
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        AS_TRY(owner(store, table, middle, &item, err));
        if (item < i)
            low = middle + 1;
        else
            high = middle;
    }
    *first = low;
done:
    return status;
}

/* Rows *first to *first + *n - 1 of the table are of item i; n is at most `most`. */
static enum as_status find_rows(struct as_store *store, enum as_table table, uint64_t i,
                                uint64_t most, uint64_t *first, uint64_t *n, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t rows = as_store_table(store, table)->set->rows, item = i;

    *n = 0;
    AS_TRY(find_first(store, table, i, first, err));
    while (*first + *n < rows) {
        AS_TRY(owner(store, table, *first + *n, &item, err));
        if (item != i)
            break;
        if (++*n > most)
            AS_FAIL(err, AS_EFORMAT, "item row %" PRIu64 " has more rows in %s than it can", i,
                    as_store_table(store, table)->set->name);
    }
    store->where[table] = *first + *n;
done:
    return status;
}

/* Texts of the row at hand, one after the other: their total is known before. */
struct texts {
    char *end;
    size_t left;
};

static enum as_status copy_text(struct as_store *store, struct texts *t, enum as_cell type,
                                const uint8_t cell[12], struct as_text *text, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_store_text(store, type, cell, text, err));
    if ((size_t)text->len + 1 > t->left)
        AS_FAIL(err, AS_EFORMAT, "an item has more text than it can");
    memcpy(t->end, text->at, text->len);
    t->end[text->len] = '\0';
    text->at = t->end;
    t->end += text->len + 1;
    t->left -= text->len + 1;
done:
    return status;
}

/* Adds up the lengths of the texts in columns `a` and `b` (bytes into the record). */
static enum as_status add_lengths(struct as_store *store, enum as_table table, uint64_t first,
                                  uint64_t n, size_t a, size_t b, size_t *bytes, struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint8_t *at = NULL;

    for (uint64_t r = first; r < first + n; r++) {
        AS_TRY(as_window_span(as_store_table(store, table), r, 1, &at, err));
        *bytes += 2 + (size_t)as_get_u32(at + a + 8) + as_get_u32(at + b + 8);
        if (*bytes > 2 * (size_t)AS_ROW_TEXT_MAX)
            AS_FAIL(err, AS_EFORMAT, "an item has more text than it can");
    }
done:
    return status;
}

static enum as_status read_kvs(struct as_store *store, uint64_t first, uint64_t n, struct texts *t,
                               struct as_row *row, struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint8_t *at = NULL;

    if (n > store->kv_cap) {
        struct as_kv *kv = realloc(store->kv, n * sizeof *kv);
        if (kv == NULL)
            AS_FAIL(err, AS_ENOMEM, "no memory for %" PRIu64 " metadata entries", n);
        store->kv = kv;
        store->kv_cap = n;
    }
    for (uint64_t k = 0; k < n; k++) {
        AS_TRY(as_window_span(as_store_table(store, AS_T_metadata), first + k, 1, &at, err));
        const struct as_rec_metadata *rec = (const struct as_rec_metadata *)at;
        AS_TRY(copy_text(store, t, AS_CELL_WORD, rec->key, &store->kv[k].key, err));
        AS_TRY(copy_text(store, t, AS_CELL_TEXT, rec->value, &store->kv[k].value, err));
    }
    row->kv = store->kv;
    row->nkv = n;
done:
    return status;
}

static enum as_status read_troubles(struct as_store *store, uint64_t first, uint64_t n,
                                    struct texts *t, struct as_row *row, struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint8_t *at = NULL;
    struct as_text stage;

    for (uint64_t k = 0; k < n; k++) {
        AS_TRY(as_window_span(as_store_table(store, AS_T_errors), first + k, 1, &at, err));
        const struct as_rec_errors *rec = (const struct as_rec_errors *)at;
        struct as_trouble *trouble = &row->trouble[k];
        trouble->status = as_get_u16(rec->status);
        AS_TRY(copy_text(store, t, AS_CELL_WORD, rec->stage, &stage, err));
        AS_TRY(copy_text(store, t, AS_CELL_TEXT, rec->message, &trouble->message, err));
        trouble->stage = stage.at;
    }
    row->ntrouble = n;
done:
    return status;
}

/* Path, metadata and errors: all texts of the item. */
static enum as_status read_texts(struct as_store *store, uint64_t i, struct as_row *row,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t kv = 0, nkv = 0, bad = 0, nbad = 0;
    size_t bytes = (size_t)row->path.len + 1;
    struct texts t;

    AS_TRY(find_rows(store, AS_T_metadata, i, AS_ROW_KV_MAX, &kv, &nkv, err));
    AS_TRY(find_rows(store, AS_T_errors, i, AS_ERRORS_MAX, &bad, &nbad, err));
    AS_TRY(add_lengths(store, AS_T_metadata, kv, nkv, offsetof(struct as_rec_metadata, key),
                       offsetof(struct as_rec_metadata, value), &bytes, err));
    AS_TRY(add_lengths(store, AS_T_errors, bad, nbad, offsetof(struct as_rec_errors, stage),
                       offsetof(struct as_rec_errors, message), &bytes, err));
    if (bytes > store->texts_cap) {
        char *texts = realloc(store->texts, bytes);
        if (texts == NULL)
            AS_FAIL(err, AS_ENOMEM, "no memory for %zu bytes of text", bytes);
        store->texts = texts;
        store->texts_cap = bytes;
    }
    t = (struct texts){store->texts, store->texts_cap};
    memcpy(t.end, row->path.at, row->path.len);
    t.end[row->path.len] = '\0';
    row->path.at = t.end;
    t.end += row->path.len + 1;
    t.left -= row->path.len + 1;
    AS_TRY(read_kvs(store, kv, nkv, &t, row, err));
    AS_TRY(read_troubles(store, bad, nbad, &t, row, err));
done:
    return status;
}

static enum as_status read_maps(struct as_store *store, uint64_t i, struct as_row *row,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    const size_t side = AS_MAP_SIDE_MAX, each = side * side;
    uint64_t first = 0, n = 0;
    const uint8_t *at = NULL;

    AS_TRY(find_rows(store, AS_T_maps, i, AS_MAPS_MAX, &first, &n, err));
    if (n > 0 && store->cells == NULL && (store->cells = calloc(AS_MAPS_MAX, each)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for maps");
    for (uint64_t m = 0; m < n; m++) {
        AS_TRY(as_window_span(as_store_table(store, AS_T_maps), first + m, 1, &at, err));
        const struct as_rec_maps *rec = (const struct as_rec_maps *)at;
        uint16_t slot = as_get_u16(rec->detector), w = as_get_u16(rec->w), h = as_get_u16(rec->h);
        uint64_t offset = as_get_u64(rec->offset);
        if (slot >= store->layout.ndets || w > side || h > side)
            AS_FAIL(err, AS_EFORMAT, "a map of item row %" PRIu64 " is out of bounds", i);
        if (store->index[slot] < 0)
            continue; /* of a detector that this program does not have */
        uint8_t *cells = store->cells + row->nmap * each;
        AS_TRY(as_window_span(as_store_bytes(store, AS_B_map_data), offset, (uint64_t)w * h, &at,
                              err));
        memcpy(cells, at, (size_t)w * h);
        row->map[row->nmap++] = (struct as_map_row){
            (uint16_t)store->index[slot], w, h, as_get_u32(rec->cell), cells};
    }
done:
    return status;
}

/* Row i of a group's dataset, or NULL where there is none. */
static enum as_status group_row(struct as_store *store, enum as_group group, uint32_t slot,
                                uint64_t i, const uint8_t **at, struct as_err *err)
{
    int set = store->layout.group[group][slot];

    *at = NULL;
    return set < 0 ? AS_OK : as_window_span(&store->window[set], i, 1, at, err);
}

static enum as_status read_det(struct as_store *store, uint32_t slot, uint64_t i,
                               struct as_det_row *det, float *score, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_detector *row = store->dets[store->index[slot]];
    const uint8_t *at = NULL;

    AS_TRY(group_row(store, AS_G_status, slot, i, &at, err));
    det->status = at[0];
    AS_TRY(group_row(store, AS_G_reasons, slot, i, &at, err));
    det->reason = as_get_u16(at);
    AS_TRY(group_row(store, AS_G_scores, slot, i, &at, err));
    *score = at != NULL ? as_get_f32(at) : NAN;
    if (det->status != AS_DET_APPLIES)
        goto done;
    AS_TRY(group_row(store, AS_G_measures, slot, i, &at, err));
    for (uint32_t k = 0; at != NULL && k < row->dim; k++)
        store->feat[slot][k] = as_get_f32(at + 4 * (size_t)k);
    det->feat = store->feat[slot];
    AS_TRY(group_row(store, AS_G_features, slot, i, &at, err));
    if (at != NULL)
        memcpy(store->code[slot], at, row->code_bytes);
    det->code = store->code[slot];
done:
    return status;
}

/* 3 rows --------------------------------------------------------------------------- */

enum as_status as_store_row(struct as_store *store, uint64_t i, struct as_row *row,
                            float score[AS_DETECTORS_MAX], struct as_err *err)
{
    enum as_status status = AS_OK;

    for (int d = 0; d < AS_DETECTORS_MAX; d++)
        score[d] = NAN;
    AS_TRY(read_item(store, i, row, err));
    AS_TRY(read_texts(store, i, row, err));
    AS_TRY(read_maps(store, i, row, err));
    for (uint32_t slot = 0; slot < store->layout.ndets; slot++) {
        int d = store->index[slot];
        if (d >= 0)
            AS_TRY(read_det(store, slot, i, &row->det[d], &score[d], err));
    }
done:
    return status;
}
