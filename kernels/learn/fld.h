/* fld.h - an ensemble of Fisher's discriminants over random subspaces (Kodovsky, Fridrich and Holub
 * 2012). */
#ifndef AS_FLD_H
#define AS_FLD_H

#include "fit.h"

enum { AS_FLD_LEARNERS_MAX = 500 };

/* Learner k looks at `columns` measures and votes 1 where weight' z / AS_SCALE_ONE >= cut. */
struct as_fld {
    uint32_t learners, columns;
    uint32_t *column; /* [learners][columns] ascending */
    float *weight;    /* [learners][columns]           */
    float *cut;       /* [learners]                    */
};

/* Room for so many.  AS_ENOMEM. */
enum as_status as_fld_init(struct as_fld *e, uint32_t learners, uint32_t columns)
    __attribute__((warn_unused_result));
void as_fld_clear(struct as_fld *e);

/* The share of the learners that vote 1, of measures [dim] with this scale: 0..1. */
double as_fld_share(const struct as_fld *e, const double *mean, const double *factor,
                    const float *feat);

/*
 * Trains an ensemble on the items of all ranks.  Each learner has groups drawn with replacement,
 * each with all its items once (two thirds of the groups on average; drawn again where a class is
 * not among them), and measures drawn without;
 * the rest of the groups tell its error.  There are enough learners when the error of all on the
 * items that each left out has kept within .005 over 50 learners, its mean over 5; at most
 * AS_FLD_LEARNERS_MAX.  The number of measures is searched for from steps of 200 (a quarter of all,
 * if that is less).
 *
 *   error   mean of the rates of false alarms and misses, out of the bag
 *
 * AS_SKIP: a class is empty.  AS_ENOMEM, AS_EUSAGE.  Collective; the same everywhere.
 */
enum as_status as_fld_train(const struct as_fit *f, struct as_fld *e, double *error)
    __attribute__((warn_unused_result));

#endif
