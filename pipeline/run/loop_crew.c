/* loop_crew.c - what a rank's crew tells, into the journal and to other ranks. */
#include "loop_parts.h"

#include "../evidence/folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SYNC_S = 2, COPY_S = 60, COUNT_S = 10, HELD_MAX = 8 << 20, HELD_STOP = 64 << 20 };

struct opening {
    struct as_loop *l;
    struct as_work *work;
    uint32_t i;
    int fd, error;
    struct stat st;
};

static void open_work(void *arg)
{
    struct opening *o = arg;
    const struct as_lot_file *f = &o->work->file[o->i];

    o->fd = as_file_open(f->root, f->rel, &o->st);
    o->error = errno;
}

static void open_done(void *arg)
{
    struct opening *o = arg;

    as_crew_opened(o->l->crew, o->work, o->i, o->fd, o->error, &o->st);
    free(o);
}

static void on_open(void *state, struct as_work *work, uint32_t i)
{
    struct as_loop *l = state;
    struct opening *o = calloc(1, sizeof *o);

    if (o)
        *o = (struct opening){.l = l, .work = work, .i = i, .fd = -1};
    if (o == NULL || as_io_submit(l->r->io, open_work, open_done, o) != AS_OK) {
        free(o);
        as_loop_stop(l, AS_EIO, "no memory to open files");
    }
}

static void journal(struct as_loop *l, uint8_t type, const void *bytes, size_t n)
{
    if (type == AS_REC_LOT && l->lossy)
        return; /* its records are not all there: it is done again */
    if (as_journal_append(l->r->journal, type, bytes, (uint32_t)n) != AS_OK) {
        l->lossy = true;
        as_loop_stop(l, AS_EIO, "no memory for the journal");
    }
}

/* The spool gets the residual, the journal the place. */
static void on_noise(void *state, struct as_work *work, const uint8_t *bytes, uint64_t n)
{
    struct as_loop *l = state;
    struct as_noise_record rec;
    struct as_noise_head head;

    memcpy(&head, bytes, sizeof head);
    memset(&rec, 0, sizeof rec);
    memcpy(rec.sha256, head.sha256, sizeof rec.sha256);
    rec.attempt = l->r->kase.attempt;
    rec.rank = (uint32_t)l->r->me;
    rec.w = head.full_w;
    rec.h = head.full_h;
    rec.flat = head.flat;
    rec.lot = work->id;
    rec.offset = as_journal_next(l->r->spool);
    if (as_journal_append(l->r->spool, AS_REC_NOISE, bytes, (uint32_t)n) != AS_OK) {
        l->lossy = true;
        as_loop_stop(l, AS_EIO, "no memory for residuals");
        return;
    }
    journal(l, AS_REC_NOISE, &rec, sizeof rec);
}

static void on_item(void *state, struct as_work *work, const struct as_item *item)
{
    struct as_loop *l = state;
    size_t n;

    (void)work;
    if (l->phase == AS_PHASE_LIST)
        return;
    n = as_item_pack(item, l->record, AS_RECORD_MAX);
    l->lossy |= n == 0;
    if (n == 0)
        as_loop_stop(l, AS_EBUG, "an item does not fit its record");
    else
        journal(l, l->phase == AS_PHASE_RECHECK ? AS_REC_RECHECK : AS_REC_ITEM, l->record, n);
    l->items++;
}

static int owner_of(const struct as_loop *l, const uint8_t sha[32])
{
    uint32_t v;

    memcpy(&v, sha, sizeof v);
    return (int)(v % (uint32_t)l->r->size);
}

static void on_ask(void *state, uint32_t batch, const uint8_t (*sha)[32], uint32_t n)
{
    struct as_loop *l = state;
    struct as_question *q = &l->question[batch];
    uint8_t body[AS_BATCH_SLOTS * 32];

    q->n = n;
    q->open = 0;
    for (uint32_t i = 0; i < n; i++)
        q->owner[i] = owner_of(l, sha[i]);
    for (int to = 0; to < l->r->size; to++) {
        uint32_t k = 0;
        for (uint32_t i = 0; i < n; i++)
            if (q->owner[i] == to)
                memcpy(body + 32 * k++, sha[i], 32);
        if (k == 0)
            continue;
        q->open++;
        as_loop_post(l, to, MAIL_ASK, batch, body, 32 * k);
    }
}

