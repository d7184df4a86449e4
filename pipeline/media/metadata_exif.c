/* metadata_exif.c - EXIF values and maker notes.
 *
 * The directory structure is walked by metadata_tiff.c, for EXIF blocks and
 * TIFF files alike: libexif reads neither TIFF files nor blocks above 64 KiB
 * (generated pictures keep whole workflows in UserComment) and does not tell
 * where the thumbnail lies.  libexif names the tags and reads maker notes.
 *
 * Values are kept as stored: numbers in decimal, rationals as n/d (an unreduced
 * or zero denominator is evidence), never rounded or translated.             */
#include "metadata.h"

#include "../hex.h"

#include <libexif/exif-data.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { VALUES_MAX = 64, MAKER_MAX = 512, MAKERS_MAX = 2 };

static uint64_t get_uint(const uint8_t *p, size_t size, bool big)
{
    uint64_t v = 0;

    for (size_t i = 0; i < size; i++)
        v = v << 8 | p[big ? i : size - 1 - i];
    return v;
}

static int64_t get_int(const uint8_t *p, size_t size, bool big)
{
    uint64_t v = get_uint(p, size, big);
    uint64_t sign = (uint64_t)1 << (8 * size - 1);

    return (int64_t)((v ^ sign) - sign);
}

static int put_real(char *to, size_t n, const uint8_t *p, size_t size, bool big)
{
    uint64_t v = get_uint(p, size, big);
    uint32_t low = (uint32_t)v;
    double d;
    float f;

    if (size == 8) {
        memcpy(&d, &v, sizeof d);
        return snprintf(to, n, "%.17g", d);
    }
    memcpy(&f, &low, sizeof f);
    return snprintf(to, n, "%.9g", (double)f);
}

/* One number of a TIFF type, as text; returns its length. */
static int put_number(char *to, size_t n, const struct as_tiff_value *v, const uint8_t *p)
{
    switch (v->type) {
    case 5: /* RATIONAL */
        return snprintf(to, n, "%u/%u", (unsigned)get_uint(p, 4, v->big),
                        (unsigned)get_uint(p + 4, 4, v->big));
    case 10: /* SRATIONAL */
        return snprintf(to, n, "%d/%d", (int)get_int(p, 4, v->big), (int)get_int(p + 4, 4, v->big));
    case 6:
        return snprintf(to, n, "%d", (int)get_int(p, 1, v->big));
    case 8:
        return snprintf(to, n, "%d", (int)get_int(p, 2, v->big));
    case 9:
        return snprintf(to, n, "%d", (int)get_int(p, 4, v->big));
    case 17:
        return snprintf(to, n, "%lld", (long long)get_int(p, 8, v->big));
    case 11:
        return put_real(to, n, p, 4, v->big);
    case 12:
        return put_real(to, n, p, 8, v->big);
    default: /* BYTE, SHORT, LONG, IFD, LONG8, IFD8 */
        return snprintf(to, n, "%llu",
                        (unsigned long long)get_uint(p, v->n / (size_t)v->count, v->big));
    }
}

static void add_numbers(struct as_md *md, const char *key, const struct as_tiff_value *v)
{
    char text[VALUES_MAX * 28 + 8];
    size_t size = v->n / (size_t)v->count, used = 0;

    for (uint64_t i = 0; i < v->count && i < VALUES_MAX; i++) {
        if (i > 0)
            text[used++] = ' ';
        used += (size_t)put_number(text + used, 28, v, v->at + i * size);
    }
    if (v->count > VALUES_MAX)
        used += (size_t)snprintf(text + used, 8, " ...");
    as_kvs_add(md->kvs, key, text, used);
}

static bool has_controls(const uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((at[i] < 32 && !isspace(at[i])) || at[i] == 127)
            return true;
    return false;
}

static bool has_high(const uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (at[i] > 127)
            return true;
    return false;
}

/* Bytes that may be text ("0220" of ExifVersion) or anything else. */
static void add_bytes(struct as_md *md, const char *key, const struct as_tiff_value *v)
{
    size_t n = v->n;
    char hex[2 * 32 + 3] = "0x";

    while (n > 0 && (v->at[n - 1] == 0 || v->at[n - 1] == ' '))
        n--;
    if (n > 1 && !has_controls(v->at, n) && !has_high(v->at, n)) {
        as_kvs_add(md->kvs, key, (const char *)v->at, n);
    } else if (v->n <= 4) {
        add_numbers(md, key, v);
    } else if (v->n <= 32) {
        as_hex_digits(v->at, v->n, hex + 2);
        as_kvs_add(md->kvs, key, hex, 2 + 2 * v->n);
    } else {
        as_kvs_addf(md->kvs, key, "(%zu bytes)", v->n);
    }
}

/* Writers disagree on the byte order of UNICODE comments (the block's, or always
 * big): the order in which more characters have a zero high byte is taken.    */
static bool utf16_is_big(const uint8_t *at, size_t n, bool fallback)
{
    size_t big = 0, little = 0;

    for (size_t i = 0; i + 1 < n; i += 2) {
        big += at[i] == 0 && at[i + 1] != 0;
        little += at[i] != 0 && at[i + 1] == 0;
    }
    return big == little ? fallback : big > little;
}

