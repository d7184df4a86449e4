/* model.h - the weights that turn a detector's measures into a score. */
#ifndef AS_LEARN_MODEL_H
#define AS_LEARN_MODEL_H

#include "../detectors/detector.h"

enum as_model_kind { AS_MODEL_LINEAR };

/* Made by pipeline/model.c from a model file, or by training. */
struct as_model {
    enum as_model_kind kind;
    const struct as_detector *det;
    uint32_t det_version; /* the version of the detector that it was made for       */
    uint32_t dim;
    float *weights; /* [dim], in the order of the detector's measures             */
    float bias;
    float map_threshold; /* maps are kept where the score passes it; INFINITY: never   */
};

/* Whether the map of an item with this score is kept; false for no model. */
bool as_model_keeps_map(const struct as_model *model, float score);

#endif
