/* t_container.c - containers: crafted ones, and all of the real ones there are. */
#include "../pipeline/evidence/container.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <locale.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SUM = 32, ROOM = 4 << 20, MANY = 1 << 16 };

static const struct as_container_limits LIMITS = {100000, (uint64_t)1 << 30, 2000, NULL};

/* ---- helpers ------------------------------------------------------------- */

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

static void seen_clear(struct seen *s)
{
    free(s->offset);
    free(s->each);
}

static void add(EVP_MD_CTX *h, const void *p, size_t n)
{
    assert_int_equal(EVP_DigestUpdate(h, p, n), 1);
}

static EVP_MD_CTX *begin(void)
{
    EVP_MD_CTX *h = EVP_MD_CTX_new();

    assert_int_equal(EVP_DigestInit_ex(h, EVP_sha256(), NULL), 1);
    return h;
}

static void end(EVP_MD_CTX *h, uint8_t *sum)
{
    assert_int_equal(EVP_DigestFinal_ex(h, sum, NULL), 1);
    EVP_MD_CTX_free(h);
}

/* Reads an entry's data in pieces of `step`. */
static enum as_reason read_entry(struct as_container *c, EVP_MD_CTX *h, size_t step,
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
static struct seen look(const struct as_input *in, const struct as_container_limits *limits,
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

static struct seen look_at(const void *bytes, size_t n)
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
static struct maker make(int (*format)(struct archive *), int (*filter)(struct archive *),
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

static void put(struct maker *m, const char *name, const void *data, size_t n, int64_t zeros)
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

static void done(struct maker *m)
{
    assert_int_equal(archive_write_close(m->a), ARCHIVE_OK);
    archive_write_free(m->a);
    m->n = *m->written;
    free(m->written);
}

/* ---- crafted ------------------------------------------------------------- */

static void test_none(void **state)
{
    static uint8_t zeros[1 << 16];
    static const char text[] = "#mtree\n./a type=file size=10 contents=/etc/passwd\n";
    static const uint8_t jpeg[] = {0xff, 0xd8, 0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0};
    static const uint8_t cpio[64] = {0xc7, 0x71, 1, 2, 3};

    (void)state;
    assert_int_equal(look_at("", 0).opened, AS_SKIP);
    assert_int_equal(look_at("a", 1).opened, AS_SKIP);
    assert_int_equal(look_at(zeros, sizeof zeros).opened, AS_SKIP);
    assert_int_equal(look_at(text, sizeof text).opened, AS_SKIP);
    assert_int_equal(look_at(jpeg, sizeof jpeg).opened, AS_SKIP);
    assert_int_equal(look_at(cpio, sizeof cpio).opened, AS_SKIP);
    assert_int_equal(look_at("Rar!\x1a\x07\x00", 7).opened, AS_OK); /* magic, then nothing */
    assert_int_equal(look_at("\x1f\x8b\x08\x00", 4).opened, AS_EFORMAT);
}

static void test_names(void **state)
{
    static const struct {
        const char *name;
        uint32_t flags;
    } cases[] = {
        {"a/b..c/..d/e", 0},
        {"a/../b", AS_FLAG_TRAVERSAL},
        {"..", AS_FLAG_TRAVERSAL},
        {"a\\..\\b", AS_FLAG_TRAVERSAL},
        {"../../etc/passwd", AS_FLAG_TRAVERSAL},
        {"/etc/passwd", AS_FLAG_ABSOLUTE},
        {"C:\\a", AS_FLAG_ABSOLUTE},
        {"\\\\host\\share\\a", AS_FLAG_ABSOLUTE},
        {"/a/..", AS_FLAG_ABSOLUTE | AS_FLAG_TRAVERSAL},
        {"caf\xe9", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct maker m = make(archive_write_set_format_ustar, NULL, MANY);
        put(&m, cases[i].name, "x", 1, 0);
        done(&m);
        struct seen s = look_at(m.bytes, m.n);
        assert_int_equal(s.entries, 1);
        assert_int_equal(s.flags, cases[i].flags);
        seen_clear(&s);
        free(m.bytes);
    }
}

static void test_long_name(void **state)
{
    char name[6000];

    (void)state;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    struct maker m = make(archive_write_set_format_pax, NULL, MANY);
    put(&m, name, "x", 1, 0);
    done(&m);
    struct seen s = look_at(m.bytes, m.n);
    assert_int_equal(s.entries, 1);
    assert_int_equal(s.first, AS_REASON_LIMIT_NAME);
    assert_int_equal(s.bytes, 1); /* the data is there all the same */
    seen_clear(&s);
    free(m.bytes);
}

static void test_zip_bomb(void **state)
{
    (void)state;
    struct maker m = make(archive_write_set_format_zip, NULL, ROOM);
    put(&m, "zeros", "", 0, 64 << 20);
    put(&m, "after", "hello", 5, 0);
    done(&m);
    struct as_input in = {.at = m.bytes, .fd = -1, .size = m.n};
    struct as_container_limits few = LIMITS;
    few.max_ratio = 100;
    struct seen s = look(&in, &few, 0, 0, 0, MANY);
    assert_int_equal(s.ended, AS_ELIMIT);
    assert_int_equal(s.why, AS_REASON_LIMIT_RATIO);
    assert_true(s.bytes <= 17 << 20);
    seen_clear(&s);
    few.max_ratio = 2000;
    few.max_unpacked = 20 << 20;
    s = look(&in, &few, 0, 0, 0, MANY);
    assert_int_equal(s.why, AS_REASON_LIMIT_UNPACKED);
    seen_clear(&s);
    s = look(&in, &LIMITS, 0, 0, 0, MANY);
    assert_int_equal(s.ended, AS_END);
    assert_int_equal(s.bytes, (64 << 20) + 5);
    assert_int_equal(s.access, AS_ACCESS_ORDINAL);
    seen_clear(&s);
    free(m.bytes);
}

/* What is skipped in a stream is unpacked, and counted, too. */
static void test_skipped_bomb(void **state)
{
    (void)state;
    struct maker m = make(archive_write_set_format_ustar, archive_write_add_filter_gzip, ROOM);
    put(&m, "zeros", "", 0, 64 << 20);
    put(&m, "after", "hello", 5, 0);
    done(&m);
    struct as_input in = {.at = m.bytes, .fd = -1, .size = m.n};
    struct as_container_limits few = LIMITS;
    few.max_ratio = 100;
    struct seen s = look(&in, &few, 0, 0, 1, MANY);
    assert_int_equal(s.ended, AS_ELIMIT);
    assert_int_equal(s.why, AS_REASON_LIMIT_RATIO);
    assert_int_equal(s.entries, 1);
    seen_clear(&s);
    free(m.bytes);
}

static void test_many_entries(void **state)
{
    struct as_container_limits few = LIMITS;

    (void)state;
    struct maker m = make(archive_write_set_format_zip, NULL, ROOM);
    for (int i = 0; i < 3000; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d", i);
        put(&m, name, "", 0, 0);
    }
    done(&m);
    struct as_input in = {.at = m.bytes, .fd = -1, .size = m.n};
    few.max_entries = 2999;
    struct seen s = look(&in, &few, 0, 0, 0, MANY);
    assert_int_equal(s.why, AS_REASON_LIMIT_ENTRIES);
    assert_int_equal(s.entries, 2999);
    seen_clear(&s);
    few.max_entries = 3000;
    s = look(&in, &few, 0, 0, 0, MANY);
    assert_int_equal(s.ended, AS_END);
    seen_clear(&s);
    free(m.bytes);
}

/* Sets a tar header's checksum. */
static void sum_tar(uint8_t *h)
{
    uint32_t sum = 0;

    memset(h + 148, ' ', 8);
    for (int i = 0; i < 512; i++)
        sum += h[i];
    snprintf((char *)h + 148, 8, "%06o", sum);
}

/* A tar that claims 8 GiB and holds 1 KiB. */
static void test_huge_claim(void **state)
{
    (void)state;
    struct maker m = make(archive_write_set_format_ustar, NULL, MANY);
    put(&m, "a", "x", 1, 0);
    done(&m);
    memcpy(m.bytes + 124, "77777777777", 11);
    sum_tar(m.bytes);
    struct seen s = look_at(m.bytes, m.n);
    assert_int_equal(s.first, AS_REASON_ENTRY_TRUNCATED);
    assert_int_equal(s.why, AS_REASON_CONTAINER_DAMAGED);
    seen_clear(&s);
    free(m.bytes);
}

/* An old GNU sparse entry: a hole of 8 TB, then 512 bytes. */
static void test_huge_hole(void **state)
{
    (void)state;
    struct maker m = make(archive_write_set_format_ustar, NULL, MANY);
    put(&m, "a", "", 0, 512);
    done(&m);
    uint8_t *h = m.bytes;
    memcpy(h + 257, "ustar  ", 8);
    memset(h + 345, 0, 167);
    h[156] = 'S';
    h[386] = h[483] = 0x80; /* numbers in base 256, big-endian in 12 bytes */
    h[386 + 6] = h[483 + 6] = 8;
    h[483 + 10] = 2; /* the size claims the 512 bytes as well */
    memcpy(h + 398, "00000001000", 11);
    sum_tar(h);
    struct seen s = look_at(m.bytes, m.n);
    assert_int_equal(s.ended, AS_ELIMIT);
    assert_int_equal(s.why, AS_REASON_LIMIT_RATIO);
    assert_true(s.bytes > 1 << 20 && s.bytes <= 32 << 20);
    seen_clear(&s);
    memcpy(h + 483, "00000001000", 12); /* and one that it does not claim */
    sum_tar(h);
    s = look_at(m.bytes, m.n);
    assert_int_equal(s.first, AS_REASON_ENTRY_DAMAGED);
    assert_int_equal(s.bytes, 0);
    seen_clear(&s);
    free(m.bytes);
}

static void test_many_filters(void **state)
{
    uint8_t *bytes = malloc(MANY);
    size_t n = 5;

    (void)state;
    memcpy(bytes, "hello", 5);
    for (int i = 0; i < 30; i++) {
        struct maker m = make(archive_write_set_format_raw, archive_write_add_filter_gzip, MANY);
        put(&m, "data", bytes, n, 0);
        done(&m);
        free(bytes);
        bytes = m.bytes;
        n = m.n;
    }
    struct seen s = look_at(bytes, n);
    assert_int_equal(s.opened, AS_ELIMIT);
    assert_int_equal(s.why, AS_REASON_LIMIT_DEPTH);
    free(bytes);
}

static struct maker small_zip(void)
{
    struct maker m = make(archive_write_set_format_zip, NULL, MANY);

    archive_write_zip_set_compression_store(m.a);
    put(&m, "one", "first first", 11, 0);
    put(&m, "two", "second second", 13, 0);
    put(&m, "six", "third third", 11, 0);
    done(&m);
    return m;
}

static uint8_t *find(struct maker *m, const char *what, size_t n, int nth)
{
    uint8_t *at = m->bytes;

    for (; nth >= 0; nth--, at++) {
        at = memmem(at, m->n - (size_t)(at - m->bytes), what, n);
        assert_non_null(at);
    }
    return at - 1;
}

static void test_zip_stories(void **state)
{
    (void)state;
    struct maker m = small_zip();
    struct seen s = look_at(m.bytes, m.n);
    assert_int_equal(s.entries, 3);
    assert_int_equal(s.flags, 0);
    seen_clear(&s);
    memcpy(find(&m, "two", 3, 0), "TWO", 3); /* the local name */
    s = look_at(m.bytes, m.n);
    assert_int_equal(s.entries, 3);
    assert_int_equal(s.flags, AS_FLAG_DISAGREES);
    seen_clear(&s);
    memcpy(find(&m, "TWO", 3, 0), "two", 3);
    find(&m, "second", 6, 0)[0] = 'S'; /* data against its checksum */
    s = look_at(m.bytes, m.n);
    assert_int_equal(s.flags, AS_FLAG_CHECKSUM);
    assert_int_equal(s.bytes, 35);
    assert_int_equal(s.ended, AS_END);
    seen_clear(&s);
    find(&m, "PK\3\4", 4, 1)[0] = 'X'; /* the second local header is gone */
    s = look_at(m.bytes, m.n);
    assert_int_equal(s.entries, 3);
    assert_int_equal(s.first, AS_REASON_ENTRY_DAMAGED);
    assert_int_equal(s.bytes, 22); /* the first and the third are read */
    assert_int_equal(s.ended, AS_END);
    seen_clear(&s);
    free(m.bytes);
}

/* Two entries of one zip that share their bytes. */
static void test_zip_overlap(void **state)
{
    (void)state;
    struct maker m = small_zip();
    uint8_t *first = find(&m, "PK\1\2", 4, 0);
    first[20] = 100; /* packed size: over the next header */
    first[24] = 100;
    struct seen s = look_at(m.bytes, m.n);
    assert_int_equal(s.flags & AS_FLAG_DISAGREES, AS_FLAG_DISAGREES);
    assert_int_equal(s.access, AS_ACCESS_STREAM);
    seen_clear(&s);
    free(m.bytes);
}

/* Writes the sizes that the only entry of a zip claims, and its general purpose bits. */
static void claim(struct maker *m, uint8_t local, uint8_t central, uint8_t bits)
{
    uint8_t *l = find(m, "PK\3\4", 4, 0), *c = find(m, "PK\1\2", 4, 0);

    memset(l + 22, 0, 4);
    memset(c + 24, 0, 4);
    l[22] = local;
    c[24] = central;
    l[6] = c[8] = bits;
}

/* 1 MiB of zeros that claims a few bytes here and there: it ends where the claim does. */
static void test_zip_liar(void **state)
{
    static const struct {
        uint8_t local, central, bits;
        uint64_t bytes;
    } cases[] = {{9, 9, 0, 9}, {0, 9, 0, 9}, {0, 9, 8, 9}, {0, 0, 8, 0}, {0, 0, 0, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct maker m = make(archive_write_set_format_zip, NULL, MANY);
        put(&m, "zeros", "", 0, 1 << 20);
        done(&m);
        claim(&m, cases[i].local, cases[i].central, cases[i].bits);
        struct seen s = look_at(m.bytes, m.n);
        assert_int_equal(s.access, AS_ACCESS_ORDINAL);
        assert_int_equal(s.entries, 1);
        assert_int_equal(s.bytes, cases[i].bytes);
        assert_int_equal(s.first, AS_REASON_ENTRY_DAMAGED);
        assert_int_equal(s.ended, AS_END);
        seen_clear(&s);
        free(m.bytes);
    }
}

/* The claims of a tar's or zip's entries may be within the limits one by one: they count
 * together.                                                                      */
static void test_sum(void **state)
{
    int (*const format[])(struct archive *) = {archive_write_set_format_ustar,
                                               archive_write_set_format_zip};

    (void)state;
    for (int f = 0; f < 2; f++) {
        struct as_container_limits few = LIMITS;
        struct maker m = make(format[f], NULL, ROOM);
        for (char name[] = "a"; *name < 'e'; ++*name)
            put(&m, name, "", 0, 1 << 19);
        done(&m);
        struct as_input in = {.at = m.bytes, .fd = -1, .size = m.n};
        few.max_unpacked = 5 << 18; /* two and a half of four */
        struct seen s = look(&in, &few, 0, 0, 0, MANY);
        assert_int_not_equal(s.access, AS_ACCESS_STREAM);
        assert_int_equal(s.why, AS_REASON_LIMIT_UNPACKED);
        assert_int_equal(s.entries, 3);
        seen_clear(&s);
        free(m.bytes);
    }
}

/* A zip behind a picture, before a comment, and in a longer file. */
static void test_polyglot(void **state)
{
    static const uint8_t jpeg[] = {0xff, 0xd8, 0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0};
    uint8_t *both = calloc(1, MANY);

    (void)state;
    struct maker m = small_zip();
    memcpy(both, jpeg, sizeof jpeg);
    memcpy(both + 1000, m.bytes, m.n);
    struct seen s = look_at(both, 1000 + m.n);
    assert_int_equal(s.kind, AS_KIND_ZIP);
    assert_int_equal(s.entries, 3);
    assert_int_equal(s.bytes, 35);
    seen_clear(&s);
    assert_int_equal(look_at(both, 1000 + m.n + 50).opened, AS_SKIP); /* no longer at its end */
    memmove(both, both + 1000, m.n);
    memset(both + m.n, 'x', 40000); /* but a zip may be followed by anything */
    s = look_at(both, m.n + 40000);
    assert_int_equal(s.entries, 3);
    assert_int_equal(s.access, AS_ACCESS_ORDINAL);
    seen_clear(&s);
    free(both);
    free(m.bytes);
}

/* Formats that the warm-up holds, through the tables that it uses. */
static void test_samples(void **state)
{
    static const struct {
        const char *what, *bytes;
        size_t n;
    } samples[] = {
#define AS_SAMPLE(what, bytes) {what, bytes, sizeof bytes - 1},
#include "../pipeline/evidence/container_samples.def"
    };
    static const char *const wrong[] = {"cold", NULL};
    static const char *const right[] = {"cold", "warm", NULL};

    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct as_input in = {.at = (const uint8_t *)samples[i].bytes, .size = samples[i].n};
        bool secret = strstr(samples[i].what, "AES") || strstr(samples[i].what, "cipher");
        struct as_container_limits limits = LIMITS;
        struct seen s = look(&in, &limits, 0, 0, 0, 3);
        assert_int_equal(s.ended, AS_END);
        assert_int_equal(s.first, secret ? AS_REASON_ENCRYPTED : AS_REASON_NONE);
        assert_int_equal(s.bytes, secret ? 0 : 5);
        seen_clear(&s);
        limits.passwords = wrong;
        s = look(&in, &limits, 0, 0, 0, 3);
        assert_int_equal(s.first, secret ? AS_REASON_BAD_PASSWORD : AS_REASON_NONE);
        seen_clear(&s);
        limits.passwords = right;
        s = look(&in, &limits, 0, 0, 0, 3);
        assert_int_equal(s.bytes, 5);
        assert_int_equal(s.flags, secret ? AS_FLAG_DECRYPTED : 0);
        seen_clear(&s);
    }
}

/* PKWARE's cipher lets one wrong password of 256 pass: here about three do. */
static void test_wrong_passwords(void **state)
{
    static char text[800][8];
    static const char *list[802];

    (void)state;
    struct maker m = {.a = archive_write_new(), .bytes = malloc(MANY), .written = malloc(8)};
    archive_write_set_format_zip(m.a);
    archive_write_set_options(m.a, "zip:encryption=zipcrypt");
    archive_write_set_passphrase(m.a, "the right one");
    archive_write_set_bytes_in_last_block(m.a, 1);
    assert_int_equal(archive_write_open_memory(m.a, m.bytes, MANY, m.written), ARCHIVE_OK);
    put(&m, "one", "first first first", 17, 0);
    put(&m, "two", "second second", 13, 5000);
    done(&m);
    struct as_input in = {.at = m.bytes, .fd = -1, .size = m.n};
    struct as_container_limits limits = LIMITS;
    for (size_t i = 0; i < 800; i++) {
        snprintf(text[i], sizeof text[i], "w%zu", i);
        list[i] = text[i];
    }
    list[800] = "the right one";
    limits.passwords = list;
    struct seen s = look(&in, &limits, 0, 0, 0, MANY);
    assert_int_equal(s.entries, 2);
    assert_int_equal(s.bytes, 17 + 13 + 5000);
    assert_int_equal(s.first, AS_REASON_NONE);
    assert_int_equal(s.flags, AS_FLAG_DECRYPTED);
    struct seen later = look(&in, &limits, 0, 0, 1, MANY); /* the second entry alone */
    assert_memory_equal(later.each[1], s.each[1], sizeof *s.each);
    seen_clear(&later);
    seen_clear(&s);
    free(m.bytes);
}

/* ---- real ---------------------------------------------------------------- */

static const char *data_dir(void)
{
    const char *dir = getenv("ASSAY_DATA");
    struct stat st;

    if (dir == NULL || stat(dir, &st) != 0) {
        print_message("no ASSAY_DATA: skipped\n");
        skip();
    }
    return dir;
}

static int open_data(const char *dir, const char *name, struct as_input *in)
{
    char path[8192];
    struct stat st;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) != 0)
        fail_msg("%s", path);
    *in = (struct as_input){.fd = fd, .size = (uint64_t)st.st_size};
    return fd;
}

#define R(name) AS_REASON_##name

/* Labelled files: how they open or end, and the first entry's trouble. */
static const struct {
    const char *name;
    uint64_t entries;
    enum as_reason end, first;
    uint32_t flags;
} TABLE[] = {
    {"commons_compress/password-encrypted.zip", 13, R(NONE), R(ENCRYPTED), 0},
    {"libarchive/test_encrypted.zip", 2, R(NONE), R(ENCRYPTED), 0},
    {"libarchive/test_read_format_zip_winzip_aes256.zip", 1, R(NONE), R(ENCRYPTED), 0},
    {"libarchive/test_read_format_zip_encryption_partially.zip", 2, R(NONE), R(ENCRYPTED), 0},
    {"strelka/test_zip_password.zip", 5, R(NONE), R(ENCRYPTED), 0},
    {"strelka/test_aes256_password.zip", 5, R(NONE), R(ENCRYPTED), 0},
    {"libarchive/test_read_format_7zip_encryption.7z", 1, R(NONE), R(ENCRYPTED_UNSUP), 0},
    {"libarchive/test_read_format_7zip_encryption_header.7z", 0, R(ENCRYPTED_UNSUP), R(NONE), 0},
    {"py7zr/filename_encryption.7z", 0, R(ENCRYPTED_UNSUP), R(NONE), 0},
    {"libarchive/test_read_format_rar_encryption_data.rar", 2, R(NONE), R(ENCRYPTED_UNSUP), 0},
    {"libarchive/test_read_format_rar5_encrypted_filenames.rar", 0, R(ENCRYPTED_UNSUP), R(NONE), 0},
    {"rarfile/rar3-comment-hpsw.rar", 0, R(ENCRYPTED_UNSUP), R(NONE), 0},
    {"rarfile/rar5-hpsw.rar", 0, R(ENCRYPTED_UNSUP), R(NONE), 0},
    {"strelka/test_password_encrypted_headers.rar", 0, R(ENCRYPTED_UNSUP), R(NONE), 0},
    {"commons_compress/COMPRESS-477__split_zip_created_by_winrar__split_zip_created_by_winrar.z01",
     0, R(MULTI_VOLUME), R(NONE), 0},
    {"commons_compress/COMPRESS-477__split_zip_created_by_winrar__split_zip_created_by_winrar.zip",
     0, R(MULTI_VOLUME), R(NONE), 0},
    {"libarchive/test_rar_multivolume_single_file.part1.rar", 0, R(MULTI_VOLUME), R(NONE), 0},
    {"libarchive/test_rar_multivolume_uncompressed_files.part10.rar", 0, R(MULTI_VOLUME), R(NONE),
     0},
    {"libarchive/test_read_format_rar5_multiarchive.part01.rar", 0, R(MULTI_VOLUME), R(NONE), 0},
    {"libarchive/test_read_format_rar5_multiarchive.part08.rar", 0, R(MULTI_VOLUME), R(NONE), 0},
    {"rarfile/rar3-old.r00", 0, R(MULTI_VOLUME), R(NONE), 0},
    {"rarfile/rar3-vols.part2.rar", 0, R(MULTI_VOLUME), R(NONE), 0},
    {"rarfile/rar5-evil-symlink-traversal.rar", 2, R(NONE), R(NONE), AS_FLAG_TRAVERSAL},
    {"libarchive/test_leading_slash.tar", 2, R(NONE), R(NONE), AS_FLAG_ABSOLUTE},
    {"libarchive/test_symlink_dotdot.zip", 3, R(NONE), R(NONE), AS_FLAG_TRAVERSAL},
    {"strelka/test_overlay_zip.exe", 5, R(NONE), R(NONE), 0},
    {"libarchive/test_read_format_zip_sfx", 2, R(NONE), R(NONE), 0},
    {"libarchive/test_read_format_rar_sfx.exe", 5, R(NONE), R(NONE), 0},
    {"commons_compress/COMPRESS-279-fail.tar", 4, R(CONTAINER_DAMAGED), R(ENTRY_TRUNCATED), 0},
    {"dfvfs/corrupt1.gz", 1, R(NONE), R(ENTRY_TRUNCATED), 0},
    {"py7zr/crc_corrupted.7z", 5, R(NONE), R(NONE), AS_FLAG_CHECKSUM},
    {"commons_compress/lorem-ipsum-implode.zip", 1, R(NONE), R(UNSUP_METHOD), 0},
    {"commons_compress/lorem-ipsum-deflate64.zip", 1, R(NONE), R(UNSUP_METHOD), 0},
    {"commons_compress/synthetic__long-name__pax.tar", 1, R(NONE), R(LIMIT_NAME), 0},
};

static void test_table(void **state)
{
    const char *dir = data_dir();

    (void)state;
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        struct as_input in;
        char name[512];
        snprintf(name, sizeof name, "g_containers/%s", TABLE[i].name);
        int fd = open_data(dir, name, &in);
        struct seen s = look(&in, &LIMITS, 0, 0, 0, MANY);
        if (s.entries != TABLE[i].entries || s.why != TABLE[i].end || s.first != TABLE[i].first ||
            s.flags != TABLE[i].flags)
            fail_msg("%s: %d entries, end %d, first %d, flags %x", TABLE[i].name, (int)s.entries,
                     (int)s.why, (int)s.first, s.flags);
        seen_clear(&s);
        close(fd);
    }
}

/* libarchive 3.6.2 itself never returns from these: the jail's clock ends them. */
static bool loops(const char *path)
{
    return strstr(path, "rockridge_ce_loop") || strstr(path, "xar_doublelink");
}

/* libarchive 3.6.2 gives bytes of memory that it never wrote: they differ by chance. */
static bool leaks(const char *path)
{
    return strstr(path, "cab_lzx_invalid_history");
}

/* Every entry again, each begun in the middle. */
static void check_middle(const char *path, const struct as_input *in, const struct seen *s)
{
    for (uint64_t i = 0; i < s->entries; i += s->entries / 16 + 1) {
        struct seen part;
        if (s->access == AS_ACCESS_OFFSET)
            part = look(in, &LIMITS, s->offset[i], i, 0, MANY);
        else
            part = look(in, &LIMITS, 0, i, 0, MANY); /* those before are skipped */
        if (part.opened != AS_OK || i + part.entries != s->entries)
            fail_msg("%s from %d: %d, %d entries of %d", path, (int)i, part.opened,
                     (int)part.entries, (int)s->entries);
        for (uint64_t k = i; k < s->entries; k++)
            if (memcmp(part.each[k - i], s->each[k], sizeof *s->each) != 0)
                fail_msg("%s from %d: entry %d differs", path, (int)i, (int)k);
        seen_clear(&part);
    }
}

/* From a descriptor and from memory, in large pieces and small. */
static void check_file(const char *dir, const char *path, int64_t want)
{
    struct as_input in;
    int fd = open_data(dir, path, &in);
    uint8_t *bytes = malloc(in.size + 1);
    struct as_input mem = {.at = bytes, .fd = -1, .size = in.size};

    assert_int_equal(as_input_read(&in, 0, bytes, in.size), in.size);
    struct seen a = look(&in, &LIMITS, 0, 0, 0, MANY);
    struct seen b = look(&mem, &LIMITS, 0, 0, 0, 4093);
    assert_true(a.opened == AS_OK || a.opened == AS_SKIP || as_item_failed(a.opened));
    assert_true(a.ended == AS_END || a.ended == AS_SKIP || as_item_failed(a.ended));
    if (a.ended != b.ended || a.why != b.why || a.entries != b.entries ||
        (memcmp(a.sum, b.sum, sizeof a.sum) != 0 && !leaks(path)))
        fail_msg("%s: memory and descriptor differ", path);
    if (want >= 0 && (uint64_t)want != a.entries)
        fail_msg("%s: %d entries, not %d", path, (int)a.entries, (int)want);
    if (a.opened == AS_OK && a.access != AS_ACCESS_STREAM)
        check_middle(path, &mem, &a);
    seen_clear(&a);
    seen_clear(&b);
    free(bytes);
    close(fd);
}

/* The entries that the manifest counted with libarchive; -1: not said, or
 * counted in a volume, which is refused here, or in an mtree, which is no container. */
static int64_t expected(const char *row)
{
    const char *ok = strstr(row, "ok:libarchive");
    const char *end = ok ? strstr(ok, " entries") : NULL;
    const char *volume[] = {"multivolume", "rar3-old", ":mtree", "rar5_bytes_remaining_underflow",
                            "rar5_data_ready_pointer_leak"};

    for (size_t i = 0; i < sizeof volume / sizeof *volume; i++)
        if (strstr(row, volume[i]))
            return -1;
    if (end == NULL)
        return -1;
    while (end[-1] >= '0' && end[-1] <= '9')
        end--;
    return atoll(end);
}

static void test_all(void **state)
{
    const char *dir = data_dir();
    char row[8192], path[4096];
    int n = 0;

    (void)state;
    snprintf(path, sizeof path, "%s/manifest.csv", dir);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(row, sizeof row, f)) {
        if (strncmp(row, "g_containers/", 13) != 0 &&
            strncmp(row, "h_malformed/gofuzz_zip/", 23) != 0 &&
            strncmp(row, "h_malformed/gofuzz_tar/", 23) != 0 &&
            strncmp(row, "h_malformed/gofuzz_bzip2/", 25) != 0)
            continue;
        snprintf(path, sizeof path, "%.*s", (int)strcspn(row, ","), row);
        if (loops(path))
            continue;
        check_file(dir, path, expected(row));
        n++;
    }
    fclose(f);
    assert_true(n > 500);
}

