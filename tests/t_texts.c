/* t_texts.c - the files that an operator is handed by others, as somebody would write them who
 * wants the reader to fall: each is taken, or refused with a sentence that names it.
 *
 * t_texts --seeds FOLDER writes seeds for fuzz_text.c instead; SEED=N repeats a run.        */
#include "texts.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#define MD5 "d41d8cd98f00b204e9800998ecf8427e"
#define SHA "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define BOM "\xef\xbb\xbf"
#define PEM                                                                                        \
    "-----BEGIN CERTIFICATE-----\n"                                                                \
    "MIIBbzCCARWgAwIBAgIUYU5TGvDOarE50sxaw852kyLi3jswCgYIKoZIzj0EAwIw\n"                           \
    "DDEKMAgGA1UEAwwBYTAgFw0yNjExMjIxNjM5MDBaGA8yMTI2MTAyOTE2MzkwMFow\n"                           \
    "DDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNfDJ7I515Vx\n"                           \
    "7OJhbfW8H7h4TTdjYePix2J9/tVwSfhSJXTQvuUiaUq0JRsbDmtgPimKf0SrpPy4\n"                           \
    "6u+Qz7hGZIajUzBRMB0GA1UdDgQWBBQ5QDnSJ7qenqaAGqwA8KuzEUasMDAfBgNV\n"                           \
    "HSMEGDAWgBQ5QDnSJ7qenqaAGqwA8KuzEUasMDAPBgNVHRMBAf8EBTADAQH/MAoG\n"                           \
    "CCqGSM49BAMCA0gAMEUCIDRVCQutGZ40T649BUjEvV0dtGOe2itSBLAlEUjQ6Qpr\n"                           \
    "AiEAnZbuBlkcHbg9+GvLn+KUiAxvksWs8bTuqHmgkvEa+WQ=\n"                                           \
    "-----END CERTIFICATE-----\n"
#define LOCKED                                                                                     \
    "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"                                        \
    "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"                                   \
    "MIIBbzCCARWgAwIBAgIUYU5TGvDOarE50sxaw852kyLi3jswCgYIKoZIzj0EAwIw\n"                           \
    "-----END CERTIFICATE-----\n"

/* @ stands for the detector's version. */
#define GHOST "{\"detector\": \"ghost\", \"version\": @, \"kind\": \"linear\", "
#define WEIGHTS(w)                                                                                 \
    "\"bias\": 0, \"weights\": {\"ghost_quality\": 0, \"dark_ratio\": " w                          \
    ", \"light_ratio\": 0, \"split\": 0, \"dark_percent\": 0, \"ghost\": 1}"
#define SCALE(f)                                                                                   \
    ", \"scale\": {\"mean\": [0, 0, 0, 0, 0, 1e308], \"factor\": [1, 1, 1, 1, 1, " f "]}"
#define CALIBRATION(slope, high, groups)                                                           \
    ", \"calibration\": {\"slope\": " slope                                                        \
    ", \"intercept\": -1e308, \"low\": -1, \"high\": " high                                        \
    ", \"items\": [100, 100], \"groups\": [" groups ", 100], \"real\": true}"
#define DOMAIN                                                                                     \
    ", \"domain\": {\"kinds\": [\"jpeg\"], \"side_min\": 1, \"side_max\": 9, \"distance\": 4}"
#define AUTHENTIC(items, fired, upper)                                                             \
    GHOST WEIGHTS("0") ", \"authentic\": {\"items\": " items ", \"fired\": " fired                 \
                       ", \"upper95\": " upper ", \"what\": \"x\"}}"
#define WORDS(lr)                                                                                  \
    "\"words\": [{\"log10_lr\": " lr ", \"says\": \"a\"}, {\"log10_lr\": 0, \"says\": \"b\"}]"
#define WASHING(weight, bound)                                                                     \
    ", \"laundering\": [{\"says\": \"w\", \"weight\": " weight                                     \
    ", \"lowers\": [\"jpeg\"], \"signs\": "                                                        \
    "[{\"detector\": \"jpeg_tables\", \"measure\": \"quality_luma\", \"below\": " bound "}]}]"

