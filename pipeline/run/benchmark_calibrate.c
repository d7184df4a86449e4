/* benchmark_calibrate.c - likelihood ratios: how good they are, and data to draw them.
 *
 * They are the model's where it gives them (a calibration made on real pictures, the item in its
 * domain).  Where it gives none, scores are calibrated on the split calibrate and the ratios of the
 * other splits are measured: what a calibration on such data would be worth, not what runs tell.
 * Altered copies are calibrated as their pictures are: that is what a calibration does when the
 * evidence went another way.
 *
 * Reliability: items in bins of equal weight by the probability that a ratio says at even odds;
 * classes count by their numbers in the set.  Empirical cross-entropy: at prior log10 odds of -3 to
 * 3, beside that of saying nothing (ratio 1) and of the best calibration (PAV) at even odds, which
 * is cllr_min of metrics.csv.
 *
 *  1. ratios   2. Cllr   3. points                                                    */
#include "benchmark_parts.h"

#include "../../kernels/learn/bootstrap.h"
#include "../../kernels/learn/calibrate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL .95

enum { BINS = 15, PRIORS = 13 };

const char *const as_llr_words[AS_LLRS] = {"", "model", "calibrate"};

/* ---- 1. ratios ---- */

static enum as_status fit(const struct as_benchmark *b, const struct as_scorer *s,
                          struct as_calibration *c)
{
    struct as_sample sample;
    enum as_status status = as_sample_init(&sample, b->n);

    AS_TRY(status);
    for (uint32_t i = 0; i < b->n; i++)
        if (b->item[i].is->split == AS_SPLIT_CALIBRATE && isfinite(s->score[i]))
            as_sample_add(&sample, b, i, (double)s->score[i]);
    AS_TRY(as_sample_done(&sample));
    status = sample.n ? as_calibrate_fit(c, sample.score, sample.label, sample.group, sample.groups,
                                         sample.n)
                      : AS_SKIP;
done:
    as_sample_clear(&sample);
    return status;
}

/* Calibrates a scorer whose model gives no ratios: copies by their pictures. */
static enum as_status calibrate(const struct as_benchmark *b, uint32_t k)
{
    const struct as_benchmark *by = b->clean ? b->clean : b;
    struct as_scorer *s = &b->scorer[k];
    struct as_calibration c;
    enum as_status status = fit(by, &by->scorer[k], &c);

    if (status == AS_SKIP)
        return AS_OK;
    AS_TRY(status);
    s->llr_from = AS_LLR_CALIBRATE;
    for (uint32_t i = 0; i < b->n; i++)
        s->llr[i] = b->item[i].is->split != AS_SPLIT_CALIBRATE && !isnan(s->score[i])
                        ? (float)as_calibrate_llr(&c, (double)s->score[i])
                        : NAN;
done:
    return status;
}

/* Whether a scorer's model gives ratios: of any picture, whatever it says of copies. */
static bool has_ratios(const struct as_benchmark *b, uint32_t k)
{
    if (b->clean)
        return b->clean->scorer[k].llr_from == AS_LLR_MODEL;
    for (uint32_t i = 0; i < b->n; i++)
        if (!isnan(b->scorer[k].llr[i]))
            return true;
    return false;
}

enum as_status as_bench_calibrate(struct as_benchmark *b, struct as_err *err)
{
    enum as_status status = AS_OK;

    for (uint32_t k = 0; k < b->nscorers; k++)
        if (has_ratios(b, k))
            b->scorer[k].llr_from = AS_LLR_MODEL;
        else if (calibrate(b, k) != AS_OK)
            AS_FAIL(err, AS_ENOMEM, "no memory to calibrate %s", b->scorer[k].name);
done:
    return status;
}

/* ---- 2. Cllr ---- */

static enum as_status sample_of(const struct as_benchmark *b, const struct as_scorer *s,
                                const struct as_subset *of, struct as_sample *to)
{
    enum as_status status = as_sample_init(to, b->n);

    AS_TRY(status);
    for (uint32_t i = 0; i < b->n; i++)
        if (as_subset_has(of, b->item[i].is) && !isnan(s->llr[i]))
            as_sample_add(to, b, i, (double)s->llr[i]);
    AS_TRY(as_sample_done(to));
done:
    return status;
}

static enum as_status draw_cllr(const struct as_sample *s, const struct as_options *o,
                                struct as_ranged *cllr)
{
    double *drawn = calloc(o->draws, sizeof *drawn);
    struct as_bootstrap boot = {0};
    enum as_status status = drawn ? AS_OK : AS_ENOMEM;
    size_t n = 0;

