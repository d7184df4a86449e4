/* picture_more.c - GIF, BMP, TIFF and WebP files. */
#include "pictures.h"

#include <stdlib.h>
#include <string.h>

#include <gif_lib.h>
#include <tiffio.h>
#include <webp/encode.h>

static int gif_take(GifFileType *gif, const GifByteType *bytes, int n)
{
    as_blob_put(gif->UserData, bytes, (size_t)n);
    return n;
}

/* 6 x 7 x 6 colours. */
static ColorMapObject *gif_colours(void)
{
    GifColorType c[256] = {{0, 0, 0}};

    for (int i = 0; i < 252; i++) {
        c[i].Red = (GifByteType)(i / 42 * 51);
        c[i].Green = (GifByteType)(i / 6 % 7 * 42);
        c[i].Blue = (GifByteType)(i % 6 * 51);
    }
    return GifMakeMapObject(256, c);
}

/* One frame; each frame is the picture turned a little to the side. */
static void gif_frame(GifFileType *gif, const struct as_image *im, unsigned frame)
{
    uint8_t *row = as_alloc(im->w, 1);
    int ok = EGifPutImageDesc(gif, 0, 0, (int)im->w, (int)im->h, false, NULL);

    for (uint32_t y = 0; ok && y < im->h; y++) {
        for (uint32_t x = 0; x < im->w; x++) {
            const uint8_t *p = im->at + ((size_t)y * im->w + (x + frame * 3) % im->w) * im->c;
            row[x] = (uint8_t)(p[0] / 43 * 42 + p[1] / 37 * 6 + p[2] / 43);
        }
        ok = EGifPutLine(gif, row, (int)im->w);
    }
    if (!ok)
        as_die("a GIF frame was not made");
    free(row);
}

struct as_blob as_gif_write(const struct as_image *im, unsigned frames)
{
    struct as_blob out = {0};
    int error = 0;
    GifFileType *gif = EGifOpen(&out, gif_take, &error);
    ColorMapObject *colours = gif_colours();
    static const uint8_t LOOP[] = {1, 0, 0}, CONTROL[] = {4, 10, 0, 0};

    if (!gif || !colours)
        as_die("a GIF was not made");
    EGifSetGifVersion(gif, true);
    if (!EGifPutScreenDesc(gif, (int)im->w, (int)im->h, 8, 0, colours))
        as_die("a GIF was not made");
    if (frames > 1) {
        EGifPutExtensionLeader(gif, APPLICATION_EXT_FUNC_CODE);
        EGifPutExtensionBlock(gif, 11, "NETSCAPE2.0");
        EGifPutExtensionBlock(gif, 3, LOOP);
        EGifPutExtensionTrailer(gif);
    }
    for (unsigned i = 0; i < frames; i++) {
        EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, 4, CONTROL);
        gif_frame(gif, im, i);
    }
    if (!EGifCloseFile(gif, &error))
        as_die("a GIF was not made");
    GifFreeMapObject(colours);
    return out;
}

struct as_blob as_bmp_write(const struct as_image *im)
{
    struct as_blob out = {0};
    uint32_t bytes = im->c == 1 ? 1 : 3, colours = im->c == 1 ? 256 : 0;
    uint32_t stride = (im->w * bytes + 3) / 4 * 4, start = 54 + 4 * colours;

    as_blob_put(&out, "BM", 2);
    as_blob_le(&out, start + (uint64_t)stride * im->h, 4);
    as_blob_le(&out, 0, 4);
    as_blob_le(&out, start, 4);
    as_blob_le(&out, 40, 4);
    as_blob_le(&out, im->w, 4);
    as_blob_le(&out, im->h, 4);
    as_blob_le(&out, 1, 2);
    as_blob_le(&out, bytes * 8, 2);
    as_blob_le(&out, 0, 4); /* not compressed */
    as_blob_le(&out, (uint64_t)stride * im->h, 4);
    as_blob_le(&out, 2835, 4); /* 72 dpi */
    as_blob_le(&out, 2835, 4);
    as_blob_le(&out, colours, 4);
    as_blob_le(&out, 0, 4);
    for (uint32_t i = 0; i < colours; i++)
        as_blob_le(&out, i * 0x010101u, 4);
    for (uint32_t y = im->h; y-- > 0;) {
        const uint8_t *p = im->at + (size_t)y * im->w * im->c;
        for (uint32_t x = 0; x < im->w; x++, p += im->c)
            for (uint32_t k = bytes; k-- > 0;)
                as_blob_put(&out, p + k, 1);
        as_blob_fill(&out, 0, stride - im->w * bytes);
    }
    return out;
}

