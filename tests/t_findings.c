/* t_findings.c - findings: ranked by score, ties by row, with the sentence that weighs most. */
#include "../kernels/learn/model.h"
#include "../pipeline/run/findings.h"

#include <math.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint16_t det; /* one that has sentences, and whose first measure is a declaration */
enum { PLAIN = 3 };  /* a measure that is nothing the file declares */
static float weights[256], feat[256], plain;
static struct as_models models;
static bool with[AS_DETECTORS_MAX];

static int make_model(void **state)
{
    static struct as_model model;
    (void)state;

    while (as_detectors[det] && (as_detectors[det]->says == NULL ||
                                 (as_detectors[det]->declares & (1 | 1 << PLAIN)) != 1))
        det++;
    if (as_detectors[det] == NULL)
        return -1;
    weights[0] = 1;
    weights[1] = 2;
    weights[PLAIN] = 1;
    model = (struct as_model){.kind = AS_MODEL_LINEAR,
                              .det = as_detectors[det],
                              .det_version = as_detectors[det]->version,
                              .dim = as_detectors[det]->dim,
                              .weights = weights,
                              .map_threshold = INFINITY};
    models.at[det] = &model;
    with[det] = true;
    return as_detectors[det]->dim >= 2 && as_detectors[det]->says[0] && as_detectors[det]->says[1]
               ? 0
               : -1;
}

/* The finding of a row with the first two measures set. */
static enum as_status look(struct as_findings *f, uint64_t id, uint16_t status, float a, float b)
{
    static struct as_row row;

    memset(&row, 0, sizeof row);
    memset(feat, 0, sizeof feat);
    feat[0] = a;
    feat[1] = b;
    feat[PLAIN] = plain;
    row.id = id;
    row.status = status;
    row.det[det] = (struct as_det_row){.status = AS_DET_APPLIES, .feat = feat};
    return as_findings_look(f, &row);
}

static void t_rank(void **state)
{
    static const uint64_t WANT[] = {12, 3, 7, 9};
    struct as_finding mine[8];
    struct as_findings *f;
    uint64_t n;
    (void)state;

    assert_int_equal(as_findings_new(&f, &models, with, NULL, NULL), AS_OK);
    assert_int_equal(look(f, 9, AS_ITEM_OK, 0.25f, 0), AS_OK);
    assert_int_equal(look(f, 7, AS_ITEM_OK, 1, 0), AS_OK);
    assert_int_equal(look(f, 12, AS_ITEM_OK, 1, 1), AS_OK);
    assert_int_equal(look(f, 3, AS_ITEM_OK, 1, 0), AS_OK);
    assert_int_equal(look(f, 1, AS_ITEM_OK, 0, 0), AS_OK);        /* nothing to say */
    assert_int_equal(look(f, 2, AS_ITEM_DUPLICATE, 1, 1), AS_OK); /* its first says it */
    assert_int_equal(look(f, 4, AS_ITEM_CRASHED, 1, 1), AS_OK);
    assert_int_equal(look(f, 5, AS_ITEM_OK, 1, -1), AS_OK); /* negative in all */
    assert_int_equal(as_findings_rank(f, NULL, &n, NULL), AS_OK);
    assert_int_equal(n, 4);
    for (uint64_t i = 0; i < n; i++) {
        assert_int_equal(as_findings_get(f, i, &mine[i], NULL), AS_OK);
        assert_int_equal(mine[i].row, WANT[i]);
        assert_int_equal(mine[i].det, det);
        assert_true(isnan(mine[i].llr));
        assert_true(i == 0 || mine[i].score <= mine[i - 1].score);
    }
    assert_true(
        strncmp(mine[0].text, as_detectors[det]->says[1], strlen(as_detectors[det]->says[1])) == 0);
    assert_non_null(strstr(mine[0].text, "1 more"));
    assert_string_equal(mine[1].text, as_detectors[det]->says[0]);
    as_findings_free(f);
}

