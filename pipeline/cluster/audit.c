/* audit.c - the hash-chained log of a case.
 *
 * 1 hashes and lines   2 entries   3 opening and adding                          */
#include "audit.h"

#include "../hex.h"
#include "durable.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SHA_BYTES = 32, HEX_ROOM = 65, BUFFER = 64 << 10, LINE_MAX_BYTES = 16 << 20 };

static const char NOTHING_BEFORE[] =
    "0000000000000000000000000000000000000000000000000000000000000000";

struct as_audit {
    int fd;
    uint64_t size;       /* the log as this process left it      */
    char prev[HEX_ROOM]; /* of the last line                     */
    bool broken;         /* a write failed and stays in the file */
};

/* 1 hashes and lines ---------------------------------------------------------------- */

/* Reads a log line by line; of a line too long to be an entry only its hash is kept. */
struct reader {
    int fd;
    EVP_MD_CTX *md;
    size_t at, n; /* of the buffer */
    uint8_t buffer[BUFFER];
    /* the line that was read */
    char *line;
    size_t line_n, line_room;
    bool too_long, ended; /* ended: by a newline, not by the end of the file */
    char sha[HEX_ROOM];
    uint64_t total; /* bytes of the lines so far */
};

static void reader_free(struct reader *r)
{
    if (r == NULL)
        return;
    EVP_MD_CTX_free(r->md);
    free(r->line);
    free(r);
}

static struct reader *reader_new(int fd)
{
    struct reader *r = calloc(1, sizeof *r);

    if (r == NULL)
        return NULL;
    r->fd = fd;
    r->md = EVP_MD_CTX_new();
    if (r->md == NULL) {
        reader_free(r);
        return NULL;
    }
    return r;
}

/* Fills the buffer; AS_END at the end of the file. */
static enum as_status refill(struct reader *r, struct as_err *err)
{
    enum as_status status = AS_OK;
    ssize_t k;

    do
        k = read(r->fd, r->buffer, sizeof r->buffer);
    while (k < 0 && errno == EINTR);
    if (k < 0)
        AS_FAIL(err, AS_EIO, "cannot read the audit log: %s", strerror(errno));
    r->at = 0;
    r->n = (size_t)k;
    status = k == 0 ? AS_END : AS_OK;
done:
    return status;
}

/* Adds n bytes of the buffer to the line. */
static enum as_status extend(struct reader *r, size_t n, struct as_err *err)
{
    enum as_status status = AS_OK;

    EVP_DigestUpdate(r->md, r->buffer + r->at, n);
    r->too_long |= r->line_n + n > LINE_MAX_BYTES;
    if (r->too_long)
        goto done;
    if (r->line_room < r->line_n + n) {
        size_t room = 2 * (r->line_n + n);
        char *line = realloc(r->line, room);
        if (line == NULL)
            AS_FAIL(err, AS_ENOMEM, "no memory to read the audit log");
        r->line = line;
        r->line_room = room;
    }
    if (n > 0)
        memcpy(r->line + r->line_n, r->buffer + r->at, n);
    r->line_n += n;
done:
    r->at += n;
    r->total += n;
    return status;
}

/* Gives the next line; AS_END: there is none. */
static enum as_status next_line(struct reader *r, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint8_t sha[EVP_MAX_MD_SIZE];
    const uint64_t start = r->total;

    r->line_n = 0;
    r->too_long = r->ended = false;
    if (EVP_DigestInit_ex(r->md, EVP_sha256(), NULL) != 1)
        AS_FAIL(err, AS_EIO, "SHA-256 failed (out of memory?)");
    while (!r->ended) {
        if (r->at == r->n && (status = refill(r, err)) != AS_OK)
            break;
        const uint8_t *newline = memchr(r->buffer + r->at, '\n', r->n - r->at);
        AS_TRY(extend(r, newline ? (size_t)(newline - r->buffer) - r->at : r->n - r->at, err));
        if (newline != NULL) {
            r->ended = true;
            r->at++;
            r->total++;
        }
    }
    if (status == AS_END && r->total > start)
        status = AS_OK; /* a last line without newline */
    if (status == AS_OK) {
        EVP_DigestFinal_ex(r->md, sha, NULL);
        as_hex(sha, SHA_BYTES, r->sha);
    }
done:
    return status;
}

