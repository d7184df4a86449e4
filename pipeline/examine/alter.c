/* alter.c - altered copies of labelled pictures: the table, where pixels go, and the making.
 *
 *  1. the table   2. places   3. the picture   4. copies                               */
#include "alter.h"

#include "../../kernels/alter.h"
#include "../../kernels/rng.h"
#include "../media/encode.h"
#include "../media/media.h"

#include <stdlib.h>
#include <string.h>

enum how { SAME, RESIZE, CROP, BLUR, NOISE, MEDIAN, SCREEN, PEAKS, TRANSPLANT, RESCALE };
enum { SCREEN_W = 1920, SCREEN_H = 1080 };

/* ---- 1. the table ---- */

const struct as_alteration as_alterations[] = {
#define AS_ALTERATION(how, name, strength, quality, text) {name, text, how, strength, quality},
#include "alterations.def"
#undef AS_ALTERATION
    {0}};

_Static_assert(sizeof as_alterations / sizeof *as_alterations <= AS_ALTERATIONS_MAX, "too many");

/* Whether a word of a list means this one: its name, its family, "all". */
static bool means(const char *word, size_t len, const char *name)
{
    if (len == 3 && memcmp(word, "all", 3) == 0)
        return true;
    return strncmp(word, name, len) == 0 && (name[len] == '\0' || name[len] == '-');
}

enum as_status as_alterations_select(const char *list, bool with[AS_ALTERATIONS_MAX],
                                     struct as_err *err)
{
    enum as_status status = AS_OK;

    memset(with, 0, AS_ALTERATIONS_MAX * sizeof *with);
    for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',') {
        const size_t len = strcspn(p, ",");
        bool any = len == 0;
        for (size_t a = 0; len > 0 && as_alterations[a].name; a++)
            if (means(p, len, as_alterations[a].name))
                any = with[a] = true;
        if (!any)
            AS_FAIL(err, AS_EUSAGE,
                    "no alteration is called \"%.*s\" (see `assay list alterations`)", (int)len, p);
    }
done:
    return status;
}

const struct as_alteration *as_alteration_find(const char *name, size_t len)
{
    for (const struct as_alteration *a = as_alterations; a->name; a++)
        if (strlen(a->name) == len && memcmp(a->name, name, len) == 0)
            return a;
    return NULL;
}

/* ---- 2. places ---- */

/* Random numbers of an alteration of a picture: the same wherever and whenever it is made. */
static uint64_t seed_of(const struct as_alteration *a, const uint8_t sha256[32])
{
    uint64_t seed;

    memcpy(&seed, sha256, sizeof seed);
    for (const char *p = a->name; *p; p++)
        seed = as_rng_stream(seed, (uint8_t)*p);
    return seed;
}

static uint32_t percent_of(uint32_t n, uint32_t percent)
{
    const uint64_t part = ((uint64_t)n * percent + 50) / 100;

    return part > 0 ? (uint32_t)part : 1;
}

/* So that it fits the screen, if it does not. */
static void fit(struct as_placed *p, uint32_t screen_w, uint32_t screen_h)
{
    const bool wide = (uint64_t)p->w * screen_h > (uint64_t)p->h * screen_w;
    const uint64_t side = wide ? p->w : p->h, most = wide ? screen_w : screen_h;

    if (side <= most)
        return;
    p->to_w = (uint32_t)((p->w * most + side / 2) / side);
    p->to_h = (uint32_t)((p->h * most + side / 2) / side);
    p->to_w += p->to_w == 0;
    p->to_h += p->to_h == 0;
}

/* A scale that differs from 1 by most/3000 to most/1000. */
static void rescale(struct as_placed *p, uint32_t most, uint64_t *rng)
{
    const uint32_t least = most / 3, by = least + as_rng_below(rng, most - least + 1);
    const uint64_t thousandths = as_rng_below(rng, 2) ? 1000 + by : 1000 - by;

    p->to_w = (uint32_t)((p->w * thousandths + 500) / 1000);
    p->to_h = (uint32_t)((p->h * thousandths + 500) / 1000);
}

