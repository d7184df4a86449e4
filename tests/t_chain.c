/* t_chain.c - the audit chain: sound, cut, changed; and the state of a case. */
#include "../pipeline/cluster/audit.h"
#include "../pipeline/report/case.h"
#include "../pipeline/cluster/chain.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], path[128];
static char prev[65];
static struct as_chain chain;
static uint64_t faults;

static int setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/t_chainXXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/audit.jsonl", folder);
    memset(prev, '0', 64);
    prev[64] = 0;
    return 0;
}

static int teardown(void **state)
{
    char name[128];

    (void)state;
    unlink(path);
    snprintf(name, sizeof name, "%s/status.json", folder);
    unlink(name);
    return rmdir(folder);
}

/* Appends bytes as a line and keeps their hash. */
static void put(const char *bytes, bool newline)
{
    unsigned char md[32];
    FILE *f = fopen(path, "ab");

    assert_non_null(f);
    fprintf(f, "%s%s", bytes, newline ? "\n" : "");
    fclose(f);
    EVP_Digest(bytes, strlen(bytes), md, NULL, EVP_sha256(), NULL);
    for (int i = 0; i < 32; i++)
        snprintf(prev + 2 * i, 3, "%02x", md[i]);
}

static void entry(const char *event, const char *more)
{
    char line[512];

    snprintf(line, sizeof line, "{\"event\": \"%s\", \"time\": \"now\", \"prev\": \"%s\"%s}", event,
             prev, more);
    put(line, true);
}

static void count(void *state, uint64_t line, const char *what)
{
    (void)state;
    assert_true(line > 0 && what[0] != 0);
    faults++;
}

static uint64_t broken(void)
{
    struct as_err err;

    faults = 0;
    assert_int_equal(as_chain_follow(path, &chain, count, NULL, &err), AS_OK);
    assert_int_equal(faults, chain.broken);
    return chain.broken;
}

static void test_sound(void **state)
{
    (void)state;
    entry("start", "");
    entry("stop", ", \"n\": 3");
    entry("sealed", ", \"content_digest\": \"abc\"");
    assert_int_equal(broken(), 0);
    assert_int_equal(chain.lines, 3);
    assert_string_equal(chain.content_digest, "abc");
    assert_false(chain.torn_end);
}

/* The last seal alone says what residuals were kept. */
static void test_kept(void **state)
{
    (void)state;
    entry("sealed", ", \"content_digest\": \"abc\", \"residuals\": {\"digest\": \"def\"}, "
                    "\"residual_pixels\": 7");
    assert_int_equal(broken(), 0);
    assert_true(as_chain_kept(&chain, "def", 7));
    assert_false(as_chain_kept(&chain, "def", 8));
    assert_false(as_chain_kept(&chain, "de", 7));
    assert_false(as_chain_kept(&chain, "", 0));
    entry("sealed", ", \"content_digest\": \"abc\"");
    assert_int_equal(broken(), 0);
    assert_true(as_chain_kept(&chain, "", 0));
    assert_false(as_chain_kept(&chain, "def", 7));
}

static void test_missing(void **state)
{
    struct as_err err;

    (void)state;
    assert_int_equal(as_chain_follow(path, &chain, count, NULL, &err), AS_SKIP);
}

static void test_torn_end(void **state)
{
    (void)state;
    entry("start", "");
    put("{\"event\": \"sto", false);
    assert_int_equal(broken(), 0);
    assert_true(chain.torn_end);
}

static void test_recovered(void **state)
{
    (void)state;
    char after[128];

    entry("start", "");
    snprintf(after, sizeof after, ", \"after\": \"%s\"", prev);
    put("{\"event\": \"sto", true);
    put("", true);
    entry("recovered", after);
    entry("sealed", ", \"content_digest\": \"d\"");
    assert_int_equal(broken(), 0);
    assert_int_equal(chain.recovered, 1);
    entry("recovered", after); /* the last sound line is another one now */
    assert_int_equal(broken(), 1);
}

