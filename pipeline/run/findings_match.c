/* findings_match.c - what the searches found of an item: one finding for each set and kind. */
#include "../verdict.h"
#include "catalogue_parts.h"
#include "findings_parts.h"
#include "grow.h"

#include <stdio.h>
#include <stdlib.h>

/* A match on its way to the rank that has the item: row (8), set (2), match kind (1), strength (4),
 * reference (8), then as above. */
enum { M_SET = 8, M_KIND = 10, M_STRENGTH = 11, M_REFERENCE = 15, M_CHANCE = 23, M_OTHER = 31 };
enum { M_COMPARED = 35, M_BESIDE = 39, M_BYTES = 40, M_GROUP = 11 };

static uint64_t double_bits(double v)
{
    uint64_t bits;

    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static double bits_double(uint64_t bits)
{
    double v;

    memcpy(&v, &bits, sizeof v);
    return v;
}

/* Known good content, and what a list does not call bad, is no finding. */
static bool speaks(const struct as_set_row *sets, const struct as_match *m)
{
    return sets[m->set].kind != AS_SET_KNOWN || m->value == AS_KNOWN_BAD;
}

/* Fewer bits are nearer; of all others more is. */
static uint32_t strength_of(const struct as_match *m)
{
    const float value = m->value > 0 ? m->value : 0;

    return m->kind == AS_MATCH_CODE ? float_bits(value) : UINT32_MAX - float_bits(value);
}

static float value_of(uint16_t match_kind, uint32_t strength)
{
    return bits_float(match_kind == AS_MATCH_CODE ? strength : UINT32_MAX - strength);
}

static enum as_status pack(const struct as_set_row *sets, const struct as_match *matches,
                           uint64_t n, uint8_t **recs, uint64_t *nrecs)
{
    uint64_t cap = 0;

    for (uint64_t i = 0; i < n; i++) {
        const struct as_match *m = &matches[i];
        if (!speaks(sets, m))
            continue;
        if (!as_grow((void **)recs, *nrecs, &cap, M_BYTES))
            return AS_ENOMEM;
        uint8_t *to = *recs + M_BYTES * (*nrecs)++;
        as_be_put(to, m->row, 8);
        as_be_put(to + M_SET, m->set, 2);
        to[M_KIND] = (uint8_t)m->kind;
        as_be_put(to + M_STRENGTH, strength_of(m), 4);
        as_be_put(to + M_REFERENCE, m->reference, 8);
        as_be_put(to + M_CHANCE, double_bits(m->p), 8);
        as_be_put(to + M_OTHER, float_bits(m->other), 4);
        as_be_put(to + M_COMPARED, m->others, 4);
        to[M_BESIDE] = m->beside;
    }
    return AS_OK;
}

/* Collective. */
static enum as_status to_owners(const struct as_findings *f, struct as_comm *comm, uint8_t **recs,
                                uint64_t *n, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_deal_rows(comm, f->first, recs, n, M_BYTES, err));
    AS_TRY(as_comm_agree(comm, as_sort(NULL, recs, n, M_BYTES, err), err));
done:
    return status;
}

/* The kind of a match as it ranks, and back: what is only alike comes last. */
static uint8_t swap_kind(uint16_t kind)
{
    return (uint8_t)(kind == AS_MATCH_SIMILAR  ? AS_MATCH_CAMERA
                     : kind == AS_MATCH_CAMERA ? AS_MATCH_SIMILAR
                                               : kind);
}