struct text {
    enum texts_kind kind;
    const char *text, *says; /* NULL: it is taken */
};

static const struct text TEXTS[] = {
    {TEXTS_HASHES, MD5 "  a\n" SHA " *b\n", NULL},
    {TEXTS_HASHES, BOM "name;md5;category\r\n\"a;b\";" MD5 ";2\r\n", NULL},
    {TEXTS_HASHES, "{\"value\": [{\"MD5\": \"" MD5 "\", \"Category\": 2}]}", NULL},
    {TEXTS_HASHES, "md5,MD5\n" MD5 "," MD5 "\n", "line 1: two columns have one name"},
    {TEXTS_HASHES, "%%%% md5,category,category\n" MD5 ",1,2\n", "line 1: two columns"},
    {TEXTS_HASHES, "[{\"MD5\": \"" MD5 "\",\n\"md5\": \"" MD5 "\"}]", "line 2: a content has two"},
    {TEXTS_MANIFEST, "path,label\nx.jpg,authentic\n../y.jpg,tampered\n", NULL},
    {TEXTS_MANIFEST, BOM "path,label\r\n\"a,b.jpg\",authentic\r\n", NULL},
    {TEXTS_MANIFEST, BOM "[[\"a.jpg\", \"Negative\"], [\"b/c.jpg\", \"m/c.png\"]]", NULL},
    {TEXTS_MANIFEST, "[{\"path\": \"a\", \"label\": 0, \"split\": \"val\", \"group\": \"g\"}]",
     NULL},
    {TEXTS_MANIFEST,
     "{\"F\": {\"F-real\": {\"train\": {\"c23\": {\"0\": {\"label\": \"F-real\", \"frames\": "
     "[\"r/1.png\"], \"masks\": [\"m/1.png\", \"n/1.png\"]}}}}}}",
     NULL},
    {TEXTS_MANIFEST, "path,label\n\n\ra,authentic\n\r\n\rb,authentic\n\r\r\n", "line 6: not 2"},
    {TEXTS_MANIFEST, "path;label\nx;authentic\n", "semicolons between the columns"},
    {TEXTS_MANIFEST, "path\tlabel\nx\tauthentic\n", "tabs between the columns"},
    {TEXTS_MANIFEST, "path,label,path\nx,authentic,y\n", "two columns are called path"},
    {TEXTS_MANIFEST, "path,Label\nx,authentic\n", "no column called label"},
    {TEXTS_MANIFEST, "path,label\n\"x,authentic\n", "line 2: a quote"},
    {TEXTS_MANIFEST, "path,label\n\"x\"y,authentic\n", "line 2: a quote"},
    {TEXTS_MANIFEST, "path,label\nx,\"authentic\n", "line 2: a quote"},
    {TEXTS_MANIFEST, "[[\"a\", \"Negative\"], [\"a\\u0000b\", \"Negative\"]]", "line 1"},
    {TEXTS_MANIFEST, "[{\"path\": \"a\", \"label\": 1e999}]", "line 1"},
    {TEXTS_MANIFEST, "[{\"path\": \"a\", \"label\": 99999999999999999999}]", "line 1"},
    {TEXTS_MODEL, GHOST WEIGHTS("1") "}", NULL},
    {TEXTS_MODEL, BOM GHOST WEIGHTS("-3e38") "}", NULL},
    {TEXTS_MODEL, GHOST WEIGHTS("3e38") SCALE("1e308") CALIBRATION("1e308", "2", "100") DOMAIN "}",
     NULL},
    {TEXTS_MODEL, GHOST WEIGHTS("1e39") "}", "no number as weight of dark_ratio"},
    {TEXTS_MODEL, GHOST WEIGHTS("NaN") "}", "line 1"},
    {TEXTS_MODEL, GHOST WEIGHTS("1e999") "}", "line 1"},
    {TEXTS_MODEL, GHOST WEIGHTS("1") SCALE("-1") "}", "\"scale\""},
    {TEXTS_MODEL, GHOST WEIGHTS("1") SCALE("1, 1") "}", "\"scale\""},
    {TEXTS_MODEL, GHOST WEIGHTS("1") SCALE("1") CALIBRATION("-1", "1", "100") DOMAIN "}",
     "\"calibration\""},
    {TEXTS_MODEL, GHOST WEIGHTS("1") SCALE("1") CALIBRATION("1", "2.1", "100") DOMAIN "}",
     "\"calibration\""},
    {TEXTS_MODEL, GHOST WEIGHTS("1") SCALE("1") CALIBRATION("1", "3", "1000") DOMAIN "}",
     "\"calibration\""},
    {TEXTS_MODEL, GHOST WEIGHTS("1") CALIBRATION("1", "2", "100") DOMAIN "}", "lacks one of scale"},
    {TEXTS_MODEL, AUTHENTIC("10", "1", "0.5"), NULL},
    {TEXTS_MODEL, AUTHENTIC("4294967306", "0", "0.5"), "\"authentic\""},
    {TEXTS_MODEL, AUTHENTIC("10", "-4294967295", "0.5"), "\"authentic\""},
    {TEXTS_MODEL, AUTHENTIC("10", "5", "0.3"), "\"authentic\""},
    {TEXTS_MODEL, AUTHENTIC("10", "5", "1.5"), "\"authentic\""},
    {TEXTS_MODEL, GHOST WEIGHTS("1") ", \"bias\": 1}", "duplicate"},
    {TEXTS_SCALE, "{" WORDS("2") WASHING("0.5", "75") "}", NULL},
    {TEXTS_SCALE, "{" WORDS("-1") WASHING("0.5", "75") "}", "\"words\""},
    {TEXTS_SCALE, "{" WORDS("2") WASHING("1.5", "75") "}", "\"laundering\""},
    {TEXTS_SCALE, "{" WORDS("2") WASHING("0.5", "1e300") "}", "\"laundering\""},
    {TEXTS_TRUST, "A list\n" PEM "more\n" PEM, NULL},
    {TEXTS_TRUST, BOM PEM, NULL},
    {TEXTS_TRUST, PEM " " PEM, "1 of them do not begin their line"},
    {TEXTS_TRUST, PEM LOCKED, "certificate 2 cannot be read"},
    {TEXTS_TRUST, "", "holds no certificate"},
    {TEXTS_PASSWORDS, BOM "one\r\n\r\n two\rthree\n", NULL},
    {TEXTS_ACQUIRED, BOM SHA " *a.dd\r\n# x\n" SHA "  x/disk.E01", NULL},
};
enum { NTEXTS = (int)(sizeof TEXTS / sizeof *TEXTS), LONGEST = 1 << 16 };

