/* t_decode.c - tests of the picture decoders, against pictures made here and real ones. */
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
#include <sys/resource.h>
#include <tiffio.h>
#include <time.h>
#include <webp/encode.h>

#include <jpeglib.h>

static const uint32_t ALL = AS_LUMA | AS_RGB | AS_DCT | AS_SAMPLE;

struct bytes {
    uint8_t *at;
    size_t size;
};

/* A picture of `step` samples a pixel with something in every place. */
static uint8_t *texture(uint32_t w, uint32_t h, unsigned step)
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

static struct bytes jpeg_make(const uint8_t *p, uint32_t w, uint32_t h, struct jpeg_how how)
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
static uint8_t *jpeg_plain(struct bytes b, J_COLOR_SPACE space, uint32_t *w, uint32_t *h)
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

static void png_append(png_structp png, png_bytep data, size_t n)
{
    struct bytes *b = png_get_io_ptr(png);

    b->at = realloc(b->at, b->size + n);
    memcpy(b->at + b->size, data, n);
    b->size += n;
}

static struct bytes png_make(const uint8_t *p, uint32_t w, uint32_t h, int type, int depth,
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

static enum as_status decode(struct as_decoder *dec, enum as_kind kind, struct bytes b,
                             uint32_t views, uint64_t max, struct as_picture *pic,
                             struct as_err *err)
{
    struct as_input in = {b.at, -1, 0, b.size};
    struct as_want want = {views, max, max > 1000000000 ? max : 1000000000};

    return as_media_decode(dec, kind, &in, &want, pic, err);
}

static float at(const struct as_plane *p, uint32_t x, uint32_t y)
{
    return p->at[y * p->stride + x];
}

static int setup(void **state)
{
    return as_decoder_new((struct as_decoder **)state) == AS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    as_decoder_free(*state);
    return 0;
}

/* ---- the planes are what the headers say -------------------------------- */

static void check_luma(const struct as_picture *pic, const uint8_t *gray)
{
    for (uint32_t y = 0; y < pic->h; y++)
        for (uint32_t x = 0; x < pic->w; x++)
            if (at(&pic->luma, x, y) != (float)gray[(size_t)y * pic->w + x])
                fail_msg("luma differs at %u, %u", x, y);
}

static void check_sample(const struct as_picture *pic, const struct as_plane *luma)
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

static void check_small(const struct as_picture *pic)
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

static void check_rgb(const struct as_picture *pic, const uint8_t *rgb, unsigned step)
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

static void jpeg_equals_the_library(void **state)
{
    static const struct jpeg_how hows[] = {{1, 0, 0, 0, 0, 0, 0},
                                           {3, 0, 2, 0, 0, 0, 0},
                                           {3, 75, 1, 1, 0, 0, 0},
                                           {3, 0, 2, 0, 1, 0, 0},
                                           {3, 0, 2, 0, 0, 0, 3}};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t k = 0; k < sizeof hows / sizeof *hows; k++) {
            uint8_t *p = texture(sizes[i][0], sizes[i][1], (unsigned)hows[k].components);
            struct bytes b = jpeg_make(p, sizes[i][0], sizes[i][1], hows[k]);
            struct as_picture pic;
            uint32_t w, h;
            uint8_t *gray = jpeg_plain(b, JCS_GRAYSCALE, &w, &h), *rgb;

            assert_int_equal(
                decode(*state, AS_KIND_JPEG, b, AS_LUMA | AS_SAMPLE, 1 << 30, &pic, NULL), 0);
            assert_int_equal(pic.w, w);
            assert_int_equal(pic.h, h);
            assert_int_equal(pic.flags, 0);
            assert_int_equal(pic.views, AS_LUMA | AS_SAMPLE);
            check_luma(&pic, gray);
            check_sample(&pic, &pic.luma);
            check_small(&pic);
            assert_int_equal(decode(*state, AS_KIND_JPEG, b, ALL, 1 << 30, &pic, NULL), 0);
            check_luma(&pic, gray);
            rgb = hows[k].components == 3 ? jpeg_plain(b, JCS_RGB, &w, &h) : NULL;
            if (rgb)
                check_rgb(&pic, rgb, 3);
            free(p);
            free(gray);
            free(rgb);
            free(b.at);
        }
}

/* Dequantised and transformed, block (0,0) of the coefficients is the pixels. */
static void jpeg_coefficients(void **state)
{
    uint8_t *p = texture(83, 41, 3);
    struct bytes b = jpeg_make(p, 83, 41, (struct jpeg_how){3, 95, 2, 0, 0, 0, 0});
    struct as_picture pic;
    const struct as_dct *d;

    assert_int_equal(decode(*state, AS_KIND_JPEG, b, AS_LUMA | AS_DCT, 1 << 30, &pic, NULL), 0);
    assert_true(pic.views & AS_DCT);
    d = pic.dct;
    assert_int_equal(d->ncomp, 3);
    assert_int_equal(d->comp[0].hs, 2);
    assert_int_equal(d->comp[0].wb, 11);
    assert_int_equal(d->comp[0].hb, 6);
    assert_int_equal(d->comp[1].wb, 6);
    assert_int_equal(d->comp[1].hb, 3);
    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 8; x++) {
            double v = 0.0;
            for (int j = 0; j < 8; j++)
                for (int i = 0; i < 8; i++)
                    v += (i ? 1 : M_SQRT1_2) * (j ? 1 : M_SQRT1_2) / 4 * d->comp[0].at[j * 8 + i] *
                         d->comp[0].q[j * 8 + i] * cos((2 * x + 1) * i * M_PI / 16) *
                         cos((2 * y + 1) * j * M_PI / 16);
            assert_true(fabs(v + 128 - at(&pic.luma, (uint32_t)x, (uint32_t)y)) < 1.01);
        }
    free(p);
    free(b.at);
}

