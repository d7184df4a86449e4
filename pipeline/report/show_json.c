/* show_json.c - a case, an item, or a state, for programs. */
#include "../media/sniff.h"
#include "advice.h"
#include "show.h"
#include "show_findings.h"
#include "show_related.h"

#include "../hex.h"

#include <jansson.h>
#include <stdlib.h>

static void sources(struct as_json *j, struct as_store *store)
{
    const struct as_source_row *s;
    uint32_t n = as_store_sources(store, &s);

    as_json_open(j, "sources", '[');
    for (uint32_t i = 0; i < n; i++) {
        as_json_open(j, NULL, '{');
        as_json_count(j, "ordinal", s[i].ordinal);
        as_json_text(j, "path", as_text_of(s[i].path), AS_SHOW_PATH);
        as_json_string(j, "kind", as_kind_name(s[i].kind));
        as_json_count(j, "size", s[i].size);
        as_json_string(j, "sha256", s[i].sha256[0] ? s[i].sha256 : NULL);
        as_json_string(j, "recheck", as_recheck_text(s[i].recheck));
        as_json_close(j);
    }
    as_json_close(j);
}

static void counts(struct as_json *j, const struct as_summary *s)
{
    as_json_count(j, "items", s->items);
    as_json_count(j, "bytes", s->bytes);
    as_json_bool(j, "accounting_holds", as_summary_holds(s));
    as_json_open(j, "statuses", '{');
    for (int i = 0; i < AS_ITEM_STATUSES; i++)
        as_json_count(j, as_item_status_name((enum as_item_status)i), s->status[i]);
    as_json_close(j);
    as_json_open(j, "kinds", '[');
    for (unsigned k = 0; k < AS_SUMMARY_KINDS; k++) {
        if (s->kind[k] == 0)
            continue;
        as_json_open(j, NULL, '{');
        as_json_string(j, "kind", as_kind_name((uint16_t)k));
        as_json_count(j, "items", s->kind[k]);
        as_json_count(j, "bytes", s->kind_bytes[k]);
        as_json_close(j);
    }
    as_json_close(j);
    as_json_open(j, "flags", '{');
    for (unsigned b = 0; b < AS_FLAGS; b++)
        as_json_count(j, as_flag_name(b), s->flag[b]);
    as_json_close(j);
}

static void reasons(struct as_json *j, const struct as_summary *s)
{
    as_json_open(j, "reasons", '[');
    for (size_t i = 0; i < s->ngroups; i++) {
        const struct as_group *g = &s->group[i];
        as_json_open(j, NULL, '{');
        as_json_string(j, "status", as_item_status_name((enum as_item_status)g->status));
        as_json_count(j, "reason", g->reason);
        as_json_string(j, "text", as_reason_text(g->reason));
        as_json_string(j, "what_to_do", as_reason_advice(g->reason));
        as_json_count(j, "items", g->count);
        as_json_count(j, "bytes", g->bytes);
        as_json_open(j, "examples", '[');
        for (unsigned k = 0; k < g->nexamples; k++) {
            as_json_open(j, NULL, '{');
            as_json_count(j, "id", g->id[k]);
            as_json_text(j, "path", g->path[k], AS_SHOW_PATH);
            as_json_close(j);
        }
        as_json_close(j);
        as_json_close(j);
    }
    as_json_close(j);
}

/* As it is where it is JSON: a store that was meddled with must not break the document. */
static void provenance(struct as_json *j, const char *text)
{
    json_t *o = text ? json_loads(text, 0, NULL) : NULL;
    char *dump = o ? json_dumps(o, JSON_COMPACT) : NULL;

    as_json_raw(j, "provenance", dump ? dump : "null");
    free(dump);
    json_decref(o);
}

enum as_status as_show_case_json(FILE *out, const struct as_show *show, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_json j = {.out = out};

    as_json_open(&j, NULL, '{');
    as_json_text(&j, "case", as_text_of(show->name), AS_SHOW_PATH);
    as_json_string(&j, "state", "sealed");
    as_json_string(&j, "schema", as_store_attr(show->store, "schema"));
    as_json_string(&j, "assay_version", as_store_attr(show->store, "assay_version"));
    as_json_string(&j, "content_digest", as_store_attr(show->store, "content_digest"));
    as_json_string(&j, "digest_exact", as_store_attr(show->store, "digest_exact"));
    sources(&j, show->store);
    counts(&j, show->summary);
    reasons(&j, show->summary);
    AS_TRY(as_show_findings_json(&j, show, err));
    AS_TRY(as_show_related_json(&j, show, err));
    provenance(&j, as_store_provenance(show->store));
    as_json_close(&j);
done:
    return status;
}

