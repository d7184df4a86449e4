/* search_camera_model.c - which cameras are of one model. */
#include "search_camera_parts.h"

#include <stdlib.h>
#include <string.h>

static bool of_size(const struct as_ref_camera *a, const struct as_ref_camera *b)
{
    return a->w == b->w && a->h == b->h;
}

/* Maker and model as one text. */
static enum as_status read_model(const struct as_fingerprints *f, uint64_t i, struct as_err *err)
{
    const struct as_ref_camera *c = &f->camera[i];
    char text[2 * AS_REF_MODEL_MAX + 2] = "";
    enum as_status status = AS_OK;

    if (c->model_length == 0)
        return AS_OK;
    AS_TRY(as_ref_read(f->ref, AS_REF_CAMERA_strings, c->make_offset, c->make_length, text, err));
    text[c->make_length] = '\n';
    AS_TRY(as_ref_read(f->ref, AS_REF_CAMERA_strings, c->model_offset, c->model_length,
                       text + c->make_length + 1, err));
    if ((f->model[i] = strdup(text)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the models of cameras");
done:
    return status;
}

enum as_status as_hunt_models(struct as_fingerprints *f, struct as_err *err)
{
    enum as_status status = AS_OK;

    if ((f->model = calloc(f->n + 1, sizeof *f->model)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the models of cameras");
    for (uint64_t i = 0; i < f->n; i++)
        AS_TRY(read_model(f, i, err));
done:
    return status;
}

void as_hunt_models_clear(struct as_fingerprints *f)
{
    for (uint64_t i = 0; f->model && i < f->n; i++)
        free(f->model[i]);
    free(f->model);
}

bool as_hunt_same_model(const struct as_fingerprints *f, uint64_t camera,
                        const struct as_fingerprints *g, uint64_t other)
{
    const char *a = f->model[camera], *b = g->model[other];

    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

struct as_beside_counts as_hunt_count(const struct as_hunt *h, const struct as_fingerprints *f,
                                      uint64_t camera)
{
    struct as_beside_counts n = {0};

    for (uint16_t s = 0; s < h->nsets; s++)
        for (uint64_t k = 0; k < h->of[s].n; k++) {
            const struct as_fingerprints *g = &h->of[s];
            if ((g == f && k == camera) || !of_size(&g->camera[k], &f->camera[camera]))
                continue;
            n.size++;
            n.model += as_hunt_same_model(f, camera, g, k);
        }
    return n;
}
