/* parts.c - cutting large containers into lots. */
#include "parts.h"

#include <stdlib.h>
#include <string.h>

/* A zip or iso is entered by skipping entries, so each part costs a walk to its place. */
enum { ORDINAL_PARTS_MAX = 64 };

/* Rank 0 holds what readers tell of parts, so that is bounded by the size of the container: what
 * may be in it for each of its bytes, bytes that an entry takes at least; and of any one.  */
enum { SPREAD = 64, ENTRY_LEAST = 64, PARTS_MAX = 1 << 22 };

static bool candidate(const struct as_rank *r, const struct as_lot *l)
{
    return l->mode == AS_READ_FILES && l->nfiles == 1 && l->bytes >= 2 * r->options->lot_bytes;
}

enum as_status as_parts_candidates(const struct as_rank *r, struct as_lot **lots, uint64_t **index,
                                   uint64_t *n, struct as_err *err)
{
    enum as_status status = AS_OK;

    *n = 0;
    *lots = calloc(r->nlots + 1, sizeof **lots);
    *index = calloc(r->nlots + 1, sizeof **index);
    if (*lots == NULL || *index == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the lots");
    for (uint64_t i = 0; i < r->nlots; i++)
        if (candidate(r, &r->lots[i])) {
            (*lots)[*n] = r->lots[i];
            (*lots)[*n].mode = AS_READ_LIST;
            (*index)[(*n)++] = i;
        }
done:
    return status;
}

void as_parts_ask(struct as_work *work, const struct as_options *o)
{
    const uint64_t bytes = work->file[0].size, most = bytes / ENTRY_LEAST;
    const uint64_t entries = most < o->max_entries ? most : o->max_entries;
    struct as_read_lot *lot = &work->lot;

    lot->mode = AS_READ_LIST;
    lot->part_bytes = as_lot_grain(o->lot_bytes);
    lot->part_entries = as_lot_grain(o->lot_entries);
    lot->parts_most = SPREAD * (bytes / lot->part_bytes + 1) + entries / lot->part_entries;
    if (lot->parts_most > PARTS_MAX)
        lot->parts_most = PARTS_MAX;
}

static int by_lot_and_entry(const void *a, const void *b)
{
    const struct as_split *x = a, *y = b;

    if (x->lot != y->lot)
        return x->lot > y->lot ? 1 : -1;
    return (x->v[1] > y->v[1]) - (x->v[1] < y->v[1]);
}

/* The parts of one container, joined until there are few enough; returns how many. */
static uint64_t join_parts(struct as_split *s, uint64_t n)
{
    bool ordinal = n > 1 && s[n - 1].v[0] == 0;
    uint64_t each = ordinal ? (n + ORDINAL_PARTS_MAX - 1) / ORDINAL_PARTS_MAX : 1, k = 0;

    for (uint64_t i = 0; i < n; i++) {
        if (i % each == 0) {
            s[k++] = s[i];
        } else {
            s[k - 1].v[2] += s[i].v[2];
            s[k - 1].v[3] += s[i].v[3];
        }
    }
    return k;
}

/* A reader that died while listing told its parts twice. */
static uint64_t drop_twice(struct as_split *s, uint64_t n)
{
    uint64_t k = 0;

    for (uint64_t i = 0; i < n; i++)
        if (k == 0 || s[k - 1].lot != s[i].lot || s[k - 1].v[1] != s[i].v[1])
            s[k++] = s[i];
    return k;
}

/* A container that will meet a limit is walked whole: only one who reads all of it
 * can count what it unpacks to, and every run must stop at the same entry.        */
static bool within_limits(const struct as_rank *r, const struct as_lot *l,
                          const struct as_split *s, uint64_t n)
{
    const struct as_options *o = r->options;
    uint64_t bytes = 0, entries = 0;

    for (uint64_t i = 0; i < n; i++)
        if (__builtin_add_overflow(entries, s[i].v[2], &entries) ||
            __builtin_add_overflow(bytes, s[i].v[3], &bytes))
            return false;
    return entries < o->max_entries && bytes <= o->max_unpacked &&
           (o->max_ratio == 0 || bytes / o->max_ratio < l->bytes);
}

enum as_status as_parts_apply(struct as_rank *r, const uint64_t *index, uint64_t n,
                              struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_lot *lots = calloc(r->nlots + r->nsplits + n + 1, sizeof *lots);
    uint64_t k = 0, at = 0, c = 0;

    if (lots == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the lots");
    if (r->nsplits > 1)
        qsort(r->split, r->nsplits, sizeof *r->split, by_lot_and_entry);
    r->nsplits = drop_twice(r->split, r->nsplits);
    for (uint64_t i = 0; i < r->nlots; i++) {
        uint64_t from = at, parts;
        lots[k] = r->lots[i];
        if (c == n || index[c] != i) {
            k++;
            continue;
        }
        while (at < r->nsplits && r->split[at].lot == c)
            at++;
        c++;
        if (at - from <= 1 || !within_limits(r, &lots[k], r->split + from, at - from)) {
            k++;
            continue;
        }
        lots[k++].mode = AS_READ_WHOLE;
        parts = join_parts(r->split + from, at - from);
        for (uint64_t p = 0; p < parts; p++, k++) {
            const uint64_t *v = r->split[from + p].v;
            lots[k] = r->lots[i];
            lots[k].mode = AS_READ_PART;
            lots[k].offset = v[0];
            lots[k].first = v[1];
            lots[k].count = v[2];
            lots[k].bytes = v[3];
        }
    }
    free(r->lots);
    r->lots = lots;
    r->nlots = k;
done:
    return status;
}

/* The second reading of one large file, chunk by chunk. */
static uint64_t cut_chunks(const struct as_lot *lot, struct as_lot *to)
{
    uint64_t k = 0;

    for (uint64_t at = 0; at < lot->bytes; at += AS_CHUNK_BYTES, k++) {
        uint64_t n = lot->bytes - at < AS_CHUNK_BYTES ? lot->bytes - at : AS_CHUNK_BYTES;
        to[k] = *lot;
        to[k].offset = at;
        to[k].count = to[k].bytes = n;
    }
    return k;
}

enum as_status as_parts_recheck(const struct as_rank *r, struct as_lot **lots, uint64_t *n,
                                struct as_err *err)
{
    bool full = strcmp(r->options->recheck, "full") == 0;
    enum as_status status = AS_OK;
    uint64_t chunks = 0;

    *n = 0;
    for (uint64_t i = 0; i < r->nlots; i++)
        chunks += r->lots[i].mode == AS_READ_PART ? 0 : r->lots[i].bytes / AS_CHUNK_BYTES + 1;
    if ((*lots = calloc(chunks + 1, sizeof **lots)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the lots");
    for (uint64_t i = 0; i < r->nlots; i++) {
        const struct as_lot *l = &r->lots[i];
        if (l->mode == AS_READ_PART)
            continue;
        if (full && l->nfiles == 1 && l->bytes > AS_CHUNK_BYTES)
            *n += cut_chunks(l, *lots + *n);
        else
            (*lots)[(*n)++] = *l;
    }
done:
    return status;
}
