/* crew_examiner.c - the broker's side of the examiners: contents in, records out. */
#include "crew_parts.h"

#include "../log.h"
#include "unit.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static struct as_crew_batch *batch_of(struct as_crew *c, const struct as_examiner_seat *s)
{
    return &c->arena[s->arena].batch;
}

/* A waiting content of one lot, or of any; one that must be done alone, or one that need not. */
static bool find_in(struct as_crew *c, const uint64_t *lot, bool alone, uint32_t *arena,
                    uint32_t *slot)
{
    for (uint32_t a = 0; a < AS_ARENAS; a++) {
        struct as_crew_batch *b = &c->arena[a].batch;
        if (b->work == NULL || (lot && b->work->id != *lot))
            continue;
        for (uint32_t i = 0; i < b->nslots; i++)
            if (b->state[i] == AS_SLOT_WAITS && b->alone[i] == alone) {
                *arena = a;
                *slot = i;
                return true;
            }
    }
    return false;
}

/* What a seat does next: the lot it is in first, because each change of lot costs an examiner. */
static bool find_waiting(struct as_crew *c, const struct as_examiner_seat *s, bool alone,
                         uint32_t *arena, uint32_t *slot)
{
    if (s->w.life != AS_WORKER_NONE && find_in(c, &s->lot, alone, arena, slot))
        return true;
    return find_in(c, NULL, alone, arena, slot);
}

/* For the log of a suspect: its key, and how many others are busy beside it. */
static void log_alone(const struct as_crew *c, const struct as_slot *what)
{
    char key[AS_KEY_MAX * 11 + 1] = "";
    uint32_t busy = 0, at = 0;

    for (uint32_t i = 0; i < what->key.n && i < AS_KEY_MAX; i++)
        at += (uint32_t)snprintf(key + at, sizeof key - at, i ? ".%u" : "%u", what->key.part[i]);
    for (uint32_t i = 0; i < c->nseats; i++)
        busy += c->seat[i].serial != 0;
    as_log(AS_LOG_INFO, "examines a suspect alone key=%s others_busy=%u", key, busy);
}

static void send_item(struct as_crew *c, struct as_examiner_seat *s, uint32_t arena, uint32_t slot)
{
    struct as_crew_batch *b = &c->arena[arena].batch;
    struct as_slot *what = &b->slot[slot];
    bool behind = what->data_at == UINT64_MAX;
    struct as_msg *m = c->msg;

    memset(m, 0, offsetof(struct as_msg, text));
    m->type = AS_MSG_ITEM;
    m->arg = behind ? AS_ARENA_NONE : arena;
    m->v[0] = behind ? 0 : what->data_at;
    m->v[1] = what->size;
    m->v[2] = what->kind;
    m->v[3] = ++c->next_serial;
    as_crew_hold(c, s, what);
    if (b->alone[slot] && b->tries[slot] == 0)
        log_alone(c, what);
    if (!as_crew_send(c, s->w.socket, &b->fd[slot], behind ? 1 : 0))
        return; /* dead: its death will be told, the content still waits */
    c->alones -= b->alone[slot];
    b->state[slot] = AS_SLOT_RUNS;
    s->w.life = AS_WORKER_BUSY;
    s->w.cpu_from = as_crew_cpu_ns(&s->w);
    s->w.wall_from = as_now_ns();
    s->serial = m->v[3];
    s->arena = arena;
    s->slot = slot;
    s->lot = b->work->id;
    s->fresh = false;
}

/* Gives a seat something to do.  False: nothing waits. */
static bool occupy(struct as_crew *c, struct as_examiner_seat *s, bool alone)
{
    uint32_t arena, slot;

    if (!find_waiting(c, s, alone, &arena, &slot))
        return false;
    if (s->w.life == AS_WORKER_NONE) {
        if (!as_crew_spawn(c, &s->w, s))
            return false;
        s->fresh = true;
    }
    if (!s->fresh && (alone || s->lot != c->arena[arena].batch.work->id)) {
        s->w.renewed = true;
        as_crew_kill(c, &s->w, AS_REASON_NONE);
        return true;
    }
    send_item(c, s, arena, slot);
    return true;
}

/* What is to be alone stays alone until it is done. */
static bool alone_now(struct as_crew *c)
{
    for (uint32_t i = 0; i < c->nseats; i++)
        if (c->seat[i].serial != 0 && batch_of(c, &c->seat[i])->alone[c->seat[i].slot])
            return true;
    return false;
}

void as_crew_examiners_schedule(struct as_crew *c)
{
    bool alone = c->alones > 0;

    if (c->stopping || c->broken || alone_now(c))
        return;
    if ((c->reader_alone || c->lone) && c->reader.life == AS_WORKER_BUSY && c->fills > 0)
        return;
    if (alone && !as_crew_examiners_idle(c))
        return;
    for (uint32_t i = 0; i < c->nseats; i++) {
        struct as_examiner_seat *s = &c->seat[i];
        if (s->w.life != AS_WORKER_NONE && s->w.life != AS_WORKER_IDLE)
            continue;
        if (!occupy(c, s, alone) || alone)
            return;
    }
}

static void slot_done(struct as_crew *c, struct as_examiner_seat *s)
{
    struct as_arena *a = &c->arena[s->arena];

    a->batch.state[s->slot] = AS_SLOT_DONE;
    s->serial = 0;
    if (--a->batch.left == 0)
        as_crew_batch_done(c, a);
}

