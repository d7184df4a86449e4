/* crew_reader.c - the broker's side of the reader: lots in, batches out.
 *
 *  1. a work begins and ends
 *  2. files to the reader
 *  3. what the reader says
 *  4. death and blame
 */
#include "crew_parts.h"

#include "../evidence/container.h"
#include "../log.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What one reader may say at most.  A turn takes more messages than a socket holds, so
 * that none is left behind a death.                                              */
enum { TURN_MESSAGES = 4096, DEATHS_MAX = 3 * AS_BLOCKED_MAX };

/* ---- 1. a work begins and ends ---- */

void as_crew_close_files(struct as_crew *c)
{
    for (uint32_t i = 0; c->file_fd && c->reading && i < c->reading->nfiles; i++)
        if (c->file_fd[i] >= 0)
            close(c->file_fd[i]);
    free(c->file_fd);
    free(c->order);
    free(c->told);
    free(c->rows);
    c->file_fd = NULL;
    c->order = NULL;
    c->told = NULL;
    c->rows = NULL;
}

void as_crew_work_maybe_done(struct as_crew *c, struct as_work *work)
{
    if (work->read_done && work->batches == 0)
        c->calls.done(c->calls.state, work);
}

static void begin_work(struct as_crew *c)
{
    struct as_work *w = c->pending;

    c->file_fd = malloc((w->nfiles + 1) * sizeof *c->file_fd);
    c->order = calloc(w->nfiles + 1, sizeof *c->order);
    c->told = calloc(w->nfiles + 1, sizeof *c->told);
    c->rows = calloc(w->nfiles + 1, sizeof *c->rows);
    if (c->file_fd == NULL || c->order == NULL || c->told == NULL || c->rows == NULL) {
        as_crew_close_files(c);
        as_crew_break(c, AS_EIO, "no memory for the files of a lot");
        return;
    }
    for (uint32_t i = 0; i < w->nfiles; i++)
        c->file_fd[i] = -1;
    c->reading = w;
    c->pending = NULL;
    c->unblamed = c->deaths = 0;
    c->suspect = (struct as_suspect){0};
}

static void end_reading(struct as_crew *c)
{
    struct as_work *w = c->reading;

    as_crew_close_files(c);
    c->reading = NULL;
    w->read_done = true;
    as_crew_work_maybe_done(c, w);
}

static bool start_reader(struct as_crew *c)
{
    struct as_work *w = c->reading;
    struct as_msg *m = c->msg;

    if (!as_crew_spawn(c, &c->reader, NULL))
        return false;
    memset(m, 0, offsetof(struct as_msg, text));
    m->type = AS_MSG_LOT;
    w->lot.batch_bytes = c->nseats * (uint64_t)AS_BATCH_EACH;
    if (w->lot.batch_bytes > AS_BATCH_BYTES)
        w->lot.batch_bytes = AS_BATCH_BYTES;
    m->len = sizeof w->lot;
    memcpy(m->text, &w->lot, sizeof w->lot);
    as_crew_send(c, c->reader.socket, NULL, 0);
    c->reader.life = AS_WORKER_BUSY;
    c->files_end_sent = false;
    c->lot_end = false;
    c->fills = 0;
    c->lone = AS_LONE_NO;
    c->splits = c->chunks = 0;
    c->progress_wall = c->row_wall = as_now_ns();
    c->progress_cpu = c->given = 0;
    /* what it is given again it tells again */
    memset(c->rows + w->next, 0, (w->nfiles - w->next) * sizeof *c->rows);
    for (int i = 0; i < AS_ARENAS; i++)
        c->arena[i].known = false;
    return true;
}

static void give_arenas(struct as_crew *c)
{
    struct as_msg *m = c->msg;

    for (uint32_t i = 0; i < AS_ARENAS; i++) {
        struct as_arena *a = &c->arena[i];
        if (a->with_reader || a->batch.work)
            continue;
        memset(m, 0, offsetof(struct as_msg, text));
        m->type = AS_MSG_FILL;
        m->arg = i;
        if (!as_crew_send(c, c->reader.socket, &a->fd, a->known ? 0 : 1))
            return;
        a->with_reader = a->known = true;
        c->filling[c->fills++] = i;
    }
}

/* ---- 2. files to the reader ---- */

