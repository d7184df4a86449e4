/* t_mpi_ring.c - comm_ring: every block meets every rank once, whatever the ranks give. */
#include "../pipeline/cluster/comm_ring.h"
#include "t_mpi.h"

enum { BLOCK = 3 << 20, PARTS = 3, BLOCKS_MAX = 8 }; /* beyond what MPI sends eagerly */

struct talk {
    uint32_t given, blocks;             /* of this rank             */
    uint8_t met[64][BLOCKS_MAX][PARTS]; /* by rank, block, part     */
    int give_fails, visit_fails;        /* ranks; -1: none          */
};

static uint32_t length_of(uint32_t from, uint32_t number)
{
    return number % 3 == 1 ? BLOCK : 8 + (from * 7919 + number * 104729) % 5000;
}

static enum as_status give(void *state, uint8_t *to, uint32_t *n, struct as_err *err)
{
    struct talk *t = state;
    enum as_status status = AS_OK;

    if (t->give_fails == rank && t->given == 1)
        AS_FAIL(err, AS_EIO, "planted");
    *n = t->given < t->blocks ? length_of((uint32_t)rank, t->given) : 0;
    if (*n > 0) {
        memset(to, (int)(rank * 16 + (int)t->given), *n);
        to[0] = (uint8_t)rank;
        to[1] = (uint8_t)t->given++;
    }
done:
    return status;
}

static enum as_status visit(void *state, const uint8_t *bytes, uint32_t n, uint32_t part,
                            struct as_err *err)
{
    struct talk *t = state;
    enum as_status status = AS_OK;

    if (part == PARTS)
        return AS_END;
    if (t->visit_fails == rank && bytes[0] == (rank + 1) % size)
        AS_FAIL(err, AS_ENOMEM, "planted too");
    CHECK(bytes[0] < size && bytes[1] < BLOCKS_MAX && n == length_of(bytes[0], bytes[1]));
    CHECK(bytes[n - 1] == bytes[0] * 16 + bytes[1]);
    t->met[bytes[0]][bytes[1]][part]++;
done:
    return status;
}

static void t_all(void **unused)
{
    static struct talk t;
    const struct as_ring ring = {&t, BLOCK, give, visit};
    (void)unused;

    for (uint32_t turn = 0; turn < 4; turn++) { /* turn 0: nobody has any; 1: the last one alone */
        memset(&t, 0, sizeof t);
        t.give_fails = t.visit_fails = -1;
        t.blocks = turn == 0 ? 0 : turn == 1 ? (rank == size - 1) * 2u : turn + (uint32_t)rank % 4;
        CHECK(as_comm_ring(comm, &ring, NULL) == AS_OK);
        CHECK(t.given == t.blocks);
        for (int r = 0; r < size; r++) {
            uint32_t blocks = turn == 0   ? 0
                              : turn == 1 ? (r == size - 1) * 2u
                                          : turn + (uint32_t)r % 4;
            for (uint32_t b = 0; b < BLOCKS_MAX; b++)
                for (uint32_t part = 0; part < PARTS; part++)
                    CHECK(t.met[r][b][part] == (b < blocks));
        }
    }
    end_test();
}

/* One rank fails: all end, with its status and its words. */
static void t_failures(void **unused)
{
    static struct talk t;
    const struct as_ring ring = {&t, BLOCK, give, visit}, bad = {&t, 0, give, visit};
    struct as_err err;
    (void)unused;

    memset(&t, 0, sizeof t);
    t.blocks = 3;
    t.give_fails = size - 1;
    t.visit_fails = -1;
    as_err_clear(&err);
    CHECK(as_comm_ring(comm, &ring, &err) == AS_EIO && strcmp(err.text, "planted") == 0);
    t.given = 0;
    t.give_fails = -1;
    t.visit_fails = 0;
    as_err_clear(&err);
    CHECK(as_comm_ring(comm, &ring, &err) == AS_ENOMEM && strcmp(err.text, "planted too") == 0);
    CHECK(as_comm_ring(comm, &bad, &err) == AS_EUSAGE);
    end_test();
}

static void t_no_comm(void **unused)
{
    static struct talk t;
    const struct as_ring ring = {&t, BLOCK, give, visit};
    int held = size;
    (void)unused;

    t.blocks = 2;
    t.give_fails = t.visit_fails = -1;
    CHECK(as_comm_ring(NULL, &ring, NULL) == AS_OK);
    CHECK(t.met[rank][0][0] == 1 && t.met[rank][1][PARTS - 1] == 1);
    size = held;
    end_test();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(t_all), cmocka_unit_test(t_failures),
                                       cmocka_unit_test(t_no_comm)};
    int failed;

    if (!start_tests())
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    as_comm_stop(comm);
    return failed != 0;
}
