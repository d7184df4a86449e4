/* loop.c - a phase of the run: lots are claimed, worked on, journalled, told done.
 *
 * Rank 0 answers claims in the same loop in which it works (loop_lead.c).  The main
 * thread alone speaks MPI; it sleeps in ppoll and never waits for a disk: files are
 * opened and the journal is synced by the I/O thread (loop_crew.c).
 *
 *  1. signals and time
 *  2. posting and stopping
 *  3. mail
 *  4. the loop
 */
#include "loop_parts.h"

#include "../log.h"
#include "parts.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { GRACE_S = 8, POLL_MAX = 1100, TALLIES_PER_S = 500 };

/* ---- 1. signals and time ---- */

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

const char *as_stop_why(void)
{
    return as_stop_signal == AS_STOP_LATE ? "the time limit was reached" : "stopped by a signal";
}

void as_rank_tell(struct as_rank *r)
{
    double t = as_rank_elapsed(r);

    if (r->options->time_limit && t > (double)r->options->time_limit && !as_stop_signal)
        as_stop_signal = AS_STOP_LATE;
    if (r->me != 0 || r->kase.attempt == 0 || t - r->told < AS_TELL_S)
        return;
    r->told = t;
    r->tell.elapsed_s = t;
    as_case_tell(&r->kase, &r->tell);
}

enum as_status as_rank_go_on(struct as_rank *r, struct as_err *err)
{
    enum as_status status = AS_OK;

    as_rank_tell(r);
    if (as_stop_signal == AS_STOP_LATE)
        AS_FAIL(err, AS_ESTOP, "the time limit is reached");
    if (as_stop_signal)
        AS_FAIL(err, AS_ESTOP, "stopped by signal %d", as_stop_signal);
done:
    return status;
}

/* ---- 2. posting and stopping ---- */

void as_loop_post(struct as_loop *l, int to, uint32_t type, uint64_t v0, const void *body, uint32_t n)
{
    struct as_err err = {0};
    enum as_status status;

    l->mail.type = type;
    l->mail.phase = l->phase;
    l->mail.v[0] = v0;
    l->mail.v[1] = 0;
    if (n)
        memcpy(l->mail.body, body, n);
    status = as_comm_post(l->r->comm, to, &l->mail, (uint32_t)offsetof(struct as_mail, body) + n, &err);
    if (status == AS_OK)
        return;
    if (l->stopping) { /* who waits for this message would wait for ever */
        as_log(AS_LOG_ERROR, "%s", err.text);
        as_comm_abort(l->r->comm, 74);
    }
    as_loop_stop(l, status, err.text);
}

/* Something keeps this rank from going on: tell rank 0, which tells all. */
void as_loop_stop(struct as_loop *l, enum as_status why, const char *text)
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
    as_loop_post(l, 0, MAIL_STOP, (uint64_t)why, text, (uint32_t)strnlen(text, 255));
}