static uint8_t ghost;
static char buffer[LONGEST];

/* The row as a file, in `buffer`; how long it is. */
static size_t write_row(const struct text *row)
{
    const size_t n = strlen(row->text);

    assert_true(n < sizeof buffer);
    memcpy(buffer, row->text, n);
    for (char *at = buffer; row->kind == TEXTS_MODEL && (at = memchr(at, '@', n)) != NULL;)
        *at = (char)('0' + as_detectors[ghost]->version);
    return n;
}

static enum as_status read_bytes(enum texts_kind kind, const char *bytes, size_t n,
                                 struct as_err *err)
{
    return texts_read(kind, ghost, (const uint8_t *)bytes, n, err);
}

static void takes_or_says(void **state)
{
    struct as_err err;

    (void)state;
    for (size_t i = 0; i < NTEXTS; i++) {
        const enum as_status status = read_bytes(TEXTS[i].kind, buffer, write_row(&TEXTS[i]), &err);
        if (status != (TEXTS[i].says ? AS_EFORMAT : AS_OK) ||
            (TEXTS[i].says && strstr(err.text, TEXTS[i].says) == NULL))
            fail_msg("%s: %d \"%s\" lacks \"%s\"", TEXTS[i].text, (int)status, err.text,
                     TEXTS[i].says ? TEXTS[i].says : "");
    }
}

