/* show_search.c - the search of a sealed case, for a person or a program. */
#include "show_search.h"

#include "human.h"
#include "show_sets.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

void as_search_parent(struct as_store *search, struct as_store **parent)
{
    const struct as_store_parent *is = as_store_parent(search);
    json_t *made = json_loads(as_store_provenance(search), 0, NULL);
    const char *path = json_string_value(json_object_get(made, "case"));

    *parent = NULL;
    if (is && path && as_store_open(parent, path, NULL) == AS_OK &&
        (strcmp(as_store_attr(*parent, "content_digest"), is->content_digest) != 0 ||
         as_store_items(*parent) != is->items)) {
        as_store_close(*parent);
        *parent = NULL;
    }
    json_decref(made);
}

/* "#12  photos/a.jpg" */
static enum as_status show_item(const struct as_terminal *t, const struct as_show *show,
                                uint64_t row, struct as_err *err)
{
    enum as_status status = AS_OK;
    float score[AS_DETECTORS_MAX];
    struct as_row item;
    char id[32];

    snprintf(id, sizeof id, "#%" PRIu64, row);
    fprintf(t->out, "  %-9s ", id);
    if (show->parent) {
        AS_TRY(as_store_row(show->parent, row, &item, score, err));
        as_terminal_text(t, item.path, t->width > 12 ? t->width - 12 : 0, 0);
    }
    fputc('\n', t->out);
done:
    return status;
}

/* The first items with matches; *items counts all. */
static enum as_status show_items(const struct as_terminal *t, const struct as_show *show,
                                 uint64_t *items, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t last = UINT64_MAX;
    struct as_match m;

    *items = 0;
    for (uint64_t i = 0; i < as_store_matches(show->store); i++) {
        AS_TRY(as_store_match(show->store, i, &m, err));
        if (m.row == last)
            continue;
        last = m.row;
        if ((*items)++ == 0)
            as_terminal_heading(t, "Items found");
        if (*items <= show->top)
            AS_TRY(show_item(t, show, m.row, err));
    }
done:
    return status;
}

enum as_status as_show_search(const struct as_terminal *t, const struct as_show *show,
                              struct as_err *err)
{
    const struct as_store_parent *is = as_store_parent(show->store);
    enum as_status status = AS_OK;
    uint64_t items;
    char count[32];

    as_terminal_heading(t, "Search of a sealed case");
    fprintf(t->out, "  %s items; content digest of the case\n  %s\n",
            as_human_count(is->items, count), is->content_digest);
    if (show->parent == NULL)
        fprintf(t->out, "  %sthe case is not where it was searched: items are told by number%s\n",
                as_terminal_style(t, AS_STYLE_WARN), as_terminal_style(t, AS_STYLE_END));
    AS_TRY(as_show_sets(t, show, err));
    AS_TRY(show_items(t, show, &items, err));
    if (items > show->top)
        fprintf(t->out, "  and %s more (more with --top)\n",
                as_human_count(items - show->top, count));
    if (items > 0)
        fprintf(t->out, "  assay show %s ID tells what was found of one\n", show->name);
    as_terminal_heading(t, "Seal");
    fprintf(t->out, "  content_digest %s\n  digest_exact   %s\n",
            as_store_attr(show->store, "content_digest"),
            as_store_attr(show->store, "digest_exact"));
done:
    return status;
}

enum as_status as_show_searched_item(const struct as_terminal *t, const struct as_show *show,
                                     uint64_t row, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(show_item(t, show, row, err));
    AS_TRY(as_show_matches(t, show->store, row, err));
done:
    return status;
}

/* ---- as JSON ---- */

static enum as_status item_json(struct as_json *j, const struct as_show *show, uint64_t row,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    float score[AS_DETECTORS_MAX];
    struct as_row item;

    as_json_count(j, "id", row);
    if (show->parent) {
        AS_TRY(as_store_row(show->parent, row, &item, score, err));
        as_json_text(j, "path", item.path, AS_SHOW_PATH);
    }
done:
    return status;
}

static enum as_status items_json(struct as_json *j, const struct as_show *show, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t last = UINT64_MAX, n = 0;
    struct as_match m;

    as_json_open(j, "items_found", '[');
    for (uint64_t i = 0; i < as_store_matches(show->store) && n < show->top; i++) {
        AS_TRY(as_store_match(show->store, i, &m, err));
        if (m.row == last)
            continue;
        last = m.row;
        n++;
        as_json_open(j, NULL, '{');
        AS_TRY(item_json(j, show, m.row, err));
        as_json_close(j);
    }
    as_json_close(j);
done:
    return status;
}

enum as_status as_show_search_json(FILE *out, const struct as_show *show, struct as_err *err)
{
    const struct as_store_parent *is = as_store_parent(show->store);
    struct as_json j = {.out = out};
    enum as_status status = AS_OK;

    as_json_open(&j, NULL, '{');
    as_json_string(&j, "schema", as_store_attr(show->store, "schema"));
    as_json_string(&j, "parent_content_digest", is->content_digest);
    as_json_string(&j, "parent_digest_exact", is->digest_exact);
    as_json_count(&j, "parent_items", is->items);
    as_json_bool(&j, "parent_found", show->parent != NULL);
    as_json_string(&j, "content_digest", as_store_attr(show->store, "content_digest"));
    as_json_string(&j, "digest_exact", as_store_attr(show->store, "digest_exact"));
    as_json_count(&j, "matches", as_store_matches(show->store));
    AS_TRY(as_show_sets_json(&j, show, err));
    AS_TRY(items_json(&j, show, err));
    as_json_close(&j);
done:
    return status;
}

enum as_status as_show_searched_item_json(FILE *out, const struct as_show *show, uint64_t row,
                                          struct as_err *err)
{
    struct as_json j = {.out = out};
    enum as_status status = AS_OK;

    as_json_open(&j, NULL, '{');
    AS_TRY(item_json(&j, show, row, err));
    AS_TRY(as_show_matches_json(&j, show->store, row, err));
    as_json_close(&j);
done:
    return status;
}
