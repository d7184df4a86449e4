/* bootstrap.h - how far a measure could be off: items drawn again and again, whole groups at a
 * time.
 *
 * Pictures of one scene, camera or generator are no independent trials: a group is drawn or not
 * drawn with all its items.  Groups of authentic items, of altered ones and of both are drawn each
 * among their like, so that both classes keep their size.                                    */
#ifndef AS_BOOTSTRAP_H
#define AS_BOOTSTRAP_H

#include "../base.h"

struct as_bootstrap {
    size_t n;
    const uint32_t *group; /* [n] borrowed                                   */
    uint32_t groups;       /* numbers in `group` are below                   */
    uint64_t seed;
    uint32_t *member; /* [groups] that have items, one kind after another */
    uint32_t end[3];  /* of each kind in `member`                       */
    uint32_t *drawn;  /* [groups] scratch                               */
};

/* Prepares drawing; group stays borrowed until clear.
 *   label       [n] 0 or 1
 *   AS_EUSAGE   a group is not below `groups`
 *   AS_ENOMEM                                                              */
enum as_status as_bootstrap_init(struct as_bootstrap *b, const uint32_t *group, uint32_t groups,
                                 const uint8_t *label, size_t n, uint64_t seed)
    __attribute__((warn_unused_result));
void as_bootstrap_clear(struct as_bootstrap *b);

/* How often each item is in draw number i, [n]: it depends on i, the seed and the groups alone, so
 * that ranks can share the draws out.  To be given as the weights of metrics.h.        */
void as_bootstrap_draw(struct as_bootstrap *b, uint64_t i, uint32_t *weight);

/* The percentile interval at this level, say .95, of n > 0 values, which it sorts. */
void as_bootstrap_interval(double *value, size_t n, double level, double *low, double *high);

/* Two-sided probability of a difference as far from 0, by n > 0 differences of the same draws:
 * twice the share on the rarer side of 0, those at 0 on both, at least 2 / (n + 1), at most 1. */
double as_bootstrap_p(const double *difference, size_t n);

#endif
