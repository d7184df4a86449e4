/* claims.c - lots in order of size, handed out singly or in batches.
 *
 * Guided self-scheduling (Polychronopoulos and Kuck, IEEE Trans. Computers C-36,
 * 1987, 1425-1439): a claim gets a fixed part of a fair share of the rest.  The
 * constants are from tests/sim_cluster.c, see datasets/results/simulator.md.     */
#include "claims.h"

#include <stdlib.h>

/* So many ranks are answered one lot at a time; a batch has at most the fourth part of a
 * fair share of the lots: what bytes do not tell of costs must not hold many others up;
 * rank 0 hears of finished lots so often at most.                                  */
enum { RANKS_SINGLY = 64, PART = 4, TELLS_PER_S = 500 };

struct lot {
    uint64_t bytes, number;
};

struct as_claims {
    struct lot *order;                 /* not finished at the start, largest first */
    uint64_t norder, next, bytes_next; /* the first nobody has; bytes from there on */
    uint64_t *bytes;                   /* [n] */
    bool *done;                        /* [n] */
    uint64_t n, left, bytes_left;
};

static int larger_first(const void *a, const void *b)
{
    const struct lot *x = a, *y = b;

    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

enum as_status as_claims_new(struct as_claims **c, const uint64_t *bytes, const bool *done,
                             uint64_t n, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_claims *x = calloc(1, sizeof *x);

    *c = NULL;
    if (x == NULL || (x->order = calloc(n + 1, sizeof *x->order)) == NULL ||
        (x->bytes = calloc(n + 1, sizeof *x->bytes)) == NULL ||
        (x->done = calloc(n + 1, sizeof *x->done)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for %llu lots", (unsigned long long)n);
    x->n = n;
    for (uint64_t i = 0; i < n; i++) {
        x->bytes[i] = bytes[i];
        x->done[i] = done && done[i];
        if (x->done[i])
            continue;
        x->order[x->norder++] = (struct lot){bytes[i], i};
        x->bytes_left += bytes[i];
    }
    x->left = x->norder;
    x->bytes_next = x->bytes_left;
    qsort(x->order, x->norder, sizeof *x->order, larger_first);
    *c = x;
    x = NULL;
done:
    as_claims_free(x);
    return status;
}

void as_claims_free(struct as_claims *c)
{
    if (c) {
        free(c->order);
        free(c->bytes);
        free(c->done);
    }
    free(c);
}

/* Lots of the next answer at most, by their number. */
static uint64_t batch(const struct as_claims *c, uint64_t ranks)
{
    uint64_t most = (ranks + RANKS_SINGLY - 1) / RANKS_SINGLY;
    uint64_t fair = (c->norder - c->next) / (PART * ranks);

    if (c->next < ranks)
        return 1; /* the largest lots begin at once, each in a rank of its own */
    most = most < fair ? most : fair;
    return most < AS_CLAIM_MAX ? most : AS_CLAIM_MAX;
}

uint32_t as_claims_take(struct as_claims *c, uint32_t ranks, uint64_t *lot)
{
    uint64_t most = batch(c, ranks ? ranks : 1), bytes = 0;
    uint64_t bytes_most = c->bytes_next / (ranks ? ranks : 1);
    uint32_t n = 0;

    while (c->next < c->norder) {
        const struct lot *x = &c->order[c->next];
        if (n > 0 && (n >= most || bytes > bytes_most || x->bytes > bytes_most - bytes))
            break;
        bytes += x->bytes;
        lot[n++] = x->number;
        c->next++;
    }
    c->bytes_next -= bytes;
    return n;
}

uint64_t as_claims_free_lots(const struct as_claims *c)
{
    return c->norder - c->next;
}

double as_claims_tell_after(uint32_t ranks)
{
    return ranks <= RANKS_SINGLY ? 0 : (double)ranks / TELLS_PER_S;
}

uint64_t as_claims_drop(struct as_claims *c, uint64_t most)
{
    uint64_t n = 0;

    for (; c->next < c->norder && c->order[c->next].bytes > most; c->next++) {
        c->bytes_next -= c->order[c->next].bytes;
        n++;
    }
    return n;
}

enum as_status as_claims_done(struct as_claims *c, uint64_t lot)
{
    if (lot >= c->n)
        return AS_EBUG;
    if (c->done[lot])
        return AS_OK;
    c->done[lot] = true;
    c->left--;
    c->bytes_left -= c->bytes[lot];
    return AS_OK;
}

uint64_t as_claims_left(const struct as_claims *c)
{
    return c->left;
}

uint64_t as_claims_bytes_left(const struct as_claims *c)
{
    return c->bytes_left;
}
