/* sniff_media.c - pictures, video and sound whose container must be looked into.
 *
 * 1. ISO base media (ISO/IEC 14496-12) and RIFF
 * 2. TIFF and the raw formats built on it
 * 3. pictures with short magic numbers
 * 4. streams known by their frames                                           */
#include "sniff_in.h"

/* ---- 1. ISO base media and RIFF ----------------------------------------- */

struct brand {
    char name[5];
    uint8_t len; /* that count */
    enum as_kind kind;
};

static const struct brand brands[] = {
    {"heic", 4, AS_KIND_HEIC},   {"heix", 4, AS_KIND_HEIC},     {"heim", 4, AS_KIND_HEIC},
    {"heis", 4, AS_KIND_HEIC},   {"hevc", 4, AS_KIND_HEIC},     {"hevx", 4, AS_KIND_HEIC},
    {"avif", 4, AS_KIND_AVIF},   {"avis", 4, AS_KIND_AVIF},     {"crx ", 4, AS_KIND_RAW},
    {"jxl ", 4, AS_KIND_JPEGXL}, {"jp2 ", 4, AS_KIND_JPEG2000}, {"jpx ", 4, AS_KIND_JPEG2000},
    {"qt  ", 4, AS_KIND_MOV},    {"3gp", 3, AS_KIND_GPP},       {"3g2", 3, AS_KIND_GPP},
    {"3ge", 3, AS_KIND_GPP},     {"3gg", 3, AS_KIND_GPP},       {"M4A", 3, AS_KIND_AAC},
    {"M4B", 3, AS_KIND_AAC},     {"M4P", 3, AS_KIND_AAC},
};

static enum as_kind brand_kind(const uint8_t *name)
{
    for (size_t i = 0; i < sizeof brands / sizeof *brands; i++)
        if (memcmp(name, brands[i].name, brands[i].len) == 0)
            return brands[i].kind;
    return AS_KIND_UNKNOWN;
}

/* The major brand decides; the general ones of HEIF leave it to the compatible brands. */
static enum as_kind ftyp_kind(const struct as_head *h)
{
    size_t end = as_be32(h->p);
    bool heif = AS_HEAD_IS(h, 8, "mif1") || AS_HEAD_IS(h, 8, "msf1") || AS_HEAD_IS(h, 8, "miaf");
    enum as_kind kind = brand_kind(h->p + 8);

    if (kind != AS_KIND_UNKNOWN)
        return kind;
    if (!heif)
        return AS_KIND_MP4;
    for (size_t at = 16; at + 4 <= h->n && at + 4 <= end; at += 4) {
        kind = brand_kind(h->p + at);
        if (kind == AS_KIND_AVIF || kind == AS_KIND_HEIC)
            return kind;
    }
    return AS_KIND_HEIC;
}

/* Files older than ftyp begin with any of these boxes; one that holds media must follow. */
static enum as_kind boxes_kind(const struct as_head *h)
{
    static const char media[][5] = {"moov", "mdat"};
    static const char later[][5] = {"moof", "styp", "sidx"};
    static const char filler[][5] = {"free", "skip", "wide", "pnot", "uuid", "PICT"};
    uint64_t at = 0;

    for (unsigned boxes = 0; boxes < 16 && at + 8 <= h->n; boxes++) {
        const uint8_t *p = h->p + at;
        bool filled = false;
        for (size_t i = 0; i < sizeof media / sizeof *media; i++)
            if (memcmp(p + 4, media[i], 4) == 0 && (as_be32(p) >= 8 || as_be32(p) <= 1))
                return AS_KIND_MOV;
        for (size_t i = 0; i < sizeof later / sizeof *later; i++)
            if (memcmp(p + 4, later[i], 4) == 0 && as_be32(p) >= 8)
                return AS_KIND_MP4;
        for (size_t i = 0; i < sizeof filler / sizeof *filler; i++)
            filled |= memcmp(p + 4, filler[i], 4) == 0;
        if (!filled || as_be32(p) < 8)
            return AS_KIND_UNKNOWN;
        at += as_be32(p);
    }
    return AS_KIND_UNKNOWN;
}