void as_alteration_place(const struct as_alteration *a, const uint8_t sha256[32], uint32_t w,
                         uint32_t h, struct as_placed *p)
{
    uint64_t rng = seed_of(a, sha256);

    *p = (struct as_placed){0, 0, w, h, w, h};
    if (a->how == RESIZE) {
        p->to_w = percent_of(w, a->strength);
        p->to_h = percent_of(h, a->strength);
    } else if (a->how == CROP) {
        p->w = p->to_w = percent_of(w, a->strength);
        p->h = p->to_h = percent_of(h, a->strength);
        p->x = as_rng_below(&rng, w - p->w + 1);
        p->y = as_rng_below(&rng, h - p->h + 1);
    } else if (a->how == SCREEN) {
        fit(p, SCREEN_W, SCREEN_H);
    } else if (a->how == RESCALE) {
        rescale(p, a->strength, &rng);
    }
}

/* ---- 3. the picture ---- */

struct as_alter {
    const struct as_options *options;
    bool with[AS_ALTERATIONS_MAX];
    struct as_rgb8 from; /* the picture */
    uint8_t sha256[32];
    struct as_err err; /* why there is none */
    uint8_t *whole;    /* a large file, read into memory */
};

static void planes_free(struct as_rgb8 *pic)
{
    free(pic->at[0]);
    *pic = (struct as_rgb8){0};
}

static bool planes_new(struct as_rgb8 *pic, uint32_t w, uint32_t h)
{
    const size_t n = (size_t)w * h;

    uint8_t *at = calloc(n, 3);

    if (at == NULL)
        return false;
    *pic = (struct as_rgb8){{at, at + n, at + 2 * n}, w, h};
    return true;
}

