/* t_learn.c - scales, draws, calibration, likelihood ratios, and model files that must be refused.
 *
 * Measures, fits and the ensemble are compared with numpy by s_learn.sh. */
#include "../kernels/learn/bootstrap.h"
#include "../kernels/learn/metrics.h"
#include "../pipeline/model.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void test_keys(void **state)
{
    static const float ASCENDING[] = {-FLT_MAX, -1, -1e-40F, 0, 1e-40F, 1, FLT_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof ASCENDING / sizeof *ASCENDING; i++) {
        assert_true(as_scale_value(as_scale_key(ASCENDING[i])) == ASCENDING[i]);
        if (i > 0)
            assert_true(as_scale_key(ASCENDING[i - 1]) < as_scale_key(ASCENDING[i]));
    }
    assert_int_equal(as_scale_key(-0.0F), as_scale_key(0));
}

/* A measure that never differs, one over the whole range, one with a single outlier. */
static void test_scale(void **state)
{
    enum { N = 1000 };
    float feat[N][3];
    struct as_scale s;
    int16_t z[3];

    (void)state;
    for (int i = 0; i < N; i++) {
        feat[i][0] = 7;
        feat[i][1] = i % 2 ? FLT_MAX : -FLT_MAX;
        feat[i][2] = i ? 0 : 1;
    }
    assert_int_equal(as_scale_init(&s, 3), AS_OK);
    assert_int_equal(as_scale_finish(&s), AS_EUSAGE); /* no items */
    for (int i = 0; i < N; i++)
        as_scale_range(&s, feat[i]);
    for (int i = 0; i < N; i++)
        as_scale_count(&s, feat[i]);
    assert_int_equal(as_scale_finish(&s), AS_OK);
    as_scale_apply(&s, feat[0], z);
    assert_int_equal(z[0], 0);
    assert_int_equal(z[1], -AS_SCALE_ONE);
    assert_int_equal(z[2], AS_SCALE_MAX); /* 31 deviations, cut */
    as_scale_apply(&s, feat[1], z);
    assert_int_equal(z[1], AS_SCALE_ONE);
    as_scale_clear(&s);
}

static void test_draws(void **state)
{
    static const uint32_t GROUP[] = {0, 0, 1, 1, 2, 3, 3, 5, 6};
    static const uint8_t LABEL[] = {0, 0, 0, 0, 0, 1, 1, 1, 0};
    enum { N = 9, DRAWS = 4000 };
    struct as_bootstrap b;
    uint32_t weight[N], again[N], authentic, altered, most = 0;
    uint64_t sum = 0;

    (void)state;
    assert_int_equal(as_bootstrap_init(&b, GROUP, 6, LABEL, N, 1), AS_EUSAGE);
    assert_int_equal(as_bootstrap_init(&b, GROUP, 7, LABEL, N, 1), AS_OK);
    for (uint64_t i = 0; i < DRAWS; i++) {
        as_bootstrap_draw(&b, i, weight);
        assert_int_equal(weight[0], weight[1]); /* groups stay whole */
        assert_int_equal(weight[5], weight[6]);
        authentic = weight[0] + weight[2] + weight[4] + weight[8];
        altered = weight[5] + weight[7];
        assert_int_equal(authentic, 4); /* and of their class */
        assert_int_equal(altered, 2);
        most = weight[4] > most ? weight[4] : most;
        sum += weight[4];
    }
    assert_int_equal(most, 4);
    assert_true(fabs((double)sum / DRAWS - 1) < .06); /* 4 deviations: .055 */
    as_bootstrap_draw(&b, 5, weight);
    as_bootstrap_draw(&b, 6, again);
    as_bootstrap_draw(&b, 5, again);
    assert_memory_equal(weight, again, sizeof weight);
    as_bootstrap_clear(&b);
}

static void test_intervals(void **state)
{
    double value[101], low, high;

    (void)state;
    for (int i = 0; i <= 100; i++)
        value[i] = (double)(100 - i);
    assert_true(as_bootstrap_p(value, 101) < .04);
    as_bootstrap_interval(value, 101, .95, &low, &high);
    assert_true(fabs(low - 2.5) < 1e-12 && fabs(high - 97.5) < 1e-12);
    as_clopper_pearson(0, 45, .95, &low, &high);
    assert_true(low == 0 && fabs(high - .0787) < 5e-5);
    as_clopper_pearson(45, 45, .95, &low, &high);
    assert_true(high == 1 && fabs(low - .9213) < 5e-5);
    as_clopper_pearson(3, 20, .95, &low, &high); /* tables: .0321, .3789 */
    assert_true(fabs(low - .0321) < 5e-5 && fabs(high - .3789) < 5e-5);
}

