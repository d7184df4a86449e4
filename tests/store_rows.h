/* store_rows.h - random rows for the tests of the store, the same for any rank.
 *
 * Row i depends on the seed and i alone.  A change names one thing to make
 * otherwise in one row, to see what notices.                                 */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include "../kernels/learn/model.h"
#include "../pipeline/store/seal.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONG_TEXT = 300000, KV_MAX = 12, SOURCES = 3 };

enum change {
    NOTHING,
    PATH,
    SIZE,
    SHA256,
    NO_SHA1,
    MTIME,
    KIND,
    STATUS,
    REASON,
    WIDTH,
    FLAGS,
    PART,
    DURATION,
    KEY,
    VALUE,
    MORE_METADATA,
    DET_STATUS,
    DET_REASON,
    EXACT_MEASURE,
    EXACT_CODE,
    FLOAT_MEASURE,
    MAP_CELL,
    MAP_DET,
    ERROR_TEXT,
    CRASH,             /* the row is outside the promise     */
    CRASH_WITH_OTHERS, /* and everything hanging on it differs */
    CRASH_OTHER_PATH,
    CHANGES
};

static const char *const MEASURES_ALPHA[] = {"quality", "sum_px", "spread"};
static const char *const MEASURES_BETA[] = {"a", "b", "c", "d", "e"};
static const char *const REASONS_ALPHA[] = {"too flat", "too dark", NULL};

static inline enum as_status score_beta(const struct as_model *model, const float *feat, size_t n,
                                        float *score)
{
    float factor;
    uint32_t dim;

    as_model_weights(model, &dim, &factor);
    for (size_t i = 0; i < n; i++)
        score[i] = factor * feat[5 * i] + feat[5 * i + 1];
    return AS_OK;
}

static const struct as_detector ALPHA = {.name = "alpha",
                                         .version = 1,
                                         .dim = 3,
                                         .code_bytes = 32,
                                         .measures = MEASURES_ALPHA,
                                         .reasons = REASONS_ALPHA,
                                         .exact = true};
static const struct as_detector ABSENT = {.name = "absent", .version = 1, .dim = 1};
static const struct as_detector BETA = {
    .name = "beta", .version = 2, .dim = 5, .measures = MEASURES_BETA, .score = score_beta};
static const struct as_detector GAMMA = {.name = "gamma_2", .version = 3, .code_bytes = 7};
static const struct as_detector *const DETS[] = {&ALPHA, &ABSENT, &BETA, &GAMMA, NULL};
static const bool WITH[] = {true, false, true, true};
static const bool WITHOUT[] = {false, false, false, false};

struct rows {
    uint64_t seed, n;
    bool crashes; /* some rows are outside the promise */
    enum change change;
    uint64_t changed;
    uint64_t fail_at, fail_after; /* row that fails, once it has been asked for so often */
    char path[LONG_TEXT], text[LONG_TEXT], keys[KV_MAX][64], values[KV_MAX][96];
    struct as_kv kv[KV_MAX];
    float feat[2][5];
    uint8_t code[2][32], cells[2][64];
};

static inline uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u; /* splitmix64 */

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline float draw_float(uint64_t *state)
{
    uint64_t v = draw(state);

    return v % 17 == 0 ? NAN : v % 19 == 0 ? -0.0f : (float)(int32_t)v / 1000.0f;
}

static inline void draw_bytes(uint64_t *state, uint8_t *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)draw(state);
}

static inline void make_kvs(struct rows *r, uint64_t *state, struct as_row *row, bool other)
{
    row->kv = r->kv;
    row->nkv = 2 + draw(state) % (KV_MAX - 3);
    for (size_t k = 0; k < row->nkv; k++) {
        unsigned key = (unsigned)(draw(state) % 40), value = (unsigned)draw(state);
        r->kv[k].key.len = (uint32_t)snprintf(r->keys[k], 64, "exif.Key%u", key);
        r->kv[k].value.len =
            (uint32_t)snprintf(r->values[k], 96, "%u%s\n\xc3\xa9", value, other ? "!" : "");
        r->kv[k].key.at = r->keys[k];
        r->kv[k].value.at = r->values[k];
    }
    if (row->id % 97 == 5 && row->id < 500)
        r->kv[0].value = (struct as_text){r->text, LONG_TEXT};
}