/* What the writer writes, after a kill in mid-line too. */
static void test_writer(void **state)
{
    struct as_audit *a = NULL;
    struct as_err err;

    (void)state;
    assert_int_equal(as_audit_open(&a, path, &err), AS_OK);
    assert_int_equal(as_audit_add(a, "start", json_object(), &err), AS_OK);
    as_audit_close(a);
    put("{\"event\": \"sto", false);
    assert_int_equal(as_audit_open(&a, path, &err), AS_OK);
    assert_int_equal(as_audit_add(a, "sealed", json_pack("{s:s}", "content_digest", "e"), &err),
                     AS_OK);
    as_audit_close(a);
    assert_int_equal(broken(), 0);
    assert_int_equal(chain.recovered, 1);
    assert_string_equal(chain.content_digest, "e");
}

static void test_torn_not_closed(void **state)
{
    (void)state;
    entry("start", "");
    put("{\"event\": \"sto", true);
    entry("start", "");
    assert_int_equal(broken(), 1);
}

static void test_changed(void **state)
{
    FILE *f;

    (void)state;
    entry("start", ", \"n\": 1");
    entry("stop", "");
    entry("sealed", "");
    assert_int_equal(broken(), 0);
    f = fopen(path, "r+b");
    assert_non_null(f);
    fseek(f, 11, SEEK_SET);
    fputc('S', f);
    fclose(f);
    assert_int_equal(broken(), 1); /* the line after it tells */
}

static void test_removed(void **state)
{
    (void)state;
    entry("start", "");
    memset(prev, '1', 64); /* as if a line had stood between */
    entry("stop", "");
    assert_int_equal(broken(), 1);
}

static void write_status(const char *json)
{
    char name[128];
    FILE *f;

    snprintf(name, sizeof name, "%s/status.json", folder);
    f = fopen(name, "wb");
    assert_non_null(f);
    fputs(json, f);
    fclose(f);
}

static void test_progress(void **state)
{
    struct as_progress p;
    struct as_err err;
    char store[AS_CASE_PATH];

    (void)state;
    assert_int_equal(as_case_store(folder, store, &err), AS_SKIP);
    assert_int_equal(as_case_store("/nonexistent/case", store, &err), AS_EIO);
    assert_int_equal(as_progress_read(folder, &p, &err), AS_SKIP);
    write_status("{\"state\": \"examine\", \"attempt\": 2, \"items_done\": 10, \"items_seen\": 20,"
                 "\"updated\": 1700000000, \"pid\": 1234567, \"host\": \"nowhere.invalid\","
                 "\"bytes_done\": -5}");
    assert_int_equal(as_progress_read(folder, &p, &err), AS_OK);
    assert_string_equal(p.state, "examine");
    assert_int_equal(p.attempt, 2);
    assert_int_equal(p.items_seen, 20);
    assert_int_equal(p.bytes_done, 0);
    assert_false(as_progress_alive(&p));
    write_status("{\"state\": \"exam");
    assert_int_equal(as_progress_read(folder, &p, &err), AS_EFORMAT);
    write_status("[]");
    assert_int_equal(as_progress_read(folder, &p, &err), AS_EFORMAT);
}

static void test_making(void **state)
{
    struct as_making m;

    (void)state;
    as_making_read(NULL, &m);
    assert_int_equal(m.ranks, 0);
    as_making_read("not json", &m);
    assert_int_equal(m.ranks, 0);
    as_making_read("{\"ranks\": 3, \"seconds\": 1.5, \"host\": \"a\", \"options\": "
                   "{\"no-sandbox\": \"1\"}}",
                   &m);
    assert_int_equal(m.ranks, 3);
    assert_true(m.seconds > 1.4 && m.seconds < 1.6);
    assert_true(m.no_sandbox);
}

int main(void)
{
#define T(x) cmocka_unit_test_setup_teardown(x, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_sound),    T(test_missing),         T(test_torn_end), T(test_recovered),
        T(test_writer),   T(test_torn_not_closed), T(test_changed),  T(test_removed),
        T(test_progress), T(test_making),          T(test_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
