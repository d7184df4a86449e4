/* benchmark_pixels.c - maps against masks.
 *
 * A cell of a map stands for all pixels it covers (nearest neighbour).  Altered pictures with a
 * mask give F1, IoU, MCC and AUC, each picture by itself, then their mean; authentic pictures give
 * the share of pixels that are called altered, since F1 is not defined where nothing is.  What is
 * above one half is called altered; one half itself, as adq and nadq have it where they know
 * nothing, is stored as 128 of 255.
 *
 *  1. one picture   2. all pictures   3. what they say                                  */
#include "benchmark_parts.h"

#include "../examine/masks.h"
#include "../examine/unit.h"
#include "../log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const as_pixel_words[AS_PIXEL_METRICS] = {
#define X(constant, word, title) #word,
    AS_PIXEL_METRICS_DEF(X)
#undef X
};
const char *const as_pixel_titles[AS_PIXEL_METRICS] = {
#define X(constant, word, title) title,
    AS_PIXEL_METRICS_DEF(X)
#undef X
};

enum { ABOVE_HALF = 129, VALUES = AS_PIXEL_METRICS + 1, FALSE_ALARMS = AS_PIXEL_METRICS };

/* What the maps of one detector gave: value[item * VALUES + metric], NaN where nothing. */
struct gathered {
    uint16_t det;
    double *value;
    struct as_pixels pooled[AS_SPLITS];
};

struct pixels {
    struct as_benchmark *b;
    struct as_masks *masks;
    struct gathered *of;
    uint32_t n; /* detectors with maps */
    uint8_t *line;
    size_t room;
    uint8_t *placed; /* a mask, where an altered copy has it */
    size_t placed_room;
};

/* ---- 1. one picture ---- */

/* Counts the pixels of a picture, w x h, by their map's value. */
static enum as_status count_pixels(struct pixels *p, const struct as_map_row *map, uint32_t w,
                                   uint32_t h, const uint8_t *mask, struct as_pixels *to)
{
    if (w > p->room) {
        uint8_t *more = realloc(p->line, w);
        if (more == NULL)
            return AS_ENOMEM;
        p->line = more;
        p->room = w;
    }
    memset(to, 0, sizeof *to);
    for (uint32_t y = 0; y < h; y++) {
        const uint32_t cy = y / map->cell < map->h ? y / map->cell : map->h - 1U;
        for (uint32_t x = 0; y % map->cell == 0 && x < w; x++)
            p->line[x] = map->cells[(size_t)cy * map->w +
                                    (x / map->cell < map->w ? x / map->cell : map->w - 1U)];
        as_pixels_add(to, p->line, mask ? mask + (size_t)y * w : NULL, w);
    }
    return AS_OK;
}

static void measure_altered(const struct as_pixels *px, double *value)
{
    const struct as_confusion at = as_pixels_at(px, ABOVE_HALF);

    value[AS_PIXEL_F1] = as_confusion_f1(&at);
    value[AS_PIXEL_IOU] = as_confusion_iou(&at);
    value[AS_PIXEL_MCC] = as_confusion_mcc(&at);
    as_pixels_best(px, as_confusion_f1, &value[AS_PIXEL_F1_BEST]);
    as_pixels_best(px, as_confusion_iou, &value[AS_PIXEL_IOU_BEST]);
    as_pixels_best(px, as_confusion_mcc, &value[AS_PIXEL_MCC_BEST]);
    if (as_pixels_auc(px, &value[AS_PIXEL_AUC]) != AS_OK)
        value[AS_PIXEL_AUC] = NAN;
}

static void pool(struct as_pixels *all, const struct as_pixels *one)
{
    for (int v = 0; v < 256; v++) {
        all->altered[v] += one->altered[v];
        all->authentic[v] += one->authentic[v];
    }
}

static enum as_status take_map(struct pixels *p, uint32_t i, const struct as_map_row *map,
                               const struct as_mask *mask)
{
    const struct as_bench_item *item = &p->b->item[i];
    enum as_status status = AS_OK;
    struct as_pixels px;
    struct gathered *g = p->of;

    while (g < p->of + p->n && g->det != map->det)
        g++;
    if (g == p->of + p->n || map->cell == 0 || map->w == 0 || map->h == 0)
        return AS_OK;
    AS_TRY(count_pixels(p, map, item->looks.w, item->looks.h, mask->at, &px));
    pool(&g->pooled[item->is->split], &px);
    if (mask->at) {
        measure_altered(&px, g->value + (size_t)i * VALUES);
    } else {
        const struct as_confusion at = as_pixels_at(&px, ABOVE_HALF);
        g->value[(size_t)i * VALUES + FALSE_ALARMS] = as_confusion_fpr(&at);
    }
done:
    return status;
}

