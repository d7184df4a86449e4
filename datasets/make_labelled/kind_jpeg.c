/* kind_jpeg.c - authentic photographs, and compression once and twice. */
#include "edit.h"
#include "labelled.h"

#include <string.h>

/* An even wall, as fingerprints are made of. */
static struct as_image flat_field(struct as_task *t, uint32_t w, uint32_t h)
{
    struct as_light l = as_light_new(w, h);
    struct as_image im;
    float level = 0.3f + 0.3f * as_rng_unit(&t->rng);

    if (t->set->photos.n)
        as_die("flat fields are invented, not photographs of a folder");
    for (int k = 0; k < 3; k++)
        for (size_t i = 0; i < (size_t)w * h; i++)
            l.at[k][i] = level;
    im = as_light_shoot(&t->cam, &l, as_rng_next(&t->rng));
    as_light_free(&l);
    return im;
}

void as_make_camera(struct as_task *t)
{
    struct as_image im = as_task_told(t, "flat") ? flat_field(t, t->set->w, t->set->h)
                                                 : as_task_photo(t, t->set->w, t->set->h);

    as_task_save(t, &im, as_task_told(t, "q2"));
    as_image_free(&im);
}

/* About the middle half of each side; whole blocks, of colour too, lie in or out. */
static struct as_image centre_mask(uint32_t w, uint32_t h)
{
    struct as_image mask = as_image_new(w, h, 1);
    uint32_t x0 = w / 4 / 16 * 16, x1 = (w - w / 4) / 16 * 16, y1 = (h - h / 4) / 16 * 16;

    for (uint32_t y = h / 4 / 16 * 16; y < y1; y++)
        memset(mask.at + (size_t)y * w + x0, 255, x1 - x0);
    return mask;
}

/*
 * The first compression's grid begins at (-dx, -dy): the picture was cut after it.  Variants: one
 * compression; two; two, with a centre that was not in the first.
 */
void as_make_djpeg(struct as_task *t)
{
    enum { SINGLE, DOUBLE, CENTRE };
    static const char *const NAMES[] = {"single", "double", "centre"};
    uint32_t w = t->set->w, h = t->set->h, shift = (uint32_t)as_task_value(t, "shift") % 64;
    struct as_image raw = as_task_photo(t, w + 8, h + 8);
    struct as_image im = as_image_crop(&raw, shift % 8, shift / 8, w, h);

    as_task_note(t, "variant=%s", NAMES[t->variant]);
    if (t->variant != SINGLE) {
        as_task_note(t, "shift=%ux%u", shift % 8, shift / 8);
        struct as_image once = as_task_compressed(t, raw, as_task_told(t, "q1"));
        struct as_image cut = as_image_crop(&once, shift % 8, shift / 8, w, h);
        raw = once;
        if (t->variant == CENTRE) {
            struct as_image mask = centre_mask(w, h);
            as_image_paste(&cut, &im, &mask);
            as_task_mask(t, &mask);
            as_image_free(&mask);
            t->row->label = AS_TAMPERED;
        }
        as_image_free(&im);
        im = cut;
    }
    as_task_save(t, &im, as_task_told(t, "q2"));
    as_image_free(&im);
    as_image_free(&raw);
}
