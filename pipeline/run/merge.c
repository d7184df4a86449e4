/* merge.c - shards that were examined apart become one sealed case.
 *
 * The journals of the shards are read where they are; nothing in their folders is
 * changed.  The same content may have been examined in several of them: the catalogue
 * keeps one, as it does when a killed run did something twice.
 *
 *  1. a shard by itself
 *  2. all shards together
 *  3. what every rank must know
 *  4. the merge
 */
#include "../log.h"
#include "parts.h"
#include "provenance.h"
#include "run.h"
#include "shard.h"
#include "tree.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct input {
    struct as_case kase;
    struct as_shard shard; /* n == 0: not known */
    struct as_shard_record rec;
    uint8_t *bytes; /* of rec */
    uint64_t len;
    char head[65]; /* of its audit log */
};

struct merge {
    struct as_rank *r;
    struct as_options options; /* the shards', and the merge's own */
    char *const *cases;
    uint32_t n;
    char **journals; /* [n] in order of the shards */
    char *fingerprint;
    struct as_shard_record rec; /* of shard 1 */
    uint8_t *bytes;
    uint64_t len;
    /* rank 0 */
    struct input *in; /* [n] as named */
    uint32_t *order;  /* [n] in[order[k]] is shard k + 1 */
    struct as_lot *lots;
    uint64_t nlots;
    struct as_totals totals;
};

/* ---- 1. a shard by itself ---- */

/* After a call that failed: because there is no such file. */
static bool gone(void)
{
    return errno == ENOENT || errno == ENOTDIR;
}

/* Says what a folder is that has no finished shard. */
static enum as_status say_unfinished(struct input *in, struct as_err *err)
{
    enum as_status status = AS_OK;
    json_error_t why;
    json_t *s = json_load_file(in->kase.status, 0, &why);
    const char *text = json_string_value(json_object_get(s, "shard"));

    if (s == NULL && (access(in->kase.status, F_OK) == 0 || !gone()))
        AS_FAIL(err, AS_EIO, "cannot read %s: %s", in->kase.status, why.text);
    if (text && as_shard_parse(text, &in->shard, NULL) == AS_OK && in->shard.n)
        AS_FAIL(err, AS_EFORMAT, "shard %s is not finished: run its command again", text);
    AS_FAIL(err, AS_EFORMAT, "this is no shard: assay run --shard I/N makes them");
done:
    json_decref(s);
    return status;
}

/* The audit log ends where the shard ended. */
static enum as_status check_audit(struct input *in, struct as_err *err)
{
    enum as_status status = AS_OK;
    json_t *made = json_loads(in->rec.made, 0, NULL);
    const char *head = json_string_value(json_object_get(made, "audit_head"));

    if (made == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for what the shard says of itself");
    AS_TRY(as_audit_last(in->kase.audit, in->head, err));
    if (head == NULL || strcmp(head, in->head) != 0)
        AS_FAIL(err, AS_EFORMAT, "the audit log is not as shard %u/%u left it", in->shard.i,
                in->shard.n);
done:
    json_decref(made);
    return status;
}

static enum as_status look(struct input *in, const char *dir, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct stat st;
    bool there;

    AS_TRY(as_case_init(&in->kase, dir, err));
    there = stat(dir, &st) == 0;
    if (!there && !gone())
        AS_FAIL(err, AS_EIO, "cannot look at it: %s", strerror(errno));
    if (!there || !S_ISDIR(st.st_mode))
        AS_FAIL(err, AS_SKIP, "no such case");
    if ((status = as_shard_read(in->kase.shard, &in->bytes, &in->len, err)) == AS_SKIP)
        return say_unfinished(in, err);
    AS_TRY(status);
    AS_TRY(as_shard_unpack(&in->rec, in->bytes, in->len, err));
    in->shard = in->rec.shard;
    AS_TRY(check_audit(in, err));
done:
    return status;
}

/* ---- 2. all shards together ---- */

/* Looks at each; all that is wrong is told, not only the first. */
static enum as_status look_at_all(struct merge *m, struct as_err *err)
{
    enum as_status status = AS_OK, worst = AS_OK;
    struct as_err one;
    uint32_t bad = 0;

