/* t_contract.c - holds every row of the table of detectors to the words of detector.h.
 *
 * A detector added to the table is tested here without a line of its own.  Linked with
 * --wrap=malloc and its kin, so that an allocation inside extract is counted.
 */
#include "../kernels/detectors/detector.h"
#include "../kernels/learn/model.h"
#include "../kernels/simd.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    GUARD = 64,
    GUARD_BYTE = 0xA5,
    DIM_MAX = 1 << 16,
    CODE_MAX = 1 << 16,
    SEED = 20170901,
    SIDE_LIMIT = 600,
    KINDS = 3
};

/* ---- counting allocations ---- */

static bool counting;
static unsigned allocations;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);

void *__wrap_malloc(size_t n)
{
    allocations += counting;
    return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    allocations += counting;
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    allocations += counting;
    return __real_realloc(p, n);
}

void __wrap_free(void *p)
{
    allocations += counting;
    __real_free(p);
}

/* ---- evidence: a unit with every view, owned ---- */

struct evidence {
    struct as_unit unit;
    struct as_meta meta;
    struct as_jpeg jpeg;
    struct as_dct dct;
    float *planes;
    int16_t *blocks;
    uint32_t random;
};

static const struct as_kv entries[] = {
    {{"exif.Software", 13}, {"Adobe Photoshop CS3", 19}},
    {{"exif.DateTime", 13}, {"2004:08:27 13:52:55", 19}},
    {{"exif.DateTimeOriginal", 21}, {"2011:02:30 99:00:00", 19}},
    {{"exif.PixelXDimension", 20}, {"4294967296000", 13}},
    {{"png.parameters", 14}, {"Steps: 20, Sampler: Euler, Seed: 1", 34}},
    {{"c2pa.actions", 12}, {"c2pa.created", 12}},
};

static const struct as_c2pa manifest = {.present = true,
                                        .readable = true,
                                        .signature = AS_C2PA_GOOD,
                                        .binding = AS_C2PA_BAD,
                                        .outside = UINT64_MAX};

static uint32_t next(struct evidence *e)
{
    e->random = e->random * 1664525u + 1013904223u;
    return e->random >> 8;
}

/* A plane of `w` x `h` out of *room, rows `pad` samples longer and filled with rubbish.
 * The same seed gives the same samples whatever the pad. */
static struct as_plane make_plane(struct evidence *e, float **room, uint32_t w, uint32_t h,
                                  uint32_t pad, int kind)
{
    struct as_plane p = {*room, w, h, w + pad};

    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w + pad; x++)
            (*room)[y * p.stride + x] = x >= w      ? -1e30f
                                        : kind == 0 ? 128.0f
                                        : kind == 1 ? (float)(next(e) % 256)
                                                    : (float)((x * 3 + y * y) % 256);
    *room += p.stride * h;
    return p;
}

static void make_jpeg(struct evidence *e)
{
    struct as_jpeg *j = &e->jpeg;

    j->qt_mask = 3;
    for (size_t t = 0; t < 2; t++)
        for (size_t k = 0; k < 64; k++)
            j->qt[t][k] = (uint16_t)(1 + next(e) % 65535);
    j->ncomp = 3;
    j->sof = 0xC0;
    j->precision = 8;
    for (uint8_t c = 0; c < 3; c++) {
        j->comp_h[c] = j->comp_v[c] = c ? 1 : 2;
        j->comp_tq[c] = c ? 1 : 0;
    }
    j->trailing_bytes = UINT64_MAX;
    j->nmarkers = UINT32_MAX; /* a claim beyond the array */
}

static void make_dct(struct evidence *e, uint32_t w, uint32_t h)
{
    const uint32_t wb = (w + 7) / 8, hb = (h + 7) / 8;

    e->blocks = calloc((size_t)wb * hb * 64, sizeof *e->blocks);
    assert_non_null(e->blocks);
    for (size_t i = 0; i < (size_t)wb * hb * 64; i++)
        e->blocks[i] = (int16_t)(next(e) % 61) - 30;
    e->dct.ncomp = 1;
    e->dct.comp[0].at = e->blocks;
    e->dct.comp[0].wb = wb;
    e->dct.comp[0].hb = hb;
    e->dct.comp[0].hs = e->dct.comp[0].vs = 1;
    for (size_t k = 0; k < 64; k++)
        e->dct.comp[0].q[k] = (uint16_t)(k + 1);
}

