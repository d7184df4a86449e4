/* metadata_maker.h - files made byte by byte, for tests of the metadata parsers. */
#ifndef METADATA_MAKER_H
#define METADATA_MAKER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metadata_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* A growing file. */
struct maker {
    uint8_t *at;
    size_t n, room;
};

static inline void put(struct maker *m, const void *p, size_t n)
{
    if (n > m->room - m->n) {
        m->room = 2 * m->room + n + 4096;
        m->at = realloc(m->at, m->room);
        assert_non_null(m->at);
    }
    if (n)
        memcpy(m->at + m->n, p, n);
    m->n += n;
}

static inline void put_be(struct maker *m, uint64_t v, size_t size)
{
    for (size_t i = size; i-- > 0;)
        put(m, &(uint8_t){(uint8_t)(v >> (8 * i))}, 1);
}

static inline void put_text(struct maker *m, const char *s)
{
    put(m, s, strlen(s));
}

/* Reads a copy of exactly the file's size, so that a sanitiser sees any step beyond it. */
static inline void read_maker(enum as_kind kind, struct maker *m)
{
    uint8_t *p = malloc(m->n ? m->n : 1);

    assert_non_null(p);
    if (m->n)
        memcpy(p, m->at, m->n);
    read_memory(kind, p, m->n);
    free(p);
    free(m->at);
    *m = (struct maker){0};
}

static inline void put_segment(struct maker *m, unsigned code, const void *head, size_t hn,
                               const void *body, size_t n)
{
    put_be(m, 0xFF00 | code, 2);
    put_be(m, 2 + hn + n, 2);
    put(m, head, hn);
    put(m, body, n);
}

static inline void put_chunk(struct maker *m, const char *type, const void *body, size_t n)
{
    put_be(m, n, 4);
    put_text(m, type);
    put(m, body, n);
    put_be(m, 0, 4); /* checksums are not our business */
}

static inline void put_box(struct maker *m, uint64_t size, const char *type)
{
    put_be(m, size, 4);
    put_text(m, type);
}

/* JUMBF in a PNG: what a description box with label `label` costs is 8 + 17 + label + 1. */
static inline void put_jumd(struct maker *m, const char *type, const char *label)
{
    put_box(m, 26 + strlen(label), "jumd");
    put_text(m, type);
    put(m, "\0\x11\0\x10\x80\0\0\xAA\0\x38\x9B\x71\x03", 13);
    put(m, label, strlen(label) + 1);
}

static inline void read_xmp(const char *packet)
{
    struct maker m = {0};

    put(&m, "GIF89a\1\0\1\0\0\0\0!\xFF\x0BXMP DataXMP", 27);
    put_text(&m, packet);
    for (int i = 0; i < 257; i++) /* the magic trailer: lands on 0 from wherever it is entered */
        put(&m, &(uint8_t){(uint8_t)(i == 0 ? 1 : 256 - i)}, 1);
    put(&m, "\0;", 2);
    read_maker(AS_KIND_GIF, &m);
}

#define XMP_HEAD                                                                                   \
    "<?xpacket begin='\xEF\xBB\xBF' id='W5M0MpCehiHzreSzNTczkc9d'?>"                               \
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF "                                                \
    "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
#define XMP_TAIL "</rdf:RDF></x:xmpmeta><?xpacket end='w'?>"

#endif
