/* show_benchmark.c - what a benchmark found, for a person. */
#include "show_benchmark.h"

#include "terminal.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { NAME = 26, WHYS = 8 };

static const char *generator_of(const struct as_subset *of)
{
    return of->generator == NULL ? "" : of->generator[0] ? of->generator : "(no generator named)";
}

static void label(const struct as_terminal *t, const char *name, const struct as_subset *of)
{
    char shown[256]; /* a manifest may come from anywhere */

    as_show_text(shown, sizeof shown, as_text_of(generator_of(of)), AS_SHOW_PATH);
    if (of->generator)
        fprintf(t->out, "    / %-*s ", NAME - 4, shown);
    else
        fprintf(t->out, "  %-*s ", NAME, name);
}

/* .912 [.880, .941] */
static void ranged(const struct as_terminal *t, const struct as_ranged *r)
{
    if (isnan(r->value))
        fprintf(t->out, " %-21s", "-");
    else
        fprintf(t->out, " %.3f [%.3f, %.3f]", r->value, r->low, r->high);
}

/* ---- warnings ---- */

static void show_bias(const struct as_terminal *t, const struct as_benchmark *b)
{
    uint32_t within = 0, doubtful = 0; /* loud of a generator; high, by too few pictures */
    bool loud = false;

    for (uint32_t i = 0; i < b->naudit; i++) {
        const struct as_audit *a = &b->audit[i];
        within += as_audit_is_loud(a) && a->of.generator;
        doubtful += a->auc.value > AS_TRIVIAL_LOUD && !as_audit_is_loud(a) && !a->of.generator;
        if (!as_audit_is_loud(a) || a->of.generator)
            continue;
        if (!loud)
            fprintf(t->out,
                    "%sWARNING: THE SET GIVES ITSELF AWAY%s. What follows is the AUC of the file "
                    "alone, its pixels unseen.\nA detector that does no better may have learnt no "
                    "more. Give both classes the same sizes, formats and qualities.\n",
                    as_terminal_style(t, AS_STYLE_BAD), as_terminal_style(t, AS_STYLE_END));
        loud = true;
        label(t, a->feature, &a->of);
        fprintf(t->out, "%-10s", as_subset_split(&a->of));
        ranged(t, &a->auc);
        fputc('\n', t->out);
    }
    if (!loud && b->naudit && within + doubtful == 0)
        fprintf(
            t->out,
            "Bias audit    by themselves, format, size, bytes and quality do not tell the classes "
            "apart (AUC at most .60)\n");
    if (doubtful)
        fprintf(t->out,
                "Bias audit    %" PRIu32 " AUCs of the file alone above .60 are of too few "
                "pictures to be sure: audit.csv\n",
                doubtful);
    if (within)
        fprintf(t->out,
                "%sWARNING%s: %" PRIu32 " AUCs of the file alone above .60 are of single "
                "generators: audit.csv\n",
                as_terminal_style(t, AS_STYLE_BAD), as_terminal_style(t, AS_STYLE_END), within);
    if (b->naudit == 0)
        fprintf(t->out, "Bias audit    none: one of the classes has no pictures\n");
}

static void show_leaks(const struct as_terminal *t, const struct as_benchmark *b)
{
    static const char *const WHAT[AS_LEAKS] = {"have the same bytes", "are near-copies (PDQ)",
                                               "are of one group"};
    for (int k = 0; k < AS_LEAKS; k++)
        if (b->leaks_of[k])
            fprintf(t->out,
                    "%sWARNING: LEAK%s  %" PRIu64 " pair%s of different splits %s: leaks.csv\n",
                    as_terminal_style(t, AS_STYLE_BAD), as_terminal_style(t, AS_STYLE_END),
                    b->leaks_of[k], b->leaks_of[k] == 1 ? "" : "s", WHAT[k]);
}

/* ---- what was not scored ---- */

