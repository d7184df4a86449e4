/* hashset_nsrl.c - the NSRL's Reference Data Set, version 3: an SQLite database.
 *
 * METADATA has a row for each file; FILE, a view over it in the full sets and a
 * table in the minimal ones, repeats it for each package.  Only tables are read: a
 * view is a program, which may be without end.  The database is opened as one that
 * cannot change, so that nothing is written beside it.                          */
#include "hashset_parts.h"

#include "rank.h"

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    VALUE_MAX = 1 << 20,
    STEPS = 100000, /* of SQLite's machine between looks at the signals */
    ROW_LEAST = 4   /* bytes that any row takes */
};

static const char *const COLUMNS[AS_HASH_KINDS] = {"sha256", "sha1", "md5"};

/* "file:PATH?immutable=1", the path with every byte that means something there escaped. */
static char *uri_of(const char *path)
{
    static const char SAFE[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/";
    size_t n = strlen(path);
    char *uri = calloc(n, 3), *whole = NULL;
    size_t k = 0;

    if (uri == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (strchr(SAFE, path[i]) != NULL)
            uri[k++] = path[i];
        else
            k += (size_t)snprintf(uri + k, 4, "%%%02X", (unsigned char)path[i]);
    if (asprintf(&whole, "file:%.*s?immutable=1", (int)k, uri) < 0)
        whole = NULL;
    free(uri);
    return whole;
}

/* What a program that writes it has not brought into the database yet would be missed. */
static enum as_status check_closed(const char *path, struct as_err *err)
{
    static const char *const ENDS[] = {"-wal", "-journal"};
    enum as_status status = AS_OK;
    char *name = NULL;
    struct stat st;

    for (int i = 0; i < 2; i++) {
        free(name);
        if (asprintf(&name, "%s%s", path, ENDS[i]) < 0) {
            name = NULL;
            AS_FAIL(err, AS_ENOMEM, "no memory to read %s", path);
        }
        if (stat(name, &st) == 0 && st.st_size > 0)
            AS_FAIL(err, AS_EFORMAT, "%s is being written, or was not closed: %s is beside it",
                    path, name);
    }
done:
    free(name);
    return status;
}

static int stopped(void *unused)
{
    (void)unused;
    return as_stop_signal;
}

/* Says why SQLite did not do `what`. */
static enum as_status refused(const struct as_hashset *h, sqlite3 *base, const char *what,
                              struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_hashset_go_on(err));
    AS_FAIL(err, sqlite3_errcode(base) == SQLITE_IOERR ? AS_EIO : AS_EFORMAT,
            "%s, %s row %" PRIu64 ": %s", h->path, what, h->line, sqlite3_errmsg(base));
done:
    return status;
}

static enum as_status open_base(struct as_hashset *h, sqlite3 **base, struct as_err *err)
{
    enum as_status status = AS_OK;
    char *uri = NULL;

    AS_TRY(check_closed(h->path, err));
    if ((uri = uri_of(h->path)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to read %s", h->path);
    if (sqlite3_open_v2(uri, base, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) != SQLITE_OK)
        AS_FAIL(err, AS_EIO, "cannot open %s: %s", h->path, sqlite3_errmsg(*base));
    sqlite3_db_config(*base, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(*base, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_limit(*base, SQLITE_LIMIT_LENGTH, VALUE_MAX);
    sqlite3_progress_handler(*base, STEPS, stopped, NULL);
done:
    free(uri);
    return status;
}

/* Which hashes the table has; a virtual one, which has no page of its own, is none. */
static enum as_status columns_of(struct as_hashset *h, sqlite3 *base, const char *table,
                                 bool with[AS_HASH_KINDS], struct as_err *err)
{
    enum as_status status = AS_OK;
    sqlite3_stmt *list = NULL;
    char text[300];
    int step;

    memset(with, 0, AS_HASH_KINDS * sizeof *with);
    snprintf(text, sizeof text,
             "SELECT c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c "
             "WHERE m.type = 'table' AND m.rootpage > 0 AND m.name = '%s' COLLATE NOCASE",
             table);
    if (sqlite3_prepare_v2(base, text, -1, &list, NULL) != SQLITE_OK)
        AS_TRY(refused(h, base, "before", err));
    while ((step = sqlite3_step(list)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(list, 0);
        enum as_hash_kind kind =
            as_hash_kind_named(name != NULL ? name : "", name ? strlen(name) : 0);
        if (kind < AS_HASH_KINDS)
            with[kind] = true;
    }
    if (step != SQLITE_DONE)
        AS_TRY(refused(h, base, "before", err));
done:
    sqlite3_finalize(list);
    return status;
}

/* A query for the hashes of `table`; AS_SKIP where it has none. */
static enum as_status ask(struct as_hashset *h, sqlite3 *base, const char *table,
                          sqlite3_stmt **query, struct as_err *err)
{
    enum as_status status = AS_OK;
    bool with[AS_HASH_KINDS];
    char text[200];
    int n = snprintf(text, sizeof text, "SELECT ");

    AS_TRY(columns_of(h, base, table, with, err));
    for (int k = 0; k < AS_HASH_KINDS; k++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s%s", k > 0 ? ", " : "",
                      with[k] ? COLUMNS[k] : "NULL");
    snprintf(text + n, sizeof text - (size_t)n, " FROM %s", table);
    if (!with[0] && !with[1] && !with[2])
        status = AS_SKIP;
    else if (sqlite3_prepare_v2(base, text, -1, query, NULL) != SQLITE_OK)
        AS_TRY(refused(h, base, "before", err));
done:
    return status;
}

/* Rows of a sound file; pages that stand in several places make more, without end. */
static enum as_status rows_max(const struct as_hashset *h, uint64_t *max, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct stat st;

    if (fstat(h->fd, &st) != 0)
        AS_FAIL(err, AS_EIO, "cannot stat %s: %s", h->path, strerror(errno));
    *max = (uint64_t)st.st_size / ROW_LEAST;
done:
    return status;
}

static enum as_status take_row(struct as_hashset *h, sqlite3_stmt *query, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_hash_entry entry = {.category = AS_HASHSET_NO_CATEGORY};

    h->line++;
    for (int k = 0; k < AS_HASH_KINDS; k++) {
        const char *text = (const char *)sqlite3_column_text(query, k);
        size_t n = text != NULL ? (size_t)sqlite3_column_bytes(query, k) : 0;
        if (!as_hash_take(&entry, (enum as_hash_kind)k, text, n))
            AS_FAIL(err, AS_EFORMAT, "%s, row %" PRIu64 ": \"%.*s\" is no %s", h->path, h->line,
                    n < 70 ? (int)n : 70, text, COLUMNS[k]);
    }
    AS_TRY(as_hashset_give(h, &entry, err));
done:
    return status;
}

enum as_status as_hashset_nsrl(struct as_hashset *h, struct as_err *err)
{
    enum as_status status = AS_OK;
    sqlite3 *base = NULL;
    sqlite3_stmt *query = NULL;
    uint64_t max = 0;
    int step;

    h->counts->form = "an NSRL database";
    AS_TRY(rows_max(h, &max, err));
    AS_TRY(open_base(h, &base, err));
    status = ask(h, base, "METADATA", &query, err);
    if (status == AS_SKIP)
        status = ask(h, base, "FILE", &query, err);
    if (status == AS_SKIP)
        AS_FAIL(
            err, AS_EFORMAT,
            "%s has no table METADATA or FILE with hashes, as NSRL sets have (views are not read)",
            h->path);
    if (status != AS_OK)
        goto done;
    while ((step = sqlite3_step(query)) == SQLITE_ROW) {
        AS_TRY(take_row(h, query, err));
        if (h->line > max)
            AS_FAIL(err, AS_EFORMAT, "%s is broken: it has more rows than room for them", h->path);
    }
    if (step != SQLITE_DONE)
        AS_TRY(refused(h, base, "after", err));
done:
    sqlite3_finalize(query);
    sqlite3_close(base);
    return status;
}
