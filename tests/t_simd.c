/* t_simd.c - every kernel variant equals simd_ref.c bit by bit; the reference has its properties.
 */
#include "../kernels/simd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX = AS_BOX_MAX, PAD = 9, SEED = 9041 };

static float in[MAX * (MAX + PAD)], out[2][MAX * (MAX + PAD)];
static uint32_t seed = SEED;

static float value(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / 65536.0f - 40.0f;
}

static void fill(void)
{
    for (size_t i = 0; i < sizeof in / sizeof *in; i++)
        in[i] = value();
    memset(out, 0x7e, sizeof out);
}

static const uint32_t sides[] = {1, 2, 5, 7, 8, 9, 16, 17, 31, 33, 40, 61, 64, 127, 257, 512};
enum { SIDES = sizeof sides / sizeof *sides };

/* ---- variants against the reference ---- */

static void compare_box(const struct as_simd *a, const struct as_simd *b, struct as_box *box)
{
    static const uint32_t some[] = {0, 0, 1, 3, 3, 3, 4};

    for (int picked = 0; picked < 2; picked++) {
        box->pick = picked ? some : NULL;
        box->npick = picked ? sizeof some / sizeof *some : 0;
        memset(out, 0x7e, sizeof out);
        box->out = out[0];
        a->box_cols(box);
        box->out = out[1];
        b->box_cols(box);
        if (memcmp(out[0], out[1], sizeof out[0]) != 0)
            fail_msg("box %u x %u window %u pick %d", box->w, box->h, box->window, picked);
    }
}

static void compare_floats(const struct as_simd *ref, const struct as_simd *variant)
{
    const uint8_t *bytes = (const uint8_t *)in;

    for (size_t n = 0; n < 70; n++)
        for (size_t at = 0; at < 9; at++) {
            memset(out, 0x7e, sizeof out);
            ref->floats_of_bytes(bytes + at, n, out[0] + at);
            variant->floats_of_bytes(bytes + at, n, out[1] + at);
            if (memcmp(out[0], out[1], sizeof out[0]) != 0 || (n && out[0][at] != bytes[at]))
                fail_msg("floats of %zu bytes from %zu", n, at);
        }
}

static void compare(const struct as_simd *ref, const struct as_simd *variant)
{
    fill();
    compare_floats(ref, variant);
    for (size_t i = 0; i < SIDES; i++)
        for (size_t k = 0; k < SIDES; k++) {
            const uint32_t w = sides[i], h = sides[k];
            struct as_box box = {
                .in = in, .in_stride = w + PAD, .out_stride = w + 3, .w = w, .h = h};
            for (box.window = 1; box.window <= 6 && box.window <= h; box.window++)
                compare_box(ref, variant, &box);
            memset(out, 0x7e, sizeof out);
            ref->transpose(in, w + PAD, w, h, out[0], h + 2);
            variant->transpose(in, w + PAD, w, h, out[1], h + 2);
            if (memcmp(out[0], out[1], sizeof out[0]) != 0)
                fail_msg("transpose %u x %u", w, h);
        }
    ref->dct_64_16(in, in + 1024, in + 2048, out[0]);
    variant->dct_64_16(in, in + 1024, in + 2048, out[1]);
    assert_memory_equal(out[0], out[1], 256 * sizeof(float));
}

static void test_variants(void **state)
{
    struct as_simd ref;
    (void)state;
    as_simd_ref(&ref);
    for (int cpu = AS_CPU_PLAIN; cpu <= (int)as_cpu_best(); cpu++) {
        as_simd_init((enum as_cpu)cpu);
        compare(&ref, &as_simd);
    }
}

/* ---- the reference itself ---- */

static void test_box_by_hand(void **state)
{
    /* one column 1 2 3 4 5: window 3 holds the neighbours that exist, window 4 one more below */
    static const float column[5] = {1, 2, 3, 4, 5};
    static const float want3[5] = {1.5f, 2, 3, 4, 4.5f};
    static const float want4[5] = {2, 2.5f, 3.5f, 4, 4.5f};
    float got[5];
    struct as_simd ref;
    struct as_box box = {column, got, 1, 1, 1, 5, 3, NULL, 0};
    (void)state;
    as_simd_ref(&ref);
    ref.box_cols(&box);
    assert_memory_equal(got, want3, sizeof got);
    box.window = 4;
    ref.box_cols(&box);
    assert_memory_equal(got, want4, sizeof got);
    box.window = 1;
    ref.box_cols(&box);
    assert_memory_equal(got, column, sizeof got);
}

static void test_transpose_twice(void **state)
{
    (void)state;
    fill();
    as_simd.transpose(in, 33, 33, 20, out[0], 20);
    assert_true(out[0][7 * 20 + 11] == in[11 * 33 + 7]);
    as_simd.transpose(out[0], 20, 20, 33, out[1], 33);
    assert_memory_equal(in, out[1], 33 * 20 * sizeof(float));
}

/* An impulse picks one element of D on each side. */
static void test_dct_of_an_impulse(void **state)
{
    static float d[16 * 64], dt[64 * 16], a[64 * 64];
    (void)state;
    fill();
    for (size_t i = 0; i < 16; i++)
        for (size_t j = 0; j < 64; j++)
            dt[j * 16 + i] = d[i * 64 + j] = in[i * 64 + j];
    a[5 * 64 + 9] = 2;
    as_simd.dct_64_16(d, dt, a, out[0]);
    for (size_t i = 0; i < 16; i++)
        for (size_t j = 0; j < 16; j++)
            assert_true(out[0][i * 16 + j] == d[i * 64 + 5] * 2 * d[j * 64 + 9]);
}

static void test_cpu_names(void **state)
{
    (void)state;
    for (int cpu = 0; cpu < AS_CPU_CLASSES; cpu++)
        assert_int_equal(as_cpu_find(as_cpu_name((enum as_cpu)cpu)), cpu);
    assert_int_equal(as_cpu_find("sse9"), -1);
    assert_string_equal(as_cpu_name(AS_CPU_CLASSES), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variants),        cmocka_unit_test(test_box_by_hand),
        cmocka_unit_test(test_transpose_twice), cmocka_unit_test(test_dct_of_an_impulse),
        cmocka_unit_test(test_cpu_names),
    };

    print_message("seed %d\n", SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
