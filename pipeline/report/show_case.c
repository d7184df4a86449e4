/* show_case.c - a case for a person: what was examined, what failed, what was found.
 *
 * On a terminal with bars and colour, cut and wrapped to its width; in a pipe
 * plain, whole lines, always in this order:
 *  1. what was examined   2. accounting   3. kinds and marks
 *  4. what failed, and why   5. duplicates and seal
 * Before 5 come show_findings.c and show_related.c.                          */
#include "../media/sniff.h"
#include "advice.h"
#include "human.h"
#include "show.h"
#include "show_findings.h"
#include "show_related.h"
#include "show_time.h"

#include <inttypes.h>
#include <string.h>

enum { KINDS_SHOWN = 12, SOURCES_SHOWN = 20, NAME_COLUMNS = 15 };

const char *as_recheck_text(uint16_t recheck)
{
    static const char *const TEXTS[] = {"not checked again", "unchanged",
                                        "size and times unchanged", "CHANGED"};
    return recheck < 4 ? TEXTS[recheck] : "unknown";
}

/* ---- 1. what was examined ---- */

static void line(const struct as_terminal *t, const char *name, const char *text)
{
    fprintf(t->out, "  %-*s", NAME_COLUMNS, name);
    as_terminal_wrap(t, NAME_COLUMNS + 2, NAME_COLUMNS + 2, as_text_of(text), AS_SHOW_VALUE);
}

/* The first 16 digits of a hash and dots on a terminal, all of it in a pipe. */
static void short_hash(const struct as_terminal *t, const char *hex)
{
    if (t->width && strlen(hex) > 16)
        fprintf(t->out, "%.16s%s", hex, t->utf8 ? "…" : "...");
    else
        fputs(hex[0] ? hex : "no hash", t->out);
}

static void source(const struct as_terminal *t, const struct as_source_row *s)
{
    char size[32];
    bool changed = s->recheck == 3;

    fprintf(t->out, "  %s", as_terminal_style(t, AS_STYLE_BOLD));
    as_terminal_text(t, as_text_of(s->path), t->width ? t->width - 2 : 0, 0);
    fprintf(t->out, "%s\n    %s, %s, sha256 ", as_terminal_style(t, AS_STYLE_END),
            as_kind_title(s->kind), as_human_bytes(s->size, size));
    short_hash(t, s->sha256);
    fprintf(t->out, ", %s%s%s\n",
            as_terminal_style(t, changed           ? AS_STYLE_BAD
                                 : s->recheck == 0 ? AS_STYLE_WARN
                                                   : AS_STYLE_GOOD),
            as_recheck_text(s->recheck), as_terminal_style(t, AS_STYLE_END));
}

static void made(const struct as_terminal *t, const struct as_show *show)
{
    struct as_making m;
    char text[512], took[32];
    size_t k = 0;
    json_t *time;

    as_making_read(as_store_provenance(show->store), &m);
    if (m.shards)
        k += (size_t)snprintf(text + k, sizeof text - k, "merge of %" PRIu64 " shards, ", m.shards);
    if (m.ranks) {
        k += (size_t)snprintf(text + k, sizeof text - k, "%" PRIu64 " %s", m.ranks,
                              m.ranks == 1 ? "rank" : "ranks");
        if (m.examiners)
            k += (size_t)snprintf(text + k, sizeof text - k, " of %" PRIu64 " %s", m.examiners,
                                  m.examiners == 1 ? "examiner" : "examiners");
        if (m.host[0])
            k += (size_t)snprintf(text + k, sizeof text - k, " on %s", m.host);
        if (m.seconds > 0)
            k += (size_t)snprintf(text + k, sizeof text - k, ", %s",
                                  as_human_seconds(m.seconds, took));
        if (m.attempts > 1)
            snprintf(text + k, sizeof text - k, ", %" PRIu64 " attempts", m.attempts);
        line(t, "by", text);
    }
    time = json_loads(as_store_provenance(show->store), 0, NULL);
    as_show_time(t->out, json_object_get(time, "time"), "                 ", 0);
    json_decref(time);
    if (m.no_sandbox)
        line(t, "", "WITHOUT THE SANDBOX (--no-sandbox): for debugging only");
}

