/* model.c - the weights that turn a detector's measures into a score, and that into a likelihood
 * ratio. */
#include "model.h"

#include "scale.h"

#include <float.h>
#include <math.h>

const float *as_model_weights(const struct as_model *model, uint32_t *dim, float *bias)
{
    *dim = model->weights ? model->dim : 0;
    *bias = model->bias;
    return model->weights;
}

bool as_model_keeps_map(const struct as_model *model, float score)
{
    return model && score > model->map_threshold;
}

/* No weights, however large, make a score that is no number. */
static float finite(double score)
{
    return (float)(score > (double)FLT_MAX    ? (double)FLT_MAX
                   : score < -(double)FLT_MAX ? -(double)FLT_MAX
                                              : score);
}

/* In double, in the order of the measures. */
static float score_linear(const struct as_model *model, const float *feat)
{
    double sum = model->bias;

    for (uint32_t j = 0; j < model->dim; j++)
        sum += (double)model->weights[j] * feat[j];
    return finite(sum);
}

float as_model_score(const struct as_model *model, const float *feat)
{
    if (model->kind == AS_MODEL_LINEAR)
        return score_linear(model, feat);
    return finite(model->bias + as_fld_share(&model->fld, model->mean, model->factor, feat));
}

double as_model_distance(const struct as_model *model, const float *feat)
{
    double sum = 0;
    uint32_t n = 0;

    for (uint32_t j = 0; model->mean && j < model->dim; j++) {
        const double z = (double)as_scale_one(model->mean[j], model->factor[j], feat[j]);
        sum += z * z / AS_SCALE_ONE / AS_SCALE_ONE;
        n += model->factor[j] > 0;
    }
    return n ? sum / n : 0;
}

static bool has_quality(const struct as_domain *d, float quality)
{
    return d->quality_max <= 0 || isnan(quality) ||
           (quality > 0 && quality >= d->quality_min && quality <= d->quality_max);
}

bool as_model_covers(const struct as_model *model, const float *feat, const struct as_looks *looks)
{
    const struct as_domain *d = &model->domain;
    const uint32_t shorter = looks->w < looks->h ? looks->w : looks->h,
                   longer = looks->w < looks->h ? looks->h : looks->w;

    return looks->kind <= 63 && (d->kinds >> looks->kind & 1) && shorter >= d->side_min &&
           longer <= d->side_max && has_quality(d, looks->quality) &&
           as_model_distance(model, feat) <= d->distance;
}

bool as_model_calibrated(const struct as_model *model)
{
    return model && model->real && model->calibration.items[0] > 0;
}

bool as_model_llr(const struct as_model *model, const float *feat, float score,
                  const struct as_looks *looks, float *llr)
{
    if (!as_model_calibrated(model) || !as_model_covers(model, feat, looks))
        return false;
    *llr = (float)as_calibrate_llr(&model->calibration, score);
    return true;
}
