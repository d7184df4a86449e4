/* weighing.c - the table by which evidence is weighed and put into words: datasets/scale.json.
 *
 *   {"words": [{"log10_lr": 6, "says": "..."}, ..., {"log10_lr": 0, "says": "..."}],
 *    "laundering": [{"says": "resized", "weight": 0.5, "lowers": ["jpeg", ...],
 *                    "signs": [{"detector": "...", "measure": "...", "above" or "below": 3}]}]}
 */
#include "weighing.h"

#include "json_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const as_family_words[AS_FAMILIES] = {
    [AS_FAMILY_JPEG] = "jpeg",
    [AS_FAMILY_NOISE] = "noise",
    [AS_FAMILY_GEOMETRY] = "geometry",
    [AS_FAMILY_SPECTRUM] = "spectrum",
    [AS_FAMILY_PROVENANCE] = "provenance",
    [AS_FAMILY_CONTENT] = "content",
};

/* A text of 1 to n - 1 bytes. */
static bool get_text(const json_t *o, const char *key, char *to, size_t n)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text && text[0] && snprintf(to, n, "%s", text) < (int)n;
}

bool as_scale_words_read(const json_t *root, struct as_scale_words *words)
{
    const json_t *a = json_object_get(root, "words");
    const size_t n = json_array_size(a);

    memset(words, 0, sizeof *words);
    if (n == 0 || n > AS_STEPS_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        const json_t *o = json_array_get(a, i), *lr = json_object_get(o, "log10_lr");
        words->step[i].log10_lr = json_number_value(lr);
        if (!json_is_number(lr) ||
            !get_text(o, "says", words->step[i].says, sizeof words->step[i].says) ||
            (i > 0 && words->step[i].log10_lr >= words->step[i - 1].log10_lr))
            return false;
    }
    if (words->step[n - 1].log10_lr != 0)
        return false;
    words->n = (uint32_t)n;
    return true;
}

static bool get_families(const json_t *a, uint32_t *families)
{
    *families = 0;
    for (size_t i = 0; i < json_array_size(a); i++) {
        const char *word = json_string_value(json_array_get(a, i));
        uint32_t f = 0;
        while (f < AS_FAMILIES && (!word || strcmp(word, as_family_words[f]) != 0))
            f++;
        if (f == AS_FAMILIES)
            return false;
        *families |= 1U << f;
    }
    return *families != 0;
}

/* Finds the measure; false: there is no such. */
static bool find_measure(const char *detector, const char *measure, uint16_t *det, uint32_t *at)
{
    for (*det = 0; as_detectors[*det]; ++*det) {
        const struct as_detector *row = as_detectors[*det];
        if (strcmp(row->name, detector) != 0)
            continue;
        for (*at = 0; *at < row->dim; ++*at)
            if (strcmp(row->measures[*at], measure) == 0)
                return true;
    }
    return false;
}

static bool get_signs(const json_t *a, struct as_washing *to)
{
    const size_t n = json_array_size(a);

    if (n == 0 || n > AS_SIGNS_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        const json_t *o = json_array_get(a, i);
        const json_t *above = json_object_get(o, "above"), *below = json_object_get(o, "below");
        const char *detector = json_string_value(json_object_get(o, "detector"));
        const char *measure = json_string_value(json_object_get(o, "measure"));
        to->sign[i].below = below != NULL;
        to->sign[i].bound = (float)json_number_value(below ? below : above);
        if (!detector || !measure || (above != NULL) == (below != NULL) ||
            !json_is_number(below ? below : above) || !isfinite(to->sign[i].bound) ||
            !find_measure(detector, measure, &to->sign[i].det, &to->sign[i].measure))
            return false;
    }
    to->nsigns = (uint32_t)n;
    return true;
}

static bool get_washings(const json_t *a, struct as_weighing *w)
{
    const size_t n = json_array_size(a);

    if (!json_is_array(a) || n > AS_WASHINGS_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        const json_t *o = json_array_get(a, i), *weight = json_object_get(o, "weight");
        struct as_washing *to = &w->washing[i];
        to->weight = json_number_value(weight);
        if (!json_is_number(weight) || !(to->weight >= 0 && to->weight <= 1) ||
            !get_text(o, "says", to->says, sizeof to->says) ||
            !get_families(json_object_get(o, "lowers"), &to->families) ||
            !get_signs(json_object_get(o, "signs"), to))
            return false;
    }
    w->nwashings = (uint32_t)n;
    return true;
}

