/* lost.c - contents whose residuals are lost: they are examined again.
 *
 * A search that cannot read a residual has its journal say so (AS_REC_LOST).  An attempt that
 * finds such records counts those contents as not examined, and the lots they were examined in as
 * not done, unless a later attempt left another residual of theirs.                        */
#include "lost.h"

#include "grow.h"

#include <stdlib.h>
#include <string.h>

struct scan {
    uint8_t type;                /* of the records to take                          */
    const struct as_lost *among; /* NULL: all; else those of these contents         */
    struct as_noise_record *rec; /* [n] */
    uint64_t n, cap;
};

static int by_sha(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

static int by_number(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

bool as_lost_content(const struct as_lost *l, const uint8_t sha[32])
{
    return l->n > 0 && bsearch(sha, l->sha, l->n, 32, by_sha) != NULL;
}

bool as_lost_lot(const struct as_lost *l, uint64_t lot)
{
    return l->nlots > 0 && bsearch(&lot, l->lot, l->nlots, sizeof lot, by_number) != NULL;
}

void as_lost_clear(struct as_lost *l)
{
    free(l->sha);
    free(l->lot);
    memset(l, 0, sizeof *l);
}

static enum as_status each(void *state, uint8_t type, const void *bytes, uint32_t n,
                           uint64_t offset)
{
    struct scan *s = state;

    (void)offset;
    if (as_stop_signal)
        return AS_ESTOP;
    if (type != s->type || n != sizeof *s->rec || (s->among && !as_lost_content(s->among, bytes)))
        return AS_OK;
    if (!as_grow((void **)&s->rec, s->n, &s->cap, sizeof *s->rec))
        return AS_ENOMEM;
    memcpy(&s->rec[s->n++], bytes, n);
    return AS_OK;
}

/* The records of all journals, on rank 0.  Collective. */
static enum as_status gather(struct scan *s, struct as_rank *r, char *const *names, size_t n,
                             struct as_err *err)
{
    enum as_status status = AS_OK;
    uint8_t *all = NULL;
    uint64_t len = 0;
    bool torn;

    for (size_t i = (size_t)r->me; i < n && status == AS_OK; i += (size_t)r->size)
        status = as_journal_scan(names[i], each, s, &torn, err);
    if (status == AS_ESTOP)
        status = as_fail(err, AS_ESTOP, AS_REASON_NONE, __FILE__, __LINE__,
                         "%s while journals were read", as_stop_why());
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_TRY(as_comm_gather(r->comm, s->rec, s->n * sizeof *s->rec, &all, &len, err));
    if (r->me == 0) {
        free(s->rec);
        s->rec = (struct as_noise_record *)(void *)all;
        s->n = len / sizeof *s->rec;
        all = NULL;
    }
done:
    free(all);
    return status;
}

/* Every rank gets the contents of rank 0. */
static enum as_status share(struct as_lost *l, struct as_rank *r, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_comm_bcast(r->comm, &l->n, sizeof l->n, 0));
    if (r->me != 0) {
        free(l->sha);
        l->sha = calloc(l->n + 1, 32);
    }
    AS_TRY(as_comm_agree(r->comm, l->sha ? AS_OK : AS_ENOMEM, err));
    AS_TRY(as_comm_bcast(r->comm, l->sha, l->n * 32, 0));
done:
    return status;
}

/* On rank 0: the contents that records are of, each once. */
static enum as_status take_contents(struct as_lost *l, const struct scan *lost)
{
    if ((l->sha = calloc(lost->n + 1, 32)) == NULL)
        return AS_ENOMEM;
    for (uint64_t i = 0; i < lost->n; i++)
        memcpy(l->sha + 32 * i, lost->rec[i].sha256, 32);
    qsort(l->sha, lost->n, 32, by_sha);
    for (uint64_t i = 0; i < lost->n; i++)
        if (l->n == 0 || memcmp(l->sha + 32 * (l->n - 1), l->sha + 32 * i, 32) != 0)
            memmove(l->sha + 32 * l->n++, l->sha + 32 * i, 32);
    return AS_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct as_noise_record *x = a, *y = b;

    if (x->attempt != y->attempt)
        return x->attempt < y->attempt ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

/* On rank 0: takes the contents away that have another residual, and finds the lots of the rest. */
static enum as_status spare(struct as_lost *l, struct scan *lost, const struct scan *places)
{
    uint8_t *left = calloc(l->n + 1, 1);
    uint64_t n = 0;

    l->lot = calloc(places->n + 1, sizeof *l->lot);
    if (left == NULL || l->lot == NULL) {
        free(left);
        return AS_ENOMEM;
    }
    qsort(lost->rec, lost->n, sizeof *lost->rec, by_place);
    for (uint64_t i = 0; i < places->n; i++) {
        const uint8_t *at = bsearch(places->rec[i].sha256, l->sha, l->n, 32, by_sha);
        if (at && !bsearch(&places->rec[i], lost->rec, lost->n, sizeof *lost->rec, by_place))
            left[(at - l->sha) / 32] = 1;
    }
    for (uint64_t i = 0; i < l->n; i++)
        if (!left[i])
            memmove(l->sha + 32 * n++, l->sha + 32 * i, 32);
    l->n = n;
    for (uint64_t i = 0; i < places->n; i++)
        if (as_lost_content(l, places->rec[i].sha256))
            l->lot[l->nlots++] = places->rec[i].lot;
    qsort(l->lot, l->nlots, sizeof *l->lot, by_number);
    free(left);
    return AS_OK;
}

enum as_status as_lost_find(struct as_lost *l, struct as_rank *r, struct as_err *err)
{
    struct scan lost = {.type = AS_REC_LOST}, places = {.type = AS_REC_NOISE, .among = l};
    enum as_status status = AS_OK;
    char **names = NULL;
    size_t n = 0;

    memset(l, 0, sizeof *l);
    if (r->keep.pixels == 0)
        return AS_OK;
    AS_TRY(as_rank_journals(r, &names, &n, err));
    AS_TRY(gather(&lost, r, names, n, err));
    AS_TRY(as_comm_agree(r->comm, r->me == 0 ? take_contents(l, &lost) : AS_OK, err));
    AS_TRY(share(l, r, err));
    if (l->n == 0)
        goto done;
    AS_TRY(gather(&places, r, names, n, err));
    AS_TRY(as_comm_agree(r->comm, r->me == 0 ? spare(l, &lost, &places) : AS_OK, err));
    AS_TRY(share(l, r, err));
done:
    free(lost.rec);
    free(places.rec);
    as_journal_list_free(names, n);
    return status;
}