static void t_unwanted(void **state)
{
    struct as_findings *f;
    uint64_t n;
    (void)state;

    with[det] = false;
    assert_int_equal(as_findings_new(&f, &models, with, NULL, NULL), AS_OK);
    assert_int_equal(look(f, 1, AS_ITEM_OK, 1, 1), AS_OK);
    assert_int_equal(as_findings_rank(f, NULL, &n, NULL), AS_OK);
    assert_int_equal(n, 0);
    as_findings_free(f);
    with[det] = true;
}

/* Many, so that the storage grows, in an order that is not the ranking. */
static void t_many(void **state)
{
    enum { N = 5000 };
    struct as_finding one, before = {.score = INFINITY};
    struct as_findings *f;
    uint64_t n;
    (void)state;

    assert_int_equal(as_findings_new(&f, &models, with, NULL, NULL), AS_OK);
    for (uint64_t i = 0; i < N; i++)
        assert_int_equal(look(f, i, AS_ITEM_OK, (float)(1 + i * 7919 % 100), 0), AS_OK);
    assert_int_equal(as_findings_rank(f, NULL, &n, NULL), AS_OK);
    assert_int_equal(n, N);
    for (uint64_t i = 0; i < n; i++, before = one) {
        assert_int_equal(as_findings_get(f, i, &one, NULL), AS_OK);
        assert_true(one.score < before.score ||
                    (one.score == before.score && one.row > before.row));
    }
    as_findings_free(f);
}

/* A model of a detector without sentences speaks for all measures, in its domain alone. */
static void t_trained(void **state)
{
    static float many[1024];
    struct as_model model = {.kind = AS_MODEL_LINEAR, .weights = many, .map_threshold = INFINITY};
    struct as_models trained = {0};
    bool only[AS_DETECTORS_MAX] = {false};
    struct as_row row = {.id = 3, .status = AS_ITEM_OK, .kind = 5, .w = 600, .h = 400};
    struct as_finding got;
    struct as_findings *f;
    uint64_t n;
    uint16_t d = 0;
    (void)state;

    while (as_detectors[d] && strcmp(as_detectors[d]->name, "spam") != 0)
        d++;
    assert_true(as_detectors[d] && as_detectors[d]->says == NULL && as_detectors[d]->dim > 256);
    model.det = as_detectors[d];
    model.dim = as_detectors[d]->dim;
    model.bias = 1;
    trained.at[d] = &model;
    only[d] = true;
    row.det[d] = (struct as_det_row){.status = AS_DET_APPLIES, .feat = many};
    assert_int_equal(as_findings_new(&f, &trained, only, NULL, NULL), AS_OK);
    assert_int_equal(as_findings_look(f, &row), AS_OK); /* no domain: nothing is said */
    model.domain = (struct as_domain){.kinds = 1 << 5, .side_min = 400, .side_max = 600};
    assert_int_equal(as_findings_look(f, &row), AS_OK);
    row.w = 601;
    assert_int_equal(as_findings_look(f, &row), AS_OK);
    row.w = 600;
    row.kind = 6;
    assert_int_equal(as_findings_look(f, &row), AS_OK);
    model.domain.kinds |= 1 << 10; /* JPEG, but jpeg_tables did not run */
    model.domain.quality_max = 100;
    row.kind = 10;
    assert_int_equal(as_findings_look(f, &row), AS_OK);
    assert_int_equal(as_findings_rank(f, NULL, &n, NULL), AS_OK);
    assert_int_equal(n, 1);
    assert_int_equal(as_findings_get(f, 0, &got, NULL), AS_OK);
    assert_int_equal(got.kind, AS_FINDING_SCORE);
    assert_int_equal(got.det, d);
    assert_non_null(strstr(got.text, "which are not said to be real"));
    snprintf(model.says, sizeof model.says, "a sentence of its own");
    assert_int_equal(as_findings_get(f, 0, &got, NULL), AS_OK);
    assert_string_equal(got.text, "a sentence of its own");
    as_findings_free(f);
}