/* Adobe CMYK: r = c k / 255 of the stored values. */
static void jpeg_cmyk(void **state)
{
    uint8_t *p = texture(40, 24, 4), *stored;
    struct bytes b = jpeg_make(p, 40, 24, (struct jpeg_how){4, 100, 1, 0, 0, 0, 0});
    struct as_picture pic;
    uint32_t w, h;

    stored = jpeg_plain(b, JCS_CMYK, &w, &h);
    assert_int_equal(decode(*state, AS_KIND_JPEG, b, AS_RGB | AS_LUMA, 1 << 30, &pic, NULL), 0);
    assert_int_equal(pic.channels, 4);
    for (uint32_t i = 0; i < 40 * 24; i++)
        for (unsigned c = 0; c < 3; c++)
            assert_true(at(&pic.rgb[c], i % 40, i / 40) ==
                        (float)stored[4 * i + c] * (float)stored[4 * i + 3] / 255.0f);
    free(p);
    free(stored);
    free(b.at);
}

static void jpeg_of_rgb(void **state)
{
    uint8_t *p = texture(50, 20, 3), *rgb;
    struct bytes b = jpeg_make(p, 50, 20, (struct jpeg_how){3, 95, 1, 0, 0, true, 0});
    struct as_picture pic;
    float luma;
    uint32_t w, h;

    rgb = jpeg_plain(b, JCS_RGB, &w, &h);
    assert_int_equal(decode(*state, AS_KIND_JPEG, b, AS_LUMA, 1 << 30, &pic, NULL), 0);
    luma = at(&pic.luma, 17, 11);
    assert_int_equal(decode(*state, AS_KIND_JPEG, b, ALL, 1 << 30, &pic, NULL), 0);
    assert_true(luma == at(&pic.luma, 17, 11));
    check_rgb(&pic, rgb, 3);
    free(p);
    free(rgb);
    free(b.at);
}

/* ---- damage ------------------------------------------------------------- */

static void jpeg_cut(void **state)
{
    uint8_t *p = texture(640, 480, 3);
    for (int progressive = 0; progressive < 2; progressive++) {
        struct jpeg_how how = {3, 90, 2, progressive, 0, 0, 0};
        struct bytes b = jpeg_make(p, 640, 480, how), cut = b;
        struct as_picture pic;
        uint32_t w, h;
        uint8_t *gray = jpeg_plain(b, JCS_GRAYSCALE, &w, &h);
        float *first;

        cut.size = b.size / 2;
        assert_int_equal(decode(*state, AS_KIND_JPEG, cut, AS_LUMA, 1 << 30, &pic, NULL), 0);
        assert_true(pic.flags & AS_FLAG_TRUNCATED);
        assert_int_equal(pic.reason, AS_REASON_TRUNCATED);
        if (!progressive)
            for (uint32_t i = 0; i < 640 * 200; i++)
                assert_true(at(&pic.luma, i % 640, i / 640) == (float)gray[i]);
        first = malloc(640 * 480 * sizeof *first);
        for (uint32_t i = 0; i < 640 * 480; i++)
            first[i] = at(&pic.luma, i % 640, i / 640);
        assert_int_equal(decode(*state, AS_KIND_JPEG, b, ALL, 1 << 30, &pic, NULL), 0);
        assert_int_equal(decode(*state, AS_KIND_JPEG, cut, AS_LUMA, 1 << 30, &pic, NULL), 0);
        for (uint32_t i = 0; i < 640 * 480; i++) /* the same bits, after another picture */
            assert_true(at(&pic.luma, i % 640, i / 640) == first[i]);
        free(first);
        free(gray);
        free(b.at);
    }
    free(p);
}

static void jpeg_corrupt_and_unsupported(void **state)
{
    uint8_t *p = texture(320, 240, 3);
    struct bytes b = jpeg_make(p, 320, 240, (struct jpeg_how){3, 90, 2, 0, 0, 0, 4});
    struct as_picture pic;
    struct as_err err = {0};
    size_t sof = 0;

    memset(b.at + b.size / 2, 0x55, 200);
    assert_int_equal(decode(*state, AS_KIND_JPEG, b, AS_LUMA, 1 << 30, &pic, NULL), 0);
    assert_true(pic.flags & AS_FLAG_CORRUPT);
    for (size_t i = 0; i + 1 < b.size && !sof; i++)
        if (b.at[i] == 0xFF && b.at[i + 1] == 0xC0)
            sof = i;
    b.at[sof + 4] = 12; /* bits per sample */
    assert_int_equal(decode(*state, AS_KIND_JPEG, b, AS_LUMA, 1 << 30, &pic, &err), AS_EFORMAT);
    assert_int_equal(err.reason, AS_REASON_UNSUP_VARIANT);
    b.at[sof + 4] = 8;
    b.at[sof + 1] = 0xC3; /* lossless */
    assert_int_equal(decode(*state, AS_KIND_JPEG, b, AS_LUMA, 1 << 30, &pic, &err), AS_EFORMAT);
    assert_int_equal(err.reason, AS_REASON_UNSUP_VARIANT);
    assert_int_equal(pic.w, 320);
    assert_int_equal(pic.h, 240);
    free(p);
    free(b.at);
}