enum as_status as_weighing_read(struct as_weighing **to, const char *path, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_weighing *w = NULL;

    *to = NULL;
    if ((w = calloc(1, sizeof *w)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the verbal scale");
    AS_TRY(as_json_file_read(path, "verbal scale", &w->root, w->sha256, err));
    if (!as_scale_words_read(w->root, &w->words))
        AS_FAIL(err, AS_EFORMAT, "the \"words\" of %s are no falling steps that end at 0", path);
    if (!get_washings(json_object_get(w->root, "laundering"), w))
        AS_FAIL(err, AS_EFORMAT,
                "the \"laundering\" of %s is no list of says, weight, lowers and signs that exist",
                path);
    *to = w;
    w = NULL;
done:
    as_weighing_free(w);
    return status;
}

enum as_status as_weighing_load(struct as_weighing **w, struct as_err *err)
{
    enum as_status status = AS_OK;
    char path[4096];

    *w = NULL;
    if (!as_json_file_find("scale", getenv("ASSAY_SCALE"), ASSAY_SCALE_INSTALLED,
                           ASSAY_SCALE_SOURCE, path, sizeof path))
        AS_FAIL(err, AS_SKIP, "there is no verbal scale, scale.json; ASSAY_SCALE names its folder");
    AS_TRY(as_weighing_read(w, path, err));
done:
    return status;
}

void as_weighing_free(struct as_weighing *w)
{
    if (w == NULL)
        return;
    json_decref(w->root);
    free(w);
}

static bool sign_seen(const struct as_washing *washing, uint32_t k, const struct as_row *row)
{
    const struct as_det_row *d = &row->det[washing->sign[k].det];
    float v;

    if (d->status != AS_DET_APPLIES || d->feat == NULL)
        return false;
    v = d->feat[washing->sign[k].measure];
    return washing->sign[k].below ? v < washing->sign[k].bound : v > washing->sign[k].bound;
}

uint8_t as_weighing_seen(const struct as_weighing *w, const struct as_row *row, const bool *with,
                         uint16_t det)
{
    uint8_t seen = 0;

    for (uint32_t i = 0; w && i < w->nwashings; i++) {
        const struct as_washing *washing = &w->washing[i];
        if ((washing->families >> as_detectors[det]->family & 1) == 0)
            continue;
        for (uint32_t k = 0; k < washing->nsigns; k++)
            if (washing->sign[k].det != det && with[washing->sign[k].det] &&
                sign_seen(washing, k, row))
                seen |= (uint8_t)(1U << i);
    }
    return seen;
}

uint8_t as_weighing_unseen(const struct as_weighing *w, const bool *with, uint16_t det)
{
    uint8_t unseen = 0;

    for (uint32_t i = 0; w && i < w->nwashings; i++) {
        const struct as_washing *washing = &w->washing[i];
        bool could = (washing->families >> as_detectors[det]->family & 1) == 0;
        for (uint32_t k = 0; k < washing->nsigns; k++)
            could |= with[washing->sign[k].det] || washing->sign[k].det == det;
        unseen |= (uint8_t)(could ? 0 : 1U << i);
    }
    return unseen;
}

double as_weighing_weight(const struct as_weighing *w, uint8_t washed)
{
    double weight = 1;

    for (uint32_t i = 0; w && i < w->nwashings; i++)
        if (washed >> i & 1)
            weight *= w->washing[i].weight;
    return weight;
}

void as_weighing_tell(const struct as_weighing *w, uint8_t washed, char *to, size_t n)
{
    size_t at = 0;

    to[0] = '\0';
    for (uint32_t i = 0; w && i < w->nwashings && at < n; i++)
        if (washed >> i & 1)
            at += (size_t)snprintf(to + at, n - at, "%s%s", at > 0 ? ", " : "", w->washing[i].says);
}
