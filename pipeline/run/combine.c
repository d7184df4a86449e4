/* combine.c - one likelihood ratio of an item from those of its detectors. */
#include "combine.h"

#include <math.h>
#include <stdio.h>

void as_combined_init(struct as_combined *c)
{
    c->ndets = 0;
    for (int f = 0; f < AS_FAMILIES; f++)
        c->part[f] = (struct as_part){.det = AS_PART_NONE};
}

double as_part_llr(const struct as_weighing *w, struct as_part part)
{
    return as_weighing_weight(w, part.washed) * (double)part.llr;
}

void as_combined_add(struct as_combined *c, const struct as_weighing *w, struct as_part part)
{
    struct as_part *best = &c->part[as_detectors[part.det]->family];

    c->ndets++;
    if (best->det == AS_PART_NONE || fabs(as_part_llr(w, part)) > fabs(as_part_llr(w, *best)))
        *best = part;
}

float as_combined_llr(const struct as_combined *c, const struct as_weighing *w)
{
    double sum = 0;

    for (int f = 0; f < AS_FAMILIES; f++)
        if (c->part[f].det != AS_PART_NONE)
            sum += as_part_llr(w, c->part[f]);
    return (float)sum;
}

/* "jpeg adq +1.20, spectrum spam +0.70 x 0.5"; how many families. */
static int parts_text(const struct as_combined *c, const struct as_weighing *w, char *to, size_t n)
{
    size_t at = 0;
    int families = 0;

    to[0] = '\0';
    for (int f = 0; f < AS_FAMILIES; f++) {
        const struct as_part *p = &c->part[f];
        if (p->det == AS_PART_NONE || at >= n)
            continue;
        at += (size_t)snprintf(to + at, n - at, "%s%s by %s %+.2f", at > 0 ? ", " : "",
                               as_family_words[f], as_detectors[p->det]->name, (double)p->llr);
        if (at < n && p->washed)
            at += (size_t)snprintf(to + at, n - at, " x %.3g", as_weighing_weight(w, p->washed));
        families++;
    }
    return families;
}

void as_combined_text(const struct as_combined *c, const struct as_weighing *w, char *to, size_t n)
{
    char parts[280], washed[160];
    uint8_t bits = 0;
    int families, at;

    for (int f = 0; f < AS_FAMILIES; f++)
        if (c->part[f].det != AS_PART_NONE)
            bits |= c->part[f].washed;
    families = parts_text(c, w, parts, sizeof parts);
    as_weighing_tell(w, bits, washed, sizeof washed);
    at = snprintf(to, n, "calibrated detectors, altered against authentic: %s", parts);
    if (bits && at > 0 && (size_t)at < n)
        at += snprintf(to + at, n - (size_t)at, "; lowered, as the picture seems %s", washed);
    if (c->ndets > 1 && at > 0 && (size_t)at < n)
        snprintf(to + at, n - (size_t)at, "; %u detectors, %s", (unsigned)c->ndets,
                 families > 1 ? "families taken as independent" : "the strongest speaks");
}
