/* benchmark_confusion.c - who is called what: confusions of each group and each camera. */
#include "benchmark_parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_group(const void *a, const void *b)
{
    const struct as_bench_item *x = *(const struct as_bench_item *const *)a,
                               *y = *(const struct as_bench_item *const *)b;
    const int order = strcmp(x->is->group, y->is->group);

    return order ? order : (x > y) - (x < y);
}

static int by_camera(const void *a, const void *b)
{
    const struct as_bench_item *x = *(const struct as_bench_item *const *)a,
                               *y = *(const struct as_bench_item *const *)b;
    const int order = strcmp(x->is->camera, y->is->camera);

    return order ? order : (x > y) - (x < y);
}

static const struct {
    const char *name;
    int (*order)(const void *, const void *);
} BY[] = {{"group", by_group}, {"camera", by_camera}};

static const char *value_of(const struct as_bench_item *item, size_t by)
{
    return by == 0 ? item->is->group : item->is->camera;
}

/* Counts the items of one value, sorted[0 .. n-1]. */
static struct as_confusion count(const struct as_benchmark *b, const struct as_measured *m,
                                 const struct as_bench_item *const *sorted, uint32_t n,
                                 uint64_t *unscored)
{
    struct as_confusion c = {0};

    *unscored = 0;
    for (uint32_t i = 0; i < n; i++) {
        const float score = b->scorer[m->scorer].score[sorted[i] - b->item];
        const bool altered = sorted[i]->is->label != AS_LABEL_AUTHENTIC;
        const bool called = (double)score >= m->threshold;
        if (!as_subset_has(&m->of, sorted[i]->is))
            continue;
        if (isnan(score))
            ++*unscored;
        else
            ++*(altered ? called ? &c.tp : &c.fn : called ? &c.fp : &c.tn);
    }
    return c;
}

static void write_values(const struct as_benchmark *b, const struct as_measured *m, size_t by,
                         const struct as_bench_item *const *sorted, FILE *f)
{
    uint64_t unscored;

    for (uint32_t i = 0, n; i < b->n; i += n) {
        const char *value = value_of(sorted[i], by);
        for (n = 1; i + n < b->n && strcmp(value_of(sorted[i + n], by), value) == 0;)
            n++;
        const struct as_confusion c = count(b, m, sorted + i, n, &unscored);
        if (value[0] == '\0' || c.tp + c.fp + c.fn + c.tn + unscored == 0)
            continue;
        fprintf(f, "%s,%s,%s,", b->scorer[m->scorer].name, as_subset_split(&m->of), BY[by].name);
        as_manifest_field(f, value);
        fprintf(f, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n", c.tp, c.fp,
                c.fn, c.tn, unscored);
    }
}

enum as_status as_bench_write_confusion(const struct as_benchmark *b, FILE *f)
{
    const struct as_bench_item **sorted = calloc((size_t)b->n + 1, sizeof *sorted);

    if (sorted == NULL)
        return AS_ENOMEM;
    fputs("scorer,split,by,value,tp,fp,fn,tn,not_scored\n", f);
    for (size_t by = 0; by < sizeof BY / sizeof *BY; by++) {
        for (uint32_t i = 0; i < b->n; i++)
            sorted[i] = &b->item[i];
        qsort(sorted, b->n, sizeof *sorted, BY[by].order);
        for (uint32_t k = 0; k < b->nmeasured; k++) {
            const struct as_measured *m = &b->measured[k];
            if (m->defined && m->of.generator == NULL && m->of.split >= 0)
                write_values(b, m, by, (const struct as_bench_item *const *)sorted, f);
        }
    }
    free(sorted);
    return AS_OK;
}
