/* metrics.h - how well scores tell altered from authentic, in the measures of the field.
 *
 * Everywhere: label 1 is altered or generated, 0 authentic; a higher score speaks for 1; scores are
 * finite or infinite, never NaN.  Items count by weights, so that a bootstrap (bootstrap.h)
 * sorts once.  AUC, AP, balanced accuracy and the pixel measures are those of scikit-learn.      */
#ifndef AS_METRICS_H
#define AS_METRICS_H

#include "../base.h"

/* ---- items ---- */

/* Items in the order of their scores. */
struct as_ranking {
    size_t n;
    uint32_t *order;      /* [n] highest score first                  */
    uint8_t *ends;        /* [n] 1: the next in order has another score */
    const double *score;  /* [n] borrowed                             */
    const uint8_t *label; /* [n] borrowed                             */
    struct as_pav *block; /* [n] scratch                              */
};

/* Sorts n items (1 .. 2^32 - 1); score and label stay borrowed until clear.
 *   AS_EUSAGE   n is 0 or too many, a score is NaN, or a label neither 0 nor 1
 *   AS_ENOMEM                                                                 */
enum as_status as_ranking_init(struct as_ranking *r, const double *score, const uint8_t *label,
                               size_t n) __attribute__((warn_unused_result));
void as_ranking_clear(struct as_ranking *r);

/* X(constant, word, title): the measures of a ranking, stored and printed by their words. */
#define AS_METRICS_DEF(X)                                                                          \
    X(AUC, auc, "area under the ROC curve, ties count half")                                       \
    X(AP, ap, "average precision, sum of precision times gain in recall")                          \
    X(EER, eer, "equal error rate, interpolated between points of the ROC curve")                  \
    X(BACC_BEST, bacc_best, "balanced accuracy at the best threshold")                             \
    X(TPR_1, tpr_fpr_1e2, "largest true positive rate at a false positive rate of at most 1 %")    \
    X(TPR_01, tpr_fpr_1e3, "largest true positive rate at a false positive rate of at most .1 %")  \
    X(CLLR_MIN, cllr_min, "Cllr after the best monotone calibration (PAV), bits")

enum as_metric {
#define X(constant, word, title) AS_METRIC_##constant,
    AS_METRICS_DEF(X)
#undef X
        AS_METRICS
};

/* The word and the title of a measure; NULL beyond the last. */
const char *as_metric_word(enum as_metric m);
const char *as_metric_title(enum as_metric m);

/*
 * The measures of a ranking, all from one pass over it.
 *
 *   weight   [n] how often each item counts; NULL: once
 *   value    [AS_METRICS]
 *   best     the threshold of AS_METRIC_BACC_BEST, score >= best is called 1 (of equals the
 *            highest; +infinity: nothing is); may be NULL
 *
 * AS_SKIP      one of the classes has no weight: nothing is defined, value is all 0
 */
enum as_status as_metrics_of(struct as_ranking *r, const uint32_t *weight, double value[AS_METRICS],
                             double *best) __attribute__((warn_unused_result));

/* Items by label and by score >= threshold. */
struct as_confusion {
    uint64_t tp, fp, fn, tn;
};

struct as_confusion as_confusion_at(const double *score, const uint8_t *label,
                                    const uint32_t *weight, size_t n, double threshold);

/* Of a confusion; 0 where the denominator is. */
double as_confusion_fpr(const struct as_confusion *c);
double as_confusion_bacc(const struct as_confusion *c);
double as_confusion_f1(const struct as_confusion *c);
double as_confusion_iou(const struct as_confusion *c);
double as_confusion_mcc(const struct as_confusion *c);

/* The interval of Clopper and Pearson for k of n (n > 0) at this level, say .95. */
void as_clopper_pearson(uint64_t k, uint64_t n, double level, double *low, double *high);

/* ---- likelihood ratios ---- */

/* Cllr = (mean over 1 of log2(1 + 1/LR) + mean over 0 of log2(1 + LR)) / 2, bits (Brummer and du
 * Preez 2006); llr are log10.  AS_SKIP: a class has no weight. */
enum as_status as_metrics_cllr(const double *llr, const uint8_t *label, const uint32_t *weight,
                               size_t n, double *cllr) __attribute__((warn_unused_result));

/* Empirical cross-entropy at a prior of 1 (Ramos et al. 2013), bits; Cllr is its value at prior
 * 1/2. */
enum as_status as_metrics_ece(const double *llr, const uint8_t *label, const uint32_t *weight,
                              size_t n, double prior, double *ece)
    __attribute__((warn_unused_result));

/* The rates of misleading evidence: llr > 0 of 0, llr < 0 of 1.  AS_SKIP: a class has no weight. */
enum as_status as_metrics_misleading(const double *llr, const uint8_t *label,
                                     const uint32_t *weight, size_t n, double *for_1, double *for_0)
    __attribute__((warn_unused_result));

/* One point of a calibration plot. */
struct as_reliability {
    double said, seen; /* mean of the probabilities, share of label 1 */
    double weight;
};

/* Items in `bins` runs of as nearly equal weight as whole scores allow, by ascending score, which
 * is a probability in 0..1: equal scores stay together, in the bin in which their middle lies.
 * Gives how many points there are (a bin may be empty). */
size_t as_metrics_reliability(const struct as_ranking *r, const uint32_t *weight, size_t bins,
                              struct as_reliability *point);

/* ---- pixels ---- */

/* Pixels or cells of maps, counted by value; values of a map are 0..255. */
struct as_pixels {
    uint64_t altered[256], authentic[256];
};

/* Counts n cells in; mask != 0: altered.  NULL: none is. */
void as_pixels_add(struct as_pixels *p, const uint8_t *map, const uint8_t *mask, size_t n);

/* Cells >= threshold (0..255) are called altered. */
struct as_confusion as_pixels_at(const struct as_pixels *p, unsigned threshold);

/* Area under the ROC curve of the cells, ties count half.  AS_SKIP: all are of one class. */
enum as_status as_pixels_auc(const struct as_pixels *p, double *auc)
    __attribute__((warn_unused_result));

/* The lowest threshold (0..255) with the largest value of one of the functions above. */
unsigned as_pixels_best(const struct as_pixels *p, double (*of)(const struct as_confusion *c),
                        double *value);

#endif
