/* run.c - the main job, phase by phase.
 *
 *  1. starting: sources, CPU class, case, fingerprint
 *  2. inventory
 *  3. the phases
 *  4. ending
 */
#include "run.h"

#include "../../kernels/cpu.h"
#include "../../kernels/simd.h"
#include "../examine/unit.h"
#include "../log.h"
#include "machine.h"
#include "parts.h"
#include "provenance.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- 1. starting ---- */

enum as_status as_run_check(const struct as_options *o, struct as_err *err)
{
    bool with[AS_DETECTORS_MAX];
    enum as_status status = AS_OK;
    char word[32];

    if (o->max_depth > AS_DEPTH_MAX)
        AS_FAIL(err, AS_EUSAGE, "--max-depth can be at most %d", AS_DEPTH_MAX);
    if (o->lot_bytes < 1 << 20 || o->lot_bytes > UINT64_C(16) << 30 || o->lot_entries < 1)
        AS_FAIL(err, AS_EUSAGE, "--lot-bytes must be 1M to 16G, --lot-entries at least 1");
    if (o->examiner_memory < 64 << 20)
        AS_FAIL(err, AS_EUSAGE, "--examiner-memory must be at least 64M");
    if (o->max_item > UINT64_C(64) << 30)
        AS_FAIL(err, AS_EUSAGE, "--max-item can be at most 64G");
    if (o->hashes[0] && access(o->hashes, R_OK) != 0)
        AS_FAIL(err, AS_EUSAGE, "cannot read --hashes %s: %s", o->hashes, strerror(errno));
    if (o->examiners > 256)
        AS_FAIL(err, AS_EUSAGE, "--examiners can be at most 256");
    if (o->item_seconds < 1)
        AS_FAIL(err, AS_EUSAGE, "--item-seconds must be at least 1");
    if (strcmp(o->recheck, "full") != 0 && strcmp(o->recheck, "stat") != 0 &&
        strcmp(o->recheck, "none") != 0)
        AS_FAIL(err, AS_EUSAGE, "--recheck is full, stat or none, not \"%s\"", o->recheck);
    for (const char *p = o->fail_on; *p; p += strcspn(p, ","), p += *p == ',') {
        snprintf(word, sizeof word, "%.*s", (int)strcspn(p, ","), p);
        if (as_item_status_find(word) < 0)
            AS_FAIL(err, AS_EUSAGE, "--fail-on: no status is called \"%s\" (see `assay list reasons`)",
                    word);
    }
    if (strcmp(o->cpu, "auto") != 0 && as_cpu_find(o->cpu) < 0)
        AS_FAIL(err, AS_EUSAGE, "--cpu is auto, plain, avx2 or avx512, not \"%s\"", o->cpu);
    AS_TRY(as_detectors_select(o->detectors, with, err));
done:
    return status;
}

/* The best class that every rank has, or the one asked for. */
static enum as_status agree_cpu(struct as_rank *r, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t best = (uint64_t)as_cpu_best();
    int asked = as_cpu_find(r->options->cpu);

    AS_TRY(as_comm_min(r->comm, &best, 1));
    if (asked >= 0 && (uint64_t)asked > best)
        AS_FAIL(err, AS_EUSAGE, "--cpu %s: not every processor here has it; the best class is %s",
                r->options->cpu, as_cpu_name((enum as_cpu)best));
    r->cpu = asked >= 0 ? (unsigned)asked : (unsigned)best;
    as_simd_init((enum as_cpu)r->cpu);
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

    if (r->options->fresh || access(r->kase.results, F_OK) != 0)
        return AS_OK;
    AS_TRY(as_store_open(&store, r->kase.results, err));
    p = json_loads(as_store_provenance(store), 0, NULL);
    then = json_string_value(json_object_get(p, "fingerprint"));
    if (then == NULL || strcmp(then, fingerprint) != 0) {
        as_fingerprint_difference(then ? then : "", fingerprint, difference, sizeof difference);
        AS_FAIL(err, AS_EFORMAT, "%s is sealed and was made otherwise: %s; use --fresh to start over",
                r->kase.results, difference);
    }
    result->sealed_before = true;
    result->outcome.items = as_store_items(store);
    result->outcome.code = (int)json_integer_value(json_object_get(p, "exit_code"));
    snprintf(result->outcome.content_digest, 65, "%s", as_store_attr(store, "content_digest"));
    snprintf(result->outcome.digest_exact, 65, "%s", as_store_attr(store, "digest_exact"));
    if (access(r->kase.journal, F_OK) == 0) { /* that run died before it could tell */
        AS_TRY(as_case_alone(&r->kase, r->options->takeover, err));
        AS_TRY(as_audit_open(&r->audit, r->kase.audit, err));
        AS_TRY(as_sealed(r, &result->outcome, err));
        r->tell.state = "sealed";
        r->tell.items_seen = result->outcome.items;
        as_case_tell(&r->kase, &r->tell);
    }
done:
    json_decref(p);
    as_store_close(store);
    return status;
}

