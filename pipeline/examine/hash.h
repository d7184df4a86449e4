/* hash.h - the hashes of an item, fed piece by piece. */
#ifndef AS_HASH_H
#define AS_HASH_H

#include "../err.h"

struct as_hash;

/* With md5: MD5 and SHA-1 too.  AS_ENOMEM. */
enum as_status as_hash_new(struct as_hash **h, bool md5) AS_MUST_CHECK;
void as_hash_free(struct as_hash *h);

void as_hash_start(struct as_hash *h);
void as_hash_add(struct as_hash *h, const void *bytes, size_t n);
/* md5 and sha1 are left alone when they were not asked for. */
void as_hash_end(struct as_hash *h, uint8_t sha256[32], uint8_t md5[16], uint8_t sha1[20]);

#endif
