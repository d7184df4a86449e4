/* unpack.c - from files to slots: hashed, and handed on where they are containers.
 *
 *  1. reading bytes
 *  2. what a lot may ask of a file
 */
#include "unpack_parts.h"

#include "../clock.h"
#include "../media/sniff.h"

#include <string.h>

/* ---- 1. reading bytes ---- */

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
    uint64_t at = 0, begun = as_now_us();

    as_hash_start(u->hash);
    while (at < file->size) {
        uint8_t *to = keep ? as_unpack_tail(u) + at : u->piece;
        int64_t got = as_input_read(&in, at, to, AS_PIECE);
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
    as_unpack_end_hash(u, s);
done:
    u->read_us += as_now_us() - begun;
    return status;
}

/* ---- 2. what a lot may ask of a file ---- */

static struct as_slot file_slot(const struct as_unpack_file *file)
{
    return (struct as_slot){
        .key = file->key, .size = file->size, .mtime_s = file->mtime_s, .data_at = UINT64_MAX};
}

/* Hashes a file.  False: it is not to be opened or cannot be read, and its row was given. */
static bool hash_file(struct as_unpack *u, const struct as_unpack_file *file, struct as_slot *s,
                      bool keep)
{
    struct as_err err = {0};

    as_unpack_blame(u, &s->key);
    s->reason = as_unpack_blocked(u, &s->key); /* not opened, but its hash is told */
    if (read_file(u, file, s, keep && s->reason == AS_REASON_NONE, &err) != AS_OK)
        s->reason = (uint16_t)err.reason;
    if (s->reason == AS_REASON_NONE)
        return true;
    s->flags |= s->reason == AS_REASON_CHANGED ? AS_FLAG_CHANGED : 0u;
    as_unpack_emit(u, s, file->path, file->path_len, err.text);
    return false;
}

void as_unpack_file(struct as_unpack *u, const struct as_unpack_file *file)
{
    struct as_slot s = file_slot(file);
    struct as_input in = {NULL, file->fd, 0, file->size};
    bool keep = file->size <= AS_INLINE_MAX;
    enum as_kind kind;
    bool copies;

    if (!hash_file(u, file, &s, keep))
        return;
    if (keep)
        in.at = as_unpack_tail(u);
    kind = as_sniff(&in);
    if (keep && as_kind_class((uint16_t)kind) != AS_CLASS_CONTAINER)
        s.data_at = u->batch->used;
    copies = as_unpack_load(u, &s, kind, &in);
    if (as_unpack_may_hold(u, kind, &in)) {
        in.at = NULL; /* the descriptor outlives the arena */
        if (s.data_at != UINT64_MAX)
            as_unpack_keep(u, s.size);
        if (as_unpack_descend(u, &s, &in, file->path, file->path_len, kind))
            as_unpack_walk(u);
    } else {
        as_unpack_set_leaf(&s, kind);
        if (keep && s.bits & AS_SLOT_CONTENT)
            as_unpack_keep(u, s.size);
        as_unpack_emit(u, &s, file->path, file->path_len, "");
    }
    if (copies)
        as_unpack_copies(u, file, &s);
}

void as_unpack_part(struct as_unpack *u, const struct as_unpack_file *file)
{
    struct as_slot s = file_slot(file);
    struct as_input in = {NULL, file->fd, 0, file->size};
    struct as_err err = {0};
    struct as_entry e;

    s.reason = as_unpack_blocked(u, &s.key);
    if (s.reason !=
        AS_REASON_NONE) { /* outdoes the row of the lot for the whole but for its hash */
        as_unpack_blame(u, &s.key);
        as_unpack_emit(u, &s, file->path, file->path_len, "a part of it breaks the reader");
        return;
    }
    if (as_unpack_push(u, &s, file->path, file->path_len, &in, false) != AS_OK)
        return; /* its own row, given by another lot, says why */
    for (uint64_t i = 0; u->lot->offset == 0 && i < u->lot->first; i++) {
        as_unpack_blame(u, &s.key);
        if (as_container_next(u->level[0].c, &e, &err) != AS_OK)
            break;
    }
    u->level[0].left = u->lot->count;
    as_unpack_walk(u);
}

