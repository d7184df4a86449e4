/* combine.h - one likelihood ratio of an item from those of its detectors. */
#ifndef AS_COMBINE_H
#define AS_COMBINE_H

#include "../weighing.h"

/* What a calibrated detector says of an item in its domain. */
struct as_part {
    uint8_t det;    /* index into as_detectors[]; AS_PART_NONE: nobody of the family speaks */
    uint8_t washed; /* bits, what lowers it */
    float llr;      /* log10, before it is lowered */
};
enum { AS_PART_NONE = 0xff };

/* Detectors of a family see the same traces, so the strongest speaks for all; families are taken
 * as independent, so their log ratios are summed. */
struct as_combined {
    struct as_part part[AS_FAMILIES];
    uint32_t ndets; /* that speak, 0: nothing is known */
};

void as_combined_init(struct as_combined *c);

/* Adds a detector.  The strongest is the one whose ratio is farthest from 1 after it is lowered;
 * of equals the first. */
void as_combined_add(struct as_combined *c, const struct as_weighing *w, struct as_part part);

/* What is left of a part. */
double as_part_llr(const struct as_weighing *w, struct as_part part);

/* The sum over families, in their order. */
float as_combined_llr(const struct as_combined *c, const struct as_weighing *w);

/* Its sentence: who speaks, how strongly, and what lowered it.  Cut to n bytes. */
void as_combined_text(const struct as_combined *c, const struct as_weighing *w, char *to, size_t n);

#endif
