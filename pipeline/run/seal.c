/* seal.c - from journals to the sealed store, all ranks together. */
#include "catalogue.h"
#include "findings.h"
#include "provenance.h"
#include "residuals.h"
#include "search.h"
#include "sources.h"

#include "../examine/unit.h"
#include "../log.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE_BYTES = 256 << 10 };

struct seal {
    struct as_rank *r;
    struct as_catalogue *catalogue;
    bool with[AS_DETECTORS_MAX];
    struct as_search search;
    struct as_findings *findings;
    struct as_names names;
    struct as_roll *roll;
    struct as_source_row *sources;
    struct as_timing_row *timing;
};

static enum as_status give_row(void *state, uint64_t i, struct as_row *row, struct as_err *err)
{
    const struct seal *s = state;

    enum as_status status = as_rank_go_on(s->r, err);

    return status == AS_OK ? as_catalogue_row(s->catalogue, i, row, NULL, err) : status;
}

static enum as_status give_finding(void *state, uint64_t i, struct as_finding *f,
                                   struct as_err *err)
{
    return as_findings_get(state, i, f, err);
}

static enum as_status give_name(void *state, const struct as_match *m, struct as_text *name,
                                struct as_err *err)
{
    return as_names_find(state, m->set, m->reference, name, err);
}

/* One pass over this rank's rows: counts, findings, hashes of the sources. */
static enum as_status survey(struct seal *s, struct as_outcome *v, struct as_err *err)
{
    struct as_catalogue *c = s->catalogue;
    enum as_status status = AS_OK;
    struct as_row *row = calloc(1, sizeof *row);
    struct as_key key;

    if (row == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for a row");
    AS_TRY(as_findings_rows(s->findings, c->first, c->count, err));
    for (uint64_t i = c->first; i < c->first + c->count; i++) {
        AS_TRY(as_rank_go_on(s->r, err));
        AS_TRY(as_catalogue_row(c, i, row, &key, err));
        v->by_status[row->status]++;
        v->entries += key.n == 1 || (key.n == 2 && s->r->sources[key.part[0]].folder);
        v->changed += row->reason == AS_REASON_CHANGED || row->flags & AS_FLAG_CHANGED;
        AS_TRY(as_findings_look(s->findings, row));
        AS_TRY(as_roll_look(s->roll, row, &key));
        AS_TRY(as_search_look(&s->search, row, err));
    }
done:
    free(row);
    return status;
}

static enum as_status count_all(struct seal *s, struct as_outcome *v, struct as_err *err)
{
    enum as_status status = as_comm_agree(s->r->comm, survey(s, v, err), err);
    uint64_t sum = 0, listed = s->r->totals.entries;

    if (status != AS_OK)
        goto done;
    AS_TRY(as_comm_sum(s->r->comm, v->by_status, AS_ITEM_STATUSES));
    AS_TRY(as_comm_sum(s->r->comm, &v->changed, 1));
    AS_TRY(as_comm_sum(s->r->comm, &v->entries, 1));
    AS_TRY(as_comm_bcast(s->r->comm, &listed, sizeof listed, 0));
    if (v->entries != listed)
        AS_FAIL(err, AS_EBUG, "%llu entries were listed, %llu have rows",
                (unsigned long long)listed, (unsigned long long)v->entries);
    v->items = s->catalogue->total;
    for (int i = 0; i < AS_ITEM_STATUSES; i++)
        sum += v->by_status[i];
    if (sum != v->items)
        AS_FAIL(err, AS_EBUG, "%llu items were discovered, %llu have a status",
                (unsigned long long)v->items, (unsigned long long)sum);
done:
    return status;
}

static enum as_status make_timing(struct seal *s, struct as_err *err)
{
    const struct as_rank *r = s->r;
    enum as_status status = AS_OK;