/* Scans without end: the same small scan repeated 600 times. */
static void jpeg_scan_bomb(void **state)
{
    uint8_t *p = texture(64, 64, 1);
    struct bytes b = jpeg_make(p, 64, 64, (struct jpeg_how){1, 90, 1, true, 0, 0, 0}), bomb;
    struct as_picture pic;
    struct as_err err = {0};
    size_t scan = 0, next;

    for (size_t i = 2; i + 1 < b.size && !scan; i++)
        if (b.at[i] == 0xFF && b.at[i + 1] == 0xDA)
            scan = i;
    for (next = scan + 2;
         !(b.at[next] == 0xFF && (b.at[next + 1] == 0xC4 || b.at[next + 1] == 0xDA));)
        next++;
    bomb.at = malloc(next + 600 * (next - scan));
    memcpy(bomb.at, b.at, next);
    bomb.size = next;
    for (int i = 0; i < 600; i++, bomb.size += next - scan)
        memcpy(bomb.at + bomb.size, b.at + scan, next - scan);
    assert_int_equal(decode(*state, AS_KIND_JPEG, bomb, AS_LUMA, 1 << 30, &pic, &err), AS_ELIMIT);
    free(p);
    free(b.at);
    free(bomb.at);
}

static void png_cut(void **state)
{
    uint8_t *p = texture(300, 300, 3);
    struct as_picture pic;

    for (int interlaced = 0; interlaced < 2; interlaced++) {
        struct bytes b = png_make(p, 300, 300, PNG_COLOR_TYPE_RGB, 8, interlaced), cut = b;
        cut.size = b.size / 2;
        assert_int_equal(decode(*state, AS_KIND_PNG, cut, AS_RGB, 1 << 30, &pic, NULL), 0);
        assert_int_equal(pic.flags, AS_FLAG_TRUNCATED);
        assert_int_equal(pic.reason, AS_REASON_TRUNCATED);
        for (uint32_t i = 0; i < 300 * 100 && !interlaced; i++)
            assert_true(at(&pic.rgb[1], i % 300, i / 300) == (float)p[3 * i + 1]);
        if (!interlaced)
            assert_true(at(&pic.rgb[1], 0, 299) == 0.0f); /* rows that never came are black */
        cut.size = 30;
        assert_int_equal(decode(*state, AS_KIND_PNG, cut, AS_RGB, 1 << 30, &pic, NULL), AS_EFORMAT);
        free(b.at);
    }
    free(p);
}

/* ---- other formats ------------------------------------------------------ */

static void png_all_types(void **state)
{
    static const int types[][3] = {{PNG_COLOR_TYPE_GRAY, 8, 1},
                                   {PNG_COLOR_TYPE_RGB, 8, 3},
                                   {PNG_COLOR_TYPE_GRAY_ALPHA, 8, 2},
                                   {PNG_COLOR_TYPE_RGB_ALPHA, 8, 4}};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t k = 0; k < 4; k++)
            for (int interlaced = 0; interlaced < 2; interlaced++) {
                uint32_t w = sizes[i][0], h = sizes[i][1];
                unsigned step = (unsigned)types[k][2];
                uint8_t *p = texture(w, h, step);
                struct bytes b = png_make(p, w, h, types[k][0], 8, interlaced);
                struct as_picture pic;

                assert_int_equal(decode(*state, AS_KIND_PNG, b, ALL, 1 << 30, &pic, NULL), 0);
                assert_int_equal(pic.w, w);
                assert_int_equal(pic.h, h);
                assert_int_equal(pic.depth, 8);
                assert_int_equal(pic.channels, step);
                assert_int_equal(pic.flags, k >= 2 ? AS_FLAG_ALPHA : 0);
                assert_int_equal(pic.views, AS_LUMA | AS_RGB | AS_SAMPLE);
                if (step >= 3) {
                    const uint8_t *q = p + ((size_t)(h - 1) * w + w / 2) * step;
                    check_rgb(&pic, p, step);
                    assert_true(at(&pic.luma, w / 2, h - 1) ==
                                0.299f * q[0] + 0.587f * q[1] + 0.114f * q[2]);
                } else {
                    assert_true(at(&pic.luma, w / 2, h - 1) ==
                                (float)p[((size_t)(h - 1) * w + w / 2) * step]);
                    assert_true(at(&pic.rgb[2], 0, 0) == (float)p[0]);
                }
                check_sample(&pic, &pic.luma);
                check_small(&pic);
                free(p);
                free(b.at);
            }
}

