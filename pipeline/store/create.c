/* create.c - making the datasets of a new results.h5, and what their attributes say. */
#include "create.h"
#include "../media/sniff.h"
#include "h5.h"

#include <stdio.h>
#include <string.h>

static const struct {
    uint16_t number;
    const char *word;
} KINDS[] = {
#define AS_KIND(number, name, class, word, title) {number, word},
#include "../media/kinds.def"
#undef AS_KIND
};

static const struct {
    uint16_t number;
    const char *word;
} REASONS[] = {
#define AS_REASON(number, name, status, text) {number, text},
#include "../reasons.def"
#undef AS_REASON
};

enum {
    KINDS_N = sizeof KINDS / sizeof *KINDS,
    REASONS_N = sizeof REASONS / sizeof *REASONS,
    LIST_MAX = 256,       /* words of a list that is put together here */
    HEADER_MAX = 60 << 10, /* bytes of an attribute that surely fit into a header */
    FLAGS_MAX = 32
};

static const char *const RECHECK_WORDS[] = {"not done", "equal", "equal by stat", "changed"};
static const char *const DET_STATUS_WORDS[] = {"not_run", "applies", "not_applicable", "abstains",
                                               "error"};

static bool put_kinds(hid_t ds)
{
    const char *words[KINDS_N];
    uint16_t numbers[KINDS_N];

    for (uint32_t i = 0; i < KINDS_N; i++) {
        words[i] = KINDS[i].word;
        numbers[i] = KINDS[i].number;
    }
    return as_h5_put_words(ds, "kind_words", words, KINDS_N) &&
           as_h5_put_u16s(ds, "kind_numbers", numbers, KINDS_N);
}

static bool put_reasons(hid_t ds)
{
    const char *words[REASONS_N];
    uint16_t numbers[REASONS_N];

    for (uint32_t i = 0; i < REASONS_N; i++) {
        words[i] = REASONS[i].word;
        numbers[i] = REASONS[i].number;
    }
    return as_h5_put_words(ds, "reason_words", words, REASONS_N) &&
           as_h5_put_u16s(ds, "reason_numbers", numbers, REASONS_N);
}

static bool put_det_reasons(hid_t ds, const struct as_detector *det)
{
    const char *words[LIST_MAX] = {"no view", "too small"};
    uint16_t numbers[LIST_MAX] = {AS_DET_NO_VIEW, AS_DET_TOO_SMALL};
    uint32_t n = 2;

    for (uint32_t i = 0; det->reasons != NULL && det->reasons[i] != NULL && n < LIST_MAX; i++) {
        words[n] = det->reasons[i];
        numbers[n++] = (uint16_t)i;
    }
    return as_h5_put_words(ds, "reason_words", words, n) &&
           as_h5_put_u16s(ds, "reason_numbers", numbers, n);
}

static bool put_item_words(hid_t ds)
{
    const char *status[AS_ITEM_STATUSES], *flags[FLAGS_MAX];
    uint32_t n = 0;

    for (int i = 0; i < AS_ITEM_STATUSES; i++)
        status[i] = as_item_status_name((enum as_item_status)i);
    while (n < FLAGS_MAX && as_flag_name(n) != NULL) {
        flags[n] = as_flag_name(n);
        n++;
    }
    return as_h5_put_words(ds, "status_words", status, AS_ITEM_STATUSES) &&
           as_h5_put_words(ds, "flag_words", flags, n) && put_kinds(ds) && put_reasons(ds);
}

static bool put_detectors(hid_t ds, const struct as_layout *l)
{
    const char *words[AS_DETECTORS_MAX];

    for (uint32_t d = 0; d < l->ndets; d++)
        words[d] = l->det[d];
    return as_h5_put_words(ds, "detectors", words, l->ndets);
}