static enum as_kind bmff_kind(const struct as_head *h)
{
    if (h->n >= 12 && AS_HEAD_IS(h, 4, "ftyp"))
        return ftyp_kind(h);
    return boxes_kind(h);
}

static enum as_kind riff_kind(const struct as_head *h)
{
    if (!(AS_HEAD_IS(h, 0, "RIFF") || AS_HEAD_IS(h, 0, "RIFX") || AS_HEAD_IS(h, 0, "RF64")))
        return AS_KIND_UNKNOWN;
    if (AS_HEAD_IS(h, 8, "WEBP"))
        return AS_KIND_WEBP;
    if (AS_HEAD_IS(h, 8, "AVI "))
        return AS_KIND_AVI;
    if (AS_HEAD_IS(h, 8, "WAVE"))
        return AS_KIND_WAV;
    return AS_HEAD_IS(h, 8, "CDXA") ? AS_KIND_MPEGPS : AS_KIND_UNKNOWN;
}

/* ---- 2. TIFF ------------------------------------------------------------ */

struct tiff {
    const struct as_head *h;
    bool little;
};

static uint32_t tiff_16(const struct tiff *t, size_t at)
{
    return t->little ? as_le16(t->h->p + at) : as_be16(t->h->p + at);
}

static uint32_t tiff_32(const struct tiff *t, size_t at)
{
    return t->little ? as_le32(t->h->p + at) : as_be32(t->h->p + at);
}

/* Compressions that only cameras write: NEF, ARW, PEF, SRW. */
static bool camera_compression(uint32_t c)
{
    return c == 34713 || c == 32767 || c == 65535 || c == 32770 || c == 32769;
}

/* A raw file's first directory is a small preview (subfile type 1) by a camera
 * that keeps the sensor's data in a sub-directory, or says DNG, or is
 * compressed as only cameras do.                                             */
static enum as_kind tiff_kind(const struct as_head *h)
{
    struct tiff t = {h, h->n > 0 && h->p[0] == 'I'};
    bool make = false, sub = false, preview = false;
    uint64_t at;

    if (h->n < 16)
        return h->n >= 8 ? AS_KIND_TIFF : AS_KIND_UNKNOWN;
    if (AS_HEAD_IS(h, 8, "CR\2"))
        return AS_KIND_RAW;
    if (tiff_16(&t, 2) != 42)
        return AS_KIND_TIFF; /* BigTIFF */
    at = tiff_32(&t, 4);
    if (at + 2 > h->n)
        return AS_KIND_TIFF;
    for (uint32_t i = 0, n = tiff_16(&t, (size_t)at); i < n; i++) {
        uint64_t e = at + 2 + 12 * (uint64_t)i;
        uint32_t tag, value;
        if (e + 12 > h->n)
            break;
        tag = tiff_16(&t, (size_t)e);
        value = tiff_16(&t, (size_t)e + 2) == 3 ? tiff_16(&t, (size_t)e + 8)
                                                : tiff_32(&t, (size_t)e + 8);
        if (tag == 0xC612 || (tag == 259 && camera_compression(value)))
            return AS_KIND_RAW;
        make |= tag == 271;
        sub |= tag == 330;
        preview |= tag == 254 && value == 1;
    }
    return make && sub && preview ? AS_KIND_RAW : AS_KIND_TIFF;
}

/* ---- 3. short magic numbers --------------------------------------------- */

static bool is_bmp(const struct as_head *h)
{
    uint32_t at, header;

    if (h->n < 26 || !AS_HEAD_IS(h, 0, "BM"))
        return false;
    at = as_le32(h->p + 10);
    header = as_le32(h->p + 14);
    return at >= 26 && at <= 1u << 24 && header >= 12 && header <= 1024;
}

