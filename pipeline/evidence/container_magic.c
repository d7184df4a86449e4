/* container_magic.c - which container formats the first bytes of a file allow.
 *
 * libarchive's bidders also accept much that is none: a file of zeros is a
 * tar, any text may be an mtree, two bytes make a cpio.  Here the magic must be
 * there, and only the formats that it names are then enabled.                */
#include "container_magic.h"

#include <string.h>

static uint16_t le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)le16(p) | (uint32_t)le16(p + 2) << 16;
}

/* Magics at the start that leave no doubt. */
static const struct {
    uint32_t format;
    uint8_t len;
    const char *bytes;
} MAGICS[] = {
    {AS_FORMAT_7ZIP, 6, "7z\xbc\xaf\x27\x1c"},
    {AS_FORMAT_AR, 8, "!<arch>\n"},
    {AS_FORMAT_CAB, 8, "MSCF\0\0\0\0"},
    {AS_FORMAT_CPIO, 6, "070701"},
    {AS_FORMAT_CPIO, 6, "070702"},
    {AS_FORMAT_CPIO, 6, "070707"},
    {AS_FORMAT_CPIO, 6, "070727"},
    {AS_FORMAT_RAR, 7, "Rar!\x1a\x07\x00"},
    {AS_FORMAT_RAR5, 8, "Rar!\x1a\x07\x01\x00"},
    {AS_FORMAT_WARC, 7, "WARC/0."},
    {AS_FORMAT_WARC, 7, "WARC/1."},
    {AS_FORMAT_XAR, 6, "xar!\x00\x1c"},
    {AS_FORMAT_ZIP_STREAM, 4, "PK\3\4"},
    {AS_FORMAT_ZIP_STREAM, 4, "PK\5\6"},
    {AS_FORMAT_ZIP_STREAM, 8, "PK00PK\3\4"},
    {AS_FORMAT_ZIP_STREAM, 8, "PK\7\10PK\3\4"},
    {AS_FORMAT_FILTER, 3, "\x1f\x8b\x08"},
    {AS_FORMAT_FILTER, 6, "\xfd\x37zXZ\x00"},
    {AS_FORMAT_FILTER, 5, "LZIP\1"},
    {AS_FORMAT_FILTER, 4, "\x28\xb5\x2f\xfd"},
    {AS_FORMAT_FILTER, 4, "\x04\x22\x4d\x18"},
    {AS_FORMAT_FILTER, 4, "\x02\x21\x4c\x18"},
    {AS_FORMAT_FILTER, 4, "\xed\xab\xee\xdb"},
};

/* The sum of a tar header's bytes equals its checksum field. */
static bool is_tar(const uint8_t *h, size_t n)
{
    uint32_t said = 0, digits = 0;
    int32_t sum = 0, sum_signed = 0;

    if (n < 512)
        return false;
    for (size_t i = 148; i < 156; i++) {
        if (h[i] >= '0' && h[i] <= '7') {
            said = said * 8 + (uint32_t)(h[i] - '0');
            digits++;
        } else if (digits > 0 || h[i] != ' ') {
            break;
        }
    }
    for (size_t i = 0; i < 512; i++) {
        bool field = i >= 148 && i < 156;
        sum += field ? ' ' : h[i];
        sum_signed += field ? ' ' : (int8_t)h[i];
    }
    return digits > 0 && (said == (uint32_t)sum || said == (uint32_t)sum_signed);
}

/* Old binary cpio: 16-bit words of either order.  Two bytes are no magic, so
 * the name must end where its length says, too.                             */
static bool is_binary_cpio(const uint8_t *h, size_t n)
{
    size_t name;

    if (n < 28)
        return false;
    if (h[0] == 0xc7 && h[1] == 0x71)
        name = le16(h + 20);
    else if (h[0] == 0x71 && h[1] == 0xc7)
        name = (size_t)h[20] << 8 | h[21];
    else
        return false;
    return name >= 2 && name <= 1024 && 26 + name <= n && h[26 + name - 1] == 0 &&
           memchr(h + 26, 0, name - 1) == NULL;
}

static bool is_lha(const uint8_t *h, size_t n)
{
    return n >= 22 && h[2] == '-' && h[3] == 'l' && (h[4] == 'h' || h[4] == 'z') &&
           ((h[5] >= '0' && h[5] <= '9') || h[5] == 'd' || h[5] == 's') && h[6] == '-' &&
           h[20] <= 3;
}

static bool is_iso(const uint8_t *h, size_t n)
{
    return n >= 32768 + 2048 && memcmp(h + 32769, "CD001\1", 6) == 0;
}

/* .lzma has no magic: properties, a dictionary of 2^k or 3 * 2^k bytes, and a
 * size that is unknown or below 256 GiB.                                     */