static void png_16_and_palette(void **state)
{
    uint8_t p[8] = {0x00, 0x00, 0xFF, 0xFF, 0x80, 0x80, 0x12, 0x34}, index[2] = {0x1B, 0xE4};
    struct bytes b = png_make(p, 4, 1, PNG_COLOR_TYPE_GRAY, 16, false);
    struct as_picture pic;

    assert_int_equal(decode(*state, AS_KIND_PNG, b, ALL, 100, &pic, NULL), 0);
    assert_int_equal(pic.depth, 16);
    assert_true(at(&pic.luma, 0, 0) == 0.0f && at(&pic.luma, 1, 0) == 255.0f);
    assert_true(at(&pic.luma, 2, 0) == 128.0f && at(&pic.luma, 3, 0) == (float)0x1234 / 257.0f);
    assert_true(at(&pic.rgb[1], 3, 0) == at(&pic.luma, 3, 0));
    free(b.at);
    b = png_make(index, 4, 2, PNG_COLOR_TYPE_PALETTE, 2, false);
    assert_int_equal(decode(*state, AS_KIND_PNG, b, ALL, 100, &pic, NULL), 0);
    assert_int_equal(pic.depth, 2);
    assert_true(at(&pic.rgb[0], 3, 0) == 3.0f && at(&pic.rgb[1], 0, 1) == 252.0f);
    free(b.at);
}

static void webp_lossless(void **state)
{
    uint8_t *p = texture(333, 217, 3);
    struct bytes b = {0}, cut;
    struct as_picture pic;

    b.size = WebPEncodeLosslessRGB(p, 333, 217, 333 * 3, &b.at);
    assert_true(b.size > 0);
    assert_int_equal(decode(*state, AS_KIND_WEBP, b, ALL, 1 << 30, &pic, NULL), 0);
    check_rgb(&pic, p, 3);
    check_sample(&pic, &pic.luma);
    WebPFree(b.at);
    b.size = WebPEncodeRGB(p, 333, 217, 333 * 3, 80, &b.at);
    assert_int_equal(decode(*state, AS_KIND_WEBP, b, AS_LUMA, 1 << 30, &pic, NULL), 0);
    cut = b;
    cut.size = b.size * 2 / 3;
    assert_int_equal(decode(*state, AS_KIND_WEBP, cut, AS_LUMA, 1 << 30, &pic, NULL), 0);
    assert_int_equal(pic.flags, AS_FLAG_TRUNCATED);
    assert_true(at(&pic.luma, 100, 216) == 0.0f && at(&pic.luma, 100, 20) > 0.0f);
    WebPFree(b.at);
    free(p);
}

/* ---- TIFF --------------------------------------------------------------- */

struct tiff_how {
    uint16_t photometric, spp, bits, planar, compression;
    uint32_t tile, rows;
};

static struct bytes tiff_make(const uint8_t *p, uint32_t w, uint32_t h, struct tiff_how how)
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

static void tiff_layouts(void **state)
{
    static const struct tiff_how hows[] = {
        {PHOTOMETRIC_RGB, 3, 8, 1, COMPRESSION_NONE, 0, 16},
        {PHOTOMETRIC_RGB, 3, 8, 1, COMPRESSION_LZW, 0, 0},
        {PHOTOMETRIC_RGB, 3, 8, 2, COMPRESSION_ADOBE_DEFLATE, 0, 7},
        {PHOTOMETRIC_RGB, 3, 8, 1, COMPRESSION_LZW, 32, 0},
        {PHOTOMETRIC_RGB, 4, 8, 1, COMPRESSION_NONE, 16, 0},
        {PHOTOMETRIC_MINISBLACK, 1, 8, 1, COMPRESSION_LZW, 0, 9},
        {PHOTOMETRIC_MINISWHITE, 1, 8, 1, COMPRESSION_NONE, 0, 9},
        {PHOTOMETRIC_SEPARATED, 4, 8, 1, COMPRESSION_NONE, 0, 9}};

    for (size_t k = 0; k < sizeof hows / sizeof *hows; k++) {
        uint32_t w = 133, h = 71;
        uint8_t *p = texture(w, h, hows[k].spp);
        struct bytes b = tiff_make(p, w, h, hows[k]);
        struct as_picture pic;
        const uint8_t *q = p + ((size_t)70 * w + 131) * hows[k].spp;

        assert_int_equal(decode(*state, AS_KIND_TIFF, b, ALL, 1 << 30, &pic, NULL), 0);
        assert_int_equal(pic.w, w);
        assert_int_equal(pic.h, h);
        assert_int_equal(pic.flags, 0);
        if (hows[k].photometric == PHOTOMETRIC_RGB)
            check_rgb(&pic, p, hows[k].spp);
        else if (hows[k].photometric == PHOTOMETRIC_MINISBLACK)
            check_luma(&pic, p);
        else if (hows[k].photometric == PHOTOMETRIC_MINISWHITE)
            assert_true(at(&pic.luma, 131, 70) == (float)(255 - q[0]));
        else
            assert_true(at(&pic.rgb[1], 131, 70) ==
                        (float)(255 - q[1]) * (float)(255 - q[3]) / 255.0f);
        check_sample(&pic, &pic.luma);
        free(p);
        free(b.at);
    }
}

