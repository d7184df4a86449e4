/* hashset_text.c - hash sets in lines: CSV with a header, or a list.
 *
 * In CSV a quote ends a field only before a separator or the end of the line, so
 * names with stray quotes, which real sets have, do not shift the columns.
 *
 * 1 lines   2 CSV   3 lists                                                     */
#include "hashset_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 1 << 16, COLUMNS_MAX = 256, UNDECIDED = 0 };

/* A line, without its end. */
struct line {
    char text[LINE_MAX_BYTES];
    size_t n;
};

/* How the lines are to be taken. */
struct form {
    char separator;                 /* UNDECIDED: a list */
    uint32_t column[AS_HASH_KINDS]; /* from 0; COLUMNS_MAX: none */
    uint32_t category;              /* likewise */
    bool twice;                     /* two columns of one name */
};

/* 1 lines ---------------------------------------------------------------------------------- */

static enum as_status next_line(struct as_hashset *h, struct line *line, struct as_err *err)
{
    enum as_status status = AS_OK;
    bool ended = false;

    line->n = 0;
    while (!ended) {
        if (h->at == h->held && (status = as_hashset_fill(h, err)) != AS_OK)
            break;
        const uint8_t *from = h->buf + h->at, *end = memchr(from, '\n', h->held - h->at);
        size_t n = end != NULL ? (size_t)(end - from) : h->held - h->at;
        if (n > sizeof line->text - line->n)
            AS_FAIL(err, AS_EFORMAT, "%s, line %" PRIu64 ": longer than %zu bytes", h->path,
                    h->line + 1, sizeof line->text);
        memcpy(line->text + line->n, from, n);
        line->n += n;
        h->at += n + (end != NULL);
        ended = end != NULL;
    }
    if (status > AS_END || (status == AS_END && line->n == 0))
        goto done;
    status = AS_OK;
    h->line++;
    if (line->n > 0 && line->text[line->n - 1] == '\r')
        line->n--;
done:
    return status;
}

/* 2 CSV ------------------------------------------------------------------------------------ */

/* Takes the field at *at, without its quotes; false behind the last. */
static bool next_field(const struct line *line, size_t *at, char separator, struct as_text *field)
{
    size_t i = *at;
    const char *text = line->text;
    bool quoted = i < line->n && text[i] == '"';

    if (i > line->n)
        return false;
    if (quoted)
        for (i++;
             i < line->n && !(text[i] == '"' && (i + 1 == line->n || text[i + 1] == separator));)
            i += text[i] == '"' && text[i + 1] == '"' ? 2 : 1;
    if (!quoted)
        while (i < line->n && text[i] != separator)
            i++;
    i = i < line->n ? i : line->n;
    *field = (struct as_text){text + *at + quoted, (uint32_t)(i - *at - quoted)};
    *at = quoted ? i + 2 : i + 1; /* behind quote and separator */
    return true;
}

static void trim(struct as_text *field)
{
    while (field->len > 0 && field->at[0] == ' ') {
        field->at++;
        field->len--;
    }
    while (field->len > 0 && field->at[field->len - 1] == ' ')
        field->len--;
}

/* Takes the line as a header; form->separator stays UNDECIDED where it names no hash. */
static void read_header(const struct line *line, struct form *form)
{
    static const char SEPARATORS[] = ",\t;|";
    struct as_text field;

    for (const char *s = SEPARATORS; *s != '\0' && form->separator == UNDECIDED; s++) {
        size_t at = 0;
        for (int k = 0; k < AS_HASH_KINDS; k++)
            form->column[k] = COLUMNS_MAX;
        form->category = COLUMNS_MAX;
        form->twice = false;
        for (uint32_t c = 0; c < COLUMNS_MAX && next_field(line, &at, *s, &field); c++) {
            trim(&field);
            enum as_hash_kind kind = as_hash_kind_named(field.at, field.len);
            const bool category = as_hash_names_category(field.at, field.len);
            uint32_t *to = category ? &form->category : &form->column[kind % AS_HASH_KINDS];
            if (!category && kind == AS_HASH_KINDS)
                continue;
            form->twice = form->twice || *to != COLUMNS_MAX;
            *to = c;
            if (!category)
                form->separator = *s;
        }
    }
}

/* Takes what field c says, if anything is asked of it. */
static enum as_status take_field(const struct as_hashset *h, const struct form *form, uint32_t c,
                                 struct as_text field, struct as_hash_entry *entry,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;

    trim(&field);
    const int shown = field.len < 70 ? (int)field.len : 70;
    for (int k = 0; k < AS_HASH_KINDS; k++)
        if (form->column[k] == c && !as_hash_take(entry, (enum as_hash_kind)k, field.at, field.len))
            AS_FAIL(err, AS_EFORMAT,
                    "%s, line %" PRIu64 ": \"%.*s\" in column %" PRIu32 " is no such hash", h->path,
                    h->line, shown, field.at, c + 1);
    if (form->category == c && !as_hash_take_category(entry, field.at, field.len))
        AS_FAIL(err, AS_EFORMAT,
                "%s, line %" PRIu64 ": \"%.*s\" in column %" PRIu32
                " is no VICS category, a number of 0 to %d",
                h->path, h->line, shown, field.at, c + 1, AS_HASHSET_CATEGORY_MAX);
done:
    return status;
}

