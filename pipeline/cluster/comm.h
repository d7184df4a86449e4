/* comm.h - the one place that calls MPI (with store/).
 *
 * MPI_THREAD_FUNNELED: only the main thread may call anything here.           */
#ifndef AS_COMM_H
#define AS_COMM_H

#include "../err.h"

struct as_comm;

/* Whether a launcher started this process, perhaps beside others.  Local, before MPI starts. */
bool as_comm_launched(void);

/* Starts MPI.  A process without mpirun is one rank.  Collective. */
enum as_status as_comm_start(struct as_comm **comm, struct as_err *err) AS_MUST_CHECK;

/* Ends MPI.  Collective. */
void as_comm_stop(struct as_comm *comm);

/* Ends the whole job at once with this exit code, when other ranks may be waiting. */
void as_comm_abort(struct as_comm *comm, int code);

int as_comm_rank(const struct as_comm *comm);
int as_comm_size(const struct as_comm *comm);

/* The worst status of all ranks, the same everywhere; err gets the text of the
 * lowest rank that has it.  Collective; call before leaving a collective stage.
 * comm == NULL: one process without MPI, gives `mine` back.                   */
enum as_status as_comm_agree(struct as_comm *comm, enum as_status mine, struct as_err *err);

/* Collective.  Each gives AS_OK or AS_EIO; comm == NULL: one process.         */
enum as_status as_comm_bcast(struct as_comm *comm, void *buf, uint64_t n, int root) AS_MUST_CHECK;
enum as_status as_comm_sum(struct as_comm *comm, uint64_t *v, int n) AS_MUST_CHECK; /* in place */
enum as_status as_comm_max(struct as_comm *comm, uint64_t *v, int n) AS_MUST_CHECK;
enum as_status as_comm_min(struct as_comm *comm, uint64_t *v, int n) AS_MUST_CHECK;
/* The sum of every rank's v[n], on rank 0; elsewhere v is anything then. */
enum as_status as_comm_sum_to_0(struct as_comm *comm, int32_t *v, uint64_t n) AS_MUST_CHECK;
/* before[i] = sum of v[i] over lower ranks. */
enum as_status as_comm_exscan(struct as_comm *comm, const uint64_t *v, uint64_t *before,
                              int n) AS_MUST_CHECK;
/* Every rank's n bytes, in rank order, at `all` (size * n bytes), on every rank. */
enum as_status as_comm_allgather(struct as_comm *comm, const void *mine, uint64_t n,
                                 void *all) AS_MUST_CHECK;

/* The n bytes of every rank of this node, one after another, malloc'd: of *ranks ranks, this one
 * being the *me-th.  Collective over all nodes; comm == NULL: one process.    */
enum as_status as_comm_node(struct as_comm *comm, const void *mine, uint32_t n, uint8_t **all,
                            int *ranks, int *me, struct as_err *err) AS_MUST_CHECK;

/* Every rank's bytes of any length, in rank order, malloc'd, on rank 0 (NULL elsewhere). */
enum as_status as_comm_gather(struct as_comm *comm, const void *mine, uint64_t n, uint8_t **all,
                              uint64_t *all_len, struct as_err *err) AS_MUST_CHECK;

/*
 * Sends bytes to every rank: to_len[r] bytes for rank r, one after another at
 * `send`.  Gives what came, in rank order, malloc'd, with from_len[r].  Any
 * total; messages of at most 256 MiB go over the wire.
 */
enum as_status as_comm_exchange(struct as_comm *comm, const uint8_t *send, const uint64_t *to_len,
                                uint8_t **recv, uint64_t *from_len,
                                struct as_err *err) AS_MUST_CHECK;

/*
 * Rank 0 takes the bytes that every rank gives, in rank order, piece by piece.
 *
 *   give   fills in a piece of at most AS_RELAY_BYTES, *n of them; 0: no more
 *   take   on rank 0 alone; pieces stay whole
 *
 * Memory: a piece; a rank waits until rank 0 has come to it.  Collective; the
 * worst status of all calls, the same everywhere.
 */
enum { AS_RELAY_BYTES = 1 << 20 };
struct as_relay {
    void *state;
    enum as_status (*give)(void *state, uint8_t *to, uint32_t *n, struct as_err *err);
    enum as_status (*take)(void *state, const uint8_t *bytes, uint32_t n, struct as_err *err);
};
enum as_status as_comm_relay(struct as_comm *comm, const struct as_relay *relay,
                             struct as_err *err) AS_MUST_CHECK;

/*
 * Messages for the event loop, never blocking.
 */
/* Copies the bytes (at most 2^31 - 1) and starts sending them to rank `to`, which may be this one.
 * The messages of one rank to another come in order.                                            */
enum as_status as_comm_post(struct as_comm *comm, int to, const void *bytes, uint32_t n,
                            struct as_err *err) AS_MUST_CHECK;
/* The next message that has come: malloc'd *bytes, sender and length.  AS_END: none now. */
enum as_status as_comm_poll(struct as_comm *comm, int *from, uint8_t **bytes, uint32_t *n,
                            struct as_err *err) AS_MUST_CHECK;
/* True while posted messages are still under way. */
bool as_comm_busy(struct as_comm *comm);

#endif
