/* linear.h - classifiers that are a direction: Fisher's discriminant, ridge and logistic
 * regression.
 *
 * They work on whole numbers of scale.h; what they need of the items are sums, which are exact and
 * so the same however items are spread over ranks.  Directions are per standard deviation.     */
#ifndef AS_LINEAR_H
#define AS_LINEAR_H

#include "../base.h"

/* Items: n rows of `dim` whole numbers, label[i] 1 altered, 0 authentic.  Rows are in memory, or
 * asked for one by one, whenever they are needed: discriminants and ridge regression allow both. */
struct as_samples {
    size_t n;
    uint32_t dim;
    const int16_t *z; /* NULL: row() has them */
    const uint8_t *label;
    /* Row i, borrowed until the next is asked for; always the same.  What it fails with is passed
     * on. */
    enum as_status (*row)(void *state, size_t i, const int16_t **z);
    void *state;
};

/* Row i, wherever it is. */
enum as_status as_samples_row(const struct as_samples *s, size_t i, const int16_t **z)
    __attribute__((warn_unused_result));

/* Which of them to look at. */
struct as_choice {
    const uint8_t *take;    /* [n] 0: not this one; NULL: all                        */
    const uint32_t *column; /* [columns] measures, ascending; NULL: all dim of them  */
    uint32_t columns;       /* of no column: dim                                     */
};

/* Sums over items, by class and of products.  Several ranks: add up all three (as_moments_join). */
struct as_moments {
    uint32_t dim;
    uint64_t n[2];
    int64_t *sum[2]; /* [dim]                                  */
    double *product; /* [dim][dim] upper triangle, whole numbers */
    double *rows;    /* scratch                                */
};

/* AS_ENOMEM; AS_EUSAGE: the room for products of dim measures would not fit 2 GiB. */
enum as_status as_moments_init(struct as_moments *m, uint32_t dim)
    __attribute__((warn_unused_result));
void as_moments_clear(struct as_moments *m);
void as_moments_zero(struct as_moments *m);

/* Adds the chosen items; the choice has m->dim columns.  What a row fails with is passed on. */
enum as_status as_moments_add(struct as_moments *m, const struct as_samples *s,
                              const struct as_choice *choice) __attribute__((warn_unused_result));

/* to += from. */
void as_moments_join(struct as_moments *to, const struct as_moments *from);

/* A direction: score = bias + sum of weight * z / AS_SCALE_ONE. */
struct as_direction {
    uint32_t dim;
    double *weight; /* [dim] */
    double bias;
};

/*
 * Fisher's linear discriminant: weight = (W + ridge I)^-1 (mean of 1 - mean of 0), W the covariance
 * within classes; the bias puts 0 halfway between the classes' means.
 *
 *   ridge   > 0, a share of the variance of a measure (1); raised tenfold while W + ridge I is not
 *           positive definite
 *   work    [dim][dim] scratch
 *   to      to->weight is the caller's, [dim]
 *
 * AS_SKIP: a class is empty.
 */
enum as_status as_linear_lda(const struct as_moments *m, double ridge, double *work,
                             struct as_direction *to) __attribute__((warn_unused_result));

/* Ridge regression of targets whose sum is 0, n / n1 for 1 and -n / n0 for 0: the covariance of all
 * items takes the place of W.  Without ridge it points where Fisher's discriminant does.  As above.
 */
enum as_status as_linear_ridge(const struct as_moments *m, double ridge, double *work,
                               struct as_direction *to) __attribute__((warn_unused_result));

/* The score of one row; column [d->dim] as in as_choice. */
double as_linear_score(const struct as_direction *d, const int16_t *z, const uint32_t *column);

/*
 * Logistic regression, either class with half of the weight, plus ridge * |weight|^2 / 2, by steps
 * that need two exact things of the items: their products, once, which bound the curvature from
 * above (Bohning and Lindsay 1988), and a gradient of whole numbers each step.
 *
 * The gradient of the items: residuals rounded to 2^-15 times measures, [2][dim + 1] by class, the
 * last of each for the bias.  Several ranks: add up.
 */
void as_logistic_gradient(const struct as_samples *s, const uint8_t *take,
                          const struct as_direction *d, int64_t *gradient);

struct as_logistic;
/* AS_SKIP: a class is empty. */
enum as_status as_logistic_new(struct as_logistic **l, const struct as_moments *m, double ridge)
    __attribute__((warn_unused_result));
void as_logistic_free(struct as_logistic *l);
/* Where to take the gradient next (before the first: at 0). */
const struct as_direction *as_logistic_at(const struct as_logistic *l);
/* Takes a gradient and moves on; AS_END: the last move was below `tolerance` everywhere. */
enum as_status as_logistic_step(struct as_logistic *l, const int64_t *gradient, double tolerance)
    __attribute__((warn_unused_result));

#endif
