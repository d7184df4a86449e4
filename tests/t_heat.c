/* t_heat.c - heat: maps of any size become means of whole squares, 128 x 128 at most. */
#include "../pipeline/examine/heat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static uint8_t cells[AS_MAP_SIDE_MAX * AS_MAP_SIDE_MAX];

static void t_sizes(void **state)
{
    static const struct {
        uint32_t w, h, step;
        uint16_t mw, mh;
        uint32_t cell;
    } CASES[] = {{1, 1, 8, 1, 1, 8},           {1024, 1024, 8, 128, 128, 8},
                 {1025, 8, 8, 65, 1, 16},      {4000, 3000, 8, 125, 94, 32},
                 {60000, 1, 1, 128, 1, 469},   {3, 100000, 16, 1, 128, 784}};
    struct as_heat_room room = {NULL, 0};
    (void)state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct as_heat heat;
        struct as_map_row map = {0};
        assert_int_equal(as_heat_begin(&room, CASES[i].w, CASES[i].h, CASES[i].step, &heat), AS_OK);
        for (size_t k = 0; k < (size_t)heat.w * heat.h; k++)
            heat.at[k] = 1;
        as_heat_reduce(&heat, CASES[i].step, cells, &map);
        assert_int_equal(map.w, CASES[i].mw);
        assert_int_equal(map.h, CASES[i].mh);
        assert_int_equal(map.cell, CASES[i].cell);
        for (size_t k = 0; k < (size_t)map.w * map.h; k++)
            assert_int_equal(map.cells[k], 255); /* also where a square sticks out */
    }
    free(room.at);
}

static void t_means(void **state)
{
    struct as_heat_room room = {NULL, 0};
    struct as_map_row map = {0};
    struct as_heat heat;
    (void)state;

    assert_int_equal(as_heat_begin(&room, 258, 4, 1, &heat), AS_OK); /* squares of 3 */
    for (uint32_t i = 0; i < 258 * 4; i++)
        heat.at[i] = 0;
    heat.at[258 + 4] = 2;   /* cut to 1: in the square (1, 0), one of nine cells */
    heat.at[3 * 258] = -7;  /* cut to 0 */
    heat.at[3 * 258 + 1] = 1; /* in (0, 1), of which one row is there: one of three */
    as_heat_reduce(&heat, 1, cells, &map);
    assert_int_equal(map.w, 86);
    assert_int_equal(map.h, 2);
    assert_int_equal(map.cells[1], 28);
    assert_int_equal(map.cells[86], 85);
    assert_int_equal(map.cells[0] + map.cells[2] + map.cells[87], 0);
    free(room.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(t_sizes), cmocka_unit_test(t_means)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
