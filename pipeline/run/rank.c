/* rank.c - how the ranks of a run, or of a merge, begin and end.
 *
 *  1. beginning
 *  2. the case
 *  3. ending
 */
#include "run.h"

#include "../../kernels/linalg.h"
#include "../log.h"
#include "provenance.h"
#include "spool.h"
#include "timing.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- 1. beginning ---- */

/* What every process that examines must be before it does anything else. */
static void settle(void)
{
    struct rlimit none = {0, 0};

    umask(077);
    setrlimit(RLIMIT_CORE, &none);
    as_linalg_one_thread(); /* the order of summation depends on how many there are */
    as_stop_catch();
}

enum as_status as_rank_new(struct as_rank **rank, const struct as_options *o, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_rank *r = calloc(1, sizeof *r);

    *rank = r;
    if (r == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the run");
    clock_gettime(CLOCK_MONOTONIC, &r->started);
    r->options = o;
    r->inventory = -1;
    r->zygote.socket = -1;
    r->tell.state = "inventory"; /* until there is something else to tell */
    settle();
    if (o->output[0] == 0)
        AS_FAIL(err, AS_EUSAGE, "where shall the case go? give -o CASE");
done:
    return status;
}

enum as_status as_rank_join(struct as_rank *r, struct as_run_result *result, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_comm_start(&r->comm, err));
    as_stop_catch(); /* MPI puts handlers of its own */
    r->me = result->me = as_comm_rank(r->comm);
    r->size = result->ranks = r->tell.ranks = as_comm_size(r->comm);
    as_log_rank(r->size > 1 ? r->me : -1);
done:
    return status;
}

/* ---- 2. the case ---- */

static enum as_status look_for(const char *path, bool *there, struct as_err *err)
{
    enum as_status status = AS_OK;

    *there = access(path, F_OK) == 0;
    if (!*there && errno != ENOENT && errno != ENOTDIR)
        AS_FAIL(err, AS_EIO, "cannot look for %s: %s", path, strerror(errno));
done:
    return status;
}

/* Does what a run left to do that died after its store had its name, and signs what is not signed. */
static enum as_status finish_sealed(struct as_rank *r, const struct as_outcome *v, struct as_err *err)
{
    enum as_status status = AS_OK;
    bool unfinished, is_signed;

    AS_TRY(look_for(r->kase.journal, &unfinished, err));
    AS_TRY(look_for(r->kase.signature, &is_signed, err));
    if (!unfinished && (is_signed || r->options->sign[0] == 0))
        return AS_OK;
    AS_TRY(as_case_alone(&r->kase, r->options->takeover, err));
    AS_TRY(as_audit_open(&r->audit, r->kase.audit, err));
    AS_TRY(as_sealed(r, v, err));
    r->tell.state = "sealed";
    r->tell.items_seen = r->tell.items_done = v->items;
    as_case_tell(&r->kase, &r->tell);
done:
    return status;
}

/* A sealed case of the same fingerprint is simply told again. */
static enum as_status look_sealed(struct as_rank *r, const char *fingerprint,
                                  struct as_run_result *result, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_store *store = NULL;
    json_t *p = NULL;
    const char *then;
    char difference[200];
    bool there;

    if (r->options->fresh)
        return AS_OK;
    AS_TRY(look_for(r->kase.results, &there, err));
    if (!there)
        return AS_OK;
    AS_TRY(as_store_open(&store, r->kase.results, err));
    if ((p = json_loads(as_store_provenance(store), 0, NULL)) == NULL)
        AS_FAIL(err, AS_EIO, "cannot read the provenance of %s (out of memory?)", r->kase.results);
    then = json_string_value(json_object_get(p, "fingerprint"));
    if (then == NULL || strcmp(then, fingerprint) != 0) {
        as_fingerprint_difference(then ? then : "", fingerprint, difference, sizeof difference);
        AS_FAIL(err, AS_EFORMAT,
                "sealed and made otherwise, use --fresh to start over: %s: %s", difference,
                r->kase.results);
    }
    result->sealed_before = true;
    result->outcome.items = as_store_items(store);
    result->outcome.code = (int)json_integer_value(json_object_get(p, "exit_code"));
    snprintf(result->outcome.content_digest, 65, "%s", as_store_attr(store, "content_digest"));
    snprintf(result->outcome.digest_exact, 65, "%s", as_store_attr(store, "digest_exact"));
    as_spool_told(p, &result->outcome.kept);
    AS_TRY(finish_sealed(r, &result->outcome, err));
done:
    json_decref(p);
    as_store_close(store);
    return status;
}

/* Nothing is touched of a state that was made otherwise, or of a shard that is examined. */
static enum as_status look_saved(struct as_rank *r, const char *fingerprint,
                                 struct as_run_result *result, struct as_err *err)
{
    enum as_status status = AS_OK;
    char *then = NULL, difference[320];

    if (r->options->fresh)
        return AS_OK;
    status = as_lots_read(r->kase.lots, &then, &r->totals, &r->lots, &r->nlots, err);
    if (status == AS_SKIP)
        return AS_OK;
    AS_TRY(status);
    if (strcmp(then, fingerprint) != 0) {
        as_fingerprint_difference(then, fingerprint, difference, sizeof difference);
        AS_FAIL(err, AS_EFORMAT,
                "the saved state was made otherwise, use --fresh to start over: %s: %s", difference,
                r->kase.dir);
    }
    if (r->shard.n)
        AS_TRY(look_for(r->kase.shard, &result->shard_before, err));
done:
    free(then);
    return status;
}

