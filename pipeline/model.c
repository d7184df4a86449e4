/* model.c - reads the model files that give detectors their weights.
 *
 * A model file is JSON:
 *   {"detector": "metadata", "version": 1, "kind": "linear", "bias": 0,
 *    "weights": {"measure": 1.5, ...}, "map_threshold": null, "note": "...",
 *    "authentic": {"items": 45, "fired": 0, "upper95": 0.079, "what": "..."}}
 * and perhaps "finding", the sentence of its findings where the detector's measures have none;
 * or "kind": "fld" with "ensemble" in place of the weights; what training adds is read and written
 * in model_trained.c.  Weights go by the names of the measures; every measure must have one, and no
 * other may be there, so that a model cannot silently fit another version of its detector.
 */
#include "model.h"

#include "json_file.h"
#include "log.h"
#include "model_trained.h"
#include "weighing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A finite float from JSON, in *to; false for anything else. */
static bool get_float(const json_t *value, float *to)
{
    *to = (float)json_number_value(value);
    return json_is_number(value) && isfinite(*to);
}

static bool is_for(const json_t *root, const struct as_detector *det)
{
    const char *name = json_string_value(json_object_get(root, "detector"));
    return name && strcmp(name, det->name) == 0 &&
           json_integer_value(json_object_get(root, "version")) == (json_int_t)det->version;
}

static enum as_status get_weights(const json_t *root, const char *path, struct as_model *model,
                                  struct as_err *err)
{
    enum as_status status = AS_OK;
    const json_t *weights = json_object_get(root, "weights");

