/* search_camera.c - which cameras took the pictures of a case.
 *
 * Each rank has its share of the pictures and compares it with every fingerprint of the same
 * size, in the four orientations, at the alignment that the sizes give.  The statistic is the
 * peak-to-correlation energy of W I with K over the part that was kept; the probability of a
 * false alarm counts all that was tried on the picture.
 *
 *  1. fingerprints
 *  2. sizes
 *  3. the search                                                                        */
#include "grow.h"
#include "search_camera_map.h"
#include "search_camera_parts.h"

#include <inttypes.h>
#include <stdlib.h>

enum { CAMERAS_MAX = 1 << 20 };

/* ---- 1. fingerprints ---- */

static enum as_status check_camera(const struct as_fingerprints *f, uint64_t i, struct as_err *err)
{
    const struct as_ref_camera *c = &f->camera[i];
    const uint64_t pixels = as_ref_rows(f->ref, AS_REF_CAMERA_fingerprints);
    const uint64_t bytes = as_ref_rows(f->ref, AS_REF_CAMERA_strings);
    enum as_status status = AS_OK;

    if (c->w < AS_PRNU_MIN_SIDE || c->h < AS_PRNU_MIN_SIDE || c->w > 1 << 16 || c->h > 1 << 16 ||
        c->offset > pixels || (uint64_t)c->w * c->h > pixels - c->offset ||
        c->name_offset > bytes || c->name_length > bytes - c->name_offset ||
        c->make_offset > bytes || c->make_length > bytes - c->make_offset ||
        c->model_offset > bytes || c->model_length > bytes - c->model_offset ||
        c->make_length > AS_REF_MODEL_MAX || c->model_length > AS_REF_MODEL_MAX)
        AS_FAIL(err, AS_EFORMAT, "%s: camera %" PRIu64 " lies outside of the store",
                as_ref_path(f->ref), i);
done:
    return status;
}

static enum as_status open_sets(struct as_hunt *h, struct as_err *err)
{
    const struct as_against *a = &h->s->r->against;
    enum as_status status = AS_OK;