static void tiff_16(void **state)
{
    uint16_t v[6] = {0, 65535, 0x8080, 0x1234, 257, 1};
    struct bytes b = tiff_make(
        (uint8_t *)v, 2, 1, (struct tiff_how){PHOTOMETRIC_RGB, 3, 16, 1, COMPRESSION_NONE, 0, 1});
    struct as_picture pic;

    assert_int_equal(decode(*state, AS_KIND_TIFF, b, ALL, 100, &pic, NULL), 0);
    assert_int_equal(pic.depth, 16);
    assert_true(at(&pic.rgb[1], 0, 0) == 255.0f && at(&pic.rgb[2], 0, 0) == 128.0f);
    assert_true(at(&pic.rgb[0], 1, 0) == (float)0x1234 / 257.0f && at(&pic.rgb[1], 1, 0) == 1.0f);
    free(b.at);
}

/* One gray strip of 200 x 200 bytes after a directory of eight entries, cut in its middle. */
static void tiff_cut(void **state)
{
    static const uint16_t entries[8][2] = {{256, 200}, {257, 200}, {258, 8},   {259, 1},
                                           {262, 1},   {273, 110}, {278, 200}, {279, 40000}};
    uint8_t *p = calloc(110 + 40000, 1);
    struct bytes b = {p, 110 + 20000};
    struct as_picture pic;

    memcpy(p, "II*\0\x08\0\0\0\x08\0", 10);
    for (size_t i = 0; i < 8; i++) {
        const uint16_t e[6] = {entries[i][0], 3, 1, 0, entries[i][1], 0};
        memcpy(p + 10 + 12 * i, e, sizeof e);
    }
    memset(p + 110, 77, 40000);
    assert_int_equal(decode(*state, AS_KIND_TIFF, b, ALL, 1 << 30, &pic, NULL), 0);
    assert_int_equal(pic.flags, AS_FLAG_TRUNCATED);
    assert_true(at(&pic.luma, 199, 99) == 77.0f && at(&pic.luma, 0, 100) == 0.0f);
    b.size = 100; /* no pixels */
    assert_int_equal(decode(*state, AS_KIND_TIFF, b, ALL, 1 << 30, &pic, NULL), AS_EFORMAT);
    b.size = 50; /* no directory */
    assert_int_equal(decode(*state, AS_KIND_TIFF, b, ALL, 1 << 30, &pic, NULL), AS_EFORMAT);
    free(p);
}

/* ---- GIF, BMP, HEIC, AVIF ----------------------------------------------- */

static int gif_append(GifFileType *f, const GifByteType *data, int n)
{
    struct bytes *b = f->UserData;

    b->at = realloc(b->at, b->size + (size_t)n);
    memcpy(b->at + b->size, data, (size_t)n);
    b->size += (size_t)n;
    return n;
}

/* Two frames; the first lies at (3, 2) of a 20 x 10 canvas. */
static void gif_canvas(void **state)
{
    for (int interlaced = 0; interlaced < 2; interlaced++) {
        struct bytes b = {0};
        int code = 0;
        GifFileType *f = EGifOpen(&b, gif_append, &code);
        ColorMapObject *map = GifMakeMapObject(4, NULL);
        static const uint8_t delay[4] = {0, 30, 0, 0};
        struct as_picture pic;

        for (int i = 0; i < 4; i++)
            map->Colors[i] = (GifColorType){(GifByteType)(i * 10), (GifByteType)(i * 20), 7};
        EGifSetGifVersion(f, true);
        EGifPutScreenDesc(f, 20, 10, 8, 1, map);
        for (int frame = 0; frame < 2; frame++) {
            EGifPutExtension(f, GRAPHICS_EXT_FUNC_CODE, 4, delay);
            EGifPutImageDesc(f, 3, 2, 8, 6, interlaced, NULL);
            for (int y = 0; y < 6; y++) {
                static const uint8_t order[6] = {0, 4, 2, 1, 3, 5};
                uint8_t line[8];
                memset(line, (interlaced ? order[y] : y) % 4, 8);
                EGifPutLine(f, line, 8);
            }
        }
        EGifCloseFile(f, &code);
        GifFreeMapObject(map);
        assert_int_equal(decode(*state, AS_KIND_GIF, b, ALL, 1 << 30, &pic, NULL), 0);
        assert_int_equal(pic.w, 20);
        assert_int_equal(pic.h, 10);
        assert_int_equal(pic.frames, 2);
        assert_true(pic.duration_s == 0.6);
        assert_int_equal(pic.flags, AS_FLAG_ANIMATED);
        assert_true(at(&pic.rgb[0], 0, 0) == 10.0f); /* background: colour 1 */
        for (uint32_t y = 0; y < 6; y++)
            assert_true(at(&pic.rgb[1], 10, 2 + y) == (float)(y % 4 * 20));
        free(b.at);
    }
}