/* The most frequent reasons of a scorer, by their texts, which are few. */
static void show_whys(const struct as_terminal *t, const struct as_benchmark *b,
                      const struct as_scorer *s)
{
    const char *why[WHYS];
    uint32_t count[WHYS] = {0}, n = 0, others = 0, all = 0;

    for (uint32_t i = 0; i < b->n; i++) {
        const char *text = as_scorer_why(b, s, i);
        uint32_t k = 0;
        if (text[0] == '\0')
            continue;
        all++;
        while (k < n && strcmp(why[k], text) != 0)
            k++;
        if (k == WHYS)
            others++;
        else if (k == n)
            why[n++] = text;
        if (k < WHYS)
            count[k]++;
    }
    fprintf(t->out, "  %-*s %" PRIu32 " in, %" PRIu32 " scored, %" PRIu32 " not\n", NAME, s->name,
            b->n, b->n - all, all);
    for (uint32_t k = 0; k < n; k++)
        fprintf(t->out, "  %*s %" PRIu32 ": %s\n", NAME + 2, "", count[k], why[k]);
    if (others)
        fprintf(t->out, "  %*s %" PRIu32 ": for other reasons\n", NAME + 2, "", others);
}

/* ---- measures ---- */

/* Generators are shown of the first split alone; the tables have all. */
static bool shown(const struct as_benchmark *b, const struct as_subset *of,
                  const struct as_subset *split)
{
    return of->split == split->split && (of->generator == NULL || split == b->subset);
}

/* Cllr [its interval] (Cllr_min) */
static void show_cllr(const struct as_terminal *t, const struct as_measured *m)
{
    fputc(' ', t->out);
    ranged(t, &m->cllr);
    fprintf(t->out, " (%.3f)", m->metric[AS_METRIC_CLLR_MIN].value);
}

static void show_measured(const struct as_terminal *t, const struct as_benchmark *b,
                          const struct as_subset *of)
{
    fprintf(t->out, "  %-*s %9s  %-21s  %-21s  %-21s  %-21s (min)    %s\n", NAME, "", "scored",
            "AUC", "EER", "TPR at FPR 1 %", "Cllr", "balanced accuracy");
    fprintf(t->out, "  %-*s %9s %*s(threshold from)\n", NAME, "", "0 / 1", 101, "");
    for (uint32_t i = 0; i < b->nmeasured; i++) {
        const struct as_measured *m = &b->measured[i];
        char scored[48];
        if (!shown(b, &m->of, of) || (m->of.generator && !m->defined))
            continue;
        snprintf(scored, sizeof scored, "%" PRIu64 " / %" PRIu64, m->scored[0], m->scored[1]);
        label(t, b->scorer[m->scorer].name, &m->of);
        fprintf(t->out, "%9s ", scored);
        if (!m->defined) {
            fprintf(t->out, " not measured: a class has no scores\n");
            continue;
        }
        ranged(t, &m->metric[AS_METRIC_AUC]);
        fputc(' ', t->out);
        ranged(t, &m->metric[AS_METRIC_EER]);
        fputc(' ', t->out);
        ranged(t, &m->metric[AS_METRIC_TPR_1]);
        show_cllr(t, m);
        fputc(' ', t->out);
        ranged(t, &m->bacc);
        fprintf(t->out, " (%s)\n", m->from < 0 ? "itself" : as_split_words[m->from]);
    }
}

/* Whose ratios those of Cllr are: only a model's are told by runs. */
static void show_ratios(const struct as_terminal *t, const struct as_benchmark *b)
{
    static const char *const WHOSE[AS_LLRS] = {
        [AS_LLR_MODEL] = "of ratios by its model, of items in its domain",
        [AS_LLR_CALIBRATE] = "of ratios fitted on the split calibrate of this set and measured on "
                             "the others: what such a calibration would be worth on such pictures; "
                             "no run tells them"};

    for (int from = AS_LLR_MODEL; from < AS_LLRS; from++) {
        bool any = false;
        for (uint32_t k = 0; k < b->nscorers; k++)
            if ((int)b->scorer[k].llr_from == from) {
                fprintf(t->out, "%s%s", any ? ", " : "Cllr of ", b->scorer[k].name);
                any = true;
            }
        if (!any)
            continue;
        fputs(":\n  ", t->out);
        as_terminal_wrap(t, 2, 2, as_text_of(WHOSE[from]), AS_SHOW_VALUE);
    }
}

static void ranged_map(const struct as_terminal *t, const struct as_mapped *m)
{
    ranged(t, &m->mean[AS_PIXEL_F1]);
    fputc(' ', t->out);
    ranged(t, &m->mean[AS_PIXEL_F1_BEST]);
    fputc(' ', t->out);
    ranged(t, &m->mean[AS_PIXEL_AUC]);
    fputc(' ', t->out);
    ranged(t, &m->false_alarms);
}