/* One finding of the matches of an item with a set, which begin at `rec`. */
static enum as_status add_match(struct as_findings *f, const struct as_set_row *sets,
                                const uint8_t *rec, uint64_t n)
{
    const uint64_t set = as_be_get(rec + M_SET, 2), further = n - 1;
    uint8_t *to;

    if (as_finding_copy(f, as_be_get(rec, 8)))
        return AS_OK;
    if ((to = as_findings_more(f)) == NULL)
        return AS_ENOMEM;
    to[0] = as_finding_place(sets[set].kind == AS_SET_KNOWN ? AS_FINDING_KNOWN : AS_FINDING_MATCH);
    to[F_MATCH] = swap_kind(rec[M_KIND]);
    memcpy(to + F_STRENGTH, rec + M_STRENGTH, 4);
    memcpy(to + F_ROW, rec, 8);
    as_be_put(to + F_SOURCE, set, 2);
    memcpy(to + F_REFERENCE, rec + M_REFERENCE, 8);
    as_be_put(to + F_MORE, further < UINT32_MAX ? further : UINT32_MAX, 4);
    memcpy(to + F_CHANCE, rec + M_CHANCE, 8);
    memcpy(to + F_OTHER, rec + M_OTHER, 4);
    memcpy(to + F_COMPARED, rec + M_COMPARED, 4);
    to[F_BESIDE] = rec[M_BESIDE];
    return AS_OK;
}

enum as_status as_findings_match(struct as_findings *f, struct as_comm *comm,
                                 const struct as_set_row *sets, const struct as_match *matches,
                                 uint64_t n, struct as_err *err)
{
    enum as_status status = AS_OK, mine = AS_OK;
    uint8_t *recs = NULL;
    uint64_t nrecs = 0, any;

    AS_TRY(as_comm_agree(comm, pack(sets, matches, n, &recs, &nrecs), err));
    any = nrecs;
    AS_TRY(as_comm_max(comm, &any, 1));
    if (any == 0)
        goto done;
    AS_TRY(to_owners(f, comm, &recs, &nrecs, err));
    for (uint64_t i = 0, end; i < nrecs && mine == AS_OK; i = end) {
        const uint8_t *rec = recs + M_BYTES * i;
        for (end = i + 1; end < nrecs && memcmp(recs + M_BYTES * end, rec, M_GROUP) == 0;)
            end++;
        mine = add_match(f, sets, rec, end - i);
    }
    AS_TRY(as_comm_agree(comm, mine, err));
done:
    free(recs);
    return status;
}

/* The detector whose feature a match of this kind compares. */
static uint16_t detector_of(uint16_t match_kind)
{
    const char *name = match_kind == AS_MATCH_CODE      ? "pdq"
                       : match_kind == AS_MATCH_SIMILAR ? "gist"
                       : match_kind == AS_MATCH_CAMERA  ? "camera"
                                                        : "";

    for (uint16_t d = 0; as_detectors[d]; d++)
        if (strcmp(as_detectors[d]->name, name) == 0)
            return d;
    return AS_FINDING_NONE;
}

enum as_status as_findings_get_match(struct as_findings *f, const uint8_t *at,
                                     struct as_finding *to, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_match m = {
        .row = to->row,
        .reference = as_be_get(at + F_REFERENCE, 8),
        .set = (uint16_t)as_be_get(at + F_SOURCE, 2),
        .kind = swap_kind(at[F_MATCH]),
        .value = value_of(swap_kind(at[F_MATCH]), (uint32_t)as_be_get(at + F_STRENGTH, 4)),
        .p = bits_double(as_be_get(at + F_CHANCE, 8)),
        .other = bits_float(as_be_get(at + F_OTHER, 4)),
        .others = (uint32_t)as_be_get(at + F_COMPARED, 4),
        .beside = at[F_BESIDE]};
    const uint16_t kind = to->kind == AS_FINDING_KNOWN ? AS_SET_KNOWN
                          : m.kind == AS_MATCH_CAMERA  ? AS_SET_CAMERA
                                                       : AS_SET_MEDIA;
    struct as_text name;

    to->det = detector_of(m.kind);
    if (to->det != AS_FINDING_NONE && !f->with[to->det])
        to->det = AS_FINDING_NONE;
    to->set = m.set;
    to->score = m.value;
    AS_TRY(as_names_find(&f->names, m.set, m.reference, &name, err));
    as_verdict_match(to->text, sizeof to->text, kind, &m, name.at, as_be_get(at + F_MORE, 4));
done:
    return status;
}
