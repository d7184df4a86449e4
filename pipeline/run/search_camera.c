/* search_camera.c - which cameras took the pictures of a case.
 *
 * Each rank has its share of the pictures and compares it with every fingerprint of the same
 * size, in the four orientations, at the alignment that the sizes give.  The statistic is the
 * peak-to-correlation energy of W I with K over the part that was kept; the probability of a
 * false alarm counts all that was tried on the picture.
 *
 *  1. fingerprints
 *  2. pictures, a chunk of one size at a time
 *  3. comparing                                                                        */
#include "../log.h"
#include "grow.h"
#include "search_camera_parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CAMERAS_MAX = 1 << 20,
    CHUNK_FLOATS = 1 << 26, /* of the pictures that are compared at a time: 256 MB */
    CROP = 1024
};

/* A match is told if pictures of no enrolled camera, as many as the case has, would give less
 * than this many.                                                                      */
static const double false_matches = 0.01;

/* ---- 1. fingerprints ---- */

struct hunt {
    struct as_search *s;
    struct as_fingerprints *of; /* [nsets] stores of cameras */
    uint16_t nsets;
    struct as_residuals pictures;
    uint64_t total; /* pictures of all ranks */
};

static enum as_status check_camera(const struct as_fingerprints *f, uint64_t i, struct as_err *err)
{
    const struct as_ref_camera *c = &f->camera[i];
    const uint64_t pixels = as_ref_rows(f->ref, AS_REF_CAMERA_fingerprints);
    const uint64_t bytes = as_ref_rows(f->ref, AS_REF_CAMERA_strings);
    enum as_status status = AS_OK;

    if (c->w < AS_PRNU_MIN_SIDE || c->h < AS_PRNU_MIN_SIDE || c->w > 1 << 16 || c->h > 1 << 16 ||
        c->offset > pixels || (uint64_t)c->w * c->h > pixels - c->offset ||
        c->name_offset > bytes || c->name_length > bytes - c->name_offset)
        AS_FAIL(err, AS_EFORMAT, "%s: camera %" PRIu64 " lies outside of the store",
                as_ref_path(f->ref), i);
done:
    return status;
}

static enum as_status open_sets(struct hunt *h, struct as_err *err)
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
    }
done:
    return status;
}

/* Whether a fingerprint so turned has the size of a picture. */
static bool fits(const struct as_ref_camera *c, uint32_t turn, uint32_t w, uint32_t h)
{
    return turn & 1 ? c->w == h && c->h == w : c->w == w && c->h == h;
}

/* All that can be tried on pictures of this size. */
static enum as_status list_suspects(const struct hunt *h, struct as_chunk *c, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t cap = 0;

    for (uint16_t i = 0; i < h->nsets; i++)
        for (uint64_t k = 0; k < h->of[i].n; k++)
            for (uint32_t turn = 0; turn < AS_TURNS; turn++) {
                if (!fits(&h->of[i].camera[k], turn, c->w, c->h))
                    continue;
                if (!as_grow((void **)&c->suspect, c->nsuspects, &cap, sizeof *c->suspect))
                    AS_FAIL(err, AS_ENOMEM, "no memory for the cameras of a size");
                c->suspect[c->nsuspects++] = (struct as_suspect_camera){&h->of[i], k, turn, 0};
            }
done:
    return status;
}

/* ---- 2. pictures ---- */

static void chunk_clear(struct as_chunk *c)
{
    for (int i = 0; i < AS_CHUNK_MAX; i++)
        free(c->spectrum[i]);
    free(c->suspect);
    free(c->crop);
    as_fft_free(c->fft);
    free(c->plane);
    free(c->luma);
    free(c->turned);
    free(c->work);
    free(c->k);
    free(c->scratch);
}

static void *aligned(size_t n)
{
    return aligned_alloc(64, (n + 63) / 64 * 64);
}

/* Room for pictures of which so much was kept. */
static enum as_status chunk_room(struct as_chunk *c, struct as_err *err)
{
    const size_t n = (size_t)c->head.w * c->head.h, whole = (size_t)c->w * c->h;
    const size_t floats = as_fft_floats(c->head.w, c->head.h);
    enum as_status status = AS_OK;

