/* container.c - archives and compressed files as a stream of entries.
 *
 * libarchive does the unpacking.  Around it: the magic must be there before it
 * is asked (container_magic.c); only the formats that the magic names are
 * enabled; every byte that comes out is counted, also those that are skipped
 * where skipping means unpacking; and where libarchive gives up on one entry of
 * a format whose entries stand alone, it is started again behind that entry.
 *
 * Sameness: a container may be read in parts (OFFSET, ORDINAL) where the sizes
 * that its entries claim are together within the limits.  So that this decides
 * the same as counting would, an entry of such a container, and of any zip with a
 * directory, ends where it has given what it claims; one that would give more is
 * damaged.
 *
 * Set-up and callbacks are in container_library.c, data in container_data.c.    */
#include "container.h"

#include "container_library.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RESTARTS = 1024, /* of libarchive, behind entries that it could not get past */
    MESSAGE = 160
};

/* Ends the container; every later call says the same. */
static enum as_status finish(struct as_container *c, enum as_status status, enum as_reason why,
                             const char *text, struct as_err *err)
{
    c->final = status;
    c->final_why = why;
    c->open = false;
    if (status == AS_END)
        return AS_END;
    return as_fail(err, status, why, __FILE__, __LINE__, "%s", text);
}

/* Ends the container after libarchive gave up. */
static enum as_status give_up(struct as_container *c, struct as_err *err)
{
    char text[MESSAGE];
    enum as_reason why = as_entry_trouble(c->a);

    snprintf(text, sizeof text, "%s", as_library_message(c->a));
    if (c->limit != AS_REASON_NONE)
        return finish(c, AS_ELIMIT, c->limit, "unpacks to more than the limits allow", err);
    if (c->unreadable)
        return finish(c, AS_EFORMAT, AS_REASON_UNREADABLE, "the container cannot be read", err);
    if (why == AS_REASON_LIMIT_MEMORY)
        return finish(c, AS_ENOMEM, why, text, err);
    if (why == AS_REASON_ENCRYPTED || why == AS_REASON_BAD_PASSWORD)
        return finish(c, AS_EFORMAT, why, text, err);
    /* libarchive follows a wild pointer when asked this before it chose a format */
    if (why == AS_REASON_ENCRYPTED_UNSUP ||
        (c->started && c->next == 0 && archive_read_has_encrypted_entries(c->a) > 0))
        return finish(c, AS_EFORMAT, AS_REASON_ENCRYPTED_UNSUP, text, err);
    if (strstr(text, "too many filters"))
        return finish(c, AS_ELIMIT, AS_REASON_LIMIT_DEPTH, text, err);
    return finish(c, AS_EFORMAT, AS_REASON_CONTAINER_DAMAGED, text, err);
}

/* Whether entries can be skipped without unpacking them. */
static bool skips_cheaply(const struct as_container *c)
{
    return !c->filtered && !(c->formats & (AS_FORMAT_7ZIP | AS_FORMAT_CAB | AS_FORMAT_RAR |
                                           AS_FORMAT_RAR5 | AS_FORMAT_ZIP_STREAM));
}

static enum as_access access_of(const struct as_container *c)
{
    if (c->filtered)
        return AS_ACCESS_STREAM;
    if (c->formats == AS_FORMAT_TAR)
        return AS_ACCESS_OFFSET;
    if (c->formats == AS_FORMAT_ISO)
        return AS_ACCESS_ORDINAL;
    if (c->formats == AS_FORMAT_ZIP_SEEK && c->zip.listed && !c->zip.overlaps)
        return AS_ACCESS_ORDINAL;
    return AS_ACCESS_STREAM;
}

/* Starts with the chosen formats and reads the first header ahead. */
static int try_formats(struct as_container *c)
{
    int code = as_library_start(c, c->formats, 0);

    c->started = code >= ARCHIVE_WARN;
    /* no filter took the stream: without one, `raw` would give the file itself as its content */
    if (c->started && c->filtered && archive_filter_code(c->a, 0) == ARCHIVE_FILTER_NONE) {
        c->started = false;
        code = ARCHIVE_FATAL;
    }
    if (c->started && c->base > 0)
        code = as_library_header(c); /* the made-up one */
    return c->started && code >= ARCHIVE_WARN ? as_library_header(c) : code;
}

/* Opens for good. */
static enum as_status begin(struct as_container *c, bool certain, struct as_err *err)
{
    c->code = try_formats(c);
    /* a zip whose directory libarchive cannot follow: then by its local headers */
    if (c->code == ARCHIVE_FATAL && c->formats == AS_FORMAT_ZIP_SEEK && c->zip_first &&
        (!c->started || !c->zip.listed) && c->a && archive_errno(c->a) != ENOMEM) {
        c->formats = AS_FORMAT_ZIP_STREAM;
        c->in = c->zip_in;
        as_zip_clear(&c->zip);
        c->code = try_formats(c);
    }
    if (c->a == NULL)
        return as_fail(err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, __FILE__, __LINE__,
                       "no memory for a container");
    c->ahead = true;
    if (c->code != ARCHIVE_FATAL || (c->started && certain))
        return AS_OK;
    if (certain || c->limit != AS_REASON_NONE || archive_errno(c->a) == ENOMEM)
        return give_up(c, err);
    return AS_SKIP;
}

