/* t_mpi_sort.c - sort: shares put together are what one process would get. */
#include "../pipeline/cluster/sort.h"
#include "t_mpi.h"

/* The same records for any number of ranks: record i is made from (seed, i) alone. */
static void make(uint8_t *rec, uint32_t rec_size, uint64_t i, unsigned kinds)
{
    uint64_t x = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);

    for (uint32_t k = 0; k < rec_size; k++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        rec[k] = (uint8_t)(x % kinds);
    }
}

/* How total records lie on the ranks at first. */
enum layout { EVEN, LAST_HAS_ALL, FIRST_HAS_NONE, GROWING };

static uint64_t first_of(enum layout layout, uint64_t total, int r)
{
    switch (layout) {
    case EVEN:
        return total * (uint64_t)r / (uint64_t)size;
    case LAST_HAS_ALL:
        return r < size ? 0 : total;
    case FIRST_HAS_NONE:
        return r <= 1 && size > 1 ? 0 : total * (uint64_t)r / (uint64_t)size;
    case GROWING:
        break;
    }
    return total * (uint64_t)(r * r) / (uint64_t)(size * size);
}

static uint32_t rec_bytes;

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, rec_bytes);
}

static void check_sort(enum layout layout, uint64_t total, uint32_t rec_size, unsigned kinds)
{
    uint64_t first = first_of(layout, total, rank), n = first_of(layout, total, rank + 1) - first;
    uint64_t nout = n, due = total / (uint64_t)size + ((uint64_t)rank < total % (uint64_t)size);
    uint64_t before = 0;
    uint8_t *all = malloc(total * rec_size + 1), *mine = malloc(n * rec_size + 1);

    for (uint64_t i = 0; i < total; i++)
        make(all + i * rec_size, rec_size, i, kinds);
    memcpy(mine, all + first * rec_size, n * rec_size);
    rec_bytes = rec_size;
    qsort(all, total, rec_size, by_bytes);
    CHECK(as_sort(comm, &mine, &nout, rec_size, NULL) == AS_OK);
    CHECK(nout == due);
    CHECK(as_comm_exscan(comm, &nout, &before, 1) == AS_OK);
    CHECK(nout == due && memcmp(mine, all + before * rec_size, nout * rec_size) == 0);
    free(mine);
    free(all);
}

static void t_sort(void **state)
{
    static const uint64_t TOTALS[] = {0, 1, 2, 5, 1000, 9973};
    static const unsigned KINDS[] = {1, 2, 256}; /* all equal, many equal, random */
    static const uint32_t SIZES[] = {1, 8, 13, 48};
    (void)state;

    for (int layout = EVEN; layout <= GROWING; layout++)
        for (size_t t = 0; t < sizeof TOTALS / sizeof *TOTALS; t++)
            for (size_t k = 0; k < sizeof KINDS / sizeof *KINDS; k++)
                for (size_t s = 0; s < sizeof SIZES / sizeof *SIZES; s++)
                    check_sort((enum layout)layout, TOTALS[t], SIZES[s], KINDS[k]);
    end_test();
}

/* Already sorted, and sorted backwards. */
static void t_sort_ordered(void **state)
{
    enum { N = 4000 };
    (void)state;

    for (int back = 0; back < 2; back++) {
        uint8_t *recs = malloc((size_t)N * 4);
        uint64_t n = N;
        for (int i = 0; i < N; i++) {
            int v = rank * N + i;
            v = back ? size * N - 1 - v : v;
            memcpy(recs + 4 * i, (uint8_t[]){0, 0, (uint8_t)(v >> 8), (uint8_t)v}, 4);
        }
        CHECK(as_sort(comm, &recs, &n, 4, NULL) == AS_OK && n == N);
        for (int i = 0; i < N; i++)
            CHECK((recs[4 * i + 2] << 8 | recs[4 * i + 3]) == rank * N + i);
        free(recs);
    }
    end_test();
}

static void t_sort_refuses(void **state)
{
    struct as_err err = {0};
    uint8_t *recs = malloc(3);
    uint64_t n = 3;
    (void)state;

    memcpy(recs, "cab", 3);
    CHECK(as_sort(comm, &recs, &n, 0, &err) == AS_EUSAGE);
    CHECK(as_sort(comm, &recs, &n, 65537, &err) == AS_EUSAGE);
    CHECK(recs != NULL && n == 3 && memcmp(recs, "cab", 3) == 0 && err.text[0] != 0);
    free(recs);
    end_test();
}

static int owner_of(void *state, const void *rec)
{
    return ((const uint8_t *)rec)[0] % *(const int *)state;
}

