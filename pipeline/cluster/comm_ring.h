/* comm_ring.h - blocks of bytes that travel round all ranks, while they are worked on. */
#ifndef AS_COMM_RING_H
#define AS_COMM_RING_H

#include "comm.h"

/*
 *   give    fills in this rank's next block: *n bytes, at most `block`; 0: no more
 *   visit   works on a block, of any rank and in any order, and does not change it; called with
 *           part 0, 1, ... until it gives AS_END.  Messages move on between the calls only, so a
 *           part should take a few milliseconds
 */
struct as_ring {
    void *state;
    uint32_t block;
    enum as_status (*give)(void *state, uint8_t *to, uint32_t *n, struct as_err *err);
    enum as_status (*visit)(void *state, const uint8_t *bytes, uint32_t n, uint32_t part,
                            struct as_err *err);
};

/*
 * Shows every block of every rank to every rank, once.  A block is on its way to the next rank
 * while it is worked on.  Memory: two blocks.  Collective; comm == NULL: one process.  The worst
 * status of all calls, the same everywhere; after a failure nothing more is given or visited.
 *   AS_EUSAGE   the block is empty or beyond 2^31 - 1
 */
enum as_status as_comm_ring(struct as_comm *comm, const struct as_ring *ring,
                            struct as_err *err) AS_MUST_CHECK;

#endif
