/* t_metadata_rules.c - each rule of the metadata detector fires on its case and not beside it;
 * the model file ranks them.
 */
#include "../kernels/detectors/detector.h"
#include "../kernels/framing.h"
#include "../pipeline/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { W = 4000, H = 3000, KV_MAX = 8, DIM_MAX = 64 };

struct result {
    float feat[DIM_MAX];
    enum as_verdict verdict;
};

static const struct as_detector *det(void)
{
    return as_det_find("metadata");
}

static uint32_t index_of(const char *name)
{
    for (uint32_t i = 0; i < det()->dim; i++)
        if (strcmp(det()->measures[i], name) == 0)
            return i;
    fail_msg("no measure %s", name);
    return 0;
}

static struct result extract(const struct as_meta *meta)
{
    const struct as_unit unit = {.views = AS_META, .meta = meta};
    struct result r;
    struct as_out out = {.feat = r.feat};

    memset(&r, 0, sizeof r);
    assert_int_equal(as_det_extract(det(), NULL, &unit, NULL, &out), AS_OK);
    r.verdict = out.verdict;
    return r;
}

/* The measures of a 4000 x 3000 picture with entries key, value, ..., NULL. */
static struct result with(const char *const *text)
{
    struct as_kv kv[KV_MAX];
    struct as_meta meta = {.w = W, .h = H, .kv = kv};

    for (; text[2 * meta.nkv]; meta.nkv++) {
        const char *key = text[2 * meta.nkv], *value = text[2 * meta.nkv + 1];
        assert_true(meta.nkv < KV_MAX);
        kv[meta.nkv] =
            (struct as_kv){{key, (uint32_t)strlen(key)}, {value, (uint32_t)strlen(value)}};
    }
    return extract(&meta);
}

/* Exactly the rules in `want` (a blank between names) fire on one entry. */
static void expect(const char *key, const char *value, const char *want)
{
    const struct result r = with((const char *const[]){key, value, NULL});

    for (uint32_t i = 0; i < det()->dim; i++) {
        char name[66];
        char list[256];
        snprintf(name, sizeof name, " %s ", det()->measures[i]);
        snprintf(list, sizeof list, " %s ", want);
        if ((r.feat[i] > 0) != (strstr(list, name) != NULL))
            fail_msg("%s = %s: %s is %g", key, value, det()->measures[i], (double)r.feat[i]);
    }
}

static void test_declared(void **state)
{
    static const char cv[] = "xmp.Iptc4xmpExt:DigitalSourceType";
    (void)state;
    expect(cv, "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
           "declared_generated");
    expect(cv, "trainedAlgorithmicMedia", "declared_generated");
    expect(cv, "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia",
           "declared_generated");
    expect(cv,
           "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia",
           "declared_composite_generated");
    expect(cv, "http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic",
           "declared_composite_generated");
    expect(cv, "http://cv.iptc.org/newscodes/digitalsourcetype/humanEdits", "declared_edited");
    expect(cv, "http://cv.iptc.org/newscodes/digitalsourcetype/compositeCapture",
           "declared_edited");
    expect(cv, "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced",
           "declared_edited");
    expect(cv, "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture", "");
    expect(cv, "http://cv.iptc.org/newscodes/digitalsourcetype/computationalCapture", "");
    expect("xmp.dc:description", "trainedAlgorithmicMedia", ""); /* a word in a caption */
}

static void test_c2pa(void **state)
{
    (void)state;
    expect("c2pa.present", "yes", "c2pa_present");
    expect("c2pa.digital_source_type",
           "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
           "c2pa_present declared_generated");
    expect("c2pa.ingredient_digital_source_type",
           "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
           "c2pa_present declared_composite_generated");
    expect("c2pa.actions", "c2pa.created", "c2pa_present");
    expect("c2pa.actions", "c2pa.opened; c2pa.placed", "c2pa_present declared_edited");
    expect("c2pa.claim_generator", "Adobe_Firefly/1.0 c2pa-rs/0.7",
           "c2pa_present generator_software");
    expect("c2pa.title", "steps: sampler seed: photoshop", "c2pa_present");
}

