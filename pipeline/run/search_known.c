/* search_known.c - the items of a case that sets of known hashes list. */
#include "search_known.h"

#include "known.h"

#include <math.h>

enum as_status as_search_known(struct as_search *s, const struct as_row *row, struct as_err *err)
{
    const struct as_against *a = &s->r->against;
    const struct as_known_ask ask = {row->sha256, row->has_sha1 ? row->sha1 : NULL,
                                     row->has_md5 ? row->md5 : NULL};
    enum as_status status = AS_OK;

    if (!row->has_sha256)
        return AS_OK;
    for (uint16_t i = 0; i < a->n; i++) {
        struct as_known_hit hit;
        if (as_ref_kind(a->ref[i]) != AS_REF_KNOWN)
            continue;
        status = as_known_find(a->ref[i], &ask, &hit, err);
        if (status > AS_END)
            goto done;
        if (status == AS_END)
            continue;
        AS_TRY(as_search_match(s, &(struct as_match){.row = row->id,
                                                     .reference = hit.reference,
                                                     .set = i,
                                                     .kind = AS_MATCH_HASH,
                                                     .value = hit.class,
                                                     .p = NAN}));
    }
    status = AS_OK;
done:
    return status;
}
