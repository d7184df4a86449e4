/* benchmark_audit.c - what tells the classes apart without looking at the pictures.
 *
 * Each trivial feature (trivial.h) is a scorer, learnt on the groups of other FOLDS alone.  All
 * features together: the sum.  A feature that says nothing gets .5 or less.
 *
 * Leaks: items of different splits that have the same bytes, are near-copies by their PDQ codes (as
 * the case links them), or are of one group.
 *
 *  1. scores   2. audit   3. leaks                                                   */
#include "benchmark_parts.h"

#include "../store/match.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDS = 5 };

/* ---- 1. scores ---- */

/* What the audit of a subset needs for each of its items. */
struct audited {
    struct as_sample s;
    struct as_trivial *item;
    double *sorted, *together;
    uint16_t *bin;
    uint8_t *learnt;
};

/* Adds each item's log odds by a feature, learnt on other folds, to its score. */
static void add_odds(struct audited *a, int feature)
{
    double odds[AS_TRIVIAL_BINS];

    as_trivial_bins(a->item, a->s.n, feature, a->sorted, a->bin);
    for (uint32_t fold = 0; fold < FOLDS; fold++) {
        for (uint32_t i = 0; i < a->s.n; i++)
            a->learnt[i] = a->s.group[i] % FOLDS != fold;
        as_trivial_odds(a->bin, a->s.label, a->learnt, a->s.n, odds);
        for (uint32_t i = 0; i < a->s.n; i++)
            if (!a->learnt[i])
                a->s.score[i] += odds[a->bin[i]];
    }
}

/* ---- 2. audit ---- */

bool as_audit_is_loud(const struct as_audit *a)
{
    return as_trivial_is_loud(a->n[0], a->n[1], a->auc.value, a->auc.low);
}

/* Fills to[AS_TRIVIALS + 1]. */
static enum as_status audit_features(const struct as_benchmark *b, struct audited *a,
                                     struct as_audit *to)
{
    struct as_sample *s = &a->s;
    enum as_status status = AS_OK;

    for (int f = 0; f <= AS_TRIVIALS; f++) {
        to[f].feature = f < AS_TRIVIALS ? as_trivial_words[f] : "together";
        for (uint32_t i = 0; i < s->n; i++)
            to[f].n[s->label[i]]++;
        if (f < AS_TRIVIALS) {
            memset(s->score, 0, s->n * sizeof *s->score);
            add_odds(a, f);
            for (uint32_t i = 0; i < s->n; i++)
                a->together[i] += s->score[i];
        } else {
            memcpy(s->score, a->together, s->n * sizeof *s->score);
        }
        if ((status = as_sample_auc(s, b->o, &to[f].auc)) != AS_SKIP)
            AS_TRY(status);
        status = AS_OK;
    }
done:
    return status;
}

/* Items that were decoded: what is no picture has no size. */
static enum as_status audit_subset(const struct as_benchmark *b, const struct as_subset *of,
                                   struct as_audit *to)
{
    struct audited a = {.item = calloc((size_t)b->n + 1, sizeof *a.item),
                        .sorted = calloc((size_t)b->n + 1, sizeof *a.sorted),
                        .together = calloc((size_t)b->n + 1, sizeof *a.together),
                        .bin = calloc((size_t)b->n + 1, sizeof *a.bin),
                        .learnt = calloc((size_t)b->n + 1, 1)};
    enum as_status status = as_sample_init(&a.s, b->n);

    if (!a.item || !a.sorted || !a.together || !a.bin || !a.learnt)
        status = AS_ENOMEM;
    AS_TRY(status);
    for (uint32_t i = 0; i < b->n; i++)
        if (as_subset_has(of, b->item[i].is) && b->item[i].looks.w > 0) {
            a.item[a.s.n] = b->item[i].looks;
            as_sample_add(&a.s, b, i, 0);
        }
    AS_TRY(as_sample_done(&a.s));
    AS_TRY(audit_features(b, &a, to));
done:
    as_sample_clear(&a.s);
    free(a.item);
    free(a.sorted);
    free(a.together);
    free(a.bin);
    free(a.learnt);
    return status;
}

static enum as_status audit_one(void *state, uint32_t worker, uint64_t i, struct as_err *err)
{
    struct as_benchmark *b = state;
    struct as_audit *a = &b->audit[i * (AS_TRIVIALS + 1)];
    enum as_status status = AS_OK;

    (void)worker;
    for (int f = 0; f <= AS_TRIVIALS; f++)
        a[f].of = b->subset[i];
    if (audit_subset(b, &b->subset[i], a) != AS_OK)
        AS_FAIL(err, AS_ENOMEM, "no memory for the audit");
done:
    return status;
}

