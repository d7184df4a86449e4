/* unit.c - cuts an item into units, builds their views and runs the detectors.
 *
 * Today an item has one unit: the first picture of the file.                 */
#include "unit.h"

#include "../../kernels/detectors/camera.h"
#include "../../kernels/residual.h"
#include "../clock.h"
#include "heat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CODE_MAX = 1024, DECODED_VIEWS = AS_LUMA | AS_RGB | AS_DCT | AS_SAMPLE };

/* Larger pictures have no residual: luma, residual and what it takes to make it are 14 bytes a
 * pixel, and must fit --examiner-memory beside the decoder.                                */
enum { NOISE_PIXELS_MAX = 64 << 20 };

struct as_bench {
    const struct as_options *options;
    bool with[AS_DETECTORS_MAX];
    void *state[AS_DETECTORS_MAX];
    uint32_t views; /* what the detectors need together */
    struct as_decoder *picture, *thumb;
    struct as_kvs kvs;
    struct as_facts facts;
    struct as_meta meta;
    uint8_t *whole; /* a large file, read into memory */
    uint64_t whole_len;
    void *scratch;
    size_t scratch_len;
    float *noise; /* the residual */
    size_t noise_len;
    struct as_keep keep;
    uint8_t *keep_at; /* shared with the broker */
    uint64_t kept;
    float *feat[AS_DETECTORS_MAX]; /* places in measures */
    float measures[AS_MEASURES_MAX];
    uint8_t code[AS_DETECTORS_MAX][CODE_MAX];
    const struct as_models *models; /* that say whose maps are kept; NULL: none are */
    const struct as_trust *trust;
    struct as_heat_room heat;
    uint8_t map[AS_MAPS_MAX][AS_MAP_SIDE_MAX * AS_MAP_SIDE_MAX];
    struct as_err err[2]; /* of metadata and decoding: rows borrow their text */
};

/* Marks the detectors that a word of the list means; false: none. */
static bool select_word(const char *word, size_t len, bool with[AS_DETECTORS_MAX])
{
    const bool every = len == 5 && memcmp(word, "every", 5) == 0;
    bool any = false, all = every || len == 0 || (len == 3 && memcmp(word, "all", 3) == 0);

    for (size_t d = 0; as_detectors[d]; d++) {
        const char *name = as_detectors[d]->name;
        if (all ? every || !as_detectors[d]->asked : strlen(name) == len && memcmp(name, word, len) == 0)
            any = with[d] = true;
    }
    return any;
}

enum as_status as_detectors_select(const char *list, bool with[AS_DETECTORS_MAX],
                                   struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *p = list;
    size_t len;

    memset(with, 0, AS_DETECTORS_MAX * sizeof *with);
    do {
        len = strcspn(p, ",");
        if ((len > 0 || list[0] == 0) && !select_word(p, len, with))
            AS_FAIL(err, AS_EUSAGE, "no detector is called \"%.*s\" (see `assay list detectors`)",
                    (int)len, p);
        p += len + (p[len] == ',');
    } while (*p);
done:
    return status;
}

