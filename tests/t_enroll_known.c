/* t_enroll_known.c - hash sets read, sorted outside of memory, enrolled and asked. */
#include "../pipeline/run/against.h"
#include "../pipeline/run/enroll_known.h"
#include "../pipeline/run/known.h"
#include "../pipeline/run/rank.h"
#include "../pipeline/run/runs.h"

#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define MD5_A "d41d8cd98f00b204e9800998ecf8427e"
#define MD5_B "0cc175b9c0f1b6a831c399e269772661"
#define SHA1_A "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define SHA256_A "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static char folder[] = "/tmp/t_enroll_known_XXXXXX";
static uint64_t seed;

static int make_folder(void **state)
{
    (void)state;
    seed = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 10) : (uint64_t)time(NULL);
    printf("SEED=%llu\n", (unsigned long long)seed);
    return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int drop_folder(void **state)
{
    (void)state;
    unlink("list");
    unlink("ref.h5");
    return chdir("/") == 0 ? rmdir(folder) : -1; /* fails when anything is left */
}

static uint64_t next_random(uint64_t *at)
{
    uint64_t z = (*at += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void put_file(const char *text, size_t n)
{
    FILE *f = fopen("list", "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    fclose(f);
}

struct seen {
    int n, of[AS_HASH_KINDS], category;
};

static enum as_status see(void *state, const struct as_hash_entry *entry, struct as_err *err)
{
    struct seen *s = state;

    (void)err;
    s->n++;
    for (int k = 0; k < AS_HASH_KINDS; k++)
        s->of[k] += entry->has[k];
    s->category = entry->category;
    return AS_OK;
}

static enum as_status read_text(const char *text, struct seen *s, struct as_err *err)
{
    const struct as_hashset_to to = {s, see};
    struct as_hashset_counts counts;

    memset(s, 0, sizeof *s);
    put_file(text, strlen(text));
    return as_hashset_read("list", &to, &counts, err);
}

static void reads_every_form(void **state)
{
    static const struct {
        const char *text;
        int n, sha256, sha1, md5;
    } ROWS[] = {
        {MD5_A "\n", 1, 0, 0, 1},
        {MD5_A, 1, 0, 0, 1},
        {"\xef\xbb\xbf" SHA1_A "\r\n\r\n# " MD5_A "\r\n" SHA256_A " *a name\r\n", 2, 1, 1, 0},
        {"\\" SHA256_A "  a\\nb\n", 1, 1, 0, 0},
        {"MD5 (a) = " MD5_A "\nSHA1 (b (c) = d) = " SHA1_A "\n", 2, 0, 1, 1},
        {"%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n## x\n1," MD5_A "," SHA256_A ",a,b\"\n",
         1, 1, 0, 1},
        {"\"SHA-1\",\"MD5\",\"FileName\"\n\"" SHA1_A "\",\"" MD5_A "\",\"a \"b\", c\"\n", 1, 0, 1,
         1},
        {"name\tMD5 \n\"a\"b\"\t" MD5_A "\na\t-\n\t\"" MD5_B "\"\n", 2, 0, 0, 2},
        {"id;Sha256\n1; " SHA256_A "\n2;\n", 1, 1, 0, 0},
        {"{\"value\": [{\"MD5\": \"" MD5_A "\", \"SHA1\": null, \"Category\": 2}]}", 1, 0, 0, 1},
        {" {\"a\": {\"MD5\": \"x\"}, \"value\": [{\"CaseID\": 1, \"Media\": [{\"SHA1\": \"" SHA1_A
         "\", \"Category\": 2, \"MediaFiles\": [{\"MD5\": \"x\", \"Category\": 9}]}]}], \"b\": 1}",
         1, 0, 1, 0},
        {"[{\"md5\": \"" MD5_A "\", \"Category\": 2}]", 1, 0, 0, 1},
        {"[{\"md5\": \"" MD5_A "\", \"Category\": \"2\"}]", 1, 0, 0, 1},
        {"[{\"md5\": \"" MD5_A "\", \"category\": 2.0}]", 1, 0, 0, 1},
        {"MD5,Category\n" MD5_B ",\n" MD5_A ", 2\n", 2, 0, 0, 2},
        {"\"CATEGORY\";\"sha1\"\n\"02\";\"" SHA1_A "\"\n", 1, 0, 1, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct as_err err = {0};
        struct seen s;
        if (read_text(ROWS[i].text, &s, &err) != AS_OK)
            fail_msg("row %zu: %s", i, err.text);
        if (s.n != ROWS[i].n || s.of[AS_HASH_SHA256] != ROWS[i].sha256 ||
            s.of[AS_HASH_SHA1] != ROWS[i].sha1 || s.of[AS_HASH_MD5] != ROWS[i].md5)
            fail_msg("row %zu: %d entries, %d %d %d", i, s.n, s.of[0], s.of[1], s.of[2]);
        assert_int_equal(s.category, i < 9 ? AS_HASHSET_NO_CATEGORY : 2);
    }
}

static void names_file_and_line(void **state)
{
    static const struct {
        const char *text, *says;
    } ROWS[] = {
        {"", "list is empty"},
        {MD5_A "\nhello\n", "list, line 2: \"hello\""},
        {MD5_A "\n" MD5_A "0\n", "list, line 2"},
        {"name,md5\na," MD5_A "\nb," SHA1_A "\n", "list, line 3"},
        {"name,md5\na," MD5_A "\nb\n", "list, line 3: has only 1 columns"},
        {"name,md5\n\"a," MD5_A "\n", "list, line 2"},
        {"name,md5\na,\n", "without a single hash"},
        {"{\"value\": [\n{\"MD5\": \"12\"}]}", "list, near line 2: a hash"},
        {"{\"value\": [\n\n{\"MD5\": \"" MD5_A "\"},,]}", "list, near line 3"},
        {"{\"value\": [{\"MD5\": \"" MD5_A "\"}", "the file breaks off"},
        {"{\"value\": [{\"MD5\": \"" MD5_A "\", \"Category\": 300}]}", "a category"},
        {"[\n{\"Category\": \"1a\", \"MD5\": \"" MD5_A "\"}]", "line 2: a category"},
        {"[{\"Category\": 1.5, \"MD5\": \"" MD5_A "\"}]", "a category"},
        {"[{\"Category\": -1, \"MD5\": \"" MD5_A "\"}]", "a category"},
        {"[{\"Category\": 1e300, \"MD5\": \"" MD5_A "\"}]", "a category"},
        {"[{\"Category\": true, \"MD5\": \"" MD5_A "\"}]", "a category"},
        {"[{\"Category\": [1], \"MD5\": \"" MD5_A "\"}]", "a category"},
        {"[{\"Category\": {\"id\": 1}, \"MD5\": \"" MD5_A "\"}]", "a category"},
        {"md5,category\n" MD5_A ",one\n", "line 2: \"one\" in column 2 is no VICS"},
        {"md5,category\n" MD5_A ",4294967297\n", "line 2"},
        {"md5,category\n" MD5_A "\n", "line 2: has only 1 columns"},
        {"{\"MD5\": \"" MD5_A "\"}", "without a single hash"},
        {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "nested deeper"},
        {"PK\3\4abc", "a zip archive"},
        {"\xff\xfeM\1", "UTF-16"},
        {"SQLite format 3", "line 1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct as_err err = {0};
        struct seen s;
        if (read_text(ROWS[i].text, &s, &err) != AS_EFORMAT ||
            strstr(err.text, ROWS[i].says) == NULL)
            fail_msg("row %zu: \"%s\" lacks \"%s\"", i, err.text, ROWS[i].says);
    }
}

/* Contents without a hash are told of, whatever the form; a case that holds contents is none. */
static void counts_what_has_no_hash(void **state)
{
    static const char *const TEXTS[] = {
        "name,md5\na," MD5_A "\nb,\nc,-\n",
        "{\"value\": [{\"MD5\": \"" MD5_A "\"}, {\"Category\": 1}, {\"MD5\": null}]}",
        "{\"value\": [{\"CaseID\": 1, \"Media\": [{\"MD5\": \"" MD5_A
        "\"}, {\"MediaFiles\": [{\"FileName\": \"x\"}]}, {\"MD5\": \"\"}]}]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        struct seen s = {0};
        const struct as_hashset_to to = {&s, see};
        struct as_hashset_counts counts;
        put_file(TEXTS[i], strlen(TEXTS[i]));
        assert_int_equal(as_hashset_read("list", &to, &counts, NULL), AS_OK);
        assert_int_equal(counts.entries, 1);
        assert_int_equal(counts.without, 2);
    }
}

static void make_base(const char *sql)
{
    sqlite3 *base;

    unlink("list");
    assert_int_equal(sqlite3_open("list", &base), SQLITE_OK);
    assert_int_equal(sqlite3_exec(base, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(base);
}

static enum as_status see_and_stop(void *state, const struct as_hash_entry *entry,
                                   struct as_err *err)
{
    as_stop_signal = SIGTERM;
    return see(state, entry, err);
}

#define NUMBERS "with recursive n(i) as (select 1 union all select i + 1 from n "

/* A database is data: what would compute without end, or values of any size, is refused. */
static void bases_are_bounded(void **state)
{
    static const struct {
        const char *sql, *says;
    } ROWS[] = {
        {"create view FILE as select zeroblob(900000000) as md5", "views are not read"},
        {"create view METADATA as " NUMBERS ") select '" MD5_A "' as md5 from n", "are not read"},
        {"create table FILE (md5); insert into FILE values (zeroblob(3000000))", "too big"},
        {"create table FILE (a, md5 generated always as (hex(a))); insert into FILE (a) values (1)",
         "no table"},
        {"create virtual table FILE using fts5(md5); insert into FILE values ('" MD5_A "')",
         "no table"},
    };
    struct seen s = {0};
    const struct as_hashset_to to = {&s, see};
    struct as_hashset_counts counts;

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct as_err err = {0};
        make_base(ROWS[i].sql);
        if (as_hashset_read("list", &to, &counts, &err) != AS_EFORMAT ||
            strstr(err.text, ROWS[i].says) == NULL)
            fail_msg("row %zu: \"%s\" lacks \"%s\"", i, err.text, ROWS[i].says);
    }
}

static void stops_within_a_file(void **state)
{
    struct seen s = {0};
    const struct as_hashset_to to = {&s, see_and_stop};
    struct as_hashset_counts counts;
    struct as_err err = {0};

    (void)state;
    make_base("create table FILE (md5); " NUMBERS
              "where i < 100000) insert into FILE select '" MD5_A "' from n");
    assert_int_equal(as_hashset_read("list", &to, &counts, &err), AS_ESTOP);
    assert_true(s.n > 0 && s.n < 90000);
    assert_int_equal(as_hashset_read("list", &to, &counts, &err), AS_ESTOP);
    as_stop_signal = 0;
}

/* Noise with the first bytes of each form: nothing crashes, all is refused or read. */
static void survives_noise(void **state)
{
    static const char *const HEADS[] = {"{\"value\": [{\"MD5\": \"",
                                        "name,md5\n\"",
                                        "SQLite format 3",
                                        "MD5 (",
                                        "%%%% size,md5\n",
                                        "[",
                                        ""};
    uint64_t at = seed;
    char text[2000];

    (void)state;
    for (int i = 0; i < 700; i++) {
        const char *head = HEADS[i % 7];
        size_t n = strlen(head) + (i % 7 == 2), len = n + next_random(&at) % 1900;
        struct as_hashset_counts counts;
        struct seen s = {0};
        const struct as_hashset_to to = {&s, see};
        memcpy(text, head, n);
        for (size_t k = n; k < len; k++)
            text[k] = i % 2 ? (char)next_random(&at) : "0a,\"\n{}[]: \t\\"[next_random(&at) % 14];
        put_file(text, len);
        (void)!as_hashset_read("list", &to, &counts, NULL);
    }
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, 9);
}

static void sorts_in_runs(void **state)
{
    enum { N = 700000, SIZE = 9 };
    struct as_runs *r;
    const uint8_t *rec;
    uint8_t *all = calloc(N, SIZE);
    uint64_t at = seed;

    (void)state;
    for (int n = 0; n <= N; n = n == 0 ? 1000 : n == 1000 ? N : N + 1) {
        assert_int_equal(as_runs_new(&r, SIZE, AS_RUNS_MEMORY_MIN, "list", NULL), AS_OK);
        for (int i = 0; i < n; i++) {
            uint64_t v = next_random(&at) % 100000;
            memcpy(all + i * SIZE, &v, 8);
            assert_int_equal(as_runs_add(r, all + i * SIZE, NULL), AS_OK);
        }
        qsort(all, (size_t)n, SIZE, compare);
        for (int pass = 0; pass < 2; pass++) {
            assert_int_equal(as_runs_rewind(r, NULL), AS_OK);
            for (int i = 0; i < n; i++) {
                assert_int_equal(as_runs_next(r, &rec, NULL), AS_OK);
                assert_memory_equal(rec, all + i * SIZE, SIZE);
            }
            assert_int_equal(as_runs_next(r, &rec, NULL), AS_END);
            assert_int_equal(as_runs_next(r, &rec, NULL), AS_END);
        }
        as_runs_free(r);
    }
    free(all);
}

static enum as_status enroll(bool good, bool bad, struct as_enrolled_known *done)
{
    struct as_options o;
    char *files[] = {"list"};
    struct as_err err = {0};

    as_options_defaults(&o);
    o.output = "ref.h5";
    o.known_good = good;
    o.known_bad = bad;
    unlink("ref.h5");
    enum as_status status = as_enroll_known(&o, 1, files, done, &err);
    if (status != AS_OK)
        print_message("%s\n", err.text);
    return status;
}

static void keeps_the_worst(void **state)
{
    static const char TEXT[] =
        "{\"value\": ["
        "{\"MD5\": \"" MD5_A "\", \"Category\": 0},"
        "{\"MD5\": \"" MD5_A "\", \"Category\": 3},"
        "{\"MD5\": \"" MD5_A "\", \"Category\": 2},"
        "{\"MD5\": \"" MD5_A "\"},"
        "{\"MD5\": \"" MD5_B "\", \"SHA1\": \"" SHA1_A "\", \"Category\": 5}]}";
    struct as_enrolled_known done;
    struct as_known_hit hit;
    struct as_hash_entry e = {0};
    struct as_ref *ref;
    FILE *f;

    (void)state;
    put_file(TEXT, strlen(TEXT));
    assert_int_equal(enroll(true, true, &done), AS_EUSAGE);
    assert_int_equal(enroll(false, false, &done), AS_OK);
    assert_true(done.rows[AS_HASH_MD5] == 1 && done.rows[AS_HASH_SHA1] == 1 && done.entries == 5);
    assert_true(done.by_class[AS_KNOWN_BAD] == 1 && done.by_class[AS_KNOWN_UNSAID] == 1);
    assert_int_equal(as_ref_open(&ref, "ref.h5", NULL), AS_OK);
    assert_int_equal(as_ref_check(ref, NULL, NULL), AS_OK);
    assert_true(as_known_needs_md5(ref));
    for (size_t i = 0; i < 16; i++) {
        unsigned byte;
        assert_int_equal(sscanf(&MD5_A[2 * i], "%2x", &byte), 1);
        e.hash[AS_HASH_MD5][i] = (uint8_t)byte;
    }
    struct as_known_ask ask = {.md5 = e.hash[AS_HASH_MD5]};
    assert_int_equal(as_known_find(ref, &ask, &hit, NULL), AS_OK);
    assert_true(hit.class == AS_KNOWN_BAD && hit.category == 2 && hit.reference == 1);
    e.hash[AS_HASH_MD5][15] ^= 1;
    assert_int_equal(as_known_find(ref, &ask, &hit, NULL), AS_END);
    as_ref_close(ref);
    assert_int_equal(access("ref.h5.tmp", F_OK), -1);
    f = fopen("ref.h5", "ab"); /* it is not written over */
    fclose(f);
    struct as_options o;
    as_options_defaults(&o);
    o.output = "ref.h5";
    char *files[] = {"list"};
    assert_int_equal(as_enroll_known(&o, 1, files, &done, NULL), AS_EUSAGE);
    unlink("ref.h5");
    files[0] = "absent";
    assert_int_equal(as_enroll_known(&o, 1, files, &done, NULL), AS_SKIP);
    assert_int_equal(access("ref.h5", F_OK), -1);
}

/* A word on the whole file hides nothing that is sought. */
static void good_hides_no_category(void **state)
{
    static const char TEXT[] = "{\"value\": ["
                               "{\"MD5\": \"" MD5_A "\", \"Category\": 1},"
                               "{\"MD5\": \"" MD5_B "\", \"Category\": 4},"
                               "{\"SHA1\": \"" SHA1_A "\", \"Category\": 3},"
                               "{\"SHA256\": \"" SHA256_A "\"}]}";
    struct as_enrolled_known done;

    (void)state;
    put_file(TEXT, strlen(TEXT));
    assert_int_equal(enroll(true, false, &done), AS_OK);
    assert_true(done.by_class[AS_KNOWN_BAD] == 2 && done.by_class[AS_KNOWN_GOOD] == 2);
    assert_int_equal(done.weak, 1);
    assert_int_equal(enroll(false, true, &done), AS_OK);
    assert_true(done.by_class[AS_KNOWN_BAD] == 4 && done.weak == 0);
}

/* Every hash that is there is found where it is, and none other; spread evenly, or as one would
 * spread them who wants searches to go wrong.                                            */
static void finds_all(void **state)
{
    enum { N = 20000 };
    static uint8_t sha[N][32];
    uint64_t at = seed;
    char *text = calloc(N, 65);

    (void)state;
    for (int skew = 0; skew < 3; skew++) {
        struct as_enrolled_known done;
        struct as_known_hit hit;
        struct as_ref *ref;
        for (int i = 0; i < N; i++) {
            for (int k = 0; k < 4; k++) {
                uint64_t v = next_random(&at);
                memcpy(&sha[i][8 * k], &v, 8);
            }
            if (skew == 1)
                memset(sha[i], i % 2 ? 0 : 255, 12);
            if (skew == 2)
                memset(sha[i], 0, (size_t)(i % 29));
            for (int k = 0; k < 32; k++)
                sprintf(text + 65 * i + 2 * k, "%02x", sha[i][k]);
            text[65 * i + 64] = '\n';
        }
        put_file(text, 65 * N);
        assert_int_equal(enroll(true, false, &done), AS_OK);
        assert_int_equal(as_ref_open(&ref, "ref.h5", NULL), AS_OK);
        for (int i = 0; i < N; i++) {
            struct as_known_ask ask = {.sha256 = sha[i]};
            uint8_t back[32];
            assert_int_equal(as_known_find(ref, &ask, &hit, NULL), AS_OK);
            assert_int_equal(as_ref_read(ref, AS_REF_KNOWN_sha256, hit.reference, 1, back, NULL),
                             AS_OK);
            assert_memory_equal(back, sha[i], 32);
            assert_int_equal(hit.class, AS_KNOWN_GOOD);
            sha[i][31] ^= 0x55; /* so few of them that no other is met */
            if (skew != 2)
                assert_int_equal(as_known_find(ref, &ask, &hit, NULL), AS_END);
        }
        as_ref_close(ref);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_form),        cmocka_unit_test(names_file_and_line),
        cmocka_unit_test(counts_what_has_no_hash), cmocka_unit_test(bases_are_bounded),
        cmocka_unit_test(stops_within_a_file),     cmocka_unit_test(survives_noise),
        cmocka_unit_test(sorts_in_runs),           cmocka_unit_test(keeps_the_worst),
        cmocka_unit_test(good_hides_no_category),  cmocka_unit_test(finds_all),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
