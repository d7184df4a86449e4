/* decode_png.c - PNG by libpng.
 *
 * Rows are handed on as they come; only interlaced pictures are held whole.
 * Text and colour profiles are not the decoder's business: their chunks are
 * skipped, so nothing in them is unpacked here.  Where a checksum of the
 * picture's own chunks fails the data are used and the picture is flagged.   */
#include "decode.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <png.h>

enum { SIDE_MAX = 1000000, CHUNK_MAX = 16 * 1024 * 1024 };

struct png {
    png_structp png;
    png_infop info;
    struct as_job *job;
    size_t at;
    bool eof, corrupt, header;
    char text[160];
    struct as_rowfmt fmt;
    uint8_t *frame; /* interlaced: the whole; else one row */
    size_t row;     /* bytes */
    int passes;
};

static void on_read(png_structp png, png_bytep to, size_t n)
{
    struct png *p = png_get_io_ptr(png);

    if (n > p->job->size - p->at) {
        p->eof = true;
        png_error(png, "the file ends early");
    }
    memcpy(to, p->job->at + p->at, n);
    p->at += n;
}

static void on_error(png_structp png, png_const_charp text)
{
    struct png *p = png_get_error_ptr(png);

    (void)snprintf(p->text, sizeof p->text, "%s", text);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    struct png *p = png_get_error_ptr(png);

    /* A capital first letter is a critical chunk; "incorrect data check" is zlib's. */
    if (text[0] >= 'A' && text[0] <= 'Z' && strstr(text, "CRC error"))
        p->corrupt = true;
    if (strstr(text, "incorrect data check"))
        p->corrupt = true;
}

static enum as_status png_failed(struct png *p)
{
    enum as_status status = AS_EFORMAT;
    enum as_reason reason = p->header ? AS_REASON_DAMAGED : AS_REASON_BAD_HEADER;

    if (strstr(p->text, "ut of memory")) {
        status = AS_ENOMEM;
        reason = AS_REASON_LIMIT_MEMORY;
    } else if (strstr(p->text, "unhandled critical")) {
        reason = AS_REASON_UNSUP_VARIANT;
    }
    return as_fail(p->job->err, status, reason, __FILE__, __LINE__, "%s", p->text);
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* APNG: frames from acTL, their delays from fcTL (offset 20: numerator,
 * denominator, 0 standing for 100).                                          */
static void animation(struct as_job *job)
{
    const uint8_t *p = job->at;
    size_t at = 8;

    while (job->size - at >= 12 && job->size > at) {
        uint32_t len = be32(p + at);
        const uint8_t *body = p + at + 8;
        if (len > job->size - at - 12)
            break;
        if (memcmp(p + at + 4, "acTL", 4) == 0 && len >= 8 && be32(body) > 0) {
            job->pic->frames = be32(body);
        } else if (memcmp(p + at + 4, "fcTL", 4) == 0 && len >= 26) {
            unsigned num = (unsigned)(body[20] << 8 | body[21]);
            unsigned den = (unsigned)(body[22] << 8 | body[23]);
            job->pic->duration_s += (double)num / (den ? den : 100);
        }
        at += 12 + (size_t)len;
    }
    if (job->pic->frames > 1)
        job->pic->flags |= AS_FLAG_ANIMATED;
    else
        job->pic->duration_s = 0.0;
}

/* The size by the header itself: libpng tells it only after the chunks up to the data. */
static void size_of_header(struct as_job *job)
{
    if (job->size < 33 || memcmp(job->at + 12, "IHDR", 4) != 0)
        return;
    job->pic->w = be32(job->at + 16);
    job->pic->h = be32(job->at + 20);
    job->pic->depth = job->at[24];
}

static void skip_chunks(png_structp png)
{
    static const png_byte names[] = "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0"
                                    "sBIT\0sCAL\0sPLT\0sRGB\0tEXt\0tIME\0zTXt";

    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, names, (int)(sizeof names / 5));
}

