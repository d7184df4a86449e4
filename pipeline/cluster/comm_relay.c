/* comm_relay.c - what every rank has, piece by piece to rank 0. */
#include "comm.h"
#include "comm_state.h"

#include <stdlib.h>

/* Sends all that this rank gives, or on rank 0 takes it; an empty piece ends it. */
static enum as_status relay_own(struct as_comm *comm, const struct as_relay *relay, uint8_t *piece,
                                struct as_err *err)
{
    const bool first = as_comm_rank(comm) == 0;
    enum as_status status = AS_OK, sent = AS_OK;
    uint32_t n = 1;

    while (n > 0 && sent == AS_OK) {
        n = 0;
        if (status == AS_OK)
            status = relay->give(relay->state, piece, &n, err);
        n = status == AS_OK ? n : 0;
        if (first && n > 0)
            status = relay->take(relay->state, piece, n, err);
        else if (!first)
            sent = as_comm_check(MPI_Send(piece, (int)n, MPI_BYTE, 0, TAG_RELAY, comm->comm),
                                 "send", err);
    }
    return status > sent ? status : sent;
}

/* Takes all that a rank sends; after a failure only hears it out. */
static enum as_status relay_from(struct as_comm *comm, int rank, const struct as_relay *relay,
                                 uint8_t *piece, enum as_status status, struct as_err *err)
{
    enum as_status got = AS_OK;
    MPI_Status what;
    int n = 1;

    while (n > 0 && got == AS_OK) {
        got = as_comm_check(
            MPI_Recv(piece, AS_RELAY_BYTES, MPI_BYTE, rank, TAG_RELAY, comm->comm, &what),
            "receive", err);
        if (got == AS_OK)
            MPI_Get_count(&what, MPI_BYTE, &n);
        if (got == AS_OK && n > 0 && status == AS_OK)
            status = relay->take(relay->state, piece, (uint32_t)n, err);
    }
    return status > got ? status : got;
}

enum as_status as_comm_relay(struct as_comm *comm, const struct as_relay *relay, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint8_t *piece = malloc(AS_RELAY_BYTES);

    AS_TRY(as_comm_agree(comm, piece ? AS_OK : AS_ENOMEM, err));
    status = relay_own(comm, relay, piece, err);
    for (int r = 1; as_comm_rank(comm) == 0 && r < as_comm_size(comm); r++)
        status = relay_from(comm, r, relay, piece, status, err);
    status = as_comm_agree(comm, status, err);
done:
    free(piece);
    return status;
}
