/* picture_video.c - short videos: a window that wanders over a picture. */
#include "pictures.h"

#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

/* A file in memory: libavformat's own buffer loses what is written before a seek back. */
struct memory {
    struct as_blob bytes;
    size_t at;
};

struct film {
    struct memory file;
    AVFormatContext *to;
    AVCodecContext *enc;
    AVStream *stream;
    AVFrame *frame;
    AVPacket *packet;
};

static void check(int code, const char *what)
{
    if (code < 0)
        as_die("video: %s failed (%d)", what, code);
}

static int memory_write(void *opaque, uint8_t *bytes, int n)
{
    struct memory *f = opaque;
    size_t end = f->at + (size_t)n;

    if (end > f->bytes.n)
        as_blob_fill(&f->bytes, 0, end - f->bytes.n);
    memcpy(f->bytes.at + f->at, bytes, (size_t)n);
    f->at = end;
    return n;
}

static int64_t memory_seek(void *opaque, int64_t offset, int whence)
{
    struct memory *f = opaque;

    if (whence & AVSEEK_SIZE)
        return (int64_t)f->bytes.n;
    f->at = (size_t)(offset + (int64_t)(whence == SEEK_SET   ? 0
                                        : whence == SEEK_CUR ? f->at
                                                             : f->bytes.n));
    return (int64_t)f->at;
}

static AVIOContext *memory_open(struct memory *f)
{
    enum { BUFFER = 65536 };
    AVIOContext *io =
        avio_alloc_context(av_malloc(BUFFER), BUFFER, 1, f, NULL, memory_write, memory_seek);

    if (!io)
        as_die("out of memory");
    return io;
}

static void film_open(struct film *f, const char *format, uint32_t w, uint32_t h)
{
    bool avi = strcmp(format, "avi") == 0;
    const AVCodec *codec = avcodec_find_encoder(avi ? AV_CODEC_ID_MJPEG : AV_CODEC_ID_MPEG4);

    check(avformat_alloc_output_context2(&f->to, NULL, format, NULL), "the container");
    if (!codec || !(f->enc = avcodec_alloc_context3(codec)) ||
        !(f->stream = avformat_new_stream(f->to, NULL)) || !(f->frame = av_frame_alloc()) ||
        !(f->packet = av_packet_alloc()))
        as_die("video: no encoder");
    f->enc->width = f->frame->width = (int)w;
    f->enc->height = f->frame->height = (int)h;
    f->enc->pix_fmt = avi ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_YUV420P;
    f->frame->format = f->enc->pix_fmt;
    f->enc->time_base = (AVRational){1, 25};
    f->enc->framerate = (AVRational){25, 1};
    f->enc->bit_rate = 400000;
    f->enc->thread_count = 1;
    f->enc->flags |= AV_CODEC_FLAG_BITEXACT;
    f->to->flags |= AVFMT_FLAG_BITEXACT; /* no version, no clock */
    if (f->to->oformat->flags & AVFMT_GLOBALHEADER)
        f->enc->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    check(avcodec_open2(f->enc, codec, NULL), "the encoder");
    check(avcodec_parameters_from_context(f->stream->codecpar, f->enc), "the stream");
    f->stream->time_base = f->enc->time_base;
    f->stream->avg_frame_rate = f->enc->framerate;
    check(av_frame_get_buffer(f->frame, 0), "a frame");
    f->to->pb = memory_open(&f->file);
    check(avformat_write_header(f->to, NULL), "the header");
}

/* BT.601, full range for MJPEG and near enough for the other. */
static void film_draw(struct film *f, const struct as_image *im, uint32_t step)
{
    uint32_t w = (uint32_t)f->frame->width, h = (uint32_t)f->frame->height;

    check(av_frame_make_writable(f->frame), "a frame");
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++) {
            uint32_t sx = (x + step * 3) % im->w, sy = (y + step) % im->h;
            const uint8_t *p = im->at + ((size_t)sy * im->w + sx) * 3;
            int r = p[0], g = p[1], b = p[2];
            f->frame->data[0][(size_t)y * (size_t)f->frame->linesize[0] + x] =
                (uint8_t)((77 * r + 150 * g + 29 * b) >> 8);
            if ((x | y) & 1)
                continue;
            f->frame->data[1][(size_t)(y / 2) * (size_t)f->frame->linesize[1] + x / 2] =
                (uint8_t)(((-43 * r - 85 * g + 128 * b) >> 8) + 127);
            f->frame->data[2][(size_t)(y / 2) * (size_t)f->frame->linesize[2] + x / 2] =
                (uint8_t)(((128 * r - 107 * g - 21 * b) >> 8) + 127);
        }
    f->frame->pts = step;
}

/* Sends one frame (NULL: the end) and writes what comes out. */
static void film_send(struct film *f, AVFrame *frame)
{
    int code;

    check(avcodec_send_frame(f->enc, frame), "encoding");
    while ((code = avcodec_receive_packet(f->enc, f->packet)) >= 0) {
        av_packet_rescale_ts(f->packet, f->enc->time_base, f->stream->time_base);
        f->packet->stream_index = f->stream->index;
        check(av_interleaved_write_frame(f->to, f->packet), "writing");
    }
    if (code != AVERROR(EAGAIN) && code != AVERROR_EOF)
        check(code, "encoding");
}

struct as_blob as_video_write(const struct as_image *im, const char *format, unsigned frames,
                              uint32_t w, uint32_t h)
{
    struct film f;

    memset(&f, 0, sizeof f);
    av_log_set_level(AV_LOG_ERROR);
    film_open(&f, format, w, h);
    for (uint32_t i = 0; i < frames; i++) {
        film_draw(&f, im, i);
        film_send(&f, f.frame);
    }
    film_send(&f, NULL);
    check(av_write_trailer(f.to), "the trailer");
    avio_flush(f.to->pb);
    av_freep(&f.to->pb->buffer);
    avio_context_free(&f.to->pb);
    av_packet_free(&f.packet);
    av_frame_free(&f.frame);
    avcodec_free_context(&f.enc);
    avformat_free_context(f.to);
    return f.file.bytes;
}
