/* decode_tiff.c - TIFF by libtiff: the first directory, as stored.
 *
 * Gray, RGB, palette and CMYK of 1, 2, 4, 8, 16 or 32 bits are read here, row
 * by row where samples lie together in strips, else by bands (a strip of each
 * plane, a row of tiles).  What else libtiff can show (YCbCr, CIELAB, LogLuv)
 * goes through its RGBA interface, 8 bits deep.  JPEG inside TIFF is asked for
 * as RGB.  The orientation tag is not applied.
 *
 * 1. a row of samples  2. bands  3. RGBA  4. the file                         */
#include "decode_tiff.h"
#include "decode.h"

#include <string.h>

enum { PLANES = 4 };

struct reader {
    struct as_job *job;
    TIFF *file;
    struct as_tiff_source source;
    uint32_t w, h;
    uint16_t bits, spp, photometric, planar, compression, format;
    bool tiled, direct;
    unsigned channels; /* that are used: 1 gray or palette, 3, 4 */
    struct as_rowfmt fmt;
    uint16_t *map[3];
    bool map_8;       /* a palette written with bytes in 16-bit entries */
    uint16_t *out;    /* one row, converted */
    uint64_t good;    /* rows */
    uint32_t skip_to; /* rows before this belong to a broken strip */
};

/* ---- 1. a row of samples ------------------------------------------------ */

/* Sample i of a packed row, widened to 16 bits. */
static uint16_t sample_16(const struct reader *t, const void *row, size_t i)
{
    const uint8_t *p = row;
    unsigned bits = t->bits, shift;

    switch (bits) {
    case 8:
        return (uint16_t)(p[i] * 257u);
    case 16:
        return ((const uint16_t *)row)[i];
    case 32:
        return (uint16_t)(((const uint32_t *)row)[i] >> 16);
    default:
        shift = 8 - bits - (unsigned)(i * bits % 8);
        return (uint16_t)(((unsigned)p[i * bits / 8] >> shift & ((1u << bits) - 1)) * 65535u /
                          ((1u << bits) - 1));
    }
}

static size_t index_of(const struct reader *t, const void *row, size_t i)
{
    return t->bits == 16 ? ((const uint16_t *)row)[i]
                         : (size_t)sample_16(t, row, i) * ((1u << t->bits) - 1) / 65535u;
}

/* Makes t->out of the row of each channel; together: all channels in from[0]. */
static void convert(struct reader *t, const void *const from[PLANES], bool together)
{
    size_t step = together ? t->spp : 1;
    uint16_t *to = t->out;

    for (size_t x = 0; x < t->w; x++) {
        if (t->photometric == PHOTOMETRIC_PALETTE) {
            size_t i = index_of(t, from[0], x * step);
            for (unsigned c = 0; c < 3; c++)
                *to++ = (uint16_t)(t->map_8 ? t->map[c][i] * 257u : t->map[c][i]);
            continue;
        }
        for (unsigned c = 0; c < t->channels; c++) {
            uint16_t v = sample_16(t, from[together ? 0 : c], x * step + (together ? c : 0));
            *to++ = t->photometric == PHOTOMETRIC_MINISWHITE ? (uint16_t)(65535u - v) : v;
        }
    }
}

static void row_good(struct reader *t, const void *const from[PLANES], bool together)
{
    if (!t->direct)
        convert(t, from, together);
    as_views_row(&t->job->dec->views, t->direct ? from[0] : (const void *)t->out);
    t->good++;
}

/* A row that does not decode is black. */
static void row_bad(struct reader *t)
{
    size_t bytes = (size_t)t->w * t->fmt.step * (t->fmt.bits / 8u);

    memset(t->out, t->fmt.colour == AS_COLOUR_INK ? 255 : 0, bytes);
    as_views_row(&t->job->dec->views, t->out);
}

