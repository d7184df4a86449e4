/* comm.c - failures and collectives; the start is in comm_start.c.
 *
 * MPI counts are ints, so everything goes by pieces of at most 256 MiB, and no
 * step that can fail on one rank alone (memory) lies between two steps that
 * need all ranks: it is agreed on first.
 *
 * 1 failures   2 agreement   3 reductions   4 bytes to all   5 bytes to some
 * 6 relay                                                                          */
#include "comm.h"
#include "comm_mpi.h"
#include "comm_state.h"

#include "../log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_IO = 74 };

static _Noreturn void abort_of(MPI_Comm comm, int size, int code)
{
    as_log(AS_LOG_ERROR,
           "the run ends here; what was saved stays: run the same command again to go "
           "on, if need be on other nodes");
    if (size > 1)
        MPI_Abort(comm, code);
    _exit(code); /* alone there is nobody to tell, and MPI_Abort would print a page */
}

/* 1 failures --------------------------------------------------------------------- */

/* The others wait for this rank in a call that it will not make: all end now. */
static _Noreturn void end_all(const char *what, const char *text)
{
    int size = 1;

    as_log(AS_LOG_ERROR, "MPI failed to %s: %s", what, text);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    abort_of(MPI_COMM_WORLD, size, EXIT_IO);
}

enum as_status as_comm_check(int code, const char *what, struct as_err *err)
{
    enum as_status status = AS_OK;
    char text[MPI_MAX_ERROR_STRING] = "unknown error";
    int n = 0;

    int running = 0;

    if (code == MPI_SUCCESS)
        return AS_OK;
    MPI_Error_string(code, text, &n);
    MPI_Initialized(&running);
    if (running)
        end_all(what, text);
    AS_FAIL(err, AS_EIO, "MPI failed to %s: %s", what, text);
done:
    return status;
}

void as_comm_abort(struct as_comm *comm, int code)
{
    abort_of(comm ? comm->comm : MPI_COMM_NULL, as_comm_size(comm), code);
}

int as_comm_rank(const struct as_comm *comm)
{
    return comm ? comm->rank : 0;
}

int as_comm_size(const struct as_comm *comm)
{
    return comm ? comm->size : 1;
}

MPI_Comm as_comm_mpi(const struct as_comm *comm)
{
    return comm ? comm->comm : MPI_COMM_NULL;
}

void as_comm_set_piece(struct as_comm *comm, uint64_t bytes)
{
    comm->piece = bytes < 8 ? 8 : bytes > PIECE_BYTES ? PIECE_BYTES : bytes;
}

/* The length of the next piece of `left` bytes, as MPI wants it. */
static int piece_of(const struct as_comm *comm, uint64_t left)
{
    return (int)(left < comm->piece ? left : comm->piece);
}

/* 2 agreement ---------------------------------------------------------------------- */

/* What is said of a failure of which nobody said anything. */
static const char *unsaid(enum as_status status)
{
    return status == AS_ENOMEM ? "out of memory" : "a step failed and did not say why";
}

/* Gives every rank the report that rank `root` has. */
static enum as_status share_report(struct as_comm *comm, enum as_status worst, int root,
                                   struct as_err *err)
{
    struct {
        int32_t reason;
        char text[sizeof err->text];
    } wire = {0};
    enum as_status status = AS_OK;

    if (comm->rank == root && err != NULL) {
        wire.reason = (int32_t)err->reason;
        memcpy(wire.text, err->text, sizeof wire.text);
    }
    AS_TRY(as_comm_check(MPI_Bcast(&wire, (int)sizeof wire, MPI_BYTE, root, comm->comm),
                         "share an error", err));
    wire.text[sizeof wire.text - 1] = 0;
    if (comm->rank != root || err == NULL || err->text[0] == 0)
        as_fail(err, worst, (enum as_reason)wire.reason, __FILE__, __LINE__, "%s",
                wire.text[0] ? wire.text : unsaid(worst));
done:
    return status;
}

enum as_status as_comm_agree(struct as_comm *comm, enum as_status mine, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t key;

    if (comm == NULL || comm->size == 1) {
        if (mine != AS_OK && err != NULL && err->text[0] == 0)
            as_fail(err, mine, AS_REASON_NONE, __FILE__, __LINE__, "%s", unsaid(mine));
        return mine;
    }
    /* the largest key is the worst status, and of those the lowest rank */
    key = (uint64_t)mine << 32 | (UINT32_MAX - (uint32_t)comm->rank);
    AS_TRY(as_comm_check(MPI_Allreduce(MPI_IN_PLACE, &key, 1, MPI_UINT64_T, MPI_MAX, comm->comm),
                         "agree on a status", err));
    if (key >> 32 != AS_OK)
        AS_TRY(share_report(comm, (enum as_status)(key >> 32), (int)(UINT32_MAX - (uint32_t)key),
                            err));
    status = (enum as_status)(key >> 32);
done:
    return status;
}

/* 3 reductions ----------------------------------------------------------------------- */

