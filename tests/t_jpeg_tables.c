/* t_jpeg_tables.c - quality, distances, families and signatures from the headers of a JPEG. */
#include "../kernels/detectors/detector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jpeglib.h>

struct result {
    float feat[64];
    uint8_t code[16];
    enum as_verdict verdict;
    uint16_t reason;
};

static struct result extract(const struct as_jpeg *jpeg)
{
    const struct as_meta meta = {.w = 64, .h = 64, .jpeg = jpeg};
    const struct as_unit unit = {.views = AS_META, .meta = &meta};
    struct result r;
    struct as_out out = {.feat = r.feat, .code = r.code};

    memset(&r, 0, sizeof r);
    assert_int_equal(as_det_extract(as_det_find("jpeg_tables"), NULL, &unit, NULL, &out), AS_OK);
    r.verdict = out.verdict;
    r.reason = out.reason;
    return r;
}

static float measure(const struct result *r, const char *name)
{
    const struct as_detector *det = as_det_find("jpeg_tables");

    for (uint32_t i = 0; i < det->dim; i++)
        if (strcmp(det->measures[i], name) == 0)
            return r->feat[i];
    fail_msg("no measure %s", name);
    return -1;
}

/* The tables that libjpeg itself makes for a quality. */
static void libjpeg_tables(int quality, struct as_jpeg *j)
{
    struct jpeg_compress_struct cinfo;
    struct jpeg_error_mgr errors;

    memset(&cinfo, 0, sizeof cinfo);
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_compress(&cinfo);
    cinfo.in_color_space = JCS_RGB;
    cinfo.input_components = 3;
    jpeg_set_defaults(&cinfo);
    jpeg_set_quality(&cinfo, quality, TRUE);
    memset(j, 0, sizeof *j);
    for (size_t t = 0; t < 2; t++)
        for (size_t k = 0; k < 64; k++)
            j->qt[t][k] = cinfo.quant_tbl_ptrs[t]->quantval[k];
    jpeg_destroy_compress(&cinfo);
    j->qt_mask = 3;
    j->qt_bits[0] = j->qt_bits[1] = 8;
    j->ncomp = 3;
    j->precision = 8;
    j->sof = 0xC0;
    for (uint8_t c = 0; c < 3; c++) {
        j->comp_h[c] = j->comp_v[c] = c ? 1 : 2;
        j->comp_tq[c] = c ? 1 : 0;
    }
    j->huff_standard = true;
    j->scans = 1;
    j->has_eoi = true;
    j->adobe_transform = 255;
}

static void add_marker(struct as_jpeg *j, uint8_t code, const char *id)
{
    j->marker[j->nmarkers].code = code;
    memcpy(j->marker[j->nmarkers].id, id, strnlen(id, 8));
    j->nmarkers++;
}

static void test_every_quality(void **state)
{
    (void)state;
    for (int q = 1; q <= 100; q++) {
        struct as_jpeg j;
        struct result r;
        libjpeg_tables(q, &j);
        r = extract(&j);
        assert_int_equal(r.verdict, AS_APPLIES);
        assert_int_equal((int)measure(&r, "quality_luma"), q);
        assert_int_equal((int)measure(&r, "quality_chroma"), q);
        assert_true(measure(&r, "standard") == 1);
        assert_true(measure(&r, "distance_luma") == 0 && measure(&r, "distance_chroma") == 0);
        assert_true(measure(&r, "encoder_family") == 1);
    }
}

static void test_nearest(void **state)
{
    struct as_jpeg j;
    struct result r;
    (void)state;
    libjpeg_tables(80, &j);
    j.qt[0][63] = (uint16_t)(j.qt[0][63] + 16); /* 16 over 64 steps */
    r = extract(&j);
    assert_int_equal((int)measure(&r, "quality_luma"), 80);
    assert_true(measure(&r, "distance_luma") == 0.25f);
    assert_true(measure(&r, "standard") == 0);
    assert_true(measure(&r, "encoder_family") == 4);
    add_marker(&j, 0xE1, "Exif");
    r = extract(&j);
    assert_true(measure(&r, "encoder_family") == 2);
    add_marker(&j, 0xED, "Photosho");
    add_marker(&j, 0xEE, "Adobe");
    r = extract(&j);
    assert_true(measure(&r, "encoder_family") == 3);
}