static bool is_ico(const struct as_head *h)
{
    uint32_t count;

    if (h->n < 22 || !(AS_HEAD_IS(h, 0, "\0\0\1\0") || AS_HEAD_IS(h, 0, "\0\0\2\0")))
        return false;
    count = as_le16(h->p + 4);
    return count >= 1 && count <= 256 && h->p[9] == 0 && as_le32(h->p + 14) > 0 &&
           as_le32(h->p + 18) >= 6 + 16 * count && as_le32(h->p + 18) < h->size;
}

static bool is_pcx(const struct as_head *h)
{
    const uint8_t *p = h->p;

    if (h->n < 128 || p[0] != 0x0A || p[1] > 5 || p[1] == 1 || p[2] > 1)
        return false;
    return (p[3] == 1 || p[3] == 2 || p[3] == 4 || p[3] == 8) && p[65] >= 1 && p[65] <= 4 &&
           as_le16(p + 4) <= as_le16(p + 8) && as_le16(p + 6) <= as_le16(p + 10);
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool is_pnm(const struct as_head *h)
{
    const uint8_t *p = h->p;

    if (h->n < 7 || p[0] != 'P' || p[1] < '1' || p[1] > '7' || !is_space(p[2]))
        return false;
    if (p[1] == '7')
        return AS_HEAD_IS(h, 2, "\nWIDTH") || p[3] == '#';
    return p[3] == '#' || (p[3] >= '0' && p[3] <= '9') || is_space(p[3]);
}

/* Targa has no magic before its version 2, so every field must make sense. */
static bool is_tga(const struct as_head *h)
{
    const uint8_t *p = h->p;
    unsigned type, bits;
    uint64_t pixels;

    if (h->ntail >= 26 && memcmp(h->tail + h->ntail - 18, "TRUEVISION-XFILE.", 18) == 0)
        return true;
    if (h->n < 32 || p[1] > 1 || p[17] & 0xC0 || (p[17] & 15) > 8)
        return false;
    type = p[2] & 7u;
    bits = p[16];
    if (p[2] & 0xF4 || type < 1 || type > 3 || (type == 1) != (p[1] == 1))
        return false;
    if (p[1] == 0 && (as_le32(p + 3) != 0 || p[7] != 0))
        return false;
    if (p[1] == 1 &&
        (as_le16(p + 5) == 0 || (p[7] != 15 && p[7] != 16 && p[7] != 24 && p[7] != 32)))
        return false;
    if (type == 2 ? bits != 15 && bits != 16 && bits != 24 && bits != 32 : bits != 8)
        return false;
    pixels = (uint64_t)as_le16(p + 12) * as_le16(p + 14);
    if (pixels == 0 || as_le32(p + 8) != 0) /* no origin: all writers but few leave it 0 */
        return false;
    return p[2] & 8 || pixels * ((bits + 7) / 8) + 18 <= h->size;
}

enum as_kind as_sniff_media(const struct as_head *h)
{
    enum as_kind kind = bmff_kind(h);

    if (kind == AS_KIND_UNKNOWN)
        kind = riff_kind(h);
    if (kind != AS_KIND_UNKNOWN)
        return kind;
    if (AS_HEAD_IS(h, 0, "II*\0") || AS_HEAD_IS(h, 0, "MM\0*") ||
        AS_HEAD_IS(h, 0, "II+\0\x08\0\0\0") || AS_HEAD_IS(h, 0, "MM\0+\0\x08\0\0"))
        return tiff_kind(h);
    if (is_bmp(h))
        return AS_KIND_BMP;
    if (is_ico(h))
        return AS_KIND_ICO;
    if (is_pcx(h))
        return AS_KIND_PCX;
    return is_pnm(h) ? AS_KIND_PNM : AS_KIND_UNKNOWN;
}

/* ---- 4. streams --------------------------------------------------------- */

/* Bytes of an MPEG audio frame by its header (ISO/IEC 11172-3, 13818-3), 0 if it is none. */
static size_t mp3_frame(const uint8_t *p)
{
    static const uint16_t kbits[5][16] = {
        {0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448, 0}, /* 1, layer I */
        {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0},    /* 1, II   */
        {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0},     /* 1, III  */
        {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256, 0},    /* 2, I    */
        {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0}};        /* 2, II III */
    static const uint16_t hertz[3] = {44100, 48000, 32000};
    unsigned version = p[1] >> 3 & 3, layer = 4 - (p[1] >> 1 & 3u), rate = p[2] >> 2 & 3;
    unsigned row = version == 3 ? layer - 1 : layer == 1 ? 3 : 4, pad = p[2] >> 1 & 1;
    uint32_t bits, hz;

    if (p[0] != 0xFF || (p[1] & 0xE0) != 0xE0 || version == 1 || layer == 4 || rate == 3)
        return 0;
    bits = kbits[row][p[2] >> 4] * 1000u;
    hz = hertz[rate] >> (version == 3 ? 0 : version == 2 ? 1 : 2);
    if (layer == 1)
        return (12 * bits / hz + pad) * 4;
    return (layer == 3 && version != 3 ? 72u : 144u) * bits / hz + pad;
}

/* Bytes of an ADTS frame, 0 if it is none. */
static size_t adts_frame(const uint8_t *p)
{
    size_t len = (size_t)((p[3] & 3) << 11 | p[4] << 3 | p[5] >> 5);

    if (p[0] != 0xFF || (p[1] & 0xF6) != 0xF0 || (p[2] >> 2 & 15) > 12)
        return 0;
    return len >= 7 ? len : 0;
}

/* Three frames in a row, or as many as the file has, at least two. */
static bool frames_follow(const struct as_head *h, size_t (*frame)(const uint8_t *))
{
    size_t at = 0;
    unsigned n = 0;

    for (; n < 3 && at + 7 <= h->n; n++) {
        size_t len = frame(h->p + at);
        if (len == 0)
            return false;
        at += len;
    }
    return n >= 3 || (n == 2 && at >= h->size);
}

static bool is_ts(const struct as_head *h, size_t first, size_t packet)
{
    size_t n = 0;

    for (size_t at = first; at < h->n && n < 16; at += packet, n++)
        if (h->p[at] != 0x47)
            return false;
    return n >= 4;
}

/* An Annex B stream begins with a parameter set or an access unit delimiter. */
static bool is_h26x(const struct as_head *h)
{
    size_t at = AS_HEAD_IS(h, 0, "\0\0\0\1") ? 4 : 3;
    uint8_t nal, next;

    if (h->n < 16 || !(at == 4 || AS_HEAD_IS(h, 0, "\0\0\1")))
        return false;
    nal = h->p[at];
    next = h->p[at + 1];
    if ((nal == 0x40 || nal == 0x42 || nal == 0x46) && next == 1) /* H.265 VPS, SPS, AUD */
        return true;
    if (nal == 0x09) /* H.264 AUD: primary_pic_type and a stop bit */
        return (next & 0x1F) == 0x10;
    return (nal == 0x67 || nal == 0x27 || nal == 0x47) &&
           (next == 66 || next == 77 || next == 88 || next == 100 || next == 110 || next == 122 ||
            next == 244);
}

enum as_kind as_sniff_stream(const struct as_head *h)
{
    if (AS_HEAD_IS(h, 0, "\0\0\1\xBA") || AS_HEAD_IS(h, 0, "\0\0\1\xB3"))
        return AS_KIND_MPEGPS;
    if (is_h26x(h))
        return AS_KIND_H26X;
    if (is_ts(h, 0, 188) || is_ts(h, 4, 192) || is_ts(h, 0, 204))
        return AS_KIND_MPEGTS;
    if (h->n >= 10 && AS_HEAD_IS(h, 0, "ID3") && h->p[3] >= 2 && h->p[3] <= 4 && h->p[4] != 0xFF)
        return AS_KIND_MP3;
    if (frames_follow(h, adts_frame))
        return AS_KIND_AAC;
    if (frames_follow(h, mp3_frame))
        return AS_KIND_MP3;
    return is_tga(h) ? AS_KIND_TGA : AS_KIND_UNKNOWN;
}
