/* train_judge.c - what a trained model's scores are worth, on items that it was not trained on.
 *
 *  1. scores of a split   2. threshold, calibration, domain   3. the test                   */
#include "train_parts.h"

#include "../../kernels/learn/bootstrap.h"
#include "../log.h"
#include "../media/sniff.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS = 1000 };
static const double LEVEL = .95, FALSE_ALARMS = .01;

/* ---- 1. scores of a split ---- */

struct scores {
    size_t n;
    double *score, *llr;
    uint8_t *label;
    uint32_t *group, *weight;
};

static enum as_status select_split(const struct as_train *t, enum as_label_split split,
                                   struct scores *s)
{
    const size_t room = t->ntrials + 1;

    memset(s, 0, sizeof *s);
    s->score = calloc(room, sizeof *s->score);
    s->llr = calloc(room, sizeof *s->llr);
    s->label = calloc(room, sizeof *s->label);
    s->group = calloc(room, sizeof *s->group);
    s->weight = calloc(room, sizeof *s->weight);
    if (!s->score || !s->llr || !s->label || !s->group || !s->weight)
        return AS_ENOMEM;
    for (uint64_t i = 0; i < t->ntrials; i++) {
        const struct as_trial *x = &t->trial[i];
        if (x->split != split)
            continue;
        s->score[s->n] = x->score;
        s->label[s->n] = x->label;
        s->group[s->n++] = x->group;
    }
    return AS_OK;
}

static void clear(struct scores *s)
{
    free(s->score);
    free(s->llr);
    free(s->label);
    free(s->group);
    free(s->weight);
}

/* ---- 2. threshold, calibration, domain ---- */

static int descending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x < y) - (x > y);
}

/* Puts 0 where at most a hundredth of the authentic items is above it: so little above the highest
 * score that is not that its items, of which an ensemble has many, stay below when a run computes
 * their scores anew and rounds otherwise. */
static enum as_status set_threshold(struct as_train *t, const struct scores *s)
{
    static const float ROUNDING = 1e-6F;
    double *authentic = calloc(s->n + 1, sizeof *authentic), shift;
    const float bias = t->model->bias;
    float top = 0;
    size_t n = 0;

    if (authentic == NULL)
        return AS_ENOMEM;
    for (size_t i = 0; i < s->n; i++)
        if (!s->label[i])
            authentic[n++] = s->score[i];
    qsort(authentic, n, sizeof *authentic, descending);
    top = n ? (float)authentic[(size_t)(FALSE_ALARMS * (double)n)] : 0;
    free(authentic);
    t->model->bias = bias - (top + ROUNDING * (fabsf(bias) + fabsf(top)));
    shift = (double)bias - (double)t->model->bias;
    for (uint64_t i = 0; i < t->ntrials; i++)
        t->trial[i].score = (double)(float)(t->trial[i].score - shift);
    return AS_OK;
}

/* Makes a domain that has an item, too. */
static void widen(struct as_domain *d, const struct as_trial *x)
{
    const uint32_t w = x->looks.w, h = x->looks.h;
    const uint32_t shorter = w < h ? w : h, longer = w < h ? h : w;

    d->kinds |= x->looks.kind < 64 ? UINT64_C(1) << x->looks.kind : 0;
    d->side_min = shorter < d->side_min ? shorter : d->side_min;
    d->side_max = longer > d->side_max ? longer : d->side_max;
    d->distance = fmax(d->distance, x->distance);
    if (x->looks.quality > 0) {
        d->quality_min = fminf(d->quality_min, x->looks.quality);
        d->quality_max = fmaxf(d->quality_max, x->looks.quality);
    }
}

/* Kinds, sizes and qualities that both classes of the calibration have: of a picture like those of
 * one class alone, a ratio would tell by its file.  No kinds: they have none in common. */
static void set_domain(struct as_train *t)
{
    const struct as_domain none = {.side_min = UINT32_MAX, .quality_min = 100};
    struct as_domain of[2] = {none, none}, *d = &t->model->domain;

    for (uint64_t i = 0; i < t->ntrials; i++)
        if (t->trial[i].split == AS_SPLIT_CALIBRATE)
            widen(&of[t->trial[i].label], &t->trial[i]);
    *d = (struct as_domain){
        .kinds = of[0].kinds & of[1].kinds,
        .side_min = of[0].side_min > of[1].side_min ? of[0].side_min : of[1].side_min,
        .side_max = of[0].side_max < of[1].side_max ? of[0].side_max : of[1].side_max,
        .distance = fmax(of[0].distance, of[1].distance),
        .quality_min = fmaxf(of[0].quality_min, of[1].quality_min),
        .quality_max = fminf(of[0].quality_max, of[1].quality_max)};
    if (d->quality_max < d->quality_min) { /* no quality in common */
        d->quality_max = 0;
        d->kinds &= ~(UINT64_C(1) << AS_KIND_JPEG);
    }
    if (d->kinds == 0 || d->side_min > d->side_max)
        *d = (struct as_domain){0};
}