/* By hand: 1 above 0, tied, below. */
static void test_few(void **state)
{
    static const double SCORE[] = {3, 2, 2, 1};
    static const uint8_t LABEL[] = {1, 1, 0, 0}, ONES[] = {1, 1, 1, 1};
    static const double BAD[] = {1, NAN, 0, 0};
    static const uint32_t NONE[] = {1, 1, 0, 0};
    double v[AS_METRICS], best;
    struct as_ranking r;

    (void)state;
    assert_int_equal(as_ranking_init(&r, BAD, LABEL, 4), AS_EUSAGE);
    assert_int_equal(as_ranking_init(&r, SCORE, LABEL, 0), AS_EUSAGE);
    assert_int_equal(as_ranking_init(&r, SCORE, ONES, 4), AS_OK);
    assert_int_equal(as_metrics_of(&r, NULL, v, &best), AS_SKIP);
    as_ranking_clear(&r);
    assert_int_equal(as_ranking_init(&r, SCORE, LABEL, 4), AS_OK);
    assert_int_equal(as_metrics_of(&r, NONE, v, &best), AS_SKIP);
    assert_int_equal(as_metrics_of(&r, NULL, v, &best), AS_OK);
    assert_true(v[AS_METRIC_AUC] == 3.5 / 4);
    assert_true(v[AS_METRIC_AP] == .5 + .5 * 2 / 3);
    assert_true(v[AS_METRIC_BACC_BEST] == .75 && best == 3);
    assert_true(v[AS_METRIC_TPR_1] == .5);
    assert_true(fabs(v[AS_METRIC_EER] - .25) < 1e-15);
    as_ranking_clear(&r);
}

/* ---- model files ---- */

static char file[64];

