/* labelled.h - what the kinds of labelled pictures share: the set, its axes, a picture's task.
 *
 * A picture follows from the set's seed, its kind and its number alone, so that any number of
 * processes make the same bytes.  Scenes and cameras follow from the seed alone: in sets
 * of one size a scene has the same pixels before editing, group and split in every kind.  */
#ifndef AS_LABELLED_H
#define AS_LABELLED_H

#include "../make_common/picture_files.h"
#include "../make_common/sensor.h"

enum as_label { AS_AUTHENTIC, AS_TAMPERED, AS_GENERATED };
enum as_split { AS_TRAIN, AS_CALIBRATE, AS_TEST };
enum { AS_AXES = 5, AS_AXIS_ROOM = 24 };

/* What varies from scene to scene: every combination of the axes' values comes up in every split
 * before one comes again.                                                   */
struct as_axis {
    const char *name;
    uint32_t n;
    int at[AS_AXIS_ROOM];
};

/* A line of the manifest. */
struct as_row {
    enum as_label label;
    enum as_split split;
    char path[40], mask[40], group[32], generator[32], camera[32], note[200];
};

struct as_task;

/* Photographs of a folder; none: scenes are invented. */
struct as_photos {
    char **paths;
    uint32_t n;
};
enum { AS_PHOTOS_MIN = 8 };

void as_photos_open(const char *folder, struct as_photos *photos);
void as_photos_close(struct as_photos *photos);
/* A part of photograph n at half its size, w x h; `seed` says where. */
struct as_image as_photos_read(const struct as_photos *photos, uint32_t n, uint64_t seed,
                               uint32_t w, uint32_t h);

/* `variants` pictures are made of one scene with the same random numbers. */
struct as_kind {
    const char *name, *summary;
    uint32_t variants;
    bool masks, invents; /* invents: cannot use photographs of a folder */
    void (*make)(struct as_task *t);
    struct as_axis axes[AS_AXES];
};

extern const struct as_kind as_kinds[]; /* ended by a name of NULL */

struct as_set {
    const struct as_kind *kind;
    const char *out; /* the folder; masks go to `out`.masks */
    uint64_t seed;
    uint32_t count, w, h;
    struct as_axis axes[AS_AXES];
    struct as_photos photos;
};

struct as_task {
    const struct as_set *set;
    uint32_t number, scene, variant;
    uint64_t scene_seed;
    int value[AS_AXES];
    uint32_t photo;    /* of the folder's, where there is one */
    struct as_rng rng; /* the same for all variants of a scene */
    struct as_camera cam;
    int hs, vs; /* the camera's sampling of colour */
    struct as_row *row;
};

/* Fills `row` and writes the files of picture `number`. */
void as_task_run(const struct as_set *set, uint32_t number, struct as_row *row);

/* What the kinds call. */
int as_task_value(const struct as_task *t, const char *axis);
int as_task_told(struct as_task *t, const char *axis); /* and the note says so */
void as_task_note(struct as_task *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The scene's photograph, w x h of the same content per pixel. */
struct as_image as_task_photo(const struct as_task *t, uint32_t w, uint32_t h);
/* A photograph of a scene that no other task shows, by this camera or another one of the split. */
struct as_image as_task_other(struct as_task *t, uint32_t w, uint32_t h, bool other_camera);
/* `im` as it looks after JPEG of this quality; 0: unchanged.  Takes `im` over. */
struct as_image as_task_compressed(const struct as_task *t, struct as_image im, int quality);
/* Writes the picture as JPEG, quality 0: as PNG. */
void as_task_save(struct as_task *t, const struct as_image *im, int quality);
void as_task_mask(struct as_task *t, const struct as_image *mask);

/* 0..1 */
float as_rng_unit(struct as_rng *rng);

/* The kinds. */
void as_make_camera(struct as_task *t);
void as_make_djpeg(struct as_task *t);
void as_make_splice(struct as_task *t);
void as_make_generated(struct as_task *t);
void as_make_copymove(struct as_task *t);
void as_make_resample(struct as_task *t);
void as_make_inpaint(struct as_task *t);
void as_make_median(struct as_task *t);

#endif
