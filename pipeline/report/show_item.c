/* show_item.c - one item for a person: all that the store knows of it. */
#include "../media/sniff.h"
#include "advice.h"
#include "human.h"
#include "show.h"
#include "show_findings.h"
#include "show_related.h"

#include "../hex.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { NAME_COLUMNS = 14, MEASURE_COLUMNS = 34, KEY_COLUMNS = 32, TWINS = 10 };

const char *as_det_status_text(uint8_t status)
{
    static const char *const TEXTS[] = {"not run", "applies", "not applicable", "abstains",
                                        "error"};
    return status < 5 ? TEXTS[status] : "unknown";
}

static void name(const struct as_terminal *t, const char *word)
{
    fprintf(t->out, "  %s%-*s%s", as_terminal_style(t, AS_STYLE_DIM), NAME_COLUMNS, word,
            as_terminal_style(t, AS_STYLE_END));
}

static void line(const struct as_terminal *t, const char *word, const char *text)
{
    name(t, word);
    as_terminal_wrap(t, NAME_COLUMNS + 2, NAME_COLUMNS + 2, as_text_of(text), AS_SHOW_VALUE);
}

static void hashes(const struct as_terminal *t, const struct as_row *row)
{
    char hex[65];

    line(t, "sha256", row->has_sha256 ? as_hex(row->sha256, 32, hex) : "none: not read whole");
    if (row->has_md5)
        line(t, "md5", as_hex(row->md5, 16, hex));
    if (row->has_sha1)
        line(t, "sha1", as_hex(row->sha1, 20, hex));
}

static void picture(const struct as_terminal *t, const struct as_row *row)
{
    char text[96], time[32];

    if (row->w || row->h) {
        snprintf(text, sizeof text, "%" PRIu32 " x %" PRIu32 " pixels", row->w, row->h);
        line(t, "size", text);
    }
    if (row->frames > 1) {
        snprintf(text, sizeof text, "%" PRIu32, row->frames);
        line(t, "frames", text);
    }
    if (row->duration_s > 0)
        line(t, "duration", as_human_seconds(row->duration_s, time));
}

static void status_of(const struct as_terminal *t, const struct as_row *row)
{
    const char *reason = as_reason_text(row->reason), *advice = as_reason_advice(row->reason);
    char text[512];

    snprintf(text, sizeof text, "%s%s%s", as_item_status_name((enum as_item_status)row->status),
             reason[0] ? ": " : "", reason);
    line(t, "status", text);
    if (advice[0])
        line(t, "what to do", advice);
    for (unsigned b = 0; b < AS_FLAGS; b++)
        if (row->flags >> b & 1) {
            snprintf(text, sizeof text, "%s: %s", as_flag_name(b), as_flag_text(b));
            line(t, "marked", text);
        }
}

static void head(const struct as_terminal *t, const struct as_show *show, const struct as_row *row)
{
    const struct as_source_row *sources;
    uint32_t n = as_store_sources(show->store, &sources);
    char text[96], bytes[32], count[32], when[40];

    fprintf(t->out, "%s#%" PRIu64 "%s  ", as_terminal_style(t, AS_STYLE_BOLD), row->id,
            as_terminal_style(t, AS_STYLE_END));
    as_terminal_text(t, row->path, 0, 0);
    fputc('\n', t->out);
    if (row->source < n) {
        name(t, "source");
        as_terminal_text(t, as_text_of(sources[row->source].path), 0, 0);
        fputc('\n', t->out);
    }
    line(t, "kind", as_kind_title(row->kind));
    snprintf(text, sizeof text, "%s%s%s%s", as_human_count(row->size, count),
             row->size < 1000 ? "" : " (", row->size < 1000 ? "" : as_human_bytes(row->size, bytes),
             row->size < 1000 ? "" : ")");
    line(t, "bytes", text);
    if (row->mtime_s != INT64_MIN)
        line(t, "file time", as_human_time(row->mtime_s, when));
    hashes(t, row);
    picture(t, row);
    status_of(t, row);
}

static void code(const struct as_terminal *t, const struct as_detector *det, const uint8_t *at)
{
    fprintf(t->out, "    %-*s", MEASURE_COLUMNS, "code");
    for (uint32_t i = 0; i < det->code_bytes; i++)
        fprintf(t->out, "%02x", at[i]);
    fputc('\n', t->out);
}