/* No picture is taken for a container. */
static void test_pictures(void **state)
{
    const char *dir = data_dir();
    char row[8192], path[4096];

    (void)state;
    snprintf(path, sizeof path, "%s/manifest.csv", dir);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(row, sizeof row, f)) {
        struct as_input in;
        struct as_container *c;
        if (row[1] != '_' || !strchr("abcdf", row[0]))
            continue;
        snprintf(path, sizeof path, "%.*s", (int)strcspn(row, ","), row);
        int fd = open_data(dir, path, &in);
        enum as_status status = as_container_open(&c, &in, &LIMITS, 0, 0, NULL);
        if (status == AS_OK) {
            print_message("%s: %d\n", path, (int)as_container_kind(c));
            as_container_close(c);
        }
        assert_true(status == AS_OK || status == AS_SKIP || as_item_failed(status));
        if (status != AS_SKIP && !strstr(path, ".zip") && !strstr(path, ".gz"))
            fail_msg("%s: %d", path, status);
        close(fd);
    }
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none),         cmocka_unit_test(test_names),
        cmocka_unit_test(test_long_name),    cmocka_unit_test(test_zip_bomb),
        cmocka_unit_test(test_skipped_bomb), cmocka_unit_test(test_many_entries),
        cmocka_unit_test(test_huge_claim),   cmocka_unit_test(test_huge_hole),
        cmocka_unit_test(test_many_filters), cmocka_unit_test(test_zip_stories),
        cmocka_unit_test(test_zip_overlap),  cmocka_unit_test(test_zip_liar),
        cmocka_unit_test(test_sum),          cmocka_unit_test(test_polyglot),
        cmocka_unit_test(test_samples),      cmocka_unit_test(test_wrong_passwords),
        cmocka_unit_test(test_table),        cmocka_unit_test(test_all),
        cmocka_unit_test(test_pictures),
    };

    setenv("TZ", "UTC0", 1);
    setlocale(LC_ALL, "C.UTF-8");
    as_container_warm();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
