/* vectors.h - rows of bytes that are near each other by their cosine, over all ranks.
 *
 * The rows that are searched are shared out over the ranks and their threads, packed once, or part
 * after part where memory does not hold a rank's share; queries travel past them in blocks, and
 * what is found goes back to the rank that asked.  Numbers are bytes and dimensions few, so every
 * dot product is a whole number below 2^53: what is found is the same for any number of ranks,
 * threads and parts.
 */
#ifndef AS_VECTORS_H
#define AS_VECTORS_H

#include "../cluster/comm_ring.h"

enum { AS_VECTORS_MOST = 16 }; /* rows near one query that are told */

/* This rank's share of the rows that are searched. */
struct as_vector_base {
    void *state;
    uint64_t n;
    uint32_t dim;
    const uint64_t *ids; /* [n] ascending; NULL: first, first + 1, ... */
    uint64_t first;
    /* Reads rows first .. first + n - 1 of the share, [n][dim].  From any thread. */
    enum as_status (*read)(void *state, uint64_t first, uint64_t n, uint8_t *to,
                           struct as_err *err);
};

/* What is asked, by this rank. */
struct as_vector_ask {
    const uint64_t *ids;    /* [n] ascending, each at one rank         */
    const uint8_t *queries; /* [n][dim]                                */
    uint64_t n;
    bool within;          /* a row with the query's id is the query, and is not told */
    float least;          /* cosine of what is told, > 0                  */
    uint64_t memory;      /* bytes for rows on this rank; 0: no limit     */
    uint32_t threads;     /* 0: one                                       */
    struct as_rank *tell; /* whose state is told now and then; NULL: nobody's */
};

/* Found for this rank's queries: of each query in the order of ids, the best AS_VECTORS_MOST, best
 * first, of equal cosines the lowest id. */
struct as_vector_found {
    uint8_t *rec;
    uint64_t n, cap;
};
struct as_vector_hit {
    uint64_t query, row;
    float cosine;
};

/* Collective.  AS_ESTOP after a signal; AS_EUSAGE: least is not above 0. */
enum as_status as_vectors_search(const struct as_vector_base *base, const struct as_vector_ask *ask,
                                 struct as_comm *comm, struct as_vector_found *found,
                                 struct as_err *err) AS_MUST_CHECK;

/* Hit i of those found.  Local. */
struct as_vector_hit as_vectors_hit(const struct as_vector_found *found, uint64_t i);

void as_vectors_clear(struct as_vector_found *found);

#endif
