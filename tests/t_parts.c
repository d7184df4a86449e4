/* t_parts.c - parts: large containers become lots, each entry in exactly one. */
#include "../pipeline/run/parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LOT = 1 << 20 };

static struct as_options options;

static struct as_rank rank_of(const struct as_lot *lots, uint64_t n)
{
    struct as_rank r = {.options = &options, .size = 1, .nlots = n};

    as_options_defaults(&options);
    options.lot_bytes = LOT;
    r.lots = calloc(n + 1, sizeof *lots);
    memcpy(r.lots, lots, n * sizeof *lots);
    return r;
}

static void add_split(struct as_rank *r, uint64_t lot, uint64_t offset, uint64_t first,
                      uint64_t entries, uint64_t bytes)
{
    r->split = realloc(r->split, (r->nsplits + 1) * sizeof *r->split);
    r->split[r->nsplits++] = (struct as_split){lot, {offset, first, entries, bytes}};
}

static const struct as_lot LOTS[] = {
    {.at = 0, .len = 10, .nfiles = 5, .bytes = 50 * LOT},                       /* not alone  */
    {.at = 10, .len = 10, .nfiles = 1, .bytes = 2 * LOT},                       /* just large */
    {.at = 20, .len = 10, .nfiles = 1, .bytes = 2 * LOT - 1},                   /* just not   */
    {.at = 30, .len = 10, .nfiles = 1, .bytes = 9 * LOT, .mode = AS_READ_PART}, /* is a part  */
    {.at = 40, .len = 10, .nfiles = 1, .bytes = 7 * LOT},
};
enum { N = sizeof LOTS / sizeof *LOTS };

static void t_candidates(void **state)
{
    struct as_rank r = rank_of(LOTS, N);
    struct as_lot *lots;
    uint64_t *index, n;
    (void)state;

    assert_int_equal(as_parts_candidates(&r, &lots, &index, &n, NULL), AS_OK);
    assert_int_equal(n, 2);
    assert_int_equal(index[0], 1);
    assert_int_equal(index[1], 4);
    assert_int_equal(lots[0].at, 10);
    assert_int_equal(lots[0].mode, AS_READ_LIST);
    free(lots);
    free(index);
    free(r.lots);
}

/* Told out of order and partly twice, as by a reader that died while listing. */
static void t_apply(void **state)
{
    static const uint64_t INDEX[] = {1, 4};
    struct as_rank r = rank_of(LOTS, N);
    (void)state;

    add_split(&r, 1, 5000, 100, 50, 600);
    add_split(&r, 1, 512, 0, 100, 900);
    add_split(&r, 1, 512, 0, 100, 900);
    add_split(&r, 0, 512, 0, 7, 70); /* one part alone: not worth it */
    assert_int_equal(as_parts_apply(&r, INDEX, 2, NULL), AS_OK);
    assert_int_equal(r.nlots, N + 2);
    for (int i = 0; i < 4; i++)
        assert_memory_equal(&r.lots[i], &LOTS[i], sizeof *LOTS);
    assert_int_equal(r.lots[4].mode, AS_READ_WHOLE);
    assert_int_equal(r.lots[4].bytes, 7 * LOT);
    assert_int_equal(r.lots[5].mode, AS_READ_PART);
    assert_int_equal(r.lots[5].offset, 512);
    assert_int_equal(r.lots[5].first, 0);
    assert_int_equal(r.lots[5].count, 100);
    assert_int_equal(r.lots[6].offset, 5000);
    assert_int_equal(r.lots[6].first, 100);
    assert_int_equal(r.lots[6].count, 50);
    assert_int_equal(r.lots[6].at, 40);
    free(r.lots);
    free(r.split);
}

/* Parts that are found by counting are joined, so that few walks are made; none is lost. */
static void t_joined(void **state)
{
    static const uint64_t INDEX[] = {0};
    struct as_rank r = rank_of(&LOTS[4], 1);
    uint64_t next = 0, bytes = 0;
    (void)state;

    for (uint64_t i = 0; i < 1000; i++)
        add_split(&r, 0, 0, 10 * i, 10, 3);
    assert_int_equal(as_parts_apply(&r, INDEX, 1, NULL), AS_OK);
    assert_in_range(r.nlots, 3, 65);
    for (uint64_t i = 1; i < r.nlots; i++) {
        assert_int_equal(r.lots[i].mode, AS_READ_PART);
        assert_int_equal(r.lots[i].first, next);
        next += r.lots[i].count;
        bytes += r.lots[i].bytes;
    }
    assert_int_equal(next, 10000);
    assert_int_equal(bytes, 3000);
    free(r.lots);
    free(r.split);
}

