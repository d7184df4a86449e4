/* model_trained.c - the parts of a model file that training makes.
 *
 *  1. numbers   2. reading   3. writing                                                  */
#include "model_trained.h"

#include "media/sniff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. numbers ---- */

static bool get(const json_t *o, const char *key, double *to)
{
    const json_t *v = json_object_get(o, key);

    *to = json_number_value(v);
    return json_is_number(v) && isfinite(*to);
}

static bool get_count(const json_t *o, const char *key, uint32_t most, uint32_t *to)
{
    const json_t *v = json_object_get(o, key);
    const json_int_t n = json_integer_value(v);

    *to = n >= 0 && n <= most ? (uint32_t)n : 0;
    return json_is_integer(v) && n >= 0 && n <= most;
}

/* n numbers of an array. */
static bool get_all(const json_t *a, double *to, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(a, i);
        if (!json_is_number(v) || !isfinite(json_number_value(v)))
            return false;
        to[i] = json_number_value(v);
    }
    return json_array_size(a) == n;
}

/* ---- 2. reading ---- */

static enum as_status read_scale(const json_t *o, struct as_model *m)
{
    m->mean = calloc(m->dim + (size_t)1, sizeof *m->mean);
    m->factor = calloc(m->dim + (size_t)1, sizeof *m->factor);
    if (m->mean == NULL || m->factor == NULL)
        return AS_ENOMEM;
    if (!get_all(json_object_get(o, "mean"), m->mean, m->dim) ||
        !get_all(json_object_get(o, "factor"), m->factor, m->dim))
        return AS_EFORMAT;
    for (uint32_t j = 0; j < m->dim; j++)
        if (m->factor[j] < 0)
            return AS_EFORMAT;
    return AS_OK;
}

static bool read_learner(const json_t *o, uint32_t k, uint32_t dim, struct as_fld *e)
{
    const json_t *column = json_array_get(json_object_get(o, "column"), k);
    const json_t *weight = json_array_get(json_object_get(o, "weight"), k);
    const json_t *cut = json_array_get(json_object_get(o, "cut"), k);
    const size_t at = (size_t)k * e->columns;

    e->cut[k] = (float)json_number_value(cut);
    if (json_array_size(column) != e->columns || json_array_size(weight) != e->columns ||
        !json_is_number(cut) || !isfinite(e->cut[k]))
        return false;
    for (uint32_t j = 0; j < e->columns; j++) {
        const json_t *c = json_array_get(column, j), *w = json_array_get(weight, j);
        const json_int_t which = json_integer_value(c);
        e->weight[at + j] = (float)json_number_value(w);
        if (!json_is_integer(c) || which < 0 || which >= (json_int_t)dim || !json_is_number(w) ||
            !isfinite(e->weight[at + j]))
            return false;
        e->column[at + j] = (uint32_t)which;
    }
    return true;
}

static enum as_status read_ensemble(const json_t *o, struct as_model *m)
{
    const size_t learners = json_array_size(json_object_get(o, "cut"));
    enum as_status status;
    uint32_t columns;

    if (!get_count(o, "columns", m->dim, &columns) || columns == 0 || learners == 0 ||
        learners > AS_FLD_LEARNERS_MAX)
        return AS_EFORMAT;
    if ((status = as_fld_init(&m->fld, (uint32_t)learners, columns)) != AS_OK)
        return status;
    for (uint32_t k = 0; k < learners; k++)
        if (!read_learner(o, k, m->dim, &m->fld))
            return AS_EFORMAT;
    return AS_OK;
}

static enum as_status read_calibration(const json_t *o, struct as_model *m)
{
    struct as_calibration *c = &m->calibration;
    double items[2], groups[2];

    if (!get(o, "slope", &c->slope) || !get(o, "intercept", &c->intercept) ||
        !get(o, "low", &c->low) || !get(o, "high", &c->high) ||
        !get_all(json_object_get(o, "items"), items, 2) ||
        !get_all(json_object_get(o, "groups"), groups, 2) ||
        !json_is_boolean(json_object_get(o, "real")))
        return AS_EFORMAT;
    m->real = json_is_true(json_object_get(o, "real"));
    for (int k = 0; k < 2; k++) {
        if (!(groups[k] >= 1 && groups[k] < 1e9 && items[k] >= groups[k] && items[k] < 1e15))
            return AS_EFORMAT;
        c->items[k] = (uint64_t)items[k];
        c->groups[k] = (uint32_t)groups[k];
    }
    /* no file may claim more than its trials can bear */
    return c->slope >= 0 && c->low <= 0 && c->high >= 0 &&
                   c->high <= log10((double)c->groups[0]) + 1e-9 &&
                   c->low >= -log10((double)c->groups[1]) - 1e-9
               ? AS_OK
               : AS_EFORMAT;
}

static bool get_qualities(const json_t *o, struct as_domain *d)
{
    double low, high;

    if (!get(o, "quality_min", &low) || !get(o, "quality_max", &high))
        return false;
    d->quality_min = (float)low;
    d->quality_max = (float)high;
    return low <= high && low >= 0 && high >= 1 && high <= 100;
}

static enum as_status read_domain(const json_t *o, struct as_model *m)
{
    struct as_domain *d = &m->domain;
    const json_t *kinds = json_object_get(o, "kinds");

