/* decode_video.c - what a video file says about itself, by libavformat.
 *
 * The container is chosen by our own sniffing, from a fixed list: FFmpeg has
 * demuxers that open other files (playlists, sequences of pictures), and none
 * of them can be reached.  Bytes come through a callback that reads by pread
 * and ends after READ_MAX bytes, so a file cannot keep it busy for ever.      */
#include "decode.h"

#include <stdio.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/pixdesc.h>

enum {
    BUFFER = 32 * 1024,
    PROBE_BYTES = 2 * 1024 * 1024,
    ANALYZE_US = 2 * 1000 * 1000,
    STREAMS_MAX = 64,
    PACKETS_MAX = 1000
};

static const uint64_t READ_MAX = UINT64_C(256) * 1024 * 1024;

/* Decoders that may run to find a profile or a pixel format. */
#define CODECS                                                                                     \
    "h264,hevc,mpeg1video,mpeg2video,mpegvideo,mpeg4,h263,h263i,h263p,flv,msmpeg4v1,msmpeg4v2,"    \
    "msmpeg4,wmv1,wmv2,wmv3,vc1,mjpeg,vp3,theora,vp6,vp6a,vp6f,vp8,vp9,libdav1d,av1,dvvideo,"      \
    "prores,aac,aac_latm,mp1,mp1float,mp2,mp2float,mp3,mp3float,ac3,eac3,amrnb,amrwb,opus,"        \
    "vorbis,flac,alac,wmav1,wmav2,pcm_s16le,pcm_s16be,pcm_u8,pcm_mulaw,pcm_alaw"

#define DEMUXERS                                                                                   \
    "mov,matroska,avi,mpeg,mpegvideo,mpegts,asf,flv,h264,hevc,ogg,rm,mxf,mp3,wav,flac,aac,amr,"    \
    "aiff"

struct source {
    const struct as_input *in;
    uint64_t at, read;
};

static int on_read(void *opaque, uint8_t *to, int n)
{
    struct source *s = opaque;
    int64_t got;

    if (n <= 0 || s->read >= READ_MAX)
        return AVERROR_EOF;
    got = as_input_read(s->in, s->at, to, (uint64_t)n);
    if (got < 0)
        return AVERROR(EIO);
    s->at += (uint64_t)got;
    s->read += (uint64_t)got;
    return got == 0 ? AVERROR_EOF : (int)got;
}

static int64_t on_seek(void *opaque, int64_t off, int whence)
{
    struct source *s = opaque;

    whence &= ~AVSEEK_FORCE;
    if (whence == AVSEEK_SIZE)
        return (int64_t)s->in->size;
    if (whence == SEEK_CUR)
        off += (int64_t)s->at;
    else if (whence == SEEK_END)
        off += (int64_t)s->in->size;
    if (off < 0)
        return AVERROR(EINVAL);
    s->at = (uint64_t)off;
    return off;
}

/* No demuxer opens anything. */
static int on_open(AVFormatContext *ctx, AVIOContext **io, const char *url, int flags,
                   AVDictionary **options)
{
    (void)ctx, (void)url, (void)flags, (void)options;
    *io = NULL;
    return AVERROR(EPERM);
}

/* The demuxer of a kind; NULL: one of DEMUXERS, by FFmpeg's own probe. */
static const char *demuxer(enum as_kind kind)
{
    switch (kind) {
    case AS_KIND_MP4:
    case AS_KIND_MOV:
    case AS_KIND_GPP:
        return "mov";
    case AS_KIND_MATROSKA:
        return "matroska";
    case AS_KIND_AVI:
        return "avi";
    case AS_KIND_MPEGTS:
        return "mpegts";
    case AS_KIND_ASF:
        return "asf";
    case AS_KIND_FLV:
        return "flv";
    case AS_KIND_OGG:
        return "ogg";
    case AS_KIND_REALMEDIA:
        return "rm";
    case AS_KIND_MXF:
        return "mxf";
    case AS_KIND_MP3:
        return "mp3";
    case AS_KIND_WAV:
        return "wav";
    case AS_KIND_FLAC:
        return "flac";
    default:
        return NULL;
    }
}

static void text_add(struct as_kvs *kvs, const char *key, const char *value)
{
    if (value)
        as_kvs_add(kvs, key, value, strlen(value));
}

