/* sort.h - fixed-size records over all ranks: sorting them, sending them to owners.
 *
 * comm == NULL: one process without MPI.                                          */
#ifndef AS_SORT_H
#define AS_SORT_H

#include "comm.h"

/* Numbers that memcmp compares: the n lower bytes of v, the highest first. */
static inline void as_be_put(uint8_t *to, uint64_t v, int n)
{
    while (n-- > 0)
        *to++ = (uint8_t)(v >> 8 * n);
}

static inline uint64_t as_be_get(const uint8_t *from, int n)
{
    uint64_t v = 0;

    while (n-- > 0)
        v = v << 8 | *from++;
    return v;
}

/*
 * Sorts the records of all ranks by memcmp, and gives rank r the r-th share:
 * total/size records, one more on the first total%size ranks.  The shares, put
 * together, are the same for any number of ranks.
 *
 *   recs, n    malloc'd [n][rec_size], replaced by the share, also malloc'd; n may
 *              differ from rank to rank.  On failure still the caller's to free
 *   rec_size   at most 64 KiB, the same on every rank (AS_EUSAGE)
 *
 * Memory beyond recs: the share, where there are several ranks.  Collective; the
 * status is the same everywhere.
 */
enum as_status as_sort(struct as_comm *comm, uint8_t **recs, uint64_t *n, uint32_t rec_size,
                       struct as_err *err) AS_MUST_CHECK;

/*
 * Sends each record to the rank that `owner` names, and gives what came in the
 * order of (sender, position there).  An owner that is no rank: AS_EBUG.
 *
 * Memory beyond recs: n records, 4 n bytes, *nout records.  Collective; the status
 * is the same everywhere.
 */
enum as_status as_scatter(struct as_comm *comm, const void *recs, uint64_t n, uint32_t rec_size,
                          int (*owner)(void *state, const void *rec), void *state, uint8_t **out,
                          uint64_t *nout, struct as_err *err) AS_MUST_CHECK;

/*
 * As as_scatter, for many records: *recs, malloc'd, is replaced by what came, in
 * an order that means nothing.  What was sent is given back on the way, so memory
 * stays at the larger of both and a few MiB.  Collective; the status is the same
 * everywhere; on failure *recs is still the caller's to free.
 */
enum as_status as_deal(struct as_comm *comm, uint8_t **recs, uint64_t *n, uint32_t rec_size,
                       int (*owner)(void *state, const void *rec), void *state,
                       struct as_err *err) AS_MUST_CHECK;

#endif
