/* owners.h - who examines a content: a set of SHA-256, the first asker gets it.
 *
 * Local; each rank keeps the contents whose owner it is.  At most 50 bytes per
 * entry (and 200 KiB), also while the table grows.                              */
#ifndef AS_OWNERS_H
#define AS_OWNERS_H

#include "../err.h"

enum { AS_OWNERS_SHA = 32 };

struct as_owners;

enum as_status as_owners_new(struct as_owners **o) AS_MUST_CHECK;
void as_owners_free(struct as_owners *o);

/* *granted: true for the first asker of this content, who must examine it.
 * AS_ENOMEM: the set is as it was.                                        */
enum as_status as_owners_ask(struct as_owners *o, const uint8_t *sha, bool *granted) AS_MUST_CHECK;

/* Enters a content that a resumed run finds examined: nobody is granted it. */
enum as_status as_owners_set_done(struct as_owners *o, const uint8_t *sha) AS_MUST_CHECK;

#endif