static void transform(struct png *p, int type, int depth)
{
    static const uint16_t one = 1;

    if (type == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(p->png);
    else if (depth < 8)
        png_set_expand_gray_1_2_4_to_8(p->png);
    if (depth == 16 && *(const uint8_t *)&one == 1)
        png_set_swap(p->png);
    p->passes = png_set_interlace_handling(p->png);
    png_read_update_info(p->png, p->info);
    p->fmt.colour = type & PNG_COLOR_MASK_COLOR ? AS_COLOUR_RGB : AS_COLOUR_GRAY;
    p->fmt.bits = depth == 16 ? 16 : 8;
    p->fmt.step = png_get_channels(p->png, p->info);
    p->row = png_get_rowbytes(p->png, p->info);
}

static enum as_status png_header(struct png *p)
{
    struct as_picture *pic = p->job->pic;
    int type, depth;

    if (setjmp(png_jmpbuf(p->png)))
        return png_failed(p);
    png_read_info(p->png, p->info);
    type = png_get_color_type(p->png, p->info);
    depth = png_get_bit_depth(p->png, p->info);
    if (type & PNG_COLOR_MASK_ALPHA || png_get_valid(p->png, p->info, PNG_INFO_tRNS))
        pic->flags |= AS_FLAG_ALPHA;
    pic->depth = (uint16_t)depth;
    pic->w = png_get_image_width(p->png, p->info);
    pic->h = png_get_image_height(p->png, p->info);
    p->header = true;
    transform(p, type, depth);
    pic->channels = p->fmt.step;
    return AS_OK;
}

/* With nothing decoded the file is damaged; with rows it is cut there.
 * `rows` is volatile because it lives across the longjmp.                      */
static enum as_status png_rows(struct png *p)
{
    struct as_views *views = &p->job->dec->views;
    volatile uint32_t rows = 0;

    if (setjmp(png_jmpbuf(p->png))) {
        if (rows == 0)
            return png_failed(p);
        p->corrupt = p->corrupt || !p->eof;
        return AS_OK;
    }
    for (int pass = 0; pass < p->passes; pass++)
        for (uint32_t y = 0; y < views->h; y++, rows++) {
            if (p->passes > 1) {
                png_read_row(p->png, NULL, p->frame + y * p->row);
                continue;
            }
            png_read_row(p->png, p->frame, NULL);
            as_views_row(views, p->frame);
        }
    png_read_end(p->png, NULL);
    return AS_OK;
}

static enum as_status png_open(struct png *p)
{
    enum as_status status = AS_OK;

    p->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, p, on_error, on_warning);
    p->info = p->png ? png_create_info_struct(p->png) : NULL;
    if (!p->info)
        AS_FAIL_AS(p->job->err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for libpng");
    png_set_read_fn(p->png, p, on_read);
    png_set_crc_action(p->png, PNG_CRC_WARN_USE, PNG_CRC_WARN_DISCARD);
    png_set_user_limits(p->png, SIDE_MAX, SIDE_MAX);
    png_set_chunk_malloc_max(p->png, CHUNK_MAX);
    skip_chunks(p->png);
done:
    return status;
}

enum as_status as_decode_png(struct as_job *job)
{
    enum as_status status = AS_OK;
    struct png p = {.job = job};

    size_of_header(job);
    AS_TRY(png_open(&p));
    AS_TRY(png_header(&p));
    animation(job);
    AS_TRY(as_job_size(job, job->pic->w, job->pic->h));
    AS_TRY(as_views_begin(job, p.fmt));
    AS_TRY(as_frame_need(job, (uint64_t)p.row * (p.passes > 1 ? job->pic->h : 1), &p.frame));
    if (p.passes > 1)
        memset(p.frame, 0, p.row * job->pic->h);
    AS_TRY(png_rows(&p));
    for (uint32_t y = 0; y < job->pic->h && p.passes > 1; y++)
        as_views_row(&job->dec->views, p.frame + y * p.row);
    as_views_end(job);
    if (p.eof)
        as_job_mark(job, AS_FLAG_TRUNCATED);
    if (p.corrupt)
        as_job_mark(job, AS_FLAG_CORRUPT);
done:
    png_destroy_read_struct(p.png ? &p.png : NULL, p.info ? &p.info : NULL, NULL);
    return status;
}
