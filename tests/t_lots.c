/* t_lots.c - grains joined to lots: nothing lost, large ones first, small ones last. */
#include "../pipeline/run/lots.h"
#include "../pipeline/examine/slot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { LOT = 64 << 20, ENTRIES = 256, N = 4000 };

static uint64_t seed = 12345;

static uint64_t next_random(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return seed >> 33;
}

/* Grains of files as the inventory cuts them; every 50th is one large file. */
static void make_grains(struct as_lot *g, uint64_t n)
{
    uint64_t at = 0;

    for (uint64_t i = 0; i < n; i++) {
        bool large = i % 50 == 7;
        g[i] = (struct as_lot){.at = at, .len = 100, .mode = AS_READ_FILES};
        g[i].nfiles = large ? 1 : 1 + next_random() % (ENTRIES / AS_LOT_GRAINS);
        g[i].bytes = large ? 2u * LOT : next_random() % (LOT / AS_LOT_GRAINS + 1);
        at += g[i].len;
    }
}

static void nothing_is_lost(void **state)
{
    static struct as_lot grain[N], lot[N];
    (void)state;

    for (uint32_t workers = 0; workers < 2000; workers = workers * 3 + 1) {
        uint64_t n, at = 0, bytes = 0, files = 0, all = 0, all_files = 0;
        make_grains(grain, N);
        memcpy(lot, grain, sizeof lot);
        n = as_lots_join(lot, N, LOT, ENTRIES, workers);
        assert_true(n < N);
        for (uint64_t i = 0; i < N; i++) {
            all += grain[i].bytes;
            all_files += grain[i].nfiles;
        }
        for (uint64_t i = 0; i < n; i++) {
            assert_int_equal(lot[i].at, at);
            at += lot[i].len;
            bytes += lot[i].bytes;
            files += lot[i].nfiles;
            assert_true(lot[i].nfiles <= ENTRIES);
            assert_true(lot[i].bytes <= LOT || lot[i].nfiles == 1);
        }
        assert_int_equal(bytes, all);
        assert_int_equal(files, all_files);
    }
}

static void the_last_lots_are_small(void **state)
{
    static struct as_lot lot[N];
    (void)state;

    for (uint32_t workers = 2; workers <= 128; workers *= 4) {
        uint64_t n, rest = 0;
        for (uint64_t i = 0; i < N; i++)
            lot[i] = (struct as_lot){.at = i, .len = 1, .nfiles = 1, .bytes = LOT / AS_LOT_GRAINS};
        n = as_lots_join(lot, N, LOT, ENTRIES, workers);
        assert_int_equal(lot[0].bytes, LOT);
        assert_int_equal(lot[n - 1].bytes, LOT / AS_LOT_GRAINS);
        for (uint64_t i = n; i-- > 0;) {
            rest += lot[i].bytes;
            assert_true(lot[i].bytes <= rest / workers / 2 || lot[i].nfiles == 1);
        }
    }
}

static void only_neighbours_are_joined(void **state)
{
    struct as_lot lot[] = {
        {.at = 0, .len = 10, .nfiles = 1, .mode = AS_READ_WHOLE, .bytes = 1},
        {.at = 0, .len = 10, .nfiles = 1, .mode = AS_READ_PART, .first = 0, .count = 5, .bytes = 1},
        {.at = 0, .len = 10, .nfiles = 1, .mode = AS_READ_PART, .first = 5, .count = 5, .bytes = 1},
        {.at = 0, .len = 10, .nfiles = 1, .mode = AS_READ_PART, .first = 11, .count = 5, .bytes = 1},
        {.at = 10, .len = 10, .nfiles = 1, .mode = AS_READ_PART, .first = 16, .count = 5, .bytes = 1},
        {.at = 20, .len = 10, .nfiles = 1, .mode = AS_READ_FILES, .bytes = 1},
        {.at = 30, .len = 10, .nfiles = 2, .mode = AS_READ_FILES, .bytes = 1},
        {.at = 50, .len = 10, .nfiles = 1, .mode = AS_READ_FILES, .bytes = 1000},
    };
    (void)state;

    lot[7].nfiles = 1000; /* so that the share of the first ones is not the limit */
    assert_int_equal(as_lots_join(lot, 8, 100, 100, 1), 6);
    assert_int_equal(lot[1].count, 10);
    assert_int_equal(lot[1].nfiles, 1);
    assert_int_equal(lot[2].first, 11);
    assert_int_equal(lot[4].nfiles, 3);
    assert_int_equal(lot[4].len, 20);
    assert_int_equal(as_lots_join(lot, 0, 100, 100, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_lost),
                                       cmocka_unit_test(the_last_lots_are_small),
                                       cmocka_unit_test(only_neighbours_are_joined)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