/* ---- 2. all pictures ---- */

/* The mask of a picture becomes that of its copy, by nearest neighbours. */
static enum as_status place_mask(struct pixels *p, uint32_t i, struct as_mask *mask)
{
    const struct as_bench_item *of = &p->b->clean->item[i];
    struct as_placed at;

    as_alteration_place(p->b->alteration, of->sha256, mask->w, mask->h, &at);
    const size_t n = (size_t)at.to_w * at.to_h;
    if (n > p->placed_room) {
        free(p->placed);
        p->placed_room = 0;
        if ((p->placed = malloc(n)) == NULL)
            return AS_ENOMEM;
        p->placed_room = n;
    }
    for (uint32_t y = 0; y < at.to_h; y++)
        for (uint32_t x = 0; x < at.to_w; x++) {
            const uint64_t from_y = at.y + (2 * (uint64_t)y + 1) * at.h / (2 * (uint64_t)at.to_h),
                           from_x = at.x + (2 * (uint64_t)x + 1) * at.w / (2 * (uint64_t)at.to_w);
            p->placed[(size_t)y * at.to_w + x] = mask->at[from_y * mask->w + from_x];
        }
    *mask = (struct as_mask){p->placed, at.to_w, at.to_h};
    return AS_OK;
}

/* The mask of an item; AS_SKIP: it cannot be had, which is told. */
static enum as_status read_mask(struct pixels *p, uint32_t i, struct as_mask *mask,
                                struct as_err *err)
{
    const struct as_bench_item *item = &p->b->item[i];
    char path[AS_MANIFEST_PATH_MAX];
    enum as_status status = AS_OK;
    struct as_err why = {0};

    if (!as_manifest_mask(&p->b->manifest, item->is, path, sizeof path))
        AS_FAIL(err, AS_EUSAGE, "the path of a mask is too long: %s", item->is->mask);
    status = as_masks_read(p->masks, path, mask, &why);
    if (status == AS_OK && p->b->clean && (status = place_mask(p, i, mask)) != AS_OK)
        AS_FAIL(err, status, "no memory for a mask");
    if (status == AS_OK && (mask->w != item->looks.w || mask->h != item->looks.h))
        status = as_fail(&why, AS_EFORMAT, AS_REASON_NONE, __FILE__, __LINE__,
                         "the mask %s has another size than its picture", path);
    if (as_item_failed(status)) {
        as_log(AS_LOG_WARN, "%s", why.text);
        p->b->bad_masks++;
        return AS_SKIP;
    }
    if (status != AS_OK && err)
        *err = why;
done:
    return status;
}

static enum as_status take_item(struct pixels *p, uint32_t i, struct as_err *err)
{
    const struct as_bench_item *item = &p->b->item[i];
    float score[AS_DETECTORS_MAX];
    enum as_status status = AS_OK;
    struct as_mask mask = {0};
    struct as_row row;

    if (item->is->label != AS_LABEL_AUTHENTIC) {
        if ((status = read_mask(p, i, &mask, err)) == AS_SKIP)
            return AS_OK;
        AS_TRY(status);
    }
    if (mask.at && p->b->clean && memchr(mask.at, 1, (size_t)mask.w * mask.h) == NULL)
        return AS_OK; /* what was altered is not in this part of the picture */
    AS_TRY(as_store_row(p->b->store, item->row, &row, score, err));
    for (size_t k = 0; k < row.nmap; k++)
        if (take_map(p, i, &row.map[k], &mask) != AS_OK)
            AS_FAIL(err, AS_ENOMEM, "no memory for the maps");
done:
    return status;
}

/* Authentic pictures, and altered ones whose mask says where. */
static bool has_truth(const struct as_labelled *is)
{
    return is->label == AS_LABEL_AUTHENTIC || is->mask[0] != '\0';
}

static enum as_status prepare(struct pixels *p, struct as_err *err)
{
    enum as_status status = AS_OK;
    bool with[AS_DETECTORS_MAX];