/* On the split calibrate; without one there is no calibration, and the threshold comes from train.
 */
static enum as_status calibrate(struct as_train *t, struct as_err *err)
{
    const struct as_train_counts *c = &t->done->counts;
    const bool has = c->used[AS_SPLIT_CALIBRATE][0] > 0;
    const enum as_label_split split = has ? AS_SPLIT_CALIBRATE : AS_SPLIT_TRAIN;
    enum as_status status = AS_OK;
    struct scores s = {0};

    if ((status = select_split(t, split, &s)) != AS_OK || (status = set_threshold(t, &s)) != AS_OK)
        AS_FAIL(err, status, "no memory to calibrate");
    if (!has || c->used[AS_SPLIT_CALIBRATE][1] == 0)
        goto done;
    clear(&s);
    if ((status = select_split(t, split, &s)) != AS_OK ||
        (status = as_calibrate_fit(&t->model->calibration, s.score, s.label, s.group, t->m.groups,
                                   s.n)) != AS_OK)
        AS_FAIL(err, status, "no memory to calibrate");
    set_domain(t);
    if (t->model->domain.kinds == 0) {
        t->model->calibration = (struct as_calibration){0};
        as_log(AS_LOG_WARN, "authentic and altered pictures of the split calibrate have no format, "
                            "size and quality in common: no likelihood ratios");
    }
    t->done->cap = t->model->calibration.high;
done:
    clear(&s);
    return status;
}

/* ---- 3. the test ---- */

/* The measures of the items, weighted: those of the ranking, then Cllr. */
static enum as_status measure(struct as_ranking *rank, const struct scores *s,
                              const uint32_t *weight, bool calibrated, double *value)
{
    enum as_status status = as_metrics_of(rank, weight, value, NULL);

    value[AS_METRICS] = 0;
    if (status == AS_OK && calibrated)
        status = as_metrics_cllr(s->llr, s->label, weight, s->n, &value[AS_METRICS]);
    return status;
}

/* Intervals by drawing groups: one column of draws after another. */
static enum as_status intervals(const struct as_train *t, struct as_ranking *rank,
                                const struct scores *s, bool calibrated, struct as_figure *figure)
{
    struct as_bootstrap b;
    double value[AS_METRICS + 1], *draws = calloc((AS_METRICS + 1) * DRAWS, sizeof *draws);
    enum as_status status = AS_ENOMEM;
    size_t n = 0;

    if (draws == NULL)
        return status;
    status = as_bootstrap_init(&b, s->group, t->m.groups, s->label, s->n, t->o->seed);
    for (uint64_t i = 0; i < DRAWS && status == AS_OK; i++) {
        as_bootstrap_draw(&b, i, s->weight);
        status = measure(rank, s, s->weight, calibrated, value);
        for (int k = 0; k <= AS_METRICS; k++)
            draws[(size_t)k * DRAWS + n] = value[k];
        n += status == AS_OK;
        status = status == AS_SKIP ? AS_OK : status; /* a draw that lacks a class */
    }
    for (int k = 0; k <= AS_METRICS && status == AS_OK && n > 0; k++)
        as_bootstrap_interval(draws + (size_t)k * DRAWS, n, LEVEL, &figure[k].low, &figure[k].high);
    as_bootstrap_clear(&b);
    free(draws);
    return status;
}

/* Pictures of a group are not independent: the interval takes each for one trial, which fired as
 * often as all did on average. */
static void set_false_alarms(struct as_tested *to, uint64_t groups)
{
    const uint64_t least = to->fired[0] * groups / to->items[0],
                   most = (to->fired[0] * groups + to->items[0] - 1) / to->items[0];
    double unused;

    as_clopper_pearson(least, groups, LEVEL, &to->fpr_low, &unused);
    as_clopper_pearson(most, groups, LEVEL, &unused, &to->fpr_high);
}

static enum as_status count_fired(const struct as_train *t, const struct scores *s,
                                  struct as_tested *to)
{
    uint8_t *seen = calloc((size_t)t->m.groups + 1, 1);
    uint64_t authentic = 0;

