/* gist.h - what a search needs to know of the scene descriptors of the detector gist. */
#ifndef AS_GIST_H
#define AS_GIST_H

#include "detector.h"

enum {
    AS_GIST_DIM = 512
}; /* bytes of its code: numbers 0..255 that are compared by their cosine */

/* Two pictures are similar from this cosine on: datasets/results/gist.md. */
#define AS_GIST_SIMILAR 0.93F

extern const struct as_detector as_detector_gist;

#endif