static void show_maps(const struct as_terminal *t, const struct as_benchmark *b,
                      const struct as_subset *of)
{
    bool head = false;

    for (uint32_t i = 0; i < b->nmaps; i++) {
        const struct as_mapped *m = &b->maps[i];
        if (!shown(b, &m->of, of))
            continue;
        if (!head)
            fprintf(t->out, "  %-*s %9s  %-21s  %-21s  %-21s  %s\n", NAME, "maps", "of masks",
                    "F1 at .5", "F1 best", "pixel AUC", "false alarms on authentic pixels");
        head = true;
        label(t, as_detectors[m->det]->name, &m->of);
        fprintf(t->out, "%4" PRIu64 " /%4" PRIu64 " ", m->mapped, m->masks);
        ranged_map(t, m);
        fprintf(t->out, " (%" PRIu64 " pictures)\n", m->authentic_mapped);
    }
}

static void show_compared(const struct as_terminal *t, const struct as_benchmark *b,
                          const struct as_subset *of)
{
    for (uint32_t i = 0; i < b->ncompared; i++) {
        const struct as_compared *c = &b->compared[i];
        if (!shown(b, &c->of, of) || !c->defined)
            continue;
        label(t, "AUC difference", &c->of);
        fprintf(t->out, "%s - %s on %" PRIu64 " / %" PRIu64 ":", b->scorer[c->a].name,
                b->scorer[c->b].name, c->n[0], c->n[1]);
        ranged(t, &c->difference);
        fprintf(t->out, ", p %.3g\n", c->p);
    }
}

/* ---- altered copies, of the first split ---- */

/* The line of a scorer on copies, or (name "none") on their pictures. */
static void altered_line(const struct as_terminal *t, const char *name, const struct as_measured *m)
{
    char scored[48];
    const uint64_t authentic = m->at.fp + m->at.tn, altered = m->at.tp + m->at.fn;

    if (!m->defined)
        return;
    snprintf(scored, sizeof scored, "%" PRIu64 " / %" PRIu64, m->scored[0], m->scored[1]);
    fprintf(t->out, "    / %-*s %9s ", NAME - 4, name, scored);
    ranged(t, &m->metric[AS_METRIC_AUC]);
    fputc(' ', t->out);
    ranged(t, &m->metric[AS_METRIC_TPR_1]);
    show_cllr(t, m);
    if (isnan(m->threshold))
        fprintf(t->out, "  -\n");
    else
        fprintf(t->out, "  %5.1f %% / %5.1f %%\n", 100. * (double)m->at.tp / (double)altered,
                100. * (double)m->at.fp / (double)authentic);
}

/* Copies that a scorer says nothing of, in one line: a coefficient's detector has many. */
static void show_unscored(const struct as_terminal *t, const struct as_benchmark *b, uint32_t at)
{
    char names[1024] = "";
    size_t n = 0;

    if (!b->measured[at].defined)
        n += (size_t)snprintf(names, sizeof names, "none");
    for (uint32_t k = 0; k < b->naltered && n < sizeof names; k++)
        if (!b->altered[k].measured[at].defined)
            n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", n ? ", " : "",
                                  b->altered[k].what->name);
    if (n == 0)
        return;
    const int used = fprintf(t->out, "    not measured, a class has no scores: ");
    as_terminal_wrap(t, (unsigned)used, 6, as_text_of(names), AS_SHOW_VALUE);
}

static void show_altered_scores(const struct as_terminal *t, const struct as_benchmark *b)
{
    fprintf(t->out, "  %-*s %9s  %-21s  %-21s  %-21s (min)    %s\n", NAME, "", "scored", "AUC",
            "TPR at FPR 1 %", "Cllr", "called altered, of altered / authentic,");
    fprintf(t->out, "  %-*s %9s %*sby the threshold and the calibration of \"none\"\n", NAME, "",
            "0 / 1", 78, "");
    for (uint32_t s = 0; s < b->nscorers; s++) {
        const uint32_t at = s * b->nsubsets;
        fprintf(t->out, "  %s\n", b->scorer[s].name);
        altered_line(t, "none", &b->measured[at]);
        for (uint32_t k = 0; k < b->naltered; k++)
            altered_line(t, b->altered[k].what->name, &b->altered[k].measured[at]);
        show_unscored(t, b, at);
        if (b->scorer[s].llr_from == AS_LLR_NONE)
            fprintf(t->out,
                    "    no Cllr: the model gives no likelihood ratios here, and no pictures "
                    "of both classes are there to calibrate\n");
    }
}

