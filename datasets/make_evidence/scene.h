/* scene.h - invented scenes and the virtual cameras that photograph them. */
#ifndef AS_SCENE_H
#define AS_SCENE_H

#include "maker.h"

/* A camera: its sensor's fixed pattern and its noise follow from `pattern`. */
struct as_camera {
    const char *make, *model;
    uint64_t pattern;
    float prnu;    /* standard deviation of the pixels' gain */
    float read;    /* standard deviation of the reading noise, 0..1 scale */
    uint32_t w, h; /* of its sensor */
    int quality;   /* of its JPEG files */
};

/* Camera i of five; the pattern depends on the seed. */
struct as_camera as_camera_get(uint64_t seed, uint32_t i);

/*
 * A photograph of an invented scene: gradients, fractal noise, shapes and
 * strokes like writing, through a small blur, a Bayer filter, the camera's
 * gain pattern, shot and reading noise, demosaicing and a square-root curve.
 * Uses only operations that IEEE 754 rounds correctly: the same bytes everywhere.
 */
struct as_image as_scene_shoot(const struct as_camera *cam, uint64_t scene, uint32_t w, uint32_t h);

/* The same scene without a camera: no sensor, no noise. */
struct as_image as_scene_draw(uint64_t scene, uint32_t w, uint32_t h);

#endif