static struct evidence *make_evidence(uint32_t w, uint32_t h, uint32_t pad, int kind)
{
    struct evidence *e = calloc(1, sizeof *e);
    const bool large = w > 512 || h > 512;
    const uint32_t sw = large ? 512 : w, sh = large ? 512 : h;
    float *room;

    assert_non_null(e);
    e->random = SEED;
    e->planes = room =
        calloc(((size_t)w + pad) * h * 5 + ((size_t)sw + pad) * sh + 2 * (160 + (size_t)pad) * 160,
               sizeof(float));
    assert_non_null(room);
    e->unit.views = AS_LUMA | AS_RGB | AS_NOISE | AS_SAMPLE | AS_DCT | AS_META;
    e->unit.luma = make_plane(e, &room, w, h, pad, kind);
    for (int c = 0; c < 3; c++)
        e->unit.rgb[c] = make_plane(e, &room, w, h, pad, kind);
    e->unit.noise = make_plane(e, &room, w, h, pad, kind);
    e->unit.sample = make_plane(e, &room, sw, sh, pad, kind);
    e->meta.thumb = make_plane(e, &room, 160, 120, pad, kind);
    e->meta.small = make_plane(e, &room, 160, 107, pad, kind);
    make_jpeg(e);
    make_dct(e, w, h);
    e->meta.w = w;
    e->meta.h = h;
    e->meta.kv = entries;
    e->meta.nkv = sizeof entries / sizeof *entries;
    e->meta.jpeg = &e->jpeg;
    e->meta.c2pa = &manifest;
    e->unit.meta = &e->meta;
    e->unit.dct = &e->dct;
    return e;
}

static void free_evidence(struct evidence *e)
{
    free(e->planes);
    free(e->blocks);
    free(e);
}

/* ---- running a detector between guards ---- */

struct run {
    enum as_status status;
    enum as_verdict verdict;
    uint16_t reason;
    float *feat;
    uint8_t *code;
    unsigned allocations;
};

static uint8_t *guarded_new(size_t n)
{
    uint8_t *p = malloc(n + 2 * GUARD);
    assert_non_null(p);
    memset(p, GUARD_BYTE, n + 2 * GUARD);
    return p + GUARD;
}

static void guarded_check(const struct as_detector *det, const char *what, const uint8_t *p,
                          size_t n)
{
    for (size_t i = 0; i < GUARD; i++)
        if (p[-1 - (ptrdiff_t)i] != GUARD_BYTE || p[n + i] != GUARD_BYTE)
            fail_msg("%s writes beyond its %s", det->name, what);
}

static void guarded_free(uint8_t *p)
{
    free(p - GUARD);
}

static struct run run(const struct as_detector *det, void *state, const struct as_unit *unit,
                      uint32_t w, uint32_t h, struct as_heat *heat)
{
    const size_t need = as_det_scratch_bytes(det, w, h), dim = det->dim * sizeof(float);
    uint8_t *feat = guarded_new(dim), *code = guarded_new(det->code_bytes);
    uint8_t *scratch = guarded_new(need);
    struct as_out out = {.feat = (float *)(void *)feat, .code = code, .heat = heat};
    struct run r;

    allocations = 0;
    counting = true;
    r.status = as_det_extract(det, state, unit, need ? scratch : NULL, &out);
    counting = false;
    r.allocations = allocations;
    guarded_check(det, "measures", feat, dim);
    guarded_check(det, "code", code, det->code_bytes);
    guarded_check(det, "scratch", scratch, need);
    guarded_free(scratch);
    r.verdict = out.verdict;
    r.reason = out.reason;
    r.feat = (float *)(void *)feat;
    r.code = code;
    return r;
}

static void free_run(struct run *r)
{
    guarded_free((uint8_t *)(void *)r->feat);
    guarded_free(r->code);
}

static void check_same(const struct as_detector *det, const char *after, const struct run *a,
                       const struct run *b)
{
    bool same = a->status == b->status && a->verdict == b->verdict;

    if (same && a->status == AS_OK && a->verdict == AS_APPLIES)
        same = memcmp(a->feat, b->feat, det->dim * sizeof(float)) == 0 &&
               memcmp(a->code, b->code, det->code_bytes) == 0;
    else if (same)
        same = a->reason == b->reason;
    if (!same)
        fail_msg("%s gives other bits after a change of %s", det->name, after);
}

