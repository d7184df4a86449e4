/* decode_webp.c - WebP by libwebp: the first frame, laid on its canvas.
 *
 * The incremental decoder is used, so that a file cut short gives the rows it
 * has.  Reference: RFC 9649 (WebP image format).                             */
#include "decode.h"

#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

struct webp {
    struct as_job *job;
    WebPDemuxer *demux;
    WebPIterator frame;
    bool has_frame;
    WebPIDecoder *decoder;
    WebPDecoderConfig config;
    uint8_t *rgb; /* the frame */
    int rows;     /* of it decoded */
};

static void frames_count(struct webp *w)
{
    struct as_picture *pic = w->job->pic;
    WebPIterator it;
    uint64_t ms = 0;
    uint32_t n = 0;

    if (!(WebPDemuxGetI(w->demux, WEBP_FF_FORMAT_FLAGS) & ANIMATION_FLAG))
        return;
    if (WebPDemuxGetFrame(w->demux, 1, &it)) {
        do {
            ms += it.duration > 0 ? (unsigned)it.duration : 0;
            n++;
        } while (WebPDemuxNextFrame(&it));
        WebPDemuxReleaseIterator(&it);
    }
    pic->frames = n ? n : 1;
    pic->flags |= AS_FLAG_ANIMATED;
    pic->duration_s = (double)ms / 1000.0;
}

static enum as_status webp_open(struct webp *w)
{
    enum as_status status = AS_OK;
    struct as_job *job = w->job;
    const WebPData data = {job->at, job->size};
    WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;

    w->demux = WebPDemuxPartial(&data, &state);
    if (!w->demux)
        AS_FAIL_AS(job->err, AS_EFORMAT, AS_REASON_BAD_HEADER, "the WebP header is broken");
    job->pic->depth = 8;
    job->pic->channels = 3;
    if (WebPDemuxGetI(w->demux, WEBP_FF_FORMAT_FLAGS) & ALPHA_FLAG) {
        job->pic->flags |= AS_FLAG_ALPHA;
        job->pic->channels = 4;
    }
    frames_count(w);
    AS_TRY(as_job_size(job, WebPDemuxGetI(w->demux, WEBP_FF_CANVAS_WIDTH),
                       WebPDemuxGetI(w->demux, WEBP_FF_CANVAS_HEIGHT)));
    if (state != WEBP_DEMUX_DONE)
        as_job_mark(job, AS_FLAG_TRUNCATED);
    if (!WebPDemuxGetFrame(w->demux, 1, &w->frame))
        AS_FAIL_AS(job->err, AS_EFORMAT, AS_REASON_DAMAGED, "no frame in the WebP");
    w->has_frame = true;
    if (w->frame.width <= 0 || w->frame.height <= 0)
        AS_FAIL_AS(job->err, AS_EFORMAT, AS_REASON_DAMAGED, "the first frame is empty");
done:
    return status;
}

static enum as_status webp_frame(struct webp *w)
{
    enum as_status status = AS_OK;
    struct as_job *job = w->job;
    size_t stride = (size_t)w->frame.width * 3;
    uint64_t bytes = (uint64_t)stride * (uint64_t)w->frame.height;
    VP8StatusCode code;

    AS_TRY(as_frame_need(job, bytes, &w->rgb));
    if (!WebPInitDecoderConfig(&w->config))
        AS_FAIL_AS(job->err, AS_EBUG, AS_REASON_NONE, "another libwebp at run time");
    w->config.output.colorspace = MODE_RGB;
    w->config.output.is_external_memory = 1;
    w->config.output.u.RGBA.rgba = w->rgb;
    w->config.output.u.RGBA.stride = (int)stride;
    w->config.output.u.RGBA.size = (size_t)bytes;
    w->decoder = WebPIDecode(NULL, 0, &w->config);
    if (!w->decoder)
        AS_FAIL_AS(job->err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for libwebp");
    code = WebPIUpdate(w->decoder, w->frame.fragment.bytes, w->frame.fragment.size);
    if (code == VP8_STATUS_OUT_OF_MEMORY)
        AS_FAIL_AS(job->err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for libwebp");
    if (!WebPIDecGetRGB(w->decoder, &w->rows, NULL, NULL, NULL))
        w->rows = 0;
    if (code == VP8_STATUS_OK)
        w->rows = w->frame.height;
    if (w->rows <= 0)
        AS_FAIL_AS(job->err, AS_EFORMAT, AS_REASON_DAMAGED, "no row of the first frame decodes");
    if (code == VP8_STATUS_SUSPENDED)
        as_job_mark(job, AS_FLAG_TRUNCATED);
    else if (code != VP8_STATUS_OK)
        as_job_mark(job, AS_FLAG_CORRUPT);
done:
    return status;
}

/* The background of an animation is a hint that viewers ignore: black here. */
static enum as_status webp_canvas(struct webp *w)
{
    enum as_status status = AS_OK;
    struct as_job *job = w->job;
    size_t cw = job->pic->w, fw = (size_t)w->frame.width;
    uint32_t top = (uint32_t)w->frame.y_offset, left = (uint32_t)w->frame.x_offset;
    uint8_t *row = as_block_need(&job->dec->row, cw * 3);

    if (!row)
        AS_FAIL_AS(job->err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for rows");
    if (left >= cw || fw > cw - left)
        AS_FAIL_AS(job->err, AS_EFORMAT, AS_REASON_DAMAGED, "the frame leaves its canvas");
    memset(row, 0, cw * 3);
    for (uint32_t y = 0; y < job->pic->h; y++) {
        bool inside = y >= top && y - top < (uint32_t)w->rows;
        if (inside)
            memcpy(row + (size_t)left * 3, w->rgb + (y - top) * fw * 3, fw * 3);
        else
            memset(row, 0, cw * 3);
        as_views_row(&job->dec->views, row);
    }
    as_views_end(job);
done:
    return status;
}

enum as_status as_decode_webp(struct as_job *job)
{
    enum as_status status = AS_OK;
    struct webp w = {.job = job};

    AS_TRY(webp_open(&w));
    AS_TRY(webp_frame(&w));
    AS_TRY(as_views_begin(job, (struct as_rowfmt){AS_COLOUR_RGB, 8, 3}));
    AS_TRY(webp_canvas(&w));
done:
    WebPIDelete(w.decoder);
    WebPFreeDecBuffer(&w.config.output);
    if (w.has_frame)
        WebPDemuxReleaseIterator(&w.frame);
    WebPDemuxDelete(w.demux);
    return status;
}