/* What must not be cut is one lot, whatever else was told of it. */
static void t_whole(void **state)
{
    static const uint64_t INDEX[] = {0};
    (void)state;

    for (int turn = 0; turn < 2; turn++) {
        struct as_rank r = rank_of(&LOTS[4], 1);
        options.max_unpacked = turn ? UINT64_MAX : options.max_unpacked;
        options.max_ratio = turn ? 0 : options.max_ratio;
        for (uint64_t i = 0; i < 10; i++)
            add_split(&r, 0, 512 + i, 10 * i, 10, turn ? 0 : 3);
        add_split(&r, 0, 0, UINT64_MAX, 0, UINT64_MAX);
        add_split(&r, 0, 0, UINT64_MAX - 1, UINT64_MAX - 50, 0);
        assert_int_equal(as_parts_apply(&r, INDEX, 1, NULL), AS_OK);
        assert_int_equal(r.nlots, 1);
        assert_int_equal(r.lots[0].mode, AS_READ_FILES);
        free(r.lots);
        free(r.split);
    }
}

/* How many parts may be told depends on the container's own size. */
static void t_most(void **state)
{
    static const uint64_t SIZES[] = {2, 128, 4096, 1 << 20};
    struct as_lot_file file = {.size = 0};
    struct as_work work = {.file = &file, .nfiles = 1};
    uint64_t before = 0;
    (void)state;

    as_options_defaults(&options);
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        file.size = SIZES[i] << 20;
        as_parts_ask(&work, &options);
        assert_int_equal(work.lot.mode, AS_READ_LIST);
        assert_true(work.lot.parts_most >= before && work.lot.parts_most <= 1 << 22);
        /* 10 pictures a MiB are cut as finely as they are worth it */
        assert_true(work.lot.parts_most > file.size / work.lot.part_bytes);
        assert_true(work.lot.parts_most > SIZES[i] * 10 / work.lot.part_entries);
        /* and what is held is little beside the container */
        assert_true(i == 0 || work.lot.parts_most * sizeof(struct as_split) <= file.size / 20);
        before = work.lot.parts_most;
    }
}

/* Every byte once more, parts not at all. */
static void t_recheck(void **state)
{
    static const char *const HOW[] = {"full", "stat"};
    static const struct as_lot MANY[] = {
        {.nfiles = 300, .bytes = 2 * AS_CHUNK_BYTES},
        {.nfiles = 1, .bytes = AS_CHUNK_BYTES},
        {.nfiles = 1, .bytes = 3 * AS_CHUNK_BYTES + 1, .mode = AS_READ_WHOLE},
        {.nfiles = 1, .bytes = 9, .mode = AS_READ_PART},
        {.nfiles = 1, .bytes = 4 * AS_CHUNK_BYTES},
    };
    (void)state;

    for (int full = 1; full >= 0; full--) {
        struct as_rank r = rank_of(MANY, 5);
        struct as_lot *lots;
        uint64_t n, bytes = 0, at = 0;
        options.recheck = HOW[!full];
        assert_int_equal(as_parts_recheck(&r, &lots, &n, NULL), AS_OK);
        assert_int_equal(n, full ? 2 + 4 + 4 : 4);
        for (uint64_t i = 0; i < n; i++) {
            if (lots[i].count > 0) {
                at = lots[i].offset == 0 ? 0 : at;
                assert_int_equal(lots[i].offset, at);
                at += lots[i].count;
                assert_true(lots[i].count <= AS_CHUNK_BYTES);
            }
            bytes += lots[i].count ? lots[i].count : lots[i].bytes;
        }
        assert_true(bytes == 10 * AS_CHUNK_BYTES + 1);
        free(lots);
        free(r.lots);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_candidates), cmocka_unit_test(t_apply), cmocka_unit_test(t_joined),
        cmocka_unit_test(t_whole),      cmocka_unit_test(t_most),  cmocka_unit_test(t_recheck),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
