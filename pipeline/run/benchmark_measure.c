/* benchmark_measure.c - scorers on subsets, and one beside another.
 *
 * One draw of the bootstrap gives all measures of a scorer; two scorers that are compared share
 * their draws.
 *
 *  1. one scorer   2. the threshold   3. two scorers                                 */
#include "benchmark_parts.h"

#include "../../kernels/learn/bootstrap.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL .95

/* ---- 1. one scorer ---- */

/* What all draws give: value[metric][draw], the last one balanced accuracy at a threshold. */
struct drawn {
    double *value[AS_METRICS + 1];
    size_t n;
};

static enum as_status drawn_init(struct drawn *d, uint64_t draws)
{
    memset(d, 0, sizeof *d);
    for (int m = 0; m <= AS_METRICS; m++)
        if ((d->value[m] = calloc(draws, sizeof **d->value)) == NULL)
            return AS_ENOMEM;
    return AS_OK;
}

static void drawn_clear(struct drawn *d)
{
    for (int m = 0; m <= AS_METRICS; m++)
        free(d->value[m]);
}

/* Fills the intervals; the draws without one of the classes are left out. */
static enum as_status draw_all(struct as_measured *m, struct as_sample *s, struct as_ranking *r,
                               const struct as_options *o)
{
    struct as_bootstrap boot = {0};
    struct drawn d;
    enum as_status status = drawn_init(&d, o->draws);
    double value[AS_METRICS];

    AS_TRY(status);
    AS_TRY(as_bootstrap_init(&boot, s->group, s->groups, s->label, s->n, o->seed));
    for (uint64_t i = 0; i < o->draws; i++) {
        as_bootstrap_draw(&boot, i, s->weight);
        if (as_metrics_of(r, s->weight, value, NULL) != AS_OK)
            continue;
        for (int k = 0; k < AS_METRICS; k++)
            d.value[k][d.n] = value[k];
        const struct as_confusion c =
            as_confusion_at(s->score, s->label, s->weight, s->n, m->threshold);
        d.value[AS_METRICS][d.n++] = as_confusion_bacc(&c);
    }
    for (int k = 0; d.n > 0 && k < AS_METRICS; k++)
        as_bootstrap_interval(d.value[k], d.n, LEVEL, &m->metric[k].low, &m->metric[k].high);
    if (d.n > 0)
        as_bootstrap_interval(d.value[AS_METRICS], d.n, LEVEL, &m->bacc.low, &m->bacc.high);
done:
    drawn_clear(&d);
    as_bootstrap_clear(&boot);
    return status;
}

/* The scored items of a subset; counts all of them. */
static enum as_status take_sample(const struct as_benchmark *b, struct as_measured *m,
                                  struct as_sample *s)
{
    const float *score = b->scorer[m->scorer].score;

    for (uint32_t i = 0; i < b->n; i++) {
        const bool altered = b->item[i].is->label != AS_LABEL_AUTHENTIC;
        if (!as_subset_has(&m->of, b->item[i].is))
            continue;
        m->n[altered]++;
        if (isnan(score[i]))
            continue;
        m->scored[altered]++;
        as_sample_add(s, b, i, score[i]);
    }
    m->defined = m->scored[0] > 0 && m->scored[1] > 0;
    return as_sample_done(s);
}

/* ---- 2. the threshold ---- */

/* The threshold with the best balanced accuracy on the split that is there to choose it; no such
 * split, or it is this one: m->from -1.  For altered copies, that of their pictures. */
static enum as_status choose_threshold(const struct as_benchmark *b, struct as_measured *m)
{
    static const int CHOOSERS[] = {AS_SPLIT_CALIBRATE, AS_SPLIT_TRAIN};
    const struct as_benchmark *by = b->clean ? b->clean : b;
    enum as_status status = AS_OK;
    double value[AS_METRICS];