void as_loop_content(struct as_loop *l, const uint8_t sha[32], const void *record, size_t n)
{
    memcpy(l->record, sha, 32);
    memcpy(l->record + 32, record, n);
    journal(l, AS_REC_CONTENT, l->record, n + 32);
    l->contents++;
    l->unsaved++;
}

static void on_content(void *state, struct as_work *work, const uint8_t sha[32], const void *record,
                       size_t n)
{
    (void)work;
    as_loop_content(state, sha, record, n);
}

static void on_split(void *state, struct as_work *work, const uint64_t v[4])
{
    struct as_loop *l = state;
    struct as_split s = {.lot = work->id};

    memcpy(s.v, v, sizeof s.v);
    if (l->phase == AS_PHASE_LIST)
        as_loop_post(l, 0, MAIL_SPLIT, 0, &s, sizeof s);
}

static void on_chunk(void *state, struct as_work *work, const struct as_key *key, uint64_t chunk,
                     const uint8_t sha256[32])
{
    struct as_loop *l = state;
    struct as_chunk_record rec;

    (void)work;
    memset(&rec, 0, sizeof rec);
    rec.key = *key;
    rec.second = l->phase == AS_PHASE_RECHECK;
    rec.chunk = chunk;
    memcpy(rec.sha256, sha256, 32);
    if (l->phase != AS_PHASE_LIST)
        journal(l, AS_REC_CHUNK, &rec, sizeof rec);
}

bool as_loop_grow_reports(struct as_loop *l)
{
    uint32_t cap = l->cap ? 2 * l->cap : 64;
    struct as_lot_report *a = realloc(l->ready, cap * sizeof *a), *b;

    if (a)
        l->ready = a;
    b = a ? realloc(l->writing, cap * sizeof *b) : NULL;
    if (b == NULL)
        return false;
    l->writing = b;
    l->cap = cap;
    return true;
}

static void on_done(void *state, struct as_work *work)
{
    struct as_loop *l = state;
    struct as_lot_report *rep;

    if (l->nready == l->cap && !as_loop_grow_reports(l)) {
        as_loop_stop(l, AS_EIO, "no memory for reports");
        return;
    }
    for (uint32_t i = 0; i < l->in_hand; i++)
        if (l->hand[i] == work)
            l->hand[i] = l->hand[--l->in_hand];
    rep = &l->ready[l->nready++];
    *rep = (struct as_lot_report){.phase = l->phase, .lot = work->id, .rank = (uint64_t)l->r->me,
                                  .items = l->items, .contents = l->contents, .bytes = work->bytes};
    memcpy(rep->us, work->us, sizeof rep->us);
    l->items = l->contents = 0;
    journal(l, AS_REC_LOT, rep, sizeof *rep);
    as_work_free(work);
}

static void on_hand(void *state, uint32_t seat, const struct as_hand *hand)
{
    struct as_loop *l = state;

    as_hands_note(&l->r->hands, seat, hand);
}

struct as_crew_calls as_loop_calls(struct as_loop *l)
{
    return (struct as_crew_calls){l,        on_open,  on_item, on_ask, on_content,
                                  on_split, on_chunk, on_done, on_hand, on_noise};
}

/* ---- journal ---- */

static void commit_work(void *arg)
{
    struct as_loop *l = arg;

    if (l->r->spool && (l->commit_status = as_journal_commit(l->r->spool, l->noise,
                                                             &l->commit_err)) != AS_OK) {
        as_block_free(l->block); /* it tells of residuals that are not there */
        return;
    }
    l->commit_status = as_journal_commit(l->r->journal, l->block, &l->commit_err);
    if (l->commit_status == AS_OK && l->copying)
        l->commit_status = as_journal_copy(l->r->journal, &l->commit_err);
}

void as_report_keep(struct as_rank *r, const struct as_lot_report *rep)
{
    if (rep->phase != AS_PHASE_EXAMINE)
        return;
    if (r->nreports == r->reports_cap) {
        uint64_t cap = r->reports_cap ? 2 * r->reports_cap : 64;
        struct as_lot_report *more = realloc(r->report, cap * sizeof *more);
        if (more == NULL)
            return; /* timing only */
        r->report = more;
        r->reports_cap = cap;
    }
    r->report[r->nreports++] = *rep;
}

