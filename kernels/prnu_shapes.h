/* prnu_shapes.h - how a picture of another size may lie on a sensor: cropped, scaled, zoomed into.
 *
 * Each shape is a pair of sizes at which picture and fingerprint have the same scale, and the
 * shifts between them that make sense.  What is tried is counted, for as_prnu_log10_pfa. */
#ifndef AS_PRNU_SHAPES_H
#define AS_PRNU_SHAPES_H

#include "prnu.h"

enum as_prnu_look {
    AS_PRNU_RATIO,  /* the whole picture at another size: the sizes give the scale           */
    AS_PRNU_CROPS,  /* a part of the picture, its scale kept                                 */
    AS_PRNU_SCALES, /* a part of it, reduced by a common ratio or to a common width; and digital
                       zoom: the middle of the sensor enlarged to its full size, by 1.1 to 4  */
};

struct as_prnu_shape {
    uint32_t kw, kh;          /* the fingerprint is brought to this size                        */
    uint32_t qw, qh;          /* the picture is brought to this size                            */
    struct as_prnu_window at; /* where its first sample may lie, in the fingerprint so scaled   */
};

enum { AS_PRNU_SHAPES_MAX = 64 };

/*
 * Fills shape[] with the ways in which a picture of w x h, turned like the fingerprint of fw x fh,
 * may lie on it, and returns how many: 0 where the sizes are the same, but for zoom, or where it
 * does not fit.  Sizes 1 .. 2^16; no side of what is compared is below AS_PRNU_MIN_SIDE.
 */
uint32_t as_prnu_shapes(enum as_prnu_look look, uint32_t fw, uint32_t fh, uint32_t w, uint32_t h,
                        struct as_prnu_shape shape[AS_PRNU_SHAPES_MAX]);

/* Shifts in a window. */
double as_prnu_shifts(const struct as_prnu_window *window);

#endif
