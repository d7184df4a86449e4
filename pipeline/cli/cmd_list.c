/* cmd_list.c - assay list detectors|formats|models|reasons|alterations: the tables, for a person. */
#include "../../kernels/detectors/detector.h"
#include "../examine/alter.h"
#include "../log.h"
#include "../media/sniff.h"
#include "../model.h"
#include "../report/advice.h"
#include "../report/json.h"
#include "cmd.h"

#include <inttypes.h>
#include <string.h>

static const char *const FAMILIES[] = {"jpeg",     "noise",      "geometry",
                                       "spectrum", "provenance", "content"};

static const char *family_of(const struct as_detector *det)
{
    return (unsigned)det->family < sizeof FAMILIES / sizeof *FAMILIES ? FAMILIES[det->family]
                                                                      : "unknown";
}

/* "luma,metadata" */
static const char *needs_of(const struct as_detector *det, char *to, size_t n)
{
    static const char *const VIEWS[] = {"luma",   "rgb",      "coefficients", "noise",
                                        "frames", "metadata", "sample"};
    size_t k = 0;

    to[0] = 0;
    for (unsigned b = 0; b < sizeof VIEWS / sizeof *VIEWS; b++)
        if ((det->needs >> b & 1) && k < n)
            k += (size_t)snprintf(to + k, n - k, "%s%s", k ? "," : "", VIEWS[b]);
    return to;
}

static void texts_json(struct as_json *j, const char *key, const char *const *texts, uint32_t n)
{
    as_json_open(j, key, '[');
    for (uint32_t i = 0; texts && i < n && texts[i]; i++)
        as_json_string(j, NULL, texts[i]);
    as_json_close(j);
}

static void detector_json(struct as_json *j, const struct as_detector *det)
{
    char needs[128];

    as_json_open(j, NULL, '{');
    as_json_string(j, "name", det->name);
    as_json_count(j, "version", det->version);
    as_json_string(j, "family", family_of(det));
    as_json_string(j, "needs", needs_of(det, needs, sizeof needs));
    as_json_count(j, "min_side", det->min_side);
    as_json_string(j, "summary", det->summary);
    as_json_string(j, "paper", det->paper);
    as_json_string(j, "card", det->card);
    as_json_bool(j, "exact", det->exact);
    as_json_count(j, "code_bytes", det->code_bytes);
    texts_json(j, "measures", det->measures, det->dim);
    texts_json(j, "reasons", det->reasons, UINT32_MAX);
    as_json_close(j);
}

static void paragraphs(const struct as_terminal *t, const char *text)
{
    while (text && *text) {
        uint32_t n = (uint32_t)strcspn(text, "\n");
        as_terminal_wrap(t, 0, 2, (struct as_text){text, n}, AS_SHOW_VALUE);
        text += n + (text[n] == '\n');
    }
}

static void measures(const struct as_terminal *t, const struct as_detector *det)
{
    enum { NAME = 34 };

    if (det->dim)
        as_terminal_heading(t, "Measures");
    if (det->dim > AS_SHOW_MEASURES)
        fprintf(t->out, "  %" PRIu32 ", from %s to %s; --json names them\n", det->dim,
                det->measures[0], det->measures[det->dim - 1]);
    for (uint32_t i = 0; det->dim <= AS_SHOW_MEASURES && i < det->dim; i++) {
        const char *says = det->says ? det->says[i] : NULL;
        int n = fprintf(t->out, "  %-*s", NAME - 2, det->measures[i]);
        as_terminal_wrap(t, (unsigned)n, NAME, as_text_of(says ? says : ""), AS_SHOW_VALUE);
    }
    if (det->code_bytes)
        fprintf(t->out, "  and a code of %" PRIu32 " bytes\n", det->code_bytes);
}