/* The row of an entry that is not read. */
static void tell_unread(struct as_crew *c, const struct as_lot_file *f, uint16_t reason,
                        uint32_t flags, const char *note)
{
    static const uint16_t KINDS[] = {AS_KIND_UNKNOWN, AS_KIND_FOLDER, AS_KIND_SYMLINK,
                                     AS_KIND_HARDLINK, AS_KIND_SPECIAL};
    struct as_item item = {.key = f->key,
                           .path = f->path,
                           .note = {note, (uint32_t)strlen(note)},
                           .size = f->size,
                           .mtime_s = f->mtime_s,
                           .kind = KINDS[f->type],
                           .reason = reason,
                           .flags = flags};

    c->told[f - c->reading->file] = true;
    c->calls.item(c->calls.state, c->reading, &item);
}

static uint16_t type_reason(const struct as_lot_file *f)
{
    static const uint16_t REASONS[] = {AS_REASON_NONE, AS_REASON_FOLDER, AS_REASON_SYMLINK,
                                       AS_REASON_HARDLINK, AS_REASON_SPECIAL};
    return f->reason ? f->reason : REASONS[f->type];
}

static void ask_files(struct as_crew *c)
{
    struct as_work *w = c->reading;

    while (as_crew_may_ask(c)) {
        const struct as_lot_file *f = &w->file[w->next];
        if (type_reason(f) != AS_REASON_NONE) {
            tell_unread(c, f, type_reason(f), 0, "");
        } else {
            w->open_pending++;
            c->calls.open(c->calls.state, w, w->next);
        }
        w->next++;
    }
    if (w->next == w->nfiles && w->open_pending == 0 && !c->files_end_sent) {
        memset(c->msg, 0, offsetof(struct as_msg, text));
        c->msg->type = AS_MSG_FILES_END;
        c->files_end_sent = as_crew_send(c, c->reader.socket, NULL, 0);
    }
}

/* A descriptor of our own for the same file; without one the run cannot go on. */
int as_crew_keep_fd(struct as_crew *c, int fd)
{
    int kept = fcntl(fd, F_DUPFD_CLOEXEC, 3);

    if (kept < 0) {
        as_crew_break(c, AS_EIO, "no descriptor is left: %s", strerror(errno));
    }
    return kept;
}

static void send_file(struct as_crew *c, struct as_work *w, uint32_t i, int fd)
{
    const struct as_lot_file *f = &w->file[i];
    struct as_msg *m = c->msg;

    memset(m, 0, offsetof(struct as_msg, text));
    m->type = AS_MSG_FILE;
    m->key = f->key;
    m->v[0] = f->size;
    m->v[1] = (uint64_t)f->mtime_s;
    m->len = f->path.len < AS_PATH_MAX ? f->path.len : AS_PATH_MAX - 1;
    memcpy(m->text, f->path.at, m->len);
    if (!as_crew_send(c, c->reader.socket, &fd, 1))
        return; /* it is dead; its death will be told */
    c->order[w->sent++] = i;
    if (f->size > AS_INLINE_MAX && c->file_fd[i] < 0)
        c->file_fd[i] = as_crew_keep_fd(c, fd);
}

void as_crew_opened(struct as_crew *c, struct as_work *w, uint32_t i, int fd, int error,
                    const struct stat *st)
{
    const struct as_lot_file *f = &w->file[i];
    char note[128] = "";

    w->open_pending--;
    if (w != c->reading || c->reader.life != AS_WORKER_BUSY) {
        /* the reader died meanwhile: asked for again */
    } else if (fd < 0 && as_errno_is_ours(error)) {
        as_crew_break(c, AS_EIO, "cannot open evidence: %s", strerror(error));
    } else if (fd < 0) {
        snprintf(note, sizeof note, "cannot be opened: %s",
                 error == ENXIO ? "no longer a regular file" : strerror(error));
        tell_unread(c, f, AS_REASON_UNREADABLE, 0, note);
    } else if ((uint64_t)st->st_size != f->size || st->st_mtim.tv_sec != f->mtime_s ||
               st->st_mtim.tv_nsec != f->mtime_ns) {
        tell_unread(c, f, AS_REASON_CHANGED, AS_FLAG_CHANGED,
                    "its size or time differs from when it was listed");
    } else {
        send_file(c, w, i, fd);
    }
    if (fd >= 0)
        close(fd);
}

/* ---- 3. what the reader says ---- */

static bool split_message(struct as_crew *c, const uint64_t v[4])
{
    if (c->reading->lot.mode != AS_READ_LIST || ++c->splits > c->reading->lot.parts_most)
        return false;
    c->calls.split(c->calls.state, c->reading, v);
    return true;
}