    m->from = -1;
    m->threshold = INFINITY;
    for (size_t k = 0; k < sizeof CHOOSERS / sizeof *CHOOSERS && m->from < 0; k++) {
        struct as_measured there = {.scorer = m->scorer, .of = {CHOOSERS[k], NULL}};
        struct as_ranking r = {0};
        struct as_sample s;
        if (m->of.split != AS_SPLIT_TEST)
            break;
        status = as_sample_init(&s, b->n);
        if (status == AS_OK)
            status = take_sample(by, &there, &s);
        if (status == AS_OK && there.defined &&
            (status = as_ranking_init(&r, s.score, s.label, s.n)) == AS_OK &&
            (status = as_metrics_of(&r, NULL, value, &m->threshold)) == AS_OK)
            m->from = CHOOSERS[k];
        as_ranking_clear(&r);
        as_sample_clear(&s);
        AS_TRY(status);
    }
    if (b->clean && m->from < 0)
        m->threshold = b->clean->measured[m - b->measured].threshold;
done:
    return status;
}

static enum as_status measure(const struct as_benchmark *b, struct as_measured *m)
{
    struct as_ranking r = {0};
    struct as_sample s;
    double value[AS_METRICS], best;
    enum as_status status = as_sample_init(&s, b->n);

    AS_TRY(status);
    AS_TRY(take_sample(b, m, &s));
    AS_TRY(as_bench_cllr(b, m));
    m->groups = s.groups;
    if (!m->defined) {
        m->threshold = NAN;
        goto done;
    }
    AS_TRY(choose_threshold(b, m));
    AS_TRY(as_ranking_init(&r, s.score, s.label, s.n));
    AS_TRY(as_metrics_of(&r, NULL, value, &best));
    for (int k = 0; k < AS_METRICS; k++)
        m->metric[k].value = value[k];
    if (m->from < 0 && b->clean == NULL)
        m->threshold = best;
    m->at = as_confusion_at(s.score, s.label, NULL, s.n, m->threshold);
    m->bacc.value = as_confusion_bacc(&m->at);
    AS_TRY(draw_all(m, &s, &r, b->o));
done:
    as_ranking_clear(&r);
    as_sample_clear(&s);
    return status;
}

/* ---- 3. two scorers ---- */

static enum as_status draw_pair(struct as_compared *c, struct as_ranking r[2], struct as_sample *s,
                                const struct as_options *o)
{
    double *drawn[3] = {0}, a[AS_METRICS], b[AS_METRICS];
    struct as_bootstrap boot = {0};
    enum as_status status = AS_OK;
    size_t n = 0;

    for (int k = 0; k < 3; k++)
        if ((drawn[k] = calloc(o->draws, sizeof **drawn)) == NULL)
            status = AS_ENOMEM;
    AS_TRY(status);
    AS_TRY(as_bootstrap_init(&boot, s->group, s->groups, s->label, s->n, o->seed));
    for (uint64_t i = 0; i < o->draws; i++) {
        as_bootstrap_draw(&boot, i, s->weight);
        if (as_metrics_of(&r[0], s->weight, a, NULL) != AS_OK ||
            as_metrics_of(&r[1], s->weight, b, NULL) != AS_OK)
            continue;
        drawn[0][n] = a[AS_METRIC_AUC];
        drawn[1][n] = b[AS_METRIC_AUC];
        drawn[2][n++] = a[AS_METRIC_AUC] - b[AS_METRIC_AUC];
    }
    if (n == 0)
        goto done;
    c->p = as_bootstrap_p(drawn[2], n);
    as_bootstrap_interval(drawn[0], n, LEVEL, &c->auc_a.low, &c->auc_a.high);
    as_bootstrap_interval(drawn[1], n, LEVEL, &c->auc_b.low, &c->auc_b.high);
    as_bootstrap_interval(drawn[2], n, LEVEL, &c->difference.low, &c->difference.high);
done:
    as_bootstrap_clear(&boot);
    for (int k = 0; k < 3; k++)
        free(drawn[k]);
    return status;
}

static enum as_status compare(const struct as_benchmark *b, struct as_compared *c)
{
    const float *a = b->scorer[c->a].score, *other = b->scorer[c->b].score;
    double v[AS_METRICS], w[AS_METRICS], *second = calloc((size_t)b->n + 1, sizeof *second);
    struct as_ranking r[2] = {0};
    struct as_sample s;
    enum as_status status = as_sample_init(&s, b->n);

