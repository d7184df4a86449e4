/* show_origins.c - the pictures of a case that one camera took: all groups, and that of an item. */
#include "show_origins.h"

#include "human.h"

#include <inttypes.h>

enum { PICTURES_SHOWN = 20 };

/* Rows i to *end of /origins are one group, of which `first` is the first. */
static enum as_status next_origin(struct as_store *store, uint64_t i, uint64_t *end,
                                  struct as_origin *first, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_origin o;

    AS_TRY(as_store_origin(store, i, first, err));
    for (*end = i + 1; *end < as_store_origins(store); ++*end) {
        AS_TRY(as_store_origin(store, *end, &o, err));
        if (o.group != first->group)
            break;
    }
done:
    return status;
}

/* The group that a row is in: rows *i to *end; false: it is in none. */
static enum as_status find_origin(struct as_store *store, uint64_t row, uint64_t *i, uint64_t *end,
                                  struct as_origin *o, bool *found, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_origin first;

    *found = false;
    for (*i = *end = 0; *end < as_store_origins(store) && !*found;) {
        *i = *end;
        AS_TRY(next_origin(store, *i, end, &first, err));
        for (uint64_t k = *i; k < *end && !*found; k++) {
            AS_TRY(as_store_origin(store, k, o, err));
            *found = o->row == row;
        }
    }
done:
    return status;
}

enum as_status as_show_origins(const struct as_terminal *t, const struct as_show *show,
                               struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint64_t n = as_store_origins(show->store);
    float score[AS_DETECTORS_MAX];
    struct as_origin first;
    struct as_row row;
    uint64_t groups = 0;
    char id[32], count[32];

    if (n > 0)
        as_terminal_heading(t, "Taken by one camera, as the noise supports");
    for (uint64_t i = 0, end; i < n; i = end, groups++) {
        AS_TRY(next_origin(show->store, i, &end, &first, err));
        if (groups >= show->top)
            continue;
        AS_TRY(as_store_row(show->store, first.row, &row, score, err));
        snprintf(id, sizeof id, "#%" PRIu64, row.id);
        fprintf(t->out, "  %-9s ", id);
        as_terminal_text(t, row.path, t->width > 12 ? t->width - 12 : 0, 0);
        fprintf(t->out, "\n            and %s more\n", as_human_count(end - i - 1, count));
    }
    if (groups > show->top)
        fprintf(t->out, "  and %" PRIu64 " more groups (more with --top)\n", groups - show->top);
done:
    return status;
}

enum as_status as_show_origin_of(const struct as_terminal *t, const struct as_show *show,
                                 uint64_t row, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_origin o;
    struct as_row other;
    float score[AS_DETECTORS_MAX];
    uint64_t i, end, shown = 0;
    bool found;

    AS_TRY(find_origin(show->store, row, &i, &end, &o, &found, err));
    if (!found)
        goto done;
    as_terminal_heading(t, "Taken by the same camera, as the noise supports");
    fprintf(t->out, "  PCE %.0f with the mean of the others, false alarm %.2g\n", (double)o.value,
            (double)o.p);
    for (; i < end && shown < PICTURES_SHOWN; i++) {
        AS_TRY(as_store_origin(show->store, i, &o, err));
        if (o.row == row)
            continue;
        AS_TRY(as_store_row(show->store, o.row, &other, score, err));
        fprintf(t->out, "  #%-8" PRIu64 " ", other.id);
        as_terminal_text(t, other.path, t->width > 12 ? t->width - 12 : 0, 0);
        fputc('\n', t->out);
        shown++;
    }
    if (i < end)
        fprintf(t->out, "  and more (all with --json)\n");
done:
    return status;
}

/* Rows i to end of /origins as an array of pictures. */
static enum as_status pictures_json(struct as_json *j, struct as_store *store, const char *key,
                                    uint64_t i, uint64_t end, struct as_err *err)
{
    enum as_status status = AS_OK;
    float score[AS_DETECTORS_MAX];
    struct as_origin o;
    struct as_row row;

    as_json_open(j, key, '[');
    for (; i < end; i++) {
        AS_TRY(as_store_origin(store, i, &o, err));
        AS_TRY(as_store_row(store, o.row, &row, score, err));
        as_json_open(j, NULL, '{');
        as_json_count(j, "id", row.id);
        as_json_text(j, "path", row.path, AS_SHOW_PATH);
        as_json_number(j, "pce", (double)o.value);
        as_json_number(j, "p_false_alarm", (double)o.p);
        as_json_close(j);
    }
    as_json_close(j);
done:
    return status;
}

enum as_status as_show_origins_json(struct as_json *j, const struct as_show *show,
                                    struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint64_t n = as_store_origins(show->store);
    struct as_origin first;
    uint64_t groups = 0;

    as_json_open(j, "same_camera", '[');
    for (uint64_t i = 0, end; i < n && groups < show->top; i = end, groups++) {
        AS_TRY(next_origin(show->store, i, &end, &first, err));
        AS_TRY(pictures_json(j, show->store, NULL, i, end, err));
    }
    as_json_close(j);
done:
    return status;
}

enum as_status as_show_origin_of_json(struct as_json *j, const struct as_show *show, uint64_t row,
                                      struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_origin o;
    uint64_t i, end;
    bool found;

    AS_TRY(find_origin(show->store, row, &i, &end, &o, &found, err));
    status = pictures_json(j, show->store, "same_camera", found ? i : 0, found ? end : 0, err);
done:
    return status;
}
