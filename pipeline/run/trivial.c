/* trivial.c - what a file says without its pixels, and how well that tells two classes apart. */
#include "trivial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EQUAL = 16, FEW = 8 }; /* bins of equal numbers; items of a class */
enum { FORMAT, WIDTH, HEIGHT, PIXELS, BYTES, BYTES_PER_PIXEL, QUALITY };

const char *const as_trivial_words[AS_TRIVIALS] = {"format", "width",           "height", "pixels",
                                                   "bytes",  "bytes_per_pixel", "quality"};

struct as_trivial as_trivial_of(const struct as_row *row)
{
    return (struct as_trivial){row->kind, row->w, row->h, row->size, as_row_quality(row)};
}

static double value_of(const struct as_trivial *item, int feature)
{
    const double pixels = (double)item->w * item->h;

    switch (feature) {
    case FORMAT:
        return item->kind;
    case WIDTH:
        return item->w;
    case HEIGHT:
        return item->h;
    case PIXELS:
        return pixels;
    case BYTES:
        return (double)item->size;
    case BYTES_PER_PIXEL:
        return pixels > 0 ? (double)item->size / pixels : 0;
    default:
        return item->quality;
    }
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void as_trivial_bins(const struct as_trivial *item, uint32_t n, int feature, double *sorted,
                     uint16_t *bin)
{
    double border[EQUAL];
    uint16_t borders = 0;

    for (uint32_t i = 0; i < n; i++)
        sorted[i] = value_of(&item[i], feature);
    qsort(sorted, n, sizeof *sorted, ascending);
    for (uint32_t k = 1; k < EQUAL && feature != FORMAT && n > 0; k++) {
        const double at = sorted[(uint64_t)n * k / EQUAL];
        if (at > sorted[0] && (borders == 0 || at > border[borders - 1]))
            border[borders++] = at;
    }
    for (uint32_t i = 0; i < n; i++) {
        const double v = value_of(&item[i], feature);
        bin[i] = 0;
        if (feature == FORMAT)
            bin[i] = (uint16_t)v % AS_TRIVIAL_BINS;
        else
            while (bin[i] < borders && v >= border[bin[i]])
                bin[i]++;
    }
}

void as_trivial_odds(const uint16_t *bin, const uint8_t *label, const uint8_t *learnt, uint32_t n,
                     double odds[AS_TRIVIAL_BINS])
{
    static const double NONE = .5;
    double count[2][AS_TRIVIAL_BINS], all[2] = {0, 0};

    memset(count, 0, sizeof count);
    for (uint32_t i = 0; i < n; i++)
        if (learnt[i]) {
            count[label[i]][bin[i]]++;
            all[label[i]]++;
        }
    for (int k = 0; k < AS_TRIVIAL_BINS; k++) {
        odds[k] = 0;
        for (int c = 0; c < 2; c++)
            odds[k] += (c ? 1 : -1) * log((count[c][k] + NONE) / (all[c] + 2 * NONE));
    }
}

enum as_status as_trivial_scores(const struct as_trivial *item, const uint8_t *label,
                                 const uint8_t *learnt, uint32_t n, double *score)
{
    double odds[AS_TRIVIAL_BINS], *sorted = calloc((size_t)n + 1, sizeof *sorted);
    uint16_t *bin = calloc((size_t)n + 1, sizeof *bin);
    const enum as_status status = sorted && bin ? AS_OK : AS_ENOMEM;

    memset(score, 0, n * sizeof *score);
    for (int f = 0; f < AS_TRIVIALS && status == AS_OK; f++) {
        as_trivial_bins(item, n, f, sorted, bin);
        as_trivial_odds(bin, label, learnt, n, odds);
        for (uint32_t i = 0; i < n; i++)
            score[i] += odds[bin[i]];
    }
    free(sorted);
    free(bin);
    return status;
}

bool as_trivial_is_loud(uint64_t authentic, uint64_t altered, double auc, double low)
{
    return authentic >= FEW && altered >= FEW && auc > AS_TRIVIAL_LOUD && low > .5;
}
