/* invent.h - what all makers of evidence share: buffers, random numbers, pictures.
 *
 * A maker makes all of its evidence or nothing, so a failure ends the program
 * (as_die) instead of travelling up as a status.                            */
#ifndef AS_INVENT_H
#define AS_INVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Says what failed on stderr and exits with 70. */
_Noreturn void as_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* calloc that does not fail. */
void *as_alloc(size_t count, size_t size);

/* Growing bytes; all zero is empty. */
struct as_blob {
    uint8_t *at;
    size_t n, room;
};

void as_blob_put(struct as_blob *b, const void *bytes, size_t n);
void as_blob_text(struct as_blob *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void as_blob_fill(struct as_blob *b, uint8_t value, size_t n);
void as_blob_le(struct as_blob *b, uint64_t value, unsigned bytes); /* little endian */
void as_blob_be(struct as_blob *b, uint64_t value, unsigned bytes); /* big endian    */
void as_blob_free(struct as_blob *b);
struct as_blob as_blob_copy(const struct as_blob *b);                        /* caller frees */
struct as_blob as_blob_part(const struct as_blob *b, size_t from, size_t n); /* caller frees */
/* `b` with `extra` put in at offset `where`; caller frees. */
struct as_blob as_blob_splice(const struct as_blob *b, size_t where, const struct as_blob *extra);

/* Random numbers: splitmix64, the same everywhere. */
struct as_rng {
    uint64_t state;
};

uint64_t as_rng_mix(uint64_t x);                       /* a hash of x       */
uint64_t as_rng_next(struct as_rng *rng);              /* 64 random bits    */
uint32_t as_rng_below(struct as_rng *rng, uint32_t n); /* 0 .. n-1          */
void as_rng_bytes(struct as_rng *rng, struct as_blob *b, size_t n);

/* A picture: 8 bits, c interleaved channels (1 gray, 3 RGB, 4 RGBA). */
struct as_image {
    uint32_t w, h, c;
    uint8_t *at;
};

struct as_image as_image_new(uint32_t w, uint32_t h, uint32_t c);
void as_image_free(struct as_image *im);
struct as_image as_image_crop(const struct as_image *im, uint32_t x, uint32_t y, uint32_t w,
                              uint32_t h);
struct as_image as_image_scale(const struct as_image *im, uint32_t w, uint32_t h); /* bilinear */
struct as_image as_image_mirror(const struct as_image *im);
struct as_image as_image_gray(const struct as_image *im);  /* of RGB */
struct as_image as_image_alpha(const struct as_image *im); /* RGB with a soft disc of alpha */

#endif
