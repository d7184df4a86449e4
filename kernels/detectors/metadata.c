/* metadata.c - rules over what a file says about itself.
 *
 * Each measure is one rule, 0 where it did not fire.  Rules are typed: a declaration by the
 * file, the traces that generators leave, contradictions between metadata and picture, and
 * programs named.  Their weights are in the model file.  Absence of metadata is no rule: most
 * services strip it.  Names and times of the file itself are never looked at.
 *
 * IPTC NewsCodes, "Digital Source Type"; C2PA technical specification 2; Exif 2.32;
 * E. Kee, H. Farid, "Digital image authentication from thumbnails", SPIE 7541, 2010.
 *
 *  1. rules and their words   2. text   3. declarations and programs
 *  4. sizes, dates, thumbnail   5. the detector
 */
#include "../framing.h"
#include "detector.h"

#include <string.h>

/* ---- 1. rules and their words ---- */

enum {
    DECLARED_GENERATED,
    DECLARED_COMPOSITE,
    DECLARED_EDITED,
    GENERATOR_TEXT,
    GENERATOR_SOFTWARE,
    FACE_SOFTWARE,
    EDITING_SOFTWARE,
    DEVELOPING_SOFTWARE,
    SIZE_MISMATCH,
    THUMBNAIL_MISMATCH,
    IMPOSSIBLE_DATES,
    UNSET_DATES,
    C2PA_PRESENT,
    DIM
};

static const char *const measures[DIM] = {
    [DECLARED_GENERATED] = "declared_generated",
    [DECLARED_COMPOSITE] = "declared_composite_generated",
    [DECLARED_EDITED] = "declared_edited",
    [GENERATOR_TEXT] = "generator_text",
    [GENERATOR_SOFTWARE] = "generator_software",
    [FACE_SOFTWARE] = "face_software",
    [EDITING_SOFTWARE] = "editing_software",
    [DEVELOPING_SOFTWARE] = "developing_software",
    [SIZE_MISMATCH] = "exif_size_mismatch",
    [THUMBNAIL_MISMATCH] = "thumbnail_mismatch",
    [IMPOSSIBLE_DATES] = "impossible_dates",
    [UNSET_DATES] = "unset_dates",
    [C2PA_PRESENT] = "c2pa_present",
};

static const char *const says[DIM] = {
    [DECLARED_GENERATED] = "the file declares itself as made by an algorithm (digital source type)",
    [DECLARED_COMPOSITE] =
        "the file declares that a part of it was made by an algorithm (digital source type)",
    [DECLARED_EDITED] = "the file declares that its content was edited or composed",
    [GENERATOR_TEXT] = "the file holds the settings of an image generator",
    [GENERATOR_SOFTWARE] = "the file names an image generator as its program or credit",
    [FACE_SOFTWARE] = "the file names a program that alters faces",
    [EDITING_SOFTWARE] = "the file names an image editor",
    [DEVELOPING_SOFTWARE] = "the file names a program that develops or arranges photographs",
    [SIZE_MISMATCH] = "the size stated in EXIF differs from the size of the picture",
    [THUMBNAIL_MISMATCH] = "the embedded thumbnail does not show the same as the picture",
    [IMPOSSIBLE_DATES] = "the dates in the metadata contradict each other or are no dates",
    [UNSET_DATES] = "a date in the metadata is zero or before 1990",
    [C2PA_PRESENT] = "the file carries a C2PA manifest (its signature is not checked)",
};

enum { NO_METADATA };
static const char *const reasons[] = {[NO_METADATA] = "the file carries no metadata", NULL};

static const char *const generated_types[] = {"trainedAlgorithmicMedia", "algorithmicMedia", NULL};
static const char *const composite_types[] = {"compositeWithTrainedAlgorithmicMedia",
                                              "compositeSynthetic", NULL};
static const char *const edited_types[] = {
    "compositeCapture",        "composite", "humanEdits", "minorHumanEdits",
    "algorithmicallyEnhanced", NULL};
static const char *const edited_actions[] = {"c2pa.edited",   "c2pa.placed",  "c2pa.drawing",
                                             "c2pa.filtered", "c2pa.deleted", NULL};

/* Where programs and their makers are named; also every key that ends in softwareAgent. */
static const char *const program_keys[] = {"exif.Software",
                                           "exif.ProcessingSoftware",
                                           "png.Software",
                                           "png.Source",
                                           "png.Title",
                                           "jpeg.comment",
                                           "iptc.Credit",
                                           "iptc.Source",
                                           "iptc.OriginatingProgram",
                                           "iptc.Program",
                                           "xmp.xmp:CreatorTool",
                                           "xmp.tiff:Software",
                                           "xmp.photoshop:Credit",
                                           "xmp.photoshop:Source",
                                           "xmp.Iptc4xmpExt:AISystemUsed",
                                           "c2pa.claim_generator",
                                           "c2pa.claim_generator_info",
                                           NULL};

