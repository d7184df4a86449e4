/* attempt.c - the case folder.
 *
 * Attempts are fenced without locks: each start makes attempt-N exclusively, and
 * whoever finds attempt-N+1 before a sync stops.  Whether another run is alive is
 * told by status.json: on the same host by its process, elsewhere by its clock.  A thread keeps
 * that going while rank 0 waits for other ranks. */
#include "attempt.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ALIVE_S = 20, PULSE_S = 3 }; /* status.json is written every 2 s, by the pulse if need be */
enum { ANEW_S = 60 };               /* what clocks may be off */

struct as_pulse {
    const struct as_case *of;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t end;
    json_t *last; /* what was told last, under the lock like all below */
    struct timespec told;
    bool ending;
};

enum as_status as_case_init(struct as_case *c, const char *dir, struct as_err *err)
{
    enum as_status status = AS_OK;

    memset(c, 0, sizeof *c);
    if (asprintf(&c->dir, "%s", dir) < 0 || asprintf(&c->journal, "%s/journal", dir) < 0 ||
        asprintf(&c->spool, "%s/spool", dir) < 0 ||
        asprintf(&c->inventory, "%s/journal/inventory", dir) < 0 ||
        asprintf(&c->lots, "%s/journal/lots", dir) < 0 ||
        asprintf(&c->shard, "%s/journal/shard", dir) < 0 ||
        asprintf(&c->results, "%s/results.h5", dir) < 0 ||
        asprintf(&c->signature, "%s/seal.sig", dir) < 0 ||
        asprintf(&c->audit, "%s/audit.jsonl", dir) < 0 ||
        asprintf(&c->status, "%s/status.json", dir) < 0)
        AS_FAIL(err, AS_ENOMEM, "no memory for the paths of the case");
done:
    return status;
}

