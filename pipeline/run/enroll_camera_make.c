/* enroll_camera_make.c - sums over the pictures of all ranks, and fingerprints out of them.
 *
 *  1. fingerprints, a camera at a time
 *  2. the store                                                                            */
#include "../hex.h"
#include "../log.h"
#include "enroll_camera_parts.h"
#include "machine.h"
#include "provenance.h"
#include "tree.h"

#include "../../kernels/prnu.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Below this the halves of a camera's pictures agree little better than by chance. */
static const double reliable = 0.02;

/* ---- 1. fingerprints ---- */

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

/* Bytes a pixel of a bench, with the record of a picture. */
enum { BENCH_BYTES = 4 * sizeof(int32_t) + 3 * sizeof(float) + 2 };

/* Refuses at once what this machine has no memory for.  Collective. */
static enum as_status check_memory(const struct as_enroll *e, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_node node;

    AS_TRY(as_machine_node(e->r->comm, &node, err));
    for (uint32_t i = 0; i < e->done->n; i++) {
        const struct as_enrolled_camera *c = &e->done->camera[i];
        const uint64_t need = (uint64_t)c->w * c->h * BENCH_BYTES;
        if (need > as_machine_left_bytes(&node))
            AS_FAIL(err, AS_ENOMEM,
                    "camera %.64s: a fingerprint of %u x %u pixels is made in %" PRIu64
                    " MB of memory, and a rank here has %" PRIu64,
                    c->name, c->w, c->h, need >> 20, as_machine_left_bytes(&node) >> 20);
    }
done:
    return as_comm_agree(e->r->comm, status, err);
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
static enum as_status add_pictures(struct as_enroll *e, uint32_t camera, struct bench *b,
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
            AS_FAIL(err, AS_ESTOP, "%s while making fingerprints", as_stop_why());
        if ((status = as_residuals_read(&e->residuals, spool, i, &head, &bytes, err)) == AS_SKIP) {
            status = AS_OK; /* the enrolment ends with that, but first it sees what else is lost */
            continue;
        }
        AS_TRY(status);
        if (head.w != c->w || head.h != c->h)
            AS_FAIL(err, AS_EFORMAT,
                    "camera %.64s: its pictures have more than %" PRIu64
                    " pixels, and are not enrolled",
                    c->name, e->residuals.keep.pixels);
        as_noise_planes(&head, bytes, b->noise, b->luma);
        AS_TRY(as_prnu_add(&b->half[p->row & 1], &luma, b->noise, c->w));
    }
done:
    as_journal_close_read(spool);
    return status;
}

/* On rank 0: the fingerprint of all, and how well those of the halves agree. */
static enum as_status finish(struct as_enroll *e, struct as_enrolled_camera *c, struct bench *b,
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
        as_log(
            AS_LOG_WARN,
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

static enum as_status make_one(struct as_enroll *e, uint32_t camera, struct as_err *err)
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

/* ---- 2. the store ---- */

static enum as_status begin_store(struct as_enroll *e, struct as_err *err)
{
    const char *path = e->asked->output, *slash = strrchr(path, '/');
    const struct as_enrolled_cameras *d = e->done;
    enum as_status status = AS_OK;
    uint64_t pixels = 0, bytes = 0;

    for (uint32_t i = 0; i < d->n; i++) {
        pixels += (uint64_t)d->camera[i].w * d->camera[i].h;
        bytes += strlen(d->camera[i].name) + strlen(d->camera[i].make) + strlen(d->camera[i].model);
    }
    AS_TRY(as_ref_create(&e->store, path, AS_REF_CAMERA, slash ? slash + 1 : path, err));
    AS_TRY(as_ref_begin(e->store, AS_REF_CAMERA_cameras, d->n, 0, err));
    AS_TRY(as_ref_begin(e->store, AS_REF_CAMERA_fingerprints, pixels, 0, err));
    AS_TRY(as_ref_begin(e->store, AS_REF_CAMERA_strings, bytes, 0, err));
done:
    return status;
}

static enum as_status put_cameras(struct as_enroll *e, struct as_err *err)
{
    const struct as_enrolled_cameras *d = e->done;
    enum as_status status = AS_OK;
    uint64_t offset = 0, text = 0;

    for (uint32_t i = 0; i < d->n; i++) {
        const struct as_enrolled_camera *c = &d->camera[i];
        const uint32_t name = (uint32_t)strlen(c->name), make = (uint32_t)strlen(c->make);
        const struct as_ref_camera row = {.name_offset = text,
                                          .make_offset = text + name,
                                          .model_offset = text + name + make,
                                          .offset = offset,
                                          .name_length = name,
                                          .make_length = make,
                                          .model_length = (uint32_t)strlen(c->model),
                                          .w = c->w,
                                          .h = c->h,
                                          .pictures = c->pictures,
                                          .flat_pictures = c->flat,
                                          .quality = (float)c->reliability,
                                          .periodicity = (float)c->peak};
        AS_TRY(as_ref_append(e->store, AS_REF_CAMERA_cameras, &row, 1, err));
        AS_TRY(as_ref_append(e->store, AS_REF_CAMERA_strings, c->name, name, err));
        AS_TRY(as_ref_append(e->store, AS_REF_CAMERA_strings, c->make, make, err));
        AS_TRY(as_ref_append(e->store, AS_REF_CAMERA_strings, c->model, row.model_length, err));
        text += name + make + row.model_length;
        offset += (uint64_t)c->w * c->h;
    }
done:
    return status;
}

/* The pictures that the fingerprints were made of, by their hashes. */
static json_t *tell_pictures(const struct as_enroll *e)
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
        as_tree_append(
            &all, json_pack("{s:o, s:o}", "name", as_provenance_text(c->name), "pictures", hashes));
    }
    return all;
}

static enum as_status commit(struct as_enroll *e, const char *fingerprint, struct as_err *err)
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

enum as_status as_enroll_fingerprints(struct as_enroll *e, const char *fingerprint,
                                      struct as_err *err)
{
    struct as_rank *r = e->r;
    enum as_status status = AS_OK;

    AS_TRY(check_memory(e, err));
    status = r->me == 0 ? begin_store(e, err) : AS_OK;
    AS_TRY(as_comm_agree(r->comm, status, err));
    for (uint32_t i = 0; i < e->done->n; i++)
        AS_TRY(make_one(e, i, err));
    AS_TRY(as_residuals_end(&e->residuals, r, err));
    status = r->me == 0 ? commit(e, fingerprint, err) : AS_OK;
    AS_TRY(as_comm_agree(r->comm, status, err));
done:
    return status;
}