/* What must hold of any single run. */
static void check_run(const struct as_detector *det, const struct run *r)
{
    if (r->status != AS_OK && r->status != AS_EFORMAT && r->status != AS_ELIMIT)
        fail_msg("%s returns %d", det->name, (int)r->status);
    if (r->allocations)
        fail_msg("%s allocates inside extract", det->name);
    if (r->status != AS_OK)
        return;
    if (r->verdict != AS_APPLIES && strcmp(as_det_reason(det, r->reason), "unknown reason") == 0)
        fail_msg("%s gives reason %u, which it does not have", det->name, r->reason);
    for (uint32_t i = 0; r->verdict == AS_APPLIES && i < det->dim; i++)
        if (!isfinite(r->feat[i]))
            fail_msg("%s: %s is not finite", det->name, det->measures[i]);
}

/* ---- tests ---- */

static bool valid_name(const char *s)
{
    return *s && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(s);
}

static void check_lists(const struct as_detector *det)
{
    for (uint32_t i = 0; i < det->dim; i++) {
        assert_true(det->measures[i] && valid_name(det->measures[i]));
        for (uint32_t k = 0; k < i; k++)
            assert_string_not_equal(det->measures[i], det->measures[k]);
        if (det->says)
            assert_true(det->says[i] && *det->says[i]);
    }
    assert_non_null(det->reasons);
    for (uint16_t i = 0; det->reasons[i]; i++) {
        assert_true(i < AS_DET_NO_VIEW);
        assert_string_equal(as_det_reason(det, i), det->reasons[i]);
    }
    assert_true(*as_det_reason(det, AS_DET_NO_VIEW) && *as_det_reason(det, AS_DET_TOO_SMALL));
    assert_string_equal(as_det_reason(det, 999), "unknown reason");
}

/* No verdict of guilt or innocence in anything that a person reads. */
static void check_words(const char *text)
{
    static const char *const never[] = {"fake", "genuine", "forged picture", NULL};

    for (size_t i = 0; never[i]; i++)
        if (text && strstr(text, never[i]))
            fail_msg("\"%s\" is said in: %s", never[i], text);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; as_detectors[i]; i++) {
        const struct as_detector *det = as_detectors[i];
        assert_true(valid_name(det->name));
        assert_ptr_equal(as_det_find(det->name), det); /* hence the name is unique */
        if (i > 0)
            assert_true(strcmp(as_detectors[i - 1]->name, det->name) < 0);
        assert_true(det->version >= 1);
        assert_true(det->summary && *det->summary && !strchr(det->summary, '\n'));
        assert_true(det->paper && *det->paper);
        assert_true(det->card && strlen(det->card) > 200);
        assert_true((unsigned)det->family <= AS_FAMILY_CONTENT);
        assert_true((unsigned)det->pool <= AS_POOL_FIRST);
        assert_true(det->needs != 0 && det->needs < AS_SAMPLE << 1);
        assert_true(det->dim >= 1 && det->dim <= DIM_MAX && det->code_bytes <= CODE_MAX);
        assert_true(det->min_side < SIDE_LIMIT);
        assert_true(!det->film || (det->needs == AS_META && det->min_side == 0));
        assert_non_null(det->extract);
        assert_true((det->init == NULL) == (det->free == NULL));
        check_lists(det);
        check_words(det->summary);
        for (uint32_t k = 0; det->says && k < det->dim; k++)
            check_words(det->says[k]);
    }
    assert_null(as_det_find("no_such_detector"));
    assert_null(as_det_find(""));
}

static void test_scratch(void **state)
{
    static const uint32_t SIDES[] = {8, 64, 500, 1000, 1400, 2000, 3000, 8192, 12000, 65536};
    enum { N = sizeof SIDES / sizeof *SIDES };
    (void)state;
    for (size_t i = 0; as_detectors[i]; i++)
        for (size_t k = 0; k < (size_t)N * N; k++)
            assert_true(as_det_scratch_bytes(as_detectors[i], SIDES[k % N], SIDES[k / N]) <=
                        AS_SCRATCH_FREE +
                            AS_SCRATCH_PER_PIXEL * (uint64_t)SIDES[k % N] * SIDES[k / N]);
}

