/* sniff_in.h - what the parts of the sniffer share.  Internal to pipeline/media. */
#ifndef AS_SNIFF_IN_H
#define AS_SNIFF_IN_H

#include "sniff.h"

#include <stdbool.h>
#include <string.h>

/* The bytes that are looked at. */
struct as_head {
    const uint8_t *p; /* the first n  */
    size_t n;
    const uint8_t *tail; /* the last ntail */
    size_t ntail;
    uint64_t size; /* of the whole */
};

/* Whether the head has the len bytes of `magic` at `at`. */
static inline bool as_head_is(const struct as_head *h, size_t at, const void *magic, size_t len)
{
    return at <= h->n && len <= h->n - at && memcmp(h->p + at, magic, len) == 0;
}

/* The same with a string literal, which may hold NULs. */
#define AS_HEAD_IS(h, at, magic) as_head_is(h, at, magic, sizeof(magic) - 1)

static inline uint32_t as_le16(const uint8_t *p)
{
    return (uint32_t)(p[0] | p[1] << 8);
}

static inline uint32_t as_le32(const uint8_t *p)
{
    return as_le16(p) | as_le16(p + 2) << 16;
}

static inline uint32_t as_be16(const uint8_t *p)
{
    return (uint32_t)(p[0] << 8 | p[1]);
}

static inline uint32_t as_be32(const uint8_t *p)
{
    return as_be16(p) << 16 | as_be16(p + 2);
}

/* Each gives a kind of its family, or AS_KIND_UNKNOWN. */
enum as_kind as_sniff_media(const struct as_head *h);   /* pictures, video, sound  */
enum as_kind as_sniff_stream(const struct as_head *h);  /* MPEG and MP3, by frames */
enum as_kind as_sniff_archive(const struct as_head *h); /* with checks             */
enum as_kind as_sniff_disk(const struct as_head *h);
enum as_kind as_sniff_text(const struct as_head *h);

#endif
