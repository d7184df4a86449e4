/* t_store.c - the result store by one process.
 *
 * usage: t_store [-s seed]; t_store --make FILE writes a store for other tests. */
#include "store_seal.h"

/* 1 round trip ----------------------------------------------------------------------- */

static void same_text(struct as_text a, struct as_text b)
{
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.at, b.at, a.len);
}

static void same_float(float a, float b)
{
    if (isnan(a))
        assert_true(isnan(b));
    else
        assert_true(a == b);
}

static void same_item(const struct as_row *a, const struct as_row *b)
{
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->part, b->part);
    assert_int_equal(a->source, b->source);
    same_text(a->path, b->path);
    assert_true(a->size == b->size && a->mtime_s == b->mtime_s);
    assert_true(a->has_sha256 == b->has_sha256 && a->has_md5 == b->has_md5);
    assert_true(a->has_sha1 == b->has_sha1);
    if (a->has_sha256)
        assert_memory_equal(a->sha256, b->sha256, 32);
    if (a->has_md5)
        assert_memory_equal(a->md5, b->md5, 16);
    if (a->has_sha1)
        assert_memory_equal(a->sha1, b->sha1, 20);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->reason, b->reason);
    assert_true(a->w == b->w && a->h == b->h && a->frames == b->frames && a->flags == b->flags);
    assert_true(a->duration_s == b->duration_s);
}

static void same_det(const struct as_detector *det, const struct as_det_row *a,
                     const struct as_det_row *b)
{
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->reason, b->reason);
    assert_int_equal(a->status == AS_DET_APPLIES, b->feat != NULL);
    for (uint32_t i = 0; a->feat != NULL && i < det->dim; i++)
        same_float(a->feat[i], b->feat[i]);
    if (a->code != NULL)
        assert_memory_equal(a->code, b->code, det->code_bytes);
}

static void same_row(const struct as_row *a, const struct as_row *b, const float *score, bool dets)
{
    same_item(a, b);
    assert_int_equal(a->nkv, b->nkv);
    for (size_t i = 0; i < a->nkv; i++) {
        same_text(a->kv[i].key, b->kv[i].key);
        same_text(a->kv[i].value, b->kv[i].value);
    }
    assert_int_equal(a->ntrouble, b->ntrouble);
    for (size_t i = 0; i < a->ntrouble; i++) {
        assert_string_equal(a->trouble[i].stage, b->trouble[i].stage);
        assert_int_equal(a->trouble[i].status, b->trouble[i].status);
        same_text(a->trouble[i].message, b->trouble[i].message);
    }
    if (!dets)
        return;
    assert_int_equal(a->nmap, b->nmap);
    for (size_t i = 0; i < a->nmap; i++) {
        assert_true(a->map[i].det == b->map[i].det && a->map[i].w == b->map[i].w);
        assert_int_equal(a->map[i].cell, b->map[i].cell);
        assert_memory_equal(a->map[i].cells, b->map[i].cells, (size_t)a->map[i].w * a->map[i].h);
    }
    same_det(&ALPHA, &a->det[0], &b->det[0]);
    same_det(&BETA, &a->det[2], &b->det[2]);
    same_det(&GAMMA, &a->det[3], &b->det[3]);
    assert_int_equal(b->det[1].status, AS_DET_NOT_RUN);
    assert_true(isnan(score[0]) && isnan(score[1]) && isnan(score[3]));
    const float *feat = a->det[2].feat;
    same_float(feat != NULL ? 0.5f * feat[0] + feat[1] : NAN, score[2]);
}

struct walk {
    struct rows *rows;
    uint64_t i;
};

static enum as_status walk_row(void *state, const struct as_row *row, struct as_err *err)
{
    struct walk *w = state;
    struct as_row want;

    assert_int_equal(rows_row(w->rows, w->i++, &want, err), AS_OK);
    same_item(&want, row);
    return AS_OK;
}

static void check_name(struct as_store *store, uint64_t i, const struct as_match *m)
{
    struct as_text want, got;
    char text[64];

    assert_int_equal(name_of(text, m, &want, NULL), AS_OK);
    assert_int_equal(as_store_match_name(store, i, &got, NULL), AS_OK);
    assert_int_equal(got.len, want.len);
    assert_memory_equal(got.at, want.at, want.len);
}