static void check_size(const struct as_detector *det, uint32_t w, uint32_t h, int kind)
{
    struct evidence *tight = make_evidence(w, h, 0, kind), *loose = make_evidence(w, h, 7, kind);
    struct evidence *other = make_evidence(h, w, 1, (kind + 1) % KINDS);
    void *used = NULL, *fresh = NULL;
    struct run first, strided, history, again;

    assert_int_equal(as_det_init(det, &used), AS_OK);
    assert_int_equal(as_det_init(det, &fresh), AS_OK);
    first = run(det, used, &tight->unit, w, h, NULL);
    strided = run(det, used, &loose->unit, w, h, NULL);
    history = run(det, used, &other->unit, h, w, NULL);
    again = run(det, used, &tight->unit, w, h, NULL);
    check_run(det, &first);
    check_same(det, "stride", &first, &strided);
    check_same(det, "history", &first, &again);
    free_run(&again);
    again = run(det, fresh, &tight->unit, w, h, NULL);
    check_same(det, "state", &first, &again);
    free_run(&again);
    free_run(&history);
    free_run(&strided);
    free_run(&first);
    as_det_free(det, used);
    as_det_free(det, fresh);
    free_evidence(tight);
    free_evidence(loose);
    free_evidence(other);
}

static void test_same_bits(void **state)
{
    (void)state;
    for (size_t i = 0; as_detectors[i]; i++) {
        const struct as_detector *det = as_detectors[i];
        const uint32_t least = det->min_side ? det->min_side : 1;
        const uint32_t sizes[][2] = {
            {least, least}, {least, least + 12}, {least + 12, least}, {least + 31, least + 7},
            {64, 64},       {257, 131},          {512, 512},          {523, 211}};
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (int kind = 0; kind < KINDS; kind++)
                if (sizes[s][0] >= least && sizes[s][1] >= least)
                    check_size(det, sizes[s][0], sizes[s][1], kind);
    }
}

static void test_missing_view(void **state)
{
    struct evidence *e = make_evidence(SIDE_LIMIT, SIDE_LIMIT, 0, 1);
    const uint32_t all = e->unit.views;
    (void)state;
    for (size_t i = 0; as_detectors[i]; i++)
        for (uint32_t view = AS_LUMA; view <= AS_SAMPLE; view <<= 1) {
            const struct as_detector *det = as_detectors[i];
            struct run r;
            if (!(det->needs & view))
                continue;
            e->unit.views = all & ~view;
            r = run(det, NULL, &e->unit, SIDE_LIMIT, SIDE_LIMIT, NULL);
            assert_int_equal(r.status, AS_OK);
            assert_int_equal(r.verdict, AS_NOT_APPLICABLE);
            assert_int_equal(r.reason, AS_DET_NO_VIEW);
            free_run(&r);
        }
    free_evidence(e);
}

static void test_too_small(void **state)
{
    const uint32_t planes = AS_LUMA | AS_RGB | AS_NOISE | AS_SAMPLE;
    (void)state;
    for (size_t i = 0; as_detectors[i]; i++) {
        const struct as_detector *det = as_detectors[i];
        if (!(det->needs & planes) || det->min_side < 2)
            continue;
        for (int tall = 0; tall < 2; tall++) {
            const uint32_t w = tall ? det->min_side - 1 : SIDE_LIMIT;
            const uint32_t h = tall ? SIDE_LIMIT : det->min_side - 1;
            struct evidence *e = make_evidence(w, h, 0, 1);
            struct run r;
            e->unit.sample.w = w < e->unit.sample.w ? w : e->unit.sample.w; /* as if not sampled */
            e->unit.sample.h = h < e->unit.sample.h ? h : e->unit.sample.h;
            r = run(det, NULL, &e->unit, w, h, NULL);
            assert_int_equal(r.status, AS_OK);
            assert_int_equal(r.verdict, AS_NOT_APPLICABLE);
            assert_int_equal(r.reason, AS_DET_TOO_SMALL);
            free_run(&r);
            free_evidence(e);
        }
    }
}

/* Structure and entries may be missing or empty although there is metadata. */
static void test_empty_metadata(void **state)
{
    struct evidence *e = make_evidence(SIDE_LIMIT, SIDE_LIMIT, 0, 1);
    (void)state;
    for (size_t i = 0; as_detectors[i]; i++)
        for (int how = 0; how < 4; how++) {
            void *own = NULL;
            struct run r;
            e->meta.jpeg = how & 1 ? NULL : &e->jpeg;
            e->meta.nkv = how & 2 ? 0 : sizeof entries / sizeof *entries;
            e->meta.c2pa = how & 1 ? NULL : &manifest;
            e->meta.thumb.at = how & 1 ? NULL : e->planes;
            e->meta.small.at = how & 2 ? NULL : e->planes;
            assert_int_equal(as_det_init(as_detectors[i], &own), AS_OK);
            r = run(as_detectors[i], own, &e->unit, SIDE_LIMIT, SIDE_LIMIT, NULL);
            check_run(as_detectors[i], &r);
            free_run(&r);
            as_det_free(as_detectors[i], own);
        }
    free_evidence(e);
}

