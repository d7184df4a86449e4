/* search_case.c - a case that is sealed, searched against reference stores.
 *
 * The searches are those of a run; rows come from the store instead of the journals, residuals
 * from the spool that a run with --keep-residuals leaves.
 *
 *  1. the case
 *  2. the rows
 *  3. the search
 */
#include "search_case.h"

#include "../../kernels/cpu.h"
#include "../../kernels/simd.h"
#include "../cluster/chain.h"
#include "../log.h"
#include "enroll.h"
#include "known.h"
#include "names.h"
#include "provenance.h"
#include "search.h"
#include "spool.h"
#include "start.h"
#include "team.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct inquiry {
    struct as_rank *r;
    struct as_options options;
    const char *path, *folder;
    struct as_store *store;
    struct as_store_parent parent;
    json_t *made;              /* the provenance of the case        */
    struct as_spool_sum kept;  /* what it says of its residuals     */
    struct as_catalogue share; /* this rank's rows, without places  */
    struct as_search search;
};

/* ---- 1. the case ---- */

static const char *made_text(const struct inquiry *q, const char *option)
{
    const char *text =
        json_string_value(json_object_get(json_object_get(q->made, "options"), option));

    return text ? text : "";
}

/* The version of a detector in the case; 0: the case has it not. */
static uint32_t made_version(const struct inquiry *q, const char *name)
{
    const json_t *all = json_object_get(q->made, "detectors"), *d;
    size_t i;

    json_array_foreach(all, i, d)
    {
        const char *text = json_string_value(json_object_get(d, "name"));
        if (text && strcmp(text, name) == 0)
            return (uint32_t)json_integer_value(json_object_get(d, "version"));
    }
    return 0;
}

static enum as_status check_known(const struct inquiry *q, struct as_ref *ref, struct as_err *err)
{
    enum as_status status = AS_OK;

    if (as_known_needs_md5(ref) && strcmp(made_text(q, "md5"), "1") != 0)
        AS_FAIL(err, AS_EFORMAT,
                "%s lists MD5 or SHA-1, which the case was examined without: assay run --md5 on "
                "its evidence makes one that has them",
                as_ref_path(ref));
done:
    return status;
}

/* Codes of another version mean something else. */
static enum as_status check_codes(const struct inquiry *q, const char *name, bool must,
                                  struct as_ref *ref, struct as_err *err)
{
    const uint32_t then = made_version(q, name), now = as_det_find(name)->version;
    enum as_status status = AS_OK;

    if (then == 0 && must)
        AS_FAIL(err, AS_EFORMAT,
                "%s is compared by codes of %s, which the case was examined without: assay run "
                "--detector all on its evidence makes one that has them",
                as_ref_path(ref), name);
    if (then != 0 && then != now)
        AS_FAIL(err, AS_EFORMAT,
                "%s: the case has codes of %s version %u, this program searches "
                "with version %u",
                as_ref_path(ref), name, then, now);
done:
    return status;
}

static enum as_status check_media(const struct inquiry *q, struct as_ref *ref, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(check_codes(q, "pdq", true, ref, err));
    AS_TRY(check_codes(q, "gist", false, ref, err));
done:
    return status;
}

/* The provenance is in no digest: what it says of residuals is what the audit log says too. */
static enum as_status check_kept(const struct inquiry *q, struct as_err *err)
{
    enum as_status status = AS_OK;
    char *path = NULL;
    struct as_chain a;

    if (asprintf(&path, "%s/audit.jsonl", q->folder) < 0) {
        path = NULL;
        AS_FAIL(err, AS_ENOMEM, "no memory for the audit log");
    }
    if ((status = as_chain_follow(path, &a, NULL, NULL, err)) == AS_SKIP)
        AS_FAIL(err, AS_EFORMAT, "%s is missing, which says what sensor noise was kept", path);
    AS_TRY(status);
    if (a.broken > 0 || strcmp(a.content_digest, q->parent.content_digest) != 0 ||
        !as_chain_kept(&a, q->kept.digest, q->kept.pixels))
        AS_FAIL(err, AS_EFORMAT,
                "%s says other things of the sensor noise that was kept than the case: see assay "
                "verify %s",
                path, q->folder);
done:
    free(path);
    return status;
}

static enum as_status check_camera(struct inquiry *q, struct as_ref *ref, struct as_err *err)
{
    enum as_status status = AS_OK;

