/* set_broken.c - sound files that were cut short or had bytes changed. */
#include "sets.h"

#include <string.h>

static struct as_thing *cut(struct as_thing *to, const char *name, const struct as_blob *file,
                            size_t keep, uint16_t kind, int reason)
{
    struct as_blob part = as_blob_part(file, 0, keep);
    struct as_thing *t = as_thing_file(to, name, &part, kind, reason);

    if (reason == AS_REASON_TRUNCATED)
        t->flags = AS_FLAG_TRUNCATED;
    as_thing_note(t, "the first %zu of %zu bytes", keep, file->n);
    return t;
}

/* Complements n bytes spread over the last three quarters. */
static struct as_thing *flip(struct as_thing *to, const char *name, const struct as_blob *file,
                             uint32_t n, uint16_t kind, const char *accept)
{
    struct as_blob bad = as_blob_copy(file);
    struct as_thing *t;

    for (uint32_t i = 0; i < n; i++) {
        size_t at = bad.n / 4 + (bad.n - bad.n / 4) * (2 * i + 1) / (2 * n);
        bad.at[at] = (uint8_t)~bad.at[at];
    }
    t = as_thing_file(to, name, &bad, kind, AS_REASON_NONE);
    as_accept(t, accept);
    as_thing_note(t, "%u bytes complemented", n);
    return t;
}

static void broken_jpeg(struct as_maker *m, struct as_thing *to)
{
    struct as_image im = as_new_image(m, 400, 300);
    struct as_jpeg_how base = {.quality = 85, .hs = 2, .vs = 2};
    struct as_jpeg_how prog = {.quality = 85, .hs = 2, .vs = 2, .progressive = true};
    struct as_blob file = as_jpeg_write(&im, &base);

    cut(to, "half.jpg", &file, file.n / 2, MK_JPEG, AS_REASON_TRUNCATED);
    cut(to, "no_end.jpg", &file, file.n - 2, MK_JPEG, AS_REASON_TRUNCATED);
    cut(to, "head_only.jpg", &file, 100, MK_JPEG, MK_ANY)->status = "damaged";
    cut(to, "two_bytes.jpg", &file, 2, MK_JPEG, MK_ANY)->status = "damaged|not_applicable";
    as_or_unknown(to->last);
    flip(to, "flipped.jpg", &file, 20, MK_JPEG, "ok");
    as_blob_fill(&file, 0, 1000);
    as_thing_file(to, "trailing.jpg", &file, MK_JPEG, AS_REASON_NONE)->flags = AS_FLAG_TRAILING;
    file = as_jpeg_write(&im, &prog);
    cut(to, "half_progressive.jpg", &file, file.n / 2, MK_JPEG, AS_REASON_TRUNCATED);
    as_blob_free(&file);
    as_image_free(&im);
}

static void broken_pictures(struct as_maker *m, struct as_thing *to)
{
    struct as_image im = as_new_image(m, 300, 200);
    struct as_png_how plain = {0};
    struct as_blob file = as_png_write(&im, &plain);

    cut(to, "half.png", &file, file.n / 2, MK_PNG, AS_REASON_TRUNCATED);
    cut(to, "head_only.png", &file, 33, MK_PNG, MK_ANY)->status = "damaged";
    flip(to, "flipped.png", &file, 4, MK_PNG, "ok|damaged");
    as_blob_free(&file);
    file = as_gif_write(&im, 1);
    cut(to, "half.gif", &file, file.n / 2, MK_GIF, AS_REASON_TRUNCATED);
    as_blob_free(&file);
    file = as_bmp_write(&im);
    cut(to, "half.bmp", &file, file.n / 2, MK_BMP, AS_REASON_TRUNCATED);
    as_blob_free(&file);
    file = as_tiff_write(&im, false, AS_TIFF_NONE); /* its directory lies at the end */
    cut(to, "half.tif", &file, file.n / 2, MK_TIFF, MK_ANY)->status = "damaged";
    as_blob_free(&file);
    file = as_webp_write(&im, 75);
    cut(to, "half.webp", &file, file.n / 2, MK_WEBP, MK_ANY)->status = "ok|damaged";
    flip(to, "flipped.webp", &file, 6, MK_WEBP, "ok|damaged");
    as_blob_free(&file);
    file = as_video_write(&im, "mp4", 10, 160, 128); /* its index lies at the end */
    cut(to, "half.mp4", &file, file.n / 2, MK_MP4, MK_ANY)->status = "damaged|ok";
    as_blob_free(&file);
    as_image_free(&im);
}

