/* benchmark_altered.c - the same measures on altered copies of all pictures (--alter).
 *
 * A copy has the label, split and group of its picture; both classes are altered alike.  What a
 * detector decides by, its threshold and its calibration, stays that of the unaltered pictures.
 * The tables altered_*.csv are items.csv, metrics.csv and pixels.csv with a first column, "none"
 * for the pictures as they are.                                                           */
#include "benchmark_parts.h"

#include "lots.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    void (*put)(const struct as_benchmark *b, const char *first, FILE *f);
} TABLES[] = {
    {"altered_items.csv", as_bench_put_items},
    {"altered_metrics.csv", as_bench_put_metrics},
    {"altered_pixels.csv", as_bench_put_pixels},
};
enum { NTABLES = sizeof TABLES / sizeof *TABLES };

struct tables {
    FILE *f[NTABLES];
    char *path[NTABLES], *beside[NTABLES];
};

enum as_status as_bench_altered_init(struct as_benchmark *b, struct as_err *err)
{
    bool with[AS_ALTERATIONS_MAX];
    enum as_status status = AS_OK;

    AS_TRY(as_alterations_select(b->o->alter, with, err));
    b->altered = calloc(AS_ALTERATIONS_MAX, sizeof *b->altered);
    for (uint32_t a = 0; b->altered && as_alterations[a].name; a++)
        if (with[a])
            b->altered[b->naltered++].what = &as_alterations[a];
    const size_t n = (size_t)b->naltered * b->n;
    b->copy_row = malloc((n + 1) * sizeof *b->copy_row);
    if (b->altered == NULL || b->copy_row == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for altered pictures");
    for (size_t i = 0; i < n; i++)
        b->copy_row[i] = UINT64_MAX;
done:
    return status;
}

static enum as_status tables_open(struct tables *t, const char *output, struct as_err *err)
{
    enum as_status status = AS_OK;

    for (int k = 0; k < NTABLES; k++) {
        if (asprintf(&t->path[k], "%s/bench/%s", output, TABLES[k].name) < 0) {
            t->path[k] = NULL;
            AS_FAIL(err, AS_ENOMEM, "no memory for a path");
        }
        if ((t->f[k] = as_beside_open(t->path[k], &t->beside[k])) == NULL)
            AS_FAIL(err, AS_EIO, "cannot write %s: %s", t->path[k], strerror(errno));
    }
done:
    return status;
}

static void tables_put(struct tables *t, const struct as_benchmark *b, const char *first)
{
    for (int k = 0; k < NTABLES; k++)
        TABLES[k].put(b, first, t->f[k]);
}

/* Keeps the tables if all is `good`. */
static enum as_status tables_close(struct tables *t, bool good, struct as_err *err)
{
    enum as_status status = AS_OK;

    for (int k = 0; k < NTABLES; k++) {
        if (t->f[k]) {
            const enum as_status one =
                as_beside_close(t->f[k], good && !ferror(t->f[k]), t->beside[k], t->path[k], err);
            status = status == AS_OK ? one : status;
        }
        free(t->path[k]);
        free(t->beside[k]);
    }
    return status;
}

/* Measures the k-th sort of copies. */
static enum as_status measure_copies(struct as_benchmark *b, uint32_t k, struct tables *t,
                                     struct as_err *err)
{
    const struct as_options o = *b->o;
    struct as_options own = o;
    struct as_benchmark x = {.o = &own,
                             .manifest = b->manifest,
                             .store = b->store,
                             .models = b->models,
                             .n = b->n,
                             .subset = b->subset,
                             .nsubsets = b->nsubsets,
                             .clean = b,
                             .alteration = b->altered[k].what};
    enum as_status status = AS_OK;

    own.compare = "";
    x.item = calloc(b->n, sizeof *x.item);
    x.mapped = calloc(b->n, sizeof *x.mapped);
    if (x.item == NULL || x.mapped == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for %" PRIu32 " copies", b->n);
    AS_TRY(as_bench_scorers(&x, err));
    AS_TRY(as_bench_join_copies(&x, k, err));
    AS_TRY(as_bench_calibrate(&x, err));
    AS_TRY(as_bench_measure(&x, err));
    AS_TRY(as_bench_pixels(&x, err));
    tables_put(t, &x, b->altered[k].what->name);
    b->altered[k].measured = x.measured;
    b->altered[k].maps = x.maps;
    b->altered[k].nmaps = x.nmaps;
    x.measured = NULL;
    x.maps = NULL;
done:
    as_bench_clear_items(&x);
    return status;
}

enum as_status as_bench_altered(struct as_benchmark *b, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct tables t = {0};

    if (b->naltered == 0)
        return AS_OK;
    AS_TRY(tables_open(&t, b->o->output, err));
    tables_put(&t, b, "none");
    for (uint32_t k = 0; k < b->naltered; k++)
        AS_TRY(measure_copies(b, k, &t, err));
done:
    if (status == AS_OK)
        return tables_close(&t, true, err);
    (void)tables_close(&t, false, NULL);
    return status;
}