static void test_two_qualities_are_not_standard(void **state)
{
    struct as_jpeg j, other;
    struct result r;
    (void)state;
    libjpeg_tables(80, &j);
    libjpeg_tables(90, &other);
    memcpy(j.qt[1], other.qt[1], sizeof j.qt[1]);
    r = extract(&j);
    assert_int_equal((int)measure(&r, "quality_chroma"), 90);
    assert_true(measure(&r, "standard") == 0);
}

static void test_stream(void **state)
{
    struct as_jpeg j;
    struct result r;
    (void)state;
    libjpeg_tables(75, &j);
    r = extract(&j);
    assert_true(measure(&r, "subsampling") == 22);
    assert_true(measure(&r, "table_count") == 2);
    assert_true(measure(&r, "huffman_standard") == 1 && measure(&r, "progressive") == 0);
    j.comp_v[0] = 1;
    j.sof = 0xC2;
    j.scans = 10;
    j.restart_interval = 99;
    j.trailing_bytes = 1000;
    j.has_eoi = false;
    j.qt_bits[1] = 16;
    r = extract(&j);
    assert_true(measure(&r, "subsampling") == 21);
    assert_true(measure(&r, "progressive") == 1 && measure(&r, "scans") == 10);
    assert_true(measure(&r, "restart_interval_mcu") == 99);
    assert_true(measure(&r, "trailing_bytes") == 1000 && measure(&r, "end_missing") == 1);
    assert_true(measure(&r, "bits16") == 1);
    j.comp_h[1] = j.comp_v[1] = 0; /* a division by a claim */
    r = extract(&j);
    assert_true(measure(&r, "subsampling") == 0);
}

static void test_thumbnail(void **state)
{
    struct as_jpeg j, small;
    struct result r;
    (void)state;
    libjpeg_tables(90, &j);
    libjpeg_tables(60, &small);
    r = extract(&j);
    assert_true(measure(&r, "quality_thumb") == 0 && measure(&r, "thumb_differs") == 0);
    memcpy(j.thumb_qt[0], small.qt[0], sizeof j.thumb_qt[0]);
    j.thumb_qt_mask = 1;
    r = extract(&j);
    assert_true(measure(&r, "quality_thumb") == 60 && measure(&r, "thumb_differs") == 1);
    memcpy(j.thumb_qt[0], j.qt[0], sizeof j.thumb_qt[0]);
    r = extract(&j);
    assert_true(measure(&r, "quality_thumb") == 90 && measure(&r, "thumb_differs") == 0);
}

static void test_signature(void **state)
{
    struct as_jpeg j;
    struct result plain, other;
    (void)state;
    libjpeg_tables(75, &j);
    add_marker(&j, 0xE0, "JFIF");
    add_marker(&j, 0xE2, "ICC_PROF");
    plain = extract(&j);
    add_marker(&j, 0xE2, "ICC_PROF"); /* a longer profile: the same encoder */
    other = extract(&j);
    assert_memory_equal(plain.code, other.code, 16);
    add_marker(&j, 0xFE, ""); /* a comment: other structure, the same tables */
    other = extract(&j);
    assert_memory_equal(plain.code, other.code, 8);
    assert_memory_not_equal(plain.code + 8, other.code + 8, 8);
    j.qt[1][5]++;
    other = extract(&j);
    assert_memory_not_equal(plain.code, other.code, 8);
}

static void test_not_applicable(void **state)
{
    struct as_jpeg j;
    struct result r;
    (void)state;
    r = extract(NULL);
    assert_int_equal(r.verdict, AS_NOT_APPLICABLE);
    assert_string_equal(as_det_reason(as_det_find("jpeg_tables"), r.reason), "not a JPEG");
    libjpeg_tables(75, &j);
    j.qt_mask = 2;
    assert_int_equal(extract(&j).verdict, AS_NOT_APPLICABLE);
    libjpeg_tables(75, &j);
    j.comp_tq[0] = 200;
    assert_int_equal(extract(&j).verdict, AS_NOT_APPLICABLE);
    libjpeg_tables(75, &j);
    j.ncomp = 0;
    assert_int_equal(extract(&j).verdict, AS_NOT_APPLICABLE);
    libjpeg_tables(75, &j);
    j.ncomp = 255; /* claims of more than the arrays hold */
    j.nmarkers = UINT32_MAX;
    assert_int_equal(extract(&j).verdict, AS_APPLIES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_quality),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_two_qualities_are_not_standard),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_thumbnail),
        cmocka_unit_test(test_signature),
        cmocka_unit_test(test_not_applicable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
