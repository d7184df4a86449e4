/* t_decode.c - tests of the decoders of PNG, WebP, TIFF, GIF, BMP, HEIC and AVIF. */
#include "t_pictures.h"

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
        cmocka_unit_test(warm_and_versions), cmocka_unit_test(png_cut),
        cmocka_unit_test(png_all_types),     cmocka_unit_test(png_16_and_palette),
        cmocka_unit_test(webp_lossless),     cmocka_unit_test(tiff_layouts),
        cmocka_unit_test(tiff_16),           cmocka_unit_test(tiff_cut),
        cmocka_unit_test(gif_canvas),        cmocka_unit_test(bmp_rows),
        cmocka_unit_test(warm_samples),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