/* What is saved of long lots is progress too; rank 0 hears of it now and then. */
static void count_saved(struct as_loop *l)
{
    double t = as_rank_elapsed(l->r);
    bool last = l->no_more && l->in_hand == 0;

    l->saved += l->saving;
    l->saving = 0;
    if (l->saved == 0 || (!l->stopping && !last && t - l->counted < COUNT_S))
        return;
    as_loop_post(l, 0, MAIL_COUNT, l->saved, NULL, 0);
    l->saved = 0;
    l->counted = t;
}

static void commit_done(void *arg)
{
    struct as_loop *l = arg;

    l->committing = false;
    if (l->commit_status != AS_OK) {
        as_loop_stop(l, l->commit_status, l->commit_err.text);
        return;
    }
    for (uint32_t i = 0; i < l->nwriting; i++) {
        as_report_keep(l->r, &l->writing[i]);
        if (l->ntelling == AS_REPORTS_MAX)
            as_loop_tell(l, true);
        if (l->ntelling == 0)
            l->telling_since = as_rank_elapsed(l->r);
        l->telling[l->ntelling++] = l->writing[i];
    }
    l->nwriting = 0;
    count_saved(l);
}

void as_loop_tell(struct as_loop *l, bool now)
{
    double waited = as_rank_elapsed(l->r) - l->telling_since;

    now |= l->ntelling == AS_REPORTS_MAX;
    now |= l->no_more && l->in_hand == 0 && l->nready == 0 && !l->committing;
    if (l->ntelling == 0 || (!now && waited < as_claims_tell_after((uint32_t)l->r->size)))
        return;
    as_loop_post(l, 0, MAIL_DONE, 0, l->telling, l->ntelling * (uint32_t)sizeof *l->telling);
    l->ntelling = 0;
}

/* What waits in memory to be saved. */
static uint64_t held_bytes(const struct as_loop *l)
{
    return as_journal_held(l->r->journal) + (l->r->spool ? as_journal_held(l->r->spool) : 0);
}

/* A lot is through, much is held, or it has been a while. */
static bool sync_due(const struct as_loop *l)
{
    uint64_t held = held_bytes(l);

    return held > 0 && (l->nready > l->nnear || held >= HELD_MAX ||
                        as_rank_elapsed(l->r) - l->synced >= SYNC_S);
}

/* With --journal-dir: it has been long, or nothing is left to do but to tell of it. */
static bool copy_due(const struct as_loop *l)
{
    bool idle = l->no_more && l->in_hand == 0 && l->nready > 0;

    return (l->uncopied || as_journal_held(l->r->journal) > 0) &&
           (idle || as_rank_elapsed(l->r) - l->copied >= COPY_S);
}

/* What goes to the case with this commit; rank 0 hears of it when it is there. */
static void take_along(struct as_loop *l)
{
    struct as_lot_report *swap = l->writing;

    l->copied = l->synced;
    l->writing = l->ready;
    l->nwriting = l->nready;
    l->ready = swap;
    l->nready = 0;
    l->saving = l->unsaved;
    l->unsaved = 0;
}

bool as_loop_behind(const struct as_loop *l)
{
    return l->committing && held_bytes(l) > HELD_STOP;
}

void as_loop_sync(struct as_loop *l, bool now)
{
    bool near = l->r->options->journal_dir[0] != 0, copy = near && copy_due(l);

    if (l->committing || (!now && !copy && !sync_due(l)))
        return;
    l->synced = as_rank_elapsed(l->r);
    l->copying = now || copy || !near;
    l->uncopied = !l->copying;
    as_journal_cut(l->r->journal, &l->block);
    l->noise = NULL;
    if (l->r->spool)
        as_journal_cut(l->r->spool, &l->noise);
    if (l->copying)
        take_along(l);
    l->nnear = l->nready;
    l->committing = true;
    if (as_io_submit(l->r->io, commit_work, commit_done, l) != AS_OK) {
        as_block_free(l->block);
        as_block_free(l->noise);
        l->committing = false;
        l->lossy = true;
        l->nwriting = 0;
        as_loop_stop(l, AS_EIO, "no memory for the journal");
    }
}
