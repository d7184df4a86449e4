/* t_share.c - share: every lot in exactly one shard, balanced, whoever asks. */
#include "../pipeline/examine/slot.h"
#include "../pipeline/run/share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static unsigned seed;

static void t_parse(void **state)
{
    static const char *const BAD[] = {"0/3", "4/3", "1",    "1/",     "/3",      "1/3 ",
                                      "+1/3", "01/3", "-1/3", "1/10000", "1/3/4", "99999999999/3"};
    struct as_shard s;
    (void)state;

    assert_int_equal(as_shard_parse("", &s, NULL), AS_OK);
    assert_int_equal(s.n, 0);
    assert_int_equal(as_shard_parse("2/3", &s, NULL), AS_OK);
    assert_int_equal(s.i, 2);
    assert_int_equal(s.n, 3);
    assert_int_equal(as_shard_parse("9999/9999", &s, NULL), AS_OK);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_int_equal(as_shard_parse(BAD[i], &s, NULL), AS_EUSAGE);
}

/* Lots over five decades, with empty ones of many entries, parts and absurd claims. */
static void make_lots(struct as_lot *lots, uint64_t n)
{
    for (uint64_t k = 0; k < n; k++) {
        lots[k] = (struct as_lot){.nfiles = 1 + (uint64_t)rand() % 256, .mode = AS_READ_FILES};
        lots[k].bytes = (uint64_t)rand() % 1000;
        for (int d = rand() % 6; d > 0; d--)
            lots[k].bytes *= 10;
        if (k % 5 == 0)
            lots[k].mode = AS_READ_PART;
        lots[k].count = (uint64_t)rand() % 1000;
    }
}

static uint64_t weight(const struct as_lot *l)
{
    return l->bytes + 4096 * (l->mode == AS_READ_PART ? l->count : l->nfiles);
}

static void check(const struct as_lot *lots, uint64_t nlots, uint32_t n)
{
    uint64_t most = 0, least = UINT64_MAX, heaviest = 0;
    uint32_t *owners = calloc(nlots + 1, sizeof *owners);
    bool *others = calloc(nlots + 1, sizeof *others);

    for (uint32_t i = 1; i <= n; i++) {
        struct as_shard s = {i, n};
        uint64_t sum = 0;
        assert_int_equal(as_share_others(lots, nlots, &s, others), AS_OK);
        for (uint64_t k = 0; k < nlots; k++) {
            owners[k] += !others[k];
            sum += others[k] ? 0 : weight(&lots[k]);
        }
        most = sum > most ? sum : most;
        least = sum < least ? sum : least;
    }
    for (uint64_t k = 0; k < nlots; k++) {
        assert_int_equal(owners[k], 1);
        heaviest = weight(&lots[k]) > heaviest ? weight(&lots[k]) : heaviest;
    }
    assert_true(most - least <= heaviest); /* else the last lot went to the wrong shard */
    free(owners);
    free(others);
}

static void t_each_once(void **state)
{
    struct as_lot lots[1000];
    (void)state;

    printf("seed %u\n", seed);
    srand(seed);
    for (int round = 0; round < 30; round++) {
        uint64_t n = (uint64_t)rand() % 1000;
        make_lots(lots, n);
        check(lots, n, 1 + (uint32_t)rand() % 20);
    }
    check(lots, 3, 7);
    check(lots, 0, 2);
}

/* Worked out by hand: 9 | 7 | 5, 4 to the 5, 3 to the 7, 3 to the first of 9 and 9. */
static void t_known(void **state)
{
    static const uint64_t MIB[] = {3, 9, 4, 7, 5, 3};
    static const uint32_t WANT[] = {2, 1, 3, 2, 3, 1};
    struct as_lot lots[6] = {0};
    bool others[6];
    (void)state;

    for (int k = 0; k < 6; k++)
        lots[k].bytes = MIB[k] << 20;
    for (uint32_t i = 1; i <= 3; i++) {
        struct as_shard s = {i, 3};
        assert_int_equal(as_share_others(lots, 6, &s, others), AS_OK);
        for (int k = 0; k < 6; k++)
            assert_int_equal(!others[k], WANT[k] == i);
    }
}

/* Sums of claims do not overflow. */
static void t_absurd(void **state)
{
    struct as_lot lots[4] = {{.bytes = UINT64_MAX},
                             {.bytes = UINT64_MAX},
                             {.bytes = UINT64_MAX},
                             {.nfiles = UINT64_MAX}};
    int owned = 0;
    bool others[4];
    (void)state;

    for (uint32_t i = 1; i <= 2; i++) {
        struct as_shard s = {i, 2};
        assert_int_equal(as_share_others(lots, 4, &s, others), AS_OK);
        for (int k = 0; k < 4; k++)
            owned += !others[k];
    }
    assert_int_equal(owned, 4);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_parse),
        cmocka_unit_test(t_each_once),
        cmocka_unit_test(t_known),
        cmocka_unit_test(t_absurd),
    };
    seed = argc > 2 && strcmp(argv[1], "-s") == 0 ? (unsigned)atoi(argv[2]) : (unsigned)time(NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
