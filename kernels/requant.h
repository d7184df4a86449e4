/* requant.h - what two quantisations by different steps leave in a histogram of coefficients. */
#ifndef AS_REQUANT_H
#define AS_REQUANT_H

#include "base.h"

enum { AS_REQUANT_MAX = 1024 }; /* largest bin; coefficients of 8-bit samples are within it */

/* Of one frequency.  Zero it, count, close it, then ask. */
struct as_requant_hist {
    float seen[2 * AS_REQUANT_MAX + 1]; /* share of bin x of the file at [AS_REQUANT_MAX + x] */
    float once[2 * AS_REQUANT_MAX + 1]; /* the same of the smooth histogram quantised once */
    float fine[4 * AS_REQUANT_MAX + 2]; /* share of unquantised coefficients below
                                           (i - 2 AS_REQUANT_MAX) / 2 */
    float total;                        /* coefficients of the file */
    int32_t reach;                      /* bins beyond -reach..reach are 0 */
};

/* Counts a quantised coefficient of the file; one beyond the bins is left out. */
void as_requant_count(struct as_requant_hist *hist, int32_t bin);

/* Counts an unquantised coefficient, from which the smooth histogram is made. */
void as_requant_count_fine(struct as_requant_hist *hist, float coefficient);

/* Turns counts into shares; `second` is the file's step. */
void as_requant_close(struct as_requant_hist *hist, uint32_t second);

/* spread[AS_REQUANT_MAX + x], for x of -reach..reach: the share of bin x had the coefficients been
 * quantised by `first`, rounded as samples, and quantised by `second`.  Others are left as they
 * are.                                                                       */
void as_requant_spread(const struct as_requant_hist *hist, uint32_t second, uint32_t first,
                       float *spread);

#endif
