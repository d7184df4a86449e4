/* record.c - packing and unpacking of item and content records. */
#include "record.h"

#include "../../kernels/detectors/detector.h"
#include "../wire.h"

#include <math.h>

enum { ITEM_VERSION = 1, CONTENT_VERSION = 2 };

static const char *const STAGES[] = {"unpack", "read", "sniff", "decode", "metadata", "detector", "examine"};
enum { NSTAGES = sizeof STAGES / sizeof *STAGES };

static void put_key(struct as_wire *w, const struct as_key *key)
{
    as_put_u8(w, (uint8_t)key->n);
    as_put(w, key->part, key->n * sizeof *key->part);
}

static void get_key(struct as_wire *w, struct as_key *key)
{
    memset(key, 0, sizeof *key);
    key->n = as_get_u8(w);
    if (key->n < 1 || key->n > AS_KEY_MAX) {
        w->bad = true;
        key->n = 0;
    }
    as_get(w, key->part, key->n * sizeof *key->part);
}

size_t as_item_pack(const struct as_item *item, void *to, size_t cap)
{
    struct as_wire w;
    uint8_t bits = (uint8_t)(item->has_sha256 | item->has_md5 << 1 | item->leaf << 2 |
                             item->has_content << 3);

    as_wire_init(&w, to, cap);
    as_put_u8(&w, ITEM_VERSION);
    put_key(&w, &item->key);
    as_put_u8(&w, bits);
    as_put_u64(&w, item->size);
    as_put_u64(&w, (uint64_t)item->mtime_s);
    as_put_u16(&w, item->kind);
    as_put_u16(&w, item->reason);
    as_put_u32(&w, item->flags);
    if (item->has_sha256)
        as_put(&w, item->sha256, 32);
    if (item->has_md5) {
        as_put(&w, item->md5, 16);
        as_put(&w, item->sha1, 20);
    }
    as_put_text(&w, item->path.at, item->path.len);
    as_put_text(&w, item->note.at, item->note.len);
    return w.bad ? 0 : w.n;
}

enum as_status as_item_unpack(const void *bytes, size_t n, struct as_item *item)
{
    struct as_wire w;
    uint8_t bits;

    memset(item, 0, sizeof *item);
    as_wire_init(&w, bytes, n);
    if (as_get_u8(&w) != ITEM_VERSION)
        return AS_EFORMAT;
    get_key(&w, &item->key);
    bits = as_get_u8(&w);
    item->has_sha256 = bits & 1;
    item->has_md5 = bits >> 1 & 1;
    item->leaf = bits >> 2 & 1;
    item->has_content = bits >> 3 & 1;
    item->size = as_get_u64(&w);
    item->mtime_s = (int64_t)as_get_u64(&w);
    item->kind = as_get_u16(&w);
    item->reason = as_get_u16(&w);
    item->flags = as_get_u32(&w);
    if (item->has_sha256)
        as_get(&w, item->sha256, 32);
    if (item->has_md5) {
        as_get(&w, item->md5, 16);
        as_get(&w, item->sha1, 20);
    }
    item->path = as_get_text(&w);
    item->note = as_get_text(&w);
    return w.bad || w.n != w.cap ? AS_EFORMAT : AS_OK;
}

static uint8_t stage_number(const char *stage)
{
    for (uint8_t i = 0; i < NSTAGES; i++)
        if (strcmp(stage, STAGES[i]) == 0)
            return i;
    return NSTAGES - 1;
}

static void put_dets(struct as_wire *w, const struct as_row *row)
{
    for (size_t d = 0; as_detectors[d]; d++) {
        const struct as_det_row *det = &row->det[d];
        as_put_u8(w, det->status);
        as_put_u16(w, det->reason);
        if (det->status != AS_DET_APPLIES)
            continue;
        as_put(w, det->feat, as_detectors[d]->dim * sizeof(float));
        as_put(w, det->code, as_detectors[d]->code_bytes);
    }
}

size_t as_content_pack(const struct as_row *row, void *to, size_t cap)
{
    struct as_wire w;

    as_wire_init(&w, to, cap);
    as_put_u8(&w, CONTENT_VERSION);
    as_put_u16(&w, row->kind);
    as_put_u16(&w, row->reason);
    as_put_u32(&w, row->w);
    as_put_u32(&w, row->h);
    as_put_u32(&w, row->frames);
    as_put(&w, &row->duration_s, 8);
    as_put_u32(&w, row->flags);
    put_dets(&w, row);
    as_put_u32(&w, (uint32_t)row->nkv);
    for (size_t i = 0; i < row->nkv; i++) {
        as_put_text(&w, row->kv[i].key.at, row->kv[i].key.len);
        as_put_text(&w, row->kv[i].value.at, row->kv[i].value.len);
    }
    as_put_u8(&w, (uint8_t)row->ntrouble);
    for (size_t i = 0; i < row->ntrouble; i++) {
        as_put_u8(&w, stage_number(row->trouble[i].stage));
        as_put_u16(&w, row->trouble[i].status);
        as_put_text(&w, row->trouble[i].message.at, row->trouble[i].message.len);
    }
    as_put_u8(&w, (uint8_t)row->nmap);
    for (size_t i = 0; i < row->nmap; i++) {
        as_put_u16(&w, row->map[i].det);
        as_put_u16(&w, row->map[i].w);
        as_put_u16(&w, row->map[i].h);
        as_put_u32(&w, row->map[i].cell);
        as_put(&w, row->map[i].cells, (size_t)row->map[i].w * row->map[i].h);
    }
    return w.bad ? 0 : w.n;
}

