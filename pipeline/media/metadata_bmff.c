/* metadata_bmff.c - boxes of ISO base media files: HEIC, AVIF, MP4, QuickTime, JPEG 2000 and XL.
 *
 * The tree is walked with an explicit stack and bounded reads; media data are
 * never touched.  Kept: brands, the order of the top-level boxes (a trace of the
 * writing software), times, handler names, user data, iTunes and QuickTime
 * metadata, XMP, EXIF, ICC, C2PA.
 */
#include "metadata.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_MAX = 16, BOXES_MAX = 65536, KEYS_MAX = 256, ORDER_MAX = 1024 };

#define FOUR(a, b, c, d)                                                                           \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

struct box {
    uint32_t type;
    uint64_t at, n; /* payload */
    uint64_t start; /* of its header */
};

struct frame {
    uint32_t type;
    uint64_t end;
};

struct walk {
    struct as_md *md;
    struct frame frame[DEPTH_MAX];
    unsigned depth;
    char order[ORDER_MAX], udta[ORDER_MAX];
    struct as_span keys; /* payload of the current meta box's QuickTime keys */
    uint8_t *keys_copy;
    struct as_md_items items;
    uint8_t *iinf_copy, *iloc_copy;
    bool icc;
};

static bool in(const struct walk *w, uint32_t type)
{
    return w->depth > 0 && w->frame[w->depth - 1].type == type;
}

/* A four-character code as UTF-8 text (0xA9 is the sign of QuickTime's own tags). */
static void four_text(uint32_t type, char *to)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        uint8_t c = (uint8_t)(type >> shift);
        if (c == 0xA9) {
            *to++ = (char)0xC2;
            *to++ = (char)0xA9;
        } else {
            *to++ = c >= 0x20 && c < 0x7F ? (char)c : '?';
        }
    }
    *to = '\0';
}

static void list_type(char *list, uint32_t type)
{
    size_t used = strlen(list);
    char text[9];

    four_text(type, text);
    if (used + strlen(text) + 5 < ORDER_MAX)
        sprintf(list + used, "%s%s", used ? " " : "", text);
    else if (used + 5 < ORDER_MAX)
        strcpy(list + used, " ...");
}

static void add_brands(struct as_md *md, const uint8_t *at, size_t n)
{
    char text[ORDER_MAX] = "";

    for (size_t i = 0; i + 4 <= n; i += 4)
        if (i != 4) /* the minor version */
            list_type(text, as_u32be(at + i));
    as_kvs_add(md->kvs, "bmff.brands", text, strlen(text));
}

/* Seconds since 1904 as a date (proleptic Gregorian, UTC). */
static void add_time(struct as_md *md, const char *key, uint64_t since_1904)
{
    uint64_t days = since_1904 / 86400, sec = since_1904 % 86400;
    uint64_t z, era, doe, yoe, doy, m;

    if (since_1904 == 0 || days > 4000000)
        return;
    /* days since 0000-03-01, in eras of 400 years; 1904-01-01 is day 695361 */
    z = days + 695361;
    era = z / 146097;
    doe = z % 146097;
    yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    m = (5 * doy + 2) / 153;
    as_kvs_addf(md->kvs, key, "%04u:%02u:%02u %02u:%02u:%02u",
                (unsigned)(yoe + era * 400 + (m >= 10)), (unsigned)(m < 10 ? m + 3 : m - 9),
                (unsigned)(doy - (153 * m + 2) / 5 + 1), (unsigned)(sec / 3600),
                (unsigned)(sec / 60 % 60), (unsigned)(sec % 60));
}

static void add_movie_header(struct as_md *md, const uint8_t *at, size_t n)
{
    bool wide = n > 0 && at[0] == 1;

    if (n < (wide ? 32 : 20))
        return;
    add_time(md, "bmff.created", wide ? as_u64be(at + 4) : as_u32be(at + 4));
    add_time(md, "bmff.modified", wide ? as_u64be(at + 12) : as_u32be(at + 8));
    as_kvs_addf(md->kvs, "bmff.timescale", "%u", as_u32be(at + (wide ? 20 : 12)));
    as_kvs_addf(md->kvs, "bmff.duration", "%" PRIu64, wide ? as_u64be(at + 24) : as_u32be(at + 16));
}

