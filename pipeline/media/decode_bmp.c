/* decode_bmp.c - BMP by the decoder of libavcodec, on one thread.
 *
 * Debian has no maintained library for BMP alone; FFmpeg is here for video and
 * its decoder reads the run-length and bit-field variants.  It refuses files
 * that end early, so those are given to it filled up with zeros, and flagged. */
#include "decode.h"

#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/pixdesc.h>

/* av_log's signature is given; evidence must not write to anyone's terminal. */
static void on_log(void *of, int level, const char *fmt, va_list args)
{
    (void)of, (void)level, (void)fmt, (void)args;
}

void as_quiet_ffmpeg(void)
{
    av_log_set_callback(on_log);
}

struct bmp {
    struct as_job *job;
    int64_t w, h;
    uint32_t bits, compression, pixels_at, planes_at;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
};

static uint32_t le16(const uint8_t *p)
{
    return (uint32_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
    return le16(p) | le16(p + 2) << 16;
}

static enum as_status bmp_header(struct bmp *b)
{
    enum as_status status = AS_OK;
    struct as_job *job = b->job;
    const uint8_t *p = job->at;
    bool core;

    if (job->size < 26)
        AS_FAIL_AS(job->err, AS_EFORMAT, AS_REASON_BAD_HEADER, "a BMP of %zu bytes", job->size);
    core = le32(p + 14) == 12;
    b->pixels_at = le32(p + 10);
    b->planes_at = core ? 22 : 26;
    b->w = core ? (int64_t)le16(p + 18) : (int32_t)le32(p + 18);
    b->h = core ? (int64_t)le16(p + 20) : (int32_t)le32(p + 22);
    if (!core && job->size < 34)
        AS_FAIL_AS(job->err, AS_EFORMAT, AS_REASON_BAD_HEADER, "a BMP of %zu bytes", job->size);
    b->bits = le16(p + (core ? 24 : 28));
    b->compression = core || le32(p + 14) < 40 ? 0 : le32(p + 30);
    b->h = b->h < 0 ? -b->h : b->h;
    job->pic->depth = b->bits <= 8 ? (uint16_t)b->bits : b->bits == 16 ? 5 : 8;
    job->pic->channels = b->bits == 32 ? 4 : 3;
    if (b->w <= 0)
        AS_FAIL_AS(job->err, AS_EFORMAT, AS_REASON_BAD_HEADER, "a BMP without a width");
    AS_TRY(as_job_size(job, (uint64_t)b->w, (uint64_t)b->h));
    AS_TRY(as_frame_check(job, (uint64_t)b->w * (uint64_t)b->h * 4));
done:
    return status;
}

/* The bytes the header promises, where that can be said. */
static uint64_t promised(const struct bmp *b)
{
    uint64_t row;

    if ((b->compression != 0 && b->compression != 3) || b->bits > 32)
        return 0;
    row = ((uint64_t)b->w * b->bits + 31) / 32 * 4;
    return b->pixels_at + row * (uint64_t)b->h;
}

/* The file with the padding FFmpeg asks for, filled up where it ends early. */
static enum as_status bmp_fill(struct bmp *b)
{
    enum as_status status = AS_OK;
    struct as_job *job = b->job;
    uint64_t n = job->size, whole = promised(b);
    uint8_t *to;

    if (whole > n && b->pixels_at < n) {
        n = whole;
        as_job_mark(job, AS_FLAG_TRUNCATED);
    }
    if (n > INT32_MAX - AV_INPUT_BUFFER_PADDING_SIZE)
        AS_FAIL_AS(job->err, AS_ELIMIT, AS_REASON_LIMIT_MEMORY, "a BMP of %llu bytes",
                   (unsigned long long)n);
    AS_TRY(as_frame_need(job, n + AV_INPUT_BUFFER_PADDING_SIZE, &to));
    memcpy(to, job->at, job->size);
    /* Readers ignore the file's size and the number of planes; FFmpeg wants them right. */
    for (unsigned i = 0; i < 4; i++)
        to[2 + i] = (uint8_t)(n >> 8 * i);
    to[b->planes_at] = 1;
    to[b->planes_at + 1] = 0;
    memset(to + job->size, 0, (size_t)n + AV_INPUT_BUFFER_PADDING_SIZE - job->size);
    b->packet->data = to;
    b->packet->size = (int)n;
done:
    return status;
}

static enum as_status bmp_open(struct bmp *b)
{
    enum as_status status = AS_OK;
    const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_BMP);

    if (!codec)
        AS_FAIL_AS(b->job->err, AS_EFORMAT, AS_REASON_UNSUP_MEDIA, "FFmpeg was built without BMP");
    b->codec = avcodec_alloc_context3(codec);
    b->packet = av_packet_alloc();
    b->frame = av_frame_alloc();
    if (!b->codec || !b->packet || !b->frame)
        AS_FAIL_AS(b->job->err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for libavcodec");
    b->codec->thread_count = 1;
    if (avcodec_open2(b->codec, codec, NULL) < 0)
        AS_FAIL_AS(b->job->err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "libavcodec does not open");
done:
    return status;
}

/* What is in the format but not in FFmpeg's decoder: 2 or 64 bits a pixel, bit
 * masks off the beaten track, JPEG or PNG inside.                            */
static bool rare(const struct bmp *b)
{
    return b->bits == 2 || b->bits == 64 || b->compression >= 3;
}

static enum as_status bmp_decode(struct bmp *b)
{
    enum as_status status = AS_OK;
    int code;

    AS_TRY(bmp_fill(b));
    code = avcodec_send_packet(b->codec, b->packet);
    if (code >= 0)
        code = avcodec_receive_frame(b->codec, b->frame);
    if (code == AVERROR(ENOMEM))
        AS_FAIL_AS(b->job->err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for the BMP");
    if (code < 0 && rare(b))
        AS_FAIL_AS(b->job->err, AS_EFORMAT, AS_REASON_UNSUP_VARIANT, "a BMP of %u bits, type %u",
                   b->bits, b->compression);
    if (code < 0)
        AS_FAIL_AS(b->job->err, AS_EFORMAT, AS_REASON_DAMAGED, "a BMP of %u bits, type %u", b->bits,
                   b->compression);
    if (b->frame->width != b->w || b->frame->height != b->h)
        AS_FAIL_AS(b->job->err, AS_EFORMAT, AS_REASON_DAMAGED, "the BMP decodes to another size");
    if (b->frame->decode_error_flags || b->frame->flags & AV_FRAME_FLAG_CORRUPT)
        as_job_mark(b->job, AS_FLAG_CORRUPT);
done:
    return status;
}

/* One row as 8-bit gray or RGB, through FFmpeg's description of its formats. */
static void bmp_row(const struct bmp *b, const AVPixFmtDescriptor *desc, int y, unsigned channels,
                    uint16_t *line, uint8_t *to)
{
    int palette = (desc->flags & AV_PIX_FMT_FLAG_PAL) != 0;

    for (unsigned c = 0; c < channels; c++) {
        unsigned most = palette ? 255 : (1u << desc->comp[c].depth) - 1;
        av_read_image_line(line, (const uint8_t **)b->frame->data, b->frame->linesize, desc, 0, y,
                           (int)c, b->frame->width, palette);
        for (size_t x = 0; x < (size_t)b->frame->width; x++)
            to[x * channels + c] = (uint8_t)((line[x] * 255u + most / 2) / most);
    }
}

static void alpha_flag(const struct bmp *b, const AVPixFmtDescriptor *desc, uint16_t *line)
{
    if (!(desc->flags & AV_PIX_FMT_FLAG_ALPHA) || desc->flags & AV_PIX_FMT_FLAG_PAL)
        return;
    for (int y = 0; y < b->frame->height; y++) {
        av_read_image_line(line, (const uint8_t **)b->frame->data, b->frame->linesize, desc, 0, y,
                           desc->nb_components - 1, b->frame->width, 0);
        for (int x = 0; x < b->frame->width; x++)
            if (line[x] != 255) {
                b->job->pic->flags |= AS_FLAG_ALPHA;
                return;
            }
    }
}

static enum as_status bmp_rows(struct bmp *b)
{
    enum as_status status = AS_OK;
    struct as_job *job = b->job;
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(b->frame->format);
    uint8_t channels;
    uint16_t *line;
    uint8_t *row;

    if (!desc)
        AS_FAIL_AS(job->err, AS_EFORMAT, AS_REASON_UNSUP_VARIANT, "an unknown pixel format");
    channels = desc->nb_components < 3 && !(desc->flags & AV_PIX_FMT_FLAG_PAL) ? 1 : 3;
    AS_TRY(as_views_begin(
        job, (struct as_rowfmt){channels == 1 ? AS_COLOUR_GRAY : AS_COLOUR_RGB, 8, channels}));
    line = as_block_need(&job->dec->row, (size_t)b->w * (2 + channels));
    if (!line)
        AS_FAIL_AS(job->err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for rows");
    row = (uint8_t *)(line + b->w);
    for (int y = 0; y < b->frame->height; y++) {
        bmp_row(b, desc, y, channels, line, row);
        as_views_row(&job->dec->views, row);
    }
    alpha_flag(b, desc, line);
    as_views_end(job);
done:
    return status;
}

enum as_status as_decode_bmp(struct as_job *job)
{
    enum as_status status = AS_OK;
    struct bmp b = {.job = job};

    AS_TRY(bmp_header(&b));
    AS_TRY(bmp_open(&b));
    AS_TRY(bmp_decode(&b));
    AS_TRY(bmp_rows(&b));
done:
    if (b.packet) { /* the data are the decoder's frame block, not FFmpeg's */
        b.packet->data = NULL;
        b.packet->size = 0;
    }
    av_packet_free(&b.packet);
    av_frame_free(&b.frame);
    avcodec_free_context(&b.codec);
    return status;
}
