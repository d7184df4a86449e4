/* decode.c - one way into the decoders of all picture formats.
 *
 * Checks what is common to them, keeps the scratch of an examiner, and warms
 * every library on tiny samples before the jail closes.                      */
#include "decode.h"

#include <gif_lib.h>
#include <inttypes.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libheif/heif.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>
#include <time.h>
#include <webp/decode.h>

#include <jpeglib.h> /* after stdio.h, which it needs */

/* A block larger than this is given back before the next picture, so that one
 * giant picture does not decide what its successors have left.              */
enum { BLOCK_KEEP = 128 * 1024 * 1024 };

/* An input behind a descriptor is copied into memory; at most so much of it. */
static const uint64_t FILE_MAX = UINT64_C(1) << 31;

static void blocks_trim(struct as_decoder *dec, size_t keep)
{
    struct as_block *const all[] = {&dec->file,    &dec->frame,   &dec->row,    &dec->luma,
                                    &dec->rgb[0],  &dec->rgb[1],  &dec->rgb[2], &dec->line,
                                    &dec->sums,    &dec->sample,  &dec->small,  &dec->coef[0],
                                    &dec->coef[1], &dec->coef[2], &dec->coef[3]};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i]->size <= keep)
            continue;
        free(all[i]->at);
        *all[i] = (struct as_block){0};
    }
}

enum as_status as_decoder_new(struct as_decoder **dec)
{
    as_quiet_ffmpeg();
    *dec = calloc(1, sizeof **dec);
    return *dec ? AS_OK : AS_ENOMEM;
}

void as_decoder_free(struct as_decoder *dec)
{
    if (dec)
        blocks_trim(dec, 0);
    free(dec);
}

enum as_status as_job_size(struct as_job *job, uint64_t w, uint64_t h)
{
    enum as_status status = AS_OK;

    job->pic->w = w > UINT32_MAX ? UINT32_MAX : (uint32_t)w;
    job->pic->h = h > UINT32_MAX ? UINT32_MAX : (uint32_t)h;
    if (w == 0 || h == 0)
        AS_FAIL_AS(job->err, AS_EFORMAT, AS_REASON_BAD_HEADER,
                   "a picture of %" PRIu64 " x %" PRIu64, w, h);
    if (w > job->want->hard_pixels / h)
        AS_FAIL_AS(job->err, AS_ELIMIT, AS_REASON_LIMIT_PIXELS, "%" PRIu64 " x %" PRIu64 " pixels",
                   w, h);
    job->strips = w > job->want->max_pixels / h;
    if (job->strips) {
        job->pic->flags |= AS_FLAG_STRIPS;
        job->pic->reason = AS_REASON_STRIPS_ONLY;
    }
done:
    return status;
}

void as_job_mark(struct as_job *job, uint32_t flag)
{
    struct as_picture *pic = job->pic;

    pic->flags |= flag;
    if (pic->flags & AS_FLAG_STRIPS)
        pic->reason = AS_REASON_STRIPS_ONLY;
    else if (pic->flags & AS_FLAG_TRUNCATED)
        pic->reason = AS_REASON_TRUNCATED;
    else if (pic->flags & AS_FLAG_CORRUPT)
        pic->reason = AS_REASON_CORRUPT_PART;
}

/* The whole file in memory. */
static enum as_status file_load(struct as_job *job, const struct as_input *in)
{
    enum as_status status = AS_OK;
    int64_t got;

