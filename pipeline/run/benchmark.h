/* benchmark.h - how well detectors do on a labelled set, from the sealed case of a run over it.
 *
 * One process after the run, from the store and the manifest alone: however many ranks examined,
 * the numbers are the same.
 *
 * The rules.  An item is a row of the manifest.  A scorer is a detector's model, or a measure that
 * was asked for.  Each item that a scorer gave no score is counted and listed with its reason,
 * never left out in silence.  Authentic items are the same for all generators: a generator is
 * measured against all authentic items of its split.                                            */
#ifndef AS_BENCHMARK_H
#define AS_BENCHMARK_H

#include "../../kernels/learn/metrics.h"
#include "../examine/alter.h"
#include "../model.h"
#include "../options.h"
#include "../store/store.h"
#include "manifest.h"
#include "trivial.h"

/* What is known of an item without its pixels, for the audit, and where it is. */
struct as_bench_item {
    const struct as_labelled *is;
    uint64_t row; /* of /items; UINT64_MAX: the case does not have it */
    uint16_t status, reason;
    struct as_trivial looks;
    uint8_t sha256[32];
    bool hashed;
};

/* Where likelihood ratios come from. */
enum as_llr_from { AS_LLR_NONE, AS_LLR_MODEL, AS_LLR_CALIBRATE, AS_LLRS };
extern const char *const as_llr_words[AS_LLRS];

struct as_scorer {
    char name[96]; /* DETECTOR or DETECTOR.MEASURE */
    uint16_t det;
    int measure;  /* -1: the score of the model      */
    float *score; /* [n] NaN: none                   */
    float *llr;   /* [n] log10 likelihood ratio, NaN: none */
    enum as_llr_from llr_from;
    uint8_t *status;  /* [n] enum as_det_status          */
    uint16_t *reason; /* [n] of the detector's reasons   */
};

/* Items that are measured together. */
struct as_subset {
    int split;             /* enum as_label_split; -1: all      */
    const char *generator; /* NULL: all                   */
};

/* A number with the interval that holds it in 95 % of the bootstrap's draws. */
struct as_ranged {
    double value, low, high;
};

/* What a scorer does on a subset. */
struct as_measured {
    uint32_t scorer;
    struct as_subset of;
    uint64_t n[2], scored[2]; /* authentic, altered                       */
    uint32_t groups;          /* of scored items, which are drawn         */
    bool defined;             /* both classes were scored                 */
    struct as_ranged metric[AS_METRICS];
    double threshold; /* with the best balanced accuracy in the split below; NaN: there is none */
    int from;         /* that split, not this one; -1: there is no other  */
    struct as_confusion at;
    struct as_ranged bacc;             /* at that threshold */
    struct as_ranged cllr;             /* NaN: no ratios    */
    uint64_t ratios[2];                /* authentic, altered items with one */
    double for_altered, for_authentic; /* rates of misleading ratios of the other class */
};

/* Two scorers on the items that both scored. */
struct as_compared {
    uint32_t a, b;
    struct as_subset of;
    uint64_t n[2];
    bool defined;
    struct as_ranged auc_a, auc_b, difference;
    double p; /* two-sided, of no difference */
};

/* X(constant, word, title): the measures of maps, each of one picture. */
#define AS_PIXEL_METRICS_DEF(X)                                                                    \
    X(F1, f1, "F1 at 0.5")                                                                         \
    X(F1_BEST, f1_best, "F1 at the best threshold of each picture")                                \
    X(IOU, iou, "intersection over union at 0.5")                                                  \
    X(IOU_BEST, iou_best, "intersection over union at the best threshold of each picture")         \
    X(MCC, mcc, "Matthews correlation at 0.5")                                                     \
    X(MCC_BEST, mcc_best, "Matthews correlation at the best threshold of each picture")            \
    X(AUC, auc, "area under the ROC curve of the pixels of a picture")

enum as_pixel_metric {
#define X(constant, word, title) AS_PIXEL_##constant,
    AS_PIXEL_METRICS_DEF(X)
#undef X
        AS_PIXEL_METRICS
};
extern const char *const as_pixel_words[AS_PIXEL_METRICS], *const as_pixel_titles[AS_PIXEL_METRICS];

