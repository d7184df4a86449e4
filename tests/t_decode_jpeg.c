/* t_decode_jpeg.c - tests of the JPEG decoder, against the library itself. */
#include "t_pictures.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jpeg_equals_the_library),
        cmocka_unit_test(jpeg_coefficients),
        cmocka_unit_test(jpeg_cmyk),
        cmocka_unit_test(jpeg_of_rgb),
        cmocka_unit_test(jpeg_cut),
        cmocka_unit_test(jpeg_corrupt_and_unsupported),
        cmocka_unit_test(jpeg_scan_bomb),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
