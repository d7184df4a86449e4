/* search_camera_compare.c - pictures and fingerprints of one size, compared over all that was kept.
 *
 * 1 room   2 a camera meets pictures   3 what is told   4 all of a size */
#include "../log.h"
#include "search_camera_parts.h"
#include "team.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A match is told if pictures of no enrolled camera, as many as the case has, would give less
 * than this many.                                                                      */
static const double false_matches = 0.01;

/* Suspects that are one camera. */
struct camera {
    uint64_t first;
    uint32_t turns;
};

/* What the cameras give for a picture: no more are compared with it in full, in any order. */
struct answers {
    struct answer {
        uint64_t suspect; /* the camera in the best of its orientations */
        float pce;
    } answer[AS_COMPARED];
    uint32_t n;
};

struct worker {
    uint32_t number;
    struct as_query_room room; /* its luma is `k` */
    struct as_fft *fft;
    float *k, *work; /* [as_fft_floats] spectrum of the fingerprint; surface */
    struct answer *best; /* [pictures] with the camera in hand, of all its orientations */
};

/* Pictures of a size that meet all fingerprints together. */
struct comparison {
    struct as_hunt *hunt;
    const struct as_hunt_size *size;
    size_t floats;           /* of a spectrum */
    uint64_t first, n;       /* pictures, of the size */
    float *spectrum;         /* [n][floats] */
    struct answers *answers; /* [n] */
    struct camera *all;      /* [nall] cameras of the size */
    struct camera *camera;   /* [ncameras] of these, which a picture of the batch wants */
    uint64_t nall, ncameras, slices;
    struct worker *worker;
    uint32_t nworkers;
};

/* ---- 1. room ---- */

/* As many workers and pictures as fit the memory. */
static uint64_t plan(struct comparison *c)
{
    const struct as_search *s = c->hunt->s;
    const struct as_rect *part = &c->size->kept;
    const uint64_t picture = c->floats * sizeof(float);
    const uint64_t each = 2 * picture + as_noise_bytes(&c->hunt->pictures.keep) +
                          as_prnu_query_scratch(part->w, part->h) + 256 * (uint64_t)part->h;

    c->nworkers = as_hunt_workers(s, each, picture);
    const uint64_t left = s->memory > c->nworkers * each ? s->memory - c->nworkers * each : 0;
    return left / picture ? left / picture : 1;
}

static enum as_status make_worker(struct comparison *c, struct worker *w, uint64_t pictures,
                                  struct as_err *err)
{
    const struct as_rect *part = &c->size->kept;
    enum as_status status = AS_OK;

    AS_TRY(as_residuals_reader(&c->hunt->pictures, &w->room.spool, err));
    AS_TRY(as_fft_new(part->w, part->h, &w->fft));
    w->room.luma = w->k = as_hunt_take(c->floats * sizeof(float));
    w->room.scratch = as_hunt_take(as_prnu_query_scratch(part->w, part->h));
    w->work = as_hunt_take(c->floats * sizeof(float));
    w->best = calloc(pictures, sizeof *w->best);
    if (!w->k || !w->room.scratch || !w->work || !w->best)
        status = AS_ENOMEM;
done:
    return status;
}

/* The cameras of the size, each with its orientations. */
static void list_cameras(struct comparison *c)
{
    const struct as_suspect_camera *s = c->size->suspect;

    for (uint64_t i = 0; i < c->size->nsuspects; i++) {
        if (i == 0 || s[i].of != s[i - 1].of || s[i].camera != s[i - 1].camera)
            c->all[c->nall++] = (struct camera){i, 0};
        c->all[c->nall - 1].turns++;
    }
}

static enum as_status make_room(struct comparison *c, uint64_t pictures, struct as_err *err)
{
    enum as_status status = AS_OK;

    c->spectrum = as_hunt_take(pictures * c->floats * sizeof(float));
    c->answers = calloc(pictures, sizeof *c->answers);
    c->all = calloc(c->size->nsuspects, sizeof *c->all);
    c->camera = calloc(c->size->nsuspects, sizeof *c->camera);
    c->worker = calloc(c->nworkers, sizeof *c->worker);
    if (!c->spectrum || !c->answers || !c->all || !c->camera || !c->worker)
        AS_FAIL(err, AS_ENOMEM, "no memory to compare pictures with cameras");
    list_cameras(c);
    for (uint32_t k = 0; k < c->nworkers; k++) {
        c->worker[k].number = k;
        if ((status = make_worker(c, &c->worker[k], pictures, err)) != AS_OK)
            AS_FAIL(err, status, "no memory to compare pictures with cameras");
    }
done:
    return status;
}

