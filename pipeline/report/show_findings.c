/* show_findings.c - the ranked findings of a case, and those of an item.
 *
 * 1 counts and error rates   2 the case   3 an item   4 as JSON                      */
#include "show_findings.h"

#include "../verdict.h"
#include "case.h"
#include "human.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* ---- 1. counts and error rates ---- */

struct counts {
    uint64_t of[AS_FINDING_KINDS], set[AS_SET_KINDS]; /* set: by kind of set */
    uint64_t det[AS_DETECTORS_MAX];                   /* by its score        */
};

static void count_one(struct counts *c, const struct as_set_row *sets, const struct as_finding *f)
{
    c->of[f->kind]++;
    if (f->kind == AS_FINDING_MISSING)
        return;
    if (f->set != AS_FINDING_NONE && sets[f->set].kind < AS_SET_KINDS)
        c->set[sets[f->set].kind]++;
    else if (f->set == AS_FINDING_NONE && f->det < AS_DETECTORS_MAX)
        c->det[f->det]++;
}

static enum as_status count_kinds(struct as_store *store, struct counts *c, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_set_row *sets;
    struct as_finding f;

    memset(c, 0, sizeof *c);
    as_store_sets(store, &sets);
    for (uint64_t i = 0; i < as_store_findings(store); i++) {
        AS_TRY(as_store_finding(store, i, &f, err));
        count_one(c, sets, &f);
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
        {c->of[AS_FINDING_MISSING], "with regions without their camera's noise"},
        {c->of[AS_FINDING_CALIBRATED], "by calibrated detectors together"},
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

/* How many such findings as many authentic items would give. */
struct expected {
    char name[32]; /* of the detector; "calibrated": of those together */
    uint64_t findings;
    double mean, most; /* on average; with 95 % confidence not more; NaN: not measured */
    char from[160];    /* what was measured */
};
enum { EXPECTED_MAX = AS_DETECTORS_MAX + 1 };

/* Calibrated detectors have a finding together only where one of them has, so the sum of theirs is
 * a bound.  */
static void expect_calibrated(const struct as_making *m, uint64_t items, struct expected *to)
{
    snprintf(to->name, sizeof to->name, "%s", as_finding_words[AS_FINDING_CALIBRATED]);
    snprintf(to->from, sizeof to->from, "the sum of the rates of the calibrated detectors");
    to->mean = to->most = 0;
    for (uint32_t i = 0; i < m->nmodels; i++) {
        const bool measured = m->model[i].items > 0;
        if (!m->model[i].calibrated)
            continue;
        to->mean += measured ? (double)(items * m->model[i].fired) / (double)m->model[i].items
                             : (double)NAN;
        to->most += measured ? (double)items * m->model[i].upper95 : (double)NAN;
    }
}

static uint32_t expect(const struct as_making *m, const struct counts *c, uint64_t items,
                       struct expected to[EXPECTED_MAX])
{
    uint32_t n = 0;

    if (c->of[AS_FINDING_CALIBRATED] > 0) {
        expect_calibrated(m, items, &to[n]);
        to[n++].findings = c->of[AS_FINDING_CALIBRATED];
    }
    for (int d = 0; as_detectors[d]; d++) {
        struct expected *e = &to[n];
        if (c->det[d] == 0)
            continue;
        *e = (struct expected){.findings = c->det[d], .mean = NAN, .most = NAN};
        snprintf(e->name, sizeof e->name, "%s", as_detectors[d]->name);
        n++;
        for (uint32_t i = 0; i < m->nmodels; i++) {
            if (strcmp(m->model[i].detector, e->name) != 0 || m->model[i].items == 0)
                continue;
            e->mean = (double)(items * m->model[i].fired) / (double)m->model[i].items;
            e->most = (double)items * m->model[i].upper95;
            snprintf(e->from, sizeof e->from, "%" PRIu64 " of %" PRIu64 " %s had one",
                     m->model[i].fired, m->model[i].items, m->model[i].what);
        }
    }
    return n;
}

/* Says it of all that have findings; `items` are those that were looked at. */
static void expectation(const struct as_terminal *t, const struct as_making *m,
                        const struct counts *c, uint64_t items)
{
    struct expected all[EXPECTED_MAX];
    const uint32_t n = expect(m, c, items, all);
    char text[512], count[32], findings[32];

    for (uint16_t k = 0; k < AS_SET_KINDS; k++)
        if (c->set[k] > 0)
            as_terminal_wrap(t, 0, 2, as_text_of(as_verdict_limits(k)), 0);
    if (c->of[AS_FINDING_MISSING] > 0)
        as_terminal_wrap(t, 0, 2, as_text_of(as_verdict_map_limits()), 0);
    for (uint32_t i = 0; i < n; i++) {
        as_human_count(all[i].findings, findings);
        as_human_count(items, count);
        if (isnan(all[i].most))
            snprintf(text, sizeof text,
                     "Error rate of %.31s: %s here; how many as many authentic items would give is "
                     "not measured.",
                     all[i].name, findings);
        else
            snprintf(
                text, sizeof text,
                "Error rate of %.31s: %s here; as many authentic items (%s ok) would give %.1f "
                "on average, at most %.1f with 95 %% confidence (%.159s).",
                all[i].name, findings, count, all[i].mean, ceil(10 * all[i].most) / 10,
                all[i].from);
        as_terminal_wrap(t, 0, 2, as_text_of(text), 0);
    }
}

static void expectation_json(struct as_json *j, const struct as_making *m, const struct counts *c,
                             uint64_t items)
{
    struct expected all[EXPECTED_MAX];
    const uint32_t n = expect(m, c, items, all);

    as_json_open(j, "findings_of_authentic", '[');
    for (uint32_t i = 0; i < n; i++) {
        as_json_open(j, NULL, '{');
        as_json_string(j, "detector", all[i].name);
        as_json_count(j, "findings", all[i].findings);
        as_json_count(j, "items", items);
        as_json_number(j, "expected", all[i].mean);
        as_json_number(j, "at_most", all[i].most);
        as_json_string(j, "measured", isnan(all[i].most) ? NULL : all[i].from);
        as_json_close(j);
    }
    as_json_close(j);
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
                      const struct as_making *m, const struct as_finding *f, unsigned indent)
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
        const char *words = as_verdict_support(&m->words, (double)f->llr);
        const bool some = m->words.n > 0 && words != m->words.step[m->words.n - 1].says;
        as_terminal_pad(t, indent);
        fprintf(t->out, "log10 likelihood ratio %+.2f%s%s%s\n", (double)f->llr,
                words[0] ? ": " : "", words, f->llr < 0 && some ? " for the contrary" : "");
    }
}

