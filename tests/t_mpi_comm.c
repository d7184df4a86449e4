/* t_mpi_comm.c - comm: collectives, exchange and messages on 1, 2 and 3 ranks. */
#include "../pipeline/cluster/comm.h"
#include "../pipeline/cluster/comm_mpi.h"
#include "t_mpi.h"

#include <sched.h>

static void t_reduce(void **state)
{
    uint64_t v[100], before[100];
    const uint64_t s = (uint64_t)size, r = (uint64_t)rank;
    (void)state;

    as_comm_set_piece(comm, 24); /* three numbers at a time */
    for (uint64_t i = 0; i < 100; i++)
        v[i] = i + r;
    CHECK(as_comm_exscan(comm, v, before, 100) == AS_OK);
    for (uint64_t i = 0; i < 100; i++)
        CHECK(before[i] == i * r + r * (r - 1) / 2 * (r > 0));
    CHECK(as_comm_sum(comm, v, 100) == AS_OK);
    for (uint64_t i = 0; i < 100; i++)
        CHECK(v[i] == i * s + s * (s - 1) / 2);
    v[0] = r;
    v[1] = r;
    CHECK(as_comm_max(comm, v, 1) == AS_OK && v[0] == s - 1);
    CHECK(as_comm_min(comm, v + 1, 1) == AS_OK && v[1] == 0);
    CHECK(as_comm_sum(comm, v, 0) == AS_OK);
    as_comm_set_piece(comm, UINT64_MAX);
    end_test();
}

static void t_agree(void **state)
{
    struct as_err err = {0};
    (void)state;

    CHECK(as_comm_agree(comm, AS_OK, &err) == AS_OK);
    CHECK(err.text[0] == 0);
    /* the highest two ranks fail the worst way: the lower of them is quoted */
    as_err_clear(&err);
    enum as_status mine = rank == 0 && size > 2 ? AS_ENOMEM : AS_EIO;
    as_fail(&err, mine, AS_REASON_NONE, __FILE__, __LINE__, "text of rank %d", rank);
    CHECK(as_comm_agree(comm, mine, &err) == AS_EIO);
    CHECK(err.status == AS_EIO);
    CHECK(strcmp(err.text, size > 2 ? "text of rank 1" : "text of rank 0") == 0);
    /* only the last rank fails, without a report; the others have none to fill */
    CHECK(as_comm_agree(comm, rank == size - 1 ? AS_ESTOP : AS_OK, NULL) == AS_ESTOP);
    CHECK(as_comm_agree(comm, rank == size - 1 ? AS_END : AS_OK, &err) == AS_END);
    end_test();
}

static void t_bcast_allgather(void **state)
{
    enum { N = 1001 };
    uint8_t buf[N], mine[N], *all = malloc((size_t)size * N);
    (void)state;

    for (uint64_t piece = 8; piece <= 8192; piece *= 32) {
        as_comm_set_piece(comm, piece);
        for (int root = 0; root < size; root++) {
            memset(buf, rank == root ? 77 + root : 0, N);
            CHECK(as_comm_bcast(comm, buf, N, root) == AS_OK);
            for (int i = 0; i < N; i++)
                CHECK(buf[i] == 77 + root);
        }
        memset(mine, 10 + rank, N);
        memset(all, 0, (size_t)size * N);
        CHECK(as_comm_allgather(comm, mine, N, all) == AS_OK);
        for (int i = 0; i < size * N; i++)
            CHECK(all[i] == 10 + i / N);
    }
    CHECK(as_comm_bcast(comm, NULL, 0, 0) == AS_OK);
    CHECK(as_comm_allgather(comm, NULL, 0, NULL) == AS_OK);
    as_comm_set_piece(comm, UINT64_MAX);
    free(all);
    end_test();
}

/* What rank a sends to rank b: some pairs send nothing. */
static uint64_t length(int a, int b)
{
    return (uint64_t)((a * 7 + b * 13) % 5) * 333;
}