static void test_map_changes_nothing(void **state)
{
    enum { W = 523, H = 211 };
    struct evidence *e = make_evidence(W, H, 3, 1);
    (void)state;
    for (size_t i = 0; as_detectors[i]; i++) {
        const struct as_detector *det = as_detectors[i];
        const uint32_t step = det->heat_step ? det->heat_step : 64;
        struct as_heat heat = {NULL, (W + step - 1) / step, (H + step - 1) / step};
        const size_t n = (size_t)heat.w * heat.h * sizeof(float);
        uint8_t *cells = guarded_new(n);
        void *own = NULL;
        struct run with, without;
        heat.at = (float *)(void *)cells;
        memset(cells, 0, n);
        assert_int_equal(as_det_init(det, &own), AS_OK);
        without = run(det, own, &e->unit, W, H, NULL);
        with = run(det, own, &e->unit, W, H, &heat);
        check_same(det, "map", &without, &with);
        guarded_check(det, "map", cells, n);
        for (size_t k = 0; k < (size_t)heat.w * heat.h; k++)
            assert_true(isfinite(heat.at[k]));
        guarded_free(cells);
        free_run(&with);
        free_run(&without);
        as_det_free(det, own);
    }
    free_evidence(e);
}

/* Measures and codes that are `exact` may not depend on the class of processor. */
static void test_exact_on_every_class(void **state)
{
    struct evidence *e = make_evidence(523, 211, 3, 1);
    (void)state;
    for (size_t i = 0; as_detectors[i]; i++) {
        const struct as_detector *det = as_detectors[i];
        void *own = NULL;
        struct run plain;
        as_simd_init(AS_CPU_PLAIN);
        assert_int_equal(as_det_init(det, &own), AS_OK);
        plain = run(det, own, &e->unit, 523, 211, NULL);
        for (int cpu = AS_CPU_PLAIN + 1; det->exact && cpu <= (int)as_cpu_best(); cpu++) {
            struct run r;
            as_simd_init((enum as_cpu)cpu);
            r = run(det, own, &e->unit, 523, 211, NULL);
            check_same(det, "processor class", &plain, &r);
            free_run(&r);
        }
        free_run(&plain);
        as_det_free(det, own);
    }
    free_evidence(e);
}

static void check_scores(const struct as_detector *det, const struct as_model *model)
{
    enum { N = 5 };
    float *feat = calloc((size_t)N * det->dim, sizeof *feat), all[N], one;

    assert_non_null(feat);
    for (size_t k = 0; k < (size_t)N * det->dim; k++)
        feat[k] = (float)(k * 7919 % 101) / 101;
    assert_int_equal(as_det_score(det, model, feat, N, all), AS_OK);
    for (size_t row = 0; row < N; row++) {
        assert_int_equal(as_det_score(det, model, feat + row * det->dim, 1, &one), AS_OK);
        assert_true(isfinite(one));
        assert_memory_equal(&one, &all[row], sizeof one);
    }
    free(feat);
}

static void test_score(void **state)
{
    (void)state;
    for (size_t i = 0; as_detectors[i]; i++) {
        const struct as_detector *det = as_detectors[i];
        struct as_model model = {.kind = AS_MODEL_LINEAR, .det = det, .dim = det->dim, .bias = .5f};
        float score = 3;
        model.weights = calloc(det->dim, sizeof *model.weights);
        assert_non_null(model.weights);
        for (uint32_t k = 0; k < det->dim; k++)
            model.weights[k] = (float)k - 1.5f;
        check_scores(det, &model);
        assert_int_equal(as_det_score(det, NULL, NULL, 1, &score), AS_SKIP);
        assert_true(score == 3);
        free(model.weights);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_scratch),
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_missing_view),
        cmocka_unit_test(test_too_small),
        cmocka_unit_test(test_empty_metadata),
        cmocka_unit_test(test_map_changes_nothing),
        cmocka_unit_test(test_exact_on_every_class),
        cmocka_unit_test(test_score),
    };

    print_message("seed %d\n", SEED);
    as_simd_init(as_cpu_best());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
