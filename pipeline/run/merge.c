/* merge.c - shards that were examined apart become one sealed case.
 *
 * The journals of the shards are read where they are; nothing in their folders is
 * changed.  The same content may have been examined in several of them: the catalogue
 * keeps one, as it does when a killed run did something twice.
 *
 *  1. what every rank must know
 *  2. the merge
 */
#include "merge_parts.h"
#include "parts.h"
#include "provenance.h"
#include "run.h"
#include "tree.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. what every rank must know ---- */

/* Shard 1's record and the order of the shards, from rank 0 to all. */
static enum as_status hand_round(struct as_merging *m, struct as_err *err)
{
    struct as_comm *comm = m->r->comm;
    enum as_status status = AS_OK;

    if (m->r->me == 0) {
        m->bytes = m->in[m->order[0]].bytes;
        m->len = m->in[m->order[0]].len;
        m->in[m->order[0]].bytes = NULL;
        as_shard_clear(&m->in[m->order[0]].rec);
    }
    AS_TRY(as_comm_bcast(comm, &m->len, sizeof m->len, 0));
    if (m->r->me != 0) {
        m->bytes = malloc(m->len);
        m->order = malloc(m->n * sizeof *m->order);
    }
    AS_TRY(as_comm_agree(comm, m->bytes && m->order ? AS_OK : AS_ENOMEM, err));
    AS_TRY(as_comm_bcast(comm, m->bytes, m->len, 0));
    AS_TRY(as_comm_bcast(comm, m->order, m->n * sizeof *m->order, 0));
done:
    return status;
}

/* The reference stores of the shards, found where they were or where the merge says. */
static enum as_status open_against(struct as_merging *m, struct as_err *err)
{
    enum as_status status = AS_OK;
    char *digests = NULL, *line = NULL;

    AS_TRY(as_against_open(&m->r->against, m->options.against, err));
    digests = as_against_digests(&m->r->against);
    if (digests == NULL || asprintf(&line, "\n--against = %s\n", digests) < 0) {
        line = NULL;
        AS_FAIL(err, AS_ENOMEM, "no memory for the stores of --against");
    }
    if (strstr(m->fingerprint, line) == NULL)
        AS_FAIL(err, AS_EFORMAT, "--against: these are not the stores that the shards were "
                "examined with");
done:
    free(digests);
    free(line);
    return status;
}

/* What this rank is, and has as models, must be what the shards were examined with. */
static enum as_status compare_programs(const struct as_merging *m, struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *then = as_fingerprint_programs(m->fingerprint);
    char text[320], *whole = NULL;

    AS_TRY(as_fingerprint_make(m->r, &whole, err));
    if (strcmp(as_fingerprint_programs(whole), then) != 0) {
        as_fingerprint_difference(then, as_fingerprint_programs(whole), text, sizeof text);
        AS_FAIL(err, AS_EFORMAT, "the shards were examined by another program: %s", text);
    }
done:
    free(whole);
    return status;
}