/* Text behind an 8-byte character code (EXIF 2.3, 4.6.5). */
static void add_comment(struct as_md *md, const char *key, const struct as_tiff_value *v)
{
    const uint8_t *at = v->at;
    size_t n = v->n;

    if (n >= 8 && (AS_BEGINS(at, n, "UNICODE\0") || AS_BEGINS(at, n, "Unicode\0"))) {
        as_md_utf16(md, key, at + 8, n - 8, utf16_is_big(at + 8, n - 8, v->big));
        return;
    }
    if (n >= 8 && (AS_BEGINS(at, n, "ASCII\0\0\0") || AS_BEGINS(at, n, "\0\0\0\0\0\0\0\0"))) {
        at += 8;
        n -= 8;
    } else if (AS_BEGINS(at, n, "JIS\0\0\0\0\0")) {
        as_kvs_addf(md->kvs, key, "(%zu bytes of JIS text)", n - 8);
        return;
    }
    while (n > 0 && (at[n - 1] == 0 || at[n - 1] == ' '))
        n--;
    if (has_controls(at, n)) /* some cameras keep binary data here */
        add_bytes(md, key, v);
    else
        as_md_latin1(md, key, at, n);
}

static void add_ascii(struct as_md *md, const char *key, const struct as_tiff_value *v)
{
    const uint8_t *end = memchr(v->at, 0, v->n);
    size_t n = end ? (size_t)(end - v->at) : v->n;

    as_md_latin1(md, key, v->at, n);
    /* Copyright holds two strings: photographer and editor */
    if (v->tag == 0x8298 && end && n + 1 < v->n && end[1] != 0)
        as_kvs_add(md->kvs, "exif.CopyrightEditor", (const char *)end + 1,
                   strnlen((const char *)end + 1, v->n - n - 1));
}

void as_md_tiff_value(struct as_md *md, const char *key, const struct as_tiff_value *v)
{
    if (v->count == 0 || v->n == 0)
        return;
    if (v->tag == 0x9286 || v->tag == 0x001B || v->tag == 0x001C)
        add_comment(md, key, v);
    else if (v->tag >= 0x9C9B && v->tag <= 0x9C9F) /* XPTitle .. XPSubject */
        as_md_utf16(md, key, v->at, v->n, false);
    else if (v->type == 2)
        add_ascii(md, key, v);
    else if (v->type == 1 || v->type == 7)
        add_bytes(md, key, v);
    else
        add_numbers(md, key, v);
}

/* Binary blocks, mostly encrypted: libexif spends a microsecond per ten bytes to print them. */
static bool is_blob(const char *name)
{
    static const char *const blobs[] = {"AFInfo2",          "ColorBalance",       "ContrastCurve",
                                        "FileInfo",         "FlashInfo",          "LensData",
                                        "NikonCaptureData", "PictureControlData", "ShotInfo"};

    for (size_t i = 0; i < sizeof blobs / sizeof *blobs; i++)
        if (strcmp(name, blobs[i]) == 0)
            return true;
    return false;
}

/* One entry of a maker note: skipped where libexif knows no name or cannot read the value.
 * The buffer is short because libexif fills it byte by byte, in quadratic time. */
static void add_maker(struct as_md *md, ExifMnoteData *note, unsigned i)
{
    const char *name = exif_mnote_data_get_name(note, i);
    char key[128], value[200];

    value[0] = '\0';
    if (name == NULL || is_blob(name) ||
        exif_mnote_data_get_value(note, i, value, sizeof value) == NULL)
        return;
    value[sizeof value - 1] = '\0';
    if (strncmp(value, "Invalid number of components", 28) == 0)
        return;
    snprintf(key, sizeof key, "maker.%s", name);
    as_kvs_add(md->kvs, key, value, strlen(value));
}

void as_md_maker(struct as_md *md, const uint8_t *tiff, size_t n)
{
    /* what libexif can address (an APP1 segment, less its length), with the prefix it wants */
    enum { REACH = 0xFFFE };
    ExifMnoteData *note;
    ExifData *data;
    uint8_t *block;

    if (md->makers++ >= MAKERS_MAX) /* libexif loads the whole block each time */
        return;
    data = exif_data_new();
    n = n > REACH - 6 ? REACH - 6 : n;
    block = malloc(n + 6);
    if (block == NULL || data == NULL) {
        md->no_memory = true;
        goto done;
    }
    memcpy(block, "Exif\0", 6);
    memcpy(block + 6, tiff, n);
    exif_data_unset_option(data, EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
    exif_data_set_option(data, EXIF_DATA_OPTION_DONT_CHANGE_MAKER_NOTE);
    exif_data_load_data(data, block, (unsigned)(n + 6));
    note = exif_data_get_mnote_data(data);
    if (note)
        for (unsigned i = 0; i < exif_mnote_data_count(note) && i < MAKER_MAX; i++)
            add_maker(md, note, i);
done:
    free(block);
    if (data)
        exif_data_unref(data);
}
