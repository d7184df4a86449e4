/* show_state.c - a case without a store: how far it is, and what to do next. */
#include "human.h"
#include "show.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* A run writes its state at least this often. */
enum { STALE_S = 180 };

enum state { RUNNING, SILENT, STOPPED, FAILED, SEALED_GONE, EXAMINED, NOT_STARTED };

static enum state state_of(const struct as_progress *p)
{
    if (p == NULL)
        return NOT_STARTED;
    if (strcmp(p->state, "stopped") == 0)
        return STOPPED;
    if (strcmp(p->state, "failed") == 0)
        return FAILED;
    if (strcmp(p->state, "sealed") == 0)
        return SEALED_GONE;
    if (strcmp(p->state, "examined") == 0)
        return EXAMINED;
    if (as_progress_alive(p) || (int64_t)time(NULL) - p->updated < STALE_S)
        return RUNNING;
    return SILENT;
}

static const char *const WORDS[] = {
    [RUNNING] = "running",
    [SILENT] = "interrupted",
    [STOPPED] = "stopped",
    [FAILED] = "failed",
    [SEALED_GONE] = "sealed, but results.h5 is gone",
    [EXAMINED] = "examined",
    [NOT_STARTED] = "not a case yet: it has neither results.h5 nor status.json",
};

static const char *const NEXT[] = {
    [RUNNING] = "Wait. It can be stopped at any time and goes on later.",
    [SILENT] = "No sign of life. Run the same command again: it goes on where it was.",
    [STOPPED] = "Its state is saved. Run the same command again: it goes on where it was.",
    [FAILED] = "Read the end of its log and audit.jsonl, then run the same command again.",
    [SEALED_GONE] = "Bring results.h5 back from a copy, or examine again with --fresh.",
    [EXAMINED] = "When all shards are examined: assay merge CASE_1 ... CASE_N -o CASE",
    [NOT_STARTED] = "Check the name, or begin: assay run EVIDENCE -o CASE",
};

static void amount(const struct as_terminal *t, const char *name, uint64_t done, uint64_t all)
{
    char a[32], b[32];

    fprintf(t->out, "  %-10s%12s of %s", name, as_human_count(done, a), as_human_count(all, b));
    if (t->width && all) {
        fputs("  ", t->out);
        as_terminal_bar(t, (double)done / (double)all, 24);
    }
    fputc('\n', t->out);
}

void as_show_progress(const struct as_terminal *t, const char *name, const struct as_progress *p)
{
    enum state s = state_of(p);
    char when[40], a[32], b[32];

    fprintf(t->out, "%s%s%s  ", as_terminal_style(t, AS_STYLE_BOLD), name,
            as_terminal_style(t, AS_STYLE_END));
    if (p && p->shard[0])
        fprintf(t->out, "shard %s, ", p->shard);
    fputs(WORDS[s], t->out);
    if (p && (s == RUNNING || s == SILENT))
        fprintf(t->out, " (%s)", p->state);
    fputc('\n', t->out);
    if (p) {
        amount(t, "items", p->items_done, p->items_seen);
        amount(t, "lots", p->lots_done, p->lots_total);
        fprintf(t->out, "  %-10s%12s of %s\n", "bytes", as_human_bytes(p->bytes_done, a),
                as_human_bytes(p->bytes_total, b));
        fprintf(t->out, "  attempt %" PRIu64 " on %s, last heard of %s\n", p->attempt,
                p->host[0] ? p->host : "an unknown host", as_human_time(p->updated, when));
        fputs("  The totals are what is known so far; containers not opened yet may add to them.\n",
              t->out);
    }
    fprintf(t->out, "%s %s\n", t->utf8 ? "→" : "->", NEXT[s]);
}

void as_show_progress_json(FILE *out, const char *name, const struct as_progress *p)
{
    static const char *const SHORT[] = {"running",    "interrupted", "stopped", "failed",
                                        "store_gone", "examined",    "none"};
    struct as_json j = {.out = out};
    enum state s = state_of(p);

    as_json_open(&j, NULL, '{');
    as_json_text(&j, "case", as_text_of(name), AS_SHOW_PATH);
    as_json_string(&j, "state", SHORT[s]);
    if (p) {
        as_json_string(&j, "phase", p->state);
        if (p->shard[0])
            as_json_string(&j, "shard", p->shard);
        as_json_string(&j, "host", p->host);
        as_json_count(&j, "attempt", p->attempt);
        as_json_count(&j, "items_done", p->items_done);
        as_json_count(&j, "items_seen", p->items_seen);
        as_json_count(&j, "bytes_done", p->bytes_done);
        as_json_count(&j, "bytes_total", p->bytes_total);
        as_json_count(&j, "lots_done", p->lots_done);
        as_json_count(&j, "lots_total", p->lots_total);
        as_json_integer(&j, "updated", p->updated);
    }
    as_json_string(&j, "next", NEXT[s]);
    as_json_close(&j);
}