    if ((s->timing = calloc(r->nreports + 1, sizeof *s->timing)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for timings");
    for (uint64_t i = 0; i < r->nreports; i++) {
        const struct as_lot_report *rep = &r->report[i];
        s->timing[i] = (struct as_timing_row){rep->lot,
                                              (uint32_t)rep->rank,
                                              rep->bytes,
                                              (float)rep->us[0] * 1e-6F,
                                              (float)rep->us[1] * 1e-6F,
                                              (float)rep->us[2] * 1e-6F,
                                              (float)rep->us[3] * 1e-6F};
    }
done:
    return status;
}

/* 2: integrity; 3: statuses of --fail-on; 0: neither. */
static int exit_code(const struct as_rank *r, const struct as_outcome *v)
{
    const char *p = r->options->fail_on;

    if (v->changed || v->unlisted)
        return 2;
    while (*p) {
        char word[32] = "";
        size_t n = strcspn(p, ",");
        int status;
        memcpy(word, p, n < sizeof word - 1 ? n : sizeof word - 1);
        status = as_item_status_find(word);
        if (status >= 0 && v->by_status[status] > 0)
            return 3;
        p += n + (p[n] == ',');
    }
    return 0;
}

static enum as_status prepare(struct seal *s, struct as_err *err)
{
    struct as_rank *r = s->r;
    enum as_status status = AS_OK;

    AS_TRY(as_detectors_select(r->options->detectors, s->with, err));
    AS_TRY(as_findings_new(&s->findings, &r->given.models, s->with, &r->against, err));
    AS_TRY(as_roll_new(&s->roll, r, err));
    if ((s->sources = calloc(r->nsources + 1, sizeof *s->sources)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the sources");
    AS_TRY(make_timing(s, err));
done:
    return as_comm_agree(r->comm, status, err);
}

static enum as_status write_store(struct seal *s, const char *fingerprint, struct as_outcome *v,
                                  struct as_err *err)
{
    struct as_rank *r = s->r;
    const struct as_model *models[AS_DETECTORS_MAX];
    struct as_store_what what = {
        .rows = {s, s->catalogue->first, s->catalogue->count, give_row},
        .finding = give_finding,
        .findings = s->findings,
        .sources = s->sources,
        .nsources = r->nsources,
        .sets = s->search.sets,
        .nsets = s->search.nsets,
        .matches = s->search.matches,
        .nmatches = s->search.nmatches,
        .name = give_name,
        .names = &s->names,
        .links = s->search.links,
        .nlinks = s->search.nlinks,
        .members = s->search.members,
        .nmembers = s->search.nmembers,
        .origins = s->search.origins,
        .norigins = s->search.norigins,
        .sensor_maps = s->search.sensor_maps,
        .nsensor_maps = s->search.nsensor_maps,
        .timing = s->timing,
        .ntiming = r->nreports,
        .with_det = s->with,
        .models = models,
    };
    enum as_status status = AS_OK;
    char *provenance = NULL;

    for (int d = 0; d < AS_DETECTORS_MAX; d++)
        models[d] = r->given.models.at[d];
    AS_TRY(as_findings_match(s->findings, r->comm, s->search.sets, s->search.matches,
                             s->search.nmatches, err));
    AS_TRY(as_comm_agree(r->comm,
                         as_findings_maps(s->findings, s->search.sensor_maps,
                                          s->search.nsensor_maps),
                         err));
    AS_TRY(as_findings_rank(s->findings, r->comm, &what.nfindings, err));
    v->findings = what.nfindings;
    AS_TRY(as_comm_sum(r->comm, &v->findings, 1));
    status = as_provenance_make(r, fingerprint, v, s->with, &provenance, err);
    AS_TRY(as_comm_agree(r->comm, status, err));
    what.provenance = provenance;
    AS_TRY(as_store_seal(r->kase.results, r->comm, &what, v->content_digest, v->digest_exact, err));
done:
    free(provenance);
    return status;
}

/* Gives back what only the examination needed, which grows with the items. */
static void make_room(struct as_rank *r)
{
    as_owners_free(r->owners);
    r->owners = NULL;
    free(r->lots);
    r->lots = NULL;
    r->nlots = 0;
    free(r->split);
    r->split = NULL;
    r->nsplits = r->splits_cap = 0;
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES); /* else large blocks stay here when freed */
    malloc_trim(0);
}

enum as_status as_seal(struct as_rank *r, const char *fingerprint, struct as_outcome *v,
                       struct as_err *err)
{
    struct seal s = {.r = r, .names = {.against = &r->against}};
    enum as_status status = AS_OK;

    memset(v, 0, sizeof *v);
    make_room(r);
    AS_TRY(prepare(&s, err));
    as_search_init(&s.search, r, s.with);
    AS_TRY(as_catalogue_new(&s.catalogue, r, err));
    AS_TRY(count_all(&s, v, err));
    s.search.catalogue = s.catalogue;
    if (r->options->keep_residuals) {
        AS_TRY(as_residuals_sum(r, &v->kept, err)); /* before searches that may take hours */
        r->kept = &v->kept;
    }
    AS_TRY(as_search_run(&s.search, err));
    AS_TRY(as_roll_call(s.roll, s.catalogue, s.sources, err));
    if (r->me == 0 && r->options->hashes[0])
        status = as_hashes_compare(r->options->hashes, s.sources, r->nsources, &v->unlisted, err);
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_TRY(as_comm_bcast(r->comm, &v->unlisted, sizeof v->unlisted, 0));
    v->code = exit_code(r, v);
    AS_TRY(write_store(&s, fingerprint, v, err));
done:
    r->kept = NULL;
    as_catalogue_free(s.catalogue);
    as_search_clear(&s.search);
    as_findings_free(s.findings);
    as_names_clear(&s.names);
    as_roll_free(s.roll);
    free(s.sources);
    free(s.timing);
    return status;
}