/* A handler: its type and the name its writer gave it, as C or Pascal string. */
static void add_handler(struct as_md *md, const uint8_t *at, size_t n)
{
    const uint8_t *name;
    char text[9], key[32];
    size_t len;

    if (n < 24)
        return;
    name = at + 24;
    len = n - 24;
    if (len > 1 && name[0] == len - 1) { /* QuickTime counts */
        name++;
        len--;
    }
    four_text(as_u32be(at + 8), text);
    snprintf(key, sizeof key, "bmff.handler.%s", text);
    as_md_latin1(md, key, name, len ? strnlen((const char *)name, len) : 0);
}

/* Numbers and texts of an ilst "data" box: type, locale, value. */
static void add_data(struct as_md *md, const char *key, const uint8_t *at, size_t n)
{
    uint64_t v = 0;
    unsigned type;

    if (n < 8)
        return;
    type = as_u32be(at) & 0xFFFFFF;
    at += 8;
    n -= 8;
    if (type == 1) {
        as_md_latin1(md, key, at, n);
    } else if (type == 2) {
        as_md_utf16(md, key, at, n, true);
    } else if ((type == 21 || type == 22) && n >= 1 && n <= 8) {
        for (size_t i = 0; i < n; i++)
            v = v << 8 | at[i];
        as_kvs_addf(md->kvs, key, "%" PRIu64, v);
    } else {
        as_kvs_addf(md->kvs, key, "(%zu bytes)", n);
    }
}

/* The i-th name (from 1) of a keys box; false when there is none. */
static bool key_name(const struct walk *w, uint32_t i, char *to, size_t room)
{
    const uint8_t *at = w->keys.at;
    size_t n = w->keys.n, pos = 8;

    if (i == 0 || i > KEYS_MAX)
        return false;
    for (; n >= 8 && n - pos >= 8; i--) {
        size_t size = as_u32be(at + pos);
        if (size < 8 || size > n - pos)
            return false;
        if (i == 1) {
            snprintf(to, room, "bmff.%.*s", (int)(size - 8 < 200 ? size - 8 : 200),
                     (const char *)at + pos + 8);
            return true;
        }
        pos += size;
    }
    return false;
}

/* An item of ilst: named by its type, or by its number in the keys box. */
static void add_item(struct walk *w, uint32_t type, const uint8_t *at, size_t n)
{
    char key[224], text[9];
    size_t size;

    if (!key_name(w, type, key, sizeof key)) {
        four_text(type, text);
        snprintf(key, sizeof key, "bmff.%s", text);
    }
    for (size_t i = 0; n - i >= 16; i += size) {
        size = as_u32be(at + i);
        if (size < 8 || size > n - i)
            return;
        if (memcmp(at + i + 4, "data", 4) == 0)
            add_data(w->md, key, at + i + 8, size - 8);
    }
}

/* A user data atom: texts behind length and language, or UTF-8 behind version and language. */
static void add_user_data(struct walk *w, uint32_t type, const uint8_t *at, size_t n)
{
    char key[32], text[9];

    list_type(w->udta, type);
    if (type == FOUR('X', 'M', 'P', '_')) {
        as_md_xmp(w->md, at, n);
        return;
    }
    four_text(type, text);
    snprintf(key, sizeof key, "bmff.%s", text);
    if (type >> 24 == 0xA9 && n > 4) {
        size_t len = as_u16be(at);
        as_md_latin1(w->md, key, at + 4, len < n - 4 ? len : n - 4);
    } else if (n > 6 && at[0] == 0 &&
               (type == FOUR('t', 'i', 't', 'l') || type == FOUR('a', 'u', 't', 'h') ||
                type == FOUR('d', 's', 'c', 'p') || type == FOUR('c', 'p', 'r', 't'))) {
        as_md_latin1(w->md, key, at + 6, strnlen((const char *)at + 6, n - 6));
    }
}

static void add_uuid(struct as_md *md, const struct box *box, const uint8_t *at, size_t n)
{
    static const uint8_t c2pa[16] = {0xD8, 0xFE, 0xC3, 0xD6, 0x1B, 0x0E, 0x48, 0x3C,
                                     0x92, 0x97, 0x58, 0x28, 0x87, 0x7E, 0xC4, 0x81};
    static const uint8_t xmp[16] = {0xBE, 0x7A, 0xCF, 0xCB, 0x97, 0xA9, 0x42, 0xE8,
                                    0x9C, 0x71, 0x99, 0x94, 0x91, 0xE3, 0xAF, 0xAC};
    const uint8_t *end;

    if (n < 16)
        return;
    if (memcmp(at, xmp, 16) == 0) {
        as_md_xmp(md, at + 16, n - 16);
    } else if (memcmp(at, "JpgTiffExif->JP2", 16) == 0) {
        as_md_exif(md, at + 16, n - 16);
    } else if (memcmp(at, c2pa, 16) == 0 && n > 20 && (end = memchr(at + 20, 0, n - 20)) != NULL) {
        /* version and flags, purpose, for a manifest the offset of a hash tree, the store */
        size_t skip = (size_t)(end - at) + 1;
        if (AS_BEGINS(at + 20, n - 20, "manifest\0") && n - skip > 8)
            as_md_c2pa_at(md, at + skip + 8, n - skip - 8, box->start, box->at + box->n);
        else
            as_kvs_add(md->kvs, "c2pa.present", "yes", 3);
    }
}

