/* unpack_levels.c - from containers to slots.
 *
 * Containers inside containers are walked with an explicit stack.  A nested
 * container is copied out of the arena, because the arena is handed over while
 * its entries are still being read.
 *
 *  1. the stack: opening and closing
 *  2. entries: name, type, bytes
 *  3. what may hold more
 *  4. steps
 */
#include "unpack_parts.h"

#include "../clock.h"
#include "../media/sniff.h"

#include <stdlib.h>
#include <string.h>

enum { EOCD_TAIL = 65557, NAME_SUFFIX_MAX = 8 };

/* ---- 1. the stack: opening and closing ---- */

static struct as_container_limits limits_of(const struct as_unpack *u)
{
    const struct as_options *o = u->start->options;
    return (struct as_container_limits){o->max_entries, o->max_unpacked, o->max_ratio,
                                        (const char *const *)u->start->given->passwords};
}

enum as_status as_unpack_push(struct as_unpack *u, const struct as_slot *proto, const char *path,
                              uint32_t path_len, const struct as_input *in, bool own_row)
{
    struct as_level *l = &u->level[u->nlevels];
    struct as_container_limits limits = limits_of(u);
    bool offset = u->lot->mode == AS_READ_PART && u->nlevels == 0;
    struct as_err err = {0};
    enum as_status status;

    u->now = proto->key;
    if (u->batch == NULL)
        as_unpack_make_room(u);
    u->batch->now = u->now;
    memset(l, 0, sizeof *l);
    status = as_container_open(&l->c, in, &limits, offset ? u->lot->offset : 0,
                               offset && u->lot->offset ? u->lot->first : 0, &err);
    if (status == AS_SKIP)
        return status;
    if (status == AS_ENOMEM)
        as_unpack_out_of_memory(u);
    l->proto = *proto;
    l->proto.data_at = UINT64_MAX;
    l->own_row = own_row;
    l->left = UINT64_MAX;
    if (status != AS_OK) {
        l->proto.reason = err.reason ? (uint16_t)err.reason : AS_REASON_CONTAINER_DAMAGED;
        if (own_row)
            as_unpack_emit(u, &l->proto, path, path_len, err.text);
        return status;
    }
    if ((l->path = malloc(path_len + 1u)) == NULL)
        as_unpack_out_of_memory(u);
    memcpy(l->path, path, path_len);
    l->path_len = path_len;
    u->nlevels++;
    return AS_OK;
}

void as_unpack_pop(struct as_unpack *u, uint16_t reason, const char *note)
{
    struct as_level *l = &u->level[--u->nlevels];
    enum as_kind kind = as_container_kind(l->c);

    if (l->own_row) {
        l->proto.reason = reason;
        if (kind != AS_KIND_UNKNOWN)
            l->proto.kind = (uint16_t)kind;
        as_unpack_emit(u, &l->proto, l->path, l->path_len, note);
    }
    as_container_close(l->c);
    free(l->path);
    free(l->bytes);
}

/* ---- 2. entries: name, type, bytes ---- */

/* The name of the one thing in a compressed file: its container's, less the suffix. */
static uint32_t lone_name(const struct as_level *l, const char **name)
{
    uint32_t from = l->path_len, to = l->path_len;

    while (from > 0 && l->path[from - 1] != '/' && l->path[from - 1] != '>')
        from--;
    for (uint32_t i = l->path_len; i > from + 1 && l->path_len - i < NAME_SUFFIX_MAX; i--)
        if (l->path[i - 1] == '.') {
            to = i - 1;
            break;
        }
    *name = to > from ? l->path + from : "data";
    return to > from ? to - from : 4;
}

/* Puts the entry's forensic path in u->path and returns its length. */
static uint32_t entry_path(struct as_unpack *u, const struct as_level *l, const struct as_entry *e)
{
    const char *name = e->name;
    uint32_t len = e->name_len, n = l->path_len;

    if (len == 0)
        len = lone_name(l, &name);
    memcpy(u->path, l->path, n);
    if (n + 2 < AS_PATH_MAX) {
        memcpy(u->path + n, ">>", 2);
        n += 2;
    }
    if (len > AS_PATH_MAX - n)
        len = AS_PATH_MAX - n;
    memcpy(u->path + n, name, len);
    return n + len;
}

static void set_type(struct as_slot *s, enum as_entry_type type)
{
    static const uint16_t KINDS[] = {AS_KIND_UNKNOWN, AS_KIND_FOLDER, AS_KIND_SYMLINK,
                                     AS_KIND_HARDLINK, AS_KIND_SPECIAL};
    static const uint16_t REASONS[] = {AS_REASON_NONE, AS_REASON_FOLDER, AS_REASON_SYMLINK,
                                       AS_REASON_HARDLINK, AS_REASON_SPECIAL};
    s->kind = KINDS[type];
    s->reason = REASONS[type];
}