static void altered_map(const struct as_terminal *t, const char *name, const struct as_mapped *maps,
                        uint32_t n, uint16_t det, int split)
{
    for (const struct as_mapped *m = maps; m < maps + n; m++) {
        if (m->det != det || m->of.split != split)
            continue;
        fprintf(t->out, "    / %-*s %4" PRIu64 " /%4" PRIu64 " ", NAME - 4, name, m->mapped,
                m->masks);
        ranged_map(t, m);
        fputc('\n', t->out);
    }
}

static void show_altered_maps(const struct as_terminal *t, const struct as_benchmark *b)
{
    const int split = b->subset[0].split;

    for (uint16_t d = 0; as_detectors[d]; d++) {
        bool any = false;
        for (uint32_t i = 0; i < b->nmaps; i++)
            any |= b->maps[i].det == d && b->maps[i].of.split == split;
        for (uint32_t k = 0; k < b->naltered; k++)
            for (uint32_t i = 0; i < b->altered[k].nmaps; i++)
                any |= b->altered[k].maps[i].det == d && b->altered[k].maps[i].of.split == split;
        if (!any)
            continue;
        fprintf(t->out, "  %-*s %9s  %-21s  %-21s  %-21s  %s\n", NAME, as_detectors[d]->name,
                "of masks", "F1 at .5", "F1 best", "pixel AUC", "false alarms on authentic pixels");
        altered_map(t, "none", b->maps, b->nmaps, d, split);
        for (uint32_t k = 0; k < b->naltered; k++)
            altered_map(t, b->altered[k].what->name, b->altered[k].maps, b->altered[k].nmaps, d,
                        split);
    }
}

static void show_altered(const struct as_terminal *t, const struct as_benchmark *b)
{
    fprintf(t->out, "Altered copies, split %s\n", as_subset_split(&b->subset[0]));
    if (b->nscorers)
        show_altered_scores(t, b);
    show_altered_maps(t, b);
}

/* Whether a bootstrap had nothing to draw from: all scores are in order. */
static bool has_no_width(const struct as_benchmark *b)
{
    for (uint32_t i = 0; i < b->nmeasured; i++)
        if (b->measured[i].defined &&
            b->measured[i].metric[AS_METRIC_AUC].low >= b->measured[i].metric[AS_METRIC_AUC].high)
            return true;
    return false;
}

void as_show_benchmark(FILE *out, const struct as_benchmark *b)
{
    struct as_terminal t;

    as_terminal_init(&t, out);
    show_bias(&t, b);
    show_leaks(&t, b);
    if (b->bad_masks)
        fprintf(out, "WARNING: %" PRIu64 " masks could not be used\n", b->bad_masks);
    if (b->nscorers == 0)
        fprintf(out, "No detector here has a model, so nothing gives a score: name measures with "
                     "--measure.\n");
    fprintf(out, "Items\n");
    for (uint32_t k = 0; k < b->nscorers; k++)
        show_whys(&t, b, &b->scorer[k]);
    for (uint32_t i = 0; i < b->nsubsets; i++) {
        const struct as_subset *of = &b->subset[i];
        if (of->generator)
            continue;
        fprintf(out, "Split %s\n", as_subset_split(of));
        if (b->nmeasured)
            show_measured(&t, b, of);
        show_maps(&t, b, of);
        show_compared(&t, b, of);
    }
    show_ratios(&t, b);
    if (b->naltered)
        show_altered(&t, b);
    fprintf(out, "95 %% intervals, %" PRIu64 " draws of whole groups (%" PRIu32 " in all)%s\n",
            b->o->draws, b->manifest.groups,
            has_no_width(b) ? "; one without a width says that no draw differed, not that there "
                              "is no error"
                            : "");
    fprintf(out, "content_digest %s\ntables and scores: %s/bench\n", b->digest, b->o->output);
}
