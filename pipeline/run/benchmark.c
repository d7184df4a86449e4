/* benchmark.c - a labelled set: run as a case, measured, written down. */
#include "benchmark_parts.h"

#include "../log.h"
#include "attempt.h"
#include "run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS_MIN = 100, DRAWS_MAX = 100000 };

/* What the audit and the search for leaks need runs as well. */
static enum as_status also_needed(const struct as_options *o, char **detectors, struct as_err *err)
{
    enum as_status status = AS_OK;

    if (asprintf(detectors, "%s%s", o->detectors, o->detectors[0] ? ",jpeg_tables,pdq" : "") < 0) {
        *detectors = NULL;
        AS_FAIL(err, AS_ENOMEM, "no memory for the names of the detectors");
    }
done:
    return status;
}

static bool has_masks(const struct as_manifest *m)
{
    for (uint64_t i = 0; i < m->n; i++)
        if (m->row[i].mask[0])
            return true;
    return false;
}

/* What can be wrong with the request is found before anything is examined. */
static enum as_status prepare(struct as_benchmark *b, const char *manifest, struct as_err *err)
{
    enum as_status status = AS_OK;

    if (b->o->draws < DRAWS_MIN || b->o->draws > DRAWS_MAX)
        AS_FAIL(err, AS_EUSAGE, "--draws is %d to %d", DRAWS_MIN, DRAWS_MAX);
    AS_TRY(as_manifest_read(&b->manifest, manifest, err));
    AS_TRY(as_manifest_check(&b->manifest, manifest, false, err));
    b->n = (uint32_t)b->manifest.n; /* it checks that */
    b->item = calloc(b->n, sizeof *b->item);
    b->mapped = calloc(b->n, sizeof *b->mapped);
    if (b->item == NULL || b->mapped == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for %" PRIu32 " items", b->n);
    AS_TRY(as_models_load(&b->models, err));
    AS_TRY(as_bench_scorers(b, err));
    AS_TRY(as_bench_compare_check(b, err));
    AS_TRY(as_bench_subsets(b, err));
    AS_TRY(as_bench_altered_init(b, err));
done:
    return status;
}

static void warn_of_missing(const struct as_benchmark *b)
{
    uint32_t missing = 0;

    for (uint32_t i = 0; i < b->n; i++)
        missing += b->item[i].row == UINT64_MAX;
    if (missing > 0)
        as_log(AS_LOG_WARN,
               "%" PRIu32 " of the %" PRIu32 " pictures of the manifest were not found: paths begin "
               "at its own folder, which must be readable; %s/bench/items.csv names them",
               missing, b->n, b->o->output);
}

static enum as_status work(struct as_benchmark *b, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_case kase = {0};

    AS_TRY(as_case_init(&kase, b->o->output, err));
    AS_TRY(as_store_open(&b->store, kase.results, err));
    snprintf(b->digest, sizeof b->digest, "%s", as_store_attr(b->store, "content_digest"));
    AS_TRY(as_bench_join(b, err));
    warn_of_missing(b);
    AS_TRY(as_bench_calibrate(b, err));
    AS_TRY(as_bench_measure(b, err));
    AS_TRY(as_bench_points(b, err));
    AS_TRY(as_bench_pixels(b, err));
    AS_TRY(as_bench_audit(b, err));
    AS_TRY(as_bench_leaks(b, err));
    AS_TRY(as_bench_write(b, err));
    AS_TRY(as_bench_altered(b, err));
done:
    as_case_clear(&kase);
    return status;
}

enum as_status as_benchmark_run(struct as_benchmark *b, const struct as_options *o,
                                const char *manifest, struct as_run_result *result,
                                struct as_err *err)
{
    struct as_options own = *o;
    enum as_status status = AS_OK;
    char *detectors = NULL;

    memset(b, 0, sizeof *b);
    memset(result, 0, sizeof *result);
    AS_TRY(also_needed(o, &detectors, err));
    own.detectors = detectors;
    b->o = &own;
    AS_TRY(prepare(b, manifest, err));
    own.lot_entries = own.lot_entries / (b->naltered + 1) + 1; /* a file is as much work as many */
    own.maps = o->maps || has_masks(&b->manifest);
    AS_TRY(as_run(&own, (int)b->manifest.nsources, b->manifest.source, result, err));
    if (result->me == 0)
        AS_TRY(work(b, err));
done:
    b->o = o;
    free(detectors);
    return status;
}

void as_bench_clear_items(struct as_benchmark *b)
{
    for (uint32_t i = 0; i < b->nscorers; i++) {
        free(b->scorer[i].score);
        free(b->scorer[i].llr);
        free(b->scorer[i].status);
        free(b->scorer[i].reason);
    }
    free(b->scorer);
    free(b->item);
    free(b->mapped);
    free(b->measured);
    free(b->maps);
}

void as_benchmark_clear(struct as_benchmark *b)
{
    as_bench_clear_items(b);
    as_models_clear(&b->models);
    as_store_close(b->store);
    as_manifest_clear(&b->manifest);
    free(b->subset);
    free(b->point);
    free(b->compared);
    for (uint32_t k = 0; k < b->naltered; k++) {
        free(b->altered[k].measured);
        free(b->altered[k].maps);
    }
    free(b->altered);
    free(b->copy_row);
    free(b->audit);
    free(b->leak);
    memset(b, 0, sizeof *b);
}
