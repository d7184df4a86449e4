/* t_alter.c - altered pictures of every size and sort: they are files of the size that is told, the
 * same each time, and nothing is written that is not theirs.  (s_sweep.sh holds their samples to
 * numpy and scipy.)
 */
#include "../kernels/alter.h"
#include "../kernels/rng.h"
#include "../kernels/simd.h"
#include "../pipeline/examine/alter.h"
#include "../pipeline/media/encode.h"
#include "../pipeline/media/media.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CAP = 1 << 20, GUARD = 0xA5 };

static const uint32_t SIZES[][2] = {{1, 1}, {1, 9}, {9, 1}, {13, 14}, {17, 3}, {64, 48}, {97, 61}};
static const uint8_t SHA[32] = {1, 2, 3}, OTHER[32] = {9};

static struct as_rgb8 picture(uint32_t w, uint32_t h)
{
    const size_t n = (size_t)w * h;
    uint8_t *at = calloc(n, 3);
    struct as_rgb8 pic = {{at, at + n, at + 2 * n}, w, h};
    uint64_t rng = 7;

    assert_non_null(at);
    for (size_t i = 0; i < 3 * n; i++)
        at[i] = (uint8_t)(64 + i % w + (as_rng_next(&rng) & 63));
    return pic;
}

/* A picture as a PNG, loaded. */
static void load(struct as_alter *alter, uint32_t w, uint32_t h, const uint8_t sha256[32])
{
    struct as_rgb8 pic = picture(w, h);
    uint8_t *file = malloc(CAP);
    uint64_t len;

    assert_int_equal(as_encode(&pic, 0, file, CAP, &len, NULL), AS_OK);
    as_alter_load(alter, AS_KIND_PNG, &(struct as_input){file, -1, 0, len}, sha256);
    free(file);
    free(pic.at[0]);
}

static struct as_alter *begin(const struct as_options *o)
{
    struct as_alter *alter;

    assert_int_equal(as_alter_new(&alter, o, NULL), AS_OK);
    return alter;
}

/* A copy in storage of its own, with nothing behind it touched; one byte less is too small. */
static uint64_t make(struct as_alter *alter, const struct as_alteration *a, uint8_t **file)
{
    struct as_err err = {0};
    const uint64_t spare = a->quality > 0; /* libjpeg asks for more where none is left */
    uint64_t len, again;

    *file = malloc(CAP + 1);
    (*file)[CAP] = GUARD;
    assert_int_equal(as_alter_make(alter, a, *file, CAP, &len, &err), AS_OK);
    uint8_t *tight = malloc(len + spare);
    assert_int_equal(as_alter_make(alter, a, tight, len - 1, &again, &err), AS_ELIMIT);
    assert_int_equal(err.reason, AS_REASON_LIMIT_ITEM);
    assert_int_equal(as_alter_make(alter, a, tight, len + spare, &again, &err), AS_OK);
    assert_int_equal(again, len);
    assert_memory_equal(tight, *file, len);
    assert_int_equal((*file)[CAP], GUARD);
    free(tight);
    return len;
}

/* A picture that its format cannot hold is told as that, whatever room and memory there are. */
static void test_sides(void **state)
{
    static const struct {
        uint32_t w, quality;
    } WIDE[] = {{1000001, 0}, {65501, 90}};
    uint8_t *plane = calloc(WIDE[0].w, 1), to[1];
    uint64_t len;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct as_rgb8 pic = {{plane, plane, plane}, WIDE[i].w, 1};
        struct as_err err = {0};
        assert_int_equal(as_encode(&pic, WIDE[i].quality, to, sizeof to, &len, &err), AS_ELIMIT);
        assert_int_equal(err.reason, AS_REASON_LIMIT_FORMAT);
    }
    free(plane);
}

static void test_all(void **state)
{
    const struct as_want want = {AS_RGB, 1 << 20, 1 << 20};
    struct as_decoder *dec;
    struct as_options o;

    (void)state;
    as_options_defaults(&o);
    o.alter = "all";
    struct as_alter *alter = begin(&o);
    assert_int_equal(as_decoder_new(&dec), AS_OK);
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        load(alter, SIZES[i][0], SIZES[i][1], SHA);
        for (const struct as_alteration *a = as_alterations; a->name; a++) {
            struct as_picture pic = {0};
            struct as_placed p;
            uint8_t *file;
            assert_true(as_alter_wants(alter, a));
            const uint64_t len = make(alter, a, &file);
            const struct as_input in = {file, -1, 0, len};
            as_alteration_place(a, SHA, SIZES[i][0], SIZES[i][1], &p);
            assert_int_equal(as_media_decode(dec, a->quality ? AS_KIND_JPEG : AS_KIND_PNG, &in,
                                             &want, &pic, NULL),
                             AS_OK);
            assert_int_equal(pic.w, p.to_w);
            assert_int_equal(pic.h, p.to_h);
            assert_true(p.x + p.w <= SIZES[i][0] && p.y + p.h <= SIZES[i][1]);
            free(file);
        }
    }
    as_decoder_free(dec);
    as_alter_free(alter);
}

