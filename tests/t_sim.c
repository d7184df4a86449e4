/* t_sim.c - the simulator keeps its own laws: work, bounds, failures, batches.
 *
 * What it predicts is compared with real runs by tests/sim_check.sh. */
#include "sim_engine.h"

#include "../pipeline/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LOTS = 20000 };

static struct sim_lot lot[LOTS];
static double work_s, longest_s, all_bytes;

/* Lots over four decades. */
static void make_lots(void)
{
    uint64_t x = 1;

    for (int i = 0; i < LOTS; i++) {
        double cost = 1e-3;
        x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
        for (int k = 0; k < 4; k++)
            cost *=
                1 + 9.0 * (double)((x >> (16 + 8 * k)) & 255) / 255 * (double)((x >> (50 + k)) & 1);
        lot[i] = (struct sim_lot){(uint64_t)(cost * 5e7), cost / 10, cost, cost / 4, 1};
        work_s += cost * 1.1;
        longest_s = cost > longest_s ? cost : longest_s;
        all_bytes += (double)lot[i].bytes;
    }
}

static struct sim_machine machine(uint32_t ranks)
{
    return (struct sim_machine){.ranks = ranks,
                                .ranks_per_node = 16,
                                .examiners = 1,
                                .stream_bytes_s = 1e9,
                                .claim_s = 20e-6,
                                .grant_s = 1e-6,
                                .latency_s = 1e-4,
                                .batch = true,
                                .restart_s = 5,
                                .seed = 7};
}

static void t_one_core(void **state)
{
    struct sim_machine m = machine(1);
    struct sim_result r;
    (void)state;

    r = sim_run(&m, lot, LOTS);
    assert_int_equal(r.lots_done, LOTS);
    assert_true(r.done_s > work_s * 0.999999 && r.done_s < work_s * 1.000001);
    assert_true(r.makespan_s >= work_s && r.makespan_s < work_s * 1.001);
    m.cores = 2; /* reading beside examining */
    r = sim_run(&m, lot, LOTS);
    assert_true(r.makespan_s >= work_s / 1.1 && r.makespan_s < work_s / 1.1 * 1.001);
    m.lot_s = 0.5; /* in halves, before reading and before examining */
    r = sim_run(&m, lot, LOTS);
    assert_true(r.done_s > work_s + 0.499 * LOTS);
    assert_true(r.makespan_s < work_s / 1.1 + 0.251 * LOTS);
}

static void t_bounds(void **state)
{
    double before = 1e300;
    (void)state;

    for (uint32_t ranks = 1; ranks <= 16384; ranks *= 4) {
        struct sim_machine m = machine(ranks);
        struct sim_result r = sim_run(&m, lot, LOTS);
        assert_int_equal(r.lots_done, LOTS);
        assert_int_equal(r.lots_twice, 0);
        assert_true(r.makespan_s >= work_s / ranks);
        assert_true(r.makespan_s >= longest_s);
        assert_true(r.makespan_s <= before * 1.02 + 1);
        if (ranks <= 256) /* largest first: the end is even */
            assert_true(r.makespan_s <= 1.03 * (work_s / ranks + longest_s));
        before = r.makespan_s;
    }
}

static void t_cores_and_bandwidth(void **state)
{
    struct sim_machine m = machine(64);
    struct sim_result r;
    (void)state;

    m.cores = 2;
    r = sim_run(&m, lot, LOTS);
    assert_true(r.makespan_s >= work_s / 8 && r.makespan_s <= 1.05 * work_s / 8 + longest_s);
    m.cores = 0;
    m.node_bytes_s = 4e7;
    r = sim_run(&m, lot, LOTS);
    assert_true(r.makespan_s >= all_bytes / 4 / 4e7);
    assert_true(r.makespan_s <= 1.05 * all_bytes / 4 / 4e7 + 2 * longest_s);
}

/* One server that takes its time: with a lot an answer nobody can be faster than it. */
static void t_batches(void **state)
{
    struct sim_machine m = machine(4096);
    struct sim_result batched, singly;
    struct sim_lot *small = calloc(10 * LOTS, sizeof *small);
    (void)state;

    for (int i = 0; i < 10 * LOTS; i++)
        small[i] = (struct sim_lot){1000, 0.01, 0.2, 0, 1};
    m.claim_s = 250e-6;
    batched = sim_run(&m, small, 10 * LOTS);
    m.batch = false;
    singly = sim_run(&m, small, 10 * LOTS);
    assert_int_equal(batched.lots_done, 10 * LOTS);
    assert_int_equal(singly.lots_done, 10 * LOTS);
    assert_true(singly.messages >= 20 * LOTS);
    assert_true(singly.makespan_s >= 20 * LOTS * m.claim_s);
    assert_true(batched.messages < singly.messages / 4);
    assert_true(batched.makespan_s < singly.makespan_s / 2);
    free(small);
}

/* A few ranks: the same answers, and no message the other way lets a lot wait. */
static void t_few_ranks(void **state)
{
    struct sim_machine m = machine(48);
    struct sim_result a, b;
    (void)state;

    a = sim_run(&m, lot, LOTS);
    m.batch = false;
    b = sim_run(&m, lot, LOTS);
    assert_true(a.makespan_s <= 1.01 * b.makespan_s && b.makespan_s <= 1.01 * a.makespan_s);
}

static void t_failures(void **state)
{
    struct sim_machine m = machine(256);
    struct sim_result calm = sim_run(&m, lot, LOTS), rough;
    (void)state;

    assert_int_equal(calm.failures, 0);
    m.mtbf_s = calm.makespan_s * 16 / 6; /* of a node; there are 16 */
    rough = sim_run(&m, lot, LOTS);
    printf("seed %llu: %llu failures\n", (unsigned long long)m.seed,
           (unsigned long long)rough.failures);
    assert_true(rough.failures > 0);
    assert_int_equal(rough.lots_done, LOTS);
    assert_int_equal(rough.lots_twice, 0);
    assert_true(rough.lost_s > 0);
    assert_true(rough.makespan_s > calm.makespan_s + rough.down_s);
    /* lost is at most what each rank had in hand, each time */
    assert_true(rough.lost_s <= (double)rough.failures * 256 * 2 * 3 * longest_s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_one_core),
        cmocka_unit_test(t_bounds),
        cmocka_unit_test(t_cores_and_bandwidth),
        cmocka_unit_test(t_batches),
        cmocka_unit_test(t_few_ranks),
        cmocka_unit_test(t_failures),
    };
    make_lots();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