static void test_generator_text(void **state)
{
    (void)state;
    expect(
        "png.parameters",
        "a cat\nNegative prompt: dog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 965400086",
        "generator_text");
    expect("exif.UserComment", "a cat\nSteps: 20, Sampler: DPM++ 2M, Seed: 1", "generator_text");
    expect("png.prompt", "{\"3\": {\"inputs\": {\"seed\": 1}, \"class_type\": \"KSampler\"}}",
           "generator_text");
    expect("png.workflow", "{\"last_node_id\": 9, \"last_link_id\": 9, \"nodes\": [",
           "generator_text");
    expect("png.invokeai_metadata",
           "{\"generation_mode\":\"txt2img\",\"positive_prompt\":\"a cat\"}", "generator_text");
    expect("png.Dream", "\"a cat\" -s 50 -S 1 -W 512 -H 512 -C 7.5 -A k_lms", "generator_text");
    expect("xmp.exif:UserComment", "{\"c\":\"a cat\",\"seed\":1,\"steps\":20,\"sampler\":\"DPM\"}",
           "generator_text");
    expect("png.Description", "a cat --ar 16:9 --v 5 Job ID: 01234567-89ab-cdef-0123-456789abcdef",
           "generator_text");
    /* the keys alone, or a part of the words, are not enough */
    expect("png.parameters", "exposure 1/60", "");
    expect("png.prompt", "Please enter", "");
    expect("exif.UserComment", "Steps: 3 to the door", "");
    expect("png.Comment", "{\"seed\": 5}", "");
}

static void test_programs(void **state)
{
    (void)state;
    expect("png.Software", "NovelAI", "generator_software");
    expect("iptc.Credit", "Made with Google AI", "generator_software");
    expect("xmp.photoshop:Credit", "Midjourney, inc.", "generator_software");
    expect("exif.Software", "Adobe Photoshop CS6 (Windows)", "editing_software");
    expect("exif.Software", "GIMP 2.8.10", "editing_software");
    expect("xmp.xmp:CreatorTool", "Adobe Photoshop Lightroom 4.1 (Macintosh)",
           "developing_software");
    expect("xmp.xmpMM:History[2]/stEvt:softwareAgent", "Adobe Photoshop CC 2019",
           "editing_software");
    expect("exif.Software", "FaceApp", "face_software");
    expect("exif.Software", "Ver.1.00", "");
    expect("exif.Software", "NIKON D70 firefly2x", ""); /* inside a longer word */
    expect("exif.Model", "Photoshop", "");              /* not where programs stand */
    expect("xmp.dc:description", "made in photoshop", "");
}

static void test_sizes(void **state)
{
    const uint32_t i = index_of("exif_size_mismatch");
    static const struct {
        const char *x, *y;
        float want;
    } cases[] = {{"4000", "3000", 0}, {"3000", "4000", 0}, {"2000", "1500", 1},
                 {"4000", "2999", 1}, {"0", "0", 0},       {"99999999999999999999", "1", 0},
                 {"", "3000", 0},     {"-1", "3000", 0}};
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const struct result r = with((const char *const[]){
            "exif.PixelXDimension", cases[k].x, "exif.PixelYDimension", cases[k].y, NULL});
        assert_true(r.feat[i] == cases[k].want);
    }
    assert_true(with((const char *const[]){"exif.PixelXDimension", "7", NULL}).feat[i] == 0);
}

static void check_dates(const char *original, const char *digitised, const char *changed,
                        float impossible, float unset)
{
    const struct result r =
        with((const char *const[]){"exif.DateTimeOriginal", original, "exif.DateTimeDigitized",
                                   digitised, "exif.DateTime", changed, NULL});
    if (r.feat[index_of("impossible_dates")] != impossible ||
        r.feat[index_of("unset_dates")] != unset)
        fail_msg("%s, %s, %s", original, digitised, changed);
}