/* Tags of the container or of a stream.  major_brand and the like have keys of their own. */
static void tags_add(struct as_kvs *kvs, const AVDictionary *tags)
{
    static const char *const own[] = {"major_brand", "minor_version", "compatible_brands",
                                      "creation_time"};
    const AVDictionaryEntry *tag = NULL;
    char key[160];

    while ((tag = av_dict_get(tags, "", tag, AV_DICT_IGNORE_SUFFIX))) {
        bool is_own = false;
        for (size_t i = 0; i < sizeof own / sizeof *own; i++)
            is_own |= strcmp(tag->key, own[i]) == 0;
        (void)snprintf(key, sizeof key, "video.%s%.120s", is_own ? "" : "tag.", tag->key);
        text_add(kvs, key, tag->value);
    }
}

static const AVStream *stream_find(const AVFormatContext *ctx, enum AVMediaType type)
{
    for (unsigned i = 0; i < ctx->nb_streams; i++) {
        const AVStream *s = ctx->streams[i];
        if (s->codecpar->codec_type == type && !(s->disposition & AV_DISPOSITION_ATTACHED_PIC))
            return s;
    }
    return NULL;
}

static double rate_of(const AVStream *s)
{
    AVRational r = s->avg_frame_rate.num > 0 ? s->avg_frame_rate : s->r_frame_rate;

    return r.num > 0 && r.den > 0 ? av_q2d(r) : 0.0;
}

static double duration_of(const AVFormatContext *ctx, const AVStream *s)
{
    double d = 0.0;

    if (ctx->duration != AV_NOPTS_VALUE && ctx->duration > 0)
        d = (double)ctx->duration / AV_TIME_BASE;
    else if (s && s->duration != AV_NOPTS_VALUE && s->duration > 0)
        d = (double)s->duration * av_q2d(s->time_base);
    return d < 1e9 ? d : 0.0; /* thirty years: a broken header */
}

static void rotation_add(struct as_kvs *kvs, const AVStream *s)
{
    size_t n = 0;
    const uint8_t *data = av_stream_get_side_data(s, AV_PKT_DATA_DISPLAYMATRIX, &n);
    int32_t matrix[9];
    double degrees;

    if (!data || n < sizeof matrix)
        return;
    memcpy(matrix, data, sizeof matrix);
    degrees = av_display_rotation_get(matrix);
    if (degrees > -361.0 && degrees < 361.0)
        as_kvs_addf(kvs, "video.rotation", "%d",
                    (int)(degrees < 0 ? degrees - 0.5 : degrees + 0.5));
}

static void video_add(struct as_kvs *kvs, const AVFormatContext *ctx, const AVStream *s)
{
    const AVCodecParameters *par = s->codecpar;
    double rate = rate_of(s);
    int64_t bits = par->bit_rate > 0 ? par->bit_rate : ctx->bit_rate;

    text_add(kvs, "video.codec", avcodec_get_name(par->codec_id));
    text_add(kvs, "video.profile", avcodec_profile_name(par->codec_id, par->profile));
    text_add(kvs, "video.pixel_format", av_get_pix_fmt_name(par->format));
    as_kvs_addf(kvs, "video.width", "%d", par->width);
    as_kvs_addf(kvs, "video.height", "%d", par->height);
    if (rate > 0.0)
        as_kvs_addf(kvs, "video.frame_rate", "%.6g", rate);
    if (bits > 0)
        as_kvs_addf(kvs, "video.bit_rate", "%lld", (long long)bits);
    rotation_add(kvs, s);
}

static void audio_add(struct as_kvs *kvs, const AVStream *s)
{
    text_add(kvs, "audio.codec", avcodec_get_name(s->codecpar->codec_id));
    if (s->codecpar->sample_rate > 0)
        as_kvs_addf(kvs, "audio.sample_rate", "%d", s->codecpar->sample_rate);
    if (s->codecpar->ch_layout.nb_channels > 0)
        as_kvs_addf(kvs, "audio.channels", "%d", s->codecpar->ch_layout.nb_channels);
}

