/* hamming.h - nearest among binary codes of 256 bits. */
#ifndef AS_HAMMING_H
#define AS_HAMMING_H

#include "hits.h"

enum { AS_CODE256_BYTES = 32, AS_HAMMING_ALL = 256 };

/* Bits in which two codes of 32 bytes differ, 0..256. */
uint32_t as_hamming256(const uint8_t a[AS_CODE256_BYTES], const uint8_t b[AS_CODE256_BYTES]);

/* A block of codes, borrowed: [n][32] bytes at any alignment; code i has the id first_id + i. */
struct as_codes {
    const uint8_t *at;
    size_t n;
    uint64_t first_id;
};

/* Merges the codes of `set` into the hits of each query; a score is minus the distance.
 *
 *   queries  [nq][32] bytes
 *   radius   only codes at this distance or nearer; AS_HAMMING_ALL: no limit.  A small radius is
 *            faster: most codes are ruled out by their first half
 *   hits     as for as_topk_search (topk.h): a database may come block by block, in any order
 * Integers only: the same bits everywhere.  The set is only read.
 *   AS_EUSAGE k is 0 */
enum as_status as_hamming_search(const struct as_codes *set, const uint8_t *queries, size_t nq,
                                 uint32_t radius, const struct as_hits *hits)
    __attribute__((warn_unused_result));

#endif
