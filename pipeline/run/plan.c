/* plan.c - what a run would have to do.
 *
 * The inventory goes to a temporary folder.  Large containers are listed as the
 * run would list them.  A few lots, spread evenly, are really examined: their
 * processor time per byte is the estimate.                                     */
#include "plan.h"

#include "machine.h"
#include "parts.h"
#include "rank.h"
#include "run.h"
#include "solo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAMPLE_LOTS = 4, SAMPLE_FILES = 64 };

struct planner {
    const struct as_options *o;
    struct as_plan *plan;
    struct as_rank rank; /* sources and lots only */
    struct as_solo *solo;
    int inventory;
    char folder[64];
    bool examine;            /* contents are examined, to time them */
    uint64_t items, contents, parts;
};

static void on_item(void *state, const struct as_work *work, const struct as_item *item)
{
    struct planner *p = state;

    (void)work;
    p->items++;
    p->contents += item->has_content;
}

static void on_split(void *state, const struct as_work *work, const uint64_t v[4])
{
    struct planner *p = state;
    struct as_rank *r = &p->rank;
    struct as_split *more = realloc(r->split, (r->nsplits + 1) * sizeof *more);

    if (more == NULL)
        return; /* the container is then planned as a whole */
    r->split = more;
    r->split[r->nsplits].lot = work->id;
    memcpy(r->split[r->nsplits++].v, v, sizeof r->split->v);
    p->parts++;
}

static bool on_grant(void *state, uint32_t batch, uint32_t i, const uint8_t sha256[32])
{
    const struct planner *p = state;

    (void)batch;
    (void)i;
    (void)sha256;
    return p->examine;
}

static enum as_status do_lot(struct planner *p, const struct as_lot *lot, uint64_t id,
                             uint32_t files_max, uint64_t us[4], struct as_err *err)
{
    struct as_lot part = *lot;
    enum as_status status = AS_OK;
    struct as_work *work = NULL;

    AS_TRY(as_work_new(&work, p->inventory, &part, id, p->rank.sources, p->rank.nsources, err));
    if (files_max && work->nfiles > files_max)
        work->nfiles = files_max;
    if (lot->mode == AS_READ_LIST)
        as_parts_ask(work, p->o);
    AS_TRY(as_solo_do(p->solo, work, us, err));
done:
    return status;
}

/* The forensic path and size of a lot of one file. */
static void name_lot(struct planner *p, const struct as_lot *lot, char *to, size_t n)
{
    struct as_work *work = NULL;

    to[0] = 0;
    if (as_work_new(&work, p->inventory, lot, 0, p->rank.sources, p->rank.nsources, NULL) != AS_OK)
        return;
    if (work->nfiles > 0)
        snprintf(to, n, "%.*s", (int)work->file[0].path.len, work->file[0].path.at);
    as_work_free(work);
}

/* Lists large containers; those that gave no parts are done by one rank each. */
static enum as_status list_large(struct planner *p, struct as_err *err)
{
    struct as_plan *plan = p->plan;
    enum as_status status = AS_OK;
    struct as_lot *lots = NULL;
    uint64_t *index = NULL, n = 0, us[4];

    AS_TRY(as_parts_candidates(&p->rank, &lots, &index, &n, err));
    for (uint64_t i = 0; i < n; i++) {
        p->parts = 0;
        AS_TRY(do_lot(p, &lots[i], i, 0, us, err));
        plan->containers_split += p->parts > 1;
        if (p->parts > 1)
            continue;
        if (plan->whole < AS_PLAN_WHOLE_MAX) {
            name_lot(p, &lots[i], plan->whole_list[plan->whole].path,
                     sizeof plan->whole_list->path);
            plan->whole_list[plan->whole].bytes = lots[i].bytes;
        }
        plan->whole++;
    }
    if (n)
        AS_TRY(as_parts_apply(&p->rank, index, n, err));
    p->rank.nlots = as_lots_join(p->rank.lots, p->rank.nlots, p->o->lot_bytes,
                                 p->o->lot_entries, 1);
done:
    free(lots);
    free(index);
    return status;
}

static void look_at_lots(struct planner *p)
{
    const struct as_lot *largest = NULL;

    p->plan->lots = p->rank.nlots;
    for (uint64_t i = 0; i < p->rank.nlots; i++)
        if (p->rank.lots[i].mode != AS_READ_WHOLE &&
            (largest == NULL || p->rank.lots[i].bytes > largest->bytes))
            largest = &p->rank.lots[i];
    if (largest == NULL)
        return;
    p->plan->largest_lot = largest->bytes;
    name_lot(p, largest, p->plan->largest_path, sizeof p->plan->largest_path);
}

