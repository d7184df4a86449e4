/* power.h - the power spectrum of a plane, the mean of that of its tiles. */
#ifndef AS_POWER_H
#define AS_POWER_H

#include "fft.h"

/* How a plane is cut.
 *   tile    side of the tiles, at most the transform's, which adds zeros
 *   window  [tile], applied to columns and rows; NULL: none
 *   least   tiles whose variance is below it are left out
 *   even    each tile's power is divided by its variance, so that all count alike       */
struct as_power_how {
    uint32_t tile;
    const float *window;
    double least;
    bool even;
};

/*
 * as_power - the mean of |F|^2 over the tiles of a plane, as density: white noise of variance v
 * gives v everywhere.
 *
 *   p        sides >= how->tile; tiles cover it whole, ceil(side / tile) along a side, evenly laid
 *   scratch  [tile * tile + as_fft_floats(side of fft, side of fft)]
 *   power    [height of fft][width / 2 + 1]
 *   returns  how many tiles it is the mean of; 0: all were left out, power is 0
 *
 * The mean of a tile is taken away before the window.  Doubles add up over tiles, row after row.
 */
uint32_t as_power(struct as_fft *fft, const struct as_plane *p, const struct as_power_how *how,
                  float *scratch, double *power);

#endif