static void add_colour(struct walk *w, const uint8_t *at, size_t n)
{
    if (w->icc || n < 8 || (memcmp(at, "prof", 4) != 0 && memcmp(at, "rICC", 4) != 0))
        return;
    w->icc = true;
    as_md_icc(w->md, at + 4, n - 4);
}

/* JPEG XL keeps EXIF behind a four-byte offset, as HEIF does. */
static void add_jxl_exif(struct as_md *md, const uint8_t *at, size_t n)
{
    if (n > 4 && as_u32be(at) < n - 4)
        as_md_exif(md, at + 4 + as_u32be(at), n - 4 - as_u32be(at));
}

/* True for boxes whose payload read_leaf looks at. */
static bool is_wanted(const struct walk *w, uint32_t type)
{
    static const uint32_t wanted[] = {FOUR('f', 't', 'y', 'p'), FOUR('m', 'v', 'h', 'd'),
                                      FOUR('h', 'd', 'l', 'r'), FOUR('u', 'u', 'i', 'd'),
                                      FOUR('c', 'o', 'l', 'r'), FOUR('k', 'e', 'y', 's'),
                                      FOUR('i', 'i', 'n', 'f'), FOUR('i', 'l', 'o', 'c'),
                                      FOUR('E', 'x', 'i', 'f'), FOUR('x', 'm', 'l', ' ')};

    if (in(w, FOUR('u', 'd', 't', 'a')) || in(w, FOUR('i', 'l', 's', 't')))
        return true;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (type == wanted[i])
            return true;
    return false;
}

/* Keeps a payload for the end of the meta box; the first one counts. */
static void keep(struct as_span *span, uint8_t **owner, struct as_span got, uint8_t **copy)
{
    if (span->at)
        return;
    *span = got;
    *owner = *copy;
    *copy = NULL;
}

static void read_leaf(struct walk *w, const struct box *box)
{
    uint8_t *copy;
    struct as_span got = as_md_fetch(w->md, box->at, box->n, &copy);

    if (in(w, FOUR('u', 'd', 't', 'a')))
        add_user_data(w, box->type, got.at, got.n);
    else if (in(w, FOUR('i', 'l', 's', 't')))
        add_item(w, box->type, got.at, got.n);
    else if (box->type == FOUR('f', 't', 'y', 'p'))
        add_brands(w->md, got.at, got.n);
    else if (box->type == FOUR('m', 'v', 'h', 'd'))
        add_movie_header(w->md, got.at, got.n);
    else if (box->type == FOUR('h', 'd', 'l', 'r'))
        add_handler(w->md, got.at, got.n);
    else if (box->type == FOUR('u', 'u', 'i', 'd'))
        add_uuid(w->md, box, got.at, got.n);
    else if (box->type == FOUR('c', 'o', 'l', 'r'))
        add_colour(w, got.at, got.n);
    else if (box->type == FOUR('k', 'e', 'y', 's'))
        keep(&w->keys, &w->keys_copy, got, &copy);
    else if (box->type == FOUR('i', 'i', 'n', 'f'))
        keep(&w->items.iinf, &w->iinf_copy, got, &copy);
    else if (box->type == FOUR('i', 'l', 'o', 'c'))
        keep(&w->items.iloc, &w->iloc_copy, got, &copy);
    else if (box->type == FOUR('E', 'x', 'i', 'f'))
        add_jxl_exif(w->md, got.at, got.n);
    else if (box->type == FOUR('x', 'm', 'l', ' ') && w->depth == 0)
        as_md_xmp(w->md, got.at, got.n);
    free(copy);
}

/* Boxes that hold boxes we want. */
static bool is_container(uint32_t type)
{
    return type == FOUR('m', 'o', 'o', 'v') || type == FOUR('t', 'r', 'a', 'k') ||
           type == FOUR('m', 'd', 'i', 'a') || type == FOUR('u', 'd', 't', 'a') ||
           type == FOUR('m', 'e', 't', 'a') || type == FOUR('i', 'l', 's', 't') ||
           type == FOUR('i', 'p', 'r', 'p') || type == FOUR('i', 'p', 'c', 'o') ||
           type == FOUR('j', 'p', '2', 'h');
}

