/* search_camera_tell.h - the best fingerprints of a crop, and which of them are matches.
 *
 * For search_camera_confirm.c and search_camera_tell.c only.                            */
#ifndef AS_SEARCH_CAMERA_TELL_H
#define AS_SEARCH_CAMERA_TELL_H

#include "../../kernels/prnu_shapes.h"
#include "search_camera_parts.h"

/* One thing to try with a fingerprint: the picture turned so, at this shape. */
struct as_trial {
    struct as_prnu_shape shape;
    uint32_t turn; /* clockwise, by quarters */
};

/* What a camera gives for a picture at best; x, y: the picture's first sample, at trial's scale. */
struct as_answer {
    const struct as_fingerprints *of;
    uint64_t camera;
    struct as_trial trial;
    double pce;
    int32_t x, y;
};

struct as_answers {
    struct as_answer at[AS_CONFIRM]; /* best first; ties by order */
    struct as_answer now;            /* of the camera in hand     */
    uint32_t n;
};

/* Puts a->now among the best. */
void as_answer_keep(struct as_answers *a);

/* Tells answer i of the hunt's picture, where `tested` shifts do not explain it.  AS_ENOMEM. */
enum as_status as_answer_tell(struct as_hunt *h, uint64_t picture, const struct as_answers *all,
                              uint32_t i, double tested) AS_MUST_CHECK;

#endif
