/* t_job.c - the batch job that a plan asks for. */
#include "../pipeline/run/job.h"
#include "../pipeline/run/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct as_job job_of(double bytes, uint64_t lots, double core_seconds, uint64_t whole,
                            uint64_t cores, uint64_t hours)
{
    struct as_plan p;
    struct as_options o;
    struct as_job j;

    memset(&p, 0, sizeof p);
    p.totals.bytes = (uint64_t)bytes;
    p.lots = lots;
    p.largest_lot = lots ? 64 << 20 : 0;
    p.core_seconds = core_seconds;
    p.whole = whole ? 1 : 0;
    p.whole_list[0].bytes = whole;
    as_options_defaults(&o);
    o.node_cores = cores;
    o.hours = hours;
    as_job_of(&j, &p, &o);
    assert_true(j.nodes >= 1 && j.ranks >= 1 && j.examiners >= 1);
    assert_true(j.ranks * j.examiners <= (cores ? cores : as_machine_cores()));
    assert_int_equal(j.seconds % 900, 0);
    assert_true((double)j.seconds >
                j.core_seconds / ((double)j.nodes * j.ranks * j.examiners));
    assert_true((double)j.seconds > j.longest);
    assert_true(j.memory >= j.ranks * (j.examiners * o.examiner_memory));
    return j;
}

/* 10 TB of files at the stated rates: 70 MB/s each, and once more at 1200 MB/s. */
static void t_rates(void **state)
{
    struct as_job j = job_of(1e13, 160000, 0, 0, 64, 2);
    (void)state;

    assert_false(j.sampled);
    assert_true(j.core_seconds > 151190 && j.core_seconds < 151191);
    assert_int_equal(j.examiners, 8);
    assert_int_equal(j.nodes, 1);
    assert_int_equal(j.ranks, 4); /* 151190 s / (2 h x 0.8) / 8 = 3.3 */
    assert_int_equal(j.seconds, 9900);
    j = job_of(1e15, 16000000, 0, 0, 64, 2);
    assert_int_equal(j.nodes, 42); /* 328.1 ranks of 8 a node */
    assert_int_equal(j.ranks, 8);
}

/* A reader that unpacks feeds 5 examiners of JPEG; one of fast items feeds two. */
static void t_reader(void **state)
{
    struct as_job j = job_of(1e13, 160000, 0, 1 << 30, 64, 1);
    (void)state;

    assert_true(j.examiners * j.rate <= 1.1 * AS_JOB_UNPACK);
    assert_true(j.examiners > 3);
    j = job_of(1e13, 160000, 1e4, 0, 64, 1);
    assert_true(j.sampled);
    assert_int_equal(j.examiners, 2);
}

/* There are no more ranks than lots keep busy, and no less time than the largest piece takes. */
static void t_limits(void **state)
{
    struct as_job j = job_of(1e13, 8, 0, 0, 64, 1);
    (void)state;

    assert_int_equal(j.nodes * j.ranks, 2);
    j = job_of(3e12, 100000, 0, UINT64_C(3000000000000), 64, 1);
    assert_true(j.longest > 10000);
    job_of(0, 0, 0, 0, 64, 1);
    job_of(0, 0, 0, 0, 0, 0);
    job_of(1, 1, 1e-9, 0, 1, 1000);
    job_of(1e19, UINT64_MAX, 1e18, 0, 4096, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_rates),
        cmocka_unit_test(t_reader),
        cmocka_unit_test(t_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