static void check_sensor_maps(struct as_store *store, const struct kit *k)
{
    struct as_sensor_map m;

    assert_int_equal(as_store_sensor_maps(store), k->what.nsensor_maps);
    for (uint64_t i = 0; i < k->what.nsensor_maps; i++) {
        const struct as_sensor_map *want = &k->sensor_maps[i];
        assert_int_equal(as_store_sensor_map(store, i, &m, NULL), AS_OK);
        assert_true(m.row == want->row && m.reference == want->reference && m.set == want->set &&
                    m.window == want->window && m.regions == want->regions);
        assert_true(m.missing == want->missing && m.unknown == want->unknown && m.x == want->x &&
                    m.y == want->y && m.w == want->w && m.h == want->h && m.cell == want->cell);
        if (m.w > 0)
            assert_memory_equal(m.cells, want->cells, (size_t)m.w * m.h);
    }
    assert_int_equal(as_store_sensor_map(store, k->what.nsensor_maps, &m, NULL), AS_EFORMAT);
}

static void check_found(struct as_store *store, const struct kit *k)
{
    const struct as_set_row *sets = NULL;
    struct as_match m;
    struct as_link l;

    assert_int_equal(as_store_sets(store, &sets), 2);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(sets[i].name, SETS[i].name);
        assert_string_equal(sets[i].path, SETS[i].path);
        assert_string_equal(sets[i].digest, SETS[i].digest);
        assert_true(sets[i].kind == SETS[i].kind && sets[i].rows == SETS[i].rows);
    }
    assert_int_equal(as_store_matches(store), k->what.nmatches);
    for (uint64_t i = 0; i < k->what.nmatches; i++) {
        const struct as_match *want = &k->matches[i];
        assert_int_equal(as_store_match(store, i, &m, NULL), AS_OK);
        assert_true(m.row == want->row && m.set == want->set && m.reference == want->reference &&
                    m.kind == want->kind && m.value == want->value);
        assert_true(want->p == m.p || (isnan(want->p) && isnan(m.p)));
        assert_int_equal(m.others, want->others);
        if (m.others > 0)
            same_float(want->other, m.other);
        else
            assert_true(isnan(m.other));
        check_name(store, i, want);
        if (m.kind == AS_MATCH_CAMERA)
            assert_true(m.turn == want->turn && m.scale == want->scale && m.left == want->left &&
                        m.top == want->top && m.beside == want->beside);
        else
            assert_true(m.turn == 0 && m.beside == 0 && isnan(m.scale) && isnan(m.left) &&
                        isnan(m.top));
    }
    assert_int_equal(as_store_links(store), k->what.nlinks);
    for (uint64_t i = 0; i < k->what.nlinks; i++) {
        assert_int_equal(as_store_link(store, i, &l, NULL), AS_OK);
        assert_true(l.a == k->links[i].a && l.b == k->links[i].b && l.value == k->links[i].value);
    }
    assert_int_equal(as_store_link(store, k->what.nlinks, &l, NULL), AS_EFORMAT);
    assert_int_equal(as_store_members(store), k->what.nmembers);
    for (uint64_t i = 0; i < k->what.nmembers; i++) {
        struct as_member g;
        assert_int_equal(as_store_member(store, i, &g, NULL), AS_OK);
        assert_true(g.row == k->members[i].row && g.group == k->members[i].group &&
                    g.stands == k->members[i].stands);
    }
    assert_int_equal(as_store_origins(store), k->what.norigins);
    for (uint64_t i = 0; i < k->what.norigins; i++) {
        struct as_origin o;
        assert_int_equal(as_store_origin(store, i, &o, NULL), AS_OK);
        assert_memory_equal(&o, &k->origins[i], sizeof o);
    }
    check_sensor_maps(store, k);
}

static void check_tables(struct as_store *store, const struct kit *k)
{
    const struct as_source_row *sources = NULL;
    struct as_finding f;
    const struct as_timing_row *timing = NULL;

    assert_int_equal(as_store_sources(store, &sources), SOURCES);
    for (int i = 0; i < SOURCES; i++) {
        assert_string_equal(sources[i].path, k->sources[i].path);
        assert_string_equal(sources[i].sha256, k->sources[i].sha256);
        assert_true(sources[i].size == k->sources[i].size && sources[i].kind == 112);
    }
    assert_int_equal(as_store_findings(store), k->what.nfindings);
    for (uint64_t i = 0; i < k->what.nfindings; i++) {
        const struct as_finding *want = &k->findings[i];
        assert_int_equal(as_store_finding(store, i, &f, NULL), AS_OK);
        assert_true(f.row == want->row && f.det == want->det && f.kind == want->kind &&
                    f.set == want->set);
        same_float(f.score, want->score);
        same_float(f.llr, want->llr);
        assert_string_equal(f.text, want->text);
    }
    assert_int_equal(as_store_finding(store, k->what.nfindings, &f, NULL), AS_EFORMAT);
    assert_int_equal(as_store_timing(store, &timing), 2);
    assert_true(timing[0].bytes == 1000 && timing[1].lot == 9 && timing[0].extract_s == 4.0f);
    assert_string_equal(as_store_provenance(store), "{\"ranks\": 1}");
    assert_string_equal(as_store_attr(store, "schema"), AS_SCHEMA);
    assert_null(as_store_attr(store, "colour"));
}