/* Each chunk of each large file once. */
static bool chunk_message(struct as_crew *c, uint64_t chunk)
{
    const struct as_work *w = c->reading;
    int64_t i = c->msg->len == 32 ? as_crew_file_of(w, &c->msg->key) : -1;
    uint64_t all = 0;

    for (uint32_t k = 0; k < w->nfiles; k++)
        all += w->file[k].size / AS_CHUNK_BYTES + 1;
    if (i < 0 || c->msg->key.n != w->file[i].key.n || chunk > w->file[i].size / AS_CHUNK_BYTES ||
        ++c->chunks > all)
        return false;
    c->calls.chunk(c->calls.state, c->reading, &c->msg->key, chunk, c->msg->text);
    return true;
}

/* Believes one message, or does not. */
static bool take_message(struct as_crew *c)
{
    struct as_work *w = c->reading;
    uint64_t v[4];

    memcpy(v, c->msg->v, sizeof v);
    if (c->lot_end)
        return false;
    switch (c->msg->type) {
    case AS_MSG_TAKEN:
        if (w->taken >= w->sent)
            return false;
        w->taken++;
        c->given++;
        return true;
    case AS_MSG_BATCH:
        return as_crew_batch_message(c, c->msg->arg);
    case AS_MSG_SPLIT:
        return split_message(c, v);
    case AS_MSG_CHUNK:
        return chunk_message(c, v[0]);
    case AS_MSG_LOT_END:
        c->lot_end = w->taken == w->sent && c->files_end_sent;
        w->us[0] += v[0];
        w->us[1] += v[1];
        c->tally.read_us += v[0];
        c->tally.unpack_us += v[1];
        return c->lot_end;
    default:
        return false;
    }
}

void as_crew_reader_message(struct as_crew *c)
{
    for (int i = 0; i < TURN_MESSAGES && as_crew_hear(c, &c->reader); i++) {
        if (!take_message(c)) {
            as_log(AS_LOG_DEBUG, "reader broke the protocol message=%u", c->msg->type);
            as_crew_kill(c, &c->reader, AS_REASON_CRASHED);
        }
        if (c->reader.life != AS_WORKER_BUSY)
            return;
    }
}

/* ---- 4. death and blame ---- */

int64_t as_crew_file_in_hand(const struct as_crew *c)
{
    const struct as_work *w = c->reading;

    if (w->sent == 0)
        return -1;
    return c->order[w->taken < w->sent ? w->taken : w->sent - 1];
}

/* What the reader says it is at, if that is something of the files sent from the k-th on. */
static bool says_at(const struct as_crew *c, uint32_t k, struct as_key *key)
{
    const struct as_work *w = c->reading;

    memset(key, 0, sizeof *key);
    if (c->fills > 0)
        memcpy(key, (const void *)&c->arena[c->filling[0]].map->now, sizeof *key);
    for (uint32_t i = key->n; i < AS_KEY_MAX; i++)
        key->part[i] = 0;
    for (; k < w->sent; k++)
        if (as_key_within(key, &w->file[c->order[k]].key))
            return true;
    return false;
}

bool as_crew_reader_at(const struct as_crew *c, struct as_key *key)
{
    const struct as_work *w = c->reading;

    if (w == NULL || c->reader.life != AS_WORKER_BUSY || w->taken >= w->sent)
        return false;
    if (!says_at(c, w->taken, key))
        *key = w->file[c->order[w->taken]].key;
    return true;
}

/* What the reader was at when it died: what it says, if that can be, else its file.  Too
 * many rows are the file's affair, and so is all that happens while it is listed: two deaths,
 * whatever is said, and no more is told of it.                                    */
static bool blamed_key(const struct as_crew *c, uint16_t reason, struct as_key *key)
{
    int64_t i = as_crew_file_in_hand(c);

    if (i < 0)
        return false;
    /* of files that are wholly in batches it is not */
    if (!says_at(c, c->reading->safe, key) || c->deaths > DEATHS_MAX ||
        reason == AS_REASON_LIMIT_ENTRIES || c->reading->lot.mode == AS_READ_LIST)
        *key = c->reading->file[i].key;
    return true;
}

/* Back to the first file that is not wholly in batches; with it go those that were
 * asked for and are not open yet, which come back to no reader.                   */
static void rewind_files(struct as_work *w, const uint32_t *order)
{
    w->next = w->safe > 0 ? order[w->safe - 1] + 1 : 0;
    w->sent = w->taken = w->safe;
}

