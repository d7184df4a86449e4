/* model.c - reads the model files that give detectors their weights.
 *
 * A model file is JSON:
 *   {"detector": "metadata", "version": 1, "kind": "linear", "bias": 0,
 *    "weights": {"measure": 1.5, ...}, "map_threshold": null, "note": "...",
 *    "authentic": {"items": 45, "fired": 0, "upper95": 0.079, "what": "..."}}
 * or "kind": "fld" with "ensemble" in place of the weights; what training adds is read and written in
 * model_trained.c.  Weights go by the names of the measures; every measure must have one, and no other may
 * be there, so that a model cannot silently fit another version of its detector.
 */
#include "model.h"

#include "hex.h"
#include "model_trained.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MODEL_FILE_MAX = 256 << 20 };

static enum as_status read_file(const char *path, char **text, size_t *len, struct as_err *err)
{
    enum as_status status = AS_OK;
    char *buf = NULL;
    FILE *f = NULL;
    long size;

    *text = NULL;
    if ((f = fopen(path, "rb")) == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0 ||
        fseek(f, 0, SEEK_SET) != 0)
        AS_FAIL(err, AS_EIO, "cannot read the model %s", path);
    if (size > MODEL_FILE_MAX)
        AS_FAIL(err, AS_EUSAGE, "the model %s is larger than %d bytes", path, MODEL_FILE_MAX);
    if ((buf = malloc((size_t)size + 1)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "%ld bytes for the model %s", size, path);
    if (fread(buf, 1, (size_t)size, f) != (size_t)size)
        AS_FAIL(err, AS_EIO, "cannot read the model %s", path);
    buf[size] = '\0';
    *len = (size_t)size;
    *text = buf;
    buf = NULL;
done:
    free(buf);
    if (f)
        fclose(f);
    return status;
}

static void hex_sha256(const char *text, size_t len, char hex[65])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];

    SHA256((const unsigned char *)text, len, digest);
    as_hex(digest, sizeof digest, hex);
}

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
            AS_FAIL(err, AS_EUSAGE, "the model %s has no number as weight of %s", path,
                    model->det->measures[i]);
    if (json_object_size(weights) != model->dim)
        AS_FAIL(err, AS_EUSAGE, "the model %s has weights of measures that %s does not have", path,
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
    to->items = (uint32_t)json_integer_value(json_object_get(o, "items"));
    to->fired = (uint32_t)json_integer_value(json_object_get(o, "fired"));
    if (what)
        snprintf(to->what, sizeof to->what, "%s", what);
    return what && to->items > 0 && to->fired <= to->items &&
           get_float(json_object_get(o, "upper95"), &to->upper95);
}

static enum as_status fill(const json_t *root, const char *path, struct as_model *model,
                           struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *kind = json_string_value(json_object_get(root, "kind"));
    const json_t *threshold = json_object_get(root, "map_threshold");

    if (!is_for(root, model->det))
        AS_FAIL(err, AS_EUSAGE, "%s is not a model of %s version %u", path, model->det->name,
                (unsigned)model->det->version);
    if (kind && strcmp(kind, "fld") == 0)
        model->kind = AS_MODEL_FLD;
    else if (!kind || strcmp(kind, "linear") != 0)
        AS_FAIL(err, AS_EUSAGE, "the model %s is of an unknown kind", path);
    if (!get_float(json_object_get(root, "bias"), &model->bias))
        AS_FAIL(err, AS_EUSAGE, "the model %s has no number as bias", path);
    model->map_threshold = INFINITY;
    if (threshold && !json_is_null(threshold) && !get_float(threshold, &model->map_threshold))
        AS_FAIL(err, AS_EUSAGE, "the map_threshold of the model %s is no number", path);
    AS_TRY(model->kind == AS_MODEL_LINEAR ? get_weights(root, path, model, err) : AS_OK);
    AS_TRY(as_model_read_trained(root, path, model, err));
    if (!get_authentic(json_object_get(root, "authentic"), &model->authentic))
        AS_FAIL(err, AS_EUSAGE, "\"authentic\" of the model %s lacks items, fired, upper95 or what",
                path);
done:
    return status;
}

enum as_status as_model_read(const char *path, const struct as_detector *det,
                             struct as_model **model, char sha256[65], struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_model *m = NULL;
    json_t *root = NULL;
    char *text = NULL;
    size_t len = 0;
    json_error_t at;

    *model = NULL;
    AS_TRY(read_file(path, &text, &len, err));
    if ((root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &at)) == NULL)
        AS_FAIL(err, json_error_code(&at) == json_error_out_of_memory ? AS_ENOMEM : AS_EUSAGE,
                "the model %s, line %d: %s", path, at.line, at.text);
    if ((m = calloc(1, sizeof *m)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the model %s", path);
    m->kind = AS_MODEL_LINEAR;
    m->det = det;
    m->det_version = det->version;
    m->dim = det->dim;
    AS_TRY(fill(root, path, m, err));
    hex_sha256(text, len, sha256);
    *model = m;
    m = NULL;
done:
    as_model_free(m);
    json_decref(root);
    free(text);
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
    free(model);
}

/* Writes the path of the model of `name`; false when there is none. */
static bool find_file(const char *name, char *path, size_t n)
{
    const char *const chosen = getenv("ASSAY_MODELS");
    const char *const rooms[] = {chosen ? chosen : ASSAY_MODELS_INSTALLED,
                                 chosen ? NULL : ASSAY_MODELS_SOURCE, NULL};

    for (size_t i = 0; rooms[i]; i++) {
        const int len = snprintf(path, n, "%s/%s.json", rooms[i], name);
        /* one that cannot be looked at is not taken for absent: reading it says what is wrong */
        if (len > 0 && (size_t)len < n &&
            (access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR)))
            return true;
    }
    return false;
}

enum as_status as_models_load(struct as_models *models, struct as_err *err)
{
    enum as_status status = AS_OK;
    char path[4096];

    memset(models, 0, sizeof *models);
    for (size_t i = 0; as_detectors[i]; i++) {
        if (i == AS_DETECTORS_MAX)
            AS_FAIL(err, AS_EBUG, "more than %d detectors", AS_DETECTORS_MAX);
        if (find_file(as_detectors[i]->name, path, sizeof path))
            AS_TRY(as_model_read(path, as_detectors[i], &models->at[i], models->sha256[i], err));
    }
done:
    if (status != AS_OK)
        as_models_clear(models);
    return status;
}

void as_models_clear(struct as_models *models)
{
    for (size_t i = 0; i < AS_DETECTORS_MAX; i++)
        as_model_free(models->at[i]);
    memset(models, 0, sizeof *models);
}