static void refuse(enum texts_kind kind, const char *bytes, size_t n, const char *says)
{
    struct as_err err;

    if (read_bytes(kind, bytes, n, &err) != AS_EFORMAT || strstr(err.text, says) == NULL)
        fail_msg("kind %d: \"%s\" lacks \"%s\"", (int)kind, err.text, says);
}

/* A byte 0 hides nothing that follows it. */
static void zeros_hide_nothing(void **state)
{
    (void)state;
    refuse(TEXTS_MANIFEST, "path,label\nx,authentic\n\0y,tampered", 34, "line 3: a byte 0");
    refuse(TEXTS_PASSWORDS, "one\ntwo\0three\n", 14, "line 2 holds a byte 0");
    refuse(TEXTS_ACQUIRED, SHA "  a.dd\0" SHA "  b.dd", 141, "a byte 0");
    refuse(TEXTS_HASHES, MD5 "\0\n", 34, "line 1");
    refuse(TEXTS_MANIFEST, "\xff\xfep\0a\0", 6, "line 1: a byte 0; a manifest is text in UTF-8");
}

/* What is long, deep or many is refused in a time and memory that do not grow with it. */
static void sizes_are_bounded(void **state)
{
    enum { N = 1 << 20, VALUES = 36 << 20 };
    static const enum texts_kind TREES[] = {TEXTS_MANIFEST, TEXTS_MODEL, TEXTS_SCALE, TEXTS_HASHES};
    char *text = malloc(VALUES);
    size_t n = 0;

    (void)state;
    assert_non_null(text);
    memset(text, '[', N);
    for (size_t i = 0; i < sizeof TREES / sizeof *TREES; i++)
        refuse(TREES[i], text, N, TREES[i] == TEXTS_HASHES ? "nested deeper" : "depth");
    memset(text, 'x', N);
    refuse(TEXTS_HASHES, text, N, "line 1: longer than");
    refuse(TEXTS_MANIFEST, text, N, "line 1: no column called path");
    refuse(TEXTS_PASSWORDS, text, N, "line 1 is longer than");
    memset(text, 'x', VALUES);
    memcpy(text, "[{\"a\": \"", 8);
    refuse(TEXTS_HASHES, text, VALUES, "a text of over 4 MiB");
    for (int i = 0; i <= 1000; i++)
        n += (size_t)sprintf(text + n, "%d\n", i);
    refuse(TEXTS_PASSWORDS, text, n, "line 1001: more than 1000 passwords");
    memset(text, ',', 65);
    refuse(TEXTS_MANIFEST, text, 65, "more than 64 columns");
    for (n = 0; n + 2 <= VALUES; n += 2)
        memcpy(text + n, "0,", 2);
    text[0] = '[';
    refuse(TEXTS_MODEL, text, n, "values");
    free(text);
}

/* Of masks with one name, each picture gets the one of its own set. */
static void masks_stay_in_their_set(void **state)
{
    static const char *const PATHS[] = {"a/Gt/1.png", "b/Gt/1_gt.png", "b/Gt/1.png", "c/Gt/1.png"};
    struct as_import_mask mask[4];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        mask[i] = (struct as_import_mask){PATHS[i], strlen(as_import_name(PATHS[i])) - 4};
    as_import_sort_masks(mask, 4);
    assert_string_equal(as_import_find_mask(mask, 4, "a/Tp/1.jpg", 1, ""), "a/Gt/1.png");
    assert_string_equal(as_import_find_mask(mask, 4, "b/Tp/1.jpg", 1, ""), "b/Gt/1.png");
    assert_string_equal(as_import_find_mask(mask, 4, "c/Tp/1.jpg", 1, ""), "c/Gt/1.png");
    assert_string_equal(as_import_find_mask(mask, 4, "a/Tp/1.jpg", 1, "_gt"), "b/Gt/1_gt.png");
    assert_null(as_import_find_mask(mask, 4, "a/Tp/1.jpg", 1, "_mask"));
    assert_null(as_import_find_mask(mask, 4, "a/Tp/2.jpg", 1, ""));
    assert_null(as_import_find_mask(mask, 0, "a/Tp/1.jpg", 1, ""));
}