static void tell(struct as_picture *pic, struct as_kvs *kvs, const AVFormatContext *ctx)
{
    const AVStream *video = stream_find(ctx, AVMEDIA_TYPE_VIDEO);
    const AVStream *audio = stream_find(ctx, AVMEDIA_TYPE_AUDIO);

    pic->reason = video ? AS_REASON_DESCRIBED : AS_REASON_AUDIO;
    pic->duration_s = duration_of(ctx, video ? video : audio);
    text_add(kvs, "video.container", ctx->iformat->name);
    as_kvs_addf(kvs, "video.streams", "%u", ctx->nb_streams);
    if (video) {
        double frames = video->nb_frames > 0 ? (double)video->nb_frames
                                             : pic->duration_s * rate_of(video) + 0.5;
        pic->w = video->codecpar->width > 0 ? (uint32_t)video->codecpar->width : 0;
        pic->h = video->codecpar->height > 0 ? (uint32_t)video->codecpar->height : 0;
        pic->frames = frames >= 1.0 && frames < 4e9 ? (uint32_t)frames : 0;
        video_add(kvs, ctx, video);
    }
    if (audio)
        audio_add(kvs, audio);
    tags_add(kvs, ctx->metadata);
    if (video)
        tags_add(kvs, video->metadata);
}

static enum as_status options_set(AVDictionary **to)
{
    static const char *const all[][2] = {{"format_whitelist", DEMUXERS},
                                         {"codec_whitelist", CODECS},
                                         {"protocol_whitelist", ""},
                                         {"enable_drefs", "0"}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (av_dict_set(to, all[i][0], all[i][1], 0) < 0)
            return AS_ENOMEM;
    return AS_OK;
}

/* Opens the container behind `io`.  ctx is freed by FFmpeg when this fails. */
static enum as_status container_open(AVFormatContext **ctx, AVIOContext *io, enum as_kind kind,
                                     struct as_err *err)
{
    enum as_status status = AS_OK;
    AVDictionary *options = NULL;
    const char *name = demuxer(kind);
    int code;

    *ctx = avformat_alloc_context();
    if (!*ctx || options_set(&options) != AS_OK)
        AS_FAIL_AS(err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for libavformat");
    (*ctx)->pb = io;
    (*ctx)->io_open = on_open;
    (*ctx)->flags |= AVFMT_FLAG_CUSTOM_IO;
    (*ctx)->probesize = PROBE_BYTES;
    (*ctx)->format_probesize = BUFFER;
    (*ctx)->max_analyze_duration = ANALYZE_US;
    (*ctx)->max_streams = STREAMS_MAX;
    (*ctx)->max_probe_packets = PACKETS_MAX;
    code = avformat_open_input(ctx, "", name ? av_find_input_format(name) : NULL, &options);
    if (code == AVERROR(ENOMEM))
        AS_FAIL_AS(err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for the container");
    if (code < 0)
        AS_FAIL_AS(err, AS_EFORMAT, AS_REASON_BAD_HEADER, "the container's header is broken");
    if (avformat_find_stream_info(*ctx, NULL) < 0 && (*ctx)->nb_streams == 0)
        AS_FAIL_AS(err, AS_EFORMAT, AS_REASON_DAMAGED, "no stream in the container");
done:
    av_dict_free(&options);
    return status;
}

enum as_status as_video_describe(const struct as_input *in, enum as_kind kind,
                                 struct as_picture *pic, struct as_kvs *kvs, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct source source = {.in = in};
    AVFormatContext *ctx = NULL;
    AVIOContext *io = NULL;
    uint8_t *buffer;

    memset(pic, 0, sizeof *pic);
    as_quiet_ffmpeg();
    buffer = av_malloc(BUFFER);
    io = buffer ? avio_alloc_context(buffer, BUFFER, 0, &source, on_read, NULL, on_seek) : NULL;
    if (!io) {
        av_free(buffer);
        AS_FAIL_AS(err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for libavformat");
    }
    AS_TRY(container_open(&ctx, io, kind, err));
    if (ctx->nb_streams == 0)
        AS_FAIL_AS(err, AS_EFORMAT, AS_REASON_DAMAGED, "no stream in the container");
    tell(pic, kvs, ctx);
done:
    avformat_close_input(&ctx);
    if (io)
        av_freep(&io->buffer);
    avio_context_free(&io);
    return status;
}
