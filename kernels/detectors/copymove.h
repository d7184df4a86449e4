/* copymove.h - what the parts of the detector of copies share. */
#ifndef AS_COPYMOVE_H
#define AS_COPYMOVE_H

#include "../harmonics.h"
#include "../patchmatch.h"

enum {
    AS_COPY_REACH = AS_HARMONICS_REACH,
    AS_COPY_REGIONS = 64 /* the largest that are looked at, of each pass */
};

/* A picture with AS_COPY_REACH pixels of its border repeated around it. */
struct as_copy_view {
    float *at; /* [h + 2 AS_COPY_REACH][w + 2 AS_COPY_REACH] */
    uint8_t *features, *nodes; /* of every pixel (of the whole only), and of the nodes */
    uint32_t w, h;
};

/* All that extract works in.  Nodes are those of the larger view. */
struct as_copy_work {
    struct as_copy_view whole, less;
    uint32_t reduced; /* picture pixels per pixel, each way */
    float *residual;  /* [h][w] of the whole */
    float *half;      /* the whole at half size, smooth: [h / 2][w / 2] */
    struct as_match *field, *smooth;
    uint32_t *cost, *queue;
    uint8_t *state, *mask; /* per node */
    void *rest;
    size_t nodes;
};

/* A pass: `from` is matched with the whole. */
struct as_copy_pass {
    struct as_copy_work *k;
    const struct as_copy_view *from;
    uint32_t across, down;
    float ratio;
};

/* Nodes queue[first .. first + n - 1]; a place (x, y) of `from` is shown again, in the whole, at
 * (u, v) = at + map (x, y). */
struct as_copy_region {
    uint32_t first, n;
    double at[2], map[2][2];
    double scale, distortion; /* of map; smaller over larger of its turning and mirroring parts */
    bool mirrored;
    double correlation, plain; /* of residuals; the share of pixels that have none */
    /* Mean squares at half size: of the difference, of what varies within blocks, of the slope in
     * its weakest direction per px. */
    double apart, contrast, weakest;
};

enum as_copy_opinion { AS_COPY_OTHER, AS_COPY_ALIKE, AS_COPY_COPIED };

/* The bilinear value at (x, y), both >= 0; reads nothing right of or below what it needs. */
static inline float as_copy_sample(const float *at, size_t stride, float x, float y)
{
    const int32_t ix = (int32_t)x, iy = (int32_t)y;
    const float fx = x - (float)ix, fy = y - (float)iy;
    const float *p = at + (ptrdiff_t)iy * (ptrdiff_t)stride + ix;
    const float *q = fy > 0 ? p + stride : p;
    const float a = fx > 0 ? p[0] + fx * (p[1] - p[0]) : p[0];
    const float b = fx > 0 ? q[0] + fx * (q[1] - q[0]) : q[0];

    return a + fy * (b - a);
}

/* The largest areas over which p->k->field, as the search left it, is linear and leads elsewhere:
 * into `all`, AS_COPY_REGIONS of them, largest first.  Returns their number. */
uint32_t as_copy_regions(const struct as_copy_pass *p, struct as_copy_region *all);

/* Makes k->residual and k->half of k->whole, which is lost, as is k->less. */
void as_copy_residual(struct as_copy_work *k);

/* Whether a region shows the same thing twice; refines its map and fills its correlation. */
enum as_copy_opinion as_copy_judge(const struct as_copy_pass *p, struct as_copy_region *r);

#endif