static void bmp_rows(void **state)
{
    uint8_t p[54 + 4 * 3 * 4] = {'B', 'M'};
    struct bytes b = {p, sizeof p};
    struct as_picture pic;

    p[10] = 54, p[14] = 40, p[18] = 3, p[22] = 4, p[26] = 1, p[28] = 24;
    for (size_t i = 54; i < sizeof p; i++)
        p[i] = (uint8_t)i;
    assert_int_equal(decode(*state, AS_KIND_BMP, b, ALL, 1 << 30, &pic, NULL), 0);
    assert_int_equal(pic.w, 3);
    assert_int_equal(pic.h, 4);
    assert_true(at(&pic.rgb[2], 0, 3) == 54.0f && at(&pic.rgb[0], 1, 2) == 54.0f + 12 + 5);
    b.size = 54 + 24; /* rows are stored from below: the upper half is missing */
    assert_int_equal(decode(*state, AS_KIND_BMP, b, ALL, 1 << 30, &pic, NULL), 0);
    assert_int_equal(pic.flags, AS_FLAG_TRUNCATED);
    assert_true(at(&pic.rgb[2], 0, 3) == 54.0f && at(&pic.rgb[2], 0, 0) == 0.0f);
}

/* The samples by which the libraries are warmed decode, in every format. */
static void warm_samples(void **state)
{
    for (const struct as_warm_sample *s = as_warm_samples; s->at; s++) {
        struct bytes b = {(uint8_t *)(uintptr_t)s->at, s->size};
        struct as_input in = {s->at, -1, 0, s->size};
        struct as_picture pic;

        assert_int_equal(as_sniff(&in), s->kind);
        if (as_kind_class((uint16_t)s->kind) != AS_CLASS_PICTURE)
            continue;
        assert_int_equal(decode(*state, s->kind, b, ALL, 1 << 30, &pic, NULL), 0);
        assert_int_equal(pic.flags, 0);
        assert_int_equal(pic.w, s->kind == AS_KIND_BMP ? 8 : s->kind >= AS_KIND_HEIC ? 64 : 16);
        if (s->kind >= AS_KIND_HEIC) /* dark on the left, bright on the right */
            assert_true(at(&pic.luma, 8, 32) + 20 < at(&pic.luma, 56, 32));
    }
}

/* ---- size --------------------------------------------------------------- */

/* By strips the sample is that of a full decode. */
static void strips_equal_whole(void **state)
{
    uint8_t *p = texture(900, 700, 3);
    struct bytes all[] = {
        jpeg_make(p, 900, 700, (struct jpeg_how){3, 90, 2, 0, 0, 0, 0}),
        jpeg_make(p, 900, 700, (struct jpeg_how){3, 90, 2, 1, 0, 0, 0}),
        png_make(p, 900, 700, PNG_COLOR_TYPE_RGB, 8, false),
        png_make(p, 900, 700, PNG_COLOR_TYPE_RGB, 8, true),
        tiff_make(p, 900, 700, (struct tiff_how){PHOTOMETRIC_RGB, 3, 8, 1, COMPRESSION_LZW, 0, 5})};
    const enum as_kind kinds[] = {AS_KIND_JPEG, AS_KIND_JPEG, AS_KIND_PNG, AS_KIND_PNG,
                                  AS_KIND_TIFF};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct as_picture pic;
        float *want = malloc(512 * 512 * sizeof *want);

        assert_int_equal(decode(*state, kinds[i], all[i], ALL, 900 * 700, &pic, NULL), 0);
        assert_int_equal(pic.flags, 0);
        memcpy(want, pic.sample.at, 512 * 512 * sizeof *want);
        assert_int_equal(decode(*state, kinds[i], all[i], ALL, 900 * 700 - 1, &pic, NULL), 0);
        assert_int_equal(pic.flags, AS_FLAG_STRIPS);
        assert_int_equal(pic.reason, AS_REASON_STRIPS_ONLY);
        assert_int_equal(pic.views, AS_SAMPLE);
        assert_null(pic.luma.at);
        assert_memory_equal(want, pic.sample.at, 512 * 512 * sizeof *want);
        free(want);
        free(all[i].at);
    }
    free(p);
}

static void hard_limit(void **state)
{
    uint8_t *p = texture(100, 50, 3);
    struct bytes b = png_make(p, 100, 50, PNG_COLOR_TYPE_RGB, 8, false);
    struct as_input in = {b.at, -1, 0, b.size};
    struct as_want want = {ALL, 10, 4999};
    struct as_picture pic;
    struct as_err err = {0};

    assert_int_equal(as_media_decode(*state, AS_KIND_PNG, &in, &want, &pic, &err), AS_ELIMIT);
    assert_int_equal(err.reason, AS_REASON_LIMIT_PIXELS);
    assert_int_equal(pic.w, 100);
    assert_int_equal(pic.h, 50);
    assert_int_equal(pic.views, 0);
    want.hard_pixels = 5000;
    assert_int_equal(as_media_decode(*state, AS_KIND_PNG, &in, &want, &pic, &err), AS_OK);
    assert_int_equal(as_media_decode(*state, AS_KIND_PSD, &in, &want, &pic, &err), AS_EFORMAT);
    assert_int_equal(err.reason, AS_REASON_UNSUP_MEDIA);
    in.size = 0;
    assert_int_equal(as_media_decode(*state, AS_KIND_PNG, &in, &want, &pic, &err), AS_EFORMAT);
    free(p);
    free(b.at);
}