/* Rank 0 opens the case; the others learn the attempt. */
static enum as_status open_case(struct as_rank *r, const char *fingerprint,
                                struct as_run_result *result, struct as_err *err)
{
    enum as_status status = AS_OK;

    if (r->me == 0) {
        status = look_sealed(r, fingerprint, result, err);
        if (status == AS_OK && !result->sealed_before)
            status = as_case_begin(&r->kase, r->options->takeover, err);
        if (status == AS_OK && !result->sealed_before && r->options->fresh)
            status = as_case_reset(&r->kase, err);
    }
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_TRY(as_comm_bcast(r->comm, &result->sealed_before, sizeof result->sealed_before, 0));
    AS_TRY(as_comm_bcast(r->comm, &result->outcome, sizeof result->outcome, 0));
    AS_TRY(as_comm_bcast(r->comm, &r->kase.attempt, sizeof r->kase.attempt, 0));
    AS_TRY(as_comm_agree(r->comm, as_case_set_attempt(&r->kase, r->kase.attempt, err), err));
done:
    return status;
}

static enum as_status audit(struct as_rank *r, const char *event, json_t *fields, struct as_err *err)
{
    if (r->audit)
        return as_audit_add(r->audit, event, fields, err);
    json_decref(fields);
    return AS_OK;
}

/* ---- 2. inventory ---- */

static enum as_status walked(void *state, const struct as_totals *t)
{
    struct as_rank *r = state;

    r->tell.state = "inventory";
    r->tell.items_seen = t->entries;
    r->tell.bytes_total = t->bytes;
    r->tell.elapsed_s = as_rank_elapsed(r);
    as_case_tell(&r->kase, &r->tell);
    return as_stop_signal ? AS_ESTOP : AS_OK;
}

/* Rank 0: the lots as an earlier attempt left them, or a new walk.  *fresh: new. */
static enum as_status find_lots(struct as_rank *r, const char *fingerprint, bool *fresh,
                                struct as_err *err)
{
    enum as_status status;
    char *then = NULL, difference[200];

    status = as_lots_read(r->kase.lots, &then, &r->totals, &r->lots, &r->nlots, err);
    *fresh = status == AS_SKIP;
    if (status == AS_OK && strcmp(then, fingerprint) != 0) {
        as_fingerprint_difference(then, fingerprint, difference, sizeof difference);
        AS_FAIL(err, AS_EFORMAT, "the saved state of %s was made otherwise: %s; use --fresh to "
                "start over", r->kase.dir, difference);
    }
    if (*fresh)
        status = as_inventory_make(r->kase.inventory, r->sources, r->nsources,
                                   as_lot_grain(r->options->lot_bytes),
                                   as_lot_grain(r->options->lot_entries), &r->lots, &r->nlots,
                                   &r->totals, walked, r, err);
done:
    free(then);
    return status;
}

/* Looks into large containers and keeps the lots for later attempts. */
static enum as_status cut_containers(struct as_rank *r, const char *fingerprint, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_lot *lots = NULL;
    uint64_t *index = NULL, n = 0;

    if (r->me == 0)
        status = as_parts_candidates(r, &lots, &index, &n, err);
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_TRY(as_comm_bcast(r->comm, &n, sizeof n, 0));
    if (n > 0)
        AS_TRY(as_loop_run(r, AS_PHASE_LIST, lots, n, NULL, err));
    if (r->me == 0) {
        status = n ? as_parts_apply(r, index, n, err) : AS_OK;
        if (status == AS_OK) {
            r->nlots = as_lots_join(r->lots, r->nlots, r->options->lot_bytes,
                                    r->options->lot_entries, (uint32_t)r->size);
            status = as_lots_write(r->kase.lots, fingerprint, &r->totals, r->lots, r->nlots, err);
        }
    }
    AS_TRY(as_comm_agree(r->comm, status, err));
done:
    free(lots);
    free(index);
    return status;
}