static void card(const struct as_terminal *t, const struct as_detector *det)
{
    char needs[128];

    fprintf(t->out, "%s%s%s, version %" PRIu32 "\n", as_terminal_style(t, AS_STYLE_BOLD), det->name,
            as_terminal_style(t, AS_STYLE_END), det->version);
    as_terminal_wrap(t, 0, 2, as_text_of(det->summary), AS_SHOW_VALUE);
    fprintf(t->out, "  family %s; reads %s; smallest side %" PRIu32 "\n", family_of(det),
            needs_of(det, needs, sizeof needs), det->min_side);
    if (det->paper)
        as_terminal_wrap(t, 0, 2, as_text_of(det->paper), AS_SHOW_VALUE);
    if (det->card) {
        as_terminal_heading(t, "Card");
        paragraphs(t, det->card);
    }
    measures(t, det);
    if (det->reasons && det->reasons[0])
        as_terminal_heading(t, "When it says nothing");
    for (uint32_t i = 0; det->reasons && det->reasons[i]; i++)
        as_terminal_wrap(t, 0, 2, as_text_of(det->reasons[i]), AS_SHOW_VALUE);
}

static int detectors(const struct as_terminal *t, struct as_json *j, const char *name)
{
    char needs[128];
    const struct as_detector *one = name ? as_det_find(name) : NULL;

    if (name && one == NULL) {
        as_log(AS_LOG_ERROR, "no detector \"%s\"; assay list detectors names them all", name);
        return AS_EXIT_NO_INPUT;
    }
    if (j)
        as_json_open(j, NULL, '[');
    for (int i = 0; as_detectors[i]; i++) {
        const struct as_detector *det = as_detectors[i];
        if (one && one != det)
            continue;
        if (j) {
            detector_json(j, det);
        } else if (one) {
            card(t, det);
        } else {
            fprintf(t->out, "%-14s v%-4" PRIu32 "%-11s %-21s ", det->name, det->version,
                    family_of(det), needs_of(det, needs, sizeof needs));
            as_terminal_wrap(t, 54, 54, as_text_of(det->summary), AS_SHOW_VALUE);
        }
    }
    if (j)
        as_json_close(j);
    return AS_EXIT_OK;
}

static const struct {
    enum as_class class;
    const char *word, *text;
} CLASSES[] = {
    {AS_CLASS_PICTURE, "decoded", "pictures: decoded and tested"},
    {AS_CLASS_VIDEO, "described", "videos: described from their containers, frames not decoded"},
    {AS_CLASS_CONTAINER, "opened", "containers: opened, every entry has a row"},
    {AS_CLASS_UNDECODED, "recognised", "pictures that are recognised, not decoded (unsupported)"},
    {AS_CLASS_SHUT, "recognised", "containers that are recognised, not opened (unsupported)"},
    {AS_CLASS_DISK, "recognised", "disk images: recognised, not opened (unsupported)"},
    {AS_CLASS_AUDIO, "recognised", "sound: recognised (not applicable)"},
    {AS_CLASS_DOCUMENT, "recognised", "documents: recognised (not applicable)"},
    {AS_CLASS_TEXT, "recognised", "text (not applicable)"},
    {AS_CLASS_OTHER, "recognised", "other (not applicable)"},
};

static const struct {
    uint16_t number;
    enum as_class class;
    const char *name, *title;
} KINDS[] = {
#define AS_KIND(number, name, class, word, title) {number, AS_CLASS_##class, word, title},
#include "../media/kinds.def"
#undef AS_KIND
};

static void formats_of(const struct as_terminal *t, struct as_json *j, size_t c)
{
    bool first = true;
    char text[1024];
    size_t k = 0;

    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        if (KINDS[i].class != CLASSES[c].class)
            continue;
        if (j) {
            as_json_open(j, NULL, '{');
            as_json_string(j, "kind", KINDS[i].name);
            as_json_string(j, "title", KINDS[i].title);
            as_json_count(j, "number", KINDS[i].number);
            as_json_string(j, "done", CLASSES[c].word);
            as_json_close(j);
        } else if (k < sizeof text) {
            k += (size_t)snprintf(text + k, sizeof text - k, "%s%s", first ? "" : ", ",
                                  KINDS[i].title);
            first = false;
        }
    }
    if (j == NULL) {
        fprintf(t->out, "%s%s%s\n", as_terminal_style(t, AS_STYLE_BOLD), CLASSES[c].text,
                as_terminal_style(t, AS_STYLE_END));
        as_terminal_wrap(t, 0, 2, as_text_of(text), AS_SHOW_VALUE);
    }
}

