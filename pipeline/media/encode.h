/* encode.h - pictures into files in memory, for altered copies of labelled ones. */
#ifndef AS_ENCODE_H
#define AS_ENCODE_H

#include "../err.h"

/* Three planes of w x h bytes, red, green and blue, without gaps. */
struct as_rgb8 {
    uint8_t *at[3];
    uint32_t w, h;
};

/*
 * Writes a picture as a file without metadata: baseline JPEG of this quality (1..100) as
 * libjpeg-turbo makes it by itself (4:2:0, its tables), or, with quality 0, a PNG that is not
 * compressed.
 *
 *   to, cap   room for the file; of a JPEG, for a byte more
 *   len       its bytes
 *
 *   AS_ELIMIT   it does not fit (LIMIT_ITEM), or its format has no pictures of this size
 *               (LIMIT_FORMAT)
 *   AS_ENOMEM
 */
enum as_status as_encode(const struct as_rgb8 *pic, uint32_t quality, uint8_t *to, uint64_t cap,
                         uint64_t *len, struct as_err *err) AS_MUST_CHECK;

#endif