static void t_exchange(void **state)
{
    (void)state;
    for (uint64_t piece = 8; piece <= 100000; piece *= 100) {
        uint64_t *to = calloc((size_t)size, sizeof *to), *from = calloc((size_t)size, sizeof *to);
        uint8_t *send, *recv = NULL;
        uint64_t total = 0, at = 0;

        as_comm_set_piece(comm, piece);
        for (int r = 0; r < size; r++)
            total += to[r] = length(rank, r);
        send = malloc(total + 1);
        for (int r = 0; r < size; r++)
            for (uint64_t i = 0; i < to[r]; i++)
                send[at++] = (uint8_t)(rank * 31 + r * 5 + (int)(i % 11));
        CHECK(as_comm_exchange(comm, send, to, &recv, from, NULL) == AS_OK);
        at = 0;
        for (int r = 0; r < size && recv != NULL; r++) {
            CHECK(from[r] == length(r, rank));
            for (uint64_t i = 0; i < from[r]; i++)
                CHECK(recv[at++] == (uint8_t)(r * 31 + rank * 5 + (int)(i % 11)));
        }
        free(recv);
        memset(to, 0, (size_t)size * sizeof *to);
        CHECK(as_comm_exchange(comm, NULL, to, &recv, from, NULL) == AS_OK && recv != NULL);
        free(recv);
        free(send);
        free(to);
        free(from);
    }
    as_comm_set_piece(comm, UINT64_MAX);
    end_test();
}

/* A rank that is sent more than it can hold fails everywhere, and nobody hangs. */
static void t_exchange_no_memory(void **state)
{
    static const uint64_t HUGE_LEN[] = {UINT64_C(1) << 60, UINT64_MAX};
    (void)state;
    for (int i = 0; i < 2; i++) {
        uint64_t *to = calloc((size_t)size, sizeof *to), *from = calloc((size_t)size, sizeof *to);
        uint8_t *recv = NULL;
        struct as_err err = {0};

        if (rank == 0)
            to[size - 1] = HUGE_LEN[i];
        CHECK(as_comm_exchange(comm, (const uint8_t *)"", to, &recv, from, &err) == AS_ENOMEM);
        CHECK(recv == NULL && err.text[0] != 0);
        free(to);
        free(from);
    }
    end_test();
}

static void t_gather(void **state)
{
    uint8_t *mine = malloc((size_t)size * 100), *all = NULL;
    uint64_t len = 9, at = 0;
    (void)state;

    memset(mine, 'a' + rank, (size_t)size * 100);
    CHECK(as_comm_gather(comm, mine, (uint64_t)rank * 100, &all, &len, NULL) == AS_OK);
    if (rank == 0) {
        CHECK(len == (uint64_t)(size * (size - 1) / 2) * 100);
        for (int r = 0; r < size; r++)
            for (int i = 0; i < r * 100; i++)
                CHECK(all[at++] == 'a' + r);
    } else {
        CHECK(all == NULL && len == 0);
    }
    free(all);
    free(mine);
    end_test();
}

static void fill(uint8_t *at, uint32_t n, int from, uint32_t k)
{
    for (uint32_t i = 0; i < n; i++)
        at[i] = (uint8_t)((uint32_t)from * 101 + k * 7 + i);
}

/* Lengths around the eager limits of every transport, and far above. */
static const uint32_t LENGTHS[] = {0, 1, 4000, 4096, 5000, 65536, 70000, 3000000, 2};
enum { LENGTH_N = sizeof LENGTHS / sizeof *LENGTHS };

static void post_all(uint32_t k)
{
    uint8_t *bytes = malloc(LENGTHS[k] + 1);

    fill(bytes, LENGTHS[k], rank, k);
    for (int to = 0; to < size; to++)
        CHECK(as_comm_post(comm, to, bytes, LENGTHS[k], NULL) == AS_OK);
    memset(bytes, 0xee, LENGTHS[k]); /* they were copied */
    free(bytes);
}

