/* show_related.c - copies, near-copies and matches: of a case, and of an item.
 *
 * 1 words   2 the case   3 an item   4 as JSON                                      */
#include "show_related.h"

#include "human.h"
#include "relations.h"

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

static const char *set_word(uint16_t kind)
{
    return kind < AS_SET_KINDS ? as_set_words[kind] : "unknown";
}

/* "the same bytes", "near-identical picture, 4 of 256 bits differ", ... */
static const char *likeness(uint16_t kind, float value, char *to, size_t n)
{
    switch (kind) {
    case AS_MATCH_HASH:
        return value == AS_KNOWN_BAD    ? "the same bytes, known bad"
               : value == AS_KNOWN_GOOD ? "the same bytes, known good"
                                        : "the same bytes";
    case AS_MATCH_CODE:
        snprintf(to, n, "near-identical picture, %.0f of 256 bits differ", (double)value);
        break;
    case AS_MATCH_SIMILAR:
        snprintf(to, n, "similar, %.3f", (double)value);
        break;
    default:
        snprintf(to, n, "the same sensor's noise, PCE %.1f", (double)value);
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

/* Matches of a set. */
struct count {
    uint64_t all, good, bad; /* known good and known bad among all */
};

static bool is_bad(const struct as_match *m)
{
    return m->kind == AS_MATCH_HASH && m->value == AS_KNOWN_BAD;
}

/* Matches of each set, malloc'd. */
static enum as_status count_matches(struct as_store *store, uint32_t nsets, struct count **count,
                                    struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_match m;

    if ((*count = calloc((size_t)nsets + 1, sizeof **count)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to count matches");
    for (uint64_t i = 0; i < as_store_matches(store); i++) {
        AS_TRY(as_store_match(store, i, &m, err));
        (*count)[m.set].all++;
        (*count)[m.set].bad += is_bad(&m);
        (*count)[m.set].good += m.kind == AS_MATCH_HASH && m.value == AS_KNOWN_GOOD;
    }
done:
    return status;
}

/* ---- 2. the case ---- */

/* The first items that a set lists as known bad. */
static enum as_status show_bad(const struct as_terminal *t, const struct as_show *show,
                               uint32_t set, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t shown = 0;
    float score[AS_DETECTORS_MAX];
    struct as_match m;
    struct as_row row;
    char id[32];

    for (uint64_t i = 0; i < as_store_matches(show->store) && shown < show->top; i++) {
        AS_TRY(as_store_match(show->store, i, &m, err));
        if (m.set != set || !is_bad(&m))
            continue;
        AS_TRY(as_store_row(show->store, m.row, &row, score, err));
        snprintf(id, sizeof id, "#%" PRIu64, row.id);
        fprintf(t->out, "    %-9s ", id);
        as_terminal_text(t, row.path, t->width > 14 ? t->width - 14 : 0, 0);
        fputc('\n', t->out);
        shown++;
    }
done:
    return status;
}

/* "7 matches", of a set of known hashes "7 matches: 5 known good, 2 known bad" */
static void show_count(const struct as_terminal *t, const struct as_set_row *set,
                       const struct count *c)
{
    char a[32], b[32];
    bool known = set->kind == AS_SET_KNOWN, alarm = c->bad > 0 || (!known && c->all > 0);

    fprintf(t->out, "%s%s %s",
            as_terminal_style(t, alarm ? AS_STYLE_BAD : c->all ? AS_STYLE_END : AS_STYLE_DIM),
            as_human_count(c->all, a), c->all == 1 ? "match" : "matches");
    if (known && c->all > 0)
        fprintf(t->out, ": %s known good, %s known bad", as_human_count(c->good, a),
                as_human_count(c->bad, b));
    fprintf(t->out, "%s\n", as_terminal_style(t, AS_STYLE_END));
}

/* The name of a set, with its digest where another one is called so too. */
static void show_set_name(const struct as_terminal *t, const struct as_set_row *sets, uint32_t n,
                          uint32_t i)
{
    bool alone = true;

    for (uint32_t k = 0; k < n; k++)
        alone = alone && (k == i || strcmp(sets[k].name, sets[i].name) != 0);
    as_terminal_text(t, as_text_of(sets[i].name), t->width > 24 ? t->width - 24 : 0, 0);
    if (!alone)
        fprintf(t->out, " (digest %.12s)", sets[i].digest);
}

static enum as_status show_sets(const struct as_terminal *t, const struct as_show *show,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_set_row *sets;
    uint32_t n = as_store_sets(show->store, &sets);
    struct count *count = NULL;
    char a[32];

    if (n == 0)
        return AS_OK;
    AS_TRY(count_matches(show->store, n, &count, err));
    as_terminal_heading(t, "Searched for");
    for (uint32_t i = 0; i < n; i++) {
        fputs("  ", t->out);
        show_set_name(t, sets, n, i);
        fprintf(t->out, "\n    %s set of %s: ", set_word(sets[i].kind),
                as_human_count(sets[i].rows, a));
        show_count(t, &sets[i], &count[i]);
        AS_TRY(show_bad(t, show, i, err));
    }
done:
    free(count);
    return status;
}

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

    AS_TRY(show_sets(t, show, err));
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

static enum as_status show_matches(const struct as_terminal *t, struct as_store *store,
                                   uint64_t row, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_set_row *sets;
    uint64_t any = 0;
    struct as_match m;
    char text[96];

    const uint32_t n = as_store_sets(store, &sets);
    for (uint64_t i = 0; i < as_store_matches(store); i++) {
        AS_TRY(as_store_match(store, i, &m, err));
        if (m.row != row)
            continue;
        if (any++ == 0)
            as_terminal_heading(t, "Found in reference sets");
        fputs("  ", t->out);
        show_set_name(t, sets, n, m.set);
        fprintf(t->out, ", reference %" PRIu64 ": %s", m.reference,
                likeness(m.kind, m.value, text, sizeof text));
        if (isfinite(m.p))
            fprintf(t->out, " (by chance with probability %.2g)", (double)m.p);
        fputc('\n', t->out);
    }
done:
    return status;
}

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
    fprintf(t->out, "\n            %s\n", likeness(l->kind, l->value, text, sizeof text));
done:
    return status;
}

enum as_status as_show_links(const struct as_terminal *t, const struct as_show *show, uint64_t row,
                             struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t n = 0;
    struct as_link l;

    AS_TRY(show_matches(t, show->store, row, err));
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

static enum as_status sets_json(struct as_json *j, struct as_store *store, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_set_row *sets;
    uint32_t n = as_store_sets(store, &sets);
    struct count *count = NULL;

    AS_TRY(count_matches(store, n, &count, err));
    as_json_open(j, "sets", '[');
    for (uint32_t i = 0; i < n; i++) {
        as_json_open(j, NULL, '{');
        as_json_text(j, "name", as_text_of(sets[i].name), AS_SHOW_VALUE);
        as_json_text(j, "path", as_text_of(sets[i].path), AS_SHOW_PATH);
        as_json_string(j, "kind", set_word(sets[i].kind));
        as_json_string(j, "digest", sets[i].digest);
        as_json_count(j, "references", sets[i].rows);
        as_json_count(j, "matches", count[i].all);
        as_json_count(j, "known_good", count[i].good);
        as_json_count(j, "known_bad", count[i].bad);
        as_json_close(j);
    }
    as_json_close(j);
done:
    free(count);
    return status;
}

enum as_status as_show_related_json(struct as_json *j, const struct as_show *show,
                                    struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_relations *r = NULL;
    float score[AS_DETECTORS_MAX];
    struct as_row row;

    AS_TRY(sets_json(j, show->store, err));
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

static enum as_status matches_json(struct as_json *j, struct as_store *store, uint64_t row,
                                   struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_set_row *sets;
    struct as_match m;

    as_store_sets(store, &sets);
    as_json_open(j, "matches", '[');
    for (uint64_t i = 0; i < as_store_matches(store); i++) {
        AS_TRY(as_store_match(store, i, &m, err));
        if (m.row != row)
            continue;
        as_json_open(j, NULL, '{');
        as_json_text(j, "set", as_text_of(sets[m.set].name), AS_SHOW_VALUE);
        as_json_string(j, "set_digest", sets[m.set].digest);
        as_json_count(j, "reference", m.reference);
        as_json_string(j, "kind", kind_word(m.kind));
        as_json_number(j, "value", (double)m.value);
        as_json_number(j, "p_false_alarm", (double)m.p);
        as_json_close(j);
    }
    as_json_close(j);
done:
    return status;
}

enum as_status as_show_links_json(struct as_json *j, const struct as_show *show, uint64_t row,
                                  struct as_err *err)
{
    enum as_status status = AS_OK;
    float score[AS_DETECTORS_MAX];
    struct as_row other;
    struct as_link l;

    AS_TRY(matches_json(j, show->store, row, err));
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