static inline void make_dets(struct rows *r, uint64_t *state, struct as_row *row, bool other)
{
    for (int d = 0; d < 4; d++) {
        bool applies = draw(state) % 4 != 0;
        if ((2 * row->id + row->part) % 16 == 3)
            applies = d != 3;
        row->det[d].status = applies ? AS_DET_APPLIES : AS_DET_ABSTAINS;
        row->det[d].reason = applies ? 0 : (uint16_t)(draw(state) % 2);
    }
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < 5; i++)
            r->feat[k][i] = other ? 1.0f : draw_float(state);
        draw_bytes(state, r->code[k], 32);
    }
    if (row->det[0].status == AS_DET_APPLIES) {
        row->det[0].feat = r->feat[0];
        row->det[0].code = r->code[0];
    }
    if (row->det[2].status == AS_DET_APPLIES)
        row->det[2].feat = r->feat[1];
    if (row->det[3].status == AS_DET_APPLIES)
        row->det[3].code = r->code[1];
}

static inline void make_rest(struct rows *r, uint64_t *state, struct as_row *row)
{
    row->ntrouble = draw(state) % 3;
    for (size_t t = 0; t < row->ntrouble; t++)
        row->trouble[t] = (struct as_trouble){t ? "decode" : "metadata", 61, {"broken", 6}};
    row->nmap = row->det[0].status == AS_DET_APPLIES ? draw(state) % 3 : 0;
    for (size_t m = 0; m < 2; m++)
        draw_bytes(state, r->cells[m], 64);
    for (size_t m = 0; m < row->nmap; m++)
        row->map[m] = (struct as_map_row){0, (uint16_t)(1 + draw(state) % 8), 8, 16, r->cells[m]};
}

static inline void make_item(struct rows *r, uint64_t *state, struct as_row *row, uint64_t i)
{
    row->id = i / 2; /* two parts an item */
    row->part = (uint32_t)(i % 2);
    row->source = (uint32_t)(draw(state) % SOURCES);
    row->path.at = r->path;
    row->path.len = (uint32_t)snprintf(r->path, 200, "a.tar>>dir%u/\xff\xfe_%08x.jpg",
                                       (unsigned)(draw(state) % 9), (unsigned)draw(state));
    if (i % 211 == 7 && i < 1000) {
        memset(r->path + row->path.len, 'p', LONG_TEXT - row->path.len);
        row->path.len = LONG_TEXT;
    }
    row->size = draw(state);
    draw_bytes(state, row->sha256, 32);
    draw_bytes(state, row->md5, 16);
    draw_bytes(state, row->sha1, 20);
    row->has_sha256 = i % 16 == 3 || draw(state) % 8 != 0;
    row->has_md5 = draw(state) % 2;
    row->has_sha1 = i % 16 == 3 || draw(state) % 2;
    row->mtime_s = i % 3 ? (int64_t)draw(state) : INT64_MIN;
    row->kind = 10 + draw(state) % 8;
    row->status = i % 16 == 3 ? AS_ITEM_OK : (uint16_t)(draw(state) % 6);
    if (r->crashes && i % 29 == 4)
        row->status = i % 2 ? AS_ITEM_TIMEOUT : AS_ITEM_CRASHED;
    row->reason = (uint16_t)(draw(state) % 200);
    row->w = (uint32_t)draw(state);
    row->h = (uint32_t)draw(state);
    row->frames = 1;
    row->duration_s = draw(state) % 3 ? 0.0 : -0.0;
    row->flags = (uint32_t)(draw(state) % 8192);
}

static inline void change_det(struct rows *r, struct as_row *row, enum change c)
{
    if (c == DET_STATUS)
        row->det[0] = (struct as_det_row){.status = AS_DET_ERROR};
    if (c == DET_REASON)
        row->det[1].reason = row->det[3].reason = 9;
    if (c == EXACT_MEASURE)
        r->feat[0][2] = 4711.0f;
    if (c == EXACT_CODE)
        r->code[0][31] ^= 1;
    if (c == FLOAT_MEASURE)
        r->feat[1][4] = 4711.0f;
    if (c == MAP_CELL)
        r->cells[0][0] ^= 1;
    if (c == MAP_DET)
        row->map[0].det = 2;
    if (c == ERROR_TEXT)
        row->trouble[0].message = (struct as_text){"other words", 11};
}

static inline void change_row(struct rows *r, struct as_row *row, enum change c)
{
    row->path.len -= c == PATH || c == CRASH_OTHER_PATH;
    row->size += c == SIZE || c == CRASH_WITH_OTHERS;
    row->sha256[31] ^= c == SHA256;
    row->has_sha1 = row->has_sha1 && c != NO_SHA1;
    row->mtime_s += c == MTIME;
    row->kind = (uint16_t)(row->kind + (c == KIND));
    row->status = c == STATUS ? AS_ITEM_LIMIT : row->status;
    row->reason ^= c == REASON;
    row->w ^= c == WIDTH;
    row->flags ^= c == FLAGS;
    row->part += c == PART ? 9 : 0;
    row->duration_s = c == DURATION ? 2.5 : row->duration_s;
    r->keys[1][0] = c == KEY ? 'X' : r->keys[1][0];
    r->values[1][0] = c == VALUE ? 'X' : r->values[1][0];
    if (c == MORE_METADATA) {
        r->kv[row->nkv] = r->kv[0];
        row->nkv++;
    }
    if (c >= CRASH)
        row->status = AS_ITEM_CRASHED;
    change_det(r, row, c);
}

