/* runs.c - more records than fit into memory, sorted.
 *
 * Records gather in one buffer.  When it is full it is sorted and written to the
 * temporary file as a run; when all is in, the buffer is shared out among the runs,
 * which are merged through a heap as often as asked.  What fits into the buffer is
 * never written.                                                                */
#include "runs.h"

#include "../cluster/sort.h"
#include "nameless.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUNS_MAX = 4096, START = 1 << 12 };

/* A run, and what of it is in memory. */
struct run {
    uint64_t first, n; /* records of the file */
    uint64_t read;     /* of them             */
    uint8_t *buf;
    uint64_t at, held; /* records in buf */
};

struct as_runs {
    size_t size;
    uint64_t cap, room, n; /* records: most in memory; allocated; there */
    uint8_t *recs;
    char *beside;
    int fd;
    bool ended;
    uint64_t written; /* records in the file */
    struct run run[RUNS_MAX];
    uint32_t nruns;
    uint32_t heap[RUNS_MAX], nheap; /* runs that have records left, the least record first */
    bool taken;                     /* the first of the heap was given out                */
    uint64_t next;                  /* without runs: in recs */
};

enum as_status as_runs_new(struct as_runs **r, size_t rec_size, uint64_t memory, const char *beside,
                           struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_runs *made = calloc(1, sizeof *made);

    *r = NULL;
    if (made == NULL || (made->beside = strdup(beside)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to sort");
    if (rec_size == 0 || memory < AS_RUNS_MEMORY_MIN)
        AS_FAIL(err, AS_EUSAGE, "sorting takes at least %d bytes of memory", AS_RUNS_MEMORY_MIN);
    made->size = rec_size;
    made->cap = memory / rec_size;
    made->fd = -1;
    *r = made;
    made = NULL;
done:
    as_runs_free(made);
    return status;
}

void as_runs_free(struct as_runs *r)
{
    if (r == NULL)
        return;
    if (r->fd >= 0)
        close(r->fd);
    free(r->recs);
    free(r->beside);
    free(r);
}

static enum as_status write_all(struct as_runs *r, uint64_t from, const uint8_t *at, uint64_t n,
                                struct as_err *err)
{
    enum as_status status = AS_OK;

    while (n > 0) {
        ssize_t k = pwrite(r->fd, at, n, (off_t)from);
        if (k <= 0 && errno != EINTR)
            AS_FAIL(err, AS_EIO, "cannot write the temporary file beside %s: %s", r->beside,
                    k == 0 ? "no room" : strerror(errno));
        if (k > 0) {
            at += k;
            from += (uint64_t)k;
            n -= (uint64_t)k;
        }
    }
done:
    return status;
}

static enum as_status read_all(struct as_runs *r, uint64_t from, uint8_t *to, uint64_t n,
                               struct as_err *err)
{
    enum as_status status = AS_OK;

    while (n > 0) {
        ssize_t k = pread(r->fd, to, n, (off_t)from);
        if (k == 0 || (k < 0 && errno != EINTR))
            AS_FAIL(err, AS_EIO, "cannot read the temporary file beside %s: %s", r->beside,
                    k == 0 ? "it is short" : strerror(errno));
        if (k > 0) {
            to += k;
            from += (uint64_t)k;
            n -= (uint64_t)k;
        }
    }
done:
    return status;
}

static enum as_status sort_held(struct as_runs *r, struct as_err *err)
{
    return as_sort(NULL, &r->recs, &r->n, (uint32_t)r->size, err);
}

static enum as_status spill(struct as_runs *r, struct as_err *err)
{
    enum as_status status = AS_OK;

    if (r->nruns == RUNS_MAX)
        AS_FAIL(err, AS_ELIMIT, "more than %d runs to sort: give it more --memory", RUNS_MAX);
    if (r->fd < 0)
        AS_TRY(as_nameless_open(r->beside, &r->fd, err));
    AS_TRY(sort_held(r, err));
    AS_TRY(write_all(r, r->written * r->size, r->recs, r->n * r->size, err));
    r->run[r->nruns++] = (struct run){.first = r->written, .n = r->n};
    r->written += r->n;
    r->n = 0;
done:
    return status;
}

static enum as_status make_room(struct as_runs *r, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t room = r->room == 0 ? START : 2 * r->room;
    uint8_t *more;

    if (r->room == r->cap) {
        AS_TRY(spill(r, err));
        goto done;
    }
    room = room < r->cap ? room : r->cap;
    if ((more = reallocarray(r->recs, room, r->size)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for %" PRIu64 " records to sort", room);
    r->recs = more;
    r->room = room;
done:
    return status;
}

enum as_status as_runs_add(struct as_runs *r, const void *rec, struct as_err *err)
{
    enum as_status status = AS_OK;

    if (r->ended)
        AS_FAIL(err, AS_EBUG, "a record after the sorting");
    if (r->n == r->room)
        AS_TRY(make_room(r, err));
    memcpy(r->recs + r->n++ * r->size, rec, r->size);
done:
    return status;
}

/* Reads on in a run whose buffer is used up; at the end held is 0. */
static enum as_status refill(struct as_runs *r, struct run *run, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t share = r->cap / r->nruns, left = run->n - run->read;

    run->at = 0;
    run->held = left < share ? left : share;
    AS_TRY(read_all(r, (run->first + run->read) * r->size, run->buf, run->held * r->size, err));
    run->read += run->held;
done:
    return status;
}

static const uint8_t *head(const struct as_runs *r, uint32_t place)
{
    const struct run *run = &r->run[r->heap[place]];

    return run->buf + run->at * r->size;
}

static void sink(struct as_runs *r, uint32_t i)
{
    for (;;) {
        uint32_t least = i, left = 2 * i + 1;
        for (uint32_t c = left; c < left + 2 && c < r->nheap; c++)
            if (memcmp(head(r, c), head(r, least), r->size) < 0)
                least = c;
        if (least == i)
            return;
        uint32_t held = r->heap[i];
        r->heap[i] = r->heap[least];
        r->heap[least] = held;
        i = least;
    }
}

static enum as_status start_merge(struct as_runs *r, struct as_err *err)
{
    enum as_status status = AS_OK;

    r->nheap = 0;
    r->taken = false;
    for (uint32_t i = 0; i < r->nruns; i++) {
        r->run[i].read = 0;
        r->run[i].buf = r->recs + i * (r->cap / r->nruns) * r->size;
        AS_TRY(refill(r, &r->run[i], err));
        r->heap[r->nheap++] = i; /* no run is empty */
    }
    for (uint32_t i = r->nheap / 2; i-- > 0;)
        sink(r, i);
done:
    return status;
}

enum as_status as_runs_rewind(struct as_runs *r, struct as_err *err)
{
    enum as_status status = AS_OK;

    if (!r->ended && r->nruns == 0)
        AS_TRY(sort_held(r, err));
    if (!r->ended && r->nruns > 0 && r->n > 0)
        AS_TRY(spill(r, err));
    r->ended = true;
    r->next = 0;
    AS_TRY(start_merge(r, err));
done:
    return status;
}

enum as_status as_runs_next(struct as_runs *r, const uint8_t **rec, struct as_err *err)
{
    enum as_status status = AS_OK;

    if (r->nruns == 0) {
        *rec = r->recs + r->next * r->size;
        return r->next++ < r->n ? AS_OK : AS_END;
    }
    if (r->taken && r->nheap > 0) {
        struct run *run = &r->run[r->heap[0]];
        if (++run->at == run->held)
            AS_TRY(refill(r, run, err));
        if (run->held == 0)
            r->heap[0] = r->heap[--r->nheap];
        sink(r, 0);
    }
    r->taken = true;
    if (r->nheap == 0)
        return AS_END;
    *rec = head(r, 0);
done:
    return status;
}