    if (in->size == 0)
        AS_FAIL_AS(job->err, AS_EFORMAT, AS_REASON_BAD_HEADER, "no bytes");
    job->at = in->at;
    job->size = (size_t)in->size;
    if (in->at)
        goto done;
    if (in->size > FILE_MAX)
        AS_FAIL_AS(job->err, AS_ELIMIT, AS_REASON_LIMIT_MEMORY,
                   "a picture file of %" PRIu64 " bytes", in->size);
    job->at = as_block_need(&job->dec->file, job->size);
    if (!job->at)
        AS_FAIL_AS(job->err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for the file");
    got = as_input_read(in, 0, job->dec->file.at, in->size);
    if (got <= 0)
        AS_FAIL_AS(job->err, AS_EFORMAT, AS_REASON_UNREADABLE, "the file cannot be read");
    job->size = (size_t)got;
done:
    return status;
}

static enum as_status dispatch(struct as_job *job, enum as_kind kind)
{
    switch (kind) {
    case AS_KIND_JPEG:
        return as_decode_jpeg(job);
    case AS_KIND_PNG:
        return as_decode_png(job);
    case AS_KIND_GIF:
        return as_decode_gif(job);
    case AS_KIND_BMP:
        return as_decode_bmp(job);
    case AS_KIND_WEBP:
        return as_decode_webp(job);
    case AS_KIND_TIFF:
        return as_decode_tiff(job);
    case AS_KIND_HEIC:
    case AS_KIND_AVIF:
        return as_decode_heif(job);
    default:
        return as_fail(job->err, AS_EFORMAT, AS_REASON_UNSUP_MEDIA, __FILE__, __LINE__,
                       "%s is not decoded", as_kind_title((uint16_t)kind));
    }
}

enum as_status as_media_decode(struct as_decoder *dec, enum as_kind kind, const struct as_input *in,
                               const struct as_want *want, struct as_picture *pic,
                               struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_job job = {.dec = dec, .want = want, .pic = pic, .err = err};

    memset(pic, 0, sizeof *pic);
    pic->frames = 1;
    blocks_trim(dec, BLOCK_KEEP);
    AS_TRY(file_load(&job, in));
    AS_TRY(dispatch(&job, kind));
done:
    if (status != AS_OK) { /* only what the header said */
        struct as_picture told = {.w = pic->w, .h = pic->h, .frames = pic->frames};
        told.depth = pic->depth;
        told.channels = pic->channels;
        told.duration_s = pic->duration_s;
        *pic = told;
    }
    return status;
}

static void warm_video(const struct as_input *in, enum as_kind kind)
{
    struct as_picture pic;
    struct as_kvs kvs;

    if (as_kvs_init(&kvs) != AS_OK)
        return;
    if (as_video_describe(in, kind, &pic, &kvs, NULL) != AS_OK)
        as_kvs_reset(&kvs);
    as_kvs_clear(&kvs);
}

void as_media_warm(void)
{
    const struct as_want want = {AS_LUMA | AS_RGB | AS_DCT | AS_SAMPLE, 1 << 20, 1 << 20};
    struct as_decoder *dec = NULL;
    struct as_picture pic;

    tzset(); /* FFmpeg asks for local time; the zone is a file */
    if (as_decoder_new(&dec) != AS_OK)
        return;
    for (const struct as_warm_sample *s = as_warm_samples; s->at; s++) {
        struct as_input in = {s->at, -1, 0, s->size};
        enum as_kind kind = as_sniff(&in);
        if (as_kind_class((uint16_t)kind) == AS_CLASS_VIDEO)
            warm_video(&in, kind);
        else if (as_media_decode(dec, kind, &in, &want, &pic, NULL) != AS_OK)
            continue; /* a library without this codec says so again when it matters */
    }
    as_decoder_free(dec);
}

void as_media_versions(char *to, size_t n)
{
    int webp = WebPGetDecoderVersion();
    unsigned format = avformat_version(), codec = avcodec_version();
    const char *tiff = TIFFGetVersion(); /* "LIBTIFF, Version 4.5.0\nCopyright ..." */

    tiff = strncmp(tiff, "LIBTIFF, Version ", 17) == 0 ? tiff + 17 : tiff;
    (void)snprintf(to, n,
                   "libjpeg-turbo %d.%d.%d; libpng %s; giflib %d.%d.%d; libwebp %d.%d.%d; "
                   "libtiff %.*s; libheif %s; libavformat %u.%u.%u; libavcodec %u.%u.%u",
                   LIBJPEG_TURBO_VERSION_NUMBER / 1000000,
                   LIBJPEG_TURBO_VERSION_NUMBER / 1000 % 1000, LIBJPEG_TURBO_VERSION_NUMBER % 1000,
                   png_get_libpng_ver(NULL), GIFLIB_MAJOR, GIFLIB_MINOR, GIFLIB_RELEASE, webp >> 16,
                   webp >> 8 & 255, webp & 255, (int)strcspn(tiff, "\n"), tiff, heif_get_version(),
                   AV_VERSION_MAJOR(format), AV_VERSION_MINOR(format), AV_VERSION_MICRO(format),
                   AV_VERSION_MAJOR(codec), AV_VERSION_MINOR(codec), AV_VERSION_MICRO(codec));
}
