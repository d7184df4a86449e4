/* sensor.h - virtual cameras: lens, colour filter, fixed pattern, noise, demosaicing, curve. */
#ifndef AS_SENSOR_H
#define AS_SENSOR_H

#include "light.h"

enum as_demosaic { AS_DEMOSAIC_BILINEAR, AS_DEMOSAIC_EDGES };

/* A camera: its sensor's fixed pattern and its noise follow from `pattern`. */
struct as_camera {
    const char *make, *model;
    uint64_t pattern;
    float prnu;    /* standard deviation of the pixels' gain */
    float read;    /* standard deviation of the reading noise, 0..1 scale */
    uint32_t w, h; /* of its sensor */
    int quality;   /* of its JPEG files */
    enum as_demosaic demosaic;
    uint32_t cfa_x, cfa_y; /* 0 or 1: where the filter's red pixel lies             */
    float fringe;          /* red is this much larger than green, blue smaller      */
    float falloff;         /* light lost in the corners, as a share                 */
};

/* Camera i of five without a lens; the pattern depends on the seed. */
struct as_camera as_camera_get(uint64_t seed, uint32_t i);

/* `l` through the camera's lens: red is magnified, blue made smaller about the centre, corners get
 * less light.                                                                               */
struct as_light as_light_lens(const struct as_camera *cam, const struct as_light *l);

/*
 * as_light_shoot - a photograph of `l`: the camera's gain pattern, shot and reading noise behind a
 * Bayer filter, demosaicing and a square-root curve; `shot` seeds the noise.
 *
 * Where the camera has a lens (fringe, falloff), `l` is seen through it.  Uses only operations that
 * IEEE 754 rounds correctly: the same bytes everywhere.
 */
struct as_image as_light_shoot(const struct as_camera *cam, const struct as_light *l,
                               uint64_t shot);

/* A photograph of as_light_scene, and the same scene without a camera: no sensor, no noise. */
struct as_image as_scene_shoot(const struct as_camera *cam, uint64_t scene, uint32_t w, uint32_t h);
struct as_image as_scene_draw(uint64_t scene, uint32_t w, uint32_t h);

#endif
