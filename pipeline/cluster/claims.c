/* claims.c - lots in order of size, handed out one by one. */
#include "claims.h"

#include <stdlib.h>

struct lot {
    uint64_t bytes, number;
};

struct as_claims {
    struct lot *order; /* not finished at the start, largest first */
    uint64_t norder, next;
    uint64_t *bytes; /* [n] */
    bool *done;      /* [n] */
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

bool as_claims_take(struct as_claims *c, uint64_t *lot)
{
    if (c->next == c->norder)
        return false;
    *lot = c->order[c->next++].number;
    return true;
}

uint64_t as_claims_drop(struct as_claims *c, uint64_t most)
{
    uint64_t n = 0;

    for (; c->next < c->norder && c->order[c->next].bytes > most; c->next++)
        n++;
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
