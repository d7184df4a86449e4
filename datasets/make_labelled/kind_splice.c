/* kind_splice.c - a part of another photograph put in. */
#include "edit.h"
#include "labelled.h"

/* The part's own grid begins at (-dx, -dy) of the picture's. */
void as_make_splice(struct as_task *t)
{
    uint32_t w = t->set->w, h = t->set->h, shift;
    struct as_image im = as_task_compressed(t, as_task_photo(t, w, h), as_task_told(t, "q1"));

    if (t->variant == 1) {
        int percent = 4 + (int)as_rng_below(&t->rng, 17);
        struct as_image mask = as_mask_blob(&t->rng, w, h, percent);
        struct as_image donor = as_task_other(t, w + 8, h + 8, as_task_told(t, "other") != 0);
        struct as_image cut;
        shift = (uint32_t)as_task_value(t, "shift") % 64;
        as_task_note(t, "shift=%ux%u", shift % 8, shift / 8);
        donor = as_task_compressed(t, donor, as_task_told(t, "donor_q"));
        cut = as_image_crop(&donor, shift % 8, shift / 8, w, h);
        as_image_paste(&im, &cut, &mask);
        as_task_mask(t, &mask);
        as_task_note(t, "percent=%d", percent);
        t->row->label = AS_TAMPERED;
        as_image_free(&mask);
        as_image_free(&donor);
        as_image_free(&cut);
    }
    as_task_save(t, &im, as_task_told(t, "q2"));
    as_image_free(&im);
}
