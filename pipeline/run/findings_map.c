/* findings_map.c - findings of maps of sensor noise. */
#include "../verdict.h"
#include "findings_parts.h"

enum as_status as_findings_maps(struct as_findings *f, const struct as_sensor_map *maps, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        const struct as_sensor_map *m = &maps[i];
        uint8_t *to;
        if (m->regions == 0 || as_finding_copy(f, m->row))
            continue;
        if ((to = as_findings_more(f)) == NULL)
            return AS_ENOMEM;
        to[0] = as_finding_place(AS_FINDING_MISSING);
        as_be_put(to + F_STRENGTH, UINT32_MAX - float_bits(m->missing), 4);
        as_be_put(to + F_ROW, m->row, 8);
        as_be_put(to + F_SOURCE, m->set, 2);
        as_be_put(to + F_REFERENCE, m->reference, 8);
        as_be_put(to + F_REGIONS, m->regions, 4);
        as_be_put(to + F_WINDOW, m->window, 4);
        as_be_put(to + F_UNKNOWN, float_bits(m->unknown), 4);
    }
    return AS_OK;
}

enum as_status as_findings_get_map(struct as_findings *f, const uint8_t *at, struct as_finding *to,
                                   struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_sensor_map m = {
        .reference = as_be_get(at + F_REFERENCE, 8),
        .set = (uint16_t)as_be_get(at + F_SOURCE, 2),
        .window = (uint32_t)as_be_get(at + F_WINDOW, 4),
        .regions = (uint32_t)as_be_get(at + F_REGIONS, 4),
        .missing = bits_float(UINT32_MAX - as_be_get(at + F_STRENGTH, 4)),
        .unknown = bits_float(as_be_get(at + F_UNKNOWN, 4)),
    };
    struct as_text name;

    to->det = AS_FINDING_NONE;
    to->set = m.set;
    to->score = m.missing;
    AS_TRY(as_names_find(&f->names, m.set, m.reference, &name, err));
    as_verdict_map(to->text, sizeof to->text, &m, name.at);
done:
    return status;
}