static int no_owner(void *state, const void *rec)
{
    (void)rec;
    return *(const int *)state;
}

static void t_scatter(void **state)
{
    uint8_t recs[500][3], *out;
    uint64_t nout, at = 0;
    struct as_err err = {0};
    int many = size, wrong = rank == 0 ? size : 0;
    (void)state;

    for (int i = 0; i < 500; i++)
        memcpy(recs[i], (uint8_t[]){(uint8_t)(i * i), (uint8_t)rank, (uint8_t)i}, 3);
    CHECK(as_scatter(comm, recs, 500, 3, owner_of, &many, &out, &nout, NULL) == AS_OK);
    for (int r = 0; r < size; r++)
        for (int i = 0; i < 500; i++)
            if ((uint8_t)(i * i) % size == rank && at < nout) {
                CHECK(memcmp(out + 3 * at, (uint8_t[]){(uint8_t)(i * i), (uint8_t)r, (uint8_t)i},
                             3) == 0);
                at++;
            }
    CHECK(at == nout);
    CHECK(as_comm_sum(comm, &nout, 1) == AS_OK && nout == 500 * (uint64_t)size);
    free(out);
    CHECK(as_scatter(comm, NULL, 0, 3, owner_of, &many, &out, &nout, NULL) == AS_OK && nout == 0);
    free(out);
    CHECK(as_scatter(comm, recs, 5, 3, no_owner, &wrong, &out, &nout, &err) == AS_EBUG);
    CHECK(out == NULL && err.text[0] != 0);
    end_test();
}

static int by_rec(const void *a, const void *b)
{
    return memcmp(a, b, 5);
}

/* More than one step; nothing is lost, nothing is sent to a wrong rank. */
static void t_deal(void **state)
{
    enum { N = 300000 }; /* of 5 bytes: two steps */
    const uint64_t n0 = rank == 0 ? N : 1000;
    uint8_t *recs = malloc(n0 * 5), *want = malloc((N + 1000 * (size_t)size) * 5);
    uint64_t n = n0, nwant = 0, all;
    struct as_err err = {0};
    int many = size, wrong = size;
    (void)state;

    for (int r = 0; r < size; r++)
        for (uint32_t i = 0; i < (r == 0 ? N : 1000); i++) {
            uint8_t rec[5] = {(uint8_t)(i * 7), (uint8_t)r, (uint8_t)i, (uint8_t)(i >> 8),
                              (uint8_t)(i >> 16)};
            if (r == rank)
                memcpy(recs + 5 * (size_t)i, rec, 5);
            if (rec[0] % size == rank)
                memcpy(want + 5 * nwant++, rec, 5);
        }
    CHECK(as_deal(comm, &recs, &n, 5, owner_of, &many, NULL) == AS_OK && n == nwant);
    qsort(want, nwant, 5, by_rec);
    if (n > 0)
        qsort(recs, n, 5, by_rec);
    CHECK(n == nwant && memcmp(recs, want, 5 * n) == 0);
    all = n;
    CHECK(as_comm_sum(comm, &all, 1) == AS_OK && all == N + 1000 * (uint64_t)(size - 1));
    CHECK(as_deal(comm, &recs, &n, 5, no_owner, &wrong, &err) == AS_EBUG && err.text[0] != 0);
    free(recs);
    free(want);
    recs = NULL;
    n = 0;
    CHECK(as_deal(comm, &recs, &n, 5, owner_of, &many, NULL) == AS_OK && n == 0);
    free(recs);
    end_test();
}

static void t_no_comm(void **state)
{
    uint8_t *out = malloc(5);
    uint64_t nout = 5;
    int one = 1;
    (void)state;

    memcpy(out, "hello", 5);
    CHECK(as_sort(NULL, &out, &nout, 1, NULL) == AS_OK);
    CHECK(nout == 5 && memcmp(out, "ehllo", 5) == 0);
    CHECK(as_deal(NULL, &out, &nout, 1, owner_of, &one, NULL) == AS_OK && nout == 5);
    free(out);
    CHECK(as_scatter(NULL, "hello", 5, 1, owner_of, &one, &out, &nout, NULL) == AS_OK);
    CHECK(nout == 5 && memcmp(out, "hello", 5) == 0);
    free(out);
    end_test();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_sort),         cmocka_unit_test(t_sort_ordered),
        cmocka_unit_test(t_sort_refuses), cmocka_unit_test(t_scatter),
        cmocka_unit_test(t_deal),         cmocka_unit_test(t_no_comm),
    };
    int failed;

    if (!start_tests())
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    as_comm_stop(comm);
    return failed != 0;
}