/* Reads what is left of the entry, so that it is counted. */
static enum as_status skip_rest(struct as_container *c, struct as_err *err)
{
    const void *data;
    size_t n;
    la_int64_t at;
    int code = ARCHIVE_OK;

    if (!c->open || c->end || c->broken != AS_REASON_NONE || skips_cheaply(c))
        return AS_OK;
    for (int idle = 0; code >= ARCHIVE_WARN && idle < AS_LIBRARY_IDLE;) {
        code = archive_read_data_block(c->a, &data, &n, &at);
        if (code == ARCHIVE_EOF || code < ARCHIVE_WARN)
            break;
        idle = n ? 0 : idle + 1;
        c->out += n;
        if ((c->limit = as_library_over(c, as_library_unpacked(c))) != AS_REASON_NONE)
            return finish(c, AS_ELIMIT, c->limit, "unpacks to more than the limits allow", err);
    }
    if (code == ARCHIVE_FATAL)
        as_library_lost(c);
    return AS_OK;
}

/* Starts libarchive again, to stand before entry c->next. */
static int restart(struct as_container *c)
{
    int code;

    if (c->restarts++ >= RESTARTS)
        return ARCHIVE_FATAL;
    if (c->resume == AS_RESUME_LOCAL) {
        if (c->next >= c->zip.n)
            return ARCHIVE_EOF;
        c->restarts--; /* bounded by the entries of the directory */
        code = as_library_start(c, AS_FORMAT_ZIP_STREAM, c->zip.entry[c->next].offset);
        return code < ARCHIVE_WARN ? code : as_library_header(c);
    }
    c->resume = AS_RESUME_NONE;
    code = as_library_start(c, c->formats, 0);
    for (uint64_t i = 0; i <= c->next && code >= ARCHIVE_WARN && code != ARCHIVE_EOF; i++)
        if ((code = as_library_header(c)) == ARCHIVE_FAILED && i < c->next)
            code = ARCHIVE_OK;
    return code;
}

/* The header of the next entry, from wherever it comes. */
static int next_header(struct as_container *c)
{
    if (c->ahead) {
        c->ahead = false;
        return c->code;
    }
    if (c->code == ARCHIVE_EOF)
        return c->code;
    return c->resume == AS_RESUME_NONE ? as_library_header(c) : restart(c);
}

static enum as_reason encryption(const struct as_container *c)
{
    if (c->kind != AS_KIND_ZIP)
        return AS_REASON_ENCRYPTED_UNSUP;
    return c->limits.passwords && *c->limits.passwords ? AS_REASON_NONE : AS_REASON_ENCRYPTED;
}

/* Fills *e from libarchive's header. */
static void fill(struct as_container *c, struct as_entry *e, int code)
{
    *e = (struct as_entry){.index = c->next, .size = -1, .mtime_s = INT64_MIN, .name = c->name};
    as_entry_fill(e, c->entry, c->name);
    if (e->size < 0) /* a zip whose local headers leave it to the directory */
        e->size = as_zip_size(&c->zip, &c->zip_in, c->next);
    if (archive_format(c->a) == ARCHIVE_FORMAT_RAW && e->name_len == 4 &&
        memcmp(c->name, "data", 4) == 0)
        e->name_len = 0; /* what libarchive calls a stream without a name */
    if (archive_entry_is_encrypted(c->entry))
        e->reason = encryption(c);
    if (code == ARCHIVE_FAILED)
        e->reason = AS_REASON_ENTRY_DAMAGED;
    if (as_zip_disagrees(&c->zip, &c->zip_in, c->next))
        e->flags |= AS_FLAG_DISAGREES;
    if (c->access == AS_ACCESS_OFFSET)
        e->offset = c->base + (uint64_t)archive_read_header_position(c->a) -
                    (c->base > 0 ? AS_LIBRARY_LEAD : 0);
}

/* Makes the entry's data readable. */
static void open_entry(struct as_container *c, const struct as_entry *e)
{
    as_library_data(c, e->size, e->type != AS_ENTRY_FILE);
    c->broken = e->reason == AS_REASON_LIMIT_NAME ? AS_REASON_NONE : e->reason;
    if (c->encrypted && c->kind == AS_KIND_ZIP && !c->end && c->broken == AS_REASON_NONE)
        c->secret = as_password_find(c, c->next);
    c->next++;
}

/* A zip's local header that libarchive cannot read: its entry is told as
 * damaged, and those behind it are read by their local headers.              */
