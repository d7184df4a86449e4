/* t_team.c - every part is done once, by workers that do not share a number; failures end it. */
#include "../pipeline/run/team.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { PARTS = 1000, WORKERS = 5 };

static _Atomic int done[PARTS], busy[WORKERS];
static _Atomic bool clash;

static enum as_status part(void *state, uint32_t worker, uint64_t i, struct as_err *err)
{
    const uint64_t *bad = state;
    enum as_status status = AS_OK;

    if (worker >= WORKERS || atomic_fetch_add(&busy[worker], 1) != 0)
        clash = true;
    if (i % 100 == 0)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    atomic_fetch_add(&done[i], 1);
    atomic_fetch_sub(&busy[worker], 1);
    if (bad && i == *bad)
        AS_FAIL(err, AS_EIO, "part %d", (int)i);
done:
    return status;
}

static void clear(void)
{
    for (int i = 0; i < PARTS; i++)
        done[i] = 0;
    clash = false;
    as_stop_signal = 0;
}

static void test_once(void **state)
{
    (void)state;
    for (uint32_t threads = 0; threads <= WORKERS; threads++) {
        const struct as_team team = {threads, PARTS, NULL, part, "testing"};
        clear();
        assert_int_equal(as_team_run(&team, NULL, NULL), AS_OK);
        for (int i = 0; i < PARTS; i++)
            assert_int_equal(done[i], 1);
        assert_false(clash);
    }
    assert_int_equal(as_team_run(&(struct as_team){3, 0, NULL, part, ""}, NULL, NULL), AS_OK);
}

static void test_failure(void **state)
{
    uint64_t bad = 300;
    struct as_team team = {WORKERS, PARTS, &bad, part, "testing"};
    struct as_err err = {0};
    (void)state;

    clear();
    assert_int_equal(as_team_run(&team, NULL, &err), AS_EIO);
    assert_string_equal(err.text, "part 300");
    team.threads = 1;
    clear();
    assert_int_equal(as_team_run(&team, NULL, NULL), AS_EIO);
    assert_int_equal(done[300], 1);
    assert_int_equal(done[301], 0);
}

static void test_signal(void **state)
{
    const struct as_team team = {WORKERS, PARTS, NULL, part, "testing"};
    struct as_err err = {0};
    (void)state;

    clear();
    as_stop_signal = 15;
    assert_int_equal(as_team_run(&team, NULL, &err), AS_ESTOP);
    assert_non_null(strstr(err.text, "testing"));
    for (int i = 0; i < PARTS; i++)
        assert_int_equal(done[i], 0);
    clear();
}

/* A signal comes while the first part is at work, which would take for ever. */
static enum as_status long_part(void *state, uint32_t worker, uint64_t i, struct as_err *err)
{
    enum as_status status = AS_OK;

    (void)state;
    (void)i;
    AS_TRY(as_team_go_on(NULL, worker, "testing long", err));
    as_stop_signal = 15;
    while (status == AS_OK)
        status = as_team_go_on(NULL, worker, "testing long", err);
done:
    return status;
}

static void test_signal_in_part(void **state)
{
    const struct as_team team = {2, 2, NULL, long_part, "testing"};
    struct as_err err = {0};
    (void)state;

    clear();
    assert_int_equal(as_team_run(&team, NULL, &err), AS_ESTOP);
    assert_non_null(strstr(err.text, "testing"));
    clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_once), cmocka_unit_test(test_failure),
                                       cmocka_unit_test(test_signal),
                                       cmocka_unit_test(test_signal_in_part)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
