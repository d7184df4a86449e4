/* search_origin_pairs.h - the state of comparing all pictures of a size.  For
 * search_origin_pairs.c and search_origin_multiply.c only. */
#ifndef AS_SEARCH_ORIGIN_PAIRS_H
#define AS_SEARCH_ORIGIN_PAIRS_H

#include "search_origin_parts.h"

#include <pthread.h>

enum {
    AS_PAIRING_TILE = 1024, /* samples: 1024 * 127 * 127 < 2^24 */
    AS_PAIRING_GROUP = 64,  /* pictures on each side of a product, at most */
    AS_PAIRING_THREADS = 64
};

struct as_pairing_own {
    uint64_t row;
    uint64_t at;   /* of o->pictures */
    uint32_t size; /* of o->size     */
    uint8_t place[AS_ORIGIN_PLACE];
};

/* What a block tells of a picture; its samples follow after all of these. */
struct as_pairing_traveller {
    uint64_t row, energy;
    uint8_t place[AS_ORIGIN_PLACE], pad[4];
};
struct as_pairing_head {
    uint32_t rank, size, n, pad;
    uint64_t first; /* among the sender's */
    struct as_pairing_traveller picture[AS_PAIRING_GROUP];
};

/* The best pairs of a picture, best first; of equal ones the lower row. */
struct as_pairing_list {
    uint32_t n;
    struct as_origin_pair best[AS_ORIGIN_MOST];
};

struct as_pairing;

/* A thread of a step. */
struct as_pairing_worker {
    pthread_t thread;
    struct as_pairing *p;
    uint64_t first, last; /* tiles */
    enum as_status status;
    float a[AS_PAIRING_GROUP * AS_PAIRING_TILE], b[AS_PAIRING_GROUP * AS_PAIRING_TILE],
        c[AS_PAIRING_GROUP * AS_PAIRING_GROUP];
    int64_t sum[AS_ORIGIN_TURNS][AS_PAIRING_GROUP * AS_PAIRING_GROUP];
};

struct as_pairing {
    struct as_origin_search *o;
    struct as_origin_eye eye;
    struct as_pairing_own *own; /* [n] by size, row */
    uint64_t n;
    /* in memory: */
    uint64_t held, held_end;
    int8_t **q;
    uint64_t *energy;
    struct as_pairing_list *list;
    /* blocks */
    uint64_t next;                      /* to be given */
    uint64_t block_bytes;               /* of samples; agreed on */
    const struct as_pairing_head *head; /* of the block at hand */
    const int8_t *planes;
    struct as_pairing_list *of_block; /* [AS_PAIRING_GROUP] */
    uint64_t group, group_end, last;  /* own pictures of its size */
    uint32_t turn;
    uint64_t tile;
    struct as_origin_view view;
    struct as_pairing_worker *worker; /* [nworkers] */
    uint32_t nworkers;
};

/* The next tiles of the group and orientation at hand, by all threads; the last step of an
 * orientation sets p->tile to 0.                                                   */
enum as_status as_pairing_multiply(struct as_pairing *p) AS_MUST_CHECK;

#endif
