/* jail.h - what a process that touches evidence may still do. */
#ifndef AS_JAIL_H
#define AS_JAIL_H

#include "../err.h"

struct as_jail; /* the compiled filter */

/* Compiles the filter, once, in the zygote.  AS_EMISSING when this kernel has no seccomp. */
enum as_status as_jail_new(struct as_jail **jail, struct as_err *err) AS_MUST_CHECK;
void as_jail_free(struct as_jail *jail);

/*
 * Locks the calling process in for good: no core, no new files, `memory` bytes of private memory
 * beside what it has by now and `shared` bytes that come from outside, and system calls only to
 * compute, to allocate, to start threads, to pread what it was given and to talk on open sockets.
 * Anything else kills it with SIGSYS; a few questions of the C library get ENOSYS or EPERM instead (see jail.c).  jail == NULL: limits only (--no-sandbox).
 * AS_EMISSING: the kernel, the container or the job does not let it; err has the cure.
 */
enum as_status as_jail_enter(const struct as_jail *jail, uint64_t memory, uint64_t shared,
                             struct as_err *err) AS_MUST_CHECK;

/* Whether a process can be locked in so, by doing it to a child. */
enum as_status as_jail_try(const struct as_jail *jail, uint64_t memory, uint64_t shared,
                           struct as_err *err) AS_MUST_CHECK;

#endif