static void round_trip(uint64_t n)
{
    struct kit *k = kit_new(seed, n, 0, 1);
    struct digests d, again;
    struct as_row want, got;
    struct as_err err = {0};
    float score[AS_DETECTORS_MAX];

    assert_non_null(k);
    seal_to(path_a, k, &d);
    struct as_store *store = open_it(path_a);
    assert_int_equal(as_store_items(store), n);
    for (uint64_t step = 0; step < n + n / 3; step++) { /* in order, then here and there */
        uint64_t i = step < n ? step : step * 7919 % n;
        assert_int_equal(rows_row(&k->rows, i, &want, NULL), AS_OK);
        if (as_store_row(store, i, &got, score, &err) != AS_OK)
            fail_msg("row %u: %s", (unsigned)i, err.text);
        same_row(&want, &got, score, true);
    }
    struct walk walk = {&k->rows, 0};
    assert_int_equal(as_store_each(store, walk_row, &walk, &err), AS_OK);
    assert_int_equal(walk.i, n);
    assert_int_equal(as_store_row(store, n, &got, score, &err), AS_EFORMAT);
    check_tables(store, k);
    check_found(store, k);
    assert_int_equal(as_store_digest(store, again.content, again.exact, &err), AS_OK);
    assert_string_equal(d.content, again.content);
    assert_string_equal(d.exact, again.exact);
    assert_string_equal(d.content, as_store_attr(store, "content_digest"));
    assert_string_equal(d.exact, as_store_attr(store, "digest_exact"));
    as_store_close(store);
    kit_free(k);
}

static void test_round_trip(void **state)
{
    (void)state;
    round_trip(0);
    round_trip(1);
    round_trip(2);
    round_trip(1201);
}

static enum as_status bare_row(void *state, uint64_t i, struct as_row *row, struct as_err *err)
{
    enum as_status status = rows_row(state, i, row, err);

    row->nmap = 0; /* a map needs its detector */
    return status;
}

static void test_no_detectors(void **state)
{
    (void)state;
    struct kit *k = kit_new(seed, 50, 0, 1);
    struct digests d;
    struct as_row want, got;
    float score[AS_DETECTORS_MAX];

    assert_non_null(k);
    k->what.with_det = WITHOUT;
    k->what.nfindings = 0;
    k->what.rows.row = bare_row;
    seal_to(path_a, k, &d);
    struct as_store *store = open_it(path_a);
    for (uint64_t i = 0; i < 50; i++) {
        assert_int_equal(bare_row(&k->rows, i, &want, NULL), AS_OK);
        assert_int_equal(as_store_row(store, i, &got, score, NULL), AS_OK);
        same_row(&want, &got, score, false);
        assert_true(got.det[0].status == AS_DET_NOT_RUN && isnan(score[2]));
    }
    as_store_close(store);
    kit_free(k);
}

/* 2 digests -------------------------------------------------------------------------- */

static void test_batches(void **state)
{
    static const uint64_t BYTES[] = {1, 777, 100003, 0};
    struct digests d[4];
    struct kit *k = kit_new(seed, 301, 0, 1);

    (void)state;
    assert_non_null(k);
    for (int i = 0; i < 4; i++) {
        k->what.bytes_per_call = BYTES[i];
        seal_to(path_a, k, &d[i]);
        assert_string_equal(d[i].content, d[0].content);
        assert_string_equal(d[i].exact, d[0].exact);
    }
    kit_free(k);
}

/* Which digests notice a change: 0 none, 1 content, 3 both. */
static const struct {
    enum change change;
    int noticed;
} NOTICED[] = {
    {PATH, 3},       {SIZE, 3},       {SHA256, 3},        {NO_SHA1, 3},    {MTIME, 3},
    {KIND, 3},       {STATUS, 3},     {REASON, 3},        {WIDTH, 3},      {FLAGS, 3},
    {PART, 3},       {DURATION, 1},   {KEY, 3},           {VALUE, 3},      {MORE_METADATA, 3},
    {DET_STATUS, 3}, {DET_REASON, 1}, {EXACT_MEASURE, 3}, {EXACT_CODE, 3}, {FLOAT_MEASURE, 1},
    {MAP_CELL, 1},   {MAP_DET, 1},    {ERROR_TEXT, 0},    {CRASH, 3},
};