/* A gray JPEG of one row of blocks, that row repeated `rows` times between restart markers. */
static struct bytes jpeg_repeat(uint32_t w, uint32_t rows)
{
    uint8_t *p = texture(w, 8, 1);
    struct bytes one = jpeg_make(p, w, 8, (struct jpeg_how){1, 50, 1, 0, 0, 0, 0}), b = {0};
    uint8_t dri[6] = {0xFF, 0xDD, 0, 4, (uint8_t)((w + 7) / 8 >> 8), (uint8_t)((w + 7) / 8)};
    size_t sos = 2, data, len;

    for (; one.at[sos + 1] != 0xDA; sos += 2 + (size_t)(one.at[sos + 2] << 8 | one.at[sos + 3]))
        if (one.at[sos + 1] == 0xC0) {
            one.at[sos + 5] = (uint8_t)(rows * 8 >> 8);
            one.at[sos + 6] = (uint8_t)(rows * 8);
        }
    data = sos + 2 + (size_t)(one.at[sos + 2] << 8 | one.at[sos + 3]);
    len = one.size - 2 - data;
    b.at = malloc(data + sizeof dri + rows * (len + 2));
    memcpy(b.at, one.at, sos);
    memcpy(b.at + sos, dri, sizeof dri);
    memcpy(b.at + sos + sizeof dri, one.at + sos, data - sos);
    b.size = data + sizeof dri;
    for (uint32_t i = 0; i < rows; i++) {
        memcpy(b.at + b.size, one.at + data, len);
        b.at[b.size + len] = 0xFF;
        b.at[b.size + len + 1] = i + 1 < rows ? (uint8_t)(0xD0 + i % 8) : 0xD9;
        b.size += len + 2;
    }
    free(p);
    free(one.at);
    return b;
}

static struct bytes png_giant(uint32_t side)
{
    uint8_t *p = calloc(side, 1);
    struct bytes b = {0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);

    png_set_write_fn(png, &b, png_append, NULL);
    png_set_compression_level(png, 1);
    png_set_IHDR(png, info, side, side, 1, PNG_COLOR_TYPE_GRAY, 0, 0, 0);
    png_write_info(png, info);
    for (uint32_t y = 0; y < side; y++) {
        memset(p, y >= side / 2 ? 255 : 0, side / 8);
        png_write_row(png, p);
    }
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    free(p);
    return b;
}

/* 30,000 x 30,000 pixels need memory for a few rows only. */
static void giants(void **state)
{
    struct bytes b = png_giant(30000);
    struct as_picture pic;
    struct rusage before, after;

    getrusage(RUSAGE_SELF, &before);
    assert_int_equal(decode(*state, AS_KIND_PNG, b, ALL, 200000000, &pic, NULL), 0);
    assert_int_equal(pic.w, 30000);
    assert_int_equal(pic.flags, AS_FLAG_STRIPS);
    assert_true(at(&pic.sample, 0, 255) == 0.0f && at(&pic.sample, 511, 256) == 255.0f);
    assert_true(at(&pic.small, 0, 79) == 0.0f && at(&pic.small, 159, 80) == 255.0f);
    free(b.at);
    b = jpeg_repeat(30000, 3750);
    assert_int_equal(decode(*state, AS_KIND_JPEG, b, ALL, 200000000, &pic, NULL), 0);
    assert_int_equal(pic.h, 30000);
    assert_int_equal(pic.flags, AS_FLAG_STRIPS);
    assert_true(at(&pic.sample, 300, 0) == at(&pic.sample, 300, 256)); /* row 15000 */
    free(b.at);
    getrusage(RUSAGE_SELF, &after);
    assert_true(after.ru_maxrss - before.ru_maxrss < 150 * 1024);
}

/* ---- real files --------------------------------------------------------- */

static uint64_t digest(const struct as_picture *pic)
{
    uint64_t d = 1469598103934665603u;

    for (uint32_t y = 0; y < pic->luma.h; y++)
        for (uint32_t x = 0; x < pic->luma.w; x++) {
            uint32_t bits;
            float v = at(&pic->luma, x, y);
            memcpy(&bits, &v, sizeof bits);
            d = (d ^ bits) * 1099511628211u;
        }
    return d;
}

/* Size as the manifest states it; turned by a right angle is the same picture. */
static bool size_agrees(const char *decode_word, const struct as_picture *pic)
{
    const char *size = strrchr(decode_word, ':');
    unsigned w = 0, h = 0;

    if (!size || (sscanf(size + 1, "%ux%u", &w, &h) != 2 &&
                  sscanf(strchr(size, '_') ? strchr(size, '_') + 1 : "", "%u_%u", &w, &h) != 2))
        return true;
    return (pic->w == w && pic->h == h) || (pic->w == h && pic->h == w);
}

