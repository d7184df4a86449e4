/* decode_heif.c - HEIC and AVIF by libheif: the primary picture.
 *
 * Rotation and mirroring are not applied, so that pixels stay where the sensor
 * had them.  A crop (clean aperture) can be had from the library only together
 * with them; so pictures that have one are given as the library shows them.
 * 10 and 12 bits become 8.  libheif has no strips and no partial results.     */
#include "decode.h"

#include <libheif/heif.h>

enum { SIDE_MAX = 65535 };

static enum as_status heif_failed(struct as_job *job, struct heif_error error)
{
    enum as_status status = AS_EFORMAT;
    enum as_reason reason = AS_REASON_DAMAGED;

    if (error.subcode == heif_suberror_Security_limit_exceeded) {
        status = AS_ELIMIT;
        reason = AS_REASON_LIMIT_MEMORY;
    } else if (error.code == heif_error_Memory_allocation_error) {
        status = AS_ENOMEM;
        reason = AS_REASON_LIMIT_MEMORY;
    } else if (error.code == heif_error_Unsupported_feature ||
               error.code == heif_error_Unsupported_filetype) {
        reason = AS_REASON_UNSUP_VARIANT;
    } else if (job->pic->w == 0) {
        reason = AS_REASON_BAD_HEADER;
    }
    return as_fail(job->err, status, reason, __FILE__, __LINE__, "%s",
                   error.message ? error.message : "libheif");
}

/* Whether the picture shown is a part of the picture coded. */
static bool cropped(const struct heif_image_handle *handle, int w, int h)
{
    int shown_w = heif_image_handle_get_width(handle),
        shown_h = heif_image_handle_get_height(handle);

    return !(shown_w == w && shown_h == h) && !(shown_w == h && shown_h == w);
}

static enum as_status heif_header(struct as_job *job, const struct heif_image_handle *handle,
                                  bool *crop)
{
    struct as_picture *pic = job->pic;
    int w = heif_image_handle_get_ispe_width(handle), h = heif_image_handle_get_ispe_height(handle);
    int depth = heif_image_handle_get_luma_bits_per_pixel(handle);
    bool alpha = heif_image_handle_has_alpha_channel(handle) != 0;

    *crop = cropped(handle, w, h);
    if (*crop) {
        w = heif_image_handle_get_width(handle);
        h = heif_image_handle_get_height(handle);
    }
    pic->depth = depth > 0 ? (uint16_t)depth : 8;
    pic->channels = alpha ? 4 : 3;
    if (alpha)
        pic->flags |= AS_FLAG_ALPHA;
    return as_job_size(job, w > 0 ? (uint64_t)w : 0, h > 0 ? (uint64_t)h : 0);
}

static enum as_status heif_pixels(struct as_job *job, const struct heif_image_handle *handle,
                                  bool crop, struct heif_image **img)
{
    enum as_status status = AS_OK;
    struct heif_decoding_options *options = heif_decoding_options_alloc();
    struct heif_error error;

    if (!options)
        AS_FAIL_AS(job->err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for libheif");
    options->ignore_transformations = !crop;
    options->convert_hdr_to_8bit = 1;
    error =
        heif_decode_image(handle, img, heif_colorspace_RGB, heif_chroma_interleaved_RGB, options);
    if (error.code != heif_error_Ok)
        AS_TRY(heif_failed(job, error));
done:
    heif_decoding_options_free(options);
    return status;
}

static enum as_status heif_rows(struct as_job *job, const struct heif_image *img)
{
    enum as_status status = AS_OK;
    int w = heif_image_get_primary_width(img), h = heif_image_get_primary_height(img), stride = 0;
    const uint8_t *at = heif_image_get_plane_readonly(img, heif_channel_interleaved, &stride);

    AS_TRY(as_job_size(job, w > 0 ? (uint64_t)w : 0, h > 0 ? (uint64_t)h : 0));
    if (!at || stride < w)
        AS_FAIL_AS(job->err, AS_EFORMAT, AS_REASON_DAMAGED, "libheif gives no pixels");
    AS_TRY(as_views_begin(job, (struct as_rowfmt){AS_COLOUR_RGB, 8, 3}));
    for (int y = 0; y < h; y++)
        as_views_row(&job->dec->views, at + (size_t)y * (size_t)stride);
    as_views_end(job);
done:
    return status;
}

enum as_status as_decode_heif(struct as_job *job)
{
    enum as_status status = AS_OK;
    struct heif_context *ctx = heif_context_alloc();
    struct heif_image_handle *handle = NULL;
    struct heif_image *img = NULL;
    struct heif_error error, warning;
    bool crop;
    int n;

    if (!ctx)
        AS_FAIL_AS(job->err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for libheif");
    heif_context_set_maximum_image_size_limit(ctx, SIDE_MAX);
    heif_context_set_max_decoding_threads(ctx, 0); /* an examiner has one core */
    error = heif_context_read_from_memory_without_copy(ctx, job->at, job->size, NULL);
    if (error.code != heif_error_Ok)
        AS_TRY(heif_failed(job, error));
    n = heif_context_get_number_of_top_level_images(ctx);
    job->pic->frames = n > 0 ? (uint32_t)n : 1;
    error = heif_context_get_primary_image_handle(ctx, &handle);
    if (error.code != heif_error_Ok)
        AS_TRY(heif_failed(job, error));
    AS_TRY(heif_header(job, handle, &crop));
    if (job->strips) /* the library holds planes and RGB at once */
        AS_TRY(as_frame_check(job, (uint64_t)job->pic->w * job->pic->h * 6));
    AS_TRY(heif_pixels(job, handle, crop, &img));
    AS_TRY(heif_rows(job, img));
    if (heif_image_get_decoding_warnings(img, 0, &warning, 1) > 0)
        as_job_mark(job, AS_FLAG_CORRUPT);
done:
    heif_image_release(img);
    heif_image_handle_release(handle);
    heif_context_free(ctx);
    return status;
}
