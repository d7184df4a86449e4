/* t_attempt.c - attempt: attempts are numbered and fenced, a live run is not disturbed. */
#include "../pipeline/run/attempt.h"

#include <jansson.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char dir[] = "/tmp/t_attempt.XXXXXX", place[sizeof dir + 8];

static int make_dir(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(place, sizeof place, "%s/case", dir);
    return 0;
}

static int remove_dir(void **state)
{
    char command[sizeof dir + 16];
    (void)state;

    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static bool exists(const char *name)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", place, name);
    return access(path, F_OK) == 0;
}

/* Writes a status.json as another run would. */
static void write_status(const struct as_case *c, const char *state, const char *host, long pid,
                         long long updated)
{
    FILE *f = fopen(c->status, "w");

    assert_non_null(f);
    fprintf(f, "{\"state\": \"%s\", \"host\": \"%s\", \"pid\": %ld, \"updated\": %lld}", state,
            host, pid, updated);
    fclose(f);
}

static void t_attempts(void **state)
{
    struct as_case c;
    struct stat st;
    (void)state;

    assert_int_equal(as_case_init(&c, place, NULL), AS_OK);
    assert_false(exists(""));
    for (uint32_t n = 1; n <= 11; n++) { /* 10 comes after 9, not after 1 */
        char name[32], fence[sizeof place + 32];
        assert_int_equal(as_case_begin(&c, false, NULL), AS_OK);
        assert_int_equal(c.attempt, n);
        snprintf(name, sizeof name, "attempt-%u", n);
        assert_true(exists(name));
        snprintf(fence, sizeof fence, "%s/attempt-%u", place, n + 1);
        assert_string_equal(c.fence, fence);
        assert_int_not_equal(access(c.fence, F_OK), 0);
    }
    assert_int_equal(stat(place, &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
    as_case_tidy(&c, false);
    assert_true(exists("attempt-11"));
    assert_false(exists("attempt-10"));
    assert_false(exists("attempt-1"));
    assert_false(exists("journal"));
    as_case_clear(&c);
}

static void t_alive(void **state)
{
    char host[256] = "";
    struct as_case c;
    struct as_err err = {0};
    pid_t child;
    (void)state;

    gethostname(host, sizeof host - 1);
    assert_int_equal(as_case_init(&c, place, NULL), AS_OK);
    /* this very process, here */
    write_status(&c, "examine", host, getpid(), time(NULL));
    assert_int_equal(as_case_begin(&c, false, &err), AS_EFORMAT);
    assert_non_null(strstr(err.text, "--takeover"));
    assert_int_equal(as_case_begin(&c, true, NULL), AS_OK);
    /* ended states are not alive, whoever wrote them */
    write_status(&c, "stopped", host, getpid(), time(NULL));
    assert_int_equal(as_case_begin(&c, false, NULL), AS_OK);
    write_status(&c, "sealed", "elsewhere", 1, time(NULL));
    assert_int_equal(as_case_begin(&c, false, NULL), AS_OK);
    write_status(&c, "failed", "elsewhere", 1, time(NULL));
    assert_int_equal(as_case_begin(&c, false, NULL), AS_OK);
    /* a process that is gone */
    child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    write_status(&c, "examine", host, child, time(NULL));
    assert_int_equal(as_case_begin(&c, false, NULL), AS_OK);
    /* its number given anew, to a process that began long after the last word of the other */
    write_status(&c, "examine", host, getpid(), time(NULL) - 3600);
    assert_int_equal(as_case_begin(&c, false, NULL), AS_OK);
    /* another host: by the clock */
    write_status(&c, "examine", "elsewhere", 1, time(NULL));
    assert_int_equal(as_case_begin(&c, false, NULL), AS_EFORMAT);
    write_status(&c, "examine", "elsewhere", 1, time(NULL) - 3600);
    assert_int_equal(as_case_begin(&c, false, NULL), AS_OK);
    as_case_clear(&c);
}

/* A status.json that is torn or is no object is nobody alive, and no crash. */
static void t_broken_status(void **state)
{
    static const char *const TEXTS[] = {"", "{", "[]",
                                        "{\"state\": 7, \"host\": [], \"pid\": \"x\"}"};
    struct as_case c;
    (void)state;

    assert_int_equal(as_case_init(&c, place, NULL), AS_OK);
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        FILE *f = fopen(c.status, "w");
        fputs(TEXTS[i], f);
        fclose(f);
        assert_int_equal(as_case_begin(&c, false, NULL), AS_OK);
    }
    as_case_clear(&c);
}

static void t_tell(void **state)
{
    struct as_case_status s = {.state = "examine",
                               .items_seen = 1000000007,
                               .bytes_total = UINT64_C(1) << 45,
                               .lots_total = 9,
                               .elapsed_s = 1.5,
                               .ranks = 3};
    struct as_case c;
    json_t *o;
    (void)state;

    assert_int_equal(as_case_init(&c, place, NULL), AS_OK);
    assert_int_equal(as_case_set_attempt(&c, 4, NULL), AS_OK);
    as_case_tell(&c, &s);
    o = json_load_file(c.status, 0, NULL);
    assert_non_null(o);
    assert_string_equal(json_string_value(json_object_get(o, "state")), "examine");
    assert_int_equal(json_integer_value(json_object_get(o, "attempt")), 4);
    assert_int_equal(json_integer_value(json_object_get(o, "items_seen")), 1000000007);
    assert_true(json_integer_value(json_object_get(o, "bytes_total")) == (json_int_t)1 << 45);
    assert_int_equal(json_integer_value(json_object_get(o, "pid")), getpid());
    json_decref(o);
    assert_false(exists("status.json.new"));
    as_case_clear(&c);
}

/* A field of status.json. */
static json_int_t told(const struct as_case *c, const char *field)
{
    json_t *o = json_load_file(c->status, 0, NULL);
    json_int_t v = (json_int_t)json_number_value(json_object_get(o, field));

    assert_non_null(o);
    json_decref(o);
    return v;
}

/* While nothing is told the clock goes on; what is a newer attempt's is left alone. */
static void t_pulse(void **state)
{
    struct as_case_status s = {.state = "seal", .elapsed_s = 100.5, .items_done = 7};
    struct as_case c;
    json_int_t begun;
    (void)state;

    assert_int_equal(as_case_init(&c, place, NULL), AS_OK);
    assert_int_equal(as_case_set_attempt(&c, 4000, NULL), AS_OK);
    write_status(&c, "stopped", "elsewhere", 1, 17);
    assert_int_equal(as_case_alone(&c, false, NULL), AS_OK);
    assert_int_equal(as_case_pulse(&c, NULL), AS_OK);
    assert_int_equal(as_case_alone(&c, false, NULL), AS_EFORMAT);
    assert_int_equal(told(&c, "attempt"), 4000);
    as_case_tell(&c, &s);
    begun = told(&c, "updated");
    for (int i = 0; i < 100 && told(&c, "updated") < begun + 2; i++)
        usleep(100000);
    assert_in_range(told(&c, "updated"), begun + 2, begun + 10);
    assert_in_range(told(&c, "elapsed_s"), 102, 111);
    assert_int_equal(told(&c, "items_done"), 7);
    assert_int_equal(mkdir(c.fence, 0700), 0);
    write_status(&c, "examine", "elsewhere", 1, 17);
    as_case_tell(&c, &s);
    sleep(4);
    assert_int_equal(told(&c, "updated"), 17);
    assert_int_equal(rmdir(c.fence), 0);
    as_case_clear(&c);
}

static void t_reset(void **state)
{
    struct as_case c;
    FILE *f;
    (void)state;

    assert_int_equal(as_case_init(&c, place, NULL), AS_OK);
    write_status(&c, "stopped", "x", 1, 0);
    assert_int_equal(as_case_begin(&c, false, NULL), AS_OK);
    f = fopen(c.inventory, "w");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(as_case_reset(&c, NULL), AS_OK);
    assert_int_not_equal(access(c.inventory, F_OK), 0);
    assert_int_equal(access(c.journal, F_OK), 0);
    as_case_clear(&c);
}

static void t_no_folder(void **state)
{
    struct as_case c;
    (void)state;

    assert_int_equal(as_case_init(&c, "/proc/no/such/place", NULL), AS_OK);
    assert_int_equal(as_case_begin(&c, false, NULL), AS_EIO);
    as_case_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_attempts), cmocka_unit_test(t_alive), cmocka_unit_test(t_broken_status),
        cmocka_unit_test(t_tell),     cmocka_unit_test(t_pulse), cmocka_unit_test(t_reset),
        cmocka_unit_test(t_no_folder),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