static void told_to_stop(struct as_loop *l, enum as_status why, const char *text)
{
    if (l->r->me == 0 && !l->stop_told) {
        l->stop_told = true;
        as_lead_tell_all(l, MAIL_STOP, (uint64_t)why, text, (uint32_t)strnlen(text, 255));
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

static void check_stop(struct as_loop *l)
{
    const struct as_options *o = l->r->options;
    double t = as_rank_elapsed(l->r);
    char text[64];

    if (!l->stopping && as_stop_signal) {
        snprintf(text, sizeof text, "stopped by signal %d", as_stop_signal);
        as_loop_stop(l, AS_ESTOP, text);
    }
    if (!l->stopping && l->superseded)
        as_loop_stop(l, AS_ESTOP, "a newer attempt of this case has begun; it goes on from here");
    if (!l->stopping && o->time_limit && t > (double)o->time_limit)
        as_loop_stop(l, AS_ESTOP, "the time limit is reached");
    if (!l->stopping || l->stopped_told)
        return;
    if (!as_crew_quiet(l->crew) && t < l->stop_at)
        return;
    if (l->committing)
        return;
    if ((as_journal_held(l->r->journal) > 0 || l->uncopied) && l->commit_status == AS_OK) {
        as_loop_sync(l, true);
        return;
    }
    l->stopped_told = true;
    as_loop_tell(l, true);
    as_loop_post(l, 0, MAIL_STOPPED, 0, NULL, 0);
}

/* ---- 3. mail ---- */

static void take_lots(struct as_loop *l, bool last, const struct as_grant *grant, uint32_t n)
{
    l->claiming = false;
    l->no_more = last;
    l->queue_next = 0;
    l->nqueue = n < AS_CLAIM_MAX ? n : AS_CLAIM_MAX;
    memcpy(l->queue, grant, l->nqueue * sizeof *grant);
}

static void answer(struct as_loop *l, int from, uint64_t batch, const uint8_t *sha, uint32_t n)
{
    uint8_t grant[AS_BATCH_SLOTS];

    for (uint32_t i = 0; i < n; i++) {
        bool mine = false;
        if (as_owners_ask(l->r->owners, sha + 32 * (size_t)i, &mine) != AS_OK) {
            as_loop_stop(l, AS_EIO, "no memory for the table of contents");
            return; /* "no" would say that somebody else examines it */
        }
        grant[i] = mine;
    }
    as_loop_post(l, from, MAIL_GRANT, batch, grant, n);
}

static void take_grant(struct as_loop *l, int from, uint64_t batch, const uint8_t *grant, uint32_t n)
{
    struct as_question *q = &l->question[batch % AS_ARENAS];
    uint32_t k = 0;

    for (uint32_t i = 0; i < q->n && k < n; i++)
        if (q->owner[i] == from)
            q->grant[i] = grant[k++];
    if (q->open > 0 && --q->open == 0)
        as_loop_granted(l, (uint32_t)(batch % AS_ARENAS));
}

static void read_mail(struct as_loop *l, int from, const struct as_mail *m, uint32_t len)
{
    uint32_t n = len - (uint32_t)offsetof(struct as_mail, body);
    char text[256];

    if (m->phase != (uint32_t)l->phase)
        return; /* sent while the phase before ended: a late claim would take a lot of this one */
    switch ((enum mail_type)m->type) {
    case MAIL_CLAIM:
        as_lead_claim(l, from);
        as_lead_done(l, (const struct as_lot_report *)(const void *)m->body,
                     n / (uint32_t)sizeof(struct as_lot_report));
        break;
    case MAIL_LOTS:
        take_lots(l, m->v[0] != 0, (const struct as_grant *)(const void *)m->body,
                  n / (uint32_t)sizeof(struct as_grant));
        break;
    case MAIL_DONE:
        as_lead_done(l, (const struct as_lot_report *)(const void *)m->body,
                     n / (uint32_t)sizeof(struct as_lot_report));
        break;
    case MAIL_SPLIT:
        as_lead_split(l, (const struct as_split *)(const void *)m->body);
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
    case MAIL_COUNT:
        l->r->contents_done += m->v[0];
        break;
    case MAIL_TALLY:
        if (n == sizeof *l->r->tallies)
            memcpy(&l->r->tallies[from], m->body, n);
        break;
    case MAIL_STOPPED:
        if (++l->stopped == l->r->size)
            as_lead_tell_all(l, MAIL_END, 0, NULL, 0);
        break;
    case MAIL_END:
        l->ended = true;
        break;
    }
}

/* Reads all mail; true if there was any. */
static bool read_all_mail(struct as_loop *l)
{
    enum as_status status = AS_OK;
    struct as_err err = {0};
    bool any = false;
    uint8_t *bytes;
    uint32_t n;
    int from;

    while (!l->ended && (status = as_comm_poll(l->r->comm, &from, &bytes, &n, &err)) == AS_OK) {
        read_mail(l, from, (const struct as_mail *)(const void *)bytes, n);
        free(bytes);
        any = true;
    }
    if (status > AS_END) {
        as_log(AS_LOG_ERROR, "%s", err.text);
        as_comm_abort(l->r->comm, 74); /* without messages nothing can be agreed */
    }
    return any;
}

/* ---- 4. the loop ---- */

/* The next lot of the queue to the crew. */
static void give(struct as_loop *l)
{
    const struct as_grant *g = &l->queue[l->queue_next++];
    struct as_rank *r = l->r;
    struct as_work *work;
    struct as_err err = {0};
    enum as_status status;

    status = as_work_new(&work, r->inventory, &g->lot, g->number, r->sources, r->nsources, &err);
    if (status != AS_OK) {
        as_loop_stop(l, status, err.text);
        return;
    }
    if (l->phase == AS_PHASE_LIST) {
        as_parts_ask(work, r->options);
    } else if (l->phase == AS_PHASE_RECHECK) {
        work->lot.mode = AS_READ_RECHECK;
    }
    if (l->in_hand == sizeof l->hand / sizeof *l->hand) {
        as_work_free(work);
        as_loop_stop(l, AS_EBUG, "the crew has more lots in hand than it can have");
        return;
    }
    l->hand[l->in_hand++] = work;
    as_crew_give(l->crew, work);
}

static void claim(struct as_loop *l)
{
    if (l->stopping || l->ended || !as_crew_hungry(l->crew))
        return;
    if (l->queue_next < l->nqueue) {
        give(l);
    } else if (!l->claiming && !l->no_more) {
        l->claiming = true;
        as_loop_post(l, 0, MAIL_CLAIM, 0, l->telling, l->ntelling * (uint32_t)sizeof *l->telling);
        l->ntelling = 0;
    }
}

static void rest(struct as_loop *l, bool busy)
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
    n = as_loop_behind(l) ? 0 : as_crew_poll(l->crew, fds, POLL_MAX - 1);
    fds[n++] = (struct pollfd){as_io_fd(l->r->io), POLLIN, 0};
    sigemptyset(&none);
    ppoll(fds, n, &t, &none);
}

/* The tally of this rank until now. */
static void tally_now(struct as_loop *l, struct as_tally *to)
{
    struct as_tally crew;
    struct rusage used;

    *to = l->r->tally;
    as_crew_tally(l->crew, &crew);
    if (l->phase != AS_PHASE_EXAMINE)
        crew.span_us = 0; /* only readers work */
    as_tally_add(to, &crew);
    getrusage(RUSAGE_SELF, &used);
    if ((uint64_t)used.ru_maxrss > to->peak_kb)
        to->peak_kb = (uint64_t)used.ru_maxrss;
}

/* Each rank tells rank 0 now and then, the more seldom the more ranks there are. */
static void tell_tally(struct as_loop *l)
{
    double t = as_rank_elapsed(l->r), every = AS_TELL_S + l->r->size / TALLIES_PER_S;
    struct as_tally tally;

    if (t - l->tallied < every || l->ended)
        return;
    l->tallied = t;
    tally_now(l, &tally);
    if (l->r->me == 0)
        l->r->tallies[0] = tally;
    else
        as_loop_post(l, 0, MAIL_TALLY, 0, &tally, sizeof tally);
}

static void turn(struct as_loop *l)
{
    struct as_err err = {0};
    bool busy = read_all_mail(l);
    enum as_status status;

    as_io_reap(l->r->io);
    status = as_loop_behind(l) ? AS_OK : as_crew_turn(l->crew, &err);
    if (status != AS_OK) {
        l->r->hands.keep = true;
        as_loop_stop(l, status, err.text);
    }
    claim(l);
    as_loop_tell(l, false);
    tell_tally(l);
    as_loop_sync(l, false);
    check_stop(l);
    if (l->r->me == 0)
        as_lead_status(l, false);
    if (!l->ended)
        rest(l, busy);
}

/* Residuals are made where contents are examined. */
static bool phase_keeps(const struct as_loop *l)
{
    return l->phase == AS_PHASE_EXAMINE && l->r->keep.pixels > 0;
}

static enum as_status begin(struct as_loop *l, const struct as_lot *lots, uint64_t nlots,
                            const bool *done, struct as_err *err)
{
    struct as_crew_calls calls = as_loop_calls(l);
    struct as_rank *r = l->r;
    enum as_status status = AS_OK;
    uint64_t *bytes = NULL;

    if ((l->record = malloc(AS_RECORD_MAX + 32)) == NULL || !as_loop_grow_reports(l))
        AS_FAIL(err, AS_ENOMEM, "no memory for the run");
    AS_TRY(as_crew_new(&l->crew, &r->zygote, r->options, r->nexaminers, r->cpu, &calls, err));
    if (phase_keeps(l))
        AS_TRY(as_crew_keep(l->crew, &r->keep, err));
    as_crew_suspect(l->crew, r->hands.suspects, r->hands.nsuspects);
    if (r->me != 0)
        goto done;
    if ((bytes = calloc(nlots + 1, sizeof *bytes)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for %llu lots", (unsigned long long)nlots);
    for (uint64_t i = 0; i < nlots; i++) {
        bytes[i] = lots[i].bytes;
        if (r->others && r->others[i])
            continue;
        l->bytes_total += bytes[i];
        l->lots_total++;
    }
    l->lots = lots;
    if (r->tallies == NULL && (r->tallies = calloc((size_t)r->size, sizeof *r->tallies)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the tallies of %d ranks", r->size);
    AS_TRY(as_claims_new(&l->claims, bytes, done, nlots, err));
    l->bytes_left = as_claims_bytes_left(l->claims);
    l->begun = as_rank_elapsed(r);
    if (as_claims_left(l->claims) == 0)
        as_lead_tell_all(l, MAIL_END, 0, NULL, 0);
done:
    free(bytes);
    return status;
}

static void finish(struct as_loop *l)
{
    struct as_rank *r = l->r;
    struct as_crew_counts c = {0};

    if (l->crew)
        c = as_crew_counts(l->crew);
    r->crew_counts.blamed += c.blamed;
    r->crew_counts.died += c.died;
    if (l->crew)
        tally_now(l, &r->tally);
    while (as_io_pending(r->io) > 0) { /* opens under way still name this crew */
        struct pollfd fd = {as_io_fd(r->io), POLLIN, 0};
        poll(&fd, 1, 100);
        as_io_reap(r->io);
    }
    if (r->me == 0)
        as_log_bar(NULL);
    as_crew_free(l->crew);
    while (l->in_hand > 0) /* of a run that stopped: they are done again */
        as_work_free(l->hand[--l->in_hand]);
    as_claims_free(l->claims);
    free(l->record);
    free(l->ready);
    free(l->writing);
}

enum as_status as_loop_run(struct as_rank *r, enum as_phase phase, const struct as_lot *lots,
                           uint64_t nlots, const bool *done, struct as_err *err)
{
    struct as_loop *l = calloc(1, sizeof *l);
    enum as_status status = l ? AS_OK : AS_ENOMEM;

    if (l) {
        l->r = r;
        l->phase = phase;
        status = begin(l, lots, nlots, done, err);
    }
    status = as_comm_agree(r->comm, status, err);
    if (status == AS_OK) {
        if (r->me == 0)
            as_lead_status(l, true);
        while (!l->ended)
            turn(l);
        if (r->me == 0)
            as_lead_status(l, true);
        status = l->why;
        if (status != AS_OK && err)
            *err = l->err;
    }
    if (l)
        finish(l);
    free(l);
    return as_comm_agree(r->comm, status, err);
}