    if ((h->of = calloc((size_t)a->n + 1, sizeof *h->of)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the cameras");
    for (uint16_t i = 0; i < a->n; i++) {
        struct as_fingerprints *f = &h->of[h->nsets];
        if (as_ref_kind(a->ref[i]) != AS_REF_CAMERA)
            continue;
        *f = (struct as_fingerprints){.ref = a->ref[i], .set = i};
        f->n = as_ref_rows(f->ref, AS_REF_CAMERA_cameras);
        h->nsets++;
        if (f->n > CAMERAS_MAX)
            AS_FAIL(err, AS_EFORMAT, "%s has %" PRIu64 " cameras", as_ref_path(f->ref), f->n);
        if ((f->camera = calloc(f->n + 1, sizeof *f->camera)) == NULL)
            AS_FAIL(err, AS_ENOMEM, "no memory for %" PRIu64 " cameras", f->n);
        AS_TRY(as_ref_read(f->ref, AS_REF_CAMERA_cameras, 0, f->n, f->camera, err));
        for (uint64_t k = 0; k < f->n; k++)
            AS_TRY(check_camera(f, k, err));
        AS_TRY(as_hunt_models(f, err));
    }
done:
    return status;
}

/* Whether a fingerprint so turned has the size of a picture. */
static bool fits(const struct as_ref_camera *c, uint32_t turn, uint32_t w, uint32_t h)
{
    return turn & 1 ? c->w == h && c->h == w : c->w == w && c->h == h;
}

/* ---- 2. sizes ---- */

/* All that can be tried on pictures of this size. */
static enum as_status list_suspects(const struct as_hunt *h, struct as_hunt_size *size,
                                    struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t cap = 0;

    for (uint16_t i = 0; i < h->nsets; i++)
        for (uint64_t k = 0; k < h->of[i].n; k++)
            for (uint32_t turn = 0; turn < AS_TURNS; turn++) {
                if (!fits(&h->of[i].camera[k], turn, size->w, size->h))
                    continue;
                if (!as_grow((void **)&size->suspect, size->nsuspects, &cap, sizeof *size->suspect))
                    AS_FAIL(err, AS_ENOMEM, "no memory for the cameras of a size");
                size->suspect[size->nsuspects++] = (struct as_suspect_camera){&h->of[i], k, turn};
            }
done:
    return status;
}

/* The pictures of one size from `first` on. */
static enum as_status one_size(struct as_hunt *h, struct as_hunt_size *size, struct as_err *err)
{
    const struct as_residual_place *p = h->pictures.place + size->first;
    enum as_status status = AS_OK;
    struct as_noise_head head;

    size->w = p->w;
    size->h = p->h;
    while (size->first + size->n < h->pictures.n && p[size->n].w == p->w && p[size->n].h == p->h)
        size->n++;
    as_noise_frame(&h->pictures.keep, p->w, p->h, &head);
    size->kept = (struct as_rect){head.x, head.y, head.w, head.h};
    if (head.w < AS_PRNU_MIN_SIDE || head.h < AS_PRNU_MIN_SIDE)
        return AS_OK; /* too little was kept of them to compare */
    AS_TRY(list_suspects(h, size, err));
    if (size->nsuspects > AS_CONFIRM)
        AS_TRY(as_hunt_propose(h, size, err));
    if (size->nsuspects > 0)
        AS_TRY(as_hunt_compare(h, size, err));
done:
    free(size->suspect);
    free(size->best);
    return status;
}

static enum as_status all_sizes(struct as_hunt *h, struct as_err *err)
{
    enum as_status status = AS_OK;

    for (uint64_t at = 0; at < h->pictures.n && status == AS_OK;) {
        struct as_hunt_size size = {.first = at};
        status = one_size(h, &size, err);
        at += size.n;
    }
    return status;
}

/* ---- 3. the search ---- */

struct as_keep as_search_camera_keep(const struct as_against *a, const struct as_options *o)
{
    struct as_keep keep = {o->origins ? o->residual_pixels : 0, AS_KEEP_STEP};

    for (uint16_t i = 0; i < a->n; i++)
        if (as_ref_kind(a->ref[i]) == AS_REF_CAMERA)
            keep.pixels = o->residual_pixels;
    return keep;
}

enum as_status as_search_camera(struct as_search *s, struct as_err *err)
{
    const struct as_keep keep = as_search_camera_keep(&s->r->against, s->r->options);
    enum as_status status = AS_OK;
    struct as_hunt h = {.s = s, .lock = PTHREAD_MUTEX_INITIALIZER};

    if (keep.pixels == 0)
        return AS_OK;
    AS_TRY(as_comm_agree(s->r->comm, open_sets(&h, err), err));
    if (h.nsets == 0)
        goto done;
    AS_TRY(as_residuals_find(&h.pictures, s->r, &s->items, &keep, err));
    h.told = calloc(h.pictures.n + 1, sizeof *h.told);
    h.taken = calloc(h.pictures.n + 1, sizeof *h.taken);
    if (h.told == NULL || h.taken == NULL)
        status = as_fail(err, AS_ENOMEM, AS_REASON_NONE, __FILE__, __LINE__, "no memory");
    AS_TRY(as_comm_agree(s->r->comm, status, err));
    h.total = h.pictures.n;
    AS_TRY(as_comm_sum(s->r->comm, &h.total, 1));
    AS_TRY(as_comm_agree(s->r->comm, all_sizes(&h, err), err));
    AS_TRY(as_comm_agree(s->r->comm, as_hunt_confirm(&h, err), err));
    AS_TRY(as_hunt_maps(&h, err));
    AS_TRY(as_residuals_end(&h.pictures, s->r, err));
done:
    for (uint16_t i = 0; i < h.nsets; i++) {
        as_hunt_models_clear(&h.of[i]);
        free(h.of[i].camera);
    }
    free(h.of);
    free(h.told);
    free(h.taken);
    as_residuals_clear(&h.pictures);
    return status;
}
