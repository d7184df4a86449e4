/* t_noise.c - residuals packed and unpacked, cut around the centre, and refused when they lie. */
#include "../pipeline/examine/noise.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 203, H = 147 };

static float noise[H * W], luma[H * W], back[H * W], light[H * W];

static void fill(void)
{
    for (uint32_t i = 0; i < W * H; i++) {
        noise[i] = (float)((double)(i * 2654435761U % 4001) / 200 - 10);
        luma[i] = (float)(i % W);
    }
}

static uint8_t *pack(const struct as_keep *keep, uint64_t *n)
{
    const struct as_plane l = {luma, W, H, W}, w = {noise, W, H, W};
    uint8_t *to = malloc(as_noise_bytes(keep));

    assert_non_null(to);
    *n = as_noise_pack(keep, &l, &w, false, to);
    assert_true(*n <= as_noise_bytes(keep));
    return to;
}

static void test_whole(void **state)
{
    const struct as_keep keep = {W * H, 1};
    struct as_noise_head head;
    uint64_t n;
    uint8_t *bytes = pack(&keep, &n);

    (void)state;
    assert_true(as_noise_check(&keep, bytes, n, &head));
    assert_true(head.w == W && head.h == H && head.x == 0 && head.y == 0);
    as_noise_planes(&head, bytes, back, light);
    for (uint32_t i = 0; i < W * H; i++) {
        const float cut = fmaxf(-127.0F / 16, fminf(127.0F / 16, noise[i]));
        assert_true(fabsf(back[i] - cut) <= 1.0F / 32);
        assert_true(light[i] == luma[i]);
    }
    free(bytes);
}

static void test_cut(void **state)
{
    const struct as_keep keep = {10000, 8};
    struct as_noise_head head;
    uint64_t n;
    uint8_t *bytes = pack(&keep, &n);

    (void)state;
    assert_true(as_noise_check(&keep, bytes, n, &head));
    assert_true((head.x | head.y | head.w | head.h) % 16 == 0);
    assert_true(head.w == 112 && head.h == 80 && head.x == 32 && head.y == 32);
    as_noise_planes(&head, bytes, back, light);
    for (uint32_t y = 0; y < head.h; y++)
        for (uint32_t x = 0; x < head.w; x++) {
            const float v = noise[(head.y + y) * W + head.x + x];
            const float mean = (float)(head.x + x / 8 * 8) + 3.5F;
            if (fabsf(v) < 7.9F)
                assert_true(fabsf(back[y * head.w + x] - v) <= 1.0F / 32);
            assert_true(fabsf(light[y * head.w + x] - mean) <= 0.5F);
        }
    free(bytes);
}

/* Whatever an examiner writes, what passes the check is read within its bytes. */
static void test_lies(void **state)
{
    const struct as_keep keep = {10000, 8}, other = {9000, 8};
    struct as_noise_head head;
    uint64_t n;
    uint8_t *bytes = pack(&keep, &n);

    (void)state;
    assert_false(as_noise_check(&other, bytes, n, &head));
    assert_false(as_noise_check(&keep, bytes, n - 1, &head));
    assert_false(as_noise_check(&keep, bytes, 3, &head));
    for (size_t at = 32; at < sizeof head; at += 4)
        for (int bit = 0; bit < 32; bit++) {
            bytes[at + (size_t)bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (as_noise_check(&keep, bytes, n, &head)) /* another picture of that size */
                assert_true(sizeof head + (uint64_t)head.w * head.h +
                                (uint64_t)head.w * head.h / 64 == n);
            bytes[at + (size_t)bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_lies),
    };

    fill();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
