/* encode_maps.c - the maps of a search for cameras as the records of results.h5. */
#include "seal.h"

#include <string.h>

static enum as_status add(struct as_seal *s, struct as_outlet *o, uint64_t n, uint8_t **to,
                          struct as_err *err)
{
    s->pending += n * o->set->row_bytes;
    return as_outlet_add(o, n, to, err);
}

/* Appends the cells; where in /map_data they will be in *offset. */
static enum as_status put_cells(struct as_seal *s, const struct as_sensor_map *m, uint64_t *offset,
                                struct as_err *err)
{
    struct as_outlet *o = &s->out[s->layout.bytes[AS_B_map_data]];
    const size_t n = (size_t)m->w * m->h;
    enum as_status status = AS_OK;
    uint8_t *to = NULL;

    *offset = 0;
    if (n == 0)
        return AS_OK;
    *offset = o->at + o->used;
    AS_TRY(add(s, o, n, &to, err));
    memcpy(to, m->cells, n);
done:
    return status;
}

enum as_status as_seal_sensor_map(struct as_seal *s, uint64_t i, struct as_err *err)
{
    const struct as_sensor_map *m = &s->what->sensor_maps[i];
    enum as_status status = AS_OK;
    uint64_t offset = 0;
    uint8_t *to = NULL;

    AS_TRY(put_cells(s, m, &offset, err));
    AS_TRY(add(s, &s->out[s->layout.table[AS_T_sensor_maps]], 1, &to, err));
    struct as_rec_sensor_maps *rec = (struct as_rec_sensor_maps *)to;
    as_put_u64(rec->item_row, m->row);
    as_put_u16(rec->set, m->set);
    as_put_u64(rec->reference, m->reference);
    as_put_u32(rec->window, m->window);
    as_put_u32(rec->regions, m->regions);
    as_put_f32(rec->missing, m->missing);
    as_put_f32(rec->unknown, m->unknown);
    as_put_u32(rec->x, m->x);
    as_put_u32(rec->y, m->y);
    as_put_u16(rec->w, m->w);
    as_put_u16(rec->h, m->h);
    as_put_u32(rec->cell, m->cell);
    as_put_u64(rec->offset, offset);
done:
    return status;
}
