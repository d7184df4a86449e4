/* unpack_slots.c - rows into batches: room, blame, and the bytes that go with a row. */
#include "unpack_parts.h"

#include <string.h>

static bool batch_full(const struct as_unpack *u)
{
    const struct as_batch *b = u->batch;

    return b->nslots == AS_BATCH_SLOTS || b->used - AS_ARENA_DATA >= u->lot->batch_bytes ||
           AS_BATCH_TEXT - b->text_used < AS_PATH_MAX + sizeof((struct as_err *)0)->text;
}

void as_unpack_make_room(struct as_unpack *u)
{
    if (u->batch && batch_full(u))
        u->flush(u);
    if (u->batch == NULL)
        u->next_arena(u);
    u->batch->now = u->now;
}

void as_unpack_blame(struct as_unpack *u, const struct as_key *key)
{
    u->now = *key;
    as_unpack_make_room(u);
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

void as_unpack_emit(struct as_unpack *u, const struct as_slot *proto, const char *path,
                    uint32_t path_len, const char *note)
{
    struct as_slot *s;
    uint32_t note_len = (uint32_t)strlen(note);

    if (u->lot->mode == AS_READ_FIND && !wanted(u, proto))
        return;
    if (proto->data_at == UINT64_MAX)
        as_unpack_make_room(u);
    s = &u->batch->slot[u->batch->nslots];
    *s = *proto;
    s->path_at = put_text(u, path, path_len);
    s->path_len = path_len;
    s->note_at = put_text(u, note, note_len);
    s->note_len = note_len;
    u->batch->nslots++;
}

uint16_t as_unpack_blocked(const struct as_unpack *u, const struct as_key *key)
{
    for (uint32_t i = 0; i < u->lot->nblocked && i < AS_BLOCKED_MAX; i++)
        if (memcmp(&u->lot->blocked[i].key, key, sizeof *key) == 0)
            return u->lot->blocked[i].reason;
    return AS_REASON_NONE;
}

uint8_t *as_unpack_tail(const struct as_unpack *u)
{
    return (uint8_t *)u->batch + u->batch->used;
}

void as_unpack_end_hash(struct as_unpack *u, struct as_slot *s)
{
    as_hash_end(u->hash, s->sha256, s->md5, s->sha1);
    s->bits |= AS_SLOT_SHA256 | (u->start->options->md5 ? AS_SLOT_MD5 : 0u);
}

void as_unpack_keep(struct as_unpack *u, uint64_t n)
{
    u->batch->used += (n + 63) / 64 * 64;
}

void as_unpack_out_of_memory(struct as_unpack *u)
{
    u->give_up(u, 12);
}
