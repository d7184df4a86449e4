/* model.c - the weights that turn a detector's measures into a score. */
#include "model.h"

const float *as_model_weights(const struct as_model *model, uint32_t *dim, float *bias)
{
    *dim = model->dim;
    *bias = model->bias;
    return model->weights;
}

bool as_model_keeps_map(const struct as_model *model, float score)
{
    return model && score > model->map_threshold;
}