enum as_status as_bench_new(struct as_bench **b, const struct as_options *o, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_bench *x = calloc(1, sizeof *x);
    size_t measures = 0;

    *b = NULL;
    if (x == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for an examiner");
    x->options = o;
    AS_TRY(as_detectors_select(o->detectors, x->with, err));
    AS_TRY(as_decoder_new(&x->picture));
    AS_TRY(as_decoder_new(&x->thumb));
    AS_TRY(as_kvs_init(&x->kvs));
    for (size_t d = 0; as_detectors[d]; d++) {
        x->feat[d] = x->measures + measures;
        if ((measures += as_detectors[d]->dim) > AS_MEASURES_MAX)
            AS_FAIL(err, AS_EBUG, "more than %d measures of all detectors", AS_MEASURES_MAX);
        if (!x->with[d])
            continue;
        AS_TRY(as_det_init(as_detectors[d], &x->state[d]));
        x->views |= as_detectors[d]->needs;
    }
    *b = x;
    x = NULL;
done:
    as_bench_free(x);
    return status;
}

void as_bench_keep(struct as_bench *b, const struct as_keep *keep, uint8_t *at)
{
    b->keep = *keep;
    b->keep_at = at;
}

uint64_t as_bench_kept(const struct as_bench *b)
{
    return b->kept;
}

void as_bench_models(struct as_bench *b, const struct as_models *models)
{
    b->models = models;
}

void as_bench_trust(struct as_bench *b, const struct as_trust *trust)
{
    b->trust = trust;
}

void as_bench_ask(struct as_bench *b, uint32_t views)
{
    b->views |= views;
}

void as_bench_free(struct as_bench *b)
{
    if (b == NULL)
        return;
    for (size_t d = 0; as_detectors[d]; d++)
        if (b->with[d])
            as_det_free(as_detectors[d], b->state[d]);
    as_decoder_free(b->picture);
    as_decoder_free(b->thumb);
    as_kvs_clear(&b->kvs);
    free(b->whole);
    free(b->scratch);
    free(b->noise);
    free(b->heat.at);
    free(b);
}

static void add_trouble(struct as_row *row, const char *stage, const struct as_err *err)
{
    struct as_trouble *t;

    if (row->ntrouble == AS_ERRORS_MAX || err->text[0] == 0)
        return;
    t = &row->trouble[row->ntrouble++];
    t->stage = stage;
    t->status = (uint16_t)err->reason;
    t->message.at = err->text;
    t->message.len = (uint32_t)strlen(err->text);
}

/* Pictures are decoded from memory: a file behind a descriptor is read whole. */
static enum as_status load(struct as_bench *b, struct as_input *in, struct as_err *err)
{
    enum as_status status = AS_OK;
    int64_t got;

    if (in->at)
        return AS_OK;
    if (in->size > b->options->max_item)
        AS_FAIL_AS(err, AS_ELIMIT, AS_REASON_LIMIT_ITEM, "a picture of %llu bytes",
                   (unsigned long long)in->size);
    if (in->size > b->whole_len) {
        free(b->whole);
        b->whole_len = 0;
        if ((b->whole = malloc(in->size)) == NULL)
            return AS_ENOMEM;
        b->whole_len = in->size;
    }
    got = as_input_read(in, 0, b->whole, in->size);
    if (got < 0 || (uint64_t)got != in->size)
        AS_FAIL_AS(err, AS_EFORMAT, AS_REASON_UNREADABLE, "it cannot be read again");
    in->at = b->whole;
done:
    return status;
}

static enum as_status grow_scratch(struct as_bench *b, size_t n)
{
    if (n <= b->scratch_len)
        return AS_OK;
    free(b->scratch);
    b->scratch_len = 0;
    b->scratch = aligned_alloc(64, (n + 63) / 64 * 64);
    if (b->scratch == NULL)
        return AS_ENOMEM;
    b->scratch_len = n;
    return AS_OK;
}

/* The luma of the EXIF thumbnail, if there is one that decodes. */
static struct as_plane decode_thumb(struct as_bench *b)
{
    struct as_want want = {AS_LUMA, 1 << 22, 1 << 22};
    struct as_plane none = {NULL, 0, 0, 0};
    struct as_picture pic = {0};

    if (b->facts.thumb.size == 0 || b->facts.thumb.at == NULL || !(b->views & AS_META))
        return none;
    if (as_media_decode(b->thumb, AS_KIND_JPEG, &b->facts.thumb, &want, &pic, NULL) != AS_OK)
        return none;
    return pic.views & AS_LUMA ? pic.luma : none;
}

/* Whether the detector's map may be kept, so that it has to be made. */
static bool wants_map(const struct as_bench *b, size_t d, const struct as_row *row)
{
    if (as_detectors[d]->heat_step == 0 || row->nmap == AS_MAPS_MAX || b->models == NULL)
        return false;
    return b->options->maps || (b->models->at[d] && isfinite(b->models->at[d]->map_threshold));
}

/* Keeps the map where the score says so. */
static void keep_map(struct as_bench *b, size_t d, const struct as_heat *heat, struct as_row *row)
{
    struct as_map_row *map = &row->map[row->nmap];
    float score = 0;

    if (!b->options->maps && (as_det_score(as_detectors[d], b->models->at[d], b->feat[d], 1,
                                           &score) != AS_OK ||
                              !as_model_keeps_map(b->models->at[d], score)))
        return;
    as_heat_reduce(heat, as_detectors[d]->heat_step, b->map[row->nmap++], map);
    map->det = (uint16_t)d;
}

static enum as_status run_detector(struct as_bench *b, size_t d, const struct as_unit *unit,
                                   const struct as_picture *pic, struct as_row *row)
{
    static const uint8_t STATUS[] = {AS_DET_APPLIES, AS_DET_NOT_APPLICABLE, AS_DET_ABSTAINS};
    const struct as_detector *det = as_detectors[d];
    struct as_out out = {b->feat[d], b->code[d], AS_APPLIES, 0, NULL};
    struct as_det_row *to = &row->det[d];
    struct as_heat heat;
    const bool runs = as_det_lacks(det, unit) == 0; /* else the picture may be too large for room */
    enum as_status status;

    if (runs && grow_scratch(b, as_det_scratch_bytes(det, pic->w, pic->h)) != AS_OK)
        return AS_ENOMEM;
    if (runs && wants_map(b, d, row)) {
        if (as_heat_begin(&b->heat, pic->w, pic->h, det->heat_step, &heat) != AS_OK)
            return AS_ENOMEM;
        out.heat = &heat;
    }
    status = as_det_extract(det, b->state[d], unit, b->scratch, &out);
    if (status == AS_OK && out.verdict == AS_APPLIES && out.heat)
        keep_map(b, d, &heat, row);
    to->status = status == AS_OK ? STATUS[out.verdict] : (uint8_t)AS_DET_ERROR;
    to->reason = out.reason;
    to->feat = b->feat[d];
    to->code = b->code[d];
    return AS_OK;
}

/* The residual of luma, for the first detector that needs it. */
static enum as_status make_noise(struct as_bench *b, struct as_unit *unit)
{
    const struct as_plane *luma = &unit->luma;
    const uint64_t n = (uint64_t)luma->w * luma->h;
    const uint64_t most = b->keep.step == 1 ? b->keep.pixels : NOISE_PIXELS_MAX; /* 1: enrolment */

    if (!(unit->views & AS_LUMA) || unit->views & AS_NOISE || n > most)
        return AS_OK;
    if (n > b->noise_len) {
        free(b->noise);
        b->noise_len = 0;
        if ((b->noise = aligned_alloc(64, (n * sizeof(float) + 63) / 64 * 64)) == NULL)
            return AS_ENOMEM;
        b->noise_len = n;
    }
    if (grow_scratch(b, as_residual_scratch(luma->w, luma->h)) != AS_OK)
        return AS_ENOMEM;
    if (as_residual(luma, b->noise, luma->w, b->scratch) != AS_OK)
        return AS_OK; /* too small for it */
    unit->noise = (struct as_plane){b->noise, luma->w, luma->h, luma->w};
    unit->views |= AS_NOISE;
    return AS_OK;
}

/* Where the camera detector applies, the residual goes to the broker. */
static void keep_noise(struct as_bench *b, size_t d, const struct as_unit *unit,
                       const struct as_det_row *det)
{
    if (b->keep.pixels == 0 || as_detectors[d] != &as_detector_camera || det->status != AS_DET_APPLIES)
        return;
    b->kept = as_noise_pack(&b->keep, &unit->luma, &unit->noise, as_camera_flat(det->feat),
                            b->keep_at);
}

/* film: of a video, which has no views but its metadata. */
static enum as_status run_detectors(struct as_bench *b, const struct as_picture *pic, bool film,
                                    struct as_row *row, struct as_times *times)
{
    struct as_unit unit = {0};
    uint64_t begun;
    enum as_status status = AS_OK;

    b->meta = (struct as_meta){pic->w,    pic->h,    row->kind,
                               b->kvs.at, b->kvs.n,  b->facts.is_jpeg ? &b->facts.jpeg : NULL,
                               {0},       pic->small, NULL};
    if (!film)
        b->meta.thumb = decode_thumb(b);
    b->meta.c2pa = b->facts.c2pa.present ? &b->facts.c2pa : NULL;
    unit.views = pic->views | AS_META;
    unit.luma = pic->luma;
    memcpy(unit.rgb, pic->rgb, sizeof unit.rgb);
    unit.sample = pic->sample;
    unit.dct = pic->dct;
    unit.meta = &b->meta;
    for (size_t d = 0; as_detectors[d] && status == AS_OK; d++) {
        if (!b->with[d] || (film && !as_detectors[d]->film))
            continue;
        begun = as_now_us();
        if (as_detectors[d]->needs & AS_NOISE)
            status = make_noise(b, &unit);
        if (status == AS_OK)
            status = run_detector(b, d, &unit, pic, row);
        if (status == AS_OK)
            keep_noise(b, d, &unit, &row->det[d]);
        times->det[d] += as_now_us() - begun;
    }
    return status;
}

/* Pixels of the largest picture whose planes, with what detectors and the residual need beside
 * them, leave a fourth of the memory to the decoder; a larger one goes by strips, and keeps its
 * hashes and what needs no plane, where running out of memory would lose it all.            */
static uint64_t pixels_most(const struct as_bench *b, uint32_t views)
{
    const uint64_t planes = (views & AS_LUMA ? 4U : 0U) + (views & AS_RGB ? 12U : 0U) +
                            (views & AS_DCT ? 6U : 0U) + (views & AS_NOISE ? 10U : 0U);
    const uint64_t memory = b->options->examiner_memory - AS_SCRATCH_FREE;
    const uint64_t fit = memory / 4 * 3 / (planes + AS_SCRATCH_PER_PIXEL);

    return planes && fit < b->options->max_pixels ? fit : b->options->max_pixels;
}

/* Decodes a picture and runs the detectors on it. */
static enum as_status examine_picture(struct as_bench *b, enum as_kind kind,
                                      const struct as_input *in, struct as_row *row,
                                      struct as_times *times)
{
    const uint32_t views = b->views & AS_NOISE ? b->views | AS_LUMA : b->views;
    struct as_want want = {views & DECODED_VIEWS, pixels_most(b, views), UINT64_C(1) << 34};
    struct as_picture pic = {0};
    struct as_err *err = &b->err[1];
    uint64_t begun = as_now_us();
    enum as_status status = as_media_decode(b->picture, kind, in, &want, &pic, err);

    row->w = pic.w;
    row->h = pic.h;
    row->frames = pic.frames;
    row->duration_s = pic.duration_s;
    row->flags |= pic.flags;
    times->decode += as_now_us() - begun;
    if (status == AS_ENOMEM)
        return status;
    row->reason = (uint16_t)pic.reason;
    if (err->text[0])
        add_trouble(row, "decode", err);
    if (status != AS_OK) {
        row->reason = err->reason ? (uint16_t)err->reason : AS_REASON_DAMAGED;
        return AS_OK;
    }
    return run_detectors(b, &pic, false, row, times);
}

static enum as_status examine_video(struct as_bench *b, enum as_kind kind,
                                    const struct as_input *in, struct as_row *row,
                                    struct as_times *times)
{
    struct as_picture pic = {0};
    struct as_err *err = &b->err[1];
    enum as_status status = as_video_describe(in, kind, &pic, &b->kvs, err);

    row->w = pic.w;
    row->h = pic.h;
    row->frames = pic.frames;
    row->duration_s = pic.duration_s;
    row->flags |= pic.flags;
    row->reason = (uint16_t)pic.reason;
    if (status == AS_ENOMEM)
        return status;
    if (status != AS_OK) {
        row->reason = err->reason ? (uint16_t)err->reason : AS_REASON_DAMAGED;
        add_trouble(row, "decode", err);
        return AS_OK;
    }
    return run_detectors(b, &pic, true, row, times);
}

enum as_status as_bench_examine(struct as_bench *b, enum as_kind kind, const struct as_input *in,
                                struct as_row *row, struct as_times *times)
{
    enum as_class class = as_kind_class((uint16_t)kind);
    struct as_input whole = *in;
    uint64_t begun = as_now_us();
    enum as_status status = AS_OK;

    memset(row, 0, sizeof *row);
    b->kept = 0;
    as_err_clear(&b->err[0]);
    as_err_clear(&b->err[1]);
    as_kvs_reset(&b->kvs);
    memset(&b->facts, 0, sizeof b->facts);
    row->kind = (uint16_t)kind;
    if (class != AS_CLASS_VIDEO)
        status = load(b, &whole, &b->err[0]);
    if (status == AS_OK)
        status = as_metadata_read(kind, &whole, b->trust, &b->kvs, &b->facts, &b->err[0]);
    times->decode += as_now_us() - begun;
    row->flags = b->facts.flags;
    if (as_item_failed(status) && status != AS_ENOMEM)
        row->reason = (uint16_t)b->err[0].reason;
    else if (status == AS_OK && class == AS_CLASS_PICTURE)
        status = examine_picture(b, kind, &whole, row, times);
    else if (status == AS_OK && class == AS_CLASS_VIDEO)
        status = examine_video(b, kind, &whole, row, times);
    else if (status == AS_OK)
        row->reason = AS_REASON_UNSUP_MEDIA;
    add_trouble(row, "metadata", &b->err[0]);
    row->kv = b->kvs.at;
    row->nkv = b->kvs.n;
    return status == AS_ENOMEM ? status : AS_OK;
}