/* Every rank posts to every rank, itself too, while polling; each sender's order is kept. */
static void t_messages(void **state)
{
    uint32_t *next = calloc((size_t)size, sizeof *next), posted = 0;
    uint8_t *want = malloc(3000000);
    int left = size * LENGTH_N;
    (void)state;

    while (left > 0 && failures == 0) {
        int from;
        uint8_t *bytes;
        uint32_t n;
        if (posted < LENGTH_N)
            post_all(posted++);
        enum as_status status = as_comm_poll(comm, &from, &bytes, &n, NULL);
        CHECK(status == AS_OK || status == AS_END);
        if (status != AS_OK) {
            sched_yield();
            continue;
        }
        uint32_t k = next[from]++;
        CHECK(n == LENGTHS[k]);
        fill(want, LENGTHS[k], from, k);
        CHECK(memcmp(want, bytes, n) == 0);
        free(bytes);
        left--;
    }
    while (as_comm_busy(comm))
        sched_yield();
    free(want);
    free(next);
    end_test();
}

/* A rank that always answers itself still hears the others. */
static void t_messages_fair(void **state)
{
    int heard = 0;
    (void)state;

    if (rank != 0)
        CHECK(as_comm_post(comm, 0, "x", 1, NULL) == AS_OK);
    CHECK(as_comm_post(comm, rank, "me", 2, NULL) == AS_OK);
    while (rank == 0 && heard < size - 1) {
        int from;
        uint8_t *bytes;
        uint32_t n;
        if (as_comm_poll(comm, &from, &bytes, &n, NULL) != AS_OK)
            continue;
        heard += from != 0;
        if (from == 0)
            CHECK(as_comm_post(comm, 0, "me", 2, NULL) == AS_OK);
        free(bytes);
    }
    while (as_comm_busy(comm))
        sched_yield();
    CHECK(as_comm_post(comm, size, "x", 1, NULL) == AS_EBUG);
    CHECK(as_comm_post(comm, -1, "x", 1, NULL) == AS_EBUG);
    end_test();
}

static void t_no_comm(void **state)
{
    uint64_t v = 5, before = 9, to = 3, from = 0, n = 0;
    uint8_t *out = NULL, copy[3];
    int who;
    uint32_t len;
    (void)state;

    CHECK(as_comm_rank(NULL) == 0 && as_comm_size(NULL) == 1);
    CHECK(as_comm_agree(NULL, AS_SKIP, NULL) == AS_SKIP);
    CHECK(as_comm_sum(NULL, &v, 1) == AS_OK && v == 5);
    CHECK(as_comm_exscan(NULL, &v, &before, 1) == AS_OK && before == 0);
    CHECK(as_comm_bcast(NULL, &v, sizeof v, 0) == AS_OK);
    CHECK(as_comm_allgather(NULL, "abc", 3, copy) == AS_OK && memcmp(copy, "abc", 3) == 0);
    CHECK(as_comm_exchange(NULL, (const uint8_t *)"xyz", &to, &out, &from, NULL) == AS_OK);
    CHECK(from == 3 && memcmp(out, "xyz", 3) == 0);
    free(out);
    CHECK(as_comm_gather(NULL, "pq", 2, &out, &n, NULL) == AS_OK);
    CHECK(n == 2 && memcmp(out, "pq", 2) == 0);
    free(out);
    CHECK(as_comm_poll(NULL, &who, &out, &len, NULL) == AS_END);
    CHECK(as_comm_post(NULL, 0, "x", 1, NULL) == AS_EBUG && !as_comm_busy(NULL));
    as_comm_stop(NULL);
    end_test();
}

static void t_start_twice(void **state)
{
    struct as_comm *second = NULL;
    struct as_err err = {0};
    (void)state;

    CHECK(as_comm_start(&second, &err) == AS_EBUG && second == NULL && err.text[0]);
    end_test();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_reduce),
        cmocka_unit_test(t_agree),
        cmocka_unit_test(t_bcast_allgather),
        cmocka_unit_test(t_exchange),
        cmocka_unit_test(t_exchange_no_memory),
        cmocka_unit_test(t_gather),
        cmocka_unit_test(t_messages),
        cmocka_unit_test(t_messages_fair),
        cmocka_unit_test(t_no_comm),
        cmocka_unit_test(t_start_twice),
    };
    static uint8_t unread[1 << 20];
    int failed;

    if (!start_tests())
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    /* a message that nobody polls must not hang the end */
    if (as_comm_post(comm, (rank + 1) % size, unread, sizeof unread, NULL) != AS_OK)
        failed++;
    as_comm_stop(comm);
    return failed != 0;
}