static enum as_status read_row(struct as_hashset *h, const struct line *line,
                               const struct form *form, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_hash_entry entry = {.category = AS_HASHSET_NO_CATEGORY};
    struct as_text field;
    size_t at = 0;
    uint32_t least = COLUMNS_MAX, c = 0;

    for (; next_field(line, &at, form->separator, &field); c++)
        AS_TRY(take_field(h, form, c, field, &entry, err));
    for (int k = 0; k < AS_HASH_KINDS; k++)
        least = form->column[k] < least ? form->column[k] : least;
    if (form->category < COLUMNS_MAX && form->category > least)
        least = form->category; /* a line that was cut would lose it */
    if (c <= least)
        AS_FAIL(err, AS_EFORMAT, "%s, line %" PRIu64 ": has only %" PRIu32 " columns", h->path,
                h->line, c);
    AS_TRY(as_hashset_give(h, &entry, err));
done:
    return status;
}

/* 3 lists ---------------------------------------------------------------------------------- */

/* The hash of a line as `md5sum --tag` writes it: "MD5 (name) = hash". */
static bool take_tagged(const struct line *line, struct as_hash_entry *entry)
{
    const char *space = memchr(line->text, ' ', line->n);
    size_t n = line->n;

    if (space == NULL || (size_t)(space - line->text) + 1 >= n || space[1] != '(')
        return false;
    enum as_hash_kind kind = as_hash_kind_named(line->text, (size_t)(space - line->text));
    if (kind == AS_HASH_KINDS || n < 2 * as_hash_bytes(kind) + 4)
        return false;
    const char *hash = line->text + n - 2 * as_hash_bytes(kind);
    return memcmp(hash - 4, ") = ", 4) == 0 &&
           as_hash_take(entry, kind, hash, 2 * as_hash_bytes(kind));
}

static enum as_status read_list_line(struct as_hashset *h, const struct line *line,
                                     struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_hash_entry entry = {.category = AS_HASHSET_NO_CATEGORY};
    const char *text = line->text;
    size_t n = line->n, k = 0;

    if (n > 0 && text[0] == '\\') { /* sha256sum: the name is escaped */
        text++;
        n--;
    }
    while (n > 0 && (*text == ' ' || *text == '\t')) {
        text++;
        n--;
    }
    if (n == 0 || *text == '#')
        goto done;
    while (k < n && (text[k] == '\0' || strchr(" \t,;|", text[k]) == NULL))
        k++;
    if (!take_tagged(line, &entry) && !as_hash_take(&entry, AS_HASH_KINDS, text, k))
        AS_FAIL(err, AS_EFORMAT, "%s, line %" PRIu64 ": \"%.*s\" is no MD5, SHA-1 or SHA-256%s",
                h->path, h->line, k < 70 ? (int)k : 70, text,
                h->line == 1 ? ", and the line names no column md5, sha1 or sha256" : "");
    AS_TRY(as_hashset_give(h, &entry, err));
done:
    return status;
}

/* Lines of hashdeep that tell of it: "%%%% HASHDEEP-1.0", "%%%% size,md5,sha256,filename". */
static bool take_percent(struct line *line, struct form *form)
{
    if (line->n < 5 || memcmp(line->text, "%%%% ", 5) != 0)
        return false;
    line->n -= 5;
    memmove(line->text, line->text + 5, line->n);
    read_header(line, form);
    return true;
}

enum as_status as_hashset_text(struct as_hashset *h, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct form form = {.separator = UNDECIDED};
    struct line *line = malloc(sizeof *line);
    bool first = true;

    h->counts->form = "a list";
    if (line == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to read %s", h->path);
    while ((status = next_line(h, line, err)) == AS_OK) {
        bool told = first && take_percent(line, &form);
        if ((told && !form.twice) || line->n == 0 || line->text[0] == '#')
            continue;
        if (first && form.separator == UNDECIDED) {
            read_header(line, &form);
            told = form.separator != UNDECIDED;
        }
        if (told && form.twice)
            AS_FAIL(err, AS_EFORMAT,
                    "%s, line %" PRIu64 ": two columns have one name; which is meant?", h->path,
                    h->line);
        if (!told)
            AS_TRY(form.separator != UNDECIDED ? read_row(h, line, &form, err)
                                               : read_list_line(h, line, err));
        first = false;
    }
    if (status == AS_END)
        status = AS_OK;
    if (form.separator != UNDECIDED)
        h->counts->form = form.separator == '\t' ? "TSV" : "CSV";
done:
    free(line);
    return status;
}
