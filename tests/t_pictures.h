/* t_pictures.h - making pictures of every format, and checking views, for tests of the decoders. */
#ifndef T_PICTURES_H
#define T_PICTURES_H

#include "../pipeline/media/decode.h"
#include "t_files.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gif_lib.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>
#include <webp/encode.h>

#include <jpeglib.h>

static const uint32_t ALL = AS_LUMA | AS_RGB | AS_DCT | AS_SAMPLE;

struct bytes {
    uint8_t *at;
    size_t size;
};

/* A picture of `step` samples a pixel with something in every place. */
static inline uint8_t *texture(uint32_t w, uint32_t h, unsigned step)
{
    uint8_t *p = malloc((size_t)w * h * step);

    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++)
            for (unsigned c = 0; c < step; c++)
                p[((size_t)y * w + x) * step + c] =
                    (uint8_t)(128.0 + 60.0 * sin(0.05 * x + c) + 60.0 * cos(0.07 * y) +
                              (x * 7 + y * 3) % 5);
    return p;
}

struct jpeg_how {
    int components, quality, sample;
    bool progressive, arithmetic, rgb;
    int restart;
};

static inline struct bytes jpeg_make(const uint8_t *p, uint32_t w, uint32_t h, struct jpeg_how how)
{
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr e;
    unsigned long n = 0;
    struct bytes b = {0};

    c.err = jpeg_std_error(&e);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &b.at, &n);
    c.image_width = w;
    c.image_height = h;
    c.input_components = how.components;
    c.in_color_space = how.components == 1   ? JCS_GRAYSCALE
                       : how.components == 3 ? JCS_RGB
                                             : JCS_CMYK;
    jpeg_set_defaults(&c);
    if (how.rgb)
        jpeg_set_colorspace(&c, JCS_RGB);
    jpeg_set_quality(&c, how.quality ? how.quality : 90, TRUE);
    c.comp_info[0].h_samp_factor = c.comp_info[0].v_samp_factor = how.sample ? how.sample : 1;
    c.arith_code = how.arithmetic;
    c.restart_interval = (unsigned)how.restart;
    if (how.progressive)
        jpeg_simple_progression(&c);
    jpeg_start_compress(&c, TRUE);
    for (uint32_t y = 0; y < h; y++) {
        JSAMPROW row = (JSAMPROW)(uintptr_t)(p + (size_t)y * w * (unsigned)how.components);
        jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    b.size = n;
    return b;
}

/* The library's own pixels, by the settings that are promised. */
static inline uint8_t *jpeg_plain(struct bytes b, J_COLOR_SPACE space, uint32_t *w, uint32_t *h)
{
    struct jpeg_decompress_struct c;
    struct jpeg_error_mgr e;
    uint8_t *to;

    c.err = jpeg_std_error(&e);
    jpeg_create_decompress(&c);
    jpeg_mem_src(&c, b.at, b.size);
    jpeg_read_header(&c, TRUE);
    c.out_color_space = space;
    c.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&c);
    *w = c.output_width;
    *h = c.output_height;
    to = malloc((size_t)*w * *h * (unsigned)c.output_components);
    while (c.output_scanline < c.output_height) {
        JSAMPROW row = to + (size_t)c.output_scanline * *w * (unsigned)c.output_components;
        jpeg_read_scanlines(&c, &row, 1);
    }
    jpeg_finish_decompress(&c);
    jpeg_destroy_decompress(&c);
    return to;
}

static inline void png_append(png_structp png, png_bytep data, size_t n)
{
    struct bytes *b = png_get_io_ptr(png);

    b->at = realloc(b->at, b->size + n);
    memcpy(b->at + b->size, data, n);
    b->size += n;
}

static inline struct bytes png_make(const uint8_t *p, uint32_t w, uint32_t h, int type, int depth,
                                    bool interlaced)
{
    struct bytes b = {0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    size_t row;
    png_color map[256];

    png_set_write_fn(png, &b, png_append, NULL);
    png_set_compression_level(png, 1);
    png_set_IHDR(png, info, w, h, depth, type, interlaced, 0, 0);
    for (unsigned i = 0; i < 256; i++)
        map[i] = (png_color){(png_byte)i, (png_byte)(255 - i), (png_byte)(i / 2)};
    if (type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, map, 1 << depth);
    png_write_info(png, info);
    row = png_get_rowbytes(png, info);
    for (int pass = 0, n = png_set_interlace_handling(png); pass < n; pass++)
        for (uint32_t y = 0; y < h; y++)
            png_write_row(png, p + y * row);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    return b;
}

static inline enum as_status decode(struct as_decoder *dec, enum as_kind kind, struct bytes b,
                                    uint32_t views, uint64_t max, struct as_picture *pic,
                                    struct as_err *err)
{
    struct as_input in = {b.at, -1, 0, b.size};
    struct as_want want = {views, max, max > 1000000000 ? max : 1000000000};

    return as_media_decode(dec, kind, &in, &want, pic, err);
}

static inline float at(const struct as_plane *p, uint32_t x, uint32_t y)
{
    return p->at[y * p->stride + x];
}

static inline int setup(void **state)
{
    return as_decoder_new((struct as_decoder **)state) == AS_OK ? 0 : -1;
}

static inline int teardown(void **state)
{
    as_decoder_free(*state);
    return 0;
}

/* ---- the planes are what the headers say -------------------------------- */

static inline void check_luma(const struct as_picture *pic, const uint8_t *gray)
{
    for (uint32_t y = 0; y < pic->h; y++)
        for (uint32_t x = 0; x < pic->w; x++)
            if (at(&pic->luma, x, y) != (float)gray[(size_t)y * pic->w + x])
                fail_msg("luma differs at %u, %u", x, y);
}

static inline void check_sample(const struct as_picture *pic, const struct as_plane *luma)
{
    bool whole = luma->w <= 512 && luma->h <= 512;
    uint32_t w = whole ? luma->w : 512, h = whole ? luma->h : 512;

    assert_int_equal(pic->sample.w, w);
    assert_int_equal(pic->sample.h, h);
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++)
            if (at(&pic->sample, x, y) != at(luma, (uint32_t)((uint64_t)x * luma->w / w),
                                             (uint32_t)((uint64_t)y * luma->h / h)))
                fail_msg("sample differs at %u, %u", x, y);
}

