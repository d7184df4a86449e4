/* benchmark_audit.c - what tells the classes apart without looking at the pictures.
 *
 * A set whose altered pictures have another size, format, quality or length is solved by a look at
 * the file list, and a detector may have learnt no more than that.  So each such feature is made a
 * scorer: its values fall into at most BINS bins (equal numbers of items; formats are bins of their
 * own), and the score of an item is log (altered + 1/2) / (authentic + 1/2) of its bin, counted on
 * the groups of other FOLDS alone.  All features together: the sum.  A feature that says nothing
 * gets .5 or less.
 *
 * Leaks: items of different splits that have the same bytes, are near-copies by their PDQ codes (as
 * the case links them), or are of one group.
 *
 *  1. features   2. scores   3. audit   4. leaks                                        */
#include "benchmark_parts.h"

#include "../store/match.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BINS = 16, FOLDS = 5, FEW = 8 };
enum { FORMAT, WIDTH, HEIGHT, PIXELS, BYTES, BYTES_PER_PIXEL, QUALITY, FEATURES };

static const char *const NAMES[FEATURES + 1] = {
    "format", "width", "height", "pixels", "bytes", "bytes_per_pixel", "quality", "together"};

/* ---- 1. features ---- */

static double value_of(const struct as_bench_item *item, int feature)
{
    const double pixels = (double)item->w * item->h;

    switch (feature) {
    case FORMAT:
        return item->kind;
    case WIDTH:
        return item->w;
    case HEIGHT:
        return item->h;
    case PIXELS:
        return pixels;
    case BYTES:
        return (double)item->size;
    case BYTES_PER_PIXEL:
        return pixels > 0 ? (double)item->size / pixels : 0;
    default:
        return item->quality;
    }
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The bins of a feature on the sample: bin[n], by borders that fall between different values.
 * sorted: scratch [n]. */
static void make_bins(const struct as_benchmark *b, const struct as_sample *s, int feature,
                      double *sorted, uint16_t *bin)
{
    double border[BINS];
    uint16_t n = 0;

    for (uint32_t i = 0; i < s->n; i++)
        sorted[i] = value_of(&b->item[s->item[i]], feature);
    qsort(sorted, s->n, sizeof *sorted, ascending);
    for (uint32_t k = 1; k < BINS && feature != FORMAT; k++) {
        const double at = sorted[(uint64_t)s->n * k / BINS];
        if (at > sorted[0] && (n == 0 || at > border[n - 1]))
            border[n++] = at;
    }
    for (uint32_t i = 0; i < s->n; i++) {
        const double v = value_of(&b->item[s->item[i]], feature);
        bin[i] = 0;
        if (feature == FORMAT)
            bin[i] = (uint16_t)v;
        else
            while (bin[i] < n && v >= border[bin[i]])
                bin[i]++;
    }
}

/* ---- 2. scores ---- */

enum { BIN_ROOM = 256 }; /* of formats, too: their numbers are below */

/* Adds each item's log odds, learnt on other folds, to its score. */
static void add_odds(struct as_sample *s, const uint16_t *bin, double *score)
{
    static const double NONE = .5;
    double count[FOLDS + 1][2][BIN_ROOM], all[FOLDS + 1][2]; /* the last of all folds */

    memset(count, 0, sizeof count);
    memset(all, 0, sizeof all);
    for (uint32_t i = 0; i < s->n; i++) {
        const uint32_t fold = s->group[i] % FOLDS, at = bin[i] % BIN_ROOM;
        count[fold][s->label[i]][at]++;
        count[FOLDS][s->label[i]][at]++;
        all[fold][s->label[i]]++;
        all[FOLDS][s->label[i]]++;
    }
    for (uint32_t i = 0; i < s->n; i++) {
        const uint32_t fold = s->group[i] % FOLDS, at = bin[i] % BIN_ROOM;
        double odds = 0;
        for (int c = 0; c < 2; c++) {
            const double n = count[FOLDS][c][at] - count[fold][c][at] + NONE;
            odds += (c ? 1 : -1) * log(n / (all[FOLDS][c] - all[fold][c] + 2 * NONE));
        }
        score[i] += odds;
    }
}

/* ---- 3. audit ---- */

bool as_audit_is_loud(const struct as_audit *a)
{
    return a->n[0] >= FEW && a->n[1] >= FEW && a->auc.value > AS_AUDIT_LOUD && a->auc.low > .5;
}

static enum as_status audit_features(struct as_benchmark *b, const struct as_subset *of,
                                     struct as_sample *s, double *sorted, uint16_t *bin,
                                     double *together)
{
    enum as_status status = AS_OK;

    for (int f = 0; f <= FEATURES; f++) {
        struct as_audit *a = &b->audit[b->naudit];
        *a = (struct as_audit){.feature = NAMES[f], .of = *of};
        for (uint32_t i = 0; i < s->n; i++)
            a->n[s->label[i]]++;
        if (f < FEATURES) {
            memset(s->score, 0, s->n * sizeof *s->score);
            make_bins(b, s, f, sorted, bin);
            add_odds(s, bin, s->score);
            for (uint32_t i = 0; i < s->n; i++)
                together[i] += s->score[i];
        } else {
            memcpy(s->score, together, s->n * sizeof *s->score);
        }
        if ((status = as_sample_auc(s, b->o, &a->auc)) == AS_SKIP)
            return AS_OK;
        AS_TRY(status);
        b->naudit++;
    }
done:
    return status;
}

/* Items that were decoded: what is no picture has no size. */
static enum as_status audit_subset(struct as_benchmark *b, const struct as_subset *of)
{
    double *sorted = calloc((size_t)b->n + 1, sizeof *sorted);
    double *together = calloc((size_t)b->n + 1, sizeof *together);
    uint16_t *bin = calloc((size_t)b->n + 1, sizeof *bin);
    struct as_sample s;
    enum as_status status = as_sample_init(&s, b->n);

    if (!sorted || !together || !bin)
        status = AS_ENOMEM;
    AS_TRY(status);
    for (uint32_t i = 0; i < b->n; i++)
        if (as_subset_has(of, b->item[i].is) && b->item[i].w > 0)
            as_sample_add(&s, b, i, 0);
    AS_TRY(as_sample_done(&s));
    AS_TRY(audit_features(b, of, &s, sorted, bin, together));
done:
    as_sample_clear(&s);
    free(sorted);
    free(together);
    free(bin);
    return status;
}

enum as_status as_bench_audit(struct as_benchmark *b, struct as_err *err)
{
    enum as_status status = AS_OK;

    if ((b->audit = calloc((size_t)b->nsubsets * (FEATURES + 1) + 1, sizeof *b->audit)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the audit");
    for (uint32_t i = 0; i < b->nsubsets; i++)
        if (audit_subset(b, &b->subset[i]) != AS_OK)
            AS_FAIL(err, AS_ENOMEM, "no memory for the audit");
done:
    return status;
}

/* ---- 4. leaks ---- */

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
static enum as_status leaks_of_equals(struct as_benchmark *b, const struct as_bench_item **sorted,
                                      enum as_leak_kind kind,
                                      int (*order)(const void *, const void *),
                                      bool (*same)(const struct as_bench_item *,
                                                   const struct as_bench_item *))
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
