/* t_prnu_map.c - maps of missing sensor noise: a replaced region is told and nothing else, what
 * cannot be known is not told, the same bits whatever the scratch held.  The figures of a map are
 * held against numpy by prnu_map_check.py.                                               */
#include "../kernels/prnu_map.h"

#include "../kernels/cpu.h"
#include "../kernels/simd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 768, H = 640, STRIDE = 777, X = 320, Y = 192, SIDE = 224, SEED = 20 };
static const double strong = 4000;

/* A picture with its sensor's noise. */
struct picture {
    struct as_plane luma;
    float *in, *noise, *k, *scratch;
    struct as_prnu_map map;
};

static uint64_t state;

/* About normal, variance 1. */
static float normal(void)
{
    double sum = 0;

    for (int i = 0; i < 4; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        sum += (double)(state >> 33) / (double)(UINT32_C(1) << 31) - 0.5;
    }
    return (float)(sum * 1.7320508);
}

static float *take(size_t n)
{
    float *at = aligned_alloc(64, (n * sizeof *at + 63) / 64 * 64);

    assert_non_null(at);
    return at;
}

/* The noise of a row is the fingerprint's share and some more, scaled as it is kept. */
static void make(struct picture *p, uint64_t seed)
{
    state = seed;
    p->in = take((size_t)STRIDE * H);
    p->noise = take((size_t)W * H);
    p->k = take((size_t)W * H);
    p->scratch = take(as_prnu_map_scratch(W, H) / sizeof(float) + 1);
    memset(p->scratch, 0xa5, as_prnu_map_scratch(W, H));
    p->luma = (struct as_plane){p->in, W, H, STRIDE};
    for (uint32_t y = 0; y < H; y++)
        for (uint32_t x = 0; x < STRIDE; x++)
            p->in[y * STRIDE + x] = x < W ? 90 + (float)(x / 8 % 64) + (float)(y / 8 % 40) : 255;
    for (uint32_t y = 0; y < H; y++)
        for (uint32_t x = 0; x < W; x++) {
            const size_t i = (size_t)y * W + x;
            p->k[i] = 3 * normal();
            p->noise[i] = 0.12F * p->k[i] * p->in[y * STRIDE + x] / 255 + normal();
        }
}

static void clear(struct picture *p)
{
    free(p->in);
    free(p->noise);
    free(p->k);
    free(p->scratch);
}

static void look(struct picture *p)
{
    assert_int_equal(as_prnu_map_plan(&p->map, W, H, strong), AS_OK);
    assert_int_equal(as_prnu_map(&p->map, &p->luma, p->noise, p->k, p->scratch), AS_OK);
}

static void replace(struct picture *p, uint32_t x0, uint32_t y0, uint32_t side, float rms)
{
    for (uint32_t y = y0; y < y0 + side; y++)
        for (uint32_t x = x0; x < x0 + side; x++)
            p->noise[(size_t)y * W + x] = rms * normal();
}

static void test_plan(void **unused)
{
    struct as_prnu_map m;
    uint32_t last = 0;

    (void)unused;
    assert_int_equal(as_prnu_map_plan(&m, W, H, strong), AS_OK);
    assert_int_equal(m.cell, 32);
    assert_int_equal(m.w, 24);
    assert_int_equal(m.h, 20);
    assert_int_equal(as_prnu_map_plan(&m, W, H, 60), AS_SKIP);   /* too weak        */
    assert_int_equal(as_prnu_map_plan(&m, W, H, -1e9), AS_SKIP); /* another camera  */
    assert_int_equal(as_prnu_map_plan(&m, 512, 512, 1e9), AS_SKIP);
    assert_int_equal(as_prnu_map_plan(&m, 100000, 64, 1e9), AS_SKIP);
    for (double pce = 10000; pce > 530; pce /= 1.3) { /* weaker: larger windows, then none */
        assert_int_equal(as_prnu_map_plan(&m, 3008, 2000, pce), AS_OK);
        assert_true(m.cell >= last && m.w <= AS_PRNU_MAP_SIDE && m.h <= AS_PRNU_MAP_SIDE);
        last = m.cell;
    }
    assert_int_equal(last, 96);
    assert_int_equal(as_prnu_map_plan(&m, 3008, 2000, 500), AS_SKIP); /* too few of the next */
    assert_int_equal(as_prnu_map_plan(&m, 12000, 9000, 1e9), AS_OK);
    assert_true(m.cell == 96 && m.w == 125 && m.h == 93); /* 64 would be 187 cells */
    assert_int_equal(as_prnu_map_plan(&m, 20000, 9000, 1e9), AS_SKIP);
}

