/* findings.c - what speaks of an item, as ranked sentences.
 *
 * Findings rank by kind: what a file declares, known bad content, matches of media and cameras,
 * what calibrated detectors say together, scores; then by strength, then by item.  An item has one
 * of calibrated detectors where a score of one of them is a finding, so that what is measured of
 * scores bounds how often that happens to authentic items.  The text of a score is the sentence
 * of the measure that weighs most, and how many others spoke too; of a set of references, the
 * nearest of them and how many more there are.
 *
 * 1 records   2 scores   3 matches   4 ranking                                       */
#include "findings_parts.h"

#include "../../kernels/learn/model.h"
#include "../cluster/sort.h"
#include "../verdict.h"
#include "catalogue_parts.h"
#include "grow.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. records ---- */

/* Of as_findings.at; what they hold is in findings_parts.h. */
enum { MATCH = 1, STRENGTH = AS_FIND_STRENGTH, ROW = AS_FIND_ROW, SOURCE = AS_FIND_SOURCE };
enum { BEST = 16, OTHERS = 17, WASHED = 18, RATIO = 19 };
enum { REFERENCE = 16, MORE = 24, CHANCE = 28, OTHER = 36, COMPARED = 40 };
enum { SPEAK = 16, PARTS = 17, PART = 6, RANKED = AS_FIND_BYTES };
static_assert((int)RANKED == (int)PARTS + (int)PART * (int)AS_FAMILIES, "a finding has another size");

/* A match on its way to the rank that has the item: row (8), set (2), match kind (1), strength (4),
 * reference (8), then as above. */
enum { M_SET = 8, M_KIND = 10, M_STRENGTH = 11, M_REFERENCE = 15, M_CHANCE = 23, M_OTHER = 31 };
enum { M_COMPARED = 35, M_BYTES = 39, M_GROUP = 11 };

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