    if ((model->weights = calloc(model->dim + (size_t)1, sizeof *model->weights)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the model %s", path);
    for (uint32_t i = 0; i < model->dim; i++)
        if (!get_float(json_object_get(weights, model->det->measures[i]), &model->weights[i]))
            AS_FAIL(err, AS_EFORMAT, "the model %s has no number as weight of %s", path,
                    model->det->measures[i]);
    if (json_object_size(weights) != model->dim)
        AS_FAIL(err, AS_EFORMAT, "the model %s has weights of measures that %s does not have", path,
                model->det->name);
done:
    return status;
}

/* What was measured on authentic items; a model may be silent about it. */
static bool get_authentic(const json_t *o, struct as_authentic *to)
{
    const char *what = json_string_value(json_object_get(o, "what"));

    if (o == NULL)
        return true;
    const json_int_t items = json_integer_value(json_object_get(o, "items")),
                     fired = json_integer_value(json_object_get(o, "fired"));
    if (!what || items < 1 || items > UINT32_MAX || fired < 0 || fired > items ||
        !get_float(json_object_get(o, "upper95"), &to->upper95))
        return false;
    to->items = (uint32_t)items;
    to->fired = (uint32_t)fired;
    snprintf(to->what, sizeof to->what, "%s", what);
    /* no upper end is below what was counted; it was rounded when it was written */
    return to->upper95 <= 1 && (double)to->upper95 >= (double)fired / (double)items - .001;
}

/* A text, or NULL: there is none.  False: it is something else. */
static bool get_text(const json_t *value, const char **to)
{
    *to = json_string_value(value);
    return value == NULL || json_is_null(value) || *to;
}

/* What it says of itself, and of its findings. */
static enum as_status get_texts(const json_t *root, const char *path, struct as_model *m,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *note, *finding;

    if (!get_text(json_object_get(root, "note"), &note) ||
        !get_text(json_object_get(root, "finding"), &finding))
        AS_FAIL(err, AS_EFORMAT, "\"note\" or \"finding\" of the model %s is no text", path);
    if (finding && strlen(finding) >= sizeof m->says)
        AS_FAIL(err, AS_EFORMAT, "\"finding\" of the model %s has more than %zu bytes", path,
                sizeof m->says - 1);
    snprintf(m->says, sizeof m->says, "%s", finding ? finding : "");
    if (note && (m->card = strdup(note)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the model %s", path);
done:
    return status;
}

static enum as_status fill(const json_t *root, const char *path, struct as_model *model,
                           struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *kind = json_string_value(json_object_get(root, "kind"));
    const json_t *threshold = json_object_get(root, "map_threshold");

    if (!is_for(root, model->det))
        AS_FAIL(err, AS_EFORMAT,
                "%s is not a model of %s version %u: train one, or take the file away", path,
                model->det->name, (unsigned)model->det->version);
    if (kind && strcmp(kind, "fld") == 0)
        model->kind = AS_MODEL_FLD;
    else if (!kind || strcmp(kind, "linear") != 0)
        AS_FAIL(err, AS_EFORMAT, "the \"kind\" of the model %s is neither linear nor fld", path);
    if (!get_float(json_object_get(root, "bias"), &model->bias))
        AS_FAIL(err, AS_EFORMAT, "the model %s has no number as bias", path);
    model->map_threshold = INFINITY;
    if (threshold && !json_is_null(threshold) && !get_float(threshold, &model->map_threshold))
        AS_FAIL(err, AS_EFORMAT, "the map_threshold of the model %s is no number", path);
    AS_TRY(model->kind == AS_MODEL_LINEAR ? get_weights(root, path, model, err) : AS_OK);
    AS_TRY(as_model_read_trained(root, path, model, err));
    if (!get_authentic(json_object_get(root, "authentic"), &model->authentic))
        AS_FAIL(err, AS_EFORMAT,
                "\"authentic\" of the model %s lacks items, fired, upper95 or what, or they "
                "contradict each other",
                path);
    AS_TRY(get_texts(root, path, model, err));
done:
    return status;
}

enum as_status as_model_read(const char *path, const struct as_detector *det,
                             struct as_model **model, char sha256[65], struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_model *m = NULL;
    json_t *root = NULL;

    *model = NULL;
    AS_TRY(as_json_file_read(path, "model", &root, sha256, err));
    if ((m = calloc(1, sizeof *m)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the model %s", path);
    m->kind = AS_MODEL_LINEAR;
    m->det = det;
    m->det_version = det->version;
    m->dim = det->dim;
    AS_TRY(fill(root, path, m, err));
    *model = m;
    m = NULL;
done:
    as_model_free(m);
    json_decref(root);
    return status;
}

void as_model_free(struct as_model *model)
{
    if (model == NULL)
        return;
    free(model->weights);
    free(model->mean);
    free(model->factor);
    as_fld_clear(&model->fld);
    free(model->card);
    free(model);
}

enum as_status as_models_load(struct as_models *models, struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *const chosen = getenv("ASSAY_MODELS");
    char path[4096];

    memset(models, 0, sizeof *models);
    if (chosen && access(chosen, F_OK) != 0)
        as_log(AS_LOG_WARN, "ASSAY_MODELS names %s, which is not there: no detector has a model",
               chosen);
    for (size_t i = 0; as_detectors[i]; i++) {
        if (i == AS_DETECTORS_MAX)
            AS_FAIL(err, AS_EBUG, "more than %d detectors", AS_DETECTORS_MAX);
        if (as_json_file_find(as_detectors[i]->name, chosen, ASSAY_MODELS_INSTALLED,
                              ASSAY_MODELS_SOURCE, path, sizeof path))
            AS_TRY(as_model_read(path, as_detectors[i], &models->at[i], models->sha256[i], err));
    }
    AS_TRY(as_weighing_load(&models->weighing, err));
done:
    if (status != AS_OK)
        as_models_clear(models);
    return status;
}

void as_models_clear(struct as_models *models)
{
    for (size_t i = 0; i < AS_DETECTORS_MAX; i++)
        as_model_free(models->at[i]);
    as_weighing_free(models->weighing);
    memset(models, 0, sizeof *models);
}