static enum as_status reduce(struct as_comm *comm, uint64_t *v, int n, MPI_Op op)
{
    enum as_status status = AS_OK;
    int step;

    if (comm == NULL)
        return AS_OK;
    for (int i = 0; i < n; i += step) {
        step = piece_of(comm, (uint64_t)(n - i) * sizeof *v) / (int)sizeof *v;
        AS_TRY(as_comm_check(MPI_Allreduce(MPI_IN_PLACE, v + i, step, MPI_UINT64_T, op, comm->comm),
                             "reduce", NULL));
    }
done:
    return status;
}

enum as_status as_comm_sum(struct as_comm *comm, uint64_t *v, int n)
{
    return reduce(comm, v, n, MPI_SUM);
}

enum as_status as_comm_max(struct as_comm *comm, uint64_t *v, int n)
{
    return reduce(comm, v, n, MPI_MAX);
}

enum as_status as_comm_min(struct as_comm *comm, uint64_t *v, int n)
{
    return reduce(comm, v, n, MPI_MIN);
}

enum as_status as_comm_sum_to_0(struct as_comm *comm, int32_t *v, uint64_t n)
{
    enum as_status status = AS_OK;
    int step;

    if (comm == NULL)
        return AS_OK;
    for (uint64_t i = 0; i < n; i += (uint64_t)step) {
        step = piece_of(comm, (n - i) * sizeof *v) / (int)sizeof *v;
        AS_TRY(as_comm_check(MPI_Reduce(comm->rank == 0 ? MPI_IN_PLACE : v + i,
                                        comm->rank == 0 ? v + i : NULL, step, MPI_INT32_T, MPI_SUM,
                                        0, comm->comm),
                             "sum", NULL));
    }
done:
    return status;
}

enum as_status as_comm_exscan(struct as_comm *comm, const uint64_t *v, uint64_t *before, int n)
{
    enum as_status status = AS_OK;
    int step;

    for (int i = 0; i < n; i++)
        before[i] = 0; /* MPI leaves it undefined on rank 0 */
    if (comm == NULL)
        return AS_OK;
    for (int i = 0; i < n; i += step) {
        step = piece_of(comm, (uint64_t)(n - i) * sizeof *v) / (int)sizeof *v;
        AS_TRY(as_comm_check(MPI_Exscan(v + i, before + i, step, MPI_UINT64_T, MPI_SUM, comm->comm),
                             "scan", NULL));
    }
done:
    return status;
}

/* 4 bytes to all ----------------------------------------------------------------------- */

enum as_status as_comm_bcast(struct as_comm *comm, void *buf, uint64_t n, int root)
{
    enum as_status status = AS_OK;
    uint8_t *at = buf;

    if (comm == NULL)
        return AS_OK;
    while (n > 0) {
        int k = piece_of(comm, n);
        AS_TRY(as_comm_check(MPI_Bcast(at, k, MPI_BYTE, root, comm->comm), "broadcast", NULL));
        at += k;
        n -= (uint64_t)k;
    }
done:
    return status;
}

enum as_status as_comm_allgather(struct as_comm *comm, const void *mine, uint64_t n, void *all)
{
    enum as_status status = AS_OK;
    uint64_t size = (uint64_t)as_comm_size(comm);
    uint8_t *at = all;

    if (n == 0)
        return AS_OK;
    if (comm == NULL || n > comm->piece / size) {
        memmove(at + n * (uint64_t)as_comm_rank(comm), mine, n);
        for (uint64_t r = 0; r < size; r++)
            AS_TRY(as_comm_bcast(comm, at + r * n, n, (int)r));
        goto done;
    }
    AS_TRY(as_comm_check(MPI_Allgather(mine, (int)n, MPI_BYTE, all, (int)n, MPI_BYTE, comm->comm),
                         "gather", NULL));
done:
    return status;
}

enum as_status as_comm_node(struct as_comm *comm, const void *mine, uint32_t n, uint8_t **all,
                            int *ranks, int *me, struct as_err *err)
{
    enum as_status status = AS_OK;
    MPI_Comm here = MPI_COMM_NULL;

    *all = NULL;
    *ranks = 1;
    *me = 0;
    if (comm != NULL) {
        AS_TRY(as_comm_check(
            MPI_Comm_split_type(comm->comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here),
            "find the ranks of this node", err));
        MPI_Comm_size(here, ranks);
        MPI_Comm_rank(here, me);
    }
    *all = calloc((size_t)*ranks, n);
    status = *all ? AS_OK
                  : as_fail(err, AS_ENOMEM, AS_REASON_NONE, __FILE__, __LINE__,
                            "no memory for the ranks of this node");
    AS_TRY(as_comm_agree(comm, status, err));
    if (comm == NULL)
        memcpy(*all, mine, n);
    else
        AS_TRY(as_comm_check(MPI_Allgather(mine, (int)n, MPI_BYTE, *all, (int)n, MPI_BYTE, here),
                             "ask the ranks of this node", err));
done:
    if (here != MPI_COMM_NULL)
        MPI_Comm_free(&here);
    if (status != AS_OK) {
        free(*all);
        *all = NULL;
    }
    return status;
}