static void end_pulse(struct as_pulse *p)
{
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    pthread_cond_signal(&p->end);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    json_decref(p->last);
    pthread_cond_destroy(&p->end);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void as_case_clear(struct as_case *c)
{
    end_pulse(c->pulse);
    free(c->dir);
    free(c->journal);
    free(c->spool);
    free(c->inventory);
    free(c->lots);
    free(c->results);
    free(c->signature);
    free(c->audit);
    free(c->status);
    free(c->fence);
    free(c->shard);
    memset(c, 0, sizeof *c);
}

enum as_status as_case_set_attempt(struct as_case *c, uint32_t attempt, struct as_err *err)
{
    enum as_status status = AS_OK;

    c->attempt = attempt;
    free(c->fence);
    c->fence = NULL;
    if (asprintf(&c->fence, "%s/attempt-%u", c->dir, attempt + 1) < 0)
        AS_FAIL(err, AS_ENOMEM, "no memory for the paths of the case");
done:
    return status;
}

/* Whether the process that had this number at the time `updated` still runs: the kernel gives
 * numbers anew, but not to a process that began before. */
static bool process_alive(pid_t pid, time_t updated)
{
    unsigned long long ticks = 0;
    char name[64], state = 0;
    struct timespec up;
    time_t began;
    FILE *f;

    snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
    if ((f = fopen(name, "r")) == NULL)
        return false;
    if (fscanf(f,
               "%*d (%*[^)]) %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
               "%*s %*s %llu",
               &state, &ticks) != 2)
        state = 0;
    fclose(f);
    clock_gettime(CLOCK_BOOTTIME, &up);
    began = time(NULL) - up.tv_sec + (time_t)(ticks / (unsigned long long)sysconf(_SC_CLK_TCK));
    return state != 'Z' && state != 'X' && state != 0 && began - ANEW_S < updated;
}

/* True when status.json says that a run is under way, and there is no sign that it is dead. */
static bool looks_alive(const struct as_case *c, char *who, size_t n)
{
    json_t *s = json_load_file(c->status, 0, NULL);
    const char *state = json_string_value(json_object_get(s, "state"));
    const char *host = json_string_value(json_object_get(s, "host"));
    json_int_t pid = json_integer_value(json_object_get(s, "pid"));
    json_int_t updated = json_integer_value(json_object_get(s, "updated"));
    char here[256] = "";
    bool alive;

    gethostname(here, sizeof here - 1);
    alive = state && strcmp(state, "sealed") != 0 && strcmp(state, "stopped") != 0 &&
            strcmp(state, "failed") != 0 && strcmp(state, "examined") != 0;
    if (alive && host && strcmp(host, here) == 0)
        alive = process_alive((pid_t)pid, (time_t)updated);
    else if (alive)
        alive = time(NULL) - updated < ALIVE_S;
    snprintf(who, n, "process %lld on %s", (long long)pid, host ? host : "an unknown host");
    json_decref(s);
    return alive;
}

/* The number of the last attempt, 0: none.  Gives 0 or an errno. */
static int last_attempt(const struct as_case *c, uint32_t *last)
{
    DIR *d = opendir(c->dir);
    struct dirent *e;
    int error = 0;
    unsigned n;

    *last = 0;
    if (d == NULL)
        return errno;
    while (errno = 0, (e = readdir(d)) != NULL)
        if (sscanf(e->d_name, "attempt-%u", &n) == 1 && n > *last)
            *last = n;
    error = errno;
    closedir(d);
    return error;
}

enum as_status as_case_alone(const struct as_case *c, bool takeover, struct as_err *err)
{
    enum as_status status = AS_OK;
    char who[320];

    if (!takeover && looks_alive(c, who, sizeof who))
        AS_FAIL(err, AS_EFORMAT,
                "a run of this case is alive (%s); wait for it, or use --takeover "
                "to end it and go on here",
                who);
done:
    return status;
}

enum as_status as_case_begin(struct as_case *c, bool takeover, struct as_err *err)
{
    enum as_status status = AS_OK;
    char *path = NULL;
    uint32_t attempt;
    int error;

    if ((mkdir(c->dir, 0700) != 0 && errno != EEXIST) ||
        (mkdir(c->journal, 0700) != 0 && errno != EEXIST))
        AS_FAIL(err, AS_EIO, "cannot make the case folder %s: %s%s", c->dir, strerror(errno),
                errno == ENOENT ? "; make the folder that it is to lie in first" : "");
    AS_TRY(as_case_alone(c, takeover, err));
    if ((error = last_attempt(c, &attempt)) != 0)
        AS_FAIL(err, AS_EIO, "cannot list the case folder %s: %s", c->dir, strerror(error));
    attempt++;
    if (asprintf(&path, "%s/attempt-%u", c->dir, attempt) < 0)
        AS_FAIL(err, AS_ENOMEM, "no memory for the paths of the case");
    if (mkdir(path, 0700) != 0)
        AS_FAIL(err, errno == EEXIST ? AS_EFORMAT : AS_EIO, "cannot start attempt %u: %s", attempt,
                errno == EEXIST ? "another run started at the same moment" : strerror(errno));
    AS_TRY(as_case_set_attempt(c, attempt, err));
done:
    free(path);
    return status;
}

bool as_case_superseded(const struct as_case *c)
{
    return c->fence && access(c->fence, F_OK) == 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void remove_tree(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

enum as_status as_case_reset(struct as_case *c, struct as_err *err)
{
    enum as_status status = AS_OK;

    remove_tree(c->journal);
    remove_tree(c->spool);
    if ((unlink(c->results) != 0 && errno != ENOENT) ||
        (unlink(c->signature) != 0 && errno != ENOENT))
        AS_FAIL(err, AS_EIO, "cannot clear the case folder %s: %s", c->dir, strerror(errno));
    if (mkdir(c->journal, 0700) != 0)
        AS_FAIL(err, AS_EIO, "cannot clear %s: %s", c->journal, strerror(errno));
done:
    return status;
}

void as_case_tidy(struct as_case *c, bool keep_spool)
{
    char path[4096];
    uint32_t last;

    remove_tree(c->journal);
    if (!keep_spool)
        remove_tree(c->spool);
    if (last_attempt(c, &last) != 0)
        return; /* empty folders stay, nothing else */
    for (uint32_t i = 1; i < last; i++) {
        snprintf(path, sizeof path, "%s/attempt-%u", c->dir, i);
        rmdir(path);
    }
}

void as_case_remove(struct as_case *c)
{
    char path[4096];
    uint32_t last;

    as_case_tidy(c, false);
    if (last_attempt(c, &last) == 0) {
        snprintf(path, sizeof path, "%s/attempt-%u", c->dir, last);
        rmdir(path);
    }
    unlink(c->results);
    unlink(c->signature);
    unlink(c->audit);
    unlink(c->status);
    rmdir(c->dir);
}

/* Replaces status.json, which is a newer attempt's when there is one. */
static void write_status(const struct as_case *c, const json_t *o)
{
    char beside[4096];

    if (as_case_superseded(c))
        return;
    snprintf(beside, sizeof beside, "%s.new", c->status);
    if (json_dump_file(o, beside, JSON_INDENT(1)) != 0 || rename(beside, c->status) != 0)
        unlink(beside);
}

/* What was told last, with the clock as it is now. */
static void beat(struct as_pulse *p, double since)
{
    const double elapsed = json_number_value(json_object_get(p->last, "elapsed_s"));

    json_object_set_new(p->last, "elapsed_s", json_real(elapsed + since));
    json_object_set_new(p->last, "updated", json_integer((json_int_t)time(NULL)));
    write_status(p->of, p->last);
}

static void *run_pulse(void *state)
{
    struct as_pulse *p = state;
    struct timespec now, next;

    pthread_mutex_lock(&p->lock);
    while (!p->ending) {
        next = p->told;
        next.tv_sec += PULSE_S;
        pthread_cond_timedwait(&p->end, &p->lock, &next);
        clock_gettime(CLOCK_MONOTONIC, &now);
        const double since =
            (double)(now.tv_sec - p->told.tv_sec) + (double)(now.tv_nsec - p->told.tv_nsec) * 1e-9;
        if (p->ending || since < PULSE_S)
            continue;
        beat(p, since);
        p->told = now;
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* What the attempt before told last, as this one's: what it counted is still done. */
static json_t *taken_over(const struct as_case *c)
{
    json_t *o = json_load_file(c->status, 0, NULL);
    char host[256] = "";

    if (!json_is_object(o)) {
        json_decref(o);
        o = json_object();
    }
    gethostname(host, sizeof host - 1);
    json_object_set_new(o, "state", json_string("inventory"));
    json_object_set_new(o, "attempt", json_integer(c->attempt));
    json_object_set_new(o, "elapsed_s", json_real(0));
    json_object_set_new(o, "updated", json_integer((json_int_t)time(NULL)));
    json_object_set_new(o, "pid", json_integer(getpid()));
    json_object_set_new(o, "host", json_string(host));
    json_object_del(o, "note");
    return o;
}

enum as_status as_case_pulse(struct as_case *c, struct as_err *err)
{
    struct as_pulse *p = calloc(1, sizeof *p);
    enum as_status status = AS_OK;
    pthread_condattr_t clock;
    sigset_t all, before;
    int error;

    if (p == NULL || (p->last = taken_over(c)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to keep status.json fresh");
    write_status(c, p->last);
    p->of = c;
    clock_gettime(CLOCK_MONOTONIC, &p->told);
    pthread_mutex_init(&p->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&p->end, &clock);
    pthread_condattr_destroy(&clock);
    sigfillset(&all); /* signals are for the main thread */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&p->thread, NULL, run_pulse, p);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        AS_FAIL(err, AS_EIO, "cannot keep status.json fresh: %s", strerror(error));
    c->pulse = p;
    p = NULL;
done:
    if (p)
        json_decref(p->last);
    free(p);
    return status;
}

void as_case_tell(const struct as_case *c, const struct as_case_status *s)
{
    char host[256] = "", note[80] = "";
    json_t *o;

    if (s->shard && strcmp(s->state, "examined") == 0)
        snprintf(note, sizeof note, "shard %s examined; run `assay merge`", s->shard);

    gethostname(host, sizeof host - 1);
    o = json_pack("{s:s, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:i, "
                  "s:I, s:i, s:s, s:s*, s:s*}",
                  "state", s->state, "attempt", (int)c->attempt, "items_seen",
                  (json_int_t)s->items_seen, "items_done", (json_int_t)s->items_done,
                  "contents_done", (json_int_t)s->contents_done, "rechecked",
                  (json_int_t)s->rechecked, "bytes_done", (json_int_t)s->bytes_done, "bytes_total",
                  (json_int_t)s->bytes_total, "lots_done", (json_int_t)s->lots_done, "lots_total",
                  (json_int_t)s->lots_total, "workers_died", (json_int_t)s->died, "items_blamed",
                  (json_int_t)s->blamed, "elapsed_s", s->elapsed_s, "eta_s", s->eta_s, "ranks",
                  s->ranks, "updated", (json_int_t)time(NULL), "pid", (int)getpid(), "host", host,
                  "shard", s->shard, "note", note[0] ? note : NULL);
    if (s->time)
        json_object_set(o, "time", s->time);
    if (o && c->pulse) {
        pthread_mutex_lock(&c->pulse->lock);
        json_decref(c->pulse->last);
        c->pulse->last = json_deep_copy(o); /* its parts are of this thread */
        clock_gettime(CLOCK_MONOTONIC, &c->pulse->told);
        write_status(c, o);
        pthread_mutex_unlock(&c->pulse->lock);
    } else if (o) {
        write_status(c, o);
    }
    json_decref(o);
}
