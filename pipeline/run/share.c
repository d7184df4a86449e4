/* share.c - lots dealt out to the shards of a job, the heaviest first. */
#include "share.h"

#include "../examine/slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRY_WEIGHT = 4096 }; /* an entry costs something even when it is empty */

enum as_status as_shard_parse(const char *text, struct as_shard *shard, struct as_err *err)
{
    enum as_status status = AS_OK;
    unsigned i = 0, n = 0;
    char again[32];

    *shard = (struct as_shard){0, 0};
    if (text[0] == 0)
        return AS_OK;
    if (sscanf(text, "%5u/%5u", &i, &n) != 2 || i < 1 || i > n || n > AS_SHARDS_MAX)
        AS_FAIL(err, AS_EUSAGE, "--shard is I/N with 1 <= I <= N <= %d, not \"%s\"", AS_SHARDS_MAX,
                text);
    snprintf(again, sizeof again, "%u/%u", i, n);
    if (strcmp(again, text) != 0)
        AS_FAIL(err, AS_EUSAGE, "--shard is I/N, such as 2/3, not \"%s\"", text);
    *shard = (struct as_shard){i, n};
done:
    return status;
}

struct load {
    uint64_t weight, number; /* of a lot, or what a shard has so far and which it is */
};

static uint64_t weight(const struct as_lot *lot)
{
    uint64_t entries = lot->mode == AS_READ_PART ? lot->count : lot->nfiles, w;

    if (__builtin_mul_overflow(entries, (uint64_t)ENTRY_WEIGHT, &w) ||
        __builtin_add_overflow(w, lot->bytes, &w))
        return UINT64_MAX; /* sizes are claims */
    return w;
}

static int heavier_first(const void *a, const void *b)
{
    const struct load *x = a, *y = b;

    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static bool lighter(const struct load *a, const struct load *b)
{
    return a->weight != b->weight ? a->weight < b->weight : a->number < b->number;
}

/* The heap is as it was but for its first, which got heavier. */
static void sink(struct load *heap, uint64_t n)
{
    for (uint64_t at = 0, child; (child = 2 * at + 1) < n; at = child) {
        struct load held = heap[at];
        child += child + 1 < n && lighter(&heap[child + 1], &heap[child]);
        if (lighter(&held, &heap[child]))
            return;
        heap[at] = heap[child];
        heap[child] = held;
    }
}

enum as_status as_share_others(const struct as_lot *lots, uint64_t nlots,
                               const struct as_shard *shard, bool *others)
{
    struct load *lot = calloc(nlots + 1, sizeof *lot);
    struct load *heap = calloc((size_t)shard->n + 1, sizeof *heap);
    enum as_status status = lot && heap ? AS_OK : AS_ENOMEM;

    if (status != AS_OK)
        goto done;
    for (uint64_t k = 0; k < nlots; k++)
        lot[k] = (struct load){weight(&lots[k]), k};
    qsort(lot, nlots, sizeof *lot, heavier_first);
    for (uint32_t s = 0; s < shard->n; s++)
        heap[s].number = s + 1; /* all empty, in order: a heap */
    for (uint64_t k = 0; k < nlots; k++) {
        others[lot[k].number] = heap[0].number != shard->i;
        if (__builtin_add_overflow(heap[0].weight, lot[k].weight, &heap[0].weight))
            heap[0].weight = UINT64_MAX;
        sink(heap, shard->n);
    }
done:
    free(lot);
    free(heap);
    return status;
}