static void real_files(void **state)
{
    struct t_manifest m;
    unsigned ok = 0, wrong = 0;

    if (!t_manifest_open(&m)) {
        print_message("no data folder: skipped\n");
        skip();
    }
    while (t_manifest_next(&m)) {
        struct bytes b = {m.at, m.size};
        struct as_input in = {m.at, -1, 0, m.size};
        enum as_kind kind = as_sniff(&in);
        struct as_picture pic;
        struct as_err err = {0};
        enum as_status status;
        bool must = strncmp(m.decode, "ok:", 3) == 0;

        if (as_kind_class((uint16_t)kind) != AS_CLASS_PICTURE || m.set[0] == 'h' || m.set[0] == 'g')
            continue;
        status = decode(*state, kind, b, AS_LUMA | AS_SAMPLE, 200000000, &pic, &err);
        if ((must && (status != AS_OK || pic.flags & (AS_FLAG_TRUNCATED | AS_FLAG_CORRUPT))) ||
            (status == AS_OK && !size_agrees(m.decode, &pic))) {
            print_message("%s: %s: %s, %u x %u, flags %x, %s\n", m.path, m.decode,
                          status == AS_OK ? "ok" : "failed", pic.w, pic.h, pic.flags, err.text);
            wrong++;
        }
        ok += status == AS_OK;
    }
    t_manifest_close(&m);
    print_message("%u pictures decoded, %u not as the manifest says\n", ok, wrong);
    assert_int_equal(wrong, 0);
    assert_true(ok > 300);
}

/* Broken files: no crash, an end, and the same answer from a decoder with another history. */
static void malformed_files(void **state)
{
    struct t_manifest m;
    struct as_decoder *fresh = NULL;
    unsigned n = 0, ok = 0;

    if (!t_manifest_open(&m)) {
        print_message("no data folder: skipped\n");
        skip();
    }
    while (t_manifest_next(&m)) {
        struct bytes b = {m.at, m.size};
        struct as_input in = {m.at, -1, 0, m.size};
        enum as_kind kind = as_sniff(&in);
        struct as_picture pic, again;
        enum as_status status;

        if (m.set[0] != 'h' || as_kind_class((uint16_t)kind) != AS_CLASS_PICTURE)
            continue;
        status = decode(*state, kind, b, AS_LUMA | AS_RGB | AS_SAMPLE, 20000000, &pic, NULL);
        assert_true(status == AS_OK || as_item_failed(status));
        n++;
        ok += status == AS_OK;
        assert_int_equal(as_decoder_new(&fresh), AS_OK);
        assert_int_equal(
            decode(fresh, kind, b, AS_LUMA | AS_RGB | AS_SAMPLE, 20000000, &again, NULL), status);
        if (status == AS_OK && digest(&pic) != digest(&again))
            fail_msg("%s: depends on history", m.path);
        as_decoder_free(fresh);
    }
    t_manifest_close(&m);
    print_message("%u broken files, %u give a picture\n", n, ok);
    assert_true(n > 400);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Told, not tested: the time of a gray decode against the library's own. */
static void cost(void **state)
{
    const char *root = getenv("ASSAY_DATA");
    char name[600];
    struct bytes b = {0};
    double best[3] = {9, 9, 9};

    snprintf(name, sizeof name, "%s/a_prnu/dresden/Nikon_D200_0/ff/Nikon_D200_0_15871.JPG",
             root ? root : "");
    b.at = t_file_read(name, &b.size);
    if (!b.at)
        skip();
    for (int i = 0; i < 5; i++) {
        struct as_picture pic;
        uint32_t w, h;
        double t = now();
        free(jpeg_plain(b, JCS_GRAYSCALE, &w, &h));
        best[0] = fmin(best[0], now() - t);
        t = now();
        assert_int_equal(decode(*state, AS_KIND_JPEG, b, AS_SAMPLE, 200000000, &pic, NULL), 0);
        best[1] = fmin(best[1], now() - t);
        t = now();
        assert_int_equal(
            decode(*state, AS_KIND_JPEG, b, AS_LUMA | AS_SAMPLE, 200000000, &pic, NULL), 0);
        best[2] = fmin(best[2], now() - t);
    }
    print_message("gray of 10 MP: libjpeg-turbo %.1f ms; sample %.2f x; with luma %.2f x\n",
                  best[0] * 1e3, best[1] / best[0], best[2] / best[0]);
    free(b.at);
}

static void warm_and_versions(void **state)
{
    char text[512];

    (void)state;
    as_media_warm();
    as_media_versions(text, sizeof text);
    assert_non_null(strstr(text, "libjpeg-turbo 2."));
    assert_non_null(strstr(text, "libheif 1."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(warm_and_versions),
        cmocka_unit_test(jpeg_equals_the_library),
        cmocka_unit_test(jpeg_coefficients),
        cmocka_unit_test(jpeg_cmyk),
        cmocka_unit_test(jpeg_of_rgb),
        cmocka_unit_test(jpeg_cut),
        cmocka_unit_test(jpeg_corrupt_and_unsupported),
        cmocka_unit_test(jpeg_scan_bomb),
        cmocka_unit_test(png_cut),
        cmocka_unit_test(png_all_types),
        cmocka_unit_test(png_16_and_palette),
        cmocka_unit_test(webp_lossless),
        cmocka_unit_test(tiff_layouts),
        cmocka_unit_test(tiff_16),
        cmocka_unit_test(tiff_cut),
        cmocka_unit_test(gif_canvas),
        cmocka_unit_test(bmp_rows),
        cmocka_unit_test(warm_samples),
        cmocka_unit_test(strips_equal_whole),
        cmocka_unit_test(hard_limit),
        cmocka_unit_test(giants),
        cmocka_unit_test(real_files),
        cmocka_unit_test(malformed_files),
        cmocka_unit_test(cost),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
