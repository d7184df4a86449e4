/* err.c - filling an error report. */
#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum as_status as_fail(struct as_err *err, enum as_status status, enum as_reason reason,
                       const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    if (err == NULL)
        return status;
    err->status = status;
    err->reason = reason;
    err->line = line;
    err->file = file;
    va_start(ap, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    for (char *c = err->text; *c; c++)
        if ((unsigned char)*c < 0x20)
            *c = ' ';
    return status;
}

bool as_errno_is_ours(int error)
{
    switch (error) {
    case ENOMEM:
    case ENOBUFS:
    case EMFILE:
    case ENFILE:
    case ENOTCONN: /* the server of a network file system is gone */
    case ESHUTDOWN:
    case ETIMEDOUT:
    case EHOSTDOWN:
        return true;
    default:
        return false;
    }
}

void as_err_clear(struct as_err *err)
{
    memset(err, 0, sizeof *err);
}
