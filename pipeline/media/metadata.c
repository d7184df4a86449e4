/* metadata.c - what a file says about itself: dispatch, and what the readers share. */
#include "c2pa.h"

#include <cbor.h>
#include <lcms2.h>
#include <libexif/exif-data.h>
#include <libiptcdata/iptc-data.h>
#include <libxml/parser.h>
#include <openssl/crypto.h>
#include <zlib.h>

#include <stdio.h>
#include <stdlib.h>

enum { BLOCKS_MAX = 64 };

void as_parts_add(struct as_parts *parts, const uint8_t *at, size_t n)
{
    if (parts->n == AS_PARTS_MAX || n > AS_BLOCK_MAX - parts->bytes) {
        parts->cut = true;
        return;
    }
    parts->at[parts->n++] = (struct as_span){at, n};
    parts->bytes += n;
}

struct as_span as_parts_join(struct as_md *md, const struct as_parts *parts, uint8_t **copy)
{
    size_t used = 0;

    *copy = NULL;
    if (parts->bytes == 0)
        return (struct as_span){NULL, 0};
    if (parts->n == 1)
        return parts->at[0];
    if ((*copy = malloc(parts->bytes)) == NULL) {
        md->no_memory = true;
        return (struct as_span){NULL, 0};
    }
    for (size_t i = 0; i < parts->n; i++) {
        if (parts->at[i].n > 0)
            memcpy(*copy + used, parts->at[i].at, parts->at[i].n);
        used += parts->at[i].n;
    }
    return (struct as_span){*copy, used};
}

struct as_span as_md_fetch(struct as_md *md, uint64_t at, uint64_t n, uint8_t **copy)
{
    const struct as_input *in = md->in;
    int64_t got;

    *copy = NULL;
    if (at >= in->size)
        return (struct as_span){NULL, 0};
    if (n > in->size - at)
        n = in->size - at;
    if (n > AS_BLOCK_MAX) {
        as_md_broken(md, "metadata block longer than 16 MiB");
        n = AS_BLOCK_MAX;
    }
    if (in->at)
        return (struct as_span){in->at + at, (size_t)n};
    if ((*copy = malloc((size_t)n + 1)) == NULL) {
        md->no_memory = true;
        return (struct as_span){NULL, 0};
    }
    got = as_input_read(in, at, *copy, n);
    return (struct as_span){*copy, got > 0 ? (size_t)got : 0};
}

void as_md_broken(struct as_md *md, const char *what)
{
    for (unsigned i = 0; i < md->nbroken; i++)
        if (md->broken[i] == what)
            return;
    if (md->nbroken == AS_BROKEN_MAX)
        return;
    md->broken[md->nbroken++] = what;
    as_kvs_add(md->kvs, "meta.broken", what, strlen(what));
}

bool as_md_enter(struct as_md *md, size_t n)
{
    if (md->depth == AS_NEST_MAX || md->blocks == BLOCKS_MAX || n > AS_BLOCKS_BYTES - md->bytes) {
        as_md_broken(md, "too many or too deeply nested metadata blocks");
        return false;
    }
    md->depth++;
    md->blocks++;
    md->bytes += n;
    return true;
}

void as_md_leave(struct as_md *md)
{
    md->depth--;
}

/* Appends U+code to a UTF-8 text; returns the bytes written, at most 4. */
static size_t put_utf8(char *to, uint32_t code)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (char)(0xC0 | code >> 6);
        to[1] = (char)(0x80 | (code & 63));
        return 2;
    }
    if (code < 0x10000) {
        to[0] = (char)(0xE0 | code >> 12);
        to[1] = (char)(0x80 | (code >> 6 & 63));
        to[2] = (char)(0x80 | (code & 63));
        return 3;
    }
    to[0] = (char)(0xF0 | code >> 18);
    to[1] = (char)(0x80 | (code >> 12 & 63));
    to[2] = (char)(0x80 | (code >> 6 & 63));
    to[3] = (char)(0x80 | (code & 63));
    return 4;
}

/* True when every byte above 127 is part of a UTF-8 sequence, roughly: enough to
 * tell UTF-8 from Latin-1, which almost never looks like this.               */
static bool looks_utf8(const uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t more = at[i] < 0x80 ? 0 : at[i] < 0xC2 ? 9 : at[i] < 0xE0 ? 1 : at[i] < 0xF0 ? 2 : 3;
        if (at[i] > 0xF4 || more > n - i - 1)
            return false;
        for (size_t k = 1; k <= more; k++)
            if ((at[i + k] & 0xC0) != 0x80)
                return false;
        i += more + 1;
    }
    return true;
}

void as_md_latin1(struct as_md *md, const char *key, const uint8_t *at, size_t n)
{
    char text[2 * AS_KV_MAX];
    size_t used = 0;

    if (looks_utf8(at, n)) {
        as_kvs_add(md->kvs, key, (const char *)at, n);
        return;
    }
    for (size_t i = 0; i < n && used + 2 <= sizeof text; i++)
        used += put_utf8(text + used, at[i]);
    as_kvs_add(md->kvs, key, text, used);
}

void as_md_utf16(struct as_md *md, const char *key, const uint8_t *at, size_t n, bool big)
{
    char text[AS_KV_MAX + 8];
    size_t used = 0, i = 0;

    if (n >= 2 && (as_u16be(at) == 0xFEFF || as_u16be(at) == 0xFFFE)) {
        big = at[0] == 0xFE;
        i = 2;
    }
    for (; i + 1 < n && used + 4 <= sizeof text; i += 2) {
        uint32_t c = (uint32_t)at[i + (big ? 0 : 1)] << 8 | at[i + (big ? 1 : 0)];
        if (c >= 0xD800 && c < 0xDC00 && i + 3 < n) {
            uint32_t low = (uint32_t)at[i + (big ? 2 : 3)] << 8 | at[i + (big ? 3 : 2)];
            if (low >= 0xDC00 && low < 0xE000) {
                c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
                i += 2;
            }
        }
        used += put_utf8(text + used, c); /* a lone surrogate is escaped by kvs */
    }
    as_kvs_add(md->kvs, key, text, used);
}