static uint64_t double_bits(double v)
{
    uint64_t bits;

    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static double bits_double(uint64_t bits)
{
    double v;

    memcpy(&v, &bits, sizeof v);
    return v;
}

/* Any number, so that larger ones are smaller as bytes. */
static uint32_t falling_bits(float v)
{
    const uint32_t bits = as_find_bits(v + 0.0F); /* one zero */

    return bits >> 31 ? bits : ~(bits | 1U << 31);
}

uint8_t *as_findings_more(struct as_findings *f)
{
    uint8_t *to;

    if (!as_grow((void **)&f->at, f->n, &f->cap, RANKED))
        return NULL;
    to = f->at + RANKED * f->n++;
    memset(to, 0, RANKED);
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
    const bool known = as_model_covers(model, feat, row->kind, row->w, row->h);

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
    to[0] = as_find_place(v.declares ? AS_FINDING_DECLARED : AS_FINDING_SCORE);
    as_be_put(to + STRENGTH, UINT32_MAX - as_find_bits(score), 4); /* score > 0: larger first */
    as_be_put(to + ROW, row->id, 8);
    as_be_put(to + SOURCE, d, 2);
    to[BEST] = (uint8_t)v.best;
    to[OTHERS] = (uint8_t)(v.speak - 1);
    to[WASHED] = part.washed;
    as_be_put(to + RATIO, as_find_bits(part.llr), 4);
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
    to[0] = as_find_place(AS_FINDING_CALIBRATED);
    as_be_put(to + STRENGTH, falling_bits(as_combined_llr(c, f->models->weighing)), 4);
    as_be_put(to + ROW, row->id, 8);
    as_be_put(to + SOURCE, AS_FINDING_NONE, 2);
    to[SPEAK] = (uint8_t)c->ndets; /* at most AS_DETECTORS_MAX */
    for (int k = 0; k < AS_FAMILIES; k++) {
        uint8_t *part = to + PARTS + PART * k;
        part[0] = c->part[k].det;
        part[1] = c->part[k].washed;
        as_be_put(part + 2, as_find_bits(c->part[k].llr), 4);
    }
    return AS_OK;
}

/* Looks at what one detector says of a row; *fired: it is calibrated, and that is a finding. */
static enum as_status look_at(struct as_findings *f, const struct as_row *row, uint16_t d,
                              struct as_combined *c, bool *fired)
{
    const struct as_model *model = f->models->at[d];
    const float *feat = row->det[d].feat;
    struct as_part part = {.det = (uint8_t)d, .llr = NAN};
    enum as_status status;
    bool known, added = false;
    float score = 0;

    status = as_det_score(as_detectors[d], model, feat, 1, &score);
    if (status != AS_OK)
        return status;
    known = as_model_llr(model, feat, score, row->kind, row->w, row->h, &part.llr);
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

/* ---- 3. matches ---- */

/* Known good content, and what a list does not call bad, is no finding. */
static bool speaks(const struct as_set_row *sets, const struct as_match *m)
{
    return sets[m->set].kind != AS_SET_KNOWN || m->value == AS_KNOWN_BAD;
}

/* Fewer bits are nearer; of all others more is. */
static uint32_t strength_of(const struct as_match *m)
{
    const float value = m->value > 0 ? m->value : 0;

    return m->kind == AS_MATCH_CODE ? as_find_bits(value) : UINT32_MAX - as_find_bits(value);
}

static float value_of(uint16_t match_kind, uint32_t strength)
{
    return as_find_float(match_kind == AS_MATCH_CODE ? strength : UINT32_MAX - strength);
}

static enum as_status pack(const struct as_set_row *sets, const struct as_match *matches,
                           uint64_t n, uint8_t **recs, uint64_t *nrecs)
{
    uint64_t cap = 0;

    for (uint64_t i = 0; i < n; i++) {
        const struct as_match *m = &matches[i];
        if (!speaks(sets, m))
            continue;
        if (!as_grow((void **)recs, *nrecs, &cap, M_BYTES))
            return AS_ENOMEM;
        uint8_t *to = *recs + M_BYTES * (*nrecs)++;
        as_be_put(to, m->row, 8);
        as_be_put(to + M_SET, m->set, 2);
        to[M_KIND] = (uint8_t)m->kind;
        as_be_put(to + M_STRENGTH, strength_of(m), 4);
        as_be_put(to + M_REFERENCE, m->reference, 8);
        as_be_put(to + M_CHANCE, double_bits(m->p), 8);
        as_be_put(to + M_OTHER, as_find_bits(m->other), 4);
        as_be_put(to + M_COMPARED, m->others, 4);
    }
    return AS_OK;
}

/* The owner of a row, by the first rows of all ranks. */
struct owners {
    uint64_t *first;
    int ranks;
};

static int owner_of(void *state, const void *rec)
{
    const struct owners *o = state;

    return as_rank_of_id(o->first, o->ranks, as_be_get(rec, 8));
}

/* Collective. */
static enum as_status to_owners(const struct as_findings *f, struct as_comm *comm, uint8_t **recs,
                                uint64_t *n, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct owners o = {.ranks = comm ? as_comm_size(comm) : 1};

    o.first = calloc((size_t)o.ranks, sizeof *o.first);
    AS_TRY(as_comm_agree(comm, o.first ? AS_OK : AS_ENOMEM, err));
    AS_TRY(as_comm_allgather(comm, &f->first, sizeof f->first, o.first));
    AS_TRY(as_deal(comm, recs, n, M_BYTES, owner_of, &o, err));
    AS_TRY(as_comm_agree(comm, as_sort(NULL, recs, n, M_BYTES, err), err));
done:
    free(o.first);
    return status;
}

/* The kind of a match as it ranks, and back: what is only alike comes last. */
static uint8_t swap_kind(uint16_t kind)
{
    return (uint8_t)(kind == AS_MATCH_SIMILAR  ? AS_MATCH_CAMERA
                     : kind == AS_MATCH_CAMERA ? AS_MATCH_SIMILAR
                                               : kind);
}

/* One finding of the matches of an item with a set, which begin at `rec`. */
static enum as_status add_match(struct as_findings *f, const struct as_set_row *sets,
                                const uint8_t *rec, uint64_t n)
{
    const uint64_t set = as_be_get(rec + M_SET, 2), further = n - 1;
    uint8_t *to;

    if (as_find_copy(f, as_be_get(rec, 8)))
        return AS_OK;
    if ((to = as_findings_more(f)) == NULL)
        return AS_ENOMEM;
    to[0] = as_find_place(sets[set].kind == AS_SET_KNOWN ? AS_FINDING_KNOWN : AS_FINDING_MATCH);
    to[MATCH] = swap_kind(rec[M_KIND]);
    memcpy(to + STRENGTH, rec + M_STRENGTH, 4);
    memcpy(to + ROW, rec, 8);
    as_be_put(to + SOURCE, set, 2);
    memcpy(to + REFERENCE, rec + M_REFERENCE, 8);
    as_be_put(to + MORE, further < UINT32_MAX ? further : UINT32_MAX, 4);
    memcpy(to + CHANCE, rec + M_CHANCE, 8);
    memcpy(to + OTHER, rec + M_OTHER, 4);
    memcpy(to + COMPARED, rec + M_COMPARED, 4);
    return AS_OK;
}

enum as_status as_findings_match(struct as_findings *f, struct as_comm *comm,
                                 const struct as_set_row *sets, const struct as_match *matches,
                                 uint64_t n, struct as_err *err)
{
    enum as_status status = AS_OK, mine = AS_OK;
    uint8_t *recs = NULL;
    uint64_t nrecs = 0, any;

    AS_TRY(as_comm_agree(comm, pack(sets, matches, n, &recs, &nrecs), err));
    any = nrecs;
    AS_TRY(as_comm_max(comm, &any, 1));
    if (any == 0)
        goto done;
    AS_TRY(to_owners(f, comm, &recs, &nrecs, err));
    for (uint64_t i = 0, end; i < nrecs && mine == AS_OK; i = end) {
        const uint8_t *rec = recs + M_BYTES * i;
        for (end = i + 1; end < nrecs && memcmp(recs + M_BYTES * end, rec, M_GROUP) == 0;)
            end++;
        mine = add_match(f, sets, rec, end - i);
    }
    AS_TRY(as_comm_agree(comm, mine, err));
done:
    free(recs);
    return status;
}

/* ---- 4. ranking ---- */

enum as_status as_findings_rank(struct as_findings *f, struct as_comm *comm, uint64_t *n,
                                struct as_err *err)
{
    enum as_status status = as_sort(comm, &f->at, &f->n, RANKED, err);

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

static void get_score(const struct as_weighing *w, const uint8_t *at, struct as_finding *to)
{
    const struct as_part part = {.washed = at[WASHED], .llr = as_find_float(as_be_get(at + RATIO, 4))};
    const struct as_detector *det;

    to->det = (uint16_t)as_be_get(at + SOURCE, 2);
    to->set = AS_FINDING_NONE;
    to->score = as_find_float(UINT32_MAX - as_be_get(at + STRENGTH, 4));
    det = as_detectors[to->det];
    if (det->says == NULL)
        snprintf(to->text, sizeof to->text,
                 "its measures are like those of the altered pictures that the model was trained "
                 "on%s",
                 at[BEST] ? "" : ", which are not said to be real");
    else if (at[OTHERS] > 0)
        snprintf(to->text, sizeof to->text, "%s (and %u more of %s)", det->says[at[BEST]],
                 (unsigned)at[OTHERS], det->name);
    else
        snprintf(to->text, sizeof to->text, "%s", det->says[at[BEST]]);
    to->llr = (float)as_part_llr(w, part);
    if (part.washed)
        add_lowered(w, part.washed, to);
}

static void get_combined(const struct as_weighing *w, const uint8_t *at, struct as_finding *to)
{
    struct as_combined c = {.ndets = at[SPEAK]};

    for (int k = 0; k < AS_FAMILIES; k++) {
        const uint8_t *part = at + PARTS + PART * k;
        c.part[k] = (struct as_part){part[0], part[1], as_find_float(as_be_get(part + 2, 4))};
    }
    to->det = to->set = AS_FINDING_NONE;
    to->score = NAN;
    to->llr = as_combined_llr(&c, w);
    as_combined_text(&c, w, to->text, sizeof to->text);
}

/* The detector whose feature a match of this kind compares. */
static uint16_t detector_of(uint16_t match_kind)
{
    const char *name = match_kind == AS_MATCH_CODE      ? "pdq"
                       : match_kind == AS_MATCH_SIMILAR ? "gist"
                       : match_kind == AS_MATCH_CAMERA  ? "camera"
                                                        : "";

    for (uint16_t d = 0; as_detectors[d]; d++)
        if (strcmp(as_detectors[d]->name, name) == 0)
            return d;
    return AS_FINDING_NONE;
}

static enum as_status get_match(struct as_findings *f, const uint8_t *at, struct as_finding *to,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_match m = {.row = to->row,
                         .reference = as_be_get(at + REFERENCE, 8),
                         .set = (uint16_t)as_be_get(at + SOURCE, 2),
                         .kind = swap_kind(at[MATCH]),
                         .value =
                             value_of(swap_kind(at[MATCH]), (uint32_t)as_be_get(at + STRENGTH, 4)),
                         .p = bits_double(as_be_get(at + CHANCE, 8)),
                         .other = as_find_float(as_be_get(at + OTHER, 4)),
                         .others = (uint32_t)as_be_get(at + COMPARED, 4)};
    const uint16_t kind = to->kind == AS_FINDING_KNOWN ? AS_SET_KNOWN
                          : m.kind == AS_MATCH_CAMERA  ? AS_SET_CAMERA
                                                       : AS_SET_MEDIA;
    struct as_text name;

    to->det = detector_of(m.kind);
    if (to->det != AS_FINDING_NONE && !f->with[to->det])
        to->det = AS_FINDING_NONE;
    to->set = m.set;
    to->score = m.value;
    AS_TRY(as_names_find(&f->names, m.set, m.reference, &name, err));
    as_verdict_match(to->text, sizeof to->text, kind, &m, name.at, as_be_get(at + MORE, 4));
done:
    return status;
}

enum as_status as_findings_get(struct as_findings *f, uint64_t i, struct as_finding *to,
                               struct as_err *err)
{
    const uint8_t *at = f->at + RANKED * i;

    memset(to, 0, sizeof *to);
    to->row = as_be_get(at + ROW, 8);
    to->kind = as_find_place(at[0]);
    to->llr = NAN;
    if (to->kind == AS_FINDING_KNOWN || to->kind == AS_FINDING_MATCH)
        return get_match(f, at, to, err);
    if (to->kind == AS_FINDING_MISSING)
        return as_findings_get_map(f, at, to, err);
    if (to->kind == AS_FINDING_CALIBRATED)
        get_combined(f->models->weighing, at, to);
    else
        get_score(f->models->weighing, at, to);
    return AS_OK;
}
