/* metadata_heif.c - EXIF and XMP items of a HEIF file (ISO/IEC 23008-12, 14496-12 8.11). */
#include "metadata.h"

#include <stdlib.h>

enum { WANTED_MAX = 8, ENTRIES_MAX = 65536, EXTENTS_MAX = 1024 };

enum item_kind { ITEM_EXIF, ITEM_XMP };

struct wanted {
    uint32_t id[WANTED_MAX];
    enum item_kind kind[WANTED_MAX];
    size_t n;
};

/* A reader that never passes its end: past it everything is 0 and `bad` is set. */
struct cursor {
    const uint8_t *at;
    size_t n;
    bool bad;
};

static uint64_t take(struct cursor *c, size_t size)
{
    uint64_t v = 0;

    if (size > c->n) {
        c->bad = true;
        c->n = 0;
        return 0;
    }
    for (size_t i = 0; i < size; i++)
        v = v << 8 | c->at[i];
    c->at += size;
    c->n -= size;
    return v;
}

/* An infe entry (version 2 or 3): id, protection, type, name, content type. */
static void read_infe(struct wanted *w, struct cursor c)
{
    unsigned version = (unsigned)take(&c, 1);
    uint32_t id, type;
    const uint8_t *end;

    take(&c, 3);
    id = (uint32_t)take(&c, version >= 3 ? 4 : 2);
    take(&c, 2);
    type = (uint32_t)take(&c, 4);
    if (c.bad || version < 2 || w->n == WANTED_MAX)
        return;
    w->id[w->n] = id;
    if (type == 0x45786966) { /* Exif */
        w->kind[w->n++] = ITEM_EXIF;
    } else if (type == 0x6D696D65) { /* mime */
        end = memchr(c.at, 0, c.n);
        if (end == NULL)
            return;
        c.n -= (size_t)(end + 1 - c.at);
        c.at = end + 1;
        if (AS_BEGINS(c.at, c.n, "application/rdf+xml"))
            w->kind[w->n++] = ITEM_XMP;
    }
}

static void read_iinf(struct wanted *w, struct as_span iinf)
{
    struct cursor c = {iinf.at, iinf.n, false};
    unsigned version = (unsigned)take(&c, 1);
    uint64_t count;

    take(&c, 3);
    count = take(&c, version == 0 ? 2 : 4);
    for (uint64_t i = 0; i < count && i < ENTRIES_MAX && c.n >= 8; i++) {
        size_t size = as_u32be(c.at);

        if (size < 8 || size > c.n)
            return;
        if (memcmp(c.at + 4, "infe", 4) == 0)
            read_infe(w, (struct cursor){c.at + 8, size - 8, false});
        c.at += size;
        c.n -= size;
    }
}

static void read_item(struct as_md *md, enum item_kind kind, const uint8_t *at, size_t n)
{
    size_t skip;

    if (kind == ITEM_XMP) {
        as_md_xmp(md, at, n);
        return;
    }
    if (n < 4 || as_u32be(at) > n - 4) {
        as_md_broken(md, "HEIF EXIF item");
        return;
    }
    skip = 4 + (size_t)as_u32be(at); /* to the byte order mark */
    as_md_exif(md, at + skip, n - skip);
}

/* The extents of one item; `wide` fields as the box's head says. */
struct widths {
    unsigned offset, length, base, index;
};

/* Reads one item's extents from c and, when it is wanted, the item. */
static void read_extents(struct as_md *md, const struct as_md_items *items, struct cursor *c,
                         const struct widths *w, uint64_t base, unsigned method, int kind)
{
    uint64_t count = take(c, 2), used = 0;
    uint8_t *whole = NULL, *copy;

    for (uint64_t i = 0; i < count && i < EXTENTS_MAX && !c->bad; i++) {
        uint64_t at, n;
        struct as_span part;

        take(c, w->index);
        at = base + take(c, w->offset);
        n = take(c, w->length);
        if (kind < 0 || method > 1 || c->bad)
            continue;
        if (method == 1) {
            if (at >= items->idat_n)
                continue;
            n = n < items->idat_n - at ? n : items->idat_n - at;
            at += items->idat;
        }
        part = as_md_fetch(md, at, n, &copy);
        if (count == 1) {
            read_item(md, (enum item_kind)kind, part.at, part.n);
        } else if (part.n > 0 && part.n <= AS_BLOCK_MAX - used) {
            uint8_t *more = realloc(whole, (size_t)used + part.n);
            md->no_memory |= more == NULL;
            if (more) {
                whole = more;
                memcpy(whole + used, part.at, part.n);
                used += part.n;
            }
        }
        free(copy);
    }
    if (used > 0)
        read_item(md, (enum item_kind)kind, whole, (size_t)used);
    free(whole);
}

static void read_iloc(struct as_md *md, const struct as_md_items *items,
                      const struct wanted *wanted)
{
    struct cursor c = {items->iloc.at, items->iloc.n, false};
    unsigned version = (unsigned)take(&c, 1), sizes;
    struct widths w;
    uint64_t count;

    take(&c, 3);
    sizes = (unsigned)take(&c, 2);
    w = (struct widths){.offset = sizes >> 12,
                        .length = sizes >> 8 & 15,
                        .base = sizes >> 4 & 15,
                        .index = version ? sizes & 15 : 0};
    if (w.offset > 8 || w.length > 8 || w.base > 8 || w.index > 8)
        c.bad = true;
    count = take(&c, version < 2 ? 2 : 4);
    for (uint64_t i = 0; i < count && i < ENTRIES_MAX && !c.bad; i++) {
        uint32_t id = (uint32_t)take(&c, version < 2 ? 2 : 4);
        unsigned method = version ? (unsigned)take(&c, 2) & 15 : 0;
        uint64_t base;
        int kind = -1;

        take(&c, 2);
        base = take(&c, w.base);
        for (size_t k = 0; k < wanted->n; k++)
            if (wanted->id[k] == id)
                kind = (int)wanted->kind[k];
        read_extents(md, items, &c, &w, base, method, kind);
    }
    if (c.bad)
        as_md_broken(md, "HEIF item locations");
}

void as_md_heif(struct as_md *md, const struct as_md_items *items)
{
    struct wanted wanted = {.n = 0};

    if (items->iinf.n == 0 || items->iloc.n == 0)
        return;
    read_iinf(&wanted, items->iinf);
    if (wanted.n > 0)
        read_iloc(md, items, &wanted);
}
