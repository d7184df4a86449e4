/* show_sets.c - what reference sets hold of a case, and of an item.
 *
 * 1 counting   2 the case   3 an item   4 as JSON                                    */
#include "show_sets.h"

#include "../verdict.h"
#include "human.h"
#include "show_maps.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. counting ---- */

static const char *set_word(uint16_t kind)
{
    return kind < AS_SET_KINDS ? as_set_words[kind] : "unknown";
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

/* A reference and the items that match it. */
struct tally {
    uint64_t reference, row, items; /* row: only while they are counted */
    uint64_t match;                 /* one of them, which has the name  */
    uint16_t set;
};

static int order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_reference(const void *a, const void *b)
{
    const struct tally *x = a, *y = b;

    if (x->set != y->set)
        return order(x->set, y->set);
    return x->reference != y->reference ? order(x->reference, y->reference) : order(x->row, y->row);
}

static int by_items(const void *a, const void *b)
{
    const struct tally *x = a, *y = b;

    if (x->set != y->set)
        return order(x->set, y->set);
    return x->items != y->items ? order(y->items, x->items) : order(x->reference, y->reference);
}

/* Makes one of all that are of one reference; an item counts once. */
static uint64_t unite(struct tally *t, uint64_t n)
{
    uint64_t to = 0, row = 0;

    qsort(t, n, sizeof *t, by_reference);
    for (uint64_t i = 0; i < n; i++) {
        const bool first =
            i == 0 || t[i].set != t[to - 1].set || t[i].reference != t[to - 1].reference;
        if (first) {
            row = t[i].row;
            t[to] = t[i];
            t[to++].items = 1;
        } else if (t[i].row != row) {
            row = t[i].row;
            t[to - 1].items++;
        }
    }
    qsort(t, to, sizeof *t, by_items);
    return to;
}

/* The references of media and cameras that match, malloc'd; by set, the most items first. */
static enum as_status tally_references(struct as_store *store, struct tally **tally, uint64_t *n,
                                       struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint64_t matches = as_store_matches(store);
    const struct as_set_row *sets;
    struct as_match m;

    *n = 0;
    as_store_sets(store, &sets);
    if ((*tally = calloc(matches + 1, sizeof **tally)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to count matches");
    for (uint64_t i = 0; i < matches; i++) {
        AS_TRY(as_store_match(store, i, &m, err));
        if (sets[m.set].kind != AS_SET_KNOWN)
            (*tally)[(*n)++] =
                (struct tally){.reference = m.reference, .row = m.row, .match = i, .set = m.set};
    }
    *n = *n > 0 ? unite(*tally, *n) : 0;
done:
    return status;
}

/* ---- 2. the case ---- */

/* "    14 pictures match camera X" */
static enum as_status show_tally(const struct as_terminal *t, struct as_store *store,
                                 const struct tally *of, bool camera, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_text name;
    char count[32];

    AS_TRY(as_store_match_name(store, of->match, &name, err));
    fprintf(t->out, "    %s %s %s ", as_human_count(of->items, count),
            camera           ? of->items == 1 ? "picture" : "pictures"
            : of->items == 1 ? "item"
                             : "items",
            camera           ? of->items == 1 ? "matches camera" : "match camera"
            : of->items == 1 ? "is like"
                             : "are like");
    if (name.len > 0)
        as_terminal_text(t, name, t->width > 40 ? t->width - 40 : 0, 0);
    else
        fprintf(t->out, "reference %" PRIu64, of->reference);
    fputc('\n', t->out);
done:
    return status;
}

/* The references of a set that most items match; *at: where they begin, then where they end. */
static enum as_status show_tallies(const struct as_terminal *t, const struct as_show *show,
                                   const struct tally *tally, uint64_t n, uint64_t *at,
                                   uint16_t set, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_set_row *sets;
    uint64_t first = *at;

    as_store_sets(show->store, &sets);
    for (; *at < n && tally[*at].set == set; ++*at)
        if (*at - first < show->top)
            AS_TRY(show_tally(t, show->store, &tally[*at], sets[set].kind == AS_SET_CAMERA, err));
    if (*at - first > show->top)
        fprintf(t->out, "    and %" PRIu64 " more references (more with --top)\n",
                *at - first - show->top);
done:
    return status;
}

/* The first items that a set lists as known bad. */
static enum as_status show_bad(const struct as_terminal *t, const struct as_show *show,
                               uint32_t set, struct as_err *err)
{
    struct as_store *items = as_store_parent(show->store) ? show->parent : show->store;
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
        snprintf(id, sizeof id, "#%" PRIu64, m.row);
        fprintf(t->out, "    %-9s ", id);
        if (items != NULL) {
            AS_TRY(as_store_row(items, m.row, &row, score, err));
            as_terminal_text(t, row.path, t->width > 14 ? t->width - 14 : 0, 0);
        }
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
            as_terminal_style(t, alarm    ? AS_STYLE_BAD
                                 : c->all ? AS_STYLE_END
                                          : AS_STYLE_DIM),
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

enum as_status as_show_sets(const struct as_terminal *t, const struct as_show *show,
                            struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_set_row *sets;
    uint32_t n = as_store_sets(show->store, &sets);
    struct count *count = NULL;
    struct tally *tally = NULL;
    uint64_t ntally = 0, at = 0;
    char a[32];

    if (n == 0)
        return AS_OK;
    AS_TRY(count_matches(show->store, n, &count, err));
    AS_TRY(tally_references(show->store, &tally, &ntally, err));
    as_terminal_heading(t, "Searched for");
    for (uint16_t i = 0; i < n; i++) {
        fputs("  ", t->out);
        show_set_name(t, sets, n, i);
        fprintf(t->out, "\n    %s set of %s: ", set_word(sets[i].kind),
                as_human_count(sets[i].rows, a));
        show_count(t, &sets[i], &count[i]);
        AS_TRY(show_bad(t, show, i, err));
        AS_TRY(show_tallies(t, show, tally, ntally, &at, i, err));
    }
    if (as_store_parent(show->store))
        AS_TRY(as_show_maps(t, show->store, err));
done:
    free(count);
    free(tally);
    return status;
}

/* ---- 3. an item ---- */

static enum as_status show_match(const struct as_terminal *t, struct as_store *store, uint64_t i,
                                 const struct as_match *m, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_set_row *sets;
    const uint32_t n = as_store_sets(store, &sets);
    struct as_text name;
    char text[1024], bytes[512];

    AS_TRY(as_store_match_name(store, i, &name, err));
    snprintf(bytes, sizeof bytes, "%.*s", (int)(name.len < 500 ? name.len : 500), name.at);
    as_verdict_match(text, sizeof text, sets[m->set].kind, m, bytes, 0);
    fputs("  ", t->out);
    show_set_name(t, sets, n, m->set);
    fprintf(t->out, ", reference %" PRIu64 "\n    ", m->reference);
    as_terminal_wrap(t, 4, 4, as_text_of(text), AS_SHOW_VALUE);
    if (m->kind == AS_MATCH_CAMERA && (m->turn || m->scale != 1 || m->left != 0 || m->top != 0))
        fprintf(t->out,
                "    turned by %u degrees clockwise, at %.3f of the camera's scale, it begins at "
                "%.0f, %.0f\n",
                90U * (m->turn & 3U), (double)m->scale, (double)m->left, (double)m->top);
done:
    return status;
}

enum as_status as_show_matches(const struct as_terminal *t, struct as_store *store, uint64_t row,
                               struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t any = 0;
    struct as_match m;

    for (uint64_t i = 0; i < as_store_matches(store); i++) {
        AS_TRY(as_store_match(store, i, &m, err));
        if (m.row > row)
            break;
        if (m.row != row)
            continue;
        if (any++ == 0)
            as_terminal_heading(t, "Found in reference sets");
        AS_TRY(show_match(t, store, i, &m, err));
    }
    AS_TRY(as_show_map(t, store, row, err));
done:
    return status;
}

/* ---- 4. as JSON ---- */

static enum as_status tallies_json(struct as_json *j, const struct as_show *show,
                                   const struct tally *tally, uint64_t n, uint64_t *at,
                                   uint16_t set, struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint64_t first = *at;
    struct as_text name;

    as_json_open(j, "references_found", '[');
    for (; *at < n && tally[*at].set == set; ++*at) {
        if (*at - first >= show->top)
            continue;
        AS_TRY(as_store_match_name(show->store, tally[*at].match, &name, err));
        as_json_open(j, NULL, '{');
        as_json_count(j, "reference", tally[*at].reference);
        as_json_text(j, "name", name, AS_SHOW_PATH);
        as_json_count(j, "items", tally[*at].items);
        as_json_close(j);
    }
    as_json_close(j);
done:
    return status;
}

static void set_json(struct as_json *j, const struct as_set_row *set, const struct count *count)
{
    as_json_text(j, "name", as_text_of(set->name), AS_SHOW_VALUE);
    as_json_text(j, "path", as_text_of(set->path), AS_SHOW_PATH);
    as_json_string(j, "kind", set_word(set->kind));
    as_json_string(j, "digest", set->digest);
    as_json_count(j, "references", set->rows);
    as_json_count(j, "matches", count->all);
    as_json_count(j, "known_good", count->good);
    as_json_count(j, "known_bad", count->bad);
    as_json_string(j, "limits", as_verdict_limits(set->kind));
}

enum as_status as_show_sets_json(struct as_json *j, const struct as_show *show, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_set_row *sets;
    const uint32_t n = as_store_sets(show->store, &sets);
    struct count *count = NULL;
    struct tally *tally = NULL;
    uint64_t ntally = 0, at = 0;

    AS_TRY(count_matches(show->store, n, &count, err));
    AS_TRY(tally_references(show->store, &tally, &ntally, err));
    as_json_open(j, "sets", '[');
    for (uint16_t i = 0; i < n; i++) {
        as_json_open(j, NULL, '{');
        set_json(j, &sets[i], &count[i]);
        AS_TRY(tallies_json(j, show, tally, ntally, &at, i, err));
        as_json_close(j);
    }
    as_json_close(j);
done:
    free(count);
    free(tally);
    return status;
}

/* How the item lies on the camera. */
static void lie_json(struct as_json *j, const struct as_match *m)
{
    as_json_count(j, "turned_clockwise_degrees", 90 * (uint64_t)(m->turn & 3));
    as_json_number(j, "scale", (double)m->scale);
    as_json_number(j, "left", (double)m->left);
    as_json_number(j, "top", (double)m->top);
}

static enum as_status match_json(struct as_json *j, struct as_store *store, uint64_t i,
                                 const struct as_match *m, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_set_row *sets;
    struct as_text name;

    as_store_sets(store, &sets);
    AS_TRY(as_store_match_name(store, i, &name, err));
    as_json_open(j, NULL, '{');
    as_json_text(j, "set", as_text_of(sets[m->set].name), AS_SHOW_VALUE);
    as_json_string(j, "set_digest", sets[m->set].digest);
    as_json_string(j, "set_kind", set_word(sets[m->set].kind));
    as_json_count(j, "reference", m->reference);
    as_json_text(j, "name", name, AS_SHOW_PATH);
    as_json_string(j, "kind", as_match_words[m->kind]);
    as_json_number(j, "value", (double)m->value);
    as_json_number(j, "p_false_alarm", m->p);
    as_json_count(j, "others_compared", m->others);
    as_json_number(j, "best_of_others", m->others > 0 ? (double)m->other : (double)NAN);
    if (m->kind == AS_MATCH_CAMERA) {
        as_json_string(j, "others_share", as_beside_words[m->beside]);
        lie_json(j, m);
    }
    as_json_close(j);
done:
    return status;
}

enum as_status as_show_matches_json(struct as_json *j, struct as_store *store, uint64_t row,
                                    struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_match m;

    as_json_open(j, "matches", '[');
    for (uint64_t i = 0; i < as_store_matches(store); i++) {
        AS_TRY(as_store_match(store, i, &m, err));
        if (m.row > row)
            break;
        if (m.row == row)
            AS_TRY(match_json(j, store, i, &m, err));
    }
    as_json_close(j);
    AS_TRY(as_show_map_json(j, store, row, err));
done:
    return status;
}
