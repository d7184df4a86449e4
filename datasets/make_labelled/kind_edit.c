/* kind_edit.c - photographs resampled, filtered, or filled in places. */
#include "edit.h"
#include "labelled.h"

/*
 * `change` below 50: degrees; from 50: percent.  All variants show the middle of a photograph of
 * twice the size, so that a pixel of each has the same content before.
 */
void as_make_resample(struct as_task *t)
{
    uint32_t w = t->set->w, h = t->set->h;
    struct as_image im = as_task_photo(t, 2 * w, 2 * h), out;
    int change = as_task_value(t, "change");

    if (t->variant == 0) {
        out = as_image_crop(&im, w / 2, h / 2, w, h);
    } else {
        int degrees = change < 50 ? change : 0, percent = change < 50 ? 100 : change;
        struct as_motion m =
            as_motion_get(0.5f * (float)w, 0.5f * (float)h, (float)w, (float)h, degrees, percent);
        out = as_image_move(&im, &m, w, h, as_task_told(t, "cubic") != 0);
        as_task_note(t, "scale=%d.%02d;angle=%d", percent / 100, percent % 100, degrees);
        t->row->label = AS_TAMPERED;
    }
    as_task_save(t, &out, as_task_told(t, "q2"));
    as_image_free(&out);
    as_image_free(&im);
}

void as_make_median(struct as_task *t)
{
    struct as_image im = as_task_photo(t, t->set->w, t->set->h);

    im = as_task_compressed(t, im, as_task_told(t, "q1"));
    if (t->variant == 1) {
        struct as_image out = as_image_median(&im, as_task_told(t, "side"));
        as_image_free(&im);
        im = out;
        t->row->label = AS_TAMPERED;
    }
    as_task_save(t, &im, as_task_told(t, "q2"));
    as_image_free(&im);
}

void as_make_inpaint(struct as_task *t)
{
    struct as_image im = as_task_photo(t, t->set->w, t->set->h);

    im = as_task_compressed(t, im, as_task_told(t, "q1"));
    if (t->variant == 1) {
        struct as_image mask = as_mask_blob(&t->rng, im.w, im.h, as_task_told(t, "percent"));
        if (as_task_told(t, "patches"))
            as_fill_patches(&im, &mask, &t->rng);
        else
            as_fill_diffusion(&im, &mask);
        as_task_mask(t, &mask);
        t->row->label = AS_TAMPERED;
        as_image_free(&mask);
    }
    as_task_save(t, &im, as_task_told(t, "q2"));
    as_image_free(&im);
}
