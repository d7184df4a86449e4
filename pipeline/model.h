/* model.h - reads the model files that give detectors their weights. */
#ifndef AS_PIPELINE_MODEL_H
#define AS_PIPELINE_MODEL_H

#include "../kernels/learn/model.h"
#include "err.h"
#include "row.h"

struct as_weighing;

/* The models of all detectors, in the order of as_detectors[], and how what they say is weighed. */
struct as_models {
    struct as_model *at[AS_DETECTORS_MAX]; /* NULL: the detector has no model, hence no score */
    char sha256[AS_DETECTORS_MAX][65];     /* of the model file, hex; "" without a model      */
    struct as_weighing *weighing;          /* NULL: nothing is lowered, no words */
};

/*
 * Reads NAME.json for every detector.  A file is looked for in $ASSAY_MODELS (if that is set,
 * nowhere else), then where `cmake --install` puts models, then in the source tree.
 * A detector without a file has no model: no error.  Then the table of weighing.h.
 *   AS_EIO       a file cannot be read
 *   AS_EFORMAT   a file is no model of this version of the detector; the report says why
 *   AS_SKIP      there is no table
 */
enum as_status as_models_load(struct as_models *models, struct as_err *err) AS_MUST_CHECK;
void as_models_clear(struct as_models *models);

/* Reads one file as a model of `det`; free it with as_model_free.  Statuses as above. */
enum as_status as_model_read(const char *path, const struct as_detector *det,
                             struct as_model **model, char sha256[65],
                             struct as_err *err) AS_MUST_CHECK;
void as_model_free(struct as_model *model);

#endif