static void test_changes(void **state)
{
    struct digests plain = digests_of(40, NOTHING, true);

    (void)state;
    for (size_t i = 0; i < sizeof NOTICED / sizeof *NOTICED; i++) {
        struct digests d = digests_of(40, NOTICED[i].change, true);
        int noticed =
            (strcmp(d.content, plain.content) != 0) + 2 * (strcmp(d.exact, plain.exact) != 0);
        if (noticed != NOTICED[i].noticed)
            fail_msg("change %d: noticed %d, not %d", (int)NOTICED[i].change, noticed,
                     NOTICED[i].noticed);
    }
}

static void test_outside(void **state)
{
    struct digests crash = digests_of(40, CRASH, true);
    struct digests others = digests_of(40, CRASH_WITH_OTHERS, true);
    struct digests path = digests_of(40, CRASH_OTHER_PATH, true);

    (void)state;
    assert_string_equal(crash.content, others.content);
    assert_string_equal(crash.exact, others.exact);
    assert_string_not_equal(crash.content, path.content);
    assert_string_not_equal(crash.exact, path.exact);
}

static void test_shared_tables(void **state)
{
    struct kit *k = kit_new(seed, 40, 0, 1);
    struct digests plain, d;

    (void)state;
    seal_to(path_a, k, &plain);
    k->sources[1].path = "/elsewhere";
    k->sources[1].mtime_s = 5;
    k->timing[0].read_s = 9.0f;
    k->what.provenance = "{}";
    seal_to(path_b, k, &d);
    assert_string_equal(plain.content, d.content);
    assert_string_equal(plain.exact, d.exact);
    k->findings[3].text[0] = 'F';
    seal_to(path_b, k, &d);
    assert_string_not_equal(plain.content, d.content);
    assert_string_equal(plain.exact, d.exact);
    k->findings[3].text[0] = 'f';
    k->model.bias = 0.25f;
    seal_to(path_b, k, &d);
    assert_string_not_equal(plain.content, d.content);
    assert_string_equal(plain.exact, d.exact);
    k->model.bias = 0.5f;
    k->sources[1].recheck = 3;
    seal_to(path_b, k, &d);
    assert_string_not_equal(plain.content, d.content);
    assert_string_not_equal(plain.exact, d.exact);
    kit_free(k);
}

/* Where a set's data lie in the file. */
struct region {
    struct as_set set;
    uint64_t at;
};

static size_t find_regions(struct as_store *store, struct region *to)
{
    size_t n = 0;

    for (uint32_t i = 0; i < store->layout.nsets; i++)
        if (store->layout.set[i].rows > 0) {
            to[n].set = store->layout.set[i];
            to[n++].at = H5Dget_offset(store->window[i].ds);
        }
    return n;
}

static uint8_t flip(const char *path, uint64_t at, uint8_t bits)
{
    FILE *f = fopen(path, "r+b");
    uint8_t byte = 0;

    assert_non_null(f);
    assert_int_equal(fseek(f, (long)at, SEEK_SET), 0);
    assert_int_equal(fread(&byte, 1, 1, f), 1);
    byte ^= bits;
    assert_int_equal(fseek(f, (long)at, SEEK_SET), 0);
    assert_int_equal(fwrite(&byte, 1, 1, f), 1);
    assert_int_equal(fclose(f), 0);
    return byte;
}

/* The column that byte `at` of a record is in. */
static const struct as_column *column_at(const struct as_set *set, uint64_t at)
{
    for (uint32_t c = 0; c < set->ncolumns; c++)
        if (at >= set->column[c].at && at < set->column[c].at + set->column[c].size)
            return &set->column[c];
    return NULL;
}

/* Flips one byte of a dataset; -1 where one cannot say what must follow, else
 * whether content_digest must change.                                         */
static int must_change(const struct region *r, uint64_t at)
{
    const struct as_set *set = &r->set;

    if (set->form == AS_FORM_BYTES)
        return set->which == AS_B_provenance ? 0 : -1;
    if (!(set->in & AS_IN_CONTENT))
        return 0;
    if (set->form == AS_FORM_GROUP)
        return set->type == AS_CELL_F32 ? -1 : 1;
    const struct as_column *col = column_at(set, at % set->row_bytes);
    bool value = col->type == AS_CELL_F32 || col->type == AS_CELL_F64 || as_is_text(col->type) ||
                 col->type == AS_CELL_CELLS;
    return !(col->scope & AS_IN_CONTENT) ? 0 : value ? -1 : 1;
}

