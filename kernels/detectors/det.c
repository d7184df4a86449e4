/* det.c - calls through a detector's row, with the checks promised to it. */
#include "../learn/model.h"

#include <math.h>
#include <string.h>

const struct as_detector *as_det_find(const char *name)
{
    for (size_t i = 0; as_detectors[i]; i++)
        if (strcmp(as_detectors[i]->name, name) == 0)
            return as_detectors[i];
    return NULL;
}

enum as_status as_det_init(const struct as_detector *det, void **state)
{
    *state = NULL;
    return det->init ? det->init(state) : AS_OK;
}

size_t as_det_scratch_bytes(const struct as_detector *det, uint32_t w, uint32_t h)
{
    return det->scratch_bytes ? det->scratch_bytes(w, h) : 0;
}

static bool small(const struct as_plane *p, uint32_t side)
{
    return p->w < side || p->h < side;
}

/* Whether any plane among the views in `needs` has a side below `side`. */
static bool too_small(const struct as_unit *unit, uint32_t needs, uint32_t side)
{
    return ((needs & AS_LUMA) && small(&unit->luma, side)) ||
           ((needs & AS_NOISE) && small(&unit->noise, side)) ||
           ((needs & AS_SAMPLE) && small(&unit->sample, side)) ||
           ((needs & AS_RGB) && (small(&unit->rgb[0], side) || small(&unit->rgb[1], side) ||
                                 small(&unit->rgb[2], side)));
}

static bool all_finite(const float *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(v[i]))
            return false;
    return true;
}

uint16_t as_det_lacks(const struct as_detector *det, const struct as_unit *unit)
{
    if ((unit->views & det->needs) != det->needs)
        return AS_DET_NO_VIEW;
    return too_small(unit, det->needs, det->min_side) ? AS_DET_TOO_SMALL : 0;
}

enum as_status as_det_extract(const struct as_detector *det, void *state,
                              const struct as_unit *unit, void *scratch, struct as_out *out)
{
    enum as_status status;

    out->verdict = AS_NOT_APPLICABLE;
    if ((out->reason = as_det_lacks(det, unit)) != 0)
        return AS_OK;
    status = det->extract(state, unit, scratch, out);
    if (status != AS_OK || out->verdict != AS_APPLIES)
        return status;
    if (!all_finite(out->feat, det->dim))
        return AS_EFORMAT;
    if (out->heat && det->heat_step &&
        !all_finite(out->heat->at, (size_t)out->heat->w * out->heat->h))
        return AS_EFORMAT;
    return AS_OK;
}

const char *as_det_reason(const struct as_detector *det, uint16_t reason)
{
    if (reason == AS_DET_NO_VIEW)
        return "the file does not hold what this detector reads";
    if (reason == AS_DET_TOO_SMALL)
        return "the picture is too small for this detector";
    for (uint16_t i = 0; det->reasons && det->reasons[i]; i++)
        if (i == reason)
            return det->reasons[i];
    return "unknown reason";
}

enum as_status as_det_score(const struct as_detector *det, const struct as_model *model,
                            const float *feat, size_t n, float *score)
{
    if (!model)
        return AS_SKIP;
    if (det->score)
        return det->score(model, feat, n, score);
    if (model->dim != det->dim)
        return AS_EUSAGE;
    for (size_t i = 0; i < n; i++)
        score[i] = as_model_score(model, feat + i * det->dim);
    return AS_OK;
}

void as_det_free(const struct as_detector *det, void *state)
{
    if (det->free)
        det->free(state);
}
