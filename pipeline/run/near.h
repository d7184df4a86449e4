/* near.h - near-copies: pictures whose PDQ codes differ in few bits, in any of the eight ways to
 * turn and mirror one of them.
 *
 * Pictures stay at the rank that has their rows; codes travel past them in blocks.  Each picture
 * keeps the nearest AS_NEAR_MOST codes, of equally near ones those with the lowest ids, so what is
 * found is the same for any number of ranks and any order.  Which pictures belong together comes of
 * all pairs within the radius (kin.h), not only of those that are kept.
 *
 * Memory: 44 bytes for each distinct picture, 128 more for those that have a near-copy, 0.2 MiB for
 * each thread and 3 MiB.                                                           */
#ifndef AS_NEAR_H
#define AS_NEAR_H

#include "../../kernels/search/hamming.h"
#include "../cluster/comm_ring.h"
#include "../row.h"
#include "kin.h"

enum {
    AS_NEAR_RADIUS = 31,  /* bits; as published with PDQ                      */
    AS_NEAR_QUALITY = 50, /* codes of less are not compared; likewise         */
    AS_NEAR_MOST = 16,    /* near-copies of a picture that are told           */
    AS_NEAR_MEAN = 4,     /* or fewer, so that there are no more for a picture in the mean */
    AS_NEAR_BLOCK = 32768 /* codes in a block, at most                        */
};

struct as_near {
    int pdq;       /* place in as_detectors[]; -1: no codes */
    uint64_t *id;  /* [n] ascending  */
    uint8_t *code; /* [n][32]        */
    uint64_t n, id_cap, code_cap;
    uint32_t *list; /* [n] 1 + place in best; 0: none yet; NULL before the first search */
    uint32_t most;  /* entries of a list: AS_NEAR_MOST, or fewer after as_near_trim */
    uint64_t *best; /* [nlists][most]: bits << 56 | id, ascending; UINT64_MAX: none */
    uint64_t nlists, best_cap;
};

struct as_rank;

/* Begins without pictures; with: [detectors] those of the case.  Local. */
void as_near_init(struct as_near *near, const bool *with);

/* Takes the picture of this row, unless it has no code worth comparing or is a copy.  In the order
 * of the rows.  Local.  AS_ENOMEM.                                                              */
enum as_status as_near_look(struct as_near *near, const struct as_row *row) AS_MUST_CHECK;

void as_near_clear(struct as_near *near);

/* Codes that travel: of ids below 2^56; codes[i] has id[i].  Ranks give blocks until they give
 * none. */
struct as_near_source {
    void *state;
    enum as_status (*give)(void *state, uint8_t codes[][AS_CODE256_BYTES], uint64_t *ids,
                           uint32_t *n, struct as_err *err);
    struct as_kin *kin;   /* ids are those of the pictures, none is compared with itself and those
                             within the radius are joined; NULL: of something else       */
    uint32_t threads;     /* that compare on this rank; 0: one                           */
    struct as_rank *tell; /* whose state is told now and then; NULL: nobody's            */
};

/* Shows all codes of all ranks to all pictures; afterwards each picture has those that are nearest.
 * Collective.  AS_ESTOP after a signal.                                                          */
enum as_status as_near_search(struct as_near *near, struct as_comm *comm,
                              const struct as_near_source *source,
                              struct as_err *err) AS_MUST_CHECK;

/* Leaves of each list the nearest 16, 8 or 4: as many as are, over all ranks, no more than
 * AS_NEAR_MEAN for each picture.  Collective; after the last search. */
enum as_status as_near_trim(struct as_near *near, struct as_comm *comm) AS_MUST_CHECK;

/* Code k of those near picture i, and in how many bits; false: there are not so many.  Local. */
bool as_near_found(const struct as_near *near, uint64_t i, uint32_t k, uint64_t *id,
                   uint32_t *bits);

/* The source of all pictures of the case themselves; *at, 0 to begin with, is where it stands.  */
struct as_near_own {
    const struct as_near *near;
    uint32_t block; /* codes; at most AS_NEAR_BLOCK */
    uint64_t at;
};
enum as_status as_near_give_own(void *own, uint8_t codes[][AS_CODE256_BYTES], uint64_t *ids,
                                uint32_t *n, struct as_err *err) AS_MUST_CHECK;

#endif
