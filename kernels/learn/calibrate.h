/* calibrate.h - from a score to a likelihood ratio, never a larger one than the trials can bear. */
#ifndef AS_CALIBRATE_H
#define AS_CALIBRATE_H

#include "../base.h"

/* log10 LR = intercept + slope * score, cut to low..high. */
struct as_calibration {
    double slope, intercept, low, high;
    uint64_t items[2];  /* authentic, altered; 0: there is none */
    uint32_t groups[2]; /* that these come from                 */
};

/*
 * Logistic regression of the label on the score, either class with half of the weight, so that its
 * log odds are a log likelihood ratio; targets are those of Platt (1999), (n + 1) / (n + 2) and 1 /
 * (n + 2), which hold it finite where the classes do not overlap.  A slope below 0 becomes 0: such
 * scores say nothing.
 *
 * Cut at log10 of the number of authentic groups, and at minus log10 of that of altered ones: that
 * a ratio above N misleads less often than once in N cannot be seen in N trials, and items of one
 * group are one.
 *
 *   group       [n] below groups
 *   AS_SKIP     a class is empty
 *   AS_EUSAGE   a group is out of bounds; AS_ENOMEM
 */
enum as_status as_calibrate_fit(struct as_calibration *c, const double *score, const uint8_t *label,
                                const uint32_t *group, uint32_t groups, size_t n)
    __attribute__((warn_unused_result));

double as_calibrate_llr(const struct as_calibration *c, double score);

#endif