static int formats(const struct as_terminal *t, struct as_json *j)
{
    if (j)
        as_json_open(j, NULL, '[');
    for (size_t c = 0; c < sizeof CLASSES / sizeof *CLASSES; c++)
        formats_of(t, j, c);
    if (j)
        as_json_close(j);
    return AS_EXIT_OK;
}

static const uint16_t REASONS[] = {
#define AS_REASON(number, name, status, text) number,
#include "../reasons.def"
#undef AS_REASON
};

static void reason(const struct as_terminal *t, struct as_json *j, uint16_t r)
{
    const char *advice = as_reason_advice(r);

    if (j) {
        as_json_open(j, NULL, '{');
        as_json_count(j, "reason", r);
        as_json_string(j, "status", as_item_status_name(as_reason_status(r)));
        as_json_string(j, "text", as_reason_text(r));
        as_json_string(j, "what_to_do", advice);
        as_json_close(j);
        return;
    }
    fprintf(t->out, "  %4u  ", r);
    as_terminal_wrap(t, 8, 8, as_text_of(as_reason_text(r)), AS_SHOW_VALUE);
    if (advice[0]) {
        fprintf(t->out, "        %s ", t->utf8 ? "→" : "->");
        as_terminal_wrap(t, t->utf8 ? 10 : 11, t->utf8 ? 10 : 11, as_text_of(advice), 0);
    }
}

static int reasons(const struct as_terminal *t, struct as_json *j)
{
    if (j)
        as_json_open(j, NULL, '[');
    for (int s = 0; s < AS_ITEM_STATUSES; s++) {
        if (j == NULL) {
            const char *word = as_item_status_name((enum as_item_status)s);
            fprintf(t->out, "%s%s%s: ", as_terminal_style(t, AS_STYLE_BOLD), word,
                    as_terminal_style(t, AS_STYLE_END));
            as_terminal_wrap(t, (unsigned)strlen(word) + 2, 2,
                             as_text_of(as_status_text((enum as_item_status)s)), 0);
        }
        for (size_t i = 0; i < sizeof REASONS / sizeof *REASONS; i++)
            if (REASONS[i] && (int)as_reason_status(REASONS[i]) == s)
                reason(t, j, REASONS[i]);
    }
    if (j)
        as_json_close(j);
    return AS_EXIT_OK;
}

static void model_json(struct as_json *j, const struct as_model *m, const char *sha256)
{
    as_json_open(j, NULL, '{');
    as_json_string(j, "detector", m->det->name);
    as_json_count(j, "version", m->det_version);
    as_json_string(j, "sha256", sha256);
    as_json_string(j, "card", m->card ? m->card : "");
    as_json_close(j);
}

/* What a model says of itself, and what is known of its findings. */
static void model_card(const struct as_terminal *t, const struct as_model *m, const char *sha256)
{
    const struct as_domain *d = &m->domain;
    const struct as_authentic *a = &m->authentic;

    fprintf(t->out, "%s%s%s, model for version %" PRIu32 "\n  sha256 %s\n",
            as_terminal_style(t, AS_STYLE_BOLD), m->det->name, as_terminal_style(t, AS_STYLE_END),
            m->det_version, sha256);
    if (m->card) {
        as_terminal_heading(t, "Card");
        paragraphs(t, m->card);
    }
    if (d->kinds) {
        as_terminal_heading(t, "Speaks of");
        fprintf(t->out, "  sides of %" PRIu32 " to %" PRIu32 " pixels\n", d->side_min, d->side_max);
        if (d->quality_max > 0)
            fprintf(t->out, "  JPEGs of quality %.0f to %.0f, where jpeg_tables ran as well\n",
                    (double)d->quality_min, (double)d->quality_max);
        for (uint16_t k = 0; k < 64; k++)
            if (d->kinds >> k & 1)
                fprintf(t->out, "  %s\n", as_kind_name(k));
        fprintf(t->out, "  measures at most %.3g from those it was made of\n", d->distance);
    }
    if (a->items) {
        as_terminal_heading(t, "Findings on authentic items");
        fprintf(t->out, "  %" PRIu32 " of %" PRIu32 ", at most %.1f %%: %s\n", a->fired, a->items,
                100 * (double)a->upper95, a->what);
    }
}