static inline enum as_status rows_row(void *state, uint64_t i, struct as_row *row,
                                      struct as_err *err)
{
    struct rows *r = state;
    enum as_status status = AS_OK;
    uint64_t s = r->seed * 1000003 + i;
    bool other = r->change == CRASH_WITH_OTHERS && i == r->changed;

    if (i == r->fail_at && r->fail_after-- == 0)
        AS_FAIL(err, AS_EIO, "planted failure of row %u", (unsigned)i);
    memset(row, 0, sizeof *row);
    make_item(r, &s, row, i);
    make_kvs(r, &s, row, other);
    make_dets(r, &s, row, other);
    make_rest(r, &s, row);
    if (i % 16 == 3) { /* a row in which everything can be changed */
        row->nmap = 1;
        row->map[0] = (struct as_map_row){0, 2, 2, 8, r->cells[0]};
        row->ntrouble = 1;
        row->trouble[0] = (struct as_trouble){"decode", 61, {"broken", 6}};
    }
    if (r->change != NOTHING && i == r->changed)
        change_row(r, row, r->change);
done:
    return status;
}

/* Makes all writing through open files whose names end in `end` fail; gives their number. */
static inline int rows_break(const char *end)
{
    int n = 0, nothing = open("/dev/null", O_RDONLY);
    char link[64], name[300];

    for (int fd = 3; fd < 256; fd++) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t len = readlink(link, name, sizeof name - 1);
        if (len < (ssize_t)strlen(end) || memcmp(name + len - strlen(end), end, strlen(end)) != 0)
            continue;
        dup2(nothing, fd);
        n++;
    }
    close(nothing);
    return n;
}

/* Everything that a seal is given, for the rows of one rank. */
struct kit {
    struct rows rows;
    struct as_store_what what;
    struct as_source_row sources[SOURCES];
    struct as_finding *findings;
    struct as_match *matches;
    char name[64];
    struct as_link *links;
    struct as_member *members;
    struct as_origin *origins;
    struct as_sensor_map *sensor_maps;
    struct as_timing_row timing[2];
    struct as_model model;
    const struct as_model *models[AS_DETECTORS_MAX];
};

static inline void kit_sources(struct kit *k)
{
    for (uint32_t i = 0; i < SOURCES; i++) {
        k->sources[i] = (struct as_source_row){.ordinal = i,
                                               .path = i ? "/evidence/b.tar" : "/evidence/a",
                                               .size = i * 77,
                                               .kind = 112};
        if (i > 0)
            memset(k->sources[i].sha256, 'a' + (int)i, 64);
    }
}

/* Gives finding i of an array. */
static inline enum as_status finding_of(void *findings, uint64_t i, struct as_finding *f,
                                        struct as_err *err)
{
    (void)err;
    *f = ((const struct as_finding *)findings)[i];
    return AS_OK;
}

/* Every reference has a name, some the same one. */
static inline enum as_status name_of(void *names, const struct as_match *m, struct as_text *name,
                                     struct as_err *err)
{
    char *text = (char *)names;

    (void)err;
    snprintf(text, 64, "reference %u of %u", (unsigned)(m->reference % 20), (unsigned)m->set);
    *name = (struct as_text){text, (uint32_t)strlen(text)};
    return AS_OK;
}

/* Findings first to first + n - 1: of rows here and there. */
static inline void kit_findings(struct kit *k, uint64_t first, uint64_t n)
{
    k->findings = calloc(n + 1, sizeof *k->findings);
    for (uint64_t i = 0; k->findings != NULL && i < n; i++) {
        struct as_finding *f = &k->findings[i];
        f->row = (first + i) * 7 % k->rows.n;
        f->kind = (uint16_t)((first + i) % AS_FINDING_KINDS);
        f->det = (first + i) % 5 == 4 ? AS_FINDING_NONE : (first + i) % 2 ? 2 : 0;
        f->set = AS_FINDING_NONE;
        f->score = (float)(first + i) / 3.0f;
        f->llr = NAN;
        snprintf(f->text, sizeof f->text, "finding %u", (unsigned)(first + i));
    }
    k->what.finding = finding_of;
    k->what.findings = k->findings;
    k->what.nfindings = k->findings != NULL ? n : 0;
}

static const struct as_set_row SETS[] = {
    {AS_SET_KNOWN, "known goods", "/ref/known.h5",
     "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", 1000},
    {AS_SET_MEDIA, "", "/ref/media.h5", "", 3}};

