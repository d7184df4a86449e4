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

enum how { SAME, NOISE };

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

void as_alteration_place(const struct as_alteration *a, const uint8_t sha256[32], uint32_t w,
                         uint32_t h, struct as_placed *p)
{
    (void)a;
    (void)sha256;
    *p = (struct as_placed){0, 0, w, h, w, h};
}

/* ---- 3. the picture ---- */

struct as_alter {
    const struct as_options *options;
    bool with[AS_ALTERATIONS_MAX];
    struct as_decoder *decoder;
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
    AS_TRY(as_decoder_new(&x->decoder));
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
    as_decoder_free(alter->decoder);
    planes_free(&alter->from);
    free(alter->whole);
    free(alter);
}

bool as_alter_wants(const struct as_alter *alter, const struct as_alteration *a)
{
    return alter->with[a - as_alterations];
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

static enum as_status decode(struct as_alter *x, enum as_kind kind, const struct as_input *in)
{
    const struct as_want want = {AS_RGB, x->options->max_pixels, x->options->max_pixels};
    enum as_status status = AS_OK;
    struct as_picture pic = {0};

    AS_TRY(as_media_decode(x->decoder, kind, in, &want, &pic, &x->err));
    if (!(pic.views & AS_RGB))
        AS_FAIL_AS(&x->err, AS_ELIMIT, AS_REASON_LIMIT_PIXELS, "its pixels are not all decoded");
    if (!planes_new(&x->from, pic.w, pic.h))
        AS_FAIL_AS(&x->err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for the picture");
    for (int c = 0; c < 3; c++)
        for (uint32_t y = 0; y < pic.h; y++)
            as_alter_bytes(pic.rgb[c].at + y * pic.rgb[c].stride, pic.w,
                           x->from.at[c] + (size_t)y * pic.w);
done:
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

enum as_status as_alter_make(struct as_alter *x, const struct as_alteration *a, uint8_t *to,
                             uint64_t cap, uint64_t *len, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t rng = seed_of(a, x->sha256);
    struct as_rgb8 made = {0};

    *len = 0;
    if (x->err.status != AS_OK) {
        *err = x->err;
        return x->err.status;
    }
    if (a->how == SAME)
        return as_encode(&x->from, a->quality, to, cap, len, err);
    if (!planes_new(&made, x->from.w, x->from.h))
        AS_FAIL_AS(err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory to alter a picture");
    as_alter_noise(x->from.at[0], 3 * (size_t)made.w * made.h, a->strength, &rng, made.at[0]);
    AS_TRY(as_encode(&made, a->quality, to, cap, len, err));
done:
    planes_free(&made);
    return status;
}
