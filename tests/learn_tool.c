/* learn_tool.c - metrics of numbers on the standard input, for learn_check.py to compare.
 *
 * usage: learn_tool metrics < "label score weight" lines
 *        learn_tool llr < the same, score being a log10 likelihood ratio
 *        learn_tool pixels < "label value weight" lines, value 0..255                     */
#include "../kernels/learn/metrics.h"

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

int main(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "";
    unsigned l, w;

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
    else
        return 64;
    return 0;
}
