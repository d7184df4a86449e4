/* region.h - a map of log likelihood ratios by cell: smoothed, shown, its strongest region. */
#ifndef AS_REGION_H
#define AS_REGION_H

#include "base.h"

/* Room of one map, laid into memory of the caller's. */
struct as_region_room {
    float *map, *other; /* [h][w] */
    uint32_t *queue;    /* [cells] */
    uint8_t *taken;     /* [cells] */
    uint32_t w, h;
    size_t cells;
};

/* A set of cells joined by their sides. */
struct as_region {
    size_t cells;
    float sum; /* of the map over them */
    uint32_t x0, y0, x1, y1;
};

/* Bytes for a map of n cells, and the room in them; `at` is aligned as a float is. */
size_t as_region_bytes(size_t n);
struct as_region_room as_region_lay(void *at, uint32_t w, uint32_t h);

/* Replaces `map`, of the room's size, by its sums over squares of 2 radius + 1, 1 or 2; at the
 * edges, of what there is. */
void as_region_sum(struct as_region_room *room, float *map, uint32_t radius);

/* Replaces the map by the median of 5 x 5 of the sum over 3 x 3; at the edges, of what there is. */
void as_region_smooth(struct as_region_room *room);

/* to[i], 0..1, of every cell: v / (1 + |v|) brought to 0..1, so that one half is no evidence. */
void as_region_heat(const struct as_region_room *room, float *to);

/* Of the regions of cells above `bound`, the one with the largest sum; no cells: none. */
struct as_region as_region_largest(struct as_region_room *room, float bound);

#endif
