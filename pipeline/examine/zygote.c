/* zygote.c - forks jailed workers on request and reports their deaths. */
#include "zygote.h"

#include "../evidence/container.h"
#include "../media/media.h"
#include "examiner.h"
#include "hash.h"
#include "jail.h"
#include "reader.h"
#include "slot.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS_MAX = 1024, EXAMINER_NICE = 5 };

struct nursery {
    int socket, deaths;
    const struct as_options *options;
    const struct as_given *given;
    struct as_jail *jail;
    struct {
        uint64_t tag;
        pid_t pid; /* 0: free */
    } worker[WORKERS_MAX];
};

/* Dies with its parent; true if the parent is already gone. */
static bool orphaned(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    return getppid() != parent;
}

/* Signals that a terminal or Slurm sends to the whole group are the broker's affair. */
static void ignore_signals(void)
{
    static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE, SIGXFSZ};
    sigset_t none;

    for (size_t i = 0; i < sizeof SIGNALS / sizeof *SIGNALS; i++)
        signal(SIGNALS[i], SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void close_others(int keep)
{
    int null = open("/dev/null", O_RDWR);

    for (int fd = 0; fd < 3; fd++)
        dup2(null, fd);
    if (keep > 3)
        close_range(3, (unsigned)keep - 1, 0);
    close_range((unsigned)keep + 1, ~0u, 0);
}

static void warm(void)
{
    uint8_t sum[3][32];
    struct as_hash *h;

    setenv("TZ", "UTC", 1);
    tzset();
    setlocale(LC_ALL, "C.UTF-8");
    if (as_hash_new(&h, true) == AS_OK) {
        as_hash_start(h);
        as_hash_end(h, sum[0], sum[1], sum[2]);
        as_hash_free(h);
    }
    as_container_warm();
    as_media_warm();
    as_metadata_warm();
}

/* Of memory from outside: what every worker has, and an examiner that keeps residuals. */
static uint64_t shared_bytes(const struct as_options *o, const struct as_keep *keep)
{
    return AS_ARENAS * as_arena_bytes(o->max_item) + AS_RECORD_MAX +
           (keep->pixels ? as_noise_bytes(keep) : 0);
}

/* The jail, and whether a worker can be locked in it at all: else every item would seem to break
 * it.  *jail == NULL and AS_OK: --no-sandbox.                                          */
static enum as_status make_jail(struct as_jail **jail, const struct as_options *o,
                                struct as_err *err)
{
    const struct as_keep nothing = {0, 0};
    enum as_status status = AS_OK;

    *jail = NULL;
    if (!o->no_sandbox)
        AS_TRY(as_jail_new(jail, err));
    AS_TRY(as_jail_try(*jail, o->examiner_memory, shared_bytes(o, &nothing), err));
done:
    return status;
}

enum as_status as_zygote_check(const struct as_options *options, struct as_err *err)
{
    struct as_jail *jail;
    enum as_status status = make_jail(&jail, options, err);

    as_jail_free(jail);
    return status;
}

/* In the child: never returns.  Readers go first where there are fewer cores than workers: one
 * of a solid stream feeds many examiners, and who waits for it is not helped by haste.      */
static void be_worker(const struct nursery *n, enum as_role role, struct as_worker_start *start)
{
    const struct as_options *o = n->options;

    if (role == AS_ROLE_EXAMINER)
        setpriority(PRIO_PROCESS, 0, EXAMINER_NICE); /* a wish: nothing depends on it */
    if (as_jail_enter(n->jail, o->examiner_memory, shared_bytes(o, &start->keep), NULL) != AS_OK)
        _exit(AS_EXIT_NOT_BORN);
    if (role == AS_ROLE_READER)
        _exit(as_reader_main(start));
    _exit(as_examiner_main(start));
}

static void reply(const struct nursery *n, uint32_t type, uint64_t a, uint64_t b, uint64_t c)
{
    struct as_msg *m = calloc(1, sizeof *m);

    if (m == NULL)
        _exit(70);
    m->type = type;
    m->v[0] = a;
    m->v[1] = b;
    m->v[2] = c;
    if (as_channel_send(n->socket, m, NULL, 0) != 0)
        _exit(0); /* the broker is gone */
    free(m);
}

static void spawn(struct nursery *n, const struct as_msg *m, int *fds, int nfds)
{
    struct as_worker_start start = {.options = n->options,
                                    .socket = fds[0],
                                    .result = nfds > 1 ? fds[1] : -1,
                                    .arena = fds + 2,
                                    .cpu = (unsigned)m->v[1],
                                    .given = n->given,
                                    .noise = -1};
    pid_t me = getpid(), pid;
    size_t at = 0;

    if (nfds > 2 + AS_ARENAS) {
        start.keep = (struct as_keep){m->v[2], (uint32_t)m->v[3]};
        start.noise = fds[2 + AS_ARENAS];
    }
    while (at < WORKERS_MAX && n->worker[at].pid)
        at++;
    pid = at < WORKERS_MAX ? fork() : -1;
    if (pid == 0) {
        if (orphaned(me))
            _exit(0);
        close(n->socket);
        close(n->deaths);
        be_worker(n, (enum as_role)m->arg, &start);
    }
    for (int i = 0; i < nfds; i++)
        close(fds[i]);
    if (pid < 0) {
        reply(n, AS_MSG_DIED, m->v[0], SIGKILL, 0); /* no process is left: not the item's fault */
        return;
    }
    n->worker[at].pid = pid;
    n->worker[at].tag = m->v[0];
    reply(n, AS_MSG_SPAWNED, m->v[0], (uint64_t)pid, 0);
}

static void kill_worker(struct nursery *n, uint64_t tag)
{
    for (size_t i = 0; i < WORKERS_MAX; i++)
        if (n->worker[i].pid && n->worker[i].tag == tag)
            kill(n->worker[i].pid, SIGKILL); /* not reaped yet, so still ours */
}

static void reap(struct nursery *n)
{
    struct signalfd_siginfo info;
    struct rusage used;
    int wstatus;
    pid_t pid;

    while (read(n->deaths, &info, sizeof info) > 0) {
    }
    while ((pid = wait4(-1, &wstatus, WNOHANG, &used)) > 0)
        for (size_t i = 0; i < WORKERS_MAX; i++)
            if (n->worker[i].pid == pid) {
                n->worker[i].pid = 0;
                reply(n, AS_MSG_DIED, n->worker[i].tag, (uint64_t)wstatus,
                      (uint64_t)used.ru_maxrss);
            }
}

static void serve(struct nursery *n)
{
    struct pollfd wait[2] = {{n->socket, POLLIN, 0}, {n->deaths, POLLIN, 0}};
    struct as_msg *m = calloc(1, sizeof *m);
    int fds[AS_MSG_FDS_MAX], nfds, got;

    while (m) {
        poll(wait, 2, -1);
        reap(n);
        while ((got = as_channel_recv(n->socket, m, fds, &nfds)) == 1) {
            if (m->type == AS_MSG_SPAWN && nfds >= 1)
                spawn(n, m, fds, nfds);
            else if (m->type == AS_MSG_KILL)
                kill_worker(n, m->v[0]);
        }
        if (got == 0)
            break;
    }
    free(m);
}

/* Instead of "ready". */
static void unfit(const struct nursery *n, const struct as_err *err)
{
    struct as_msg *m = calloc(1, sizeof *m);

    if (m == NULL)
        _exit(70);
    m->type = AS_MSG_UNFIT;
    m->arg = err->status;
    m->len = (uint32_t)strlen(err->text);
    memcpy(m->text, err->text, m->len);
    (void)as_channel_send(n->socket, m, NULL, 0);
    _exit(0);
}

static void be_zygote(int socket, const struct as_options *options, const struct as_given *given)
{
    struct nursery *n = calloc(1, sizeof *n);
    struct rlimit none = {0, 0};
    struct as_err err;
    sigset_t child;

    if (n == NULL)
        _exit(70);
    ignore_signals();
    close_others(socket);
    umask(077);
    setrlimit(RLIMIT_CORE, &none);
    n->socket = socket;
    n->options = options;
    n->given = given;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    n->deaths = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    warm();
    if (make_jail(&n->jail, options, &err) != AS_OK)
        unfit(n, &err);
    reply(n, AS_MSG_SPAWNED, 0, 0, 0); /* ready */
    serve(n);
    as_jail_free(n->jail);
    free(n);
    _exit(0);
}

/* Why the zygote that has closed its socket did so: killed from outside, the same command goes on. */
static enum as_status tell_death(struct as_zygote *z, struct as_err *err)
{
    enum as_status status = AS_OK;
    const pid_t pid = z->pid;
    int how = 0;

    z->pid = 0;
    if (waitpid(pid, &how, 0) == pid && WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL)
        AS_FAIL(err, AS_ESTOP, "the zygote was killed from outside while it warmed its libraries");
    AS_FAIL(err, AS_EIO, "the zygote died while it warmed its libraries or made its jail");
done:
    return status;
}

enum as_status as_zygote_start(struct as_zygote *z, const struct as_options *options,
                               const struct as_given *given, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_msg *m = NULL;
    pid_t me = getpid();
    int pair[2] = {-1, -1}, got;

    z->pid = 0;
    z->socket = -1;
    if ((m = calloc(1, sizeof *m)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to start the zygote");
    if (as_channel_pair(pair) != 0 || (z->pid = fork()) < 0)
        AS_FAIL(err, AS_EIO, "cannot start the zygote: %s", strerror(errno));
    if (z->pid == 0) {
        if (orphaned(me))
            _exit(0);
        close(pair[0]);
        be_zygote(pair[1], options, given);
    }
    close(pair[1]);
    pair[1] = -1;
    z->socket = pair[0];
    if ((got = as_channel_wait(z->socket, m, NULL, NULL)) == 0)
        AS_TRY(tell_death(z, err));
    if (got != 1)
        AS_FAIL(err, AS_EIO, "the zygote says nothing that can be understood");
    if (m->type == AS_MSG_UNFIT)
        AS_FAIL(err, (enum as_status)m->arg, "%.*s", (int)m->len, (const char *)m->text);
done:
    free(m);
    if (status != AS_OK && z->socket >= 0)
        as_zygote_stop(z);
    return status;
}

void as_zygote_stop(struct as_zygote *z)
{
    if (z->socket >= 0)
        close(z->socket);
    if (z->pid > 0) {
        kill(z->pid, SIGKILL);
        waitpid(z->pid, NULL, 0);
    }
    z->pid = 0;
    z->socket = -1;
}
