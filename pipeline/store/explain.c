/* explain.c - the first difference between two result stores.
 *
 * What counts is what counts in content_digest.  Datasets are taken in the
 * order in which one difference causes the next: evidence and items first.
 *
 * 1 values as text   2 sentences   3 tables   4 groups   5 stores             */
#include "digest.h"
#include "h5.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 100, PATH_MAX_SHOWN = 160 };

struct side {
    struct as_store *store;
    struct as_bits out;
};

struct compare {
    struct side side[2];
    char *to;
    size_t n;
    bool found;
};

/* 1 values as text ----------------------------------------------------------------- */

/* Text with bytes that are not printable as \xNN, cut to fit. */
static void show_text(struct as_text text, char *to, size_t n)
{
    size_t used = 0;

    for (uint32_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (used + 8 > n) {
            snprintf(to + used, n - used, "...");
            return;
        }
        int wrote = snprintf(to + used, n - used, c >= 0x20 && c < 0x7f ? "%c" : "\\x%02x", c);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    to[used] = '\0';
}

static void show_value(enum as_cell type, struct as_text v, char to[VALUE_MAX])
{
    const uint8_t *at = (const uint8_t *)v.at;

    switch (type) {
    case AS_CELL_U8:
        snprintf(to, VALUE_MAX, "%u", at[0]);
        break;
    case AS_CELL_U16:
        snprintf(to, VALUE_MAX, "%u", as_get_u16(at));
        break;
    case AS_CELL_U32:
        snprintf(to, VALUE_MAX, "%" PRIu32, as_get_u32(at));
        break;
    case AS_CELL_U64:
    case AS_CELL_ROW:
        snprintf(to, VALUE_MAX, "%" PRIu64, as_get_u64(at));
        break;
    case AS_CELL_I64:
        snprintf(to, VALUE_MAX, "%" PRId64, (int64_t)as_get_u64(at));
        break;
    case AS_CELL_F32:
        snprintf(to, VALUE_MAX, "%.9g", (double)as_get_f32(at));
        break;
    case AS_CELL_F64:
        snprintf(to, VALUE_MAX, "%.17g", as_get_f64(at));
        break;
    case AS_CELL_CELLS:
        snprintf(to, VALUE_MAX, "%" PRIu32 " cells", v.len);
        break;
    default:
        v.len = (uint32_t)strnlen(v.at, v.len);
        to[0] = '"';
        show_text(v, to + 1, VALUE_MAX - 2);
        snprintf(to + strlen(to), VALUE_MAX - strlen(to), "\"");
    }
}

/* 2 sentences ---------------------------------------------------------------------- */

/* The path of an item, shown. */
static void show_path(struct as_store *store, uint64_t item, char to[PATH_MAX_SHOWN])
{
    const uint8_t *at = NULL;
    struct as_text path = {"?", 1};

    if (as_window_span(as_store_table(store, AS_T_items), item, 1, &at, NULL) != AS_OK ||
        as_store_text(store, AS_CELL_PATH, ((const struct as_rec_items *)at)->path, &path, NULL) !=
            AS_OK)
        path = (struct as_text){"?", 1};
    show_text(path, to, PATH_MAX_SHOWN);
}

/* The item that row `row` of a dataset is about; false where it is about none. */
static bool item_of(const struct as_set *set, const uint8_t *rec, uint64_t row, uint64_t *item)
{
    *item = row;
    if (set->form == AS_FORM_GROUP || set->which == AS_T_items)
        return true;
    for (uint32_t c = 0; c < set->ncolumns; c++)
        if (set->column[c].type == AS_CELL_ROW) {
            *item = as_get_u64(rec + set->column[c].at);
            return true;
        }
    return false;
}

/* "/items row 3 (a.jpg)" */
static void show_where(struct as_store *store, const struct as_set *set, const uint8_t *rec,
                       uint64_t row, char *to, size_t n)
{
    char path[PATH_MAX_SHOWN];
    uint64_t item = 0;

    snprintf(to, n, "%s row %" PRIu64, set->name, row);
    if (item_of(set, rec, row, &item)) {
        show_path(store, item, path);
        snprintf(to + strlen(to), n - strlen(to), " (%s)", path);
    }
}

static void say_value(struct compare *c, const struct as_set *set, const uint8_t *rec, uint64_t row,
                      const char *column, const char *a, const char *b)
{
    char where[2 * PATH_MAX_SHOWN];

    show_where(c->side[0].store, set, rec, row, where, sizeof where);
    snprintf(c->to, c->n, "%s, column %s: %s against %s", where, column, a, b);
    c->found = true;
}

/* One side has a row more: `which` has it. */
static void say_only(struct compare *c, int which, const struct as_set *set, const uint8_t *rec,
                     uint64_t row)
{
    char where[2 * PATH_MAX_SHOWN];

    show_where(c->side[which].store, set, rec, row, where, sizeof where);
    snprintf(c->to, c->n, "%s is only in the %s store", where, which == 0 ? "first" : "second");
    c->found = true;
}

/* 3 tables ------------------------------------------------------------------------- */

/* Steps to the next row that counts, from *row on; *rec is NULL behind the last. */
static enum as_status next_row(struct side *s, enum as_table table, uint64_t *row,
                               const uint8_t **rec, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_window *w = as_store_table(s->store, table);

    for (; *row < w->set->rows; ++*row) {
        AS_TRY(as_window_span(w, *row, 1, rec, err));
        if (as_digest_counts(w->set, *rec, &s->out, AS_IN_CONTENT))
            return AS_OK;
    }
    *rec = NULL;
done:
    return status;
}

static enum as_status compare_records(struct compare *c, const struct as_set *set, uint64_t row,
                                      const uint8_t *rec[2], struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_text v[2];
    uint8_t scratch[2][8];
    char shown[2][VALUE_MAX];

    for (uint32_t k = 0; k < set->ncolumns && !c->found; k++) {
        const struct as_column *col = &set->column[k];
        if (!(col->scope & AS_IN_CONTENT))
            continue;
        for (int i = 0; i < 2; i++)
            AS_TRY(as_digest_cell(c->side[i].store, col, rec[i], scratch[i], &v[i], err));
        if (v[0].len == v[1].len && memcmp(v[0].at, v[1].at, v[0].len) == 0)
            continue;
        for (int i = 0; i < 2; i++)
            show_value(col->type, v[i], shown[i]);
        say_value(c, set, rec[0], row, col->name, shown[0], shown[1]);
    }
done:
    return status;
}

/* True when an item is outside in either store: only its id and path count, if in both. */
static enum as_status compare_outside(struct compare *c, const struct as_set *set, uint64_t row,
                                      const uint8_t *rec[2], bool *outside, struct as_err *err)
{
    enum as_status status = AS_OK;
    static const char *const WORDS[2] = {"inside the promise", "outside (timeout or crashed)"};
    bool out[2];

    for (int i = 0; i < 2; i++)
        out[i] = set->which == AS_T_items && as_bits_get(&c->side[i].out, row);
    *outside = out[0] || out[1];
    if (out[0] != out[1])
        say_value(c, set, rec[0], row, "status", WORDS[out[0]], WORDS[out[1]]);
    if (!out[0] || !out[1])
        return AS_OK;
    struct as_set few = *set;
    struct as_column columns[2];
    few.column = columns;
    few.ncolumns = 0;
    for (uint32_t k = 0; k < set->ncolumns; k++)
        if (set->column[k].at == offsetof(struct as_rec_items, id) ||
            set->column[k].at == offsetof(struct as_rec_items, path))
            columns[few.ncolumns++] = set->column[k];
    AS_TRY(compare_records(c, &few, row, rec, err));
done:
    return status;
}

static enum as_status compare_table(struct compare *c, enum as_table table, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_set *set = as_store_table(c->side[0].store, table)->set;
    uint64_t row[2] = {0, 0};
    const uint8_t *rec[2] = {NULL, NULL};
    bool outside = false;

    while (!c->found) {
        for (int i = 0; i < 2; i++)
            AS_TRY(next_row(&c->side[i], table, &row[i], &rec[i], err));
        if (rec[0] == NULL && rec[1] == NULL)
            break;
        if (rec[0] == NULL || rec[1] == NULL) {
            int which = rec[0] == NULL;
            say_only(c, which, set, rec[which], row[which]);
            break;
        }
        AS_TRY(compare_outside(c, set, row[0], rec, &outside, err));
        if (!outside)
            AS_TRY(compare_records(c, set, row[0], rec, err));
        row[0]++;
        row[1]++;
    }
done:
    return status;
}

/* 4 groups ------------------------------------------------------------------------- */

/* The set of a group that has this name, or NULL. */
static struct as_window *find_set(struct as_store *store, const char *name)
{
    for (uint32_t i = 0; i < store->layout.nsets; i++)
        if (strcmp(store->layout.set[i].name, name) == 0)
            return &store->window[i];
    return NULL;
}

/* The name of column k, as the first store says. */
static void column_name(const struct as_window *w, uint32_t k, char to[VALUE_MAX])
{
    char *words = NULL;
    uint32_t n = 0, size = 0;
    struct as_text name;

    snprintf(to, VALUE_MAX, "%" PRIu32, k);
    if (as_h5_get_words(w->ds, "columns", &words, &n, &size, NULL) == AS_OK && k < n) {
        name.at = words + (size_t)k * size;
        name.len = (uint32_t)strnlen(name.at, size);
        show_text(name, to, VALUE_MAX);
    }
    free(words);
}

static void compare_cells(struct compare *c, struct as_window *w, uint64_t row,
                          const uint8_t *at[2])
{
    const struct as_set *set = w->set;
    const uint32_t size = set->row_bytes / set->dim;
    uint8_t scratch[2][8];
    char shown[2][VALUE_MAX], column[VALUE_MAX];

    for (uint32_t k = 0; k < set->dim; k++) {
        struct as_text v[2];
        for (int i = 0; i < 2; i++)
            v[i] = as_digest_plain(set->type, at[i] + (size_t)k * size, size, scratch[i]);
        if (memcmp(v[0].at, v[1].at, size) == 0)
            continue;
        for (int i = 0; i < 2; i++)
            show_value(set->type, v[i], shown[i]);
        column_name(w, k, column);
        say_value(c, set, at[0], row, column, shown[0], shown[1]);
        return;
    }
}

static enum as_status compare_columns(struct compare *c, struct as_window *w[2], struct as_err *err)
{
    enum as_status status = AS_OK;
    char *words[2] = {NULL, NULL};
    uint32_t n[2] = {0, 0}, size[2] = {0, 0};

    for (int i = 0; i < 2; i++)
        AS_TRY(as_h5_get_words(w[i]->ds, "columns", &words[i], &n[i], &size[i], err));
    bool same = n[0] == n[1];
    for (uint32_t k = 0; same && k < n[0]; k++) {
        const char *a = words[0] + (size_t)k * size[0], *b = words[1] + (size_t)k * size[1];
        size_t len = strnlen(a, size[0]);
        same = len == strnlen(b, size[1]) && memcmp(a, b, len) == 0;
    }
    if (!same) {
        snprintf(c->to, c->n, "%s has other columns", w[0]->set->name);
        c->found = true;
    }
done:
    free(words[0]);
    free(words[1]);
    return status;
}

static enum as_status compare_sets(struct compare *c, struct as_window *w[2], struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint8_t *at[2] = {NULL, NULL};

    AS_TRY(compare_columns(c, w, err));
    if (!c->found && w[0]->set->dim != w[1]->set->dim) {
        snprintf(c->to, c->n, "%s has %" PRIu32 " columns against %" PRIu32, w[0]->set->name,
                 w[0]->set->dim, w[1]->set->dim);
        c->found = true;
    }
    for (uint64_t row = 0; row < w[0]->set->rows && !c->found; row++) {
        if (as_bits_get(&c->side[0].out, row))
            continue;
        for (int i = 0; i < 2; i++)
            AS_TRY(as_window_span(w[i], row, 1, &at[i], err));
        compare_cells(c, w[0], row, at);
    }
done:
    return status;
}

/* Compares the datasets of groups that both have, and names one that only one has. */
static enum as_status compare_groups(struct compare *c, struct as_err *err)
{
    enum as_status status = AS_OK;

    for (int i = 0; i < 2 && !c->found; i++) {
        struct as_store *mine = c->side[i].store, *other = c->side[1 - i].store;
        for (uint32_t k = 0; k < mine->layout.nsets && !c->found; k++) {
            const struct as_set *set = &mine->layout.set[k];
            struct as_window *w[2] = {&mine->window[k], find_set(other, set->name)};
            if (set->form != AS_FORM_GROUP || !(set->in & AS_IN_CONTENT))
                continue;
            if (w[1] == NULL) {
                snprintf(c->to, c->n, "%s is only in the %s store", set->name,
                         i == 0 ? "first" : "second");
                c->found = true;
            } else if (i == 0) {
                AS_TRY(compare_sets(c, w, err));
            }
        }
    }
done:
    return status;
}

/* 5 stores ------------------------------------------------------------------------- */

/* Two cases have none. */
static bool same_parent(const struct as_store_parent *a, const struct as_store_parent *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a->content_digest, b->content_digest) == 0 && a->items == b->items;
}