/* A strip or tile failed: because the file ends before it does, or otherwise. */
static void strile_bad(struct reader *t, uint32_t strile)
{
    int err = 0;
    uint64_t off = TIFFGetStrileOffsetWithErr(t->file, strile, &err);
    uint64_t n = TIFFGetStrileByteCountWithErr(t->file, strile, &err);
    bool cut = !err && off <= UINT64_MAX - n && off + n > t->job->size;

    as_job_mark(t->job, cut ? AS_FLAG_TRUNCATED : AS_FLAG_CORRUPT);
}

/* ---- 2. bands ----------------------------------------------------------- */

static enum as_status by_scanlines(struct reader *t)
{
    enum as_status status = AS_OK;
    uint8_t *line;
    tmsize_t bytes = TIFFScanlineSize(t->file);
    uint32_t per_strip = 0;

    if (bytes <= 0)
        AS_FAIL_AS(t->job->err, AS_EFORMAT, AS_REASON_DAMAGED, "the TIFF's rows have no size");
    AS_TRY(as_frame_need(t->job, (uint64_t)bytes, &line));
    memset(line, 0, (size_t)bytes); /* what a codec leaves out is not another picture's */
    TIFFGetFieldDefaulted(t->file, TIFFTAG_ROWSPERSTRIP, &per_strip);
    if (per_strip == 0)
        AS_FAIL_AS(t->job->err, AS_EFORMAT, AS_REASON_BAD_HEADER, "strips of no rows");
    for (uint32_t y = 0; y < t->h; y++) {
        if (y >= t->skip_to && TIFFReadScanline(t->file, line, y, 0) == 1) {
            row_good(t, (const void *const[PLANES]){line}, true);
            continue;
        }
        if (y >= t->skip_to) {
            strile_bad(t, y / per_strip);
            t->skip_to = per_strip > t->h - y ? t->h : (y / per_strip + 1) * per_strip;
        }
        row_bad(t);
    }
done:
    return status;
}

/* How a band is cut: strips are tiles as wide as the picture. */
struct bands {
    uint32_t tile_w, tile_h, across;
    size_t tile_row, tile_bytes; /* bytes of a row, of a tile */
    size_t pitch;                /* bytes of a row of the band */
    unsigned planes;
    uint8_t *plane[PLANES], *tile;
};

static enum as_status bands_new(struct reader *t, struct bands *b)
{
    enum as_status status = AS_OK;
    tmsize_t row, all;
    uint8_t *at;

    b->tile_w = t->w;
    if (t->tiled) {
        TIFFGetField(t->file, TIFFTAG_TILEWIDTH, &b->tile_w);
        TIFFGetField(t->file, TIFFTAG_TILELENGTH, &b->tile_h);
    } else {
        TIFFGetFieldDefaulted(t->file, TIFFTAG_ROWSPERSTRIP, &b->tile_h);
        b->tile_h = b->tile_h > t->h ? t->h : b->tile_h;
    }
    row = t->tiled ? TIFFTileRowSize(t->file) : TIFFScanlineSize(t->file);
    all = t->tiled ? TIFFTileSize(t->file) : TIFFVStripSize(t->file, b->tile_h);
    if (b->tile_w == 0 || b->tile_h == 0 || row <= 0 || all <= 0 || all / row < b->tile_h)
        AS_FAIL_AS(t->job->err, AS_EFORMAT, AS_REASON_BAD_HEADER, "tiles or strips without a size");
    b->across = t->w / b->tile_w + (t->w % b->tile_w != 0);
    b->planes = t->planar == PLANARCONFIG_SEPARATE ? t->channels : 1;
    if (b->across > 1 &&
        (uint64_t)b->tile_w * t->bits * (b->planes == 1 ? t->spp : 1u) != 8 * (uint64_t)row)
        AS_FAIL_AS(t->job->err, AS_EFORMAT, AS_REASON_UNSUP_VARIANT,
                   "tiles that end inside a byte");
    b->tile_row = (size_t)row;
    b->tile_bytes = (size_t)all;
    if ((uint64_t)b->across * (uint64_t)all > (UINT64_C(1) << 30))
        AS_FAIL_AS(t->job->err, AS_ELIMIT, AS_REASON_LIMIT_MEMORY, "tiles of %lld bytes",
                   (long long)all);
    b->pitch = b->tile_row * b->across;
    AS_TRY(as_frame_need(
        t->job, (uint64_t)b->pitch * b->tile_h * b->planes + (uint64_t)b->tile_bytes, &at));
    for (unsigned c = 0; c < b->planes; c++)
        b->plane[c] = at + b->pitch * b->tile_h * c;
    b->tile = at + b->pitch * b->tile_h * b->planes;
done:
    return status;
}

