/* enroll_camera.c - assay enroll camera: pictures of known cameras become fingerprints.
 *
 *  1. who is who
 *  2. which pictures count
 *  3. sums over all ranks, and fingerprints out of them
 *  4. the enrolment: a run that ends otherwise                                              */
#include "enroll_camera.h"

#include "../../kernels/prnu.h"
#include "../hex.h"
#include "../log.h"
#include "enroll.h"
#include "provenance.h"
#include "residuals.h"
#include "start.h"
#include "tree.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whole pictures, with all of their luma; more does not fit a record of the spool. */
static const struct as_keep whole_pictures = {33000000, 1};

/* Below this the halves of a camera's pictures agree little better than by chance. */
static const double reliable = 0.02;

struct picture {
    uint32_t camera, w, h, flat;
    uint8_t sha256[32];
};

struct enroll {
    struct as_rank *r;
    const struct as_options *asked; /* what the user wanted of the enrolment */
    struct as_enrolled_cameras *done;
    uint32_t *camera_of; /* [operands] */
    char **paths;        /* [operands] */
    int n;
    struct as_residuals residuals;
    /* rank 0 */
    struct picture *picture; /* [npictures] by camera, size, hash */
    uint64_t npictures;
    struct as_ref_writer *store;
    uint64_t at; /* pixels written */
};

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

static enum as_status name_cameras(struct enroll *e, char *const *operands, struct as_err *err)
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
    const struct picture *x = a, *y = b;

    if (x->camera != y->camera)
        return x->camera < y->camera ? -1 : 1;
    if (x->w != y->w)
        return x->w < y->w ? -1 : 1;
    return (x->h > y->h) - (x->h < y->h);
}

static int by_size_and_hash(const void *a, const void *b)
{
    const struct picture *x = a, *y = b;
    const int order = by_size(a, b);

    return order ? order : memcmp(x->sha256, y->sha256, sizeof x->sha256);
}

/* A camera's pictures are those of the size that most of them have; the larger, of equals. */
static void choose(struct as_enrolled_cameras *d, struct picture *p, uint64_t n)
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
static enum as_status refuse(const struct enroll *e, struct as_err *err)
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

static enum as_status plan(struct enroll *e, struct as_err *err)
{
    struct as_enrolled_cameras *d = e->done;
    struct as_rank *r = e->r;
    struct picture *mine = calloc(e->residuals.n + 1, sizeof *mine);
    enum as_status status = mine ? AS_OK : AS_ENOMEM;
    uint8_t *all = NULL;
    uint64_t len = 0;