/* 2 entries --------------------------------------------------------------------------- */

static const char *text_of(const json_t *entry, const char *key)
{
    return json_string_value(json_object_get(entry, key));
}

/* Whether the line is an entry. */
static enum as_status parse(const struct reader *r, bool *whole, struct as_err *err)
{
    enum as_status status = AS_OK;
    json_error_t why = {.line = 0};
    json_t *entry = NULL;

    *whole = false;
    if (r->too_long || r->line_n == 0)
        return AS_OK;
    entry = json_loadb(r->line, r->line_n, JSON_REJECT_DUPLICATES, &why);
    if (entry == NULL && json_error_code(&why) == json_error_out_of_memory)
        AS_FAIL(err, AS_ENOMEM, "no memory to read the audit log");
    *whole = text_of(entry, "prev") && text_of(entry, "time") && text_of(entry, "event");
done:
    json_decref(entry);
    return status;
}

static void write_time(char *text, size_t room)
{
    struct timespec now;
    struct tm utc;
    char seconds[32];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, room, "%s.%03ldZ", seconds, now.tv_nsec / 1000000);
}

/* The line of an entry, malloc'd, after `lead` and with its newline; NULL: no memory. */
static char *compose(const struct as_audit *a, const char *lead, const char *event, json_t *fields)
{
    char time_text[48], *json = NULL, *line = NULL;

    write_time(time_text, sizeof time_text);
    if (json_object_set_new(fields, "prev", json_string(a->prev)) == 0 &&
        json_object_set_new(fields, "time", json_string(time_text)) == 0 &&
        json_object_set_new(fields, "event", json_string(event)) == 0)
        json = json_dumps(fields, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
    if (json != NULL && asprintf(&line, "%s%s\n", lead, json) < 0)
        line = NULL;
    free(json);
    return line;
}

/* 3 opening and adding ------------------------------------------------------------------ */

/* AS_ESTOP unless the log ends where this process left it. */
static enum as_status check_alone(const struct as_audit *a, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct stat st;

    if (a->broken)
        AS_FAIL(err, AS_EIO, "the audit log could not be written to before");
    if (fstat(a->fd, &st) != 0)
        AS_FAIL(err, AS_EIO, "cannot look at the audit log: %s", strerror(errno));
    if ((uint64_t)st.st_size != a->size)
        AS_FAIL(err, AS_ESTOP, "another run has written to the audit log of this case");
done:
    return status;
}

/* Appends a line, which begins at `lead` bytes, or leaves the log as it was. */
static enum as_status append(struct as_audit *a, const char *line, size_t lead, struct as_err *err)
{
    enum as_status status = AS_OK;
    const size_t n = strlen(line);
    uint8_t sha[EVP_MAX_MD_SIZE];
    int error;

    if (n > LINE_MAX_BYTES)
        AS_FAIL(err, AS_ELIMIT, "an entry of %zu bytes is too long for the audit log", n);
    if (EVP_Digest(line + lead, n - lead - 1, sha, NULL, EVP_sha256(), NULL) != 1)
        AS_FAIL(err, AS_EIO, "SHA-256 failed (out of memory?)");
    error = as_write_synced(a->fd, line, n);
    if (error != 0) {
        a->broken = ftruncate(a->fd, (off_t)a->size) != 0;
        AS_FAIL(err, AS_EIO, "cannot write the audit log: %s", strerror(error));
    }
    a->size += n;
    as_hex(sha, SHA_BYTES, a->prev);
done:
    return status;
}

static enum as_status add(struct as_audit *a, const char *lead, const char *event, json_t *fields,
                          struct as_err *err)
{
    enum as_status status = AS_OK;
    char *line = NULL;

    if (fields == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the audit entry %s", event);
    if (!json_is_object(fields))
        AS_FAIL(err, AS_EBUG, "the fields of the audit entry %s are no object", event);
    AS_TRY(check_alone(a, err));
    line = compose(a, lead, event, fields);
    if (line == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the audit entry %s", event);
    AS_TRY(append(a, line, strlen(lead), err));
done:
    free(line);
    json_decref(fields);
    return status;
}

enum as_status as_audit_add(struct as_audit *a, const char *event, json_t *fields,
                            struct as_err *err)
{
    return add(a, "", event, fields, err);
}

/* Reads what is there, and closes a torn last line. */
static enum as_status take_over(struct as_audit *a, struct as_err *err)
{
    enum as_status status = AS_OK;
    char after[HEX_ROOM];
    bool whole = true, ended = true;
    struct reader *r = reader_new(a->fd);

    if (r == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to read the audit log");
    memcpy(after, NOTHING_BEFORE, sizeof after);
    while ((status = next_line(r, err)) == AS_OK) {
        AS_TRY(parse(r, &whole, err));
        ended = r->ended;
        memcpy(a->prev, r->sha, sizeof a->prev);
        if (whole)
            memcpy(after, r->sha, sizeof after);
    }
    if (status != AS_END)
        goto done;
    a->size = r->total;
    status = AS_OK;
    if (!whole || !ended)
        AS_TRY(add(a, ended ? "" : "\n", "recovered", json_pack("{s:s}", "after", after), err));
done:
    reader_free(r);
    return status;
}

/* Makes the folder's entry for a new log durable. */
static enum as_status sync_folder(const char *path, struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *slash = strrchr(path, '/');
    char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (dir == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to open the audit log");
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL)) /* some file systems sync no folders */
        AS_FAIL(err, AS_EIO, "cannot sync the folder %s: %s", dir, strerror(errno));
done:
    if (fd >= 0)
        close(fd);
    free(dir);
    return status;
}

enum as_status as_audit_open(struct as_audit **a, const char *path, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_audit *made = calloc(1, sizeof *made);
    struct stat st;

    *a = NULL;
    if (made == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to open the audit log");
    memcpy(made->prev, NOTHING_BEFORE, sizeof made->prev);
    made->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (made->fd < 0)
        AS_FAIL(err, AS_EIO, "cannot open the audit log %s: %s", path, strerror(errno));
    if (fstat(made->fd, &st) != 0 || !S_ISREG(st.st_mode))
        AS_FAIL(err, AS_EIO, "the audit log %s is not a regular file", path);
    AS_TRY(take_over(made, err));
    AS_TRY(sync_folder(path, err));
    *a = made;
    made = NULL;
done:
    as_audit_close(made);
    return status;
}

const char *as_audit_head(const struct as_audit *a)
{
    return a->prev;
}

void as_audit_close(struct as_audit *a)
{
    if (a == NULL)
        return;
    if (a->fd >= 0)
        close(a->fd);
    free(a);
}

enum as_status as_audit_last(const char *path, char head[65], struct as_err *err)
{
    enum as_status status = AS_OK;
    struct reader *r = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    memcpy(head, NOTHING_BEFORE, sizeof NOTHING_BEFORE);
    if (fd < 0)
        AS_FAIL(err, AS_EIO, "cannot open the audit log %s: %s", path, strerror(errno));
    if ((r = reader_new(fd)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to read the audit log");
    while ((status = next_line(r, err)) == AS_OK)
        memcpy(head, r->sha, sizeof r->sha);
    if (status == AS_END)
        status = AS_OK;
done:
    reader_free(r);
    if (fd >= 0)
        close(fd);
    return status;
}