static void test_dates(void **state)
{
    static const char day[] = "2004:02:29 13:52:55", next[] = "2004:03:01 13:52:55";
    static const char later[] = "2004:03:01 13:52:56";
    (void)state;
    check_dates(day, day, day, 0, 0);
    check_dates(next, day, next, 0, 0);   /* one day to the second: a time zone */
    check_dates(later, day, later, 1, 0); /* and a second more                  */
    check_dates(later, later, day, 1, 0);
    check_dates(day, later, later, 0, 0); /* scanned later */
    check_dates("2004:13:01 00:00:00", day, day, 1, 0);
    check_dates("2004:02:01 25:00:00", day, day, 1, 0);
    check_dates("2004", day, day, 1, 0);
    check_dates("123456:01:01 00:00:00", day, day, 1, 0);
    check_dates("    :  :     :  :  ", day, day, 0, 0);
    check_dates("", "", "", 0, 0);
    check_dates("0000:00:00 00:00:00", day, day, 0, 1);
    check_dates("2001:12:00 00:00:00", day, day, 0, 1);
    check_dates("1980:01:01 00:00:00", "1980:01:01 00:00:00", day, 0, 1);
    check_dates("2004-02-29T13:52:55.123+01:00", day, day, 0, 0);
}

/* ---- thumbnails ---- */

enum { TW = 160, TH = 120, PW = 160, PH = 107 };

/* A scene seen at u, v in 0..1: blobs that no framing confuses. */
static float scene(double u, double v)
{
    const double a = (u - .3) * (u - .3) + (v - .25) * (v - .25);
    const double b = (u - .7) * (u - .7) * 2 + (v - .8) * (v - .8);
    return (float)(60 + 150 / (1 + 40 * a) + 20 * u - 45 / (1 + 60 * b));
}

/* The part x0..x1, y0..y1 of the scene. */
static void draw(float *at, uint32_t w, uint32_t h, double x0, double x1, double y0, double y1)
{
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++)
            at[y * w + x] = scene(x0 + (x1 - x0) * (x + .5) / w, y0 + (y1 - y0) * (y + .5) / h);
}

static float mismatch(const float *thumb, uint32_t tw, uint32_t th, const float *small, uint32_t w,
                      uint32_t h)
{
    const struct as_meta meta = {
        .w = W, .h = H, .thumb = {thumb, tw, th, tw}, .small = {small, w, h, w}};
    return extract(&meta).feat[index_of("thumbnail_mismatch")];
}

static void test_thumbnails(void **state)
{
    static float small[PW * PH], thumb[TW * TH], turned[PW * PH];
    (void)state;
    draw(small, PW, PH, 0, 1, 0, 1);
    draw(thumb, TW, TH, 0, 1, 0, 1); /* squeezed */
    assert_true(mismatch(thumb, TW, TH, small, PW, PH) == 0);
    memset(thumb, 0, sizeof thumb); /* with black bars */
    draw(thumb + 7 * TW, TW, 106, 0, 1, 0, 1);
    assert_true(mismatch(thumb, TW, TH, small, PW, PH) == 0);
    draw(thumb, TW, TH, .055, .945, 0, 1); /* cropped to its shape */
    assert_true(mismatch(thumb, TW, TH, small, PW, PH) == 0);
    draw(thumb, PW, PH, 0, 1, 0, 1);
    for (uint32_t y = 0; y < PH; y++) /* the picture was turned */
        for (uint32_t x = 0; x < PW; x++)
            turned[x * PH + PH - 1 - y] = small[y * PW + x];
    assert_true(mismatch(thumb, PW, PH, turned, PH, PW) == 0);
    draw(small, PW, PH, 0, .6, .4, 1); /* the picture was cropped */
    assert_true(mismatch(thumb, PW, PH, small, PW, PH) > .2f);
    for (uint32_t i = 0; i < PW * PH; i++) /* another picture */
        turned[i] = (i % PW / 20 + i / PW / 20) % 2 ? 200 : 50;
    assert_true(mismatch(thumb, PW, PH, turned, PW, PH) > .3f);
}

static void test_thumbnails_that_say_nothing(void **state)
{
    static float small[PW * PH], thumb[TW * TH];
    (void)state;
    draw(small, PW, PH, 0, 1, 0, 1);
    assert_true(mismatch(thumb, TW, TH, small, PW, PH) == 0); /* flat */
    assert_true(mismatch(small, 7, 100, small, PW, PH) == 0); /* too small */
    assert_true(mismatch(small, 8, 8, small, PW, PH) >= 0);
    assert_true(mismatch(NULL, 0, 0, small, PW, PH) == 0);
}

