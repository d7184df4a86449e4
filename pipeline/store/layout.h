/* layout.h - layout.def as C: datasets, columns, records, and their bytes.
 *
 * For this folder only.  Everything in results.h5 is little-endian and packed,
 * in memory as in the file, so HDF5 converts nothing and a digest is over the
 * bytes themselves.                                                          */
#ifndef AS_LAYOUT_H
#define AS_LAYOUT_H

#include "../../kernels/detectors/detector.h"
#include "../err.h"
#include "../row.h"
#include "match.h"

#include <hdf5.h>
#ifndef H5_HAVE_PARALLEL
#error "results.h5 is written with parallel HDF5: build against hdf5-openmpi"
#endif

#define AS_SCHEMA "assay-results 3"
#define AS_SCHEMA_SEARCH "assay-search 3"

/* Rows of one block of a digest. */
enum { AS_BLOCK_ROWS = 65536 };

/* Limits that hold for every store, checked in writing and in reading. */
enum {
    AS_STRING_MAX = 1 << 24,   /* bytes of one text                     */
    AS_ROW_TEXT_MAX = 1 << 26, /* bytes of all texts of one item        */
    AS_ROW_KV_MAX = 1 << 16,   /* metadata entries of one item          */
    AS_DET_NAME_MAX = 63,      /* bytes                                 */
    AS_ROW_BYTES_MAX = 1 << 26 /* bytes of one row of one dataset       */
};

/* Types of cells, and their sizes. */
enum as_cell {
    AS_CELL_U8,
    AS_CELL_U16,
    AS_CELL_U32,
    AS_CELL_U64,
    AS_CELL_I64,
    AS_CELL_F32,
    AS_CELL_F64,
    AS_CELL_HEX32,
    AS_CELL_HEX40,
    AS_CELL_HEX64,
    AS_CELL_ROW,
    AS_CELL_DET,
    AS_CELL_CELLS,
    AS_CELL_PATH,
    AS_CELL_WORD,
    AS_CELL_TEXT,
    AS_CELLS
};
enum {
    AS_SIZE_U8 = 1,
    AS_SIZE_U16 = 2,
    AS_SIZE_U32 = 4,
    AS_SIZE_U64 = 8,
    AS_SIZE_I64 = 8,
    AS_SIZE_F32 = 4,
    AS_SIZE_F64 = 8,
    AS_SIZE_HEX32 = 32,
    AS_SIZE_HEX40 = 40,
    AS_SIZE_HEX64 = 64,
    AS_SIZE_ROW = 8,
    AS_SIZE_DET = 2,
    AS_SIZE_CELLS = 8,
    AS_SIZE_PATH = 12,
    AS_SIZE_WORD = 12,
    AS_SIZE_TEXT = 12
};

/* In which digests something is (bit set). */
enum as_scope {
    AS_SCOPE_OUT = 0,
    AS_SCOPE_CONTENT = 1,
    AS_SCOPE_EXACT = 3,
    AS_SCOPE_PERHAPS = 4 /* of a group: EXACT or CONTENT, by the detector */
};
enum { AS_IN_CONTENT = 1, AS_IN_EXACT = 2 };

enum as_shape { AS_SHAPE_ONE, AS_SHAPE_MEASURES, AS_SHAPE_CODE };

/* Parts of /strings, read apart: AS_CELL_PATH and what follows it. */
enum { AS_TEXT_PARTS = AS_CELLS - AS_CELL_PATH };

static inline bool as_is_text(enum as_cell type)
{
    return type >= AS_CELL_PATH;
}

struct as_column {
    const char *name, *unit;
    enum as_cell type;
    enum as_scope scope;
    uint32_t at, size; /* bytes within the record */
};

/* A record of each table: struct as_rec_items and so on. */
#define AS_TABLE(table, title) struct as_rec_##table {
#define AS_COLUMN(table, name, type, scope, unit) uint8_t name[AS_SIZE_##type];
#define AS_END(table)                                                                              \
    }                                                                                              \
    ;
#include "layout.def"
#undef AS_TABLE
#undef AS_COLUMN
#undef AS_END

/* AS_T_items ...: the tables. */
enum as_table {
#define AS_TABLE(table, title) AS_T_##table,
#define AS_COLUMN(table, name, type, scope, unit)
#define AS_END(table)
#include "layout.def"
#undef AS_TABLE
#undef AS_COLUMN
#undef AS_END
    AS_TABLES
};

