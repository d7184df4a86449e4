/* unpack.c - from files and containers to slots.
 *
 * Containers inside containers are walked with an explicit stack.  A nested
 * container is copied out of the arena, because the arena is handed over while
 * its entries are still being read.
 *
 *  1. slots and blame
 *  2. reading bytes into the arena
 *  3. levels: opening, stepping, closing
 *  4. files
 */
#include "unpack.h"

#include "../media/sniff.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PIECE = 1 << 20, EOCD_TAIL = 65557, NAME_SUFFIX_MAX = 8 };

/* ---- 1. slots and blame ---- */

static uint64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static bool batch_full(const struct as_unpack *u)
{
    const struct as_batch *b = u->batch;

    return b->nslots == AS_BATCH_SLOTS || b->used - AS_ARENA_DATA >= u->lot->batch_bytes ||
           AS_BATCH_TEXT - b->text_used < AS_PATH_MAX + sizeof((struct as_err *)0)->text;
}

/* Makes sure that one more slot and its item fit. */
static void make_room(struct as_unpack *u)
{
    if (u->batch && batch_full(u))
        u->flush(u);
    if (u->batch == NULL)
        u->next_arena(u);
    u->batch->now = u->now;
}

static void blame(struct as_unpack *u, const struct as_key *key)
{
    u->now = *key;
    make_room(u);
    u->batch->progress++;
}

/* Stores text; returns where. */
static uint32_t put_text(struct as_unpack *u, const char *text, uint32_t len)
{
    uint32_t at = u->batch->text_used;
    memcpy(u->batch->text + at, text, len);
    u->batch->text_used += len;
    return at;
}

static bool wanted(const struct as_unpack *u, const struct as_slot *s)
{
    return s->bits & AS_SLOT_CONTENT && memcmp(s->sha256, u->lot->want, 32) == 0;
}

/* Appends a slot: a copy of proto with path and note.  An item whose bytes are in
 * the arena has its room since blame(), and must not be parted from them.       */
static void emit(struct as_unpack *u, const struct as_slot *proto, const char *path,
                 uint32_t path_len, const char *note)
{
    struct as_slot *s;
    uint32_t note_len = (uint32_t)strlen(note);

    if (u->lot->mode == AS_READ_FIND && !wanted(u, proto))
        return;
    if (proto->data_at == UINT64_MAX)
        make_room(u);
    s = &u->batch->slot[u->batch->nslots];
    *s = *proto;
    s->path_at = put_text(u, path, path_len);
    s->path_len = path_len;
    s->note_at = put_text(u, note, note_len);
    s->note_len = note_len;
    u->batch->nslots++;
}

static uint16_t blocked_reason(const struct as_unpack *u, const struct as_key *key)
{
    for (uint32_t i = 0; i < u->lot->nblocked && i < AS_BLOCKED_MAX; i++)
        if (memcmp(&u->lot->blocked[i].key, key, sizeof *key) == 0)
            return u->lot->blocked[i].reason;
    return AS_REASON_NONE;
}

/* ---- 2. reading bytes ---- */

/* Room in the arena for the next item. */
static uint8_t *arena_tail(const struct as_unpack *u)
{
    return (uint8_t *)u->batch + u->batch->used;
}

static void end_hash(struct as_unpack *u, struct as_slot *s)
{
    as_hash_end(u->hash, s->sha256, s->md5, s->sha1);
    s->bits |= AS_SLOT_SHA256 | (u->start->options->md5 ? AS_SLOT_MD5 : 0u);
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
        uint8_t *to = arena_tail(u) + total;
        uint64_t n = PIECE;
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
    end_hash(u, s);
    return status == AS_END ? AS_OK : status;
}

/* Feeds the hash of the chunk that byte `at` lies in; told when the chunk or the file ends.
 * Chunks are whole pieces, so a piece never lies in two.                          */
static void hash_chunk(struct as_unpack *u, const struct as_unpack_file *file, uint64_t at,
                       const uint8_t *bytes, uint64_t n)
{
    uint8_t sum[3][32];

    if (file->size <= AS_CHUNK_BYTES)
        return;
    if (at % AS_CHUNK_BYTES == 0)
        as_hash_start(u->chunk_hash);
    as_hash_add(u->chunk_hash, bytes, n);
    if ((at + n) % AS_CHUNK_BYTES != 0 && at + n != file->size)
        return;
    as_hash_end(u->chunk_hash, sum[0], sum[1], sum[2]);
    u->tell_chunk(u, &file->key, at / AS_CHUNK_BYTES, sum[0]);
}