/* What a detector's maps do on a split. */
struct as_mapped {
    uint16_t det;
    struct as_subset of;
    uint64_t masks, mapped;                  /* altered pictures with a mask; with a map as well */
    uint64_t authentic, authentic_mapped;    /* authentic pictures; with a map                   */
    struct as_ranged mean[AS_PIXEL_METRICS]; /* over pictures with mask and map                  */
    struct as_ranged false_alarms;           /* share of authentic pixels above 0.5, mean        */
    double pooled_auc, pooled_f1, pooled_best; /* all pixels together; best: that threshold, 0..1 */
};

/* The AUC of what says nothing of the content, each item's scorer learnt on other groups. */
struct as_audit {
    const char *feature;
    struct as_subset of;
    uint64_t n[2];
    struct as_ranged auc;
};

enum as_leak_kind { AS_LEAK_SAME, AS_LEAK_NEAR, AS_LEAK_GROUP, AS_LEAKS };
extern const char *const as_leak_words[AS_LEAKS];

/* Items of different splits that are no different items. */
struct as_leak {
    uint32_t a, b; /* items */
    enum as_leak_kind kind;
    float value; /* NEAR: bits of the PDQ codes that differ */
};

/* A point of a plot of likelihood ratios. */
struct as_point {
    uint32_t scorer;
    struct as_subset of;
    const char *kind; /* reliability, cross_entropy, cross_entropy_of_nothing */
    double x, y;      /* said and seen probability; prior log10 odds and bits */
    double weight;    /* items */
};

/* What scorers and maps do on copies altered in one way (../examine/alter.h).  Thresholds are those
 * of the unaltered pictures. */
struct as_altered {
    const struct as_alteration *what;
    struct as_measured *measured; /* [nmeasured of the benchmark] */
    struct as_mapped *maps;
    uint32_t nmaps;
};

struct as_benchmark {
    const struct as_options *o;
    struct as_manifest manifest;
    struct as_models models; /* loaded before the run */
    struct as_store *store;
    struct as_bench_item *item; /* [n], n is manifest.n */
    uint32_t n;
    uint8_t *mapped; /* [n] detectors' maps are there */
    struct as_scorer *scorer;
    uint32_t nscorers;
    struct as_subset *subset; /* that there are */
    uint32_t nsubsets;
    struct as_measured *measured;
    uint32_t nmeasured;
    struct as_point *point;
    size_t npoints;
    struct as_compared *compared;
    uint32_t ncompared;
    struct as_mapped *maps;
    uint32_t nmaps;
    struct as_audit *audit;
    uint32_t naudit;
    struct as_leak *leak;
    uint64_t nleaks, leaks_of[AS_LEAKS];
    struct as_altered *altered; /* in the order of as_alterations[] */
    uint32_t naltered;
    uint64_t *copy_row; /* [naltered][n] of /items; UINT64_MAX: there is none */
    const struct as_benchmark
        *clean; /* this one is of copies, and that of their pictures, else NULL */
    const struct as_alteration *alteration; /* which copies, or NULL */
    uint64_t bad_masks; /* that could not be read, or have another size than their picture */
    char digest[65];    /* content_digest of the case */
};

struct as_run_result; /* run.h */

/*
 * Runs a labelled set as the case o->output, measures, and writes CASE/bench.  Everything in *b is
 * filled on rank 0 alone, and freed by as_benchmark_clear, after a failure too.  Collective.
 *   AS_EUSAGE, AS_EIO   the manifest, and as as_run
 */
enum as_status as_benchmark_run(struct as_benchmark *b, const struct as_options *o,
                                const char *manifest, struct as_run_result *result,
                                struct as_err *err) AS_MUST_CHECK;
void as_benchmark_clear(struct as_benchmark *b);

bool as_audit_is_loud(const struct as_audit *a);

/* The name of a subset's split: "all", or as_split_words. */
const char *as_subset_split(const struct as_subset *of);

/* Why a scorer has no score of an item; "" where it has one. */
const char *as_scorer_why(const struct as_benchmark *b, const struct as_scorer *s, uint32_t item);

#endif