    AS_TRY(as_comm_agree(r->comm, status, err));
    for (uint64_t i = 0; i < e->residuals.n; i++) {
        const struct as_residual_place *p = &e->residuals.place[i];
        mine[i] = (struct picture){e->camera_of[p->source], p->w, p->h, p->flat, {0}};
        memcpy(mine[i].sha256, p->sha256, sizeof p->sha256);
    }
    AS_TRY(as_comm_gather(r->comm, mine, e->residuals.n * sizeof *mine, &all, &len, err));
    if (r->me == 0) {
        e->picture = (struct picture *)(void *)all;
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

/* ---- 3. fingerprints ---- */

/* What one camera takes: sums of two halves of its pictures, and room for one picture. */
struct bench {
    struct as_prnu_sums half[2];
    float *noise, *luma;
    struct as_fft *fft;
    float *spectrum;
    struct as_prnu_quality quality;
};

static void bench_clear(struct bench *b)
{
    for (int i = 0; i < 2; i++) {
        free(b->half[i].wi);
        free(b->half[i].jj);
    }
    free(b->noise);
    free(b->luma);
    free(b->spectrum);
    as_fft_free(b->fft);
}

static enum as_status bench_init(struct bench *b, const struct as_enrolled_camera *c, bool finish)
{
    const size_t n = (size_t)c->w * c->h;
    enum as_status status = AS_OK;

    memset(b, 0, sizeof *b);
    for (int i = 0; i < 2; i++) {
        b->half[i].w = c->w;
        b->half[i].h = c->h;
        b->half[i].wi = calloc(n, sizeof(int32_t));
        b->half[i].jj = calloc(n, sizeof(int32_t));
    }
    b->noise = malloc(n * sizeof(float));
    b->luma = malloc(n * sizeof(float));
    if (finish) {
        AS_TRY(as_fft_new(c->w, c->h, &b->fft));
        b->spectrum = malloc(as_fft_floats(c->w, c->h) * sizeof(float));
    }
    if (!b->half[0].wi || !b->half[0].jj || !b->half[1].wi || !b->half[1].jj || !b->noise ||
        !b->luma || (finish && !b->spectrum))
        status = AS_ENOMEM;
done:
    return status;
}

/* Adds this rank's pictures of a camera to the half that the picture's row tells. */
static enum as_status add_pictures(struct enroll *e, uint32_t camera, struct bench *b,
                                   struct as_err *err)
{
    const struct as_enrolled_camera *c = &e->done->camera[camera];
    struct as_journal_reader *spool = NULL;
    enum as_status status = AS_OK;

    AS_TRY(as_residuals_reader(&e->residuals, &spool, err));
    for (uint64_t i = 0; i < e->residuals.n; i++) {
        const struct as_residual_place *p = &e->residuals.place[i];
        const struct as_plane luma = {b->luma, c->w, c->h, c->w};
        struct as_noise_head head;
        const uint8_t *bytes;
        if (e->camera_of[p->source] != camera || p->w != c->w || p->h != c->h)
            continue;
        as_rank_tell(e->r);
        if (as_stop_signal)
            AS_FAIL(err, AS_ESTOP, "stopped by a signal while making fingerprints");
        if ((status = as_residuals_read(&e->residuals, spool, i, &head, &bytes, err)) == AS_SKIP) {
            status = AS_OK; /* the enrolment ends with that, but first it sees what else is lost */
            continue;
        }
        AS_TRY(status);
        if (head.w != c->w || head.h != c->h)
            AS_FAIL(err, AS_EFORMAT, "camera %.64s: its pictures have more than %" PRIu64
                    " pixels, and are not enrolled", c->name, whole_pictures.pixels);
        as_noise_planes(&head, bytes, b->noise, b->luma);
        AS_TRY(as_prnu_add(&b->half[p->row & 1], &luma, b->noise, c->w));
    }
done:
    as_journal_close_read(spool);
    return status;
}

/* On rank 0: the fingerprint of all, and how well those of the halves agree. */
static enum as_status finish(struct enroll *e, struct as_enrolled_camera *c, struct bench *b,
                             struct as_err *err)
{
    const size_t n = (size_t)c->w * c->h;
    enum as_status status = AS_OK;
    double r;

    AS_TRY(as_prnu_finish(&b->half[0], 1, b->fft, b->spectrum, b->noise, NULL));
    AS_TRY(as_prnu_finish(&b->half[1], 1, b->fft, b->spectrum, b->luma, NULL));
    r = as_prnu_ncc(b->noise, b->luma, n);
    c->reliability = r > 0 ? 2 * r / (1 + r) : 0;
    AS_TRY(as_prnu_merge(&b->half[0], &b->half[1]));
    AS_TRY(as_prnu_finish(&b->half[0], 1, b->fft, b->spectrum, b->noise, &b->quality));
    if (c->reliability < reliable)
        as_log(AS_LOG_WARN,
               "camera %.64s: reliability %.3f: its pictures hardly agree on a fingerprint; more of "
               "them are needed, or they are not of one body",
               c->name, c->reliability);
    c->grid8 = b->quality.grid8;
    c->periodic = b->quality.periodic;
    c->peak = b->quality.peak;
    AS_TRY(as_ref_append(e->store, AS_REF_CAMERA_fingerprints, b->noise, n, err));
done:
    return status;
}

static enum as_status make_one(struct enroll *e, uint32_t camera, struct as_err *err)
{
    struct as_enrolled_camera *c = &e->done->camera[camera];
    const size_t n = (size_t)c->w * c->h;
    struct as_comm *comm = e->r->comm;
    enum as_status status;
    struct bench b;

    status = bench_init(&b, c, e->r->me == 0);
    AS_TRY(as_comm_agree(comm, status, err));
    AS_TRY(as_comm_agree(comm, add_pictures(e, camera, &b, err), err));
    for (int i = 0; i < 2; i++) {
        AS_TRY(as_comm_sum_to_0(comm, b.half[i].wi, n));
        AS_TRY(as_comm_sum_to_0(comm, b.half[i].jj, n));
    }
    status = e->r->me == 0 ? finish(e, c, &b, err) : AS_OK;
    AS_TRY(as_comm_agree(comm, status, err));
done:
    bench_clear(&b);
    return status;
}

static enum as_status begin_store(struct enroll *e, struct as_err *err)
{
    const char *path = e->asked->output, *slash = strrchr(path, '/');
    const struct as_enrolled_cameras *d = e->done;
    enum as_status status = AS_OK;
    uint64_t pixels = 0, bytes = 0;

    for (uint32_t i = 0; i < d->n; i++) {
        pixels += (uint64_t)d->camera[i].w * d->camera[i].h;
        bytes += strlen(d->camera[i].name);
    }
    AS_TRY(as_ref_create(&e->store, path, AS_REF_CAMERA, slash ? slash + 1 : path, err));
    AS_TRY(as_ref_begin(e->store, AS_REF_CAMERA_cameras, d->n, 0, err));
    AS_TRY(as_ref_begin(e->store, AS_REF_CAMERA_fingerprints, pixels, 0, err));
    AS_TRY(as_ref_begin(e->store, AS_REF_CAMERA_strings, bytes, 0, err));
done:
    return status;
}

static enum as_status put_cameras(struct enroll *e, struct as_err *err)
{
    const struct as_enrolled_cameras *d = e->done;
    enum as_status status = AS_OK;
    uint64_t offset = 0, text = 0;

    for (uint32_t i = 0; i < d->n; i++) {
        const struct as_enrolled_camera *c = &d->camera[i];
        const struct as_ref_camera row = {.name_offset = text,
                                          .offset = offset,
                                          .name_length = (uint32_t)strlen(c->name),
                                          .w = c->w,
                                          .h = c->h,
                                          .pictures = c->pictures,
                                          .flat_pictures = c->flat,
                                          .quality = (float)c->reliability,
                                          .periodicity = (float)c->peak};
        AS_TRY(as_ref_append(e->store, AS_REF_CAMERA_cameras, &row, 1, err));
        AS_TRY(as_ref_append(e->store, AS_REF_CAMERA_strings, c->name, row.name_length, err));
        text += row.name_length;
        offset += (uint64_t)c->w * c->h;
    }
done:
    return status;
}

/* The pictures that the fingerprints were made of, by their hashes. */
static json_t *tell_pictures(const struct enroll *e)
{
    json_t *all = json_array();
    uint64_t at = 0;

    for (uint32_t i = 0; i < e->done->n; i++) {
        const struct as_enrolled_camera *c = &e->done->camera[i];
        json_t *hashes = json_array();
        for (; at < e->npictures && e->picture[at].camera == i; at++) {
            char hex[65];
            if (e->picture[at].w != c->w || e->picture[at].h != c->h)
                continue;
            as_hex(e->picture[at].sha256, 32, hex);
            as_tree_append(&hashes, json_string(hex));
        }
        as_tree_append(&all, json_pack("{s:o, s:o}", "name", as_provenance_text(c->name),
                                       "pictures", hashes));
    }
    return all;
}

static enum as_status commit(struct enroll *e, const char *fingerprint, struct as_err *err)
{
    enum as_status status = AS_OK;
    json_t *all = json_pack("{s:s, s:s, s:I, s:I, s:o}", "command", "enroll camera", "fingerprint",
                            fingerprint, "min_flat", (json_int_t)e->asked->min_flat, "min_natural",
                            (json_int_t)e->asked->min_natural, "cameras", tell_pictures(e));
    char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;

    json_decref(all);
    if (text == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the provenance");
    AS_TRY(put_cameras(e, err));
    status = as_ref_commit(e->store, text, e->done->digest, err);
    e->store = NULL;
done:
    free(text);
    return status;
}

static enum as_status make_all(struct enroll *e, const char *fingerprint, struct as_err *err)
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
    status = r->me == 0 ? begin_store(e, err) : AS_OK;
    AS_TRY(as_comm_agree(r->comm, status, err));
    for (uint32_t i = 0; i < e->done->n; i++)
        AS_TRY(make_one(e, i, err));
    AS_TRY(as_residuals_end(&e->residuals, r, err));
    status = r->me == 0 ? commit(e, fingerprint, err) : AS_OK;
    AS_TRY(as_comm_agree(r->comm, status, err));
done:
    as_catalogue_free(c);
    as_items_clear(&items);
    return status;
}

/* ---- 4. the enrolment ---- */

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
    struct enroll e = {.asked = o, .done = done, .n = n};
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
    AS_TRY(as_start_alone(err));
    AS_TRY(as_zygote_start(&e.r->zygote, &own, err));
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
