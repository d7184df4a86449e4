/* outlier.h - which of many vectors do not belong to the one cloud that most of them form. */
#ifndef AS_OUTLIER_H
#define AS_OUTLIER_H

#include "base.h"

enum { AS_OUTLIER_DIM = 25, AS_OUTLIER_MAX = 1024 };

/*
 * A cloud, normal, and beside it vectors of constant density e^-42, of which there are 1 % before
 * the data are seen; found by expectation and maximisation.
 *
 *   mean, root   the distance of z is the length of root (z - mean), root lower triangular
 *   edge         squared distance from which a vector is rather beside it than of it
 *   gain         logarithm of the likelihood of a vector under both, less that under one normal
 *                cloud of all; the mean over vectors
 */
struct as_outlier {
    float mean[AS_OUTLIER_DIM], root[AS_OUTLIER_DIM][AS_OUTLIER_DIM];
    float edge, gain;
};

/* The vectors, component by component. */
struct as_outlier_work {
    float z[AS_OUTLIER_DIM][AS_OUTLIER_MAX];
    float weight[AS_OUTLIER_MAX], square[AS_OUTLIER_MAX], one[AS_OUTLIER_MAX];
};

/*
 * as_outlier_fit - the likeliest cloud, from `starts` beginnings.
 *
 *   w->z    n vectors, 2 * AS_OUTLIER_DIM at least, about white; the rest of w is scratch
 *   side    start s > 0 begins with the vectors for which side[i] has bit s - 1; start 0 with all
 *   return  AS_SKIP: none of them gave a cloud
 *
 * D. Cozzolino, G. Poggi, L. Verdoliva: Splicebuster, WIFS 2015, IV-B.                      */
enum as_status as_outlier_fit(struct as_outlier_work *w, size_t n, const uint16_t *side,
                              unsigned starts, struct as_outlier *out)
    __attribute__((warn_unused_result));

#endif