    AS_TRY(status);
    AS_TRY(as_bootstrap_init(&boot, s->group, s->groups, s->label, s->n, o->seed));
    for (uint64_t d = 0; d < o->draws; d++) {
        as_bootstrap_draw(&boot, d, s->weight);
        n += as_metrics_cllr(s->score, s->label, s->weight, s->n, &drawn[n]) == AS_OK;
    }
    if (n > 0)
        as_bootstrap_interval(drawn, n, LEVEL, &cllr->low, &cllr->high);
done:
    as_bootstrap_clear(&boot);
    free(drawn);
    return status;
}

enum as_status as_bench_cllr(const struct as_benchmark *b, struct as_measured *m)
{
    const struct as_scorer *scorer = &b->scorer[m->scorer];
    enum as_status status = AS_OK;
    struct as_sample s = {0};

    m->cllr = (struct as_ranged){NAN, NAN, NAN};
    if (scorer->llr_from == AS_LLR_NONE)
        return AS_OK;
    AS_TRY(sample_of(b, scorer, &m->of, &s));
    if (as_metrics_cllr(s.score, s.label, NULL, s.n, &m->cllr.value) != AS_OK ||
        as_metrics_misleading(s.score, s.label, NULL, s.n, &m->for_altered, &m->for_authentic) !=
            AS_OK) {
        m->cllr.value = NAN;
        goto done;
    }
    for (uint32_t i = 0; i < s.n; i++)
        m->ratios[s.label[i]]++;
    AS_TRY(draw_cllr(&s, b->o, &m->cllr));
done:
    as_sample_clear(&s);
    return status;
}

/* ---- 3. points ---- */

static void add_point(struct as_benchmark *b, uint32_t scorer, const struct as_subset *of,
                      const char *kind, double x, double y, double weight)
{
    b->point[b->npoints++] = (struct as_point){scorer, *of, kind, x, y, weight};
}

static enum as_status add_reliability(struct as_benchmark *b, uint32_t scorer,
                                      const struct as_subset *of, struct as_sample *s)
{
    struct as_reliability point[BINS];
    struct as_ranking r = {0};
    enum as_status status = AS_OK;
    size_t n;

    for (uint32_t i = 0; i < s->n; i++)
        s->score[i] = 1 / (1 + pow(10, -s->score[i]));
    AS_TRY(as_ranking_init(&r, s->score, s->label, s->n));
    n = as_metrics_reliability(&r, NULL, BINS, point);
    for (size_t i = 0; i < n; i++)
        add_point(b, scorer, of, "reliability", point[i].said, point[i].seen, point[i].weight);
done:
    as_ranking_clear(&r);
    return status;
}

static enum as_status add_points(struct as_benchmark *b, uint32_t scorer,
                                 const struct as_subset *of)
{
    enum as_status status = AS_OK;
    struct as_sample s = {0};
    double ece, none, prior;

    AS_TRY(sample_of(b, &b->scorer[scorer], of, &s));
    for (int k = 0; k < PRIORS && s.n > 0; k++) {
        const double odds = (k - PRIORS / 2) * .5;
        prior = 1 / (1 + pow(10, -odds));
        none = -prior * log2(prior) - (1 - prior) * log2(1 - prior);
        if (as_metrics_ece(s.score, s.label, NULL, s.n, prior, &ece) != AS_OK)
            goto done;
        add_point(b, scorer, of, "cross_entropy", odds, ece, s.n);
        add_point(b, scorer, of, "cross_entropy_of_nothing", odds, none, s.n);
    }
    if (s.n > 0)
        AS_TRY(add_reliability(b, scorer, of, &s));
done:
    as_sample_clear(&s);
    return status;
}

enum as_status as_bench_points(struct as_benchmark *b, struct as_err *err)
{
    const size_t most = (size_t)b->nscorers * b->nsubsets * (BINS + 2 * PRIORS);
    enum as_status status = AS_OK;

    if ((b->point = calloc(most + 1, sizeof *b->point)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the calibration's points");
    for (uint32_t k = 0; k < b->nscorers; k++)
        for (uint32_t i = 0; i < b->nsubsets; i++)
            if (b->scorer[k].llr_from != AS_LLR_NONE && b->subset[i].generator == NULL &&
                add_points(b, k, &b->subset[i]) != AS_OK)
                AS_FAIL(err, AS_ENOMEM, "no memory for the calibration's points");
done:
    return status;
}
