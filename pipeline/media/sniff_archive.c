/* sniff_archive.c - archives and disk images with short magic numbers.
 *
 * 1. archives and compressed files  2. disk images                           */
#include "sniff_in.h"

/* ---- 1. archives and compressed files ----------------------------------- */

static int octal(const uint8_t *p, size_t n)
{
    int v = 0;
    size_t i = 0;

    while (i < n && p[i] == ' ')
        i++;
    if (i == n || p[i] < '0' || p[i] > '7')
        return -1;
    for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
        v = v * 8 + (p[i] - '0');
    return v;
}

/* Old tar has no magic but a checksum: the sum of the header's bytes, its own
 * field taken as blanks; some writers summed signed bytes.                    */
static bool is_tar(const struct as_head *h)
{
    int plain = 0, with_sign = 0, want;

    if (h->n < 512)
        return false;
    if (AS_HEAD_IS(h, 257, "ustar\0") || AS_HEAD_IS(h, 257, "ustar "))
        return true;
    want = octal(h->p + 148, 8);
    if (want <= 0 || h->p[0] == 0)
        return false;
    for (size_t i = 0; i < 512; i++) {
        bool field = i >= 148 && i < 156;
        plain += field ? ' ' : h->p[i];
        with_sign += field ? ' ' : (int8_t)h->p[i];
    }
    return want == plain || want == with_sign;
}

/* Binary cpio: a 16-bit magic in either order, then a name of sane length ended by NUL. */
static bool is_cpio_binary(const struct as_head *h)
{
    bool little = AS_HEAD_IS(h, 0, "\xC7\x71");
    size_t name;

    if (h->n < 28 || !(little || AS_HEAD_IS(h, 0, "\x71\xC7")))
        return false;
    name = little ? as_le16(h->p + 20) : as_be16(h->p + 20);
    return name >= 2 && name <= 4096 && 26 + name <= h->n && h->p[26] != 0 && h->p[25 + name] == 0;
}

static bool is_lha(const struct as_head *h)
{
    const uint8_t *p = h->p;

    if (h->n < 22 || p[2] != '-' || p[6] != '-' || p[20] > 3)
        return false;
    return (p[3] == 'l' && (p[4] == 'h' || p[4] == 'z')) || (p[3] == 'p' && p[4] == 'm');
}

static bool is_arj(const struct as_head *h)
{
    uint32_t header;

    if (h->n < 11 || !AS_HEAD_IS(h, 0, "\x60\xEA"))
        return false;
    header = as_le16(h->p + 2);
    return header <= 2600 && h->p[7] <= 11 && (h->p[10] == 2 || header == 0);
}

static bool is_dump(const struct as_head *h)
{
    uint32_t le, be;

    if (h->n < 1024)
        return false;
    le = as_le32(h->p + 24);
    be = as_be32(h->p + 24);
    return le == 60011 || le == 60012 || be == 60011 || be == 60012 || le == 0x19540119 ||
           be == 0x19540119;
}

/* An .lzma file has no magic: properties, a dictionary of 2^n or 3 * 2^n bytes,
 * a known or sane size, and a range coder that begins with 0.                 */
static bool is_lzma(const struct as_head *h)
{
    uint32_t dict, high;

    if (h->n < 18 || h->p[0] >= 225 || h->p[13] != 0)
        return false;
    dict = as_le32(h->p + 1);
    high = as_le32(h->p + 9);
    while (dict >= 4096 && (dict & 1) == 0)
        dict >>= 1;
    if (as_le32(h->p + 1) < 4096 || (dict != 1 && dict != 3 && (dict & (dict - 1)) != 0))
        return false;
    return (high == UINT32_MAX && as_le32(h->p + 5) == UINT32_MAX) ||
           (high < 64 && h->p[0] == 0x5D && (high | as_le32(h->p + 5)) != 0);
}

static bool is_compressed(const struct as_head *h)
{
    const uint8_t *p = h->p;

    if (h->n >= 4 && AS_HEAD_IS(h, 0, "\x1F\x8B\x08") && p[3] < 0x20)
        return true;
    if (h->n >= 10 && AS_HEAD_IS(h, 0, "BZh") && p[3] >= '1' && p[3] <= '9')
        return AS_HEAD_IS(h, 4, "1AY&SY") || AS_HEAD_IS(h, 4, "\x17\x72\x45\x38\x50\x90");
    if (h->n >= 4 && AS_HEAD_IS(h, 0, "\x1F\x9D"))
        return (p[2] & 0x60) == 0 && (p[2] & 0x1F) >= 9 && (p[2] & 0x1F) <= 16;
    if (h->n >= 12 && (p[0] & 0xF0) == 0x50 && AS_HEAD_IS(h, 1, "\x2A\x4D\x18"))
        return true; /* a skippable frame of lz4 or zstd */
    return is_lzma(h);
}