static bool step_over_local(struct as_container *c, struct as_entry *e)
{
    if (!c->zip.listed || c->next >= c->zip.n || c->unreadable || archive_errno(c->a) == ENOMEM)
        return false;
    c->resume = AS_RESUME_LOCAL;
    c->entry = NULL;
    *e = (struct as_entry){.index = c->next, .size = -1, .mtime_s = INT64_MIN, .name = c->name};
    e->name_len = (uint32_t)as_zip_name(&c->zip, &c->zip_in, c->next, c->name, sizeof c->name);
    e->flags = AS_FLAG_DISAGREES | as_entry_name_flags(c->name, e->name_len);
    e->reason = AS_REASON_ENTRY_DAMAGED;
    open_entry(c, e);
    return true;
}

/* Ends the reader that an entry with a password had for itself. */
static void drop_secret(struct as_container *c)
{
    if (c->secret == NULL)
        return;
    c->out = c->secret->out;
    as_container_close(c->secret); /* it has none of its own */
    c->secret = NULL;
}

/* A compressed stream of nothing still is one file, of no bytes. */
static bool is_empty_stream(const struct as_container *c, int code)
{
    return code == ARCHIVE_EOF && c->next == 0 && c->filtered &&
           archive_format(c->a) == ARCHIVE_FORMAT_EMPTY;
}

static enum as_status tell_empty(struct as_container *c, struct as_entry *e)
{
    *e = (struct as_entry){.size = 0, .mtime_s = INT64_MIN, .name = c->name};
    c->entry = NULL;
    open_entry(c, e);
    c->end = true;
    return AS_OK;
}

enum as_status as_container_open(struct as_container **container, const struct as_input *in,
                                 const struct as_container_limits *limits, uint64_t start_offset,
                                 uint64_t start_index, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_container *c = NULL;
    struct as_entry e;
    bool certain = false;

    *container = NULL;
    if (start_offset >= in->size)
        return AS_SKIP;
    if ((c = calloc(1, sizeof *c)) == NULL || (c->block = malloc(AS_LIBRARY_BLOCK)) == NULL)
        AS_FAIL_AS(err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for a container");
    c->limits = *limits;
    c->whole = in->size;
    c->base = start_offset;
    c->next = start_offset > 0 ? start_index : 0;
    c->in = *in;
    c->in.size -= start_offset;
    if (in->at)
        c->in.at += start_offset;
    else
        c->in.start += start_offset;
    AS_TRY(as_library_choose(c, &certain, err));
    AS_TRY(begin(c, certain, err));
    c->kind = as_entry_kind(c->a, c->filtered);
    c->access = access_of(c);
    while (c->next < start_index && as_container_next(c, &e, NULL) == AS_OK)
        ; /* a failure is said again to the caller */
    *container = c;
    c = NULL;
done:
    as_container_close(c);
    return status;
}

void as_container_close(struct as_container *c)
{
    if (c == NULL)
        return;
    as_container_close(c->secret);
    archive_read_free(c->a);
    as_zip_clear(&c->zip);
    free(c->block);
    free(c);
}

enum as_kind as_container_kind(const struct as_container *c)
{
    return c->kind;
}

enum as_access as_container_access(const struct as_container *c)
{
    return c->access;
}

enum as_status as_container_next(struct as_container *c, struct as_entry *e, struct as_err *err)
{
    enum as_status status;
    int code;

    if (c->final != AS_OK)
        return finish(c, c->final, c->final_why, as_reason_text((uint16_t)c->final_why), err);
    if ((status = skip_rest(c, err)) != AS_OK)
        return status;
    c->open = false;
    drop_secret(c);
    code = next_header(c);
    if (c->limit != AS_REASON_NONE)
        return give_up(c, err);
    if (is_empty_stream(c, code))
        return tell_empty(c, e);
    if (code == ARCHIVE_EOF && c->lost)
        return finish(c, AS_EFORMAT, AS_REASON_CONTAINER_DAMAGED, "damaged headers", err);
    if (code == ARCHIVE_EOF)
        return finish(c, AS_END, AS_REASON_NONE, "", err);
    if (c->next >= c->limits.max_entries)
        return finish(c, AS_ELIMIT, AS_REASON_LIMIT_ENTRIES, "too many entries", err);
    if (code < ARCHIVE_WARN && code != ARCHIVE_FAILED)
        return step_over_local(c, e) ? AS_OK : give_up(c, err);
    fill(c, e, code);
    open_entry(c, e);
    return AS_OK;
}

enum as_status as_container_read(struct as_container *c, void *to, uint64_t n, uint64_t *got,
                                 struct as_err *err)
{
    enum as_status status;
    struct as_container *from;

    *got = 0;
    if (c->final != AS_OK && c->final != AS_END)
        return finish(c, c->final, c->final_why, as_reason_text((uint16_t)c->final_why), err);
    if (!c->open)
        return AS_END;
    from = c->secret ? c->secret : c;
    status = as_library_read(from, to, n, got, err);
    if (status == AS_ELIMIT)
        return finish(c, status, from->limit, "unpacks to more than the limits allow", err);
    return status;
}

uint32_t as_container_entry_flags(const struct as_container *c)
{
    return c->secret ? c->secret->flags : c->flags;
}

void as_container_versions(char *to, size_t n)
{
    snprintf(to, n, "%s", archive_version_details());
}
