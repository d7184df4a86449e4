/* set_photos.c - cards of virtual cameras, near-copies, exact copies, chains. */
#include "sets.h"

#include <stdio.h>
#include <string.h>

struct as_image as_new_image(struct as_maker *m, uint32_t w, uint32_t h)
{
    struct as_camera cam = as_camera_get(m->seed, m->serial % 5);

    return as_scene_shoot(&cam, as_maker_seed(m), w, h);
}

struct as_blob as_new_jpeg(struct as_maker *m)
{
    struct as_image im = as_new_image(m, 160, 120);
    struct as_jpeg_how how = {.quality = 60 + (int)(m->serial % 35), .hs = 2, .vs = 2};
    struct as_blob file = as_jpeg_write(&im, &how);

    as_image_free(&im);
    return file;
}

struct as_blob as_new_text(struct as_maker *m)
{
    static const char *const WORDS[] = {"river", "lamp",  "stone", "window", "paper", "green",
                                        "slow",  "night", "coat",  "bridge", "seven", "north"};
    struct as_rng rng = {as_maker_seed(m)};
    struct as_blob b = {0};

    as_blob_text(&b, "Note %u.\n", m->serial);
    for (uint32_t i = 0; i < 60; i++)
        as_blob_text(&b, "%s%c", WORDS[as_rng_below(&rng, 12)], i % 12 == 11 ? '\n' : ' ');
    return b;
}

struct as_thing *as_add_jpeg(struct as_maker *m, struct as_thing *parent, const char *name)
{
    struct as_blob data = as_new_jpeg(m);

    return as_thing_file(parent, name, &data, MK_JPEG, AS_REASON_NONE);
}

struct as_thing *as_add_text(struct as_maker *m, struct as_thing *parent, const char *name)
{
    struct as_blob data = as_new_text(m);

    return as_thing_file(parent, name, &data, MK_TEXT, AS_REASON_TEXT);
}

void as_accept(struct as_thing *t, const char *status)
{
    t->reason = MK_ANY;
    t->status = status;
}

void as_or_unknown(struct as_thing *t)
{
    t->or_kind = t->kind;
    t->kind = MK_UNKNOWN;
}

/* A photograph as the camera writes it: EXIF, thumbnail, perhaps GPS. */
static struct as_blob camera_file(const struct as_camera *cam, const struct as_image *im,
                                  uint32_t shot)
{
    struct as_image small = as_image_scale(im, 160, 120);
    struct as_jpeg_how thumb_how = {.quality = 75, .hs = 2, .vs = 1};
    struct as_blob thumb = as_jpeg_write(&small, &thumb_how), exif, file;
    char date[32];
    struct as_exif_how says = {.make = cam->make,
                               .model = cam->model,
                               .software = "1.02",
                               .date = date,
                               .w = im->w,
                               .h = im->h,
                               .gps = shot % 2 == 0,
                               .thumb = &thumb};
    struct as_jpeg_how how = {.quality = cam->quality, .hs = 2, .vs = shot % 3 ? 2 : 1};

    snprintf(date, sizeof date, "2024:02:%02u 10:%02u:30", 1 + shot % 28, shot * 7 % 60);
    exif = as_exif_write(&says);
    how.exif = &exif;
    file = as_jpeg_write(im, &how);
    as_blob_free(&exif);
    as_blob_free(&thumb);
    as_image_free(&small);
    return file;
}

static struct as_thing *add(struct as_thing *to, const char *name, const struct as_image *im,
                            int quality, const char *group, const char *note)
{
    struct as_jpeg_how how = {.quality = quality, .hs = 2, .vs = 2};
    struct as_blob file = as_jpeg_write(im, &how);
    struct as_thing *t = as_thing_file(to, name, &file, MK_JPEG, AS_REASON_NONE);

    snprintf(t->group, sizeof t->group, "%s", group);
    as_thing_note(t, "%s", note);
    return t;
}

