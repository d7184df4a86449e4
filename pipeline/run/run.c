/* run.c - the main job, phase by phase.
 *
 *  1. options and CPU class
 *  2. inventory
 *  3. the phases
 *  4. the run
 */
#include "run.h"

#include "timing.h"

#include "../../kernels/cpu.h"
#include "../../kernels/simd.h"
#include "../examine/alter.h"
#include "../examine/unit.h"
#include "../log.h"
#include "parts.h"
#include "provenance.h"
#include "search_camera.h"
#include "shard.h"
#include "sources.h"
#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RESIDUAL_MIN = 1 << 16 };

/* ---- 1. options and CPU class ---- */

enum as_status as_run_check(const struct as_options *o, struct as_err *err)
{
    bool with[AS_DETECTORS_MAX], altered[AS_ALTERATIONS_MAX];
    enum as_status status = AS_OK;
    struct as_shard shard;
    char word[32];

    if (o->max_depth > AS_DEPTH_MAX)
        AS_FAIL(err, AS_EUSAGE, "--max-depth can be at most %d", AS_DEPTH_MAX);
    if (o->lot_bytes < 1 << 20 || o->lot_bytes > UINT64_C(16) << 30 || o->lot_entries < 1)
        AS_FAIL(err, AS_EUSAGE, "--lot-bytes must be 1M to 16G, --lot-entries at least 1");
    if (o->examiner_memory < 128 << 20)
        AS_FAIL(err, AS_EUSAGE, "--examiner-memory must be at least 128M");
    if (o->max_item > UINT64_C(64) << 30)
        AS_FAIL(err, AS_EUSAGE, "--max-item can be at most 64G");
    if (o->hashes[0])
        AS_TRY(as_hashes_check(o->hashes, err));
    if (o->examiners > 256)
        AS_FAIL(err, AS_EUSAGE, "--examiners can be at most 256");
    if (o->node_cores > 4096 || o->hours > 1000)
        AS_FAIL(err, AS_EUSAGE, "--node-cores can be at most 4096, --hours at most 1000");
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
    AS_TRY(as_shard_parse(o->shard, &shard, err));
    if (shard.n && (o->sign[0] || o->hashes[0]))
        AS_FAIL(err, AS_EUSAGE, "--sign and --hashes belong to assay merge: a shard seals nothing");
    if (shard.n && o->keep_residuals)
        AS_FAIL(err, AS_EUSAGE, "--keep-residuals: a shard keeps nothing for later");
    AS_TRY(as_detectors_select(o->detectors, with, err));
    AS_TRY(as_alterations_select(o->alter, altered, err));
    if (strcmp(o->camera_search, "aligned") != 0 && strcmp(o->camera_search, "shift") != 0 &&
        strcmp(o->camera_search, "scale") != 0)
        AS_FAIL(err, AS_EUSAGE, "--camera-search is aligned, shift or scale, not \"%s\"",
                o->camera_search);
    if ((o->residual_pixels > 0 && o->residual_pixels < RESIDUAL_MIN) ||
        o->residual_pixels > AS_KEEP_PIXELS_MAX)
        AS_FAIL(err, AS_EUSAGE, "--residual-pixels is %d to %d, or 0", RESIDUAL_MIN,
                AS_KEEP_PIXELS_MAX);
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

/* Rank 0: the lots as an earlier attempt left them, or a new walk (*fresh). */
static enum as_status find_lots(struct as_rank *r, bool *fresh, struct as_err *err)
{
    *fresh = r->lots == NULL;
    if (!*fresh)
        return AS_OK;
    return as_inventory_make(r->kase.inventory, r->sources, r->nsources,
                             as_lot_grain(r->options->lot_bytes),
                             as_lot_grain(r->options->lot_entries), &r->lots, &r->nlots,
                             &r->totals, walked, r, err);
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
                                    r->options->lot_entries,
                                    r->shard.n ? r->shard.n : (uint32_t)r->size);
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
        status = find_lots(r, &fresh, err);
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
    if (r->me == 0)
        as_start_room(r);
done:
    return status;
}

/* ---- 3. the phases ---- */

/* Rank 0: lots that other shards do count as done. */
static enum as_status leave_others(struct as_rank *r, const struct as_lot *lots, uint64_t n,
                                   bool *done, struct as_err *err)
{
    enum as_status status = AS_OK;

    if (r->me != 0 || r->shard.n == 0)
        return AS_OK;
    if ((r->others = calloc(n + 1, sizeof *r->others)) == NULL ||
        as_share_others(lots, n, &r->shard, r->others) != AS_OK)
        AS_FAIL(err, AS_ENOMEM, "no memory to share out %" PRIu64 " lots", n);
    for (uint64_t i = 0; i < n; i++)
        done[i] |= r->others[i];
done:
    return status;
}

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
    AS_TRY(as_comm_agree(r->comm, leave_others(r, lots, n, done, err), err));
    AS_TRY(as_loop_run(r, which, lots, n, done, err));
done:
    free(r->others);
    r->others = NULL;
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

/* Collective. */
static enum as_status keep_near(struct as_rank *r, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t bytes = 0;
    uint8_t *all = NULL;
    int ranks, me = -1;

    if (r->options->journal_dir[0] == 0)
        return AS_OK;
    status = as_journal_keep_near(r->journal, r->options->journal_dir, r->kase.dir, err);
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_TRY(as_comm_node(r->comm, "", 1, &all, &ranks, &me, err));
    status = me == 0 ? as_journal_take_up(r->journal, r->kase.journal, &bytes, err) : AS_OK;
    if (bytes > 0)
        as_log(AS_LOG_INFO, "bytes=%" PRIu64 " of journals are taken up from %s", bytes,
               r->options->journal_dir);
    AS_TRY(as_comm_agree(r->comm, status, err));
done:
    free(all);
    return status;
}