enum as_status as_alter_new(struct as_alter **alter, const struct as_options *o, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_alter *x = calloc(1, sizeof *x);

    *alter = NULL;
    if (x == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to alter pictures");
    x->options = o;
    AS_TRY(as_alterations_select(o->alter, x->with, err));
    *alter = x;
    x = NULL;
done:
    as_alter_free(x);
    return status;
}

void as_alter_free(struct as_alter *alter)
{
    if (alter == NULL)
        return;
    planes_free(&alter->from);
    free(alter->whole);
    free(alter);
}

bool as_alter_wants(const struct as_alter *alter, const struct as_alteration *a)
{
    return alter->with[a - as_alterations];
}

void as_alter_drop(struct as_alter *alter)
{
    planes_free(&alter->from);
}

/* Pictures are decoded from memory. */
static enum as_status read_whole(struct as_alter *x, struct as_input *in)
{
    enum as_status status = AS_OK;

    if (in->at)
        return AS_OK;
    if (in->size > x->options->max_item)
        AS_FAIL_AS(&x->err, AS_ELIMIT, AS_REASON_LIMIT_ITEM, "larger than --max-item");
    if ((x->whole = malloc(in->size)) == NULL)
        AS_FAIL_AS(&x->err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for the picture");
    if (as_input_read(in, 0, x->whole, in->size) != (int64_t)in->size)
        AS_FAIL_AS(&x->err, AS_EFORMAT, AS_REASON_UNREADABLE, "it cannot be read again");
    in->at = x->whole;
done:
    return status;
}

/* The decoder goes before copies are made: it holds more than they need. */
static enum as_status decode(struct as_alter *x, enum as_kind kind, const struct as_input *in)
{
    const struct as_want want = {AS_RGB, x->options->max_pixels, x->options->max_pixels};
    struct as_decoder *decoder = NULL;
    enum as_status status = AS_OK;
    struct as_picture pic = {0};

    AS_TRY(as_decoder_new(&decoder));
    AS_TRY(as_media_decode(decoder, kind, in, &want, &pic, &x->err));
    if (!(pic.views & AS_RGB))
        AS_FAIL_AS(&x->err, AS_ELIMIT, AS_REASON_LIMIT_PIXELS, "its pixels are not all decoded");
    if (!planes_new(&x->from, pic.w, pic.h))
        AS_FAIL_AS(&x->err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for the picture");
    for (int c = 0; c < 3; c++)
        for (uint32_t y = 0; y < pic.h; y++)
            as_alter_bytes(pic.rgb[c].at + y * pic.rgb[c].stride, pic.w,
                           x->from.at[c] + (size_t)y * pic.w);
done:
    as_decoder_free(decoder);
    return status;
}

void as_alter_load(struct as_alter *x, enum as_kind kind, const struct as_input *in,
                   const uint8_t sha256[32])
{
    struct as_input whole = *in;
    enum as_status status;

    planes_free(&x->from);
    as_err_clear(&x->err);
    memcpy(x->sha256, sha256, sizeof x->sha256);
    status = read_whole(x, &whole);
    if (status == AS_OK)
        status = decode(x, kind, &whole);
    if (status == AS_OK)
        as_err_clear(&x->err);
    else if (x->err.reason == AS_REASON_NONE)
        as_fail(&x->err, status, status == AS_ENOMEM ? AS_REASON_LIMIT_MEMORY : AS_REASON_DAMAGED,
                __FILE__, __LINE__, "it cannot be decoded");
    free(x->whole);
    x->whole = NULL;
}

/* ---- 4. copies ---- */

/* Pixels come from elsewhere: the part, scaled. */
static enum as_status place(const struct as_rgb8 *from, const struct as_placed *p,
                            struct as_rgb8 *to)
{
    enum as_status status = AS_OK;
    uint8_t *part = malloc((size_t)p->w * p->h);

    if (part == NULL)
        return AS_ENOMEM;
    for (int c = 0; c < 3 && status == AS_OK; c++) {
        for (uint32_t y = 0; y < p->h; y++)
            memcpy(part + (size_t)y * p->w, from->at[c] + (size_t)(p->y + y) * from->w + p->x,
                   p->w);
        if (p->w == p->to_w && p->h == p->to_h)
            memcpy(to->at[c], part, (size_t)p->w * p->h);
        else
            status = as_alter_resize(part, p->w, p->h, p->to_w, p->to_h, to->at[c]);
    }
    free(part);
    return status;
}

static enum as_status filter(const struct as_rgb8 *from, const struct as_alteration *a,
                             uint64_t rng, struct as_rgb8 *to)
{
    const uint8_t *const in[3] = {from->at[0], from->at[1], from->at[2]};
    enum as_status status = AS_OK;

    switch ((enum how)a->how) {
    case BLUR:
        for (int c = 0; c < 3 && status == AS_OK; c++)
            status = as_alter_blur(in[c], to->w, to->h, a->strength, to->at[c]);
        break;
    case NOISE:
        for (int c = 0; c < 3; c++)
            as_alter_noise(in[c], (size_t)to->w * to->h, a->strength, &rng, to->at[c]);
        break;
    case MEDIAN:
        for (int c = 0; c < 3; c++)
            as_alter_median(in[c], to->w, to->h, a->strength, to->at[c]);
        break;
    case PEAKS:
        status = as_alter_peaks(in, to->w, to->h, to->at);
        break;
    case TRANSPLANT:
        status = as_alter_transplant(in, to->w, to->h, &rng, to->at);
        break;
    case SAME:
    case RESIZE:
    case CROP:
    case SCREEN:
    case RESCALE:
        status = AS_EBUG; /* no filters */
    }
    return status;
}

static bool is_filter(int how)
{
    return how == BLUR || how == NOISE || how == MEDIAN || how == PEAKS || how == TRANSPLANT;
}

enum as_status as_alter_make(struct as_alter *x, const struct as_alteration *a, uint8_t *to,
                             uint64_t cap, uint64_t *len, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_rgb8 made = {0};
    struct as_placed p;

    *len = 0;
    if (x->err.status != AS_OK) {
        *err = x->err;
        return x->err.status;
    }
    if (a->how == SAME)
        return as_encode(&x->from, a->quality, to, cap, len, err);
    as_alteration_place(a, x->sha256, x->from.w, x->from.h, &p);
    status = planes_new(&made, p.to_w, p.to_h) ? AS_OK : AS_ENOMEM;
    if (status == AS_OK)
        status = is_filter(a->how) ? filter(&x->from, a, seed_of(a, x->sha256), &made)
                                   : place(&x->from, &p, &made);
    if (status == AS_ELIMIT)
        AS_FAIL_AS(err, status, AS_REASON_LIMIT_PIXELS, "too large to be altered like this");
    if (status != AS_OK)
        AS_FAIL_AS(err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory to alter a picture");
    AS_TRY(as_encode(&made, a->quality, to, cap, len, err));
done:
    planes_free(&made);
    return status;
}
