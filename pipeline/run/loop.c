/* loop.c - a phase of the run: lots are claimed, worked on, journalled, told done.
 *
 * Rank 0 answers claims in the same loop in which it works.  The main thread
 * alone speaks MPI; it sleeps in ppoll and never waits for a disk: files are
 * opened and the journal is synced by the I/O thread.
 *
 *  1. mail
 *  2. what the crew tells
 *  3. journal
 *  4. rank 0
 *  5. stopping
 *  6. the loop
 */
#include "rank.h"

#include "../evidence/folder.h"
#include "../log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { GRACE_S = 8, SYNC_S = 2, TELL_S = 2, HELD_MAX = 8 << 20, POLL_MAX = 1100 };

enum mail_type {
    MAIL_CLAIM,   /* to 0: a lot, please                  */
    MAIL_LOT,     /* v[0] = number, body = struct as_lot   */
    MAIL_NONE,    /* no lot is left                        */
    MAIL_DONE,    /* to 0: body = struct as_lot_report     */
    MAIL_SPLIT,   /* to 0: body = struct as_split          */
    MAIL_ASK,     /* to an owner: v[0] = batch, body = hashes */
    MAIL_GRANT,   /* v[0] = batch, body = a byte per hash  */
    MAIL_STOP,    /* v[0] = status, body = text            */
    MAIL_STOPPED, /* to 0: nothing in hand any more        */
    MAIL_END      /* the phase is over                     */
};

struct mail {
    uint32_t type, phase;
    uint64_t v[2];
    uint8_t body[AS_BATCH_SLOTS * 32 + 64];
};

struct question {
    uint32_t n, open; /* hashes; owners that have not answered */
    int owner[AS_BATCH_SLOTS];
    bool grant[AS_BATCH_SLOTS];
};

struct loop {
    struct as_rank *r;
    enum as_phase phase;
    struct as_crew *crew;
    struct mail mail; /* scratch for sending */
    struct question question[AS_ARENAS];
    struct as_work *claimed; /* got, not yet given to the crew */
    bool claiming, no_more, ended, stopping, stopped_told;
    double stop_at; /* when items in hand are given up */
    enum as_status why;
    struct as_err err;
    uint8_t *record; /* [AS_RECORD_MAX + 32] */
    /* journal */
    struct as_block *block; /* being written */
    enum as_status commit_status;
    struct as_err commit_err;
    bool committing;
    double synced;
    struct as_lot_report *ready, *writing; /* [cap]: done lots, not yet synced; being synced */
    uint32_t nready, nwriting, cap;
    bool lossy; /* a record was lost: no lot is called done any more */
    uint64_t items, contents; /* of this rank in this phase */
    /* rank 0 */
    const struct as_lot *lots;
    struct as_claims *claims;
    uint64_t lots_total, bytes_total, items_told, contents_told;
    int stopped; /* ranks */
    bool stop_told, superseded;
    double told;
};

volatile int as_stop_signal;

static void on_signal(int sig)
{
    as_stop_signal = sig;
}

void as_stop_catch(void)
{
    struct sigaction a;

    memset(&a, 0, sizeof a);
    a.sa_handler = on_signal;
    sigaction(SIGTERM, &a, NULL);
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGUSR1, &a, NULL);
    a.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &a, NULL);
    sigaction(SIGXFSZ, &a, NULL);
    sigaction(SIGHUP, &a, NULL);
}

double as_rank_elapsed(const struct as_rank *r)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)(t.tv_sec - r->started.tv_sec) + 1e-9 * (double)(t.tv_nsec - r->started.tv_nsec);
}

void as_rank_tell(struct as_rank *r)
{
    double t = as_rank_elapsed(r);

    if (r->me != 0 || t - r->told < TELL_S)
        return;
    r->told = t;
    r->tell.elapsed_s = t;
    as_case_tell(&r->kase, &r->tell);
}

/* ---- 1. mail ---- */

static void stop(struct loop *l, enum as_status why, const char *text);