static uint64_t next_random(uint64_t *at)
{
    uint64_t z = (*at += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* All texts with a few bytes changed, cut out or moved. */
static void survives_changes(void **state)
{
    static const char BYTES[] = "\"\\,;\t\n\r{}[]:-.e09a\xef\xff/=";
    const char *given = getenv("SEED");
    uint64_t at = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    struct as_err err;

    (void)state;
    print_message("SEED=%llu\n", (unsigned long long)at);
    for (int i = 0; i < 40 * NTEXTS; i++) {
        size_t n = write_row(&TEXTS[i % NTEXTS]);
        for (uint64_t k = next_random(&at) % 4 + 1; k > 0 && n > 0; k--) {
            const size_t p = next_random(&at) % n, len = next_random(&at) % (n - p);
            const uint64_t how = next_random(&at) % 3;
            if (how == 0)
                buffer[p] = BYTES[next_random(&at) % sizeof BYTES];
            else if (how == 1)
                memmove(buffer + p, buffer + p + len, n - p - len), n -= len;
            else if (n + len < sizeof buffer)
                memmove(buffer + p + len, buffer + p, n - p), n += len;
        }
        (void)read_bytes(TEXTS[i % NTEXTS].kind, buffer, n, &err);
    }
}

/* ---- seeds for fuzz_text.c ---- */

static int write_seed(const char *folder, int number, uint8_t first, const char *text, size_t n)
{
    char path[4096];
    FILE *f;

    snprintf(path, sizeof path, "%s/text_%d", folder, number);
    if ((f = fopen(path, "wb")) == NULL)
        return 1;
    const bool bad = fputc(first, f) == EOF || fwrite(text, 1, n, f) != n;
    return fclose(f) != 0 || bad;
}

/* A set as the NSRL's. */
static int write_base(const char *folder)
{
    sqlite3 *base = NULL;
    sqlite3_int64 n = 0;
    int bad = sqlite3_open(":memory:", &base) != SQLITE_OK ||
              sqlite3_exec(base,
                           "create table FILE (sha256, md5); insert into FILE values ('" SHA
                           "', '" MD5 "'), (null, '')",
                           NULL, NULL, NULL) != SQLITE_OK;
    unsigned char *bytes = bad ? NULL : sqlite3_serialize(base, "main", &n, 0);

    bad = bytes == NULL ||
          write_seed(folder, NTEXTS, TEXTS_HASHES, (const char *)bytes, (size_t)n) != 0;
    sqlite3_free(bytes);
    sqlite3_close(base);
    return bad;
}

static int write_seeds(const char *folder)
{
    int bad = write_base(folder);

    for (int i = 0; i < NTEXTS; i++) {
        const size_t n = write_row(&TEXTS[i]);
        const int which = TEXTS[i].kind == TEXTS_MODEL ? ghost : 0,
                  first = (int)TEXTS[i].kind + which * TEXTS_KINDS;
        bad |= write_seed(folder, i, (uint8_t)first, buffer, n);
    }
    return bad;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_or_says), cmocka_unit_test(zeros_hide_nothing),
        cmocka_unit_test(sizes_are_bounded), cmocka_unit_test(masks_stay_in_their_set),
        cmocka_unit_test(survives_changes)};

    while (strcmp(as_detectors[ghost]->name, "ghost") != 0)
        ghost++;
    if (argc > 2 && strcmp(argv[1], "--seeds") == 0)
        return write_seeds(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