void as_unpack_whole(struct as_unpack *u, const struct as_unpack_file *file)
{
    struct as_slot s = file_slot(file);
    struct as_input in = {NULL, file->fd, 0, file->size};
    struct as_err err = {0};
    struct as_entry e;
    enum as_status status;

    if (!hash_file(u, file, &s, false))
        return;
    s.kind = (uint16_t)as_sniff(&in);
    if (as_unpack_push(u, &s, file->path, file->path_len, &in, true) != AS_OK)
        return;
    while ((status = as_container_next(u->level[0].c, &e, &err)) == AS_OK)
        as_unpack_blame(u, &s.key);
    if (status == AS_ENOMEM)
        as_unpack_out_of_memory(u);
    if (status == AS_END)
        as_unpack_pop(u, AS_REASON_CONTAINER, "");
    else
        as_unpack_pop(u, err.reason ? (uint16_t)err.reason : AS_REASON_CONTAINER_DAMAGED, err.text);
}

/* One chunk of a large file again.  A failure is a row with a reason. */
static void rehash_chunk(struct as_unpack *u, const struct as_unpack_file *file, struct as_slot *s)
{
    struct as_input in = {NULL, file->fd, 0, file->size};
    uint64_t end = u->lot->offset + u->lot->count;

    for (uint64_t at = u->lot->offset; at < end;) {
        int64_t got = as_input_read(&in, at, u->piece, AS_PIECE);
        if (got <= 0) {
            s->reason = got < 0 ? AS_REASON_UNREADABLE : AS_REASON_CHANGED;
            as_unpack_emit(u, s, file->path, file->path_len, "");
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

    as_unpack_blame(u, &s.key);
    if (u->lot->count > 0) {
        rehash_chunk(u, file, &s);
        return;
    }
    if (strcmp(u->start->options->recheck, "full") == 0 &&
        read_file(u, file, &s, false, &err) != AS_OK)
        s.reason = (uint16_t)err.reason;
    as_unpack_emit(u, &s, file->path, file->path_len, err.text);
}

/* Told instead of a part: the container stays whole. */
static const uint64_t ALL_OF_IT[4] = {0, UINT64_MAX, 0, UINT64_MAX};

void as_unpack_list(struct as_unpack *u, const struct as_unpack_file *file,
                    void (*part)(void *arg, const uint64_t v[4]), void *arg)
{
    struct as_slot s = file_slot(file);
    struct as_input in = {NULL, file->fd, 0, file->size};
    struct as_err err = {0};
    struct as_entry e;
    uint64_t v[4] = {0}, parts = 0;
    struct as_container *c;

    as_unpack_blame(u, &s.key);
    if (as_unpack_blocked(u, &s.key)) { /* what earlier readers told is not all: it stays whole */
        part(arg, ALL_OF_IT);
        return;
    }
    /* media with a container behind it is an item as well, and stays in one lot */
    if (as_kind_class((uint16_t)as_sniff(&in)) != AS_CLASS_CONTAINER ||
        as_unpack_push(u, &s, file->path, file->path_len, &in, false) != AS_OK)
        return;
    c = u->level[0].c;
    while (parts < u->lot->parts_most && as_container_next(c, &e, &err) == AS_OK) {
        as_unpack_blame(u, &s.key);
        if (as_container_access(c) == AS_ACCESS_STREAM)
            break;
        if (v[2] == 0) {
            v[0] = as_container_access(c) == AS_ACCESS_OFFSET ? e.offset : 0;
            v[1] = e.index;
        }
        v[2]++;
        v[3] += e.size > 0 ? (uint64_t)e.size : 0;
        if ((v[2] >= u->lot->part_entries || v[3] >= u->lot->part_bytes) &&
            ++parts < u->lot->parts_most) {
            part(arg, v);
            memset(v, 0, sizeof v);
        }
    }
    if (v[2] > 0 && as_container_access(c) != AS_ACCESS_STREAM)
        part(arg, parts < u->lot->parts_most ? v : ALL_OF_IT);
    as_unpack_pop(u, AS_REASON_CONTAINER, "");
}
