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

/* What is done with codes that are near a query. */
struct as_code_visit {
    void *state;
    /* Bits beyond which query q asks for no more codes; asked before each tile of the set. */
    uint32_t (*limit)(void *state, size_t q);
    /* Takes a code of the set, by id. */
    void (*take)(void *state, size_t q, uint64_t id, uint32_t bits);
};

/* Shows each query every code of `set` within its limit, and perhaps some within an earlier limit.
 * The codes of a query come in the order of the set. */
void as_hamming_each(const struct as_codes *set, const uint8_t *queries, size_t nq,
                     const struct as_code_visit *visit);

#endif