/* Reads the tile or strip of plane c at (x, y) into its place; false: it does not decode. */
static bool tile_read(struct reader *t, struct bands *b, uint32_t x, uint32_t y, unsigned c)
{
    uint32_t i = t->tiled ? TIFFComputeTile(t->file, x, y, 0, (uint16_t)c)
                          : TIFFComputeStrip(t->file, y, (uint16_t)c);
    uint32_t rows = b->tile_h < t->h - y ? b->tile_h : t->h - y;
    tmsize_t got;

    memset(b->tile, 0, b->tile_bytes);
    if (t->tiled)
        got = TIFFReadEncodedTile(t->file, i, b->tile, (tmsize_t)b->tile_bytes);
    else
        got = TIFFReadEncodedStrip(t->file, i, b->tile, (tmsize_t)(b->tile_row * rows));
    if (got < 0)
        strile_bad(t, i);
    for (uint32_t r = 0; r < rows; r++)
        memcpy(b->plane[c] + r * b->pitch + (size_t)(x / b->tile_w) * b->tile_row,
               b->tile + r * b->tile_row, b->tile_row);
    return got >= 0;
}

static enum as_status by_bands(struct reader *t)
{
    enum as_status status = AS_OK;
    struct bands b = {0};

    AS_TRY(bands_new(t, &b));
    for (uint32_t y = 0, n; y < t->h; y += n) {
        bool any = false;
        n = b.tile_h < t->h - y ? b.tile_h : t->h - y;
        for (unsigned c = 0; c < b.planes; c++)
            for (uint32_t i = 0; i < b.across; i++)
                any |= tile_read(t, &b, i * b.tile_w, y, c);
        for (uint32_t r = 0; r < n; r++) {
            const void *from[PLANES] = {0};
            for (unsigned c = 0; c < b.planes; c++)
                from[c] = b.plane[c] + r * b.pitch;
            if (any)
                row_good(t, from, b.planes == 1 && t->planar != PLANARCONFIG_SEPARATE);
            else
                row_bad(t);
        }
    }
done:
    return status;
}

/* ---- 3. RGBA ------------------------------------------------------------ */

static uint32_t rgba_rows(const struct reader *t)
{
    uint32_t n = 0;

    if (t->tiled)
        TIFFGetField(t->file, TIFFTAG_TILELENGTH, &n);
    else
        TIFFGetFieldDefaulted(t->file, TIFFTAG_ROWSPERSTRIP, &n);
    return n == 0 || n > t->h ? t->h : n;
}

static void rgba_row(struct reader *t, const uint32_t *raster)
{
    uint8_t *to = (uint8_t *)t->out;

    for (size_t x = 0; x < t->w; x++) {
        to[3 * x] = (uint8_t)TIFFGetR(raster[x]);
        to[3 * x + 1] = (uint8_t)TIFFGetG(raster[x]);
        to[3 * x + 2] = (uint8_t)TIFFGetB(raster[x]);
    }
    as_views_row(&t->job->dec->views, to);
    t->good++;
}

static enum as_status by_rgba(struct reader *t)
{
    enum as_status status = AS_OK;
    TIFFRGBAImage img;
    bool begun = false;
    char text[1024] = "";
    uint32_t n = rgba_rows(t);
    uint8_t *at;
    uint32_t *raster;