enum as_status as_bench_audit(struct as_benchmark *b, struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint32_t all = b->nsubsets * (AS_TRIVIALS + 1);

    if ((b->audit = calloc((size_t)all + 1, sizeof *b->audit)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the audit");
    AS_TRY(as_bench_share(b, b->nsubsets, audit_one, err));
    for (uint32_t i = 0; i < all; i++) /* where a class is missing there is nothing to say */
        if (!isnan(b->audit[i].auc.value))
            b->audit[b->naudit++] = b->audit[i];
done:
    return status;
}

/* ---- 3. leaks ---- */

const char *const as_leak_words[AS_LEAKS] = {"same", "near", "group"};

enum { LEAKS_MAX = 1 << 20 }; /* kept of them; all are counted */

static enum as_status add_leak(struct as_benchmark *b, uint32_t x, uint32_t y,
                               enum as_leak_kind kind, float value)
{
    b->leaks_of[kind]++;
    if (b->nleaks == LEAKS_MAX)
        return AS_OK;
    if ((b->nleaks & (b->nleaks - 1)) == 0) {
        struct as_leak *more = realloc(b->leak, (b->nleaks ? 2 * b->nleaks : 1) * sizeof *more);
        if (more == NULL)
            return AS_ENOMEM;
        b->leak = more;
    }
    b->leak[b->nleaks++] =
        (struct as_leak){.a = x < y ? x : y, .b = x < y ? y : x, .kind = kind, .value = value};
    return AS_OK;
}

static bool apart(const struct as_benchmark *b, uint32_t x, uint32_t y)
{
    return b->item[x].is->split != b->item[y].is->split;
}

static int by_bytes(const void *x, const void *y)
{
    const struct as_bench_item *a = *(const struct as_bench_item *const *)x,
                               *b = *(const struct as_bench_item *const *)y;
    const int order = memcmp(a->sha256, b->sha256, sizeof a->sha256);

    return order ? order : (a->is > b->is) - (a->is < b->is);
}

static int by_group(const void *x, const void *y)
{
    const struct as_bench_item *a = *(const struct as_bench_item *const *)x,
                               *b = *(const struct as_bench_item *const *)y;

    return a->is->group_number != b->is->group_number
               ? (a->is->group_number > b->is->group_number ? 1 : -1)
               : (a->is > b->is) - (a->is < b->is);
}

static bool same_bytes(const struct as_bench_item *a, const struct as_bench_item *b)
{
    return a->hashed && b->hashed && memcmp(a->sha256, b->sha256, sizeof a->sha256) == 0;
}

static bool same_group(const struct as_bench_item *a, const struct as_bench_item *b)
{
    return a->is->group_number == b->is->group_number;
}

/* Of each run of equals: its first item with the first of each other split. */
static enum as_status
leaks_of_equals(struct as_benchmark *b, const struct as_bench_item **sorted, enum as_leak_kind kind,
                int (*order)(const void *, const void *),
                bool (*same)(const struct as_bench_item *, const struct as_bench_item *))
{
    enum as_status status = AS_OK;
    uint32_t start = 0;
    bool seen[AS_SPLITS] = {false};

    for (uint32_t i = 0; i < b->n; i++)
        sorted[i] = &b->item[i];
    qsort(sorted, b->n, sizeof *sorted, order);
    for (uint32_t i = 0; i < b->n; i++) {
        if (i == 0 || !same(sorted[start], sorted[i])) {
            start = i;
            memset(seen, 0, sizeof seen);
        }
        if (!seen[sorted[i]->is->split] && start != i)
            AS_TRY(add_leak(b, (uint32_t)(sorted[start] - b->item), (uint32_t)(sorted[i] - b->item),
                            kind, 0));
        seen[sorted[i]->is->split] = true;
    }
done:
    return status;
}

struct by_row {
    uint64_t row;
    uint32_t item;
};

static int rows_ascending(const void *a, const void *b)
{
    const struct by_row *x = a, *y = b;

    return (x->row > y->row) - (x->row < y->row);
}

static enum as_status leaks_of_links(struct as_benchmark *b, struct as_err *err)
{
    struct by_row *at = calloc((size_t)b->n + 1, sizeof *at), *x, *y;
    enum as_status status = AS_OK;
    struct as_link link;

    if (at == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to look for leaks");
    for (uint32_t i = 0; i < b->n; i++)
        at[i] = (struct by_row){b->item[i].row, i};
    qsort(at, b->n, sizeof *at, rows_ascending);
    for (uint64_t i = 0; i < as_store_links(b->store); i++) {
        AS_TRY(as_store_link(b->store, i, &link, err));
        if (link.kind != AS_MATCH_CODE)
            continue;
        x = bsearch(&(struct by_row){.row = link.a}, at, b->n, sizeof *at, rows_ascending);
        y = bsearch(&(struct by_row){.row = link.b}, at, b->n, sizeof *at, rows_ascending);
        if (x && y && apart(b, x->item, y->item))
            AS_TRY(add_leak(b, x->item, y->item, AS_LEAK_NEAR, link.value));
    }
done:
    free(at);
    return status;
}

enum as_status as_bench_leaks(struct as_benchmark *b, struct as_err *err)
{
    const struct as_bench_item **sorted = calloc((size_t)b->n + 1, sizeof *sorted);
    enum as_status status = AS_OK;

    if (sorted == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to look for leaks");
    AS_TRY(leaks_of_equals(b, sorted, AS_LEAK_SAME, by_bytes, same_bytes));
    AS_TRY(leaks_of_links(b, err));
    AS_TRY(leaks_of_equals(b, sorted, AS_LEAK_GROUP, by_group, same_group));
done:
    free(sorted);
    return status;
}
