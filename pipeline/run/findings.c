/* findings.c - scores turned into ranked sentences.
 *
 * Before calibration a finding is ranked by its detector's score.  Its text is
 * the sentence of the measure that weighs most, and how many others spoke too.  */
#include "findings.h"

#include "../cluster/sort.h"
#include "grow.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A finding as it is ranked, sorted as bytes: score descending (4), row (8), detector
 * (2); then what its sentence is made of: the measure that weighs most, and how many
 * others speak.
 */
enum { ROW = 4, DETECTOR = 12, BEST = 14, OTHERS = 15, RANKED = 16 };

struct as_findings {
    const struct as_models *models;
    const bool *with;
    uint8_t *at; /* [n][RANKED] */
    uint64_t n, cap;
};

enum as_status as_findings_new(struct as_findings **f, const struct as_models *models,
                               const bool with[AS_DETECTORS_MAX], struct as_err *err)
{
    enum as_status status = AS_OK;

    if ((*f = calloc(1, sizeof **f)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for findings");
    (*f)->models = models;
    (*f)->with = with;
done:
    return status;
}

void as_findings_free(struct as_findings *f)
{
    if (f)
        free(f->at);
    free(f);
}

/* Finds the measure that weighs most, and how many others have something to say. */
static bool weigh(const struct as_detector *det, const struct as_model *model, const float *feat,
                  uint32_t *best, uint32_t *others)
{
    uint32_t dim = 0, speak = 0;
    float bias, top = 0;
    const float *w = as_model_weights(model, &dim, &bias);

    for (uint32_t i = 0; i < dim && i < det->dim; i++) {
        float part = w[i] * feat[i];
        if (part <= 0 || det->says[i] == NULL)
            continue;
        if (part > top) {
            *best = i;
            top = part;
        }
        speak++;
    }
    *others = speak - 1;
    return speak > 0;
}

static enum as_status add(struct as_findings *f, const struct as_row *row, uint16_t d, float score)
{
    uint32_t best = 0, others = 0, bits;
    uint8_t *to;

    if (!weigh(as_detectors[d], f->models->at[d], row->det[d].feat, &best, &others))
        return AS_OK;
    if (best > UINT8_MAX || others > UINT8_MAX)
        return AS_EBUG; /* no detector has so many measures */
    if (!as_grow((void **)&f->at, f->n, &f->cap, RANKED))
        return AS_ENOMEM;
    memcpy(&bits, &score, sizeof bits);
    to = f->at + RANKED * f->n++;
    as_be_put(to, UINT32_MAX - bits, 4); /* score > 0: larger first */
    as_be_put(to + ROW, row->id, 8);
    as_be_put(to + DETECTOR, d, 2);
    to[BEST] = (uint8_t)best;
    to[OTHERS] = (uint8_t)others;
    return AS_OK;
}

enum as_status as_findings_look(struct as_findings *f, const struct as_row *row)
{
    enum as_status status = AS_OK;

    if (row->status != AS_ITEM_OK)
        return AS_OK;
    for (uint16_t d = 0; as_detectors[d] && status == AS_OK; d++) {
        float score = 0;
        if (!f->with[d] || f->models->at[d] == NULL || as_detectors[d]->says == NULL ||
            row->det[d].status != AS_DET_APPLIES)
            continue;
        status = as_det_score(as_detectors[d], f->models->at[d], row->det[d].feat, 1, &score);
        if (status == AS_OK && score > 0)
            status = add(f, row, d, score);
    }
    return status;
}

enum as_status as_findings_rank(struct as_findings *f, struct as_comm *comm, uint64_t *n,
                                struct as_err *err)
{
    enum as_status status = as_sort(comm, &f->at, &f->n, RANKED, err);

    *n = f->n;
    return status;
}

void as_findings_get(const struct as_findings *f, uint64_t i, struct as_finding *to)
{
    const uint8_t *at = f->at + RANKED * i;
    const uint32_t bits = UINT32_MAX - (uint32_t)as_be_get(at, 4);
    const struct as_detector *det;

    memset(to, 0, sizeof *to);
    to->row = as_be_get(at + ROW, 8);
    to->det = (uint16_t)as_be_get(at + DETECTOR, 2);
    to->llr = NAN;
    memcpy(&to->score, &bits, sizeof bits);
    det = as_detectors[to->det];
    if (at[OTHERS] > 0)
        snprintf(to->text, sizeof to->text, "%s (and %u more of %s)", det->says[at[BEST]],
                 (unsigned)at[OTHERS], det->name);
    else
        snprintf(to->text, sizeof to->text, "%s", det->says[at[BEST]]);
}
