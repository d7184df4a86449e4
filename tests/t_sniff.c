/* t_sniff.c - tests of pipeline/media/sniff.c: kinds by content. */
#include "../pipeline/media/sniff.h"
#include "t_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum as_kind sniff(const void *at, size_t n)
{
    struct as_input in = {at, -1, 0, n};
    return as_sniff(&in);
}

#define SNIFF(literal) sniff(literal, sizeof(literal) - 1)

static void magics(void **state)
{
    (void)state;
    assert_int_equal(sniff("", 0), AS_KIND_EMPTY);
    assert_int_equal(SNIFF("\xFF\xD8\xFF"), AS_KIND_JPEG);
    assert_int_equal(SNIFF("\x89PNG\r\n\x1A\n"), AS_KIND_PNG);
    assert_int_equal(SNIFF("\x89PNG\n\x1A\n\0\0"), AS_KIND_UNKNOWN);
    assert_int_equal(SNIFF("GIF89a\1\0\1\0"), AS_KIND_GIF);
    assert_int_equal(SNIFF("RIFF\0\0\0\0WEBPVP8 "), AS_KIND_WEBP);
    assert_int_equal(SNIFF("RIFF\0\0\0\0AVI LIST"), AS_KIND_AVI);
    assert_int_equal(SNIFF("RIFF\0\0\0\0WAVEfmt "), AS_KIND_WAV);
    assert_int_equal(SNIFF("PK\3\4rest of it"), AS_KIND_ZIP);
    assert_int_equal(SNIFF("7z\xBC\xAF\x27\x1C\0\4"), AS_KIND_SEVENZIP);
    assert_int_equal(SNIFF("Rar!\x1A\7\1\0"), AS_KIND_RAR);
    assert_int_equal(SNIFF("\x1F\x8B\x08\0\0\0\0\0"), AS_KIND_COMPRESSED);
    assert_int_equal(SNIFF("\x1F\x8B\x08\xF0\0\0\0\0"), AS_KIND_UNKNOWN);
    assert_int_equal(SNIFF("BZh91AY&SY\0\0"), AS_KIND_COMPRESSED);
    assert_int_equal(SNIFF("BZh9 is a sentence"), AS_KIND_TEXT);
    assert_int_equal(SNIFF("EVF\x09\r\n\xFF\0\1\1\0\0\0"), AS_KIND_EWF);
    assert_int_equal(SNIFF("\xCA\xFE\xD0\x0D\7\x96"), AS_KIND_PACK200);
    assert_int_equal(SNIFF("SQLite format 3\0"), AS_KIND_DATABASE);
    assert_int_equal(SNIFF("%PDF-1.7\n"), AS_KIND_PDF);
}

static void brands(void **state)
{
    (void)state;
    assert_int_equal(SNIFF("\0\0\0\x18"
                           "ftypheic\0\0\0\0mif1heic"),
                     AS_KIND_HEIC);
    assert_int_equal(SNIFF("\0\0\0\x18"
                           "ftypmif1\0\0\0\0mif1avif"),
                     AS_KIND_AVIF);
    assert_int_equal(SNIFF("\0\0\0\x18"
                           "ftypmif1\0\0\0\0mif1heic"),
                     AS_KIND_HEIC);
    assert_int_equal(SNIFF("\0\0\0\x14"
                           "ftypavif\0\0\0\0avif"),
                     AS_KIND_AVIF);
    assert_int_equal(SNIFF("\0\0\0\x14"
                           "ftypqt  \0\0\0\0qt  "),
                     AS_KIND_MOV);
    assert_int_equal(SNIFF("\0\0\0\x14"
                           "ftypisom\0\0\0\0isom"),
                     AS_KIND_MP4);
    assert_int_equal(SNIFF("\0\0\0\x14"
                           "ftyp3gp4\0\0\0\0isom"),
                     AS_KIND_GPP);
    assert_int_equal(SNIFF("\0\0\0\x14"
                           "ftypM4A \0\0\0\0isom"),
                     AS_KIND_AAC);
    assert_int_equal(SNIFF("\0\0\0\x14"
                           "ftypcrx \0\0\0\1crx "),
                     AS_KIND_RAW);
    assert_int_equal(SNIFF("\0\0\0\x08wide\0\0\0\x10mdat"), AS_KIND_MOV);
    assert_int_equal(SNIFF("\0\0\0\x08wide\0\0\0\x10xxxx"), AS_KIND_UNKNOWN);
}