/* A small picture, `large`, a small picture: packed, then cut in the middle. */
static void cut_container(struct as_maker *m, struct as_thing *to, const char *name, uint16_t kind,
                          const struct as_pack_how *how, const struct as_blob *large)
{
    struct as_thing list = {0}, *t, *two;
    struct as_blob file, copy = as_blob_copy(large);

    as_add_jpeg(m, &list, "one.jpg");
    two = as_thing_file(&list, "two.jpg", &copy, MK_JPEG, AS_REASON_NONE);
    two->apart = true;
    as_or_unknown(two);
    as_accept(two, "damaged");
    as_add_jpeg(m, &list, "three.jpg");
    file = as_pack(&list, how);
    t = cut(to, name, &file, file.n / 2, kind, AS_REASON_CONTAINER_DAMAGED);
    t->or_kind = how->filter ? MK_TAR : 0;
    as_thing_move(t, &list);
    as_thing_free(two->next); /* is gone with the rest */
    two->next = NULL;
    t->last = two;
    as_blob_free(&file);
}

/* A byte of the second member's data is changed. */
static void bad_member(struct as_maker *m, struct as_thing *to)
{
    struct as_thing list = {0}, *t;
    struct as_pack_how how = {.format = "zip"};
    uint8_t *at;

    as_add_jpeg(m, &list, "one.jpg");
    as_accept(as_add_jpeg(m, &list, "two.jpg"), "damaged|ok");
    list.last->apart = true;
    as_or_unknown(list.last);
    as_add_jpeg(m, &list, "three.jpg");
    t = as_pack_into(to, "bad_member.zip", MK_ZIP, &list, &how);
    at = memmem(t->data.at, t->data.n, "two.jpg", 7);
    if (!at)
        as_die("a member is not where it was put");
    at[600] ^= 0xff; /* well inside its data */
    as_thing_note(t, "a byte of the second member is changed");
}

static void broken_containers(struct as_maker *m, struct as_thing *to)
{
    struct as_pack_how tar = {.format = "ustar"}, zip = {.format = "zip"};
    struct as_pack_how gz = {.format = "ustar", .filter = "gzip"};
    struct as_pack_how seven = {.format = "7zip"};
    struct as_thing list = {0}, *t;
    struct as_image im = as_new_image(m, 1000, 750); /* gzip is read 64 KiB at a time */
    struct as_jpeg_how fine = {.quality = 98};
    struct as_blob large = as_jpeg_write(&im, &fine);

    cut_container(m, to, "half.tar", MK_TAR, &tar, &large);
    cut_container(m, to, "half.tar.gz", MK_COMPRESSED, &gz, &large);
    cut_container(m, to, "half.zip", MK_ZIP, &zip, &large);
    as_blob_free(&large);
    as_image_free(&im);
    bad_member(m, to);
    as_add_jpeg(m, &list, "one.jpg");
    t = as_pack_into(to, "half.7z", MK_SEVENZIP, &list, &seven);
    as_thing_free(t->inside);
    t->inside = t->last = NULL;
    t->data.n /= 2; /* its directory lies at the end: nothing can be had */
    as_accept(t, "damaged");
}

void as_set_broken(struct as_maker *m)
{
    struct as_thing *to = as_thing_folder(m->root, "broken");

    broken_jpeg(m, to);
    broken_pictures(m, to);
    broken_containers(m, to);
}
