/* fit.h - a direction fitted to the items of all ranks, the same bits whatever rank has which. */
#ifndef AS_FIT_H
#define AS_FIT_H

#include "linear.h"
#include "scale.h"

/* How ranks add up.  All give AS_OK or what ends the run; collective. */
struct as_sums {
    void *state;
    bool lead; /* one rank's solutions count: others' processors may round another way */
    enum as_status (*sum)(void *state, uint64_t *v, size_t n); /* in place, modulo 2^64 */
    enum as_status (*max)(void *state, uint64_t *v, size_t n);
    enum as_status (*agree)(void *state, enum as_status mine); /* the worst of all ranks */
};

extern const struct as_sums as_sums_alone; /* one process */

/* What is learned from: this rank's items, and all ranks' groups.  as_fit_linear by LDA or ridge
 * asks for the rows of s up to eight times, every other fit wants them in memory. */
struct as_fit {
    struct as_samples s;
    const uint32_t *group; /* [s.n] below groups; the same numbers on every rank */
    uint32_t groups;
    uint64_t seed;
    const struct as_sums *sums;
};

enum as_fit_method { AS_FIT_LDA, AS_FIT_RIDGE, AS_FIT_LOGISTIC, AS_FIT_FLD, AS_FIT_METHODS };
extern const char *const as_fit_words[AS_FIT_METHODS];

/* Scores of all ranks, counted: a score's bin is where it lies between low and low + AS_BINS steps.
 */
enum { AS_BINS = 1 << 14 };
struct as_bins {
    double low, step;
    uint64_t count[2][AS_BINS];
};

/* Bins for the scores of a direction: the means of both classes and 8 deviations more. */
void as_bins_init(struct as_bins *b, const struct as_moments *m, const struct as_direction *d);
void as_bins_add(struct as_bins *b, double score, uint8_t label);
/* AUC of what was counted, ties count half; .5 where a class is empty. */
double as_bins_auc(const struct as_bins *b);
/* The lowest edge of a bin with the least sum of both error rates, score >= edge being called 1. */
double as_bins_cut(const struct as_bins *b);

/*
 * Fits by any method but AS_FIT_FLD.  Of a few ridges, 1e-4 to 10, that one is taken which, fitted
 * to three quarters of the groups, has the highest AUC on the rest (of equals the largest).
 *
 *   to      weight [dim], the caller's
 *   ridge   the one taken
 *
 * AS_SKIP: a class is empty.  AS_EUSAGE: too many measures for one matrix (linear.h).  AS_ENOMEM.
 * What a row fails with.
 * Collective; the status is the same everywhere.
 */
enum as_status as_fit_linear(const struct as_fit *f, enum as_fit_method method,
                             struct as_direction *to, double *ridge)
    __attribute__((warn_unused_result));

/* Sums moments over ranks; gives the direction of the rank that leads to all.  Collective. */
enum as_status as_fit_join(const struct as_sums *sums, struct as_moments *m)
    __attribute__((warn_unused_result));
enum as_status as_fit_share(const struct as_sums *sums, struct as_direction *d)
    __attribute__((warn_unused_result));

/* Joins a scale's ranges after the first pass over its items, and its sums after the second, which
 * ends it.  AS_EUSAGE: no items on any rank, or too many.  Collective. */
enum as_status as_fit_scale_ranges(const struct as_sums *sums, struct as_scale *s)
    __attribute__((warn_unused_result));
enum as_status as_fit_scale_sums(const struct as_sums *sums, struct as_scale *s)
    __attribute__((warn_unused_result));

#endif
