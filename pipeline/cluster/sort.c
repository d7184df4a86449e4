/* sort.c - sorting records over all ranks, and sending them to owners.
 *
 * Each rank sorts its own records in place; then all find together, for every
 * boundary between two shares, how many of each rank's records lie before it; one
 * exchange brings each share to its rank, which sorts it again.
 *
 * The boundaries are exact, unlike those of a sample sort: no share is larger than
 * its due even when all keys are equal, and nothing has to be moved again.  They
 * are found by quickselect over the ranks, all boundaries at once.  To make every
 * record different, its order is (bytes, rank, position there).
 *
 * 1 local sorting   2 boundaries   3 as_sort   4 as_scatter   5 as_deal            */
#include "sort.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
    REC_MAX_BYTES = 64 << 10,
    FEW = 12,             /* records that are sorted by insertion */
    DEAL_BYTES = 1 << 20, /* sent by a rank in one step          */
    PIVOT_RANK = 0,
    PIVOT_POS = 1,
    PIVOT_REC = 2
};

struct sorter {
    struct as_comm *comm;
    uint64_t rank, size;
    uint8_t *recs; /* own records, sorted */
    uint64_t n;
    size_t rec_size;
    /* per boundary b, that is, the start of share b + 1 */
    uint64_t *target;             /* its place in the whole order                             */
    uint64_t *lo, *hi;            /* between lo and hi of the own records lie before it       */
    uint64_t *width;              /* hi - lo                                                  */
    uint64_t *left, *left_before; /* the sum of all widths; that of lower ranks       */
    uint64_t *count;              /* records before the pivot: own, then all                  */
    uint64_t *own;                /* the same, own                                            */
    uint64_t *pivots;             /* [boundaries][pivot_words]: rank, position, record        */
    size_t pivot_words;
    uint64_t *to_len, *from_len; /* bytes per rank                                     */
};

/* 1 local sorting ------------------------------------------------------------------- */

/* splitmix64: any rank can compute which record is the next pivot. */
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static void swap(uint8_t *a, uint8_t *b, size_t n)
{
    uint8_t held[64];

    while (n > 0 && a != b) {
        size_t k = n < sizeof held ? n : sizeof held;
        memcpy(held, a, k);
        memcpy(a, b, k);
        memcpy(b, held, k);
        a += k;
        b += k;
        n -= k;
    }
}

static void sort_few(uint8_t *at, uint64_t n, size_t size)
{
    for (uint64_t i = 1; i < n; i++)
        for (uint8_t *r = at + i * size; r > at && memcmp(r - size, r, size) > 0; r -= size)
            swap(r - size, r, size);
}

/* Brings a record to its place, smaller ones before it; gives the place. */
static uint64_t part(uint8_t *at, uint64_t n, size_t size)
{
    uint64_t i = 0, j = n;

    swap(at, at + mix(n) % n * size, size);
    for (;;) {
        do
            i++;
        while (i < n && memcmp(at + i * size, at, size) < 0);
        do
            j--;
        while (memcmp(at + j * size, at, size) > 0);
        if (i >= j)
            break;
        swap(at + i * size, at + j * size, size);
    }
    swap(at, at + j * size, size);
    return j;
}

/* Quicksort, because the library's qsort may take as much memory again. */
static void sort_here(uint8_t *at, uint64_t n, size_t size)
{
    struct {
        uint8_t *at;
        uint64_t n;
    } later[64]; /* the larger parts: each is at most half of the one before */
    int top = 0;

    for (;;) {
        while (n > FEW) {
            uint64_t k = part(at, n, size), rest = n - k - 1;
            uint8_t *behind = at + (k + 1) * size;
            if (k > rest) {
                later[top].at = at;
                later[top++].n = k;
                at = behind;
                n = rest;
            } else {
                later[top].at = behind;
                later[top++].n = rest;
                n = k;
            }
        }
        sort_few(at, n, size);
        if (top == 0)
            return;
        at = later[--top].at;
        n = later[top].n;
    }
}

/* 2 boundaries ------------------------------------------------------------------------ */

static uint64_t share_start(uint64_t total, uint64_t size, uint64_t r)
{
    const uint64_t more = total % size;

    return r * (total / size) + (r < more ? r : more);
}