static void test_region(void **unused)
{
    struct picture p;
    uint32_t in = 0, out = 0;

    (void)unused;
    make(&p, SEED);
    look(&p);
    assert_int_equal(p.map.regions, 0);
    assert_int_equal(p.map.missing, 0);
    assert_int_equal(p.map.unknown, 0);
    clear(&p);
    make(&p, SEED);
    replace(&p, X, Y, SIDE, 1);
    look(&p);
    assert_int_equal(p.map.regions, 1);
    for (uint32_t i = 0; i < p.map.w * p.map.h; i++) {
        const uint32_t x = i % p.map.w * 32, y = i / p.map.w * 32;
        const bool inside = x >= X && x < X + SIDE && y >= Y && y < Y + SIDE;
        in += p.map.at[i] == AS_PRNU_MAP_MISSING && inside;
        out += p.map.at[i] == AS_PRNU_MAP_MISSING && !inside;
    }
    assert_true(in >= 9 && out == 0 && in == p.map.missing);
    clear(&p);
}

/* What clips, what compression has wiped out, and one lamp in the dark: unknown, and not missing.
 */
static void test_unknown(void **unused)
{
    struct picture p;

    (void)unused;
    make(&p, SEED + 1);
    for (uint32_t y = 0; y < 224; y++)
        for (uint32_t x = 0; x < 224; x++) {
            p.in[y * STRIDE + x] = 251;
            p.noise[(size_t)y * W + x] = 0.5F * normal();
        }
    replace(&p, 544, 0, 224, 0.1F);
    for (uint32_t y = 416; y < H; y++)
        for (uint32_t x = 0; x < 224; x++)
            p.in[y * STRIDE + x] = y / 32 == 16 && x / 32 == 3 ? 230 : 8;
    replace(&p, 0, 416, 224, 1);
    look(&p);
    assert_int_equal(p.map.regions, 0);
    assert_int_equal(p.map.at[3 * p.map.w + 3], AS_PRNU_MAP_UNKNOWN);
    assert_int_equal(p.map.at[3 * p.map.w + 20], AS_PRNU_MAP_UNKNOWN);
    assert_int_equal(p.map.at[16 * p.map.w + 3], AS_PRNU_MAP_UNKNOWN);
    assert_true(p.map.unknown >= 27 && p.map.unknown < p.map.w * p.map.h / 2);
    clear(&p);
}

static void test_nothing(void **unused)
{
    struct picture p;

    (void)unused;
    make(&p, SEED + 2);
    memset(p.noise, 0, (size_t)W * H * sizeof *p.noise);
    assert_int_equal(as_prnu_map_plan(&p.map, W, H, strong), AS_OK);
    assert_int_equal(as_prnu_map(&p.map, &p.luma, p.noise, p.k, p.scratch), AS_SKIP);
    clear(&p);
    make(&p, SEED + 2); /* a made fingerprint: a block of each cell, and light there alone */
    for (uint32_t y = 0; y < H; y++)
        for (uint32_t x = 0; x < W; x++)
            if (x % 32 >= 8 || y % 32 >= 8) {
                p.k[(size_t)y * W + x] = 0;
                p.in[y * STRIDE + x] = 255;
            }
    assert_int_equal(as_prnu_map_plan(&p.map, W, H, strong), AS_OK);
    assert_int_equal(as_prnu_map(&p.map, &p.luma, p.noise, p.k, p.scratch), AS_SKIP);
    clear(&p);
    make(&p, SEED + 2); /* another camera's: nothing is expected, so nothing is missing */
    replace(&p, 0, 0, H, 1);
    for (uint32_t y = 0; y < H; y++)
        for (uint32_t x = H; x < W; x++)
            p.noise[(size_t)y * W + x] = normal();
    assert_int_equal(as_prnu_map_plan(&p.map, W, H, strong), AS_OK);
    assert_int_equal(as_prnu_map(&p.map, &p.luma, p.noise, p.k, p.scratch), AS_SKIP);
    assert_int_equal(p.map.regions, 0);
    clear(&p);
}

/* On every processor, after any history. */
static void test_same(void **unused)
{
    struct picture first, again;

    (void)unused;
    make(&first, SEED + 3);
    replace(&first, X, Y, SIDE, 2);
    as_simd_init((enum as_cpu)0);
    look(&first);
    make(&again, SEED + 3);
    replace(&again, X, Y, SIDE, 2);
    memset(again.scratch, 0xff, as_prnu_map_scratch(W, H));
    as_simd_init(as_cpu_best());
    look(&again);
    assert_memory_equal(&first.map, &again.map, sizeof first.map);
    clear(&first);
    clear(&again);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan),    cmocka_unit_test(test_region),
        cmocka_unit_test(test_unknown), cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_same),
    };

    as_simd_init(as_cpu_best());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
