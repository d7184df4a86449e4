/* model.h - the weights that turn a detector's measures into a score, and that into a likelihood
 * ratio. */
#ifndef AS_LEARN_MODEL_H
#define AS_LEARN_MODEL_H

#include "../detectors/detector.h"
#include "calibrate.h"
#include "fld.h"

enum as_model_kind {
    AS_MODEL_LINEAR, /* bias + sum of weight * measure              */
    AS_MODEL_FLD     /* bias + share of the votes of an ensemble    */
};

/* How often a finding was made on items known to be authentic.  Where training measured it, a group
 * of items is one trial of the interval. */
struct as_authentic {
    uint32_t items, fired; /* items == 0: not measured                         */
    float upper95;         /* upper end of the 95 % Clopper-Pearson interval   */
    char what[96];         /* which items                                      */
};

/* The items that a calibration speaks for. */
struct as_domain {
    uint64_t kinds;              /* bits, 1 << enum as_kind; 0: no domain       */
    uint32_t side_min, side_max; /* pixels, of the shorter and the longer side  */
    double distance;             /* largest as_model_distance                   */
    float quality_min, quality_max; /* of JPEGs; quality_max 0: any              */
};

/* What is known of an item besides its measures. */
struct as_looks {
    unsigned kind; /* enum as_kind                                     */
    uint32_t w, h;
    float quality; /* of a JPEG, 1..100; 0: not known; NaN: it is none */
};

/* Made by pipeline/model.c from a model file, or by training. */
struct as_model {
    enum as_model_kind kind;
    const struct as_detector *det;
    uint32_t det_version; /* the version of the detector that it was made for       */
    uint32_t dim;
    float *weights; /* linear: [dim], in the order of the detector's measures; else NULL */
    float bias;
    struct as_authentic authentic;
    float map_threshold;   /* maps are kept where the score passes it; INFINITY: never   */
    double *mean, *factor; /* [dim] as as_scale; NULL: the model was not trained        */
    struct as_fld fld;
    struct as_calibration calibration; /* no items: none                                */
    bool real;                         /* it was made on real labelled data             */
    struct as_domain domain;
    char says[200]; /* the sentence of its findings; "": a general one    */
    char *card;     /* what its file says of it; NULL: nothing            */
};

/* Whether the map of an item with this score is kept; false for no model. */
bool as_model_keeps_map(const struct as_model *model, float score);

/* The score of one item's measures [dim]. */
float as_model_score(const struct as_model *model, const float *feat);

/* How far measures [dim] are from those that the model was trained on: the mean of squared standard
 * deviations, each cut at 8, over the measures that differ at all; 0 for a model that was not
 * trained. */
double as_model_distance(const struct as_model *model, const float *feat);

/* Whether an item with measures [dim] is like those that the model was calibrated with; false for a
 * model without a domain, and for a JPEG of unknown quality where the domain has qualities. */
bool as_model_covers(const struct as_model *model, const float *feat, const struct as_looks *looks);

/* Whether it has a calibration made on real data; false for NULL. */
bool as_model_calibrated(const struct as_model *model);

/* The log10 likelihood ratio of a score; false: the model has no calibration made on real data, or
 * the item is outside its domain. */
bool as_model_llr(const struct as_model *model, const float *feat, float score,
                  const struct as_looks *looks, float *llr);

#endif
