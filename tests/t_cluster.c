/* t_cluster.c - connected components by stars, against union-find. */
#include "../kernels/search/cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { IDS = 600, EDGES_MAX = 1200, ROUNDS_MAX = 40 };

static uint64_t seed = 20250302;

static uint32_t draw(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct as_edge));
}

/* What the ranks do, in one place. */
static size_t connect(struct as_edge *edges, size_t n, uint32_t *rounds)
{
    uint64_t loose = 1;

    for (*rounds = 0; *rounds < ROUNDS_MAX; (*rounds)++) {
        for (size_t i = 0; i < n; i++)
            as_edge_put(&edges[n + i], as_edge_end(edges[i].b), as_edge_end(edges[i].a));
        qsort(edges, 2 * n, sizeof *edges, by_bytes);
        n = as_cluster_large(edges, 2 * n, &loose);
        if (loose == 0)
            return n;
        qsort(edges, n, sizeof *edges, by_bytes);
        n = as_cluster_small(edges, n);
    }
    fail_msg("not done after %d rounds", ROUNDS_MAX);
    return 0;
}

static uint32_t root(uint32_t *up, uint32_t i)
{
    while (up[i] != i)
        i = up[i];
    return i;
}

/* Ids are spread over 64 bits, in the order of their numbers. */
static uint64_t id_of(uint32_t i)
{
    return (uint64_t)i * 0x6d5a0301020507ULL;
}

static void check(struct as_edge *edges, size_t n)
{
    static uint32_t up[IDS];
    uint32_t rounds, joined = 0;
    uint64_t last = UINT64_MAX;

    for (uint32_t i = 0; i < IDS; i++)
        up[i] = i;
    for (size_t i = 0; i < n; i++) {
        uint32_t a = root(up, (uint32_t)(as_edge_end(edges[i].a) / id_of(1))),
                 b = root(up, (uint32_t)(as_edge_end(edges[i].b) / id_of(1)));
        up[a > b ? a : b] = a > b ? b : a;
    }
    for (uint32_t i = 0; i < IDS; i++)
        joined += root(up, i) != i;
    n = connect(edges, n, &rounds);
    assert_int_equal(n, joined);
    for (size_t i = 0; i < n; i++) {
        uint64_t a = as_edge_end(edges[i].a), b = as_edge_end(edges[i].b);
        assert_true(b == id_of(root(up, (uint32_t)(a / id_of(1)))));
        assert_true(a > b && (i == 0 || b >= last)); /* stars follow each other */
        last = b;
    }
}

static void t_random(void **unused)
{
    static struct as_edge edges[2 * EDGES_MAX];
    (void)unused;

    printf("seed %llu\n", (unsigned long long)seed);
    for (int turn = 0; turn < 60; turn++) {
        size_t n = draw(turn % 3 == 0 ? EDGES_MAX : 400), used = 0;
        for (size_t i = 0; i < n; i++) {
            uint32_t a = draw(IDS), b = draw(turn % 2 ? IDS : 20);
            if (a != b)
                as_edge_put(&edges[used++], id_of(a), id_of(b));
        }
        check(edges, used);
    }
}

/* A chain is the worst case: log^2 rounds, not as many as links. */
static void t_shapes(void **unused)
{
    static struct as_edge edges[2 * IDS];
    static uint32_t order[IDS];
    uint32_t rounds;
    (void)unused;

    check(edges, 0);
    for (uint32_t i = 0; i < IDS; i++)
        order[i] = i;
    for (int turn = 0; turn < 4; turn++) {
        for (uint32_t i = 0; i + 1 < IDS; i++)
            as_edge_put(&edges[i], id_of(order[i]), id_of(order[i + 1]));
        check(edges, IDS - 1);
        for (uint32_t i = 0; i + 1 < IDS; i++)
            as_edge_put(&edges[i], id_of(order[i]), id_of(order[i + 1]));
        assert_int_equal(connect(edges, IDS - 1, &rounds), IDS - 1);
        printf("chain of %d: %u rounds\n", IDS, rounds);
        assert_true(rounds <= 12);
        for (uint32_t i = IDS - 1; i > 0; i--) {
            uint32_t k = draw(i + 1), held = order[i];
            order[i] = order[k];
            order[k] = held;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(t_random), cmocka_unit_test(t_shapes)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