static enum as_status take_inventory(struct as_rank *r, const char *fingerprint, struct as_err *err)
{
    enum as_status status = AS_OK;
    bool fresh = false;

    if (r->me == 0)
        status = find_lots(r, fingerprint, &fresh, err);
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_TRY(as_comm_bcast(r->comm, &fresh, sizeof fresh, 0));
    if ((r->inventory = open(r->kase.inventory, O_RDONLY | O_CLOEXEC)) < 0)
        status = as_fail(err, AS_EIO, AS_REASON_NONE, __FILE__, __LINE__, "cannot open %s: %s",
                         r->kase.inventory, strerror(errno));
    AS_TRY(as_comm_agree(r->comm, status, err));
    if (fresh)
        AS_TRY(cut_containers(r, fingerprint, err));
    if (r->me == 0)
        as_log(AS_LOG_INFO, "inventory entries=%" PRIu64 " files=%" PRIu64 " bytes=%" PRIu64
               " lots=%" PRIu64 "%s", r->totals.entries, r->totals.files, r->totals.bytes,
               r->nlots, fresh ? "" : " (of an earlier attempt)");
done:
    return status;
}

/* ---- 3. the phases ---- */

static enum as_status phase(struct as_rank *r, enum as_phase which, const struct as_lot *lots,
                            uint64_t nlots, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t n = nlots;
    bool *done = NULL;

    AS_TRY(as_comm_bcast(r->comm, &n, sizeof n, 0));
    done = calloc(n + 1, sizeof *done);
    AS_TRY(as_comm_agree(r->comm, done ? AS_OK : AS_ENOMEM, err));
    AS_TRY(as_resume(r, which, done, n, err));
    AS_TRY(as_loop_run(r, which, lots, n, done, err));
done:
    free(done);
    return status;
}

static enum as_status recheck(struct as_rank *r, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_lot *lots = NULL;
    uint64_t n = 0;

    if (strcmp(r->options->recheck, "none") == 0)
        return AS_OK;
    if (r->me == 0)
        status = as_parts_recheck(r, &lots, &n, err);
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_TRY(phase(r, AS_PHASE_RECHECK, lots, n, err));
done:
    free(lots);
    return status;
}

static enum as_status start_parts(struct as_rank *r, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_io_new(&r->io, err));
    AS_TRY(as_journal_create(&r->journal, r->kase.journal, r->kase.attempt, (uint32_t)r->me,
                             r->kase.fence, err));
    AS_TRY(as_owners_new(&r->owners));
    if (r->me == 0)
        AS_TRY(as_audit_open(&r->audit, r->kase.audit, err));
done:
    return as_comm_agree(r->comm, status, err);
}

static enum as_status examine_and_seal(struct as_rank *r, const char *fingerprint,
                                       struct as_outcome *v, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(start_parts(r, err));
    status = audit(r, r->kase.attempt == 1 ? "started" : "resumed",
                   json_pack("{s:i, s:i, s:i, s:s}", "attempt", (int)r->kase.attempt, "ranks",
                             r->size, "examiners", (int)r->nexaminers, "fingerprint", fingerprint),
                   err);
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_TRY(take_inventory(r, fingerprint, err));
    AS_TRY(phase(r, AS_PHASE_EXAMINE, r->lots, r->nlots, err));
    AS_TRY(recheck(r, err));
    if (r->me == 0 && as_case_superseded(&r->kase)) {
        status = as_fail(err, AS_ESTOP, AS_REASON_NONE, __FILE__, __LINE__,
                         "a newer attempt of this case has begun; it goes on from here");
    } else if (r->me == 0) {
        r->tell.state = "seal";
        as_case_tell(&r->kase, &r->tell);
    }
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_TRY(as_seal(r, fingerprint, v, err));
    status = r->me == 0 ? as_sealed(r, v, err) : AS_OK;
    AS_TRY(as_comm_agree(r->comm, status, err));
done:
    return status;
}

/* ---- 4. ending ---- */

static void tell_end(struct as_rank *r, enum as_status status, const struct as_err *err)
{
    if (r->me != 0 || r->kase.attempt == 0)
        return;
    if (as_case_superseded(&r->kase))
        return; /* status.json and the audit log are the newer attempt's now */
    r->tell.state = status == AS_OK ? "sealed" : status == AS_ESTOP ? "stopped" : "failed";
    r->tell.elapsed_s = as_rank_elapsed(r);
    r->tell.died = r->crew_counts.died;
    r->tell.blamed = r->crew_counts.blamed;
    as_case_tell(&r->kase, &r->tell);
    if (status != AS_OK &&
        audit(r, r->tell.state, json_pack("{s:s}", "why", err ? err->text : ""), NULL) != AS_OK)
        as_log(AS_LOG_WARN, "the audit log could not be closed");
}

