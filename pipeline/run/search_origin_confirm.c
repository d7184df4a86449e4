/* search_origin_confirm.c - pairs of pictures compared in full. */
#include "../log.h"
#include "search_origin_parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A sensor is everywhere in its pictures; a logo or a frame that two pictures share is somewhere.
 * Without the quarter of the fields that agree most, the rest must still agree: by chance it
 * would be below 0, because the best were taken away.                                 */
enum { FIELDS = 4, BEST = FIELDS * FIELDS / 4 };
static const double rest_least = 1.0; /* standard deviations */

struct confirming {
    struct as_origin_search *o;
    struct as_origin_eye eye;
    int8_t *q[2];
    float *plane;
    uint64_t first; /* the row in q[0]; UINT64_MAX: none */
};

static int64_t dot(const int8_t *a, const int8_t *b, size_t n)
{
    int64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static int descending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x < y) - (x > y);
}

/* How far the fields agree, in standard deviations, without the best of them. */
static double rest(const struct as_origin_view *v, const int8_t *a, const int8_t *b)
{
    double field[FIELDS * FIELDS] = {0}, energy[2] = {0, 0}, sum = 0;

    for (uint32_t y = 0; y < v->h; y++)
        for (uint32_t i = 0; i < FIELDS; i++) {
            const uint32_t x = (uint32_t)((uint64_t)v->w * i / FIELDS);
            const uint32_t end = (uint32_t)((uint64_t)v->w * (i + 1) / FIELDS);
            const size_t at = (size_t)y * v->w + x;
            field[(uint64_t)y * FIELDS / v->h * FIELDS + i] += (double)dot(a + at, b + at, end - x);
            energy[0] += (double)dot(a + at, a + at, end - x);
            energy[1] += (double)dot(b + at, b + at, end - x);
        }
    qsort(field, FIELDS * FIELDS, sizeof *field, descending);
    for (int i = BEST; i < FIELDS * FIELDS; i++)
        sum += field[i];
    const double spread = sqrt(energy[0] * energy[1] / (double)as_origin_samples(v) *
                               (FIELDS * FIELDS - BEST) / (FIELDS * FIELDS));
    return spread > 0 ? sum / spread : 0;
}

static void turn_bytes(const struct as_origin_view *v, int8_t *q, uint32_t turn, float *plane)
{
    const size_t n = as_origin_samples(v);

    as_origin_turn(v, q, turn, 0, n, plane);
    for (size_t i = 0; i < n; i++)
        q[i] = (int8_t)plane[i];
}

/* Room for the size of the picture at this place. */
static enum as_status make_room(struct confirming *c, const uint8_t *place, struct as_err *err)
{
    const struct as_origin_view before = c->eye.view;
    enum as_status status = AS_OK;

    AS_TRY(as_origin_read(&c->eye, place, NULL, err));
    const size_t n = as_origin_samples(&c->eye.view);
    if (c->plane && memcmp(&before, &c->eye.view, sizeof before) == 0)
        return AS_OK;
    free(c->q[0]);
    free(c->q[1]);
    free(c->plane);
    c->q[0] = malloc(n);
    c->q[1] = malloc(n);
    c->plane = malloc(n * sizeof(float));
    if (c->q[0] == NULL || c->q[1] == NULL || c->plane == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to compare pictures");
done:
    return status;
}

static enum as_status compare(struct confirming *c, struct as_origin_pair *pair, bool *told,
                              struct as_err *err)
{
    enum as_status status = AS_OK;
    double pce, others;

    if (c->first != pair->a) {
        c->first = UINT64_MAX;
        AS_TRY(make_room(c, pair->place_a, err));
        AS_TRY(as_origin_read(&c->eye, pair->place_a, c->q[0], err));
        as_origin_turn(&c->eye.view, c->q[0], 0, 0, as_origin_samples(&c->eye.view), c->plane);
        as_origin_spectrum(&c->eye, 0, c->plane, 0);
        c->first = pair->a;
    }
    AS_TRY(as_origin_read(&c->eye, pair->place_b, c->q[1], err));
    turn_bytes(&c->eye.view, c->q[1], pair->turn, c->plane);
    as_origin_spectrum(&c->eye, 1, c->plane, 0);
    AS_TRY(as_origin_pce(&c->eye, &pce));
    others = rest(&c->eye.view, c->q[0], c->q[1]);
    as_log(AS_LOG_DEBUG,
           "origin a=%" PRIu64 " b=%" PRIu64 " turn=%u score=%.1f pce=%.1f rest=%.1f log10_p=%.1f",
           pair->a, pair->b, pair->turn, pair->score, pce, others,
           as_origin_log_p(c->o, &c->eye.view, pce));
    *told = others >= rest_least && as_origin_told(c->o, &c->eye.view, pce);
    pair->score = pce;
done:
    return status;
}

enum as_status as_origin_confirm(struct as_origin_search *o, struct as_err *err)
{
    struct confirming c = {.o = o, .first = UINT64_MAX};
    enum as_status status = AS_OK;
    uint64_t kept = 0;
    bool told;

    AS_TRY(as_origin_eye_init(&c.eye, &o->pictures, err));
    for (uint64_t i = 0; i < o->pair.n; i++) {
        struct as_origin_pair *pair = &o->pair.at[i];
        as_rank_tell(o->s->r);
        if (as_stop_signal)
            AS_FAIL(err, AS_ESTOP, "%s while pictures were compared", as_stop_why());
        AS_TRY(compare(&c, pair, &told, err));
        if (told)
            o->pair.at[kept++] = *pair;
    }
    o->pair.n = kept;
done:
    as_origin_eye_clear(&c.eye);
    free(c.q[0]);
    free(c.q[1]);
    free(c.plane);
    return status;
}
