/* noise.h - the residual of a picture as it is kept until the search for cameras.
 *
 * Eight bits a sample, in steps of 1/16 and cut at +-8: half a step is a hundredth of what a
 * photograph's residual varies by.  Of luma a mean per step x step samples is kept, because the
 * light that weighs the pattern varies slowly.  What does not fit a limit is cut around the
 * centre, at multiples of 16 (the residual depends on the phase of its wavelets).
 *
 * Bytes: struct as_noise_head, int8 residual[h][w], uint8 luma[ceil(h/step)][ceil(w/step)].  */
#ifndef AS_NOISE_H
#define AS_NOISE_H

#include "../../kernels/base.h"

/* What is kept of each picture; pixels == 0: nothing. */
struct as_keep {
    uint64_t pixels;
    uint32_t step;
};

/* A record must fit a journal. */
enum { AS_KEEP_STEP = 8, AS_KEEP_PIXELS_MAX = 130 * 1000 * 1000 };

struct as_noise_head {
    uint8_t sha256[32];                              /* of the content: written by the broker */
    uint32_t full_w, full_h, x, y, w, h, step, flat; /* flat: it looks like a flat field */
};

/* Bytes that a picture needs at most. */
uint64_t as_noise_bytes(const struct as_keep *keep);

/* What of a picture of w x h is kept: everything of the head but hash and flatness. */
void as_noise_frame(const struct as_keep *keep, uint32_t w, uint32_t h, struct as_noise_head *head);

/* Packs a residual and its luma, both w x h; returns the bytes written. */
uint64_t as_noise_pack(const struct as_keep *keep, const struct as_plane *luma,
                       const struct as_plane *noise, bool flat, uint8_t *to);

/* Whether n bytes are what as_noise_pack writes for this keep. */
bool as_noise_check(const struct as_keep *keep, const uint8_t *bytes, uint64_t n,
                    struct as_noise_head *head);

/* The residual, and luma (NULL: not wanted) at full size by repeating, both [h][w]. */
void as_noise_planes(const struct as_noise_head *head, const uint8_t *bytes, float *noise,
                     float *luma);

/* The same of a part of what was kept, which lies inside of it: x and y count from its corner. */
struct as_rect {
    uint32_t x, y, w, h;
};
void as_noise_part(const struct as_noise_head *head, const uint8_t *bytes,
                   const struct as_rect *part, float *noise, float *luma);

#endif
