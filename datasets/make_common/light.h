/* light.h - invented scenes, as linear light before any camera. */
#ifndef AS_LIGHT_H
#define AS_LIGHT_H

#include "invent.h"

/* Three planes, red, green and blue, row by row; values 0..1. */
struct as_light {
    uint32_t w, h;
    float *at[3];
};

struct as_light as_light_new(uint32_t w, uint32_t h);
void as_light_free(struct as_light *l);

/* A number in 0..1, and one about normal (mean 0, deviation 1), of a hash's bits. */
float as_hash_unit(uint64_t bits);
float as_hash_normal(uint64_t bits);

/* Value noise in 0..1 with cells of one unit, smooth between its lattice points; x, y >= 0. */
float as_noise_value(uint64_t seed, float x, float y);
/* Octaves of it, each of half the size and half the height of the one before. */
float as_noise_fractal(uint64_t seed, float x, float y, int octaves);

/* [1 2 1]/4 along rows, then along columns. */
void as_light_blur(struct as_light *l);

/*
 * as_light_scene - gradients, fractal noise, shaded shapes and strokes like writing.
 *
 * All of it scales with the picture: another size shows the same scene nearer or farther.
 */
struct as_light as_light_scene(uint64_t scene, uint32_t w, uint32_t h);

/*
 * as_light_texture - a scene whose ground and objects are textured down to the pixel.
 *
 * Objects overlap and are ruled, tiled, streaked or rough, at scales given in pixels: pictures of
 * different size have the same statistics.
 */
struct as_light as_light_texture(uint64_t scene, uint32_t w, uint32_t h);

/* Light as 8-bit RGB through a square-root curve, without a camera. */
struct as_image as_light_image(const struct as_light *l);
uint8_t as_light_curve(float v);

#endif