/* Records in [lo, hi) of the own ones that come before a pivot, plus lo. */
static uint64_t count_before(const struct sorter *s, uint64_t lo, uint64_t hi,
                             const uint64_t *pivot)
{
    const bool equal_too = s->rank < pivot[PIVOT_RANK];

    if (s->rank == pivot[PIVOT_RANK])
        return pivot[PIVOT_POS];
    while (lo < hi) {
        uint64_t mid = lo + (hi - lo) / 2;
        int c = memcmp(s->recs + mid * s->rec_size, pivot + PIVOT_REC, s->rec_size);
        if (c < 0 || (c == 0 && equal_too))
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* Gives all ranks, for each open boundary, one record of those still in question. */
static enum as_status choose_pivots(struct sorter *s, uint64_t round)
{
    enum as_status status = AS_OK;
    const uint64_t bounds = s->size - 1;

    AS_TRY(as_comm_exscan(s->comm, s->width, s->left_before, (int)bounds));
    memset(s->pivots, 0, bounds * s->pivot_words * sizeof *s->pivots);
    for (uint64_t b = 0; b < bounds; b++) {
        uint64_t *pivot = s->pivots + b * s->pivot_words;
        uint64_t at = s->left[b] ? mix(round * bounds + b) % s->left[b] : 0;
        if (at < s->left_before[b] || at - s->left_before[b] >= s->width[b])
            continue; /* another rank has it */
        pivot[PIVOT_RANK] = s->rank;
        pivot[PIVOT_POS] = s->lo[b] + (at - s->left_before[b]);
        memcpy(pivot + PIVOT_REC, s->recs + pivot[PIVOT_POS] * s->rec_size, s->rec_size);
    }
    /* only one rank has written each pivot: the sum is a broadcast of all of them */
    status = as_comm_sum(s->comm, s->pivots, (int)(bounds * s->pivot_words));
done:
    return status;
}

/* Keeps the records that can still be next to each boundary. */
static enum as_status narrow(struct sorter *s)
{
    enum as_status status = AS_OK;
    const uint64_t bounds = s->size - 1;

    for (uint64_t b = 0; b < bounds; b++)
        if (s->left[b] > 0)
            s->own[b] = count_before(s, s->lo[b], s->hi[b], s->pivots + b * s->pivot_words);
    memcpy(s->count, s->own, bounds * sizeof *s->count);
    AS_TRY(as_comm_sum(s->comm, s->count, (int)bounds));
    for (uint64_t b = 0; b < bounds; b++) {
        bool is_mine = s->pivots[b * s->pivot_words + PIVOT_RANK] == s->rank;
        if (s->left[b] == 0)
            continue;
        if (s->count[b] >= s->target[b])
            s->hi[b] = s->own[b];
        if (s->count[b] < s->target[b])
            s->lo[b] = s->own[b] + is_mine; /* the pivot itself lies before the boundary */
        else if (s->count[b] == s->target[b])
            s->lo[b] = s->own[b];
    }
done:
    return status;
}

/* Finds lo[b] == hi[b], how many of the own records lie before each boundary. */
static enum as_status find_boundaries(struct sorter *s)
{
    enum as_status status = AS_OK;
    const uint64_t bounds = s->size - 1;
    uint64_t total = s->n;

    AS_TRY(as_comm_sum(s->comm, &total, 1));
    for (uint64_t b = 0; b < bounds; b++) {
        s->target[b] = share_start(total, s->size, b + 1);
        s->hi[b] = s->n;
    }
    for (uint64_t round = 0;; round++) {
        uint64_t open = 0;
        for (uint64_t b = 0; b < bounds; b++)
            s->left[b] = s->width[b] = s->hi[b] - s->lo[b];
        AS_TRY(as_comm_sum(s->comm, s->left, (int)bounds));
        for (uint64_t b = 0; b < bounds; b++)
            open |= s->left[b];
        if (open == 0)
            break;
        AS_TRY(choose_pivots(s, round));
        AS_TRY(narrow(s));
    }
done:
    return status;
}

/* 3 as_sort ------------------------------------------------------------------------------- */

static enum as_status prepare(struct sorter *s, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t **const arrays[] = {&s->target,      &s->lo,    &s->hi,  &s->width,  &s->left,
                                 &s->left_before, &s->count, &s->own, &s->to_len, &s->from_len};

    s->pivot_words = PIVOT_REC + (s->rec_size + 7) / 8;
    if (s->size * s->pivot_words > INT_MAX)
        AS_FAIL(err, AS_EUSAGE, "records of %zu bytes are too long to sort", s->rec_size);
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        if ((*arrays[i] = calloc(s->size, sizeof **arrays[i])) == NULL)
            AS_FAIL(err, AS_ENOMEM, "no memory to sort on %" PRIu64 " ranks", s->size);
    s->pivots = calloc(s->size, s->pivot_words * sizeof *s->pivots);
    if (s->pivots == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to sort on %" PRIu64 " ranks", s->size);
    sort_here(s->recs, s->n, s->rec_size);
done:
    return status;
}

static void clear(struct sorter *s)
{
    uint64_t *const arrays[] = {s->target,      s->lo,    s->hi,  s->width,  s->left,
                                s->left_before, s->count, s->own, s->to_len, s->from_len};

    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        free(arrays[i]);
    free(s->pivots);
}

/* Brings each share to its rank and sorts it there. */
static enum as_status bring(struct sorter *s, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint8_t *came = NULL;

    for (uint64_t r = 0; r < s->size; r++) {
        uint64_t first = r > 0 ? s->lo[r - 1] : 0, last = r + 1 < s->size ? s->lo[r] : s->n;
        s->to_len[r] = (last - first) * s->rec_size;
    }
    AS_TRY(as_comm_exchange(s->comm, s->recs, s->to_len, &came, s->from_len, err));
    free(s->recs);
    s->recs = came;
    s->n = 0;
    for (uint64_t r = 0; r < s->size; r++)
        s->n += s->from_len[r] / s->rec_size;
    sort_here(s->recs, s->n, s->rec_size);
done:
    return status;
}

enum as_status as_sort(struct as_comm *comm, uint8_t **recs, uint64_t *n, uint32_t rec_size,
                       struct as_err *err)
{
    enum as_status status = AS_OK;
    struct sorter s = {.comm = comm,
                       .rank = (uint64_t)as_comm_rank(comm),
                       .size = (uint64_t)as_comm_size(comm),
                       .recs = *recs,
                       .n = *n,
                       .rec_size = rec_size};

    if (rec_size == 0 || rec_size > REC_MAX_BYTES)
        status = as_fail(err, AS_EUSAGE, AS_REASON_NONE, __FILE__, __LINE__,
                         "cannot sort records of %" PRIu32 " bytes", rec_size);
    else
        status = prepare(&s, err);
    AS_TRY(as_comm_agree(comm, status, err));
    if (s.size == 1)
        goto done;
    status = find_boundaries(&s);
    if (status != AS_OK)
        AS_FAIL(err, status, "MPI failed while records were sorted");
    AS_TRY(bring(&s, err));
done:
    clear(&s);
    *recs = s.recs;
    *n = s.n;
    return status;
}

/* 4 as_scatter ---------------------------------------------------------------------------- */

struct scatterer {
    uint8_t *send;               /* the records, by owner                  */
    uint64_t *to_len, *from_len; /* bytes per rank                         */
    uint64_t *at;                /* where the next record for a rank goes  */
    int *owners;                 /* of each record                         */
};

/* Asks for the owner of every record, and adds up what each gets. */
static enum as_status ask_owners(struct scatterer *s, const uint8_t *recs, uint64_t n,
                                 uint32_t rec_size, int size,
                                 int (*owner)(void *state, const void *rec), void *state,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;

    for (uint64_t i = 0; i < n; i++) {
        s->owners[i] = owner(state, recs + i * rec_size);
        if (s->owners[i] < 0 || s->owners[i] >= size)
            AS_FAIL(err, AS_EBUG, "a record was meant for rank %d of %d", s->owners[i], size);
        s->to_len[s->owners[i]] += rec_size;
    }
done:
    return status;
}

static enum as_status make_room(struct scatterer *s, uint64_t n, uint32_t rec_size, int size,
                                struct as_err *err)
{
    enum as_status status = AS_OK;

    if (rec_size == 0)
        AS_FAIL(err, AS_EUSAGE, "records of no bytes cannot be sent");
    s->to_len = calloc((size_t)size, sizeof *s->to_len);
    s->from_len = calloc((size_t)size, sizeof *s->from_len);
    s->at = calloc((size_t)size, sizeof *s->at);
    s->owners = calloc(n ? n : 1, sizeof *s->owners);
    s->send = calloc(n ? n : 1, rec_size);
    if (!s->to_len || !s->from_len || !s->at || !s->owners || !s->send)
        AS_FAIL(err, AS_ENOMEM, "no memory to send %" PRIu64 " records", n);
done:
    return status;
}

/* Puts the records in the order of their owners, keeping their own within each. */
static void order_by_owner(struct scatterer *s, const uint8_t *recs, uint64_t n, uint32_t rec_size,
                           int size)
{
    for (int r = 1; r < size; r++)
        s->at[r] = s->at[r - 1] + s->to_len[r - 1];
    for (uint64_t i = 0; i < n; i++) {
        memcpy(s->send + s->at[s->owners[i]], recs + i * rec_size, rec_size);
        s->at[s->owners[i]] += rec_size;
    }
}

enum as_status as_scatter(struct as_comm *comm, const void *recs, uint64_t n, uint32_t rec_size,
                          int (*owner)(void *state, const void *rec), void *state, uint8_t **out,
                          uint64_t *nout, struct as_err *err)
{
    const int size = as_comm_size(comm);
    struct scatterer s = {0};
    enum as_status status = make_room(&s, n, rec_size, size, err);

    *out = NULL;
    *nout = 0;
    if (status == AS_OK)
        status = ask_owners(&s, recs, n, rec_size, size, owner, state, err);
    AS_TRY(as_comm_agree(comm, status, err));
    order_by_owner(&s, recs, n, rec_size, size);
    AS_TRY(as_comm_exchange(comm, s.send, s.to_len, out, s.from_len, err));
    for (int r = 0; r < size; r++)
        *nout += s.from_len[r] / rec_size;
done:
    free(s.to_len);
    free(s.from_len);
    free(s.at);
    free(s.owners);
    free(s.send);
    return status;
}

/* 5 as_deal -------------------------------------------------------------------------------- */

/* Appends records to an array that grows by an eighth, so that little of it is unused. */
static bool append(uint8_t **all, uint64_t *n, uint64_t *cap, const uint8_t *recs, uint64_t more,
                   size_t rec_size)
{
    if (more > *cap - *n) {
        uint64_t want = *n + more + *n / 8;
        uint8_t *grown = reallocarray(*all, want, rec_size);
        if (grown == NULL)
            return false;
        *all = grown;
        *cap = want;
    }
    if (more > 0)
        memcpy(*all + *n * rec_size, recs, more * rec_size);
    *n += more;
    return true;
}

/* Drops the last records of an array, giving their memory back. */
static void shorten(uint8_t **recs, uint64_t n, size_t rec_size)
{
    uint8_t *less = n > 0 ? realloc(*recs, n * rec_size) : NULL;

    if (n == 0) {
        free(*recs);
        *recs = NULL;
    } else if (less != NULL) {
        *recs = less;
    }
}

enum as_status as_deal(struct as_comm *comm, uint8_t **recs, uint64_t *n, uint32_t rec_size,
                       int (*owner)(void *state, const void *rec), void *state, struct as_err *err)
{
    const uint64_t step = DEAL_BYTES / rec_size + 1;
    enum as_status status = AS_OK;
    uint64_t got = 0, cap = 0, came = 0, most;
    uint8_t *all = NULL, *in = NULL;

    for (;;) {
        const uint64_t k = *n < step ? *n : step;
        most = *n;
        AS_TRY(as_comm_max(comm, &most, 1));
        if (most == 0)
            break;
        AS_TRY(as_scatter(comm, *recs ? *recs + (*n - k) * rec_size : NULL, k, rec_size, owner,
                          state, &in, &came, err));
        *n -= k;
        shorten(recs, *n, rec_size);
        status = append(&all, &got, &cap, in, came, rec_size) ? AS_OK : AS_ENOMEM;
        AS_TRY(as_comm_agree(comm, status, err));
        free(in);
        in = NULL;
    }
    free(*recs);
    *recs = all;
    *n = got;
    all = NULL;
done:
    free(in);
    free(all);
    return status;
}