static void clear(struct comparison *c)
{
    for (uint32_t k = 0; c->worker && k < c->nworkers; k++) {
        struct worker *w = &c->worker[k];
        as_journal_close_read(w->room.spool);
        as_fft_free(w->fft);
        free(w->room.scratch);
        free(w->k);
        free(w->work);
        free(w->best);
    }
    free(c->worker);
    free(c->camera);
    free(c->all);
    free(c->answers);
    free(c->spectrum);
}

/* ---- 2. a camera meets pictures ---- */

static enum as_status prepare(void *state, uint32_t worker, uint64_t i, struct as_err *err)
{
    struct comparison *c = state;
    struct worker *w = &c->worker[worker];
    const struct as_rect *part = &c->size->kept;
    const struct as_plane query = {w->work, part->w, part->h, part->w};
    enum as_status status = AS_OK;

    AS_TRY(as_hunt_query(c->hunt, c->size->first + c->first + i, part, &w->room, w->work, err));
    as_fft_forward(w->fft, &query, c->spectrum + i * c->floats);
done:
    return status;
}

/* Whether the i-th picture of the batch is to be compared with a suspect. */
static bool wants(const struct comparison *c, uint64_t i, uint64_t suspect)
{
    const struct as_best_cameras *b = c->size->best ? &c->size->best[c->first + i] : NULL;

    for (uint32_t k = 0; b && k < b->n; k++)
        if (b->suspect[k] == suspect)
            return true;
    return b == NULL;
}

/* A suspect with those of the pictures from..to that want it. */
static enum as_status correlate(struct comparison *c, struct worker *w, uint64_t suspect,
                                uint64_t from, uint64_t to, struct as_err *err)
{
    /* shares of JPEG and of the model repeat every 8 pixels, and add up at shift 0: what is left
     * above them is the sensor's */
    const struct as_prnu_window aligned_only = {.classes = true};
    const struct as_rect *part = &c->size->kept;
    const struct as_plane k = {w->work, part->w, part->h, part->w};
    enum as_status status = AS_OK;
    struct as_prnu_peak peak;
    bool loaded = false;

    for (uint64_t i = from; i < to; i++) {
        if (!wants(c, i, suspect))
            continue;
        AS_TRY(as_team_go_on(c->hunt->s->r, w->number, AS_HUNT_DOING, err));
        if (!loaded) {
            AS_TRY(as_hunt_load(&c->size->suspect[suspect], part, w->work, w->k, err));
            as_fft_forward(w->fft, &k, w->k);
        }
        loaded = true;
        as_fft_correlate(w->fft, c->spectrum + i * c->floats, w->k, w->work, w->work, part->w);
        AS_TRY(as_prnu_pce(w->work, part->w, part->h, &aligned_only, &peak));
        if ((float)peak.pce > w->best[i].pce)
            w->best[i] = (struct answer){suspect, (float)peak.pce};
    }
done:
    return status;
}

/* Keeps what a camera gives for a picture, when all its orientations were looked at. */
static void keep_answer(struct comparison *c, uint64_t i, const struct answer *best)
{
    struct answers *a = &c->answers[i];

    pthread_mutex_lock(&c->hunt->lock);
    if (a->n < AS_COMPARED)
        a->answer[a->n++] = *best;
    pthread_mutex_unlock(&c->hunt->lock);
}

/* Part i: a camera and a slice of the pictures. */
static enum as_status meet(void *state, uint32_t worker, uint64_t i, struct as_err *err)
{
    struct comparison *c = state;
    struct worker *w = &c->worker[worker];
    const struct camera *camera = &c->camera[i / c->slices];
    const uint64_t slice = i % c->slices;
    const uint64_t from = c->n * slice / c->slices, to = c->n * (slice + 1) / c->slices;
    enum as_status status = AS_OK;

    for (uint64_t q = from; q < to; q++)
        w->best[q].pce = -INFINITY;
    for (uint32_t turn = 0; turn < camera->turns; turn++)
        AS_TRY(correlate(c, w, camera->first + turn, from, to, err));
    for (uint64_t q = from; q < to; q++)
        if (w->best[q].pce > -INFINITY)
            keep_answer(c, q, &w->best[q]);
done:
    return status;
}

/* ---- 3. what is told ---- */

/* The best of the other cameras, of its model or all, which should give nothing. */
static void best_other(const struct comparison *c, const struct answers *a, uint32_t than,
                       bool model, struct as_match *m)
{
    const struct as_suspect_camera *s = &c->size->suspect[a->answer[than].suspect];

    m->other = -INFINITY;
    m->others = 0;
    for (uint32_t k = 0; k < a->n; k++) {
        const struct as_suspect_camera *t = &c->size->suspect[a->answer[k].suspect];
        if (k == than || (model && !as_hunt_same_model(s->of, s->camera, t->of, t->camera)))
            continue;
        m->others++;
        if (a->answer[k].pce > m->other)
            m->other = a->answer[k].pce;
    }
}