static enum as_status reading(const char *text, struct as_model **m, struct as_err *err)
{
    char sha256[65];
    FILE *f = fopen(file, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    as_err_clear(err);
    return as_model_read(file, as_det_find("pdq"), m, sha256, err);
}

static bool ratio(const struct as_model *m, const float *feat, float score, unsigned kind,
                  uint32_t w, uint32_t h, float quality, float *llr)
{
    return as_model_llr(m, feat, score, &(struct as_looks){kind, w, h, quality}, llr);
}

#define HEAD "{\"detector\": \"pdq\", \"version\": 1, \"bias\": -1, "
#define LINEAR "\"kind\": \"linear\", \"weights\": {\"quality\": 0.5}"
#define SCALE ", \"scale\": {\"mean\": [50], \"factor\": [409.5]}"
#define DOMAIN                                                                                     \
    ", \"domain\": {\"kinds\": [\"jpeg\"], \"side_min\": 100, \"side_max\": 200, \"distance\": 4}"
#define DOMAIN_OF(qualities)                                                                       \
    ", \"domain\": {\"kinds\": [\"jpeg\"], \"side_min\": 100, \"side_max\": 200, \"distance\": "   \
    "4, " qualities "}"
#define QUALITIES(least) DOMAIN_OF("\"quality_min\": " least ", \"quality_max\": 90")
#define TEXTS ", \"note\": \"a card\", \"finding\": \"a finding\""
#define CALIBRATION(high, real)                                                                    \
    ", \"calibration\": {\"slope\": 2, \"intercept\": 1, \"low\": -1, \"high\": " high             \
    ", \"items\": [200, 20], \"groups\": [100, 10], \"real\": " real "}"

static void test_ratio(void **state)
{
    enum { PNG = 11, JPEG = 10 }; /* kinds.def */
    const float near = 51, far = 80;
    struct as_model *m;
    struct as_err err;
    float llr;

    (void)state;
    assert_int_equal(as_det_find("pdq")->dim, 1);
    assert_int_equal(reading(HEAD LINEAR SCALE DOMAIN CALIBRATION("1.9", "true") "}", &m, &err),
                     AS_OK);
    assert_true(as_model_score(m, &near) == 24.5F);
    assert_true(ratio(m, &near, -.5F, JPEG, 200, 100, NAN, &llr) && llr == 0);
    assert_true(ratio(m, &near, 9, JPEG, 200, 100, NAN, &llr) && llr == 1.9F);
    assert_true(ratio(m, &near, -9, JPEG, 200, 100, NAN, &llr) && llr == -1);
    assert_false(ratio(m, &near, 9, PNG, 200, 100, NAN, &llr));
    assert_false(ratio(m, &near, 9, JPEG, 201, 100, NAN, &llr));
    assert_false(ratio(m, &near, 9, JPEG, 200, 99, NAN, &llr));
    assert_false(ratio(m, &far, 9, JPEG, 200, 100, NAN, &llr)); /* 3 deviations, squared 9 */
    as_model_free(m);
    assert_int_equal(reading(HEAD LINEAR SCALE DOMAIN CALIBRATION("1.9", "false") "}", &m, &err),
                     AS_OK);
    assert_false(ratio(m, &near, 9, JPEG, 200, 100, NAN, &llr));
    as_model_free(m);
    assert_int_equal(
        reading(HEAD LINEAR SCALE QUALITIES("75") CALIBRATION("1.9", "true") TEXTS "}", &m, &err),
        AS_OK);
    assert_string_equal(m->says, "a finding");
    assert_string_equal(m->card, "a card");
    assert_true(ratio(m, &near, 9, JPEG, 200, 100, 75, &llr));
    assert_true(ratio(m, &near, 9, JPEG, 200, 100, 90, &llr));
    assert_true(ratio(m, &near, 9, JPEG, 200, 100, NAN, &llr)); /* has none */
    assert_false(ratio(m, &near, 9, JPEG, 200, 100, 91, &llr));
    assert_false(ratio(m, &near, 9, JPEG, 200, 100, 74, &llr));
    assert_false(ratio(m, &near, 9, JPEG, 200, 100, 0, &llr)); /* not known */
    as_model_free(m);
    assert_int_equal(
        reading(HEAD LINEAR SCALE QUALITIES("91") CALIBRATION("1.9", "true") "}", &m, &err),
        AS_EFORMAT);
}

static void test_ensemble(void **state)
{
    const float low = 40, high = 60;
    struct as_model *m;
    struct as_err err;

    (void)state;
    assert_int_equal(reading(HEAD "\"kind\": \"fld\"" SCALE
                                  ", \"ensemble\": {\"columns\": 1, \"column\": [[0], [0]], "
                                  "\"weight\": [[1], [1]], \"cut\": [-2, 0.5]}}",
                             &m, &err),
                     AS_OK);
    assert_true(as_model_score(m, &low) == -.5F); /* one of two votes, and the bias */
    assert_true(as_model_score(m, &high) == 0);
    as_model_free(m);
}

static void test_refused(void **state)
{
    static const char *const BAD[] = {
        HEAD "\"kind\": \"forest\"}",
        HEAD "\"kind\": \"fld\"}",
        HEAD "\"kind\": \"fld\"" SCALE ", \"ensemble\": {\"columns\": 1, \"column\": [[1]], "
             "\"weight\": [[1]], \"cut\": [0]}}",
        HEAD "\"kind\": \"fld\"" SCALE ", \"ensemble\": {\"columns\": 1, \"column\": [[0]], "
             "\"weight\": [[1, 2]], \"cut\": [0]}}",
        HEAD "\"kind\": \"fld\", \"ensemble\": {\"columns\": 1, \"column\": [[0]], "
             "\"weight\": [[1]], \"cut\": [0]}}",
        HEAD LINEAR ", \"scale\": {\"mean\": [50, 1], \"factor\": [409.5]}}",
        HEAD LINEAR SCALE DOMAIN "}",
        HEAD LINEAR SCALE CALIBRATION("1.9", "true") "}",
        HEAD LINEAR SCALE CALIBRATION("1.9", "true") DOMAIN_OF("\"quality_min\": 75") "}",
        HEAD LINEAR SCALE CALIBRATION("1.9", "true")
            DOMAIN_OF("\"quality_min\": 0, \"quality_max\": 1e-99") "}",
        HEAD LINEAR ", \"note\": 1}",
        HEAD LINEAR ", \"finding\": [\"a finding\"]}",
        HEAD LINEAR DOMAIN CALIBRATION("1.9", "true") "}",
        HEAD LINEAR SCALE DOMAIN CALIBRATION("2.1", "true") "}", /* more than 100 groups can bear */
        HEAD LINEAR SCALE DOMAIN CALIBRATION("1.9", "1") "}",
        HEAD LINEAR SCALE CALIBRATION("1.9",
                                      "true") ", \"domain\": {\"kinds\": [\"jpg\"], "
                                              "\"side_min\": 1, \"side_max\": 2, \"distance\": 1}}",
    };
    struct as_model *m;
    struct as_err err;

    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        if (reading(BAD[i], &m, &err) != AS_EFORMAT)
            fail_msg("accepted: %s", BAD[i]);
        assert_null(m);
    }
    unlink(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),     cmocka_unit_test(test_scale),
        cmocka_unit_test(test_draws),    cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_few),      cmocka_unit_test(test_ratio),
        cmocka_unit_test(test_ensemble), cmocka_unit_test(test_refused),
    };

    snprintf(file, sizeof file, "/tmp/t_learn.%ld", (long)getpid());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
