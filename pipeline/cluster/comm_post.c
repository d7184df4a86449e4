/* comm_post.c - messages for the event loop: post, poll, busy.
 *
 * A long message needs its sender's progress, and the sender may be asleep in
 * its own loop; so a receive is only tested, never waited for.  One message is
 * received at a time: that keeps the order of each sender and bounds the memory. */
#include "comm.h"
#include "comm_state.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static void list_init(struct as_posted_list *list)
{
    list->first = NULL;
    list->last = &list->first;
}

static void list_append(struct as_posted_list *list, struct as_posted *p)
{
    p->next = NULL;
    *list->last = p;
    list->last = &p->next;
}

/* Takes out the element that `at` points to. */
static struct as_posted *list_take(struct as_posted_list *list, struct as_posted **at)
{
    struct as_posted *p = *at;

    *at = p->next;
    if (list->last == &p->next)
        list->last = at;
    return p;
}

static void list_clear(struct as_posted_list *list)
{
    while (list->first != NULL)
        free(list_take(list, &list->first));
}

void as_comm_post_init(struct as_comm *comm)
{
    list_init(&comm->sends);
    list_init(&comm->own);
    comm->matched = MPI_MESSAGE_NULL;
    comm->receive = MPI_REQUEST_NULL;
}

/* Frees what has been sent. */
static enum as_status reap(struct as_comm *comm, struct as_err *err)
{
    enum as_status status = AS_OK;

    for (struct as_posted **at = &comm->sends.first; *at != NULL;) {
        int sent = 0;
        AS_TRY(as_comm_check(MPI_Test(&(*at)->request, &sent, MPI_STATUS_IGNORE), "send a message",
                             err));
        if (sent)
            free(list_take(&comm->sends, at));
        else
            at = &(*at)->next;
    }
done:
    return status;
}

enum as_status as_comm_post(struct as_comm *comm, int to, const void *bytes, uint32_t n,
                            struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_posted *p = NULL;

    if (comm == NULL || to < 0 || to >= comm->size || n > INT_MAX)
        AS_FAIL(err, AS_EBUG, "no message of %" PRIu32 " bytes can go to rank %d", n, to);
    p = malloc(sizeof *p + n);
    if (p == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for a message of %" PRIu32 " bytes", n);
    p->n = n;
    if (n > 0)
        memcpy(p->bytes, bytes, n);
    if (to == comm->rank) {
        list_append(&comm->own, p);
        p = NULL;
        goto done;
    }
    AS_TRY(reap(comm, err));
    AS_TRY(as_comm_check(
        MPI_Isend(p->bytes, (int)n, MPI_BYTE, to, TAG_MESSAGE, comm->comm, &p->request),
        "send a message", err));
    list_append(&comm->sends, p);
    p = NULL;
done:
    free(p);
    return status;
}

/* Hands over the oldest message of this rank to itself; AS_END: none. */
static enum as_status take_own(struct as_comm *comm, int *from, uint8_t **bytes, uint32_t *n,
                               struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_posted *p = comm->own.first;

    if (p == NULL)
        return AS_END;
    *bytes = malloc(p->n ? p->n : 1);
    if (*bytes == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for a message of %" PRIu32 " bytes", p->n);
    memcpy(*bytes, p->bytes, p->n);
    *from = comm->rank;
    *n = p->n;
    free(list_take(&comm->own, &comm->own.first));
done:
    return status;
}

/* Begins to receive the next message of any rank; AS_END: none has come. */
static enum as_status begin_receive(struct as_comm *comm, struct as_err *err)
{
    enum as_status status = AS_OK;
    int found = 1, n = 0;

    if (comm->matched == MPI_MESSAGE_NULL)
        AS_TRY(as_comm_check(MPI_Improbe(MPI_ANY_SOURCE, TAG_MESSAGE, comm->comm, &found,
                                         &comm->matched, &comm->matched_status),
                             "look for a message", err));
    if (!found)
        return AS_END;
    MPI_Get_count(&comm->matched_status, MPI_BYTE, &n);
    comm->receive_bytes = malloc(n > 0 ? (size_t)n : 1);
    if (comm->receive_bytes == NULL) /* it stays matched: the next poll tries again */
        AS_FAIL(err, AS_ENOMEM, "no memory for a message of %d bytes", n);
    comm->receive_n = (uint32_t)n;
    comm->receive_from = comm->matched_status.MPI_SOURCE;
    status =
        as_comm_check(MPI_Imrecv(comm->receive_bytes, n, MPI_BYTE, &comm->matched, &comm->receive),
                      "receive a message", err);
    comm->matched = MPI_MESSAGE_NULL;
done:
    return status;
}

/* Hands over the next message of another rank if it is all here; AS_END: not now. */
static enum as_status take_other(struct as_comm *comm, int *from, uint8_t **bytes, uint32_t *n,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;
    int here = 0;

    if (comm->receive_bytes == NULL)
        AS_TRY(begin_receive(comm, err));
    AS_TRY(as_comm_check(MPI_Test(&comm->receive, &here, MPI_STATUS_IGNORE), "receive a message",
                         err));
    if (!here)
        return AS_END;
    *from = comm->receive_from;
    *n = comm->receive_n;
    *bytes = comm->receive_bytes;
    comm->receive_bytes = NULL;
done:
    return status;
}

enum as_status as_comm_poll(struct as_comm *comm, int *from, uint8_t **bytes, uint32_t *n,
                            struct as_err *err)
{
    enum as_status status = AS_END;

    *bytes = NULL;
    *n = 0;
    *from = -1;
    if (comm == NULL)
        return AS_END;
    AS_TRY(reap(comm, err));
    /* in turns, so that a rank talking to itself still hears the others */
    status = comm->own_last ? AS_END : take_own(comm, from, bytes, n, err);
    comm->own_last = status == AS_OK;
    if (status == AS_END)
        status = take_other(comm, from, bytes, n, err);
    if (status == AS_END) {
        status = take_own(comm, from, bytes, n, err);
        comm->own_last = status == AS_OK;
    }
done:
    return status;
}

bool as_comm_busy(struct as_comm *comm)
{
    if (comm == NULL)
        return false;
    if (reap(comm, NULL) != AS_OK)
        return false; /* the next post or poll says what is wrong; waiting would not help */
    return comm->sends.first != NULL;
}

/* Throws away one message if there is one; false when MPI fails. */
static bool discard(struct as_comm *comm)
{
    uint8_t *bytes;
    uint32_t n;
    int from;
    enum as_status status = as_comm_poll(comm, &from, &bytes, &n, NULL);

    free(bytes);
    return status == AS_OK || status == AS_END;
}

void as_comm_post_drain(struct as_comm *comm)
{
    MPI_Request barrier = MPI_REQUEST_NULL;
    int all_sent = 0;

    list_clear(&comm->own);
    while (as_comm_busy(comm))
        if (!discard(comm))
            return;
    if (as_comm_check(MPI_Ibarrier(comm->comm, &barrier), "end", NULL) != AS_OK)
        return;
    while (!all_sent && discard(comm))
        if (as_comm_check(MPI_Test(&barrier, &all_sent, MPI_STATUS_IGNORE), "end", NULL) != AS_OK)
            return;
    while (comm->receive_bytes != NULL && discard(comm))
        ;
}
