/* crew.c - a rank's workers: birth, death and the turn of the wheel. */
#include "crew_parts.h"

#include "../../kernels/detectors/detector.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A process that ends closes its socket a moment before its death is told. */
enum { LIMITS_EVERY_NS = 50000000, DEAF_NS = 1000000000 };

uint64_t as_crew_cpu_ns(const struct as_worker *w)
{
    struct timespec t;
    clockid_t clock;

    if (w->pid == 0 || clock_getcpuclockid(w->pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
        return 0;
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- birth and death ---- */

void as_crew_break(struct as_crew *c, enum as_status status, const char *format, ...)
{
    va_list ap;

    if (c->broken != AS_OK)
        return;
    c->broken = status;
    va_start(ap, format);
    vsnprintf(c->broken_why, sizeof c->broken_why, format, ap);
    va_end(ap);
}

bool as_crew_send(struct as_crew *c, int socket, const int *fds, int nfds)
{
    if (as_channel_send(socket, c->msg, fds, nfds) == 0)
        return true;
    if (errno != EPIPE && errno != ECONNRESET && errno != ENOTCONN)
        as_crew_break(c, AS_EIO, "cannot send to a worker: %s", strerror(errno));
    return false;
}

bool as_crew_spawn(struct as_crew *c, struct as_worker *w, const struct as_examiner_seat *seat)
{
    int pair[2], fds[3 + AS_ARENAS], n = 0;
    struct as_msg *m = c->msg;

    if (as_channel_pair(pair) != 0) {
        as_crew_break(c, AS_EIO, "cannot make a socket for a worker: %s", strerror(errno));
        return false;
    }
    memset(m, 0, offsetof(struct as_msg, text));
    m->type = AS_MSG_SPAWN;
    m->arg = seat ? AS_ROLE_EXAMINER : AS_ROLE_READER;
    m->v[0] = ++c->zygote->next_tag;
    m->v[1] = c->cpu;
    m->v[2] = c->keep.pixels;
    m->v[3] = c->keep.step;
    fds[n++] = pair[1];
    if (seat) {
        fds[n++] = seat->result;
        for (int i = 0; i < AS_ARENAS; i++)
            fds[n++] = c->arena[i].fd_read;
        if (seat->noise_map)
            fds[n++] = seat->noise;
    }
    if (!as_crew_send(c, c->zygote->socket, fds, n)) {
        close(pair[0]);
        close(pair[1]);
        return false;
    }
    close(pair[1]);
    *w = (struct as_worker){.life = AS_WORKER_IDLE, .tag = m->v[0], .socket = pair[0]};
    return true;
}

void as_crew_kill(struct as_crew *c, struct as_worker *w, uint16_t reason)
{
    struct as_msg *m = c->msg;

    memset(m, 0, offsetof(struct as_msg, text));
    m->type = AS_MSG_KILL;
    m->v[0] = w->tag;
    if (!as_crew_send(c, c->zygote->socket, NULL, 0))
        return;
    w->life = AS_WORKER_DYING;
    w->kill_reason = reason;
}

/* Nothing has come yet, or no message: not a fault of this side. */
static bool worth_waiting(int error)
{
    return error == EAGAIN || error == EPROTO;
}

bool as_crew_hear(struct as_crew *c, struct as_worker *w)
{
    int got = w->deaf_since ? -1 : as_channel_recv(w->socket, c->msg, NULL, NULL);

    if (got == 0)
        w->deaf_since = as_now_ns();
    else if (got < 0 && !w->deaf_since && errno == EPROTO)
        as_crew_kill(c, w, AS_REASON_CRASHED);
    else if (got < 0 && !w->deaf_since && !worth_waiting(errno))
        as_crew_break(c, AS_EIO, "cannot hear a worker: %s", strerror(errno));
    return got == 1;
}

void as_crew_end_deaf(struct as_crew *c, struct as_worker *w, uint64_t wall)
{
    if (w->life == AS_WORKER_BUSY && w->deaf_since && wall > w->deaf_since + DEAF_NS)
        as_crew_kill(c, w, AS_REASON_CRASHED);
}

void as_crew_bury(struct as_worker *w)
{
    if (w->life != AS_WORKER_NONE)
        close(w->socket);
    *w = (struct as_worker){.life = AS_WORKER_NONE, .socket = -1};
}

uint16_t as_crew_death_reason(const struct as_worker *w, int wstatus)
{
    if (w->kill_reason != AS_REASON_NONE)
        return w->kill_reason;
    if (WIFEXITED(wstatus))
        /* 12 is ours; 1 is libarchive's when memory runs out in the middle of something */
        return WEXITSTATUS(wstatus) == 12 || WEXITSTATUS(wstatus) == 1 ? AS_REASON_LIMIT_MEMORY
               : WEXITSTATUS(wstatus) == AS_EXIT_NOT_BORN              ? AS_REASON_NONE
                                                                       : AS_REASON_CRASHED;
    switch (WTERMSIG(wstatus)) {
    case SIGKILL:
    case SIGTERM:
    case SIGINT:
        return AS_REASON_NONE;
    case SIGSYS:
        return AS_REASON_VIOLATION;
    default:
        return AS_REASON_CRASHED;
    }
}

bool as_crew_examiners_idle(const struct as_crew *c)
{
    for (uint32_t i = 0; i < c->nseats; i++)
        if (c->seat[i].serial != 0)
            return false;
    return true;
}

static void zygote_message(struct as_crew *c)
{
    struct as_msg *m = c->msg;
    uint64_t tag, value;
    bool died;
    int got;

    while ((got = as_channel_recv(c->zygote->socket, m, NULL, NULL)) == 1) {
        tag = m->v[0];
        value = m->v[1];
        died = m->type == AS_MSG_DIED;
        c->counts.died += died;
        if (died && m->v[2] > c->tally.peak_kb)
            c->tally.peak_kb = m->v[2];
        if (c->reader.life != AS_WORKER_NONE && c->reader.tag == tag) {
            if (died && c->reader.life == AS_WORKER_BUSY)
                as_crew_reader_message(c); /* the end of the lot may have come since */
            if (died)
                as_crew_reader_died(c, (int)value);
            else
                c->reader.pid = (pid_t)value;
        }
        for (uint32_t i = 0; i < c->nseats; i++) {
            struct as_examiner_seat *s = &c->seat[i];
            if (s->w.life == AS_WORKER_NONE || s->w.tag != tag)
                continue;
            if (died && s->w.life == AS_WORKER_BUSY)
                as_crew_examiner_message(c, s);
            if (died)
                as_crew_examiner_died(c, s, (int)value);
            else
                s->w.pid = (pid_t)value;
        }
    }
    if (got == 0) {
        as_crew_break(c, AS_ESTOP, "the zygote died");
    } else if (got < 0 && !worth_waiting(errno)) {
        as_crew_break(c, AS_EIO, "cannot hear the zygote: %s", strerror(errno));
    }
}

/* ---- making and unmaking ---- */

static enum as_status make_arena(struct as_crew *c, struct as_arena *a, struct as_err *err)
{
    uint64_t len = as_arena_bytes(c->options->max_item);
    enum as_status status = AS_OK;
    char name[64];
    void *at;

    a->fd = memfd_create("assay-arena", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (a->fd < 0 || ftruncate(a->fd, (off_t)len) != 0 ||
        fcntl(a->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        AS_FAIL(err, AS_EIO, "cannot make shared memory: %s", strerror(errno));
    snprintf(name, sizeof name, "/proc/self/fd/%d", a->fd);
    if ((a->fd_read = open(name, O_RDONLY | O_CLOEXEC)) < 0)
        AS_FAIL(err, AS_EIO, "cannot open shared memory read-only: %s", strerror(errno));
    at = mmap(NULL, AS_ARENA_DATA, PROT_READ, MAP_SHARED, a->fd, 0);
    if (at == MAP_FAILED)
        AS_FAIL(err, AS_EIO, "cannot map shared memory: %s", strerror(errno));
    a->map = at;
    a->batch.slot = calloc(AS_BATCH_SLOTS, sizeof *a->batch.slot);
    a->batch.text = malloc(AS_BATCH_TEXT);
    if (a->batch.slot == NULL || a->batch.text == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for batches");
done:
    return status;
}

/* Memory that an examiner writes to and the broker reads. */
static enum as_status make_area(uint64_t n, int *fd, uint8_t **map, struct as_err *err)
{
    enum as_status status = AS_OK;
    void *at;

    *map = NULL;
    *fd = memfd_create("assay-result", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (*fd < 0 || ftruncate(*fd, (off_t)n) != 0 ||
        fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        AS_FAIL(err, AS_EIO, "cannot make shared memory: %s", strerror(errno));
    at = mmap(NULL, n, PROT_READ, MAP_SHARED, *fd, 0);
    if (at == MAP_FAILED)
        AS_FAIL(err, AS_EIO, "cannot map shared memory: %s", strerror(errno));
    *map = at;
done:
    return status;
}

enum as_status as_crew_keep(struct as_crew *c, const struct as_keep *keep, struct as_err *err)
{
    const uint64_t n = as_noise_bytes(keep);
    enum as_status status = AS_OK;

    c->keep = *keep;
    if (keep->pixels == 0)
        return AS_OK;
    if ((c->noise = malloc(n)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for residuals");
    for (uint32_t i = 0; i < c->nseats; i++)
        AS_TRY(make_area(n, &c->seat[i].noise, &c->seat[i].noise_map, err));
done:
    return status;
}

/* Whether detectors run that take their time by the pixel. */
static enum as_status find_costly(struct as_crew *c, struct as_err *err)
{
    enum as_status status = AS_OK;
    bool with[AS_DETECTORS_MAX];

    AS_TRY(as_detectors_select(c->options->detectors, with, err));
    for (size_t d = 0; as_detectors[d]; d++)
        c->costly = c->costly || (with[d] && as_detectors[d]->asked);
done:
    return status;
}

enum as_status as_crew_new(struct as_crew **crew, struct as_zygote *zygote,
                           const struct as_options *options, uint32_t nexaminers, unsigned cpu,
                           const struct as_crew_calls *calls, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_crew *c = calloc(1, sizeof *c);

    *crew = NULL;
    if (c == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the crew");
    c->zygote = zygote;
    c->options = options;
    c->cpu = cpu;
    c->calls = *calls;
    c->begun = as_now_ns();
    c->reader.socket = -1;
    c->msg = calloc(1, sizeof *c->msg);
    c->record = malloc(AS_RECORD_MAX);
    c->room = malloc(sizeof *c->room);
    c->row = calloc(1, sizeof *c->row);
    c->seat = calloc(nexaminers, sizeof *c->seat);
    c->held = calloc((size_t)nexaminers + 1, sizeof *c->held);
    if (!c->msg || !c->record || !c->room || !c->row || !c->seat || !c->held)
        AS_FAIL(err, AS_ENOMEM, "no memory for the crew");
    for (int i = 0; i < AS_ARENAS; i++)
        AS_TRY(make_arena(c, &c->arena[i], err));
    for (; c->nseats < nexaminers; c->nseats++) {
        struct as_examiner_seat *s = &c->seat[c->nseats];
        s->w.socket = -1;
        AS_TRY(make_area(AS_RECORD_MAX, &s->result, &s->result_map, err));
    }
    AS_TRY(find_costly(c, err));
    *crew = c;
    c = NULL;
done:
    as_crew_free(c);
    return status;
}

static void free_arena(struct as_arena *a)
{
    if (a->map)
        munmap(a->map, AS_ARENA_DATA);
    if (a->fd > 0)
        close(a->fd);
    if (a->fd_read > 0)
        close(a->fd_read);
    free(a->batch.slot);
    free(a->batch.text);
}

void as_crew_free(struct as_crew *c)
{
    if (c == NULL)
        return;
    if (c->reader.life != AS_WORKER_NONE)
        as_crew_kill(c, &c->reader, AS_REASON_NONE);
    as_crew_bury(&c->reader);
    for (uint32_t i = 0; i < c->nseats; i++) {
        struct as_examiner_seat *s = &c->seat[i];
        if (s->w.life != AS_WORKER_NONE)
            as_crew_kill(c, &s->w, AS_REASON_NONE);
        as_crew_bury(&s->w);
        munmap(s->result_map, AS_RECORD_MAX);
        close(s->result);
        if (s->noise_map) {
            munmap(s->noise_map, as_noise_bytes(&c->keep));
            close(s->noise);
        }
    }
    for (int i = 0; i < AS_ARENAS; i++)
        free_arena(&c->arena[i]);
    as_crew_close_files(c);
    free(c->seat);
    free(c->noise);
    free(c->held);
    free(c->msg);
    free(c->record);
    free(c->room);
    free(c->row);
    free(c);
}

/* ---- the turn of the wheel ---- */

bool as_crew_hungry(const struct as_crew *c)
{
    return !c->stopping && c->pending == NULL;
}

void as_crew_give(struct as_crew *c, struct as_work *work)
{
    c->pending = work;
}

nfds_t as_crew_poll(const struct as_crew *c, struct pollfd *fds, nfds_t cap)
{
    nfds_t n = 0;

    fds[n++] = (struct pollfd){c->zygote->socket, POLLIN, 0};
    if (c->reader.life == AS_WORKER_BUSY && !c->reader.deaf_since && n < cap)
        fds[n++] = (struct pollfd){c->reader.socket, POLLIN, 0};
    for (uint32_t i = 0; i < c->nseats && n < cap; i++)
        if (c->seat[i].w.life == AS_WORKER_BUSY && !c->seat[i].w.deaf_since)
            fds[n++] = (struct pollfd){c->seat[i].w.socket, POLLIN, 0};
    return n;
}

enum as_status as_crew_turn(struct as_crew *c, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t wall = as_now_ns();

    /* what workers said before they died is heard before their death is told */
    if (c->reader.life == AS_WORKER_BUSY)
        as_crew_reader_message(c);
    for (uint32_t i = 0; i < c->nseats; i++)
        if (c->seat[i].w.life == AS_WORKER_BUSY)
            as_crew_examiner_message(c, &c->seat[i]);
    zygote_message(c);
    if (wall - c->checked_wall > LIMITS_EVERY_NS) {
        c->checked_wall = wall;
        as_crew_reader_limits(c, wall);
        as_crew_examiners_limits(c, wall);
        as_crew_end_deaf(c, &c->reader, wall);
        for (uint32_t i = 0; i < c->nseats; i++)
            as_crew_end_deaf(c, &c->seat[i].w, wall);
    }
    as_crew_reader_schedule(c);
    as_crew_examiners_schedule(c);
    as_crew_hands(c);
    if (c->broken)
        AS_FAIL(err, c->broken, "%s; the state is saved, run again to go on", c->broken_why);
done:
    return status;
}

void as_crew_stop(struct as_crew *c)
{
    c->stopping = true;
}

bool as_crew_quiet(const struct as_crew *c)
{
    return c->broken || as_crew_examiners_idle(c); /* the workers die with the zygote */
}

struct as_crew_counts as_crew_counts(const struct as_crew *c)
{
    return c->counts;
}

void as_crew_tally(const struct as_crew *c, struct as_tally *tally)
{
    *tally = c->tally;
    tally->span_us = c->nseats * ((as_now_ns() - c->begun) / 1000);
}