    AS_TRY(as_frame_need(t->job, (uint64_t)t->w * n * sizeof *raster, &at));
    raster = (uint32_t *)(void *)at;
    begun = TIFFRGBAImageBegin(&img, t->file, 0, text) == 1;
    if (!begun)
        AS_FAIL_AS(t->job->err, AS_EFORMAT, AS_REASON_UNSUP_VARIANT, "%s", text);
    img.req_orientation = img.orientation; /* as stored */
    for (uint32_t y = 0; y < t->h; y += n) {
        uint32_t rows = n < t->h - y ? n : t->h - y;
        img.row_offset = (int)y;
        img.col_offset = 0;
        memset(raster, 0, (size_t)t->w * rows * sizeof *raster);
        if (!TIFFRGBAImageGet(&img, raster, t->w, rows))
            as_job_mark(t->job, AS_FLAG_CORRUPT);
        for (uint32_t r = 0; r < rows; r++)
            rgba_row(t, raster + (size_t)r * t->w);
    }
done:
    if (begun)
        TIFFRGBAImageEnd(&img);
    return status;
}

/* ---- 4. the file -------------------------------------------------------- */

static bool known_bits(const struct reader *t)
{
    return t->bits == 1 || t->bits == 2 || t->bits == 4 || t->bits == 8 || t->bits == 16 ||
           (t->bits == 32 && t->format == SAMPLEFORMAT_UINT);
}

/* Whether the rows can be read here, and how they look. */
static bool own_path(struct reader *t)
{
    bool ok = known_bits(t) && t->format != SAMPLEFORMAT_IEEEFP && t->spp <= 255;

    t->channels = 1;
    t->fmt = (struct as_rowfmt){AS_COLOUR_GRAY, 16, 1};
    switch (t->photometric) {
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MINISWHITE:
        break;
    case PHOTOMETRIC_PALETTE:
        t->fmt = (struct as_rowfmt){AS_COLOUR_RGB, 16, 3};
        ok = ok && t->bits <= 16 &&
             TIFFGetField(t->file, TIFFTAG_COLORMAP, &t->map[0], &t->map[1], &t->map[2]) == 1;
        break;
    case PHOTOMETRIC_RGB:
        t->channels = 3;
        t->fmt = (struct as_rowfmt){AS_COLOUR_RGB, 16, 3};
        break;
    case PHOTOMETRIC_SEPARATED:
        t->channels = 4;
        t->fmt = (struct as_rowfmt){AS_COLOUR_INK, 16, 4};
        break;
    default:
        return false;
    }
    if (!ok || t->spp < t->channels)
        return false;
    t->direct = (t->bits == 8 || t->bits == 16) && t->planar != PLANARCONFIG_SEPARATE &&
                t->photometric != PHOTOMETRIC_MINISWHITE && t->photometric != PHOTOMETRIC_PALETTE;
    if (t->direct)
        t->fmt = (struct as_rowfmt){t->fmt.colour, (uint8_t)t->bits, (uint8_t)t->spp};
    return true;
}

static void palette_depth(struct reader *t)
{
    t->map_8 = t->map[0] != NULL;
    for (size_t i = 0; t->map_8 && i < (size_t)1 << t->bits; i++)
        t->map_8 = t->map[0][i] < 256 && t->map[1][i] < 256 && t->map[2][i] < 256;
}

static enum as_status tiff_header(struct reader *t)
{
    enum as_status status = AS_OK;
    struct as_picture *pic = t->job->pic;
    uint16_t extras = 0, *extra = NULL;

