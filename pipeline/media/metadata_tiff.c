/* metadata_tiff.c - the directories (IFDs) of EXIF blocks and of TIFF and raw files.
 *
 * Classic and BigTIFF.  Each kind of directory is visited at most once, so no
 * chain of offsets can loop; every offset is checked against the block.      */
#include "metadata.h"

#include <libexif/exif-tag.h>

#include <stdio.h>

enum { ENTRIES_MAX = 1024 };

/* The directories that are read, each once, in this order. */
enum ifd { IFD_MAIN, IFD_EXIF, IFD_GPS, IFD_INTEROP, IFD_THUMB, IFDS };

struct tiff {
    const uint8_t *at;
    size_t n;
    bool big_endian, big_tiff;
    uint64_t ifd[IFDS]; /* offsets; 0: none */
    uint64_t thumb_at, thumb_n;
    bool maker;
    struct as_tiff_value
        gps[5]; /* by tag, 1..4: latitude ref, latitude, longitude ref, longitude */
};

static uint64_t get(const struct tiff *t, size_t at, size_t size)
{
    uint64_t v = 0;

    for (size_t i = 0; i < size; i++)
        v = v << 8 | t->at[at + (t->big_endian ? i : size - 1 - i)];
    return v;
}

static bool within(const struct tiff *t, uint64_t at, uint64_t n)
{
    return at <= t->n && n <= t->n - at;
}

/* Fills v with the entry at `at`; false when it points outside the block. */
static bool read_entry(const struct tiff *t, size_t at, struct as_tiff_value *v)
{
    static const uint8_t size[19] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};
    size_t word = t->big_tiff ? 8 : 4;
    uint64_t data = at + 4 + word;

    v->tag = (uint16_t)get(t, at, 2);
    v->type = (uint16_t)get(t, at + 2, 2);
    v->count = get(t, at + 4, word);
    v->big = t->big_endian;
    if (v->type >= sizeof size || size[v->type] == 0 || v->count > t->n / size[v->type])
        return false;
    v->n = (size_t)v->count * size[v->type];
    if (v->n > word)
        data = get(t, (size_t)data, word);
    if (!within(t, data, v->n))
        return false;
    v->at = t->at + data;
    return true;
}

static uint64_t first_number(const struct as_tiff_value *v)
{
    size_t size = v->count ? v->n / (size_t)v->count : 0;
    uint64_t x = 0;

    for (size_t i = 0; i < size && size <= 8; i++)
        x = x << 8 | v->at[v->big ? i : size - 1 - i];
    return x;
}

/* Entries that are pointers or blocks of their own; true when taken. */
static bool special_entry(struct as_md *md, struct tiff *t, enum ifd ifd,
                          const struct as_tiff_value *v)
{
    switch (v->tag) {
    case 0x8769:
        t->ifd[IFD_EXIF] = first_number(v);
        return true;
    case 0x8825:
        t->ifd[IFD_GPS] = first_number(v);
        return true;
    case 0xA005:
        t->ifd[IFD_INTEROP] = first_number(v);
        return true;
    case 0x0201:
    case 0x0202:
        if (ifd == IFD_THUMB)
            *(v->tag == 0x0201 ? &t->thumb_at : &t->thumb_n) = first_number(v);
        return ifd == IFD_THUMB;
    case 0x927C:
        t->maker = true;
        as_kvs_addf(md->kvs, "exif.MakerNote", "(%zu bytes)", v->n);
        return true;
    case 0x02BC:
        as_md_xmp(md, v->at, v->n);
        return true;
    case 0x83BB:
        as_md_iptc(md, v->at, v->n);
        return true;
    case 0x8649:
        as_md_irb(md, v->at, v->n);
        return true;
    case 0x8773:
        as_md_icc(md, v->at, v->n);
        return true;
    case 0xCD41:
        as_md_c2pa(md, v->at, v->n);
        return true;
    default: /* where the pixels are: thousands of numbers that say nothing */
        return v->tag == 0x0140 || v->tag == 0x0111 || v->tag == 0x0117 || v->tag == 0x0144 ||
               v->tag == 0x0145;
    }
}

