/* t_dihedral.c - codes of turned and mirrored pictures, from the code alone, against PDQ of
 * pictures that really are. */
#include "../kernels/detectors/detector.h"
#include "../kernels/search/dihedral.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * A form from the code is wrong in the bits whose frequency lies between 0 and the median.  PDQ
 * itself is not quite the same from both sides either: except where a side is 64 (2 k + 1) its
 * samples lie up to half a sample from the middle, which is all the difference there is between 320
 * and 512.
 */
enum { SIDE_MAX = 512, EVEN_SIDE = 320, PICTURES = 40, EVEN_BITS_MAX = 20 };

static uint64_t seed = 20250301;
static uint32_t side;

static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* A picture of overlapping boxes of many sizes, some with a slope: energy at all frequencies. */
static void paint(uint64_t *state, float *at)
{
    for (uint32_t i = 0; i < side * side; i++)
        at[i] = 128;
    for (uint32_t b = 0; b < 120; b++) {
        const uint32_t w = 4 + (uint32_t)(draw(state) % (side / 2)),
                       h = 4 + (uint32_t)(draw(state) % (side / 2)),
                       x0 = (uint32_t)(draw(state) % side), y0 = (uint32_t)(draw(state) % side);
        const float level = (float)(draw(state) % 256), slope = (float)(draw(state) % 3) / 4;
        for (uint32_t y = y0; y < side && y < y0 + h; y++)
            for (uint32_t x = x0; x < side && x < x0 + w; x++)
                at[y * side + x] = level - slope * level * (float)(x - x0) / (float)w;
    }
}

static void code_of(const float *at, uint8_t *code)
{
    const struct as_detector *pdq = as_det_find("pdq");
    struct as_unit unit = {.views = AS_SAMPLE, .sample = {at, side, side, side}};
    float feat = 0;
    struct as_out out = {.feat = &feat, .code = code};
    void *state = NULL, *scratch = malloc(as_det_scratch_bytes(pdq, side, side));

    assert_int_equal(as_det_init(pdq, &state), AS_OK);
    assert_int_equal(as_det_extract(pdq, state, &unit, scratch, &out), AS_OK);
    assert_true(feat >= 50);
    as_det_free(pdq, state);
    free(scratch);
}

/* Form `how` of the picture as dihedral.h says. */
static void turn(const float *from, uint32_t how, float *to)
{
    for (uint32_t y = 0; y < side; y++)
        for (uint32_t x = 0; x < side; x++) {
            uint32_t fx = how & 1 ? side - 1 - x : x, fy = how & 2 ? side - 1 - y : y;
            to[y * side + x] = how & 4 ? from[fx * side + fy] : from[fy * side + fx];
        }
}

/* Turns pictures of a side in all ways: the most bits that a form is off, how many are off by more
 * than 31, and the fewest bits between different forms. */
static void compare(uint32_t pixels, uint32_t *most, uint32_t *beyond, uint32_t *least_other)
{
    float *at = malloc(SIDE_MAX * SIDE_MAX * sizeof *at),
          *turned = malloc(SIDE_MAX * SIDE_MAX * sizeof *turned);
    uint8_t code[32], form[AS_DIHEDRAL][32], real[32];

    side = pixels;
    *most = *beyond = 0;
    *least_other = 256;
    for (int p = 0; p < PICTURES; p++) {
        paint(&seed, at);
        code_of(at, code);
        as_dihedral(code, form);
        for (uint32_t how = 0; how < AS_DIHEDRAL; how++) {
            turn(at, how, turned);
            code_of(turned, real);
            for (uint32_t k = 0; k < AS_DIHEDRAL; k++) {
                uint32_t bits = as_hamming256(form[k], real);
                if (k == how && bits > *most)
                    *most = bits;
                *beyond += k == how && bits > 31;
                if (k != how && bits < *least_other)
                    *least_other = bits;
            }
        }
    }
    printf("side %u: at most %u bits off, %u of %d beyond 31; other forms at least %u\n", side,
           *most, *beyond, PICTURES * AS_DIHEDRAL, *least_other);
    free(at);
    free(turned);
}

static void t_pictures(void **unused)
{
    uint32_t most, beyond, other;
    (void)unused;

    printf("seed %llu\n", (unsigned long long)seed);
    compare(EVEN_SIDE, &most, &beyond, &other);
    assert_true(most <= EVEN_BITS_MAX && other > 62);
    compare(SIDE_MAX, &most, &beyond, &other);
    assert_true(beyond <= PICTURES * AS_DIHEDRAL / 20 && other > 62);
}

/* All forms of all forms are the same eight codes: a group. */
static void t_group(void **unused)
{
    uint8_t code[32], form[AS_DIHEDRAL][32], again[AS_DIHEDRAL][32];
    (void)unused;

    for (int b = 0; b < 32; b++)
        code[b] = (uint8_t)draw(&seed);
    as_dihedral(code, form);
    assert_memory_equal(form[0], code, 32);
    for (uint32_t i = 0; i < AS_DIHEDRAL; i++) {
        as_dihedral(form[i], again);
        for (uint32_t k = 0; k < AS_DIHEDRAL; k++) {
            uint32_t found = 0;
            for (uint32_t f = 0; f < AS_DIHEDRAL; f++)
                found += memcmp(again[k], form[f], 32) == 0;
            assert_int_equal(found, 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(t_pictures), cmocka_unit_test(t_group)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