static void post(struct loop *l, int to, uint32_t type, uint64_t v0, const void *body, uint32_t n)
{
    struct as_err err = {0};
    enum as_status status;

    l->mail.type = type;
    l->mail.phase = l->phase;
    l->mail.v[0] = v0;
    l->mail.v[1] = 0;
    if (n)
        memcpy(l->mail.body, body, n);
    status = as_comm_post(l->r->comm, to, &l->mail, (uint32_t)offsetof(struct mail, body) + n, &err);
    if (status != AS_OK && !l->stopping)
        stop(l, status, err.text);
}

/* Something keeps this rank from going on: tell rank 0, which tells all. */
static void stop(struct loop *l, enum as_status why, const char *text)
{
    if (why > l->why) {
        l->why = why;
        as_fail(&l->err, why, AS_REASON_NONE, __FILE__, __LINE__, "%s", text);
    }
    if (l->stopping)
        return;
    l->stopping = true;
    l->stop_at = as_rank_elapsed(l->r) + GRACE_S;
    as_crew_stop(l->crew);
    post(l, 0, MAIL_STOP, (uint64_t)why, text, (uint32_t)strnlen(text, 255));
}

/* ---- 2. what the crew tells ---- */

struct opening {
    struct loop *l;
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
    struct loop *l = state;
    struct opening *o = calloc(1, sizeof *o);

    if (o)
        *o = (struct opening){.l = l, .work = work, .i = i, .fd = -1};
    if (o == NULL || as_io_submit(l->r->io, open_work, open_done, o) != AS_OK) {
        free(o);
        stop(l, AS_EIO, "no memory to open files");
    }
}

static void journal(struct loop *l, uint8_t type, const void *bytes, size_t n)
{
    if (type == AS_REC_LOT && l->lossy)
        return; /* its records are not all there: it is done again */
    if (as_journal_append(l->r->journal, type, bytes, (uint32_t)n) != AS_OK) {
        l->lossy = true;
        stop(l, AS_EIO, "no memory for the journal");
    }
}

static void on_item(void *state, struct as_work *work, const struct as_item *item)
{
    struct loop *l = state;
    size_t n;

    (void)work;
    if (l->phase == AS_PHASE_LIST)
        return;
    n = as_item_pack(item, l->record, AS_RECORD_MAX);
    l->lossy |= n == 0;
    if (n == 0)
        stop(l, AS_EBUG, "an item does not fit its record");
    else
        journal(l, l->phase == AS_PHASE_RECHECK ? AS_REC_RECHECK : AS_REC_ITEM, l->record, n);
    l->items++;
}

static int owner_of(const struct loop *l, const uint8_t sha[32])
{
    uint32_t v;

    memcpy(&v, sha, sizeof v);
    return (int)(v % (uint32_t)l->r->size);
}

static void on_ask(void *state, uint32_t batch, const uint8_t (*sha)[32], uint32_t n)
{
    struct loop *l = state;
    struct question *q = &l->question[batch];
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
        post(l, to, MAIL_ASK, batch, body, 32 * k);
    }
}

static void on_content(void *state, struct as_work *work, const uint8_t sha[32], const void *record,
                       size_t n)
{
    struct loop *l = state;

    (void)work;
    memcpy(l->record, sha, 32);
    memcpy(l->record + 32, record, n);
    journal(l, AS_REC_CONTENT, l->record, n + 32);
    l->contents++;
}

static void on_split(void *state, struct as_work *work, const uint64_t v[4])
{
    struct loop *l = state;
    struct as_split s = {.lot = work->id};

    memcpy(s.v, v, sizeof s.v);
    if (l->phase == AS_PHASE_LIST)
        post(l, 0, MAIL_SPLIT, 0, &s, sizeof s);
}

