/* loop_lead.c - what rank 0 does besides: it hands out lots and tells how far the run is. */
#include "loop_parts.h"

#include "../log.h"
#include "timing.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void as_lead_tell_all(struct as_loop *l, uint32_t type, uint64_t v0, const void *body, uint32_t n)
{
    for (int to = 0; to < l->r->size; to++)
        as_loop_post(l, to, type, v0, body, n);
}

/*
 * A lot that cannot be finished before the time limit is not begun.  The estimate is a rank's
 * bytes per second in this phase; a lot waits for the one before it, so it has half of the time.
 * When only such lots are left, the run is over for now.  Nothing is said before there are as
 * many finished lots as ranks: what the others have in hand would not be counted.
 */
static void drop_late(struct as_loop *l)
{
    double limit = (double)l->r->options->time_limit, t = as_rank_elapsed(l->r);
    uint64_t done = l->bytes_left - as_claims_bytes_left(l->claims);
    double rate = (double)done / (t - l->begun + 1e-9) / l->r->size;

    if (limit <= 0 || l->finished < (uint64_t)l->r->size || l->phase == AS_PHASE_LIST || l->stopping)
        return;
    l->dropped += as_claims_drop(l->claims, t < limit ? (uint64_t)(rate * (limit - t) / 2) : 0);
    if (l->dropped > 0 && as_claims_left(l->claims) == l->dropped)
        as_loop_stop(l, AS_ESTOP, "what is left cannot be finished before the time limit");
}

void as_lead_claim(struct as_loop *l, int from)
{
    struct as_grant grant[AS_CLAIM_MAX];
    uint64_t lot[AS_CLAIM_MAX];
    uint32_t n;

    drop_late(l);
    n = l->stop_told ? 0 : as_claims_take(l->claims, (uint32_t)l->r->size, lot);
    for (uint32_t i = 0; i < n; i++)
        grant[i] = (struct as_grant){lot[i], l->lots[lot[i]]};
    as_loop_post(l, from, MAIL_LOTS, l->stop_told || as_claims_free_lots(l->claims) == 0, grant,
                 n * (uint32_t)sizeof *grant);
}

void as_lead_done(struct as_loop *l, const struct as_lot_report *rep, uint32_t n)
{
    l->finished += n;
    for (uint32_t i = 0; i < n; i++) {
        if (as_claims_done(l->claims, rep[i].lot) != AS_OK)
            as_loop_stop(l, AS_EBUG, "a lot was reported that does not exist");
        l->r->items_done += l->phase == AS_PHASE_EXAMINE ? rep[i].items : 0;
        l->r->rechecked += l->phase == AS_PHASE_RECHECK ? rep[i].items : 0;
    }
    if (n > 0)
        drop_late(l);
    if (n > 0 && as_claims_left(l->claims) == 0)
        as_lead_tell_all(l, MAIL_END, 0, NULL, 0);
}

void as_lead_split(struct as_loop *l, const struct as_split *s)
{
    struct as_rank *r = l->r;

    if (r->nsplits == r->splits_cap) {
        uint64_t cap = r->splits_cap ? 2 * r->splits_cap : 256;
        struct as_split *more = realloc(r->split, cap * sizeof *more);
        if (more == NULL) {
            as_loop_stop(l, AS_EIO, "no memory for the parts of containers");
            return;
        }
        r->split = more;
        r->splits_cap = cap;
    }
    r->split[r->nsplits++] = *s;
}

static const char *phase_name(enum as_phase phase)
{
    return phase == AS_PHASE_LIST      ? "inventory"
           : phase == AS_PHASE_EXAMINE ? "examine"
                                       : "recheck";
}

/* Progress: a bar on a terminal, a line a minute elsewhere, status.json always. */
static void show_progress(struct as_loop *l, const struct as_case_status *s, double t)
{
    static double line_at;
    char bar[200];
    double part = s->bytes_total ? (double)s->bytes_done / (double)s->bytes_total : 1;
    int cells = (int)((part = part > 1 ? 1 : part) * 30);

    snprintf(bar, sizeof bar, "%s %3.0f%% [%.*s%*s] %llu/%llu lots, %llu items, %.0f s left",
             phase_name(l->phase), part * 100, cells, "##############################", 30 - cells,
             "", (unsigned long long)s->lots_done, (unsigned long long)s->lots_total,
             (unsigned long long)s->items_done, s->eta_s);
    if (isatty(STDERR_FILENO)) {
        as_log_bar(bar);
    } else if (t - line_at >= 60) {
        line_at = t;
        as_log(AS_LOG_INFO, "progress %s", bar);
    }
}

void as_lead_status(struct as_loop *l, bool now)
{
    struct as_case_status *s = &l->r->tell;
    double t = as_rank_elapsed(l->r);

    if (!now && t - l->told < AS_TELL_S)
        return;
    l->told = t;
    l->superseded = as_case_superseded(&l->r->kase);
    if (l->superseded)
        return; /* a rank with nothing to save would not see it */
    s->state = phase_name(l->phase);
    s->lots_total = l->lots_total;
    s->lots_done = l->lots_total - as_claims_left(l->claims);
    s->bytes_total = l->bytes_total;
    s->bytes_done = l->bytes_total - as_claims_bytes_left(l->claims);
    s->items_done = l->r->items_done;
    s->items_seen = l->r->totals.entries > s->items_done ? l->r->totals.entries : s->items_done;
    s->contents_done = l->r->contents_done;
    s->rechecked = l->r->rechecked;
    s->elapsed_s = t;
    s->eta_s = s->bytes_done ? t * (double)(s->bytes_total - s->bytes_done) / (double)s->bytes_done : 0;
    s->time = as_timing_json(l->r->tallies, l->r->size);
    as_case_tell(&l->r->kase, s);
    json_decref(s->time);
    s->time = NULL;
    show_progress(l, s, t);
}