/* A little-endian TIFF with one directory of SHORT entries (tag, value). */
static size_t tiff(uint8_t *to, const uint16_t (*entries)[2], size_t n)
{
    memset(to, 0, 512);
    memcpy(to, "II*\0\x08\0\0\0", 8);
    to[8] = (uint8_t)n;
    for (size_t i = 0; i < n; i++) {
        uint8_t *e = to + 10 + 12 * i;
        e[0] = (uint8_t)entries[i][0];
        e[1] = (uint8_t)(entries[i][0] >> 8);
        e[2] = 3;
        e[4] = 1;
        e[8] = (uint8_t)entries[i][1];
        e[9] = (uint8_t)(entries[i][1] >> 8);
    }
    return 10 + 12 * n + 4;
}

static void raw_and_tiff(void **state)
{
    static const uint16_t plain[][2] = {{254, 0}, {256, 4}, {257, 4}, {271, 1}};
    static const uint16_t nef[][2] = {{254, 1}, {256, 4}, {271, 1}, {330, 1}};
    static const uint16_t dng[][2] = {{256, 4}, {257, 4}, {0xC612, 1}};
    static const uint16_t arw[][2] = {{256, 4}, {259, 32767}};
    uint8_t b[512];

    (void)state;
    assert_int_equal(sniff(b, tiff(b, plain, 4)), AS_KIND_TIFF);
    assert_int_equal(sniff(b, tiff(b, nef, 4)), AS_KIND_RAW);
    assert_int_equal(sniff(b, tiff(b, dng, 3)), AS_KIND_RAW);
    assert_int_equal(sniff(b, tiff(b, arw, 2)), AS_KIND_RAW);
    assert_int_equal(SNIFF("II*\0\x10\0\0\0CR\2\0\0\0\0\0"), AS_KIND_RAW);
}

static void tar_by_checksum(void **state)
{
    uint8_t b[1024] = "name.jpg";
    int sum = 0;

    (void)state;
    memcpy(b + 100, "0000644", 8);
    memset(b + 148, ' ', 8);
    for (size_t i = 0; i < 512; i++)
        sum += b[i];
    snprintf((char *)b + 148, 8, "%06o", sum);
    assert_int_equal(sniff(b, sizeof b), AS_KIND_TAR);
    b[0]++;
    assert_int_not_equal(sniff(b, sizeof b), AS_KIND_TAR);
    memcpy(b + 257, "ustar", 6);
    assert_int_equal(sniff(b, sizeof b), AS_KIND_TAR);
}

static void texts(void **state)
{
    (void)state;
    assert_int_equal(SNIFF("plain words\n"), AS_KIND_TEXT);
    assert_int_equal(SNIFF("gr\xC3\xBC\xC3\x9F"), AS_KIND_TEXT);
    assert_int_equal(SNIFF("Latin text with one \xFC in it"), AS_KIND_TEXT);
    assert_int_equal(SNIFF("\xFC\xE4\xF6\xDF\xFC"), AS_KIND_UNKNOWN);
    assert_int_equal(SNIFF("words\1"), AS_KIND_UNKNOWN);
    assert_int_equal(SNIFF("\xFF\xFEh\0i\0"), AS_KIND_TEXT);
    assert_int_equal(SNIFF("  <!DOCTYPE HTML><p>"), AS_KIND_HTML);
    assert_int_equal(SNIFF("<?xml version='1.0'?><!-- --><svg>"), AS_KIND_SVG);
    assert_int_equal(SNIFF("<?xml version='1.0'?><a/>"), AS_KIND_XML);
    assert_int_equal(SNIFF("%!PS-Adobe-3.0 EPSF-3.0\n"), AS_KIND_EPS);
    assert_int_equal(SNIFF("%!PS-Adobe-3.0\n"), AS_KIND_POSTSCRIPT);
    assert_int_equal(SNIFF("{\\rtf1\\ansi}"), AS_KIND_RTF);
}