    AS_TRY(as_fft_new(c->head.w, c->head.h, &c->fft));
    c->plane = aligned(whole * sizeof(float));
    c->turned = aligned(whole * sizeof(float));
    c->luma = aligned(n * sizeof(float));
    c->work = aligned(floats * sizeof(float));
    c->k = aligned(floats * sizeof(float));
    c->scratch = aligned(as_prnu_query_scratch(c->head.w, c->head.h));
    if (as_camera_many(c)) {
        c->crop_w = c->head.w < CROP ? c->head.w : CROP;
        c->crop_h = c->head.h < CROP ? c->head.h : CROP;
        c->crop_x = c->head.x + (c->head.w - c->crop_w) / 2;
        c->crop_y = c->head.y + (c->head.h - c->crop_h) / 2;
        c->crop = aligned((size_t)AS_CHUNK_MAX * c->crop_w * c->crop_h * sizeof(float));
    }
    if (!c->plane || !c->turned || !c->luma || !c->work || !c->k || !c->scratch ||
        (as_camera_many(c) && !c->crop))
        status = AS_ENOMEM;
done:
    if (status != AS_OK)
        as_fail(err, status, AS_REASON_NONE, __FILE__, __LINE__, "no memory to compare pictures");
    return status;
}

/* The middle of the picture that was prepared last. */
static void keep_crop(struct as_chunk *c)
{
    const struct as_noise_head *h = &c->head;
    float *to = c->crop + (size_t)(c->n - 1) * c->crop_w * c->crop_h;

    for (uint32_t y = 0; y < c->crop_h; y++, to += c->crop_w)
        memcpy(to, c->plane + (size_t)(c->crop_y - h->y + y) * h->w + (c->crop_x - h->x),
               c->crop_w * sizeof(float));
}

static enum as_status prepare(struct hunt *h, struct as_chunk *c, uint64_t i, struct as_err *err)
{
    const struct as_residual_place *p = &h->pictures.place[i];
    enum as_status status = AS_OK;
    struct as_noise_head head;
    const uint8_t *bytes;
    float *spectrum;

    as_rank_tell(h->s->r);
    if (as_stop_signal)
        AS_FAIL(err, AS_ESTOP, "stopped by a signal while searching for cameras");
    AS_TRY(as_residuals_read(&h->pictures, i, &head, &bytes, err));
    if (head.full_w != c->w || head.full_h != c->h)
        AS_FAIL(err, AS_EIO, "the spool and the journal differ on the size of a picture");
    if (head.w < AS_PRNU_MIN_SIDE || head.h < AS_PRNU_MIN_SIDE)
        return AS_OK; /* too little was kept of it to compare */
    if (c->n == 0) {
        c->head = head;
        AS_TRY(chunk_room(c, err));
    }
    const struct as_plane luma = {c->luma, head.w, head.h, head.w};
    const struct as_plane query = {c->plane, head.w, head.h, head.w};
    if ((spectrum = aligned(as_fft_floats(head.w, head.h) * sizeof(float))) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to compare pictures");
    c->spectrum[c->n] = spectrum;
    c->row[c->n++] = p->row;
    as_noise_planes(&head, bytes, c->plane, c->luma);
    AS_TRY(as_prnu_query(&luma, AS_PRNU_LOCAL | AS_PRNU_WEIGHT, NULL, NULL, c->plane, c->scratch));
    as_fft_forward(c->fft, &query, spectrum);
    if (c->crop)
        keep_crop(c);
done:
    return status;
}

/* ---- 3. comparing ---- */

/* The spectrum of a fingerprint, turned, where the pictures of the chunk have been kept. */
static enum as_status load(struct as_chunk *c, const struct as_suspect_camera *s,
                           struct as_err *err)
{
    const struct as_ref_camera *cam = &s->of->camera[s->camera];
    enum as_status status = AS_OK;

    AS_TRY(as_ref_read(s->of->ref, AS_REF_CAMERA_fingerprints, cam->offset,
                       (uint64_t)cam->w * cam->h, s->turn ? c->turned : c->plane, err));
    if (s->turn)
        as_prnu_turn(c->turned, cam->w, cam->h, s->turn, c->plane);
    const struct as_plane part = {c->plane + (size_t)c->head.y * c->w + c->head.x, c->head.w,
                                  c->head.h, c->w};
    as_fft_forward(c->fft, &part, c->k);
done:
    return status;
}

/* The pictures that want it against the fingerprint in c->k. */
static enum as_status correlate(struct as_chunk *c, uint64_t wanted)
{
    /* shares of JPEG and of the model repeat every 8 pixels, and add up at shift 0: what is left
     * above them is the sensor's */
    const struct as_prnu_window aligned_only = {.classes = true};
    enum as_status status = AS_OK;

