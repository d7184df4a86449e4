/* t_record.c - record: round trips, and nothing broken is believed. */
#include "../pipeline/examine/record.h"

#include "../kernels/detectors/detector.h"

#include <math.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t seed = 7;

static uint32_t random_u32(void)
{
    seed = seed * 1664525 + 1013904223;
    return seed >> 8 ^ seed << 13;
}

static uint8_t packed[AS_RECORD_MAX];
static struct as_content_room room;

/* A copy of exactly n bytes, so that a sanitizer sees what reads past them. */
static uint8_t *exact(const void *bytes, size_t n)
{
    uint8_t *p = malloc(n ? n : 1);

    assert_non_null(p);
    memcpy(p, bytes, n);
    return p;
}

static struct as_item some_item(void)
{
    struct as_item item = {.key = {.n = 3, .part = {0, 5, 9}},
                           .path = {"a/b.zip>>c.jpg", 14},
                           .note = {"note", 4},
                           .size = UINT64_C(1) << 40,
                           .mtime_s = INT64_MIN,
                           .kind = 300,
                           .reason = AS_REASON_LIMIT_RATIO,
                           .flags = AS_FLAG_TRAVERSAL,
                           .has_sha256 = true,
                           .has_md5 = true,
                           .leaf = true,
                           .has_content = true};

    memset(item.sha256, 1, 32);
    memset(item.md5, 2, 16);
    memset(item.sha1, 3, 20);
    return item;
}

static void same_item(const struct as_item *a, const struct as_item *b)
{
    assert_memory_equal(&a->key, &b->key, sizeof a->key);
    assert_int_equal(a->path.len, b->path.len);
    assert_memory_equal(a->path.at, b->path.at, a->path.len);
    assert_int_equal(a->note.len, b->note.len);
    assert_memory_equal(a->note.at, b->note.at, a->note.len);
    assert_int_equal(a->size, b->size);
    assert_int_equal(a->mtime_s, b->mtime_s);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->reason, b->reason);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->has_sha256, b->has_sha256);
    assert_int_equal(a->has_md5, b->has_md5);
    assert_int_equal(a->leaf, b->leaf);
    assert_int_equal(a->has_content, b->has_content);
    assert_memory_equal(a->sha256, b->sha256, 32);
    assert_memory_equal(a->md5, b->md5, 16);
    assert_memory_equal(a->sha1, b->sha1, 20);
}

static void t_item(void **state)
{
    struct as_item item = some_item(), got;
    size_t n = as_item_pack(&item, packed, sizeof packed);
    (void)state;

    assert_true(n > 0);
    assert_int_equal(as_item_unpack(packed, n, &got), AS_OK);
    same_item(&item, &got);
    for (size_t k = 0; k < n; k++) {
        uint8_t *p = exact(packed, k);
        assert_int_equal(as_item_unpack(p, k, &got), AS_EFORMAT);
        free(p);
    }
    assert_int_equal(as_item_unpack(packed, n + 1, &got), AS_EFORMAT);
    for (size_t k = 0; k < n; k++) { /* too little room to pack */
        uint8_t *p = malloc(k ? k : 1);
        assert_int_equal(as_item_pack(&item, p, k), 0);
        free(p);
    }
    item = (struct as_item){.key = {.n = 1}};
    n = as_item_pack(&item, packed, sizeof packed);
    assert_int_equal(as_item_unpack(packed, n, &got), AS_OK);
    assert_false(got.has_sha256);
    assert_int_equal(got.path.len, 0);
}

/* Whatever bytes say, what is believed stays within bounds. */
static void t_item_broken(void **state)
{
    struct as_item item = some_item(), got;
    size_t n = as_item_pack(&item, packed, sizeof packed);
    uint64_t sum = 0;
    (void)state;

    print_message("seed %u\n", seed);
    for (int i = 0; i < 100000; i++) {
        uint8_t *p = exact(packed, n);
        for (uint32_t k = 1 + random_u32() % 4; k > 0; k--)
            p[random_u32() % n] = random_u32() % 3 ? (uint8_t)random_u32() : 0xff;
        if (as_item_unpack(p, n, &got) == AS_OK) {
            assert_in_range(got.key.n, 1, AS_KEY_MAX);
            for (uint32_t k = 0; k < got.path.len; k++)
                sum += (uint8_t)got.path.at[k];
            for (uint32_t k = 0; k < got.note.len; k++)
                sum += (uint8_t)got.note.at[k];
        }
        free(p);
    }
    assert_true(sum > 0);
}

