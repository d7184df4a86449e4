/* show_findings.c - the ranked findings of a case, and those of an item.
 *
 * 1 counts and error rates   2 the case   3 an item   4 as JSON                      */
#include "show_findings.h"

#include "../verdict.h"
#include "human.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* ---- 1. counts and error rates ---- */

struct counts {
    uint64_t of[AS_FINDING_KINDS], set[AS_SET_KINDS]; /* set: by kind of set */
};

static enum as_status count_kinds(struct as_store *store, struct counts *c, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_set_row *sets;
    struct as_finding f;

    memset(c, 0, sizeof *c);
    as_store_sets(store, &sets);
    for (uint64_t i = 0; i < as_store_findings(store); i++) {
        AS_TRY(as_store_finding(store, i, &f, err));
        c->of[f.kind]++;
        if (f.set != AS_FINDING_NONE && sets[f.set].kind < AS_SET_KINDS)
            c->set[sets[f.set].kind]++;
    }
done:
    return status;
}

/* "2 declared by the file, 3 of known content, ..." */
static void kinds_text(const struct counts *c, char *to, size_t n)
{
    const struct {
        uint64_t n;
        const char *what;
    } KINDS[] = {
        {c->of[AS_FINDING_DECLARED], "declared by the file itself"},
        {c->of[AS_FINDING_KNOWN], "of known bad content"},
        {c->set[AS_SET_MEDIA], "like known media"},
        {c->set[AS_SET_CAMERA], "of a known camera"},
        {c->of[AS_FINDING_SCORE], "by the score of a detector"},
    };
    char count[32];
    size_t at = 0;

    to[0] = '\0';
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS && at < n; i++)
        if (KINDS[i].n > 0)
            at += (size_t)snprintf(to + at, n - at, "%s%s %s", at > 0 ? ", " : "",
                                   as_human_count(KINDS[i].n, count), KINDS[i].what);
}

/* How many such findings as many authentic items would give, where it was measured. */
static void expectation(const struct as_terminal *t, const struct as_show *show,
                        const struct counts *c)
{
    uint64_t ok = show->summary->status[AS_ITEM_OK];
    char text[400], count[32];
    struct as_making m;

    for (uint16_t k = 0; k < AS_SET_KINDS; k++)
        if (c->set[k] > 0)
            as_terminal_wrap(t, 0, 2, as_text_of(as_verdict_limits(k)), 0);
    as_making_read(as_store_provenance(show->store), &m);
    for (uint32_t i = 0; i < m.nauthentic; i++) {
        snprintf(text, sizeof text,
                 "Error rate of %s: of %" PRIu64 " %s, %" PRIu64
                 " had a finding (at most %.1f %% with 95 %% confidence); as many authentic items "
                 "as are ok here (%s) would give at most %.0f.",
                 m.authentic[i].detector, m.authentic[i].items, m.authentic[i].what,
                 m.authentic[i].fired, 100 * m.authentic[i].upper95, as_human_count(ok, count),
                 (double)ok * m.authentic[i].upper95);
        as_terminal_wrap(t, 0, 2, as_text_of(text), 0);
    }
}

/* ---- 2. the case ---- */

/* "  2.500", or in words what it is ranked by. */
static void strength(const struct as_terminal *t, const struct as_finding *f)
{
    const bool scored = f->kind == AS_FINDING_SCORE || f->kind == AS_FINDING_DECLARED;

    if (scored && isfinite(f->score))
        fprintf(t->out, "%7.3f", (double)f->score);
    else
        fprintf(t->out, "%7s", scored ? "-" : as_finding_words[f->kind]);
}

/* What stands under the path of a finding, or beside its rank. */
static void statement(const struct as_terminal *t, struct as_store *store,
                      const struct as_finding *f, unsigned indent)
{
    const struct as_set_row *sets;

    as_store_sets(store, &sets);
    as_terminal_wrap(t, indent, indent, as_text_of(f->text), AS_SHOW_VALUE);
    if (f->set != AS_FINDING_NONE && sets[f->set].name[0]) {
        as_terminal_pad(t, indent);
        fputs("set: ", t->out);
        as_terminal_text(t, as_text_of(sets[f->set].name),
                         t->width > indent + 5 ? t->width - indent - 5 : 0, 0);
        fputc('\n', t->out);
    }
    if (isfinite(f->llr)) {
        as_terminal_pad(t, indent);
        fprintf(t->out, "log10 likelihood ratio %+.2f: %s%s\n", (double)f->llr,
                as_verdict_support((double)f->llr), f->llr < 0 ? " for the contrary" : "");
    }
}

static enum as_status finding(const struct as_terminal *t, const struct as_show *show, uint64_t i,
                              struct as_err *err)
{
    enum { HEAD = 27, TEXT = 16 }; /* columns before the path, before the text */
    enum as_status status = AS_OK;
    float score[AS_DETECTORS_MAX];
    struct as_finding f;
    struct as_row row;
    char id[32];

