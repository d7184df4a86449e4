/* findings.c - what speaks of an item, as ranked sentences.
 *
 * Findings rank by kind: what a file declares, known bad content, matches of media and cameras,
 * what calibrated detectors say together, scores; then by strength, then by item.  An item has one
 * of calibrated detectors where a score of one of them is a finding, so that what is measured of
 * scores bounds how often that happens to authentic items.  The text of a score is the sentence
 * of the measure that weighs most, and how many others spoke too; of a set of references, the
 * nearest of them and how many more there are.
 *
 * 1 records   2 scores   3 ranking                                       */
#include "findings_parts.h"

#include "../../kernels/learn/model.h"
#include "grow.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. records ---- */

enum as_status as_findings_new(struct as_findings **f, const struct as_models *models,
                               const bool with[AS_DETECTORS_MAX], const struct as_against *against,
                               struct as_err *err)
{
    enum as_status status = AS_OK;

    if ((*f = calloc(1, sizeof **f)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for findings");
    (*f)->models = models;
    (*f)->with = with;
    (*f)->names.against = against;
done:
    return status;
}

enum as_status as_findings_rows(struct as_findings *f, uint64_t first, uint64_t count,
                                struct as_err *err)
{
    enum as_status status = AS_OK;

    if ((f->copy = calloc(count / 8 + 1, 1)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for a bit per item");
    f->first = first;
    f->count = count;
done:
    return status;
}

void as_findings_free(struct as_findings *f)
{
    if (f == NULL)
        return;
    as_names_clear(&f->names);
    free(f->copy);
    free(f->at);
    free(f);
}

/* Any number, so that larger ones are smaller as bytes. */
static uint32_t falling_bits(float v)
{
    const uint32_t bits = float_bits(v + 0.0F); /* one zero */

    return bits >> 31 ? bits : ~(bits | 1U << 31);
}

uint8_t *as_findings_more(struct as_findings *f)
{
    uint8_t *to;

    if (!as_grow((void **)&f->at, f->n, &f->cap, F_RANKED))
        return NULL;
    to = f->at + F_RANKED * f->n++;
    memset(to, 0, F_RANKED);
    return to;
}

/* ---- 2. scores ---- */

/* What has something to say of a score. */
struct voice {
    uint32_t best, speak; /* the measure that weighs most, how many weigh at all */
    bool declares;
};

static struct voice weigh(const struct as_detector *det, const struct as_model *model,
                          const float *feat)
{
    struct voice v = {0};
    uint32_t dim = 0;
    float bias, top = 0;
    const float *w = as_model_weights(model, &dim, &bias);

    for (uint32_t i = 0; i < dim && i < det->dim; i++) {
        float part = w[i] * feat[i];
        if (part <= 0 || det->says[i] == NULL)
            continue;
        if (part > top) {
            v.best = i;
            top = part;
        }
        v.declares = v.declares || (i < 32 && det->declares >> i & 1);
        v.speak++;
    }
    return v;
}

/* Where no measure has a sentence of its own: a trained model speaks for all of them, of items like
 * those it knows; `best` is whether these were real. */
static struct voice weigh_together(const struct as_model *model, const struct as_row *row,
                                   const float *feat)
{
    const struct as_looks looks = as_row_looks(row);
    const bool known = as_model_covers(model, feat, &looks);

    return (struct voice){.best = model->real, .speak = known};
}

/* `part`: what it says as a likelihood ratio, NaN where nothing is known. */
static enum as_status add_score(struct as_findings *f, const struct as_row *row, uint16_t d,
                                float score, struct as_part part, bool *added)
{
    const struct as_model *model = f->models->at[d];
    const float *feat = row->det[d].feat;
    const struct voice v = as_detectors[d]->says ? weigh(as_detectors[d], model, feat)
                                                 : weigh_together(model, row, feat);
    uint8_t *to;

    if (v.speak == 0)
        return AS_OK;
    if (v.best > UINT8_MAX || v.speak - 1 > UINT8_MAX)
        return AS_EBUG; /* no detector has so many measures */
    if ((to = as_findings_more(f)) == NULL)
        return AS_ENOMEM;
    to[0] = as_finding_place(v.declares ? AS_FINDING_DECLARED : AS_FINDING_SCORE);
    as_be_put(to + F_STRENGTH, UINT32_MAX - float_bits(score), 4); /* score > 0: larger first */
    as_be_put(to + F_ROW, row->id, 8);
    as_be_put(to + F_SOURCE, d, 2);
    to[F_BEST] = (uint8_t)v.best;
    to[F_OTHERS] = (uint8_t)(v.speak - 1);
    to[F_WASHED] = part.washed;
    as_be_put(to + F_RATIO, float_bits(part.llr), 4);
    *added = true;
    return AS_OK;
}

/* What the calibrated detectors say of an item. */
static enum as_status add_combined(struct as_findings *f, const struct as_row *row,
                                   const struct as_combined *c)
{
    uint8_t *to = as_findings_more(f);

    if (to == NULL)
        return AS_ENOMEM;
    to[0] = as_finding_place(AS_FINDING_CALIBRATED);
    as_be_put(to + F_STRENGTH, falling_bits(as_combined_llr(c, f->models->weighing)), 4);
    as_be_put(to + F_ROW, row->id, 8);
    as_be_put(to + F_SOURCE, AS_FINDING_NONE, 2);
    to[F_SPEAK] = (uint8_t)c->ndets; /* at most AS_DETECTORS_MAX */
    for (int k = 0; k < AS_FAMILIES; k++) {
        uint8_t *part = to + F_PARTS + F_PART * k;
        part[0] = c->part[k].det;
        part[1] = c->part[k].washed;
        as_be_put(part + 2, float_bits(c->part[k].llr), 4);
    }
    return AS_OK;
}

/* Looks at what one detector says of a row; *fired: it is calibrated, and that is a finding. */
static enum as_status look_at(struct as_findings *f, const struct as_row *row, uint16_t d,
                              struct as_combined *c, bool *fired)
{
    const struct as_model *model = f->models->at[d];
    const float *feat = row->det[d].feat;
    const struct as_looks looks = as_row_looks(row);
    struct as_part part = {.det = (uint8_t)d, .llr = NAN};
    enum as_status status;
    bool known, added = false;
    float score = 0;

    status = as_det_score(as_detectors[d], model, feat, 1, &score);
    if (status != AS_OK)
        return status;
    known = as_model_llr(model, feat, score, &looks, &part.llr);
    if (known) {
        part.washed = as_weighing_seen(f->models->weighing, row, f->with, d);
        as_combined_add(c, f->models->weighing, part);
    }
    if (score > 0)
        status = add_score(f, row, d, score, part, &added);
    *fired = *fired || (known && added);
    return status;
}

enum as_status as_findings_look(struct as_findings *f, const struct as_row *row)
{
    enum as_status status = AS_OK;
    const uint64_t place = row->id - f->first;
    struct as_combined c;
    bool fired = false;

    if (row->status == AS_ITEM_DUPLICATE && place < f->count)
        f->copy[place / 8] |= (uint8_t)(1U << place % 8);
    if (row->status != AS_ITEM_OK)
        return AS_OK;
    as_combined_init(&c);
    for (uint16_t d = 0; as_detectors[d] && status == AS_OK; d++)
        if (f->with[d] && f->models->at[d] && row->det[d].status == AS_DET_APPLIES)
            status = look_at(f, row, d, &c, &fired);
    return status == AS_OK && fired ? add_combined(f, row, &c) : status;
}

/* ---- 3. ranking ---- */

enum as_status as_findings_rank(struct as_findings *f, struct as_comm *comm, uint64_t *n,
                                struct as_err *err)
{
    enum as_status status = as_sort(comm, &f->at, &f->n, F_RANKED, err);

    *n = f->n;
    return status;
}

/* What lowers the likelihood ratio of a score, after its sentence. */
static void add_lowered(const struct as_weighing *w, uint8_t washed, struct as_finding *to)
{
    const size_t at = strlen(to->text);
    char seems[160];

    as_weighing_tell(w, washed, seems, sizeof seems);
    snprintf(to->text + at, sizeof to->text - at,
             "; likelihood ratio lowered (x %.3g of its logarithm), as the picture seems %s",
             as_weighing_weight(w, washed), seems);
}

/* What could have lowered it, had the detectors run that show it. */
static void add_unseen(const struct as_weighing *w, uint8_t unseen, struct as_finding *to)
{
    const size_t at = strlen(to->text);
    char seems[160];

    if (unseen == 0)
        return;
    as_weighing_tell(w, unseen, seems, sizeof seems);
    snprintf(to->text + at, sizeof to->text - at,
             "; whether the picture seems %s was not looked at: no detector for it ran", seems);
}

static void get_score(const struct as_findings *f, const uint8_t *at, struct as_finding *to)
{
    const struct as_models *models = f->models;
    const struct as_weighing *w = models->weighing;
    const struct as_part part = {.washed = at[F_WASHED],
                                 .llr = bits_float(as_be_get(at + F_RATIO, 4))};
    const struct as_detector *det;

    to->det = (uint16_t)as_be_get(at + F_SOURCE, 2);
    to->set = AS_FINDING_NONE;
    to->score = bits_float(UINT32_MAX - as_be_get(at + F_STRENGTH, 4));
    det = as_detectors[to->det];
    if (det->says == NULL && models->at[to->det]->says[0])
        snprintf(to->text, sizeof to->text, "%s", models->at[to->det]->says);
    else if (det->says == NULL)
        snprintf(to->text, sizeof to->text,
                 "its measures are like those of the altered pictures that the model was trained "
                 "on%s",
                 at[F_BEST] ? "" : ", which are not said to be real");
    else if (at[F_OTHERS] > 0)
        snprintf(to->text, sizeof to->text, "%s (and %u more of %s)", det->says[at[F_BEST]],
                 (unsigned)at[F_OTHERS], det->name);
    else
        snprintf(to->text, sizeof to->text, "%s", det->says[at[F_BEST]]);
    to->llr = (float)as_part_llr(w, part);
    if (part.washed)
        add_lowered(w, part.washed, to);
    if (!isnan(to->llr))
        add_unseen(w, as_weighing_unseen(w, f->with, to->det), to);
}

static void get_combined(const struct as_findings *f, const uint8_t *at, struct as_finding *to)
{
    const struct as_weighing *w = f->models->weighing;
    struct as_combined c = {.ndets = at[F_SPEAK]};
    uint8_t unseen = 0;

    for (int k = 0; k < AS_FAMILIES; k++) {
        const uint8_t *part = at + F_PARTS + F_PART * k;
        c.part[k] = (struct as_part){part[0], part[1], bits_float(as_be_get(part + 2, 4))};
        if (part[0] != AS_PART_NONE)
            unseen |= as_weighing_unseen(w, f->with, part[0]);
    }
    to->det = to->set = AS_FINDING_NONE;
    to->score = NAN;
    to->llr = as_combined_llr(&c, w);
    as_combined_text(&c, w, to->text, sizeof to->text);
    add_unseen(w, unseen, to);
}

enum as_status as_findings_get(struct as_findings *f, uint64_t i, struct as_finding *to,
                               struct as_err *err)
{
    const uint8_t *at = f->at + F_RANKED * i;

    memset(to, 0, sizeof *to);
    to->row = as_be_get(at + F_ROW, 8);
    to->kind = as_finding_place(at[0]);
    to->llr = NAN;
    if (to->kind == AS_FINDING_KNOWN || to->kind == AS_FINDING_MATCH)
        return as_findings_get_match(f, at, to, err);
    if (to->kind == AS_FINDING_MISSING)
        return as_findings_get_map(f, at, to, err);
    if (to->kind == AS_FINDING_CALIBRATED)
        get_combined(f, at, to);
    else
        get_score(f, at, to);
    return AS_OK;
}
