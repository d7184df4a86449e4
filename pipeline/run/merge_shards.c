/* merge_shards.c - whether shards were made alike and make one whole.
 *
 *  1. a shard by itself
 *  2. all shards together
 */
#include "../log.h"
#include "merge_parts.h"
#include "parts.h"
#include "provenance.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- 1. a shard by itself ---- */

/* After a call that failed: because there is no such file. */
static bool gone(void)
{
    return errno == ENOENT || errno == ENOTDIR;
}

/* Says what a folder is that has no finished shard. */
static enum as_status say_unfinished(struct as_merged *in, struct as_err *err)
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
static enum as_status check_audit(struct as_merged *in, struct as_err *err)
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

static enum as_status look(struct as_merged *in, const char *dir, struct as_err *err)
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
static enum as_status look_at_all(struct as_merging *m, struct as_err *err)
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
static enum as_status put_in_order(struct as_merging *m, struct as_err *err)
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
        const struct as_merged *in = &m->in[k];
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
static enum as_status compare_requests(const struct as_merging *m, struct as_err *err)
{
    const struct as_merged *a = &m->in[m->order[0]];
    enum as_status status = AS_OK;
    char text[320];

    for (uint32_t k = 1; k < m->n; k++) {
        const struct as_merged *b = &m->in[m->order[k]];
        if (strcmp(as_fingerprint_common(a->rec.fingerprint),
                   as_fingerprint_common(b->rec.fingerprint)) == 0)
            continue;
        as_fingerprint_difference(as_fingerprint_common(a->rec.fingerprint),
                                  as_fingerprint_common(b->rec.fingerprint), text, sizeof text);
        AS_FAIL(err, AS_EFORMAT, "shards 1 and %u were made otherwise: %s (\"there\" is %s, \"here\" "
                "%s)", k + 1, text, a->kase.dir, b->kase.dir);
    }
done:
    return status;
}

/* All found the same evidence and cut it into the same lots. */
static enum as_status compare_lots(struct as_merging *m, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_lot *lots = NULL;
    struct as_totals totals;
    char *then = NULL;
    uint64_t n;

    for (uint32_t k = 0; k < m->n; k++) {
        const struct as_merged *in = &m->in[m->order[k]];
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
static enum as_status check_output(const struct as_merging *m, struct as_err *err)
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

enum as_status as_merge_gather(struct as_merging *m, struct as_err *err)
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
