/* iothread.h - one thread per rank for calls that may block on a disk.
 *
 * The main thread submits; the thread works in the order of submission; the main
 * thread hears of it when it reaps.  All functions are for the main thread only.  */
#ifndef AS_IOTHREAD_H
#define AS_IOTHREAD_H

#include "../err.h"

struct as_io;

/* Starts the thread, with all signals blocked in it. */
enum as_status as_io_new(struct as_io **io, struct as_err *err) AS_MUST_CHECK;

/*
 * Has the thread call work(arg), and as_io_reap then call done(arg) (may be NULL)
 * in the main thread.  AS_ENOMEM: nothing was submitted.
 */
enum as_status as_io_submit(struct as_io *io, void (*work)(void *arg), void (*done)(void *arg),
                            void *arg) AS_MUST_CHECK;

/* Calls done for what is finished, in order; `done` may submit.  Never blocks. */
void as_io_reap(struct as_io *io);

/* A descriptor that is readable while something can be reaped; for ppoll only. */
int as_io_fd(const struct as_io *io);

/* How much was submitted and not yet reaped. */
uint64_t as_io_pending(const struct as_io *io);

/* Works off the queue, calls every `done`, and ends the thread. */
void as_io_free(struct as_io *io);

#endif
