/* unpack_alter.c - altered copies of a labelled picture, as if it were a container that held them.
 *
 * Copies follow their picture, as PICTURE>>ALTERATION, with keys behind those of what a picture may
 * really hold (there are fewer entries than that).  The picture is decoded once; if that broke the
 * reader before, no copy is made.                                                          */
#include "unpack_parts.h"

#include "../clock.h"

#include <string.h>

#define FIRST_COPY (UINT32_C(1) << 31)

static bool copy_key(const struct as_key *picture, uint32_t alteration, struct as_key *key)
{
    return as_key_child(picture, FIRST_COPY + alteration, key);
}

bool as_unpack_load(struct as_unpack *u, const struct as_slot *s, enum as_kind kind,
                    const struct as_input *in)
{
    const struct as_key now = u->now;
    struct as_key first;

    if (u->alter == NULL || as_kind_class((uint16_t)kind) != AS_CLASS_PICTURE ||
        !copy_key(&s->key, 0, &first))
        return false;
    if (as_unpack_blocked(u, &first))
        return true;
    u->batch->now = first; /* the arena stays: the picture's own bytes are not handed over yet */
    as_alter_load(u->alter, kind, in, s->sha256);
    u->batch->now = now;
    u->batch->progress++;
    return true;
}

/* Makes a copy in the arena. */
static void make(struct as_unpack *u, const struct as_alteration *a, struct as_slot *s,
                 struct as_err *err)
{
    const struct as_input in = {as_unpack_tail(u), -1, 0, 0};
    enum as_status status =
        as_alter_make(u->alter, a, as_unpack_tail(u), u->start->options->max_item, &s->size, err);

    if (status != AS_OK) {
        s->reason = (uint16_t)err->reason;
        return;
    }
    s->kind = (uint16_t)as_sniff(&(struct as_input){in.at, -1, 0, s->size});
    as_hash_start(u->hash);
    as_hash_add(u->hash, in.at, s->size);
    as_unpack_end_hash(u, s);
    s->bits |= AS_SLOT_LEAF | AS_SLOT_CONTENT;
    s->data_at = u->batch->used;
    as_unpack_keep(u, s->size);
}

static void copy(struct as_unpack *u, const struct as_unpack_file *file, struct as_slot *s,
                 const struct as_alteration *a)
{
    const uint32_t name = (uint32_t)strlen(a->name);
    uint32_t n = file->path_len;
    struct as_err err = {0};

    as_unpack_blame(u, &s->key);
    if (s->reason == AS_REASON_NONE)
        s->reason = as_unpack_blocked(u, &s->key);
    if (s->reason == AS_REASON_NONE)
        make(u, a, s, &err);
    if (n > AS_PATH_MAX - name - 2)
        n = AS_PATH_MAX - name - 2;
    memcpy(u->path, file->path, n);
    memcpy(u->path + n, ">>", 2);
    memcpy(u->path + n + 2, a->name, name);
    as_unpack_emit(u, s, u->path, n + 2 + name, err.text);
}

void as_unpack_copies(struct as_unpack *u, const struct as_unpack_file *file,
                      const struct as_slot *s)
{
    const uint64_t begun = as_now_us();
    struct as_slot to = {.mtime_s = s->mtime_s, .flags = AS_FLAG_ALTERED, .data_at = UINT64_MAX};
    struct as_key key;

    copy_key(&s->key, 0, &key);
    to.reason = as_unpack_blocked(u, &key);
    for (uint32_t a = 0; as_alterations[a].name; a++) {
        struct as_slot one = to;
        if (!as_alter_wants(u->alter, &as_alterations[a]) || !copy_key(&s->key, a, &one.key))
            continue;
        copy(u, file, &one, &as_alterations[a]);
    }
    as_alter_drop(u->alter); /* what the next file may need depends on no picture before it */
    u->unpack_us += as_now_us() - begun;
}
