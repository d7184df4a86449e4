/* show_maps.h - where in the pictures of known cameras their noise is missing. */
#ifndef AS_SHOW_MAPS_H
#define AS_SHOW_MAPS_H

#include "show.h"

/* The map of the item in this row, if it has one: its sentence, and a picture of it where it is
 * kept. */
enum as_status as_show_map(const struct as_terminal *t, struct as_store *store, uint64_t row,
                           struct as_err *err) AS_MUST_CHECK;
enum as_status as_show_map_json(struct as_json *j, struct as_store *store, uint64_t row,
                                struct as_err *err) AS_MUST_CHECK;

/* How many pictures have a map and how many of these tell of regions, with how such maps err;
 * nothing where there are none. */
enum as_status as_show_maps(const struct as_terminal *t, struct as_store *store,
                            struct as_err *err) AS_MUST_CHECK;

#endif
