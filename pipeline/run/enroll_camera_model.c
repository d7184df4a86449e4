/* enroll_camera_model.c - of what maker and model cameras are, as their pictures say (EXIF). */
#include "enroll_camera_parts.h"
#include "grow.h"

#include <stdlib.h>
#include <string.h>

/* What a picture says of its camera. */
struct says {
    uint64_t row;
    char make[AS_REF_MODEL_MAX + 1], model[AS_REF_MODEL_MAX + 1];
};

/* The first value of a key; a longer one than is kept counts as none. */
static void take(const struct as_row *row, const char *key, char to[AS_REF_MODEL_MAX + 1])
{
    for (size_t i = 0; i < row->nkv; i++) {
        const struct as_text *k = &row->kv[i].key, *v = &row->kv[i].value;
        if (k->len != strlen(key) || memcmp(k->at, key, k->len) != 0)
            continue;
        if (v->len <= AS_REF_MODEL_MAX)
            memcpy(to, v->at, v->len);
        return;
    }
}

/* The items of this rank that name a model. */
static enum as_status look_at_all(struct as_rank *r, struct as_catalogue *c, struct says **said,
                                  uint64_t *n, struct as_err *err)
{
    struct as_row *row = calloc(1, sizeof *row);
    enum as_status status = AS_OK;
    uint64_t cap = 0;

    if (row == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for a row");
    for (uint64_t id = c->first; id < c->first + c->count; id++) {
        struct says one = {.row = id};
        AS_TRY(as_rank_go_on(r, err));
        AS_TRY(as_catalogue_row(c, id, row, NULL, err));
        take(row, "exif.Make", one.make);
        take(row, "exif.Model", one.model);
        if (one.model[0] == '\0')
            continue;
        if (!as_grow((void **)said, *n, &cap, sizeof one))
            AS_FAIL(err, AS_ENOMEM, "no memory for the models of cameras");
        (*said)[(*n)++] = one;
    }
done:
    free(row);
    return status;
}

static int by_row(const void *a, const void *b)
{
    const struct says *x = a, *y = b;

    return (x->row > y->row) - (x->row < y->row);
}

/* A camera is of the model that all of its pictures name: of a list, i is the first of it. */
static void settle(struct as_enrolled_camera *c, bool first, const struct says *says)
{
    if (says && first) {
        memcpy(c->make, says->make, sizeof c->make);
        memcpy(c->model, says->model, sizeof c->model);
    } else if (says == NULL || strcmp(c->make, says->make) != 0 ||
               strcmp(c->model, says->model) != 0) {
        c->make[0] = c->model[0] = '\0';
    }
}

static void settle_all(struct as_enroll *e, struct says *said, uint64_t n)
{
    uint32_t seen = 0; /* of the camera in hand */

    if (n > 0)
        qsort(said, n, sizeof *said, by_row);
    for (uint64_t i = 0; i < e->npictures; i++) {
        const struct as_enroll_picture *p = &e->picture[i];
        struct as_enrolled_camera *c = &e->done->camera[p->camera];
        const struct says key = {.row = p->row};
        seen = i > 0 && p[-1].camera == p->camera ? seen : 0;
        if (p->w != c->w || p->h != c->h)
            continue;
        settle(c, seen++ == 0, n > 0 ? bsearch(&key, said, n, sizeof key, by_row) : NULL);
    }
}

enum as_status as_enroll_models(struct as_enroll *e, struct as_catalogue *c, struct as_err *err)
{
    struct as_rank *r = e->r;
    enum as_status status = AS_OK;
    struct says *mine = NULL;
    uint64_t n = 0, len = 0;
    uint8_t *all = NULL;

    AS_TRY(as_comm_agree(r->comm, look_at_all(r, c, &mine, &n, err), err));
    AS_TRY(as_comm_gather(r->comm, mine, n * sizeof *mine, &all, &len, err));
    if (r->me == 0)
        settle_all(e, (struct says *)(void *)all, len / sizeof *mine);
done:
    free(mine);
    free(all);
    return status;
}
