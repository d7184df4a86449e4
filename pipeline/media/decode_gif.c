/* decode_gif.c - GIF by giflib: the first picture, laid on its canvas.
 *
 * Frames and their delays are counted by a walk over the blocks, which needs
 * no decoding and cannot run longer than the file.                           */
#include "decode.h"

#include <gif_lib.h>
#include <stdlib.h>
#include <string.h>

struct gif {
    struct as_job *job;
    GifFileType *file;
    size_t at;
    bool eof, corrupt;
    int transparent; /* index, or -1 */
    uint8_t rgb[256][3];
    uint8_t back[3];
    uint32_t left, top, w, h; /* of the picture on its canvas */
    uint8_t *row;             /* canvas wide, RGB  */
    uint8_t *line;            /* indices           */
    uint8_t *frame;           /* interlaced: indices of the picture */
};

static int on_read(GifFileType *file, GifByteType *to, int n)
{
    struct gif *g = file->UserData;
    size_t left = g->job->size - g->at, want = n < 0 ? 0 : (size_t)n;

    if (want > left) {
        want = left;
        g->eof = true;
    }
    memcpy(to, g->job->at + g->at, want);
    g->at += want;
    return (int)want;
}

/* Past a chain of sub-blocks; size when it does not end. */
static size_t blocks_end(const uint8_t *p, size_t size, size_t at)
{
    while (at < size && p[at] != 0)
        at += 1 + (size_t)p[at];
    return at < size ? at + 1 : size;
}

static size_t table_bytes(uint8_t packed)
{
    return packed & 0x80 ? (size_t)3 << ((packed & 7) + 1) : 0;
}

static void frames_count(struct as_job *job)
{
    const uint8_t *p = job->at;
    size_t size = job->size, at = 13;
    uint64_t hundredths = 0;
    uint32_t frames = 0;

    if (size > 13)
        at += table_bytes(p[10]);
    while (at + 10 <= size) {
        if (p[at] == 0x21) {
            if (p[at + 1] == 0xF9)
                hundredths += (unsigned)(p[at + 4] | p[at + 5] << 8);
            at = blocks_end(p, size, at + 2);
        } else if (p[at] == 0x2C) {
            frames++;
            at = blocks_end(p, size, at + 11 + table_bytes(p[at + 9]));
        } else {
            break;
        }
    }
    job->pic->frames = frames ? frames : 1;
    if (frames > 1) {
        job->pic->flags |= AS_FLAG_ANIMATED;
        job->pic->duration_s = (double)hundredths / 100.0;
    }
}

/* Reads up to the first picture's descriptor. */
static bool first_picture(struct gif *g)
{
    for (;;) {
        GifRecordType type;
        GifByteType *ext = NULL;
        int code;

        if (DGifGetRecordType(g->file, &type) == GIF_ERROR || type == TERMINATE_RECORD_TYPE)
            return false;
        if (type == IMAGE_DESC_RECORD_TYPE)
            return DGifGetImageDesc(g->file) == GIF_OK;
        if (type != EXTENSION_RECORD_TYPE)
            continue;
        if (DGifGetExtension(g->file, &code, &ext) == GIF_ERROR)
            return false;
        while (ext) {
            if (code == GRAPHICS_EXT_FUNC_CODE && ext[0] >= 4)
                g->transparent = ext[1] & 1 ? ext[4] : -1;
            if (DGifGetExtensionNext(g->file, &ext) == GIF_ERROR)
                return false;
        }
    }
}

static void colours(struct gif *g)
{
    const GifFileType *f = g->file;
    const ColorMapObject *global = f->SColorMap;
    const ColorMapObject *map = f->Image.ColorMap ? f->Image.ColorMap : global;

    for (int i = 0; i < 256 && map && i < map->ColorCount; i++) {
        g->rgb[i][0] = map->Colors[i].Red;
        g->rgb[i][1] = map->Colors[i].Green;
        g->rgb[i][2] = map->Colors[i].Blue;
    }
    for (int i = 0; i < 256 && !map; i++) /* no table at all: a ramp, as viewers do */
        memset(g->rgb[i], i, 3);
    if (global && g->transparent < 0 && f->SBackGroundColor < global->ColorCount) {
        g->back[0] = global->Colors[f->SBackGroundColor].Red;
        g->back[1] = global->Colors[f->SBackGroundColor].Green;
        g->back[2] = global->Colors[f->SBackGroundColor].Blue;
    }
}

/* Canvas row y with the picture's `line` on it; NULL: the picture does not reach here. */
static void canvas_row(struct gif *g, const uint8_t *line)
{
    uint32_t cw = g->job->pic->w;

    for (size_t x = 0; x < cw; x++)
        memcpy(g->row + 3 * x, g->back, 3);
    for (size_t x = 0; line && x < g->w && g->left + x < cw; x++)
        memcpy(g->row + 3 * (g->left + x), g->rgb[line[x]], 3);
    as_views_row(&g->job->dec->views, g->row);
}

