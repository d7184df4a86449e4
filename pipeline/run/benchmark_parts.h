/* benchmark_parts.h - the steps of a benchmark, each from what those before it left in *b. */
#ifndef AS_BENCHMARK_PARTS_H
#define AS_BENCHMARK_PARTS_H

#include "benchmark.h"

#include <stdio.h>

/* The scorers that the options ask for, by the detectors of the case; of copies, those of their
 * pictures.  AS_EUSAGE. */
enum as_status as_bench_scorers(struct as_benchmark *b, struct as_err *err) AS_MUST_CHECK;

/* Whether there are the scorers that are to be compared.  AS_EUSAGE. */
enum as_status as_bench_compare_check(const struct as_benchmark *b,
                                      struct as_err *err) AS_MUST_CHECK;

/* Joins the rows of the store with the manifest: items and their scores; and rows of copies. */
enum as_status as_bench_join(struct as_benchmark *b, struct as_err *err) AS_MUST_CHECK;

/* The same for b->clean's copies altered in the k-th way. */
enum as_status as_bench_join_copies(struct as_benchmark *b, uint32_t k,
                                    struct as_err *err) AS_MUST_CHECK;

/* Makes room for altered copies, if any are asked for; measures them, once all else is. */
enum as_status as_bench_altered_init(struct as_benchmark *b, struct as_err *err) AS_MUST_CHECK;
enum as_status as_bench_altered(struct as_benchmark *b, struct as_err *err) AS_MUST_CHECK;

/* Likelihood ratios where models give none; Cllr of a subset; points to be drawn. */
enum as_status as_bench_calibrate(struct as_benchmark *b, struct as_err *err) AS_MUST_CHECK;
enum as_status as_bench_cllr(const struct as_benchmark *b, struct as_measured *m) AS_MUST_CHECK;
enum as_status as_bench_points(struct as_benchmark *b, struct as_err *err) AS_MUST_CHECK;

/* Metrics of all scorers on all subsets, and the comparison that was asked for. */
enum as_status as_bench_measure(struct as_benchmark *b, struct as_err *err) AS_MUST_CHECK;

/* Maps against masks. */
enum as_status as_bench_pixels(struct as_benchmark *b, struct as_err *err) AS_MUST_CHECK;

/* The bias audit; leaks between splits. */
enum as_status as_bench_audit(struct as_benchmark *b, struct as_err *err) AS_MUST_CHECK;
enum as_status as_bench_leaks(struct as_benchmark *b, struct as_err *err) AS_MUST_CHECK;

/* Writes confusion.csv.  AS_ENOMEM. */
enum as_status as_bench_write_confusion(const struct as_benchmark *b, FILE *f) AS_MUST_CHECK;

/* Makes and writes the folder CASE/bench. */
enum as_status as_bench_write(const struct as_benchmark *b, struct as_err *err) AS_MUST_CHECK;

/* Write rows of items.csv, metrics.csv, pixels.csv, and their heads unless they are of copies.
 *   first   in front of each row; NULL: nothing is                                      */
void as_bench_put_items(const struct as_benchmark *b, const char *first, FILE *f);
void as_bench_put_metrics(const struct as_benchmark *b, const char *first, FILE *f);
void as_bench_put_pixels(const struct as_benchmark *b, const char *first, FILE *f);

/* Frees what is of its items: their scores, metrics, maps. */
void as_bench_clear_items(struct as_benchmark *b);

/* Does parts 0 .. n-1 of a task, on all cores that this process may use; parts do not depend on
 * each other.  AS_ESTOP: a signal came. */
enum as_status as_bench_share(struct as_benchmark *b, uint64_t n,
                              enum as_status (*part)(void *b, uint32_t worker, uint64_t i,
                                                     struct as_err *err),
                              struct as_err *err) AS_MUST_CHECK;

/* ---- subsets ---- */

/* Fills b->subset: each split alone, test first, and, if there are several, all of them; of each,
 * all generators together and, if there are several, each alone.                         */
enum as_status as_bench_subsets(struct as_benchmark *b, struct as_err *err) AS_MUST_CHECK;

/* Whether an item is of it: of a generator's subset authentic items are, too. */
bool as_subset_has(const struct as_subset *of, const struct as_labelled *row);

/* ---- drawing ---- */

/* Items of a subset that can be measured, as kernels/learn wants them. */
struct as_sample {
    uint32_t n, groups;
    uint32_t *item; /* [n] */
    double *score;
    uint8_t *label;
    uint32_t *group;  /* below groups */
    uint32_t *weight; /* scratch      */
};

/* Makes room for n items, and gives it back. */
enum as_status as_sample_init(struct as_sample *s, uint32_t n) AS_MUST_CHECK;
void as_sample_clear(struct as_sample *s);

/* Adds an item; after all, numbers the groups from 0. */
void as_sample_add(struct as_sample *s, const struct as_benchmark *b, uint32_t item, double score);
enum as_status as_sample_done(struct as_sample *s) AS_MUST_CHECK;

/* The mean of the scores of items with this label (0, 1), with its interval.  NaN: there are none.
 */
enum as_status as_sample_mean(const struct as_sample *s, const struct as_options *o, int label,
                              struct as_ranged *mean) AS_MUST_CHECK;

/* The AUC, with its interval; AS_SKIP: one class is missing. */
enum as_status as_sample_auc(struct as_sample *s, const struct as_options *o,
                             struct as_ranged *auc) AS_MUST_CHECK;

#endif