/* What is random follows from the content. */
static void test_seeds(void **state)
{
    const struct as_alteration *noise = as_alteration_find("noise-7", 7);
    struct as_options o;
    uint8_t *file[3];
    uint64_t len[3];

    (void)state;
    as_options_defaults(&o);
    o.alter = "noise";
    struct as_alter *alter = begin(&o);
    assert_true(as_alter_wants(alter, noise));
    assert_false(as_alter_wants(alter, as_alteration_find("median-3", 8)));
    for (int k = 0; k < 3; k++) {
        load(alter, 40, 30, k == 1 ? OTHER : SHA);
        len[k] = make(alter, noise, &file[k]);
    }
    assert_int_equal(len[0], len[2]);
    assert_memory_equal(file[0], file[2], len[0]);
    assert_memory_not_equal(file[0], file[1], len[0]);
    for (int k = 0; k < 3; k++)
        free(file[k]);
    as_alter_free(alter);
}

/* What cannot be decoded has no copies, and the next picture has. */
static void test_damaged(void **state)
{
    static const uint8_t bytes[] = "\x89PNG\r\n\x1a\nno picture";
    struct as_err err = {0};
    struct as_options o;
    uint8_t to[64], *file;
    uint64_t len;

    (void)state;
    as_options_defaults(&o);
    o.alter = "jpeg-95";
    struct as_alter *alter = begin(&o);
    as_alter_load(alter, AS_KIND_PNG, &(struct as_input){bytes, -1, 0, sizeof bytes}, SHA);
    assert_int_equal(as_alter_make(alter, as_alterations, to, sizeof to, &len, &err), AS_EFORMAT);
    assert_int_not_equal(err.reason, AS_REASON_NONE);
    load(alter, 20, 20, SHA);
    assert_true(make(alter, as_alterations, &file) > 0);
    free(file);
    as_alter_free(alter);
}

static void test_names(void **state)
{
    bool with[AS_ALTERATIONS_MAX];
    struct as_err err;
    size_t n = 0;

    (void)state;
    assert_int_equal(as_alterations_select("median,blur-7,", with, &err), AS_OK);
    for (size_t a = 0; as_alterations[a].name; a++)
        n += with[a];
    assert_int_equal(n, 3);
    assert_int_equal(as_alterations_select("", with, &err), AS_OK);
    for (size_t a = 0; as_alterations[a].name; a++) {
        assert_false(with[a]);
        assert_ptr_equal(as_alteration_find(as_alterations[a].name, strlen(as_alterations[a].name)),
                         &as_alterations[a]);
    }
    assert_int_equal(as_alterations_select("jpeg,jpeg-9", with, &err), AS_EUSAGE);
    assert_non_null(strstr(err.text, "\"jpeg-9\""));
}

/* A picture of one colour stays so. */
static void test_flat(void **state)
{
    enum { W = 40, H = 33, N = W * H };
    uint8_t in[N], out[2 * N];

    (void)state;
    for (unsigned v = 0; v < 256; v += 51) {
        memset(in, (int)v, N);
        as_alter_median(in, W, H, 5, out);
        assert_memory_equal(in, out, N);
        assert_int_equal(as_alter_blur(in, W, H, 23, out), AS_OK);
        assert_memory_equal(in, out, N);
        assert_int_equal(as_alter_resize(in, W, H, 53, 17, out), AS_OK);
        assert_memory_equal(in, out, 53 * 17 < N ? 53 * 17 : N);
    }
}

/* Too small for peaks to be apart: a side below the least leaves all as it is, and no more than the
 * least is needed. */
static void test_peaks(void **state)
{
    enum { MIN = AS_ALTER_PEAKS_MIN };
    static const uint32_t sides[][2] = {{1, 1},        {3, 2},     {19, 19},     {MIN - 1, 90},
                                        {90, MIN - 1}, {MIN, MIN}, {MIN + 1, 47}};

    (void)state;
    for (size_t k = 0; k < sizeof sides / sizeof *sides; k++) {
        const uint32_t w = sides[k][0], h = sides[k][1];
        const size_t n = (size_t)w * h;
        struct as_rgb8 pic = picture(w, h);
        const uint8_t *const in[3] = {pic.at[0], pic.at[1], pic.at[2]};
        uint8_t *to = malloc(3 * n), *const out[3] = {to, to + n, to + 2 * n};
        assert_int_equal(as_alter_peaks(in, w, h, out), AS_OK);
        assert_int_equal(memcmp(to, in[0], 3 * n) == 0, w < MIN || h < MIN);
        free(to);
        free(pic.at[0]);
    }
}

static int setup(void **state)
{
    (void)state;
    as_simd_init(AS_CPU_PLAIN);
    as_media_warm();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sides), cmocka_unit_test(test_all),
                                       cmocka_unit_test(test_seeds), cmocka_unit_test(test_damaged),
                                       cmocka_unit_test(test_names), cmocka_unit_test(test_flat),
                                       cmocka_unit_test(test_peaks)};

    return cmocka_run_group_tests(tests, setup, NULL);
}
