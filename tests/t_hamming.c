/* t_hamming.c - search over codes equals brute force, however it is cut up, on every variant. */
#include "../kernels/search/hamming.h"
#include "../kernels/simd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CODES = 2100, QUERIES = 1030, KMAX = 20, BYTES = AS_CODE256_BYTES, SEED = 7717 };

static uint64_t seed = SEED;
static uint8_t codes[CODES * BYTES + 1], queries[QUERIES * BYTES];
static struct as_hit want[QUERIES * KMAX], got[QUERIES * KMAX], other[QUERIES * KMAX];
static uint32_t nwant[QUERIES], ngot[QUERIES], nother[QUERIES];
static uint64_t within_want[QUERIES], within_got[QUERIES], within_other[QUERIES];

static uint32_t below(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % n;
}

/* A random code, or a copy of one before it with up to 40 bits changed. */
static void invent(uint8_t *all, size_t i)
{
    uint8_t *code = all + i * BYTES;

    for (size_t b = 0; b < BYTES; b++)
        code[b] = (uint8_t)below(256);
    if (below(2))
        return;
    memcpy(code, all + below((uint32_t)i + 1) * BYTES, BYTES);
    for (uint32_t flips = below(41); flips > 0; flips--)
        code[below(BYTES)] ^= (uint8_t)(1u << below(8));
}

static void fill(size_t n, size_t nq)
{
    for (size_t i = 0; i < n; i++)
        invent(codes, i);
    for (size_t q = 0; q < nq; q++) {
        invent(queries, q);
        if (n && below(2))
            memcpy(queries + q * BYTES, codes + below((uint32_t)n) * BYTES, BYTES);
    }
}

static uint32_t slow_distance(const uint8_t *a, const uint8_t *b)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < BYTES * 8; i++)
        bits += ((unsigned)(a[i / 8] ^ b[i / 8]) >> i % 8) & 1;
    return bits;
}