static void streams(void **state)
{
    uint8_t b[2048] = {0};

    (void)state;
    for (size_t i = 0; i < 3; i++) /* MPEG 1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes */
        memcpy(b + i * 417, "\xFF\xFB\x90\x00", 4);
    assert_int_equal(sniff(b, 1300), AS_KIND_MP3);
    b[417] = 0;
    assert_int_equal(sniff(b, 1300), AS_KIND_UNKNOWN);
    memset(b, 0, sizeof b);
    for (size_t i = 0; i < sizeof b; i += 188)
        b[i] = 0x47;
    assert_int_equal(sniff(b, sizeof b), AS_KIND_MPEGTS);
    assert_int_equal(SNIFF("\0\0\0\1\x67\x64\0\x28\xAC\xD9\0\x78\2\x27\xE5\xC0"), AS_KIND_H26X);
    assert_int_equal(SNIFF("ID3\3\0\0\0\0\0\x10"), AS_KIND_MP3);
}

static void disks(void **state)
{
    static uint8_t b[4096];

    (void)state;
    b[510] = 0x55;
    b[511] = 0xAA;
    assert_int_equal(sniff(b, sizeof b), AS_KIND_UNKNOWN); /* a signature and nothing else */
    b[446] = 0x80;
    b[450] = 7;
    b[459] = 8; /* sectors */
    assert_int_equal(sniff(b, sizeof b), AS_KIND_RAWDISK);
    b[446] = 0x81;
    assert_int_equal(sniff(b, sizeof b), AS_KIND_UNKNOWN);
    memset(b, 0, sizeof b);
    memcpy(b + 3, "NTFS    ", 8);
    b[510] = 0x55;
    b[511] = 0xAA;
    assert_int_equal(sniff(b, sizeof b), AS_KIND_RAWDISK);
    memset(b, 0, sizeof b);
    memcpy(b + sizeof b - 512, "conectix", 8);
    assert_int_equal(sniff(b, sizeof b), AS_KIND_VHD);
}

static void targa(void **state)
{
    uint8_t b[18 + 4 * 4 * 3] = {0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 4, 0, 24, 0};

    (void)state;
    assert_int_equal(sniff(b, sizeof b), AS_KIND_TGA);
    assert_int_equal(sniff(b, sizeof b - 1), AS_KIND_UNKNOWN); /* pixels are missing */
    b[16] = 23;
    assert_int_equal(sniff(b, sizeof b), AS_KIND_UNKNOWN);
}

static void a_program_with_a_zip(void **state)
{
    uint8_t b[256] = "MZ";

    (void)state;
    b[60] = 64;
    assert_int_equal(sniff(b, sizeof b), AS_KIND_EXECUTABLE);
    memcpy(b + sizeof b - 22, "PK\5\6", 4);
    assert_int_equal(sniff(b, sizeof b), AS_KIND_ZIP);
    b[sizeof b - 2] = 1; /* the comment would pass the end */
    assert_int_equal(sniff(b, sizeof b), AS_KIND_EXECUTABLE);
}

/* Through a descriptor the answer is the same, at any offset of the file. */
static void by_descriptor(void **state)
{
    char name[] = "/tmp/t_sniff_XXXXXX";
    int fd = mkstemp(name);
    uint8_t b[3000] = {0};
    struct as_input in = {NULL, fd, 100, sizeof b - 100};

    (void)state;
    assert_true(fd >= 0);
    unlink(name);
    memcpy(b + 100, "\x89PNG\r\n\x1A\n", 8);
    assert_int_equal(write(fd, b, sizeof b), sizeof b);
    assert_int_equal(as_sniff(&in), AS_KIND_PNG);
    in.start = 5000;
    assert_int_equal(as_sniff(&in), AS_KIND_UNKNOWN);
    close(fd);
    assert_int_equal(as_sniff(&in), AS_KIND_UNKNOWN);
}

