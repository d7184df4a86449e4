/* owners.h - who examines a content: a set of SHA-256, the first asker gets it.
 *
 * Local; each rank keeps the contents whose owner it is.  At most 60 bytes per
 * entry (and 200 KiB), also while the table grows.                              */
#ifndef AS_OWNERS_H
#define AS_OWNERS_H

#include "../err.h"

enum as_owners_state {
    AS_OWNERS_UNKNOWN = 0, /* nobody asked                                    */
    AS_OWNERS_ASKED = 1,   /* granted to somebody who has not said "done" yet */
    AS_OWNERS_DONE = 2     /* examined, its records are in a journal          */
};

enum { AS_OWNERS_SHA = 32 };

struct as_owners;

enum as_status as_owners_new(struct as_owners **o) AS_MUST_CHECK;
void as_owners_free(struct as_owners *o);

/* *granted: true for the first asker of this content, who must examine it.
 * AS_ENOMEM: the set is as it was.                                        */
enum as_status as_owners_ask(struct as_owners *o, const uint8_t *sha, bool *granted) AS_MUST_CHECK;

/* Marks a content as examined; enters it if nobody has asked (a resumed run). */
enum as_status as_owners_set_done(struct as_owners *o, const uint8_t *sha) AS_MUST_CHECK;

/* The state of a content and its tag (may be NULL), 0 at first. */
enum as_owners_state as_owners_find(const struct as_owners *o, const uint8_t *sha, uint64_t *tag);

/* Sets the caller's tag of a content that is in the set; AS_SKIP: it is not. */
enum as_status as_owners_set_tag(struct as_owners *o, const uint8_t *sha,
                                 uint64_t tag) AS_MUST_CHECK;

/* Contents in the set. */
uint64_t as_owners_count(const struct as_owners *o);

/* Bytes the set holds. */
uint64_t as_owners_memory(const struct as_owners *o);

#endif