    for (uint32_t i = 0; i < c->n; i++) {
        struct as_prnu_peak peak;
        if (!(wanted >> i & 1))
            continue;
        as_fft_correlate(c->fft, c->spectrum[i], c->k, c->work, c->work, c->head.w);
        AS_TRY(as_prnu_pce(c->work, c->head.w, c->head.h, &aligned_only, &peak));
        if ((float)peak.pce > c->best[i])
            c->best[i] = (float)peak.pce;
    }
done:
    return status;
}

/* What is told of the chunk and a camera, when all its orientations were looked at. */
static enum as_status tell(struct hunt *h, struct as_chunk *c, const struct as_suspect_camera *s)
{
    enum as_status status = AS_OK;

    for (uint32_t i = 0; i < c->n; i++) {
        const float pce = c->best[i];
        c->best[i] = -INFINITY;
        if (pce <= 0)
            continue;
        const double log_p = as_prnu_log10_pfa(pce, (double)c->nsuspects);
        as_log(AS_LOG_DEBUG,
               "camera set=%u reference=%" PRIu64 " row=%" PRIu64 " pce=%.1f log10_p=%.1f",
               s->of->set, s->camera, c->row[i], (double)pce, log_p);
        if (log_p + log10((double)h->total) > log10(false_matches))
            continue;
        AS_TRY(as_search_match(h->s, &(struct as_match){.row = c->row[i],
                                                        .reference = s->camera,
                                                        .set = s->of->set,
                                                        .kind = AS_MATCH_CAMERA,
                                                        .value = pce,
                                                        .p = pow(10, fmax(log_p, -300))}));
    }
done:
    return status;
}

static enum as_status compare(struct hunt *h, struct as_chunk *c, struct as_err *err)
{
    enum as_status status = AS_OK;

    for (uint32_t q = 0; q < c->n; q++)
        c->best[q] = -INFINITY;
    AS_TRY(as_camera_propose(c, h->s->r, err));
    for (uint64_t i = 0; i < c->nsuspects; i++) {
        const struct as_suspect_camera *s = &c->suspect[i];
        as_rank_tell(h->s->r);
        if (as_stop_signal)
            AS_FAIL(err, AS_ESTOP, "stopped by a signal while searching for cameras");
        if (s->wanted) {
            AS_TRY(load(c, s, err));
            AS_TRY(correlate(c, s->wanted));
        }
        if (i + 1 == c->nsuspects || s[1].camera != s->camera || s[1].of != s->of)
            AS_TRY(tell(h, c, s));
    }
done:
    return status;
}

/* The next pictures of one size, as many as are compared at a time. */
static enum as_status one_chunk(struct hunt *h, uint64_t *next, struct as_err *err)
{
    const struct as_residual_place *p = h->pictures.place + *next;
    enum as_status status = AS_OK;
    struct as_chunk *c = calloc(1, sizeof *c);
    const uint64_t whole = (uint64_t)p->w * p->h, keep = h->pictures.keep.pixels;
    const uint64_t fit = CHUNK_FLOATS / (whole < keep ? whole : keep) + 1;
    const uint32_t most = fit < AS_CHUNK_MAX ? (uint32_t)fit : AS_CHUNK_MAX;

    if (c == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to compare pictures");
    c->w = p->w;
    c->h = p->h;
    AS_TRY(list_suspects(h, c, err));
    for (; *next < h->pictures.n && p->w == c->w && p->h == c->h && c->n < most; ++*next, p++)
        if (c->nsuspects > 0)
            AS_TRY(prepare(h, c, *next, err));
    if (c->n > 0)
        AS_TRY(compare(h, c, err));
done:
    if (c)
        chunk_clear(c);
    free(c);
    return status;
}

static enum as_status all_pictures(struct hunt *h, struct as_err *err)
{
    enum as_status status = AS_OK;

    for (uint64_t next = 0; next < h->pictures.n && status == AS_OK;)
        status = one_chunk(h, &next, err);
    return status;
}

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
    struct hunt h = {.s = s};

    if (keep.pixels == 0)
        return AS_OK;
    AS_TRY(as_comm_agree(s->r->comm, open_sets(&h, err), err));
    if (h.nsets == 0)
        goto done;
    AS_TRY(as_residuals_find(&h.pictures, s->r, &s->items, &keep, err));
    h.total = h.pictures.n;
    AS_TRY(as_comm_sum(s->r->comm, &h.total, 1));
    AS_TRY(as_comm_agree(s->r->comm, all_pictures(&h, err), err));
done:
    for (uint16_t i = 0; i < h.nsets; i++)
        free(h.of[i].camera);
    free(h.of);
    as_residuals_clear(&h.pictures);
    return status;
}