/* AS_G_status ...: the groups with a dataset per detector. */
enum as_group {
#define AS_GROUP(name, type, shape, scope, unit, direction, title) AS_G_##name,
#include "layout.def"
#undef AS_GROUP
    AS_GROUPS
};

/* AS_B_strings ...: the runs of bytes. */
enum as_bytes {
#define AS_BYTES(name, title) AS_B_##name,
#include "layout.def"
#undef AS_BYTES
    AS_BYTES_SETS
};

enum { AS_SETS_MAX = AS_TABLES + AS_BYTES_SETS + AS_GROUPS * AS_DETECTORS_MAX };

struct as_group_row {
    const char *name, *unit, *direction, *title;
    enum as_cell type;
    enum as_shape shape;
    enum as_scope scope;
};
extern const struct as_group_row as_groups[AS_GROUPS];

enum as_form { AS_FORM_TABLE, AS_FORM_GROUP, AS_FORM_BYTES };

/* One dataset. */
struct as_set {
    char name[96]; /* with its group: "/measures/pdq" */
    const char *title;
    enum as_form form;
    uint32_t which;                 /* enum as_table, as_group or as_bytes           */
    uint32_t slot;                  /* of a group: which of the layout's detectors   */
    const struct as_column *column; /* of a table */
    uint32_t ncolumns;
    enum as_cell type; /* of a group's or bytes' cells                              */
    bool two;          /* two-dimensional                                           */
    uint32_t dim;      /* cells in a row                                            */
    unsigned in;       /* AS_IN_CONTENT | AS_IN_EXACT: digests it takes part in     */
    uint32_t row_bytes;
    uint64_t rows;
};

/* All datasets of a store.  Tables that it has not have a place behind all others, and no rows. */
struct as_layout {
    uint32_t nsets;
    struct as_set set[AS_SETS_MAX];
    uint32_t table[AS_TABLES], bytes[AS_BYTES_SETS]; /* index into set[]             */
    uint32_t ndets;
    char det[AS_DETECTORS_MAX][AS_DET_NAME_MAX + 1];
    int group[AS_GROUPS][AS_DETECTORS_MAX]; /* index into set[]; -1: none   */
};

/* Starts a layout: tables and runs of bytes without rows, no detectors; for the search of a case
 * that is sealed those alone that a search fills. */
void as_layout_init(struct as_layout *l, bool search);

/* Adds a detector's name; its slot in *slot.  AS_EFORMAT: name or number beyond the limits. */
enum as_status as_layout_add_det(struct as_layout *l, const char *name, uint32_t *slot,
                                 struct as_err *err) AS_MUST_CHECK;

/* Adds the dataset of a group for a detector of the layout; it has `dim` cells
 * a row and belongs to digest_exact if `exact`.                              */
struct as_set *as_layout_add_group(struct as_layout *l, enum as_group group, uint32_t slot,
                                   uint32_t dim, bool exact);

/* The type of a dataset's elements, the same in memory and file; close with H5Tclose. */
hid_t as_layout_type(const struct as_set *set);

/* Fills order[nsets] with the indexes of the sets in the order of their names. */
void as_layout_order(const struct as_layout *l, uint32_t *order);

/* Little-endian cells. */
static inline void as_put_u16(uint8_t to[2], uint16_t v)
{
    to[0] = (uint8_t)v;
    to[1] = (uint8_t)(v >> 8);
}

static inline void as_put_u32(uint8_t to[4], uint32_t v)
{
    as_put_u16(to, (uint16_t)v);
    as_put_u16(to + 2, (uint16_t)(v >> 16));
}

static inline void as_put_u64(uint8_t to[8], uint64_t v)
{
    as_put_u32(to, (uint32_t)v);
    as_put_u32(to + 4, (uint32_t)(v >> 32));
}

static inline uint16_t as_get_u16(const uint8_t at[2])
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t as_get_u32(const uint8_t at[4])
{
    return as_get_u16(at) | (uint32_t)as_get_u16(at + 2) << 16;
}

static inline uint64_t as_get_u64(const uint8_t at[8])
{
    return as_get_u32(at) | (uint64_t)as_get_u32(at + 4) << 32;
}

/* NaN and -0 become the one NaN and +0. */
void as_put_f32(uint8_t to[4], float v);
void as_put_f64(uint8_t to[8], double v);
float as_get_f32(const uint8_t at[4]);
double as_get_f64(const uint8_t at[8]);

/* Where a text lies in /strings. */
static inline void as_put_text(uint8_t to[12], uint64_t offset, uint32_t len)
{
    as_put_u64(to, offset);
    as_put_u32(to + 8, len);
}

#endif