/* A row with one of everything. */
static void some_row(struct as_row *row)
{
    static const struct as_kv KV[] = {{{"exif.make", 9}, {"Meridian", 8}}, {{"empty", 5}, {"", 0}}};
    static const uint8_t cells[6] = {1, 2, 3, 4, 5, 6}, code[1024] = {9};
    static float feat[AS_MEASURES_MAX];
    size_t measures = 0;

    memset(row, 0, sizeof *row);
    row->kind = 1;
    row->reason = AS_REASON_CORRUPT_PART;
    row->w = 640;
    row->h = 480;
    row->frames = 1;
    row->duration_s = 1.5;
    row->flags = AS_FLAG_CORRUPT | AS_FLAG_ALPHA;
    for (size_t d = 0; as_detectors[d]; d++) {
        assert_true(as_detectors[d]->code_bytes <= sizeof code);
        assert_true((measures += as_detectors[d]->dim) <= AS_MEASURES_MAX);
        for (uint32_t i = 0; i < as_detectors[d]->dim; i++)
            feat[i] = (float)i / 7;
        row->det[d] = (struct as_det_row){AS_DET_APPLIES, (uint16_t)d, feat, code};
    }
    row->det[1].status = AS_DET_ABSTAINS;
    row->kv = KV;
    row->nkv = 2;
    row->trouble[0] = (struct as_trouble){"decode", AS_REASON_CORRUPT_PART, {"bad block", 9}};
    row->ntrouble = 1;
    row->map[0] = (struct as_map_row){0, 3, 2, 8, cells};
    row->nmap = 1;
}

static void t_content(void **state)
{
    struct as_row *row = calloc(2, sizeof *row), *got = row + 1;
    size_t n;
    (void)state;

    some_row(row);
    n = as_content_pack(row, packed, sizeof packed);
    assert_true(n > 0);
    assert_int_equal(as_content_unpack(packed, n, &room, got), AS_OK);
    assert_int_equal(got->kind, row->kind);
    assert_int_equal(got->reason, row->reason);
    assert_int_equal(got->w, 640);
    assert_int_equal(got->h, 480);
    assert_int_equal(got->flags, row->flags);
    assert_true(got->duration_s == 1.5);
    for (size_t d = 0; as_detectors[d]; d++) {
        assert_int_equal(got->det[d].status, row->det[d].status);
        assert_int_equal(got->det[d].reason, row->det[d].reason);
        if (got->det[d].status != AS_DET_APPLIES)
            continue;
        assert_memory_equal(got->det[d].feat, row->det[d].feat,
                            as_detectors[d]->dim * sizeof(float));
        if (as_detectors[d]->code_bytes)
            assert_memory_equal(got->det[d].code, row->det[d].code, as_detectors[d]->code_bytes);
    }
    assert_int_equal(got->nkv, 2);
    assert_memory_equal(got->kv[0].value.at, "Meridian", 8);
    assert_int_equal(got->kv[1].value.len, 0);
    assert_string_equal(got->trouble[0].stage, "decode");
    assert_int_equal(got->trouble[0].message.len, 9);
    assert_memory_equal(got->map[0].cells, row->map[0].cells, 6);
    for (size_t k = 0; k < n; k++) {
        uint8_t *p = exact(packed, k);
        assert_int_equal(as_content_unpack(p, k, &room, got), AS_EFORMAT);
        free(p);
    }
    assert_int_equal(as_content_unpack(packed, n + 1, &room, got), AS_EFORMAT);
    for (size_t k = 0; k < n; k += 7)
        assert_int_equal(as_content_pack(row, packed, k), 0);
    free(row);
}

/* Packs the row with one thing wrong; it must not be believed. */
static void refuse(const struct as_row *row)
{
    struct as_row *got = calloc(1, sizeof *got);
    size_t n = as_content_pack(row, packed, sizeof packed);

    assert_true(n > 0);
    assert_int_equal(as_content_unpack(packed, n, &room, got), AS_EFORMAT);
    free(got);
}

