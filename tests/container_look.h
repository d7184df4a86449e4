/* container_look.h - looking through a container, and making one, for tests of containers. */
#ifndef CONTAINER_LOOK_H
#define CONTAINER_LOOK_H

#include "../pipeline/evidence/container.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUM = 32, ROOM = 4 << 20, MANY = 1 << 16 };

static const struct as_container_limits LIMITS = {100000, (uint64_t)1 << 30, 2000, NULL};

/* What became of one container. */
struct seen {
    enum as_status opened, ended;
    enum as_reason why;      /* of the end, or of the failed opening */
    uint64_t entries, bytes; /* told, read */
    enum as_reason first;    /* the first entry's trouble, by header or by data */
    uint32_t flags;          /* of all entries together */
    enum as_kind kind;
    enum as_access access;
    uint8_t sum[SUM]; /* over names, types, data, flags, reasons */
    uint64_t *offset; /* [entries] */
    uint8_t (*each)[SUM];
};

static inline void seen_clear(struct seen *s)
{
    free(s->offset);
    free(s->each);
}

static inline void add(EVP_MD_CTX *h, const void *p, size_t n)
{
    assert_int_equal(EVP_DigestUpdate(h, p, n), 1);
}

static EVP_MD_CTX *begin(void)
{
    EVP_MD_CTX *h = EVP_MD_CTX_new();

    assert_int_equal(EVP_DigestInit_ex(h, EVP_sha256(), NULL), 1);
    return h;
}

static inline void end(EVP_MD_CTX *h, uint8_t *sum)
{
    assert_int_equal(EVP_DigestFinal_ex(h, sum, NULL), 1);
    EVP_MD_CTX_free(h);
}

/* Reads an entry's data in pieces of `step`. */
static inline enum as_reason read_entry(struct as_container *c, EVP_MD_CTX *h, size_t step,
                                        uint64_t *bytes)
{
    static uint8_t piece[MANY];
    struct as_err err = {0};
    enum as_status status;
    uint64_t got;

    do {
        status = as_container_read(c, piece, step, &got, &err);
        assert_true(got <= step);
        add(h, piece, got);
        *bytes += got;
    } while (status == AS_OK && got == step);
    assert_true(status == AS_OK || status == AS_END || as_item_failed(status));
    if (as_item_failed(status))
        assert_int_not_equal(err.reason, AS_REASON_NONE);
    return status == AS_OK || status == AS_END ? AS_REASON_NONE : err.reason;
}

/* Goes through a container from (offset, index); reads data from entry `from` on. */
static inline struct seen look(const struct as_input *in, const struct as_container_limits *limits,
                               uint64_t offset, uint64_t index, uint64_t from, size_t step)
{
    struct seen s = {0};
    struct as_container *c;
    struct as_entry e;
    struct as_err err = {0};
    EVP_MD_CTX *all;

    s.opened = as_container_open(&c, in, limits, offset, index, &err);
    s.ended = s.opened;
    s.why = err.reason;
    if (s.opened != AS_OK) {
        assert_null(c);
        return s;
    }
    all = begin();
    while (as_err_clear(&err), (s.ended = as_container_next(c, &e, &err)) == AS_OK) {
        EVP_MD_CTX *one = begin();
        uint64_t bytes = 0;
        enum as_reason trouble = AS_REASON_NONE;
        assert_true(e.index == index + s.entries);
        assert_null(memchr(e.name, 0, e.name_len));
        assert_true(e.name_len <= 4096);
        add(one, e.name, e.name_len);
        add(one, &e.type, sizeof e.type);
        if (e.index >= from)
            trouble = read_entry(c, one, step, &bytes);
        if (e.reason != AS_REASON_NONE)
            trouble = e.reason;
        uint32_t flags = e.flags | as_container_entry_flags(c);
        add(one, &trouble, sizeof trouble);
        add(one, &flags, sizeof flags);
        s.flags |= flags;
        s.bytes += bytes;
        if (s.first == AS_REASON_NONE)
            s.first = trouble;
        s.offset = realloc(s.offset, (s.entries + 1) * sizeof *s.offset);
        s.each = realloc(s.each, (s.entries + 1) * sizeof *s.each);
        s.offset[s.entries] = e.offset;
        end(one, s.each[s.entries]);
        add(all, s.each[s.entries], sizeof *s.each);
        s.entries++;
    }
    s.why = err.reason;
    s.kind = as_container_kind(c);
    s.access = as_container_access(c);
    end(all, s.sum);
    assert_int_equal(as_container_next(c, &e, &err), s.ended); /* and says it again */
    as_container_close(c);
    return s;
}

static inline struct seen look_at(const void *bytes, size_t n)
{
    struct as_input in = {.at = bytes, .fd = -1, .size = n};

    return look(&in, &LIMITS, 0, 0, 0, MANY);
}

/* A writer of test archives into memory. */
struct maker {
    struct archive *a;
    uint8_t *bytes;
    size_t n, *written;
};

/* The size lives on the heap, too: libarchive keeps its address. */
static inline struct maker make(int (*format)(struct archive *), int (*filter)(struct archive *),
                                size_t room)
{
    struct maker m = {
        .a = archive_write_new(), .bytes = malloc(room), .written = malloc(sizeof(size_t))};

    *m.written = 0;

    assert_int_equal(format(m.a), ARCHIVE_OK);
    if (filter)
        assert_int_equal(filter(m.a), ARCHIVE_OK);
    archive_write_set_bytes_in_last_block(m.a, 1);
    assert_int_equal(archive_write_open_memory(m.a, m.bytes, room, m.written), ARCHIVE_OK);
    return m;
}

static inline void put(struct maker *m, const char *name, const void *data, size_t n, int64_t zeros)
{
    static const uint8_t none[MANY];
    struct archive_entry *e = archive_entry_new();

    archive_entry_set_pathname(e, name);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_mtime(e, 1000000000, 0);
    archive_entry_set_size(e, (int64_t)n + zeros);
    assert_int_equal(archive_write_header(m->a, e), ARCHIVE_OK);
    archive_entry_free(e);
    archive_write_data(m->a, data, n);
    for (; zeros > 0; zeros -= MANY)
        archive_write_data(m->a, none, zeros < MANY ? (size_t)zeros : MANY);
}

static inline void done(struct maker *m)
{
    assert_int_equal(archive_write_close(m->a), ARCHIVE_OK);
    archive_write_free(m->a);
    m->n = *m->written;
    free(m->written);
    m->written = NULL;
}

#endif
