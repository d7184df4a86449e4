/* alter.h - what is done to pictures on their way, by accident or to hide something: noise.
 *
 * Planes are of bytes, without gaps.  All but the transforms is integer arithmetic, so that altered
 * pictures are the same everywhere.                                                        */
#ifndef AS_ALTER_KERNEL_H
#define AS_ALTER_KERNEL_H

#include "base.h"

/* to[i] := in[i] rounded, within 0..255. */
void as_alter_bytes(const float *in, size_t n, uint8_t *to);

/* out[i] := in[i] + sigma z, rounded and within 0..255; z is the sum of 12 uniform numbers less
 * their mean, which is all but normal. */
void as_alter_noise(const uint8_t *in, size_t n, uint32_t sigma, uint64_t *rng, uint8_t *out);

#endif
