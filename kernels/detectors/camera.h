/* camera.h - what the search for cameras knows of its detector. */
#ifndef AS_CAMERA_H
#define AS_CAMERA_H

#include "detector.h"

extern const struct as_detector as_detector_camera;

/* Whether these measures are of a flat field: an even surface, evenly lit. */
bool as_camera_flat(const float *feat);

#endif
