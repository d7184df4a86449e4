/* crew_batch.c - batches from the reader: copied out of shared memory, checked, asked for.
 *
 * What a reader writes is believed only as far as it is about its own lot.     */
#include "crew_parts.h"

#include "../evidence/container.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* The file of the lot that `key` is or lies below, or -1.  Folders do not count: the key
 * of a source's own folder is above all of its files.                             */
int64_t as_crew_file_of(const struct as_work *w, const struct as_key *key)
{
    for (uint32_t i = 0; i < w->nfiles; i++)
        if (w->file[i].type == AS_ENTRY_FILE && as_key_within(key, &w->file[i].key))
            return i;
    return -1;
}

static bool text_sound(uint32_t at, uint32_t len, uint32_t max)
{
    return len <= max && at <= AS_BATCH_TEXT && len <= AS_BATCH_TEXT - at;
}

/* The file itself, still open because it is too large for an arena. */
static bool behind_sound(const struct as_crew *c, const struct as_work *w, const struct as_slot *s)
{
    int64_t i = as_crew_file_of(w, &s->key);

    return c->file_fd[i] >= 0 && s->key.n == w->file[i].key.n && s->size == w->file[i].size;
}

/* That a reader may give; none may call evidence a copy that bench made. */
static uint32_t flags_of(const struct as_crew *c)
{
    return c->options->alter[0] ? AS_FLAGS_ALL : AS_FLAGS_ALL & ~AS_FLAG_ALTERED;
}

static bool slot_sound(const struct as_crew *c, const struct as_work *w, const struct as_slot *s)
{
    uint64_t end = as_arena_bytes(c->options->max_item);

    if (as_crew_file_of(w, &s->key) < 0 || !as_reason_known(s->reason) ||
        as_kind_find(as_kind_name(s->kind)) != s->kind || s->flags & ~flags_of(c))
        return false;
    if (!text_sound(s->path_at, s->path_len, AS_PATH_MAX) ||
        !text_sound(s->note_at, s->note_len, sizeof((struct as_err *)0)->text))
        return false;
    if (!(s->bits & AS_SLOT_CONTENT))
        return true;
    if (s->data_at == UINT64_MAX)
        return behind_sound(c, w, s);
    return s->data_at >= AS_ARENA_DATA && s->data_at <= end && s->size <= end - s->data_at;
}

static bool copy_batch(struct as_crew *c, struct as_arena *a)
{
    struct as_crew_batch *b = &a->batch;
    const volatile struct as_batch *from = a->map;
    uint32_t n = from->nslots;

    if (n > AS_BATCH_SLOTS)
        return false;
    memcpy(b->slot, a->map->slot, n * sizeof *b->slot);
    memcpy(b->text, a->map->text, AS_BATCH_TEXT);
    for (uint32_t i = 0; i < n; i++)
        if (!slot_sound(c, c->reading, &b->slot[i]))
            return false;
    b->nslots = n;
    b->left = 0;
    return true;
}

/* False: the row is not taken, it is one too many. */
static bool tell_item(struct as_crew *c, const struct as_crew_batch *b, const struct as_slot *s)
{
    struct as_item item = {.key = s->key,
                           .path = {b->text + s->path_at, s->path_len},
                           .note = {b->text + s->note_at, s->note_len},
                           .size = s->size,
                           .mtime_s = s->mtime_s,
                           .kind = s->kind,
                           .reason = s->reason,
                           .flags = s->flags,
                           .has_sha256 = s->bits & AS_SLOT_SHA256,
                           .has_md5 = s->bits & AS_SLOT_MD5,
                           .leaf = s->bits & AS_SLOT_LEAF,
                           .has_content = s->bits & AS_SLOT_CONTENT};
    int64_t file = as_crew_file_of(c->reading, &s->key);

    if (!as_crew_row_allowed(c, (uint32_t)file))
        return false;
    c->given++;
    memcpy(item.sha256, s->sha256, 32);
    memcpy(item.md5, s->md5, 16);
    memcpy(item.sha1, s->sha1, 20);
    b->work->bytes += s->size;
    if (s->key.n == c->reading->file[file].key.n)
        c->told[file] = true;
    c->calls.item(c->calls.state, b->work, &item);
    return true;
}