/* Calibrated: the ratio beside the score, and one finding of the item before all scores, where a
 * score is a finding; neither outside the domain, nor of a calibration that is not of real data. */
static void t_calibrated(void **state)
{
    static const struct {
        uint64_t row;
        uint16_t kind;
        float llr;
    } WANT[] = {
        {2, AS_FINDING_CALIBRATED, 1.5F}, {1, AS_FINDING_CALIBRATED, -.75F},
        {3, AS_FINDING_SCORE, NAN},       {2, AS_FINDING_SCORE, 1.5F},
        {1, AS_FINDING_SCORE, -.75F},
    };
    static const float SCORE[] = {-1, .25F, 3, 9};
    static float many[1024], one[1024] = {1};
    struct as_model model = {.kind = AS_MODEL_LINEAR,
                             .weights = one,
                             .map_threshold = INFINITY,
                             .calibration = {1, -1, -2, 1.5, {50, 50}, {50, 50}},
                             .domain = {.kinds = 1 << 5, .side_max = 600},
                             .real = true};
    struct as_models trained = {0};
    bool only[AS_DETECTORS_MAX] = {false};
    struct as_findings *f;
    struct as_finding got;
    uint64_t n;
    uint16_t d = 0;
    (void)state;

    while (as_detectors[d] && strcmp(as_detectors[d]->name, "jpeg_tables") != 0)
        d++;
    model.det = as_detectors[d];
    model.dim = as_detectors[d]->dim;
    trained.at[d] = &model;
    only[d] = true;
    assert_int_equal(as_findings_new(&f, &trained, only, NULL, NULL), AS_OK);
    for (uint64_t i = 0; i < 4; i++) {
        struct as_row row = {.id = i, .status = AS_ITEM_OK, .kind = i == 3 ? 6 : 5, .w = 9, .h = 9};
        many[0] = SCORE[i];
        row.det[d] = (struct as_det_row){.status = AS_DET_APPLIES, .feat = many};
        model.domain.kinds = i == 3 ? 1 << 6 : 1 << 5;
        model.real = i != 3;
        assert_int_equal(as_findings_look(f, &row), AS_OK);
    }
    assert_int_equal(as_findings_rank(f, NULL, &n, NULL), AS_OK);
    assert_int_equal(n, sizeof WANT / sizeof *WANT);
    for (uint64_t i = 0; i < n; i++) {
        assert_int_equal(as_findings_get(f, i, &got, NULL), AS_OK);
        if (got.row != WANT[i].row || got.kind != WANT[i].kind ||
            memcmp(&got.llr, &WANT[i].llr, sizeof got.llr) != 0)
            fail_msg("finding %u: row %u kind %u ratio %g", (unsigned)i, (unsigned)got.row,
                     got.kind, (double)got.llr);
    }
    as_findings_free(f);
}

static const struct as_set_row SETS[] = {
    {AS_SET_KNOWN, "hashes", "", "", 9},
    {AS_SET_MEDIA, "media", "", "", 9},
    {AS_SET_CAMERA, "cameras", "", "", 9},
};

/* What a file declares stands before known content, this before media, these before cameras, all
 * before scores; an item has one finding of a set and kind; its copy has none; known good content
 * is none. */
