/* iothread.c - one thread per rank for calls that may block on a disk. */
#include "iothread.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct job {
    struct job *next;
    void (*work)(void *arg);
    void (*done)(void *arg);
    void *arg;
};

struct jobs {
    struct job *first, **last;
};

struct as_io {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t submitted;
    struct jobs queue, finished; /* under the lock */
    bool ending;                 /* under the lock */
    uint64_t pending;            /* the main thread's */
    int event;
};

static void jobs_init(struct jobs *jobs)
{
    jobs->first = NULL;
    jobs->last = &jobs->first;
}

static void jobs_append(struct jobs *jobs, struct job *job)
{
    job->next = NULL;
    *jobs->last = job;
    jobs->last = &job->next;
}

static struct job *jobs_take(struct jobs *jobs)
{
    struct job *job = jobs->first;

    jobs->first = job->next;
    if (jobs->first == NULL)
        jobs->last = &jobs->first;
    return job;
}

/* The next job, or NULL when the queue is empty and the thread is to end. */
static struct job *wait_for_job(struct as_io *io)
{
    struct job *job = NULL;

    pthread_mutex_lock(&io->lock);
    while (io->queue.first == NULL && !io->ending)
        pthread_cond_wait(&io->submitted, &io->lock);
    if (io->queue.first != NULL)
        job = jobs_take(&io->queue);
    pthread_mutex_unlock(&io->lock);
    return job;
}

static void *run(void *arg)
{
    const uint64_t one = 1;
    struct as_io *io = arg;

    for (struct job *job; (job = wait_for_job(io)) != NULL;) {
        job->work(job->arg);
        pthread_mutex_lock(&io->lock);
        jobs_append(&io->finished, job);
        pthread_mutex_unlock(&io->lock);
        /* it can only fail when the count is full, and then it is readable anyway */
        (void)!write(io->event, &one, sizeof one);
    }
    return NULL;
}

/* Starts the thread; signals are for the main thread. */
static int start_thread(struct as_io *io)
{
    sigset_t all, before;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&io->thread, NULL, run, io);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

enum as_status as_io_new(struct as_io **io, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_io *made = calloc(1, sizeof *made);
    int error;

    *io = NULL;
    if (made == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the I/O thread");
    jobs_init(&made->queue);
    jobs_init(&made->finished);
    made->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (made->event < 0)
        AS_FAIL(err, AS_EIO, "cannot start the I/O thread: %s", strerror(errno));
    pthread_mutex_init(&made->lock, NULL); /* with default attributes these two cannot fail */
    pthread_cond_init(&made->submitted, NULL);
    error = start_thread(made);
    if (error != 0) {
        close(made->event);
        AS_FAIL(err, AS_EIO, "cannot start the I/O thread: %s", strerror(error));
    }
    *io = made;
    made = NULL;
done:
    free(made);
    return status;
}

enum as_status as_io_submit(struct as_io *io, void (*work)(void *arg), void (*done)(void *arg),
                            void *arg)
{
    struct job *job = calloc(1, sizeof *job);

    if (job == NULL)
        return AS_ENOMEM;
    job->work = work;
    job->done = done;
    job->arg = arg;
    io->pending++;
    pthread_mutex_lock(&io->lock);
    jobs_append(&io->queue, job);
    pthread_cond_signal(&io->submitted);
    pthread_mutex_unlock(&io->lock);
    return AS_OK;
}

/* Takes all that is finished.  The event is emptied first, so that none is missed. */
static struct job *take_finished(struct as_io *io)
{
    uint64_t count;
    struct job *first;

    (void)!read(io->event, &count, sizeof count);
    pthread_mutex_lock(&io->lock);
    first = io->finished.first;
    jobs_init(&io->finished);
    pthread_mutex_unlock(&io->lock);
    return first;
}

void as_io_reap(struct as_io *io)
{
    struct job *job = take_finished(io);

    while (job != NULL) {
        struct job *next = job->next;
        io->pending--;
        if (job->done != NULL)
            job->done(job->arg);
        free(job);
        job = next;
    }
}

int as_io_fd(const struct as_io *io)
{
    return io->event;
}

uint64_t as_io_pending(const struct as_io *io)
{
    return io->pending;
}

void as_io_free(struct as_io *io)
{
    if (io == NULL)
        return;
    while (io->pending > 0) {
        struct pollfd event = {.fd = io->event, .events = POLLIN};
        (void)poll(&event, 1, -1); /* interrupted or not: look again */
        as_io_reap(io);
    }
    pthread_mutex_lock(&io->lock);
    io->ending = true;
    pthread_cond_signal(&io->submitted);
    pthread_mutex_unlock(&io->lock);
    pthread_join(io->thread, NULL);
    pthread_cond_destroy(&io->submitted);
    pthread_mutex_destroy(&io->lock);
    close(io->event);
    free(io);
}
