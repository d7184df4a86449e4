/* search_camera_map.h - where the noise of its camera is missing in a picture that a camera took.
 */
#ifndef AS_SEARCH_CAMERA_MAP_H
#define AS_SEARCH_CAMERA_MAP_H

#include "search.h"

struct as_hunt;

/*
 * Looks at each picture that matched a fingerprint of its size (as_hunt_note) for regions without
 * its noise, and fills s->sensor_maps with the maps of this rank's rows.  The cells are kept where
 * a region is told, and with --maps of all.  Memory: 80 bytes for each such picture, 16 KiB for
 * each map that is kept.  Collective.
 */
enum as_status as_hunt_maps(struct as_hunt *h, struct as_err *err) AS_MUST_CHECK;

/* Gives back the maps. */
void as_search_maps_clear(struct as_search *s);

#endif
