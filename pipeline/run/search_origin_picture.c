/* search_origin_picture.c - the noise of a picture as it is compared with that of others. */
#include "../../kernels/prnu.h"
#include "../cluster/sort.h"
#include "grow.h"
#include "search_origin_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Steps to the rms: its products are exact in float over so many samples that a product of
 * matrices pays, and cutting at four times the rms costs nothing.                       */
enum { STEPS = 32, CUT = 127 };

/* The longest middle of a side, of which len at `at` are kept, that has small prime factors. */
static uint32_t middle(uint32_t side, uint32_t at, uint32_t len)
{
    const uint32_t edge = at > side - at - len ? at : side - at - len;
    uint32_t n = side > 2 * edge ? side - 2 * edge : 0;

    while (n >= AS_PRNU_MIN_SIDE && as_fft_fast(2 * n) != 2 * n)
        n -= 2;
    return n >= AS_PRNU_MIN_SIDE ? n : 0;
}

struct as_origin_view as_origin_view(const struct as_keep *keep, uint32_t w, uint32_t h)
{
    struct as_origin_view v = {.full_w = w > h ? w : h, .full_h = w > h ? h : w};
    struct as_noise_head head;

    as_noise_frame(keep, v.full_w, v.full_h, &head);
    v.w = middle(v.full_w, head.x, head.w);
    v.h = middle(v.full_h, head.y, head.h);
    if (v.w == 0 || v.h == 0)
        v.w = v.h = 0;
    return v;
}

enum as_status as_origin_eye_init(struct as_origin_eye *e, struct as_residuals *pictures,
                                  struct as_err *err)
{
    memset(e, 0, sizeof *e);
    e->pictures = pictures;
    return as_residuals_reader(pictures, &e->spool, err);
}

/* Gives back what fits one size. */
static void shut(struct as_origin_eye *e)
{
    as_fft_free(e->fft);
    free(e->noise);
    free(e->luma);
    free(e->work);
    free(e->spectrum[0]);
    free(e->spectrum[1]);
    free(e->scratch);
    *e = (struct as_origin_eye){.pictures = e->pictures, .spool = e->spool};
}

void as_origin_eye_clear(struct as_origin_eye *e)
{
    shut(e);
    if (e->spool)
        as_journal_close_read(e->spool);
    e->spool = NULL;
}

void as_origin_place_put(uint8_t to[AS_ORIGIN_PLACE], const struct as_residual_place *p)
{
    as_be_put(to, p->file, 4);
    as_be_put(to + 4, p->offset, 8);
}

static void *aligned(size_t n)
{
    return aligned_alloc(64, (n + 63) / 64 * 64);
}

/* Makes the eye fit pictures of which so much was kept. */
static enum as_status fit(struct as_origin_eye *e, const struct as_noise_head *head,
                          struct as_err *err)
{
    const struct as_origin_view v = as_origin_view(&e->pictures->keep, head->full_w, head->full_h);
    const size_t kept = (size_t)head->w * head->h, floats = as_fft_floats(v.w, v.h);
    enum as_status status = AS_OK;

    if (e->fft && v.full_w == e->view.full_w && v.full_h == e->view.full_h)
        return AS_OK;
    shut(e);
    e->view = v;
    if (v.w == 0)
        AS_FAIL(err, AS_EIO, "the spool holds a picture that is too small to compare");
    AS_TRY(as_fft_new(v.w, v.h, &e->fft));
    e->noise = aligned(kept * sizeof(float));
    e->luma = aligned(kept * sizeof(float));
    e->work = aligned(floats * sizeof(float));
    e->spectrum[0] = aligned(floats * sizeof(float));
    e->spectrum[1] = aligned(floats * sizeof(float));
    e->scratch =
        aligned(as_prnu_query_scratch(head->w, head->h) > as_prnu_query_scratch(head->h, head->w)
                    ? as_prnu_query_scratch(head->w, head->h)
                    : as_prnu_query_scratch(head->h, head->w));
    if (!e->noise || !e->luma || !e->work || !e->spectrum[0] || !e->spectrum[1] || !e->scratch)
        AS_FAIL(err, AS_ENOMEM, "no memory to compare pictures");
done:
    if (status != AS_OK)
        shut(e);
    return status;
}

/* The middle of the noise, lying, into to[view.h][view.w]. */
static void cut_out(struct as_origin_eye *e, const struct as_noise_head *head, float *to)
{
    const bool upright = head->full_h > head->full_w;
    const uint32_t w = upright ? e->view.h : e->view.w, h = upright ? e->view.w : e->view.h;
    const uint32_t x = (head->full_w - w) / 2 - head->x, y = (head->full_h - h) / 2 - head->y;
    float *from = upright ? e->luma : to; /* luma has been used */

    for (uint32_t row = 0; row < h; row++)
        memcpy(from + (size_t)row * w, e->noise + (size_t)(y + row) * head->w + x,
               w * sizeof(float));
    if (upright)
        as_prnu_turn(from, w, h, 1, to);
}