static bool line_read(struct gif *g, uint8_t *to)
{
    if (DGifGetLine(g->file, to, (int)g->w) == GIF_OK)
        return true;
    if (!g->eof)
        g->corrupt = true;
    return false;
}

/* Interlaced rows come in four passes; each is kept until all are there. */
static uint32_t interlaced(struct gif *g)
{
    static const uint32_t from[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};
    uint32_t rows = 0;

    memset(g->frame, 0, (size_t)g->w * g->h);
    for (unsigned pass = 0; pass < 4; pass++)
        for (uint32_t y = from[pass]; y < g->h; y += step[pass], rows++)
            if (!line_read(g, g->frame + (size_t)y * g->w))
                return rows;
    return rows;
}

/* All rows of the canvas; rows of the picture that do not decode are left out
 * by ending early (black below), or stay index 0 where interlaced.  The first row
 * is read before any is painted: a canvas of 65535 x 65535 takes 20 bytes.     */
static enum as_status canvas(struct gif *g)
{
    enum as_status status = AS_OK;
    bool any = g->frame ? interlaced(g) > 0 : g->top < g->job->pic->h && line_read(g, g->line);

    if (!any)
        AS_FAIL_AS(g->job->err, AS_EFORMAT, AS_REASON_DAMAGED, "no row of the first frame decodes");
    for (uint32_t y = 0; y < g->job->pic->h; y++) {
        bool inside = y >= g->top && y - g->top < g->h;
        if (!inside)
            canvas_row(g, NULL);
        else if (g->frame)
            canvas_row(g, g->frame + (size_t)(y - g->top) * g->w);
        else if (y == g->top || line_read(g, g->line))
            canvas_row(g, g->line);
        else
            break;
    }
done:
    return status;
}

/* The size is the canvas; files that state none have that of their picture. */
static enum as_status gif_size(struct gif *g)
{
    enum as_status status = AS_OK;
    const GifFileType *f = g->file;
    uint64_t cw, ch;

    g->left = (uint32_t)f->Image.Left;
    g->top = (uint32_t)f->Image.Top;
    g->w = (uint32_t)f->Image.Width;
    g->h = (uint32_t)f->Image.Height;
    cw = f->SWidth > 0 ? (uint64_t)f->SWidth : g->left + g->w;
    ch = f->SHeight > 0 ? (uint64_t)f->SHeight : g->top + g->h;
    g->job->pic->depth = 8;
    g->job->pic->channels = 3;
    if (g->transparent >= 0)
        g->job->pic->flags |= AS_FLAG_ALPHA;
    AS_TRY(as_job_size(g->job, cw, ch));
    if (g->w == 0 || g->h == 0)
        AS_FAIL_AS(g->job->err, AS_EFORMAT, AS_REASON_DAMAGED, "the first frame is empty");
done:
    return status;
}

static enum as_status gif_room(struct gif *g)
{
    enum as_status status = AS_OK;
    uint32_t cw = g->job->pic->w;

    AS_TRY(as_views_begin(g->job, (struct as_rowfmt){AS_COLOUR_RGB, 8, 3}));
    g->row = as_block_need(&g->job->dec->row, (size_t)cw * 3 + g->w);
    if (!g->row)
        AS_FAIL_AS(g->job->err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for rows");
    g->line = g->row + (size_t)cw * 3;
    if (g->file->Image.Interlace)
        AS_TRY(as_frame_need(g->job, (uint64_t)g->w * g->h, &g->frame));
done:
    return status;
}

enum as_status as_decode_gif(struct as_job *job)
{
    enum as_status status = AS_OK;
    struct gif g = {.job = job, .transparent = -1};
    int code = 0;

    g.file = DGifOpen(&g, on_read, &code);
    if (!g.file)
        AS_FAIL_AS(job->err, code == D_GIF_ERR_NOT_ENOUGH_MEM ? AS_ENOMEM : AS_EFORMAT,
                   code == D_GIF_ERR_NOT_ENOUGH_MEM ? AS_REASON_LIMIT_MEMORY : AS_REASON_BAD_HEADER,
                   "the GIF header is broken");
    frames_count(job);
    job->pic->w = (uint32_t)g.file->SWidth;
    job->pic->h = (uint32_t)g.file->SHeight;
    if (!first_picture(&g))
        AS_FAIL_AS(job->err, AS_EFORMAT, AS_REASON_DAMAGED, "no picture in the GIF");
    AS_TRY(gif_size(&g));
    colours(&g);
    AS_TRY(gif_room(&g));
    AS_TRY(canvas(&g));
    as_views_end(job);
    if (g.eof)
        as_job_mark(job, AS_FLAG_TRUNCATED);
    if (g.corrupt)
        as_job_mark(job, AS_FLAG_CORRUPT);
done:
    if (g.file)
        (void)DGifCloseFile(g.file, &code);
    return status;
}
