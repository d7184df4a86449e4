/* cmd_train.c - assay train: a model of a detector, from labelled pictures. */
#include "../report/escape.h"
#include "../run/train.h"
#include "cmd.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

static void print_counts(const struct as_train_counts *c)
{
    for (int s = AS_SPLIT_TRAIN; s < AS_SPLITS; s++)
        printf("  %-10s %8" PRIu64 " authentic %8" PRIu64 " altered\n", as_split_words[s],
               c->used[s][0], c->used[s][1]);
    printf("  not used: %" PRIu64 " not applicable or abstained, %" PRIu64 " failed, %" PRIu64
           " copies, %" PRIu64 " missing, %" PRIu64 " without a split\n",
           c->silent, c->failed, c->copies, c->missing,
           c->used[AS_SPLIT_NONE][0] + c->used[AS_SPLIT_NONE][1]);
    if (c->unlisted > 0)
        printf("  beside them %" PRIu64 " pictures that the manifest does not name\n", c->unlisted);
}

static void print_figure(const char *word, const struct as_figure *f, const char *title)
{
    printf("  %-12s %.4f  [%.4f, %.4f]  %s\n", word, f->value, f->low, f->high, title);
}

static void print_test(const struct as_trained *d)
{
    const struct as_tested *t = &d->test;

    if (!d->tested) {
        printf("not tested: the split test lacks authentic or altered pictures that can be used\n");
        return;
    }
    printf("on the split test, %" PRIu64 " authentic and %" PRIu64 " altered of %" PRIu32
           " groups, with 95 %% intervals:\n",
           t->items[0], t->items[1], t->groups);
    for (int k = 0; k < AS_METRICS; k++)
        print_figure(as_metric_word((enum as_metric)k), &t->metric[k],
                     as_metric_title((enum as_metric)k));
    if (d->cap > 0)
        print_figure("cllr", &t->cllr, "cost of the likelihood ratios, bits; 1: they say nothing");
    print_figure("files_alone", &t->trivial,
                 "area under the ROC curve of format, size, length and quality, learnt alike");
    if (t->trivial_tells)
        printf("  WARNING: the files alone tell the classes apart; the model may have learnt no "
               "more\n");
    printf("  findings: %" PRIu64 " of %" PRIu64 " altered, %" PRIu64 " of %" PRIu64
           " authentic (rate %.4f to %.4f)\n",
           t->fired[1], t->items[1], t->fired[0], t->items[0], t->fpr_low, t->fpr_high);
}

/* The widest of the values decides where the figures begin. */
static void print_left(const struct as_trained *d)
{
    char shown[4 * sizeof d->left->value];
    unsigned wide = 0, columns;

    for (uint32_t i = 0; i < d->nleft; i++) {
        columns = as_text_columns(as_text_of(d->left[i].value), AS_SHOW_PATH);
        wide = columns > wide ? columns : wide;
    }
    if (d->nleft)
        printf("left out, each by a model that knows nothing of it; area under the ROC curve with "
               "95 %% intervals,\nand that of format, size, length and quality, learnt alike:\n");
    for (uint32_t i = 0; i < d->nleft; i++) {
        const struct as_left *l = &d->left[i];
        columns = as_text_columns(as_text_of(l->value), AS_SHOW_PATH);
        as_show_text(shown, sizeof shown, as_text_of(l->value), AS_SHOW_PATH);
        printf("  %s%*s %6" PRIu64 " altered, %" PRIu64 " authentic, %" PRIu32 " groups  ", shown,
               (int)(wide - columns), "", l->items[1], l->items[0], l->groups);
        if (l->tried)
            printf("%.4f [%.4f, %.4f]  files alone %.4f [%.4f, %.4f]\n", l->auc.value, l->auc.low,
                   l->auc.high, l->trivial.value, l->trivial.low, l->trivial.high);
        else
            printf("too little is left to learn from, or to try it on\n");
    }
}

int as_cmd_train(const struct as_options *o, int argc, char **argv)
{
    struct as_run_result result = {0};
    struct as_trained done = {0};
    struct as_err err = {0};
    enum as_status status = as_train(o, argv[0], &done, &result, &err);
    const int code = status == AS_SKIP ? AS_EXIT_NO_INPUT : as_exit_code(status);

    (void)argc;
    json_decref(result.time);
    if (done.me != 0)
        return code; /* only rank 0 has figures */
    if (status != AS_OK) {
        as_trained_clear(&done);
        return as_cmd_fail(&err, code);
    }
    print_counts(&done.counts);
    if (done.learners)
        printf("%" PRIu32 " learners of %" PRIu32 " measures each; error out of the bag %.4f\n",
               done.learners, done.columns, done.error);
    else
        printf("fitted with a ridge of %g\n", done.ridge);
    print_test(&done);
    print_left(&done);
    if (done.cap > 0)
        printf("calibrated: likelihood ratios up to 10^%.2f%s\n", done.cap,
               o->real ? "" : ", not told without --real");
    printf("model %s, sha256 %s\n", o->output, done.sha256);
    as_trained_clear(&done);
    return AS_EXIT_OK;
}
