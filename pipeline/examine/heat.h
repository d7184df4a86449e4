/* heat.h - the map of a detector, made small enough for the store. */
#ifndef AS_HEAT_H
#define AS_HEAT_H

#include "../../kernels/detectors/detector.h"
#include "../err.h"
#include "../row.h"

/* Room for one map as a detector fills it; grows while pictures follow each other. */
struct as_heat_room {
    float *at;
    size_t cells;
};

/* A map of cells of `step` pixels for a picture of w x h, not filled.  AS_ENOMEM. */
enum as_status as_heat_begin(struct as_heat_room *room, uint32_t w, uint32_t h, uint32_t step,
                             struct as_heat *heat) AS_MUST_CHECK;

/*
 * The means of squares of cells, the smallest squares that leave at most AS_MAP_SIDE_MAX by
 * AS_MAP_SIDE_MAX, in steps of 1/255, cut to 0..1.
 *
 *   cells   [AS_MAP_SIDE_MAX * AS_MAP_SIDE_MAX], filled by rows; borrowed by *map
 *   map     all but map->det is filled
 */
void as_heat_reduce(const struct as_heat *heat, uint32_t step, uint8_t *cells,
                    struct as_map_row *map);

#endif