static void on_chunk(void *state, struct as_work *work, const struct as_key *key, uint64_t chunk,
                     const uint8_t sha256[32])
{
    struct loop *l = state;
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

static bool grow_reports(struct loop *l)
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
    struct loop *l = state;
    struct as_lot_report *rep;

    if (l->nready == l->cap && !grow_reports(l)) {
        stop(l, AS_EIO, "no memory for reports");
        return;
    }
    rep = &l->ready[l->nready++];
    *rep = (struct as_lot_report){.phase = l->phase, .lot = work->id, .rank = (uint64_t)l->r->me,
                                  .items = l->items, .contents = l->contents, .bytes = work->bytes};
    memcpy(rep->us, work->us, sizeof rep->us);
    l->items = l->contents = 0;
    journal(l, AS_REC_LOT, rep, sizeof *rep);
    as_work_free(work);
}

/* ---- 3. journal ---- */

static void commit_work(void *arg)
{
    struct loop *l = arg;

    l->commit_status = as_journal_commit(l->r->journal, l->block, &l->commit_err);
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

static void commit_done(void *arg)
{
    struct loop *l = arg;

    l->committing = false;
    if (l->commit_status != AS_OK) {
        stop(l, l->commit_status, l->commit_err.text);
        return;
    }
    for (uint32_t i = 0; i < l->nwriting; i++) {
        as_report_keep(l->r, &l->writing[i]);
        post(l, 0, MAIL_DONE, 0, &l->writing[i], sizeof l->writing[i]);
    }
    l->nwriting = 0;
}

/* Starts a sync when a lot is through, much is held, or it has been a while. */
static void sync_journal(struct loop *l, bool now)
{
    uint64_t held = as_journal_held(l->r->journal);
    double t = as_rank_elapsed(l->r);
    struct as_lot_report *swap;

    if (l->committing || (held == 0 && !now))
        return;
    if (!now && l->nready == 0 && held < HELD_MAX && t - l->synced < SYNC_S)
        return;
    l->synced = t;
    as_journal_cut(l->r->journal, &l->block);
    swap = l->writing;
    l->writing = l->ready;
    l->nwriting = l->nready;
    l->ready = swap;
    l->nready = 0;
    l->committing = true;
    if (as_io_submit(l->r->io, commit_work, commit_done, l) != AS_OK) {
        as_block_free(l->block);
        l->committing = false;
        l->lossy = true;
        l->nwriting = 0;
        stop(l, AS_EIO, "no memory for the journal");
    }
}

/* ---- 4. rank 0 ---- */

static void tell_all(struct loop *l, uint32_t type, uint64_t v0, const void *body, uint32_t n)
{
    for (int to = 0; to < l->r->size; to++)
        post(l, to, type, v0, body, n);
}

static void serve_claim(struct loop *l, int from)
{
    uint64_t lot;

    if (!l->stop_told && as_claims_take(l->claims, &lot))
        post(l, from, MAIL_LOT, lot, &l->lots[lot], sizeof l->lots[lot]);
    else
        post(l, from, MAIL_NONE, 0, NULL, 0);
}

static void serve_done(struct loop *l, const struct as_lot_report *rep)
{
    if (as_claims_done(l->claims, rep->lot) != AS_OK)
        stop(l, AS_EBUG, "a lot was reported that does not exist");
    l->items_told += rep->items;
    l->contents_told += rep->contents;
    if (as_claims_left(l->claims) == 0)
        tell_all(l, MAIL_END, 0, NULL, 0);
}

static void serve_split(struct loop *l, const struct as_split *s)
{
    struct as_rank *r = l->r;

    if (r->nsplits == r->splits_cap) {
        uint64_t cap = r->splits_cap ? 2 * r->splits_cap : 256;
        struct as_split *more = realloc(r->split, cap * sizeof *more);
        if (more == NULL) {
            stop(l, AS_EIO, "no memory for the parts of containers");
            return;
        }
        r->split = more;
        r->splits_cap = cap;
    }
    r->split[r->nsplits++] = *s;
}

static const char *phase_name(enum as_phase phase)
{
    return phase == AS_PHASE_LIST      ? "inventory"
           : phase == AS_PHASE_EXAMINE ? "examine"
                                       : "recheck";
}

/* Progress: a bar on a terminal, a line a minute elsewhere, status.json always. */
static void show_progress(struct loop *l, const struct as_case_status *s, double t)
{
    static double line_at;
    char bar[200];
    double part = s->bytes_total ? (double)s->bytes_done / (double)s->bytes_total : 1;
    int cells = (int)(part * 30);

    snprintf(bar, sizeof bar, "%s %3.0f%% [%.*s%*s] %llu/%llu lots, %llu items, %.0f s left",
             phase_name(l->phase), part * 100, cells, "##############################", 30 - cells,
             "", (unsigned long long)s->lots_done, (unsigned long long)s->lots_total,
             (unsigned long long)s->items_seen, s->eta_s);
    if (isatty(STDERR_FILENO)) {
        as_log_bar(bar);
    } else if (t - line_at >= 60) {
        line_at = t;
        as_log(AS_LOG_INFO, "progress %s", bar);
    }
}

static void tell_status(struct loop *l, bool now)
{
    struct as_case_status *s = &l->r->tell;
    double t = as_rank_elapsed(l->r);

    if (!now && t - l->told < TELL_S)
        return;
    l->told = t;
    l->superseded = as_case_superseded(&l->r->kase);
    if (l->superseded)
        return; /* a rank with nothing to save would not see it */
    s->state = phase_name(l->phase);
    s->lots_total = l->lots_total;
    s->lots_done = l->lots_total - as_claims_left(l->claims);
    s->bytes_total = l->bytes_total;
    s->bytes_done = l->bytes_total - as_claims_bytes_left(l->claims);
    s->items_seen = l->items_told;
    s->contents_done = l->contents_told;
    s->elapsed_s = t;
    s->eta_s = s->bytes_done ? t * (double)(s->bytes_total - s->bytes_done) / (double)s->bytes_done : 0;
    as_case_tell(&l->r->kase, s);
    show_progress(l, s, t);
}

/* ---- 5. stopping ---- */

static void told_to_stop(struct loop *l, enum as_status why, const char *text)
{
    if (l->r->me == 0 && !l->stop_told) {
        l->stop_told = true;
        tell_all(l, MAIL_STOP, (uint64_t)why, text, (uint32_t)strnlen(text, 255));
    }
    if (why > l->why) {
        l->why = why;
        as_fail(&l->err, why, AS_REASON_NONE, __FILE__, __LINE__, "%s", text);
    }
    if (l->stopping)
        return;
    l->stopping = true;
    l->stop_at = as_rank_elapsed(l->r) + GRACE_S;
    as_crew_stop(l->crew);
}

static void check_stop(struct loop *l)
{
    const struct as_options *o = l->r->options;
    double t = as_rank_elapsed(l->r);
    char text[64];

    if (!l->stopping && as_stop_signal) {
        snprintf(text, sizeof text, "stopped by signal %d", as_stop_signal);
        stop(l, AS_ESTOP, text);
    }
    if (!l->stopping && l->superseded)
        stop(l, AS_ESTOP, "a newer attempt of this case has begun; it goes on from here");
    if (!l->stopping && o->time_limit && t > (double)o->time_limit)
        stop(l, AS_ESTOP, "the time limit is reached");
    if (!l->stopping || l->stopped_told)
        return;
    if (!as_crew_quiet(l->crew) && t < l->stop_at)
        return;
    if (l->committing)
        return;
    if (as_journal_held(l->r->journal) > 0 && l->commit_status == AS_OK) {
        sync_journal(l, true);
        return;
    }
    l->stopped_told = true;
    post(l, 0, MAIL_STOPPED, 0, NULL, 0);
}

/* ---- 6. the loop ---- */

static void take_lot(struct loop *l, uint64_t number, const struct as_lot *lot)
{
    struct as_rank *r = l->r;
    struct as_err err = {0};
    enum as_status status;

    l->claiming = false;
    status = as_work_new(&l->claimed, r->inventory, lot, number, r->sources, r->nsources, &err);
    if (status != AS_OK) {
        stop(l, status, err.text);
        return;
    }
    if (l->phase == AS_PHASE_LIST) {
        l->claimed->lot.mode = AS_READ_LIST;
        l->claimed->lot.part_bytes = r->options->lot_bytes;
        l->claimed->lot.part_entries = r->options->lot_entries;
    } else if (l->phase == AS_PHASE_RECHECK) {
        l->claimed->lot.mode = AS_READ_RECHECK;
    }
}

static void answer(struct loop *l, int from, uint64_t batch, const uint8_t *sha, uint32_t n)
{
    uint8_t grant[AS_BATCH_SLOTS];

    for (uint32_t i = 0; i < n; i++) {
        bool mine = false;
        if (as_owners_ask(l->r->owners, sha + 32 * (size_t)i, &mine) != AS_OK)
            stop(l, AS_EIO, "no memory for the table of contents");
        grant[i] = mine;
    }
    post(l, from, MAIL_GRANT, batch, grant, n);
}

static void take_grant(struct loop *l, int from, uint64_t batch, const uint8_t *grant, uint32_t n)
{
    struct question *q = &l->question[batch % AS_ARENAS];
    uint32_t k = 0;

    for (uint32_t i = 0; i < q->n && k < n; i++)
        if (q->owner[i] == from)
            q->grant[i] = grant[k++];
    if (q->open > 0 && --q->open == 0)
        as_crew_granted(l->crew, (uint32_t)batch, q->grant, q->n);
}

static void read_mail(struct loop *l, int from, const struct mail *m, uint32_t len)
{
    uint32_t n = len - (uint32_t)offsetof(struct mail, body);
    char text[256];

    if (m->phase != (uint32_t)l->phase)
        return; /* sent while the phase before ended: a late claim would take a lot of this one */
    switch ((enum mail_type)m->type) {
    case MAIL_CLAIM:
        serve_claim(l, from);
        break;
    case MAIL_LOT:
        take_lot(l, m->v[0], (const struct as_lot *)(const void *)m->body);
        break;
    case MAIL_NONE:
        l->claiming = false;
        l->no_more = true;
        break;
    case MAIL_DONE:
        serve_done(l, (const struct as_lot_report *)(const void *)m->body);
        break;
    case MAIL_SPLIT:
        serve_split(l, (const struct as_split *)(const void *)m->body);
        break;
    case MAIL_ASK:
        answer(l, from, m->v[0], m->body, n / 32);
        break;
    case MAIL_GRANT:
        take_grant(l, from, m->v[0], m->body, n);
        break;
    case MAIL_STOP:
        snprintf(text, sizeof text, "%.*s", (int)n, (const char *)m->body);
        told_to_stop(l, (enum as_status)m->v[0], text);
        break;
    case MAIL_STOPPED:
        if (++l->stopped == l->r->size)
            tell_all(l, MAIL_END, 0, NULL, 0);
        break;
    case MAIL_END:
        l->ended = true;
        break;
    }
}

/* Reads all mail; true if there was any. */
static bool read_all_mail(struct loop *l)
{
    enum as_status status = AS_OK;
    struct as_err err = {0};
    bool any = false;
    uint8_t *bytes;
    uint32_t n;
    int from;

    while (!l->ended && (status = as_comm_poll(l->r->comm, &from, &bytes, &n, &err)) == AS_OK) {
        read_mail(l, from, (const struct mail *)(const void *)bytes, n);
        free(bytes);
        any = true;
    }
    if (status > AS_END) {
        as_log(AS_LOG_ERROR, "%s", err.text);
        as_comm_abort(l->r->comm, 74); /* without messages nothing can be agreed */
    }
    return any;
}

static void claim(struct loop *l)
{
    if (l->claimed && as_crew_hungry(l->crew)) {
        as_crew_give(l->crew, l->claimed);
        l->claimed = NULL;
    }
    if (!l->claimed && !l->claiming && !l->no_more && !l->stopping && !l->ended &&
        as_crew_hungry(l->crew)) {
        l->claiming = true;
        post(l, 0, MAIL_CLAIM, 0, NULL, 0);
    }
}

static void rest(struct loop *l, bool busy)
{
    static struct pollfd fds[POLL_MAX];
    bool asking = l->claiming;
    struct timespec t = {0, 0};
    sigset_t none;
    nfds_t n;

    for (int i = 0; i < AS_ARENAS; i++)
        asking |= l->question[i].open > 0;
    if (!busy)
        t.tv_nsec = l->r->size == 1 ? 20000000 : asking ? 100000 : 1000000;
    n = as_crew_poll(l->crew, fds, POLL_MAX - 1);
    fds[n++] = (struct pollfd){as_io_fd(l->r->io), POLLIN, 0};
    sigemptyset(&none);
    ppoll(fds, n, &t, &none);
}

static void turn(struct loop *l)
{
    struct as_err err = {0};
    bool busy = read_all_mail(l);
    enum as_status status;

    as_io_reap(l->r->io);
    status = as_crew_turn(l->crew, &err);
    if (status != AS_OK)
        stop(l, status, err.text);
    claim(l);
    sync_journal(l, false);
    check_stop(l);
    if (l->r->me == 0)
        tell_status(l, false);
    if (!l->ended)
        rest(l, busy);
}

static enum as_status begin(struct loop *l, const struct as_lot *lots, uint64_t nlots,
                            const bool *done, struct as_err *err)
{
    struct as_crew_calls calls = {l, on_open, on_item, on_ask, on_content, on_split, on_chunk, on_done};
    struct as_rank *r = l->r;
    enum as_status status = AS_OK;
    uint64_t *bytes = NULL;

    if ((l->record = malloc(AS_RECORD_MAX + 32)) == NULL || !grow_reports(l))
        AS_FAIL(err, AS_ENOMEM, "no memory for the run");
    AS_TRY(as_crew_new(&l->crew, &r->zygote, r->options, r->nexaminers, r->cpu, &calls, err));
    if (r->me != 0)
        goto done;
    if ((bytes = calloc(nlots + 1, sizeof *bytes)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for %llu lots", (unsigned long long)nlots);
    for (uint64_t i = 0; i < nlots; i++) {
        bytes[i] = lots[i].bytes;
        l->bytes_total += bytes[i];
    }
    l->lots = lots;
    l->lots_total = nlots;
    AS_TRY(as_claims_new(&l->claims, bytes, done, nlots, err));
    if (as_claims_left(l->claims) == 0)
        tell_all(l, MAIL_END, 0, NULL, 0);
done:
    free(bytes);
    return status;
}

static void finish(struct loop *l)
{
    struct as_rank *r = l->r;
    struct as_crew_counts c = {0};

    if (l->crew)
        c = as_crew_counts(l->crew);
    r->crew_counts.spawned += c.spawned;
    r->crew_counts.retried += c.retried;
    r->crew_counts.blamed += c.blamed;
    r->crew_counts.renewed += c.renewed;
    r->crew_counts.died += c.died;
    while (as_io_pending(r->io) > 0) { /* opens under way still name this crew */
        struct pollfd fd = {as_io_fd(r->io), POLLIN, 0};
        poll(&fd, 1, 100);
        as_io_reap(r->io);
    }
    if (r->me == 0)
        as_log_bar(NULL);
    as_crew_free(l->crew);
    as_claims_free(l->claims);
    as_work_free(l->claimed);
    free(l->record);
    free(l->ready);
    free(l->writing);
}

enum as_status as_loop_run(struct as_rank *r, enum as_phase phase, const struct as_lot *lots,
                           uint64_t nlots, const bool *done, struct as_err *err)
{
    struct loop *l = calloc(1, sizeof *l);
    enum as_status status = l ? AS_OK : AS_ENOMEM;

    if (l) {
        l->r = r;
        l->phase = phase;
        status = begin(l, lots, nlots, done, err);
    }
    status = as_comm_agree(r->comm, status, err);
    if (status == AS_OK) {
        while (!l->ended)
            turn(l);
        if (r->me == 0)
            tell_status(l, true);
        status = l->why;
        if (status != AS_OK && err)
            *err = l->err;
    }
    if (l)
        finish(l);
    free(l);
    return as_comm_agree(r->comm, status, err);
}
