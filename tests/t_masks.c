/* t_masks.c - masks are decoded in a jail; what is none is told, and costs nobody else. */
#include "../pipeline/examine/masks.h"
#include "../pipeline/media/decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];

static void put(const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

/* 3 x 2 grey pixels of a BMP of 24 bits, from the bottom up, rows of 12 bytes. */
static size_t bmp(uint8_t to[78], const uint8_t grey[6])
{
    static const uint8_t head[54] = {'B', 'M', 78, 0, 0,  0, 0, 0, 0, 0, 54, 0, 0, 0,
                                     40,  0,   0,  0, 3,  0, 0, 0, 2, 0, 0,  0, 1, 0,
                                     24,  0,   0,  0, 0,  0, 24};
    memset(to, 0, 78);
    memcpy(to, head, sizeof head);
    for (int y = 0; y < 2; y++)
        for (int x = 0; x < 3; x++)
            memset(to + 54 + (1 - y) * 12 + x * 3, grey[y * 3 + x], 3);
    return 78;
}

static void test_read(void **state)
{
    static const uint8_t grey[6] = {0, 255, 128, 127, 0, 200}, want[6] = {0, 1, 1, 0, 0, 1};
    struct as_masks *masks = NULL;
    struct as_mask mask;
    uint8_t bytes[78];
    struct as_err err = {0};

    (void)state;
    assert_int_equal(as_masks_new(&masks, true, &err), AS_OK);
    put(bytes, bmp(bytes, grey));
    for (int again = 0; again < 3; again++) {
        assert_int_equal(as_masks_read(masks, path, &mask, &err), AS_OK);
        assert_int_equal(mask.w, 3);
        assert_int_equal(mask.h, 2);
        assert_memory_equal(mask.at, want, 6);
        put("no picture", 10);
        assert_int_equal(as_masks_read(masks, path, &mask, &err), AS_EFORMAT);
        assert_non_null(strstr(err.text, "no picture that can be decoded"));
        assert_null(mask.at);
        put("", 0);
        assert_int_equal(as_masks_read(masks, path, &mask, &err), AS_EFORMAT);
        put(bytes, bmp(bytes, grey));
    }
    unlink(path);
    assert_int_equal(as_masks_read(masks, path, &mask, &err), AS_EFORMAT);
    assert_int_equal(as_masks_read(masks, "/tmp", &mask, &err), AS_EFORMAT);
    as_masks_free(masks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read)};

    snprintf(path, sizeof path, "/tmp/t_masks.%ld", (long)getpid());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