/* Reads the current entry into the arena, hashing on the way.  s->size and the
 * hashes are of all its bytes; *kept tells whether all of them are in the arena. */
static enum as_status read_entry(struct as_unpack *u, struct as_container *c, struct as_slot *s,
                                 bool *kept, struct as_err *err)
{
    uint64_t max = u->start->options->max_item, got = 0, total = 0;
    enum as_status status = AS_OK;

    *kept = true;
    as_hash_start(u->hash);
    while (status == AS_OK) {
        uint8_t *to = as_unpack_tail(u) + total;
        uint64_t n = AS_PIECE;
        if (!*kept || total >= max) {
            to = u->piece;
        } else if (n > max - total) {
            n = max - total;
        }
        got = 0;
        status = as_container_read(c, to, n, &got, err);
        if (to == u->piece && got > 0)
            *kept = false;
        as_hash_add(u->hash, to, got);
        total += got;
        u->batch->progress++;
        if (status == AS_OK && got == 0)
            break;
    }
    s->size = total;
    as_unpack_end_hash(u, s);
    return status == AS_END ? AS_OK : status;
}

/* ---- 3. what may hold more ---- */

/* Whether a zip may hide behind something that is not one: its end record is there. */
static bool zip_tail(const struct as_input *in, uint8_t *piece)
{
    uint64_t n = in->size < EOCD_TAIL ? in->size : EOCD_TAIL;
    int64_t got = as_input_read(in, in->size - n, piece, n);

    return got > 22 && memmem(piece, (size_t)got, "PK\5\6", 4) != NULL;
}

bool as_unpack_may_hold(struct as_unpack *u, enum as_kind kind, const struct as_input *in)
{
    switch (as_kind_class((uint16_t)kind)) {
    case AS_CLASS_CONTAINER:
        return true;
    case AS_CLASS_SHUT:
    case AS_CLASS_DISK:
        return false;
    case AS_CLASS_OTHER:
    case AS_CLASS_TEXT:
    case AS_CLASS_PICTURE:
    case AS_CLASS_UNDECODED:
    case AS_CLASS_VIDEO:
    case AS_CLASS_AUDIO:
    case AS_CLASS_DOCUMENT:
        break;
    }
    return kind == AS_KIND_EXECUTABLE || zip_tail(in, u->piece);
}

void as_unpack_set_leaf(struct as_slot *s, enum as_kind kind)
{
    static const uint16_t REASONS[] = {
        [AS_CLASS_OTHER] = AS_REASON_OTHER,
        [AS_CLASS_TEXT] = AS_REASON_TEXT,
        [AS_CLASS_PICTURE] = AS_REASON_NONE,
        [AS_CLASS_UNDECODED] = AS_REASON_NONE,
        [AS_CLASS_VIDEO] = AS_REASON_NONE,
        [AS_CLASS_AUDIO] = AS_REASON_AUDIO,
        [AS_CLASS_DOCUMENT] = AS_REASON_DOCUMENT,
        [AS_CLASS_CONTAINER] = AS_REASON_UNSUP_CONTAINER,
        [AS_CLASS_SHUT] = AS_REASON_UNSUP_CONTAINER,
        [AS_CLASS_DISK] = AS_REASON_UNSUP_DISK,
    };
    enum as_class class = as_kind_class((uint16_t)kind);

    s->kind = (uint16_t)kind;
    s->reason = kind == AS_KIND_EMPTY ? AS_REASON_EMPTY : REASONS[class];
    if (kind != AS_KIND_EMPTY)
        s->bits |= AS_SLOT_LEAF;
    if (s->reason == AS_REASON_NONE)
        s->bits |= AS_SLOT_CONTENT;
}

bool as_unpack_descend(struct as_unpack *u, struct as_slot *s, const struct as_input *in,
                       const char *path, uint32_t path_len, enum as_kind kind)
{
    bool media = as_kind_class((uint16_t)kind) != AS_CLASS_CONTAINER;
    uint16_t blocked = as_unpack_blocked(u, &s->key);
    struct as_input own = *in;
    uint8_t *bytes = NULL;
    enum as_status status;

    if (blocked || u->nlevels > u->start->options->max_depth || u->nlevels > AS_DEPTH_MAX ||
        s->key.n >= AS_KEY_MAX) {
        s->kind = (uint16_t)kind;
        s->reason = blocked ? blocked : AS_REASON_LIMIT_DEPTH;
        as_unpack_emit(u, s, path, path_len, "");
        return false;
    }
    if (in->at) {
        if ((bytes = malloc(in->size ? in->size : 1)) == NULL)
            as_unpack_out_of_memory(u);
        memcpy(bytes, in->at, in->size);
        own.at = bytes;
    }
    s->kind = (uint16_t)kind;
    status = as_unpack_push(u, s, path, path_len, &own, !media);
    if (status == AS_OK) {
        u->level[u->nlevels - 1].bytes = bytes;
        if (media)
            s->flags |= AS_FLAG_POLYGLOT;
    } else {
        free(bytes);
    }
    if (status == AS_SKIP || media) {
        as_unpack_set_leaf(s, kind);
        as_unpack_emit(u, s, path, path_len, "");
    }
    return status == AS_OK;
}

