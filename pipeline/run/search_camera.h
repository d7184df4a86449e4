/* search_camera.h - which cameras took the pictures of a case. */
#ifndef AS_SEARCH_CAMERA_H
#define AS_SEARCH_CAMERA_H

#include "search.h"

/* What is kept of residuals for these stores: nothing, if none is of cameras and
 * --origins does not ask for it.                                              */
struct as_keep as_search_camera_keep(const struct as_against *a, const struct as_options *o);

/* Adds a match for each picture and each fingerprint of its size that agree too well for
 * chance.  Collective.                                                              */
enum as_status as_search_camera(struct as_search *s, struct as_err *err) AS_MUST_CHECK;

#endif