static void examined(const struct as_terminal *t, const struct as_show *show)
{
    const struct as_source_row *s;
    uint32_t n = as_store_sources(show->store, &s), shown = n;
    char items[32], bytes[32], text[128];

    as_terminal_heading(t, "Examined");
    if (t->width && n > SOURCES_SHOWN)
        shown = SOURCES_SHOWN;
    for (uint32_t i = 0; i < shown; i++)
        source(t, &s[i]);
    if (shown < n)
        fprintf(t->out, "  and %" PRIu32 " more sources (all in a pipe or with --json)\n",
                n - shown);
    snprintf(text, sizeof text, "%s, %s in all", as_human_count(show->summary->items, items),
             as_human_bytes(show->summary->bytes, bytes));
    line(t, "items", text);
    made(t, show);
}

/* ---- 2. accounting ---- */

static enum as_style status_style(int status)
{
    static const enum as_style STYLES[AS_ITEM_STATUSES] = {
        [AS_ITEM_OK] = AS_STYLE_GOOD,          [AS_ITEM_NOT_APPLICABLE] = AS_STYLE_DIM,
        [AS_ITEM_UNSUPPORTED] = AS_STYLE_WARN, [AS_ITEM_DAMAGED] = AS_STYLE_WARN,
        [AS_ITEM_ENCRYPTED] = AS_STYLE_WARN,   [AS_ITEM_LIMIT] = AS_STYLE_WARN,
        [AS_ITEM_TIMEOUT] = AS_STYLE_BAD,      [AS_ITEM_CRASHED] = AS_STYLE_BAD,
        [AS_ITEM_KNOWN] = AS_STYLE_END,        [AS_ITEM_DUPLICATE] = AS_STYLE_DIM,
    };
    return STYLES[status];
}

static void status_line(const struct as_terminal *t, int status, uint64_t n, uint64_t items)
{
    double part = items ? (double)n / (double)items : 0;
    unsigned cells = t->width >= 100 ? 32 : t->width >= 70 ? 24 : 10;
    char count[32];

    fprintf(t->out, "  %-*s%12s %5.1f %%", NAME_COLUMNS,
            as_item_status_name((enum as_item_status)status), as_human_count(n, count), 100 * part);
    if (t->width) {
        fprintf(t->out, "  %s", as_terminal_style(t, status_style(status)));
        as_terminal_bar(t, part, cells);
        fputs(as_terminal_style(t, AS_STYLE_END), t->out);
    }
    fputc('\n', t->out);
}

static void accounting(const struct as_terminal *t, const struct as_summary *s)
{
    bool holds = as_summary_holds(s);
    char count[32];

    as_terminal_heading(t, "Accounting");
    for (int i = 0; i < AS_ITEM_STATUSES; i++)
        if (s->status[i])
            status_line(t, i, s->status[i], s->items);
    fprintf(t->out, "  %-*s%12s  %s%s%s\n", NAME_COLUMNS, "sum", as_human_count(s->items, count),
            as_terminal_style(t, holds ? AS_STYLE_GOOD : AS_STYLE_BAD),
            holds ? "every item has one status" : "DOES NOT HOLD: items without a valid status",
            as_terminal_style(t, AS_STYLE_END));
}

/* ---- 3. kinds and marks ---- */

/* The kinds, the most first; picks by repeated search: there are few. */
static void kinds(const struct as_terminal *t, const struct as_summary *s)
{
    bool seen[AS_SUMMARY_KINDS] = {false};
    unsigned most, shown = 0;
    char count[32], bytes[32];

    as_terminal_heading(t, "Kinds");
    for (;; shown++) {
        most = AS_SUMMARY_KINDS;
        for (unsigned k = 0; k < AS_SUMMARY_KINDS; k++)
            if (s->kind[k] && !seen[k] && (most == AS_SUMMARY_KINDS || s->kind[k] > s->kind[most]))
                most = k;
        if (most == AS_SUMMARY_KINDS || (t->width && shown == KINDS_SHOWN))
            break;
        seen[most] = true;
        fprintf(t->out, "  %-28s%12s  %12s\n", as_kind_title((uint16_t)most),
                as_human_count(s->kind[most], count), as_human_bytes(s->kind_bytes[most], bytes));
    }
    if (most != AS_SUMMARY_KINDS)
        fprintf(t->out, "  and rarer ones (all in a pipe or with --json)\n");
}

static void flags(const struct as_terminal *t, const struct as_summary *s)
{
    char count[32];
    bool any = false;

    for (unsigned b = 0; b < AS_FLAGS; b++) {
        if (s->flag[b] == 0)
            continue;
        if (!any)
            as_terminal_heading(t, "Marked");
        any = true;
        fprintf(t->out, "  %-*s%12s  ", NAME_COLUMNS, as_flag_name(b),
                as_human_count(s->flag[b], count));
        as_terminal_wrap(t, NAME_COLUMNS + 16, NAME_COLUMNS + 16, as_text_of(as_flag_text(b)), 0);
    }
}

