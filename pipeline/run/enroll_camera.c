/* enroll_camera.c - assay enroll camera: pictures of known cameras become fingerprints.
 *
 *  1. who is who
 *  2. which pictures count
 *  3. the enrolment: a run that ends otherwise                                              */
#include "enroll_camera_parts.h"

#include "../../kernels/prnu.h"
#include "enroll.h"
#include "start.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whole pictures, with all of their luma; more does not fit a record of the spool. */
static const struct as_keep whole_pictures = {AS_KEEP_PIXELS_MAX, 1};

/* ---- 1. who is who ---- */

/* NAME=PATH, or PATH alone. */
static enum as_status split(const char *operand, char **name, char **path, struct as_err *err)
{
    const char *equals = strchr(operand, '='), *slash = strchr(operand, '/');
    enum as_status status = AS_OK;
    size_t end;

    if (equals && (slash == NULL || equals < slash)) {
        *name = strndup(operand, (size_t)(equals - operand));
        *path = strdup(equals + 1);
    } else {
        for (end = strlen(operand); end > 1 && operand[end - 1] == '/';)
            end--;
        size_t from = end;
        while (from > 0 && operand[from - 1] != '/')
            from--;
        *name = strndup(operand + from, end - from);
        *path = strdup(operand);
    }
    if (*name == NULL || *path == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the names of cameras");
    if (**name == 0 || **path == 0)
        AS_FAIL(err, AS_EUSAGE, "\"%s\" is not NAME=PATH", operand);
done:
    return status;
}

static enum as_status name_cameras(struct as_enroll *e, char *const *operands, struct as_err *err)
{
    struct as_enrolled_cameras *d = e->done;
    enum as_status status = AS_OK;
    char *name = NULL;

    d->camera = calloc((size_t)e->n, sizeof *d->camera);
    e->camera_of = calloc((size_t)e->n, sizeof *e->camera_of);
    e->paths = calloc((size_t)e->n + 1, sizeof *e->paths);
    if (d->camera == NULL || e->camera_of == NULL || e->paths == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for %d cameras", e->n);
    for (int i = 0; i < e->n; i++) {
        uint32_t c = 0;
        AS_TRY(split(operands[i], &name, &e->paths[i], err));
        while (c < d->n && strcmp(d->camera[c].name, name) != 0)
            c++;
        e->camera_of[i] = c;
        if (c == d->n) {
            d->camera[d->n++].name = name;
            name = NULL;
        }
        free(name);
        name = NULL;
    }
done:
    free(name);
    return status;
}

/* ---- 2. which pictures count ---- */

static int by_size(const void *a, const void *b)
{
    const struct as_enroll_picture *x = a, *y = b;

    if (x->camera != y->camera)
        return x->camera < y->camera ? -1 : 1;
    if (x->w != y->w)
        return x->w < y->w ? -1 : 1;
    return (x->h > y->h) - (x->h < y->h);
}

static int by_size_and_hash(const void *a, const void *b)
{
    const struct as_enroll_picture *x = a, *y = b;
    const int order = by_size(a, b);

    return order ? order : memcmp(x->sha256, y->sha256, sizeof x->sha256);
}

/* A camera's pictures are those of the size that most of them have; the larger, of equals. */
static void choose(struct as_enrolled_cameras *d, struct as_enroll_picture *p, uint64_t n)
{
    if (n > 0)
        qsort(p, n, sizeof *p, by_size_and_hash);
    for (uint64_t i = 0, end; i < n; i = end) {
        struct as_enrolled_camera *c = &d->camera[p[i].camera];
        uint32_t flat = 0;
        for (end = i; end < n && by_size(&p[i], &p[end]) == 0; end++)
            flat += p[end].flat;
        if (end - i < c->pictures) {
            c->other_size += (uint32_t)(end - i);
            continue;
        }
        c->other_size += c->pictures;
        c->pictures = (uint32_t)(end - i);
        c->flat = flat;
        c->w = p[i].w;
        c->h = p[i].h;
    }
}

/* Too few pictures make a fingerprint that confirms nothing and accuses by chance. */
static enum as_status refuse(const struct as_enroll *e, struct as_err *err)
{
    const uint64_t min_flat = e->asked->min_flat, min_natural = e->asked->min_natural;
    enum as_status status = AS_OK;

    for (uint32_t i = 0; i < e->done->n; i++) {
        const struct as_enrolled_camera *c = &e->done->camera[i];
        const uint32_t natural = c->pictures - c->flat;
        if (c->pictures > AS_PRNU_PICTURES_MAX)
            AS_FAIL(err, AS_EFORMAT, "camera %.64s has %u pictures; at most %d are taken", c->name,
                    c->pictures, AS_PRNU_PICTURES_MAX);
        if (c->pictures > 0 && c->flat * min_natural + natural * min_flat >= min_flat * min_natural)
            continue;
        AS_FAIL(err, AS_EFORMAT,
                "camera %.64s has %u flat fields and %u other pictures that can be used; it needs "
                "%" PRIu64 " flat fields or %" PRIu64 " others (--min-flat, --min-natural)",
                c->name, c->flat, natural, min_flat, min_natural);
    }
done:
    return status;
}

static enum as_status plan(struct as_enroll *e, struct as_err *err)
{
    struct as_enrolled_cameras *d = e->done;
    struct as_rank *r = e->r;
    struct as_enroll_picture *mine = calloc(e->residuals.n + 1, sizeof *mine);
    enum as_status status = mine ? AS_OK : AS_ENOMEM;
    uint8_t *all = NULL;
    uint64_t len = 0;

