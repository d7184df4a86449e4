/* search_camera_load.c - fingerprints and pictures, as they are compared. */
#include "search_camera_parts.h"

#include <stdlib.h>
#include <string.h>

void *as_hunt_take(size_t bytes)
{
    return aligned_alloc(64, (bytes + 63) / 64 * 64);
}

uint32_t as_hunt_workers(const struct as_search *s, uint64_t each, uint64_t one)
{
    const uint64_t half = s->memory / 2 > one ? s->memory / 2
                          : s->memory > one   ? s->memory - one
                                              : 0;
    const uint64_t fit = half / each;

    return fit < 1 ? 1 : fit < s->threads ? (uint32_t)fit : s->threads;
}

/* The rows and columns of a fingerprint that, turned, are the part. */
static struct as_rect source_of(const struct as_ref_camera *c, uint32_t turn,
                                const struct as_rect *p)
{
    switch (turn) {
    case 0:
        return *p;
    case 1:
        return (struct as_rect){p->y, c->h - p->x - p->w, p->h, p->w};
    case 2:
        return (struct as_rect){c->w - p->x - p->w, c->h - p->y - p->h, p->w, p->h};
    default:
        return (struct as_rect){c->w - p->y - p->h, p->x, p->h, p->w};
    }
}

enum as_status as_hunt_load(const struct as_suspect_camera *s, const struct as_rect *part,
                            float *to, float *room, struct as_err *err)
{
    const struct as_ref_camera *c = &s->of->camera[s->camera];
    const struct as_rect from = source_of(c, s->turn, part);
    const uint32_t rows = from.w == c->w ? from.h : 1; /* read at a time */
    enum as_status status = AS_OK;
    float *at = s->turn ? room : to;

    for (uint32_t y = 0; y < from.h; y += rows, at += from.w)
        AS_TRY(as_ref_read(s->of->ref, AS_REF_CAMERA_fingerprints,
                           c->offset + (uint64_t)(from.y + y) * c->w + from.x,
                           (uint64_t)rows * from.w, at, err));
    if (s->turn)
        as_prnu_turn(room, from.w, from.h, s->turn, to);
done:
    return status;
}

enum as_status as_hunt_query(struct as_hunt *h, uint64_t i, const struct as_rect *part,
                             const struct as_query_room *room, float *to, struct as_err *err)
{
    const struct as_plane luma = {room->luma, part->w, part->h, part->w};
    enum as_status status = AS_OK;
    struct as_noise_head head;
    const uint8_t *bytes;

    status = as_residuals_read(&h->pictures, room->spool, i, &head, &bytes, err);
    if (status == AS_SKIP) {
        memset(to, 0, (size_t)part->w * part->h * sizeof *to);
        return AS_OK;
    }
    AS_TRY(status);
    const struct as_rect within = {part->x - head.x, part->y - head.y, part->w, part->h};
    as_noise_part(&head, bytes, &within, to, room->luma);
    status = as_prnu_query(&luma, AS_PRNU_LOCAL | AS_PRNU_WEIGHT, NULL, NULL, to, room->scratch);
done:
    return status;
}
