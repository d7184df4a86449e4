/* t_metadata_structure.c - metadata: the structure of PNG, JPEG and BMFF files. */
#include "metadata_maker.h"

static void test_png_bomb(void **state)
{
    const size_t flat = 200u << 20;
    uint8_t *zeros = calloc(1, 1 << 20), *packed = malloc(1 << 20);
    z_stream z = {0};
    struct maker m = {0};

    (void)state;
    assert_true(zeros && packed && deflateInit(&z, 9) == Z_OK);
    memset(zeros, 'A', 1 << 20);
    memcpy(packed, "bomb\0\0", 6);
    z.next_out = packed + 6;
    z.avail_out = (1 << 20) - 6;
    for (size_t i = 0; i < flat >> 20; i++) {
        z.next_in = zeros;
        z.avail_in = 1 << 20;
        deflate(&z, i + 1 == flat >> 20 ? Z_FINISH : Z_NO_FLUSH);
    }
    put(&m, "\x89PNG\r\n\x1A\n", 8);
    for (int i = 0; i < 100; i++)
        put_chunk(&m, "zTXt", packed, 6 + z.total_out);
    put_chunk(&m, "tEXt", "parameters\0caf\xE9, Steps: 20", 26);
    put_chunk(&m, "IEND", "", 0);
    put_text(&m, "tail");
    deflateEnd(&z);
    free(zeros);
    free(packed);
    read_maker(AS_KIND_PNG, &m);
    assert_int_equal(as_kvs_find(&kvs, "png.bomb")->len, AS_KV_MAX);
    assert_string_equal(value_of("png.parameters"), "caf\xC3\xA9, Steps: 20");
    assert_true(has_value("meta.broken", "compressed PNG text or profile too long"));
    assert_true(facts.flags & AS_FLAG_TRAILING);
}