    if (!get_count(o, "side_min", UINT32_MAX, &d->side_min) ||
        !get_count(o, "side_max", UINT32_MAX, &d->side_max) || !get(o, "distance", &d->distance))
        return AS_EFORMAT;
    if ((json_object_get(o, "quality_min") || json_object_get(o, "quality_max")) &&
        !get_qualities(o, d))
        return AS_EFORMAT;
    for (size_t i = 0; i < json_array_size(kinds); i++) {
        const char *word = json_string_value(json_array_get(kinds, i));
        const int kind = word ? as_kind_find(word) : -1;
        if (kind < 0 || kind > 63)
            return AS_EFORMAT;
        d->kinds |= UINT64_C(1) << kind;
    }
    return d->kinds ? AS_OK : AS_EFORMAT;
}

enum as_status as_model_read_trained(const json_t *root, const char *path, struct as_model *model,
                                     struct as_err *err)
{
    static const struct {
        const char *name;
        enum as_status (*read)(const json_t *o, struct as_model *m);
    } PARTS[] = {{"scale", read_scale},
                 {"ensemble", read_ensemble},
                 {"calibration", read_calibration},
                 {"domain", read_domain}};
    enum as_status status = AS_OK;

    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
        const json_t *o = json_object_get(root, PARTS[i].name);
        if (o && (status = PARTS[i].read(o, model)) != AS_OK)
            AS_FAIL(err, status, "\"%s\" of the model %s is broken: train it again", PARTS[i].name,
                    path);
    }
    if ((model->kind == AS_MODEL_FLD) != (model->fld.learners > 0) ||
        ((model->kind == AS_MODEL_FLD || model->domain.kinds) && model->mean == NULL) ||
        (model->calibration.items[0] > 0) != (model->domain.kinds != 0))
        AS_FAIL(err, AS_EFORMAT,
                "the model %s lacks one of scale, ensemble, calibration, domain that another needs",
                path);
done:
    return status;
}

/* ---- 3. writing ---- */

static json_t *numbers(const double *v, size_t n)
{
    json_t *a = json_array();

    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(a, json_real(v[i])) != 0)
            break;
    return a;
}

static json_t *floats(const float *v, size_t n)
{
    json_t *a = json_array();

    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(a, json_real((double)v[i])) != 0)
            break;
    return a;
}

static json_t *counts(const uint32_t *v, size_t n)
{
    json_t *a = json_array();

    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(a, json_integer(v[i])) != 0)
            break;
    return a;
}

static json_t *weights_json(const struct as_model *m)
{
    json_t *o = json_object();

    for (uint32_t j = 0; j < m->dim; j++)
        json_object_set_new(o, m->det->measures[j], json_real((double)m->weights[j]));
    return o;
}

static json_t *ensemble_json(const struct as_fld *e)
{
    json_t *column = json_array(), *weight = json_array();

    for (uint32_t k = 0; k < e->learners; k++) {
        json_array_append_new(column, counts(e->column + (size_t)k * e->columns, e->columns));
        json_array_append_new(weight, floats(e->weight + (size_t)k * e->columns, e->columns));
    }
    return json_pack("{s:i, s:o, s:o, s:o}", "columns", (int)e->columns, "column", column, "weight",
                     weight, "cut", floats(e->cut, e->learners));
}

static json_t *calibration_json(const struct as_model *m)
{
    const struct as_calibration *c = &m->calibration;

    if (c->items[0] == 0)
        return NULL;
    return json_pack("{s:f, s:f, s:f, s:f, s:[I, I], s:[i, i], s:b}", "slope", c->slope,
                     "intercept", c->intercept, "low", c->low, "high", c->high, "items",
                     (json_int_t)c->items[0], (json_int_t)c->items[1], "groups", (int)c->groups[0],
                     (int)c->groups[1], "real", m->real);
}

static json_t *domain_json(const struct as_domain *d)
{
    json_t *kinds;

    if (d->kinds == 0)
        return NULL;
    kinds = json_array();
    for (unsigned k = 0; k < 64; k++)
        if (d->kinds >> k & 1)
            json_array_append_new(kinds, json_string(as_kind_name((uint16_t)k)));
    return json_pack("{s:o, s:I, s:I, s:f, s:o*, s:o*}", "kinds", kinds, "side_min",
                     (json_int_t)d->side_min, "side_max", (json_int_t)d->side_max, "distance",
                     d->distance, "quality_min",
                     d->quality_max > 0 ? json_real((double)d->quality_min) : NULL, "quality_max",
                     d->quality_max > 0 ? json_real((double)d->quality_max) : NULL);
}

json_t *as_model_json(const struct as_model *m)
{
    const bool linear = m->kind == AS_MODEL_LINEAR;
    const struct as_authentic *a = &m->authentic;

    return json_pack(
        "{s:s, s:i, s:s, s:f, s:o*, s:o*, s:o, s:o*, s:o*, s:o*, s:o*}", "detector", m->det->name,
        "version", (int)m->det_version, "kind", linear ? "linear" : "fld", "bias", (double)m->bias,
        "weights", linear ? weights_json(m) : NULL, "ensemble",
        linear ? NULL : ensemble_json(&m->fld), "map_threshold",
        isfinite(m->map_threshold) ? json_real((double)m->map_threshold) : json_null(), "scale",
        m->mean ? json_pack("{s:o, s:o}", "mean", numbers(m->mean, m->dim), "factor",
                            numbers(m->factor, m->dim))
                : NULL,
        "calibration", calibration_json(m), "domain", domain_json(&m->domain), "authentic",
        a->items ? json_pack("{s:i, s:i, s:f, s:s}", "items", (int)a->items, "fired", (int)a->fired,
                             "upper95", (double)a->upper95, "what", a->what)
                 : NULL);
}