/* 5 bytes to some ------------------------------------------------------------------------ */

/* malloc of the sum of the lengths; AS_ENOMEM if there is no room or no such number. */
static enum as_status room_for(const uint64_t *len, int n, uint8_t **at, uint64_t *total,
                               struct as_err *err)
{
    enum as_status status = AS_OK;

    *total = 0;
    for (int i = 0; i < n; i++)
        if (__builtin_add_overflow(*total, len[i], total) || *total > PTRDIFF_MAX)
            AS_FAIL(err, AS_ENOMEM, "more bytes are to be received than there are addresses");
    *at = malloc(*total ? *total : 1);
    if (*at == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to receive %" PRIu64 " bytes", *total);
done:
    return status;
}

/*
 * One step of an exchange: sends to one rank while receiving from another, piece
 * by piece.  Piece i of step k meets piece i of step k on the other side, and all
 * ranks walk through the steps in the same order, so the rank that is farthest
 * behind can always go on.
 */
static enum as_status swap(struct as_comm *comm, int to, const uint8_t *send, uint64_t send_n,
                           int from, uint8_t *recv, uint64_t recv_n, struct as_err *err)
{
    enum as_status status = AS_OK;
    MPI_Request requests[2];

    while (send_n > 0 || recv_n > 0) {
        int out = piece_of(comm, send_n), in = piece_of(comm, recv_n), k = 0;
        if (in > 0)
            AS_TRY(as_comm_check(
                MPI_Irecv(recv, in, MPI_BYTE, from, TAG_DATA, comm->comm, &requests[k++]),
                "receive", err));
        if (out > 0)
            AS_TRY(as_comm_check(
                MPI_Isend(send, out, MPI_BYTE, to, TAG_DATA, comm->comm, &requests[k++]), "send",
                err));
        AS_TRY(as_comm_check(MPI_Waitall(k, requests, MPI_STATUSES_IGNORE), "exchange", err));
        send += out;
        send_n -= (uint64_t)out;
        recv += in;
        recv_n -= (uint64_t)in;
    }
done:
    return status;
}

static uint64_t sum_of(const uint64_t *len, int n)
{
    uint64_t sum = 0;

    for (int i = 0; i < n; i++)
        sum += len[i];
    return sum;
}

/* The steps of an exchange, after memory and lengths are known to be there. */
static enum as_status exchange_steps(struct as_comm *comm, const uint8_t *send,
                                     const uint64_t *to_len, uint8_t *recv,
                                     const uint64_t *from_len, struct as_err *err)
{
    enum as_status status = AS_OK;
    const int size = comm->size, rank = comm->rank;
    const uint64_t own_at = sum_of(to_len, rank);

    if (to_len[rank] > 0)
        memcpy(recv + sum_of(from_len, rank), send + own_at, to_len[rank]);
    for (int k = 1; k < size; k++) {
        int to = (rank + k) % size, from = (rank - k + size) % size;
        AS_TRY(swap(comm, to, send + sum_of(to_len, to), to_len[to], from,
                    recv + sum_of(from_len, from), from_len[from], err));
    }
done:
    return status;
}

enum as_status as_comm_exchange(struct as_comm *comm, const uint8_t *send, const uint64_t *to_len,
                                uint8_t **recv, uint64_t *from_len, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t total = 0;

    *recv = NULL;
    if (comm == NULL)
        from_len[0] = to_len[0];
    else
        AS_TRY(as_comm_check(
            MPI_Alltoall(to_len, 1, MPI_UINT64_T, from_len, 1, MPI_UINT64_T, comm->comm),
            "exchange lengths", err));
    status = room_for(from_len, as_comm_size(comm), recv, &total, err);
    AS_TRY(as_comm_agree(comm, status, err));
    if (comm == NULL && total > 0)
        memcpy(*recv, send, total);
    else if (comm != NULL)
        AS_TRY(exchange_steps(comm, send ? send : *recv, to_len, *recv, from_len, err));
done:
    if (status != AS_OK) {
        free(*recv);
        *recv = NULL;
    }
    return status;
}

enum as_status as_comm_gather(struct as_comm *comm, const void *mine, uint64_t n, uint8_t **all,
                              uint64_t *all_len, struct as_err *err)
{
    enum as_status status = AS_OK;
    const size_t size = (size_t)as_comm_size(comm);
    uint64_t *len = calloc(2 * size, sizeof *len);

    *all = NULL;
    *all_len = 0;
    if (len == NULL)
        status = as_fail(err, AS_ENOMEM, AS_REASON_NONE, __FILE__, __LINE__, "no memory to gather");
    AS_TRY(as_comm_agree(comm, status, err));
    len[0] = n;
    AS_TRY(as_comm_exchange(comm, mine, len, all, len + size, err));
    if (as_comm_rank(comm) == 0) {
        *all_len = sum_of(len + size, (int)size);
        goto done;
    }
    free(*all);
    *all = NULL;
done:
    free(len);
    return status;
}

/* 6 relay --------------------------------------------------------------------------------- */

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