static void get_dets(struct as_wire *w, struct as_content_room *room, struct as_row *row)
{
    float *feat = room->feat;

    for (size_t d = 0; as_detectors[d]; d++) {
        struct as_det_row *det = &row->det[d];
        uint32_t dim = as_detectors[d]->dim;

        det->status = as_get_u8(w);
        det->reason = as_get_u16(w);
        if (det->status > AS_DET_ERROR)
            w->bad = true;
        if (det->status != AS_DET_APPLIES)
            continue;
        as_get(w, feat, dim * sizeof(float));
        for (uint32_t i = 0; i < dim; i++)
            if (!isfinite(feat[i]))
                w->bad = true;
        det->feat = feat;
        feat += dim;
        det->code = as_wire_take(w, as_detectors[d]->code_bytes);
    }
}

static void get_kvs(struct as_wire *w, struct as_content_room *room, struct as_row *row)
{
    row->nkv = as_get_u32(w);
    if (row->nkv > sizeof room->kv / sizeof *room->kv) {
        w->bad = true;
        row->nkv = 0;
    }
    for (size_t i = 0; i < row->nkv; i++) {
        room->kv[i].key = as_get_text(w);
        room->kv[i].value = as_get_text(w);
    }
    row->kv = room->kv;
}

static void get_troubles(struct as_wire *w, struct as_row *row)
{
    row->ntrouble = as_get_u8(w);
    if (row->ntrouble > AS_ERRORS_MAX) {
        w->bad = true;
        row->ntrouble = 0;
    }
    for (size_t i = 0; i < row->ntrouble; i++) {
        uint8_t stage = as_get_u8(w);
        row->trouble[i].stage = STAGES[stage < NSTAGES ? stage : NSTAGES - 1];
        row->trouble[i].status = as_get_u16(w);
        if (stage >= NSTAGES || !as_reason_known(row->trouble[i].status))
            w->bad = true;
        row->trouble[i].message = as_get_text(w);
    }
}

static void get_maps(struct as_wire *w, struct as_row *row, size_t ndet)
{
    row->nmap = as_get_u8(w);
    if (row->nmap > AS_MAPS_MAX) {
        w->bad = true;
        row->nmap = 0;
    }
    for (size_t i = 0; i < row->nmap; i++) {
        struct as_map_row *m = &row->map[i];
        m->det = as_get_u16(w);
        m->w = as_get_u16(w);
        m->h = as_get_u16(w);
        m->cell = as_get_u32(w);
        if (m->det >= ndet || m->w < 1 || m->h < 1 || m->w > AS_MAP_SIDE_MAX ||
            m->h > AS_MAP_SIDE_MAX || m->cell < 1)
            w->bad = true;
        m->cells = as_wire_take(w, w->bad ? 0 : (size_t)m->w * m->h);
    }
}

enum as_status as_content_unpack(const void *bytes, size_t n, struct as_content_room *room,
                                 struct as_row *row)
{
    struct as_wire w;
    size_t ndet = 0;

    while (as_detectors[ndet])
        ndet++;
    as_wire_init(&w, bytes, n);
    if (as_get_u8(&w) != CONTENT_VERSION)
        return AS_EFORMAT;
    row->kind = as_get_u16(&w);
    row->reason = as_get_u16(&w);
    row->w = as_get_u32(&w);
    row->h = as_get_u32(&w);
    row->frames = as_get_u32(&w);
    as_get(&w, &row->duration_s, 8);
    row->flags = as_get_u32(&w);
    if (!isfinite(row->duration_s) || row->duration_s < 0 || !as_reason_known(row->reason) ||
        row->flags & ~(uint32_t)AS_FLAGS_CONTENT)
        w.bad = true;
    get_dets(&w, room, row);
    get_kvs(&w, room, row);
    get_troubles(&w, row);
    get_maps(&w, row, ndet);
    return w.bad || w.n != w.cap ? AS_EFORMAT : AS_OK;
}

size_t as_content_pack_failed(uint16_t kind, uint16_t reason, const char *stage,
                              const char *message, void *to, size_t cap)
{
    struct as_row row;

    memset(&row, 0, sizeof row);
    row.kind = kind;
    row.reason = reason;
    if (message && message[0]) {
        row.ntrouble = 1;
        row.trouble[0].stage = stage;
        row.trouble[0].status = reason;
        row.trouble[0].message.at = message;
        row.trouble[0].message.len = (uint32_t)strlen(message);
    }
    return as_content_pack(&row, to, cap);
}
