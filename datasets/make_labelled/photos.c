/* photos.c - photographs of a folder in place of invented scenes.
 *
 * They are made half as large, by means of 2 x 2: that leaves little of the compression, the
 * colour filter and the sharpening that they have been through.             */
#include "labelled.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int is_jpeg(const struct dirent *e)
{
    const char *dot = strrchr(e->d_name, '.');

    return dot && (strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0);
}

/* Not alphasort: its order depends on the locale. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

void as_photos_open(const char *folder, struct as_photos *photos)
{
    struct dirent **found = NULL;
    int n = scandir(folder, &found, is_jpeg, by_bytes);

    if (n < 0)
        as_die("cannot read the folder %s: %s", folder, strerror(errno));
    if (n < AS_PHOTOS_MIN)
        as_die("%s has %d JPEG files; %d are needed", folder, n, AS_PHOTOS_MIN);
    photos->n = (uint32_t)n / 4 * 4; /* as many for each part of a split */
    photos->paths = as_alloc(photos->n, sizeof *photos->paths);
    for (uint32_t i = 0; i < (uint32_t)n; i++) {
        if (i < photos->n && asprintf(&photos->paths[i], "%s/%s", folder, found[i]->d_name) < 0)
            as_die("out of memory");
        free(found[i]);
    }
    free(found);
}

void as_photos_close(struct as_photos *photos)
{
    for (uint32_t i = 0; i < photos->n; i++)
        free(photos->paths[i]);
    free(photos->paths);
    memset(photos, 0, sizeof *photos);
}

static struct as_blob read_file(const char *path)
{
    struct as_blob b = {0};
    uint8_t part[65536];
    FILE *f = fopen(path, "rb");
    size_t n;

    while (f && (n = fread(part, 1, sizeof part, f)) > 0)
        as_blob_put(&b, part, n);
    if (!f || ferror(f))
        as_die("cannot read %s", path);
    fclose(f);
    return b;
}

/* Channel k of the mean of four pixels; gray pictures have one channel for all. */
static uint8_t mean4(const struct as_image *im, uint32_t x, uint32_t y, uint32_t k)
{
    const uint8_t *p = im->at + ((size_t)y * im->w + x) * im->c + (im->c == 1 ? 0 : k);
    const uint8_t *q = p + (size_t)im->w * im->c;

    return (uint8_t)((p[0] + p[im->c] + q[0] + q[im->c] + 2) / 4);
}

struct as_image as_photos_read(const struct as_photos *photos, uint32_t n, uint64_t seed,
                               uint32_t w, uint32_t h)
{
    struct as_blob file = read_file(photos->paths[n]);
    struct as_image full = as_jpeg_read(&file), out = as_image_new(w, h, 3);
    struct as_rng rng = {seed};
    uint32_t x0, y0;

    if (full.w < 2 * w || full.h < 2 * h || (full.c != 1 && full.c != 3))
        as_die("%s, %u x %u, is too small for %u x %u, or CMYK", photos->paths[n], full.w, full.h,
               w, h);
    x0 = as_rng_below(&rng, full.w - 2 * w + 1);
    y0 = as_rng_below(&rng, full.h - 2 * h + 1);
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++)
            for (uint32_t k = 0; k < 3; k++)
                out.at[((size_t)y * w + x) * 3 + k] = mean4(&full, x0 + 2 * x, y0 + 2 * y, k);
    as_image_free(&full);
    as_blob_free(&file);
    return out;
}
