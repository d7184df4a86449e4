/* t_mpi_near.c - near.c and kin.c against brute force: the nearest of each picture, and all that
 * chains of near-copies join, whatever ranks, blocks and settlements there are. */
#include "../kernels/search/dihedral.h"
#include "../pipeline/run/near.h"
#include "t_mpi.h"

enum { ALL = 700, DENSE = 120, BYTES = AS_CODE256_BYTES, STRIDE = 3 };

static uint64_t seed = 90210;
static uint8_t code[ALL][BYTES];
static uint32_t up[ALL];
static uint64_t nearest[ALL][AS_NEAR_MOST];

static uint32_t below(uint32_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

static uint32_t root(uint32_t *of, uint32_t i)
{
    while (of[i] != i)
        i = of[i];
    return i;
}

static void unite(uint32_t *of, uint32_t i, uint32_t j)
{
    i = root(of, i);
    j = root(of, j);
    of[i > j ? i : j] = i > j ? j : i;
}

/* Turns a code, and changes so many bits of it. */
static void change(uint8_t *to, const uint8_t *from, uint32_t flips)
{
    uint8_t forms[AS_DIHEDRAL][BYTES];

    as_dihedral(from, forms);
    memcpy(to, forms[below(AS_DIHEDRAL)], BYTES);
    while (flips-- > 0)
        to[below(BYTES)] ^= (uint8_t)(1u << below(8));
}

/* Two crowds, each within 4 bits, 28 bits from each other: no list of 16 tells of both.  The rest:
 * chains with steps of 20 bits, and single codes.  Dealt out in no order. */
static void invent(void)
{
    static uint8_t base[2][BYTES];

    for (uint32_t i = 0; i < ALL; i++)
        for (uint32_t b = 0; b < BYTES; b++)
            code[i][b] = (uint8_t)below(256);
    memcpy(base[0], code[0], BYTES);
    memcpy(base[1], code[0], BYTES);
    for (uint32_t b = 0; b < 28; b++)
        base[1][b] ^= 1;
    for (uint32_t i = 0; i < DENSE; i++)
        change(code[i], base[i % 2], below(3));
    for (uint32_t i = DENSE + 1; i < ALL - 100; i++)
        if (i % 12 != 0)
            change(code[i], code[i - 1], 20);
    for (uint32_t i = ALL - 1; i > 0; i--) {
        uint32_t k = below(i + 1);
        memcpy(base[0], code[i], BYTES);
        memcpy(code[i], code[k], BYTES);
        memcpy(code[k], base[0], BYTES);
    }
}

static uint64_t id_of(uint32_t i)
{
    return 5 + (uint64_t)STRIDE * i;
}

static void brute(void)
{
    for (uint32_t i = 0; i < ALL; i++)
        up[i] = i;
    memset(nearest, 0xff, sizeof nearest);
    for (uint32_t i = 0; i < ALL; i++) {
        uint8_t forms[AS_DIHEDRAL][BYTES];
        as_dihedral(code[i], forms);
        for (uint32_t j = 0; j < ALL; j++) {
            uint32_t least = 256, at = AS_NEAR_MOST - 1;
            for (int f = 0; f < AS_DIHEDRAL; f++) {
                const uint32_t bits = as_hamming256(forms[f], code[j]);
                least = bits < least ? bits : least;
            }
            const uint64_t key = (uint64_t)least << 56 | id_of(j);
            if (j == i || least > AS_NEAR_RADIUS)
                continue;
            unite(up, i, j);
            if (key >= nearest[i][at])
                continue;
            for (; at > 0 && nearest[i][at - 1] > key; at--)
                nearest[i][at] = nearest[i][at - 1];
            nearest[i][at] = key;
        }
    }
}

/* The lists alone do not join all that belongs together. */
static bool lists_split(void)
{
    static uint32_t of[ALL];
    uint32_t split = 0;

    for (uint32_t i = 0; i < ALL; i++)
        of[i] = i;
    for (uint32_t i = 0; i < ALL; i++)
        for (uint32_t k = 0; k < AS_NEAR_MOST; k++)
            if (nearest[i][k] != UINT64_MAX)
                unite(of, i, (uint32_t)(((nearest[i][k] & (UINT64_MAX >> 8)) - 5) / STRIDE));
    for (uint32_t i = 0; i < ALL; i++)
        split += root(of, i) != root(up, i);
    return split > 0;
}

/* This rank's pictures; the last rank but one has none where there are three. */
static void share(struct as_near *near, uint32_t *first)
{
    uint32_t end = (uint32_t)(ALL * (rank + 1) / size);

    *first = (uint32_t)(ALL * rank / size);
    if (size == 3 && rank == 0)
        end = (uint32_t)(ALL * 2 / 3);
    if (size == 3 && rank == 1)
        *first = end;
    memset(near, 0, sizeof *near);
    near->n = end - *first;
    near->id = calloc(near->n + 1, sizeof *near->id);
    near->code = malloc((near->n + 1) * BYTES);
    for (uint32_t i = 0; i < near->n; i++) {
        near->id[i] = id_of(*first + i);
        memcpy(near->code + (size_t)i * BYTES, code[*first + i], BYTES);
    }
}

/* What the lists are cut to: the same of all pictures, on every rank. */
static uint32_t most_of_all(void)
{
    uint64_t entries[AS_NEAR_MOST + 1] = {0};

    for (uint32_t i = 0; i < ALL; i++)
        for (uint32_t k = 0; k < AS_NEAR_MOST && nearest[i][k] != UINT64_MAX; k++)
            for (uint32_t most = k + 1; most <= AS_NEAR_MOST; most++)
                entries[most]++;
    return entries[16] <= AS_NEAR_MEAN * ALL ? 16 : entries[8] <= AS_NEAR_MEAN * ALL ? 8 : 4;
}

static void check_lists(const struct as_near *near, uint32_t first, uint32_t most)
{
    for (uint32_t i = 0; i < near->n; i++)
        for (uint32_t k = 0; k < AS_NEAR_MOST; k++) {
            const uint64_t want = k < most ? nearest[first + i][k] : UINT64_MAX;
            uint64_t id = 0;
            uint32_t bits = 0;
            const bool has = as_near_found(near, i, k, &id, &bits);
            CHECK(has == (want != UINT64_MAX));
            CHECK(!has || ((uint64_t)bits << 56 | id) == want);
        }
}

/* All edges on all ranks, as components. */
static void check_sets(struct as_kin *kin)
{
    struct as_edge *edges = NULL;
    static uint64_t low[ALL];
    uint64_t n = 0;

    CHECK(as_kin_take(kin, &edges, &n, NULL) == AS_OK);
    CHECK(n <= kin->n);
    CHECK(as_connect(comm, &edges, &n, NULL) == AS_OK);
    for (uint32_t i = 0; i < ALL; i++)
        low[i] = UINT64_MAX;
    for (uint64_t i = 0; i < n; i++)
        low[(as_edge_end(edges[i].a) - 5) / STRIDE] = as_edge_end(edges[i].b);
    CHECK(as_comm_min(comm, low, ALL) == AS_OK);
    for (uint32_t i = 0; i < ALL; i++) {
        const uint64_t want = id_of(root(up, i));
        CHECK((low[i] == UINT64_MAX ? id_of(i) : low[i]) == want);
    }
    free(edges);
}

static void search(uint32_t block, uint64_t most, uint32_t threads)
{
    struct as_near near;
    struct as_near_own own = {.near = &near, .block = block};
    struct as_kin kin;
    const struct as_near_source source = {&own, as_near_give_own, &kin, threads, NULL};
    uint32_t first;

    share(&near, &first);
    CHECK(as_kin_init(&kin, comm, near.id, near.n, id_of(first), NULL) == AS_OK);
    kin.most = most;
    CHECK(as_near_search(&near, comm, &source, NULL) == AS_OK);
    check_lists(&near, first, AS_NEAR_MOST);
    CHECK(as_near_trim(&near, comm) == AS_OK);
    CHECK(near.most == most_of_all() && near.most < AS_NEAR_MOST);
    check_lists(&near, first, near.most);
    check_sets(&kin);
    as_kin_clear(&kin);
    as_near_clear(&near);
}

static void t_brute(void **unused)
{
    (void)unused;

    if (rank == 0)
        printf("seed %llu\n", (unsigned long long)seed);
    invent();
    brute();
    CHECK(lists_split());
    search(AS_NEAR_BLOCK, AS_KIN_EDGES, 1);
    search(AS_NEAR_BLOCK, AS_KIN_EDGES, 3);
    search(50, AS_KIN_EDGES, 2);
    search(50, 0, 1);
    search(7, 20, 1);
    end_test();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(t_brute)};
    int failed;

    if (!start_tests())
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    as_comm_stop(comm);
    return failed != 0;
}