static bool is_lzma(const uint8_t *h, size_t n)
{
    uint32_t dict;
    uint64_t size;

    if (n < 14 || h[0] >= 225 || h[13] != 0)
        return false;
    dict = le32(h + 1);
    size = (uint64_t)le32(h + 5) | (uint64_t)le32(h + 9) << 32;
    if (size != UINT64_MAX && size >= (uint64_t)1 << 38)
        return false;
    if (dict < 4096 || h[0] % 9 + h[0] / 9 % 5 > 4)
        return false;
    while ((dict & 1) == 0)
        dict >>= 1;
    return dict == 1 || dict == 3;
}

static bool is_bzip2(const uint8_t *h, size_t n)
{
    return n >= 10 && memcmp(h, "BZh", 3) == 0 && h[3] >= '1' && h[3] <= '9' &&
           (memcmp(h + 4, "\x31\x41\x59\x26\x53\x59", 6) == 0 ||
            memcmp(h + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0);
}

/* compress: 9 to 16 bits, reserved bits clear. */
static bool is_compress(const uint8_t *h, size_t n)
{
    return n >= 4 && h[0] == 0x1f && h[1] == 0x9d && (h[2] & 0x60) == 0 && (h[2] & 0x1f) >= 9 &&
           (h[2] & 0x1f) <= 16;
}

/* A skippable frame of zstd or lz4 comes first; what follows must be one of theirs. */
static bool is_skippable(const uint8_t *h, size_t n)
{
    uint32_t len;

    if (n < 12 || (h[0] & 0xf0) != 0x50 || memcmp(h + 1, "\x2a\x4d\x18", 3) != 0)
        return false;
    len = le32(h + 4);
    if (len > n - 12)
        return false;
    h += 8 + len;
    return memcmp(h, "\x28\xb5\x2f\xfd", 4) == 0 || memcmp(h, "\x04\x22\x4d\x18", 4) == 0;
}

static bool is_program(const uint8_t *h, size_t n)
{
    return n >= 64 && (memcmp(h, "MZ", 2) == 0 || memcmp(h,
                                                         "\x7f"
                                                         "ELF",
                                                         4) == 0);
}

/* A RAR 5 number of up to ten bytes, low bits first; false past the end. */
static bool vint(const uint8_t *h, size_t n, size_t *at, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && *at < n; shift += 7) {
        uint8_t b = h[(*at)++];
        *value |= (uint64_t)(b & 0x7f) << shift;
        if ((b & 0x80) == 0)
            return true;
    }
    return false;
}

/* RAR 5: the main header (type 1) has archive flags, of which 1 means volume. */
static bool is_rar5_volume(const uint8_t *h, size_t n)
{
    uint64_t size, type, flags, skip, archive;
    size_t at = 8 + 4;

    if (!vint(h, n, &at, &size) || !vint(h, n, &at, &type) || !vint(h, n, &at, &flags) || type != 1)
        return false;
    if ((flags & 1) && !vint(h, n, &at, &skip))
        return false;
    return vint(h, n, &at, &archive) && (archive & 1);
}

static bool is_volume(uint32_t format, const uint8_t *h, size_t n)
{
    if (format == AS_FORMAT_RAR) /* main header 0x73, flag 1 */
        return n >= 12 && h[9] == 0x73 && (h[10] & 1);
    if (format == AS_FORMAT_RAR5)
        return is_rar5_volume(h, n);
    if (format == AS_FORMAT_CAB) /* flags: a previous, a next cabinet */
        return n >= 32 && (h[30] & 3);
    /* "PK\7\10": first part of a split zip */
    return format == AS_FORMAT_ZIP_STREAM && n >= 4 && memcmp(h, "PK\7\10", 4) == 0;
}

struct as_magic as_magic_find(const uint8_t *head, size_t n)
{
    struct as_magic m = {0};

    for (size_t i = 0; i < sizeof MAGICS / sizeof *MAGICS; i++)
        if (n >= MAGICS[i].len && memcmp(head, MAGICS[i].bytes, MAGICS[i].len) == 0) {
            m.formats = MAGICS[i].format;
            m.certain = true;
            m.volume = is_volume(m.formats, head, n);
            return m;
        }
    m.certain = true;
    if (is_tar(head, n))
        m.formats = AS_FORMAT_TAR;
    else if (is_bzip2(head, n))
        m.formats = AS_FORMAT_FILTER;
    else if (is_iso(head, n))
        m.formats = AS_FORMAT_ISO;
    if (m.formats)
        return m;
    m.certain = false;
    if (is_compress(head, n) || is_skippable(head, n) || is_lzma(head, n))
        m.formats = AS_FORMAT_FILTER;
    else if (is_binary_cpio(head, n))
        m.formats = AS_FORMAT_CPIO;
    else if (is_lha(head, n))
        m.formats = AS_FORMAT_LHA;
    else if (is_program(head, n)) /* perhaps self-extracting */
        m.formats = AS_FORMAT_7ZIP | AS_FORMAT_CAB | AS_FORMAT_RAR;
    return m;
}