    if (!as_spool_told(q->made, &q->kept))
        AS_FAIL(err, AS_EFORMAT,
                "%s holds cameras, and the case kept no sensor noise to compare with them: assay "
                "run --keep-residuals on its evidence makes one that does",
                as_ref_path(ref));
    if (q->folder == NULL)
        AS_FAIL(err, AS_EUSAGE,
                "%s holds cameras: name the folder of the case, where its sensor "
                "noise lies, not the store",
                as_ref_path(ref));
    if (q->kept.pixels == 0 || q->kept.pixels > AS_KEEP_PIXELS_MAX)
        AS_FAIL(err, AS_EFORMAT, "%s does not say how much of a picture's sensor noise it kept",
                q->path);
    AS_TRY(check_kept(q, err));
    q->options.residual_pixels = q->kept.pixels;
    q->r->kept = &q->kept;
    if (q->r->kase.spool == NULL && asprintf(&q->r->kase.spool, "%s/spool", q->folder) < 0) {
        q->r->kase.spool = NULL;
        AS_FAIL(err, AS_ENOMEM, "no memory for the path of the spool");
    }
    if (access(q->r->kase.spool, R_OK | X_OK) != 0)
        AS_FAIL(err, AS_EFORMAT, "the case was sealed with sensor noise in %s, which is not there",
                q->r->kase.spool);
done:
    return status;
}

/* Whether the case has what each store asks for: what is not there would pass for not found. */
static enum as_status check_stores(struct inquiry *q, struct as_err *err)
{
    const struct as_against *a = &q->r->against;
    enum as_status status = AS_OK;

    for (uint16_t i = 0; i < a->n; i++)
        switch (as_ref_kind(a->ref[i])) {
        case AS_REF_KNOWN:
            AS_TRY(check_known(q, a->ref[i], err));
            break;
        case AS_REF_MEDIA:
            AS_TRY(check_media(q, a->ref[i], err));
            break;
        default:
            AS_TRY(check_camera(q, a->ref[i], err));
        }
done:
    return status;
}

static enum as_status open_case(struct inquiry *q, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_against_open(&q->r->against, q->options.against, err));
    AS_TRY(as_store_open(&q->store, q->path, err));
    if ((q->made = json_loads(as_store_provenance(q->store), 0, NULL)) == NULL)
        AS_FAIL(err, AS_EFORMAT, "cannot read how %s was made", q->path);
    snprintf(q->parent.content_digest, 65, "%s", as_store_attr(q->store, "content_digest"));
    snprintf(q->parent.digest_exact, 65, "%s", as_store_attr(q->store, "digest_exact"));
    q->parent.items = as_store_items(q->store);
    AS_TRY(check_stores(q, err));
done:
    return status;
}

static enum as_status go_on(void *state, struct as_err *err)
{
    return as_team_go_on(state, 0, "checking the case", err);
}

/* All ranks see the same case, and it is what was sealed.  Collective. */
static enum as_status check_case(struct inquiry *q, struct as_err *err)
{
    const struct as_ask ask = {go_on, q->r};
    struct as_store_parent first = q->parent;
    enum as_status status = AS_OK;

    AS_TRY(as_comm_bcast(q->r->comm, &first, sizeof first, 0));
    if (memcmp(&first, &q->parent, sizeof first) != 0)
        status = as_fail(err, AS_EFORMAT, AS_REASON_NONE, __FILE__, __LINE__,
                         "rank %d sees another case than rank 0: %s", q->r->me, q->path);
    AS_TRY(as_comm_agree(q->r->comm, status, err));
    AS_TRY(as_store_check(q->store, q->r->comm, &ask, err));
done:
    return status;
}

/* The class that the case was examined with, so that values are those of a run; or the best that
 * all ranks have.  Collective. */
static enum as_status take_cpu(struct inquiry *q, struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *class = json_string_value(json_object_get(q->made, "cpu_class"));
    uint64_t best = (uint64_t)as_cpu_best();
    int then = class ? as_cpu_find(class) : -1;

    (void)err;
    AS_TRY(as_comm_min(q->r->comm, &best, 1));
    if (then < 0 || (uint64_t)then > best) {
        if (q->r->me == 0)
            as_log(AS_LOG_WARN,
                   "the case was examined on a processor of class %s, this is %s: "
                   "the last digits of values may differ from those of a run",
                   class ? class : "unknown", as_cpu_name((enum as_cpu)best));
        then = (int)best;
    }
    q->r->cpu = (unsigned)then;
    as_simd_init((enum as_cpu)then);
done:
    return status;
}

/* ---- 2. the rows ---- */

static enum as_status look_at_rows(struct inquiry *q, struct as_err *err)
{
    const struct as_catalogue *c = &q->share;
    enum as_status status = AS_OK;
    float score[AS_DETECTORS_MAX];
    struct as_row *row = calloc(1, sizeof *row);

