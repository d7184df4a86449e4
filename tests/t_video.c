/* t_video.c - tests of as_video_describe: what containers say about themselves. */
#include "../pipeline/media/decode.h"
#include "t_files.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int setup(void **state)
{
    static struct as_kvs kvs;

    *state = &kvs;
    return as_kvs_init(&kvs) == AS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    as_kvs_clear(*state);
    return 0;
}

static enum as_status describe(struct as_kvs *kvs, const uint8_t *at, size_t n,
                               struct as_picture *pic)
{
    struct as_input in = {at, -1, 0, n};

    as_kvs_reset(kvs);
    return as_video_describe(&in, as_sniff(&in), pic, kvs, NULL);
}

/* The first value of a key, "" if it is missing. */
static const char *value(const struct as_kvs *kvs, const char *key)
{
    static char text[AS_KV_MAX + 1];

    text[0] = 0;
    for (size_t i = 0; i < kvs->n; i++)
        if (kvs->at[i].key.len == strlen(key) && memcmp(kvs->at[i].key.at, key, strlen(key)) == 0) {
            snprintf(text, sizeof text, "%.*s", (int)kvs->at[i].value.len, kvs->at[i].value.at);
            break;
        }
    return text;
}

static const struct as_warm_sample *sample_of(enum as_kind kind)
{
    const struct as_warm_sample *s = as_warm_samples;

    while (s->at && s->kind != kind)
        s++;
    return s;
}

static void built_in(void **state)
{
    static const enum as_kind kinds[] = {AS_KIND_MP4, AS_KIND_MATROSKA, AS_KIND_MPEGTS};

    for (size_t i = 0; i < 3; i++) {
        const struct as_warm_sample *s = sample_of(kinds[i]);
        struct as_picture pic;

        assert_int_equal(describe(*state, s->at, s->size, &pic), AS_OK);
        assert_int_equal(pic.reason, AS_REASON_DESCRIBED);
        assert_int_equal(pic.w, 16);
        assert_int_equal(pic.h, 16);
        assert_string_equal(value(*state, "video.codec"), "mpeg4");
        assert_string_equal(value(*state, "video.width"), "16");
        assert_string_equal(value(*state, "video.frame_rate"), "25");
    }
}

static void an_mp4(void **state)
{
    const struct as_warm_sample *s = sample_of(AS_KIND_MP4);
    struct as_picture pic;

    assert_int_equal(describe(*state, s->at, s->size, &pic), AS_OK);
    assert_int_equal(pic.frames, 2);
    assert_true(fabs(pic.duration_s - 0.08) < 0.005);
    assert_string_equal(value(*state, "video.container"), "mov,mp4,m4a,3gp,3g2,mj2");
    assert_string_equal(value(*state, "video.major_brand"), "isom");
    assert_string_equal(value(*state, "video.pixel_format"), "yuv420p");
    assert_string_equal(value(*state, "audio.codec"), "");
}

/* Sound alone: a WAV of 8-bit samples made here. */
static void sound(void **state)
{
    uint8_t wav[44 + 8000] =
        "RIFF\x64\x1F\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1F\0\0\x40\x1F\0\0\1\0\x08\0"
        "data\x40\x1F\0";
    struct as_picture pic;

    assert_int_equal(describe(*state, wav, sizeof wav, &pic), AS_OK);
    assert_int_equal(pic.reason, AS_REASON_AUDIO);
    assert_int_equal(pic.w, 0);
    assert_string_equal(value(*state, "audio.sample_rate"), "8000");
    assert_string_equal(value(*state, "audio.channels"), "1");
    assert_true(fabs(pic.duration_s - 1.0) < 1e-6);
}

/* Every prefix and many single-byte changes of the samples end, without a crash. */
static void damage(void **state)
{
    uint8_t b[1024];
    uint32_t seed = 42;

    for (const struct as_warm_sample *s = as_warm_samples; s->at; s++) {
        struct as_picture pic;
        if (as_kind_class((uint16_t)s->kind) != AS_CLASS_VIDEO)
            continue;
        for (size_t n = 1; n < s->size; n += 7) {
            struct as_input in = {s->at, -1, 0, n};
            enum as_status status = as_video_describe(&in, s->kind, &pic, *state, NULL);
            assert_true(status == AS_OK || as_item_failed(status));
        }
        for (unsigned round = 0; round < 300; round++) {
            struct as_input in = {b, -1, 0, s->size};
            enum as_status status;
            memcpy(b, s->at, s->size);
            for (unsigned k = 0; k < 4; k++) {
                seed = seed * 1664525u + 1013904223u;
                b[(seed >> 8) % s->size] = (uint8_t)(seed >> 24);
            }
            as_kvs_reset(*state);
            status = as_video_describe(&in, s->kind, &pic, *state, NULL);
            assert_true(status == AS_OK || as_item_failed(status));
        }
    }
}

/* A playlist or a list of files is never followed, whatever it is called. */
static void no_other_files(void **state)
{
    static const char *const lists[] = {
        "ffconcat version 1.0\nfile /etc/hostname\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/etc/hostname\n"};
    static const enum as_kind kinds[] = {AS_KIND_MP4,  AS_KIND_AVI, AS_KIND_MPEGPS,
                                         AS_KIND_H26X, AS_KIND_OGG, AS_KIND_AAC};
    struct as_picture pic;

    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            struct as_input in = {(const uint8_t *)lists[i], -1, 0, strlen(lists[i])};
            assert_int_not_equal(as_video_describe(&in, kinds[k], &pic, *state, NULL), AS_OK);
        }
}

/* ok:video:CODEC_W_H_FRAMES of the manifest, read through a descriptor. */
static void real_files(void **state)
{
    struct t_manifest m;
    unsigned n = 0;

    if (!t_manifest_open(&m)) {
        print_message("no data folder: skipped\n");
        skip();
    }
    while (t_manifest_next(&m)) {
        char codec[32], name[4700];
        unsigned w, h, frames;
        struct as_picture pic;
        struct as_input in = {NULL, -1, 0, m.size};

        if (sscanf(m.decode, "ok:video:%31[a-z0-9]_%u_%u_%u", codec, &w, &h, &frames) != 4)
            continue;
        snprintf(name, sizeof name, "%s/%s", m.root, m.path);
        in.fd = open(name, O_RDONLY);
        as_kvs_reset(*state);
        assert_int_equal(as_kind_class((uint16_t)as_sniff(&in)), AS_CLASS_VIDEO);
        assert_int_equal(as_video_describe(&in, as_sniff(&in), &pic, *state, NULL), AS_OK);
        close(in.fd);
        print_message("%s: %s, %u x %u, %u frames, %.2f s, %zu entries\n", m.path,
                      value(*state, "video.codec"), pic.w, pic.h, pic.frames, pic.duration_s,
                      ((struct as_kvs *)*state)->n);
        assert_string_equal(value(*state, "video.codec"), codec);
        assert_int_equal(pic.w, w);
        assert_int_equal(pic.h, h);
        assert_int_equal(pic.frames, frames);
        n++;
    }
    t_manifest_close(&m);
    assert_true(n >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in), cmocka_unit_test(an_mp4),         cmocka_unit_test(sound),
        cmocka_unit_test(damage),   cmocka_unit_test(no_other_files), cmocka_unit_test(real_files),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
