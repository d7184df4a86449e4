/* known.h - which content a set of known hashes lists.
 *
 * Rows are sorted by hash, and hashes are spread evenly, so the place of one can be
 * told from its first bytes to within a few pages: a search reads some 4 KiB pieces
 * and keeps nothing in memory.                                                   */
#ifndef AS_KNOWN_H
#define AS_KNOWN_H

#include "../store/reference.h"

/* The hashes of a content; NULL: not computed. */
struct as_known_ask {
    const uint8_t *sha256, *sha1, *md5;
};

/* What a set says of it: the worst, where it lists it under several hashes. */
struct as_known_hit {
    uint64_t reference; /* row; those of /sha1 follow those of /sha256, then come those of /md5 */
    uint8_t class;      /* enum as_known_class                                             */
    uint8_t category;   /* AS_KNOWN_NO_CATEGORY: none                                      */
};

/* Looks for a content in a set of kind AS_REF_KNOWN.  From any thread.  AS_END: it is not there. */
enum as_status as_known_find(const struct as_ref *set, const struct as_known_ask *ask,
                             struct as_known_hit *hit, struct as_err *err) AS_MUST_CHECK;

/* True when the set can only be asked with MD5 and SHA-1 as well. */
bool as_known_needs_md5(const struct as_ref *set);

#endif
