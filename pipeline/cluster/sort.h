/* sort.h - fixed-size records over all ranks: sorting them, sending them to owners.
 *
 * comm == NULL: one process without MPI.                                          */
#ifndef AS_SORT_H
#define AS_SORT_H

#include "comm.h"

/*
 * Sorts the records of all ranks by memcmp of their first key_len bytes, ties by
 * the whole record, and gives rank r the r-th share: total/size records, one more
 * on the first total%size ranks.  The shares, put together, are the same for any
 * number of ranks.
 *
 *   recs       [n][rec_size], borrowed, unchanged; n may differ from rank to rank
 *   key_len    1..rec_size, rec_size at most 64 KiB; the same on every rank (AS_EUSAGE)
 *   out, nout  malloc'd; AS_OK with *nout 0 when there are fewer records than ranks
 *
 * Memory beyond recs: twice the larger of n and the share, whatever the keys are.
 * Collective; the status is the same everywhere.
 */
enum as_status as_sort(struct as_comm *comm, const void *recs, uint64_t n, uint32_t rec_size,
                       uint32_t key_len, uint8_t **out, uint64_t *nout,
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

#endif
