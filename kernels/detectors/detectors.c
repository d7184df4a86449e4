/* detectors.c - the table of detectors, generated from detectors.def. */
#include "detector.h"

#include <string.h>

#define AS_DETECTOR(x) extern const struct as_detector as_detector_##x;
#include "detectors.def"
#undef AS_DETECTOR

const struct as_detector *const as_detectors[] = {
#define AS_DETECTOR(x) &as_detector_##x,
#include "detectors.def"
#undef AS_DETECTOR
    NULL,
};
