/* task.c - one picture of a set: its scene, camera, split, place on the axes, and files. */
#include "labelled.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CAMERAS = 12, QUARTER = 4 };

float as_rng_unit(struct as_rng *rng)
{
    return as_hash_unit(as_rng_next(rng));
}

/* Two quarters train, one calibrates, one tests: of the scenes, and of the cameras. */
static enum as_split split_of(uint32_t n)
{
    static const enum as_split SPLITS[QUARTER] = {AS_TRAIN, AS_TEST, AS_TRAIN, AS_CALIBRATE};

    return SPLITS[n % QUARTER];
}

/* How many scenes of the same split come before this one. */
static uint32_t rank_in_split(uint32_t scene)
{
    uint32_t rank = scene / QUARTER * (split_of(scene) == AS_TRAIN ? 2 : 1);

    return rank + (scene % QUARTER == 2);
}

/* Camera n of the seed, a model of its own. */
static void camera_of(struct as_task *t, uint32_t n)
{
    static const int SAMPLING[][2] = {{2, 2}, {2, 1}, {1, 1}};
    struct as_rng rng = {as_rng_mix(t->set->seed * 0x10001 ^ (0xca30000u + n))};
    uint32_t s = as_rng_below(&rng, 3);

    t->cam = (struct as_camera){.make = "Invented", .model = "Labelled"};
    t->cam.pattern = as_rng_next(&rng);
    t->cam.prnu = 0.008f + 0.010f * as_rng_unit(&rng);
    t->cam.read = 0.003f + 0.006f * as_rng_unit(&rng);
    t->cam.demosaic = as_rng_below(&rng, 2) ? AS_DEMOSAIC_EDGES : AS_DEMOSAIC_BILINEAR;
    t->cam.cfa_x = as_rng_below(&rng, 2);
    t->cam.cfa_y = as_rng_below(&rng, 2);
    t->cam.fringe = 0.0015f * as_rng_unit(&rng);
    t->cam.falloff = 0.05f + 0.25f * as_rng_unit(&rng);
    t->hs = SAMPLING[s][0];
    t->vs = SAMPLING[s][1];
    snprintf(t->row->camera, sizeof t->row->camera, "%llu.c%02u", (unsigned long long)t->set->seed,
             n);
}

/* One of the cameras of the task's split. */
static uint32_t camera_draw(struct as_task *t)
{
    uint32_t n;

    do
        n = as_rng_below(&t->rng, CAMERAS);
    while (split_of(n) != t->row->split);
    return n;
}

