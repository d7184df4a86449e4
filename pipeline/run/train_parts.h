/* train_parts.h - what train.c, train_rows.c and train_judge.c share. */
#ifndef AS_TRAIN_PARTS_H
#define AS_TRAIN_PARTS_H

#include "../model.h"
#include "catalogue.h"
#include "train.h"

/* One item that was scored, as rank 0 sees it: its score, not its measures. */
struct as_trial {
    uint64_t id;
    double score, distance;
    uint32_t group, w, h;
    uint16_t kind;
    uint8_t label, split;
    uint8_t sha256[32];
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
    /* this rank's items of the split train */
    int16_t *z;
    uint8_t *label;
    uint32_t *group;
    size_t n, cap;
    /* its scored items; on rank 0 in the end those of all ranks, by id */
    struct as_trial *trial;
    uint64_t ntrials, trials_cap;
};

/* Counts the pictures and finds the scale, fills z, label, group.  Collective. */
enum as_status as_train_load(struct as_train *t, struct as_err *err) AS_MUST_CHECK;

/* Scores every item that can be used, and has rank 0 know.  Collective. */
enum as_status as_train_try(struct as_train *t, struct as_err *err) AS_MUST_CHECK;

/* Rank 0: sets the model's threshold and calibration, then tests it. */
enum as_status as_train_judge(struct as_train *t, struct as_err *err) AS_MUST_CHECK;

/* Rank 0: writes the model file. */
enum as_status as_train_write(struct as_train *t, struct as_err *err) AS_MUST_CHECK;

#endif