static void t_matches(void **state)
{
    static const struct as_match M[] = {
        {3, 1, 0, AS_MATCH_HASH, AS_KNOWN_GOOD, (double)NAN, 0, 0, 0, 0, 0, 0, 0},
        {4, 1, 0, AS_MATCH_HASH, AS_KNOWN_BAD, (double)NAN, 0, 0, 0, 0, 0, 0, 0},
        {4, 5, 1, AS_MATCH_CODE, 12, (double)NAN, 0, 0, 0, 0, 0, 0, 0},
        {4, 6, 1, AS_MATCH_CODE, 2, (double)NAN, 0, 0, 0, 0, 0, 0, 0},
        {4, 7, 1, AS_MATCH_CODE, 2, (double)NAN, 0, 0, 0, 0, 0, 0, 0},
        {5, 8, 1, AS_MATCH_HASH, 0, (double)NAN, 0, 0, 0, 0, 0, 0, 0},
        {5, 8, 1, AS_MATCH_CODE, 0, (double)NAN, 0, 0, 0, 0, 0, 0, 0},
        {6, 0, 2, AS_MATCH_CAMERA, 60, 1e-9, 0, 0, 0, 0, 0, 0, 0},
        {7, 1, 2, AS_MATCH_CAMERA, 412, 1e-90, 6.25f, 3, 0, 0, 0, 0, AS_BESIDE_MODEL},
        {7, 2, 1, AS_MATCH_SIMILAR, 0.95f, (double)NAN, 0, 0, 0, 0, 0, 0, 0},
        {8, 1, 2, AS_MATCH_CAMERA, 412, 1e-90, 6.25f, 3, 0, 0, 0, 0, AS_BESIDE_MODEL}, /* a copy */
    };
    static const struct {
        uint64_t row;
        uint16_t kind, set;
        const char *text;
    } WANT[] = {
        {9, AS_FINDING_DECLARED, AS_FINDING_NONE, "declares"},
        {4, AS_FINDING_KNOWN, 0, "known bad by its hash"},
        {5, AS_FINDING_MATCH, 1, "the same bytes as a known"},
        {5, AS_FINDING_MATCH, 1, "(0 of 256 bits"},
        {4, AS_FINDING_MATCH, 1, "(2 of 256 bits of the PDQ codes differ); and 2 more"},
        {7, AS_FINDING_MATCH, 2,
         "supports the view that this camera took it (PCE 412, false alarm 10^-90 for all "
         "tried in its step; the best of 3 other cameras of the same model has PCE 6.2)"},
        {6, AS_FINDING_MATCH, 2, "(PCE 60, false alarm 10^-9 "},
        {7, AS_FINDING_MATCH, 1, "similar to a known picture (similarity 0.950)"},
        {10, AS_FINDING_SCORE, AS_FINDING_NONE, ""},
    };
    struct as_finding got;
    struct as_findings *f;
    uint64_t n;
    (void)state;

    assert_int_equal(as_findings_new(&f, &models, with, NULL, NULL), AS_OK);
    assert_int_equal(as_findings_rows(f, 3, 8, NULL), AS_OK);
    assert_int_equal(look(f, 8, AS_ITEM_DUPLICATE, 0, 0), AS_OK);
    assert_int_equal(look(f, 9, AS_ITEM_OK, 1, 0), AS_OK);
    plain = 1000;
    assert_int_equal(look(f, 10, AS_ITEM_OK, 0, 0), AS_OK);
    plain = 0;
    assert_int_equal(as_findings_match(f, NULL, SETS, M, sizeof M / sizeof *M, NULL), AS_OK);
    assert_int_equal(as_findings_rank(f, NULL, &n, NULL), AS_OK);
    assert_int_equal(n, sizeof WANT / sizeof *WANT);
    for (uint64_t i = 0; i < n; i++) {
        assert_int_equal(as_findings_get(f, i, &got, NULL), AS_OK);
        if (got.row != WANT[i].row || got.kind != WANT[i].kind || got.set != WANT[i].set ||
            strstr(got.text, WANT[i].text) == NULL)
            fail_msg("finding %u: row %u kind %u set %u: %s", (unsigned)i, (unsigned)got.row,
                     got.kind, got.set, got.text);
    }
    as_findings_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_rank), cmocka_unit_test(t_unwanted), cmocka_unit_test(t_trained),
        cmocka_unit_test(t_many), cmocka_unit_test(t_matches),  cmocka_unit_test(t_calibrated),
    };
    return cmocka_run_group_tests(tests, make_model, NULL);
}