/* Too many things in one lot break the reader: the rest of its files is given up. */
static void give_up_rest(struct as_crew *c, uint16_t reason)
{
    struct as_work *w = c->reading;

    rewind_files(w, c->order);
    for (uint32_t i = w->next; i < w->nfiles; i++)
        tell_unread(c, &w->file[i], type_reason(&w->file[i]) ? type_reason(&w->file[i]) : reason, 0,
                    "too many entries of its lot break the reader");
    w->next = w->nfiles;
}

/* The key is not opened again.  A full list makes room by blocking the whole file in
 * hand; false: even that does not help.                                          */
static bool block(struct as_crew *c, struct as_key key, uint16_t reason)
{
    struct as_read_lot *lot = &c->reading->lot;
    int64_t hand = as_crew_file_in_hand(c);
    uint32_t k = 0;

    if (lot->nblocked == AS_BLOCKED_MAX && hand >= 0)
        key = c->reading->file[hand].key;
    for (uint32_t i = 0; i < lot->nblocked; i++)
        if (!as_key_within(&lot->blocked[i].key, &key))
            lot->blocked[k++] = lot->blocked[i];
    lot->nblocked = k;
    if (k == AS_BLOCKED_MAX)
        return false;
    lot->blocked[k].key = key;
    lot->blocked[k].reason = reason;
    lot->nblocked++;
    return true;
}

static void nobodys_fault(struct as_crew *c)
{
    if (++c->unblamed <= AS_TRIES_UNBLAMED)
        return;
    as_crew_break(c, AS_ESTOP, "the reader of lot %llu was killed %u times from outside",
                  (unsigned long long)c->reading->id, c->unblamed);
}

/* True when the rest of the lot was given up. */
static bool blame_reader(struct as_crew *c, uint16_t reason)
{
    int64_t hand = as_crew_file_in_hand(c);
    struct as_key key;

    if (hand >= 0 && c->deaths_of != (uint32_t)hand)
        c->deaths = 0;
    c->deaths_of = (uint32_t)hand;
    c->deaths++;
    if (reason == AS_REASON_NONE || !blamed_key(c, reason, &key)) {
        nobodys_fault(c);
        return false;
    }
    c->reader_alone = true;
    if (memcmp(&c->suspect.key, &key, sizeof key) != 0) {
        c->suspect = (struct as_suspect){key, reason};
        return false;
    }
    c->counts.blamed++;
    c->suspect = (struct as_suspect){0};
    if (block(c, key, reason))
        return false;
    give_up_rest(c, reason);
    return true;
}

/* A reader that is through has given each file a row; one that says so falsely is no
 * reason for a file to be missing.                                              */
static void tell_untold(struct as_crew *c)
{
    struct as_work *w = c->reading;
    bool rows = w->lot.mode == AS_READ_FILES || w->lot.mode == AS_READ_WHOLE ||
                (w->lot.mode == AS_READ_RECHECK && w->lot.count == 0);

    for (uint32_t i = 0; rows && i < w->nfiles; i++)
        if (!c->told[i])
            tell_unread(c, &w->file[i], AS_REASON_CRASHED, 0, "its reader gave no row");
}

void as_crew_reader_died(struct as_crew *c, int wstatus)
{
    struct as_work *w = c->reading;
    bool through = c->lot_end && c->reader.kill_reason == AS_REASON_NONE, gave_up = false;
    uint16_t reason = as_crew_death_reason(&c->reader, wstatus);

    if (!through && !c->stopping) {
        as_log(AS_LOG_DEBUG, "reader died lot=%llu wait_status=%d reason=\"%s\"",
               (unsigned long long)w->id, wstatus, as_reason_text(reason));
        gave_up = blame_reader(c, reason);
    }
    for (int i = 0; i < AS_ARENAS; i++)
        c->arena[i].with_reader = false;
    c->fills = 0;
    as_crew_bury(&c->reader);
    if (through) {
        tell_untold(c);
        end_reading(c);
    } else if (!gave_up) {
        rewind_files(w, c->order);
    }
}

void as_crew_reader_schedule(struct as_crew *c)
{
    struct as_work *w = c->reading;

    if (c->stopping || c->broken)
        return;
    if (w == NULL) {
        if (c->pending == NULL)
            return;
        begin_work(c);
        if ((w = c->reading) == NULL)
            return;
    }
    if (c->reader.life == AS_WORKER_NONE &&
        (w->open_pending > 0 || (c->reader_alone && !as_crew_examiners_idle(c)) ||
         !start_reader(c)))
        return;
    if (c->reader.life != AS_WORKER_BUSY || c->lot_end)
        return;
    if (c->lone != AS_LONE_READ || as_crew_examiners_idle(c))
        give_arenas(c);
    ask_files(c);
}
