/* zygote.h - the process that makes workers.
 *
 * Forked from the main thread before MPI starts, it has every library warmed,
 * knows nothing of MPI or of evidence, and forks jailed workers on request.   */
#ifndef AS_ZYGOTE_H
#define AS_ZYGOTE_H

#include "../err.h"
#include "../options.h"
#include "channel.h"
#include "given.h"
#include "noise.h"

#include <sys/types.h>

/* Exit code of a worker that could not be locked in: nobody's fault. */
enum { AS_EXIT_NOT_BORN = 71 };

enum as_role { AS_ROLE_READER, AS_ROLE_EXAMINER };

/* What a worker is given at its birth. */
struct as_worker_start {
    const struct as_options *options;
    int socket;
    int result;       /* examiner: the area it writes records to, AS_RECORD_MAX bytes */
    const int *arena; /* examiner: [AS_ARENAS], read-only                             */
    unsigned cpu;     /* enum as_cpu                                                  */
    struct as_keep keep; /* of residuals; pixels > 0: examiner with an area for them     */
    int noise;           /* that area, as_noise_bytes(&keep)                             */
    const struct as_given *given;
};

struct as_zygote {
    pid_t pid;
    int socket;
    uint64_t next_tag; /* of workers; never used twice */
};

/* Forks the zygote.  Call from the main thread before MPI_Init and before any
 * thread is made.  `options` must live as long as the process; of `given` the workers have a copy.
 * AS_EMISSING: workers cannot be jailed here; err says why, and what helps.  */
enum as_status as_zygote_start(struct as_zygote *z, const struct as_options *options,
                               const struct as_given *given, struct as_err *err) AS_MUST_CHECK;

/* Whether its workers could be jailed here, without starting it; statuses as above. */
enum as_status as_zygote_check(const struct as_options *options, struct as_err *err) AS_MUST_CHECK;

/* Ends it and its workers. */
void as_zygote_stop(struct as_zygote *z);

#endif
