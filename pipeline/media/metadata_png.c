/* metadata_png.c - PNG chunks: texts, EXIF, XMP, ICC, C2PA.
 *
 * Compressed texts are inflated by zlib into one bounded buffer; all of a file
 * together inflate to at most AS_INFLATE_MAX, so a bomb costs little.         */
#include "metadata.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

enum { CHUNKS_MAX = 1 << 20, TEXT_MAX = 1 << 20 };

/* Inflates at most `max` bytes; NULL when nothing came out. Free the result. */
static uint8_t *inflate_some(struct as_md *md, const uint8_t *at, size_t n, size_t max, size_t *len)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)at, .avail_in = (uInt)n};
    size_t room = n < max / 8 - 32 ? 8 * n + 256 : max;
    uint8_t *to = NULL;
    int r = Z_OK;

    *len = 0;
    if (md->inflated >= AS_INFLATE_MAX || inflateInit(&z) != Z_OK)
        return NULL;
    while (r == Z_OK) {
        uint8_t *more = realloc(to, room);
        if (more == NULL) {
            md->no_memory = true;
            break;
        }
        to = more;
        z.next_out = to + *len;
        z.avail_out = (uInt)(room - *len);
        r = inflate(&z, Z_SYNC_FLUSH);
        *len = (size_t)(z.next_out - to);
        if (*len < room)
            break;
        if (room == max) {
            as_md_broken(md, "compressed PNG text or profile too long");
            break;
        }
        room = room < max / 2 ? 2 * room : max;
    }
    if (r != Z_STREAM_END && r != Z_OK)
        as_md_broken(md, "compressed PNG text or profile");
    inflateEnd(&z);
    md->inflated += *len;
    if (*len == 0) {
        free(to);
        to = NULL;
    }
    return to;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* ImageMagick's "Raw profile type X": name, length, then the bytes in hex. */
static void read_raw_profile(struct as_md *md, const char *type, const uint8_t *at, size_t n)
{
    uint8_t *to = malloc(n / 2 + 1);
    size_t i = 0, len = 0;
    int high = -1;

    if (to == NULL) {
        md->no_memory = true;
        return;
    }
    for (int line = 0; line < 3 && i < n; i++) /* "\nname\n   length\n" */
        line += at[i] == '\n';
    for (; i < n; i++) {
        int d = hex_digit(at[i]);
        if (d < 0)
            continue;
        if (high >= 0)
            to[len++] = (uint8_t)(high << 4 | d);
        high = high >= 0 ? -1 : d;
    }
    if (strcmp(type, "exif") == 0 || (strcmp(type, "APP1") == 0 && AS_BEGINS(to, len, "Exif\0")))
        as_md_exif(md, to + (AS_BEGINS(to, len, "Exif\0") && len >= 6 ? 6 : 0),
                   AS_BEGINS(to, len, "Exif\0") && len >= 6 ? len - 6 : len);
    else if (strcmp(type, "xmp") == 0)
        as_md_xmp(md, to, len);
    else if (strcmp(type, "iptc") == 0 || strcmp(type, "8bim") == 0)
        (AS_BEGINS(to, len, "8BIM") ? as_md_irb : as_md_iptc)(md, to, len);
    else if (strcmp(type, "icc") == 0 || strcmp(type, "icm") == 0)
        as_md_icc(md, to, len);
    free(to);
}

/* The text of `keyword`, in Latin-1 or UTF-8. */
static void add_text(struct as_md *md, const char *keyword, const uint8_t *at, size_t n)
{
    char key[4 + 80];

    if (strcmp(keyword, "XML:com.adobe.xmp") == 0) {
        as_md_xmp(md, at, n);
    } else if (strncmp(keyword, "Raw profile type ", 17) == 0) {
        read_raw_profile(md, keyword + 17, at, n);
    } else {
        snprintf(key, sizeof key, "png.%s", keyword);
        as_md_latin1(md, key, at, n);
    }
}

static void add_deflated(struct as_md *md, const char *keyword, const uint8_t *at, size_t n)
{
    size_t len, max = strcmp(keyword, "XML:com.adobe.xmp") == 0 ? AS_BLOCK_MAX : TEXT_MAX;
    uint8_t *text = inflate_some(md, at, n, max, &len);

    if (text)
        add_text(md, keyword, text, len);
    free(text);
}

