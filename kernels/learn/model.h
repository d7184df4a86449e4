/* model.h - the weights that turn a detector's measures into a score. */
#ifndef AS_LEARN_MODEL_H
#define AS_LEARN_MODEL_H

#include "../detectors/detector.h"

enum as_model_kind { AS_MODEL_LINEAR };

/* How often a finding was made on items known to be authentic. */
struct as_authentic {
    uint32_t items, fired; /* items == 0: not measured                         */
    float upper95;         /* upper end of the 95 % Clopper-Pearson interval   */
    char what[96];         /* which items                                      */
};

/* Made by pipeline/model.c from a model file, or by training. */
struct as_model {
    enum as_model_kind kind;
    const struct as_detector *det;
    uint32_t det_version; /* the version of the detector that it was made for       */
    uint32_t dim;
    float *weights; /* [dim], in the order of the detector's measures             */
    float bias;
    struct as_authentic authentic;
    float map_threshold; /* maps are kept where the score passes it; INFINITY: never   */
};

/* Whether the map of an item with this score is kept; false for no model. */
bool as_model_keeps_map(const struct as_model *model, float score);

#endif
