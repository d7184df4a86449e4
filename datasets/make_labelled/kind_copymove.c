/* kind_copymove.c - a part of a picture shown twice. */
#include "edit.h"
#include "labelled.h"

#include <math.h>

enum { TRIES = 40 };

/* Where the part comes from, or false: a circle of radius `need` apart from the target's. */
static bool source_of(struct as_rng *rng, const struct as_image *im, float cx, float cy,
                      float reach, float need, float *sx, float *sy)
{
    float w = (float)im->w - 2.0f * need - 2.0f, h = (float)im->h - 2.0f * need - 2.0f;

    if (w < 1.0f || h < 1.0f)
        return false;
    for (int i = 0; i < TRIES; i++) {
        float dx, dy;
        *sx = floorf(need + 1.0f + as_rng_unit(rng) * w);
        *sy = floorf(need + 1.0f + as_rng_unit(rng) * h);
        dx = *sx - cx;
        dy = *sy - cy;
        if (sqrtf(dx * dx + dy * dy) > reach + need + 4.0f)
            return true;
    }
    return false;
}

/* A mask of `percent`, or of less where two such parts find no room, and the motion to it. */
static struct as_image choose(struct as_task *t, const struct as_image *im, int percent,
                              int degrees, int scale, struct as_motion *m)
{
    for (int i = 0;; i++) {
        struct as_image mask = as_mask_blob(&t->rng, im->w, im->h, percent);
        float cx, cy, reach, sx, sy;
        as_mask_extent(&mask, &cx, &cy, &reach);
        if (reach > 0.0f &&
            source_of(&t->rng, im, cx, cy, reach, reach * 100.0f / (float)scale + 2.0f, &sx, &sy)) {
            *m = as_motion_get(cx, cy, sx, sy, degrees, scale);
            return mask;
        }
        as_image_free(&mask);
        if (i > 1000)
            as_die("no room for a copy in %u x %u", im->w, im->h);
        percent = percent > 1 && i % 8 == 7 ? percent - 1 : percent;
    }
}

/* Adds to `mask` the places that its pixels came from. */
static void add_source(struct as_image *mask, const struct as_motion *m)
{
    float size = m->a * m->a + m->b * m->b;
    struct as_image both = as_image_new(mask->w, mask->h, 1);

    for (uint32_t y = 0; y < mask->h; y++)
        for (uint32_t x = 0; x < mask->w; x++) {
            float dx = (float)x - m->sx, dy = (float)y - m->sy;
            float tx = m->cx + (m->a * dx + m->b * dy) / size + 0.5f;
            float ty = m->cy + (m->a * dy - m->b * dx) / size + 0.5f;
            bool in = tx >= 0.0f && ty >= 0.0f && tx < (float)mask->w && ty < (float)mask->h;
            size_t i = (size_t)y * mask->w + x;
            both.at[i] = mask->at[i];
            if (in && mask->at[(size_t)ty * mask->w + (size_t)tx])
                both.at[i] = 255;
        }
    as_image_free(mask);
    *mask = both;
}

/* `change` below 50: degrees (0: as it is); from 50: percent. */
void as_make_copymove(struct as_task *t)
{
    struct as_image im = as_task_photo(t, t->set->w, t->set->h);

    im = as_task_compressed(t, im, as_task_told(t, "q1"));
    if (t->variant == 1) {
        int change = as_task_value(t, "change");
        int degrees = change < 50 ? change : 0, percent = change < 50 ? 100 : change;
        struct as_motion m;
        struct as_image mask = choose(t, &im, as_task_told(t, "percent"), degrees, percent, &m);
        struct as_image moved = as_image_move(&im, &m, im.w, im.h, true);
        as_image_paste(&im, &moved, &mask);
        as_task_note(t, "scale=%d.%02d;angle=%d;to=%dx%d;from=%dx%d", percent / 100, percent % 100,
                     degrees, (int)m.cx, (int)m.cy, (int)m.sx, (int)m.sy);
        add_source(&mask, &m);
        as_task_mask(t, &mask);
        t->row->label = AS_TAMPERED;
        as_image_free(&moved);
        as_image_free(&mask);
    }
    as_task_save(t, &im, as_task_told(t, "q2"));
    as_image_free(&im);
}