/* Hashes a file; small ones stay in the arena.  AS_EFORMAT: it cannot be read, or shrank. */
static enum as_status read_file(struct as_unpack *u, const struct as_unpack_file *file,
                                struct as_slot *s, bool keep, struct as_err *err)
{
    struct as_input in = {NULL, file->fd, 0, file->size};
    enum as_status status = AS_OK;
    uint64_t at = 0, begun = now_us();

    as_hash_start(u->hash);
    while (at < file->size) {
        uint8_t *to = keep ? arena_tail(u) + at : u->piece;
        int64_t got = as_input_read(&in, at, to, PIECE);
        if (got < 0)
            AS_FAIL_AS(err, AS_EFORMAT, AS_REASON_UNREADABLE, "reading fails at byte %llu",
                       (unsigned long long)at);
        if (got == 0)
            AS_FAIL_AS(err, AS_EFORMAT, AS_REASON_CHANGED, "it became shorter while it was read");
        as_hash_add(u->hash, to, (size_t)got);
        hash_chunk(u, file, at, to, (uint64_t)got);
        at += (uint64_t)got;
        u->batch->progress++;
    }
    end_hash(u, s);
done:
    u->read_us += now_us() - begun;
    return status;
}

/* ---- 3. levels ---- */

static void out_of_memory(struct as_unpack *u)
{
    u->give_up(u, 12);
}

static struct as_container_limits limits_of(const struct as_unpack *u)
{
    const struct as_options *o = u->start->options;
    return (struct as_container_limits){o->max_entries, o->max_unpacked, o->max_ratio,
                                        (const char *const *)u->start->passwords};
}

/* Opens a container and puts it on the stack.  AS_SKIP: it is none.  Anything
 * else but AS_OK: it is broken, and its row was given.                        */
static enum as_status push(struct as_unpack *u, const struct as_slot *proto, const char *path,
                           uint32_t path_len, const struct as_input *in, bool own_row)
{
    struct as_level *l = &u->level[u->nlevels];
    struct as_container_limits limits = limits_of(u);
    bool offset = u->lot->mode == AS_READ_PART && u->nlevels == 0;
    struct as_err err = {0};
    enum as_status status;

    u->now = proto->key;
    if (u->batch == NULL)
        make_room(u);
    u->batch->now = u->now;
    memset(l, 0, sizeof *l);
    status = as_container_open(&l->c, in, &limits, offset ? u->lot->offset : 0,
                               offset && u->lot->offset ? u->lot->first : 0, &err);
    if (status == AS_SKIP)
        return status;
    if (status == AS_ENOMEM)
        out_of_memory(u);
    l->proto = *proto;
    l->proto.data_at = UINT64_MAX;
    l->own_row = own_row;
    l->left = UINT64_MAX;
    if (status != AS_OK) {
        l->proto.reason = err.reason ? (uint16_t)err.reason : AS_REASON_CONTAINER_DAMAGED;
        if (own_row)
            emit(u, &l->proto, path, path_len, err.text);
        return status;
    }
    if ((l->path = malloc(path_len + 1u)) == NULL)
        out_of_memory(u);
    memcpy(l->path, path, path_len);
    l->path_len = path_len;
    u->nlevels++;
    return AS_OK;
}

static void pop(struct as_unpack *u, uint16_t reason, const char *note)
{
    struct as_level *l = &u->level[--u->nlevels];
    enum as_kind kind = as_container_kind(l->c);

    if (l->own_row) {
        l->proto.reason = reason;
        if (kind != AS_KIND_UNKNOWN)
            l->proto.kind = (uint16_t)kind;
        emit(u, &l->proto, l->path, l->path_len, note);
    }
    as_container_close(l->c);
    free(l->path);
    free(l->bytes);
}

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

/* Whether a zip may hide behind something that is not one: its end record is there. */
static bool zip_tail(const struct as_input *in, uint8_t *piece)
{
    uint64_t n = in->size < EOCD_TAIL ? in->size : EOCD_TAIL;
    int64_t got = as_input_read(in, in->size - n, piece, n);

    return got > 22 && memmem(piece, (size_t)got, "PK\5\6", 4) != NULL;
}