/* Tags that libexif does not name. */
static const char *tiff_name(uint16_t tag)
{
    static const struct {
        uint16_t tag;
        const char *name;
    } names[] = {
        {0x011D, "PageName"},          {0x011E, "XPosition"},    {0x011F, "YPosition"},
        {0x0129, "PageNumber"},        {0x013C, "HostComputer"}, {0x013D, "Predictor"},
        {0x0142, "TileWidth"},         {0x0143, "TileLength"},   {0x0152, "ExtraSamples"},
        {0x0153, "SampleFormat"},      {0xC612, "DNGVersion"},   {0xC614, "UniqueCameraModel"},
        {0xC62F, "CameraSerialNumber"}};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].tag == tag)
            return names[i].name;
    return NULL;
}

static void add_entry(struct as_md *md, struct tiff *t, enum ifd ifd, const struct as_tiff_value *v)
{
    static const char *const group[IFDS] = {"exif", "exif", "gps", "exif", "thumb"};
    static const ExifIfd of_libexif[IFDS] = {EXIF_IFD_0, EXIF_IFD_EXIF, EXIF_IFD_GPS,
                                             EXIF_IFD_INTEROPERABILITY, EXIF_IFD_1};
    const char *name;
    char key[96];

    if (ifd != IFD_GPS && ifd != IFD_INTEROP && special_entry(md, t, ifd, v))
        return;
    if (ifd == IFD_GPS && v->tag >= 1 && v->tag <= 4)
        t->gps[v->tag] = *v;
    name = exif_tag_get_name_in_ifd((ExifTag)v->tag, of_libexif[ifd]);
    if (name == NULL && ifd != IFD_GPS && ifd != IFD_INTEROP) /* in a directory not its own */
        name = exif_tag_get_name((ExifTag)v->tag);
    if (name == NULL && (ifd == IFD_MAIN || ifd == IFD_THUMB))
        name = tiff_name(v->tag);
    if (name)
        snprintf(key, sizeof key, "%s.%s", group[ifd], name);
    else
        snprintf(key, sizeof key, "%s.0x%04X", group[ifd], (unsigned)v->tag);
    as_md_tiff_value(md, key, v);
}

/* Reads the directory at `at`; its link to the next one goes to *next. */
static void read_ifd(struct as_md *md, struct tiff *t, enum ifd ifd, uint64_t at, uint64_t *next)
{
    size_t word = t->big_tiff ? 8 : 4, head = t->big_tiff ? 8 : 2, entry = 4 + 2 * word;
    uint64_t count, fit;

    *next = 0;
    if (!within(t, at, head)) {
        as_md_broken(md, "EXIF or TIFF directory outside its block");
        return;
    }
    count = get(t, (size_t)at, head);
    fit = (t->n - at - head) / entry;
    if (count > fit || count > ENTRIES_MAX)
        as_md_broken(md, "EXIF or TIFF directory longer than its block");
    else if (within(t, at + head + count * entry, word))
        *next = get(t, (size_t)(at + head + count * entry), word);
    count = count > fit ? fit : count;
    for (uint64_t i = 0; i < count && i < ENTRIES_MAX; i++) {
        struct as_tiff_value v;
        if (read_entry(t, (size_t)(at + head + i * entry), &v))
            add_entry(md, t, ifd, &v);
        else
            as_md_broken(md, "EXIF or TIFF value outside its block");
    }
}

