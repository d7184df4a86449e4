/* sniff.c - the kind of a file, from its bytes.
 *
 * A table of magic numbers answers for formats that have a long one; functions
 * look closer where it is short, or where one container holds several kinds.
 * Order matters: strong evidence first, text and bare headers last.          */
#include "sniff_in.h"

struct magic {
    enum as_kind kind;
    uint16_t at, len;
    const char *bytes;
};

#define M(kind, at, bytes)                                                                         \
    {                                                                                              \
        AS_KIND_##kind, at, sizeof(bytes) - 1, bytes                                               \
    }

static const struct magic magics[] = {
    /* pictures */
    M(JPEG, 0, "\xFF\xD8\xFF"),
    M(PNG, 0, "\x89PNG\r\n\x1A\n"),
    M(GIF, 0, "GIF87a"),
    M(GIF, 0, "GIF89a"),
    M(PSD, 0, "8BPS\0\1"),
    M(PSD, 0, "8BPS\0\2"),
    M(JPEG2000, 0, "\0\0\0\x0CjP  \r\n\x87\n"),
    M(JPEG2000, 0, "\xFF\x4F\xFF\x51"),
    M(JPEGXL, 0, "\0\0\0\x0CJXL \r\n\x87\n"),
    M(JPEGXL, 0, "\xFF\x0A"),
    M(RAW, 0, "FUJIFILMCCD-RAW"),
    M(RAW, 0, "IIU\0"),
    M(RAW, 0, "IIRO"),
    M(RAW, 0, "IIRS"),
    M(RAW, 0, "MMOR"),
    M(RAW, 0, "FOVb"),
    M(RAW, 0, "II\x1A\0\0\0HEAPCCDR"),
    M(RAW, 0, "\0MRM"),
    M(EPS, 0, "\xC5\xD0\xD3\xC6"),
    M(WMF, 0, "\xD7\xCD\xC6\x9A"),
    M(WMF, 0, "\1\0\x09\0\0\3"),
    M(WMF, 40, " EMF\0\0\1\0"),
    /* video and sound */
    M(MATROSKA, 0, "\x1A\x45\xDF\xA3"),
    M(ASF, 0, "\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9\0\xAA\0\x62\xCE\x6C"),
    M(FLV, 0, "FLV\1"),
    M(OGG, 0, "OggS\0"),
    M(REALMEDIA, 0, ".RMF\0\0\0"),
    M(MXF, 0, "\x06\x0E\x2B\x34\x02\x05\x01\x01\x0D\x01\x02"),
    M(FLAC, 0, "fLaC"),
    M(MIDI, 0, "MThd\0\0\0\x06"),
    M(AMR, 0, "#!AMR"),
    M(AIFF, 8, "AIFF"),
    M(AIFF, 8, "AIFC"),
    /* documents */
    M(PDF, 0, "%PDF-"),
    M(OLE, 0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"),
    M(RTF, 0, "{\\rtf"),
    /* containers */
    M(ZIP, 0, "PK\3\4"),
    M(ZIP, 0, "PK\5\6"),
    M(ZIP, 0, "PK\7\x08"),
    M(ZIP, 0, "PK00PK\3\4"),
    M(SEVENZIP, 0, "7z\xBC\xAF\x27\x1C"),
    M(RAR, 0, "Rar!\x1A\7\0"),
    M(RAR, 0, "Rar!\x1A\7\1\0"),
    M(CAB, 0, "MSCF\0\0\0\0"),
    M(AR, 0, "!<arch>\n"),
    M(AR, 0, "!<thin>\n"),
    M(XAR, 0, "xar!\0\x1C"),
    M(WARC, 0, "WARC/"),
    M(CPIO, 0, "070701"),
    M(CPIO, 0, "070702"),
    M(CPIO, 0, "070707"),
    M(CPIO, 0, "070727"),
    M(ARCHIVE, 0, "\xED\xAB\xEE\xDB\3"),
    M(COMPRESSED, 0,
      "\xFD"
      "7zXZ\0"),
    M(COMPRESSED, 0, "\x28\xB5\x2F\xFD"),
    M(COMPRESSED, 0, "\x04\x22\x4D\x18"),
    M(COMPRESSED, 0, "\x02\x21\x4C\x18"),
    M(COMPRESSED, 0, "LZIP\0"),
    M(COMPRESSED, 0, "LZIP\1"),
    M(LRZIP, 0, "LRZI\0"),
    M(LZOP, 0, "\x89LZO\0\r\n\x1A\n"),
    M(SNAPPY, 0, "\xFF\6\0\0sNaPpY"),
    M(PACK200, 0, "\xCA\xFE\xD0\x0D"),
    /* disk images */
    M(EWF, 0, "EVF\x09\r\n\xFF\0"),
    M(EWF, 0, "LVF\x09\r\n\xFF\0"),
    M(EWF, 0, "EVF2\r\n\x81\0"),
    M(EWF, 0, "LEF2\r\n\x81\0"),
    M(QCOW, 0, "QFI\xFB"),
    M(VMDK, 0, "KDMV"),
    M(VMDK, 0, "COWD"),
    M(VMDK, 0, "# Disk DescriptorFile"),
    M(VHD, 0, "conectix"),
    M(VHD, 0, "vhdxfile"),
    M(VDI, 64, "\x7F\x10\xDA\xBE"),
    M(AFF, 0, "AFF10\r\n\0"),
    M(AFF, 0, "ADSEGMENTEDFILE\0"),
    /* programs, fonts, databases */
    M(EXECUTABLE, 0,
      "\x7F"
      "ELF"),
    M(EXECUTABLE, 0, "\xFE\xED\xFA\xCE"),
    M(EXECUTABLE, 0, "\xFE\xED\xFA\xCF"),
    M(EXECUTABLE, 0, "\xCE\xFA\xED\xFE"),
    M(EXECUTABLE, 0, "\xCF\xFA\xED\xFE"),
    M(EXECUTABLE, 0, "\xCA\xFE\xBA\xBE"),
    M(EXECUTABLE, 0, "\0asm\1\0\0\0"),
    M(EXECUTABLE, 0, "dex\n03"),
    M(FONT, 0, "OTTO\0"),
    M(FONT, 0, "ttcf\0"),
    M(FONT, 0, "wOFF"),
    M(FONT, 0, "wOF2"),
    M(FONT, 0, "%!PS-AdobeFont"),
    M(FONT, 0, "\x80\1%!"),
    M(DATABASE, 0, "SQLite format 3\0"),
    M(DATABASE, 0, "\0\1\0\0Standard Jet DB\0"),
    M(DATABASE, 0, "\0\1\0\0Standard ACE DB\0"),
    M(DATABASE, 0, "!BDN"),
    M(DATABASE, 0, "regf"),
    M(DATABASE, 0, "ElfFile\0"),
};

static enum as_kind by_magic(const struct as_head *h)
{
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (as_head_is(h, magics[i].at, magics[i].bytes, magics[i].len))
            return magics[i].kind;
    return AS_KIND_UNKNOWN;
}

static bool is_executable(const struct as_head *h)
{
    return h->size >= 64 && AS_HEAD_IS(h, 0, "MZ") && as_le32(h->p + 60) < h->size;
}

/* TrueType has a version for magic: the first table's tag must be text as well. */
static bool is_font(const struct as_head *h)
{
    if (h->n < 28 || !(AS_HEAD_IS(h, 0, "\0\1\0\0\0") || AS_HEAD_IS(h, 0, "true\0")))
        return false;
    for (size_t i = 12; i < 16; i++)
        if (!(h->p[i] == ' ' || h->p[i] == '/' || (h->p[i] >= '0' && h->p[i] <= 'z')))
            return false;
    return as_be16(h->p + 4) >= 1 && as_be16(h->p + 4) <= 128;
}

/* An end record of zip whose comment ends exactly at the end of the file. */
static bool ends_as_zip(const struct as_head *h)
{
    for (size_t at = h->ntail; at >= 22; at--) {
        const uint8_t *p = h->tail + at - 22;
        if (memcmp(p, "PK\5\6", 4) == 0 && as_le16(p + 20) == h->ntail - at)
            return true;
    }
    return false;
}

static enum as_kind sniff_head(const struct as_head *h)
{
    enum as_kind (*const more[])(const struct as_head *) = {
        as_sniff_media, as_sniff_archive, as_sniff_disk, as_sniff_stream, as_sniff_text};
    enum as_kind kind = by_magic(h);

    if (kind != AS_KIND_UNKNOWN)
        return kind == AS_KIND_EXECUTABLE && ends_as_zip(h) ? AS_KIND_ZIP : kind;
    if (is_executable(h)) /* a program that unpacks itself is a container first */
        return ends_as_zip(h) ? AS_KIND_ZIP : AS_KIND_EXECUTABLE;
    if (is_font(h))
        return AS_KIND_FONT;
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        kind = more[i](h);
        if (kind != AS_KIND_UNKNOWN)
            return kind;
    }
    return ends_as_zip(h) ? AS_KIND_ZIP : AS_KIND_UNKNOWN;
}