static void clear(struct as_rank *r)
{
    as_io_free(r->io);
    as_journal_close(r->journal);
    as_owners_free(r->owners);
    as_audit_close(r->audit);
    if (r->inventory >= 0)
        close(r->inventory);
    as_sources_free(r->sources, r->nsources);
    as_case_clear(&r->kase);
    free(r->lots);
    free(r->split);
    free(r->report);
}

/* A start that leaves most of the node idle is told, with the one that does not. */
static void warn_idle_cores(const struct as_rank *r)
{
    uint32_t cores = as_machine_cores(), ranks = as_machine_ranks();

    if (2 * ranks * r->nexaminers < cores)
        as_log(AS_LOG_WARN,
               "%u ranks here with %u examiners each use under half of %u allowed cores; better: "
               "mpirun --map-by ppr:1:node:pe=%u assay run ... (or --examiners %u)",
               ranks, r->nexaminers, cores, cores, cores / ranks);
}

static enum as_status begin(struct as_rank *r, uint32_t nnames, char *const *names,
                            char **fingerprint, struct as_err *err)
{
    enum as_status status = AS_OK;
    char why[256];

    AS_TRY(as_case_init(&r->kase, r->options->output, err));
    AS_TRY(as_sources_new(&r->sources, &r->nsources, names, nnames, r->options->output, err));
    r->nexaminers = as_machine_examiners(r->options, as_machine_ranks(), why, sizeof why);
    if (why[0])
        as_log(AS_LOG_WARN, "%s", why);
    if (r->me == 0)
        warn_idle_cores(r);
done:
    status = as_comm_agree(r->comm, status, err);
    if (status == AS_OK)
        status = as_comm_agree(r->comm, agree_cpu(r, err), err);
    if (status == AS_OK)
        status = as_comm_agree(r->comm, as_fingerprint_make(r, fingerprint, err), err);
    return status;
}

/* What every process that examines must be before it does anything else. */
static void settle(void)
{
    struct rlimit none = {0, 0};

    umask(077);
    setrlimit(RLIMIT_CORE, &none);
    as_stop_catch();
}

enum as_status as_run(const struct as_options *o, int nnames, char *const *names,
                      struct as_run_result *result, struct as_err *err)
{
    struct as_rank *r = calloc(1, sizeof *r);
    enum as_status status = r ? AS_OK : AS_ENOMEM;
    char *fingerprint = NULL;

    memset(result, 0, sizeof *result);
    if (r == NULL)
        return as_fail(err, status, AS_REASON_NONE, __FILE__, __LINE__, "no memory for the run");
    clock_gettime(CLOCK_MONOTONIC, &r->started);
    r->options = o;
    r->inventory = -1;
    r->zygote.socket = -1;
    settle();
    if (o->output[0] == 0)
        AS_FAIL(err, AS_EUSAGE, "where shall the case go? give -o CASE");
    AS_TRY(as_run_check(o, err));
    if (nnames < 1)
        AS_FAIL(err, AS_EUSAGE, "which evidence? name files, folders or archives");
    AS_TRY(as_zygote_start(&r->zygote, o, err));
    AS_TRY(as_comm_start(&r->comm, err));
    as_stop_catch(); /* MPI puts handlers of its own */
    r->me = result->me = as_comm_rank(r->comm);
    r->size = result->ranks = r->tell.ranks = as_comm_size(r->comm);
    as_log_rank(r->size > 1 ? r->me : -1);
    AS_TRY(begin(r, (uint32_t)nnames, names, &fingerprint, err));
    AS_TRY(open_case(r, fingerprint, result, err));
    if (!result->sealed_before)
        AS_TRY(examine_and_seal(r, fingerprint, &result->outcome, err));
done:
    if (!result->sealed_before)
        tell_end(r, status, err);
    result->seconds = as_rank_elapsed(r);
    result->died = r->crew_counts.died;
    result->blamed = r->crew_counts.blamed;
    clear(r);
    as_zygote_stop(&r->zygote);
    if (r->comm)
        as_comm_stop(r->comm);
    free(fingerprint);
    free(r);
    return status;
}
