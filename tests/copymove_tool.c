/* copymove_tool.c - what copymove_check.py compares: features, and what is thought of an area.
 *
 * usage: copymove_tool PICTURE.pgm < lines
 * "at X Y" prints the features of a pixel.  "area X Y W H A B U V" is given a rectangle that a turn
 * and scaling by A, B shows again, X Y at U V; prints 1 if it is a copy (0 if not), the map as
 * refined, and the measures that say so.                                                  */
#include "../kernels/detectors/copymove.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REACH = AS_COPY_REACH, STEP = AS_MATCH_STEP };

static struct as_copy_work work;
static struct as_harmonics harmonics;

static void *take(size_t bytes)
{
    void *at = calloc(1, bytes);

    if (!at)
        exit(70);
    return at;
}

/* The picture with its border repeated, as the detector has it. */
static void read_picture(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint32_t w, h, stride;
    uint8_t *bytes;

    if (!f || fscanf(f, "P5 %u %u 255%*c", &w, &h) != 2 || w < 64 || h < 64 || w > 4096 || h > 4096)
        exit(66);
    bytes = take((size_t)w * h);
    if (fread(bytes, 1, (size_t)w * h, f) != (size_t)w * h)
        exit(66);
    fclose(f);
    stride = w + 2 * REACH;
    work.whole.w = w;
    work.whole.h = h;
    work.whole.at = take((size_t)stride * (h + 2 * REACH) * sizeof(float));
    for (uint32_t y = 0; y < h + 2 * REACH; y++)
        for (uint32_t x = 0; x < stride; x++) {
            const uint32_t i = x < REACH ? 0 : x - REACH < w ? x - REACH : w - 1;
            const uint32_t j = y < REACH ? 0 : y - REACH < h ? y - REACH : h - 1;
            work.whole.at[(size_t)y * stride + x] = bytes[(size_t)j * w + i];
        }
    free(bytes);
}

static void prepare(void)
{
    const uint32_t w = work.whole.w, h = work.whole.h;
    const struct as_plane in = {work.whole.at, w + 2 * REACH, h + 2 * REACH, w + 2 * REACH};

    work.nodes = (size_t)as_match_nodes(w) * as_match_nodes(h);
    work.whole.features = take((size_t)w * h * AS_HARMONICS_ROOM * sizeof *work.whole.features);
    work.less.at = take((size_t)w * h * sizeof(float));
    work.residual = take((size_t)w * h * sizeof(float));
    work.cost = take(work.nodes * sizeof *work.cost);
    work.queue = take(work.nodes * sizeof *work.queue);
    work.rest = take(as_harmonics_scratch(w + 2 * REACH));
    as_harmonics_init(&harmonics);
    as_harmonics_get(&harmonics, &in, 1, work.whole.features, work.rest);
    as_copy_residual(&work);
}

static void print_features(void)
{
    uint32_t x, y;

    if (scanf("%u %u", &x, &y) != 2 || x >= work.whole.w || y >= work.whole.h)
        exit(64);
    for (uint32_t i = 0; i < AS_HARMONICS; i++)
        printf("%d ", work.whole.features[((size_t)y * work.whole.w + x) * AS_HARMONICS_ROOM + i]);
    puts("");
}

static void print_area(void)
{
    const uint32_t across = as_match_nodes(work.whole.w);
    const struct as_copy_pass p = {&work, &work.whole, across, as_match_nodes(work.whole.h), 1};
    struct as_copy_region r = {0};
    uint32_t x0, y0, w, h;
    double a, b, u, v;
    bool copied;

    if (scanf("%u %u %u %u %lf %lf %lf %lf", &x0, &y0, &w, &h, &a, &b, &u, &v) != 8 ||
        x0 + w > work.whole.w || y0 + h > work.whole.h)
        exit(64);
    for (uint32_t y = y0; y < y0 + h; y += STEP)
        for (uint32_t x = x0; x < x0 + w; x += STEP)
            work.queue[r.n++] = y / STEP * across + x / STEP;
    r.map[0][0] = r.map[1][1] = a;
    r.map[1][0] = b;
    r.map[0][1] = -b;
    r.at[0] = u - a * x0 + b * y0;
    r.at[1] = v - b * x0 - a * y0;
    r.scale = sqrt(a * a + b * b);
    copied = as_copy_judge(&p, &r) == AS_COPY_COPIED;
    printf("%d %.17g %.17g %.17g %.17g %.9g %.9g %.9g %.9g\n", copied, r.map[0][0], r.map[1][0],
           r.at[0], r.at[1], r.correlation, r.apart, r.contrast, r.weakest);
}

int main(int argc, char **argv)
{
    char what[8];

    if (argc != 2)
        return 64;
    read_picture(argv[1]);
    prepare();
    while (scanf("%7s", what) == 1)
        if (strcmp(what, "at") == 0)
            print_features();
        else
            print_area();
    return 0;
}