/* ---- 4. what failed, and why ---- */

static bool is_failure(const struct as_group *g)
{
    return g->status != AS_ITEM_OK && g->status != AS_ITEM_NOT_APPLICABLE &&
           g->status != AS_ITEM_KNOWN;
}

static void example(const struct as_terminal *t, const struct as_group *g, unsigned i)
{
    char id[32];
    int n = snprintf(id, sizeof id, "#%" PRIu64, g->id[i]);

    fprintf(t->out, "      %s%-10s%s ", as_terminal_style(t, AS_STYLE_DIM), id,
            as_terminal_style(t, AS_STYLE_END));
    as_terminal_text(t, g->path[i], t->width ? t->width - 7 - (n > 10 ? (unsigned)n : 10) : 0, 0);
    fputc('\n', t->out);
}

static void failure(const struct as_terminal *t, const struct as_group *g)
{
    const char *advice = as_reason_advice(g->reason), *arrow = t->utf8 ? "→ " : "-> ";
    const char *reason = g->reason ? as_reason_text(g->reason) : "no reason recorded";
    unsigned arrow_columns = t->utf8 ? 2 : 3;
    char count[32];

    fprintf(t->out, "  %s%-12s%s%12s  ", as_terminal_style(t, status_style(g->status)),
            as_item_status_name((enum as_item_status)g->status), as_terminal_style(t, AS_STYLE_END),
            as_human_count(g->count, count));
    as_terminal_wrap(t, 28, 28, as_text_of(reason), 0);
    if (advice[0]) {
        fprintf(t->out, "      %s", arrow);
        as_terminal_wrap(t, 6 + arrow_columns, 6 + arrow_columns, as_text_of(advice), 0);
    }
    for (unsigned i = 0; i < g->nexamples; i++)
        example(t, g, i);
}

static void failures(const struct as_terminal *t, const struct as_show *show)
{
    const struct as_summary *s = show->summary;
    bool any = false, of[AS_ITEM_STATUSES] = {false};
    const char *comma = "";

    for (size_t i = 0; i < s->ngroups; i++) {
        if (!is_failure(&s->group[i]))
            continue;
        if (!any)
            as_terminal_heading(t, "Not examined, and why");
        any = of[s->group[i].status] = true;
        failure(t, &s->group[i]);
    }
    if (!any)
        return;
    fprintf(t->out, "  All of them: assay show %s --status ", show->name);
    for (int i = 0; i < AS_ITEM_STATUSES; i++)
        if (of[i]) {
            fprintf(t->out, "%s%s", comma, as_item_status_name((enum as_item_status)i));
            comma = ",";
        }
    fputc('\n', t->out);
}

/* ---- 5. duplicates and seal ---- */

static void endings(const struct as_terminal *t, const struct as_show *show)
{
    const struct as_summary *s = show->summary;
    const char *content = as_store_attr(show->store, "content_digest");
    const char *exact = as_store_attr(show->store, "digest_exact");
    char count[32], bytes[32], text[160];

    if (s->status[AS_ITEM_DUPLICATE]) {
        as_terminal_heading(t, "Duplicates");
        snprintf(text, sizeof text, "%s %s the same content as an earlier item (%s)",
                 as_human_count(s->status[AS_ITEM_DUPLICATE], count),
                 s->status[AS_ITEM_DUPLICATE] == 1 ? "item has" : "items have",
                 as_human_bytes(s->duplicate_bytes, bytes));
        as_terminal_wrap(t, 0, 2, as_text_of(text), 0);
    }
    as_terminal_heading(t, "Seal");
    fprintf(t->out, "  content  %s\n  exact    %s\n", content ? content : "missing",
            exact ? exact : "missing");
    fprintf(t->out, "  Check it: assay verify %s      One item: assay show %s ID\n", show->name,
            show->name);
}

enum as_status as_show_case(const struct as_terminal *t, const struct as_show *show,
                            struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *version = as_store_attr(show->store, "assay_version");

    fprintf(t->out, "%s%s%s  sealed by assay %s\n", as_terminal_style(t, AS_STYLE_BOLD), show->name,
            as_terminal_style(t, AS_STYLE_END), version ? version : "unknown");
    examined(t, show);
    accounting(t, show->summary);
    kinds(t, show->summary);
    flags(t, show->summary);
    failures(t, show);
    AS_TRY(as_show_findings(t, show, err));
    AS_TRY(as_show_related(t, show, err));
    endings(t, show);
done:
    return status;
}