    AS_TRY(as_store_finding(show->store, i, &f, err));
    AS_TRY(as_store_row(show->store, f.row, &row, score, err));
    fprintf(t->out, "  %3" PRIu64 "  %s", i + 1, as_terminal_style(t, AS_STYLE_BOLD));
    strength(t, &f);
    snprintf(id, sizeof id, "#%" PRIu64, row.id);
    fprintf(t->out, "%s  %-9s ", as_terminal_style(t, AS_STYLE_END), id);
    as_terminal_text(t, row.path, t->width > HEAD ? t->width - HEAD : 0, 0);
    fputc('\n', t->out);
    as_terminal_pad(t, TEXT);
    statement(t, show->store, &f, TEXT);
done:
    return status;
}

static void preface(const struct as_terminal *t, const struct as_show *show, const struct counts *c,
                    uint64_t n)
{
    char text[512], kinds[320];

    if (n == 0) {
        as_terminal_wrap(t, 0, 2,
                         as_text_of("No detector has anything to report. That does not show that "
                                    "the items are authentic."),
                         0);
        return;
    }
    kinds_text(c, kinds, sizeof kinds);
    snprintf(text, sizeof text,
             "Ranked, strongest first: %s. A finding is a reason to look, not a verdict.", kinds);
    as_terminal_wrap(t, 0, 2, as_text_of(text), 0);
    expectation(t, show, c);
}

enum as_status as_show_findings(const struct as_terminal *t, const struct as_show *show,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint64_t n = as_store_findings(show->store), shown = n < show->top ? n : show->top;
    struct counts c;
    char title[96], all[32];

    AS_TRY(count_kinds(show->store, &c, err));
    if (n == 0)
        snprintf(title, sizeof title, "Findings: none");
    else
        snprintf(title, sizeof title, "Findings: the first %" PRIu64 " of %s", shown,
                 as_human_count(n, all));
    as_terminal_heading(t, title);
    preface(t, show, &c, n);
    for (uint64_t i = 0; i < shown; i++)
        AS_TRY(finding(t, show, i, err));
done:
    return status;
}

/* ---- 3. an item ---- */

enum as_status as_show_findings_of(const struct as_terminal *t, const struct as_show *show,
                                   uint64_t row, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_finding f;
    bool any = false;

    for (uint64_t i = 0; i < as_store_findings(show->store); i++) {
        AS_TRY(as_store_finding(show->store, i, &f, err));
        if (f.row != row)
            continue;
        if (!any)
            as_terminal_heading(t, "Findings");
        any = true;
        fprintf(t->out, "  rank %-6" PRIu64, i + 1);
        statement(t, show->store, &f, 13);
    }
done:
    return status;
}

/* ---- 4. as JSON ---- */

static void finding_json(struct as_json *j, struct as_store *store, const struct as_finding *f)
{
    const struct as_set_row *sets;

    as_store_sets(store, &sets);
    as_json_string(j, "kind", as_finding_words[f->kind]);
    as_json_string(j, "detector", f->det == AS_FINDING_NONE ? NULL : as_detectors[f->det]->name);
    if (f->set != AS_FINDING_NONE) {
        as_json_text(j, "set", as_text_of(sets[f->set].name), AS_SHOW_VALUE);
        as_json_string(j, "set_digest", sets[f->set].digest);
    }
    as_json_number(j, "score", (double)f->score);
    as_json_number(j, "llr", (double)f->llr);
    as_json_text(j, "text", as_text_of(f->text), AS_SHOW_VALUE);
}

enum as_status as_show_findings_json(struct as_json *j, const struct as_show *show,
                                     struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint64_t n = as_store_findings(show->store);
    float score[AS_DETECTORS_MAX];
    struct as_finding f;
    struct as_row row;
    struct counts c;

    AS_TRY(count_kinds(show->store, &c, err));
    as_json_count(j, "findings_in_all", n);
    as_json_open(j, "findings_by_kind", '{');
    for (int k = 0; k < AS_FINDING_KINDS; k++)
        as_json_count(j, as_finding_words[k], c.of[k]);
    as_json_close(j);
    as_json_open(j, "findings", '[');
    for (uint64_t i = 0; i < n && i < show->top; i++) {
        AS_TRY(as_store_finding(show->store, i, &f, err));
        AS_TRY(as_store_row(show->store, f.row, &row, score, err));
        as_json_open(j, NULL, '{');
        as_json_count(j, "rank", i + 1);
        as_json_count(j, "id", row.id);
        as_json_text(j, "path", row.path, AS_SHOW_PATH);
        finding_json(j, show->store, &f);
        as_json_close(j);
    }
    as_json_close(j);
done:
    return status;
}

enum as_status as_show_findings_of_json(struct as_json *j, const struct as_show *show, uint64_t row,
                                        struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_finding f;

    as_json_open(j, "findings", '[');
    for (uint64_t i = 0; i < as_store_findings(show->store); i++) {
        AS_TRY(as_store_finding(show->store, i, &f, err));
        if (f.row != row)
            continue;
        as_json_open(j, NULL, '{');
        as_json_count(j, "rank", i + 1);
        finding_json(j, show->store, &f);
        as_json_close(j);
    }
    as_json_close(j);
done:
    return status;
}
