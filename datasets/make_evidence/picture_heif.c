/* picture_heif.c - HEIC and AVIF by libheif's own encoders. */
#include "pictures.h"

#include <string.h>

#include <libheif/heif.h>

static struct heif_error take(struct heif_context *ctx, const void *bytes, size_t n, void *to)
{
    struct heif_error ok = {heif_error_Ok, heif_suberror_Unspecified, "ok"};

    (void)ctx;
    as_blob_put(to, bytes, n);
    return ok;
}

static void check(struct heif_error e)
{
    if (e.code != heif_error_Ok)
        as_die("HEIF: %s", e.message);
}

static struct heif_image *pixels(const struct as_image *im)
{
    struct heif_image *to = NULL;
    uint8_t *at;
    int stride = 0;

    check(heif_image_create((int)im->w, (int)im->h, heif_colorspace_RGB,
                            heif_chroma_interleaved_RGB, &to));
    check(heif_image_add_plane(to, heif_channel_interleaved, (int)im->w, (int)im->h, 24));
    at = heif_image_get_plane(to, heif_channel_interleaved, &stride);
    for (uint32_t y = 0; y < im->h; y++)
        memcpy(at + (size_t)y * (size_t)stride, im->at + (size_t)y * im->w * 3, (size_t)im->w * 3);
    return to;
}

struct as_blob as_heif_write(const struct as_image *im, bool avif, int quality)
{
    enum heif_compression_format format = avif ? heif_compression_AV1 : heif_compression_HEVC;
    struct heif_writer writer = {1, take};
    struct heif_context *ctx;
    struct heif_encoder *encoder = NULL;
    struct heif_image *from;
    struct as_blob out = {0};

    if (!heif_have_encoder_for_format(format))
        return out;
    ctx = heif_context_alloc();
    check(heif_context_get_encoder_for_format(ctx, format, &encoder));
    check(heif_encoder_set_lossy_quality(encoder, quality));
    if (avif) { /* one thread and the fastest speed: the same bytes, soon */
        check(heif_encoder_set_parameter_integer(encoder, "speed", 8));
        check(heif_encoder_set_parameter_integer(encoder, "threads", 1));
    } else { /* and without the list of the encoder's settings, which tells of the machine */
        check(heif_encoder_set_parameter_string(encoder, "preset", "ultrafast"));
        check(heif_encoder_set_parameter(encoder, "x265:info", "0"));
        check(heif_encoder_set_parameter(encoder, "x265:pools", "none"));
        check(heif_encoder_set_parameter(encoder, "x265:frame-threads", "1"));
    }
    from = pixels(im);
    check(heif_context_encode_image(ctx, from, encoder, NULL, NULL));
    check(heif_context_write(ctx, &writer, &out));
    heif_image_release(from);
    heif_encoder_release(encoder);
    heif_context_free(ctx);
    return out;
}