/* The content in hand broke its examiner: once more alone, or for good. */
static void blame_content(struct as_crew *c, struct as_examiner_seat *s, uint16_t reason)
{
    struct as_crew_batch *b = batch_of(c, s);
    struct as_slot *what = &b->slot[s->slot];
    size_t n;

    if (b->tries[s->slot]++ == 0) {
        b->state[s->slot] = AS_SLOT_WAITS;
        b->alone[s->slot] = true;
        s->serial = 0;
        c->alones++;
        return;
    }
    c->counts.blamed++;
    n = as_content_pack_failed(what->kind, reason, "examine", as_reason_text(reason), c->record,
                               AS_RECORD_MAX);
    c->calls.content(c->calls.state, b->work, what->sha256, c->record, n);
    slot_done(c, s);
}

/* The residual beside a record: none is fine, what is no residual is not. */
static bool take_noise(struct as_crew *c, struct as_examiner_seat *s, uint64_t len)
{
    struct as_noise_head head;

    if (len == 0)
        return true;
    if (c->keep.pixels == 0 || len > as_noise_bytes(&c->keep))
        return false;
    memcpy(c->noise, s->noise_map, len);
    if (!as_noise_check(&c->keep, c->noise, len, &head) || head.full_w != c->row->w ||
        head.full_h != c->row->h)
        return false;
    memcpy(head.sha256, batch_of(c, s)->slot[s->slot].sha256, 32);
    memcpy(c->noise, &head, sizeof head);
    c->calls.noise(c->calls.state, batch_of(c, s)->work, c->noise, len);
    return true;
}

/* A record is believed only as far as it can be checked. */
static bool take_record(struct as_crew *c, struct as_examiner_seat *s, uint64_t len, uint64_t noise)
{
    struct as_crew_batch *b = batch_of(c, s);
    enum as_item_status status;

    if (len == 0 || len > AS_RECORD_MAX)
        return false;
    memcpy(c->record, s->result_map, len);
    memset(c->row, 0, sizeof *c->row);
    if (as_content_unpack(c->record, len, c->room, c->row) != AS_OK ||
        c->row->kind != b->slot[s->slot].kind)
        return false;
    status = as_reason_status(c->row->reason);
    if (status >= AS_ITEM_TIMEOUT) /* those are for the broker to say */
        return false;
    if (!take_noise(c, s, noise))
        return false;
    c->calls.content(c->calls.state, b->work, b->slot[s->slot].sha256, c->record, len);
    s->w.renewed = (status != AS_ITEM_OK && status != AS_ITEM_NOT_APPLICABLE &&
                    status != AS_ITEM_UNSUPPORTED) ||
                   c->row->flags & (AS_FLAG_CORRUPT | AS_FLAG_TRUNCATED);
    return true;
}

/* The content in hand took its time, whatever came of it. */
static void count_busy(struct as_crew *c, const struct as_examiner_seat *s)
{
    const struct as_crew_batch *b = batch_of(c, s);
    const struct as_slot *what = &b->slot[s->slot];
    uint64_t took = (as_now_ns() - s->w.wall_from) / 1000;

    c->tally.busy_us += took;
    as_tally_slow(&c->tally, took, what->size,
                  (struct as_text){b->text + what->path_at, what->path_len});
}

/* What an examiner says of its time. */
static void count_times(struct as_crew *c, const struct as_examiner_seat *s)
{
    const struct as_crew_batch *b = batch_of(c, s);
    struct as_times times;

    count_busy(c, s);
    if (c->msg->len != sizeof times)
        return;
    memcpy(&times, c->msg->text, sizeof times);
    b->work->us[2] += times.decode;
    c->tally.decode_us += times.decode;
    for (int d = 0; d < AS_DETECTORS_MAX; d++) {
        b->work->us[3] += times.det[d];
        c->tally.det_us[d] += times.det[d];
    }
}

static void finish(struct as_crew *c, struct as_examiner_seat *s, const uint64_t v[3],
                   uint32_t code)
{
    uint16_t reason = code == AS_ENOMEM ? AS_REASON_LIMIT_MEMORY : AS_REASON_CRASHED;

    count_times(c, s);
    s->w.life = AS_WORKER_IDLE;
    if (code == AS_OK && take_record(c, s, v[0], v[2])) {
        slot_done(c, s);
        if (s->w.renewed)
            as_crew_kill(c, &s->w, AS_REASON_NONE);
        return;
    }
    blame_content(c, s, reason);
    as_crew_kill(c, &s->w, AS_REASON_NONE);
}

void as_crew_examiner_message(struct as_crew *c, struct as_examiner_seat *s)
{
    uint64_t v[3];

    if (!as_crew_hear(c, &s->w))
        return;
    memcpy(v, c->msg->v, sizeof v);
    if (c->msg->type == AS_MSG_DONE && v[1] == s->serial)
        finish(c, s, v, c->msg->arg);
    else
        as_crew_kill(c, &s->w, AS_REASON_CRASHED);
}

void as_crew_examiner_died(struct as_crew *c, struct as_examiner_seat *s, int wstatus)
{
    uint16_t reason = as_crew_death_reason(&s->w, wstatus);
    struct as_crew_batch *b = batch_of(c, s);

    as_crew_bury(&s->w);
    if (s->serial == 0)
        return;
    count_busy(c, s);
    as_log(AS_LOG_DEBUG, "examiner died wait_status=%d reason=\"%s\"", wstatus,
           as_reason_text(reason));
    if (reason != AS_REASON_NONE) {
        blame_content(c, s, reason);
        return;
    }
    b->state[s->slot] = AS_SLOT_WAITS;
    c->alones += b->alone[s->slot];
    s->serial = 0;
    if (++b->unblamed[s->slot] > AS_TRIES_UNBLAMED) {
        as_crew_break(c, AS_ESTOP, "an examiner was killed %d times from outside on one item (out of memory?)",
                      AS_TRIES_UNBLAMED + 1);
    }
}
