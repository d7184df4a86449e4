/* prnu_filter.h - what fingerprints and queries share: the zero mean and the Wiener step; for
 * prnu*.c. */
#ifndef AS_PRNU_FILTER_H
#define AS_PRNU_FILTER_H

#include "fft.h"

/* Each of the four Bayer phases (y mod 2, x mod 2) of plane[h][w] to zero mean, then its rows, then
 * its columns.  Sums in double.  scratch: 4*(w + h) floats, aligned to 8. */
void as_prnu_zero_mean(float *plane, uint32_t w, uint32_t h, void *scratch);

/* What the Wiener step saw. */
struct as_prnu_step {
    double before, after; /* variance of the plane; before: with n - 1            */
    double peak;          /* largest |F|^2 over the mean                           */
};

/* The Wiener step of as_prnu_finish on a plane of the plans' size, sides >= AS_PRNU_MIN_SIDE.
 * spectrum: scratch of as_fft_floats. */
void as_prnu_wiener(float *plane, struct as_fft *fft, float *spectrum, struct as_prnu_step *step);

#endif
