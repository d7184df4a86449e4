/* layout.c - the tables that layout.def describes. */
#include "layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* COLUMNS_items ... */
#define AS_TABLE(table, title) static const struct as_column COLUMNS_##table[] = {
#define AS_COLUMN(table, name, type, scope, unit)                                                  \
    {#name,                                                                                        \
     unit,                                                                                         \
     AS_CELL_##type,                                                                               \
     AS_SCOPE_##scope,                                                                             \
     (uint32_t)offsetof(struct as_rec_##table, name),                                              \
     AS_SIZE_##type},
#define AS_END(table)                                                                              \
    }                                                                                              \
    ;
#include "layout.def"
#undef AS_TABLE
#undef AS_COLUMN
#undef AS_END

static const struct {
    const char *name, *title;
    const struct as_column *column;
    uint32_t ncolumns, row_bytes;
} TABLES[AS_TABLES] = {
#define AS_TABLE(table, title)                                                                     \
    {#table, title, COLUMNS_##table, sizeof COLUMNS_##table / sizeof *COLUMNS_##table,             \
     sizeof(struct as_rec_##table)},
#define AS_COLUMN(table, name, type, scope, unit)
#define AS_END(table)
#include "layout.def"
#undef AS_TABLE
#undef AS_COLUMN
#undef AS_END
};

const struct as_group_row as_groups[AS_GROUPS] = {
#define AS_GROUP(name, type, shape, scope, unit, direction, title)                                 \
    {#name, unit, direction, title, AS_CELL_##type, AS_SHAPE_##shape, AS_SCOPE_##scope},
#include "layout.def"
#undef AS_GROUP
};

static const struct {
    const char *name, *title;
} BYTES[AS_BYTES_SETS] = {
#define AS_BYTES(name, title) {#name, title},
#include "layout.def"
#undef AS_BYTES
};

static const uint32_t SIZES[AS_CELLS] = {
    AS_SIZE_U8,    AS_SIZE_U16,   AS_SIZE_U32,   AS_SIZE_U64,   AS_SIZE_I64, AS_SIZE_F32,
    AS_SIZE_F64,   AS_SIZE_HEX32, AS_SIZE_HEX40, AS_SIZE_HEX64, AS_SIZE_ROW, AS_SIZE_DET,
    AS_SIZE_CELLS, AS_SIZE_PATH,  AS_SIZE_WORD,  AS_SIZE_TEXT,
};

static struct as_set *put(struct as_layout *l, uint32_t at, const char *name)
{
    struct as_set *set = &l->set[at];

    memset(set, 0, sizeof *set);
    snprintf(set->name, sizeof set->name, "/%s", name);
    set->dim = 1;
    return set;
}

static void put_table(struct as_layout *l, uint32_t t, uint32_t at)
{
    struct as_set *set = put(l, at, TABLES[t].name);

    l->table[t] = at;
    set->form = AS_FORM_TABLE;
    set->title = TABLES[t].title;
    set->which = t;
    set->column = TABLES[t].column;
    set->ncolumns = TABLES[t].ncolumns;
    set->row_bytes = TABLES[t].row_bytes;
    for (uint32_t c = 0; c < set->ncolumns; c++)
        set->in |= set->column[c].scope;
}

static void put_bytes(struct as_layout *l, uint32_t b, uint32_t at)
{
    struct as_set *set = put(l, at, BYTES[b].name);

    l->bytes[b] = at;
    set->form = AS_FORM_BYTES;
    set->title = BYTES[b].title;
    set->which = b;
    set->type = AS_CELL_U8;
    set->row_bytes = 1;
}

static bool in_search(uint32_t t)
{
    return t == AS_T_sets || t == AS_T_matches || t == AS_T_sensor_maps;
}

void as_layout_init(struct as_layout *l, bool search)
{
    uint32_t absent = AS_SETS_MAX;

    memset(l, 0, sizeof *l);
    for (uint32_t t = 0; t < AS_TABLES; t++)
        put_table(l, t, !search || in_search(t) ? l->nsets++ : --absent);
    for (uint32_t b = 0; b < AS_BYTES_SETS; b++)
        put_bytes(l, b, l->nsets++);
    for (int g = 0; g < AS_GROUPS; g++)
        for (int d = 0; d < AS_DETECTORS_MAX; d++)
            l->group[g][d] = -1;
}

enum as_status as_layout_add_det(struct as_layout *l, const char *name, uint32_t *slot,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;
    size_t len = strlen(name);

    if (len == 0 || len > AS_DET_NAME_MAX ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != len)
        AS_FAIL(err, AS_EFORMAT, "a detector's name is not 1 to %d of a-z, 0-9, _",
                AS_DET_NAME_MAX);
    if (l->ndets == AS_DETECTORS_MAX)
        AS_FAIL(err, AS_EFORMAT, "more than %d detectors", AS_DETECTORS_MAX);
    for (uint32_t d = 0; d < l->ndets; d++)
        if (strcmp(l->det[d], name) == 0)
            AS_FAIL(err, AS_EFORMAT, "the detector %s is named twice", name);
    memcpy(l->det[l->ndets], name, len + 1);
    *slot = l->ndets++;
done:
    return status;
}

struct as_set *as_layout_add_group(struct as_layout *l, enum as_group group, uint32_t slot,
                                   uint32_t dim, bool exact)
{
    const struct as_group_row *row = &as_groups[group];
    char name[sizeof l->set[0].name - 1];

    snprintf(name, sizeof name, "%s/%s", row->name, l->det[slot]);
    l->group[group][slot] = (int)l->nsets;
    struct as_set *set = put(l, l->nsets++, name);
    set->form = AS_FORM_GROUP;
    set->title = row->title;
    set->which = group;
    set->slot = slot;
    set->type = row->type;
    set->two = row->shape != AS_SHAPE_ONE;
    set->dim = dim;
    set->row_bytes = dim * SIZES[row->type];
    set->in =
        row->scope == AS_SCOPE_PERHAPS ? (exact ? AS_SCOPE_EXACT : AS_SCOPE_CONTENT) : row->scope;
    return set;
}

static hid_t cell_type(enum as_cell type)
{
    switch (type) {
    case AS_CELL_U8:
        return H5Tcopy(H5T_STD_U8LE);
    case AS_CELL_U16:
    case AS_CELL_DET:
        return H5Tcopy(H5T_STD_U16LE);
    case AS_CELL_U32:
        return H5Tcopy(H5T_STD_U32LE);
    case AS_CELL_U64:
    case AS_CELL_ROW:
    case AS_CELL_CELLS:
        return H5Tcopy(H5T_STD_U64LE);
    case AS_CELL_I64:
        return H5Tcopy(H5T_STD_I64LE);
    case AS_CELL_F32:
        return H5Tcopy(H5T_IEEE_F32LE);
    case AS_CELL_F64:
        return H5Tcopy(H5T_IEEE_F64LE);
    default:
        break;
    }
    hid_t text = H5Tcopy(H5T_C_S1);
    if (text >= 0 &&
        (H5Tset_size(text, SIZES[type]) < 0 || H5Tset_strpad(text, H5T_STR_NULLPAD) < 0)) {
        H5Tclose(text);
        return H5I_INVALID_HID;
    }
    return text;
}

static bool insert_text(hid_t record, const struct as_column *col)
{
    char name[64];

    snprintf(name, sizeof name, "%s_offset", col->name);
    if (H5Tinsert(record, name, col->at, H5T_STD_U64LE) < 0)
        return false;
    snprintf(name, sizeof name, "%s_length", col->name);
    return H5Tinsert(record, name, col->at + 8, H5T_STD_U32LE) >= 0;
}

static bool insert_cell(hid_t record, const struct as_column *col)
{
    hid_t type = cell_type(col->type);
    bool ok = type >= 0 && H5Tinsert(record, col->name, col->at, type) >= 0;

    if (type >= 0)
        H5Tclose(type);
    return ok;
}

hid_t as_layout_type(const struct as_set *set)
{
    if (set->form != AS_FORM_TABLE)
        return cell_type(set->type);
    hid_t record = H5Tcreate(H5T_COMPOUND, set->row_bytes);
    bool ok = record >= 0;
    for (uint32_t c = 0; ok && c < set->ncolumns; c++) {
        const struct as_column *col = &set->column[c];
        ok = as_is_text(col->type) ? insert_text(record, col) : insert_cell(record, col);
    }
    if (!ok && record >= 0)
        H5Tclose(record);
    return ok ? record : H5I_INVALID_HID;
}

void as_layout_order(const struct as_layout *l, uint32_t *order)
{
    for (uint32_t i = 0; i < l->nsets; i++) {
        uint32_t j = i;
        for (; j > 0 && strcmp(l->set[order[j - 1]].name, l->set[i].name) > 0; j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
}

void as_put_f32(uint8_t to[4], float v)
{
    uint32_t bits;

    memcpy(&bits, &v, sizeof bits);
    as_put_u32(to, v != v ? 0x7fc00000u : v == 0.0f ? 0 : bits);
}

void as_put_f64(uint8_t to[8], double v)
{
    uint64_t bits;

    memcpy(&bits, &v, sizeof bits);
    as_put_u64(to, v != v ? 0x7ff8000000000000u : v == 0.0 ? 0 : bits);
}

float as_get_f32(const uint8_t at[4])
{
    uint32_t bits = as_get_u32(at);
    float v;

    memcpy(&v, &bits, sizeof v);
    return v;
}

double as_get_f64(const uint8_t at[8])
{
    uint64_t bits = as_get_u64(at);
    double v;

    memcpy(&v, &bits, sizeof v);
    return v;
}
