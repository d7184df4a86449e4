/* region.c - a map of log likelihood ratios by cell: smoothed, shown, its strongest region. */
#include "region.h"

#include <string.h>

size_t as_region_bytes(size_t n)
{
    return n * (2 * sizeof(float) + sizeof(uint32_t) + 1);
}

struct as_region_room as_region_lay(void *at, uint32_t w, uint32_t h)
{
    const size_t n = (size_t)w * h;
    struct as_region_room r = {.map = at, .w = w, .h = h, .cells = n};

    r.other = r.map + n;
    r.queue = (uint32_t *)(void *)(r.other + n);
    r.taken = (uint8_t *)(r.queue + n);
    return r;
}

/* The cells of a window of 2 radius + 1 about (x, y) that exist; how many. */
static size_t window(const struct as_region_room *r, const float *map, uint32_t x, uint32_t y,
                     uint32_t radius, float *to)
{
    const uint32_t x0 = x < radius ? 0 : x - radius, y0 = y < radius ? 0 : y - radius;
    const uint32_t x1 = x + radius < r->w ? x + radius : r->w - 1;
    const uint32_t y1 = y + radius < r->h ? y + radius : r->h - 1;
    size_t n = 0;

    for (uint32_t j = y0; j <= y1; j++)
        for (uint32_t i = x0; i <= x1; i++)
            to[n++] = map[(size_t)j * r->w + i];
    return n;
}

static float sum_of(const float *v, size_t n)
{
    float sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += v[i];
    return sum;
}

/* The value of rank n / 2, by selection; n is at most 25. */
static float median_of(float *v, size_t n)
{
    for (size_t i = 0; i <= n / 2; i++)
        for (size_t k = i + 1; k < n; k++) {
            const float low = v[k] < v[i] ? v[k] : v[i], high = v[k] < v[i] ? v[i] : v[k];
            v[i] = low;
            v[k] = high;
        }
    return v[n / 2];
}

/* to[x] += from[x + k], k = -radius .. radius, where there is one. */
static void add_along(const float *from, uint32_t n, uint32_t radius, float *to)
{
    memset(to, 0, n * sizeof *to);
    for (uint32_t k = 0; k <= 2 * radius; k++) {
        const uint32_t first = k < radius ? radius - k : 0, ahead = k > radius ? k - radius : 0;
        for (uint32_t x = first; x + ahead < n; x++)
            to[x] += from[x + k - radius];
    }
}

void as_region_sum(struct as_region_room *r, float *map, uint32_t radius)
{
    float *along = (float *)(void *)r->queue;
    const size_t w = r->w;

    for (size_t y = 0; y < r->h; y++)
        add_along(map + y * w, r->w, radius, along + y * w);
    memset(map, 0, r->cells * sizeof *map);
    for (size_t y = 0; y < r->h; y++)
        for (size_t k = 0; k <= 2 * radius; k++)
            for (size_t x = 0; y + k >= radius && y + k - radius < r->h && x < w; x++)
                map[y * w + x] += along[(y + k - radius) * w + x];
}

void as_region_smooth(struct as_region_room *r)
{
    float v[25];

    for (uint32_t y = 0; y < r->h; y++)
        for (uint32_t x = 0; x < r->w; x++) {
            const size_t n = window(r, r->map, x, y, 1, v);
            r->other[(size_t)y * r->w + x] = sum_of(v, n);
        }
    for (uint32_t y = 0; y < r->h; y++)
        for (uint32_t x = 0; x < r->w; x++) {
            const size_t n = window(r, r->other, x, y, 2, v);
            r->map[(size_t)y * r->w + x] = median_of(v, n);
        }
}

void as_region_heat(const struct as_region_room *r, float *to)
{
    for (size_t i = 0; i < r->cells; i++) {
        const float v = r->map[i];
        to[i] = 0.5f + 0.5f * v / (1 + (v < 0 ? -v : v));
    }
}

/* Adds a cell to the queue if it belongs and is in no region yet. */
static size_t push(struct as_region_room *r, size_t at, float bound, size_t end)
{
    if (r->taken[at] || !(r->map[at] > bound))
        return end;
    r->taken[at] = 1;
    r->queue[end] = (uint32_t)at;
    return end + 1;
}

static void include(struct as_region *region, float value, uint32_t x, uint32_t y)
{
    region->cells++;
    region->sum += value;
    region->x0 = x < region->x0 ? x : region->x0;
    region->y0 = y < region->y0 ? y : region->y0;
    region->x1 = x > region->x1 ? x : region->x1;
    region->y1 = y > region->y1 ? y : region->y1;
}

/* The region of the cell that is alone in the queue, breadth first. */
static struct as_region grow(struct as_region_room *r, float bound)
{
    struct as_region region = {.x0 = UINT32_MAX, .y0 = UINT32_MAX};
    size_t end = 1;

    for (size_t head = 0; head < end; head++) {
        const size_t at = r->queue[head];
        const uint32_t x = (uint32_t)(at % r->w), y = (uint32_t)(at / r->w);
        include(&region, r->map[at], x, y);
        if (x > 0)
            end = push(r, at - 1, bound, end);
        if (x + 1 < r->w)
            end = push(r, at + 1, bound, end);
        if (y > 0)
            end = push(r, at - r->w, bound, end);
        if (y + 1 < r->h)
            end = push(r, at + r->w, bound, end);
    }
    return region;
}

struct as_region as_region_largest(struct as_region_room *r, float bound)
{
    struct as_region best = {0};

    memset(r->taken, 0, r->cells);
    for (size_t i = 0; i < r->cells; i++)
        if (push(r, i, bound, 0)) {
            const struct as_region region = grow(r, bound);
            if (region.sum > best.sum)
                best = region;
        }
    return best;
}
