/* t_container.c - containers: crafted ones. */
#include "container_look.h"

#include <locale.h>

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
    };

    setenv("TZ", "UTC0", 1);
    setlocale(LC_ALL, "C.UTF-8");
    as_container_warm();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
