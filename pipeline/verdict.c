/* verdict.c - what may be said of a match, in measured words. */
#include "verdict.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* What is known of the errors, by kind of set. */
static const char *const LIMITS[AS_SET_KINDS] = {
    [AS_SET_KNOWN] =
        "A set of known hashes says what the file is only as far as its maker is right: equal "
        "SHA-256 means equal bytes, and no two files with one are known. MD5 and SHA-1 can be made "
        "to agree on purpose. None of as many other files would be found so by chance.",
    [AS_SET_MEDIA] =
        "Nearly the same picture: at most 31 of 256 bits of the PDQ codes differ, the published "
        "limit. Memes, text on plain ground and flat pictures agree more often than chance says; "
        "no error rate for a whole case follows. Similar: a lead and no more; of unrelated "
        "pictures "
        "about 1 in 10,000 pairs is as similar, so a large set gives some for every picture. Look "
        "at both.",
    [AS_SET_CAMERA] =
        "Same sensor: the false-alarm probability is computed for all that was tried in its step "
        "(known place, ratio of sizes, all scales). On 1480 "
        "wrong "
        "pairs it came out as computed within a factor of two down to 0.01, and nothing rarer "
        "could "
        "be measured; a match is told if as many pictures of other cameras would give "
        "fewer than 0.01. It does not hold for pictures that a phone merged from several "
        "exposures, whose processing leaves a pattern that bodies share.",
};

static const char *const MAP_LIMITS =
    "Missing noise: windows are held against what the rest of the picture leads one to expect of "
    "them. Blurring, retouching and strong local processing take the noise away as another picture "
    "put there does. Of 20 photographs of four bodies, each as it was and saved again twice, one of "
    "the 60 pictures gave a region (5 % of the photographs; with 95 % confidence at most 25 %); of "
    "200 pictures with 256 to 1024 pixels of another camera put in, 44 gave one, all of them there. "
    "No region is no sign of an untouched picture.";

const char *as_verdict_map_limits(void)
{
    return MAP_LIMITS;
}

const char *as_verdict_support(const struct as_scale_words *words, double log10_lr)
{
    const double size = fabs(log10_lr);

    for (uint32_t i = 0; i < words->n; i++)
        if (size >= words->step[i].log10_lr)
            return words->step[i].says;
    return "";
}

const char *as_verdict_limits(uint16_t set_kind)
{
    return set_kind < AS_SET_KINDS ? LIMITS[set_kind] : "";
}

/* ", chance 10^-90 ..." */
static void chance(char *to, size_t n, double p)
{
    enum { LEAST = -300 }; /* what was stored of it is no smaller */

    to[0] = '\0';
    if (!(p >= 0))
        return;
    if (p > 1e-3)
        snprintf(to, n, ", false alarm %.2g for all tried in its step", p);
    else
        snprintf(to, n, ", false alarm %s10^%.0f for all tried in its step",
                 p <= 1.01e-300 ? "below " : "", p > 0 ? ceil(log10(p)) : (double)LEAST);
}

/* The best of other cameras, which should give nothing: of the same model where there are such. */
static void beside(char *to, size_t n, const struct as_match *m)
{
    static const char *const WHY[AS_BESIDES] = {
        [AS_BESIDE_SIZE] = "its model is not known; ",
        [AS_BESIDE_MODEL] = "",
        [AS_BESIDE_NO_MODEL] = "none of the references of its size is of the same model; ",
        [AS_BESIDE_LEFT_OUT] = "none of the same model was among those compared in full; "};
    const bool model = m->beside == AS_BESIDE_MODEL;

    to[0] = '\0';
    if (m->others == 0 || m->beside >= AS_BESIDES)
        return;
    if (m->others == 1)
        snprintf(to, n, "; %sthe only other camera of %s has PCE %.1f", WHY[m->beside],
                 model ? "the same model" : "its size", (double)m->other);
    else
        snprintf(to, n, "; %sthe best of %" PRIu32 " other%s has PCE %.1f", WHY[m->beside],
                 m->others, model ? " cameras of the same model" : "s of its size",
                 (double)m->other);
}

/* What comes before and after the name. */
static void halves(char *before, char *after, size_t n, uint16_t kind, const struct as_match *m)
{
    char odds[96], rest[192];

    after[0] = '\0';
    switch (m->kind) {
    case AS_MATCH_HASH:
        snprintf(before, n, "%s",
                 kind != AS_SET_KNOWN        ? "the same bytes as a known picture or video"
                 : m->value == AS_KNOWN_BAD  ? "known bad by its hash"
                 : m->value == AS_KNOWN_GOOD ? "known good by its hash"
                                             : "listed by its hash, neither as good nor as bad");
        break;
    case AS_MATCH_CODE:
        snprintf(before, n, "nearly the same picture as a known one");
        snprintf(after, n, " (%.0f of 256 bits of the PDQ codes differ)", (double)m->value);
        break;
    case AS_MATCH_SIMILAR:
        snprintf(before, n, "similar to a known picture");
        snprintf(after, n, " (similarity %.3f)", (double)m->value);
        break;
    default:
        chance(odds, sizeof odds, m->p);
        beside(rest, sizeof rest, m);
        snprintf(before, n, "the noise pattern supports the view that this camera took it");
        snprintf(after, n, " (PCE %.0f%s%s)", (double)m->value, odds, rest);
    }
}

/* "before: name after further", cut to n bytes: of a long name the end is told. */
static void join(char *to, size_t n, const char *before, const char *name, const char *after,
                 const char *further)
{
    size_t room = strlen(before) + strlen(after) + strlen(further) + 3;

    room = room < n ? n - room : 0;
    if (strlen(name) > room) /* the end of a path tells more */
        snprintf(to, n, "%s: ...%s%s%s", before, name + strlen(name) - (room > 3 ? room - 3 : 0),
                 after, further);
    else
        snprintf(to, n, "%s%s%s%s%s", before, name[0] ? ": " : "", name, after, further);
}

void as_verdict_match(char *to, size_t n, uint16_t kind, const struct as_match *m, const char *name,
                      uint64_t more)
{
    char before[384], after[384], further[64] = "";

    halves(before, after, sizeof after, kind, m);
    if (more > 0)
        snprintf(further, sizeof further, "; and %" PRIu64 " more of that set", more);
    join(to, n, before, name, after, further);
}

void as_verdict_map(char *to, size_t n, const struct as_sensor_map *m, const char *name)
{
    char before[160], after[160];

    if (m->window == 0) {
        snprintf(to, n,
                 "the noise pattern of the camera is too weak in the picture, or missing in most of "
                 "it, or the picture too small, to say where it is missing");
        return;
    }
    if (m->regions == 0)
        snprintf(before, sizeof before,
                 "no region is found without the noise pattern of the camera that took it");
    else
        snprintf(before, sizeof before,
                 "in %" PRIu32 " %s the noise pattern of the camera that took it is missing",
                 m->regions, m->regions == 1 ? "region" : "regions");
    snprintf(after, sizeof after,
             " (%.1f %% of what was looked at, in windows of %" PRIu32
             " pixels; of %.0f %% nothing can be told)",
             100 * (double)m->missing, m->window, 100 * (double)m->unknown);
    join(to, n, before, name, after, "");
}