    AS_TRY(as_detectors_select(p->b->o->detectors, with, err));
    if ((p->of = calloc(AS_DETECTORS_MAX, sizeof *p->of)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the maps");
    for (uint16_t d = 0; as_detectors[d]; d++) {
        struct gathered *g = &p->of[p->n];
        if (!with[d] || as_detectors[d]->heat_step == 0)
            continue;
        g->det = d;
        if ((g->value = malloc((size_t)p->b->n * VALUES * sizeof *g->value)) == NULL)
            AS_FAIL(err, AS_ENOMEM, "no memory for the maps");
        for (size_t k = 0; k < (size_t)p->b->n * VALUES; k++)
            g->value[k] = NAN;
        p->n++;
    }
    if (p->n > 0)
        AS_TRY(as_masks_new(&p->masks, !p->b->o->no_sandbox, err));
done:
    return status;
}

/* ---- 3. what they say ---- */

static enum as_status mean_of(const struct as_benchmark *b, const struct gathered *g,
                              const struct as_subset *of, int metric, struct as_ranged *mean)
{
    struct as_sample s;
    enum as_status status = as_sample_init(&s, b->n);

    AS_TRY(status);
    for (uint32_t i = 0; i < b->n; i++) {
        const double v = g->value[(size_t)i * VALUES + (size_t)metric];
        if (as_subset_has(of, b->item[i].is) && !isnan(v))
            as_sample_add(&s, b, i, v);
    }
    AS_TRY(as_sample_done(&s));
    AS_TRY(as_sample_mean(&s, b->o, metric == FALSE_ALARMS ? 0 : 1, mean));
done:
    as_sample_clear(&s);
    return status;
}

static void count_maps(const struct as_benchmark *b, const struct gathered *g, struct as_mapped *m)
{
    for (uint32_t i = 0; i < b->n; i++) {
        const struct as_labelled *is = b->item[i].is;
        const double *v = g->value + (size_t)i * VALUES;
        if (!as_subset_has(&m->of, is) || !has_truth(is))
            continue;
        if (is->label == AS_LABEL_AUTHENTIC) {
            m->authentic++;
            m->authentic_mapped += isnan(v[FALSE_ALARMS]) ? 0 : 1;
        } else {
            m->masks++;
            m->mapped += isnan(v[AS_PIXEL_F1]) ? 0 : 1;
        }
    }
}

static void pooled(const struct gathered *g, struct as_mapped *m)
{
    struct as_pixels all = {0};

    for (int s = 0; s < AS_SPLITS; s++)
        if (m->of.split < 0 || m->of.split == s)
            pool(&all, &g->pooled[s]);
    m->pooled_best = as_pixels_best(&all, as_confusion_f1, &m->pooled_f1) / 255.;
    if (as_pixels_auc(&all, &m->pooled_auc) != AS_OK)
        m->pooled_auc = NAN;
}

static enum as_status summarise(struct as_benchmark *b, const struct gathered *g,
                                const struct as_subset *of)
{
    struct as_mapped *m = &b->maps[b->nmaps];
    enum as_status status = AS_OK;

    *m = (struct as_mapped){.det = g->det, .of = *of};
    count_maps(b, g, m);
    if (m->mapped + m->authentic_mapped == 0)
        return AS_OK;
    for (int k = 0; k < AS_PIXEL_METRICS; k++)
        AS_TRY(mean_of(b, g, of, k, &m->mean[k]));
    AS_TRY(mean_of(b, g, of, FALSE_ALARMS, &m->false_alarms));
    pooled(g, m);
    b->nmaps++;
done:
    return status;
}

enum as_status as_bench_pixels(struct as_benchmark *b, struct as_err *err)
{
    struct pixels p = {.b = b};
    enum as_status status = AS_OK;

    AS_TRY(prepare(&p, err));
    for (uint32_t i = 0; i < b->n && p.n > 0; i++)
        if (b->mapped[i] && has_truth(b->item[i].is))
            AS_TRY(take_item(&p, i, err));
    if ((b->maps = calloc((size_t)p.n * b->nsubsets + 1, sizeof *b->maps)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the maps");
    for (uint32_t d = 0; d < p.n; d++)
        for (uint32_t i = 0; i < b->nsubsets; i++)
            if (b->subset[i].generator == NULL && summarise(b, &p.of[d], &b->subset[i]) != AS_OK)
                AS_FAIL(err, AS_ENOMEM, "no memory for the maps");
done:
    as_masks_free(p.masks);
    for (uint32_t d = 0; d < p.n; d++)
        free(p.of[d].value);
    free(p.of);
    free(p.line);
    free(p.placed);
    return status;
}