/* Degrees of a latitude or longitude; false when it has no three good rationals. */
static bool degrees(const struct as_tiff_value *v, double *out)
{
    static const double part[3] = {1, 60, 3600};
    double sum = 0;

    if (v->type != 5 || v->count < 1 || v->count > 3)
        return false;
    for (size_t i = 0; i < v->count; i++) {
        struct as_tiff_value num = {.type = 4, .count = 1, .at = v->at + 8 * i, .n = 4};
        struct as_tiff_value den = {.type = 4, .count = 1, .at = v->at + 8 * i + 4, .n = 4};
        num.big = den.big = v->big;
        if (first_number(&den) == 0)
            return false;
        sum += (double)first_number(&num) / (double)first_number(&den) / part[i];
    }
    *out = sum;
    return true;
}

static void add_position(struct as_md *md, const struct tiff *t)
{
    static const struct {
        const char *key;
        unsigned ref;
        char minus;
    } axis[] = {{"gps.latitude", 1, 'S'}, {"gps.longitude", 3, 'W'}};
    double d;

    for (size_t i = 0; i < 2; i++) {
        const struct as_tiff_value *ref = &t->gps[axis[i].ref];
        if (t->gps[axis[i].ref + 1].at == NULL || !degrees(&t->gps[axis[i].ref + 1], &d))
            continue;
        if (ref->at && ref->n > 0 && ref->at[0] == axis[i].minus)
            d = -d;
        as_kvs_addf(md->kvs, axis[i].key, "%.6f", d);
    }
}

/* The thumbnail's place, when it lies in the input and is a JPEG. */
static void note_thumb(struct as_md *md, const struct tiff *t)
{
    const struct as_input *in = md->in;
    uint64_t n = t->thumb_n;

    if (t->thumb_at == 0 || t->thumb_at >= t->n)
        return;
    if (n > t->n - t->thumb_at) {
        as_md_broken(md, "EXIF thumbnail cut");
        n = t->n - t->thumb_at;
    }
    if (n < 4 || t->at[t->thumb_at] != 0xFF || t->at[t->thumb_at + 1] != 0xD8)
        return;
    as_kvs_addf(md->kvs, "thumb.bytes", "%llu", (unsigned long long)n);
    if (in->at == NULL || t->at < in->at || (uint64_t)(t->at - in->at) >= in->size)
        return; /* in a copy of ours (a compressed profile) */
    if (md->facts->thumb.size == 0)
        md->facts->thumb = (struct as_input){.at = t->at + t->thumb_at, .fd = -1, .size = n};
}

static bool open_tiff(struct tiff *t)
{
    if (t->n < 8)
        return false;
    t->big_endian = t->at[0] == 'M';
    if (t->at[0] != t->at[1] || (t->at[0] != 'M' && t->at[0] != 'I'))
        return false;
    t->big_tiff = get(t, 2, 2) == 43;
    if (t->big_tiff && t->n < 16)
        return false;
    t->ifd[IFD_MAIN] = t->big_tiff ? get(t, 8, 8) : get(t, 4, 4);
    return true;
}

void as_md_ifds(struct as_md *md, const uint8_t *tiff, size_t n, bool file)
{
    struct tiff t = {.at = tiff, .n = n};
    uint64_t next;

    if (!open_tiff(&t)) {
        as_md_broken(md, "EXIF or TIFF header");
        return;
    }
    for (int ifd = 0; ifd < IFDS; ifd++) {
        if (t.ifd[ifd] == 0)
            continue;
        read_ifd(md, &t, (enum ifd)ifd, t.ifd[ifd], &next);
        if (ifd == IFD_MAIN) /* in a TIFF file the next directory is the next page */
            t.ifd[IFD_THUMB] = file ? 0 : next;
    }
    add_position(md, &t);
    note_thumb(md, &t);
    if (t.maker)
        as_md_maker(md, tiff, n);
}

void as_md_exif(struct as_md *md, const uint8_t *tiff, size_t n)
{
    if (!as_md_enter(md, n))
        return;
    as_md_ifds(md, tiff, n > AS_BLOCK_MAX ? AS_BLOCK_MAX : n, false);
    as_md_leave(md);
}

void as_md_tiff(struct as_md *md)
{
    as_md_ifds(md, md->in->at, (size_t)md->in->size, true);
}