/* ---- 4. steps ---- */

/* An entry whose data are read. */
static void data_entry(struct as_unpack *u, struct as_level *l, struct as_slot *s,
                       uint32_t path_len)
{
    struct as_input in = {NULL, -1, 0, 0};
    struct as_err err = {0};
    enum as_kind kind;
    bool kept;
    enum as_status status = read_entry(u, l->c, s, &kept, &err);

    s->flags |= as_container_entry_flags(l->c);
    if (status == AS_ENOMEM)
        as_unpack_out_of_memory(u);
    if (status != AS_OK || !kept) {
        s->reason = AS_REASON_LIMIT_ITEM;
        if (status != AS_OK) {
            s->reason = err.reason ? (uint16_t)err.reason : AS_REASON_ENTRY_DAMAGED;
            s->bits &= ~(uint32_t)(AS_SLOT_SHA256 | AS_SLOT_MD5);
        }
        as_unpack_emit(u, s, u->path, path_len, err.text);
        return;
    }
    in.at = as_unpack_tail(u);
    in.size = s->size;
    s->data_at = u->batch->used;
    if (u->lot->mode == AS_READ_FIND && memcmp(s->sha256, u->lot->want, 32) == 0) {
        s->bits |= AS_SLOT_CONTENT;
        as_unpack_keep(u, s->size);
        as_unpack_emit(u, s, u->path, path_len, "");
        return;
    }
    kind = as_sniff(&in);
    if (as_unpack_may_hold(u, kind, &in)) {
        char *path = malloc(path_len + 1u); /* u->path is reused below */
        if (path == NULL)
            as_unpack_out_of_memory(u);
        memcpy(path, u->path, path_len);
        if (as_kind_class((uint16_t)kind) == AS_CLASS_CONTAINER)
            s->data_at = UINT64_MAX; /* copied out below */
        else
            as_unpack_keep(u, s->size);
        as_unpack_descend(u, s, &in, path, path_len, kind);
        free(path);
        return;
    }
    as_unpack_set_leaf(s, kind);
    if (s->bits & AS_SLOT_CONTENT)
        as_unpack_keep(u, s->size);
    as_unpack_emit(u, s, u->path, path_len, "");
}

static void entry(struct as_unpack *u, struct as_level *l, const struct as_entry *e)
{
    struct as_slot s = {.mtime_s = e->mtime_s, .flags = e->flags, .data_at = UINT64_MAX};
    uint32_t path_len;

    if (e->index >= UINT32_MAX - 1 || !as_key_child(&l->proto.key, (uint32_t)e->index, &s.key))
        return; /* beyond every --max-entries and --max-depth that can be given */
    as_unpack_blame(u, &s.key);
    path_len = entry_path(u, l, e);
    set_type(&s, e->type);
    if (e->reason == AS_REASON_LIMIT_NAME)
        s.flags |= AS_FLAG_NAME_CUT;
    if (e->type == AS_ENTRY_FILE &&
        (e->reason == AS_REASON_NONE || e->reason == AS_REASON_LIMIT_NAME)) {
        s.reason = as_unpack_blocked(u, &s.key);
        if (s.reason == AS_REASON_NONE) {
            data_entry(u, l, &s, path_len);
            return;
        }
    }
    if (e->reason != AS_REASON_NONE && e->reason != AS_REASON_LIMIT_NAME)
        s.reason = (uint16_t)e->reason;
    if (e->type == AS_ENTRY_FILE && e->size > 0)
        s.size = (uint64_t)e->size;
    as_unpack_emit(u, &s, u->path, path_len, "");
}

/* One step of the innermost container. */
static void step(struct as_unpack *u)
{
    struct as_level *l = &u->level[u->nlevels - 1];
    struct as_err err = {0};
    struct as_entry e;
    enum as_status status;

    as_unpack_blame(u, &l->proto.key);
    status = l->left == 0 ? AS_END : as_container_next(l->c, &e, &err);
    if (status == AS_ENOMEM)
        as_unpack_out_of_memory(u);
    if (status == AS_OK) {
        if (l->left != UINT64_MAX)
            l->left--;
        entry(u, l, &e);
    } else if (status == AS_END) {
        as_unpack_pop(u, AS_REASON_CONTAINER, "");
    } else {
        as_unpack_pop(u, err.reason ? (uint16_t)err.reason : AS_REASON_CONTAINER_DAMAGED, err.text);
    }
}

void as_unpack_walk(struct as_unpack *u)
{
    uint64_t begun = as_now_us();

    while (u->nlevels > 0)
        step(u);
    u->unpack_us += as_now_us() - begun;
}