/* iTXt after the keyword: compression flag, method, language, translated keyword, text. */
static void read_itxt(struct as_md *md, const char *keyword, const uint8_t *at, size_t n)
{
    bool deflated = n > 0 && at[0] == 1;
    size_t i = 2;

    for (int field = 0; field < 2; field++) {
        const uint8_t *end = i < n ? memchr(at + i, 0, n - i) : NULL;
        if (end == NULL) {
            as_md_broken(md, "PNG text chunk");
            return;
        }
        i = (size_t)(end - at) + 1;
    }
    if (deflated)
        add_deflated(md, keyword, at + i, n - i);
    else
        add_text(md, keyword, at + i, n - i);
}

static void read_keyword_chunk(struct as_md *md, const uint8_t *type, const uint8_t *at, size_t n)
{
    const uint8_t *end = memchr(at, 0, n < 80 ? n : 80);
    char keyword[80];
    size_t len, icc;
    uint8_t *profile;

    if (end == NULL || end == at) {
        as_md_broken(md, "PNG text chunk");
        return;
    }
    len = (size_t)(end - at);
    memcpy(keyword, at, len + 1);
    at += len + 1;
    n -= len + 1;
    if (memcmp(type, "tEXt", 4) == 0) {
        add_text(md, keyword, at, n);
    } else if (memcmp(type, "iTXt", 4) == 0) {
        read_itxt(md, keyword, at, n);
    } else if (n > 1 && memcmp(type, "zTXt", 4) == 0) { /* one byte: the method */
        add_deflated(md, keyword, at + 1, n - 1);
    } else if (n > 1) {
        profile = inflate_some(md, at + 1, n - 1, AS_BLOCK_MAX, &icc);
        as_md_latin1(md, "icc.name", (const uint8_t *)keyword, len);
        if (profile)
            as_md_icc(md, profile, icc);
        free(profile);
    }
}

static void read_chunk(struct as_md *md, const uint8_t *type, const uint8_t *at, size_t n)
{
    if (memcmp(type, "tEXt", 4) == 0 || memcmp(type, "zTXt", 4) == 0 ||
        memcmp(type, "iTXt", 4) == 0 || memcmp(type, "iCCP", 4) == 0)
        read_keyword_chunk(md, type, at, n);
    else if (memcmp(type, "eXIf", 4) == 0)
        as_md_exif(md, at + (AS_BEGINS(at, n, "Exif\0\0") ? 6 : 0),
                   AS_BEGINS(at, n, "Exif\0\0") ? n - 6 : n);
    else if (memcmp(type, "caBX", 4) == 0)
        as_md_c2pa_at(md, at, n, (uint64_t)(at - md->in->at) - 8,
                      (uint64_t)(at - md->in->at) + n + 4);
    else if (memcmp(type, "tIME", 4) == 0 && n == 7)
        as_kvs_addf(md->kvs, "png.tIME", "%04u:%02u:%02u %02u:%02u:%02u", as_u16be(at), at[2],
                    at[3], at[4], at[5], at[6]);
    else if (memcmp(type, "pHYs", 4) == 0 && n == 9)
        as_kvs_addf(md->kvs, "png.pHYs", "%u x %u per %s", as_u32be(at), as_u32be(at + 4),
                    at[8] == 1 ? "metre" : "unit");
    else if (memcmp(type, "gAMA", 4) == 0 && n == 4)
        as_kvs_addf(md->kvs, "png.gAMA", "%u/100000", as_u32be(at));
    else if (memcmp(type, "sRGB", 4) == 0 && n == 1)
        as_kvs_addf(md->kvs, "png.sRGB", "%u", at[0]);
}

void as_md_png(struct as_md *md)
{
    const uint8_t *p = md->in->at;
    size_t n = (size_t)md->in->size, at = 8;
    bool ended = false;

    for (unsigned i = 0; i < CHUNKS_MAX && !ended && n >= 8 && n - at >= 12; i++) {
        uint32_t size = as_u32be(p + at);

        if (size > n - at - 12) {
            as_md_broken(md, "PNG chunk longer than the file");
            return;
        }
        read_chunk(md, p + at + 4, p + at + 8, size);
        ended = memcmp(p + at + 4, "IEND", 4) == 0;
        at += 12 + (size_t)size;
    }
    if (ended && at < n) {
        md->facts->flags |= AS_FLAG_TRAILING;
        as_kvs_addf(md->kvs, "png.trailing", "%zu bytes", n - at);
    }
}