enum as_kind as_sniff_archive(const struct as_head *h)
{
    if (is_tar(h))
        return AS_KIND_TAR;
    if (AS_HEAD_IS(h, 0x8001, "CD001") || AS_HEAD_IS(h, 0x8801, "CD001"))
        return AS_KIND_ISO;
    if (is_compressed(h))
        return AS_KIND_COMPRESSED;
    if (is_cpio_binary(h))
        return AS_KIND_CPIO;
    if (is_lha(h))
        return AS_KIND_LHA;
    if (is_arj(h))
        return AS_KIND_ARJ;
    return is_dump(h) ? AS_KIND_DUMP : AS_KIND_UNKNOWN;
}

/* ---- 2. disk images ----------------------------------------------------- */

/* A partition table: four entries that are empty or make sense, one of them used. */
static bool is_mbr(const struct as_head *h)
{
    unsigned used = 0;

    if (h->n < 512 || !AS_HEAD_IS(h, 510, "\x55\xAA"))
        return false;
    for (size_t at = 446; at < 510; at += 16) {
        const uint8_t *p = h->p + at;
        if (p[0] != 0 && p[0] != 0x80)
            return false;
        if (p[4] == 0)
            continue;
        if (as_le32(p + 12) == 0)
            return false;
        used++;
    }
    return used > 0;
}

/* A boot sector: a jump, and the geometry that FAT, NTFS and exFAT keep in the same place. */
static bool is_boot_sector(const struct as_head *h)
{
    static const char *const names[] = {"NTFS    ", "EXFAT   ", "-FVE-FS-"};
    const uint8_t *p = h->p;
    uint32_t sector;

    if (h->n < 512 || !AS_HEAD_IS(h, 510, "\x55\xAA"))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (as_head_is(h, 3, names[i], 8))
            return true;
    sector = as_le16(p + 11);
    return (p[0] == 0xEB || p[0] == 0xE9) &&
           (sector == 512 || sector == 1024 || sector == 2048 || sector == 4096) && p[13] != 0 &&
           (p[13] & (p[13] - 1)) == 0 && as_le16(p + 14) != 0 && (p[16] == 1 || p[16] == 2) &&
           p[21] >= 0xF0;
}

static bool is_ext(const struct as_head *h)
{
    return AS_HEAD_IS(h, 1080, "\x53\xEF") && h->n >= 2048 && as_le32(h->p + 1048) <= 6 &&
           as_le32(h->p + 1024) != 0 && as_le32(h->p + 1028) != 0;
}

static bool is_hfs(const struct as_head *h)
{
    if (AS_HEAD_IS(h, 1024, "H+\0\4") || AS_HEAD_IS(h, 1024, "HX\0\5"))
        return true;
    return AS_HEAD_IS(h, 1024, "BD") && h->n >= 1536 && as_be32(h->p + 1044) % 512 == 0 &&
           as_be32(h->p + 1044) != 0;
}

enum as_kind as_sniff_disk(const struct as_head *h)
{
    if (h->ntail >= 512 && memcmp(h->tail + h->ntail - 512, "conectix", 8) == 0)
        return AS_KIND_VHD;
    if (h->ntail >= 512 && memcmp(h->tail + h->ntail - 512, "koly\0\0\0\4", 8) == 0)
        return AS_KIND_DMG;
    if (AS_HEAD_IS(h, 512, "EFI PART") || AS_HEAD_IS(h, 4096, "EFI PART") || is_mbr(h) ||
        is_boot_sector(h) || is_ext(h) || is_hfs(h))
        return AS_KIND_RAWDISK;
    if (AS_HEAD_IS(h, 32, "NXSB") || AS_HEAD_IS(h, 0, "XFSB\0\0") || AS_HEAD_IS(h, 0, "hsqs") ||
        AS_HEAD_IS(h, 0, "LUKS\xBA\xBE") || AS_HEAD_IS(h, 0x8001, "BEA01") ||
        AS_HEAD_IS(h, 512, "PM\0\0"))
        return AS_KIND_RAWDISK;
    return AS_KIND_UNKNOWN;
}