static bool may_hold(struct as_unpack *u, enum as_kind kind, const struct as_input *in)
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

/* Kind and reason of a file that is read to its end and holds nothing. */
static void set_leaf(struct as_slot *s, enum as_kind kind)
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

/* Opens what an item may hold, or gives its row.  Bytes of a nested container
 * are copied.  Returns true when a level was pushed.                          */
static bool descend(struct as_unpack *u, struct as_slot *s, const struct as_input *in,
                    const char *path, uint32_t path_len, enum as_kind kind)
{
    bool media = as_kind_class((uint16_t)kind) != AS_CLASS_CONTAINER;
    uint16_t blocked = blocked_reason(u, &s->key);
    struct as_input own = *in;
    uint8_t *bytes = NULL;
    enum as_status status;

    if (blocked || u->nlevels > u->start->options->max_depth || u->nlevels > AS_DEPTH_MAX ||
        s->key.n >= AS_KEY_MAX) {
        s->kind = (uint16_t)kind;
        s->reason = blocked ? blocked : AS_REASON_LIMIT_DEPTH;
        emit(u, s, path, path_len, "");
        return false;
    }
    if (in->at) {
        if ((bytes = malloc(in->size ? in->size : 1)) == NULL)
            out_of_memory(u);
        memcpy(bytes, in->at, in->size);
        own.at = bytes;
    }
    s->kind = (uint16_t)kind;
    status = push(u, s, path, path_len, &own, !media);
    if (status == AS_OK) {
        u->level[u->nlevels - 1].bytes = bytes;
        if (media)
            s->flags |= AS_FLAG_POLYGLOT;
    } else {
        free(bytes);
    }
    if (status == AS_SKIP || media) {
        set_leaf(s, kind);
        emit(u, s, path, path_len, "");
    }
    return status == AS_OK;
}

/* An entry whose data are read. */
static void data_entry(struct as_unpack *u, struct as_level *l, struct as_slot *s, uint32_t path_len)
{
    struct as_input in = {NULL, -1, 0, 0};
    struct as_err err = {0};
    enum as_kind kind;
    bool kept;
    enum as_status status = read_entry(u, l->c, s, &kept, &err);

    s->flags |= as_container_entry_flags(l->c);
    if (status == AS_ENOMEM)
        out_of_memory(u);
    if (status != AS_OK || !kept) {
        s->reason = AS_REASON_LIMIT_ITEM;
        if (status != AS_OK) {
            s->reason = err.reason ? (uint16_t)err.reason : AS_REASON_ENTRY_DAMAGED;
            s->bits &= ~(uint32_t)(AS_SLOT_SHA256 | AS_SLOT_MD5);
        }
        emit(u, s, u->path, path_len, err.text);
        return;
    }
    in.at = arena_tail(u);
    in.size = s->size;
    s->data_at = u->batch->used;
    if (u->lot->mode == AS_READ_FIND && memcmp(s->sha256, u->lot->want, 32) == 0) {
        s->bits |= AS_SLOT_CONTENT;
        u->batch->used += (s->size + 63) / 64 * 64;
        emit(u, s, u->path, path_len, "");
        return;
    }
    kind = as_sniff(&in);
    if (may_hold(u, kind, &in)) {
        char *path = malloc(path_len + 1u); /* u->path is reused below */
        if (path == NULL)
            out_of_memory(u);
        memcpy(path, u->path, path_len);
        if (as_kind_class((uint16_t)kind) == AS_CLASS_CONTAINER)
            s->data_at = UINT64_MAX; /* copied out below */
        else
            u->batch->used += (s->size + 63) / 64 * 64;
        descend(u, s, &in, path, path_len, kind);
        free(path);
        return;
    }
    set_leaf(s, kind);
    if (s->bits & AS_SLOT_CONTENT)
        u->batch->used += (s->size + 63) / 64 * 64;
    emit(u, s, u->path, path_len, "");
}

