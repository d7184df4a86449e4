/* heat.c - the map of a detector, made small enough for the store. */
#include "heat.h"

#include <stdlib.h>

enum as_status as_heat_begin(struct as_heat_room *room, uint32_t w, uint32_t h, uint32_t step,
                             struct as_heat *heat)
{
    const uint32_t cw = w / step + (w % step != 0), ch = h / step + (h % step != 0);
    const size_t n = (size_t)cw * ch;

    if (n > room->cells) {
        free(room->at);
        room->cells = 0;
        if ((room->at = malloc(n * sizeof *room->at)) == NULL)
            return AS_ENOMEM;
        room->cells = n;
    }
    *heat = (struct as_heat){room->at, cw, ch};
    return AS_OK;
}

/* The mean of the square (x, y) of `side` cells, as much of it as there is. */
static uint8_t mean(const struct as_heat *heat, uint32_t x, uint32_t y, uint32_t side)
{
    const uint32_t x1 = (x + 1) * side < heat->w ? (x + 1) * side : heat->w;
    const uint32_t y1 = (y + 1) * side < heat->h ? (y + 1) * side : heat->h;
    double sum = 0;

    for (uint32_t j = y * side; j < y1; j++)
        for (uint32_t i = x * side; i < x1; i++) {
            const float v = heat->at[(size_t)j * heat->w + i];
            sum += v < 0 ? 0 : v > 1 ? 1 : (double)v;
        }
    return (uint8_t)(255 * sum / ((double)(x1 - x * side) * (y1 - y * side)) + .5);
}

void as_heat_reduce(const struct as_heat *heat, uint32_t step, uint8_t *cells,
                    struct as_map_row *map)
{
    const uint32_t most = heat->w > heat->h ? heat->w : heat->h;
    const uint32_t side = (most + AS_MAP_SIDE_MAX - 1) / AS_MAP_SIDE_MAX;
    const uint32_t w = (heat->w + side - 1) / side, h = (heat->h + side - 1) / side;

    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++)
            cells[(size_t)y * w + x] = mean(heat, x, y, side);
    map->w = (uint16_t)w;
    map->h = (uint16_t)h;
    map->cell = side * step;
    map->cells = cells;
}
