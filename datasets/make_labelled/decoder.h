/* decoder.h - random decoders: what a generator's up-samplers leave in a picture. */
#ifndef AS_DECODER_H
#define AS_DECODER_H

#include "../make_common/light.h"

enum { AS_DECODERS = 12 };

/* "transposed.0": the up-sampler and the number of its weights. */
void as_decoder_name(uint32_t n, char *name, size_t room);

/*
 * as_decoder_run - decodes latent noise into a picture like `scene`, by decoder n.
 *
 *   scene   what is encoded: 0..1 as in a picture (after the curve)
 *   seed    of the latent noise
 *   plain   filled: the picture without its finest texture
 *   grain   filled: that texture, to be added at any strength
 *
 * 3 to 5 levels; each doubles the size with the decoder's own weights, a convolution with a leaky
 * rectifier, and adds the detail of that size that the code kept.
 */
void as_decoder_run(uint32_t n, const struct as_light *scene, uint64_t seed, struct as_light *plain,
                    struct as_light *grain);

#endif
