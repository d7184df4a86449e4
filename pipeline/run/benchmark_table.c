/* benchmark_table.c - the one table: items of the manifest beside what the case says of them.
 *
 *  1. scorers   2. items   3. subsets                                               */
#include "benchmark_parts.h"

#include "../examine/unit.h"
#include "../media/sniff.h"
#include "../model.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. scorers ---- */

static enum as_status add_scorer(struct as_benchmark *b, uint16_t det, int measure,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_scorer *s, *more = realloc(b->scorer, (b->nscorers + 1) * sizeof *more);

    if (more == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the scorers");
    b->scorer = more;
    s = &b->scorer[b->nscorers++];
    *s = (struct as_scorer){.det = det, .measure = measure};
    snprintf(s->name, sizeof s->name, "%s%s%s", as_detectors[det]->name, measure < 0 ? "" : ".",
             measure < 0 ? "" : as_detectors[det]->measures[measure]);
    s->score = malloc(b->n * sizeof *s->score);
    s->llr = malloc(b->n * sizeof *s->llr);
    s->status = calloc(b->n, sizeof *s->status);
    s->reason = calloc(b->n, sizeof *s->reason);
    if (!s->score || !s->llr || !s->status || !s->reason)
        AS_FAIL(err, AS_ENOMEM, "no memory for %" PRIu32 " scores", b->n);
    for (uint32_t i = 0; i < b->n; i++)
        s->score[i] = s->llr[i] = NAN;
done:
    return status;
}

/* DETECTOR.MEASURE; false: there is no such thing. */
static bool find_measure(const char *word, size_t len, uint16_t *det, int *measure)
{
    const char *dot = memchr(word, '.', len);
    size_t n;

    for (*det = 0; dot && as_detectors[*det]; ++*det) {
        const struct as_detector *d = as_detectors[*det];
        n = (size_t)(dot - word);
        if (strlen(d->name) != n || memcmp(d->name, word, n) != 0)
            continue;
        n = len - n - 1;
        for (*measure = 0; *measure < (int)d->dim; ++*measure)
            if (strlen(d->measures[*measure]) == n &&
                memcmp(d->measures[*measure], dot + 1, n) == 0)
                return true;
    }
    return false;
}

/* A measure that is asked for twice is one scorer: their names are those of data sets. */
static bool has_scorer(const struct as_benchmark *b, uint16_t det, int measure)
{
    for (uint32_t k = 0; k < b->nscorers; k++)
        if (b->scorer[k].det == det && b->scorer[k].measure == measure)
            return true;
    return false;
}

static enum as_status add_measures(struct as_benchmark *b, const bool *with, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint16_t det;
    int measure;

    for (const char *p = b->o->measures; *p; p += strcspn(p, ","), p += *p == ',') {
        const size_t n = strcspn(p, ",");
        if (n == 0)
            continue;
        if (!find_measure(p, n, &det, &measure))
            AS_FAIL(err, AS_EUSAGE,
                    "--measure: nothing is called %.*s; assay list detectors NAME tells what a "
                    "detector measures, as DETECTOR.MEASURE",
                    (int)n, p);
        if (!with[det])
            AS_FAIL(err, AS_EUSAGE,
                    "--measure %.*s: that detector does not run; name it with "
                    "--detector",
                    (int)n, p);
        if (!has_scorer(b, det, measure))
            AS_TRY(add_scorer(b, det, measure, err));
    }
done:
    return status;
}

enum as_status as_bench_scorers(struct as_benchmark *b, struct as_err *err)
{
    enum as_status status = AS_OK;
    bool with[AS_DETECTORS_MAX];

    if (b->clean) {
        for (uint32_t k = 0; k < b->clean->nscorers; k++)
            AS_TRY(add_scorer(b, b->clean->scorer[k].det, b->clean->scorer[k].measure, err));
        goto done;
    }
    AS_TRY(as_detectors_select(b->o->detectors, with, err));
    for (uint16_t d = 0; as_detectors[d]; d++)
        if (with[d] && b->models.at[d])
            AS_TRY(add_scorer(b, d, -1, err));
    AS_TRY(add_measures(b, with, err));
done:
    return status;
}

/* ---- 2. items ---- */

static void take_scores(struct as_benchmark *b, uint32_t i, const struct as_row *row,
                        const float *score)
{
    const struct as_looks looks = as_row_looks(row);

    for (uint32_t k = 0; k < b->nscorers; k++) {
        struct as_scorer *s = &b->scorer[k];
        const struct as_det_row *d = &row->det[s->det];
        s->status[i] = d->status;
        s->reason[i] = d->reason;
        if (s->measure < 0) {
            s->score[i] = score[s->det];
            if (isnan(s->score[i]) || d->feat == NULL ||
                !as_model_llr(b->models.at[s->det], d->feat, s->score[i], &looks, &s->llr[i]))
                s->llr[i] = NAN;
        } else if (d->status == AS_DET_APPLIES && d->feat) {
            s->score[i] = d->feat[s->measure];
        }
    }
}

static void take_item(struct as_bench_item *item, const struct as_row *row, uint64_t at)
{
    item->row = at;
    item->status = row->status;
    item->reason = row->reason;
    item->looks = as_trivial_of(row);
    item->hashed = row->has_sha256;
    memcpy(item->sha256, row->sha256, sizeof item->sha256);
}

/* The run reads the models for itself. */
static enum as_status compare_models(const struct as_benchmark *b, struct as_err *err)
{
    const char *made = as_store_provenance(b->store);
    enum as_status status = AS_OK;

    for (uint32_t k = 0; k < b->nscorers; k++)
        if (b->scorer[k].measure < 0 && !strstr(made, b->models.sha256[b->scorer[k].det]))
            AS_FAIL(err, AS_EFORMAT, "the model of %s changed when the benchmark began: repeat it",
                    as_detectors[b->scorer[k].det]->name);
done:
    return status;
}

static void take_row(struct as_benchmark *b, uint32_t i, const struct as_row *row, uint64_t at,
                     const float *score)
{
    take_item(&b->item[i], row, at);
    b->mapped[i] = row->nmap > 0;
    take_scores(b, i, row, score);
}

/* Notes the row of PICTURE>>ALTERATION. */
static void take_copy(struct as_benchmark *b, struct as_row row, uint64_t at)
{
    const char *name = memrchr(row.path.at, '>', row.path.len);
    const uint32_t len = name ? (uint32_t)(row.path.at + row.path.len - ++name) : 0;
    const struct as_alteration *what = as_alteration_find(name, len);
    const struct as_labelled *is;

    if (row.path.len < len + 2 || what == NULL)
        return;
    row.path.len -= len + 2;
    if ((is = as_manifest_find(&b->manifest, &row)) == NULL)
        return;
    for (uint32_t k = 0; k < b->naltered; k++)
        if (b->altered[k].what == what)
            b->copy_row[(size_t)k * b->n + (uint32_t)(is - b->manifest.row)] = at;
}

enum as_status as_bench_join(struct as_benchmark *b, struct as_err *err)
{
    enum as_status status = AS_OK;
    float score[AS_DETECTORS_MAX];
    struct as_row row;

    AS_TRY(compare_models(b, err));
    for (uint32_t i = 0; i < b->n; i++)
        b->item[i] = (struct as_bench_item){.is = &b->manifest.row[i], .row = UINT64_MAX};
    for (uint64_t r = 0; r < as_store_items(b->store); r++) {
        AS_TRY(as_store_row(b->store, r, &row, score, err));
        if (row.flags & AS_FLAG_ALTERED)
            take_copy(b, row, r);
        const struct as_labelled *is = row.part == 0 ? as_manifest_find(&b->manifest, &row) : NULL;
        if (is == NULL)
            continue;
        take_row(b, (uint32_t)(is - b->manifest.row), &row, r, score);
    }
done:
    return status;
}

enum as_status as_bench_join_copies(struct as_benchmark *b, uint32_t k, struct as_err *err)
{
    const uint64_t *copy_row = b->clean->copy_row + (size_t)k * b->n;
    enum as_status status = AS_OK;
    float score[AS_DETECTORS_MAX];
    struct as_row row;

    for (uint32_t i = 0; i < b->n; i++) {
        b->item[i] = (struct as_bench_item){.is = &b->manifest.row[i], .row = UINT64_MAX};
        if (copy_row[i] == UINT64_MAX)
            continue;
        AS_TRY(as_store_row(b->store, copy_row[i], &row, score, err));
        take_row(b, i, &row, copy_row[i], score);
    }
done:
    return status;
}

const char *as_scorer_why(const struct as_benchmark *b, const struct as_scorer *s, uint32_t i)
{
    const struct as_bench_item *item = &b->item[i];
    const char *text = as_reason_text(item->reason);

    if (!isnan(s->score[i]))
        return "";
    if (item->row == UINT64_MAX)
        return b->clean ? "no picture to be altered" : "there is no such file";
    if (s->status[i] == AS_DET_NOT_RUN)
        return text[0] ? text : "not decoded";
    if (s->status[i] == AS_DET_ERROR)
        return "the detector failed";
    return as_det_reason(as_detectors[s->det], s->reason[i]);
}

/* ---- 3. subsets ---- */

bool as_subset_has(const struct as_subset *of, const struct as_labelled *row)
{
    if (of->split >= 0 && row->split != of->split)
        return false;
    return of->generator == NULL || row->label == AS_LABEL_AUTHENTIC ||
           strcmp(row->generator, of->generator) == 0;
}

const char *as_subset_split(const struct as_subset *of)
{
    return of->split < 0 ? "all" : of->split == AS_SPLIT_NONE ? "-" : as_split_words[of->split];
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of the generators, each once, those without a name as one; n of them. */
static enum as_status list_generators(const struct as_benchmark *b, const char ***name, uint32_t *n,
                                      struct as_err *err)
{
    enum as_status status = AS_OK;
    uint32_t all = 0, kept = 0;

    *n = 0;
    if ((*name = calloc(b->n + 1, sizeof **name)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the generators");
    for (uint32_t i = 0; i < b->n; i++)
        if (b->manifest.row[i].label != AS_LABEL_AUTHENTIC)
            (*name)[all++] = b->manifest.row[i].generator;
    qsort(*name, all, sizeof **name, by_text);
    for (uint32_t i = 0; i < all; i++)
        if (kept == 0 || strcmp((*name)[kept - 1], (*name)[i]) != 0)
            (*name)[kept++] = (*name)[i];
    *n = kept;
done:
    return status;
}

enum { GENERATORS_MAX = 1000 };

enum as_status as_bench_subsets(struct as_benchmark *b, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint32_t names = 0, splits = 0;
    const char **name = NULL;
    bool has[AS_SPLITS] = {false};

    for (uint32_t i = 0; i < b->n; i++)
        has[b->manifest.row[i].split] = true;
    for (int s = 0; s < AS_SPLITS; s++)
        splits += has[s];
    AS_TRY(list_generators(b, &name, &names, err));
    if (names > GENERATORS_MAX)
        AS_FAIL(err, AS_EUSAGE,
                "the manifest names %" PRIu32 " generators; at most %d can be "
                "measured apart",
                names, GENERATORS_MAX);
    if ((b->subset = calloc((size_t)(splits + 1) * (names + 1), sizeof *b->subset)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the subsets");
    for (int s = AS_SPLITS - 1; s >= -1; s--) {
        if (s < 0 ? splits < 2 : !has[s])
            continue;
        b->subset[b->nsubsets++] = (struct as_subset){s, NULL};
        for (uint32_t g = 0; names > 1 && g < names; g++)
            b->subset[b->nsubsets++] = (struct as_subset){s, name[g]};
    }
done:
    free(name);
    return status;
}
