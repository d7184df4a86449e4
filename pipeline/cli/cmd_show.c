/* cmd_show.c - assay show CASE [ITEM]. */
#include "../log.h"
#include "../media/sniff.h"
#include "../report/human.h"
#include "../report/show_search.h"
#include "cmd.h"
#include "find.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The listing of items by status. */
struct listing {
    struct as_terminal t;
    struct as_json j;
    bool json, want[AS_ITEM_STATUSES];
};

static enum as_status list_row(void *state, const struct as_row *row, struct as_err *err)
{
    enum { HEAD = 60 };
    struct listing *l = state;
    char id[32], size[32];
    const char *word = as_item_status_name((enum as_item_status)row->status);

    (void)err;
    if (row->part != 0 || row->status >= AS_ITEM_STATUSES || !l->want[row->status])
        return AS_OK;
    if (l->json) {
        as_json_open(&l->j, NULL, '{');
        as_json_count(&l->j, "id", row->id);
        as_json_text(&l->j, "path", row->path, AS_SHOW_PATH);
        as_json_string(&l->j, "status", word);
        as_json_string(&l->j, "reason_text", as_reason_text(row->reason));
        as_json_string(&l->j, "kind", as_kind_name(row->kind));
        as_json_count(&l->j, "size", row->size);
        as_json_close(&l->j);
        return AS_OK;
    }
    snprintf(id, sizeof id, "#%" PRIu64, row->id);
    fprintf(l->t.out, "%-10s%-15s%11s  %-10s ", id, word, as_human_bytes(row->size, size),
            as_kind_name(row->kind));
    as_terminal_text(&l->t, row->path, 0, 0);
    if (as_reason_text(row->reason)[0])
        fprintf(l->t.out, "%s  (%s)%s", as_terminal_style(&l->t, AS_STYLE_DIM),
                as_reason_text(row->reason), as_terminal_style(&l->t, AS_STYLE_END));
    fputc('\n', l->t.out);
    return AS_OK;
}

/* Marks the statuses named in a list with commas. */
static enum as_status read_statuses(const char *words, bool want[AS_ITEM_STATUSES],
                                    struct as_err *err)
{
    enum as_status status = AS_OK;
    char word[32];

    for (const char *at = words; *at;) {
        size_t n = strcspn(at, ",");
        snprintf(word, sizeof word, "%.*s", (int)(n < 31 ? n : 31), at);
        int s = as_item_status_find(word);
        if (s < 0)
            AS_FAIL(err, AS_EUSAGE,
                    "--status: \"%s\" is no status; assay list reasons names them all", word);
        want[s] = true;
        at += n + (at[n] == ',');
    }
done:
    return status;
}

static enum as_status list_items(struct as_store *store, const struct as_options *o,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;
    struct listing l = {.json = o->json, .j = {.out = stdout}};

    as_terminal_init(&l.t, stdout);
    AS_TRY(read_statuses(o->status, l.want, err));
    if (l.json)
        as_json_open(&l.j, NULL, '[');
    AS_TRY(as_store_each(store, list_row, &l, err));
    if (l.json)
        as_json_close(&l.j);
done:
    return status;
}

static enum as_status show_store(const struct as_options *o, struct as_show *show, const char *item,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_summary *summary = NULL;
    struct as_terminal t;
    uint64_t row = 0;

    as_terminal_init(&t, stdout);
    if (item) {
        AS_TRY(as_find_item(show->store, item, &row, err));
        status =
            o->json ? as_show_item_json(stdout, show, row, err) : as_show_item(&t, show, row, err);
    } else if (o->status[0]) {
        status = list_items(show->store, o, err);
    } else {
        AS_TRY(as_summary_new(&summary, show->store, err));
        show->summary = summary;
        status = o->json ? as_show_case_json(stdout, show, err) : as_show_case(&t, show, err);
    }
done:
    as_summary_free(summary);
    return status;
}

/* The item of a search: a number, or a path where the case is at hand. */
static enum as_status find_searched(const struct as_show *show, const char *item, uint64_t *row,
                                    struct as_err *err)
{
    enum as_status status = AS_OK;
    char *end;

    if (show->parent)
        return as_find_item(show->parent, item, row, err);
    *row = strtoull(item + (item[0] == '#'), &end, 10);
    if (end == item || *end != '\0')
        AS_FAIL(err, AS_EUSAGE,
                "the case is not where it was searched: name the item by its number");
    status = *row < as_store_parent(show->store)->items ? AS_OK : AS_SKIP;
done:
    return status;
}

static enum as_status show_search(const struct as_options *o, struct as_show *show,
                                  const char *item, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_terminal t;
    uint64_t row = 0;

    as_terminal_init(&t, stdout);
    as_search_parent(show->store, &show->parent);
    if (o->status[0])
        AS_FAIL(err, AS_EUSAGE, "--status: a search has no statuses, its case has them");
    if (item) {
        AS_TRY(find_searched(show, item, &row, err));
        status = o->json ? as_show_searched_item_json(stdout, show, row, err)
                         : as_show_searched_item(&t, show, row, err);
    } else {
        status = o->json ? as_show_search_json(stdout, show, err) : as_show_search(&t, show, err);
    }
done:
    as_store_close(show->parent);
    return status;
}

/* A case without a store: its state is shown; an item of it cannot be. */
static int show_state(const struct as_options *o, const char *name, bool listed, struct as_err *err)
{
    struct as_progress p;
    struct as_terminal t;
    enum as_status status = as_progress_read(name, &p, err);

    if (status != AS_OK && status != AS_SKIP)
        return as_cmd_fail(err, as_exit_code(status));
    as_terminal_init(&t, stdout);
    if (o->json)
        as_show_progress_json(stdout, name, status == AS_OK ? &p : NULL);
    else
        as_show_progress(&t, name, status == AS_OK ? &p : NULL);
    return status == AS_SKIP || listed ? AS_EXIT_NO_INPUT : AS_EXIT_OK;
}

int as_cmd_show(const struct as_options *o, int argc, char **argv)
{
    struct as_show show = {.name = argv[0], .top = o->top};
    const char *item = argc > 1 ? argv[1] : NULL;
    char path[AS_CASE_PATH];
    struct as_err err;
    enum as_status status;

    as_err_clear(&err);
    if ((status = as_case_store(argv[0], path, &err)) == AS_SKIP)
        return show_state(o, argv[0], item || o->status[0], &err);
    if (status != AS_OK)
        return as_cmd_fail(&err, AS_EXIT_NO_INPUT);
    if ((status = as_store_open_any(&show.store, path, &err)) != AS_OK)
        return as_cmd_fail(&err, as_exit_code(status));
    status = as_store_parent(show.store) ? show_search(o, &show, item, &err)
                                         : show_store(o, &show, item, &err);
    as_store_close(show.store);
    if (status == AS_SKIP) {
        as_log(AS_LOG_ERROR, "no item \"%s\" in %s: an id, a path, or the last whole names of one",
               item, argv[0]);
        return AS_EXIT_NO_INPUT;
    }
    return status == AS_OK ? AS_EXIT_OK : as_cmd_fail(&err, as_exit_code(status));
}