static enum as_status begin_attempt(struct as_rank *r, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_case_begin(&r->kase, r->options->takeover, err));
    if (r->options->fresh)
        AS_TRY(as_case_reset(&r->kase, err));
done:
    return status;
}

enum as_status as_rank_open(struct as_rank *r, const char *fingerprint,
                            struct as_run_result *result, struct as_err *err)
{
    enum as_status status = AS_OK;

    if (r->me == 0) {
        status = look_sealed(r, fingerprint, result, err);
        if (status == AS_OK && !result->sealed_before)
            status = look_saved(r, fingerprint, result, err);
        if (status == AS_OK && !result->sealed_before && !result->shard_before)
            status = begin_attempt(r, err);
    }
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_TRY(as_comm_bcast(r->comm, &result->sealed_before, sizeof result->sealed_before, 0));
    AS_TRY(as_comm_bcast(r->comm, &result->shard_before, sizeof result->shard_before, 0));
    AS_TRY(as_comm_bcast(r->comm, &result->outcome, sizeof result->outcome, 0));
    AS_TRY(as_comm_bcast(r->comm, &r->kase.attempt, sizeof r->kase.attempt, 0));
    AS_TRY(as_comm_agree(r->comm, as_case_set_attempt(&r->kase, r->kase.attempt, err), err));
    if (r->me == 0 && !result->sealed_before && !result->shard_before)
        status = as_case_pulse(&r->kase, err);
    AS_TRY(as_comm_agree(r->comm, status, err));
done:
    return status;
}

enum as_status as_rank_audit(struct as_rank *r, const char *event, json_t *fields,
                             struct as_err *err)
{
    if (r->audit)
        return as_audit_add(r->audit, event, fields, err);
    json_decref(fields);
    return AS_OK;
}

enum as_status as_rank_last(struct as_rank *r, const char *state, struct as_err *err)
{
    enum as_status status = AS_OK;

    if (r->me == 0 && as_case_superseded(&r->kase)) {
        status = as_fail(err, AS_ESTOP, AS_REASON_NONE, __FILE__, __LINE__,
                         "a newer attempt of this case has begun; it goes on from here");
    } else if (r->me == 0) {
        r->tell.state = state;
        as_case_tell(&r->kase, &r->tell);
    }
    return as_comm_agree(r->comm, status, err);
}

enum as_status as_rank_seal(struct as_rank *r, const char *fingerprint, struct as_outcome *v,
                            struct as_err *err)
{
    enum as_status status = AS_OK;

    double begun;

    AS_TRY(as_rank_last(r, "seal", err));
    begun = as_rank_elapsed(r);
    AS_TRY(as_seal(r, fingerprint, v, err));
    r->seal_s = as_rank_elapsed(r) - begun;
    status = r->me == 0 ? as_sealed(r, v, err) : AS_OK;
    AS_TRY(as_comm_agree(r->comm, status, err));
done:
    return status;
}

/* ---- 3. ending ---- */

static void tell_end(struct as_rank *r, enum as_status status, const struct as_err *err)
{
    if (r->me != 0 || r->kase.attempt == 0)
        return;
    if (as_case_superseded(&r->kase))
        return; /* status.json and the audit log are the newer attempt's now */
    r->tell.state = status == AS_ESTOP ? "stopped"
                    : status != AS_OK  ? "failed"
                    : r->shard.n       ? "examined"
                                       : "sealed";
    r->tell.elapsed_s = as_rank_elapsed(r);
    r->tell.died = r->crew_counts.died;
    r->tell.blamed = r->crew_counts.blamed;
    r->tell.time = r->tallies ? as_timing_json(r->tallies, r->size) : NULL;
    as_case_tell(&r->kase, &r->tell);
    json_decref(r->tell.time);
    r->tell.time = NULL;
    if (status != AS_OK &&
        as_rank_audit(r, r->tell.state, json_pack("{s:s}", "why", err ? err->text : ""), NULL) !=
            AS_OK)
        as_log(AS_LOG_WARN, "the audit log could not be closed");
}

static void clear(struct as_rank *r)
{
    as_io_free(r->io);
    as_journal_close(r->journal);
    as_journal_close(r->spool);
    as_owners_free(r->owners);
    as_against_close(&r->against);
    as_hands_end(&r->hands);
    as_audit_close(r->audit);
    if (r->inventory >= 0)
        close(r->inventory);
    as_sources_free(r->sources, r->nsources);
    as_case_clear(&r->kase);
    free(r->lots);
    free(r->split);
    free(r->report);
    free(r->tallies);
    json_decref(r->shards);
}

void as_rank_end(struct as_rank *r, struct as_run_result *result, enum as_status status,
                 const struct as_err *err)
{
    if (r == NULL)
        return;
    if (!result->sealed_before)
        tell_end(r, status, err);
    result->seconds = as_rank_elapsed(r);
    result->time = r->tallies ? as_timing_json(r->tallies, r->size) : NULL;
    result->seal_s = r->seal_s;
    result->died = r->crew_counts.died;
    result->blamed = r->crew_counts.blamed;
    clear(r);
    as_zygote_stop(&r->zygote);
    as_given_clear(&r->given);
    if (r->comm)
        as_comm_stop(r->comm);
    free(r);
}
