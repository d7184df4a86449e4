/* learn_tool.c - metrics and fits of numbers on the standard input, for learn_check.py to compare.
 *
 * usage: learn_tool metrics < "label score weight" lines
 *        learn_tool llr < the same, score being a log10 likelihood ratio
 *        learn_tool pixels < "label value weight" lines, value 0..255
 *        learn_tool calibrate < "label score group" lines
 *        learn_tool lda|ridge|logistic|fld N DIM GROUPS SEED < N records of DIM floats, label and
 *        group (u32); prints the direction, or the ensemble's votes of each item             */
#include "../kernels/learn/calibrate.h"
#include "../kernels/learn/fld.h"
#include "../kernels/learn/metrics.h"
#include "../kernels/linalg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 200000 };

static double score[MOST];
static uint8_t label[MOST];
static uint32_t weight[MOST];
static size_t n;

static void say(const char *word, double v)
{
    printf("%s %.17g\n", word, v);
}

static void check(enum as_status status)
{
    if (status != AS_OK)
        exit(70);
}

static void metrics(void)
{
    struct as_ranking r;
    double value[AS_METRICS], best;
    struct as_reliability point[10];
    struct as_confusion c;

    check(as_ranking_init(&r, score, label, n));
    check(as_metrics_of(&r, weight, value, &best));
    for (int m = 0; m < AS_METRICS; m++)
        say(as_metric_word((enum as_metric)m), value[m]);
    say("threshold", best);
    c = as_confusion_at(score, label, weight, n, .5);
    say("bacc", as_confusion_bacc(&c));
    say("f1", as_confusion_f1(&c));
    say("iou", as_confusion_iou(&c));
    say("mcc", as_confusion_mcc(&c));
    for (size_t i = as_metrics_reliability(&r, weight, 10, point); i-- > 0;)
        printf("bin%zu %.17g\nseen%zu %.17g\n", i, point[i].said, i, point[i].seen);
    as_ranking_clear(&r);
}

static void llr(void)
{
    double cllr, ece, for_1, for_0;

    check(as_metrics_cllr(score, label, weight, n, &cllr));
    check(as_metrics_ece(score, label, weight, n, .2, &ece));
    check(as_metrics_misleading(score, label, weight, n, &for_1, &for_0));
    say("cllr", cllr);
    say("ece", ece);
    say("for_1", for_1);
    say("for_0", for_0);
}

static void pixels(void)
{
    static struct as_pixels p;
    struct as_confusion c;
    double auc, best;

    for (size_t i = 0; i < n; i++) {
        const uint8_t v = (uint8_t)score[i];
        for (uint32_t k = 0; k < weight[i]; k++)
            as_pixels_add(&p, &v, label[i] ? &label[i] : NULL, 1);
    }
    c = as_pixels_at(&p, 128);
    check(as_pixels_auc(&p, &auc));
    say("auc", auc);
    say("f1", as_confusion_f1(&c));
    say("mcc", as_confusion_mcc(&c));
    say("best_at", as_pixels_best(&p, as_confusion_f1, &best));
    say("best_f1", best);
}

static void calibrate(void)
{
    struct as_calibration c;

    check(as_calibrate_fit(&c, score, label, weight, MOST, n));
    say("slope", c.slope);
    say("intercept", c.intercept);
    say("low", c.low);
    say("high", c.high);
}

/* ---- fits ---- */

static void *room(size_t items, size_t bytes)
{
    void *at = calloc(items + 1, bytes);

    if (at == NULL)
        exit(70);
    return at;
}

static void find_scale(struct as_scale *s, const float *feat, size_t items)
{
    for (size_t i = 0; i < items; i++)
        as_scale_range(s, feat + i * s->dim);
    check(as_fit_scale_ranges(&as_sums_alone, s));
    for (size_t i = 0; i < items; i++)
        as_scale_count(s, feat + i * s->dim);
    check(as_fit_scale_sums(&as_sums_alone, s));
}

static void fit_ensemble(const struct as_fit *f, const struct as_scale *s, const float *feat)
{
    struct as_fld e;
    double error;

    check(as_fld_train(f, &e, &error));
    printf("learners %u\ncolumns %u\n", e.learners, e.columns);
    say("error", error);
    for (size_t i = 0; i < f->s.n; i++)
        printf("share%zu %.17g\n", i,
               as_fld_share(&e, s->mean, s->factor, feat + i * f->s.dim) * e.learners);
    as_fld_clear(&e);
}

/* What a row of samples that are not in memory is read from. */
static enum as_status ask(void *state, size_t i, const int16_t **z)
{
    const struct as_samples *kept = state;

    return as_samples_row(kept, i, z);
}

static void fit_direction(const struct as_fit *f, enum as_fit_method method)
{
    struct as_direction d = {.weight = room(f->s.dim, sizeof(double))};
    struct as_samples kept = f->s;
    struct as_fit asked = *f;
    double ridge;

    if (method != AS_FIT_LOGISTIC) {
        asked.s.z = NULL;
        asked.s.row = ask;
        asked.s.state = &kept;
    }
    check(as_fit_linear(&asked, method, &d, &ridge));
    say("ridge", ridge);
    say("bias", d.bias);
    for (uint32_t j = 0; j < f->s.dim; j++)
        printf("weight%u %.17g\n", j, d.weight[j]);
    free(d.weight);
}

static void fit(enum as_fit_method method, char **argv)
{
    const size_t items = strtoul(argv[0], NULL, 10);
    const uint32_t dim = (uint32_t)strtoul(argv[1], NULL, 10);
    float *feat = room(items * dim, sizeof *feat);
    int16_t *z = room(items * dim, sizeof *z);
    uint8_t *labels = room(items, 1);
    uint32_t *groups = room(items, sizeof *groups), l;
    struct as_scale s;

    as_linalg_one_thread();
    for (size_t i = 0; i < items; i++) {
        if (fread(feat + i * dim, sizeof *feat, dim, stdin) != dim ||
            fread(&l, sizeof l, 1, stdin) != 1 || fread(&groups[i], sizeof l, 1, stdin) != 1)
            exit(65);
        labels[i] = (uint8_t)l;
    }
    check(as_scale_init(&s, dim));
    find_scale(&s, feat, items);
    for (size_t i = 0; i < items; i++)
        as_scale_apply(&s, feat + i * dim, z + i * dim);
    const struct as_fit f = {{.n = items, .dim = dim, .z = z, .label = labels},
                             groups,
                             (uint32_t)strtoul(argv[2], NULL, 10),
                             strtoul(argv[3], NULL, 10),
                             &as_sums_alone};
    if (method == AS_FIT_FLD)
        fit_ensemble(&f, &s, feat);
    else
        fit_direction(&f, method);
    as_scale_clear(&s);
    free(feat);
    free(z);
    free(labels);
    free(groups);
}

int main(int argc, char **argv)
{
    const char *what = argc >= 2 ? argv[1] : "";
    unsigned l, w;

    for (int m = 0; m < AS_FIT_METHODS && argc == 6; m++)
        if (strcmp(what, as_fit_words[m]) == 0) {
            fit((enum as_fit_method)m, argv + 2);
            return 0;
        }
    while (n < MOST && scanf("%u %lf %u", &l, &score[n], &w) == 3) {
        label[n] = (uint8_t)l;
        weight[n++] = w;
    }
    if (strcmp(what, "metrics") == 0)
        metrics();
    else if (strcmp(what, "llr") == 0)
        llr();
    else if (strcmp(what, "pixels") == 0)
        pixels();
    else if (strcmp(what, "calibrate") == 0)
        calibrate();
    else
        return 64;
    return 0;
}