static void t_content_refused(void **state)
{
    static const double DURATIONS[] = {NAN, INFINITY, -INFINITY, -1};
    static struct as_kv many[3000];
    static uint8_t cells[129];
    struct as_row *row = calloc(1, sizeof *row);
    float bad[256] = {0};
    (void)state;

    for (size_t i = 0; i < sizeof DURATIONS / sizeof *DURATIONS; i++) {
        some_row(row);
        row->duration_s = DURATIONS[i];
        refuse(row);
    }
    some_row(row);
    row->reason = 9999;
    refuse(row);
    some_row(row);
    row->flags = AS_FLAGS_ALL + 1;
    refuse(row);
    some_row(row);
    row->flags |= AS_FLAG_CHANGED; /* that evidence changed is not for an examiner to say */
    refuse(row);
    some_row(row);
    row->trouble[0].status = 9999;
    refuse(row);
    some_row(row);
    row->det[0].status = AS_DET_ERROR + 1;
    refuse(row);
    for (int i = 0; i < 2; i++) {
        some_row(row);
        bad[as_detectors[0]->dim - 1] = i ? NAN : INFINITY;
        row->det[0].feat = bad;
        refuse(row);
    }
    some_row(row);
    row->kv = many;
    row->nkv = sizeof many / sizeof *many;
    refuse(row);
    some_row(row);
    row->map[0] = (struct as_map_row){AS_DETECTORS_MAX, 1, 1, 8, cells};
    refuse(row);
    some_row(row);
    row->map[0] = (struct as_map_row){0, 129, 1, 8, cells};
    refuse(row);
    free(row);
}

static uint64_t read_through(const struct as_row *row)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < row->nkv; i++)
        for (uint32_t k = 0; k < row->kv[i].value.len; k++)
            sum += (uint8_t)row->kv[i].value.at[k];
    for (size_t i = 0; i < row->ntrouble; i++)
        sum += strlen(row->trouble[i].stage) + row->trouble[i].message.len;
    for (size_t i = 0; i < row->nmap; i++)
        for (size_t k = 0; k < (size_t)row->map[i].w * row->map[i].h; k++)
            sum += row->map[i].cells[k];
    for (size_t d = 0; as_detectors[d]; d++)
        for (uint32_t i = 0; row->det[d].status == AS_DET_APPLIES && i < as_detectors[d]->dim; i++)
            assert_true(isfinite(row->det[d].feat[i]));
    return sum;
}

static void t_content_broken(void **state)
{
    struct as_row *row = calloc(1, sizeof *row);
    uint32_t believed = 0;
    uint64_t sum = 0;
    size_t n;
    uint8_t *good;
    (void)state;

    some_row(row);
    n = as_content_pack(row, packed, sizeof packed);
    good = exact(packed, n);
    print_message("seed %u\n", seed);
    for (int i = 0; i < 100000; i++) {
        size_t len = random_u32() % 8 ? n : random_u32() % (n + 1);
        uint8_t *p = exact(good, len);
        for (uint32_t k = 1 + random_u32() % 4; len && k > 0; k--)
            p[random_u32() % len] = random_u32() % 3 ? (uint8_t)random_u32() : 0xff;
        memset(row, 0, sizeof *row);
        if (as_content_unpack(p, len, &room, row) == AS_OK) {
            sum += read_through(row);
            believed++;
        }
        free(p);
    }
    assert_true(believed > 1000 && believed < 99000 && sum > 0);
    free(good);
    free(row);
}

static void t_failed(void **state)
{
    struct as_row *row = calloc(1, sizeof *row);
    size_t n = as_content_pack_failed(2, AS_REASON_VIOLATION, "examine", "why", packed, 1000);
    (void)state;

    assert_true(n > 0);
    assert_int_equal(as_content_unpack(packed, n, &room, row), AS_OK);
    assert_int_equal(row->kind, 2);
    assert_int_equal(row->reason, AS_REASON_VIOLATION);
    assert_int_equal(row->ntrouble, 1);
    assert_string_equal(row->trouble[0].stage, "examine");
    assert_int_equal(row->det[0].status, AS_DET_NOT_RUN);
    n = as_content_pack_failed(2, AS_REASON_CRASHED, "examine", "", packed, 1000);
    memset(row, 0, sizeof *row);
    assert_int_equal(as_content_unpack(packed, n, &room, row), AS_OK);
    assert_int_equal(row->ntrouble, 0);
    free(row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_item),           cmocka_unit_test(t_item_broken),
        cmocka_unit_test(t_content),        cmocka_unit_test(t_content_refused),
        cmocka_unit_test(t_content_broken), cmocka_unit_test(t_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