    AS_TRY(as_comm_agree(r->comm, status, err));
    for (uint64_t i = 0; i < e->residuals.n; i++) {
        const struct as_residual_place *p = &e->residuals.place[i];
        mine[i] = (struct as_enroll_picture){.row = p->row,
                                             .camera = e->camera_of[p->source],
                                             .w = p->w,
                                             .h = p->h,
                                             .flat = p->flat};
        memcpy(mine[i].sha256, p->sha256, sizeof p->sha256);
    }
    AS_TRY(as_comm_gather(r->comm, mine, e->residuals.n * sizeof *mine, &all, &len, err));
    if (r->me == 0) {
        e->picture = (struct as_enroll_picture *)(void *)all;
        e->npictures = len / sizeof *mine;
        all = NULL;
        choose(d, e->picture, e->npictures);
        status = refuse(e, err);
    }
    AS_TRY(as_comm_agree(r->comm, status, err));
    for (uint32_t i = 0; i < d->n; i++) {
        uint32_t size[2] = {d->camera[i].w, d->camera[i].h};
        AS_TRY(as_comm_bcast(r->comm, size, sizeof size, 0));
        d->camera[i].w = size[0];
        d->camera[i].h = size[1];
    }
done:
    free(mine);
    free(all);
    return status;
}

static enum as_status make_all(struct as_enroll *e, const char *fingerprint, struct as_err *err)
{
    struct as_rank *r = e->r;
    struct as_catalogue *c = NULL;
    struct as_items items = {0};
    enum as_status status = AS_OK;

    AS_TRY(as_rank_last(r, "enroll", err));
    AS_TRY(as_catalogue_new(&c, r, err));
    AS_TRY(as_items_take(&items, r, c, err));
    AS_TRY(as_residuals_find(&e->residuals, r, &items, &r->keep, err));
    as_items_clear(&items);
    AS_TRY(plan(e, err));
    AS_TRY(as_enroll_models(e, c, err));
    AS_TRY(as_enroll_fingerprints(e, fingerprint, err));
done:
    as_catalogue_free(c);
    as_items_clear(&items);
    return status;
}

/* ---- 3. the enrolment ---- */

/* What the examination is asked, whatever the command line says of other things. */
static enum as_status set_up(struct as_options *own, const struct as_options *o, char **work,
                             struct as_err *err)
{
    enum as_status status = AS_OK;

    *work = NULL;
    if (o->min_flat < 1 || o->min_flat > AS_PRNU_PICTURES_MAX || o->min_natural < 1 ||
        o->min_natural > AS_PRNU_PICTURES_MAX)
        AS_FAIL(err, AS_EUSAGE, "--min-flat and --min-natural are 1 to %d", AS_PRNU_PICTURES_MAX);
    *own = *o;
    if (asprintf(work, "%s.case", o->output) < 0) {
        *work = NULL;
        AS_FAIL(err, AS_ENOMEM, "no memory to enroll");
    }
    own->output = *work;
    own->detectors = "camera";
    own->recheck = "none";
    own->residual_pixels = whole_pictures.pixels;
done:
    return status;
}

enum as_status as_enroll_camera(const struct as_options *o, int n, char *const *operands,
                                struct as_enrolled_cameras *done, struct as_run_result *result,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_enroll e = {.asked = o, .done = done, .n = n};
    struct as_case kase = {0};
    struct as_options own;
    char *fingerprint = NULL, *work = NULL;
    bool spent = false; /* what was examined serves no other attempt */

    memset(done, 0, sizeof *done);
    memset(result, 0, sizeof *result);
    AS_TRY(as_enroll_output(o->output, err));
    AS_TRY(set_up(&own, o, &work, err));
    AS_TRY(name_cameras(&e, operands, err));
    AS_TRY(as_rank_new(&e.r, &own, err));
    AS_TRY(as_run_check(&own, err));
    AS_TRY(as_start_zygote(e.r, err));
    AS_TRY(as_rank_join(e.r, result, err));
    AS_TRY(as_run_begin(e.r, (uint32_t)n, e.paths, &fingerprint, err));
    e.r->keep = whole_pictures;
    AS_TRY(as_rank_open(e.r, fingerprint, result, err));
    AS_TRY(as_run_examine(e.r, fingerprint, err));
    status = make_all(&e, fingerprint, err);
    spent = status == AS_OK || status == AS_EFORMAT;
done:
    as_ref_drop(e.store);
    as_residuals_clear(&e.residuals);
    free(e.picture);
    as_rank_end(e.r, result, status, err);
    if (spent && result->me == 0 && as_case_init(&kase, work, NULL) == AS_OK)
        as_case_remove(&kase);
    as_case_clear(&kase);
    for (int i = 0; e.paths && i < n; i++)
        free(e.paths[i]);
    free(e.paths);
    free(e.camera_of);
    free(fingerprint);
    free(work);
    return status;
}

void as_enrolled_cameras_clear(struct as_enrolled_cameras *done)
{
    for (uint32_t i = 0; i < done->n; i++)
        free(done->camera[i].name);
    free(done->camera);
}