static void read_kind(enum as_kind kind, struct as_md *md)
{
    static const struct {
        enum as_kind kind;
        void (*read)(struct as_md *md);
        bool streams; /* reads through as_input_read: need not be in memory */
    } readers[] = {
        {AS_KIND_JPEG, as_md_jpeg, false},  {AS_KIND_PNG, as_md_png, false},
        {AS_KIND_GIF, as_md_gif, false},    {AS_KIND_TIFF, as_md_tiff, false},
        {AS_KIND_RAW, as_md_tiff, false},   {AS_KIND_PSD, as_md_psd, false},
        {AS_KIND_WEBP, as_md_riff, true},   {AS_KIND_AVI, as_md_riff, true},
        {AS_KIND_WAV, as_md_riff, true},    {AS_KIND_HEIC, as_md_bmff, true},
        {AS_KIND_AVIF, as_md_bmff, true},   {AS_KIND_MP4, as_md_bmff, true},
        {AS_KIND_MOV, as_md_bmff, true},    {AS_KIND_GPP, as_md_bmff, true},
        {AS_KIND_AAC, as_md_bmff, true},    {AS_KIND_JPEG2000, as_md_bmff, true},
        {AS_KIND_JPEGXL, as_md_bmff, true},
    };

    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (readers[i].kind == kind && (readers[i].streams || md->in->at))
            readers[i].read(md);
}

enum as_status as_metadata_read(enum as_kind kind, const struct as_input *in,
                                const struct as_trust *trust, struct as_kvs *kvs,
                                struct as_facts *facts, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_md md = {.in = in, .kvs = kvs, .facts = facts, .trust = trust};

    memset(facts, 0, sizeof *facts);
    facts->thumb.fd = -1;
    facts->jpeg.adobe_transform = 255;
    read_kind(kind, &md);
    if (facts->thumb.size > 0)
        as_md_thumb_tables(&facts->jpeg, facts->thumb.at, (size_t)facts->thumb.size);
    if (md.no_memory)
        AS_FAIL(err, AS_ENOMEM, "no memory for the metadata");
done:
    return status;
}

static void warm_cbor(void)
{
    static const unsigned char sample[] = {0xA1, 0x61, 'a', 0x01};

    (void)cbor_stream_decode(sample, sizeof sample, &cbor_empty_callbacks, NULL);
}

/* An EXIF block with one maker note that libexif understands (Apple's). */
static const uint8_t warm_exif[] = "MM\0*\0\0\0\x08\0\x02"
                                   "\x01\x0F\0\x02\0\0\0\x06\0\0\0\x26"
                                   "\x87\x69\0\x04\0\0\0\x01\0\0\0\x2C\0\0\0\0"
                                   "Apple\0"
                                   "\0\x01\x92\x7C\0\x07\0\0\0\x20\0\0\0\x3E\0\0\0\0"
                                   "Apple iOS\0\0\x01MM\0\x01\0\x01\0\x09\0\0\0\x01\0\0\0\x04";

void as_metadata_warm(void)
{
    static const uint8_t xmp[] = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf="
                                 "'http://www.w3.org/1999/02/22-rdf-syntax-ns#'/></x:xmpmeta>";
    static const uint8_t iim[] = {0x1C, 2, 110, 0, 1, 'x'};
    struct as_input in = {.at = xmp, .fd = -1, .size = sizeof xmp};
    struct as_facts facts;
    struct as_kvs kvs;
    struct as_md md = {.in = &in, .kvs = &kvs, .facts = &facts};
    cmsHPROFILE srgb;
    uint8_t icc[4096];
    cmsUInt32Number n = sizeof icc;

    if (as_kvs_init(&kvs) != AS_OK)
        return;
    memset(&facts, 0, sizeof facts);
    as_md_xmp_warm();
    as_md_xmp(&md, xmp, sizeof xmp - 1);
    as_md_iptc(&md, iim, sizeof iim);
    as_md_exif(&md, warm_exif, sizeof warm_exif - 1);
    /* both translate through gettext, which looks for a catalogue the first time */
    (void)exif_tag_get_title_in_ifd(EXIF_TAG_MAKE, EXIF_IFD_0);
    (void)iptc_tag_get_title(IPTC_RECORD_APP_2, IPTC_TAG_CREDIT);
    if ((srgb = cmsCreate_sRGBProfile()) != NULL) {
        if (cmsSaveProfileToMem(srgb, icc, &n))
            as_md_icc(&md, icc, n);
        cmsCloseProfile(srgb);
    }
    warm_cbor();
    as_c2pa_warm();
    as_kvs_clear(&kvs);
}

void as_metadata_versions(char *to, size_t n)
{
    int lcms = cmsGetEncodedCMMversion(); /* 2140 for 2.14 */

    snprintf(to, n,
             "libexif %s; libiptcdata %s; libxml2 %s; lcms2 %d.%d; libcbor %d.%d.%d; zlib %s; "
             "OpenSSL %s",
             AS_LIBEXIF_VERSION, AS_LIBIPTCDATA_VERSION, LIBXML_DOTTED_VERSION, lcms / 1000,
             lcms % 1000 / 10, CBOR_MAJOR_VERSION, CBOR_MINOR_VERSION, CBOR_PATCH_VERSION,
             zlibVersion(), OpenSSL_version(OPENSSL_VERSION_STRING));
}