static void hashes(struct as_json *j, const struct as_row *row)
{
    char hex[65];

    as_json_string(j, "sha256", row->has_sha256 ? as_hex(row->sha256, 32, hex) : NULL);
    if (row->has_md5)
        as_json_string(j, "md5", as_hex(row->md5, 16, hex));
    if (row->has_sha1)
        as_json_string(j, "sha1", as_hex(row->sha1, 20, hex));
}

static void facts(struct as_json *j, const struct as_row *row)
{
    as_json_count(j, "id", row->id);
    as_json_count(j, "part", row->part);
    as_json_count(j, "source", row->source);
    as_json_text(j, "path", row->path, AS_SHOW_PATH);
    as_json_count(j, "size", row->size);
    hashes(j, row);
    if (row->mtime_s != INT64_MIN)
        as_json_integer(j, "mtime", row->mtime_s);
    as_json_string(j, "kind", as_kind_name(row->kind));
    as_json_string(j, "status", as_item_status_name((enum as_item_status)row->status));
    as_json_count(j, "reason", row->reason);
    as_json_string(j, "reason_text", as_reason_text(row->reason));
    as_json_count(j, "width", row->w);
    as_json_count(j, "height", row->h);
    as_json_count(j, "frames", row->frames);
    as_json_number(j, "duration_s", row->duration_s);
    as_json_open(j, "flags", '[');
    for (unsigned b = 0; b < AS_FLAGS; b++)
        if (row->flags >> b & 1)
            as_json_string(j, NULL, as_flag_name(b));
    as_json_close(j);
}

static void detector(struct as_json *j, const struct as_detector *det, const struct as_det_row *d,
                     float score)
{
    enum { CODE_MAX = 1024 };
    char hex[2 * CODE_MAX + 1];

    as_json_open(j, det->name, '{');
    as_json_string(j, "status", as_det_status_text(d->status));
    if (d->status == AS_DET_NOT_APPLICABLE || d->status == AS_DET_ABSTAINS)
        as_json_string(j, "reason", as_det_reason(det, d->reason));
    as_json_number(j, "score", (double)score);
    if (d->feat) {
        as_json_open(j, "measures", '{');
        for (uint32_t i = 0; i < det->dim; i++)
            as_json_number(j, det->measures[i], (double)d->feat[i]);
        as_json_close(j);
    }
    if (d->code && det->code_bytes <= CODE_MAX)
        as_json_string(j, "code", as_hex(d->code, det->code_bytes, hex));
    as_json_close(j);
}

static void metadata(struct as_json *j, const struct as_row *row)
{
    as_json_open(j, "metadata", '[');
    for (size_t i = 0; i < row->nkv; i++) {
        as_json_open(j, NULL, '{');
        as_json_text(j, "key", row->kv[i].key, AS_SHOW_VALUE | AS_SHOW_LINES);
        as_json_text(j, "value", row->kv[i].value, AS_SHOW_VALUE | AS_SHOW_LINES);
        as_json_close(j);
    }
    as_json_close(j);
    as_json_open(j, "errors", '[');
    for (size_t i = 0; i < row->ntrouble; i++) {
        as_json_open(j, NULL, '{');
        as_json_string(j, "stage", row->trouble[i].stage);
        as_json_count(j, "reason", row->trouble[i].status);
        as_json_text(j, "message", row->trouble[i].message, AS_SHOW_VALUE | AS_SHOW_LINES);
        as_json_close(j);
    }
    as_json_close(j);
}

enum as_status as_show_item_json(FILE *out, const struct as_show *show, uint64_t at,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_json j = {.out = out};
    float score[AS_DETECTORS_MAX];
    struct as_row row;

    AS_TRY(as_store_row(show->store, at, &row, score, err));
    as_json_open(&j, NULL, '{');
    facts(&j, &row);
    AS_TRY(as_show_findings_of_json(&j, show, at, err));
    AS_TRY(as_store_row(show->store, at, &row, score, err));
    as_json_open(&j, "detectors", '{');
    for (int i = 0; as_detectors[i]; i++)
        if (row.det[i].status != AS_DET_NOT_RUN)
            detector(&j, as_detectors[i], &row.det[i], score[i]);
    as_json_close(&j);
    metadata(&j, &row);
    AS_TRY(as_show_links_json(&j, show, at, err));
    as_json_close(&j);
done:
    return status;
}