    if (second == NULL)
        status = AS_ENOMEM;
    AS_TRY(status);
    for (uint32_t i = 0; i < b->n; i++)
        if (as_subset_has(&c->of, b->item[i].is) && !isnan(a[i]) && !isnan(other[i])) {
            second[s.n] = other[i];
            c->n[b->item[i].is->label != AS_LABEL_AUTHENTIC]++;
            as_sample_add(&s, b, i, a[i]);
        }
    AS_TRY(as_sample_done(&s));
    if (!(c->defined = c->n[0] > 0 && c->n[1] > 0))
        goto done;
    AS_TRY(as_ranking_init(&r[0], s.score, s.label, s.n));
    AS_TRY(as_ranking_init(&r[1], second, s.label, s.n));
    AS_TRY(as_metrics_of(&r[0], NULL, v, NULL));
    AS_TRY(as_metrics_of(&r[1], NULL, w, NULL));
    c->auc_a.value = v[AS_METRIC_AUC];
    c->auc_b.value = w[AS_METRIC_AUC];
    c->difference.value = v[AS_METRIC_AUC] - w[AS_METRIC_AUC];
    AS_TRY(draw_pair(c, r, &s, b->o));
done:
    as_ranking_clear(&r[0]);
    as_ranking_clear(&r[1]);
    as_sample_clear(&s);
    free(second);
    return status;
}

static enum as_status find_scorer(const struct as_benchmark *b, const char *name, size_t len,
                                  uint32_t *which, struct as_err *err)
{
    enum as_status status = AS_OK;

    for (*which = 0; *which < b->nscorers; ++*which)
        if (strlen(b->scorer[*which].name) == len && memcmp(b->scorer[*which].name, name, len) == 0)
            return AS_OK;
    AS_FAIL(err, AS_EUSAGE,
            "--compare: %.*s gives no score here; a detector without a model does by --measure",
            (int)len, name);
done:
    return status;
}

static enum as_status find_pair(const struct as_benchmark *b, struct as_compared *c,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *text = b->o->compare, *comma = strchr(text, ',');

    if (comma == NULL || strchr(comma + 1, ',') != NULL)
        AS_FAIL(err, AS_EUSAGE, "--compare wants two scorers, A,B");
    AS_TRY(find_scorer(b, text, (size_t)(comma - text), &c->a, err));
    AS_TRY(find_scorer(b, comma + 1, strlen(comma + 1), &c->b, err));
done:
    return status;
}

enum as_status as_bench_compare_check(const struct as_benchmark *b, struct as_err *err)
{
    struct as_compared c;

    return b->o->compare[0] ? find_pair(b, &c, err) : AS_OK;
}

static enum as_status compare_all(struct as_benchmark *b, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_compared c = {0};

    if (b->o->compare[0] == '\0')
        return AS_OK;
    AS_TRY(find_pair(b, &c, err));
    if ((b->compared = calloc(b->nsubsets, sizeof *b->compared)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the comparison");
    for (uint32_t i = 0; i < b->nsubsets; i++) {
        c.of = b->subset[i];
        b->compared[i] = c;
        if (compare(b, &b->compared[i]) != AS_OK)
            AS_FAIL(err, AS_ENOMEM, "no memory for the comparison");
    }
    b->ncompared = b->nsubsets;
done:
    return status;
}

static enum as_status measure_one(void *state, uint32_t worker, uint64_t i, struct as_err *err)
{
    struct as_benchmark *b = state;
    struct as_measured *m = &b->measured[i];
    enum as_status status = AS_OK;

    (void)worker;
    *m = (struct as_measured){
        .scorer = (uint32_t)(i / b->nsubsets), .of = b->subset[i % b->nsubsets], .from = -1};
    if (measure(b, m) != AS_OK)
        AS_FAIL(err, AS_ENOMEM, "no memory to measure %s", b->scorer[m->scorer].name);
done:
    return status;
}

enum as_status as_bench_measure(struct as_benchmark *b, struct as_err *err)
{
    enum as_status status = AS_OK;

    if ((b->measured = calloc((size_t)b->nsubsets * b->nscorers + 1, sizeof *b->measured)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the metrics");
    AS_TRY(as_bench_share(b, (uint64_t)b->nsubsets * b->nscorers, measure_one, err));
    b->nmeasured = b->nsubsets * b->nscorers;
    AS_TRY(compare_all(b, err));
done:
    return status;
}