static void quantise(const float *from, size_t n, int8_t *q)
{
    double energy = 0;

    for (size_t i = 0; i < n; i++)
        energy += (double)from[i] * from[i];
    const float scale = energy > 0 ? (float)(STEPS / sqrt(energy / (double)n)) : 0;
    for (size_t i = 0; i < n; i++) {
        float v = from[i] * scale;
        v = v > CUT ? CUT : v < -CUT ? -CUT : v;
        q[i] = (int8_t)(int32_t)(v + (v < 0 ? -0.5F : 0.5F));
    }
}

/* What as_origin_read gives of a record. */
static enum as_status prepare(struct as_origin_eye *e, const struct as_noise_head *head,
                              const uint8_t *bytes, int8_t *q, struct as_err *err)
{
    const struct as_plane luma = {e->luma, head->w, head->h, head->w};
    enum as_status status = AS_OK;

    as_noise_planes(head, bytes, e->noise, e->luma);
    status = as_prnu_query(&luma, AS_PRNU_LOCAL | AS_PRNU_WEIGHT, NULL, NULL, e->noise, e->scratch);
    if (status != AS_OK)
        AS_FAIL(err, AS_EBUG, "a residual cannot be compared");
    cut_out(e, head, e->work);
    quantise(e->work, as_origin_samples(&e->view), q);
done:
    return status;
}

enum as_status as_origin_read_own(struct as_origin_eye *e, uint64_t i, int8_t *q,
                                  struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_noise_head head;
    const uint8_t *bytes;

    AS_TRY(as_residuals_read(e->pictures, e->spool, i, &head, &bytes, err));
    AS_TRY(fit(e, &head, err));
    AS_TRY(prepare(e, &head, bytes, q, err));
done:
    return status;
}

enum as_status as_origin_read(struct as_origin_eye *e, const uint8_t place[AS_ORIGIN_PLACE],
                              int8_t *q, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_journal_frame f;
    struct as_noise_head head;

    status = as_journal_read(e->spool, as_be_get(place, 4), as_be_get(place + 4, 8), &f, err);
    if (status == AS_EFORMAT ||
        (status == AS_OK && !as_noise_check(&e->pictures->keep, f.bytes, f.n, &head)))
        AS_FAIL(err, AS_EIO, "the spool has lost a picture while it was compared");
    AS_TRY(status);
    AS_TRY(fit(e, &head, err));
    if (q)
        AS_TRY(prepare(e, &head, f.bytes, q, err));
done:
    return status;
}

void as_origin_turn(const struct as_origin_view *v, const int8_t *q, uint32_t turn, size_t first,
                    size_t n, float *to)
{
    const size_t all = as_origin_samples(v);
    const int8_t *from = turn == 2 ? q + all - first - n : q + first;

    if (turn == 0)
        for (size_t i = 0; i < n; i++)
            to[i] = from[i];
    else if (turn == 2)
        for (size_t i = 0; i < n; i++)
            to[i] = from[n - 1 - i];
    else /* a square: sample (x, y) turned clockwise was (y, w - 1 - x) */
        for (size_t i = 0; i < n; i++) {
            const size_t at = turn == 1 ? first + i : all - 1 - first - i;
            to[i] = q[(v->w - 1 - at % v->w) * v->w + at / v->w];
        }
}

void as_origin_spectrum(struct as_origin_eye *e, int which, const float *plane, uint32_t turn)
{
    const struct as_plane turned = {e->work, e->view.w, e->view.h, e->view.w};
    const struct as_plane as_is = {plane, e->view.w, e->view.h, e->view.w};

    if (turn)
        as_prnu_turn(plane, e->view.w, e->view.h, turn, e->work);
    as_fft_forward(e->fft, turn ? &turned : &as_is, e->spectrum[which]);
}

enum as_status as_origin_pce(struct as_origin_eye *e, double *pce)
{
    /* as in search_camera.c: shares of JPEG and of the model repeat every 8 pixels */
    const struct as_prnu_window aligned_only = {.classes = true};
    enum as_status status = AS_OK;
    struct as_prnu_peak peak;

    as_fft_correlate(e->fft, e->spectrum[0], e->spectrum[1], e->work, e->work, e->view.w);
    AS_TRY(as_prnu_pce(e->work, e->view.w, e->view.h, &aligned_only, &peak));
    *pce = peak.pce;
done:
    return status;
}

enum as_status as_origin_add(struct as_origin_pairs *p, const struct as_origin_pair *pair)
{
    if (!as_grow((void **)&p->at, p->n, &p->cap, sizeof *p->at))
        return AS_ENOMEM;
    p->at[p->n++] = *pair;
    return AS_OK;
}

double as_origin_log_p(const struct as_origin_search *o, const struct as_origin_view *v, double pce)
{
    return as_prnu_log10_pfa(pce, (double)o->pairs * as_origin_turns(v));
}

bool as_origin_told(const struct as_origin_search *o, const struct as_origin_view *v, double pce)
{
    return pce > 0 && as_origin_log_p(o, v, pce) <= o->told;
}