/* Every rank may make the folder: who comes second finds it. */
static enum as_status start_spool(struct as_rank *r, struct as_err *err)
{
    enum as_status status = AS_OK;

    if (r->keep.pixels == 0)
        return AS_OK;
    if (mkdir(r->kase.spool, 0700) != 0 && errno != EEXIST)
        AS_FAIL(err, AS_EIO, "cannot make %s: %s", r->kase.spool, strerror(errno));
    AS_TRY(as_journal_create(&r->spool, r->kase.spool, r->kase.attempt, (uint32_t)r->me,
                             r->kase.fence, err));
done:
    return status;
}

static enum as_status start_parts(struct as_rank *r, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_io_new(&r->io, err));
    AS_TRY(as_journal_create(&r->journal, r->kase.journal, r->kase.attempt, (uint32_t)r->me,
                             r->kase.fence, err));
    AS_TRY(start_spool(r, err));
    AS_TRY(as_owners_new(&r->owners));
    if (r->me == 0)
        AS_TRY(as_audit_open(&r->audit, r->kase.audit, err));
done:
    status = as_comm_agree(r->comm, status, err);
    if (status == AS_OK)
        status = keep_near(r, err);
    if (status == AS_OK)
        status = as_hands_begin(&r->hands, r->comm, r->kase.journal, r->kase.attempt, err);
    return status;
}

enum as_status as_run_examine(struct as_rank *r, const char *fingerprint, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(start_parts(r, err));
    status = as_rank_audit(r, r->kase.attempt == 1 ? "started" : "resumed",
                   json_pack("{s:i, s:i, s:i, s:s}", "attempt", (int)r->kase.attempt, "ranks",
                             r->size, "examiners", (int)r->nexaminers, "fingerprint", fingerprint),
                   err);
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_TRY(take_inventory(r, fingerprint, err));
    AS_TRY(phase(r, AS_PHASE_EXAMINE, r->lots, r->nlots, err));
done:
    return status;
}

static enum as_status examine_and_seal(struct as_rank *r, const char *fingerprint,
                                       struct as_outcome *v, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_run_examine(r, fingerprint, err));
    AS_TRY(recheck(r, err));
    AS_TRY(as_timing_gather(r, err));
    if (r->shard.n) {
        AS_TRY(as_rank_last(r, "recheck", err));
        status = r->me == 0 ? as_shard_leave(r, fingerprint, err) : AS_OK;
        AS_TRY(as_comm_agree(r->comm, status, err));
    } else {
        AS_TRY(as_rank_seal(r, fingerprint, v, err));
    }
done:
    return status;
}

/* ---- 4. the run ---- */

enum as_status as_run_begin(struct as_rank *r, uint32_t nnames, char *const *names,
                            char **fingerprint, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_case_init(&r->kase, r->options->output, err));
    AS_TRY(as_shard_parse(r->options->shard, &r->shard, err));
    r->tell.shard = r->shard.n ? r->options->shard : NULL;
    r->journals = &r->kase.journal;
    r->njournals = 1;
    if (r->against.ref == NULL)
        AS_TRY(as_against_open(&r->against, r->options->against, err));
    r->keep = as_search_camera_keep(&r->against, r->options);
    if (r->options->keep_residuals)
        r->keep = (struct as_keep){r->options->residual_pixels, AS_KEEP_STEP};
    AS_TRY(as_sources_new(&r->sources, &r->nsources, names, nnames, r->options->output, err));
done:
    status = as_comm_agree(r->comm, status, err);
    if (status == AS_OK)
        status = as_against_agree(r, err);
    if (status == AS_OK)
        status = as_start_joined(r, err);
    if (status == AS_OK)
        status = as_comm_agree(r->comm, agree_cpu(r, err), err);
    if (status == AS_OK)
        status = as_comm_agree(r->comm, as_fingerprint_make(r, fingerprint, err), err);
    if (status == AS_OK)
        status = as_fingerprint_agree(r->comm, *fingerprint, err);
    return status;
}

/* What a rank does before MPI, and what may fail on one of them: on others' disks there are other
 * files.  All meet before any leaves, or a launcher that ends nobody leaves them waiting. */
static enum as_status start(struct as_rank *r, struct as_options *own, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_against_open(&r->against, own->against, err));
    AS_TRY(as_against_imply(&r->against, own, err));
    AS_TRY(as_start_zygote(r, err));
done:
    return status;
}

enum as_status as_run(const struct as_options *o, int nnames, char *const *names,
                      struct as_run_result *result, struct as_err *err)
{
    enum as_status status = AS_OK, mine;
    struct as_options own = *o; /* outlives the rank */
    struct as_rank *r = NULL;
    char *fingerprint = NULL;

    memset(result, 0, sizeof *result);
    AS_TRY(as_rank_new(&r, &own, err));
    AS_TRY(as_run_check(&own, err));
    if (nnames < 1)
        AS_FAIL(err, AS_EUSAGE, "which evidence? name files, folders or archives");
    mine = start(r, &own, err);
    if (mine != AS_OK && !as_comm_launched())
        AS_TRY(mine);
    AS_TRY(as_rank_join(r, result, err));
    AS_TRY(as_comm_agree(r->comm, mine, err));
    AS_TRY(as_run_begin(r, (uint32_t)nnames, names, &fingerprint, err));
    AS_TRY(as_rank_open(r, fingerprint, result, err));
    if (!result->sealed_before && !result->shard_before)
        AS_TRY(examine_and_seal(r, fingerprint, &result->outcome, err));
done:
    as_rank_end(r, result, status, err);
    free(fingerprint);
    return status;
}