/* The words that numbers in a table stand for. */
static bool put_table_words(hid_t ds, const struct as_layout *l, uint32_t table)
{
    switch (table) {
    case AS_T_evidence:
        return as_h5_put_words(ds, "recheck_words", RECHECK_WORDS, 4) && put_kinds(ds);
    case AS_T_items:
        return put_item_words(ds);
    case AS_T_maps:
        return put_detectors(ds, l);
    case AS_T_findings:
        return put_detectors(ds, l) &&
               as_h5_put_words(ds, "finding_words", as_finding_words, AS_FINDING_KINDS);
    case AS_T_sets:
        return as_h5_put_words(ds, "set_words", as_set_words, AS_SET_KINDS);
    case AS_T_matches:
        return as_h5_put_words(ds, "match_words", as_match_words, AS_MATCH_KINDS) &&
               as_h5_put_words(ds, "beside_words", as_beside_words, AS_BESIDES);
    case AS_T_links:
        return as_h5_put_words(ds, "match_words", as_match_words, AS_MATCH_KINDS);
    case AS_T_errors:
        return put_reasons(ds);
    default:
        return true;
    }
}

/* The columns that are in a digest, by name: a text counts by value. */
static bool put_scope(hid_t ds, const char *name, const struct as_set *set, unsigned in)
{
    const char *words[LIST_MAX];
    uint32_t n = 0;

    for (uint32_t c = 0; c < set->ncolumns; c++)
        if (set->column[c].scope & in)
            words[n++] = set->column[c].name;
    return as_h5_put_words(ds, name, words, n);
}

static bool put_table(hid_t ds, const struct as_layout *l, const struct as_set *set)
{
    char pairs[LIST_MAX][64];
    const char *columns[LIST_MAX], *units[LIST_MAX];
    uint32_t n = 0;

    for (uint32_t c = 0; c < set->ncolumns; c++) {
        const struct as_column *col = &set->column[c];
        bool text = as_is_text(col->type);
        snprintf(pairs[n], sizeof pairs[n], "%s%s", col->name, text ? "_offset" : "");
        columns[n] = pairs[n];
        units[n++] = text ? "byte of /strings" : col->unit;
        if (!text)
            continue;
        snprintf(pairs[n], sizeof pairs[n], "%s_length", col->name);
        columns[n] = pairs[n];
        units[n++] = "bytes";
    }
    return as_h5_put_words(ds, "columns", columns, n) && as_h5_put_words(ds, "units", units, n) &&
           as_h5_put_text(ds, "direction", "none") &&
           put_scope(ds, "digested_columns", set, AS_IN_CONTENT) &&
           put_scope(ds, "exact_columns", set, AS_IN_EXACT) && put_table_words(ds, l, set->which);
}

static bool put_group(hid_t ds, const struct as_set *set, const struct as_detector *det)
{
    const struct as_group_row *row = &as_groups[set->which];
    bool named = row->shape == AS_SHAPE_MEASURES && det->measures != NULL;
    const char *const one[] = {row->name};

    bool ok = as_h5_put_text(ds, "units", row->unit) &&
              as_h5_put_text(ds, "direction", row->direction) &&
              as_h5_put_number(ds, "version", det->version) &&
              as_h5_put_words(ds, "columns", named ? det->measures : one, named ? det->dim : 1);
    if (set->which == AS_G_status)
        ok = ok && as_h5_put_words(ds, "status_words", DET_STATUS_WORDS, 5);
    if (set->which == AS_G_reasons)
        ok = ok && put_det_reasons(ds, det);
    return ok;
}

static bool put_bytes(hid_t ds, const struct as_set *set)
{
    const char *const one[] = {strrchr(set->name, '/') + 1};

    return as_h5_put_text(ds, "units", "bytes") && as_h5_put_text(ds, "direction", "none") &&
           as_h5_put_words(ds, "columns", one, 1);
}