/* Versions of one photograph that a search must bring together. */
static void near_copies(struct as_maker *m, const struct as_image *im, const char *group)
{
    char path[64];
    struct as_thing *to;
    struct as_image small = as_image_scale(im, im->w / 2, im->h / 2);
    struct as_image crop =
        as_image_crop(im, im->w / 50, im->h / 50, im->w - im->w / 25, im->h - im->h / 25);
    struct as_image mirror = as_image_mirror(im), gray = as_image_gray(&small);
    struct as_png_how plain = {0};
    struct as_blob file = as_png_write(&small, &plain);

    snprintf(path, sizeof path, "copies/%s", group);
    to = as_thing_folder(m->root, path);
    add(to, "recompressed.jpg", im, 55, group, "quality 55");
    add(to, "half.jpg", &small, 80, group, "half size");
    add(to, "cropped.jpg", &crop, 85, group, "2 % cut from each side");
    add(to, "mirrored.jpg", &mirror, 85, group, "mirrored");
    add(to, "gray.jpg", &gray, 80, group, "half size, gray");
    as_thing_note(as_thing_file(to, "half.png", &file, MK_PNG, AS_REASON_NONE), "half size");
    snprintf(to->last->group, sizeof to->last->group, "%s", group);
    as_image_free(&small);
    as_image_free(&crop);
    as_image_free(&mirror);
    as_image_free(&gray);
}

/* The same picture, compressed again and again with known qualities. */
static void chain(struct as_maker *m, const struct as_image *im, const char *group)
{
    static const int QUALITY[] = {90, 70, 85};
    struct as_thing *to = as_thing_folder(m->root, "chains");
    struct as_image now = as_image_crop(im, 0, 0, im->w / 2 / 16 * 16, im->h / 2 / 16 * 16);
    char name[64], note[64] = "qualities";

    for (int i = 0; i < 3; i++) {
        struct as_thing *t;
        snprintf(note + strlen(note), sizeof note - strlen(note), " %d", QUALITY[i]);
        snprintf(name, sizeof name, "%s_%d.jpg", group, i + 1);
        t = add(to, name, &now, QUALITY[i], group, note);
        as_image_free(&now);
        now = as_jpeg_read(&t->data);
    }
    as_image_free(&now);
}

static void exact_copy(struct as_maker *m, const struct as_thing *photo, uint32_t serial)
{
    char name[64];
    struct as_thing *t;

    snprintf(name, sizeof name, "holiday %u (copy).jpeg", serial);
    t = as_thing_copy(as_thing_folder(m->root, "copies"), name, photo);
    as_thing_note(t, "the bytes of %s", photo->name);
}

static void shoot(struct as_maker *m, uint32_t body, uint32_t shot)
{
    struct as_camera cam = as_camera_get(m->seed, body);
    uint32_t part = m->demo || (body == 0 && shot == 0) ? 1 : 4;
    struct as_image im = as_scene_shoot(&cam, as_maker_seed(m), cam.w / part, cam.h / part);
    struct as_blob file = camera_file(&cam, &im, shot);
    struct as_thing *photo;
    char path[64], name[32], group[24];

    snprintf(path, sizeof path, "DCIM/%uCAM%02u", 100 + body, body);
    snprintf(name, sizeof name, "IMG_%04u.JPG", 1 + body * 100 + shot);
    photo = as_thing_file(as_thing_folder(m->root, path), name, &file, MK_JPEG, AS_REASON_NONE);
    as_thing_note(photo, "camera %u, %s %s, quality %d", body, cam.make, cam.model, cam.quality);
    if (shot == 0) {
        snprintf(group, sizeof group, "family%02u", body);
        snprintf(photo->group, sizeof photo->group, "%s", group);
        near_copies(m, &im, group);
        chain(m, &im, group);
        exact_copy(m, photo, body);
    }
    as_image_free(&im);
}

void as_set_photos(struct as_maker *m)
{
    uint32_t bodies = m->demo ? 5 : 3, shots = m->demo ? 8 : 3;

    for (uint32_t body = 0; body < bodies; body++)
        for (uint32_t shot = 0; shot < shots; shot++)
            shoot(m, body, shot);
}
