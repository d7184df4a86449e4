/* scale.h - measures as whole numbers: standardised and rounded, so that sums over ranks are exact.
 *
 * Whatever way items are spread over ranks, sums of whole numbers below 2^53 are the same bits. Two
 * passes find the scale: the range of each measure; then mean and deviation of its place in that
 * range, in steps of 2^-20 of it.  Passes of several ranks are joined as said at each function. */
#ifndef AS_SCALE_H
#define AS_SCALE_H

#include "../base.h"

enum {
    AS_SCALE_ONE = 4095,     /* a standard deviation                          */
    AS_SCALE_MAX = 32767,    /* further away is cut: 8 standard deviations    */
    AS_SCALE_ITEMS = 1 << 23 /* more would let sums of products pass 2^53     */
};

struct as_scale {
    uint32_t dim;
    uint32_t *low, *high;  /* [dim] as_scale_key of the range: join by min and by max           */
    uint64_t *sum;         /* [2][dim] of places and of their squares: join by sum              */
    uint64_t n;            /* items in the sums: join by sum                                    */
    double *mean, *factor; /* [dim] z = (x - mean) * factor; factor 0: the measure never differs */
};

/* A finite float as a number that orders like it, and back. */
uint32_t as_scale_key(float v);
float as_scale_value(uint32_t key);

/* Room for dim measures.  AS_ENOMEM. */
enum as_status as_scale_init(struct as_scale *s, uint32_t dim) __attribute__((warn_unused_result));
void as_scale_clear(struct as_scale *s);

/* First pass, and second pass once the ranges are joined: an item's measures [dim], finite. */
void as_scale_range(struct as_scale *s, const float *feat);
void as_scale_count(struct as_scale *s, const float *feat);

/* The scale, once the sums are joined.  AS_EUSAGE: no items, or more than AS_SCALE_ITEMS. */
enum as_status as_scale_finish(struct as_scale *s) __attribute__((warn_unused_result));

/* One measure as a whole number. */
int16_t as_scale_one(double mean, double factor, float v);

/* An item's measures as whole numbers, AS_SCALE_ONE to a deviation, cut at AS_SCALE_MAX. */
void as_scale_apply(const struct as_scale *s, const float *feat, int16_t *z);

#endif