    for (uint32_t k = 0; k < m->n; k++) {
        as_err_clear(&one);
        if ((status = look(&m->in[k], m->cases[k], &one)) == AS_OK)
            continue;
        as_log(AS_LOG_ERROR, "%s: %s", m->cases[k], one.text);
        worst = status > worst ? status : worst;
        bad++;
    }
    status = AS_OK;
    if (bad)
        AS_FAIL(err, worst, "%u of the %u folders cannot be merged; nothing was done", bad, m->n);
done:
    return status;
}

/* Puts the shards in order.  Shards are missing, or there twice: they are named. */
static enum as_status put_in_order(struct merge *m, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint32_t n = m->in[0].shard.n, missing = 0;
    char names[160] = "";
    size_t len = 0;

    if ((m->order = malloc((size_t)(n > m->n ? n : m->n) * sizeof *m->order)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the shards");
    for (uint32_t i = 0; i < n; i++)
        m->order[i] = UINT32_MAX;
    for (uint32_t k = 0; k < m->n; k++) {
        const struct input *in = &m->in[k];
        uint32_t *place = &m->order[in->shard.i - 1];
        if (in->shard.n != n)
            AS_FAIL(err, AS_EFORMAT, "%s is shard %u/%u, but %s is shard %u/%u: not of one job",
                    m->in[0].kase.dir, m->in[0].shard.i, n, in->kase.dir, in->shard.i, in->shard.n);
        if (*place != UINT32_MAX)
            AS_FAIL(err, AS_EFORMAT, "%s and %s are both shard %u/%u", m->in[*place].kase.dir,
                    in->kase.dir, in->shard.i, n);
        *place = k;
    }
    for (uint32_t i = 0; i < n; i++)
        if (m->order[i] == UINT32_MAX && missing++ < 20)
            len += (size_t)snprintf(names + len, sizeof names - len, "%s%u", len ? ", " : "", i + 1);
    if (missing)
        AS_FAIL(err, AS_SKIP, "%s %s%s of %u %s missing: examine what is not examined, and name "
                "the folders of all %u", missing == 1 ? "shard" : "shards", names,
                missing > 20 ? ", ..." : "", n, missing == 1 ? "is" : "are", n);
done:
    return status;
}

/* All were asked the same, and this program answers as theirs did. */
static enum as_status compare_requests(const struct merge *m, struct as_err *err)
{
    const struct input *a = &m->in[m->order[0]];
    enum as_status status = AS_OK;
    char text[320], *own = NULL;

    for (uint32_t k = 1; k < m->n; k++) {
        const struct input *b = &m->in[m->order[k]];
        if (strcmp(as_fingerprint_common(a->rec.fingerprint),
                   as_fingerprint_common(b->rec.fingerprint)) == 0)
            continue;
        as_fingerprint_difference(as_fingerprint_common(a->rec.fingerprint),
                                  as_fingerprint_common(b->rec.fingerprint), text, sizeof text);
        AS_FAIL(err, AS_EFORMAT, "shards 1 and %u were made otherwise: %s (\"there\" is %s, \"here\" "
                "%s)", k + 1, text, a->kase.dir, b->kase.dir);
    }
    AS_TRY(as_fingerprint_program(&own, err));
    if (strcmp(own, as_fingerprint_programs(a->rec.fingerprint)) != 0) {
        as_fingerprint_difference(as_fingerprint_programs(a->rec.fingerprint), own, text,
                                  sizeof text);
        AS_FAIL(err, AS_EFORMAT, "the shards were examined by another program: %s", text);
    }
done:
    free(own);
    return status;
}

/* All found the same evidence and cut it into the same lots. */
static enum as_status compare_lots(struct merge *m, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_lot *lots = NULL;
    struct as_totals totals;
    char *then = NULL;
    uint64_t n;

    for (uint32_t k = 0; k < m->n; k++) {
        const struct input *in = &m->in[m->order[k]];
        status = as_lots_read(in->kase.lots, &then, &totals, &lots, &n, err);
        if (status == AS_SKIP)
            AS_FAIL(err, AS_EFORMAT, "%s is gone: start this shard over", in->kase.lots);
        AS_TRY(status);
        free(then);
        then = NULL;
        if (k == 0) {
            m->lots = lots;
            m->nlots = n;
            m->totals = totals;
        } else if (memcmp(&totals, &m->totals, sizeof totals) != 0 || n != m->nlots ||
                   memcmp(lots, m->lots, n * sizeof *lots) != 0) {
            AS_FAIL(err, AS_EFORMAT, "shard %u (%s) found other evidence than shard 1 (%s): it "
                    "changed in between; start the one that is wrong over with --fresh", k + 1,
                    in->kase.dir, m->in[m->order[0]].kase.dir);
        } else {
            free(lots);
        }
        lots = NULL;
    }
done:
    free(then);
    free(lots);
    return status;
}

/* The new case is none of the shards and no run of its own. */
static enum as_status check_output(const struct merge *m, struct as_err *err)
{
    const struct as_case *c = &m->r->kase;
    enum as_status status = AS_OK;
    struct stat out, st;

    AS_TRY(as_sources_apart(m->in[m->order[0]].rec.sources, m->in[m->order[0]].rec.nsources, c->dir,
                            err));
    if (stat(c->dir, &out) != 0) {
        if (gone())
            return AS_OK;
        AS_FAIL(err, AS_EIO, "cannot look at %s: %s", c->dir, strerror(errno));
    }
    for (uint32_t k = 0; k < m->n; k++) {
        if (stat(m->cases[k], &st) != 0)
            AS_FAIL(err, AS_EIO, "cannot look at %s: %s", m->cases[k], strerror(errno));
        if (st.st_dev == out.st_dev && st.st_ino == out.st_ino)
            AS_FAIL(err, AS_EUSAGE, "%s is one of the shards: the case needs a folder of its own",
                    c->dir);
    }
    if (!m->r->options->fresh && access(c->lots, F_OK) == 0)
        AS_FAIL(err, AS_EFORMAT, "%s holds the saved state of a run: name another folder, or use "
                "--fresh to throw it away", c->dir);
done:
    return status;
}

static enum as_status gather(struct merge *m, struct as_err *err)
{
    enum as_status status = AS_OK;

    if ((m->in = calloc(m->n, sizeof *m->in)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the shards");
    AS_TRY(look_at_all(m, err));
    AS_TRY(put_in_order(m, err));
    AS_TRY(compare_requests(m, err));
    AS_TRY(compare_lots(m, err));
    AS_TRY(check_output(m, err));
done:
    return status;
}

/* ---- 3. what every rank must know ---- */

/* Shard 1's record and the order of the shards, from rank 0 to all. */
static enum as_status hand_round(struct merge *m, struct as_err *err)
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
static enum as_status open_against(struct merge *m, struct as_err *err)
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

/* Makes this rank what it would be if it had examined everything. */
static enum as_status become(struct merge *m, struct as_err *err)
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

/* ---- 4. the merge ---- */

/* The shards for the provenance (all they say) and for the audit log (their heads). */
static enum as_status tell_shards(struct merge *m, struct as_err *err)
{
    struct as_rank *r = m->r;
    json_t *heads = json_array();

    r->shards = json_array();
    for (uint32_t k = 0; k < m->n; k++) {
        const struct input *in = &m->in[m->order[k]];
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

static enum as_status seal_shards(struct merge *m, struct as_outcome *v, struct as_err *err)
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

static void clear(struct merge *m)
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
    struct merge m = {.options = *o, .cases = cases, .n = (uint32_t)ncases};
    enum as_status status = AS_OK;

    memset(result, 0, sizeof *result);
    AS_TRY(as_rank_new(&m.r, o, err));
    AS_TRY(as_run_check(o, err));
    if (ncases < 1 || ncases > AS_SHARDS_MAX)
        AS_FAIL(err, AS_EUSAGE, "which shards? name their folders, at most %d", AS_SHARDS_MAX);
    AS_TRY(as_rank_join(m.r, result, err));
    AS_TRY(as_comm_agree(m.r->comm, as_case_init(&m.r->kase, o->output, err), err));
    AS_TRY(as_comm_agree(m.r->comm, m.r->me == 0 ? gather(&m, err) : AS_OK, err));
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