static void entry(struct as_unpack *u, struct as_level *l, const struct as_entry *e)
{
    struct as_slot s = {.mtime_s = e->mtime_s, .flags = e->flags, .data_at = UINT64_MAX};
    uint32_t path_len;

    if (e->index >= UINT32_MAX - 1 || !as_key_child(&l->proto.key, (uint32_t)e->index, &s.key))
        return; /* beyond every --max-entries and --max-depth that can be given */
    blame(u, &s.key);
    path_len = entry_path(u, l, e);
    set_type(&s, e->type);
    if (e->reason == AS_REASON_LIMIT_NAME)
        s.flags |= AS_FLAG_NAME_CUT;
    if (e->type == AS_ENTRY_FILE &&
        (e->reason == AS_REASON_NONE || e->reason == AS_REASON_LIMIT_NAME)) {
        s.reason = blocked_reason(u, &s.key);
        if (s.reason == AS_REASON_NONE) {
            data_entry(u, l, &s, path_len);
            return;
        }
    }
    if (e->reason != AS_REASON_NONE && e->reason != AS_REASON_LIMIT_NAME)
        s.reason = (uint16_t)e->reason;
    if (e->type == AS_ENTRY_FILE && e->size > 0)
        s.size = (uint64_t)e->size;
    emit(u, &s, u->path, path_len, "");
}

/* One step of the innermost container. */
static void step(struct as_unpack *u)
{
    struct as_level *l = &u->level[u->nlevels - 1];
    struct as_err err = {0};
    struct as_entry e;
    enum as_status status;

    blame(u, &l->proto.key);
    status = l->left == 0 ? AS_END : as_container_next(l->c, &e, &err);
    if (status == AS_ENOMEM)
        out_of_memory(u);
    if (status == AS_OK) {
        if (l->left != UINT64_MAX)
            l->left--;
        entry(u, l, &e);
    } else if (status == AS_END) {
        pop(u, AS_REASON_CONTAINER, "");
    } else {
        pop(u, err.reason ? (uint16_t)err.reason : AS_REASON_CONTAINER_DAMAGED, err.text);
    }
}

static void walk(struct as_unpack *u)
{
    uint64_t begun = now_us();

    while (u->nlevels > 0)
        step(u);
    u->unpack_us += now_us() - begun;
}

/* ---- 4. files ---- */

static struct as_slot file_slot(const struct as_unpack_file *file)
{
    return (struct as_slot){.key = file->key,
                            .size = file->size,
                            .mtime_s = file->mtime_s,
                            .data_at = UINT64_MAX};
}

void as_unpack_file(struct as_unpack *u, const struct as_unpack_file *file)
{
    struct as_slot s = file_slot(file);
    struct as_input in = {NULL, file->fd, 0, file->size};
    bool keep = file->size <= AS_INLINE_MAX;
    struct as_err err = {0};
    enum as_kind kind;

    blame(u, &s.key);
    s.reason = blocked_reason(u, &s.key); /* not opened, but its hash is told */
    if (read_file(u, file, &s, keep && s.reason == AS_REASON_NONE, &err) != AS_OK)
        s.reason = (uint16_t)err.reason;
    if (s.reason != AS_REASON_NONE) {
        s.flags |= s.reason == AS_REASON_CHANGED ? AS_FLAG_CHANGED : 0u;
        emit(u, &s, file->path, file->path_len, err.text);
        return;
    }
    if (keep)
        in.at = arena_tail(u);
    kind = as_sniff(&in);
    if (keep && as_kind_class((uint16_t)kind) != AS_CLASS_CONTAINER)
        s.data_at = u->batch->used;
    if (may_hold(u, kind, &in)) {
        in.at = NULL; /* the descriptor outlives the arena */
        if (s.data_at != UINT64_MAX)
            u->batch->used += (s.size + 63) / 64 * 64;
        if (descend(u, &s, &in, file->path, file->path_len, kind))
            walk(u);
        return;
    }
    set_leaf(&s, kind);
    if (keep && s.bits & AS_SLOT_CONTENT)
        u->batch->used += (s.size + 63) / 64 * 64;
    emit(u, &s, file->path, file->path_len, "");
}

void as_unpack_part(struct as_unpack *u, const struct as_unpack_file *file)
{
    struct as_slot s = file_slot(file);
    struct as_input in = {NULL, file->fd, 0, file->size};
    struct as_err err = {0};
    struct as_entry e;

    s.reason = blocked_reason(u, &s.key);
    if (s.reason != AS_REASON_NONE) { /* this row outdoes the one of the lot for the whole */
        blame(u, &s.key);
        emit(u, &s, file->path, file->path_len, "a part of it breaks the reader");
        return;
    }
    if (blocked_reason(u, &s.key) ||
        push(u, &s, file->path, file->path_len, &in, false) != AS_OK)
        return; /* its own row, given by another lot, says why */
    for (uint64_t i = 0; u->lot->offset == 0 && i < u->lot->first; i++) {
        blame(u, &s.key);
        if (as_container_next(u->level[0].c, &e, &err) != AS_OK)
            break;
    }
    u->level[0].left = u->lot->count;
    walk(u);
}

