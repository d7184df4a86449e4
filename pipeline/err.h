/* err.h - the error report that travels with a failing status. */
#ifndef AS_ERR_H
#define AS_ERR_H

#include "../kernels/base.h"
#include "status.h"

struct as_err {
    enum as_status status;
    enum as_reason reason; /* why an item failed, from the fixed list; AS_REASON_NONE: not said */
    int line;
    const char *file;
    char text[256]; /* for the user, no newline, may be cut */
};

/* True for an errno that tells of this machine or its connection to the disk, not of the file:
 * the file may be well, so nothing may be recorded of it, and the run has to stop.        */
bool as_errno_is_ours(int error);

#define AS_MUST_CHECK __attribute__((warn_unused_result))

/* Fill `err` (may be NULL) and return `status`.  The one breakpoint to set. */
enum as_status as_fail(struct as_err *err, enum as_status status, enum as_reason reason,
                       const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

/* Empties the report. */
void as_err_clear(struct as_err *err);

/* All need `enum as_status status` in scope and a `done:` label below. */
#define AS_TRY(call)                                                                               \
    do {                                                                                           \
        if ((status = (call)) != AS_OK)                                                            \
            goto done;                                                                             \
    } while (0)
#define AS_FAIL(err, code, ...) AS_FAIL_AS(err, code, AS_REASON_NONE, __VA_ARGS__)
/* With a reason of the fixed list, which also decides the item's status. */
#define AS_FAIL_AS(err, code, why, ...)                                                            \
    do {                                                                                           \
        status = as_fail(err, code, why, __FILE__, __LINE__, __VA_ARGS__);                         \
        goto done;                                                                                 \
    } while (0)

#endif