static bool put_attributes(hid_t ds, const struct as_layout *l, const struct as_set *set,
                           const struct as_detector *det)
{
    bool ok = as_h5_put_text(ds, "title", set->title) &&
              as_h5_put_number(ds, "digested", (set->in & AS_IN_CONTENT) != 0) &&
              as_h5_put_number(ds, "exact", (set->in & AS_IN_EXACT) != 0);

    switch (set->form) {
    case AS_FORM_TABLE:
        return ok && put_table(ds, l, set);
    case AS_FORM_GROUP:
        return ok && put_group(ds, set, det);
    default:
        return ok && put_bytes(ds, set);
    }
}

/* Whether the names of the measures are longer than an attribute in a dataset's own header, where
 * one message has 64 KiB. */
static bool long_names(const struct as_set *set, const struct as_detector *det)
{
    size_t longest = 0;

    if (set->form != AS_FORM_GROUP || as_groups[set->which].shape != AS_SHAPE_MEASURES ||
        det->measures == NULL)
        return false;
    for (uint32_t i = 0; i < det->dim; i++)
        longest = strlen(det->measures[i]) > longest ? strlen(det->measures[i]) : longest;
    return longest * det->dim > HEADER_MAX;
}

/* Creation properties: contiguous, no fill, no time stamps.  Attributes of any size need a header
 * as of HDF5 1.8, which the library makes where the order of attributes is to be kept; that of
 * other datasets stays as all readers know it.                               */
static hid_t creation(bool large_attributes)
{
    hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE);

    H5Pset_layout(dcpl, H5D_CONTIGUOUS);
    H5Pset_fill_time(dcpl, H5D_FILL_TIME_NEVER);
    H5Pset_obj_track_times(dcpl, false);
    if (large_attributes)
        H5Pset_attr_creation_order(dcpl, H5P_CRT_ORDER_TRACKED);
    return dcpl;
}

enum as_status as_create_set(hid_t file, const struct as_layout *l, const struct as_set *set,
                             const struct as_detector *det, hid_t *ds, struct as_err *err)
{
    enum as_status status = AS_OK;
    char why[AS_H5_WHY];
    const hsize_t dims[2] = {set->rows, set->dim};
    hid_t space = H5Screate_simple(set->two ? 2 : 1, dims, NULL);
    hid_t type = as_layout_type(set), lcpl = H5Pcreate(H5P_LINK_CREATE);
    hid_t dcpl = creation(long_names(set, det));

    H5Pset_create_intermediate_group(lcpl, 1);
    *ds = H5Dcreate2(file, set->name, type, space, lcpl, dcpl, H5P_DEFAULT);
    if (*ds < 0 || !put_attributes(*ds, l, set, det))
        AS_FAIL(err, AS_EIO, "cannot create %s: %s", set->name, as_h5_why(why));
done:
    H5Pclose(lcpl);
    H5Pclose(dcpl);
    H5Tclose(type);
    H5Sclose(space);
    return status;
}

static bool put_parent(hid_t file, const struct as_store_parent *parent)
{
    return as_h5_put_text(file, "parent_content_digest", parent->content_digest) &&
           as_h5_put_text(file, "parent_digest_exact", parent->digest_exact) &&
           as_h5_put_count(file, "parent_items", parent->items);
}

enum as_status as_create_root(hid_t file, const struct as_store_parent *parent, struct as_err *err)
{
    enum as_status status = AS_OK;
    char why[AS_H5_WHY], blank[65];

    memset(blank, '0', sizeof blank - 1);
    blank[sizeof blank - 1] = '\0';
    if (!as_h5_put_text(file, "schema", parent ? AS_SCHEMA_SEARCH : AS_SCHEMA) ||
        (parent && !put_parent(file, parent)) ||
        !as_h5_put_text(file, "assay_version", ASSAY_VERSION) ||
        !as_h5_put_text(file, "content_digest", blank) ||
        !as_h5_put_text(file, "digest_exact", blank))
        AS_FAIL(err, AS_EIO, "cannot write the attributes of the file: %s", as_h5_why(why));
done:
    return status;
}