/* Makes this rank what it would be if it had examined everything. */
static enum as_status become(struct as_merging *m, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_rank *r = m->r;

    AS_TRY(as_shard_unpack(&m->rec, m->bytes, m->len, err));
    AS_TRY(as_shard_options(&m->rec, &m->options, err));
    m->options.shard = "";
    r->options = &m->options;
    r->cpu = m->rec.cpu;
    r->sources = m->rec.sources;
    r->nsources = m->rec.nsources;
    m->rec.sources = NULL;
    m->rec.nsources = 0;
    AS_TRY(as_fingerprint_whole(m->rec.fingerprint, &m->fingerprint, err));
    AS_TRY(compare_programs(m, err));
    AS_TRY(open_against(m, err));
    if ((m->journals = calloc(m->n, sizeof *m->journals)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the shards");
    r->journals = m->journals;
    for (; r->njournals < m->n; r->njournals++)
        if (asprintf(&m->journals[r->njournals], "%s/journal", m->cases[m->order[r->njournals]]) < 0)
            AS_FAIL(err, AS_ENOMEM, "no memory for the shards");
done:
    return status;
}

/* ---- 2. the merge ---- */

/* The shards for the provenance (all they say) and for the audit log (their heads). */
static enum as_status tell_shards(struct as_merging *m, struct as_err *err)
{
    struct as_rank *r = m->r;
    json_t *heads = json_array();

    r->shards = json_array();
    for (uint32_t k = 0; k < m->n; k++) {
        const struct as_merged *in = &m->in[m->order[k]];
        json_t *one = json_loads(k == 0 ? m->rec.made : in->rec.made, 0, NULL);

        as_tree_set(&one, "shard", json_integer(k + 1));
        as_tree_set(&one, "case", as_provenance_text(in->kase.dir));
        as_tree_append(&r->shards, one);
        as_tree_append(&heads, json_pack("{s:i, s:o, s:s}", "shard", (int)k + 1, "case",
                                         as_provenance_text(in->kase.dir), "audit_head", in->head));
    }
    if (r->shards == NULL) { /* told by as_audit_add */
        json_decref(heads);
        heads = NULL;
    }
    return as_rank_audit(r, "merging",
                         json_pack("{s:i, s:i, s:s, s:o}", "attempt", (int)r->kase.attempt, "ranks",
                                   r->size, "fingerprint", m->fingerprint, "shards", heads),
                         err);
}

/* Takes up what the shards did in a phase, which must be all of it. */
static enum as_status take_phase(struct as_rank *r, enum as_phase phase, uint64_t nlots,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t n = nlots, lost = 0;
    bool *done = NULL;

    AS_TRY(as_comm_bcast(r->comm, &n, sizeof n, 0));
    done = calloc(n + 1, sizeof *done);
    AS_TRY(as_comm_agree(r->comm, done ? AS_OK : AS_ENOMEM, err));
    AS_TRY(as_resume(r, phase, done, n, err));
    for (uint64_t i = 0; r->me == 0 && i < n; i++)
        lost += !done[i];
    if (lost)
        status = as_fail(err, AS_EFORMAT, AS_REASON_NONE, __FILE__, __LINE__,
                         "%" PRIu64 " of %" PRIu64 " lots are in no journal: a journal of a shard "
                         "is lost or damaged; bring it back, or start that shard over", lost, n);
    AS_TRY(as_comm_agree(r->comm, status, err));
done:
    free(done);
    return status;
}

static enum as_status take_state(struct as_rank *r, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_lot *lots = NULL;
    uint64_t n = 0;

    AS_TRY(take_phase(r, AS_PHASE_EXAMINE, r->nlots, err));
    if (strcmp(r->options->recheck, "none") == 0)
        goto done;
    if (r->me == 0)
        status = as_parts_recheck(r, &lots, &n, err);
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_TRY(take_phase(r, AS_PHASE_RECHECK, n, err));
done:
    free(lots);
    return status;
}

static enum as_status seal_shards(struct as_merging *m, struct as_outcome *v, struct as_err *err)
{
    struct as_rank *r = m->r;
    enum as_status status = AS_OK;

    r->lots = m->lots;
    r->nlots = m->nlots;
    r->totals = m->totals;
    m->lots = NULL;
    if (r->me == 0 && (status = as_audit_open(&r->audit, r->kase.audit, err)) == AS_OK)
        status = tell_shards(m, err);
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_TRY(as_rank_last(r, "merge", err));
    AS_TRY(take_state(r, err));
    AS_TRY(as_rank_seal(r, m->fingerprint, v, err));
done:
    return status;
}

static void clear(struct as_merging *m)
{
    for (uint32_t k = 0; m->in && k < m->n; k++) {
        as_case_clear(&m->in[k].kase);
        as_shard_clear(&m->in[k].rec);
        free(m->in[k].bytes);
    }
    for (uint32_t k = 0; m->journals && k < m->n; k++)
        free(m->journals[k]);
    as_shard_clear(&m->rec);
    free(m->in);
    free(m->order);
    free(m->journals);
    free(m->fingerprint);
    free(m->bytes);
    free(m->lots);
}

enum as_status as_merge(const struct as_options *o, int ncases, char *const *cases,
                        struct as_run_result *result, struct as_err *err)
{
    struct as_merging m = {.options = *o, .cases = cases, .n = (uint32_t)ncases};
    enum as_status status = AS_OK, mine;

    memset(result, 0, sizeof *result);
    AS_TRY(as_rank_new(&m.r, o, err));
    AS_TRY(as_run_check(o, err));
    if (ncases < 1 || ncases > AS_SHARDS_MAX)
        AS_FAIL(err, AS_EUSAGE, "which shards? name their folders, at most %d", AS_SHARDS_MAX);
    mine = as_models_load(&m.r->given.models, err);
    if (mine != AS_OK && !as_comm_launched())
        AS_TRY(mine);
    AS_TRY(as_rank_join(m.r, result, err));
    AS_TRY(as_comm_agree(m.r->comm, mine, err));
    AS_TRY(as_comm_agree(m.r->comm, as_case_init(&m.r->kase, o->output, err), err));
    AS_TRY(as_comm_agree(m.r->comm, m.r->me == 0 ? as_merge_gather(&m, err) : AS_OK, err));
    AS_TRY(hand_round(&m, err));
    AS_TRY(as_comm_agree(m.r->comm, become(&m, err), err));
    AS_TRY(as_against_agree(m.r, err));
    AS_TRY(as_rank_open(m.r, m.fingerprint, result, err));
    if (!result->sealed_before)
        AS_TRY(seal_shards(&m, &result->outcome, err));
done:
    as_rank_end(m.r, result, status, err);
    clear(&m);
    return status;
}
