/* comm_state.h - what a struct as_comm holds; for comm*.c only. */
#ifndef AS_COMM_STATE_H
#define AS_COMM_STATE_H

#include "comm.h"

#include <mpi.h>

enum { TAG_DATA = 1, TAG_MESSAGE = 2, TAG_RELAY = 3, TAG_RING = 4 };
enum { PIECE_BYTES = 256 << 20 }; /* MPI counts in ints */

/* A message that was posted: under way to another rank, or waiting here for this one. */
struct as_posted {
    struct as_posted *next;
    MPI_Request request;
    uint32_t n;
    uint8_t bytes[];
};

struct as_posted_list {
    struct as_posted *first, **last;
};

struct as_comm {
    MPI_Comm comm;
    int rank, size;
    uint64_t piece;              /* longest message of a collective                           */
    struct as_posted_list sends; /* still owned by MPI                                        */
    struct as_posted_list own;   /* from this rank to itself                                  */
    bool own_last;               /* the last message polled came from `own`: others are next  */
    MPI_Message matched;         /* taken from MPI's queue, not yet being received            */
    MPI_Status matched_status;
    MPI_Request receive; /* the one message being received, or MPI_REQUEST_NULL       */
    uint8_t *receive_bytes;
    uint32_t receive_n;
    int receive_from;
};

/* AS_OK, or AS_EIO when MPI could not be started.  Any later failure of MPI is told in its own
 * words and ends all ranks with 74: nothing can be agreed any more.                          */
enum as_status as_comm_check(int code, const char *what, struct as_err *err) AS_MUST_CHECK;

/* Readies the lists and requests of messages. */
void as_comm_post_init(struct as_comm *comm);

/* Throws away what comes until no rank has a message under way.  Collective. */
void as_comm_post_drain(struct as_comm *comm);

#endif