static const char *const generators[] = {"midjourney",
                                         "dall-e",
                                         "dall\xc2\xb7"
                                         "e",
                                         "dalle",
                                         "openai",
                                         "chatgpt",
                                         "gpt-4o",
                                         "gpt-image",
                                         "stable diffusion",
                                         "stable-diffusion",
                                         "stablediffusion",
                                         "stability ai",
                                         "dreamstudio",
                                         "sdxl",
                                         "automatic1111",
                                         "comfyui",
                                         "invokeai",
                                         "novelai",
                                         "fooocus",
                                         "swarmui",
                                         "stableswarmui",
                                         "draw things",
                                         "easy diffusion",
                                         "diffusionbee",
                                         "firefly",
                                         "made with google ai",
                                         "google generative ai",
                                         "bing image creator",
                                         "image creator from designer",
                                         "leonardo.ai",
                                         "ideogram",
                                         "nightcafe",
                                         "black forest labs",
                                         "kandinsky",
                                         "craiyon",
                                         "artbreeder",
                                         "runwayml",
                                         "recraft",
                                         "hotpot.ai",
                                         "imagined with ai",
                                         "ai generated",
                                         "ai-generated",
                                         "generated by ai",
                                         "generated with ai",
                                         NULL};

static const char *const face_programs[] = {
    "faceapp",     "facetune",   "meitu",  "beautyplus", "beautycam", "remini",
    "youcam",      "perfect365", "reface", "faceplay",   "faceswap",  "face swap",
    "deepfacelab", "facefusion", "roop",   "deepswap",   "airbrush",  NULL};

/* A value that names one of these is not searched for editors: "Adobe Photoshop Lightroom". */
static const char *const developers[] = {"lightroom",
                                         "camera raw",
                                         "capture one",
                                         "dxo",
                                         "darktable",
                                         "rawtherapee",
                                         "silkypix",
                                         "digital photo professional",
                                         "capture nx",
                                         "viewnx",
                                         "nx studio",
                                         "bibble",
                                         "aftershot",
                                         "aperture",
                                         "iphoto",
                                         "picasa",
                                         "acdsee",
                                         "irfanview",
                                         "photo gallery",
                                         "photo mechanic",
                                         "xnview",
                                         "faststone",
                                         NULL};

static const char *const editors[] = {"photoshop",      "gimp",          "affinity photo",
                                      "paint.net",      "pixelmator",    "picsart",
                                      "snapseed",       "photopea",      "pixlr",
                                      "canva",          "fotor",         "paintshop",
                                      "paint shop pro", "photo-paint",   "photoscape",
                                      "polarr",         "adobe express", "photofiltre",
                                      "luminar",        "krita",         "photodirector",
                                      "photoimpact",    "inshot",        "edited with google ai",
                                      "magic eraser",   "topaz",         NULL};

/* Settings of generators: all words of a line must occur. */
static const char *const settings[][4] = {
    {"steps: ", "sampler", "seed: ", NULL}, /* A1111 and its relatives */
    {"steps: ", "cfg scale: ", NULL},
    {"\"class_type\"", "\"inputs\"", NULL},               /* ComfyUI, prompt         */
    {"\"last_node_id\"", "\"last_link_id\"", NULL},       /* ComfyUI, workflow       */
    {"\"positive_prompt\"", "\"generation_mode\"", NULL}, /* InvokeAI                */
    {"\"model_weights\"", "\"sampler\"", NULL},           /* InvokeAI, older         */
    {"\" -s ", " -w", " -a", NULL},                       /* InvokeAI, oldest        */
    {"\"seed\"", "\"steps\"", "\"sampler", NULL},         /* NovelAI, Draw Things    */
    {"\"seed\"", "\"steps\"", "\"cfgscale\"", NULL},      /* Swarm                   */
    {"\"seed\"", "\"steps\"", "\"scale\"", NULL},
    {"\"seed\"", "\"prompt\"", "\"guidance_scale\"", NULL}, /* Fooocus, diffusers      */
    {"job id: ", " --", NULL},                              /* Midjourney              */
};

/* ---- 2. text ---- */

