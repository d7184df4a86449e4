/* train.h - assay train: a model of a detector, from labelled pictures. */
#ifndef AS_TRAIN_H
#define AS_TRAIN_H

#include "../../kernels/learn/metrics.h"
#include "manifest.h"
#include "run.h"

/* What became of the pictures that a manifest names: the sum of all is m.n. */
struct as_train_counts {
    uint64_t used[AS_SPLITS][2]; /* by split, and authentic or altered        */
    uint64_t silent;             /* the detector did not apply, or abstained  */
    uint64_t failed;             /* could not be examined                     */
    uint64_t copies;             /* the bytes of another one of the run       */
    uint64_t missing;            /* not there                                 */
    uint64_t listed;
    uint64_t
        unlisted; /* not among those above: pictures beside them that the manifest does not name */
};

/* A figure and its 95 % interval. */
struct as_figure {
    double value, low, high;
};

/* What a model does on items of the split `test`. */
struct as_tested {
    uint64_t items[2], fired[2]; /* authentic, altered; those with a score above 0 */
    uint32_t groups;
    struct as_figure metric[AS_METRICS];
    struct as_figure cllr;    /* where the model is calibrated */
    double fpr_low, fpr_high; /* Clopper and Pearson's 95 % interval of fired[0] / items[0], of as
                                 many trials as there are groups of authentic items */
    struct as_figure trivial; /* AUC of format, size, length and quality, learnt on split train */
    bool trivial_tells;       /* it is higher than it may be */
};

/* What models do on altered items of one value of a column, of which, and of whose groups, they
 * know nothing, beside authentic items of groups that they do not know either. */
struct as_left {
    char value[64];    /* "all": all of them, each by the model that does not know it */
    uint64_t items[2]; /* authentic, altered; the authentic ones are those of all rows */
    uint32_t groups;
    bool tried;                    /* no: without it there was too little to learn from */
    struct as_figure auc, trivial; /* trivial: of format, size, length and quality, learnt alike */
};

struct as_trained {
    int me;
    struct as_train_counts counts;
    uint64_t leaks; /* groups in several splits */
    double ridge;   /* of a linear model       */
    double error; /* of an ensemble, out of the bag */
    uint32_t learners, columns;
    double cap; /* largest log10 likelihood ratio; 0: not calibrated */
    bool tested;
    struct as_tested test;
    struct as_left *left; /* [nleft] with --leave, the last: all; freed by as_trained_clear */
    uint32_t nleft;
    char sha256[65]; /* of the model file */
};

/*
 * Examines the pictures of a manifest with --detector, fits a model to those of the split train,
 * sets the score that counts as a finding and calibrates it on `calibrate`, tries it on `test`, and
 * writes the model file
 * --output.  The file is the same, bit by bit, for any number of ranks.
 *
 *   AS_SKIP      too few pictures can be used: no model was written
 *   AS_EUSAGE    the request makes no sense; and as as_run
 *
 * Collective.
 */
enum as_status as_train(const struct as_options *o, const char *manifest, struct as_trained *done,
                        struct as_run_result *result, struct as_err *err) AS_MUST_CHECK;
void as_trained_clear(struct as_trained *done);

#endif