static int compare(const void *a, const void *b)
{
    const struct as_hit *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

struct problem {
    size_t n, nq;
    uint32_t radius, k;
    bool count;
};

static void brute(const struct problem *p)
{
    static struct as_hit all[CODES];

    for (size_t q = 0; q < p->nq; q++) {
        uint32_t n = 0;
        for (size_t i = 0; i < p->n; i++) {
            const uint32_t bits = slow_distance(codes + i * BYTES, queries + q * BYTES);
            if (bits <= p->radius)
                all[n++] = (struct as_hit){5000 + i, -(float)bits};
        }
        qsort(all, n, sizeof *all, compare);
        within_want[q] = n;
        nwant[q] = n < p->k ? n : p->k;
        memcpy(want + q * p->k, all, nwant[q] * sizeof *all);
    }
}

static struct as_hits hits_of(const struct problem *p, struct as_hit *at, uint32_t *n,
                              uint64_t *within)
{
    memset(n, 0, QUERIES * sizeof *n);
    memset(within, 0, QUERIES * sizeof *within);
    return (struct as_hits){at, n, p->count ? within : NULL, p->k};
}

static void search(const struct problem *p, size_t from, size_t to, const struct as_hits *hits)
{
    const struct as_codes set = {codes + from * BYTES, to - from, 5000 + from};

    assert_int_equal(as_hamming_search(&set, queries, p->nq, p->radius, hits), AS_OK);
}

static void check(const struct problem *p)
{
    for (size_t q = 0; q < p->nq; q++) {
        bool same = ngot[q] == nwant[q] && (!p->count || within_got[q] == within_want[q]);
        for (uint32_t i = 0; same && i < nwant[q]; i++)
            same = got[q * p->k + i].id == want[q * p->k + i].id &&
                   got[q * p->k + i].score == want[q * p->k + i].score;
        if (!same)
            fail_msg("n %zu nq %zu radius %u k %u query %zu", p->n, p->nq, p->radius, p->k, q);
    }
}

static void solve(const struct problem *p)
{
    const size_t cut = below((uint32_t)p->n + 1);
    const struct as_hits second = hits_of(p, other, nother, within_other);
    struct as_hits hits = hits_of(p, got, ngot, within_got);

    search(p, 0, p->n, &hits);
    check(p);
    hits = hits_of(p, got, ngot, within_got);
    search(p, cut, p->n, &hits);
    search(p, 0, cut, &hits);
    check(p);
    hits = hits_of(p, got, ngot, within_got);
    search(p, 0, cut, &hits);
    search(p, cut, p->n, &second);
    as_hits_merge(&hits, &second, p->nq);
    check(p);
}

static void test_equals_brute_force(void **state)
{
    static const size_t ns[] = {0, 1, 7, 8, 9, 63, 64, 65, 511, 512, 513, 1024, 2100};
    static const uint32_t radii[] = {0, 1, 31, 40, 100, 128, 255, AS_HAMMING_ALL, UINT32_MAX};
    (void)state;
    for (int round = 0; round < 40; round++) {
        const struct problem p = {ns[below(sizeof ns / sizeof *ns)], 1 + below(9),
                                  radii[below(sizeof radii / sizeof *radii)], 1 + below(KMAX),
                                  below(2)};
        fill(p.n, p.nq);
        brute(&p);
        for (int cpu = AS_CPU_PLAIN; cpu <= (int)as_cpu_best(); cpu++) {
            as_simd_init((enum as_cpu)cpu);
            solve(&p);
        }
    }
}

static void test_chunks_of_queries(void **state)
{
    const struct problem p = {60, QUERIES, AS_HAMMING_ALL, 3, false};
    (void)state;
    as_simd_init(as_cpu_best());
    fill(p.n, p.nq);
    brute(&p);
    solve(&p);
}

/* Codes at any address. */
static void test_unaligned(void **state)
{
    const struct problem p = {1000, 3, 60, 5, true};
    struct as_hits hits = hits_of(&p, got, ngot, within_got);
    (void)state;
    fill(p.n, p.nq);
    brute(&p);
    memmove(codes + 1, codes, p.n * BYTES);
    for (int cpu = AS_CPU_PLAIN; cpu <= (int)as_cpu_best(); cpu++) {
        const struct as_codes set = {codes + 1, p.n, 5000};
        as_simd_init((enum as_cpu)cpu);
        hits = hits_of(&p, got, ngot, within_got);
        assert_int_equal(as_hamming_search(&set, queries, p.nq, p.radius, &hits), AS_OK);
        check(&p);
    }
}

static void test_by_hand(void **state)
{
    const uint8_t three[3 * BYTES] = {[0] = 1, [BYTES] = 0xff, [2 * BYTES + 31] = 0x81};
    const uint8_t query[BYTES] = {0};
    struct as_hit at[2];
    uint64_t within = 0;
    uint32_t n = 0;
    struct as_hits hits = {at, &n, &within, 2};
    const struct as_codes set = {three, 3, UINT64_MAX - 2};
    (void)state;
    assert_int_equal(as_hamming256(three, three + BYTES), 7);
    assert_int_equal(as_hamming256(query, three + 2 * BYTES), 2);
    assert_int_equal(as_hamming_search(&set, query, 1, AS_HAMMING_ALL, &hits), AS_OK);
    assert_int_equal(within, 3);
    assert_int_equal(n, 2);
    assert_true(at[0].id == UINT64_MAX - 2 && at[0].score == -1);
    assert_true(at[1].id == UINT64_MAX && at[1].score == -2);
    hits.k = 0;
    assert_int_equal(as_hamming_search(&set, query, 1, AS_HAMMING_ALL, &hits), AS_EUSAGE);
}

/* The kernels of every variant against the reference. */
static void test_variants(void **state)
{
    _Alignas(64) static uint64_t tile[2][AS_NEAR * 4];
    uint64_t query[4], masks[2][AS_NEAR / 64];
    (void)state;
    for (int round = 0; round < 40; round++) {
        fill(AS_NEAR, 1);
        memcpy(query, queries, sizeof query);
        for (int cpu = AS_CPU_PLAIN; cpu <= (int)as_cpu_best(); cpu++) {
            as_simd_init((enum as_cpu)cpu);
            as_ref_deal_codes(codes, tile[0]);
            as_simd.deal_codes(codes, tile[1]);
            assert_memory_equal(tile[0], tile[1], sizeof tile[0]);
            for (uint32_t limit = 0; limit <= 256; limit += 1 + below(20)) {
                assert_int_equal(as_ref_near_codes(tile[0], query, limit, masks[0]),
                                 as_simd.near_codes(tile[1], query, limit, masks[1]));
                assert_memory_equal(masks[0], masks[1], sizeof masks[0]);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_brute_force), cmocka_unit_test(test_chunks_of_queries),
        cmocka_unit_test(test_unaligned),          cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_variants),
    };

    print_message("seed %d\n", SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
