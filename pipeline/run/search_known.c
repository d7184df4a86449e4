/* search_known.c - the items of a case that sets of known hashes list. */
#include "search_known.h"

#include "known.h"

#include <math.h>
#include <stdlib.h>

static enum as_status ask_sets(struct as_search *s, const struct as_row *row, struct as_err *err)
{
    const struct as_against *a = &s->r->against;
    const struct as_known_ask ask = {row->sha256, row->has_sha1 ? row->sha1 : NULL,
                                     row->has_md5 ? row->md5 : NULL};
    enum as_status status = AS_OK;

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

static bool any_known(const struct as_against *a)
{
    for (uint16_t i = 0; i < a->n; i++)
        if (as_ref_kind(a->ref[i]) == AS_REF_KNOWN)
            return true;
    return false;
}

enum as_status as_search_known(struct as_search *s, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_catalogue *c = s->catalogue;
    struct as_row *row = NULL;

    if (!any_known(&s->r->against))
        goto done;
    if ((row = calloc(1, sizeof *row)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for a row");
    for (uint64_t id = c->first; id < c->first + c->count; id++) {
        as_rank_tell(s->r);
        if (as_stop_signal)
            AS_FAIL(err, AS_ESTOP, "stopped by a signal while searching");
        AS_TRY(as_catalogue_row(s->catalogue, id, row, NULL, err));
        if (row->has_sha256)
            AS_TRY(ask_sets(s, row, err));
    }
done:
    free(row);
    return status;
}
