/* check.c - whether a row keeps the promises of row.h and store.h. */
#include "seal.h"

#include <inttypes.h>
#include <string.h>

static enum as_status check_texts(const struct as_row *row, uint64_t i, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t bytes = row->path.len;
    bool fits = row->path.len <= AS_STRING_MAX && row->nkv <= AS_ROW_KV_MAX;

    for (size_t k = 0; fits && k < row->nkv; k++) {
        fits = row->kv[k].key.len <= AS_STRING_MAX && row->kv[k].value.len <= AS_STRING_MAX;
        bytes += (uint64_t)row->kv[k].key.len + row->kv[k].value.len;
    }
    for (size_t t = 0; fits && t < row->ntrouble && t < AS_ERRORS_MAX; t++) {
        fits = row->trouble[t].message.len <= AS_STRING_MAX;
        bytes += strlen(row->trouble[t].stage) + row->trouble[t].message.len;
    }
    if (!fits || bytes > AS_ROW_TEXT_MAX)
        AS_FAIL(err, AS_EBUG, "row %" PRIu64 " has more text than a row may", i);
done:
    return status;
}

static enum as_status check_maps(const struct as_seal *s, const struct as_row *row, uint64_t i,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;

    for (size_t m = 0; m < row->nmap; m++) {
        const struct as_map_row *map = &row->map[m];
        if (map->det >= AS_DETECTORS_MAX || s->slot_of[map->det] < 0)
            AS_FAIL(err, AS_EBUG, "row %" PRIu64 " has a map of a detector not in the case", i);
        if (map->w == 0 || map->h == 0 || map->w > AS_MAP_SIDE_MAX || map->h > AS_MAP_SIDE_MAX)
            AS_FAIL(err, AS_EBUG, "row %" PRIu64 " has a map of %u x %u cells", i, map->w, map->h);
    }
done:
    return status;
}

enum as_status as_seal_check_row(struct as_seal *s, uint64_t i, const struct as_row *row,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;

    if (i > s->what->rows.first &&
        (row->id < s->last_id || (row->id == s->last_id && row->part <= s->last_part)))
        AS_FAIL(err, AS_EBUG, "row %" PRIu64 " is not in the order of (id, part)", i);
    if (row->source >= s->what->nsources)
        AS_FAIL(err, AS_EBUG, "row %" PRIu64 " names source %" PRIu32 " of %" PRIu32, i,
                row->source, s->what->nsources);
    if (row->status >= AS_ITEM_STATUSES || row->ntrouble > AS_ERRORS_MAX || row->nmap > AS_MAPS_MAX)
        AS_FAIL(err, AS_EBUG, "row %" PRIu64 " is out of bounds", i);
    s->last_id = row->id;
    s->last_part = row->part;
    AS_TRY(check_texts(row, i, err));
    AS_TRY(check_maps(s, row, i, err));
done:
    return status;
}