static void model(const struct as_terminal *t, struct as_json *j, const struct as_models *loaded,
                  int i, bool one)
{
    const struct as_model *m = loaded->at[i];

    if (m && j)
        model_json(j, m, loaded->sha256[i]);
    else if (m && one)
        model_card(t, m, loaded->sha256[i]);
    else if (m)
        fprintf(t->out, "%-14s for version %-4" PRIu32 "sha256 %s\n", as_detectors[i]->name,
                m->det_version, loaded->sha256[i]);
    else if (j == NULL)
        fprintf(t->out, "%-14s no model: it reports measures, and no score\n",
                as_detectors[i]->name);
}

static int models(const struct as_terminal *t, struct as_json *j, const char *name)
{
    const struct as_detector *one = name ? as_det_find(name) : NULL;
    struct as_models loaded;
    struct as_err err;
    enum as_status status;

    as_err_clear(&err);
    if (name && one == NULL) {
        as_log(AS_LOG_ERROR, "no detector \"%s\"; assay list detectors names them all", name);
        return AS_EXIT_NO_INPUT;
    }
    if ((status = as_models_load(&loaded, &err)) != AS_OK)
        return as_cmd_fail(&err, status == AS_SKIP ? AS_EXIT_NO_INPUT : as_exit_code(status));
    if (j)
        as_json_open(j, NULL, '[');
    for (int i = 0; as_detectors[i]; i++)
        if (!one || one == as_detectors[i])
            model(t, j, &loaded, i, one != NULL);
    if (j)
        as_json_close(j);
    as_models_clear(&loaded);
    return AS_EXIT_OK;
}

static int alterations(const struct as_terminal *t, struct as_json *j)
{
    if (j)
        as_json_open(j, NULL, '[');
    for (const struct as_alteration *a = as_alterations; a->name; a++) {
        if (j) {
            as_json_open(j, NULL, '{');
            as_json_string(j, "name", a->name);
            as_json_string(j, "text", a->text);
            as_json_count(j, "quality", a->quality);
            as_json_close(j);
        } else {
            fprintf(t->out, "%-14s ", a->name);
            as_terminal_wrap(t, 15, 15, as_text_of(a->text), AS_SHOW_VALUE);
        }
    }
    if (j)
        as_json_close(j);
    return AS_EXIT_OK;
}

int as_cmd_list(const struct as_options *o, int argc, char **argv)
{
    struct as_json json = {.out = stdout}, *j = o->json ? &json : NULL;
    struct as_terminal t;

    as_terminal_init(&t, stdout);
    if (argc > 1 && strcmp(argv[0], "detectors") != 0 && strcmp(argv[0], "models") != 0) {
        as_log(AS_LOG_ERROR, "only assay list detectors and models take a name");
        return AS_EXIT_USAGE;
    }
    if (strcmp(argv[0], "detectors") == 0)
        return detectors(&t, j, argc > 1 ? argv[1] : NULL);
    if (strcmp(argv[0], "formats") == 0)
        return formats(&t, j);
    if (strcmp(argv[0], "models") == 0)
        return models(&t, j, argc > 1 ? argv[1] : NULL);
    if (strcmp(argv[0], "reasons") == 0 || strcmp(argv[0], "statuses") == 0)
        return reasons(&t, j);
    if (strcmp(argv[0], "alterations") == 0)
        return alterations(&t, j);
    as_log(AS_LOG_ERROR, "assay list what? alterations, detectors, formats, models or reasons");
    return AS_EXIT_USAGE;
}
