/* metadata_jpeg.c - the structure of a JPEG stream and the blocks in its segments.
 *
 * One walk from SOI to EOI (ITU-T T.81 B.1).  Entropy-coded data is skipped in
 * blocks by a loop the compiler can vectorise, so the walk costs little more
 * than reading the bytes.  What follows EOI is told, not walked.
 */
#include "metadata.h"

#include <stdio.h>
#include <stdlib.h>

enum { SOI = 0xD8, EOI = 0xD9, SOS = 0xDA, DQT = 0xDB, DHT = 0xC4, DRI = 0xDD, COM = 0xFE };
enum { EN_MAX = 4, COMMENTS_MAX = 64, ICC_PIECES = 256 };

/* Position in natural (row-major) order of the k-th coefficient in zigzag order. */
static const uint8_t natural[64] = {0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,
                                    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
                                    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
                                    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

/* T.81 Annex K.3: counts by length, then values.  DC and AC, luminance then chrominance. */
static const uint8_t huff_dc[2][28] = {
    {0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
    {0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}};
static const uint8_t huff_ac[2][178] = {
    {0,    2,    1,    3,    3,    2,    4,    3,    5,    5,    4,    4,    0,    0,    1,
     0x7d, 0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51,
     0x61, 0x07, 0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15,
     0x52, 0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a,
     0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44,
     0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63,
     0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a,
     0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98,
     0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5,
     0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2,
     0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7,
     0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa},
    {0,    2,    1,    2,    4,    4,    3,    4,    7,    5,    4,    4,    0,    1,    2,
     0x77, 0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07,
     0x61, 0x71, 0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23,
     0x33, 0x52, 0xf0, 0x15, 0x62, 0x72, 0xd1, 0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17,
     0x18, 0x19, 0x1a, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43,
     0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a,
     0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79,
     0x7a, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96,
     0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3,
     0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9,
     0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6,
     0xe7, 0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa}};

/* Blocks that come in several segments, gathered during the walk. */
struct gathered {
    struct as_parts irb;
    struct as_parts jumbf[EN_MAX]; /* C2PA: one chain per box instance number */
    uint16_t jumbf_en[EN_MAX];
    struct {
        size_t from, to; /* the run of segments it came in, and their markers */
    } jumbf_at[EN_MAX];
    unsigned njumbf;
    struct as_span icc[ICC_PIECES]; /* by sequence number, from 1 */
    unsigned icc_count;
    uint8_t guid[32]; /* of the extended XMP packet */
    uint8_t *extended;
    uint32_t extended_size, extended_got;
    unsigned comments;
};

static void read_dqt(const uint8_t *p, size_t n, uint16_t (*qt)[64], size_t tables, uint8_t *mask,
                     uint8_t *bits)
{
    while (n > 0) {
        unsigned wide = p[0] >> 4, id = p[0] & 15u;
        size_t size = wide ? 128 : 64;

        if (wide > 1 || n - 1 < size)
            return;
        if (id < tables) {
            for (size_t k = 0; k < 64; k++)
                qt[id][natural[k]] = wide ? as_u16be(p + 1 + 2 * k) : p[1 + k];
            *mask = (uint8_t)(*mask | 1u << id);
            if (bits)
                bits[id] = wide ? 16 : 8;
        }
        p += 1 + size;
        n -= 1 + size;
    }
}

static void read_dht(const uint8_t *p, size_t n, struct as_jpeg *jpeg)
{
    while (n >= 17) {
        bool ac = p[0] >> 4 != 0;
        size_t values = 0, size;
        const uint8_t *known[2] = {ac ? huff_ac[0] : huff_dc[0], ac ? huff_ac[1] : huff_dc[1]};

        for (size_t i = 1; i <= 16; i++)
            values += p[i];
        size = 16 + values;
        if (n - 1 < size)
            return;
        if (size != (ac ? 178 : 28) ||
            (memcmp(p + 1, known[0], size) != 0 && memcmp(p + 1, known[1], size) != 0))
            jpeg->huff_standard = false;
        jpeg->huff_count++;
        p += 1 + size;
        n -= 1 + size;
    }
}

static void read_sof(const uint8_t *p, size_t n, uint8_t code, struct as_jpeg *jpeg)
{
    if (n < 6 || jpeg->sof != 0)
        return; /* the first frame counts */
    jpeg->sof = code;
    jpeg->precision = p[0];
    jpeg->ncomp = p[5];
    for (size_t i = 0; i < 4 && i < p[5] && 6 + 3 * i + 3 <= n; i++) {
        const uint8_t *c = p + 6 + 3 * i;
        jpeg->comp_id[i] = c[0];
        jpeg->comp_h[i] = c[1] >> 4;
        jpeg->comp_v[i] = c[1] & 15;
        jpeg->comp_tq[i] = c[2];
    }
}

static void note_marker(struct as_jpeg *jpeg, uint8_t code, size_t len, const uint8_t *p, size_t n)
{
    uint32_t i = jpeg->nmarkers;

    if (i == AS_JPEG_MARKERS_MAX)
        return;
    jpeg->marker[i].code = code;
    jpeg->marker[i].len = (uint16_t)len;
    if (code >= 0xE0 && code <= 0xEF)
        for (size_t k = 0; k < sizeof jpeg->marker[i].id && k < n && p[k] != 0; k++)
            jpeg->marker[i].id[k] = (char)p[k];
    jpeg->nmarkers++;
}

/* A chunk of an extended XMP packet: GUID, full size, offset, bytes. */
static void add_extended(struct as_md *md, struct gathered *g, const uint8_t *p, size_t n)
{
    uint32_t size, at;

    if (n < 40)
        return;
    size = as_u32be(p + 32);
    at = as_u32be(p + 36);
    if (g->extended == NULL) {
        if (size == 0 || size > AS_BLOCK_MAX) {
            as_md_broken(md, "extended XMP size");
            return;
        }
        if ((g->extended = calloc(1, size)) == NULL) {
            md->no_memory = true;
            return;
        }
        memcpy(g->guid, p, 32);
        g->extended_size = size;
    }
    if (memcmp(g->guid, p, 32) != 0 || at > g->extended_size || n - 40 > g->extended_size - at)
        return;
    memcpy(g->extended + at, p + 40, n - 40);
    g->extended_got += (uint32_t)(n - 40);
}

/* A piece of a JUMBF box (ISO/IEC 19566-5, D.2): "JP", instance, sequence, box header. */
static void add_jumbf(struct as_md *md, struct gathered *g, const uint8_t *p, size_t n)
{
    const size_t segment = (size_t)(p - md->in->at) - 4; /* its marker */
    uint16_t en = as_u16be(p + 2);
    size_t i = 0, skip = 8;

    while (i < g->njumbf && g->jumbf_en[i] != en)
        i++;
    if (i == EN_MAX || n < 16) {
        as_md_broken(md, "JUMBF segments");
        return;
    }
    if (i == g->njumbf) {
        g->jumbf_en[g->njumbf++] = en;
        g->jumbf_at[i].from = g->jumbf_at[i].to = segment;
    } else { /* every piece repeats the box header; only the first one's counts */
        skip += as_u32be(p + 8) == 1 ? 16 : 8;
    }
    if (g->jumbf_at[i].to == segment)
        g->jumbf_at[i].to += 4 + n;
    if (n > skip)
        as_parts_add(&g->jumbf[i], p + skip, n - skip);
}

static void add_icc(struct as_md *md, struct gathered *g, const uint8_t *p, size_t n)
{
    if (n < 14 || p[12] == 0)
        as_md_broken(md, "ICC segments");
    else if (g->icc[p[12]].at == NULL) {
        g->icc[p[12]] = (struct as_span){p + 14, n - 14};
        g->icc_count = p[13];
    }
}

static void read_jfif(struct as_md *md, const uint8_t *p, size_t n)
{
    static const char *const unit[] = {"none", "inch", "cm"};

    if (n < 12)
        return;
    as_kvs_addf(md->kvs, "jfif.Version", "%u.%02u", p[5], p[6]);
    as_kvs_addf(md->kvs, "jfif.Units", "%s", p[7] < 3 ? unit[p[7]] : "unknown");
    as_kvs_addf(md->kvs, "jfif.XDensity", "%u", as_u16be(p + 8));
    as_kvs_addf(md->kvs, "jfif.YDensity", "%u", as_u16be(p + 10));
}

/* Photoshop's "save for web": quality, then comment and copyright as UTF-16. */
static void read_ducky(struct as_md *md, const uint8_t *p, size_t n)
{
    for (size_t i = 5; n - i >= 4;) {
        unsigned tag = as_u16be(p + i);
        size_t size = as_u16be(p + i + 2);

        i += 4;
        if (tag == 0 || size > n - i)
            return;
        if (tag == 1 && size == 4)
            as_kvs_addf(md->kvs, "ducky.quality", "%u", as_u32be(p + i));
        else if ((tag == 2 || tag == 3) && size > 4)
            as_md_utf16(md, tag == 2 ? "ducky.comment" : "ducky.copyright", p + i + 4, size - 4,
                        true);
        i += size;
    }
}

/* The number of pictures of a multi-picture file (CIPA DC-007): tag 0xB001. */
static void read_mpf(struct as_md *md, const uint8_t *p, size_t n)
{
    bool big;
    size_t at, count;

    if (n < 12 || p[4] != p[5] || (p[4] != 'M' && p[4] != 'I'))
        return;
    p += 4;
    n -= 4;
    big = p[0] == 'M';
    at = big ? as_u32be(p + 4) : as_u32le(p + 4);
    if (n < 2 || at > n - 2)
        return;
    count = big ? as_u16be(p + at) : (size_t)(p[at + 1] << 8 | p[at]);
    for (at += 2; count > 0 && n - at >= 12; count--, at += 12)
        if ((big ? as_u16be(p + at) : p[at + 1] << 8 | p[at]) == 0xB001)
            as_kvs_addf(md->kvs, "jpeg.mpf", "%u",
                        big ? as_u32be(p + at + 8) : as_u32le(p + at + 8));
}

static void read_app(struct as_md *md, struct gathered *g, uint8_t code, const uint8_t *p, size_t n)
{
    struct as_jpeg *jpeg = &md->facts->jpeg;

    if (code == 0xE0 && AS_BEGINS(p, n, "JFIF\0"))
        read_jfif(md, p, n);
    else if (code == 0xE1 && AS_BEGINS(p, n, "Exif\0"))
        as_md_exif(md, p + 6, n > 6 ? n - 6 : 0);
    else if (code == 0xE1 && AS_BEGINS(p, n, "http://ns.adobe.com/xap/1.0/\0"))
        as_md_xmp(md, p + 29, n - 29);
    else if (code == 0xE1 && AS_BEGINS(p, n, "http://ns.adobe.com/xmp/extension/\0"))
        add_extended(md, g, p + 35, n - 35);
    else if (code == 0xE2 && AS_BEGINS(p, n, "ICC_PROFILE\0"))
        add_icc(md, g, p, n);
    else if (code == 0xE2 && AS_BEGINS(p, n, "MPF\0"))
        read_mpf(md, p, n);
    else if (code == 0xEB && AS_BEGINS(p, n, "JP") && n >= 16)
        add_jumbf(md, g, p, n);
    else if (code == 0xEC && AS_BEGINS(p, n, "Ducky"))
        read_ducky(md, p, n);
    else if (code == 0xED && AS_BEGINS(p, n, "Photoshop 3.0\0"))
        as_parts_add(&g->irb, p + 14, n - 14);
    else if (code == 0xEE && AS_BEGINS(p, n, "Adobe") && n >= 12)
        jpeg->adobe_transform = p[11];
}

static void read_segment(struct as_md *md, struct gathered *g, uint8_t code, const uint8_t *p,
                         size_t n)
{
    struct as_jpeg *jpeg = &md->facts->jpeg;

    if (code >= 0xE0 && code <= 0xEF)
        read_app(md, g, code, p, n);
    else if (code == DQT)
        read_dqt(p, n, jpeg->qt, 4, &jpeg->qt_mask, jpeg->qt_bits);
    else if (code == DHT)
        read_dht(p, n, jpeg);
    else if (code == DRI && n >= 2)
        jpeg->restart_interval = as_u16be(p);
    else if (code == COM && g->comments++ < COMMENTS_MAX)
        as_md_latin1(md, "jpeg.comment", p, n);
    else if (code == SOS)
        jpeg->scans++;
    else if (code >= 0xC0 && code <= 0xCF && code != 0xC8 && code != 0xCC)
        read_sof(p, n, code, jpeg);
}

/* Where the entropy-coded data at `at` ends: at a marker that is not RSTn, or at n. */
static size_t entropy_end(const uint8_t *p, size_t n, size_t at)
{
    enum { BLOCK = 1024 };

    if (n - at >= 2 && p[at] == 0xFF && p[at + 1] != 0 && (p[at + 1] & 0xF8) != 0xD0)
        return at; /* an empty scan: no need to look at a whole block */
    for (; n - at > BLOCK; at += BLOCK) {
        uint8_t hit = 0;
        for (size_t i = 0; i < BLOCK; i++) {
            uint8_t a = p[at + i], b = p[at + i + 1];
            hit |= (uint8_t)((a == 0xFF) & (b != 0) & ((b & 0xF8) != 0xD0));
        }
        if (hit)
            break;
    }
    while (at + 1 < n) {
        const uint8_t *ff = memchr(p + at, 0xFF, n - 1 - at);
        if (ff == NULL)
            return n;
        at = (size_t)(ff - p);
        if (p[at + 1] == 0xFF)
            at++; /* a fill byte */
        else if (p[at + 1] == 0 || (p[at + 1] & 0xF8) == 0xD0)
            at += 2;
        else
            return at;
    }
    return n;
}

/* Walks the segments; returns where EOI ends, or n. */
static size_t walk(struct as_md *md, struct gathered *g)
{
    const uint8_t *p = md->in->at;
    struct as_jpeg *jpeg = &md->facts->jpeg;
    size_t n = (size_t)md->in->size, at = 0;

    while (n - at >= 2) {
        uint8_t code = p[at + 1];
        size_t len;

        if (p[at] != 0xFF || code == 0 || code == 0xFF) { /* fill bytes, or rubbish */
            if (p[at] != 0xFF)
                as_md_broken(md, "JPEG bytes between segments");
            at++;
            const uint8_t *ff = memchr(p + at, 0xFF, n - at);
            at = ff ? (size_t)(ff - p) : n;
            continue;
        }
        at += 2;
        if (code == SOI || code == EOI || code == 0x01 || (code & 0xF8) == 0xD0) {
            note_marker(jpeg, code, 0, p, 0);
            if (code == EOI) {
                jpeg->has_eoi = true;
                return at;
            }
            continue;
        }
        if (n - at < 2 || (len = as_u16be(p + at)) < 2 || len > n - at) {
            as_md_broken(md, "JPEG segment length");
            if (n - at < 2 || as_u16be(p + at) < 2)
                continue; /* go on at the next marker */
            len = n - at;
        }
        note_marker(jpeg, code, as_u16be(p + at), p + at + 2, len - 2);
        read_segment(md, g, code, p + at + 2, len - 2);
        at += len;
        if (code == SOS)
            at = entropy_end(p, n, at);
    }
    return n;
}

static void read_gathered(struct as_md *md, struct gathered *g)
{
    struct as_parts *parts = &g->irb;
    struct as_span whole;
    uint8_t *copy;

    if (g->extended) {
        if (g->extended_got < g->extended_size)
            as_md_broken(md, "extended XMP incomplete");
        as_md_xmp(md, g->extended, g->extended_size);
    }
    whole = as_parts_join(md, parts, &copy);
    if (whole.n)
        as_md_irb(md, whole.at, whole.n);
    free(copy);
    memset(parts, 0, sizeof *parts);
    for (unsigned i = 1; i <= g->icc_count && i < ICC_PIECES; i++) {
        parts->cut |= g->icc[i].at == NULL;
        as_parts_add(parts, g->icc[i].at, g->icc[i].n);
    }
    if (parts->cut)
        as_md_broken(md, "ICC segments missing");
    whole = as_parts_join(md, parts, &copy);
    if (whole.n)
        as_md_icc(md, whole.at, whole.n);
    free(copy);
    for (unsigned i = 0; i < g->njumbf; i++) {
        whole = as_parts_join(md, &g->jumbf[i], &copy);
        if (whole.n)
            as_md_c2pa_at(md, whole.at, whole.n, g->jumbf_at[i].from, g->jumbf_at[i].to);
        free(copy);
    }
}

static void note_trailing(struct as_md *md, size_t end)
{
    const uint8_t *p = md->in->at + end;
    size_t n = (size_t)md->in->size - end, zeros = 0;
    const char *what = "unknown data";

    md->facts->jpeg.trailing_bytes = n;
    if (n == 0)
        return;
    md->facts->flags |= AS_FLAG_TRAILING;
    while (zeros < n && p[zeros] == 0)
        zeros++;
    if (zeros == n)
        what = "zeros";
    else if (AS_BEGINS(p, n, "\xFF\xD8\xFF"))
        what = "JPEG";
    else if (n >= 8 && memcmp(p + 4, "ftyp", 4) == 0)
        what = "MP4 or QuickTime";
    else if (AS_BEGINS(p, n, "PK\x03\x04"))
        what = "ZIP";
    as_kvs_addf(md->kvs, "jpeg.trailing", "%zu bytes: %s", n, what);
}

void as_md_jpeg(struct as_md *md)
{
    struct gathered *g = calloc(1, sizeof *g);

    if (g == NULL) {
        md->no_memory = true;
        return;
    }
    md->facts->is_jpeg = true;
    md->facts->jpeg.huff_standard = true;
    note_trailing(md, walk(md, g));
    md->facts->jpeg.huff_standard &= md->facts->jpeg.huff_count > 0;
    read_gathered(md, g);
    free(g->extended);
    free(g);
}

void as_md_thumb_tables(struct as_jpeg *jpeg, const uint8_t *at, size_t n)
{
    for (size_t i = 2; n - i >= 4 && at[i] == 0xFF && at[i + 1] != SOS && at[i + 1] != EOI;) {
        size_t len = as_u16be(at + i + 2);

        if (len < 2 || len > n - i - 2)
            return;
        if (at[i + 1] == DQT)
            read_dqt(at + i + 4, len - 2, jpeg->thumb_qt, 2, &jpeg->thumb_qt_mask, NULL);
        i += 2 + len;
    }
}
