/* findings.c - scores turned into ranked sentences.
 *
 * Before calibration a finding is ranked by its detector's score.  Its text is
 * the sentence of the measure that weighs most, and how many others spoke too.  */
#include "findings.h"

#include "../cluster/sort.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sorted as bytes: score descending, then row, then detector. */
struct ranked {
    uint8_t key[16];
    struct as_finding finding;
};

struct as_findings {
    const struct as_models *models;
    const bool *with;
    struct ranked *at;
    uint64_t n, cap;
    struct as_finding *mine;
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
    if (f) {
        free(f->at);
        free(f->mine);
    }
    free(f);
}

static void put_key(uint8_t key[16], float score, uint64_t row, uint16_t det)
{
    uint32_t bits;

    memcpy(&bits, &score, sizeof bits);
    bits = UINT32_MAX - bits; /* score > 0: larger first */
    for (int i = 0; i < 4; i++)
        key[i] = (uint8_t)(bits >> (24 - 8 * i));
    for (int i = 0; i < 8; i++)
        key[4 + i] = (uint8_t)(row >> (56 - 8 * i));
    key[12] = (uint8_t)(det >> 8);
    key[13] = (uint8_t)det;
}

/* The sentence of the measure that weighs most. */
static bool say(const struct as_detector *det, const struct as_model *model, const float *feat,
                char *to, size_t n)
{
    uint32_t dim = 0, best = 0, others = 0;
    float bias, top = 0;
    const float *w = as_model_weights(model, &dim, &bias);

    for (uint32_t i = 0; i < dim && i < det->dim; i++) {
        float part = w[i] * feat[i];
        if (part <= 0 || det->says[i] == NULL)
            continue;
        if (part > top) {
            best = i;
            top = part;
        }
        others++;
    }
    if (others == 0)
        return false;
    if (others > 1)
        snprintf(to, n, "%s (and %u more of %s)", det->says[best], others - 1, det->name);
    else
        snprintf(to, n, "%s", det->says[best]);
    return true;
}

static enum as_status add(struct as_findings *f, const struct as_row *row, uint16_t d, float score)
{
    struct ranked *r;

    if (f->n == f->cap) {
        uint64_t cap = f->cap ? 2 * f->cap : 64;
        struct ranked *more = realloc(f->at, cap * sizeof *more);
        if (more == NULL)
            return AS_ENOMEM;
        f->at = more;
        f->cap = cap;
    }
    r = &f->at[f->n];
    memset(r, 0, sizeof *r);
    if (!say(as_detectors[d], f->models->at[d], row->det[d].feat, r->finding.text,
             sizeof r->finding.text))
        return AS_OK;
    put_key(r->key, score, row->id, d);
    r->finding.row = row->id;
    r->finding.det = d;
    r->finding.score = score;
    r->finding.llr = NAN;
    f->n++;
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

enum as_status as_findings_rank(struct as_findings *f, struct as_comm *comm,
                                const struct as_finding **mine, uint64_t *n, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct ranked *sorted = NULL;
    uint8_t *out = NULL;

    AS_TRY(as_sort(comm, f->at, f->n, sizeof *f->at, 16, &out, n, err));
    sorted = (struct ranked *)(void *)out;
    f->mine = calloc(*n + 1, sizeof *f->mine);
    AS_TRY(as_comm_agree(comm, f->mine ? AS_OK : AS_ENOMEM, err));
    for (uint64_t i = 0; i < *n; i++)
        f->mine[i] = sorted[i].finding;
    *mine = f->mine;
done:
    free(out);
    return status;
}