static inline void check_small(const struct as_picture *pic)
{
    const struct as_plane *s = &pic->small, *l = &pic->luma;

    assert_true(s->w >= 1 && s->w <= 160 && s->h >= 1 && s->h <= 160);
    for (uint32_t j = 0; j < s->h; j++)
        for (uint32_t i = 0; i < s->w; i++) {
            uint32_t x0 = (uint32_t)((uint64_t)i * l->w / s->w);
            uint32_t x1 = (uint32_t)((uint64_t)(i + 1) * l->w / s->w);
            uint32_t y0 = (uint32_t)((uint64_t)j * l->h / s->h);
            uint32_t y1 = (uint32_t)((uint64_t)(j + 1) * l->h / s->h);
            double sum = 0.0;
            for (uint32_t y = y0; y < y1; y++)
                for (uint32_t x = x0; x < x1; x++)
                    sum += at(l, x, y);
            if (fabs(sum / ((double)(x1 - x0) * (y1 - y0)) - at(s, i, j)) > 1e-3)
                fail_msg("small differs at %u, %u", i, j);
        }
}

static inline void check_rgb(const struct as_picture *pic, const uint8_t *rgb, unsigned step)
{
    for (unsigned c = 0; c < 3; c++)
        for (uint32_t y = 0; y < pic->h; y++)
            for (uint32_t x = 0; x < pic->w; x++)
                if (at(&pic->rgb[c], x, y) != (float)rgb[((size_t)y * pic->w + x) * step + c])
                    fail_msg("channel %u differs at %u, %u", c, x, y);
}

static const uint32_t sizes[][2] = {{1, 1},     {2, 1},     {1, 3},     {7, 5},
                                    {16, 16},   {127, 64},  {512, 512}, {513, 100},
                                    {100, 601}, {701, 523}, {1600, 30}, {5, 1500}};

struct tiff_how {
    uint16_t photometric, spp, bits, planar, compression;
    uint32_t tile, rows;
};

static inline struct bytes tiff_make(const uint8_t *p, uint32_t w, uint32_t h, struct tiff_how how)
{
    char name[] = "/tmp/t_decode_XXXXXX";
    int fd = mkstemp(name);
    TIFF *t = TIFFFdOpen(fd, name, "w");
    size_t unit = how.bits / 8, row = (size_t)w * how.spp * unit;
    struct bytes b = {0};
    uint8_t *line = calloc(row, 1),
            *tile = calloc((size_t)how.tile * how.tile * how.spp * unit + 1, 1);

    TIFFSetField(t, TIFFTAG_IMAGEWIDTH, w);
    TIFFSetField(t, TIFFTAG_IMAGELENGTH, h);
    TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, how.bits);
    TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, how.spp);
    TIFFSetField(t, TIFFTAG_PHOTOMETRIC, how.photometric);
    TIFFSetField(t, TIFFTAG_PLANARCONFIG, how.planar);
    TIFFSetField(t, TIFFTAG_COMPRESSION, how.compression);
    if (how.tile) {
        TIFFSetField(t, TIFFTAG_TILEWIDTH, how.tile);
        TIFFSetField(t, TIFFTAG_TILELENGTH, how.tile);
        for (uint32_t y = 0; y < h; y += how.tile)
            for (uint32_t x = 0; x < w; x += how.tile) {
                for (uint32_t j = 0; j < how.tile && y + j < h; j++)
                    for (uint32_t i = 0; i < how.tile && x + i < w; i++)
                        memcpy(tile + ((size_t)j * how.tile + i) * how.spp * unit,
                               p + (y + j) * row + (size_t)(x + i) * how.spp * unit,
                               how.spp * unit);
                TIFFWriteTile(t, tile, x, y, 0, 0);
            }
    } else {
        TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, how.rows ? how.rows : h);
        for (uint16_t s = 0; s < (how.planar == 2 ? how.spp : 1); s++)
            for (uint32_t y = 0; y < h; y++) {
                memcpy(line, p + y * row, row);
                for (uint32_t x = 0; how.planar == 2 && x < w; x++)
                    memcpy(line + x * unit, p + y * row + ((size_t)x * how.spp + s) * unit, unit);
                TIFFWriteScanline(t, line, y, s);
            }
    }
    TIFFClose(t);
    b.at = t_file_read(name, &b.size);
    remove(name);
    free(line);
    free(tile);
    return b;
}

#endif
