/* reference.c - the datasets of reference stores, and their digest. */
#include "reference_parts.h"

#include "../hex.h"

#include <stdio.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "rows of reference stores are the machine's own, and little-endian in the file"
#endif

#define AS_REF_COLUMN(name, type, title)                                                           \
    {#name,         title, AS_CELL_##type, AS_SCOPE_EXACT, offsetof(struct as_ref_camera, name),   \
     AS_SIZE_##type},
static const struct as_column CAMERA_COLUMNS[] = {
#include "reference.def"
};

#define AS_REF_COLUMN(name, type, title) +AS_SIZE_##type
_Static_assert(0
#include "reference.def"
                   == sizeof(struct as_ref_camera),
               "no gaps between the columns");

/* CAMERA is a record, which has no cell of its own */
enum { AS_CELL_CAMERA = AS_CELLS };

static const struct {
    const char *name, *title;
    int cell;
} SETS[AS_REF_SETS] = {
#define AS_REF_SET(kind, name, type, columns, must, title) {"/" #name, title, AS_CELL_##type},
#include "reference.def"
};

const struct as_ref_row as_ref_rows_of[AS_REF_SETS] = {
#define AS_REF_SET(kind, name, type, columns, must, title) {AS_REF_##kind, must, columns, #type},
#include "reference.def"
};

static const char *const KINDS[AS_REF_KINDS] = {"known", "media", "camera"};

const char *as_ref_kind_name(enum as_ref_kind kind)
{
    return kind < AS_REF_KINDS ? KINDS[kind] : "";
}

static uint32_t cell_bytes(int cell)
{
    switch (cell) {
    case AS_CELL_U8:
        return AS_SIZE_U8;
    case AS_CELL_U64:
        return AS_SIZE_U64;
    default:
        return 4; /* U32 and F32 */
    }
}

void as_ref_set_init(struct as_set *set, enum as_ref_set which, uint32_t columns)
{
    const struct as_ref_row *row = &as_ref_rows_of[which];

    memset(set, 0, sizeof *set);
    snprintf(set->name, sizeof set->name, "%s", SETS[which].name);
    set->title = SETS[which].title;
    set->which = which;
    set->dim = row->columns > 0 ? row->columns : columns;
    set->two = row->columns != 1;
    if (SETS[which].cell == AS_CELL_CAMERA) {
        set->form = AS_FORM_TABLE;
        set->column = CAMERA_COLUMNS;
        set->ncolumns = sizeof CAMERA_COLUMNS / sizeof *CAMERA_COLUMNS;
        set->row_bytes = sizeof(struct as_ref_camera);
    } else {
        set->form = AS_FORM_BYTES;
        set->type = (enum as_cell)SETS[which].cell;
        set->row_bytes = set->dim * cell_bytes(SETS[which].cell);
    }
}

void as_ref_order(enum as_ref_set order[AS_REF_SETS])
{
    for (int i = 0; i < AS_REF_SETS; i++) {
        int j = i;
        for (; j > 0 && strcmp(SETS[order[j - 1]].name, SETS[i].name) > 0; j--)
            order[j] = order[j - 1];
        order[j] = (enum as_ref_set)i;
    }
}

enum as_status as_ref_sum_init(struct as_ref_sum *s, size_t row_bytes, struct as_err *err)
{
    enum as_status status = AS_OK;

    *s = (struct as_ref_sum){EVP_MD_CTX_new(), EVP_MD_CTX_new(), 0, row_bytes};
    if (s->block == NULL || s->all == NULL ||
        EVP_DigestInit_ex(s->block, EVP_sha256(), NULL) != 1 ||
        EVP_DigestInit_ex(s->all, EVP_sha256(), NULL) != 1)
        AS_FAIL(err, AS_ENOMEM, "no memory for SHA-256");
done:
    if (status != AS_OK)
        as_ref_sum_clear(s);
    return status;
}

void as_ref_sum_clear(struct as_ref_sum *s)
{
    EVP_MD_CTX_free(s->block);
    EVP_MD_CTX_free(s->all);
    memset(s, 0, sizeof *s);
}

static bool end_block(struct as_ref_sum *s)
{
    uint8_t digest[32];

    return EVP_DigestFinal_ex(s->block, digest, NULL) == 1 &&
           EVP_DigestUpdate(s->all, digest, sizeof digest) == 1 &&
           EVP_DigestInit_ex(s->block, EVP_sha256(), NULL) == 1;
}

enum as_status as_ref_sum_add(struct as_ref_sum *s, const uint8_t *rows, uint64_t n,
                              struct as_err *err)
{
    enum as_status status = AS_OK;

    while (n > 0) {
        uint64_t k = AS_BLOCK_ROWS - s->rows % AS_BLOCK_ROWS;
        k = k < n ? k : n;
        bool ok = EVP_DigestUpdate(s->block, rows, (size_t)k * s->row_bytes) == 1;
        s->rows += k;
        if (!ok || (s->rows % AS_BLOCK_ROWS == 0 && !end_block(s)))
            AS_FAIL(err, AS_EIO, "SHA-256 failed (out of memory?)");
        rows += (size_t)k * s->row_bytes;
        n -= k;
    }
done:
    return status;
}

static bool put_text(EVP_MD_CTX *md, const char *text)
{
    uint8_t len[4];

    as_put_u32(len, (uint32_t)strlen(text));
    return EVP_DigestUpdate(md, len, sizeof len) == 1 &&
           EVP_DigestUpdate(md, text, strlen(text)) == 1;
}

static bool put_set(EVP_MD_CTX *md, const struct as_set *set, struct as_ref_sum *sum)
{
    uint8_t shape[12], digest[32];

    as_put_u64(shape, sum->rows);
    as_put_u32(shape + 8, set->two ? set->dim : 0);
    return (sum->rows % AS_BLOCK_ROWS == 0 || end_block(sum)) &&
           EVP_DigestFinal_ex(sum->all, digest, NULL) == 1 && put_text(md, set->name) &&
           put_text(md, as_ref_rows_of[set->which].type) &&
           EVP_DigestUpdate(md, shape, sizeof shape) == 1 &&
           EVP_DigestUpdate(md, digest, sizeof digest) == 1;
}

enum as_status as_ref_digest_make(enum as_ref_kind kind, const struct as_set *sets,
                                  struct as_ref_sum *sums, char digest[65], struct as_err *err)
{
    enum as_status status = AS_OK;
    enum as_ref_set order[AS_REF_SETS];
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    uint8_t bytes[32];

    as_ref_order(order);
    bool ok = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
              put_text(md, as_ref_kind_name(kind));
    for (int i = 0; ok && i < AS_REF_SETS; i++)
        ok = sums[order[i]].all == NULL || put_set(md, &sets[order[i]], &sums[order[i]]);
    if (!ok || EVP_DigestFinal_ex(md, bytes, NULL) != 1)
        AS_FAIL(err, AS_EIO, "SHA-256 failed (out of memory?)");
    as_hex(bytes, sizeof bytes, digest);
done:
    EVP_MD_CTX_free(md);
    return status;
}
