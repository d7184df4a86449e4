/* t_decode_files.c - tests of the decoders on giant, real and broken pictures. */
#include "t_pictures.h"

#include <sys/resource.h>
#include <time.h>

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
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strips_equal_whole),
        cmocka_unit_test(hard_limit),
        cmocka_unit_test(giants),
        cmocka_unit_test(real_files),
        cmocka_unit_test(malformed_files),
        cmocka_unit_test(cost),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