/* Examines a few lots, spread evenly, and carries their cost to all bytes. */
static enum as_status sample(struct planner *p, struct as_err *err)
{
    uint64_t n = p->rank.nlots, step = n / SAMPLE_LOTS + (n % SAMPLE_LOTS != 0), spent = 0;
    bool whole = true;
    struct as_plan *plan = p->plan;
    enum as_status status = AS_OK;

    p->examine = true;
    p->items = p->contents = 0;
    for (uint64_t i = 0; i < n; i += step) {
        const struct as_lot *l = &p->rank.lots[i];
        uint64_t us[4], files = l->nfiles < SAMPLE_FILES ? l->nfiles : SAMPLE_FILES;
        whole &= files == l->nfiles;
        if (l->bytes > 4 * p->o->lot_bytes)
            continue; /* too long to try */
        AS_TRY(do_lot(p, l, i, SAMPLE_FILES, us, err));
        plan->sampled_lots++;
        plan->sampled_bytes += l->nfiles ? l->bytes / l->nfiles * files : 0;
        spent += us[0] + us[1] + us[2] + us[3];
    }
    if (plan->sampled_bytes > 0)
        plan->core_seconds = 1e-6 * (double)spent * (double)plan->totals.bytes /
                             (double)plan->sampled_bytes;
    if (plan->sampled_lots == n && whole) {
        plan->items = p->items;
        plan->contents = p->contents;
    }
done:
    return status;
}

static enum as_status count_all(struct planner *p, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t us[4];

    p->examine = false;
    p->items = p->contents = 0;
    for (uint64_t i = 0; i < p->rank.nlots; i++)
        AS_TRY(do_lot(p, &p->rank.lots[i], i, 0, us, err));
    p->plan->items = p->items;
    p->plan->contents = p->contents;
    p->plan->exact = true;
done:
    return status;
}

static enum as_status walk(struct planner *p, struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *tmp = getenv("TMPDIR");
    char path[96];

    snprintf(p->folder, sizeof p->folder, "%.40s/assay-plan-XXXXXX", tmp ? tmp : "/tmp");
    if (mkdtemp(p->folder) == NULL) {
        p->folder[0] = 0;
        AS_FAIL(err, AS_EIO, "cannot make a temporary folder: %s", strerror(errno));
    }
    snprintf(path, sizeof path, "%s/inventory", p->folder);
    AS_TRY(as_inventory_make(path, p->rank.sources, p->rank.nsources,
                             as_lot_grain(p->o->lot_bytes), as_lot_grain(p->o->lot_entries),
                             &p->rank.lots, &p->rank.nlots, &p->plan->totals,
                             NULL, NULL, err));
    if ((p->inventory = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        AS_FAIL(err, AS_EIO, "cannot read the inventory: %s", strerror(errno));
    unlink(path);
done:
    return status;
}

enum as_status as_plan_make(const struct as_options *o, uint32_t nnames, char *const *names,
                            struct as_plan *plan, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct planner *p = calloc(1, sizeof *p);
    struct as_solo_calls calls = {p, on_item, on_split, on_grant, NULL};

    memset(plan, 0, sizeof *plan);
    if (p == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the plan");
    p->o = p->rank.options = o;
    p->plan = plan;
    p->inventory = -1;
    AS_TRY(as_run_check(o, err));
    AS_TRY(as_sources_new(&p->rank.sources, &p->rank.nsources, names, nnames, "", err));
    AS_TRY(as_solo_new(&p->solo, o, as_machine_examiners(o, NULL, NULL, 0), &calls, err));
    AS_TRY(walk(p, err));
    AS_TRY(list_large(p, err));
    look_at_lots(p);
    AS_TRY(sample(p, err));
    if (o->exact)
        AS_TRY(count_all(p, err));
done:
    if (p) {
        as_solo_free(p->solo);
        as_sources_free(p->rank.sources, p->rank.nsources);
        free(p->rank.lots);
        free(p->rank.split);
        if (p->inventory >= 0)
            close(p->inventory);
        if (p->folder[0])
            rmdir(p->folder);
    }
    free(p);
    return status;
}