static void take_batch(struct as_crew *c, struct as_arena *a)
{
    uint8_t sha[AS_BATCH_SLOTS][32];
    struct as_crew_batch *b = &a->batch;

    b->work = c->reading;
    b->work->batches++;
    b->work->safe = b->work->taken;
    c->reader_alone = false;
    memset(b->tries, 0, sizeof b->tries);
    memset(b->unblamed, 0, sizeof b->unblamed);
    memset(b->alone, 0, sizeof b->alone);
    for (uint32_t i = 0; i < b->nslots; i++) {
        const struct as_slot *s = &b->slot[i];
        b->state[i] = AS_SLOT_DONE;
        b->fd[i] = -1;
        if (!tell_item(c, b, s))
            continue;
        if (!(s->bits & AS_SLOT_CONTENT))
            continue;
        if (s->data_at == UINT64_MAX)
            b->fd[i] = as_crew_keep_fd(c, c->file_fd[as_crew_file_of(b->work, &s->key)]);
        b->state[i] = AS_SLOT_ASKED;
        memcpy(sha[b->left++], s->sha256, 32);
    }
    if (b->left > 0)
        c->calls.ask(c->calls.state, (uint32_t)(a - c->arena), (const uint8_t(*)[32])sha, b->left);
    else
        as_crew_batch_done(c, a);
}

void as_crew_granted(struct as_crew *c, uint32_t batch, const bool *grant, uint32_t n)
{
    struct as_arena *a = &c->arena[batch];
    struct as_crew_batch *b = &a->batch;
    uint32_t k = 0;

    for (uint32_t i = 0; i < b->nslots && k < n; i++) {
        if (b->state[i] != AS_SLOT_ASKED)
            continue;
        b->state[i] = grant[k] ? AS_SLOT_WAITS : AS_SLOT_DONE;
        b->left -= !grant[k];
        b->alone[i] = grant[k] && as_crew_suspects_content(c, &b->slot[i]);
        c->alones += b->alone[i];
        k++;
    }
    if (b->work && b->left == 0)
        as_crew_batch_done(c, a);
}

/* The slot of the i-th content of a batch that is asked for, or NULL. */
static const struct as_slot *asked_slot(const struct as_crew_batch *b, uint32_t i)
{
    for (uint32_t k = 0; k < b->nslots; k++)
        if (b->state[k] == AS_SLOT_ASKED && i-- == 0)
            return &b->slot[k];
    return NULL;
}

const struct as_slot *as_crew_asked(const struct as_crew *c, uint32_t batch, uint32_t i)
{
    return asked_slot(&c->arena[batch].batch, i);
}

enum as_status as_crew_write(const struct as_crew *c, uint32_t batch, uint32_t i, int to,
                             struct as_err *err)
{
    const struct as_arena *a = &c->arena[batch];
    const struct as_slot *s = asked_slot(&a->batch, i);
    enum as_status status = AS_OK;
    struct as_input in;
    uint8_t piece[65536];
    uint64_t at = 0;

    if (s == NULL || s->data_at == UINT64_MAX)
        return AS_SKIP;
    in = (struct as_input){NULL, a->fd, s->data_at, s->size};
    while (at < s->size) {
        int64_t got = as_input_read(&in, at, piece, sizeof piece);
        if (got <= 0)
            AS_FAIL(err, AS_EIO, "cannot read shared memory");
        for (int64_t done = 0; done < got;) {
            ssize_t n = write(to, piece + done, (size_t)(got - done));
            if (n <= 0)
                AS_FAIL(err, AS_EIO, "cannot write the item: %s", strerror(errno));
            done += n;
        }
        at += (uint64_t)got;
    }
done:
    return status;
}

void as_crew_batch_done(struct as_crew *c, struct as_arena *a)
{
    struct as_work *w = a->batch.work;
    uint64_t keep = AS_ARENA_DATA + 2 * (uint64_t)AS_BATCH_BYTES;
    struct stat st;

    for (uint32_t i = 0; i < a->batch.nslots; i++)
        if (a->batch.fd[i] >= 0)
            close(a->batch.fd[i]);
    if (fstat(a->fd, &st) == 0 && (uint64_t)st.st_blocks * 512 > keep)
        /* a large item went through: give its memory back */
        fallocate(a->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)keep,
                  (off_t)(as_arena_bytes(c->options->max_item) - keep));
    a->batch.work = NULL;
    w->batches--;
    as_crew_work_maybe_done(c, w);
}

bool as_crew_batch_message(struct as_crew *c, uint32_t arena)
{
    struct as_arena *a;

    if (c->fills == 0 || c->filling[0] != arena)
        return false;
    a = &c->arena[arena];
    if (!copy_batch(c, a))
        return false;
    memmove(c->filling, c->filling + 1, --c->fills * sizeof *c->filling);
    a->with_reader = false;
    take_batch(c, a);
    return true;
}