/* The box at `at`, before `end`; false when there is none. */
static bool next_box(struct as_md *md, uint64_t at, uint64_t end, struct box *box)
{
    uint8_t head[16];
    uint64_t size, n = 8;

    if (end - at < 8 || as_input_read(md->in, at, head, 8) != 8)
        return false;
    size = as_u32be(head);
    box->type = as_u32be(head + 4);
    if (size == 1) {
        if (end - at < 16 || as_input_read(md->in, at, head, 16) != 16)
            return false;
        size = as_u64be(head + 8);
        n = 16;
    } else if (size == 0) {
        size = end - at;
    }
    if (size < n)
        return false;
    if (size > end - at) {
        as_md_broken(md, "box longer than what it lies in");
        size = end - at;
    }
    box->start = at;
    box->at = at + n;
    box->n = size - n;
    return true;
}

/* Bytes before the first child: a meta box has version and flags, but QuickTime's has not. */
static uint64_t container_head(struct as_md *md, const struct box *box)
{
    uint8_t head[8];

    if (box->type != FOUR('m', 'e', 't', 'a') || as_input_read(md->in, box->at, head, 8) != 8)
        return 0;
    return as_u32be(head) == 0 ? 4 : 0;
}

static void read_box(struct walk *w, const struct box *box, uint64_t start)
{
    uint8_t *copy;
    struct as_span got;

    if (box->type == FOUR('j', 'u', 'm', 'b') && w->depth == 0) {
        got = as_md_fetch(w->md, start, box->at + box->n - start, &copy); /* with its header */
        as_md_c2pa_at(w->md, got.at, got.n, start, box->at + box->n);
        free(copy);
    } else if (box->type == FOUR('i', 'd', 'a', 't') && in(w, FOUR('m', 'e', 't', 'a'))) {
        w->items.idat = box->at;
        w->items.idat_n = box->n;
    } else if (is_wanted(w, box->type)) {
        read_leaf(w, box);
    }
}

static void drop_keys(struct walk *w)
{
    free(w->keys_copy);
    w->keys_copy = NULL;
    w->keys = (struct as_span){NULL, 0};
}

static void walk_boxes(struct walk *w)
{
    uint64_t at = 0, end;
    struct box box;

    for (unsigned i = 0; i < BOXES_MAX; i++) {
        while (w->depth > 0 && at + 8 > w->frame[w->depth - 1].end) {
            at = w->frame[w->depth - 1].end;
            w->depth--;
        }
        end = w->depth ? w->frame[w->depth - 1].end : w->md->in->size;
        if (at >= end)
            return;
        if (!next_box(w->md, at, end, &box)) {
            if (w->depth == 0)
                return;
            at = end; /* rubbish or a terminator: go on behind the container */
            continue;
        }
        if (w->depth == 0)
            list_type(w->order, box.type);
        if (is_container(box.type) && w->depth < DEPTH_MAX) {
            uint64_t skip = container_head(w->md, &box);
            if (box.type == FOUR('m', 'e', 't', 'a')) /* its keys name the items of its own list */
                drop_keys(w);
            w->frame[w->depth++] = (struct frame){box.type, box.at + box.n};
            at = box.at + (skip < box.n ? skip : box.n);
            continue;
        }
        read_box(w, &box, at);
        at = box.at + box.n;
    }
}

/* AAC and JPEG XL also come as bare streams: those begin with no box. */
static bool begins_with_box(struct as_md *md)
{
    uint8_t head[8];

    if (as_input_read(md->in, 0, head, 8) != 8)
        return false;
    for (size_t i = 4; i < 8; i++)
        if (head[i] < 0x20 || head[i] > 0x7E)
            return false;
    return true;
}

void as_md_bmff(struct as_md *md)
{
    struct walk *w;

    if (!begins_with_box(md))
        return;
    if ((w = calloc(1, sizeof *w)) == NULL) {
        md->no_memory = true;
        return;
    }
    w->md = md;
    walk_boxes(w);
    as_kvs_add(md->kvs, "bmff.boxes", w->order, strlen(w->order));
    as_kvs_add(md->kvs, "bmff.udta", w->udta, strlen(w->udta));
    as_md_heif(md, &w->items);
    drop_keys(w);
    free(w->iinf_copy);
    free(w->iloc_copy);
    free(w);
}
