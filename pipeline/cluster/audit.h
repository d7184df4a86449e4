/* audit.h - CASE/audit.jsonl: what was done with a case, as one hash chain.
 *
 * One JSON object a line (compact, keys sorted, ASCII only).  Each has
 *   "prev"   SHA-256, in hex, of the line before it without its newline (zeros: none)
 *   "time"   UTC, 2024-05-01T12:34:56.789Z
 *   "event"  a word
 * and fields of the event.  A line is never changed: one that a killed writer left
 * half written stays, and the entry after it has the event "recovered" and, as
 * "after", the SHA-256 of the last good line, because a torn line continues no chain.
 *
 * Written by rank 0 only; report/chain.c checks it.  Everything here is local. */
#ifndef AS_AUDIT_H
#define AS_AUDIT_H

#include "../err.h"

#include <jansson.h>

struct as_audit;

/* Opens the log for adding, making it if there is none; closes a torn last line. */
enum as_status as_audit_open(struct as_audit **a, const char *path,
                             struct as_err *err) AS_MUST_CHECK;

/*
 * Adds one entry, in one write, and syncs it.
 *
 *   fields   an object; its reference is taken, whatever happens.  NULL: there was no memory
 *            for it, AS_ENOMEM.  "prev", "time" and "event" in it are replaced
 *
 * AS_ELIMIT: more than 16 MiB.  AS_ESTOP: somebody else has written to the log since.  AS_EIO: the
 * log is as it was, as far as the disk allows.
 */
enum as_status as_audit_add(struct as_audit *a, const char *event, json_t *fields,
                            struct as_err *err) AS_MUST_CHECK;

/* SHA-256, in hex, of the last line: the head of the chain.  Borrowed. */
const char *as_audit_head(const struct as_audit *a);

void as_audit_close(struct as_audit *a);

/* SHA-256, in hex, of the last line of a log that stays as it is; AS_EIO.  Whether the
 * whole chain holds: chain.h.                                               */
enum as_status as_audit_last(const char *path, char head[65], struct as_err *err) AS_MUST_CHECK;

#endif
