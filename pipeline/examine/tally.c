/* tally.c - adding up what the time went into. */
#include "tally.h"

#include <string.h>

static void keep(struct as_tally *t, const struct as_slow *s)
{
    uint32_t at = AS_SLOW_MAX;

    while (at > 0 && t->slow[at - 1].us < s->us)
        at--;
    if (at == AS_SLOW_MAX)
        return;
    memmove(&t->slow[at + 1], &t->slow[at], (AS_SLOW_MAX - 1 - at) * sizeof *s);
    t->slow[at] = *s;
}

void as_tally_slow(struct as_tally *t, uint64_t us, uint64_t bytes, struct as_text path)
{
    struct as_slow s = {.us = us, .bytes = bytes};
    uint32_t skip = path.len > AS_SLOW_PATH ? path.len - AS_SLOW_PATH : 0;

    if (us <= t->slow[AS_SLOW_MAX - 1].us)
        return;
    s.path_len = path.len - skip;
    memcpy(s.path, path.at + skip, s.path_len);
    keep(t, &s);
}

void as_tally_add(struct as_tally *to, const struct as_tally *from)
{
    to->read_us += from->read_us;
    to->unpack_us += from->unpack_us;
    to->decode_us += from->decode_us;
    for (int i = 0; i < AS_DETECTORS_MAX; i++)
        to->det_us[i] += from->det_us[i];
    to->busy_us += from->busy_us;
    to->span_us += from->span_us;
    if (from->peak_kb > to->peak_kb)
        to->peak_kb = from->peak_kb;
    for (int i = 0; i < AS_SLOW_MAX && from->slow[i].us; i++)
        keep(to, &from->slow[i]);
}