static uint8_t lower(char c)
{
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool is_word(char c)
{
    const uint8_t l = lower(c);
    return (l >= 'a' && l <= 'z') || (l >= '0' && l <= '9') || l >= 0x80;
}

static bool same(struct as_text t, const char *s)
{
    return t.len == strlen(s) && memcmp(t.at, s, t.len) == 0;
}

static bool same_folded(const char *at, const char *word, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (lower(at[i]) != lower(word[i]))
            return false;
    return true;
}

/* Whether `word` occurs, in any case; `whole`: not inside a longer word. */
static bool occurs(struct as_text t, const char *word, bool whole)
{
    const size_t n = strlen(word);

    for (size_t i = 0; i + n <= t.len; i++) {
        if (!same_folded(t.at + i, word, n))
            continue;
        if (!whole ||
            ((i == 0 || !is_word(t.at[i - 1])) && (i + n == t.len || !is_word(t.at[i + n]))))
            return true;
    }
    return false;
}

static bool any_occurs(struct as_text t, const char *const *words, bool whole)
{
    for (; *words; words++)
        if (occurs(t, *words, whole))
            return true;
    return false;
}

static bool starts(struct as_text t, const char *prefix)
{
    const size_t n = strlen(prefix);
    return t.len >= n && memcmp(t.at, prefix, n) == 0;
}

static bool ends(struct as_text t, const char *suffix)
{
    const size_t n = strlen(suffix);
    return t.len >= n && memcmp(t.at + t.len - n, suffix, n) == 0;
}

/* ---- 3. declarations and programs ---- */

static bool is_program_key(struct as_text key)
{
    for (const char *const *k = program_keys; *k; k++)
        if (same(key, *k))
            return true;
    return ends(key, "softwareAgent");
}

/* A URI of the IPTC vocabulary or its last word; several may stand in one value. */
static void judge_source_type(struct as_text value, float *feat)
{
    if (any_occurs(value, generated_types, true))
        feat[DECLARED_GENERATED] = 1;
    if (any_occurs(value, composite_types, true))
        feat[DECLARED_COMPOSITE] = 1;
    if (any_occurs(value, edited_types, true))
        feat[DECLARED_EDITED] = 1;
}

static void judge_program(struct as_text value, float *feat)
{
    if (any_occurs(value, generators, true))
        feat[GENERATOR_SOFTWARE] = 1;
    if (any_occurs(value, face_programs, true))
        feat[FACE_SOFTWARE] = 1;
    if (any_occurs(value, developers, true))
        feat[DEVELOPING_SOFTWARE] = 1;
    else if (any_occurs(value, editors, true))
        feat[EDITING_SOFTWARE] = 1;
}

static bool holds_settings(struct as_text value)
{
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        const char *const *word = settings[i];
        while (*word && occurs(value, *word, false))
            word++;
        if (!*word)
            return true;
    }
    return false;
}

static void judge_entry(const struct as_kv *kv, float *feat)
{
    if (ends(kv->key, "DigitalSourceType") || same(kv->key, "c2pa.digital_source_type"))
        judge_source_type(kv->value, feat);
    else if (same(kv->key, "c2pa.actions") && any_occurs(kv->value, edited_actions, true))
        feat[DECLARED_EDITED] = 1;
    if (is_program_key(kv->key))
        judge_program(kv->value, feat);
    if (starts(kv->key, "c2pa."))
        feat[C2PA_PRESENT] = 1;
    else if (holds_settings(kv->value))
        feat[GENERATOR_TEXT] = 1;
}

/* ---- 4. sizes, dates, thumbnail ---- */

/* The number at the start of a value, 0 for none or one above 2^31. */
static uint32_t number(const struct as_text *t)
{
    uint64_t n = 0;

    for (uint32_t i = 0; t && i < t->len && t->at[i] >= '0' && t->at[i] <= '9'; i++)
        if ((n = n * 10 + (uint64_t)(t->at[i] - '0')) > INT32_MAX)
            return 0;
    return (uint32_t)n;
}

/* Either orientation is right: programs turn pictures and swap the sizes, or do not. */
static bool size_differs(const struct as_meta *meta)
{
    const uint32_t x = number(as_meta_find(meta, "exif.PixelXDimension"));
    const uint32_t y = number(as_meta_find(meta, "exif.PixelYDimension"));

    if (!x || !y || !meta->w || !meta->h)
        return false;
    return !(x == meta->w && y == meta->h) && !(x == meta->h && y == meta->w);
}

struct date {
    enum { DATE_NONE, DATE_UNSET, DATE_BROKEN, DATE_OK } is;
    int64_t seconds; /* since 0000-03-01, proleptic Gregorian */
};

/* Days from 0000-03-01; a year that begins in March ends with the leap day. */
static int64_t days(uint32_t year, uint32_t month, uint32_t day)
{
    const int64_t y = month > 2 ? year : (int64_t)year - 1;
    const int64_t m = month > 2 ? month - 3 : month + 9;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1;
}