/* libtiff's view of a file in memory. */
struct tiff_file {
    struct as_blob bytes;
    size_t at;
};

static tmsize_t tiff_put(thandle_t h, void *bytes, tmsize_t n)
{
    struct tiff_file *f = h;
    size_t end = f->at + (size_t)n;

    if (end > f->bytes.n)
        as_blob_fill(&f->bytes, 0, end - f->bytes.n);
    memcpy(f->bytes.at + f->at, bytes, (size_t)n);
    f->at = end;
    return n;
}

static tmsize_t tiff_get(thandle_t h, void *bytes, tmsize_t n)
{
    struct tiff_file *f = h;
    size_t left = f->at < f->bytes.n ? f->bytes.n - f->at : 0;
    size_t take = left < (size_t)n ? left : (size_t)n;

    if (take)
        memcpy(bytes, f->bytes.at + f->at, take);
    f->at += take;
    return (tmsize_t)take;
}

static toff_t tiff_seek(thandle_t h, toff_t off, int whence)
{
    struct tiff_file *f = h;

    f->at = (whence == SEEK_SET ? 0 : whence == SEEK_CUR ? f->at : f->bytes.n) + off;
    return f->at;
}

static int tiff_close(thandle_t h)
{
    (void)h;
    return 0;
}

static toff_t tiff_size(thandle_t h)
{
    return ((struct tiff_file *)h)->bytes.n;
}

static void tiff_tags(TIFF *tiff, const struct as_image *im, bool sixteen, enum as_tiff_pack pack)
{
    static const uint16_t CODES[] = {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE};
    static const uint16_t EXTRA[] = {EXTRASAMPLE_UNASSALPHA};

    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, im->w);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, im->h);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, (int)im->c);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, sixteen ? 16 : 8);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, im->c == 1 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
    if (im->c == 4)
        TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, EXTRA);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, CODES[pack]);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 64);
    TIFFSetField(tiff, TIFFTAG_SOFTWARE, "invented scenes");
}

struct as_blob as_tiff_write(const struct as_image *im, bool sixteen, enum as_tiff_pack pack)
{
    struct tiff_file file = {{0}, 0};
    TIFF *tiff = TIFFClientOpen("memory", "wm", &file, tiff_get, tiff_put, tiff_seek, tiff_close,
                                tiff_size, NULL, NULL);
    size_t samples = (size_t)im->w * im->c;
    uint16_t *wide = as_alloc(samples, sizeof *wide);

    if (!tiff)
        as_die("a TIFF was not made");
    tiff_tags(tiff, im, sixteen, pack);
    for (uint32_t y = 0; y < im->h; y++) {
        uint8_t *row = im->at + y * samples;
        for (size_t i = 0; sixteen && i < samples; i++)
            wide[i] = (uint16_t)(row[i] * 256u + (as_rng_mix(i * 31 + y) & 255));
        if (TIFFWriteScanline(tiff, sixteen ? (void *)wide : (void *)row, y, 0) < 0)
            as_die("a TIFF was not made");
    }
    TIFFClose(tiff);
    free(wide);
    return file.bytes;
}

struct as_blob as_webp_write(const struct as_image *im, float quality)
{
    struct as_blob out = {0};
    uint8_t *at = NULL;
    int w = (int)im->w, h = (int)im->h, stride = (int)(im->w * im->c);
    size_t n = im->c == 4    ? quality < 0 ? WebPEncodeLosslessRGBA(im->at, w, h, stride, &at)
                                           : WebPEncodeRGBA(im->at, w, h, stride, quality, &at)
                  : quality < 0 ? WebPEncodeLosslessRGB(im->at, w, h, stride, &at)
                             : WebPEncodeRGB(im->at, w, h, stride, quality, &at);

    if (!n)
        as_die("a WebP was not made");
    as_blob_put(&out, at, n);
    WebPFree(at);
    return out;
}
