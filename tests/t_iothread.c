/* t_iothread.c - iothread: order, notification, and a clean end. */
#include "../pipeline/cluster/iothread.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { N = 1000 };

static struct as_io *io;
static int worked, done_n; /* worked: the thread's, until done tells */
static pthread_t main_thread;

struct job {
    int number, worked_as, done_as;
    bool in_thread, in_main;
};

static void work(void *arg)
{
    struct job *job = arg;

    job->worked_as = worked++;
    job->in_thread = !pthread_equal(pthread_self(), main_thread);
}

static void done(void *arg)
{
    struct job *job = arg;

    job->done_as = done_n++;
    job->in_main = pthread_equal(pthread_self(), main_thread);
}

static int begin(void **state)
{
    struct as_err err;
    (void)state;
    worked = done_n = 0;
    main_thread = pthread_self();
    return as_io_new(&io, &err) != AS_OK;
}

static bool readable(int timeout_ms)
{
    struct pollfd p = {.fd = as_io_fd(io), .events = POLLIN};
    return poll(&p, 1, timeout_ms) == 1;
}

static void t_order(void **state)
{
    struct job jobs[N] = {0};
    (void)state;

    as_io_reap(io); /* nothing yet */
    assert_false(readable(0));
    for (int i = 0; i < N; i++) {
        jobs[i].number = i;
        assert_int_equal(as_io_submit(io, work, done, &jobs[i]), AS_OK);
        if (i % 100 == 0)
            as_io_reap(io);
    }
    while (as_io_pending(io) > 0) {
        assert_true(readable(5000));
        as_io_reap(io);
    }
    assert_false(readable(0));
    assert_int_equal(done_n, N);
    for (int i = 0; i < N; i++) {
        assert_int_equal(jobs[i].worked_as, i);
        assert_int_equal(jobs[i].done_as, i);
        assert_true(jobs[i].in_thread && jobs[i].in_main);
    }
    as_io_free(io);
}

static void wait_for(void *arg)
{
    sem_wait(arg);
}

/* Submitting and reaping never wait for the job that is blocked. */
static void t_never_blocks(void **state)
{
    struct job job = {0};
    sem_t sem;
    (void)state;

    sem_init(&sem, 0, 0);
    assert_int_equal(as_io_submit(io, wait_for, NULL, &sem), AS_OK);
    assert_int_equal(as_io_submit(io, work, done, &job), AS_OK);
    as_io_reap(io);
    assert_int_equal(as_io_pending(io), 2);
    assert_false(readable(20));
    sem_post(&sem);
    as_io_free(io); /* finishes the queue */
    assert_int_equal(done_n, 1);
    sem_destroy(&sem);
}

static void again(void *arg)
{
    done_n++;
    if (done_n < 10)
        assert_int_equal(as_io_submit(io, work, again, arg), AS_OK);
}

/* What `done` submits is done too, even at the end. */
static void t_submit_in_done(void **state)
{
    struct job job = {0};
    (void)state;

    assert_int_equal(as_io_submit(io, work, again, &job), AS_OK);
    as_io_free(io);
    assert_int_equal(done_n, 10);
    assert_int_equal(worked, 10);
    as_io_free(NULL);
}

static void read_mask(void *arg)
{
    pthread_sigmask(SIG_SETMASK, NULL, arg);
}

static void t_signals(void **state)
{
    sigset_t in_thread, here;
    (void)state;

    sigemptyset(&in_thread);
    assert_int_equal(as_io_submit(io, read_mask, NULL, &in_thread), AS_OK);
    as_io_free(io);
    pthread_sigmask(SIG_SETMASK, NULL, &here);
    assert_true(sigismember(&in_thread, SIGTERM) && sigismember(&in_thread, SIGUSR1));
    assert_false(sigismember(&here, SIGTERM));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(t_order, begin),
        cmocka_unit_test_setup(t_never_blocks, begin),
        cmocka_unit_test_setup(t_submit_in_done, begin),
        cmocka_unit_test_setup(t_signals, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