/* Reads "YYYY:MM:DD HH:MM:SS", with any separators, the time optional.  Blanks mean
 * unknown by the EXIF standard and are no date.                              */
static struct date read_date(const struct as_text *t)
{
    static const uint32_t least[6] = {1, 1, 1, 0, 0, 0}, most[6] = {9999, 12, 31, 24, 59, 60};
    uint32_t part[6] = {0}, n = 0, digits = 0;
    bool zero = true;

    for (uint32_t i = 0; t && i < t->len && n < 6; i++) {
        const char c = t->at[i];
        if (c < '0' || c > '9') {
            n += digits > 0;
            digits = 0;
            continue;
        }
        if (++digits > 4)
            return (struct date){DATE_BROKEN, 0};
        part[n] = part[n] * 10 + (uint32_t)(c - '0');
        zero = zero && c == '0';
    }
    n += digits > 0 && n < 6;
    if (n == 0)
        return (struct date){DATE_NONE, 0};
    if (zero || (n >= 3 && part[0] < 1990))
        return (struct date){DATE_UNSET, 0};
    for (uint32_t i = 0; i < 6; i++)
        if ((i < 3 && i >= n) || (i < n && (part[i] < least[i] || part[i] > most[i])))
            return (struct date){DATE_BROKEN, 0};
    return (struct date){
        DATE_OK, ((days(part[0], part[1], part[2]) * 24 + part[3]) * 60 + part[4]) * 60 + part[5]};
}

/* Whether `late` lies more than a day before `early`: less may be a time zone. */
static bool reversed(const struct date *early, const struct date *late)
{
    return early->is == DATE_OK && late->is == DATE_OK && late->seconds < early->seconds - 86400;
}

static void judge_dates(const struct as_meta *meta, float *feat)
{
    static const char *const keys[3] = {"exif.DateTimeOriginal", "exif.DateTimeDigitized",
                                        "exif.DateTime"};
    struct date date[3];

    for (int i = 0; i < 3; i++) {
        date[i] = read_date(as_meta_find(meta, keys[i]));
        if (date[i].is == DATE_UNSET)
            feat[UNSET_DATES] = 1;
        if (date[i].is == DATE_BROKEN)
            feat[IMPOSSIBLE_DATES] = 1;
    }
    if (reversed(&date[0], &date[1]) || reversed(&date[0], &date[2]))
        feat[IMPOSSIBLE_DATES] = 1;
}

/* 0 where the likeness is LIKE or more, 1 where there is none. */
static float thumbnail_differs(const struct as_meta *meta)
{
    static const double LIKE = 0.9; /* reached by every way of framing; see the card */
    double ncc;

    if (!meta->thumb.at || !meta->small.at ||
        as_framing_ncc(&meta->thumb, &meta->small, &ncc) != AS_OK || ncc >= LIKE)
        return 0;
    return ncc <= 0 ? 1.0f : (float)((LIKE - ncc) / LIKE);
}

/* ---- 5. the detector ---- */

static enum as_status metadata_extract(void *state, const struct as_unit *unit, void *scratch,
                                       struct as_out *out)
{
    const struct as_meta *meta = unit->meta;

    (void)state;
    (void)scratch;
    if (meta->nkv == 0 && !meta->thumb.at) {
        out->verdict = AS_NOT_APPLICABLE;
        out->reason = NO_METADATA;
        return AS_OK;
    }
    memset(out->feat, 0, DIM * sizeof *out->feat);
    for (size_t i = 0; i < meta->nkv; i++)
        judge_entry(&meta->kv[i], out->feat);
    out->feat[SIZE_MISMATCH] = size_differs(meta);
    out->feat[THUMBNAIL_MISMATCH] = thumbnail_differs(meta);
    judge_dates(meta, out->feat);
    out->verdict = AS_APPLIES;
    return AS_OK;
}

const struct as_detector as_detector_metadata = {
    .name = "metadata",
    .version = 1,
    .summary = "what a file says of itself: declared, generated, edited, contradictory",
    .paper =
        "IPTC Digital Source Type; C2PA 2; Exif 2.32; Kee, Farid, Digital image authentication "
        "from thumbnails, SPIE 2010",
    .card = "CARD",
    .family = AS_FAMILY_PROVENANCE,
    .needs = AS_META,
    .min_side = 0,
    .dim = DIM,
    .measures = measures,
    .says = says,
    .reasons = reasons,
    .pool = AS_POOL_MAX,
    .exact = true,
    .extract = metadata_extract,
};