enum as_status as_store_explain(struct as_store *a, struct as_store *b, char *to, size_t n,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    static const enum as_table BEFORE[] = {AS_T_evidence, AS_T_items, AS_T_metadata};
    static const enum as_table AFTER[] = {AS_T_maps,   AS_T_findings, AS_T_sets,
                                          AS_T_matches, AS_T_links,   AS_T_groups,
                                          AS_T_origins, AS_T_sensor_maps};
    struct compare c = {.side = {{.store = a}, {.store = b}}, .to = to, .n = n};

    snprintf(to, n, "equal");
    if (!same_parent(as_store_parent(a), as_store_parent(b))) {
        snprintf(to, n, "they are of different cases, or one is a case and one a search");
        return AS_OK;
    }
    for (int i = 0; i < 2; i++)
        AS_TRY(as_bits_fill(&c.side[i].out, c.side[i].store, 0, 1, err));
    for (size_t i = 0; i < sizeof BEFORE / sizeof *BEFORE && !c.found; i++)
        AS_TRY(compare_table(&c, BEFORE[i], err));
    if (!c.found)
        AS_TRY(compare_groups(&c, err));
    for (size_t i = 0; i < sizeof AFTER / sizeof *AFTER && !c.found; i++)
        AS_TRY(compare_table(&c, AFTER[i], err));
done:
    for (int i = 0; i < 2; i++)
        as_bits_clear(&c.side[i].out);
    return status;
}
