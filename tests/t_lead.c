/* t_lead.c - rank 0: what cannot be finished before the time limit is not begun.
 *
 * Lots are claimed and told done at times of the test's making; messages and the stop are heard
 * here instead of being sent (the linker's --wrap).                               */
#include "../pipeline/run/loop_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* A rank does 100 bytes a second, so a large lot takes 10 s and a small one 1 s. */
enum { LARGE = 1000, SMALL = 100, NLARGE = 6, NSMALL = 40, NLOTS = NLARGE + NSMALL, RANKS = 2 };

static struct as_options options;
static struct as_rank rank;
static struct as_loop loop;
static struct as_lot lots[NLOTS];

/* What was heard last. */
static struct {
    uint32_t type, n; /* of MAIL_LOTS: lots */
    uint64_t v0, lot;
    enum as_status stop;
} heard;

void __wrap_as_loop_post(struct as_loop *l, int to, uint32_t type, uint64_t v0, const void *body,
                         uint32_t n);
void __wrap_as_loop_post(struct as_loop *l, int to, uint32_t type, uint64_t v0, const void *body,
                         uint32_t n)
{
    (void)l;
    (void)to;
    heard.type = type;
    heard.v0 = v0;
    heard.n = n / (uint32_t)sizeof(struct as_grant);
    if (type == MAIL_LOTS && n)
        heard.lot = ((const struct as_grant *)body)->number;
}

void __wrap_as_loop_stop(struct as_loop *l, enum as_status why, const char *text);
void __wrap_as_loop_stop(struct as_loop *l, enum as_status why, const char *text)
{
    (void)text;
    l->stopping = true;
    heard.stop = why;
}

/* The phase began at second 0, with this limit; the large lots are the first. */
static void begin(enum as_phase phase, uint64_t limit_s)
{
    uint64_t bytes[NLOTS];

    options.time_limit = limit_s;
    memset(&heard, 0, sizeof heard);
    memset(&loop, 0, sizeof loop);
    rank = (struct as_rank){.options = &options, .size = RANKS};
    for (int i = 0; i < NLOTS; i++)
        lots[i].bytes = bytes[i] = i < NLARGE ? LARGE : SMALL;
    loop.r = &rank;
    loop.phase = phase;
    loop.lots = lots;
    assert_int_equal(as_claims_new(&loop.claims, bytes, NULL, NLOTS, NULL), AS_OK);
    loop.bytes_left = as_claims_bytes_left(loop.claims);
}

static void at_second(time_t t)
{
    clock_gettime(CLOCK_MONOTONIC, &rank.started);
    rank.started.tv_sec -= t;
}

/* A claim; how large the lot is that it gets, 0: none. */
static uint64_t claim(void)
{
    as_lead_claim(&loop, 1);
    assert_int_equal(heard.type, MAIL_LOTS);
    return heard.n ? lots[heard.lot].bytes : 0;
}

static void done(uint64_t lot)
{
    const struct as_lot_report report = {.phase = loop.phase, .lot = lot};

    as_lead_done(&loop, &report, 1);
}

/* Each of the two ranks begins a large lot and has another one ready. */
static void first_claims(void)
{
    at_second(0);
    for (int i = 0; i < 2 * RANKS; i++)
        assert_int_equal(claim(), LARGE);
}

/* A lot ten times the usual is begun in good time and not later; small ones still are. */
static void t_large(void **state)
{
    (void)state;
    begin(AS_PHASE_EXAMINE, 35);
    first_claims();
    at_second(10);
    done(0);
    done(1);
    assert_int_equal(claim(), LARGE); /* begun after the one ready, at 20, through at 30 */
    at_second(20);
    done(2);
    done(3);
    for (int i = 0; i < NSMALL; i++) {
        assert_int_equal(heard.v0, 0);
        assert_int_equal(claim(), SMALL);
    }
    assert_int_equal(heard.v0, 1); /* that was the last: the other large one is not for this time */
    assert_int_equal(claim(), 0);
    assert_int_equal(loop.dropped, 1);
    assert_int_equal(heard.stop, AS_OK);
    done(4);
    for (uint64_t i = NLARGE; i < NLOTS; i++) {
        assert_int_equal(heard.stop, AS_OK);
        done(i);
    }
    assert_int_equal(heard.stop, AS_ESTOP); /* nothing else is left */
    as_claims_free(loop.claims);
}

/* Toward the end not even small ones are begun; what is in hand is waited for. */
static void t_end(void **state)
{
    (void)state;
    begin(AS_PHASE_EXAMINE, 31);
    first_claims();
    at_second(30);
    for (uint64_t i = 0; i < 3; i++)
        done(i);
    assert_int_equal(claim(), 0);
    assert_int_equal(heard.v0, 1);
    assert_int_equal(loop.dropped, NLOTS - 4);
    assert_int_equal(heard.stop, AS_OK);
    done(3);
    assert_int_equal(heard.stop, AS_ESTOP);
    as_claims_free(loop.claims);
}

/* Nothing is known before as many lots are through as there are ranks. */
static void t_too_early(void **state)
{
    (void)state;
    begin(AS_PHASE_EXAMINE, 31);
    first_claims();
    at_second(20);
    done(0);
    assert_int_equal(claim(), LARGE);
    done(1);
    assert_int_equal(claim(), SMALL);
    assert_int_equal(loop.dropped, 1);
    as_claims_free(loop.claims);
}

/* Without a limit, and while containers are listed, all is handed out. */
static void t_all(void **state)
{
    (void)state;
    for (int list = 0; list < 2; list++) {
        begin(list ? AS_PHASE_LIST : AS_PHASE_RECHECK, list ? 31 : 0);
        first_claims();
        at_second(30);
        for (uint64_t i = 0; i < 4; i++)
            done(i);
        for (int i = 4; i < NLOTS; i++)
            assert_int_equal(claim(), i < NLARGE ? LARGE : SMALL);
        assert_int_equal(loop.dropped, 0);
        as_claims_free(loop.claims);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_large),
        cmocka_unit_test(t_end),
        cmocka_unit_test(t_too_early),
        cmocka_unit_test(t_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