static void detector(const struct as_terminal *t, const struct as_detector *det,
                     const struct as_det_row *d, float score)
{
    bool applies = d->status == AS_DET_APPLIES;

    fprintf(t->out, "  %s%s%s  %s%s%s", as_terminal_style(t, AS_STYLE_BOLD), det->name,
            as_terminal_style(t, AS_STYLE_END),
            as_terminal_style(t, applies ? AS_STYLE_GOOD : AS_STYLE_DIM),
            as_det_status_text(d->status), as_terminal_style(t, AS_STYLE_END));
    if (d->status == AS_DET_NOT_APPLICABLE || d->status == AS_DET_ABSTAINS)
        fprintf(t->out, ": %s", as_det_reason(det, d->reason));
    if (isfinite(score))
        fprintf(t->out, "  score %.4g", (double)score);
    fputc('\n', t->out);
    if (applies && det->dim > AS_SHOW_MEASURES)
        fprintf(t->out, "    %" PRIu32 " measures; --json tells them\n", det->dim);
    for (uint32_t i = 0; applies && d->feat && det->dim <= AS_SHOW_MEASURES && i < det->dim; i++)
        if (isfinite(d->feat[i]))
            fprintf(t->out, "    %-*s%.6g\n", MEASURE_COLUMNS, det->measures[i],
                    (double)d->feat[i]);
    if (applies && d->code && det->code_bytes)
        code(t, det, d->code);
}

static void detectors(const struct as_terminal *t, const struct as_row *row, const float *score)
{
    bool any = false;

    for (int i = 0; as_detectors[i]; i++) {
        if (row->det[i].status == AS_DET_NOT_RUN)
            continue;
        if (!any)
            as_terminal_heading(t, "Detectors");
        any = true;
        detector(t, as_detectors[i], &row->det[i], score[i]);
    }
}

static void metadata(const struct as_terminal *t, const struct as_row *row)
{
    if (row->nkv)
        as_terminal_heading(t, "Metadata (what the file says of itself)");
    for (size_t i = 0; i < row->nkv; i++) {
        unsigned at = as_text_columns(row->kv[i].key, AS_SHOW_VALUE) + 2;
        fputs("  ", t->out);
        as_terminal_text(t, row->kv[i].key, 0, AS_SHOW_VALUE);
        if (at + 1 >= KEY_COLUMNS) {
            fputs("  ", t->out);
            at += 2;
        }
        as_terminal_wrap(t, at, at > KEY_COLUMNS ? (t->width ? KEY_COLUMNS : at) : KEY_COLUMNS,
                         row->kv[i].value, AS_SHOW_VALUE);
    }
}

static void errors(const struct as_terminal *t, const struct as_row *row)
{
    if (row->ntrouble)
        as_terminal_heading(t, "Errors on the way");
    for (size_t i = 0; i < row->ntrouble; i++) {
        name(t, row->trouble[i].stage);
        as_terminal_wrap(t, NAME_COLUMNS + 2, NAME_COLUMNS + 2, row->trouble[i].message,
                         AS_SHOW_VALUE);
    }
}

/* Items with the same content, found in one pass. */
struct twins {
    const struct as_terminal *t;
    const uint8_t *sha256;
    uint64_t id, n;
};

static enum as_status twin(void *state, const struct as_row *row, struct as_err *err)
{
    struct twins *w = state;

    (void)err;
    if (row->part != 0 || row->id == w->id || !row->has_sha256 || row->size == 0 ||
        memcmp(row->sha256, w->sha256, 32) != 0)
        return AS_OK;
    if (w->n == 0)
        as_terminal_heading(w->t, "Same content");
    if (w->n++ < TWINS) {
        int n = fprintf(w->t->out, "  #%-9" PRIu64 " ", row->id);
        as_terminal_text(w->t, row->path, w->t->width ? w->t->width - (unsigned)n : 0, 0);
        fputc('\n', w->t->out);
    }
    return AS_OK;
}

static enum as_status same_content(const struct as_terminal *t, const struct as_show *show,
                                   const struct as_row *row, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint8_t sha256[32];
    struct twins w = {t, sha256, row->id, 0};

    if (!row->has_sha256 || row->size == 0)
        goto done;
    memcpy(sha256, row->sha256, sizeof sha256); /* the row is gone after the next call */
    AS_TRY(as_store_each(show->store, twin, &w, err));
    if (w.n > TWINS)
        fprintf(t->out, "  and %" PRIu64 " more\n", w.n - TWINS);
done:
    return status;
}

enum as_status as_show_item(const struct as_terminal *t, const struct as_show *show, uint64_t at,
                            struct as_err *err)
{
    enum as_status status = AS_OK;
    float score[AS_DETECTORS_MAX];
    struct as_row row;

    AS_TRY(as_store_row(show->store, at, &row, score, err));
    head(t, show, &row);
    AS_TRY(as_show_findings_of(t, show, at, err));
    detectors(t, &row, score);
    metadata(t, &row);
    errors(t, &row);
    AS_TRY(same_content(t, show, &row, err));
    AS_TRY(as_show_links(t, show, at, err));
done:
    return status;
}
