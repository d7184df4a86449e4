/* prnu_map.h - where in a picture the noise of its sensor is missing.
 *
 * M. Chen, J. Fridrich, M. Goljan, J. Lukas, "Determining image origin and integrity using sensor
 * noise", TIFS 2008, section V: in a sliding window the correlation with the fingerprint is held
 * against what is expected there.  Their predictor is learnt on other pictures of the camera; here
 * it is fitted to the picture itself, of which most must be what the sensor saw, and what chance
 * gives is measured at places where the fingerprint does not lie.                         */
#ifndef AS_PRNU_MAP_H
#define AS_PRNU_MAP_H

#include "base.h"

enum {
    AS_PRNU_MAP_SIDE = 128,    /* cells along a side at most                              */
    AS_PRNU_MAP_WINDOW = 5,    /* cells along the side of a window, centred on its cell   */
    AS_PRNU_MAP_UNKNOWN = 128, /* a cell of which nothing is known                       */
    AS_PRNU_MAP_MISSING = 255  /* a cell of a region that is told; others are less       */
};

/* The map of a picture. */
struct as_prnu_map {
    uint32_t cell, w, h; /* pixels of a cell's side; cells                              */
    uint32_t regions;    /* in which the noise is missing                               */
    uint32_t missing;    /* cells of these                                              */
    uint32_t unknown;    /* cells in which noise that is missing would not be told      */
    float chance;        /* rms of what windows give where the fingerprint does not lie */
    float spread;        /* of windows about what is expected of them, as a share of it */
    float expected;      /* of the middle window                                        */
    uint8_t at[AS_PRNU_MAP_SIDE * AS_PRNU_MAP_SIDE]; /* [h][w] 0 the noise is there .. 255 not */
};

/*
 * Chooses the cells for a picture of w x h that agrees with the fingerprint by this PCE: the
 * smallest windows that the noise is strong enough for.
 *   AS_SKIP   it is too weak, or the picture too small, for any
 */
enum as_status as_prnu_map_plan(struct as_prnu_map *m, uint32_t w, uint32_t h, double pce)
    __attribute__((warn_unused_result));

/* Bytes of scratch for as_prnu_map. */
size_t as_prnu_map_scratch(uint32_t w, uint32_t h);

/*
 * as_prnu_map - fills a map that as_prnu_map_plan began.
 *
 *   luma      the picture, of the planned size
 *   w         [h][w] packed residual, overwritten
 *   k         [h][w] packed fingerprint, where it lies on the picture
 *   scratch   as_prnu_map_scratch bytes, aligned to 64
 *   AS_SKIP   too few windows can be told of
 *
 * Of a window with q = W I / sigma (as_prnu_query, LOCAL | WEIGHT): z = sum q K / sqrt(sum (I
 * K)^2). Chance has the rms s0 of z at shifts of the fingerprint by multiples of 8.  Expected is b0
 * v + b1 v / r, v the root below z, r the rms of W: least absolute deviations over all windows.
 * They scatter about it by s1^2 = s0^2 + (c e)^2, c from those above it.  A window is missing its
 * noise where z is as chance gives and lies so far below what is expected; it is unknown where 0
 * would not lie so far below.  A cell is p = N(z; 0,
 * s0) / (N(z; 0, s0) + N(z; e, s1)).  Sums in a fixed order.
 */
enum as_status as_prnu_map(struct as_prnu_map *m, const struct as_plane *luma, float *w,
                           const float *k, void *scratch) __attribute__((warn_unused_result));

#endif
