/* train_parts.h - what the files train*.c share. */
#ifndef AS_TRAIN_PARTS_H
#define AS_TRAIN_PARTS_H

#include "../model.h"
#include "catalogue.h"
#include "train.h"
#include "trivial.h"

/* One item that was scored, as rank 0 sees it: its score, not its measures. */
struct as_trial {
    uint64_t id;
    double score, distance;
    struct as_trivial looks;
    uint32_t listed, group; /* listed: row of the manifest */
    uint8_t label, split;
    uint8_t sha256[32];
};

/* What --leave needs to know, and what it finds: a cell for each value of the column and each fold
 * of authentic items. */
struct as_leave {
    const char **value; /* [values] in the order of the manifest                                */
    uint32_t values, folds;
    uint32_t *of;  /* [m.n] place in `value` of a row, UINT32_MAX: it has none             */
    uint8_t *fold; /* [m.groups] in which a group's authentic items are tried, 255: in none */
    uint8_t *out;  /* [m.groups] 1: not learnt from, in the present cell                   */
    struct as_cell *cell; /* [values][folds], on rank 0 */
};

/* Items that a model was tried on, and knows nothing like. */
struct as_cell {
    uint32_t n;
    uint32_t *item; /* [n] places in the trials */
    double *score;  /* [n]                      */
};

struct as_train {
    const struct as_options *o;
    struct as_trained *done;
    struct as_manifest m;
    int det; /* place in as_detectors[] */
    enum as_fit_method method;
    struct as_rank *r;
    struct as_catalogue *c;
    struct as_sums sums;
    struct as_scale scale;
    struct as_model *model;
    struct as_leave leave;
    /* this rank's items of the split train */
    int16_t *z;    /* NULL: they are read from the journals whenever they are needed */
    size_t mapped; /* bytes of z in a file; 0: it is in memory */
    uint64_t *id;  /* [n] where z is NULL; what follows is of the one that was read last */
    struct as_row *row;
    int16_t *whole;     /* [dim] */
    struct as_err said; /* why it could not be read */
    uint8_t *label;
    uint32_t *group;
    size_t n, cap;
    uint64_t learnt[2]; /* of all ranks, authentic and altered */
    /* its scored items; on rank 0 in the end those of all ranks, by id */
    struct as_trial *trial;
    uint64_t ntrials, trials_cap;
};

/* Counts the pictures.  AS_SKIP: too few.  Collective. */
enum as_status as_train_count(struct as_train *t, struct as_err *err) AS_MUST_CHECK;

/* Finds the scale, fills z, label, group; as_train_forget undoes what it and those after it did.
 * AS_SKIP: nothing of a class is left.  Collective. */
enum as_status as_train_load(struct as_train *t, struct as_err *err) AS_MUST_CHECK;

enum as_status as_train_fit(struct as_train *t, struct as_err *err) AS_MUST_CHECK;

/* Row i of what is learned from, where it is not in memory: for struct as_samples. */
enum as_status as_train_row(void *train, size_t i, const int16_t **z) AS_MUST_CHECK;
void as_train_forget(struct as_train *t);

/* Scores every item that can be used, and has rank 0 know.  Collective. */
enum as_status as_train_try(struct as_train *t, struct as_err *err) AS_MUST_CHECK;

/* With --leave: what can be wrong with the request is found before anything is examined.  Local. */
enum as_status as_leave_init(struct as_train *t, struct as_err *err) AS_MUST_CHECK;

/* Fits a model without the items of each value of the column, and tries it on these.
 * Collective. */
enum as_status as_leave_run(struct as_train *t, struct as_err *err) AS_MUST_CHECK;
void as_leave_clear(struct as_leave *l);

/* Fills l->out for a cell. */
void as_leave_set(const struct as_train *t, uint32_t value, uint32_t fold);

/* Rank 0, after the trials: what came of it, in done->left. */
enum as_status as_leave_judge(struct as_train *t, struct as_err *err) AS_MUST_CHECK;

/* Rank 0: sets the model's threshold and calibration, then tests it. */
enum as_status as_train_judge(struct as_train *t, struct as_err *err) AS_MUST_CHECK;

/* Rank 0: writes the model file. */
enum as_status as_train_write(struct as_train *t, struct as_err *err) AS_MUST_CHECK;

#endif
