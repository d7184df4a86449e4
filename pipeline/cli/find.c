/* find.c - the item a user means by an id or by a path. */
#include "find.h"

#include "../log.h"
#include "../report/terminal.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CANDIDATES = 10 };

/* The search for an item by what the user typed. */
struct search {
    uint64_t id; /* UINT64_MAX: not a number */
    char *bytes; /* the path typed, with \xNN turned back */
    size_t len;
    const char *typed;
    uint64_t row, next; /* where it is; the row now looked at */
    bool exact, by_id;  /* how it was found                   */
    uint64_t found;     /* how many end in it                 */
    uint64_t candidate[CANDIDATES];
};

static bool starts_a_name(const struct as_text *path, size_t at)
{
    return at == 0 || path->at[at - 1] == '/' ||
           (at >= 2 && path->at[at - 1] == '>' && path->at[at - 2] == '>');
}

static bool ends_in(const struct as_text *path, const char *tail, size_t n)
{
    return n > 0 && path->len >= n && memcmp(path->at + path->len - n, tail, n) == 0 &&
           starts_a_name(path, path->len - n);
}

static enum as_status look(void *state, const struct as_row *row, struct as_err *err)
{
    struct search *s = state;
    size_t typed = strlen(s->typed);
    bool tail = ends_in(&row->path, s->bytes, s->len) || ends_in(&row->path, s->typed, typed);
    bool whole = tail && (row->path.len == s->len || row->path.len == typed);

    (void)err;
    if (row->part == 0 && row->id == s->id) {
        s->by_id = true;
        s->row = s->next;
    } else if (row->part == 0 && whole && !s->exact && !s->by_id) {
        s->exact = true;
        s->row = s->next;
    } else if (row->part == 0 && tail && !s->exact && !s->by_id) {
        if (s->found < CANDIDATES)
            s->candidate[s->found] = s->next;
        if (s->found++ == 0)
            s->row = s->next;
    }
    s->next++;
    return AS_OK;
}

/* The number in "123" or "#123", else UINT64_MAX. */
static uint64_t id_of(const char *text)
{
    const char *digits = text + (text[0] == '#');
    char *end;
    uint64_t id;

    if (!isdigit((unsigned char)digits[0]))
        return UINT64_MAX;
    errno = 0;
    id = strtoull(digits, &end, 10);
    return *end == 0 && errno == 0 ? id : UINT64_MAX;
}

static enum as_status name_candidates(struct as_store *store, const struct search *s,
                                      struct as_err *err)
{
    enum as_status status = AS_OK;
    float score[AS_DETECTORS_MAX];
    struct as_row row;
    char path[1024];

    for (uint64_t i = 0; i < s->found && i < CANDIDATES; i++) {
        AS_TRY(as_store_row(store, s->candidate[i], &row, score, err));
        as_show_text(path, sizeof path, row.path, AS_SHOW_PATH);
        as_log(AS_LOG_ERROR, "could be #%" PRIu64 " %s", row.id, path);
    }
    AS_FAIL(err, AS_EUSAGE, "%" PRIu64 " items end in \"%s\": give an id or more of the path",
            s->found, s->typed);
done:
    return status;
}

enum as_status as_find_item(struct as_store *store, const char *item, uint64_t *row,
                            struct as_err *err)
{
    enum as_status status = AS_OK;
    struct search s = {.id = id_of(item), .typed = item};

    if ((s.bytes = strdup(item)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory");
    s.len = as_unescape(s.bytes, strlen(s.bytes));
    AS_TRY(as_store_each(store, look, &s, err));
    if (!s.exact && !s.by_id && s.found > 1)
        AS_TRY(name_candidates(store, &s, err));
    if (!s.exact && !s.by_id && s.found == 0)
        status = AS_SKIP;
    *row = s.row;
done:
    free(s.bytes);
    return status;
}