/* What stands beside a match: cameras of the same model, where some were compared in full. */
static void put_beside(const struct comparison *c, const struct answers *a, uint32_t k,
                       struct as_match *m)
{
    const struct as_suspect_camera *s = &c->size->suspect[a->answer[k].suspect];

    m->beside = AS_BESIDE_MODEL;
    best_other(c, a, k, true, m);
    if (m->others > 0)
        return;
    best_other(c, a, k, false, m);
    m->beside = s->of->model[s->camera] == NULL                      ? AS_BESIDE_SIZE
                : as_hunt_count(c->hunt, s->of, s->camera).model > 0 ? AS_BESIDE_LEFT_OUT
                                                                     : AS_BESIDE_NO_MODEL;
}

/* A picture and the k-th camera that it was compared with. */
static enum as_status tell(struct comparison *c, uint64_t picture, const struct answers *a,
                           uint32_t k)
{
    const struct as_hunt *h = c->hunt;
    const struct as_suspect_camera *s = &c->size->suspect[a->answer[k].suspect];
    const uint64_t row = h->pictures.place[picture].row;
    const float pce = a->answer[k].pce;
    const double log_p = as_prnu_log10_pfa((double)pce, (double)c->size->nsuspects);
    struct as_match m;

    as_log(AS_LOG_DEBUG,
           "camera set=%u reference=%" PRIu64 " row=%" PRIu64 " pce=%.1f log10_p=%.1f", s->of->set,
           s->camera, row, (double)pce, log_p);
    if (log_p + log10((double)h->total) > log10(false_matches))
        return AS_OK;
    as_hunt_note(c->hunt, picture, s, pce);
    m = (struct as_match){.row = row,
                          .reference = s->camera,
                          .set = s->of->set,
                          .kind = AS_MATCH_CAMERA,
                          .value = pce,
                          .p = pow(10, fmax(log_p, -300)),
                          .scale = 1,
                          .turn = (uint8_t)(-s->turn & 3)};
    put_beside(c, a, k, &m);
    return as_search_match(h->s, &m);
}

static enum as_status tell_all(struct comparison *c)
{
    enum as_status status = AS_OK;

    for (uint64_t i = 0; i < c->n; i++)
        for (uint32_t k = 0; k < c->answers[i].n && status == AS_OK; k++)
            status = tell(c, c->size->first + c->first + i, &c->answers[i], k);
    return status;
}

/* ---- 4. all of a size ---- */

static bool wanted(const struct comparison *c, const struct camera *camera)
{
    for (uint64_t i = 0; i < c->n; i++)
        for (uint32_t turn = 0; turn < camera->turns; turn++)
            if (wants(c, i, camera->first + turn))
                return true;
    return false;
}

static enum as_status compare_batch(struct comparison *c, struct as_err *err)
{
    struct as_team team = {c->nworkers, c->n, c, prepare, AS_HUNT_DOING};
    enum as_status status = AS_OK;

    AS_TRY(as_team_run(&team, c->hunt->s->r, err));
    c->ncameras = 0;
    for (uint64_t i = 0; i < c->nall; i++)
        if (wanted(c, &c->all[i]))
            c->camera[c->ncameras++] = c->all[i];
    /* few cameras: each is read by several threads, which have a slice of the pictures each */
    c->slices = c->ncameras < 2 * c->nworkers ? 2 * c->nworkers : 1;
    c->slices = c->slices < c->n ? c->slices : c->n;
    c->slices = c->nworkers > 1 ? c->slices : 1;
    team.n = c->ncameras * c->slices;
    team.part = meet;
    memset(c->answers, 0, c->n * sizeof *c->answers);
    AS_TRY(as_team_run(&team, c->hunt->s->r, err));
    if ((status = tell_all(c)) != AS_OK)
        AS_FAIL(err, status, "no memory for what the searches found");
done:
    return status;
}

enum as_status as_hunt_compare(struct as_hunt *h, const struct as_hunt_size *size,
                               struct as_err *err)
{
    struct comparison c = {
        .hunt = h, .size = size, .floats = as_fft_floats(size->kept.w, size->kept.h)};
    const uint64_t most = plan(&c);
    enum as_status status = AS_OK;

    AS_TRY(make_room(&c, most < size->n ? most : size->n, err));
    for (; c.first < size->n; c.first += c.n) {
        c.n = size->n - c.first < most ? size->n - c.first : most;
        AS_TRY(compare_batch(&c, err));
    }
done:
    clear(&c);
    return status;
}
