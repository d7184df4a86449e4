/* t_audit.c - audit: the chain holds through every cut, and no change goes unseen. */
#include "../pipeline/cluster/audit.h"
#include "../pipeline/cluster/chain.h"

#include <inttypes.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64], path[96];
static char file[65536];
static size_t file_n;

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/t_audit.XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/audit.jsonl", dir);
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static struct as_audit *open_log(void)
{
    struct as_audit *a;
    struct as_err err = {0};

    if (as_audit_open(&a, path, &err) != AS_OK)
        fail_msg("%s", err.text);
    return a;
}

static void add(struct as_audit *a, const char *event, json_t *fields)
{
    struct as_err err = {0};

    if (as_audit_add(a, event, fields ? fields : json_object(), &err) != AS_OK)
        fail_msg("%s", err.text);
}

static void load(void)
{
    FILE *f = fopen(path, "rb");

    assert_non_null(f);
    file_n = fread(file, 1, sizeof file - 1, f);
    file[file_n] = 0;
    fclose(f);
}

static void store(const char *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

/* Two attempts with a few entries. */
static void make_log(void)
{
    struct as_audit *a = open_log();

    add(a, "start", json_pack("{s:i,s:s}", "ranks", 3, "argv", "assay run \xe2\x80\xae \n x"));
    add(a, "stop", NULL);
    as_audit_close(a);
    a = open_log();
    add(a, "start", json_pack("{s:[i,i],s:s}", "b", 1, 2, "time", "yesterday"));
    add(a, "seal", json_pack("{s:{s:i}}", "digest", "x", 5));
    as_audit_close(a);
    load();
}

/* Keeps the first fault. */
static void keep(void *state, uint64_t line, const char *what)
{
    char *text = state;

    if (text[0] == 0)
        snprintf(text, 200, "line %" PRIu64 ": %s", line, what);
}

/* AS_OK: the chain is whole; else AS_EFORMAT, with the first fault. */
static enum as_status check(uint64_t *count, struct as_err *err)
{
    struct as_chain chain;
    char first[200] = "";

    *count = 0;
    assert_int_equal(as_chain_follow(path, &chain, keep, first, err), AS_OK);
    if (chain.broken == 0 && !chain.torn_end) {
        *count = chain.lines;
        return AS_OK;
    }
    snprintf(err->text, sizeof err->text, "%.200s",
             chain.broken ? first : "the last line is torn");
    return AS_EFORMAT;
}

static void t_chain(void **state)
{
    uint64_t count;
    struct as_err err = {0};
    struct stat st;
    json_t *first;
    (void)state;

    make_log();
    assert_int_equal(check(&count, &err), AS_OK);
    assert_int_equal(count, 4);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    for (size_t i = 0; i < file_n; i++)
        assert_true(file[i] == '\n' || (file[i] >= 0x20 && file[i] < 0x7f));
    assert_null(strstr(file, "yesterday")); /* the log's own time stands */
    first = json_loads(file, JSON_DISABLE_EOF_CHECK, NULL);
    assert_string_equal(json_string_value(json_object_get(first, "prev")),
                        "0000000000000000000000000000000000000000000000000000000000000000");
    assert_int_equal(strlen(json_string_value(json_object_get(first, "time"))), 24);
    assert_int_equal(json_integer_value(json_object_get(first, "ranks")), 3);
    json_decref(first);
}

/* Any byte changed in a line, or any line lost, is seen; the line is named. */
static void t_changes_are_seen(void **state)
{
    uint64_t count;
    struct as_err err = {0};
    char hurt[sizeof file];
    size_t last;
    (void)state;

    make_log();
    last = file_n - 1;
    while (file[last - 1] != '\n')
        last--;
    for (size_t i = 0; i < last; i++) {
        memcpy(hurt, file, file_n);
        hurt[i] = hurt[i] == 'x' ? 'y' : 'x';
        store(hurt, file_n);
        assert_int_equal(check(&count, &err), AS_EFORMAT);
        assert_non_null(strstr(err.text, "line "));
        assert_int_equal(count, 0);
    }
    for (size_t i = 0, next; i < last; i = next) { /* a line taken out */
        next = (size_t)(strchr(file + i, '\n') - file) + 1;
        memcpy(hurt, file, i);
        memcpy(hurt + i, file + next, file_n - next);
        store(hurt, file_n - (next - i));
        assert_int_equal(check(&count, &err), AS_EFORMAT);
    }
    store(file, file_n);
    assert_int_equal(check(&count, &err), AS_OK);
}

/* Cut at every byte and opened again: the chain holds, and nothing was removed. */
static void t_every_cut(void **state)
{
    uint64_t count;
    struct as_err err = {0};
    char whole[sizeof file];
    size_t n;
    (void)state;

    make_log();
    n = file_n;
    memcpy(whole, file, n);
    for (size_t cut = 0; cut <= n; cut++) {
        bool clean = cut == 0 || whole[cut - 1] == '\n';
        store(whole, cut);
        assert_int_equal(check(&count, &err), clean ? AS_OK : AS_EFORMAT);
        struct as_audit *a = open_log();
        add(a, "start", NULL);
        as_audit_close(a);
        assert_int_equal(check(&count, &err), AS_OK);
        load();
        assert_memory_equal(file, whole, cut);
        assert_int_equal(strstr(file + cut, "recovered") != NULL, !clean);
    }
}

/* A recovery that was itself cut short; a line of zeros; a line beyond every limit. */
static void t_odd_ends(void **state)
{
    static const char *const TAILS[] = {"{\"a\":1", "{\"a\":\n{\"event\":\"recov", "\n", "[]\n",
                                        "{\"event\":5}\n{}\n"};
    uint64_t count;
    struct as_err err = {0};
    char *huge = calloc(1, 20 << 20);
    (void)state;

    for (size_t i = 0; i < sizeof TAILS / sizeof *TAILS; i++) {
        unlink(path);
        make_log();
        strcat(file, TAILS[i]);
        store(file, strlen(file));
        assert_int_equal(check(&count, &err), AS_EFORMAT);
        as_audit_close(open_log());
        assert_int_equal(check(&count, &err), AS_OK);
        assert_int_equal(count, 5);
    }
    store(huge, 20 << 20);
    as_audit_close(open_log());
    assert_int_equal(check(&count, &err), AS_OK);
    assert_int_equal(count, 1);
    free(huge);
}

/* A torn line hides nothing: what was before it cannot be taken away. */
static void t_torn_hides_nothing(void **state)
{
    uint64_t count;
    struct as_err err = {0};
    const char *torn;
    (void)state;

    make_log();
    store(file, file_n - 20);
    as_audit_close(open_log());
    load();
    torn = strstr(file, "\"seal\"");
    while (torn[-1] != '\n')
        torn--;
    store(torn, file_n - (size_t)(torn - file));
    assert_int_equal(check(&count, &err), AS_EFORMAT);
    assert_non_null(strstr(err.text, "line 2: its \"after\""));
}

static void t_two_writers(void **state)
{
    struct as_audit *a, *b;
    uint64_t count;
    struct as_err err = {0};
    (void)state;

    a = open_log();
    b = open_log();
    add(b, "start", NULL);
    assert_int_equal(as_audit_add(a, "start", json_object(), &err), AS_ESTOP);
    assert_int_equal(as_audit_add(b, "odd", json_array(), &err), AS_EBUG);
    add(b, "stop", NULL);
    as_audit_close(a);
    as_audit_close(b);
    assert_int_equal(check(&count, &err), AS_OK);
    assert_int_equal(count, 2);
}

static void t_full(void **state)
{
    struct rlimit limit, before;
    struct as_audit *a = open_log();
    struct as_err err = {0};
    uint64_t count;
    (void)state;

    add(a, "start", NULL);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = 200;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(as_audit_add(a, "stop", json_object(), &err), AS_EIO);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(check(&count, &err), AS_OK);
    assert_int_equal(count, 1);
    add(a, "stop", NULL);
    as_audit_close(a);
    assert_int_equal(check(&count, &err), AS_OK);
    assert_int_equal(count, 2);
}

/* The head is the same for the writer and for a reader, and each entry changes it. */
static void t_head(void **state)
{
    struct as_audit *a = open_log();
    char head[65], before[65];
    (void)state;

    memcpy(before, as_audit_head(a), sizeof before);
    for (int i = 0; i < 3; i++) {
        add(a, "entry", NULL);
        assert_int_equal(as_audit_last(path, head, NULL), AS_OK);
        assert_string_equal(head, as_audit_head(a));
        assert_string_not_equal(head, before);
        memcpy(before, head, sizeof before);
    }
    as_audit_close(a);
    assert_int_equal(as_audit_last("/nonexistent/log", head, NULL), AS_EIO);
}

static void t_cannot_open(void **state)
{
    struct as_audit *a;
    struct as_err err = {0};
    (void)state;

    assert_int_equal(as_audit_open(&a, "/nonexistent/x", &err), AS_EIO);
    assert_null(a);
    assert_int_equal(as_audit_open(&a, dir, &err), AS_EIO);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_int_equal(as_audit_open(&a, path, &err), AS_EIO);
    as_audit_close(NULL);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, make_dir, drop_dir)
    const struct CMUnitTest tests[] = {
        T(t_chain),    T(t_changes_are_seen),   T(t_every_cut),
        T(t_odd_ends), T(t_torn_hides_nothing), T(t_two_writers),
        T(t_full),     T(t_cannot_open),        T(t_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