/* Of every third row from `from` up to `to` a match in each set, and of every fifth a link. */
static inline void kit_found(struct kit *k, uint64_t from, uint64_t to)
{
    k->matches = calloc(to - from + 2, 2 * sizeof *k->matches);
    k->links = calloc(to - from + 1, sizeof *k->links);
    k->members = calloc(to - from + 1, sizeof *k->members);
    k->origins = calloc(to - from + 1, sizeof *k->origins);
    k->sensor_maps = calloc(to - from + 1, sizeof *k->sensor_maps);
    if (k->matches == NULL || k->links == NULL || k->members == NULL || k->origins == NULL ||
        k->sensor_maps == NULL)
        return;
    for (uint64_t i = from; i < to; i++) {
        for (uint16_t set = 0; i % 3 == 0 && set < 2; set++)
            k->matches[k->what.nmatches++] =
                (struct as_match){.row = i,
                                  .reference = i * 5,
                                  .set = set,
                                  .kind = set == 0   ? AS_MATCH_HASH
                                          : i % 6 == 0 ? AS_MATCH_CAMERA
                                                     : AS_MATCH_CODE,
                                  .value = (float)(i % 32),
                                  .p = set ? 1e-90 : (double)NAN,
                                  .other = (float)(i % 7),
                                  .others = (uint32_t)(i % 4),
                                  .left = (float)i / 3,
                                  .top = -(float)(i % 5),
                                  .scale = 0.5F + (float)(i % 3),
                                  .turn = (uint8_t)(i % 4),
                                  .beside = (uint8_t)(i / 6 % AS_BESIDES)};
        if (i % 5 == 0 && i + 2 < k->rows.n)
            k->links[k->what.nlinks++] = (struct as_link){i, i + 2, AS_MATCH_CODE, (float)(i % 31)};
        if (i % 7 == 0)
            k->origins[k->what.norigins++] = (struct as_origin){i, i - i % 2, (float)i, 1e-9f};
        if (i % 4 == 0) /* every eighth without cells */
            k->sensor_maps[k->what.nsensor_maps++] =
                i % 8 ? (struct as_sensor_map){i, i + 1, 1, 160,  2, 0.25F, 0.5F, 16,
                                               8, 3, 2, 32, (const uint8_t *)&"abcdefghijk"[i % 6]}
                      : (struct as_sensor_map){.row = i, .set = 0};
        if (i % 5 == 0) /* and a group of two, of which the second stands */
            k->members[k->what.nmembers++] = (struct as_member){i + (i + 1 < k->rows.n), i, true};
        if (i % 5 == 1)
            k->members[k->what.nmembers++] = (struct as_member){i - 1, i - 1, false};
    }
    k->what.members = k->members;
    k->what.origins = k->origins;
    k->what.sensor_maps = k->sensor_maps;
    k->what.matches = k->matches;
    k->what.name = name_of;
    k->what.names = k->name;
    k->what.links = k->links;
    k->what.sets = SETS;
    k->what.nsets = 2;
}

/* The share of rank `rank` of `ranks`: the middle one of three has no rows. */
static inline struct kit *kit_new(uint64_t seed, uint64_t n, int rank, int ranks)
{
    struct kit *k = calloc(1, sizeof *k);
    uint64_t from = n * (uint64_t)rank / (uint64_t)ranks;
    uint64_t to = n * (uint64_t)(rank + 1) / (uint64_t)ranks;

    if (k == NULL)
        return NULL;
    if (ranks == 3 && rank > 0) {
        from = rank == 1 ? from : n / 3;
        to = rank == 1 ? from : n;
    }
    k->rows.seed = seed;
    k->rows.n = n;
    k->rows.fail_at = UINT64_MAX;
    memset(k->rows.text, 't', sizeof k->rows.text);
    k->what.rows = (struct as_store_rows){&k->rows, from, to - from, rows_row};
    k->what.sources = k->sources;
    k->what.nsources = SOURCES;
    kit_sources(k);
    kit_findings(k, from / 4, to / 4 - from / 4);
    kit_found(k, from, to);
    k->timing[0] = (struct as_timing_row){(uint64_t)rank, (uint32_t)rank, 1000, 1, 2, 3, 4};
    k->timing[1] = (struct as_timing_row){(uint64_t)rank + 9, (uint32_t)rank, 5, 0, 0, 0, 1};
    k->what.timing = k->timing;
    k->what.ntiming = 2;
    k->what.with_det = WITH;
    k->model.bias = 0.5f;
    k->models[2] = &k->model;
    k->what.models = k->models;
    k->what.provenance = "{\"ranks\": 1}";
    return k;
}

static inline void kit_free(struct kit *k)
{
    if (k != NULL) {
        free(k->findings);
        free(k->matches);
        free(k->links);
        free(k->members);
        free(k->origins);
        free(k->sensor_maps);
    }
    free(k);
}

#endif
