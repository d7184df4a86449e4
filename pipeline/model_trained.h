/* model_trained.h - the parts of a model file that training makes. */
#ifndef AS_MODEL_TRAINED_H
#define AS_MODEL_TRAINED_H

#include "model.h"

#include <jansson.h>

/*
 * Reads what there is of them from a model file into a model that is zero there:
 *   "scale": {"mean": [dim], "factor": [dim]}
 *   "ensemble": {"columns": n, "column": [[n], ...], "weight": [[n], ...], "cut": [...]}
 *   "calibration": {"slope", "intercept", "low", "high", "items": [2], "groups": [2], "real"}
 *   "domain": {"kinds": [...], "side_min", "side_max", "distance",
 *              "quality_min", "quality_max"}, the last two only where JPEGs were among them
 * AS_EFORMAT: one of them is broken, or missing where others need it.  AS_ENOMEM.
 */
enum as_status as_model_read_trained(const json_t *root, const char *path, struct as_model *model,
                                     struct as_err *err) AS_MUST_CHECK;

/* A model as JSON, without what is told of its making; NULL: no memory. */
json_t *as_model_json(const struct as_model *model);

#endif
