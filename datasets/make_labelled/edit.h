/* edit.h - what is done to pictures that are no longer authentic. */
#ifndef AS_EDIT_H
#define AS_EDIT_H

#include "../make_common/invent.h"

/* A mask (one channel, 0 or 255) with one uneven blob of about `percent` of the area within. */
struct as_image as_mask_blob(struct as_rng *rng, uint32_t w, uint32_t h, int percent);
/* Centre and the largest distance from it of what is 255 in `mask`. */
void as_mask_extent(const struct as_image *mask, float *cx, float *cy, float *reach);

/* Where `mask` is 255, `to` becomes `from`; all of one size. */
void as_image_paste(struct as_image *to, const struct as_image *from, const struct as_image *mask);

/* Of an output pixel (x, y): the place (sx + a (x - cx) - b (y - cy), sy + b (x - cx) + a (y -
 * cy)). */
struct as_motion {
    float cx, cy, sx, sy, a, b;
};

/* Turned by `degrees`, then larger by `percent` / 100, about (cx, cy), which was (sx, sy). */
struct as_motion as_motion_get(float cx, float cy, float sx, float sy, int degrees, int percent);
/* Channel k of `im` at (x, y), the border repeated: cubic (Keys 1981, a = -1/2) or bilinear. */
uint8_t as_image_at(const struct as_image *im, float x, float y, uint32_t k, bool cubic);
/* The w x h picture whose pixels lie in `im` as `m` says. */
struct as_image as_image_move(const struct as_image *im, const struct as_motion *m, uint32_t w,
                              uint32_t h, bool cubic);

/* Each channel's median in a square of `side` (3 or 5), the border repeated. */
struct as_image as_image_median(const struct as_image *im, int side);

/* Fills what is 255 in `mask` from around it: by Laplace's equation, or by copied patches. */
void as_fill_diffusion(struct as_image *im, const struct as_image *mask);
void as_fill_patches(struct as_image *im, const struct as_image *mask, struct as_rng *rng);

#endif
