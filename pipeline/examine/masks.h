/* masks.h - pictures of what was altered, decoded like evidence: each by a jailed process of its own. */
#ifndef AS_MASKS_H
#define AS_MASKS_H

#include "../err.h"

enum { AS_MASK_PIXELS_MAX = 1 << 28 };

struct as_masks;

/* A mask, borrowed until the next call: at[y * w + x] is 1 where it is brighter than half, else 0. */
struct as_mask {
    const uint8_t *at;
    uint32_t w, h;
};

/* Prepares decoding.  jailed: false for --no-sandbox.
 *   AS_EMISSING   the kernel, the container or the job allows no jail */
enum as_status as_masks_new(struct as_masks **masks, bool jailed,
                            struct as_err *err) AS_MUST_CHECK;
void as_masks_free(struct as_masks *masks);

/* Reads a picture of any format that is decoded.
 *   AS_EFORMAT   it cannot be opened, is no such picture, is too large or takes too long */
enum as_status as_masks_read(struct as_masks *masks, const char *path, struct as_mask *mask,
                             struct as_err *err) AS_MUST_CHECK;

#endif
