/* summary.c - the counts of a case, gathered in one pass over its store. */
#include "summary.h"

#include <stdlib.h>
#include <string.h>

/* The group of (status, reason); NULL when there are too many. */
static struct as_group *group_of(struct as_summary *s, uint16_t status, uint16_t reason)
{
    for (size_t i = 0; i < s->ngroups; i++)
        if (s->group[i].status == status && s->group[i].reason == reason)
            return &s->group[i];
    if (s->ngroups == AS_SUMMARY_GROUPS)
        return NULL;
    s->group[s->ngroups].status = status;
    s->group[s->ngroups].reason = reason;
    return &s->group[s->ngroups++];
}

static enum as_status add_example(struct as_group *g, const struct as_row *row, struct as_err *err)
{
    enum as_status status = AS_OK;
    char *copy;

    if (g->nexamples == AS_SUMMARY_EXAMPLES)
        goto done;
    if ((copy = malloc((size_t)row->path.len + 1)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the summary");
    if (row->path.len > 0)
        memcpy(copy, row->path.at, row->path.len);
    g->id[g->nexamples] = row->id;
    g->path[g->nexamples++] = (struct as_text){copy, row->path.len};
done:
    return status;
}

static void check_order(struct as_summary *s, const struct as_row *row)
{
    bool first = s->rows == 0;
    bool next_item = row->part == 0 && row->id == (first ? 0 : s->last_id + 1);
    bool next_part = !first && row->id == s->last_id && row->part > s->last_part;

    if (!next_item && !next_part && s->misplaced++ == 0)
        s->first_misplaced = s->rows;
    s->last_id = row->id;
    s->last_part = row->part;
}

/* A duplicate repeats its original's row, and a known item keeps its own reason. */
static void check_reason(struct as_summary *s, const struct as_row *row)
{
    bool free_reason = row->status == AS_ITEM_DUPLICATE || row->status == AS_ITEM_KNOWN ||
                       row->reason == AS_REASON_NONE;

    if (!free_reason && as_reason_status(row->reason) != row->status && s->unfounded++ == 0)
        s->first_unfounded = row->id;
}

enum as_status as_summary_add(void *summary, const struct as_row *row, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_summary *s = summary;
    struct as_group *g;
    unsigned kind = row->kind < AS_SUMMARY_KINDS ? row->kind : 0;

    check_order(s, row);
    s->rows++;
    if (row->part != 0)
        goto done;
    s->items++;
    s->bytes += row->size;
    s->kind[kind]++;
    s->kind_bytes[kind] += row->size;
    for (unsigned b = 0; b < AS_FLAGS; b++)
        s->flag[b] += row->flags >> b & 1;
    check_reason(s, row);
    if (row->status >= AS_ITEM_STATUSES) {
        s->strange++;
        goto done;
    }
    s->status[row->status]++;
    if (row->status == AS_ITEM_DUPLICATE) {
        s->duplicate_bytes += row->size;
    } else if ((g = group_of(s, row->status, row->reason)) != NULL) {
        g->count++;
        g->bytes += row->size;
        AS_TRY(add_example(g, row, err));
    }
done:
    return status;
}

static int more_first(const void *a, const void *b)
{
    const struct as_group *x = a, *y = b;

    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return (x->reason > y->reason) - (x->reason < y->reason);
}

enum as_status as_summary_new(struct as_summary **s, struct as_store *store, struct as_err *err)
{
    enum as_status status = AS_OK;

    if ((*s = calloc(1, sizeof **s)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the summary");
    AS_TRY(as_store_each(store, as_summary_add, *s, err));
    qsort((*s)->group, (*s)->ngroups, sizeof *(*s)->group, more_first);
done:
    if (status != AS_OK) {
        as_summary_free(*s);
        *s = NULL;
    }
    return status;
}

void as_summary_free(struct as_summary *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->ngroups; i++)
        for (unsigned k = 0; k < s->group[i].nexamples; k++)
            free((char *)s->group[i].path[k].at);
    free(s);
}

bool as_summary_holds(const struct as_summary *s)
{
    uint64_t sum = 0;

    for (int i = 0; i < AS_ITEM_STATUSES; i++)
        sum += s->status[i];
    return sum == s->items && s->strange == 0;
}