static void test_jpeg_structure(void **state)
{
    static uint8_t dqt[65], scan[5000], dht[] = {0x00, 0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0,  0, 0,
                                                 0,    0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    static const uint8_t sof[] = {8, 0, 1, 0, 1, 1, 1, 0x22, 0};
    struct maker m = {0};

    (void)state;
    for (size_t i = 0; i < 64; i++)
        dqt[1 + i] = (uint8_t)(i + 1);
    for (size_t i = 0; i < sizeof scan; i++)
        scan[i] = (uint8_t)(i % 7 == 0 ? 0xFF : i % 7 == 1 ? (i % 2 ? 0 : 0xD0 + i % 8) : i | 1);
    put_be(&m, 0xFFD8, 2);
    put_segment(&m, 0xE0, "JFIF\0\1\2\1\0H\0H\0", 14, "", 0);
    put_segment(&m, 0xFE, "hello", 5, "", 0);
    put_segment(&m, 0xEE, "Adobe\0d\0\0\0\0\1", 12, "", 0);
    put_segment(&m, 0xDB, dqt, 65, "", 0);
    put_segment(&m, 0xC0, sof, sizeof sof, "", 0);
    put_segment(&m, 0xC4, dht, sizeof dht, "", 0);
    put_segment(&m, 0xDD, "\0\x10", 2, "", 0);
    put_segment(&m, 0xDA, "\1\1\0\0\x3F\0", 6, scan, sizeof scan);
    put_be(&m, 0xFFD9, 2);
    put(&m,
        "\0\0\0\x18"
        "ftypmp42....",
        16);
    read_maker(AS_KIND_JPEG, &m);
    assert_true(facts.is_jpeg && facts.jpeg.has_eoi && facts.jpeg.huff_standard);
    assert_int_equal(facts.jpeg.trailing_bytes, 16);
    assert_true(facts.flags & AS_FLAG_TRAILING);
    assert_string_equal(value_of("jpeg.trailing"), "16 bytes: MP4 or QuickTime");
    assert_string_equal(value_of("jpeg.comment"), "hello");
    assert_string_equal(value_of("jfif.Version"), "1.02");
    assert_int_equal(facts.jpeg.adobe_transform, 1);
    assert_int_equal(facts.jpeg.restart_interval, 16);
    assert_int_equal(facts.jpeg.scans, 1);
    assert_int_equal(facts.jpeg.huff_count, 1);
    assert_int_equal(facts.jpeg.qt_mask, 1);
    assert_int_equal(facts.jpeg.qt[0][0], 1); /* zigzag 0 */
    assert_int_equal(facts.jpeg.qt[0][1], 2); /* zigzag 1 */
    assert_int_equal(facts.jpeg.qt[0][8], 3); /* zigzag 2 */
    assert_int_equal(facts.jpeg.qt[0][63], 64);
    assert_int_equal(facts.jpeg.nmarkers, 10);
    assert_int_equal(facts.jpeg.marker[1].code, 0xE0);
    assert_int_equal(facts.jpeg.marker[1].len, 16);
    assert_string_equal(facts.jpeg.marker[1].id, "JFIF");
    assert_int_equal(facts.jpeg.marker[9].code, 0xD9);
    dht[28] = 12; /* no longer the standard table */
    put_be(&m, 0xFFD8, 2);
    put_segment(&m, 0xC4, dht, sizeof dht, "", 0);
    read_maker(AS_KIND_JPEG, &m);
    assert_false(facts.jpeg.huff_standard || facts.jpeg.has_eoi);
    assert_int_equal(facts.jpeg.trailing_bytes, 0);
    dht[28] = 11;
}

/* ICC, extended XMP and C2PA come in pieces; here out of order and incomplete. */
static void test_jpeg_pieces(void **state)
{
    const char *half[2] = {XMP_HEAD "<rdf:Description xmlns:d='urn:d' d:lo", "ng='yes'/>" XMP_TAIL};
    size_t total = strlen(half[0]) + strlen(half[1]);
    struct maker m = {0}, box = {0};

    (void)state;
    put_be(&m, 0xFFD8, 2);
    for (int i = 1; i >= 0; i--) {
        struct maker head = {0};
        put(&head, "http://ns.adobe.com/xmp/extension/", 35);
        put_text(&head, "0123456789ABCDEF0123456789ABCDEF");
        put_be(&head, total, 4);
        put_be(&head, i ? strlen(half[0]) : 0, 4);
        put_segment(&m, 0xE1, head.at, head.n, half[i], strlen(half[i]));
        free(head.at);
    }
    put_segment(&m, 0xE2, "ICC_PROFILE\0\2\3", 14, "abc", 3);
    put_be(&box, 0, 4); /* a box of which the second segment repeats the header */
    put_text(&box, "jumb");
    put_jumd(&box, "c2pa", "c2pa");
    put_segment(&m, 0xEB, "JP\0\1\0\0\0\1", 8, box.at, 20);
    put_segment(&m, 0xEB, "JP\0\1\0\0\0\2\0\0\0\0jumb", 16, box.at + 20, box.n - 20);
    free(box.at);
    put_be(&m, 0xFFD9, 2);
    read_maker(AS_KIND_JPEG, &m);
    assert_string_equal(value_of("xmp.d:long"), "yes");
    assert_string_equal(value_of("c2pa.present"), "yes");
    assert_true(has_value("meta.broken", "ICC segments missing"));
}

static void test_boxes(void **state)
{
    struct maker m = {0};

    (void)state;
    put_box(&m, 20, "ftyp");
    put_text(&m, "qt  ");
    put_be(&m, 0, 4);
    put_text(&m, "qt  ");
    put_box(&m, 8 + 108 + 8 + 18, "moov");
    put_box(&m, 108, "mvhd");
    put_be(&m, 0, 4);
    put_be(&m, 3000000000u, 4); /* 24107 days... of 1904: 1999-01-24 */
    put_be(&m, 0, 4);
    put_be(&m, 600, 4);
    put_be(&m, 1200, 4);
    put(&m, (uint8_t[80]){0}, 80);
    put_box(&m, 8 + 18, "udta");
    put_box(&m, 18,
            "\xA9"
            "nam");
    put(&m, "\0\6\0\0Title!", 10);
    put_box(&m, 0xFFFFFFFF, "mdat");
    read_maker(AS_KIND_MOV, &m);
    assert_string_equal(value_of("bmff.brands"), "qt   qt");
    assert_string_equal(value_of("bmff.boxes"), "ftyp moov mdat");
    assert_string_equal(value_of("bmff.created"), "1999:01:24 05:20:00");
    assert_string_equal(value_of("bmff.\xC2\xA9nam"), "Title!");
    m = (struct maker){0};
    put_box(&m, 8, "hdlr"); /* with nothing in it: nothing may be computed from its address */
    read_maker(AS_KIND_MP4, &m);
    assert_string_equal(value_of("bmff.boxes"), "hdlr");
    for (int i = 0; i < 100000; i++) /* nested without end */
        put_box(&m, 0, "moov");
    read_maker(AS_KIND_MP4, &m);
    for (int i = 0; i < 100000; i++) /* empty without end */
        put_box(&m, 8, "free");
    read_maker(AS_KIND_MP4, &m);
    assert_true(as_kvs_find(&kvs, "bmff.boxes")->len <= 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png_bomb),
        cmocka_unit_test(test_jpeg_structure),
        cmocka_unit_test(test_jpeg_pieces),
        cmocka_unit_test(test_boxes),
    };
    int failed;

    if (as_kvs_init(&kvs) != AS_OK)
        return 2;
    as_metadata_warm();
    failed = cmocka_run_group_tests_name("metadata structure", tests, NULL, NULL);
    as_kvs_clear(&kvs);
    return failed;
}