    if (seen == NULL)
        return AS_ENOMEM;
    for (size_t i = 0; i < s->n; i++) {
        const uint8_t label = s->label[i], before = seen[s->group[i]];
        to->items[label]++;
        to->fired[label] += s->score[i] > 0;
        to->groups += before == 0;
        authentic += label == 0 && !(before & 1);
        seen[s->group[i]] = (uint8_t)(before | 1 << label);
    }
    free(seen);
    if (to->items[0] > 0)
        set_false_alarms(to, authentic);
    return AS_OK;
}

static void set_authentic(struct as_train *t)
{
    struct as_authentic *a = &t->model->authentic;
    const struct as_tested *test = &t->done->test;

    if (test->items[0] == 0)
        return;
    a->items = (uint32_t)test->items[0];
    a->fired = (uint32_t)test->fired[0];
    a->upper95 = (float)test->fpr_high;
    snprintf(a->what, sizeof a->what, "authentic pictures of its split test, %s",
             t->model->real ? "real ones" : "not said to be real");
}

/* What the files alone would give; s->llr is used up. */
static enum as_status test_files(const struct as_train *t, const struct scores *s,
                                 struct as_tested *to)
{
    const uint32_t n = (uint32_t)t->ntrials;
    struct as_trivial *looks = calloc((size_t)n + 1, sizeof *looks);
    double *score = calloc((size_t)n + 1, sizeof *score), value[AS_METRICS + 1];
    uint8_t *label = calloc((size_t)n + 1, 2), *learnt = label ? label + n : NULL;
    struct as_figure figure[AS_METRICS + 1] = {0};
    enum as_status status = looks && score && label ? AS_OK : AS_ENOMEM;
    struct as_ranking rank = {0};

    AS_TRY(status);
    for (uint32_t i = 0; i < n; i++) {
        looks[i] = t->trial[i].looks;
        label[i] = t->trial[i].label;
        learnt[i] = t->trial[i].split == AS_SPLIT_TRAIN;
    }
    AS_TRY(as_trivial_scores(looks, label, learnt, n, score));
    for (uint32_t i = 0, k = 0; i < n; i++)
        if (t->trial[i].split == AS_SPLIT_TEST)
            s->llr[k++] = score[i];
    AS_TRY(as_ranking_init(&rank, s->llr, s->label, s->n));
    AS_TRY(measure(&rank, s, NULL, false, value));
    AS_TRY(intervals(t, &rank, s, false, figure));
    to->trivial = figure[AS_METRIC_AUC];
    to->trivial.value = value[AS_METRIC_AUC];
    to->trivial_tells =
        as_trivial_is_loud(to->items[0], to->items[1], to->trivial.value, to->trivial.low);
done:
    as_ranking_clear(&rank);
    free(looks);
    free(score);
    free(label);
    return status;
}

static enum as_status test(struct as_train *t, struct as_err *err)
{
    struct as_tested *to = &t->done->test;
    const bool calibrated = t->model->calibration.items[0] > 0;
    struct as_figure figure[AS_METRICS + 1] = {0};
    double value[AS_METRICS + 1];
    struct as_ranking rank = {0};
    enum as_status status = AS_OK;
    struct scores s = {0};

    AS_TRY(select_split(t, AS_SPLIT_TEST, &s));
    AS_TRY(count_fired(t, &s, to));
    set_authentic(t);
    if (to->items[0] == 0 || to->items[1] == 0)
        goto done;
    for (size_t i = 0; i < s.n; i++)
        s.llr[i] = as_calibrate_llr(&t->model->calibration, s.score[i]);
    AS_TRY(as_ranking_init(&rank, s.score, s.label, s.n));
    AS_TRY(measure(&rank, &s, NULL, calibrated, value));
    AS_TRY(intervals(t, &rank, &s, calibrated, figure));
    for (int k = 0; k <= AS_METRICS; k++)
        figure[k].value = value[k];
    memcpy(to->metric, figure, sizeof to->metric);
    to->cllr = figure[AS_METRICS];
    AS_TRY(test_files(t, &s, to));
    t->done->tested = true;
done:
    as_ranking_clear(&rank);
    clear(&s);
    if (status != AS_OK)
        as_fail(err, status, AS_REASON_NONE, __FILE__, __LINE__, "the model cannot be tested");
    return status;
}

enum as_status as_train_judge(struct as_train *t, struct as_err *err)
{
    enum as_status status = calibrate(t, err);

    return status == AS_OK ? test(t, err) : status;
}