/* Reads all there is to read: no crash, whatever the data say. */
static void read_all(struct as_store *store)
{
    struct as_row row;
    float score[AS_DETECTORS_MAX];
    char text[300];

    for (uint64_t i = 0; i < as_store_items(store); i++)
        if (as_store_row(store, i, &row, score, NULL) != AS_OK)
            break;
    if (as_store_explain(store, store, text, sizeof text, NULL) == AS_OK)
        assert_string_equal(text, "equal");
}

static void test_flipped_bytes(void **state)
{
    struct kit *k = kit_new(seed, 120, 0, 1);
    struct region regions[AS_SETS_MAX];
    struct digests plain, d;
    struct as_store *store = NULL;
    uint64_t rng = seed;

    (void)state;
    seal_to(path_a, k, &plain);
    kit_free(k);
    store = open_it(path_a);
    size_t n = find_regions(store, regions);
    as_store_close(store);
    for (int round = 0; round < 400; round++) {
        const struct region *r = &regions[draw(&rng) % n];
        uint64_t at = draw(&rng) % (r->set.rows * r->set.row_bytes);
        uint8_t bits = (uint8_t)(1u << draw(&rng) % 8);
        int must = must_change(r, at);
        flip(path_a, r->at + at, bits);
        bool changed = true;
        if (as_store_open_with(&store, path_a, DETS, NULL) == AS_OK) {
            changed = as_store_digest(store, d.content, d.exact, NULL) != AS_OK ||
                      strcmp(d.content, plain.content) != 0;
            read_all(store);
            as_store_close(store);
        } else if (must == 0) {
            must = -1; /* an offset outside a digest, but checked in opening */
        }
        flip(path_a, r->at + at, bits);
        if (must >= 0 && changed != (must == 1))
            fail_msg("%s, byte %u of a row: changed %d, must %d", r->set.name,
                     (unsigned)(at % r->set.row_bytes), changed, must);
    }
    store = open_it(path_a);
    assert_int_equal(as_store_digest(store, d.content, d.exact, NULL), AS_OK);
    assert_string_equal(d.content, plain.content);
    as_store_close(store);
}

/* 3 failures ------------------------------------------------------------------------- */

static void test_full_disk(void **state)
{
    struct kit *k = kit_new(seed, 2000, 0, 1);
    struct rlimit before, small;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 300000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    seal_fails(k, AS_EIO, "cannot");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    kit_free(k);
    round_trip(100);
}

/* While row 30 is written, the device fails. */
static enum as_status breaking_row(void *state, uint64_t i, struct as_row *row, struct as_err *err)
{
    struct rows *r = state;

    if (i == 30 && r->fail_after-- == 0)
        assert_int_equal(rows_break("/b.h5.tmp"), 1);
    return rows_row(state, i, row, err);
}

static void test_broken_device(void **state)
{
    (void)state;
    for (uint64_t bytes = 0; bytes < 2000; bytes += 1000) {
        struct kit *k = kit_new(seed, 40, 0, 1);
        assert_non_null(k);
        k->what.rows.row = breaking_row;
        k->rows.fail_after = 1;
        k->what.bytes_per_call = bytes;
        seal_fails(k, AS_EIO, "cannot write rows");
        kit_free(k);
    }
    round_trip(100);
}

/* 4 for other tests ------------------------------------------------------------------  */

static int make(const char *path)
{
    struct kit *k = kit_new(seed, 301, 0, 1);
    struct digests d;
    struct as_err err = {0};

    if (k == NULL ||
        as_store_seal_with(path, NULL, &k->what, DETS, d.content, d.exact, &err) != AS_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    kit_free(k);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_no_detectors),
        cmocka_unit_test(test_batches),       cmocka_unit_test(test_changes),
        cmocka_unit_test(test_outside),       cmocka_unit_test(test_shared_tables),
        cmocka_unit_test(test_flipped_bytes), cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_broken_device),
    };

    if (argc > 2 && strcmp(argv[1], "--make") == 0) {
        seed = 1;
        return make(argv[2]);
    }
    if (!store_begin(argc, argv))
        return 1;
    return store_end(cmocka_run_group_tests(TESTS, NULL, NULL));
}