static enum as_status finding(const struct as_terminal *t, const struct as_show *show,
                              const struct as_making *m, uint64_t i, struct as_err *err)
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
    statement(t, show->store, m, &f, TEXT);
done:
    return status;
}

static void preface(const struct as_terminal *t, const struct as_show *show,
                    const struct as_making *m, const struct counts *c, uint64_t n)
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
    expectation(t, m, c, show->summary->status[AS_ITEM_OK]);
}

enum as_status as_show_findings(const struct as_terminal *t, const struct as_show *show,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint64_t n = as_store_findings(show->store), shown = n < show->top ? n : show->top;
    struct as_making m;
    struct counts c;
    char title[96], all[32];

    as_making_read(as_store_provenance(show->store), &m);
    AS_TRY(count_kinds(show->store, &c, err));
    if (n == 0)
        snprintf(title, sizeof title, "Findings: none");
    else
        snprintf(title, sizeof title, "Findings: the first %" PRIu64 " of %s", shown,
                 as_human_count(n, all));
    as_terminal_heading(t, title);
    preface(t, show, &m, &c, n);
    for (uint64_t i = 0; i < shown; i++)
        AS_TRY(finding(t, show, &m, i, err));
done:
    return status;
}

/* ---- 3. an item ---- */

enum as_status as_show_findings_of(const struct as_terminal *t, const struct as_show *show,
                                   uint64_t row, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_set_row *sets;
    struct counts c = {0};
    struct as_making m;
    struct as_finding f;
    bool any = false;

    as_making_read(as_store_provenance(show->store), &m);
    as_store_sets(show->store, &sets);
    for (uint64_t i = 0; i < as_store_findings(show->store); i++) {
        AS_TRY(as_store_finding(show->store, i, &f, err));
        if (f.row != row)
            continue;
        if (!any)
            as_terminal_heading(t, "Findings");
        any = true;
        count_one(&c, sets, &f);
        fprintf(t->out, "  rank %-6" PRIu64, i + 1);
        statement(t, show->store, &m, &f, 13);
    }
    expectation(t, &m, &c, 1);
done:
    return status;
}

/* ---- 4. as JSON ---- */

static void finding_json(struct as_json *j, struct as_store *store, const struct as_making *m,
                         const struct as_finding *f)
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
    if (isfinite(f->llr)) {
        as_json_string(j, "llr_words", as_verdict_support(&m->words, (double)f->llr));
        as_json_string(j, "llr_for", f->llr < 0 ? "authentic" : "altered");
    }
    as_json_text(j, "text", as_text_of(f->text), AS_SHOW_VALUE);
}

enum as_status as_show_findings_json(struct as_json *j, const struct as_show *show,
                                     struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint64_t n = as_store_findings(show->store);
    float score[AS_DETECTORS_MAX];
    struct as_finding f;
    struct as_making m;
    struct as_row row;
    struct counts c;

    as_making_read(as_store_provenance(show->store), &m);
    AS_TRY(count_kinds(show->store, &c, err));
    as_json_count(j, "findings_in_all", n);
    as_json_open(j, "findings_by_kind", '{');
    for (int k = 0; k < AS_FINDING_KINDS; k++)
        as_json_count(j, as_finding_words[k], c.of[k]);
    as_json_close(j);
    expectation_json(j, &m, &c, show->summary->status[AS_ITEM_OK]);
    as_json_open(j, "findings", '[');
    for (uint64_t i = 0; i < n && i < show->top; i++) {
        AS_TRY(as_store_finding(show->store, i, &f, err));
        AS_TRY(as_store_row(show->store, f.row, &row, score, err));
        as_json_open(j, NULL, '{');
        as_json_count(j, "rank", i + 1);
        as_json_count(j, "id", row.id);
        as_json_text(j, "path", row.path, AS_SHOW_PATH);
        finding_json(j, show->store, &m, &f);
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
    const struct as_set_row *sets;
    struct counts c = {0};
    struct as_making m;
    struct as_finding f;

    as_making_read(as_store_provenance(show->store), &m);
    as_store_sets(show->store, &sets);
    as_json_open(j, "findings", '[');
    for (uint64_t i = 0; i < as_store_findings(show->store); i++) {
        AS_TRY(as_store_finding(show->store, i, &f, err));
        if (f.row != row)
            continue;
        count_one(&c, sets, &f);
        as_json_open(j, NULL, '{');
        as_json_count(j, "rank", i + 1);
        finding_json(j, show->store, &m, &f);
        as_json_close(j);
    }
    as_json_close(j);
    expectation_json(j, &m, &c, 1);
done:
    return status;
}
