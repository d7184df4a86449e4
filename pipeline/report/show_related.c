/* show_related.c - copies, near-copies and what is linked: of a case, and of an item.
 *
 * 1 words   2 the case   3 an item   4 as JSON                                      */
#include "show_related.h"

#include "human.h"
#include "relations.h"
#include "show_origins.h"
#include "show_sets.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINKS_SHOWN = 20 };

/* ---- 1. words ---- */

static const char *kind_word(uint16_t kind)
{
    return kind < AS_MATCH_KINDS ? as_match_words[kind] : "unknown";
}

/* How two items are alike: "near-identical picture, 4 of 256 bits differ", ... */
static const char *likeness(const struct as_link *l, char *to, size_t n)
{
    switch (l->kind) {
    case AS_MATCH_HASH:
        return "the same bytes";
    case AS_MATCH_CODE:
        snprintf(to, n, "near-identical picture, %.0f of 256 bits differ", (double)l->value);
        break;
    case AS_MATCH_SIMILAR:
        snprintf(to, n, "similar, %.3f", (double)l->value);
        break;
    default:
        snprintf(to, n, "the noise patterns support the view that one camera took both, PCE %.0f",
                 (double)l->value);
    }
    return to;
}

/* "37 copies, 12 near-copies in 3 archives" */
static void how_many(uint64_t copies, uint64_t near, uint64_t archives, char *to, size_t n)
{
    char a[32], b[32], c[32], where[64] = "";

    if (archives > 0)
        snprintf(where, sizeof where, " in %s %s", as_human_count(archives, c),
                 archives == 1 ? "archive" : "archives");
    snprintf(to, n, "%s %s, %s near-%s%s", as_human_count(copies, a),
             copies == 1 ? "copy" : "copies", as_human_count(near, b),
             near == 1 ? "copy" : "copies", where);
}

/* ---- 2. the case ---- */

static enum as_status show_group(const struct as_terminal *t, const struct as_show *show,
                                 const struct as_relation *g, struct as_err *err)
{
    enum { HEAD = 12 };
    enum as_status status = AS_OK;
    float score[AS_DETECTORS_MAX];
    char id[32], text[160];
    struct as_row row;

    AS_TRY(as_store_row(show->store, g->stands, &row, score, err));
    snprintf(id, sizeof id, "#%" PRIu64, row.id);
    fprintf(t->out, "  %-9s ", id);
    as_terminal_text(t, row.path, t->width > HEAD ? t->width - HEAD : 0, 0);
    how_many(g->copies, g->near, g->archives, text, sizeof text);
    fprintf(t->out, "\n            %s\n", text);
done:
    return status;
}

enum as_status as_show_related(const struct as_terminal *t, const struct as_show *show,
                               struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_relations *r = NULL;
    char text[160], count[32];

    AS_TRY(as_show_sets(t, show, err));
    AS_TRY(as_show_origins(t, show, err));
    AS_TRY(as_relations_new(&r, show->store, err));
    if (r->n == 0)
        goto done;
    as_terminal_heading(t, "Copies and near-copies");
    how_many(r->copies, r->near, r->archives, text, sizeof text);
    fprintf(t->out, "  %s; %s %s\n", text, as_human_count(r->n, count),
            r->n == 1 ? "group" : "groups, the largest:");
    for (uint64_t i = 0; i < r->n && i < show->top; i++)
        AS_TRY(show_group(t, show, &r->group[i], err));
done:
    as_relations_free(r);
    return status;
}

/* ---- 3. an item ---- */

static enum as_status show_link(const struct as_terminal *t, const struct as_show *show,
                                uint64_t other, const struct as_link *l, struct as_err *err)
{
    enum as_status status = AS_OK;
    float score[AS_DETECTORS_MAX];
    struct as_row row;
    char id[32], text[96];

    AS_TRY(as_store_row(show->store, other, &row, score, err));
    snprintf(id, sizeof id, "#%" PRIu64, row.id);
    fprintf(t->out, "  %-9s ", id);
    as_terminal_text(t, row.path, t->width > 12 ? t->width - 12 : 0, 0);
    fprintf(t->out, "\n            %s\n", likeness(l, text, sizeof text));
done:
    return status;
}

enum as_status as_show_links(const struct as_terminal *t, const struct as_show *show, uint64_t row,
                             struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t n = 0;
    struct as_link l;

    AS_TRY(as_show_matches(t, show->store, row, err));
    AS_TRY(as_show_origin_of(t, show, row, err));
    for (uint64_t i = 0; i < as_store_links(show->store); i++) {
        AS_TRY(as_store_link(show->store, i, &l, err));
        if (l.kind == AS_MATCH_HASH || (l.a != row && l.b != row)) /* copies: "same content" */
            continue;
        if (n == 0)
            as_terminal_heading(t, "Related items");
        if (n++ < LINKS_SHOWN)
            AS_TRY(show_link(t, show, l.a == row ? l.b : l.a, &l, err));
    }
    if (n > LINKS_SHOWN)
        fprintf(t->out, "  and %" PRIu64 " more (all with --json)\n", n - LINKS_SHOWN);
done:
    return status;
}

/* ---- 4. as JSON ---- */

enum as_status as_show_related_json(struct as_json *j, const struct as_show *show,
                                    struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_relations *r = NULL;
    float score[AS_DETECTORS_MAX];
    struct as_row row;

    AS_TRY(as_show_sets_json(j, show, err));
    AS_TRY(as_show_origins_json(j, show, err));
    AS_TRY(as_relations_new(&r, show->store, err));
    as_json_open(j, "relations", '{');
    as_json_count(j, "copies", r->copies);
    as_json_count(j, "near_copies", r->near);
    as_json_count(j, "archives", r->archives);
    as_json_count(j, "groups_in_all", r->n);
    as_json_open(j, "groups", '[');
    for (uint64_t i = 0; i < r->n && i < show->top; i++) {
        AS_TRY(as_store_row(show->store, r->group[i].stands, &row, score, err));
        as_json_open(j, NULL, '{');
        as_json_count(j, "id", row.id);
        as_json_text(j, "path", row.path, AS_SHOW_PATH);
        as_json_count(j, "copies", r->group[i].copies);
        as_json_count(j, "near_copies", r->group[i].near);
        as_json_count(j, "archives", r->group[i].archives);
        as_json_close(j);
    }
    as_json_close(j);
    as_json_close(j);
done:
    as_relations_free(r);
    return status;
}

enum as_status as_show_links_json(struct as_json *j, const struct as_show *show, uint64_t row,
                                  struct as_err *err)
{
    enum as_status status = AS_OK;
    float score[AS_DETECTORS_MAX];
    struct as_row other;
    struct as_link l;

    AS_TRY(as_show_matches_json(j, show->store, row, err));
    AS_TRY(as_show_origin_of_json(j, show, row, err));
    as_json_open(j, "links", '[');
    for (uint64_t i = 0; i < as_store_links(show->store); i++) {
        AS_TRY(as_store_link(show->store, i, &l, err));
        if (l.a != row && l.b != row)
            continue;
        AS_TRY(as_store_row(show->store, l.a == row ? l.b : l.a, &other, score, err));
        as_json_open(j, NULL, '{');
        as_json_count(j, "id", other.id);
        as_json_text(j, "path", other.path, AS_SHOW_PATH);
        as_json_string(j, "kind", kind_word(l.kind));
        as_json_number(j, "value", (double)l.value);
        as_json_close(j);
    }
    as_json_close(j);
done:
    return status;
}