    TIFFGetField(t->file, TIFFTAG_IMAGEWIDTH, &t->w);
    TIFFGetField(t->file, TIFFTAG_IMAGELENGTH, &t->h);
    TIFFGetFieldDefaulted(t->file, TIFFTAG_BITSPERSAMPLE, &t->bits);
    TIFFGetFieldDefaulted(t->file, TIFFTAG_SAMPLESPERPIXEL, &t->spp);
    TIFFGetFieldDefaulted(t->file, TIFFTAG_PLANARCONFIG, &t->planar);
    TIFFGetFieldDefaulted(t->file, TIFFTAG_COMPRESSION, &t->compression);
    TIFFGetFieldDefaulted(t->file, TIFFTAG_SAMPLEFORMAT, &t->format);
    if (TIFFGetField(t->file, TIFFTAG_PHOTOMETRIC, &t->photometric) != 1)
        t->photometric = t->spp >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
    t->tiled = TIFFIsTiled(t->file) != 0;
    pic->depth = t->bits;
    pic->channels = t->spp;
    TIFFGetFieldDefaulted(t->file, TIFFTAG_EXTRASAMPLES, &extras, &extra);
    for (uint16_t i = 0; i < extras; i++)
        if (extra[i] == EXTRASAMPLE_ASSOCALPHA || extra[i] == EXTRASAMPLE_UNASSALPHA)
            pic->flags |= AS_FLAG_ALPHA;
    AS_TRY(as_job_size(t->job, t->w, t->h));
    if (t->compression == COMPRESSION_JPEG && t->photometric == PHOTOMETRIC_YCBCR &&
        t->planar == PLANARCONFIG_CONTIG) {
        TIFFSetField(t->file, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        t->photometric = PHOTOMETRIC_RGB;
    }
    if (!TIFFIsCODECConfigured(t->compression))
        AS_FAIL_AS(t->job->err, AS_EFORMAT, AS_REASON_UNSUP_VARIANT, "TIFF compression %u",
                   t->compression);
done:
    return status;
}

static enum as_status tiff_rows(struct reader *t, bool own)
{
    if (!own)
        return by_rgba(t);
    if (t->tiled || t->planar == PLANARCONFIG_SEPARATE)
        return by_bands(t);
    return by_scanlines(t);
}

/* Opens the file; a second time, as if it went on with zeros, where strips or
 * tiles run past its end: libtiff would give nothing at all of a cut strip.   */
static enum as_status tiff_begin(struct reader *t)
{
    enum as_status status = AS_OK;
    uint64_t room;

    t->source = (struct as_tiff_source){t->job->at, t->job->size, t->job->size, 0};
    AS_TRY(as_tiff_open(&t->source, &t->file, t->job->err));
    AS_TRY(tiff_header(t));
    room = (uint64_t)t->w * t->h * t->spp / 8 * t->bits;
    if (!as_tiff_is_cut(t->file, &t->source, room))
        goto done;
    TIFFClose(t->file);
    t->file = NULL;
    AS_TRY(as_tiff_open(&t->source, &t->file, t->job->err));
    AS_TRY(tiff_header(t));
    as_job_mark(t->job, AS_FLAG_TRUNCATED);
done:
    return status;
}

enum as_status as_decode_tiff(struct as_job *job)
{
    enum as_status status = AS_OK;
    struct reader t = {.job = job};
    bool own;

    AS_TRY(tiff_begin(&t));
    own = own_path(&t);
    palette_depth(&t);
    if (!own) {
        t.direct = false;
        t.fmt = (struct as_rowfmt){AS_COLOUR_RGB, 8, 3};
    }
    AS_TRY(as_views_begin(job, t.fmt));
    t.out = as_block_need(&job->dec->row, (size_t)t.w * t.fmt.step * sizeof *t.out);
    if (!t.out)
        AS_FAIL_AS(job->err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for rows");
    AS_TRY(tiff_rows(&t, own));
    if (t.good == 0)
        AS_FAIL_AS(job->err, AS_EFORMAT, AS_REASON_DAMAGED, "no row of the TIFF decodes");
    as_views_end(job);
    job->pic->frames = TIFFNumberOfDirectories(t.file);
done:
    if (t.file)
        TIFFClose(t.file);
    return status;
}
