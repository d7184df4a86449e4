/* comm_ring.c - blocks of bytes that travel round all ranks, while they are worked on. */
#include "comm_ring.h"

#include "comm_state.h"

#include <limits.h>
#include <stdlib.h>

struct round {
    struct as_comm *comm;
    const struct as_ring *ring;
    uint8_t *at[2];     /* the block being worked on, and the one that comes */
    uint32_t n;         /* bytes of the first                                */
    MPI_Request way[2]; /* of the block that comes, of the one that goes */
    MPI_Status what[2]; /* once both are there: a request tells it only once */
    bool there;
    enum as_status status; /* of this rank's calls */
};

/* Lets messages move on. */
static enum as_status move_on(struct round *r, struct as_err *err)
{
    enum as_status status = AS_OK;
    int there = 0;

    if (!r->there)
        status = as_comm_check(MPI_Testall(2, r->way, &there, r->what), "send a block", err);
    r->there |= there != 0;
    return status;
}

static enum as_status work(struct round *r, bool moving, struct as_err *err)
{
    enum as_status status = AS_OK, visit = r->status;

    for (uint32_t part = 0; visit == AS_OK && r->n > 0; part++) {
        visit = r->ring->visit(r->ring->state, r->at[0], r->n, part, err);
        if (moving)
            AS_TRY(move_on(r, err));
    }
    r->status = visit == AS_END ? AS_OK : visit;
done:
    return status;
}

/* Sends the block on and takes the next one, in the background; then works on it. */
static enum as_status step(struct round *r, struct as_err *err)
{
    const int size = r->comm->size, rank = r->comm->rank;
    enum as_status status = AS_OK;
    uint8_t *held;
    int n = 0;

    r->there = false;
    AS_TRY(as_comm_check(MPI_Irecv(r->at[1], (int)r->ring->block, MPI_BYTE,
                                   (rank + size - 1) % size, TAG_RING, r->comm->comm, &r->way[0]),
                         "receive a block", err));
    AS_TRY(as_comm_check(MPI_Isend(r->at[0], (int)r->n, MPI_BYTE, (rank + 1) % size, TAG_RING,
                                   r->comm->comm, &r->way[1]),
                         "send a block", err));
    AS_TRY(work(r, true, err));
    if (!r->there)
        AS_TRY(as_comm_check(MPI_Waitall(2, r->way, r->what), "send a block", err));
    AS_TRY(as_comm_check(MPI_Get_count(&r->what[0], MPI_BYTE, &n), "receive a block", err));
    held = r->at[0];
    r->at[0] = r->at[1];
    r->at[1] = held;
    r->n = (uint32_t)n;
done:
    return status;
}

/* One block of each rank; *more: whether any rank had one. */
static enum as_status one_round(struct round *r, bool *more, struct as_err *err)
{
    const int size = as_comm_size(r->comm);
    enum as_status status = AS_OK;
    uint64_t any;

    r->n = 0;
    r->status = r->ring->give(r->ring->state, r->at[0], &r->n, err);
    if (r->status != AS_OK)
        r->n = 0;
    AS_TRY(as_comm_agree(r->comm, r->status, err));
    any = r->n;
    AS_TRY(as_comm_max(r->comm, &any, 1));
    *more = any > 0;
    for (int s = 0; *more && s < size - 1; s++)
        AS_TRY(step(r, err));
    AS_TRY(work(r, false, err));
    AS_TRY(as_comm_agree(r->comm, r->status, err));
done:
    return status;
}

enum as_status as_comm_ring(struct as_comm *comm, const struct as_ring *ring, struct as_err *err)
{
    struct round r = {.comm = comm, .ring = ring, .way = {MPI_REQUEST_NULL, MPI_REQUEST_NULL}};
    enum as_status status = AS_OK;
    bool more = true;

    if (ring->block == 0 || ring->block > INT_MAX)
        AS_FAIL(err, AS_EUSAGE, "no ring of blocks of %u bytes", (unsigned)ring->block);
    for (int i = 0; i < 2; i++)
        if ((r.at[i] = malloc(ring->block)) == NULL)
            status = as_fail(err, AS_ENOMEM, AS_REASON_NONE, __FILE__, __LINE__,
                             "no memory for a block of %u bytes", (unsigned)ring->block);
    AS_TRY(as_comm_agree(comm, status, err));
    while (more)
        AS_TRY(one_round(&r, &more, err));
done:
    free(r.at[0]);
    free(r.at[1]);
    return status;
}