enum as_kind as_sniff(const struct as_input *in)
{
    uint8_t head[AS_SNIFF_HEAD], tail[AS_SNIFF_TAIL];
    struct as_head h = {.size = in->size};
    uint64_t from = in->size > AS_SNIFF_TAIL ? in->size - AS_SNIFF_TAIL : 0;
    int64_t got, end;

    if (in->size == 0)
        return AS_KIND_EMPTY;
    if (in->at) {
        h.p = in->at;
        h.n = in->size < AS_SNIFF_HEAD ? (size_t)in->size : AS_SNIFF_HEAD;
        h.tail = in->at + from;
        h.ntail = (size_t)(in->size - from);
        return sniff_head(&h);
    }
    got = as_input_read(in, 0, head, sizeof head);
    end = as_input_read(in, from, tail, sizeof tail);
    if (got <= 0)
        return AS_KIND_UNKNOWN;
    h.p = head;
    h.n = (size_t)got;
    h.tail = tail;
    h.ntail = end > 0 ? (size_t)end : 0;
    return sniff_head(&h);
}

/* ---- the list of kinds -------------------------------------------------- */

struct kind {
    uint16_t number;
    enum as_class class;
    const char *name, *title;
};

static const struct kind kinds[] = {
#define AS_KIND(number, name, class, word, title) {number, AS_CLASS_##class, word, title},
#include "kinds.def"
#undef AS_KIND
};

static const struct kind *kind_of(uint16_t number)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].number == number)
            return &kinds[i];
    return &kinds[0];
}

enum as_class as_kind_class(uint16_t kind)
{
    return kind_of(kind)->class;
}

const char *as_kind_name(uint16_t kind)
{
    return kind_of(kind)->name;
}

const char *as_kind_title(uint16_t kind)
{
    return kind_of(kind)->title;
}

int as_kind_find(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return kinds[i].number;
    return -1;
}
