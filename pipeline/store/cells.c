/* cells.c - what counts in a digest: which rows, and cells by value, not by place.
 *
 * 1 rows   2 cells                                                            */
#include "digest.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* 1 rows --------------------------------------------------------------------------- */

enum as_status as_bits_fill(struct as_bits *bits, struct as_store *store, uint64_t rank,
                            uint64_t ranks, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_window *w = as_store_table(store, AS_T_items);
    const uint8_t *at = NULL;

    bits->set = 0;
    bits->rows = w->set->rows;
    bits->nwords = bits->rows / 64 + 1;
    if ((bits->word = calloc(bits->nwords, sizeof *bits->word)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for a bit per item");
    for (uint64_t b = rank; b < as_blocks(bits->rows); b += ranks)
        for (uint64_t i = b * AS_BLOCK_ROWS; i < as_block_end(b, bits->rows); i++) {
            AS_TRY(as_window_span(w, i, 1, &at, err));
            uint8_t item = ((const struct as_rec_items *)at)->status[0];
            if (item == AS_ITEM_TIMEOUT || item == AS_ITEM_CRASHED) {
                bits->word[i / 64] |= (uint64_t)1 << i % 64;
                bits->set++;
            }
        }
done:
    return status;
}

void as_bits_clear(struct as_bits *bits)
{
    free(bits->word);
    memset(bits, 0, sizeof *bits);
}

bool as_digest_counts(const struct as_set *set, const uint8_t *rec, const struct as_bits *out,
                      unsigned in)
{
    for (uint32_t c = 0; c < set->ncolumns; c++)
        if (set->column[c].type == AS_CELL_ROW &&
            as_bits_get(out, as_get_u64(rec + set->column[c].at)))
            return false;
    if (set->which == AS_T_matches && (in & AS_IN_EXACT))
        return as_get_u16(((const struct as_rec_matches *)rec)->kind) == AS_MATCH_HASH;
    return true;
}

/* 2 cells -------------------------------------------------------------------------- */

struct as_text as_digest_plain(enum as_cell type, const uint8_t *at, uint32_t size,
                               uint8_t scratch[8])
{
    if (type == AS_CELL_F32)
        as_put_f32(scratch, as_get_f32(at));
    else if (type == AS_CELL_F64)
        as_put_f64(scratch, as_get_f64(at));
    else
        return (struct as_text){(const char *)at, size};
    return (struct as_text){(const char *)scratch, size};
}

/* Width, height and cell lie before the offset in every table that has cells. */
enum { W_BEFORE = 8, H_BEFORE = 6 };
#define HAS_CELLS(rec)                                                                             \
    static_assert(offsetof(struct rec, w) + W_BEFORE == offsetof(struct rec, offset) &&            \
                      offsetof(struct rec, h) + H_BEFORE == offsetof(struct rec, offset),          \
                  "the shape of a map does not lie before its cells")
HAS_CELLS(as_rec_maps);
HAS_CELLS(as_rec_sensor_maps);

static enum as_status cells_value(struct as_store *store, const uint8_t *rec, uint32_t offset,
                                  struct as_text *value, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint32_t w = as_get_u16(rec + (offset - W_BEFORE)), h = as_get_u16(rec + (offset - H_BEFORE));
    const uint8_t *at = NULL;

    if (w > AS_MAP_SIDE_MAX || h > AS_MAP_SIDE_MAX)
        AS_FAIL(err, AS_EFORMAT, "a map of %" PRIu32 " x %" PRIu32 " cells is larger than any", w,
                h);
    AS_TRY(as_window_span(as_store_bytes(store, AS_B_map_data), as_get_u64(rec + offset),
                          (uint64_t)w * h, &at, err));
    *value = (struct as_text){(const char *)at, w * h};
done:
    return status;
}

enum as_status as_digest_cell(struct as_store *store, const struct as_column *col,
                              const uint8_t *rec, uint8_t scratch[8], struct as_text *value,
                              struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint8_t *at = rec + col->at;

    if (as_is_text(col->type)) {
        AS_TRY(as_store_text(store, col->type, at, value, err));
    } else if (col->type == AS_CELL_CELLS) {
        AS_TRY(cells_value(store, rec, col->at, value, err));
    } else if (col->type == AS_CELL_DET) {
        uint16_t slot = as_get_u16(at);
        if (slot >= store->layout.ndets && slot != AS_FINDING_NONE)
            AS_FAIL(err, AS_EFORMAT, "detector %u is not in the list", slot);
        const char *name = slot == AS_FINDING_NONE ? "" : store->layout.det[slot];
        *value = (struct as_text){name, (uint32_t)strlen(name)};
    } else {
        *value = as_digest_plain(col->type, at, col->size, scratch);
    }
done:
    return status;
}