void as_unpack_whole(struct as_unpack *u, const struct as_unpack_file *file)
{
    struct as_slot s = file_slot(file);
    struct as_input in = {NULL, file->fd, 0, file->size};
    struct as_err err = {0};
    struct as_entry e;
    enum as_status status;

    blame(u, &s.key);
    s.reason = blocked_reason(u, &s.key);
    if (read_file(u, file, &s, false, &err) != AS_OK)
        s.reason = (uint16_t)err.reason;
    s.kind = (uint16_t)as_sniff(&in);
    if (s.reason != AS_REASON_NONE || push(u, &s, file->path, file->path_len, &in, true) != AS_OK) {
        if (u->nlevels == 0 && s.reason != AS_REASON_NONE)
            emit(u, &s, file->path, file->path_len, err.text);
        return;
    }
    while ((status = as_container_next(u->level[0].c, &e, &err)) == AS_OK)
        blame(u, &s.key);
    if (status == AS_ENOMEM)
        out_of_memory(u);
    if (status == AS_END)
        pop(u, AS_REASON_CONTAINER, "");
    else
        pop(u, err.reason ? (uint16_t)err.reason : AS_REASON_CONTAINER_DAMAGED, err.text);
}

/* One chunk of a large file again.  A failure is a row with a reason. */
static void rehash_chunk(struct as_unpack *u, const struct as_unpack_file *file, struct as_slot *s)
{
    struct as_input in = {NULL, file->fd, 0, file->size};
    uint64_t end = u->lot->offset + u->lot->count;

    for (uint64_t at = u->lot->offset; at < end;) {
        int64_t got = as_input_read(&in, at, u->piece, PIECE);
        if (got <= 0) {
            s->reason = got < 0 ? AS_REASON_UNREADABLE : AS_REASON_CHANGED;
            emit(u, s, file->path, file->path_len, "");
            return;
        }
        hash_chunk(u, file, at, u->piece, (uint64_t)got);
        at += (uint64_t)got;
        u->batch->progress++;
    }
}

void as_unpack_rehash(struct as_unpack *u, const struct as_unpack_file *file)
{
    struct as_slot s = file_slot(file);
    struct as_err err = {0};

    blame(u, &s.key);
    if (u->lot->count > 0) {
        rehash_chunk(u, file, &s);
        return;
    }
    if (strcmp(u->start->options->recheck, "full") == 0 &&
        read_file(u, file, &s, false, &err) != AS_OK)
        s.reason = (uint16_t)err.reason;
    emit(u, &s, file->path, file->path_len, err.text);
}

void as_unpack_list(struct as_unpack *u, const struct as_unpack_file *file,
                    void (*part)(void *arg, const uint64_t v[4]), void *arg)
{
    struct as_slot s = file_slot(file);
    struct as_input in = {NULL, file->fd, 0, file->size};
    struct as_err err = {0};
    struct as_entry e;
    uint64_t v[4] = {0};
    struct as_container *c;

    blame(u, &s.key);
    /* media with a container behind it is an item as well, and stays in one lot */
    if (blocked_reason(u, &s.key) ||
        as_kind_class((uint16_t)as_sniff(&in)) != AS_CLASS_CONTAINER ||
        push(u, &s, file->path, file->path_len, &in, false) != AS_OK)
        return;
    c = u->level[0].c;
    while (as_container_next(c, &e, &err) == AS_OK) {
        blame(u, &s.key);
        if (as_container_access(c) == AS_ACCESS_STREAM)
            break;
        if (v[2] == 0) {
            v[0] = as_container_access(c) == AS_ACCESS_OFFSET ? e.offset : 0;
            v[1] = e.index;
        }
        v[2]++;
        v[3] += e.size > 0 ? (uint64_t)e.size : 0;
        if (v[2] >= u->lot->part_entries || v[3] >= u->lot->part_bytes) {
            part(arg, v);
            memset(v, 0, sizeof v);
        }
    }
    if (v[2] > 0 && as_container_access(c) != AS_ACCESS_STREAM)
        part(arg, v);
    pop(u, AS_REASON_CONTAINER, "");
}