/* ---- verdict and model ---- */

static void test_no_metadata(void **state)
{
    const struct as_meta meta = {.w = W, .h = H};
    (void)state;
    assert_int_equal(extract(&meta).verdict, AS_NOT_APPLICABLE);
}

static void test_model_ranks(void **state)
{
    static const char *const order[] = {"declared_generated",  "declared_composite_generated",
                                        "generator_text",      "generator_software",
                                        "declared_edited",     "thumbnail_mismatch",
                                        "exif_size_mismatch",  "editing_software",
                                        "developing_software", "c2pa_present"};
    struct as_models models;
    struct as_err err;
    size_t at = 0;
    float last = 0;
    (void)state;
    unsetenv("ASSAY_MODELS");
    assert_int_equal(as_models_load(&models, &err), AS_OK);
    while (as_detectors[at] != det())
        at++;
    assert_non_null(models.at[at]);
    assert_int_equal(strlen(models.sha256[at]), 64);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        float feat[DIM_MAX] = {0}, score;
        feat[index_of(order[i])] = 1;
        assert_int_equal(as_det_score(det(), models.at[at], feat, 1, &score), AS_OK);
        assert_true(score >= 0); /* nothing speaks for authenticity */
        assert_true(i == 0 || score < last);
        last = score;
    }
    for (size_t i = 0; as_detectors[i]; i++)
        if (strcmp(as_detectors[i]->name, "pdq") == 0)
            assert_null(models.at[i]);
    as_models_clear(&models);
}

static enum as_status read_text(const char *text)
{
    char path[] = "/tmp/t_model_XXXXXX", sha256[65];
    struct as_model *model;
    struct as_err err;
    const int fd = mkstemp(path);
    enum as_status status;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    status = as_model_read(path, as_det_find("pdq"), &model, sha256, &err);
    assert_true((status == AS_OK) == (model != NULL));
    as_model_free(model);
    unlink(path);
    return status;
}

static void test_model_files(void **state)
{
    struct as_models models;
    (void)state;
#define HEAD "{\"detector\":\"pdq\",\"version\":1,\"kind\":\"linear\",\"bias\":1,"
    assert_int_equal(read_text(HEAD "\"weights\":{\"quality\":2}}"), AS_OK);
    assert_int_equal(read_text(HEAD "\"weights\":{\"quality\":2},\"map_threshold\":3}"), AS_OK);
    assert_int_equal(read_text(HEAD "\"weights\":{\"quality\":2},\"map_threshold\":\"3\"}"),
                     AS_EFORMAT);
    assert_int_equal(read_text(HEAD "\"weights\":{\"quality\":1e300}}"), AS_EFORMAT);
    assert_int_equal(read_text(HEAD "\"weights\":{\"quality\":2,\"other\":1}}"), AS_EFORMAT);
    assert_int_equal(read_text(HEAD "\"weights\":{}}"), AS_EFORMAT);
    assert_int_equal(read_text(HEAD "\"weights\":[2]}"), AS_EFORMAT);
    assert_int_equal(read_text("{\"detector\":\"pdq\",\"version\":99}"), AS_EFORMAT);
    assert_int_equal(read_text("[1]"), AS_EFORMAT);
    assert_int_equal(read_text(""), AS_EFORMAT);
#undef HEAD
    setenv("ASSAY_MODELS", "/nonexistent", 1); /* nowhere else is searched then */
    assert_int_equal(as_models_load(&models, NULL), AS_OK);
    for (size_t i = 0; as_detectors[i]; i++)
        assert_null(models.at[i]);
    as_models_clear(&models);
    unsetenv("ASSAY_MODELS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_declared),       cmocka_unit_test(test_c2pa),
        cmocka_unit_test(test_generator_text), cmocka_unit_test(test_programs),
        cmocka_unit_test(test_sizes),          cmocka_unit_test(test_dates),
        cmocka_unit_test(test_thumbnails),     cmocka_unit_test(test_thumbnails_that_say_nothing),
        cmocka_unit_test(test_no_metadata),    cmocka_unit_test(test_model_ranks),
        cmocka_unit_test(test_model_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