/* The place on the axes: each round through all combinations has an order of its own. */
static void place(struct as_task *t)
{
    const struct as_axis *axes = t->set->axes;
    uint32_t rank = rank_in_split(t->scene), all = 1, cell;
    struct as_rng rng;
    uint32_t *order;

    for (int i = 0; i < AS_AXES; i++)
        all *= axes[i].n ? axes[i].n : 1;
    rng.state = as_rng_mix(t->set->seed + 0xa8e5 + 4 * (rank / all) + t->row->split);
    order = as_alloc(all, sizeof *order);
    for (uint32_t i = 0; i < all; i++) {
        uint32_t j = as_rng_below(&rng, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    cell = order[rank % all];
    free(order);
    for (int i = 0; i < AS_AXES && axes[i].n; i++) {
        t->value[i] = axes[i].at[cell % axes[i].n];
        cell /= axes[i].n;
    }
}

void as_task_run(const struct as_set *set, uint32_t number, struct as_row *row)
{
    struct as_task t = {.set = set, .number = number, .row = row};

    memset(row, 0, sizeof *row);
    t.scene = number / set->kind->variants;
    t.variant = number % set->kind->variants;
    row->split = split_of(t.scene);
    t.scene_seed = as_rng_mix(set->seed * 0x10001 ^ ((uint64_t)t.scene << 20));
    t.rng.state = t.scene_seed;
    for (const char *c = set->kind->name; *c; c++)
        t.rng.state = as_rng_mix(t.rng.state + (uint8_t)*c);
    snprintf(row->group, sizeof row->group, "%llu.s%06u", (unsigned long long)set->seed, t.scene);
    camera_of(&t, camera_draw(&t));
    if (set->photos.n) {
        t.photo = t.scene % set->photos.n; /* a multiple of QUARTER: the split is the scene's */
        snprintf(row->group, sizeof row->group, "p%06u", t.photo);
        row->camera[0] = '\0';
    }
    place(&t);
    set->kind->make(&t);
}

int as_task_value(const struct as_task *t, const char *axis)
{
    for (int i = 0; i < AS_AXES && t->set->axes[i].n; i++)
        if (strcmp(t->set->axes[i].name, axis) == 0)
            return t->value[i];
    as_die("%s has no axis %s", t->set->kind->name, axis);
}

int as_task_told(struct as_task *t, const char *axis)
{
    int value = as_task_value(t, axis);

    as_task_note(t, "%s=%d", axis, value);
    return value;
}

void as_task_note(struct as_task *t, const char *fmt, ...)
{
    size_t n = strlen(t->row->note);
    va_list args;
    int more;

    if (n)
        t->row->note[n++] = ';';
    va_start(args, fmt);
    more = vsnprintf(t->row->note + n, sizeof t->row->note - n, fmt, args);
    va_end(args);
    if (more < 0 || (size_t)more >= sizeof t->row->note - n)
        as_die("a note is too long");
}

struct as_image as_task_photo(const struct as_task *t, uint32_t w, uint32_t h)
{
    struct as_light l;
    struct as_image im;

    if (t->set->photos.n)
        return as_photos_read(&t->set->photos, t->photo, t->scene_seed, w, h);
    l = as_light_texture(t->scene_seed, w, h);
    im = as_light_shoot(&t->cam, &l, as_rng_mix(t->scene_seed + 7));
    as_light_free(&l);
    return im;
}

struct as_image as_task_other(struct as_task *t, uint32_t w, uint32_t h, bool other_camera)
{
    struct as_task donor = *t;
    struct as_row row = *t->row;
    struct as_image im;

    donor.row = &row;
    donor.scene_seed = as_rng_mix(t->scene_seed + 0xd0);
    while (other_camera && donor.cam.pattern == t->cam.pattern)
        camera_of(&donor, camera_draw(&donor));
    if (t->set->photos.n) {
        uint32_t quarters = t->set->photos.n / QUARTER;
        donor.photo =
            (t->photo + QUARTER * (1 + as_rng_below(&donor.rng, quarters - 1))) % t->set->photos.n;
        snprintf(row.camera, sizeof row.camera, "p%06u", donor.photo);
    }
    im = as_task_photo(&donor, w, h);
    t->rng = donor.rng;
    as_task_note(t, "from=%s", row.camera);
    return im;
}

static struct as_blob jpeg_of(const struct as_task *t, const struct as_image *im, int quality)
{
    struct as_jpeg_how how = {.quality = quality, .hs = t->hs, .vs = t->vs};

    return as_jpeg_write(im, &how);
}

struct as_image as_task_compressed(const struct as_task *t, struct as_image im, int quality)
{
    struct as_blob file;
    struct as_image out;

    if (!quality)
        return im;
    file = jpeg_of(t, &im, quality);
    out = as_jpeg_read(&file);
    as_blob_free(&file);
    as_image_free(&im);
    return out;
}

/* The time that everything made has: 2024-03-01 12:00:00 UTC. */
static void write_file(const char *path, const struct as_blob *data)
{
    const struct timespec times[2] = {{1709294400, 0}, {1709294400, 0}};
    FILE *f = fopen(path, "wb");

    if (!f || fwrite(data->at, 1, data->n, f) != data->n || fflush(f) != 0 ||
        futimens(fileno(f), times) != 0 || fclose(f) != 0)
        as_die("cannot write %s: %s", path, strerror(errno));
}

/* Writes `out`dot/NUMBER.ext and sets `named` to its name below the folder of `out`. */
static void save(struct as_task *t, const char *dot, const char *ext, struct as_blob *data,
                 char named[40])
{
    char *path = NULL;

    snprintf(named, 40, "%06u.%s", t->number, ext);
    if (asprintf(&path, "%s%s/%s", t->set->out, dot, named) < 0)
        as_die("out of memory");
    write_file(path, data);
    free(path);
    as_blob_free(data);
}

void as_task_save(struct as_task *t, const struct as_image *im, int quality)
{
    struct as_png_how plain = {0};
    struct as_blob file = quality ? jpeg_of(t, im, quality) : as_png_write(im, &plain);

    save(t, "", quality ? "jpg" : "png", &file, t->row->path);
}

void as_task_mask(struct as_task *t, const struct as_image *mask)
{
    struct as_png_how plain = {0};
    struct as_blob file = as_png_write(mask, &plain);

    save(t, ".masks", "png", &file, t->row->mask);
}
