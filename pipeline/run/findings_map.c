/* findings_map.c - findings of maps of sensor noise. */
#include "../cluster/sort.h"
#include "../verdict.h"
#include "findings_parts.h"

enum { STRENGTH = AS_FIND_STRENGTH, ROW = AS_FIND_ROW, SOURCE = AS_FIND_SOURCE };
enum { REFERENCE = 16, REGIONS = 24, WINDOW = 28, UNKNOWN = 32 };

enum as_status as_findings_maps(struct as_findings *f, const struct as_sensor_map *maps, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        const struct as_sensor_map *m = &maps[i];
        uint8_t *to;
        if (m->regions == 0 || as_find_copy(f, m->row))
            continue;
        if ((to = as_findings_more(f)) == NULL)
            return AS_ENOMEM;
        to[0] = as_find_place(AS_FINDING_MISSING);
        as_be_put(to + STRENGTH, UINT32_MAX - as_find_bits(m->missing), 4);
        as_be_put(to + ROW, m->row, 8);
        as_be_put(to + SOURCE, m->set, 2);
        as_be_put(to + REFERENCE, m->reference, 8);
        as_be_put(to + REGIONS, m->regions, 4);
        as_be_put(to + WINDOW, m->window, 4);
        as_be_put(to + UNKNOWN, as_find_bits(m->unknown), 4);
    }
    return AS_OK;
}

enum as_status as_findings_get_map(struct as_findings *f, const uint8_t *at, struct as_finding *to,
                                   struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_sensor_map m = {
        .reference = as_be_get(at + REFERENCE, 8),
        .set = (uint16_t)as_be_get(at + SOURCE, 2),
        .window = (uint32_t)as_be_get(at + WINDOW, 4),
        .regions = (uint32_t)as_be_get(at + REGIONS, 4),
        .missing = as_find_float(UINT32_MAX - as_be_get(at + STRENGTH, 4)),
        .unknown = as_find_float(as_be_get(at + UNKNOWN, 4)),
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