/* Every prefix of random bytes after every magic: no crash, and the same answer twice. */
static void noise(void **state)
{
    uint32_t seed = 1234567;
    uint8_t b[600];

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        size_t n = round % sizeof b + 1;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1664525u + 1013904223u;
            b[i] = (uint8_t)(seed >> 24);
        }
        assert_int_equal(sniff(b, n), sniff(b, n));
    }
}

static void the_list(void **state)
{
    (void)state;
    assert_string_equal(as_kind_name(AS_KIND_JPEG), "jpeg");
    assert_string_equal(as_kind_title(AS_KIND_PNG), "PNG");
    assert_string_equal(as_kind_name(9999), "unknown");
    assert_int_equal(as_kind_find("heic"), AS_KIND_HEIC);
    assert_int_equal(as_kind_find("nothing"), -1);
    assert_int_equal(as_kind_class(AS_KIND_ZIP), AS_CLASS_CONTAINER);
    assert_int_equal(as_kind_class(AS_KIND_RAW), AS_CLASS_UNDECODED);
}

/* The kind that a file of the data folder must have by its manifest, or NULL where it says nothing.
 */
static const char *kind_by_manifest(const char *decode)
{
    static const char *const words[][2] = {
        {"ok:JPEG", "jpeg"},   {"ok:MPO", "jpeg"},      {"ok:PNG", "png"},
        {"ok:GIF", "gif"},     {"ok:BMP", "bmp"},       {"ok:WEBP", "webp"},
        {"ok:TIFF", "tiff"},   {"ok:PCX", "pcx"},       {"ok:TGA", "tga"},
        {"header:BMP", "bmp"}, {"header:HEIC", "heic"}, {"header:AVIF", "avif"},
        {"header:PDF", "pdf"}, {"header:SVG", "svg"},   {"header:WAV", "wav"},
        {"header:EPS", "eps"}, {"header:PPM", "pnm"},   {"magic:EWF", "ewf"},
        {"magic:7z", "7z"},    {"magic:RAR", "rar"}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncmp(decode, words[i][0], strlen(words[i][0])) == 0)
            return words[i][1];
    return NULL;
}

static void real_files(void **state)
{
    struct t_manifest m;
    unsigned checked = 0, wrong = 0;

    (void)state;
    if (!t_manifest_open(&m)) {
        print_message("no data folder: skipped\n");
        skip();
    }
    while (t_manifest_next(&m)) {
        const char *want = kind_by_manifest(m.decode), *got;
        struct as_input in = {m.at, -1, 0, m.size};
        if (!want && strncmp(m.decode, "text", 4) == 0)
            want = ""; /* some kind of text or document */
        if (!want)
            continue;
        got = as_kind_name((uint16_t)as_sniff(&in));
        checked++;
        if (*want ? strcmp(got, want) != 0
                  : as_kind_class((uint16_t)as_sniff(&in)) == AS_CLASS_PICTURE) {
            print_message("%s: %s, not %s\n", m.path, got, want);
            wrong++;
        }
    }
    t_manifest_close(&m);
    print_message("%u files, %u wrong\n", checked, wrong);
    assert_int_equal(wrong, 0);
    assert_true(checked > 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(magics),
        cmocka_unit_test(brands),
        cmocka_unit_test(raw_and_tiff),
        cmocka_unit_test(tar_by_checksum),
        cmocka_unit_test(texts),
        cmocka_unit_test(streams),
        cmocka_unit_test(disks),
        cmocka_unit_test(targa),
        cmocka_unit_test(a_program_with_a_zip),
        cmocka_unit_test(by_descriptor),
        cmocka_unit_test(noise),
        cmocka_unit_test(the_list),
        cmocka_unit_test(real_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