    if (row == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for a row");
    for (uint64_t i = c->first; i < c->first + c->count; i++) {
        AS_TRY(as_rank_go_on(q->r, err));
        AS_TRY(as_store_row(q->store, i, row, score, err));
        row->id = i;
        AS_TRY(as_search_look(&q->search, row, err));
    }
done:
    free(row);
    return status;
}

/* Shares like those of a run: consecutive rows. */
static void take_share(struct inquiry *q)
{
    const uint64_t n = q->parent.items, size = (uint64_t)q->r->size, me = (uint64_t)q->r->me,
                   rest = n % size;

    q->share.first = n / size * me + (me < rest ? me : rest);
    q->share.count = n / size + (me < rest);
    q->share.total = n;
}

/* ---- 3. the search ---- */

static enum as_status no_row(void *state, uint64_t i, struct as_row *row, struct as_err *err)
{
    (void)state;
    (void)i;
    (void)row;
    return as_fail(err, AS_EBUG, AS_REASON_NONE, __FILE__, __LINE__, "a search has no rows");
}

static enum as_status give_name(void *state, const struct as_match *m, struct as_text *name,
                                struct as_err *err)
{
    return as_names_find(state, m->set, m->reference, name, err);
}

static enum as_status seal(struct inquiry *q, struct as_outcome *v, struct as_err *err)
{
    static const bool with[AS_DETECTORS_MAX];
    struct as_names names = {.against = &q->r->against};
    struct as_store_what what = {
        .parent = &q->parent,
        .rows = {NULL, 0, 0, no_row},
        .sets = q->search.sets,
        .nsets = q->search.nsets,
        .matches = q->search.matches,
        .nmatches = q->search.nmatches,
        .sensor_maps = q->search.sensor_maps,
        .nsensor_maps = q->search.nsensor_maps,
        .name = give_name,
        .names = &names,
        .with_det = with,
    };
    enum as_status status = AS_OK;
    char *provenance = NULL;

    status = as_provenance_search(q->r, q->path, &q->parent, &provenance, err);
    AS_TRY(as_comm_agree(q->r->comm, status, err));
    what.provenance = provenance;
    AS_TRY(as_store_seal(q->options.output, q->r->comm, &what, v->content_digest, v->digest_exact,
                         err));
done:
    as_names_clear(&names);
    free(provenance);
    return status;
}

static enum as_status search(struct inquiry *q, struct as_searched *told, struct as_outcome *v,
                             struct as_err *err)
{
    bool with[AS_DETECTORS_MAX];
    enum as_status status = AS_OK;

    for (int d = 0; d < AS_DETECTORS_MAX; d++)
        with[d] = true; /* rows say which they have */
    take_share(q);
    as_search_init(&q->search, q->r, with);
    q->search.within = false;
    q->search.catalogue = &q->share;
    AS_TRY(as_comm_agree(q->r->comm, look_at_rows(q, err), err));
    AS_TRY(as_search_run(&q->search, err));
    *told = (struct as_searched){q->parent.items, q->search.nmatches, q->search.nsets};
    AS_TRY(as_comm_sum(q->r->comm, &told->matches, 1));
    AS_TRY(seal(q, v, err));
done:
    return status;
}

enum as_status as_search_case(const struct as_options *o, const char *path, const char *kase,
                              struct as_searched *told, struct as_run_result *result,
                              struct as_err *err)
{
    struct inquiry q = {.options = *o, .path = path, .folder = kase};
    enum as_status status = AS_OK;

    memset(result, 0, sizeof *result);
    memset(told, 0, sizeof *told);
    AS_TRY(as_enroll_output(o->output, err));
    if (o->against[0] == '\0')
        AS_FAIL(err, AS_EUSAGE, "search for what? --against names reference stores");
    AS_TRY(as_run_check(o, err));
    AS_TRY(as_rank_new(&q.r, &q.options, err));
    AS_TRY(as_start_alone(err));
    AS_TRY(as_rank_join(q.r, result, err));
    AS_TRY(as_comm_agree(q.r->comm, open_case(&q, err), err));
    AS_TRY(as_against_agree(q.r, err));
    AS_TRY(check_case(&q, err));
    AS_TRY(take_cpu(&q, err));
    AS_TRY(search(&q, told, &result->outcome, err));
done:
    as_search_clear(&q.search);
    free(q.share.copy);
    as_store_close(q.store);
    json_decref(q.made);
    as_rank_end(q.r, result, status, err);
    return status;
}
